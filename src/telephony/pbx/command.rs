//! What a PBX can be asked, neutral.

use crate::ids::{CallId, Device, PhoneNumber};
use crate::personal::Personal;

/// The parts of a snapshot, in the order in which they are asked: what the channels are in is known before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotPart {
    /// The live bridges.
    Bridges,
    /// The queues: who waits, and whose devices are members.
    Queues,
    /// Which devices are there, and what they do.
    Devices,
    /// The live channels; with them the snapshot is complete.
    Channels,
}

impl SnapshotPart {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Bridges, Self::Queues, Self::Devices, Self::Channels];
}

/// A request to the PBX. That it was asked says nothing about the call: only an event does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Ring the agent's device, and when it answers dial the number.
    Dial {
        /// The id that the call shall bear.
        call: CallId,
        /// The agent's device, such as `PJSIP/101`.
        device: Device,
        /// The number to dial.
        number: PhoneNumber,
        /// The name that the agent's own phone shows.
        name: Personal<String>,
        /// The number that the called party sees; the PBX's own choice when none.
        caller_id: Option<PhoneNumber>,
        /// The dialplan is to record it.
        record: bool,
    },
    /// Hang up one channel, by its name.
    HangUp {
        /// `PJSIP/101-0000002a`.
        channel: String,
    },
    /// Record silence on this channel from now on.
    PauseRecording {
        /// `PJSIP/trunk-0000002b`.
        channel: String,
    },
    /// Record what is said again.
    ResumeRecording {
        /// `PJSIP/trunk-0000002b`.
        channel: String,
    },
    /// End the recording of this channel.
    StopRecording {
        /// `PJSIP/trunk-0000002b`.
        channel: String,
    },
    /// Tell what there is: see [`SnapshotPart`].
    Snapshot(SnapshotPart),
    /// Put a phone into a queue.
    QueueAdd {
        /// The queue.
        queue: String,
        /// What the queue shall call, `PJSIP/101`.
        interface: String,
        /// By what it knows whether it is free.
        state_interface: String,
        /// The agent's name.
        name: Personal<String>,
    },
    /// Take a phone out of a queue.
    QueueRemove {
        /// The queue.
        queue: String,
        /// What the queue calls.
        interface: String,
    },
    /// Pause a phone in a queue, or let it have calls again.
    QueuePause {
        /// The queue.
        queue: String,
        /// What the queue calls.
        interface: String,
        /// Why it is paused; `None` lets it have calls.
        reason: Option<&'static str>,
    },
}
