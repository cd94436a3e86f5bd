//! What a PBX can be asked, neutral.

use crate::ids::{CallId, Device, PhoneNumber};
use crate::personal::Personal;

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
    },
    /// Hang up one channel, by its name.
    HangUp {
        /// `PJSIP/101-0000002a`.
        channel: String,
    },
    /// List the live channels.
    Snapshot,
}
