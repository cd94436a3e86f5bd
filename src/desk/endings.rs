//! How calls leave the seats, or stay there until their outcome is saved.

use std::collections::BTreeSet;

use super::floor::{Effect, Floor};
use super::seat::{Candidate, DeskCall, DeskCallState, Found, Lock, MatchCertainty, Notice, OpenFile, Seat};
use crate::clock::Timestamp;
use crate::ids::{AgentId, CallId};
use crate::telephony::calls::event::{CallEvent, Certainty, Direction, EndReason, LegRef};
use crate::telephony::calls::timing::Moment;

impl Floor {
    pub(super) fn ring_ended(&mut self, event: &CallEvent, leg: &LegRef, reason: EndReason, now: Moment) -> Vec<Effect> {
        let Some(agent) = self.agent_at(leg) else { return Vec::new() };
        let Some(call) = self.seats.get_mut(&agent).and_then(|seat| seat.call_mut(&event.call)) else { return Vec::new() };
        // Of one that was answered Established says more.
        if call.state != DeskCallState::Ringing || reason == EndReason::Answered {
            return Vec::new();
        }
        if let Some(at) = call.also.iter().position(|other| other.id == leg.id) {
            call.also.remove(at);
            return Vec::new(); // Another phone of the same agent rings on.
        }
        if call.leg.as_ref().is_none_or(|own| own.id != leg.id) {
            return Vec::new();
        }
        if !call.also.is_empty() {
            call.leg = Some(call.also.remove(0));
            return vec![Effect::Changed(agent)];
        }
        if call.talk.has_run() {
            // It came back to who had handed it over, and was not taken: its outcome is owed as before.
            call.end(reason, now);
            return vec![Effect::Changed(agent)];
        }
        self.put_away(agent, &event.call, reason, now)
    }

    /// The agent's own leg left a conversation; others may go on without it.
    pub(super) fn left(&mut self, event: &CallEvent, leg: &LegRef, now: Moment) -> Vec<Effect> {
        let Some(agent) = self.agent_at(leg) else { return Vec::new() };
        let Some(seat) = self.seats.get_mut(&agent) else { return Vec::new() };
        let Some(call) = seat.call_mut(&event.call).filter(|call| call.is_live()) else { return Vec::new() };
        // The other phone of the same agent goes on.
        if call.leg.as_ref().is_some_and(|own| own.id != leg.id) {
            return Vec::new();
        }
        // What was not seen is not called a good end.
        let reason = if event.certainty == Certainty::Observed { EndReason::Completed } else { EndReason::Unknown };
        call.end(reason, now);
        let mut effects = vec![Effect::Changed(agent)];
        if !call.owes_outcome(false) {
            effects.extend(seat.drop_call(&event.call));
        }
        effects
    }

    pub(super) fn cleared(&mut self, event: &CallEvent, reason: EndReason, at_own_phone: bool, now: Moment) -> Vec<Effect> {
        let mut effects = self.handed_over_in_vain(&event.call, now);
        for agent in self.seats_of.remove(&event.call).unwrap_or_default() {
            let Some(seat) = self.seats.get_mut(&agent) else { continue };
            let Some(call) = seat.call_mut(&event.call).filter(|call| call.is_live()) else { continue };
            effects.push(Effect::Changed(agent));
            call.end(reason, now);
            let (is_owed, is_outbound) = (call.owes_outcome(at_own_phone), call.direction == Direction::Outbound);
            if is_outbound && !call.talk.has_run() {
                seat.notice = Some(Notice::NotReached { reason, at_own_phone });
            }
            match (is_owed, is_outbound) {
                (true, _) => {}
                (false, true) => {
                    effects.extend(seat.drop_call(&event.call));
                    forget(seat, &event.call);
                }
                (false, false) => effects.extend(self.put_away(agent, &event.call, reason, now)),
            }
        }
        effects
    }

    /// The call went up in another one. A word with a colleague is over with that; a talk with somebody outside owes its
    /// outcome all the same.
    pub(super) fn merged(&mut self, event: &CallEvent, now: Moment) -> Vec<Effect> {
        let mut effects = self.handed_over_in_vain(&event.call, now);
        for agent in self.seats_of.remove(&event.call).unwrap_or_default() {
            let Some(seat) = self.seats.get_mut(&agent) else { continue };
            let Some(call) = seat.call(&event.call).filter(|call| call.is_live()) else { continue };
            // The same conversation under its other name owes what there is to owe.
            let is_elsewhere = |other: &DeskCall| other.id != call.id && other.is_live() && other.leg.is_some() && other.leg == call.leg;
            let goes_on = seat.calls.iter().any(is_elsewhere);
            let Some(call) = seat.call_mut(&event.call) else { continue };
            call.end(EndReason::Completed, now);
            let is_owed = !goes_on && call.owes_outcome(false) && call.talk.has_run();
            effects.push(Effect::Changed(agent));
            if !is_owed {
                effects.extend(seat.drop_call(&event.call));
                forget(seat, &event.call);
            }
        }
        effects
    }

    /// The answer to [`Effect::LookUp`]. `None` when the lookup failed.
    pub fn found(&mut self, now: Timestamp, agent: AgentId, call: &CallId, candidates: Option<Vec<Candidate>>) -> Vec<Effect> {
        let Some(seat) = self.seats.get_mut(&agent) else { return Vec::new() };
        let is_busy = seat.is_busy_with_file();
        let Some(desk_call) = seat.call_mut(call).filter(|c| c.case.is_none()) else { return Vec::new() };
        let mut effects = vec![Effect::Changed(agent)];
        let (found, certainty) = match candidates {
            None => (Found::Failed, MatchCertainty::Unique),
            Some(candidates) => choose(candidates, desk_call.creditor.as_deref()),
        };
        desk_call.found = found;
        if let Found::One(candidate) = &desk_call.found {
            let case = candidate.case;
            desk_call.case = Some(case);
            desk_call.certainty = Some(certainty);
            let given_by = desk_call.given_by.clone();
            effects.push(Effect::Link { call: call.clone(), case });
            // A second call never replaces the file being worked on; the bar offers to open it.
            if !is_busy {
                let file = OpenFile { case, call: Some(call.clone()), certainty, lock: Lock::Free, given_by };
                effects.extend(self.show(now, agent, file));
            }
        }
        effects
    }

    /// The PBX did not do what was asked for this call.
    pub fn pbx_refused(&mut self, call: &CallId, words: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for agent in self.seats_of.get(call).into_iter().flatten() {
            let Some(seat) = self.seats.get_mut(agent) else { continue };
            if seat.call(call).is_some_and(|c| c.state == DeskCallState::Originating) {
                seat.calls.retain(|c| c.id != *call);
                forget(seat, call);
                seat.notice = Some(Notice::PbxRefused { words: words.chars().take(200).collect() });
                effects.push(Effect::Changed(*agent));
            }
        }
        self.seats_of.remove(call);
        effects
    }

    /// After a snapshot that began at `since`: calls from before that the PBX has not are over, though nobody saw how.
    pub fn reconcile(&mut self, now: Timestamp, since: Timestamp, live: &BTreeSet<CallId>) -> Vec<Effect> {
        let moment = Moment { at: None, seen: now };
        let is_ghost = |call: &DeskCall| (call.is_live() || call.handed_to.is_some()) && !live.contains(&call.id) && !call.ring.began_after(since);
        let ghosts: Vec<(AgentId, CallId)> = self
            .seats
            .values()
            .flat_map(|seat| seat.calls.iter().filter(|call| is_ghost(call)).map(|call| (seat.profile.agent, call.id.clone())))
            .collect();
        let mut effects = Vec::new();
        for (agent, id) in ghosts {
            effects.extend(self.handed_over_in_vain(&id, moment));
            self.seats_of.remove(&id);
            let Some(call) = self.seats.get_mut(&agent).and_then(|seat| seat.call_mut(&id)).filter(|call| call.is_live()) else { continue };
            call.end(EndReason::Unknown, moment);
            effects.push(Effect::Changed(agent));
            if !call.owes_outcome(false) {
                effects.extend(self.put_away(agent, &id, EndReason::Unknown, moment));
            }
        }
        self.handed.retain(|id, _| live.contains(id));
        self.seats_of.retain(|id, agents| agents.iter().any(|agent| self.seats.get(agent).is_some_and(|seat| seat.call(id).is_some())));
        self.drive_changed(now, &mut effects);
        effects
    }

    /// The pop of a call that was never answered goes, and the notice says why. What was typed stays in the draft.
    fn put_away(&mut self, agent: AgentId, id: &CallId, reason: EndReason, now: Moment) -> Vec<Effect> {
        let Some(seat) = self.seats.get_mut(&agent) else { return Vec::new() };
        let Some(at) = seat.calls.iter().position(|call| call.id == *id) else { return Vec::new() };
        let mut call = seat.calls.remove(at);
        call.ring.stop(now);
        let ring_micros = call.ring.micros(now.seen);
        let mut effects = vec![Effect::Changed(agent)];
        if !call.talk.has_run() {
            seat.notice = Some(Notice::Missed { who: call.who().to_owned().into(), ring_micros, reason });
        } else if !call.settled {
            effects.push(Effect::Waive(id.clone()));
        }
        let is_its_file = seat.open.as_ref().is_some_and(|open| open.call.as_ref() == Some(id));
        if is_its_file && seat.has_draft && call.given_by.is_none() {
            forget(seat, id);
        } else if is_its_file {
            effects.extend(self.put_down(now.seen, agent));
        }
        effects
    }
}

impl Seat {
    /// A call leaves the seat without a debt; the ledger learns it where it may think otherwise.
    fn drop_call(&mut self, id: &CallId) -> Option<Effect> {
        let at = self.calls.iter().position(|call| call.id == *id)?;
        let call = self.calls.remove(at);
        (call.talk.has_run() && !call.settled).then_some(Effect::Waive(call.id))
    }
}

/// Whose call it is: the only case of this number, or the only one at the creditor whose number was dialled.
fn choose(mut candidates: Vec<Candidate>, creditor: Option<&str>) -> (Found, MatchCertainty) {
    let is_dialled = |candidate: &Candidate| creditor == Some(candidate.creditor.as_str());
    if candidates.len() > 1 && candidates.iter().filter(|candidate| is_dialled(candidate)).count() == 1 {
        candidates.retain(is_dialled);
        return match candidates.pop() {
            Some(one) => (Found::One(one), MatchCertainty::Dialled),
            None => (Found::Nobody, MatchCertainty::Dialled),
        };
    }
    candidates.sort_by_key(|candidate| !is_dialled(candidate));
    let found = match (candidates.pop(), candidates.is_empty()) {
        (None, _) => Found::Nobody,
        (Some(one), true) => Found::One(one),
        (Some(last), false) => {
            candidates.push(last);
            Found::Many(candidates)
        }
    };
    (found, MatchCertainty::Unique)
}

/// The open file is not for this call any more.
fn forget(seat: &mut Seat, call: &CallId) {
    if let Some(open) = seat.open.as_mut().filter(|open| open.call.as_ref() == Some(call)) {
        open.call = None;
    }
}
