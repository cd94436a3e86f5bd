//! Two calls of a phone become one without it, and one call takes the place of another.

use std::time::Instant;

use super::call::{Leaving, Stage};
use super::heard::party;
use super::phones::Softphones;
use crate::ids::CallId;
use crate::telephony::calls::hangup_cause::HangupCause;
use crate::telephony::pbx::event::ChannelState;
use crate::telephony::sip::sdp::Description;
use crate::telephony::sip::user_agent::agent::UserAgent;
use crate::telephony::sip::user_agent::event::{IncomingCall, SessionId};
use crate::telephony::sip_line::telling::Telling;

impl Softphones {
    /// The two others hear each other now, and our user leaves both.
    pub(super) fn joined(&mut self, now: Instant, agent: &mut UserAgent, first: &CallId, second: &CallId, telling: &mut Telling) {
        let (Some(call), Some(other)) = (self.calls.get(first), self.calls.get(second)) else { return };
        telling.joined(&call.own, &other.own, &call.other, &other.other);
        let session = other.session;
        if let Some(other) = self.calls.get_mut(second) {
            other.leaving = Some(Leaving::Joined(first.clone()));
        }
        agent.hang_up(now, session);
    }

    /// Somebody takes the place of the other end of a call (RFC 3891): it goes on with him, unasked.
    pub(super) fn take_over(
        &mut self,
        now: Instant,
        agent: &mut UserAgent,
        id: &CallId,
        session: SessionId,
        by: &IncomingCall,
        telling: &mut Telling,
    ) {
        let theirs = by.sdp.as_deref().map(Description::parse).transpose();
        let (number, name) = by.asserted.as_deref().map(party).filter(|(number, _)| !number.is_empty()).unwrap_or_else(|| party(&by.from));
        let Some(extension) = self.calls.get(id).filter(|call| call.stage == Stage::Up).map(|call| call.extension.clone()) else {
            return agent.reject(now, session, 481);
        };
        let channel_id = format!("{}-{}", id, self.new_id());
        let channel = self.other_channel(id, channel_id, &extension, &number, &name);
        let Some(call) = self.calls.get_mut(id) else { return };
        let said = match theirs {
            Ok(Some(theirs)) => call.answered(theirs),
            Ok(None) => call.offered(),
            Err(_) => None,
        };
        let Some(said) = said else { return agent.reject(now, session, 488) };
        call.session = session;
        let before = std::mem::replace(&mut call.other, channel);
        telling.channel(&call.other, ChannelState::Up);
        telling.talks(&call.bridge(), [&call.other]);
        telling.leaves(&call.bridge(), &before);
        telling.hung_up(&before, HangupCause::NORMAL);
        self.by_session.insert(session, id.clone());
        // This ends the session that it takes the place of.
        agent.answer(now, session, &said);
        self.settled(id, telling);
    }
}
