//! The list of live channels after a sign-in: calls that began while we were away are adopted, those that ended then are
//! closed; both as inferred. The rows are kept until the list is complete, because only then is it known who is with whom.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{CallEvent, Certainty};
use super::hangup_cause::HangupCause;
use super::leg::{Dialling, LegState, Origin, state_of};
use super::tracker::{Seen, Tracker};
use crate::clock::Timestamp;
use crate::ids::{BridgeId, CallId, Uniqueid};
use crate::telephony::pbx::event::{BridgeKind, ChannelView};

/// What has come in of a snapshot.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    /// The legs that it, or a live event, has named.
    named: BTreeSet<Uniqueid>,
    rows: Vec<Row>,
    bridges: BTreeMap<BridgeId, BridgeKind>,
    queued: Vec<(String, Uniqueid)>,
    /// Calls up to this count of [`super::call::Call::order`] were there before the gap.
    calls_before: u64,
}

#[derive(Debug)]
struct Row {
    id: Uniqueid,
    state: LegState,
    bridge: String,
    is_dialled: bool,
    is_new: bool,
}

impl Snapshot {
    pub(super) fn new(calls_before: u64) -> Self {
        Self { calls_before, ..Self::default() }
    }

    pub(super) fn name(&mut self, id: &Uniqueid) {
        self.named.insert(id.clone());
    }
}

impl Tracker {
    /// The snapshot that comes in, begun by its first row where nobody said that it begins.
    fn begun_snapshot(&mut self) -> &mut Snapshot {
        let count = self.count();
        self.snapshot.get_or_insert_with(|| Snapshot::new(count))
    }

    pub(super) fn bridge_listed(&mut self, bridge: &str, kind: BridgeKind) {
        self.begun_snapshot().bridges.insert(BridgeId::new(bridge), kind);
    }

    pub(super) fn queue_entry_listed(&mut self, queue: &str, id: &str) {
        self.begun_snapshot().queued.push((queue.to_owned(), Uniqueid::new(id)));
    }

    pub(super) fn listed(&mut self, seen: Seen, view: &ChannelView<'_>, bridge: &str, is_dialled: bool, out: &mut Vec<CallEvent>) {
        self.begun_snapshot();
        let is_new = !self.legs.contains_key(view.id.as_ref());
        let Some(id) = self.upsert(Seen { at: None, ..seen }.inferred(), view, out) else { return };
        let row = Row { id, state: state_of(view.state), bridge: bridge.to_owned(), is_dialled, is_new };
        self.begun_snapshot().rows.push(row);
    }

    pub(super) fn snapshot_ended(&mut self, now: Timestamp, out: &mut Vec<CallEvent>) {
        let count = self.count();
        let Snapshot { named, rows, bridges, queued, calls_before } = self.snapshot.take().unwrap_or_else(|| Snapshot::new(count));
        self.note_gap(&rows, calls_before);
        let seen = Seen { at: None, now, certainty: Certainty::Inferred };
        let ghosts: Vec<Uniqueid> = self.legs.keys().filter(|id| !named.contains(*id)).cloned().collect();
        for ghost in ghosts {
            self.hung_up(seen, ghost.as_str(), HangupCause::NORMAL, out);
        }
        // What was to come before the gap may have been told in it.
        self.legs.values_mut().for_each(|leg| leg.dialling = Dialling::Told);
        for row in &rows {
            self.adopt_origin(row);
            self.place(row, &bridges);
        }
        for row in &rows {
            match row.state {
                LegState::Ringing => self.ringing(seen, &row.id, out),
                LegState::Up => self.adopt_up(seen, row, out),
                LegState::Created | LegState::Over(_) => {}
            }
        }
        for (queue, id) in queued {
            if self.call_of(&id).is_some_and(|call| !call.connected && call.queue.is_none()) {
                self.tell_queued(seen, &queue, &id, out);
            }
        }
        for row in &rows {
            self.talk(seen, &row.id, out);
        }
    }

    /// Calls that were there before the gap may have been answered in it: all but those that still ring as they did.
    fn note_gap(&mut self, rows: &[Row], calls_before: u64) {
        let rings_on = |row: &&Row| {
            let leg = self.legs.get(&row.id).filter(|_| !row.is_new);
            let is_caller = row.state == LegState::Created && row.id.as_str() == leg.map_or("", |leg| leg.link.as_str());
            is_caller || (row.state == LegState::Ringing && leg.is_some_and(|leg| leg.state == LegState::Ringing))
        };
        let unanswered: BTreeSet<CallId> =
            rows.iter().filter(rings_on).filter_map(|row| self.legs.get(&row.id)).map(|leg| leg.call.clone()).collect();
        for row in rows {
            if let Some(call) = self.call_of_mut(&row.id) {
                call.had_gap = true;
            }
        }
        for call in self.calls.values_mut().filter(|call| call.order <= calls_before && !call.connected && !unanswered.contains(&call.id)) {
            call.partly_unseen = true;
        }
    }

    /// How a leg came to be, as far as the list shows.
    fn adopt_origin(&mut self, row: &Row) {
        let Some(leg) = self.legs.get_mut(&row.id).filter(|leg| row.is_new && leg.origin == Origin::Itself) else { return };
        let is_first = leg.id.as_str() == leg.link.as_str();
        if is_first && leg.link.is_dialled() {
            leg.origin = Origin::Asked;
        } else if row.is_dialled && !is_first {
            leg.origin = Origin::DialledUnseen;
        }
    }

    fn place(&mut self, row: &Row, bridges: &BTreeMap<BridgeId, BridgeKind>) {
        if !self.legs.contains_key(&row.id) {
            return;
        }
        if row.bridge.is_empty() {
            self.leave_bridge(row.id.as_str());
        } else {
            let known = self.bridges.get(row.bridge.as_str()).map(|bridge| bridge.kind);
            let kind = bridges.get(row.bridge.as_str()).copied().or(known).unwrap_or_default();
            self.put_into_bridge(&row.id, &row.bridge, kind);
        }
    }

    /// A leg that is up: it may have been so for long, or only since the link was away.
    fn adopt_up(&mut self, seen: Seen, row: &Row, out: &mut Vec<CallEvent>) {
        if !row.is_new {
            self.up(seen, &row.id, out);
            return;
        }
        let Some(leg) = self.legs.get_mut(&row.id) else { return };
        leg.state = LegState::Up;
        let leg = leg.clone();
        if self.is_own_phone(&leg) {
            self.own_phone_up(seen, &leg, out);
        }
    }
}
