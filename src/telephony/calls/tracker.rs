//! From the events of the PBX to the events of its calls. It has no socket and no clock, so that a capture replayed
//! gives the same answer as the day it was taken.
//!
//! ```text
//!   Event --> apply --> leg made or changed (here) --> dialling, talking, waiting, handing_over, endings --> [CallEvent]
//!                            topology answers: who dialled whom, who hears whom, through Local channels and bridges
//! ```
//!
//! After every sign-in a snapshot is fed to it: legs that the PBX does not list any more are closed as inferred, legs
//! that it did not know are adopted, with their beginning unknown.

use std::collections::{BTreeMap, VecDeque};

use super::call::Call;
use super::event::{CallEvent, CallEventKind, Certainty, Direction, EndReason};
use super::leg::{Leg, LegKind, LegState, Origin, kind_of};
use super::snapshot::Snapshot;
use super::topology::{Bridge, Gone, Locals};
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
    pub(super) legs: BTreeMap<Uniqueid, Leg>,
    pub(super) bridges: BTreeMap<BridgeId, Bridge>,
    pub(super) locals: Locals,
    /// The PBX's names of calls that went up in another.
    pub(super) aliases: BTreeMap<CallId, CallId>,
    /// Legs that ended just now: the PBX may speak of them once more.
    pub(super) gone: Gone,
    /// Calls of ours that ended just now: the PBX may answer the Originate after the last hang-up.
    pub(super) ended_dials: VecDeque<CallId>,
    /// While a snapshot comes in.
    pub(super) snapshot: Option<Snapshot>,
    count: u64,
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

    pub(super) const fn inferred(self) -> Self {
        Self { certainty: Certainty::Inferred, ..self }
    }
}

impl Tracker {
    /// A tracker that knows these phones as agents' lines.
    #[must_use]
    pub fn new(lines: Lines) -> Self {
        Self {
            lines,
            calls: BTreeMap::new(),
            legs: BTreeMap::new(),
            bridges: BTreeMap::new(),
            locals: Locals::default(),
            aliases: BTreeMap::new(),
            gone: Gone::default(),
            ended_dials: VecDeque::new(),
            snapshot: None,
            count: 0,
        }
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

    /// The live legs.
    pub fn legs(&self) -> impl Iterator<Item = &Leg> {
        self.legs.values()
    }

    /// Takes an event of the PBX, seen at `now`, and says what it means for a call.
    pub fn apply(&mut self, now: Timestamp, event: &Event<'_>) -> Vec<CallEvent> {
        let seen = Seen { at: event.at, now, certainty: event.certainty };
        let mut out = Vec::new();
        match &event.kind {
            EventKind::Channel(view) => self.channel(seen, view, &mut out),
            EventKind::Renamed { id, name } => self.renamed(seen, id, name, &mut out),
            EventKind::DialBegun { from, to } => self.dial_begun(seen, from.as_ref(), to, &mut out),
            EventKind::DialRinging { to, progress_only } => self.dial_ringing(seen, to, *progress_only, &mut out),
            EventKind::DialEnded { to, status, forward } => self.dial_ended(seen, to, *status, forward, &mut out),
            EventKind::BridgeEntered { bridge, kind, channel } => self.bridge_entered(seen, bridge, *kind, channel, &mut out),
            EventKind::BridgeLeft { channel, .. } => self.leave_bridge(&channel.id),
            EventKind::Held(view) => self.held(seen, view, true, &mut out),
            EventKind::Retrieved(view) => self.held(seen, view, false, &mut out),
            EventKind::BlindTransferred { by, stays, exten } => self.sent_on(seen, by, stays.as_ref(), exten, &mut out),
            EventKind::PassedOn { by, stays, to } => self.passed_on(seen, by, stays, to, &mut out),
            EventKind::AttendedTransferred { .. } => self.joined(seen, &event.kind, &mut out),
            EventKind::PickedUp { by, ringing } => self.picked_up(seen, by, ringing, &mut out),
            EventKind::Parked { channel, by, place } => self.parked(seen, channel, by, place, &mut out),
            EventKind::ParkingTimedOut { channel } => self.parking_timed_out(&channel.id),
            EventKind::QueueJoined { queue, channel } => self.queued(seen, queue, channel, &mut out),
            EventKind::QueueAbandoned { queue, channel } => self.abandoned(seen, queue, channel, &mut out),
            EventKind::QueueLeft { channel } => self.left_queue(&channel.id),
            EventKind::HangupRequested { channel, cause } => self.with_leg(&channel.id, |leg| leg.ending = Some(*cause)),
            EventKind::HungUp { channel, cause } => self.hung_up(seen, &channel.id, *cause, &mut out),
            EventKind::OriginateAnswered { id, exten, failure } => self.originate_answered(seen, id, exten, *failure, &mut out),
            EventKind::SnapshotBegun => self.snapshot = Some(Snapshot::new(self.count)),
            EventKind::BridgeListed { bridge, kind } => self.bridge_listed(bridge, *kind),
            EventKind::ChannelListed { channel, bridge, dialled } => self.listed(seen, channel, bridge, *dialled, &mut out),
            EventKind::QueueEntryListed { queue, id } => self.queue_entry_listed(queue, id),
            EventKind::SnapshotRefused | EventKind::Connected => self.snapshot = None,
            EventKind::SnapshotEnded => self.snapshot_ended(now, &mut out),
            EventKind::Booted { uptime_seconds } => self.booted(seen, *uptime_seconds, &mut out),
            EventKind::QueueMember(_) | EventKind::QueueMemberListed(_) | EventKind::QueueMembersEnded | EventKind::DeviceState { .. } => {}
        }
        out
    }

    /// Changes a leg that is known.
    pub(super) fn with_leg(&mut self, id: &str, change: impl FnOnce(&mut Leg)) {
        if let Some(leg) = self.legs.get_mut(id) {
            change(leg);
        }
    }

    /// The call that a leg belongs to.
    pub(super) fn call_of(&self, id: &Uniqueid) -> Option<&Call> {
        self.calls.get(&self.legs.get(id)?.call)
    }

    pub(super) fn call_of_mut(&mut self, id: &Uniqueid) -> Option<&mut Call> {
        self.calls.get_mut(&self.legs.get(id)?.call)
    }

    /// Tells an event of a call.
    pub(super) fn tell(&mut self, seen: Seen, call: &CallId, kind: CallEventKind, out: &mut Vec<CallEvent>) {
        if let Some(call) = self.calls.get_mut(call) {
            call.told = true;
        }
        out.push(seen.event(call, kind));
    }

    /// The next number in the order of what begins.
    pub(super) const fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// The line of a channel's device.
    pub(super) fn line_of(&self, channel: &str) -> Option<Extension> {
        self.lines.get(Device::text_of_channel(channel)).cloned()
    }

    /// The leg of a channel, made where it is new, brought up to date where it is known. `None` of a leg that has ended.
    pub(super) fn upsert(&mut self, seen: Seen, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) -> Option<Uniqueid> {
        if let Some(leg) = self.legs.get_mut(view.id.as_ref()) {
            leg.describe(view);
            let id = leg.id.clone();
            let (is_renamed, is_relinked) = (leg.channel != *view.name, leg.link.as_str() != view.call);
            if is_renamed {
                self.renamed(seen, &view.id, &view.name, out);
            }
            if is_relinked {
                self.relink(seen, &id, &view.call, out);
            }
            if let Some(snapshot) = &mut self.snapshot {
                snapshot.name(&id);
            }
            return Some(id);
        }
        (!self.gone.contains(&view.id)).then(|| self.new_leg(seen, view, out))
    }

    fn new_leg(&mut self, seen: Seen, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) -> Uniqueid {
        let call_id = self.call_of_link(&view.call).unwrap_or_else(|| {
            self.make_room(seen.now, out);
            let id = CallId::new(&view.call);
            let order = self.next();
            self.calls.insert(id.clone(), Call::new(id.clone(), order));
            id
        });
        let leg = Leg::new(call_id.clone(), view, self.line_of(&view.name), self.next(), seen.at);
        let id = leg.id.clone();
        self.locals.insert(&leg);
        if let Some(call) = self.calls.get_mut(&call_id) {
            begin(call, &leg, view);
            call.legs.insert(id.clone());
        }
        if let Some(snapshot) = &mut self.snapshot {
            snapshot.name(&id);
        }
        self.legs.insert(id.clone(), leg);
        id
    }

    /// The live call that the PBX calls so.
    fn call_of_link(&self, link: &str) -> Option<CallId> {
        let call = self.calls.get_key_value(link).map(|(id, _)| id);
        call.or_else(|| self.aliases.get(link)).cloned()
    }

    /// Asterisk gives a channel the linkedid of another call when the two are joined.
    fn relink(&mut self, seen: Seen, id: &Uniqueid, link: &str, out: &mut Vec<CallEvent>) {
        let Some(leg) = self.legs.get_mut(id) else { return };
        leg.link = CallId::new(link);
        let (link, old) = (leg.link.clone(), leg.call.clone());
        match self.call_of_link(link.as_str()) {
            Some(new) if new == old => {}
            Some(new) => {
                self.merge(seen, &old, &new, out);
            }
            None => {
                self.aliases.insert(link, old);
            }
        }
    }

    /// The channel belongs to another device now: an inner hand-over of the PBX, such as a pickup.
    fn renamed(&mut self, seen: Seen, id: &str, name: &str, out: &mut Vec<CallEvent>) {
        if name.is_empty() || name.ends_with("<MASQ>") {
            return; // A name for the moment of the change only.
        }
        let line = self.line_of(name);
        let Some(leg) = self.legs.get_mut(id) else { return };
        let before = leg.named();
        let is_other_device = Device::text_of_channel(&leg.channel) != Device::text_of_channel(name);
        self.locals.remove(leg);
        name.clone_into(&mut leg.channel);
        leg.kind = kind_of(name);
        leg.line = line;
        let (call, was) = (leg.call.clone(), leg.state);
        let (rang, talked) = (leg.told_ringing && was == LegState::Ringing, leg.connected.is_some());
        if is_other_device {
            leg.connected = None;
        }
        let leg = leg.clone();
        self.locals.insert(&leg);
        if is_other_device && rang {
            self.tell(seen, &call, CallEventKind::RingEnded { leg: before, reason: EndReason::Elsewhere }, out);
        } else if is_other_device && talked && (before.line.is_some() || leg.is_dialled()) {
            self.tell(seen, &call, CallEventKind::ConnectionCleared { leg: before }, out);
        }
    }

    fn make_room(&mut self, now: Timestamp, out: &mut Vec<CallEvent>) {
        if self.calls.len() < LIVE_CALLS_MAX {
            return;
        }
        let Some(oldest) = self.calls.values().min_by_key(|call| call.order).map(|call| call.id.clone()) else { return };
        let Some(call) = self.calls.remove(&oldest) else { return };
        for id in &call.legs {
            self.forget_leg(id);
        }
        let seen = Seen { at: None, now, certainty: Certainty::Unknown };
        out.push(seen.event(&oldest, super::endings::cleared(&call, EndReason::Unknown, None)));
    }

    fn channel(&mut self, seen: Seen, view: &ChannelView<'_>, out: &mut Vec<CallEvent>) {
        let Some(id) = self.upsert(seen, view, out) else { return };
        match view.state {
            ChannelState::Ringing if self.rings_early(&id) => {}
            ChannelState::Ringing => self.ringing(seen, &id, out),
            ChannelState::Up => self.up(seen, &id, out),
            _ => {}
        }
    }
}

/// What a new leg says of its call, above all when it is the first that is seen of it.
fn begin(call: &mut Call, leg: &Leg, view: &ChannelView<'_>) {
    let is_origin = leg.id.as_str() == leg.link.as_str();
    if leg.kind == LegKind::Party {
        call.has_party = true;
    }
    if call.first.is_none() {
        call.first = Some(leg.id.clone());
        call.partly_unseen = !is_origin || (view.state == ChannelState::Up && leg.kind == LegKind::Party);
        set_origin(call, leg);
    } else if is_origin {
        // The leg that began the call is seen late: it says which way the call goes, and whether it was ever answered.
        call.first = Some(leg.id.clone());
        call.partly_unseen = call.partly_unseen && view.state == ChannelState::Up;
        set_origin(call, leg);
    }
}

fn set_origin(call: &mut Call, leg: &Leg) {
    if !call.partly_unseen {
        call.dials(&leg.exten);
    }
    if leg.line.is_some() && call.direction == Direction::Inbound {
        call.direction = Direction::Outbound;
    }
    if call.direction == Direction::Inbound && leg.origin == Origin::Itself {
        call.other = leg.party.clone();
    }
}
