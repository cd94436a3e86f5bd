//! Dialling and ringing: who is called, whose device rings, and how a ringing ends.

use super::call::OwnPhone;
use super::event::{CallEvent, CallEventKind, Direction, EndReason, Party};
use super::hangup_cause::HangupCause;
use super::leg::{Dialling, Leg, LegKind, LegState, Origin};
use super::tracker::{Seen, Tracker};
use crate::ids::{CallId, Uniqueid};
use crate::telephony::pbx::event::{ChannelView, DialStatus};

impl Tracker {
    pub(super) fn dial_begun(&mut self, seen: Seen, from: Option<&ChannelView<'_>>, to: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
        let from = from.and_then(|from| self.upsert(seen, from, out));
        let Some(id) = self.upsert(seen, to, out) else { return };
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.origin = match &from {
            Some(from) => Origin::DialledBy(from.clone()),
            None if matches!(leg.origin, Origin::DialledBy(_)) => leg.origin.clone(), // Found out before.
            None if is_asked(leg) => Origin::Asked,
            None => Origin::DialledUnseen,
        };
        let rings = std::mem::replace(&mut leg.dialling, Dialling::Told) == Dialling::ToComeAndRings;
        let leg = leg.clone();
        if leg.origin == Origin::Asked {
            self.asked(&leg.call);
        }
        if leg.kind == LegKind::Party {
            if self.is_own_phone(&leg) {
                self.tell_originated(seen, &leg, out);
            } else {
                self.note_far_end(&leg, from.as_ref());
            }
        }
        if rings {
            self.ringing(seen, &id, out);
        }
    }

    /// The device rings, and who dialled it will be told in a moment: until then nothing is said of it.
    pub(super) fn rings_early(&mut self, id: &Uniqueid) -> bool {
        let is_to_come = |leg: &&mut Leg| leg.dialling != Dialling::Told && leg.origin == Origin::Itself && !is_asked(leg);
        let Some(leg) = self.legs.get_mut(id).filter(is_to_come) else { return false };
        leg.dialling = Dialling::ToComeAndRings;
        true
    }

    /// The call is a click-to-dial.
    fn asked(&mut self, call: &CallId) {
        if let Some(call) = self.calls.get_mut(call).filter(|call| !call.connected && call.own_phone == OwnPhone::None) {
            call.own_phone = OwnPhone::Asked;
            call.direction = Direction::Outbound;
        }
    }

    /// A call of ours goes to this leg, until it is answered.
    fn note_far_end(&mut self, leg: &Leg, from: Option<&Uniqueid>) {
        let dialled = from.and_then(|from| self.legs.get(from)).map(|from| from.exten.clone());
        let Some(call) = self.calls.get_mut(&leg.call).filter(|call| !call.connected) else { return };
        if let Some(dialled) = dialled.filter(|_| !call.partly_unseen) {
            call.dials(&dialled);
        }
        if call.direction == Direction::Outbound {
            call.other = leg.party.clone();
            if matches!(call.other.number.reveal().as_str(), "" | "s") {
                call.other.number = call.dialled.clone().into(); // The dialplan's own name is nobody's number.
            }
            if leg.line.is_some() {
                call.direction = Direction::Internal;
            }
        }
    }

    pub(super) fn dial_ringing(&mut self, seen: Seen, to: &ChannelView<'_>, progress_only: bool, out: &mut Vec<CallEvent>) {
        let Some(id) = self.upsert(seen, to, out) else { return };
        self.ringing(if progress_only { seen.inferred() } else { seen }, &id, out);
    }

    pub(super) fn ringing(&mut self, seen: Seen, id: &Uniqueid, out: &mut Vec<CallEvent>) {
        let Some(leg) = self.legs.get_mut(id).filter(|leg| leg.state == LegState::Created) else { return };
        leg.state = LegState::Ringing;
        leg.dialling = Dialling::Told;
        if leg.origin == Origin::Itself {
            // It rings, and no dialling was seen: the PBX was asked to ring it, or we came in later.
            leg.origin = if is_asked(leg) { Origin::Asked } else { Origin::DialledUnseen };
        }
        let leg = leg.clone();
        if leg.origin == Origin::Asked {
            self.asked(&leg.call);
        }
        if leg.kind != LegKind::Party {
            return;
        }
        if self.is_own_phone(&leg) {
            self.tell_originated(seen, &leg, out);
        } else {
            self.tell_delivered(seen, id, out);
        }
    }

    pub(super) fn up(&mut self, seen: Seen, id: &Uniqueid, out: &mut Vec<CallEvent>) {
        if self.legs.get(id).is_some_and(|leg| leg.dialling == Dialling::ToComeAndRings) {
            self.ringing(seen, id, out);
        }
        let Some(leg) = self.legs.get_mut(id).filter(|leg| leg.state != LegState::Up && !leg.is_over()) else { return };
        let was = std::mem::replace(&mut leg.state, LegState::Up);
        let leg = leg.clone();
        if leg.kind != LegKind::Party || !leg.is_dialled() {
            return;
        }
        if self.is_own_phone(&leg) {
            self.own_phone_up(seen, &leg, out);
            return;
        }
        if was == LegState::Created {
            // A phone that answers by itself, a trunk that never says 180: it must have rung.
            self.tell_delivered(seen.inferred(), id, out);
        }
        self.tell(seen, &leg.call, CallEventKind::RingEnded { leg: leg.named(), reason: EndReason::Answered }, out);
    }

    pub(super) fn own_phone_up(&mut self, seen: Seen, leg: &Leg, out: &mut Vec<CallEvent>) {
        self.tell_originated(seen.inferred(), leg, out);
        let Some(call) = self.calls.get_mut(&leg.call).filter(|call| call.own_phone == OwnPhone::Told) else { return };
        call.own_phone = OwnPhone::Up;
        self.tell(seen, &leg.call, CallEventKind::OwnPhoneAnswered { leg: leg.named() }, out);
    }

    /// A device rings: who calls it, or whom it is that we call.
    pub(super) fn tell_delivered(&mut self, seen: Seen, id: &Uniqueid, out: &mut Vec<CallEvent>) {
        let Some(leg) = self.legs.get(id).cloned() else { return };
        let by = self.caller_of(id).or_else(|| self.first_other_party(&leg));
        self.arrived(seen, by.as_ref(), &leg, out);
        self.note_far_end(&leg, by.as_ref());
        let Some(call) = self.calls.get(&leg.call) else { return };
        let by = by.and_then(|by| self.legs.get(&by));
        let caller = by.map_or_else(|| leg.connected_to.clone(), Leg::who);
        let is_from_line = by.is_some_and(|by| by.line.is_some());
        let other = match call.direction {
            // A colleague rings: the debtor's call may be behind it, but it is the colleague who will be heard.
            _ if leg.line.is_some() && is_from_line => caller.clone(),
            Direction::Internal => caller.clone(),
            _ if call.other == Party::default() => leg.connected_to.clone(),
            _ => call.other.clone(),
        };
        let kind = CallEventKind::Delivered {
            leg: leg.named(),
            by: by.map(Leg::named),
            caller,
            called: leg.who(),
            other,
            direction: call.direction,
            dialled: call.dialled.clone(),
            queue: call.queue.clone(),
        };
        self.with_leg(id.as_str(), |leg| leg.told_ringing = true);
        self.tell(seen, &leg.call, kind, out);
    }

    /// Where nobody was seen dialling: the party that began the call.
    fn first_other_party(&self, leg: &Leg) -> Option<Uniqueid> {
        let call = self.calls.get(&leg.call)?;
        let is_caller = |id: &&Uniqueid| **id != leg.id && self.legs.get(*id).is_some_and(|l| l.kind == LegKind::Party && !l.handed_over);
        // An agent whom the phone shows as its caller: a transfer by keys rings before the pipe to it is laid.
        let shown = leg.connected_to.number.reveal();
        let is_shown = |id: &&Uniqueid| self.legs.get(*id).and_then(|l| l.line.as_ref()).is_some_and(|line| line.as_str() == shown);
        if let Some(agent) = call.legs.iter().filter(is_caller).find(is_shown) {
            return Some(agent.clone());
        }
        let first = call.first.as_ref().filter(is_caller);
        first.or_else(|| call.legs.iter().filter(is_caller).find(|id| self.legs.get(*id).is_some_and(|l| !l.is_dialled()))).cloned()
    }

    fn tell_originated(&mut self, seen: Seen, leg: &Leg, out: &mut Vec<CallEvent>) {
        let shown = match &leg.origin {
            Origin::DialledBy(half) => self.legs.get(half).map_or(&leg.connected_to, |half| &half.connected_to),
            _ => &leg.connected_to,
        };
        // Shown its own number, as some programs do, the phone says nothing of whom it will call.
        let to = if shown.number == leg.who().number { Party::default() } else { shown.clone() };
        let Some(call) = self.calls.get_mut(&leg.call).filter(|call| call.own_phone == OwnPhone::Asked) else { return };
        call.own_phone = OwnPhone::Told;
        call.other = to.clone();
        to.number.reveal().clone_into(&mut call.dialled);
        self.tell(seen, &leg.call, CallEventKind::Originated { leg: leg.named(), to }, out);
    }

    pub(super) fn dial_ended(&mut self, seen: Seen, to: &ChannelView<'_>, status: DialStatus, forward: &str, out: &mut Vec<CallEvent>) {
        if !self.legs.contains_key(to.id.as_ref()) {
            return; // The end of a dialling whose leg is gone: nothing to close.
        }
        let Some(id) = self.upsert(seen, to, out) else { return };
        if status == DialStatus::Answered {
            self.up(seen, &id, out);
            return;
        }
        let Some(leg) = self.legs.get(&id) else { return };
        let cause = leg.ending.flatten();
        let reason = match status {
            _ if !forward.is_empty() => EndReason::NoAnswer,
            // Asterisk says NOANSWER of a 403 or 603, and a queue of a 486; the cause knows better.
            DialStatus::NoAnswer if cause.is_some_and(HangupCause::is_busy) => EndReason::Busy,
            DialStatus::NoAnswer if cause.is_some_and(HangupCause::is_rejected) => EndReason::Rejected,
            DialStatus::NoAnswer if cause.is_some_and(HangupCause::is_failure) => EndReason::Failed,
            DialStatus::Cancelled if self.is_answered_elsewhere(leg) => EndReason::Elsewhere,
            DialStatus::Cancelled if self.caller_stays(leg) => match &leg.origin {
                Origin::DialledBy(by) if self.is_local(by) => EndReason::NoAnswer,
                Origin::DialledUnseen => EndReason::Unknown,
                _ => EndReason::Cancelled,
            },
            // The PBX has sent the caller away, because nobody answered, before it let go of the Local channel that it had dialled.
            DialStatus::Cancelled if self.is_dialled_by_local(leg) && self.caller_met_nobody(leg) => EndReason::NoAnswer,
            DialStatus::Answered | DialStatus::Cancelled => EndReason::Cancelled,
            DialStatus::Busy => EndReason::Busy,
            DialStatus::NoAnswer => EndReason::NoAnswer,
            DialStatus::Rejected => EndReason::Rejected,
            DialStatus::Unavailable | DialStatus::Failed => EndReason::Failed,
        };
        let diverted = (!forward.is_empty() && leg.kind == LegKind::Party).then(|| (leg.call.clone(), leg.named()));
        if let Some((call, leg)) = diverted {
            self.tell(seen, &call, CallEventKind::Diverted { leg, to: forward.to_owned() }, out);
        }
        let is_own = self.legs.get(&id).is_some_and(|leg| self.is_own_phone(leg));
        self.ring_over(seen, &id, reason, out);
        if is_own && !forward.is_empty() {
            self.own_phone_diverted(seen, &id, forward, out);
        }
    }

    /// Another device that was tried for the same caller was picked up since this one began to ring.
    fn is_answered_elsewhere(&self, leg: &Leg) -> bool {
        let Some(call) = self.calls.get(&leg.call) else { return false };
        let caller = self.caller_of(&leg.id);
        call.legs.iter().filter(|id| **id != leg.id && Some(*id) != caller.as_ref()).filter_map(|id| self.legs.get(id)).any(|other| {
            let is_tried = other.kind == LegKind::Party && other.is_dialled() && other.state == LegState::Up && !self.is_own_phone(other);
            is_tried && other.connected.is_none_or(|since| since > leg.order)
        })
    }

    /// Whoever called is still there. Where a Local channel was dialled, the PBX has taken it back then, as a queue or
    /// follow-me does when its time is up.
    pub(super) fn caller_stays(&self, leg: &Leg) -> bool {
        let caller = self.first_other_party(leg).and_then(|caller| self.legs.get(&caller));
        caller.is_some_and(|caller| caller.ending.is_none())
    }

    fn is_dialled_by_local(&self, leg: &Leg) -> bool {
        matches!(&leg.origin, Origin::DialledBy(by) if self.is_local(by))
    }

    /// Whoever called is gone, and its cause says that nobody answered.
    fn caller_met_nobody(&self, leg: &Leg) -> bool {
        self.calls.get(&leg.call).and_then(|call| call.first_cause).is_some_and(HangupCause::is_no_answer)
    }

    fn is_local(&self, id: &Uniqueid) -> bool {
        self.legs.get(id).is_some_and(|leg| leg.kind == LegKind::LocalHalf)
    }

    /// The phone of a click-to-dial sends its calls elsewhere. Asterisk begins another call for that, which is tied to
    /// this one by nothing but the number.
    fn own_phone_diverted(&mut self, seen: Seen, own: &Uniqueid, forward: &str, out: &mut Vec<CallEvent>) {
        let prefix = format!("Local/{forward}@");
        let is_it = |leg: &&Leg| {
            let is_first = leg.local_pair().is_some_and(|(_, first)| first);
            is_first && matches!(leg.origin, Origin::Asked | Origin::Itself) && leg.channel.starts_with(&prefix)
        };
        let Some(half) = self.legs.values().filter(is_it).max_by_key(|leg| leg.order) else { return };
        let (half, other) = (half.id.clone(), half.call.clone());
        self.with_leg(half.as_str(), |leg| leg.origin = Origin::DialledBy(own.clone()));
        let Some(call) = self.legs.get(own).map(|leg| leg.call.clone()) else { return };
        self.merge(seen, &call, &other, out);
    }

    /// Closes a ringing, once.
    pub(super) fn ring_over(&mut self, seen: Seen, id: &Uniqueid, reason: EndReason, out: &mut Vec<CallEvent>) {
        let Some(leg) = self.legs.get(id).filter(|leg| matches!(leg.state, LegState::Created | LegState::Ringing)).cloned() else { return };
        let is_own = self.is_own_phone(&leg);
        self.with_leg(id.as_str(), |leg| leg.state = LegState::Over(reason));
        if leg.kind != LegKind::Party {
            return;
        }
        let Some(call) = self.calls.get_mut(&leg.call) else { return };
        if is_own {
            if matches!(call.own_phone, OwnPhone::Asked | OwnPhone::Told) {
                call.own_phone = OwnPhone::Failed(reason);
            }
            return;
        }
        if reason != EndReason::Elsewhere || call.last_ring_end.is_none() {
            call.last_ring_end = Some(reason);
        }
        if leg.told_ringing {
            self.tell(seen, &leg.call, CallEventKind::RingEnded { leg: leg.named(), reason }, out);
        }
    }
}

/// A leg that bears its call's own id began it: when it rings, the PBX was asked to ring it.
fn is_asked(leg: &Leg) -> bool {
    leg.id.as_str() == leg.link.as_str()
}
