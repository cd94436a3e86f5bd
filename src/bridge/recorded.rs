//! The recordings of live calls: followed by the PBX's word, and told to the seats and to whoever keeps the files. Pure.

use std::collections::BTreeMap;

use crate::desk::recording::Recording;
use crate::desk::seat::Seat;
use crate::ids::CallId;
use crate::telephony::calls::event::{CallEvent, CallEventKind};
use crate::telephony::pbx::recording::{RecordingChange, RecordingHeard};

/// Recorded calls that are followed at the same time, at most.
const RECORDED_MAX: usize = 4096;

/// What must be done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub(super) enum RecordingEffect {
    /// Seats with this call show it so.
    Show(CallId, Recording),
    /// A recording of the call is owed: parties hear each other, and it runs or should run.
    Due(CallId),
    /// The recording is over. `due` as above.
    Over {
        /// The call.
        call: CallId,
        /// A recording is owed.
        due: bool,
    },
}

#[derive(Debug, Clone, Default)]
struct Recorded {
    recording: Recording,
    connected: bool,
    due: bool,
    /// Calls that went up in this one, and whose files are finished with it.
    merged: Vec<(CallId, bool)>,
}

/// The recordings of all calls.
#[derive(Debug, Default)]
pub(super) struct Recordings {
    calls: BTreeMap<CallId, Recorded>,
}

impl Recordings {
    /// As it was before the service stopped, of what stands at the seats.
    #[must_use]
    pub(super) fn restored<'a>(seats: impl Iterator<Item = &'a Seat>) -> Self {
        let live = seats.flat_map(|seat| &seat.calls).filter(|call| call.is_live() && call.recording != Recording::Off);
        let recorded = |recording: &Recording, connected| Recorded { recording: recording.clone(), connected, due: connected, merged: Vec::new() };
        Self { calls: live.map(|call| (call.id.clone(), recorded(&call.recording, call.talk.has_run()))).collect() }
    }

    /// A call was dialled that the PBX was asked to record.
    pub(super) fn asked(&mut self, call: &CallId) {
        if self.calls.len() < RECORDED_MAX {
            self.calls.entry(call.clone()).or_insert_with(|| Recorded { recording: Recording::Asked, ..Recorded::default() });
        }
    }

    /// The PBX says something of a recording.
    pub(super) fn heard(&mut self, heard: &RecordingHeard) -> Vec<RecordingEffect> {
        if heard.change == RecordingChange::Started && self.calls.len() < RECORDED_MAX {
            self.calls.entry(heard.call.clone()).or_default();
        }
        let Some(recorded) = self.calls.get_mut(&heard.call) else { return Vec::new() };
        recorded.recording = match heard.change {
            RecordingChange::Started | RecordingChange::Resumed => Recording::Running(heard.channel.clone()),
            RecordingChange::Paused => Recording::Paused(heard.channel.clone()),
            RecordingChange::Stopped => Recording::Stopped,
            RecordingChange::Failed => Recording::Failed,
        };
        let mut effects = self.due(&heard.call);
        effects.extend(self.show(&heard.call));
        if matches!(heard.change, RecordingChange::Stopped | RecordingChange::Failed) {
            let due = self.calls.get(&heard.call).is_some_and(|recorded| recorded.due);
            effects.push(RecordingEffect::Over { call: heard.call.clone(), due });
        }
        effects
    }

    /// Takes what happened to a call.
    pub(super) fn apply(&mut self, event: &CallEvent) -> Vec<RecordingEffect> {
        if !self.calls.contains_key(&event.call) {
            return Vec::new();
        }
        match &event.kind {
            CallEventKind::Established { .. } => {
                if let Some(recorded) = self.calls.get_mut(&event.call) {
                    recorded.connected = true;
                }
                let mut effects = self.due(&event.call);
                effects.extend(self.show(&event.call));
                effects
            }
            CallEventKind::Delivered { .. } | CallEventKind::Transferred { .. } => self.show(&event.call),
            CallEventKind::Merged { into } => self.merge(&event.call, into),
            CallEventKind::Cleared { .. } => self.over(&event.call),
            _ => Vec::new(),
        }
    }

    /// After a snapshot: calls that the PBX has no more are over, and so are their recordings.
    pub(super) fn reconcile(&mut self, is_live: impl Fn(&CallId) -> bool) -> Vec<RecordingEffect> {
        let gone: Vec<CallId> = self.calls.keys().filter(|call| !is_live(call)).cloned().collect();
        gone.iter().flat_map(|call| self.over(call)).collect()
    }

    fn due(&mut self, call: &CallId) -> Vec<RecordingEffect> {
        match self.calls.get_mut(call) {
            Some(recorded) if recorded.connected && !recorded.due => {
                recorded.due = true;
                vec![RecordingEffect::Due(call.clone())]
            }
            _ => Vec::new(),
        }
    }

    fn show(&self, call: &CallId) -> Vec<RecordingEffect> {
        self.calls.get(call).map(|recorded| RecordingEffect::Show(call.clone(), recorded.recording.clone())).into_iter().collect()
    }

    /// The files keep the name of the call that they began with.
    fn merge(&mut self, call: &CallId, into: &CallId) -> Vec<RecordingEffect> {
        let Some(mut gone) = self.calls.remove(call) else { return Vec::new() };
        let heir = self.calls.entry(into.clone()).or_default();
        heir.connected |= gone.connected;
        if heir.recording.channel().is_none() {
            heir.recording = gone.recording;
        }
        heir.merged.append(&mut gone.merged);
        heir.merged.push((call.clone(), gone.due));
        self.show(into)
    }

    fn over(&mut self, call: &CallId) -> Vec<RecordingEffect> {
        let Some(recorded) = self.calls.remove(call) else { return Vec::new() };
        let own = (!matches!(recorded.recording, Recording::Stopped | Recording::Failed)).then(|| (call.clone(), recorded.due));
        own.into_iter().chain(recorded.merged).map(|(call, due)| RecordingEffect::Over { call, due }).collect()
    }
}
