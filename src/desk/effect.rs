//! What the floor says must be done; the bridge does it.

use super::phone::PhoneWish;
use super::queues::QueueOrder;
use super::recording::Wish;
use crate::ids::{AgentId, CallId, CaseId, Extension, PhoneNumber};
use crate::personal::Personal;

/// What must be done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Effect {
    /// The seat changed: put it on the board, and keep it.
    Changed(AgentId),
    /// The seat is gone.
    Gone(AgentId),
    /// Find out whose number this is, and tell [`Floor::found`](super::floor::Floor::found).
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
        /// The number that the debtor sees.
        caller_id: Option<PhoneNumber>,
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
    /// Do this with a call at the phone in a browser.
    Phone {
        /// Whose.
        agent: AgentId,
        /// Its channel.
        channel: String,
        /// What.
        wish: PhoneWish,
    },
    /// Let an agent hear himself in his browser.
    Echo(AgentId),
    /// Connect the others of two calls at the phone in a browser.
    Join {
        /// The channel of the one.
        channel: String,
        /// And of the other.
        with: String,
    },
    /// Call a colleague from the phone in a browser.
    Consult {
        /// The phone.
        extension: Extension,
        /// Whom.
        colleague: Extension,
        /// The id of the call to be.
        call: CallId,
        /// The colleague's name.
        name: Personal<String>,
    },
    /// Write down that no outcome is owed for a call.
    Waive(CallId),
    /// Write down who owes the outcome of a call from now on.
    HandOver {
        /// The call.
        call: CallId,
        /// Who answered it.
        to: AgentId,
    },
    /// Give what an agent typed for a case to a colleague, and tell [`Floor::draft_moved`](super::floor::Floor::draft_moved).
    MoveDraft {
        /// Who typed it.
        from: AgentId,
        /// Who gets it.
        to: AgentId,
        /// The case.
        case: CaseId,
    },
    /// Read from the ledger what else is owed at a seat, and tell [`Floor::owed_more`](super::floor::Floor::owed_more).
    LoadOwed(AgentId),
    /// Ask the PBX to change a queue.
    Queue(QueueOrder),
    /// Write down which case a call is about.
    Link {
        /// The call.
        call: CallId,
        /// The case.
        case: CaseId,
    },
}
