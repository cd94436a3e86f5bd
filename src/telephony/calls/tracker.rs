//! From the events of the PBX to the events of its calls. It has no socket and no clock, so that a capture replayed
//! gives the same answer as the day it was taken.
//!
//! After every sign-in a snapshot is fed to it: legs that the PBX does not list any more are closed as inferred, legs
//! that it did not know are adopted, with their beginning unknown.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::call::{Call, Leg, LegState};
use super::event::{CallEvent, CallEventKind, Certainty, Direction, EndReason, Party};
use super::hangup_cause::HangupCause;
use crate::clock::{PbxTime, Timestamp};
use crate::ids::{BridgeId, CallId, Device, Extension, Uniqueid};
use crate::telephony::pbx::event::{ChannelState, ChannelView, Event, EventKind};

/// Calls that are followed at most. The oldest is given up for a new one, and said to be unknown.
pub const LIVE_CALLS_MAX: usize = 10_000;

/// Calls of ours that are remembered after their end.
pub(super) const ENDED_DIALS_MAX: usize = 256;

/// The agents' devices, each exactly: extension 20 is not the beginning of 201.
pub type Lines = BTreeMap<Device, Extension>;

/// The calls of one PBX.
#[derive(Debug)]
pub struct Tracker {
    lines: Lines,
    pub(super) calls: BTreeMap<CallId, Call>,
    pub(super) call_of: BTreeMap<Uniqueid, CallId>,
    /// Calls of ours that ended just now: the PBX may answer the Originate after the last hang-up.
    pub(super) ended_dials: VecDeque<CallId>,
    /// While a snapshot comes in: the legs that it, or a live event, has named.
    pub(super) named: Option<BTreeSet<Uniqueid>>,
}

/// The circumstances under which events are told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) at: Option<PbxTime>,
    pub(super) now: Timestamp,
    pub(super) certainty: Certainty,
}

impl Seen {
    pub(super) fn event(self, call: &CallId, kind: CallEventKind) -> CallEvent {
        CallEvent { call: call.clone(), at: self.at, seen: self.now, certainty: self.certainty, kind }
    }
}

impl Tracker {
    /// A tracker that knows these phones as agents' lines.
    #[must_use]
    pub fn new(lines: Lines) -> Self {
        Self { lines, calls: BTreeMap::new(), call_of: BTreeMap::new(), ended_dials: VecDeque::new(), named: None }
    }

    /// Other phones are agents' lines from now on; live legs keep the line that they began with.
    pub fn set_lines(&mut self, lines: Lines) {
        self.lines = lines;
    }

    /// The live calls.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.values()
    }

    /// One live call.
    #[must_use]
    pub fn call(&self, id: &CallId) -> Option<&Call> {
        self.calls.get(id)
    }

    /// Takes an event of the PBX, seen at `now`, and says what it means for a call.
    pub fn apply(&mut self, now: Timestamp, event: &Event<'_>) -> Vec<CallEvent> {
        let seen = Seen { at: event.at, now, certainty: Certainty::Observed };
        let mut out = Vec::new();
        match &event.kind {
            EventKind::Channel(view) => self.channel(seen, view, &mut out),
            EventKind::DialBegun { from, to } => self.dial_begun(seen, from.as_ref(), to, &mut out),
            EventKind::DialRinging { to } => self.ringing(seen, to, &mut out),
            EventKind::DialEnded { to, status } => self.dial_ended(seen, to, *status, &mut out),
            EventKind::BridgeEntered { bridge, holding, channel } => self.bridge_entered(seen, bridge, *holding, channel, &mut out),
            EventKind::BridgeLeft { channel, .. } => self.with_leg(seen, channel, &mut out, |leg| leg.bridge = None),
            EventKind::Held(view) => self.held(seen, view, true, &mut out),
            EventKind::Retrieved(view) => self.held(seen, view, false, &mut out),
            EventKind::QueueJoined { queue, channel } => self.queued(seen, queue, channel, &mut out),
            EventKind::QueueAbandoned { queue, channel } => self.abandoned(seen, queue, channel, &mut out),
            EventKind::HangupRequested { channel, cause } => self.with_leg(seen, channel, &mut out, |leg| leg.ending = Some(*cause)),
            EventKind::HungUp { channel, cause } => self.hung_up(seen, &channel.id, *cause, &mut out),
            EventKind::OriginateAnswered { id, failure } => self.originate_answered(seen, id, *failure, &mut out),
            EventKind::SnapshotBegun => self.named = Some(BTreeSet::new()),
            EventKind::ChannelListed(view) => self.listed(seen, view, &mut out),
            EventKind::SnapshotEnded => self.snapshot_ended(now, &mut out),
        }
        out
    }

    /// The call and the leg of a channel, made where they are new. Told events are put into `out`.
    pub(super) fn upsert(&mut self, seen: Seen, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) -> (CallId, Uniqueid) {
        let leg_id = Uniqueid::new(&view.id);
        if let Some(named) = &mut self.named {
            named.insert(leg_id.clone());
        }
        let call_id = CallId::new(&view.call);
        if let Some(old) = self.call_of.get(&leg_id).filter(|old| **old != call_id).cloned() {
            self.move_leg(seen, &leg_id, &old, view, out);
        }
        let line = self.lines.get(Device::text_of_channel(&view.name)).cloned();
        if !self.calls.contains_key(&call_id) {
            self.make_room(seen.now, out);
            self.calls.insert(call_id.clone(), Call::beginning_with(view, line.as_ref()));
        }
        if let Some(call) = self.calls.get_mut(&call_id) {
            let first = call.legs.is_empty() && call.other == Party::default();
            let leg = call.legs.entry(leg_id.clone()).or_insert_with(|| Leg {
                channel: view.name.to_string(),
                line,
                state: LegState::Created,
                dialled: false,
                bridge: None,
                connected: false,
                held: false,
                ending: None,
            });
            if leg.channel != *view.name {
                leg.channel = view.name.to_string();
            }
            if first && call.direction == Direction::Inbound {
                call.other = Party { number: view.caller_number.to_string().into(), name: view.caller_name.to_string().into() };
            }
        }
        self.call_of.insert(leg_id.clone(), call_id.clone());
        (call_id, leg_id)
    }

    /// Asterisk gives a channel the linkedid of another call when the two are joined.
    fn move_leg(&mut self, seen: Seen, leg_id: &Uniqueid, old: &CallId, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
        let Some(mut from) = self.calls.remove(old) else { return };
        let leg = from.legs.remove(leg_id);
        let new = CallId::new(&view.call);
        if let Some(leg) = leg {
            let line = leg.line.clone();
            let to = self.calls.entry(new).or_insert_with(|| Call::beginning_with(view, line.as_ref()));
            to.legs.insert(leg_id.clone(), leg);
        }
        if from.legs.is_empty() {
            let reason = from.end_reason(None);
            out.push(Seen { certainty: Certainty::Inferred, ..seen }.event(old, cleared(&from, reason, None)));
        } else {
            self.calls.insert(old.clone(), from);
        }
    }

    fn make_room(&mut self, now: Timestamp, out: &mut Vec<CallEvent>) {
        if self.calls.len() < LIVE_CALLS_MAX {
            return;
        }
        if let Some((id, call)) = self.calls.pop_first() {
            for leg in call.legs.keys() {
                self.call_of.remove(leg);
            }
            out.push(Seen { at: None, now, certainty: Certainty::Unknown }.event(&id, cleared(&call, EndReason::Unknown, None)));
        }
    }

    fn with_leg(&mut self, seen: Seen, view: &ChannelView<'_>, out: &mut Vec<CallEvent>, change: impl FnOnce(&mut Leg)) {
        let (call, leg) = self.upsert(seen, view, out);
        if let Some(leg) = self.calls.get_mut(&call).and_then(|c| c.legs.get_mut(&leg)) {
            change(leg);
        }
    }

    fn channel(&mut self, seen: Seen, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
        match view.state {
            ChannelState::Ringing => self.ringing(seen, view, out),
            ChannelState::Up => self.up(seen, view, out),
            _ => {
                self.upsert(seen, view, out);
            }
        }
    }

    fn dial_begun(&mut self, seen: Seen, from: Option<&ChannelView<'_>>, to: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
        if let Some(from) = from {
            self.upsert(seen, from, out);
        }
        let (call_id, leg_id) = self.upsert(seen, to, out);
        let Some(call) = self.calls.get_mut(&call_id) else { return };
        if let Some(leg) = call.legs.get_mut(&leg_id) {
            leg.dialled = true;
        }
        if call.is_own_phone(&leg_id) {
            tell_originated(seen, call, &leg_id, to, out);
        } else if call.direction == Direction::Outbound {
            call.other = Party { number: to.caller_number.to_string().into(), name: to.caller_name.to_string().into() };
            if call.legs.get(&leg_id).is_some_and(|leg| leg.line.is_some()) {
                call.direction = Direction::Internal;
            }
        }
    }

    pub(super) fn ringing(&mut self, seen: Seen, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
        let (call_id, leg_id) = self.upsert(seen, view, out);
        let Some(call) = self.calls.get_mut(&call_id) else { return };
        if call.is_own_phone(&leg_id) {
            tell_originated(seen, call, &leg_id, view, out);
        }
        let own = call.is_own_phone(&leg_id);
        let Some(leg) = call.legs.get_mut(&leg_id) else { return };
        if leg.state != LegState::Created {
            return;
        }
        leg.state = LegState::Ringing;
        if !own {
            tell_delivered(seen, call, &leg_id, view, out);
        }
    }

    pub(super) fn up(&mut self, seen: Seen, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
        let (call_id, leg_id) = self.upsert(seen, view, out);
        let Some(call) = self.calls.get_mut(&call_id) else { return };
        if call.is_own_phone(&leg_id)
            && !std::mem::replace(&mut call.own_phone_up, true)
            && let Some(leg) = call.leg_ref(&leg_id)
        {
            out.push(seen.event(&call_id, CallEventKind::OwnPhoneAnswered { leg }));
        }
        let own = call.is_own_phone(&leg_id);
        let Some(leg) = call.legs.get_mut(&leg_id).filter(|leg| !matches!(leg.state, LegState::Over(_))) else { return };
        let was = std::mem::replace(&mut leg.state, LegState::Up);
        if was == LegState::Created && leg.dialled && !own {
            // A phone that answers by itself, a trunk that never says 180: it must have rung.
            tell_delivered(Seen { certainty: Certainty::Inferred, ..seen }, call, &leg_id, view, out);
        }
    }

    fn bridge_entered(&mut self, seen: Seen, bridge: &str, holding: bool, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
        let (call_id, leg_id) = self.upsert(seen, view, out);
        let Some(call) = self.calls.get_mut(&call_id) else { return };
        let Some(leg) = call.legs.get_mut(&leg_id) else { return };
        leg.bridge = (!holding).then(|| BridgeId::new(bridge));
        if holding {
            return; // Music on hold is no answer.
        }
        let mut together: Vec<Uniqueid> = call.peers(&leg_id).cloned().collect();
        if together.is_empty() {
            return;
        }
        together.push(leg_id);
        call.connected = true;
        call.queue = None;
        for id in together {
            let Some(leg) = call.legs.get_mut(&id) else { continue };
            leg.state = LegState::Up;
            if std::mem::replace(&mut leg.connected, true) {
                continue;
            }
            if (leg.line.is_some() || leg.dialled)
                && let Some(leg) = call.leg_ref(&id)
            {
                out.push(seen.event(&call_id, CallEventKind::Established { leg }));
            }
        }
    }

    fn held(&mut self, seen: Seen, view: &ChannelView<'_>, held: bool, out: &mut Vec<CallEvent>) {
        let (call_id, leg_id) = self.upsert(seen, view, out);
        let Some(call) = self.calls.get_mut(&call_id) else { return };
        let Some(leg) = call.legs.get_mut(&leg_id) else { return };
        if std::mem::replace(&mut leg.held, held) == held {
            return;
        }
        if let Some(leg) = call.leg_ref(&leg_id) {
            out.push(seen.event(&call_id, if held { CallEventKind::Held { leg } } else { CallEventKind::Retrieved { leg } }));
        }
    }

    fn queued(&mut self, seen: Seen, queue: &str, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
        let (call_id, _) = self.upsert(seen, view, out);
        let Some(call) = self.calls.get_mut(&call_id) else { return };
        call.queue = Some(queue.to_owned());
        let caller = call.other.clone();
        out.push(seen.event(&call_id, CallEventKind::Queued { queue: queue.to_owned(), caller }));
    }
}

pub(super) fn cleared(call: &Call, reason: EndReason, cause: Option<HangupCause>) -> CallEventKind {
    let at_own_phone = call.id.is_dialled() && !call.own_phone_up && !call.connected;
    CallEventKind::Cleared { reason, cause, at_own_phone, direction: call.direction, other: call.other.clone() }
}

/// A device rings: who calls it, or whom it is that we call.
pub(super) fn tell_delivered(seen: Seen, call: &Call, leg_id: &Uniqueid, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
    let other = match call.direction {
        Direction::Internal => Party { number: view.connected_number.to_string().into(), name: view.connected_name.to_string().into() },
        _ => call.other.clone(),
    };
    let by = call.dialling_leg(leg_id);
    if let Some(leg) = call.leg_ref(leg_id) {
        let (direction, dialled, queue) = (call.direction, call.dialled.clone(), call.queue.clone());
        out.push(seen.event(&call.id, CallEventKind::Delivered { leg, by, other, direction, dialled, queue }));
    }
}

fn tell_originated(seen: Seen, call: &mut Call, leg_id: &Uniqueid, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
    if std::mem::replace(&mut call.told_originated, true) {
        return;
    }
    call.other = Party { number: view.connected_number.to_string().into(), name: view.connected_name.to_string().into() };
    call.dialled = view.connected_number.to_string();
    let to = call.other.clone();
    if let Some(leg) = call.leg_ref(leg_id) {
        out.push(seen.event(&call.id, CallEventKind::Originated { leg, to }));
    }
}
