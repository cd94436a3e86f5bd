//! What is recorded of the phones in browsers: told of, and asked for, as at a PBX that records.

use super::audio::orders::Order;
use super::sip_side::SipState;
use super::task::Task;
use crate::clock::Clock;
use crate::desk::recording::Wish;
use crate::desk::seat::{DeskCall, Found};
use crate::ids::CallId;
use crate::telephony::calls::event::Direction;
use crate::telephony::pbx::recording::{RecordingChange, RecordingHeard};

impl<C: Clock> Task<C> {
    /// The call as the desk has it, and the phone's channel in it.
    fn at_desk(&self, call: &CallId) -> Option<(&DeskCall, String)> {
        let SipState::Open(side) = &self.sip else { return None };
        let channel = side.line.phone_channel(call)?;
        let seat = self.floor.seat(*self.phones.agents.get(call)?)?;
        let is_it = |call: &&DeskCall| call.leg.as_ref().is_some_and(|leg| leg.channel == channel);
        seat.calls.iter().find(is_it).map(|call| (call, channel.to_owned()))
    }

    /// What is recorded here is told of as a PBX tells of what it records.
    pub(super) fn recorded_here(&mut self, call: CallId, change: RecordingChange) {
        let Some((call, channel)) = self.at_desk(&call).map(|(call, channel)| (call.id.clone(), channel)) else { return };
        let now = self.clock.now();
        self.recording_heard(now, &RecordingHeard { call, channel, change });
    }

    /// Pauses, resumes or stops what is recorded here; whether the channel is one of ours.
    pub(super) fn phone_recording(&mut self, channel: &str, wish: Wish) -> bool {
        let SipState::Open(side) = &self.sip else { return false };
        let Some(call) = side.line.phone_call(channel).filter(|call| self.phones.agents.contains_key(*call)).cloned() else { return false };
        let change = match wish {
            Wish::Pause => RecordingChange::Paused,
            Wish::Resume => RecordingChange::Resumed,
            Wish::Stop => RecordingChange::Stopped,
        };
        self.phones.order(Order::Record(call, change));
        true
    }

    /// Somebody has taken the call: it is recorded where its creditor's debtors are told of it.
    pub(super) fn record_if_noticed(&mut self, call: &CallId) {
        let Some(setup) = &self.phones.setup else { return };
        let is_noticed = |call: &DeskCall| {
            let found = match &call.found {
                Found::One(candidate) => Some(&candidate.creditor),
                _ => None,
            };
            call.creditor.as_ref().or(found).is_some_and(|creditor| setup.noticed.contains(creditor))
        };
        let of_seat = self.at_desk(call).map(|(call, _)| call);
        let is_noticed = of_seat.is_some_and(|call| call.direction == Direction::Inbound && is_noticed(call));
        let can_be = setup.recordings.is_some();
        if (self.phones.to_record.remove(call) || is_noticed) && can_be {
            self.phones.order(Order::Record(call.clone(), RecordingChange::Started));
        }
    }
}
