//! What a PBX says of recordings. It changes nothing about a call, and so the tracker does not hear it.

use crate::ids::CallId;

/// The PBX's word about the recording of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingHeard {
    /// The call.
    pub call: CallId,
    /// The channel on which it is recorded, `PJSIP/trunk-0000002b`.
    pub channel: String,
    /// What.
    pub change: RecordingChange,
}

/// What happened to a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingChange {
    /// It began.
    Started,
    /// What is said is not recorded now.
    Paused,
    /// And is recorded again.
    Resumed,
    /// It was stopped, while the call went on.
    Stopped,
    /// It broke off, while the call went on.
    Failed,
}
