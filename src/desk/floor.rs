//! The floor: all seats. It takes what happens to calls and what agents ask for, and says what must be done about it.
//! The bridge does it.

use std::collections::BTreeMap;

pub use super::effect::Effect;
use super::handover::Handed;
use super::rules::DeskRules;
use super::seat::{DeskCall, DeskCallState, Found, Lock, SEAT_CALLS_MAX, Seat};
use crate::clock::Timestamp;
use crate::ids::{AgentId, CallId, CaseId, Extension};
use crate::numbers::Dialled;
use crate::telephony::calls::event::{CallEvent, CallEventKind, Direction, LegRef, Party};
use crate::telephony::calls::timing::Moment;

/// All seats.
#[derive(Debug)]
pub struct Floor {
    pub(super) rules: DeskRules,
    pub(super) seats: BTreeMap<AgentId, Seat>,
    pub(super) by_extension: BTreeMap<Extension, AgentId>,
    /// At whose seats a call is, so that an event looks at those alone.
    pub(super) seats_of: BTreeMap<CallId, Vec<AgentId>>,
    /// Who has which file.
    pub(super) locks: BTreeMap<CaseId, AgentId>,
    /// Calls that were handed over, until they end.
    pub(super) handed: BTreeMap<CallId, Handed>,
    /// The PBX is in touch, and its queues are known.
    pub(super) pbx_is_up: bool,
}

impl Floor {
    /// An empty floor in an office with these rules.
    #[must_use]
    pub const fn new(rules: DeskRules) -> Self {
        Self {
            rules,
            seats: BTreeMap::new(),
            by_extension: BTreeMap::new(),
            seats_of: BTreeMap::new(),
            locks: BTreeMap::new(),
            handed: BTreeMap::new(),
            pbx_is_up: false,
        }
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
    pub fn restore(&mut self, mut seat: Seat) {
        let agent = seat.profile.agent;
        self.restore_lock(&mut seat);
        for line in seat.profile.lines() {
            self.by_extension.insert(line.clone(), agent);
        }
        for call in &seat.calls {
            self.seats_of.entry(call.id.clone()).or_default().push(agent);
            self.restore_handed(agent, &seat.profile.name, call);
        }
        self.seats.insert(agent, seat);
    }

    /// All seats are back: a file whose holder is not among them is free for the first who has it on the screen.
    pub fn restored(&mut self, now: Timestamp) {
        let agents: Vec<AgentId> = self.seats.keys().copied().collect();
        for agent in agents {
            let open = self.seats.get(&agent).and_then(|seat| seat.open.clone()).filter(|open| matches!(open.lock, Lock::Other(_)));
            if let Some(open) = open {
                let _ = self.show(now, agent, open);
            }
        }
    }

    /// Takes what happened to a call.
    pub fn apply(&mut self, event: &CallEvent) -> Vec<Effect> {
        let mut effects = self.happened(event, Moment { at: event.at, seen: event.seen });
        self.drive_changed(event.seen, &mut effects);
        effects
    }

    fn happened(&mut self, event: &CallEvent, now: Moment) -> Vec<Effect> {
        match &event.kind {
            CallEventKind::Originated { leg, to } => self.originated(event, leg, to, now),
            CallEventKind::Delivered { leg, by, other, direction, dialled, queue, .. } => match direction {
                Direction::Outbound if !self.is_received(event, leg) => self.rings_far(event, by.as_ref(), other, now),
                _ => self.rings_here(event, leg, other, *direction, dialled, queue.as_deref(), now),
            },
            CallEventKind::OwnPhoneAnswered { .. } => self.change(&event.call, |_, call| {
                if call.state == DeskCallState::Originating {
                    call.state = DeskCallState::Dialling;
                }
            }),
            CallEventKind::RingEnded { leg, reason } => self.ring_ended(event, leg, *reason, now),
            CallEventKind::Established { leg, caller, dialled } => self.established(event, leg, caller.as_ref(), dialled, now),
            CallEventKind::Held { leg } => self.change_at(&event.call, leg, |call| {
                call.state = DeskCallState::Held;
                call.is_held_here = leg.line.is_some();
                call.hold.start(now);
            }),
            CallEventKind::Retrieved { leg } => self.change_at(&event.call, leg, |call| {
                call.state = DeskCallState::Talking;
                call.hold.stop(now);
            }),
            CallEventKind::Transferred { transfer, by, to, .. } => self.transferred(event, *transfer, by.as_ref(), to, now),
            CallEventKind::Merged { .. } => self.merged(event, now),
            CallEventKind::ConnectionCleared { leg } => self.left(event, leg, now),
            CallEventKind::Cleared { reason, at_own_phone, .. } => self.cleared(event, *reason, *at_own_phone, now),
            CallEventKind::Queued { .. }
            | CallEventKind::QueueAbandoned { .. }
            | CallEventKind::QueueTimedOut { .. }
            | CallEventKind::Diverted { .. }
            | CallEventKind::Parked { .. }
            | CallEventKind::Conferenced { .. } => Vec::new(),
        }
    }

    pub(super) fn agent_at(&self, leg: &LegRef) -> Option<AgentId> {
        leg.line.as_ref().and_then(|line| self.by_extension.get(line)).copied()
    }

    /// A call to outside that now rings at another agent's phone: it was handed over.
    fn is_received(&self, event: &CallEvent, leg: &LegRef) -> bool {
        self.handed.contains_key(&event.call) && self.agent_at(leg).is_some()
    }

    /// Changes the call at every seat that has it and where it still lives.
    fn change(&mut self, id: &CallId, change: impl Fn(AgentId, &mut DeskCall)) -> Vec<Effect> {
        let mut effects = Vec::new();
        for agent in self.seats_of.get(id).into_iter().flatten() {
            if let Some(call) = self.seats.get_mut(agent).and_then(|seat| seat.call_mut(id)).filter(|call| call.is_live()) {
                change(*agent, call);
                effects.push(Effect::Changed(*agent));
            }
        }
        effects
    }

    /// As [`Floor::change`], at the seat whose leg it is. A call of ours is at one seat only, whichever leg tells.
    fn change_at(&mut self, id: &CallId, leg: &LegRef, change: impl Fn(&mut DeskCall)) -> Vec<Effect> {
        let agent = self.agent_at(leg);
        let mut effects = Vec::new();
        for at in self.seats_of.get(id).into_iter().flatten() {
            let is_own = |call: &DeskCall| match agent {
                Some(agent) => agent == *at,
                None => call.direction == Direction::Outbound || call.leg.as_ref().is_some_and(|own| own.id == leg.id),
            };
            if let Some(call) = self.seats.get_mut(at).and_then(|seat| seat.call_mut(id)).filter(|call| call.is_live() && is_own(call)) {
                change(call);
                effects.push(Effect::Changed(*at));
            }
        }
        effects
    }

    fn originated(&mut self, event: &CallEvent, leg: &LegRef, to: &Party, now: Moment) -> Vec<Effect> {
        let Some(agent) = self.agent_at(leg) else { return Vec::new() };
        let effects = self.add(agent, event, to.clone(), Direction::Outbound, DeskCallState::Originating);
        let _ = self.change(&event.call, |at, call| {
            if at == agent {
                call.leg = Some(leg.clone());
                call.ring.start(now);
            }
        });
        effects
    }

    fn rings_far(&mut self, event: &CallEvent, by: Option<&LegRef>, other: &Party, now: Moment) -> Vec<Effect> {
        let Some(by) = by else { return Vec::new() };
        let Some(agent) = self.agent_at(by) else { return Vec::new() };
        let effects = self.add(agent, event, other.clone(), Direction::Outbound, DeskCallState::RingingFar);
        let _ = self.change(&event.call, |at, call| {
            if at != agent {
                return;
            }
            if matches!(call.state, DeskCallState::Originating | DeskCallState::Dialling) {
                call.state = DeskCallState::RingingFar;
            }
            call.leg = Some(by.clone());
            call.ring.start(now);
        });
        effects
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one event")]
    fn rings_here(
        &mut self,
        event: &CallEvent,
        leg: &LegRef,
        other: &Party,
        direction: Direction,
        dialled: &str,
        queue: Option<&str>,
        now: Moment,
    ) -> Vec<Effect> {
        let Some(agent) = self.agent_at(leg) else { return Vec::new() };
        let mut effects = self.receive(agent, &event.call, leg, now);
        effects.extend(self.add(agent, event, other.clone(), direction, DeskCallState::Ringing));
        let creditor = self.rules.creditor_called(dialled).map(str::to_owned);
        if let Some(call) = self.seats.get_mut(&agent).and_then(|seat| seat.call_mut(&event.call)) {
            if !call.is_live() {
                // It was handed over, and comes back.
                (call.state, call.handed_to, call.wrap_since) = (DeskCallState::Ringing, None, None);
            }
            match &call.leg {
                Some(first) if first.id != leg.id && call.state == DeskCallState::Ringing && call.ring.is_running() => {
                    call.also.retain(|other| other.id != leg.id);
                    call.also.push(leg.clone());
                }
                _ => call.leg = Some(leg.clone()),
            }
            if call.given_by.is_none() {
                dialled.clone_into(&mut call.dialled);
                call.creditor = creditor;
            }
            call.queue = queue.map(str::to_owned);
            call.ring.start(now);
        }
        effects
    }

    /// Puts a call at a seat, once, and begins the lookup of its number.
    fn add(&mut self, agent: AgentId, event: &CallEvent, other: Party, direction: Direction, state: DeskCallState) -> Vec<Effect> {
        let Some(seat) = self.seats.get_mut(&agent) else { return Vec::new() };
        let mut effects = vec![Effect::Changed(agent)];
        if seat.call(&event.call).is_some() {
            return effects;
        }
        seat.notice = None;
        effects.extend(self.seat_call(agent, DeskCall::new(event.call.clone(), direction, other, state)));
        effects.extend(self.look_up(agent, &event.call));
        effects
    }

    /// Room for one call more.
    pub(super) fn seat_call(&mut self, agent: AgentId, call: DeskCall) -> Option<Effect> {
        let seat = self.seats.get_mut(&agent)?;
        if seat.calls.len() >= SEAT_CALLS_MAX {
            let oldest = seat.calls.iter().position(|call| !call.is_live()).unwrap_or(0);
            seat.calls.remove(oldest);
            seat.owes_more = true;
        }
        let at = self.seats_of.entry(call.id.clone()).or_default();
        if !at.contains(&agent) {
            at.push(agent);
        }
        seat.calls.push(call);
        Some(Effect::Changed(agent))
    }

    /// Begins the lookup of a call's number.
    pub(super) fn look_up(&mut self, agent: AgentId, id: &CallId) -> Option<Effect> {
        let call = self.seats.get_mut(&agent)?.call_mut(id)?;
        match self.rules.plan.read(call.other.number.reveal()) {
            Dialled::Outside(number) => return Some(Effect::LookUp { agent, call: id.clone(), number }),
            Dialled::Extension(_) => call.found = Found::Colleague,
            Dialled::Withheld => call.found = Found::Withheld,
            Dialled::Unreadable => call.found = Found::Nobody,
        }
        None
    }

    fn established(&mut self, event: &CallEvent, leg: &LegRef, caller: Option<&(LegRef, Party)>, dialled: &str, now: Moment) -> Vec<Effect> {
        let Some(agent) = self.agent_at(leg) else {
            return self.change_at(&event.call, leg, |call| {
                if call.state != DeskCallState::Held {
                    call.state = DeskCallState::Talking;
                }
                call.ring.stop(now);
                call.talk.start(now);
            });
        };
        let mut effects = Vec::new();
        if self.seats.get(&agent).is_some_and(|seat| seat.call(&event.call).is_none()) {
            effects = self.receive(agent, &event.call, leg, now);
            if effects.is_empty() {
                // A call that rang at a colleague's only, or waited in a parking place, or in a conference.
                effects = caller.map_or_else(Vec::new, |(from, other)| {
                    let direction = if from.line.is_some() { Direction::Internal } else { Direction::Inbound };
                    self.rings_here(event, leg, other, direction, dialled, None, now)
                });
            }
        }
        effects.extend(self.answered_by(agent, &event.call, leg, now));
        effects
    }
}
