//! A call goes from one agent to another, and takes the file, the notes and the draft with it.
//!
//! While the other's phone rings the giver keeps the file, and the outcome is in the balance: whoever answers owes it. When
//! nobody does, and the call ends, it stays with the giver. The same for a call that is sent to a queue, parked, or handed
//! over after talking, where the other has answered already.

use super::desk_call::{DeskCall, DeskCallState, MatchCertainty};
use super::floor::{Effect, Floor};
use super::seat::{Lock, Notice, OpenFile};
use crate::ids::{AgentId, CallId, CaseId};
use crate::personal::Personal;
use crate::telephony::calls::event::{CallEvent, Direction, EndReason, LegRef, TransferKind, TransferTarget};
use crate::telephony::calls::timing::Moment;

/// A call that was handed over.
#[derive(Debug, Clone)]
pub(super) struct Handed {
    /// By whom.
    by: AgentId,
    /// The name.
    name: Personal<String>,
    /// The call as the giver had it.
    call: DeskCall,
    /// The giver has saved the outcome already.
    pub(super) settled: bool,
    /// Who answered.
    to: Option<AgentId>,
}

impl Floor {
    pub(super) fn transferred(
        &mut self,
        event: &CallEvent,
        kind: TransferKind,
        by: Option<&LegRef>,
        to: &TransferTarget,
        now: Moment,
    ) -> Vec<Effect> {
        let Some(giver) = by.and_then(|leg| self.agent_at(leg)) else { return Vec::new() };
        let target = match to {
            TransferTarget::Leg(leg) => self.agent_at(leg).map(|agent| (agent, leg)),
            TransferTarget::Number(_) => None,
        };
        if target.is_some_and(|(agent, _)| agent == giver) {
            return Vec::new(); // From one phone of the agent to another.
        }
        let to_name = match (target, to) {
            (Some((agent, _)), _) => self.seats.get(&agent).map(|seat| seat.profile.name.clone()).unwrap_or_default(),
            (None, TransferTarget::Leg(leg)) => leg.line.as_ref().map_or_else(|| leg.channel.clone(), ToString::to_string).into(),
            (None, TransferTarget::Number(number)) => number.clone().into(),
        };
        let Some(seat) = self.seats.get_mut(&giver) else { return Vec::new() };
        let name = seat.profile.name.clone();
        let Some(call) = seat.call_mut(&event.call) else { return Vec::new() };
        let mut effects = vec![Effect::Changed(giver)];
        call.handed_to = Some(to_name);
        let handed = Handed { by: giver, name, call: call.clone(), settled: false, to: None };
        if call.is_live() {
            call.end(EndReason::Completed, now);
        }
        self.handed.insert(event.call.clone(), handed);
        if let Some((agent, leg)) = target {
            let has_answered = kind == TransferKind::Attended || self.talks_at(agent, leg);
            effects.extend(self.receive(agent, &event.call, leg, now));
            if has_answered {
                effects.extend(self.answered_by(agent, &event.call, leg, now));
            }
        }
        effects
    }

    /// Whether an agent talks at this device already: in a call that the PBX had as another one until now.
    fn talks_at(&self, agent: AgentId, leg: &LegRef) -> bool {
        let is_it = |call: &DeskCall| call.state == DeskCallState::Talking && call.leg.as_ref().is_some_and(|own| own.channel == leg.channel);
        self.seats.get(&agent).is_some_and(|seat| seat.calls.iter().any(is_it))
    }

    /// A call that was handed over rings at a seat: as the giver had it, with the file.
    pub(super) fn receive(&mut self, agent: AgentId, id: &CallId, leg: &LegRef, now: Moment) -> Vec<Effect> {
        let Some(handed) = self.handed.get(id).filter(|handed| handed.by != agent).cloned() else { return Vec::new() };
        let Some(seat) = self.seats.get_mut(&agent) else { return Vec::new() };
        let is_busy = seat.is_busy_with_file();
        let mut effects = vec![Effect::Changed(agent)];
        if let Some(call) = seat.call_mut(id).filter(|call| call.is_live()) {
            call.given_by = Some(handed.name.clone());
            if call.case.is_none() {
                (call.case, call.found, call.certainty) = (handed.call.case, handed.call.found.clone(), handed.call.certainty);
            }
        } else {
            let mut call = DeskCall::new(id.clone(), Direction::Inbound, handed.call.other.clone(), DeskCallState::Ringing);
            (call.case, call.certainty, call.found) = (handed.call.case, handed.call.certainty, handed.call.found.clone());
            (call.dialled, call.creditor, call.settled) = (handed.call.dialled.clone(), handed.call.creditor.clone(), handed.settled);
            call.given_by = Some(handed.name.clone());
            call.leg = Some(leg.clone());
            call.ring.start(now);
            effects.extend(self.seat_call(agent, call));
        }
        if let Some(case) = handed.call.case {
            if !is_busy {
                let certainty = handed.call.certainty.unwrap_or(MatchCertainty::Opened);
                let file = OpenFile { case, call: Some(id.clone()), certainty, lock: Lock::Free, given_by: Some(handed.name) };
                effects.extend(self.show(now.seen, agent, file));
            }
        } else {
            effects.extend(self.look_up(agent, id));
        }
        effects
    }

    /// An agent's phone took a call. Where it was handed over, the debt, the file and the draft go along.
    pub(super) fn answered_by(&mut self, agent: AgentId, id: &CallId, leg: &LegRef, now: Moment) -> Vec<Effect> {
        let Some(seat) = self.seats.get_mut(&agent) else { return Vec::new() };
        let Some(call) = seat.call_mut(id).filter(|call| call.is_live()) else { return Vec::new() };
        if call.state != DeskCallState::Held {
            call.state = DeskCallState::Talking;
        }
        call.leg = Some(leg.clone());
        call.also.clear();
        call.ring.stop(now);
        call.talk.start(now);
        let mut effects = vec![Effect::Changed(agent)];
        let Some(handed) = self.handed.get_mut(id).filter(|handed| handed.to != Some(agent)) else { return effects };
        if handed.by == agent {
            self.handed.remove(id); // It came back.
            return effects;
        }
        handed.to = Some(agent);
        let (giver, case, settled) = (handed.by, handed.call.case, handed.settled);
        if let Some(call) = self.seats.get_mut(&agent).and_then(|seat| seat.call_mut(id)) {
            call.settled = settled;
        }
        effects.push(Effect::HandOver { call: id.clone(), to: agent });
        effects.extend(self.give_up(giver, agent, id, now));
        if let Some(seat) = self.seats.get_mut(&agent) {
            seat.notice = None; // That the file is free says nothing new.
        }
        if let Some(case) = case {
            effects.push(Effect::MoveDraft { from: giver, to: agent, case });
        }
        effects
    }

    /// The giver's call, and the file where it is on the screen for it, are the colleague's now.
    fn give_up(&mut self, giver: AgentId, to: AgentId, id: &CallId, now: Moment) -> Vec<Effect> {
        let to_name = self.seats.get(&to).map(|seat| seat.profile.name.clone()).unwrap_or_default();
        let Some(seat) = self.seats.get_mut(&giver) else { return Vec::new() };
        let Some(at) = seat.calls.iter().position(|call| call.id == *id) else { return Vec::new() };
        let call = seat.calls.remove(at);
        seat.notice = Some(Notice::HandedOver { to: to_name, who: call.who().to_owned().into() });
        let mut effects = vec![Effect::Changed(giver)];
        let has_it_open = seat.open.as_ref().is_some_and(|open| Some(open.case) == call.case);
        if has_it_open && !seat.calls.iter().any(|other| other.case == call.case) {
            effects.extend(self.put_down(now.seen, giver));
        }
        effects
    }

    /// What the giver typed last may come after the handing over: it follows.
    pub(super) fn late_draft(&self, agent: AgentId, case: CaseId) -> Option<Effect> {
        let handed = self.handed.values().find(|handed| handed.by == agent && handed.call.case == Some(case))?;
        handed.to.map(|to| Effect::MoveDraft { from: agent, to, case })
    }

    /// A draft has come to a seat: its page shows it.
    pub fn draft_moved(&mut self, agent: AgentId, case: CaseId) -> Vec<Effect> {
        let Some(seat) = self.seats.get_mut(&agent) else { return Vec::new() };
        if seat.open.as_ref().is_none_or(|open| open.case != case) {
            return Vec::new();
        }
        seat.has_draft = true;
        seat.file_version += 1;
        vec![Effect::Changed(agent)]
    }

    /// The call is over: what nobody took stays with the giver.
    pub(super) fn handed_over_in_vain(&mut self, id: &CallId, now: Moment) -> Vec<Effect> {
        let Some(handed) = self.handed.remove(id).filter(|handed| handed.to.is_none()) else { return Vec::new() };
        let Some(seat) = self.seats.get_mut(&handed.by) else { return Vec::new() };
        let Some(call) = seat.call_mut(id) else { return Vec::new() };
        call.handed_to = None;
        call.wrap_since = Some(now.seen);
        if !call.owes_outcome(false) {
            seat.calls.retain(|call| call.id != *id);
        }
        vec![Effect::Changed(handed.by)]
    }

    /// A call in the balance before a restart is so after it.
    pub(super) fn restore_handed(&mut self, agent: AgentId, name: &Personal<String>, call: &DeskCall) {
        if call.handed_to.is_some() {
            let handed = Handed { by: agent, name: name.clone(), call: call.clone(), settled: false, to: None };
            self.handed.insert(call.id.clone(), handed);
        }
    }
}
