//! Who hears whom: bridges and hold.

use super::event::{CallEvent, CallEventKind, Certainty, LegRef, Party};
use super::leg::{Leg, LegKind, LegState, Origin};
use super::tracker::{Seen, Tracker};
use crate::ids::{CallId, Uniqueid};
use crate::telephony::pbx::event::{BridgeKind, ChannelView};

/// Whom a leg answered, and who that is.
type Answered = (LegRef, Party);

fn answered(leg: &Leg) -> Answered {
    (leg.named(), leg.who())
}

impl Tracker {
    pub(super) fn bridge_entered(&mut self, seen: Seen, bridge: &str, kind: BridgeKind, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
        let Some(id) = self.upsert(seen, view, out) else { return };
        self.put_into_bridge(&id, bridge, kind);
        if kind == BridgeKind::Holding {
            return; // Music on hold is no answer.
        }
        self.up(seen, &id, out);
        self.talk(seen, &id, out);
        if kind == BridgeKind::Conference {
            self.tell_conference(seen, &id, out);
        }
    }

    /// The leg may hear others in its bridge now.
    pub(super) fn talk(&mut self, seen: Seen, id: &Uniqueid, out: &mut Vec<CallEvent>) {
        let Some(bridge) = self.legs.get(id).and_then(|leg| leg.bridge.clone()) else { return };
        let mut together = self.conversation(&bridge);
        // Where all have talked before, a transfer is being completed, and the PBX tells it itself.
        if together.len() < 2 || together.iter().all(|id| self.legs.get(id).is_some_and(|leg| leg.connected.is_some())) {
            return;
        }
        let call = self.one_call_of(seen, &together, out);
        let order = |id: &Uniqueid| self.legs.get(id).map_or(0, |leg| leg.order);
        together.sort_by_key(order);
        let is_new = |id: &&Uniqueid| self.legs.get(*id).is_some_and(|leg| leg.connected.is_none());
        let fresh: Vec<Uniqueid> = together.iter().filter(is_new).cloned().collect();
        let answers: Vec<(Uniqueid, Option<Answered>)> = fresh.iter().map(|id| (id.clone(), self.whom_it_answers(id, &together, &fresh))).collect();
        if let Some(call) = self.calls.get_mut(&call) {
            call.connected = true;
            call.queue = None;
        }
        // Who joins, without having been called, those of whom nobody was called: a conference.
        let nobody_answers = fresh.len() == together.len() && answers.iter().all(|(_, caller)| caller.is_none());
        for (fresh, caller) in answers {
            let joins = nobody_answers && fresh == *id;
            let caller = if joins { self.other_than(&fresh, &together) } else { caller };
            self.establish(seen, &fresh, caller, out);
        }
    }

    fn establish(&mut self, seen: Seen, id: &Uniqueid, caller: Option<Answered>, out: &mut Vec<CallEvent>) {
        let count = self.next();
        let Some(leg) = self.legs.get_mut(id) else { return };
        leg.connected = Some(count);
        leg.state = LegState::Up;
        let leg = leg.clone();
        if !leg.told_ringing && seen.certainty == Certainty::Inferred && leg.line.is_some() && !self.is_own_phone(&leg) {
            self.tell_delivered(seen, id, out); // Adopted: the desk has not heard of it.
        }
        self.arrived(seen, None, &leg, out);
        if leg.line.is_some() || leg.is_dialled() || caller.is_some() {
            let dialled = self.calls.get(&leg.call).map_or_else(String::new, |call| call.dialled.clone());
            self.tell(seen, &leg.call, CallEventKind::Established { leg: leg.named(), caller, dialled }, out);
        }
    }

    /// Whoever hears each other is in one call.
    fn one_call_of(&mut self, seen: Seen, together: &[Uniqueid], out: &mut Vec<CallEvent>) -> CallId {
        let calls = together.iter().filter_map(|id| self.legs.get(id)).map(|leg| leg.call.clone()).collect::<Vec<_>>();
        let mut calls = calls.into_iter();
        let mut all = calls.next().unwrap_or_else(|| CallId::new(""));
        for call in calls {
            if call != all && self.calls.contains_key(&call) {
                all = self.merge(seen, &all, &call, out);
            }
        }
        all
    }

    /// Whom a leg that now hears others for the first time has answered; `None` when it is the one who called.
    fn whom_it_answers(&self, id: &Uniqueid, together: &[Uniqueid], fresh: &[Uniqueid]) -> Option<Answered> {
        let leg = self.legs.get(id)?;
        let is_called = leg.is_dialled() && !self.is_own_phone(leg);
        if let Some(caller) = self.caller_of(id).filter(|caller| is_called && together.contains(caller)) {
            return self.legs.get(&caller).map(answered);
        }
        let has_company = fresh.len() < together.len();
        if !is_called && !has_company {
            return None;
        }
        // The one who stayed after a transfer, or who waited in a parking place.
        let stayed = together.iter().find(|other| *other != id && !fresh.contains(*other) && self.is_party_of_note(other));
        stayed.and_then(|other| self.legs.get(other)).map(answered).or_else(|| self.other_than(id, together))
    }

    fn is_party_of_note(&self, id: &Uniqueid) -> bool {
        self.legs.get(id).is_some_and(|leg| leg.kind == LegKind::Party && !leg.handed_over)
    }

    fn other_than(&self, id: &Uniqueid, together: &[Uniqueid]) -> Option<Answered> {
        together.iter().filter(|other| *other != id).find_map(|other| self.legs.get(other)).map(answered)
    }

    fn tell_conference(&mut self, seen: Seen, id: &Uniqueid, out: &mut Vec<CallEvent>) {
        let Some(leg) = self.legs.get(id).filter(|leg| leg.kind == LegKind::Party) else { return };
        let many = leg.bridge.as_ref().is_some_and(|bridge| self.conversation(bridge).len() > 2);
        if many {
            let (call, leg) = (leg.call.clone(), leg.named());
            self.tell(seen, &call, CallEventKind::Conferenced { leg }, out);
        }
    }

    pub(super) fn held(&mut self, seen: Seen, view: &ChannelView<'_>, held: bool, out: &mut Vec<CallEvent>) {
        let Some(id) = self.upsert(seen, view, out) else { return };
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let was = std::mem::replace(&mut leg.held, held);
        // Of a call that was adopted it is not known who is on hold.
        let may_have_been_held = !held && self.calls.get(&leg.call).is_some_and(|call| call.partly_unseen);
        if (was == held && !may_have_been_held) || leg.kind != LegKind::Party {
            return;
        }
        if leg.origin == Origin::Itself && leg.connected.is_none() && leg.state == LegState::Created {
            leg.state = LegState::Up; // Only who answered can hold.
        }
        let (call, leg) = (leg.call.clone(), leg.named());
        self.tell(seen, &call, if held { CallEventKind::Held { leg } } else { CallEventKind::Retrieved { leg } }, out);
    }
}
