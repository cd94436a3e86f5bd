//! The list of live channels after a sign-in: calls that began while we were away are adopted, those that ended then are
//! closed; both as inferred.

use super::call::LegState;
use super::event::{CallEvent, CallEventKind, Certainty, Direction, Party};
use super::hangup_cause::HangupCause;
use super::tracker::{Seen, Tracker};
use crate::clock::Timestamp;
use crate::ids::{CallId, Uniqueid};
use crate::telephony::pbx::event::{ChannelState, ChannelView};

impl Tracker {
    pub(super) fn listed(&mut self, seen: Seen, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
        let known = self.call_of.contains_key(view.id.as_ref());
        let seen = Seen { at: None, certainty: Certainty::Inferred, ..seen };
        let (call_id, leg_id) = self.upsert(seen, view, out);
        let Some(call) = self.calls.get_mut(&call_id) else { return };
        let answered_meanwhile = call.legs.get(&leg_id).is_some_and(|leg| leg.state == LegState::Ringing) && view.state == ChannelState::Up;
        if known && !answered_meanwhile {
            return;
        }
        if !known {
            call.adopted = true;
            // The leg that began the call bears its id: it says which way the call goes, whatever the order of the list.
            if leg_id.as_str() == call_id.as_str() && !call_id.is_dialled() {
                let is_line = call.legs.get(&leg_id).is_some_and(|leg| leg.line.is_some());
                call.direction = if is_line { Direction::Outbound } else { Direction::Inbound };
                if !is_line {
                    call.other = Party { number: view.caller_number.to_string().into(), name: view.caller_name.to_string().into() };
                }
            }
            if call.other.number.reveal().is_empty() {
                call.other = Party { number: view.connected_number.to_string().into(), name: view.connected_name.to_string().into() };
            }
        }
        match view.state {
            ChannelState::Ringing => self.ringing(seen, view, out),
            ChannelState::Up => self.adopt_answered(seen, &call_id, &leg_id, out),
            _ => {}
        }
    }

    /// An agent's leg that is up: it may be in conversation since long, or since the link was away.
    fn adopt_answered(&mut self, seen: Seen, call_id: &CallId, leg_id: &Uniqueid, out: &mut Vec<CallEvent>) {
        let Some(call) = self.calls.get_mut(call_id) else { return };
        let Some(leg) = call.legs.get_mut(leg_id) else { return };
        let was = std::mem::replace(&mut leg.state, LegState::Up);
        let is_line = leg.line.is_some();
        if !is_line {
            return;
        }
        leg.connected = true;
        call.connected = true;
        call.own_phone_up = true;
        let Some(leg) = call.leg_ref(leg_id) else { return };
        if was != LegState::Ringing {
            let other = call.other.clone();
            let by = (call.direction == Direction::Outbound).then(|| leg.clone());
            let (direction, dialled, queue) = (call.direction, call.dialled.clone(), call.queue.clone());
            out.push(seen.event(call_id, CallEventKind::Delivered { leg: leg.clone(), by, other, direction, dialled, queue }));
        }
        out.push(seen.event(call_id, CallEventKind::Established { leg }));
    }

    pub(super) fn snapshot_ended(&mut self, now: Timestamp, out: &mut Vec<CallEvent>) {
        let Some(named) = self.named.take() else { return };
        let ghosts: Vec<Uniqueid> = self.call_of.keys().filter(|id| !named.contains(*id)).cloned().collect();
        for ghost in ghosts {
            let seen = Seen { at: None, now, certainty: Certainty::Inferred };
            self.hung_up(seen, ghost.as_str(), HangupCause::NORMAL, out);
        }
    }
}
