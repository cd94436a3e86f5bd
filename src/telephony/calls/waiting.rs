//! Waiting in a queue.

use super::event::{CallEvent, CallEventKind, EndReason};
use super::leg::Leg;
use super::tracker::{Seen, Tracker};
use crate::ids::Uniqueid;
use crate::telephony::pbx::event::ChannelView;

impl Tracker {
    pub(super) fn queued(&mut self, seen: Seen, queue: &str, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
        if let Some(id) = self.upsert(seen, view, out) {
            self.tell_queued(seen, queue, &id, out);
        }
    }

    pub(super) fn tell_queued(&mut self, seen: Seen, queue: &str, id: &Uniqueid, out: &mut Vec<CallEvent>) {
        self.reached_number(seen, id, out);
        let Some(leg) = self.legs.get(id) else { return };
        let (call_id, leg, caller) = (leg.call.clone(), leg.named(), Leg::who(leg));
        let Some(call) = self.calls.get_mut(&call_id) else { return };
        call.queue = Some(queue.to_owned());
        let dialled = call.dialled.clone();
        self.tell(seen, &call_id, CallEventKind::Queued { queue: queue.to_owned(), leg, caller, dialled }, out);
    }

    pub(super) fn left_queue(&mut self, id: &str) {
        let Some(call) = self.legs.get(id).map(|leg| leg.call.clone()) else { return };
        if let Some(call) = self.calls.get_mut(&call) {
            call.queue = None;
        }
    }

    pub(super) fn abandoned(&mut self, seen: Seen, queue: &str, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
        let Some(id) = self.upsert(seen, view, out) else { return };
        let Some(leg) = self.legs.get(&id) else { return };
        let (call_id, hangs_up) = (leg.call.clone(), leg.ending.is_some());
        let Some(call) = self.calls.get_mut(&call_id) else { return };
        call.queue = None;
        let queue = queue.to_owned();
        // Asterisk says abandoned also when the queue's own time is up; then nobody hung up before.
        let (reason, kind) = if hangs_up {
            (EndReason::Cancelled, CallEventKind::QueueAbandoned { queue })
        } else {
            // After a gap it may be that the hang-up was not heard.
            (if call.had_gap { EndReason::Unknown } else { EndReason::NoAnswer }, CallEventKind::QueueTimedOut { queue })
        };
        call.last_ring_end = Some(reason);
        self.tell(seen, &call_id, kind, out);
    }
}
