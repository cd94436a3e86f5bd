//! The list of live channels after a sign-in: calls that began while we were away are adopted, those that ended then are
//! closed; both as inferred.

use super::call::LegState;
use super::event::{CallEvent, CallEventKind, Certainty, Direction, Party};
use super::hangup_cause::HangupCause;
use super::tracker::{Seen, Tracker};
use crate::clock::Timestamp;
use crate::ids::Uniqueid;
use crate::telephony::pbx::event::{ChannelState, ChannelView};

impl Tracker {
    pub(super) fn listed(&mut self, seen: Seen, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
        let known = self.call_of.contains_key(view.id.as_ref());
        let seen = Seen { at: None, certainty: Certainty::Inferred, ..seen };
        let (call_id, leg_id) = self.upsert(seen, view, out);
        if known {
            return;
        }
        let Some(call) = self.calls.get_mut(&call_id) else { return };
        call.adopted = true;
        if call.other.number.reveal().is_empty() && call.direction == Direction::Outbound {
            call.other = Party { number: view.connected_number.to_string().into(), name: view.connected_name.to_string().into() };
        }
        let other = call.other.clone();
        let Some(leg) = call.legs.get_mut(&leg_id) else { return };
        match view.state {
            ChannelState::Ringing => self.ringing(seen, view, out),
            ChannelState::Up if leg.line.is_some() => {
                leg.state = LegState::Up;
                leg.connected = true;
                call.connected = true;
                call.own_phone_up = true;
                let (direction, dialled) = (call.direction, call.dialled.clone());
                if let Some(leg) = call.leg_ref(&leg_id) {
                    out.push(seen.event(&call_id, CallEventKind::Delivered { leg: leg.clone(), by: None, other, direction, dialled }));
                    out.push(seen.event(&call_id, CallEventKind::Established { leg }));
                }
            }
            ChannelState::Up => leg.state = LegState::Up,
            _ => {}
        }
    }

    /// Legs that nobody named since the snapshot began are ghosts.
    pub(super) fn snapshot_ended(&mut self, now: Timestamp, out: &mut Vec<CallEvent>) {
        let Some(named) = self.named.take() else { return };
        let ghosts: Vec<Uniqueid> = self.call_of.keys().filter(|id| !named.contains(*id)).cloned().collect();
        for ghost in ghosts {
            let seen = Seen { at: None, now, certainty: Certainty::Inferred };
            self.hung_up(seen, ghost.as_str(), HangupCause::NORMAL, out);
        }
    }
}
