//! How legs and calls end.

use super::call::{Call, OwnPhone, reason_of_cause};
use super::event::{CallEvent, CallEventKind, Certainty, Direction, EndReason, Party, TransferTarget};
use super::hangup_cause::HangupCause;
use super::leg::{LegKind, LegState, Origin};
use super::tracker::{ENDED_DIALS_MAX, Seen, Tracker};
use crate::ids::{CallId, Uniqueid};
use crate::telephony::pbx::event::DialStatus;

impl Tracker {
    pub(super) fn hung_up(&mut self, seen: Seen, id: &str, cause: HangupCause, out: &mut Vec<CallEvent>) {
        let Some(leg) = self.legs.get(id) else { return };
        let id = leg.id.clone();
        if matches!(leg.state, LegState::Ringing) || (leg.state == LegState::Created && self.is_own_phone(leg)) {
            let reason = match seen.certainty {
                // Asterisk 16 gives no cause where its time for the agent's own phone is up.
                Certainty::Observed if cause == HangupCause::UNKNOWN && self.is_own_phone(leg) => EndReason::NoAnswer,
                // Adopted while it rang, and taken back while the caller is there: given up, or cancelled.
                Certainty::Observed if leg.origin == Origin::DialledUnseen && cause == HangupCause::NORMAL && self.caller_stays(leg) => {
                    EndReason::Unknown
                }
                Certainty::Observed => reason_of_cause(cause),
                _ => EndReason::Unknown,
            };
            self.ring_over(seen, &id, reason, out);
        } else if self.is_own_phone(leg) && cause == HangupCause::NORMAL && seen.certainty == Certainty::Observed {
            self.own_phone_given_up(&leg.call.clone());
        }
        let Some(leg) = self.forget_leg(&id) else { return };
        if leg.connected.is_some() && (leg.line.is_some() || leg.is_dialled()) && leg.kind == LegKind::Party {
            self.tell(seen, &leg.call, CallEventKind::ConnectionCleared { leg: leg.named() }, out);
        }
        let Some(call) = self.calls.get_mut(&leg.call) else { return };
        call.legs.remove(&id);
        if call.first.as_ref() == Some(&id) {
            call.first_cause = Some(cause);
            call.caller_hung_up = leg.ending.is_some();
        }
        if call.legs.is_empty() {
            self.end(seen, &leg.call, cause, leg.line.is_some(), out);
        }
    }

    /// The own phone rang and does so no more, and not because its time was up: the agent, or the page, ended it.
    fn own_phone_given_up(&mut self, call: &CallId) {
        if let Some(call) = self.calls.get_mut(call).filter(|call| call.own_phone == OwnPhone::Failed(EndReason::NoAnswer)) {
            call.own_phone = OwnPhone::Failed(EndReason::Cancelled);
        }
    }

    /// The last leg is gone.
    fn end(&mut self, seen: Seen, id: &CallId, cause: HangupCause, last_is_line: bool, out: &mut Vec<CallEvent>) {
        let Some(mut call) = self.calls.remove(id) else { return };
        self.aliases.retain(|_, target| target != id);
        self.remember_dial(id.clone());
        if let Some(sent_on) = call.sent_on.take().filter(|sent_on| !sent_on.is_parked) {
            let to = TransferTarget::Number(sent_on.exten);
            let kind = CallEventKind::Transferred { transfer: sent_on.transfer, stays: sent_on.stays, by: Some(sent_on.by), to, consultation: None };
            out.push(seen.event(id, kind));
        }
        // The caller's own leg says best why the call ended; the legs go in any order.
        let cause = (seen.certainty == Certainty::Observed).then_some(call.first_cause.unwrap_or(cause));
        let reason = call.end_reason(cause);
        // A phone that dialled a service of the PBX itself, and met nobody, made no call.
        let is_service = !call.told && last_is_line;
        if call.has_party && !is_service {
            out.push(seen.event(id, cleared(&call, reason, cause)));
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

    pub(super) fn originate_answered(&mut self, seen: Seen, id: &str, exten: &str, failure: Option<DialStatus>, out: &mut Vec<CallEvent>) {
        let call_id = self.legs.get(id).map_or_else(|| CallId::new(id), |leg| leg.call.clone());
        let reason = match failure {
            None => {
                if let Some(call) = self.calls.get_mut(&call_id).filter(|_| !matches!(exten, "" | "s")) {
                    exten.clone_into(&mut call.dialled);
                }
                return;
            }
            Some(DialStatus::Busy) => EndReason::Busy,
            Some(DialStatus::NoAnswer) => EndReason::NoAnswer,
            Some(DialStatus::Rejected) => EndReason::Rejected,
            Some(_) => EndReason::Failed,
        };
        match self.calls.get_mut(&call_id) {
            // Asterisk's reason 0 says nothing; the channel's own end, before or after this, says more.
            Some(_) if reason == EndReason::Failed => {}
            Some(call) if matches!(call.own_phone, OwnPhone::Asked | OwnPhone::Told) => call.own_phone = OwnPhone::Failed(reason),
            Some(_) => {}
            None if !call_id.is_dialled() || self.ended_dials.contains(&call_id) => {}
            // The phone was not even there: no channel will ever tell.
            None => out.push(seen.event(
                &call_id,
                CallEventKind::Cleared { reason, cause: None, at_own_phone: true, direction: Direction::Outbound, other: Party::default() },
            )),
        }
    }

    /// The PBX was started so many seconds ago: what it carried before is gone.
    pub(super) fn booted(&mut self, seen: Seen, uptime_seconds: u32, out: &mut Vec<CallEvent>) {
        let Some(at) = seen.at else { return };
        // A second more, because the uptime is whole seconds.
        let started = at.0 - (i64::from(uptime_seconds) + 1) * crate::clock::SECOND;
        let ghosts: Vec<Uniqueid> =
            self.legs.values().filter(|leg| leg.since.is_some_and(|since| since.0 < started)).map(|leg| leg.id.clone()).collect();
        for ghost in ghosts {
            self.hung_up(Seen { at: None, ..seen }.inferred(), ghost.as_str(), HangupCause::NORMAL, out);
        }
    }
}

pub(super) fn cleared(call: &Call, reason: EndReason, cause: Option<HangupCause>) -> CallEventKind {
    CallEventKind::Cleared { reason, cause, at_own_phone: call.ended_at_own_phone(), direction: call.direction, other: call.other.clone() }
}
