//! How ringing, legs and calls end.

use super::call::{LegState, reason_of_cause};
use super::event::{CallEvent, CallEventKind, Certainty, Direction, EndReason, Party};
use super::hangup_cause::HangupCause;
use super::tracker::{ENDED_DIALS_MAX, Seen, Tracker, cleared};
use crate::ids::{CallId, Uniqueid};
use crate::telephony::pbx::event::{ChannelView, DialStatus};

impl Tracker {
    pub(super) fn dial_ended(&mut self, seen: Seen, to: &ChannelView<'_>, status: DialStatus, out: &mut Vec<CallEvent>) {
        if !self.call_of.contains_key(to.id.as_ref()) {
            return; // The end of a dialling whose leg is gone: nothing to close.
        }
        let (call_id, leg_id) = self.upsert(seen, to, out);
        if status == DialStatus::Answered {
            self.up(seen, to, out);
            return;
        }
        let answered_elsewhere = self.calls.get(&call_id).is_some_and(|call| {
            call.legs.iter().any(|(id, leg)| *id != leg_id && leg.dialled && leg.state == LegState::Up && !call.is_own_phone(id))
        });
        let cause = self.calls.get(&call_id).and_then(|call| call.legs.get(&leg_id)).and_then(|leg| leg.ending).flatten();
        let reason = match status {
            // Asterisk says NOANSWER of a 403 or 603; the cause knows better.
            DialStatus::NoAnswer if cause.is_some_and(HangupCause::is_rejected) => EndReason::Rejected,
            DialStatus::NoAnswer if cause.is_some_and(HangupCause::is_failure) => EndReason::Failed,
            DialStatus::Cancelled if answered_elsewhere => EndReason::Elsewhere,
            DialStatus::Answered | DialStatus::Cancelled => EndReason::Cancelled,
            DialStatus::Busy => EndReason::Busy,
            DialStatus::NoAnswer => EndReason::NoAnswer,
            DialStatus::Rejected => EndReason::Rejected,
            DialStatus::Unavailable | DialStatus::Failed => EndReason::Failed,
        };
        self.ring_over(seen, &call_id, &leg_id, reason, out);
    }

    /// Closes a ringing, once.
    pub(super) fn ring_over(&mut self, seen: Seen, call_id: &CallId, leg_id: &Uniqueid, reason: EndReason, out: &mut Vec<CallEvent>) {
        let Some(call) = self.calls.get_mut(call_id) else { return };
        let own = call.is_own_phone(leg_id);
        let Some(leg) = call.legs.get_mut(leg_id) else { return };
        let was = leg.state;
        if matches!(was, LegState::Over(_) | LegState::Up) {
            return;
        }
        leg.state = LegState::Over(reason);
        if own {
            call.own_phone_failure = Some(reason);
            return;
        }
        if reason != EndReason::Elsewhere || call.last_ring_end.is_none() {
            call.last_ring_end = Some(reason);
        }
        if was == LegState::Ringing
            && let Some(leg) = call.leg_ref(leg_id)
        {
            out.push(seen.event(call_id, CallEventKind::RingEnded { leg, reason }));
        }
    }

    pub(super) fn abandoned(&mut self, seen: Seen, queue: &str, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
        let (call_id, leg_id) = self.upsert(seen, view, out);
        let Some(call) = self.calls.get_mut(&call_id) else { return };
        call.queue = None;
        let queue = queue.to_owned();
        // Asterisk 22 says abandoned also when the queue's own time is up; then nobody hung up before.
        if call.legs.get(&leg_id).is_some_and(|leg| leg.ending.is_some()) {
            call.last_ring_end = Some(EndReason::Cancelled);
            out.push(seen.event(&call_id, CallEventKind::QueueAbandoned { queue }));
        } else {
            call.last_ring_end = Some(EndReason::NoAnswer);
            out.push(seen.event(&call_id, CallEventKind::QueueTimedOut { queue }));
        }
    }

    pub(super) fn hung_up(&mut self, seen: Seen, id: &str, cause: HangupCause, out: &mut Vec<CallEvent>) {
        let Some((leg_id, call_id)) = self.call_of.remove_entry(id) else { return };
        if self.calls.get(&call_id).is_some_and(|c| c.legs.get(&leg_id).is_some_and(|l| l.state == LegState::Ringing)) {
            self.ring_over(seen, &call_id, &leg_id, reason_of_cause(cause), out);
        }
        let Some(call) = self.calls.get_mut(&call_id) else { return };
        let leg_ref = call.leg_ref(&leg_id);
        let leg = call.legs.remove(&leg_id);
        if let (Some(leg_ref), Some(leg)) = (leg_ref, leg)
            && leg.connected
            && (leg.line.is_some() || leg.dialled)
        {
            out.push(seen.event(&call_id, CallEventKind::ConnectionCleared { leg: leg_ref }));
        }
        if call.legs.is_empty() {
            let cause = (seen.certainty == Certainty::Observed).then_some(cause);
            let reason = call.end_reason(cause);
            out.push(seen.event(&call_id, cleared(call, reason, cause)));
            self.calls.remove(&call_id);
            self.remember_dial(call_id);
        }
    }

    pub(super) fn remember_dial(&mut self, call: CallId) {
        if call.is_dialled() {
            if self.ended_dials.len() >= ENDED_DIALS_MAX {
                self.ended_dials.pop_front();
            }
            self.ended_dials.push_back(call);
        }
    }

    pub(super) fn originate_answered(&mut self, seen: Seen, id: &str, failure: Option<DialStatus>, out: &mut Vec<CallEvent>) {
        let Some(failure) = failure else { return };
        let reason = match failure {
            DialStatus::Busy => EndReason::Busy,
            DialStatus::NoAnswer => EndReason::NoAnswer,
            DialStatus::Rejected => EndReason::Rejected,
            _ => EndReason::Failed,
        };
        match self.calls.get_mut(id) {
            // Asterisk's reason 0 says nothing; the channel's own end, before or after this, says more.
            Some(_) if reason == EndReason::Failed => {}
            Some(call) => {
                call.own_phone_failure.get_or_insert(reason);
            }
            None if self.ended_dials.iter().any(|ended| ended.as_str() == id) => {}
            // The phone was not even there: no channel will ever tell.
            None => out.push(seen.event(
                &CallId::new(id),
                CallEventKind::Cleared { reason, cause: None, at_own_phone: true, direction: Direction::Outbound, other: Party::default() },
            )),
        }
    }
}
