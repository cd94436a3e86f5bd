//! From the events of the PBX to the events of its calls. It has no socket and no clock, so that a capture replayed
//! gives the same answer as the day it was taken.
//!
//! After every sign-in a snapshot is fed to it: legs that the PBX does not list any more are closed as inferred, legs
//! that it did not know are adopted, with their beginning unknown.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::call::{Call, Leg, LegState, reason_of_cause};
use super::event::{CallEvent, CallEventKind, Certainty, Direction, EndReason, Party};
use super::hangup_cause::HangupCause;
use crate::clock::{PbxTime, Timestamp};
use crate::ids::{BridgeId, CallId, Device, Extension, Uniqueid};
use crate::telephony::pbx::event::{ChannelState, ChannelView, DialStatus, Event, EventKind};

/// Calls that are followed at most. The oldest is given up for a new one, and said to be unknown.
pub const LIVE_CALLS_MAX: usize = 10_000;

/// Calls of ours that are remembered after their end.
const ENDED_DIALS_MAX: usize = 256;

/// The agents' devices, each exactly: extension 20 is not the beginning of 201.
pub type Lines = BTreeMap<Device, Extension>;

/// The calls of one PBX.
#[derive(Debug)]
pub struct Tracker {
    lines: Lines,
    calls: BTreeMap<CallId, Call>,
    call_of: BTreeMap<Uniqueid, CallId>,
    /// Calls of ours that ended just now: the PBX may answer the Originate after the last hang-up.
    ended_dials: VecDeque<CallId>,
    /// While a snapshot comes in: the legs that it, or a live event, has named.
    named: Option<BTreeSet<Uniqueid>>,
}

/// The circumstances under which events are told.
#[derive(Debug, Clone, Copy)]
struct Seen {
    at: Option<PbxTime>,
    now: Timestamp,
    certainty: Certainty,
}

impl Seen {
    fn event(self, call: &CallId, kind: CallEventKind) -> CallEvent {
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
    fn upsert(&mut self, seen: Seen, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) -> (CallId, Uniqueid) {
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

    fn ringing(&mut self, seen: Seen, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
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
        if own {
            return;
        }
        let internal = call.direction == Direction::Internal;
        let other = if internal {
            Party { number: view.connected_number.to_string().into(), name: view.connected_name.to_string().into() }
        } else {
            call.other.clone()
        };
        let (direction, dialled, by) = (call.direction, call.dialled.clone(), call.dialling_leg(&leg_id));
        if let Some(leg) = call.leg_ref(&leg_id) {
            out.push(seen.event(&call_id, CallEventKind::Delivered { leg, by, other, direction, dialled }));
        }
    }

    fn up(&mut self, seen: Seen, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
        let (call_id, leg_id) = self.upsert(seen, view, out);
        let Some(call) = self.calls.get_mut(&call_id) else { return };
        if call.is_own_phone(&leg_id) {
            call.own_phone_up = true;
        }
        if let Some(leg) = call.legs.get_mut(&leg_id)
            && !matches!(leg.state, LegState::Over(_))
        {
            leg.state = LegState::Up;
        }
    }

    fn dial_ended(&mut self, seen: Seen, to: &ChannelView<'_>, status: DialStatus, out: &mut Vec<CallEvent>) {
        if !self.call_of.contains_key(to.id.as_ref()) {
            return; // The end of a dialling whose leg is gone: nothing to close.
        }
        let (call_id, leg_id) = self.upsert(seen, to, out);
        if status == DialStatus::Answered {
            if let Some(leg) = self.calls.get_mut(&call_id).and_then(|call| call.legs.get_mut(&leg_id)) {
                leg.state = LegState::Up;
            }
            return;
        }
        let answered_elsewhere = self.calls.get(&call_id).is_some_and(|call| {
            call.legs.iter().any(|(id, leg)| *id != leg_id && leg.dialled && leg.state == LegState::Up && !call.is_own_phone(id))
        });
        let cause = self.calls.get(&call_id).and_then(|call| call.legs.get(&leg_id)).and_then(|leg| leg.ending).flatten();
        let reason = match status {
            // Asterisk says NOANSWER of a 403 or 603; the cause knows better.
            DialStatus::NoAnswer if cause.is_some_and(HangupCause::is_rejected) => EndReason::Rejected,
            DialStatus::NoAnswer if cause.is_some_and(HangupCause::is_failure) => EndReason::Failed,
            DialStatus::Cancelled if answered_elsewhere => EndReason::Elsewhere,
            DialStatus::Answered | DialStatus::Cancelled => EndReason::Cancelled,
            DialStatus::Busy => EndReason::Busy,
            DialStatus::NoAnswer => EndReason::NoAnswer,
            DialStatus::Rejected => EndReason::Rejected,
            DialStatus::Unavailable | DialStatus::Failed => EndReason::Failed,
        };
        self.ring_over(seen, &call_id, &leg_id, reason, out);
    }

    /// Closes a ringing, once.
    fn ring_over(&mut self, seen: Seen, call_id: &CallId, leg_id: &Uniqueid, reason: EndReason, out: &mut Vec<CallEvent>) {
        let Some(call) = self.calls.get_mut(call_id) else { return };
        let own = call.is_own_phone(leg_id);
        let Some(leg) = call.legs.get_mut(leg_id) else { return };
        let was = leg.state;
        if matches!(was, LegState::Over(_) | LegState::Up) {
            return;
        }
        leg.state = LegState::Over(reason);
        if own {
            call.own_phone_failure.get_or_insert(reason);
            return;
        }
        if reason != EndReason::Elsewhere || call.last_ring_end.is_none() {
            call.last_ring_end = Some(reason);
        }
        if was == LegState::Ringing
            && let Some(leg) = call.leg_ref(leg_id)
        {
            out.push(seen.event(call_id, CallEventKind::RingEnded { leg, reason }));
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

    fn abandoned(&mut self, seen: Seen, queue: &str, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
        let (call_id, leg_id) = self.upsert(seen, view, out);
        let Some(call) = self.calls.get_mut(&call_id) else { return };
        call.queue = None;
        let queue = queue.to_owned();
        // Asterisk 22 says abandoned also when the queue's own time is up; then nobody hung up before.
        if call.legs.get(&leg_id).is_some_and(|leg| leg.ending.is_some()) {
            call.last_ring_end = Some(EndReason::Cancelled);
            out.push(seen.event(&call_id, CallEventKind::QueueAbandoned { queue }));
        } else {
            call.last_ring_end = Some(EndReason::NoAnswer);
            out.push(seen.event(&call_id, CallEventKind::QueueTimedOut { queue }));
        }
    }

    fn hung_up(&mut self, seen: Seen, id: &str, cause: HangupCause, out: &mut Vec<CallEvent>) {
        let Some((leg_id, call_id)) = self.call_of.remove_entry(id) else { return };
        if self.calls.get(&call_id).is_some_and(|c| c.legs.get(&leg_id).is_some_and(|l| l.state == LegState::Ringing)) {
            self.ring_over(seen, &call_id, &leg_id, reason_of_cause(cause), out);
        }
        let Some(call) = self.calls.get_mut(&call_id) else { return };
        let leg_ref = call.leg_ref(&leg_id);
        let leg = call.legs.remove(&leg_id);
        if let (Some(leg_ref), Some(leg)) = (leg_ref, leg)
            && leg.connected
            && (leg.line.is_some() || leg.dialled)
        {
            out.push(seen.event(&call_id, CallEventKind::ConnectionCleared { leg: leg_ref }));
        }
        if call.legs.is_empty() {
            let cause = (seen.certainty == Certainty::Observed).then_some(cause);
            let reason = call.end_reason(cause);
            out.push(seen.event(&call_id, cleared(call, reason, cause)));
            self.calls.remove(&call_id);
            self.remember_dial(call_id);
        }
    }

    fn remember_dial(&mut self, call: CallId) {
        if call.is_dialled() {
            if self.ended_dials.len() >= ENDED_DIALS_MAX {
                self.ended_dials.pop_front();
            }
            self.ended_dials.push_back(call);
        }
    }

    fn originate_answered(&mut self, seen: Seen, id: &str, failure: Option<DialStatus>, out: &mut Vec<CallEvent>) {
        let Some(failure) = failure else { return };
        let reason = match failure {
            DialStatus::Busy => EndReason::Busy,
            DialStatus::NoAnswer => EndReason::NoAnswer,
            DialStatus::Rejected => EndReason::Rejected,
            _ => EndReason::Failed,
        };
        match self.calls.get_mut(id) {
            Some(call) => {
                call.own_phone_failure.get_or_insert(reason);
            }
            None if self.ended_dials.iter().any(|ended| ended.as_str() == id) => {}
            // The phone was not even there: no channel will ever tell.
            None => out.push(seen.event(&CallId::new(id), CallEventKind::Cleared { reason, cause: None, at_own_phone: true })),
        }
    }

    fn listed(&mut self, seen: Seen, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
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
    fn snapshot_ended(&mut self, now: Timestamp, out: &mut Vec<CallEvent>) {
        let Some(named) = self.named.take() else { return };
        let ghosts: Vec<Uniqueid> = self.call_of.keys().filter(|id| !named.contains(*id)).cloned().collect();
        for ghost in ghosts {
            let seen = Seen { at: None, now, certainty: Certainty::Inferred };
            self.hung_up(seen, ghost.as_str(), HangupCause::NORMAL, out);
        }
    }
}

fn cleared(call: &Call, reason: EndReason, cause: Option<HangupCause>) -> CallEventKind {
    let at_own_phone = call.id.is_dialled() && !call.own_phone_up && !call.connected;
    CallEventKind::Cleared { reason, cause, at_own_phone }
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
