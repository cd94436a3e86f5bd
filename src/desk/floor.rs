//! The floor: all seats. It takes what happens to calls and what agents ask for, and says what must be done about it.
//! The bridge does it.

use std::collections::{BTreeMap, BTreeSet};

use super::recording::{Recording, Wish};
use super::seat::{Candidate, DeskCall, DeskCallState, Found, MatchCertainty, Notice, OpenFile, SEAT_CALLS_MAX, Seat};
use crate::clock::Timestamp;
use crate::ids::{AgentId, CallId, CaseId, Extension, PhoneNumber};
use crate::numbers::{Dialled, NumberPlan};
use crate::personal::Personal;
use crate::telephony::calls::event::{CallEvent, CallEventKind, Certainty, Direction, EndReason, LegRef, Party};
use crate::telephony::calls::timing::Moment;

/// What must be done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Effect {
    /// The seat changed: put it on the board, and keep it.
    Changed(AgentId),
    /// The seat is gone.
    Gone(AgentId),
    /// Find out whose number this is, and tell [`Floor::found`].
    LookUp {
        /// The seat.
        agent: AgentId,
        /// The call.
        call: CallId,
        /// The number.
        number: PhoneNumber,
    },
    /// Ring the agent's phone, then the number.
    Dial {
        /// The phone.
        extension: Extension,
        /// The number.
        number: PhoneNumber,
        /// The id of the call to be.
        call: CallId,
        /// The debtor's name.
        name: Personal<String>,
        /// It is recorded.
        record: bool,
    },
    /// Pause, resume or stop the recording on a channel.
    Recording {
        /// Its name.
        channel: String,
        /// What.
        wish: Wish,
    },
    /// Hang up a channel.
    HangUp {
        /// Its name.
        channel: String,
    },
    /// Write down that no outcome is owed for a call.
    Waive(CallId),
    /// Write down which case a call is about.
    Link {
        /// The call.
        call: CallId,
        /// The case.
        case: CaseId,
    },
}

/// All seats.
#[derive(Debug)]
pub struct Floor {
    plan: NumberPlan,
    pub(super) seats: BTreeMap<AgentId, Seat>,
    pub(super) by_extension: BTreeMap<Extension, AgentId>,
}

impl Floor {
    /// An empty floor in an office with this number plan.
    #[must_use]
    pub const fn new(plan: NumberPlan) -> Self {
        Self { plan, seats: BTreeMap::new(), by_extension: BTreeMap::new() }
    }

    /// A seat.
    #[must_use]
    pub fn seat(&self, agent: AgentId) -> Option<&Seat> {
        self.seats.get(&agent)
    }

    /// The agent at this extension.
    #[must_use]
    pub fn agent_of(&self, extension: &Extension) -> Option<AgentId> {
        self.by_extension.get(extension).copied()
    }

    /// All seats.
    pub fn seats(&self) -> impl Iterator<Item = &Seat> {
        self.seats.values()
    }

    /// Puts back a seat as it was before the service stopped.
    pub fn restore(&mut self, seat: Seat) {
        self.by_extension.insert(seat.profile.extension.clone(), seat.profile.agent);
        self.seats.insert(seat.profile.agent, seat);
    }

    /// Takes what happened to a call.
    pub fn apply(&mut self, event: &CallEvent) -> Vec<Effect> {
        let now = Moment { at: event.at, seen: event.seen };
        match &event.kind {
            CallEventKind::Originated { leg, to } => self.originated(event, leg, to, now),
            CallEventKind::Delivered { leg, by, other, direction, dialled, queue, .. } => match direction {
                Direction::Outbound => self.rings_far(event, by.as_ref(), other, now),
                _ => {
                    let effects = self.rings_here(event, leg, other, *direction, dialled, now);
                    let _ = self.change_at(&event.call, leg, |call| call.queue.clone_from(queue));
                    effects
                }
            },
            CallEventKind::OwnPhoneAnswered { .. } => self.change(&event.call, |call| {
                if call.state == DeskCallState::Originating {
                    call.state = DeskCallState::Dialling;
                }
            }),
            CallEventKind::RingEnded { reason: EndReason::Answered, .. } => Vec::new(), // Established says more.
            CallEventKind::RingEnded { leg, reason } => self.ring_ended(event, leg, *reason, now),
            CallEventKind::Established { leg, .. } => self.change_at(&event.call, leg, |call| {
                if call.state != DeskCallState::Held {
                    call.state = DeskCallState::Talking;
                }
                call.ring.stop(now);
                call.talk.start(now);
            }),
            CallEventKind::Held { leg } => self.change_at(&event.call, leg, |call| {
                call.state = DeskCallState::Held;
                call.hold.start(now);
            }),
            CallEventKind::Retrieved { leg } => self.change_at(&event.call, leg, |call| {
                call.state = DeskCallState::Talking;
                call.hold.stop(now);
            }),
            CallEventKind::ConnectionCleared { leg } => self.left(event, leg, now),
            CallEventKind::Cleared { reason, at_own_phone, .. } => self.cleared(event, *reason, *at_own_phone, now),
            CallEventKind::Queued { .. }
            | CallEventKind::QueueAbandoned { .. }
            | CallEventKind::QueueTimedOut { .. }
            | CallEventKind::Transferred { .. }
            | CallEventKind::Diverted { .. }
            | CallEventKind::Parked { .. }
            | CallEventKind::Conferenced { .. }
            | CallEventKind::Merged { .. } => Vec::new(),
        }
    }

    fn agent_at(&self, leg: &LegRef) -> Option<AgentId> {
        leg.line.as_ref().and_then(|line| self.by_extension.get(line)).copied()
    }

    /// Changes the call at every seat that has it and where it still lives.
    fn change(&mut self, id: &CallId, change: impl Fn(&mut DeskCall)) -> Vec<Effect> {
        let mut effects = Vec::new();
        for seat in self.seats.values_mut() {
            if let Some(call) = seat.call_mut(id).filter(|call| call.is_live()) {
                change(call);
                effects.push(Effect::Changed(seat.profile.agent));
            }
        }
        effects
    }

    /// As [`Floor::change`], at the seat whose leg it is. A call of ours is at one seat only, whichever leg tells.
    fn change_at(&mut self, id: &CallId, leg: &LegRef, change: impl Fn(&mut DeskCall)) -> Vec<Effect> {
        let is_own = |call: &DeskCall| call.direction == Direction::Outbound || call.leg.as_ref().is_some_and(|own| own.id == leg.id);
        let mut effects = Vec::new();
        for seat in self.seats.values_mut() {
            if let Some(call) = seat.call_mut(id).filter(|call| call.is_live() && is_own(call)) {
                change(call);
                effects.push(Effect::Changed(seat.profile.agent));
            }
        }
        effects
    }

    fn originated(&mut self, event: &CallEvent, leg: &LegRef, to: &Party, now: Moment) -> Vec<Effect> {
        let Some(agent) = self.agent_at(leg) else { return Vec::new() };
        let look_up = self.seats.get(&agent).is_some_and(|seat| seat.call(&event.call).is_none());
        let effects = self.add(agent, event, to.clone(), Direction::Outbound, DeskCallState::Originating, look_up);
        let _ = self.change(&event.call, |call| {
            call.leg = Some(leg.clone());
            call.ring.start(now);
        });
        effects
    }

    fn rings_far(&mut self, event: &CallEvent, by: Option<&LegRef>, other: &Party, now: Moment) -> Vec<Effect> {
        let Some(by) = by else { return Vec::new() };
        let Some(agent) = self.agent_at(by) else { return Vec::new() };
        let is_new = self.seats.get(&agent).is_some_and(|seat| seat.call(&event.call).is_none());
        let effects = self.add(agent, event, other.clone(), Direction::Outbound, DeskCallState::RingingFar, is_new);
        let _ = self.change(&event.call, |call| {
            if matches!(call.state, DeskCallState::Originating | DeskCallState::Dialling) {
                call.state = DeskCallState::RingingFar;
            }
            call.leg = Some(by.clone());
            call.ring.start(now);
        });
        effects
    }

    fn rings_here(&mut self, event: &CallEvent, leg: &LegRef, other: &Party, direction: Direction, dialled: &str, now: Moment) -> Vec<Effect> {
        let Some(agent) = self.agent_at(leg) else { return Vec::new() };
        let effects = self.add(agent, event, other.clone(), direction, DeskCallState::Ringing, true);
        if let Some(call) = self.seats.get_mut(&agent).and_then(|seat| seat.call_mut(&event.call)) {
            call.leg = Some(leg.clone());
            dialled.clone_into(&mut call.dialled);
            call.ring.start(now);
        }
        effects
    }

    /// Puts a call at a seat, once, and begins the lookup of its number.
    fn add(&mut self, agent: AgentId, event: &CallEvent, other: Party, direction: Direction, state: DeskCallState, look_up: bool) -> Vec<Effect> {
        let Some(seat) = self.seats.get_mut(&agent) else { return Vec::new() };
        let mut effects = vec![Effect::Changed(agent)];
        if seat.call(&event.call).is_some() {
            return effects;
        }
        if seat.calls.len() >= SEAT_CALLS_MAX {
            seat.calls.remove(0);
        }
        seat.notice = None;
        let mut call = DeskCall::new(event.call.clone(), direction, other, state);
        if look_up {
            match self.plan.read(call.other.number.reveal()) {
                Dialled::Outside(number) => effects.push(Effect::LookUp { agent, call: event.call.clone(), number }),
                Dialled::Extension(_) => call.found = Found::Colleague,
                Dialled::Withheld => call.found = Found::Withheld,
                Dialled::Unreadable => call.found = Found::Nobody,
            }
        }
        seat.calls.push(call);
        effects
    }

    fn ring_ended(&mut self, event: &CallEvent, leg: &LegRef, reason: EndReason, now: Moment) -> Vec<Effect> {
        let Some(agent) = self.agent_at(leg) else { return Vec::new() };
        let Some(seat) = self.seats.get_mut(&agent) else { return Vec::new() };
        let is_this_leg = |call: &DeskCall| call.leg.as_ref().is_some_and(|l| l.id == leg.id) && call.state == DeskCallState::Ringing;
        let Some(at) = seat.calls.iter().position(|call| call.id == event.call && is_this_leg(call)) else { return Vec::new() };
        let mut call = seat.calls.remove(at);
        call.ring.stop(now);
        put_away(seat, &call, reason, now);
        vec![Effect::Changed(agent)]
    }

    /// The agent's own leg left a conversation; others may go on without it.
    fn left(&mut self, event: &CallEvent, leg: &LegRef, now: Moment) -> Vec<Effect> {
        let Some(agent) = self.agent_at(leg) else { return Vec::new() };
        let Some(seat) = self.seats.get_mut(&agent) else { return Vec::new() };
        let Some(call) = seat.call_mut(&event.call).filter(|call| call.is_live()) else { return Vec::new() };
        // What was not seen is not called a good end.
        let reason = if event.certainty == Certainty::Observed { EndReason::Completed } else { EndReason::Unknown };
        call.end(reason, now);
        if !call.owes_outcome(false) {
            seat.calls.retain(|call| call.id != event.call);
        }
        vec![Effect::Changed(agent)]
    }

    fn cleared(&mut self, event: &CallEvent, reason: EndReason, at_own_phone: bool, now: Moment) -> Vec<Effect> {
        let mut effects = Vec::new();
        for seat in self.seats.values_mut() {
            let Some(at) = seat.calls.iter().position(|call| call.id == event.call && call.is_live()) else { continue };
            effects.push(Effect::Changed(seat.profile.agent));
            let Some(call) = seat.calls.get_mut(at) else { continue };
            call.end(reason, now);
            if call.direction == Direction::Outbound && !call.talk.has_run() {
                seat.notice = Some(Notice::NotReached { reason, at_own_phone });
            }
            if call.owes_outcome(at_own_phone) {
                continue;
            }
            let call = seat.calls.remove(at);
            if call.direction != Direction::Outbound {
                put_away(seat, &call, reason, now);
            } else {
                forget(seat, &call.id);
            }
        }
        effects
    }

    /// How far the recording of a call is, at every seat that has it.
    pub fn show_recording(&mut self, id: &CallId, recording: &Recording) -> Vec<Effect> {
        let mut effects = Vec::new();
        for seat in self.seats.values_mut() {
            if let Some(call) = seat.call_mut(id).filter(|call| call.recording != *recording) {
                call.recording = recording.clone();
                effects.push(Effect::Changed(seat.profile.agent));
            }
        }
        effects
    }

    /// The answer to [`Effect::LookUp`]. `None` when the lookup failed.
    pub fn found(&mut self, agent: AgentId, call: &CallId, candidates: Option<Vec<Candidate>>) -> Vec<Effect> {
        let Some(seat) = self.seats.get_mut(&agent) else { return Vec::new() };
        let is_busy = seat.is_busy_with_file();
        let Some(desk_call) = seat.call_mut(call).filter(|c| c.case.is_none()) else { return Vec::new() };
        let mut effects = vec![Effect::Changed(agent)];
        desk_call.found = match candidates {
            None => Found::Failed,
            Some(mut candidates) => match (candidates.pop(), candidates.is_empty()) {
                (None, _) => Found::Nobody,
                (Some(one), true) => Found::One(one),
                (Some(last), false) => {
                    candidates.push(last);
                    Found::Many(candidates)
                }
            },
        };
        if let Found::One(candidate) = &desk_call.found {
            let case = candidate.case;
            desk_call.case = Some(case);
            desk_call.certainty = Some(MatchCertainty::Unique);
            effects.push(Effect::Link { call: call.clone(), case });
            // A second call never replaces the file being worked on; the bar offers to open it.
            if !is_busy {
                seat.open = Some(OpenFile { case, call: Some(call.clone()), certainty: MatchCertainty::Unique });
            }
        }
        effects
    }

    /// The PBX did not do what was asked for this call.
    pub fn pbx_refused(&mut self, call: &CallId, words: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for seat in self.seats.values_mut() {
            if seat.call(call).is_some_and(|c| c.state == DeskCallState::Originating) {
                seat.calls.retain(|c| c.id != *call);
                forget(seat, call);
                seat.notice = Some(Notice::PbxRefused { words: words.chars().take(200).collect() });
                effects.push(Effect::Changed(seat.profile.agent));
            }
        }
        effects
    }

    /// After a snapshot that began at `since`: calls from before that the PBX has not are over, though nobody saw how.
    pub fn reconcile(&mut self, now: Timestamp, since: Timestamp, live: &BTreeSet<CallId>) -> Vec<Effect> {
        let now = Moment { at: None, seen: now };
        let mut effects = Vec::new();
        for seat in self.seats.values_mut() {
            let is_ghost = |call: &DeskCall| call.is_live() && !live.contains(&call.id) && !call.ring.began_after(since);
            let ghosts: Vec<CallId> = seat.calls.iter().filter(|call| is_ghost(call)).map(|call| call.id.clone()).collect();
            for id in &ghosts {
                let Some(at) = seat.calls.iter().position(|call| call.id == *id) else { continue };
                let Some(call) = seat.calls.get_mut(at) else { continue };
                call.end(EndReason::Unknown, now);
                if !call.owes_outcome(false) {
                    let call = seat.calls.remove(at);
                    put_away(seat, &call, EndReason::Unknown, now);
                }
            }
            if !ghosts.is_empty() {
                effects.push(Effect::Changed(seat.profile.agent));
            }
        }
        effects
    }
}

/// The open file is not for this call any more.
fn forget(seat: &mut Seat, call: &CallId) {
    if let Some(open) = seat.open.as_mut().filter(|open| open.call.as_ref() == Some(call)) {
        open.call = None;
    }
}

/// The pop of a call that was never answered goes, and the notice says why. What was typed stays in the draft.
fn put_away(seat: &mut Seat, call: &DeskCall, reason: EndReason, now: Moment) {
    let is_its_file = seat.open.as_ref().is_some_and(|open| open.call.as_ref() == Some(&call.id));
    if is_its_file && seat.has_draft {
        if let Some(open) = &mut seat.open {
            open.call = None;
        }
    } else if is_its_file {
        seat.open = None;
    }
    let ring_micros = call.ring.micros(now.seen);
    seat.notice = Some(Notice::Missed { who: call.who().to_owned().into(), ring_micros, reason });
}
