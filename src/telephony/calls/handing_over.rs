//! Transfers (blind, attended, blonde), pickup and parking: who stays, who hands over, who gets the call.

use super::call::{Call, SentOn};
use super::event::{CallEvent, CallEventKind, Direction, EndReason, LegRef, TransferKind, TransferTarget};
use super::leg::{Leg, LegKind, LegState, Origin};
use super::tracker::{Seen, Tracker};
use crate::ids::{CallId, Device, Uniqueid};
use crate::telephony::pbx::event::{ChannelView, EventKind};

impl Tracker {
    /// A blind transfer: it is told when it is known who gets the call.
    pub(super) fn sent_on(&mut self, seen: Seen, by: &ChannelView<'_>, stays: Option<&ChannelView<'_>>, exten: &str, out: &mut Vec<CallEvent>) {
        let stays = stays.and_then(|stays| self.upsert(seen, stays, out));
        let Some(by) = self.upsert(seen, by, out) else { return };
        let by = self.party_at(&by).unwrap_or(by);
        let stays = stays.map(|stays| self.party_at(&stays).unwrap_or(stays)).or_else(|| self.partner_of(&by));
        self.with_leg(by.as_str(), |leg| leg.handed_over = true);
        let Some(leg) = self.legs.get(&by) else { return };
        let sent_on = SentOn {
            transfer: TransferKind::Blind,
            stays: stays.and_then(|stays| self.legs.get(&stays)).map(Leg::named),
            by: leg.named(),
            exten: exten.to_owned(),
            is_parked: false,
        };
        let call = leg.call.clone();
        if let Some(call) = self.calls.get_mut(&call) {
            // Asterisk may tell of the parking before it tells of the transfer that led to it.
            let is_parked = call.sent_on.as_ref().is_some_and(|parked| parked.is_parked && parked.stays == sent_on.stays);
            if !is_parked {
                call.sent_on = Some(sent_on);
            }
        }
    }

    /// A blind transfer of which nothing was told before it was complete.
    pub(super) fn passed_on(&mut self, seen: Seen, by: &ChannelView<'_>, stays: &ChannelView<'_>, to: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
        let mut known = |view| self.upsert(seen, view, out).and_then(|id| self.legs.get(&id).cloned());
        let (Some(by), Some(stays), Some(to)) = (known(by), known(stays), known(to)) else { return };
        self.with_leg(by.id.as_str(), |leg| leg.handed_over = true);
        let kind = CallEventKind::Transferred {
            transfer: TransferKind::Blind,
            stays: Some(stays.named()),
            by: Some(by.named()),
            to: TransferTarget::Leg(to.named()),
            consultation: None,
        };
        let (into, _) = self.survivor(&by.call, &to.call);
        self.tell(seen, &into, kind, out);
        self.merge(seen, &by.call, &to.call, out);
    }

    /// An attended transfer, complete: two calls become one, and the one who joined them leaves.
    pub(super) fn joined(&mut self, seen: Seen, event: &EventKind<'_>, out: &mut Vec<CallEvent>) {
        let EventKind::AttendedTransferred { by, second, stays, to, answered } = event else { return };
        let Some(first) = self.upsert(seen, by, out) else { return };
        let Some(second) = self.upsert(seen, second, out) else { return };
        let stays =
            stays.as_ref().and_then(|view| self.upsert(seen, view, out)).and_then(|id| self.party_at(&id)).or_else(|| self.partner_of(&first));
        let to = to.as_ref().and_then(|view| self.upsert(seen, view, out)).and_then(|id| self.party_at(&id));
        let to = to.or_else(|| self.consulted(&first, &second, stays.as_ref()).filter(|_| *answered)).or_else(|| self.rung_by(&second));
        let answered = to.as_ref().and_then(|to| self.legs.get(to)).map_or(*answered, |to| to.connected.is_some());
        let by = self.party_at(&first).unwrap_or_else(|| first.clone());
        for id in [&first, &second, &by] {
            self.with_leg(id.as_str(), |leg| leg.handed_over = true);
        }
        let target = to.as_ref().and_then(|to| self.legs.get(to)).map(|leg| TransferTarget::Leg(leg.named()));
        let exten = self.legs.get(&second).map_or_else(String::new, |leg| leg.exten.clone());
        let (Some(a), Some(b)) = (self.legs.get(&first).map(|leg| leg.call.clone()), self.legs.get(&second).map(|leg| leg.call.clone())) else {
            return;
        };
        let (into, from) = self.survivor(&a, &b);
        let consultation = (into != from && self.calls.get(&from).is_some_and(|call| call.told)).then_some(from);
        let kind = CallEventKind::Transferred {
            transfer: if answered { TransferKind::Attended } else { TransferKind::Blonde },
            stays: stays.as_ref().and_then(|stays| self.legs.get(stays)).map(Leg::named),
            by: self.legs.get(&by).map(Leg::named),
            to: target.unwrap_or(TransferTarget::Number(exten)),
            consultation,
        };
        self.tell(seen, &into, kind, out);
        let into = self.merge(seen, &a, &b, out);
        // Where whoever got it was in a call of his own until now, that is the same conversation.
        if let Some(own) = to.and_then(|to| self.legs.get(&to)).map(|leg| leg.call.clone()) {
            self.merge(seen, &into, &own, out);
        }
    }

    /// The call that goes on when two become one, and the one that goes up in it: a call with somebody outside stays,
    /// else the older.
    pub(super) fn survivor(&self, a: &CallId, b: &CallId) -> (CallId, CallId) {
        let rank = |id: &CallId| self.calls.get(id).map_or((true, u64::MAX), |call| (call.direction == Direction::Internal, call.order));
        if rank(a) <= rank(b) { (a.clone(), b.clone()) } else { (b.clone(), a.clone()) }
    }

    /// Makes two calls one; the id that goes on.
    pub(super) fn merge(&mut self, seen: Seen, a: &CallId, b: &CallId, out: &mut Vec<CallEvent>) -> CallId {
        let (into_id, from_id) = self.survivor(a, b);
        if into_id == from_id {
            return into_id;
        }
        let Some(from) = self.calls.remove(&from_id) else { return into_id };
        for id in &from.legs {
            if let Some(leg) = self.legs.get_mut(id) {
                leg.call = into_id.clone();
            }
        }
        for target in self.aliases.values_mut().filter(|target| **target == from_id) {
            *target = into_id.clone();
        }
        self.aliases.insert(from_id.clone(), into_id.clone());
        let told = from.told;
        if let Some(into) = self.calls.get_mut(&into_id) {
            take_in(into, from);
        }
        if told {
            out.push(seen.event(&from_id, CallEventKind::Merged { into: into_id.clone() }));
        }
        self.remember_dial(from_id);
        into_id
    }

    /// A device of the party that was sent on rings or talks: it is the one who got the call.
    pub(super) fn arrived(&mut self, seen: Seen, caller: Option<&Uniqueid>, leg: &Leg, out: &mut Vec<CallEvent>) {
        let Some(call) = self.calls.get_mut(&leg.call) else { return };
        let Some(sent_on) = &call.sent_on else { return };
        if sent_on.by.id == leg.id || sent_on.stays.as_ref().is_some_and(|stays| stays.id == leg.id) {
            return;
        }
        if caller.is_some() && caller == Some(&sent_on.by.id) {
            return; // The one who sends on has another phone ring meanwhile.
        }
        let is_back = Device::text_of_channel(&sent_on.by.channel) == Device::text_of_channel(&leg.channel);
        let Some(sent_on) = call.sent_on.take() else { return };
        if !is_back {
            self.tell_sent_on(seen, &leg.call.clone(), sent_on, TransferTarget::Leg(leg.named()), out);
        }
    }

    /// The party that was sent on has reached a queue, or nobody.
    pub(super) fn reached_number(&mut self, seen: Seen, id: &Uniqueid, out: &mut Vec<CallEvent>) {
        let Some(call) = self.call_of_mut(id) else { return };
        let call_id = call.id.clone();
        if let Some(sent_on) = call.sent_on.take() {
            let to = TransferTarget::Number(sent_on.exten.clone());
            self.tell_sent_on(seen, &call_id, sent_on, to, out);
        }
    }

    fn tell_sent_on(&mut self, seen: Seen, call: &CallId, sent_on: SentOn, to: TransferTarget, out: &mut Vec<CallEvent>) {
        let SentOn { transfer, stays, by, .. } = sent_on;
        self.tell(seen, call, CallEventKind::Transferred { transfer, stays, by: Some(by), to, consultation: None }, out);
    }

    /// Another phone takes the ringing: from now on it is the one that was called.
    pub(super) fn picked_up(&mut self, seen: Seen, by: &ChannelView<'_>, ringing: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
        let Some(by) = self.upsert(seen, by, out) else { return };
        let Some(ringing) = self.upsert(seen, ringing, out) else { return };
        let caller = self.caller_of(&ringing);
        self.ring_over(seen, &ringing, EndReason::Elsewhere, out);
        self.with_leg(by.as_str(), |leg| leg.origin = caller.map_or(Origin::DialledUnseen, Origin::DialledBy));
        let calls = [&by, &ringing].map(|id| self.legs.get(id).map(|leg| leg.call.clone()));
        if let [Some(by), Some(ringing)] = calls {
            self.merge(seen, &ringing, &by, out);
        }
    }

    pub(super) fn parked(&mut self, seen: Seen, view: &ChannelView<'_>, by: &str, place: &str, out: &mut Vec<CallEvent>) {
        let Some(id) = self.upsert(seen, view, out) else { return };
        let id = self.party_at(&id).unwrap_or(id);
        let line = self.line_of(by);
        let Some(leg) = self.legs.get(&id) else { return };
        let (call_id, named) = (leg.call.clone(), leg.named());
        let parker = self.device_in(&call_id, by).unwrap_or_else(|| LegRef { id: Uniqueid::new(""), channel: by.to_owned(), line });
        if let Some(call) = self.calls.get_mut(&call_id) {
            let by = call.sent_on.take().map_or(parker, |sent_on| sent_on.by);
            let exten = place.to_owned();
            call.sent_on = Some(SentOn { transfer: TransferKind::Blind, stays: Some(named.clone()), by, exten, is_parked: true });
        }
        self.tell(seen, &call_id, CallEventKind::Parked { leg: named }, out);
    }

    pub(super) fn parking_timed_out(&mut self, id: &str) {
        let Some(call) = self.legs.get(id).map(|leg| leg.call.clone()) else { return };
        if let Some(call) = self.calls.get_mut(&call) {
            call.sent_on = None; // It goes back to the one who parked it: nobody else got it.
        }
    }

    fn device_in(&self, call: &CallId, device: &str) -> Option<LegRef> {
        let legs = self.calls.get(call)?.legs.iter().filter_map(|id| self.legs.get(id));
        legs.filter(|leg| Device::text_of_channel(&leg.channel) == device).map(Leg::named).next()
    }

    /// The party that a channel stands for: itself, or whoever is at the far end of the Local channel.
    fn party_at(&self, id: &Uniqueid) -> Option<Uniqueid> {
        let leg = self.legs.get(id)?;
        if leg.kind == LegKind::Party {
            return Some(id.clone());
        }
        self.far_side(leg)
    }

    /// Whom the second leg speaks with; where its bridge and that of the party that stays are one by now, whoever else is there.
    fn consulted(&self, first: &Uniqueid, second: &Uniqueid, stays: Option<&Uniqueid>) -> Option<Uniqueid> {
        let bridges = [Some(second), stays].into_iter().flatten().filter_map(|id| self.legs.get(id)?.bridge.as_ref());
        let is_other = |id: &Uniqueid| id != first && id != second && Some(id) != stays;
        bridges.flat_map(|bridge| self.conversation(bridge)).find(is_other)
    }

    /// Who hears this leg.
    fn partner_of(&self, id: &Uniqueid) -> Option<Uniqueid> {
        let bridge = self.legs.get(id)?.bridge.as_ref()?;
        self.conversation(bridge).into_iter().find(|other| other != id)
    }

    /// Whom this leg rings.
    fn rung_by(&self, id: &Uniqueid) -> Option<Uniqueid> {
        let call = self.call_of(id)?;
        let is_rung = |leg: &&Leg| leg.kind == LegKind::Party && leg.state == LegState::Ringing && leg.id != *id;
        let mut ringing = call.legs.iter().filter_map(|id| self.legs.get(id)).filter(is_rung);
        let own = ringing.clone().find(|leg| self.caller_of(&leg.id).as_ref() == Some(id));
        own.or_else(|| ringing.next()).map(|leg| leg.id.clone())
    }
}

/// Of two calls that are one now.
fn take_in(into: &mut Call, from: Call) {
    into.connected |= from.connected;
    into.partly_unseen &= from.partly_unseen;
    into.has_party |= from.has_party;
    if into.queue.is_none() && !into.connected {
        into.queue = from.queue;
    }
    if into.first.is_none() {
        into.first = from.first;
    }
    if into.sent_on.is_none() {
        into.sent_on = from.sent_on;
    }
    into.legs.extend(from.legs);
}
