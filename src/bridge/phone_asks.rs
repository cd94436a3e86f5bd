//! What the users of phones in browsers ask for.

use super::audio::orders::Order;
use super::sip_side::SipState;
use super::task::Task;
use crate::clock::Clock;
use crate::desk::hub::Refusal;
use crate::desk::phone::PhoneWish;
use crate::ids::{AgentId, CallId, Extension, PhoneNumber};
use crate::personal::Personal;
use crate::telephony::softphone::call::{Ask, NotNow, PhoneDial};

impl<C: Clock> Task<C> {
    /// Calls a number, or a colleague, from a phone in a browser.
    pub(super) fn phone_dial(
        &mut self,
        call: &CallId,
        extension: Extension,
        number: Personal<String>,
        name: Personal<String>,
        caller_id: Option<PhoneNumber>,
        record: bool,
    ) -> Result<(), Refusal> {
        let agent = self.floor.agent_of(&extension).ok_or(Refusal::NoSeat)?;
        let at = self.phones.open(call, agent).ok_or(Refusal::NotSent)?;
        let caller_id = caller_id.map(|number| number.to_string());
        let is_sent = match &mut self.sip {
            SipState::Open(side) => {
                let dial = PhoneDial { call: call.clone(), extension, number, name, caller_id, at };
                let is_sent = side.line.phone_dial(std::time::Instant::now(), dial);
                side.flush();
                is_sent
            }
            _ => false,
        };
        if is_sent {
            if record {
                self.phones.to_record.insert(call.clone());
                self.recorded.asked(call);
            }
            return Ok(());
        }
        self.phones.close(call);
        Err(Refusal::NoPhone)
    }

    /// Does with a call at a phone in a browser what its user wants.
    pub(super) fn phone_ask(&mut self, agent: AgentId, channel: &str, wish: PhoneWish) -> Result<(), Refusal> {
        let own = match &self.sip {
            SipState::Open(side) => side.line.phone_call(channel).cloned().ok_or(Refusal::NoSuchCall)?,
            _ => return Err(Refusal::NoPbx),
        };
        let ask = match wish {
            PhoneWish::Answer => {
                let at = self.phones.open(&own, agent).ok_or(Refusal::NotNow)?;
                let done = self.phone_asked(channel, Ask::Answer(at));
                if done.is_err() {
                    self.phones.close(&own);
                }
                return done;
            }
            PhoneWish::Reject => Ask::Reject,
            PhoneWish::Hold => Ask::Hold,
            PhoneWish::Retrieve => Ask::Retrieve,
            PhoneWish::SendOn(colleague) => Ask::SendOn(colleague.to_string().into()),
            PhoneWish::Keys(keys) if self.phones.setup.as_ref().is_some_and(|setup| setup.keys_by_info) => Ask::Keys(keys),
            PhoneWish::Keys(keys) => {
                let SipState::Open(side) = &self.sip else { return Err(Refusal::NoPbx) };
                if !side.line.phone_takes_keys(&own) {
                    return Err(Refusal::NotNow);
                }
                self.phones.order(Order::Keys(own, keys));
                return Ok(());
            }
            PhoneWish::Join => return Err(Refusal::NotNow), // It has an effect of its own.
        };
        self.phone_asked(channel, ask)
    }

    /// Lets an agent hear himself.
    pub(super) fn phone_echo(&mut self, agent: AgentId) {
        self.phones.order(Order::Echo(agent));
    }

    pub(super) fn phone_asked(&mut self, channel: &str, ask: Ask) -> Result<(), Refusal> {
        let SipState::Open(side) = &mut self.sip else { return Err(Refusal::NoPbx) };
        let done = side.line.ask(std::time::Instant::now(), channel, ask);
        side.flush();
        done.map_err(|why| match why {
            NotNow::NoSuchCall => Refusal::NoSuchCall,
            NotNow::NotReady | NotNow::NoCodec => Refusal::NotNow,
        })
    }
}
