//! Keys of the pad as messages of SIP, for a PBX that does not hear them in the audio: `application/dtmf-relay`, which Cisco made and
//! Asterisk, `FreeSWITCH` and most gateways read. The next key follows when the one before was taken, so that none overtakes another.

use std::time::Instant;

use super::call::{NotNow, PhoneTold};
use super::phones::Softphones;
use crate::ids::CallId;
use crate::telephony::media::digits::{Digit, WAITING_MAX};
use crate::telephony::sip::user_agent::agent::UserAgent;

const CONTENT_TYPE: &str = "application/dtmf-relay";
/// How long a key is pressed; milliseconds.
const PRESSED: u32 = 160;

impl Softphones {
    pub(super) fn press(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId, keys: Vec<Digit>) -> Result<(), NotNow> {
        let call = self.calls.get_mut(id).ok_or(NotNow::NoSuchCall)?;
        if call.keys.len() + keys.len() > WAITING_MAX {
            return Err(NotNow::NotReady);
        }
        let is_at_rest = call.keys.is_empty();
        call.keys.extend(keys);
        if is_at_rest {
            self.press_next(now, agent, id);
        }
        Ok(())
    }

    fn press_next(&self, now: Instant, agent: &mut UserAgent, id: &CallId) {
        let Some(call) = self.calls.get(id) else { return };
        if let Some(key) = call.keys.front() {
            agent.info(now, call.session, CONTENT_TYPE, &format!("Signal={}\r\nDuration={PRESSED}\r\n", key.key()));
        }
    }

    /// What the PBX says to a key.
    pub(super) fn pressed(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId, status: u16) {
        let Some(call) = self.calls.get_mut(id) else { return };
        if status < 300 {
            call.keys.pop_front();
            self.press_next(now, agent, id);
        } else {
            call.keys.clear();
            self.told.push_back(PhoneTold::KeysRefused(id.clone(), status));
        }
    }
}
