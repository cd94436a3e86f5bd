//! The phones that Belbrug is itself, at the same PBX and by the same sockets as those that it watches.

use std::collections::BTreeMap;
use std::time::Instant;

use super::line::SipLine;
use crate::ids::{CallId, Extension};
use crate::telephony::sip::digest::Credentials;
use crate::telephony::softphone::call::{Ask, NotNow, PhoneDial};

impl SipLine {
    /// These phones of ours are at work, and no others.
    pub fn keep_phones(&mut self, now: Instant, wanted: &BTreeMap<Extension, Credentials>) {
        self.own.keep(now, &mut self.agent, self.peer, wanted);
        self.settle(now);
    }

    /// Calls a number from a phone of ours; whether it could be sent.
    pub fn phone_dial(&mut self, now: Instant, dial: PhoneDial) -> bool {
        let is_sent = self.own.dial(now, &mut self.agent, dial, &mut self.telling);
        self.settle(now);
        is_sent
    }

    /// Ends a call of a phone of ours.
    pub fn phone_hang_up(&mut self, now: Instant, call: &CallId) {
        self.own.hang_up(now, &mut self.agent, call);
        self.settle(now);
    }

    /// The call of a phone of ours that has this channel: of two of our phones that speak with each other each has its own, although they
    /// are one call to whoever watches.
    #[must_use]
    pub fn phone_call(&self, channel: &str) -> Option<&CallId> {
        self.own.call_of(channel)
    }

    /// The channel of a phone of ours in a call.
    #[must_use]
    pub fn phone_channel(&self, call: &CallId) -> Option<&str> {
        self.own.channel_of(call)
    }

    /// Whether keys can be pressed in a call of a phone of ours now.
    #[must_use]
    pub fn phone_takes_keys(&self, call: &CallId) -> bool {
        self.own.takes_keys(call)
    }

    /// Does with a call of a phone of ours what its user asks.
    ///
    /// # Errors
    /// Says why it cannot be.
    pub fn ask(&mut self, now: Instant, channel: &str, ask: Ask) -> Result<(), NotNow> {
        let done = self.own.ask(now, &mut self.agent, channel, ask, &mut self.telling);
        self.settle(now);
        done
    }
}
