//! What happens to a call, after CSTA (ECMA-269, call events), each with its certainty.

use serde::{Deserialize, Serialize};

use super::hangup_cause::HangupCause;
use crate::clock::{PbxTime, Timestamp};
use crate::ids::{CallId, Extension, Uniqueid};
use crate::personal::Personal;

/// Something that happened to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallEvent {
    /// The call.
    pub call: CallId,
    /// When, by the PBX's clock.
    pub at: Option<PbxTime>,
    /// When we saw it.
    pub seen: Timestamp,
    /// How sure it is.
    pub certainty: Certainty,
    /// What.
    pub kind: CallEventKind,
}

/// How sure a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// The PBX said so.
    Observed,
    /// It follows from what the PBX said.
    Inferred,
    /// We were not there.
    Unknown,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallEventKind {
    /// Click-to-dial: the agent's own phone is being rung.
    Originated {
        /// The agent's leg.
        leg: LegRef,
        /// The number that will be dialled.
        to: Party,
    },
    /// Click-to-dial: the agent picked up the own phone; the number is dialled now.
    OwnPhoneAnswered {
        /// The agent's leg.
        leg: LegRef,
    },
    /// A caller waits in a queue.
    Queued {
        /// The queue.
        queue: String,
        /// The leg that waits.
        leg: LegRef,
        /// Who waits.
        caller: Party,
        /// The number that was dialled.
        dialled: String,
    },
    /// A caller gave up waiting.
    QueueAbandoned {
        /// The queue.
        queue: String,
    },
    /// The queue let the caller go: nobody answered in time.
    QueueTimedOut {
        /// The queue.
        queue: String,
    },
    /// A device rings.
    Delivered {
        /// The leg that rings.
        leg: LegRef,
        /// The leg that calls it; an agent's, for a call of ours.
        by: Option<LegRef>,
        /// Who is at that leg.
        caller: Party,
        /// Who is called, as the PBX shows the leg that rings.
        called: Party,
        /// Who calls, for a call to us; who is called, for a call of ours.
        other: Party,
        /// Which way the call goes.
        direction: Direction,
        /// The number that the caller dialled, which decides the creditor.
        dialled: String,
        /// The queue that the caller waits in.
        queue: Option<String>,
    },
    /// The device rings no more, and did not answer.
    RingEnded {
        /// The leg.
        leg: LegRef,
        /// Why.
        reason: EndReason,
    },
    /// Two parties hear each other.
    Established {
        /// The agent's leg, or the one that was dialled.
        leg: LegRef,
        /// Whom it answered, and who that is; `None` of the leg that called.
        caller: Option<(LegRef, Party)>,
        /// The number that was dialled.
        dialled: String,
    },
    /// The leg's party put the other on hold.
    Held {
        /// The leg.
        leg: LegRef,
    },
    /// And took it back.
    Retrieved {
        /// The leg.
        leg: LegRef,
    },
    /// A party handed the call to another.
    Transferred {
        /// How.
        transfer: TransferKind,
        /// Who stays: the party that now talks, or will talk, to somebody else.
        stays: Option<LegRef>,
        /// Who handed over.
        by: Option<LegRef>,
        /// Who got it.
        to: TransferTarget,
        /// The call in which the two who now talk were told of each other; it goes up in this one.
        consultation: Option<CallId>,
    },
    /// A device sends its calls elsewhere (CSTA: Diverted).
    Diverted {
        /// The leg to the device that does not take it.
        leg: LegRef,
        /// Where to, as the PBX names it.
        to: String,
    },
    /// The leg waits in a parking place.
    Parked {
        /// The leg.
        leg: LegRef,
    },
    /// The leg is with more than one other.
    Conferenced {
        /// The leg.
        leg: LegRef,
    },
    /// This call went up in another: its legs are there now. It has no end of its own.
    Merged {
        /// The call that goes on.
        into: CallId,
    },
    /// A leg that was connected left (CSTA: ConnectionCleared).
    ConnectionCleared {
        /// The leg.
        leg: LegRef,
    },
    /// The whole call is over.
    Cleared {
        /// How it ended.
        reason: EndReason,
        /// The cause of the last leg.
        cause: Option<HangupCause>,
        /// A call of ours ended before the agent's own phone was up.
        at_own_phone: bool,
        /// Which way it went.
        direction: Direction,
        /// Who was at the other end.
        other: Party,
    },
}

/// How a call was handed over (CSTA: Single Step Transfer, Transfer).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferKind {
    /// Without a word to the one who gets it.
    Blind,
    /// After talking to the one who gets it.
    Attended,
    /// As attended, but while the other's phone still rang.
    Blonde,
}

impl TransferKind {
    /// The word in the ledger and in `replay`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blind => "blind",
            Self::Attended => "attended",
            Self::Blonde => "blonde",
        }
    }
}

/// Who got a call that was handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferTarget {
    /// A device.
    Leg(LegRef),
    /// A number that was dialled and reached no device (yet): a queue, a menu, nobody.
    Number(String),
}

/// A leg of a call, as an event names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegRef {
    /// The channel.
    pub id: Uniqueid,
    /// Its name, `PJSIP/101-0000002a`.
    pub channel: String,
    /// The agent's extension, when it is a phone that Belbrug knows.
    pub line: Option<Extension>,
}

/// Somebody outside, as the PBX shows them. The texts come from the network: they are shown, never obeyed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Party {
    /// As sent; empty when withheld.
    pub number: Personal<String>,
    /// Display name; empty when there is none.
    pub name: Personal<String>,
}

/// Which way a call goes, seen from the office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From outside.
    Inbound,
    /// To outside.
    Outbound,
    /// Between two phones of the office.
    Internal,
}

/// How a ringing or a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// It was answered and is over.
    Completed,
    /// Of a ringing: this device was picked up.
    Answered,
    /// The device was busy.
    Busy,
    /// Nobody answered in time.
    NoAnswer,
    /// The caller gave up.
    Cancelled,
    /// The device or the network refused.
    Rejected,
    /// Another device answered.
    Elsewhere,
    /// The device was not there, or the network failed.
    Failed,
    /// We were not there.
    Unknown,
}

impl EndReason {
    /// The word in the ledger, in `replay` and in the page's text keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Answered => "answered",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
            Self::Elsewhere => "elsewhere",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// Reads [`EndReason::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let all = [
            Self::Completed,
            Self::Answered,
            Self::Busy,
            Self::NoAnswer,
            Self::Cancelled,
            Self::Rejected,
            Self::Elsewhere,
            Self::Failed,
            Self::Unknown,
        ];
        all.into_iter().find(|r| r.as_str() == text)
    }
}
