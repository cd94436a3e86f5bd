//! One call over all its legs. It exists as long as one of its legs does, and is Cleared with the last of them, or goes
//! up in another call (Merged).

use std::collections::BTreeSet;

use super::event::{Direction, EndReason, LegRef, Party, TransferKind};
use super::hangup_cause::HangupCause;
use crate::ids::{CallId, Uniqueid};

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// Its live legs.
    pub legs: BTreeSet<Uniqueid>,
    /// The leg that began it.
    pub first: Option<Uniqueid>,
    /// Why that leg ended, once it has.
    pub first_cause: Option<HangupCause>,
    /// Counts the calls of the tracker: the order of their beginnings.
    pub order: u64,
    /// The party outside (or the calling colleague).
    pub other: Party,
    /// What the caller dialled.
    pub dialled: String,
    /// Which way it goes.
    pub direction: Direction,
    /// The queue it waits in.
    pub queue: Option<String>,
    /// It was established at least once.
    pub connected: bool,
    /// Its beginning, or a stretch of it, was not seen, and it may have been answered in it.
    pub partly_unseen: bool,
    /// It lived through a stretch without a link.
    pub had_gap: bool,
    /// The party that began it hung up, rather than the PBX.
    pub caller_hung_up: bool,
    /// The end of the last ringing, which explains the end of a call that was never answered.
    pub last_ring_end: Option<EndReason>,
    /// A call of ours: how far the agent's own phone is.
    pub own_phone: OwnPhone,
    /// Something of it was told.
    pub told: bool,
    /// Somebody's phone or trunk took part.
    pub has_party: bool,
    /// A party was sent on, and has not yet arrived.
    pub sent_on: Option<SentOn>,
}

/// Of a click-to-dial: how far the agent's own phone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnPhone {
    /// It is no click-to-dial.
    None,
    /// The PBX was asked to ring it.
    Asked,
    /// That it rings was told.
    Told,
    /// The agent picked up.
    Up,
    /// It was not reached.
    Failed(EndReason),
}

/// A party that was sent on without a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentOn {
    /// How.
    pub transfer: TransferKind,
    /// Who was sent on.
    pub stays: Option<LegRef>,
    /// Who sent.
    pub by: LegRef,
    /// Where to.
    pub exten: String,
    /// Into a parking place: nobody has it until somebody takes it.
    pub is_parked: bool,
}

impl Call {
    pub(super) fn new(id: CallId, order: u64) -> Self {
        let own_phone = if id.is_dialled() { OwnPhone::Asked } else { OwnPhone::None };
        Self {
            direction: if id.is_dialled() { Direction::Outbound } else { Direction::Inbound },
            id,
            legs: BTreeSet::new(),
            first: None,
            first_cause: None,
            order,
            other: Party::default(),
            dialled: String::new(),
            queue: None,
            connected: false,
            partly_unseen: false,
            had_gap: false,
            caller_hung_up: false,
            last_ring_end: None,
            own_phone,
            told: false,
            has_party: false,
            sent_on: None,
        }
    }

    /// A number that was dialled, where none is known yet: the first decides. The dialplan's own names are none.
    pub(super) fn dials(&mut self, exten: &str) {
        if self.dialled.is_empty() && !matches!(exten, "s" | "h" | "t" | "i") {
            exten.clone_into(&mut self.dialled);
        }
    }

    /// A click-to-dial ended before the agent's own phone was up.
    #[must_use]
    pub fn ended_at_own_phone(&self) -> bool {
        !self.connected && !self.partly_unseen && matches!(self.own_phone, OwnPhone::Asked | OwnPhone::Told | OwnPhone::Failed(_))
    }

    /// How the call ended, once no leg is left.
    #[must_use]
    pub fn end_reason(&self, cause: Option<HangupCause>) -> EndReason {
        match self.told_reason(cause) {
            // What rang before the gap may have been given up in it: that the caller did so must have been heard.
            EndReason::Cancelled if self.had_gap && !self.caller_hung_up => EndReason::Unknown,
            reason => reason,
        }
    }

    fn told_reason(&self, cause: Option<HangupCause>) -> EndReason {
        if self.connected {
            return EndReason::Completed;
        }
        if self.partly_unseen {
            return EndReason::Unknown;
        }
        match self.own_phone {
            // Who else took it is not the one who dialled.
            OwnPhone::Failed(EndReason::Elsewhere) => return EndReason::NoAnswer,
            OwnPhone::Failed(reason) => return reason,
            _ => {}
        }
        match (self.last_ring_end, cause) {
            (Some(EndReason::NoAnswer), Some(cause)) if cause.is_rejected() => EndReason::Rejected,
            (Some(EndReason::Answered), _) => EndReason::Cancelled,
            (Some(reason), _) => reason,
            (None, Some(cause)) => reason_of_cause(cause),
            (None, None) => EndReason::Unknown,
        }
    }
}

/// What a cause says of a leg that was never answered.
#[must_use]
pub fn reason_of_cause(cause: HangupCause) -> EndReason {
    match cause {
        c if c.is_busy() => EndReason::Busy,
        c if c.is_no_answer() => EndReason::NoAnswer,
        c if c.is_rejected() => EndReason::Rejected,
        c if c.is_failure() => EndReason::Failed,
        HangupCause::ANSWERED_ELSEWHERE => EndReason::Elsewhere,
        HangupCause::UNKNOWN => EndReason::Unknown,
        _ => EndReason::Cancelled,
    }
}
