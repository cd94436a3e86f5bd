//! A call at an agent's seat, and whose it is.
//!
//! ```text
//! Originating -> RingingFar -> Talking <-> Held -> Ended -> (outcome saved or settled: gone)
//!                   Ringing -> Talking                \-> (given up: gone with a notice)
//! Ended with `handed_to`: a colleague's phone rings for it; whoever answers owes the outcome
//! ```

use serde::{Deserialize, Serialize};

use super::recording::Recording;
use crate::clock::Timestamp;
use crate::ids::{CallId, CaseId};
use crate::personal::Personal;
use crate::telephony::calls::event::{Direction, EndReason, LegRef, Party};
use crate::telephony::calls::timing::{Moment, Stopwatch};

/// How a file came to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchCertainty {
    /// The agent opened it.
    Opened,
    /// The number belongs to this case only.
    Unique,
    /// The agent chose it among several.
    Chosen,
    /// The number was unknown, and the agent attached it.
    Attached,
    /// The number belongs to several cases, and the number that was dialled to one creditor.
    Dialled,
}

/// A call at an agent's phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskCall {
    /// The call.
    pub id: CallId,
    /// Which way it goes.
    pub direction: Direction,
    /// Who is at the other end, as the PBX shows them.
    pub other: Party,
    /// What the caller dialled.
    pub dialled: String,
    /// The queue that it came through.
    pub queue: Option<String>,
    /// How far it is.
    pub state: DeskCallState,
    /// The agent's own leg, once there is one.
    pub leg: Option<LegRef>,
    /// Legs to further phones of the same agent, which ring too.
    #[serde(default)]
    pub also: Vec<LegRef>,
    /// The creditor whose number was dialled.
    #[serde(default)]
    pub creditor: Option<String>,
    /// The colleague who handed it over.
    #[serde(default)]
    pub given_by: Option<Personal<String>>,
    /// It was handed to a colleague, or to a number, and nobody has answered yet: whoever answers owes its outcome.
    #[serde(default)]
    pub handed_to: Option<Personal<String>>,
    /// Its outcome is in the ledger already, by the colleague who handed it over.
    #[serde(default)]
    pub settled: bool,
    /// Whose number it is.
    pub found: Found,
    /// The case that the call is about.
    pub case: Option<CaseId>,
    /// How the case was found.
    pub certainty: Option<MatchCertainty>,
    /// Ringing.
    pub ring: Stopwatch,
    /// Talking, holding included.
    pub talk: Stopwatch,
    /// Holding.
    pub hold: Stopwatch,
    /// It is on hold because of the agent, and not of the other.
    #[serde(default)]
    pub is_held_here: bool,
    /// Wrap-up began.
    pub wrap_since: Option<Timestamp>,
    /// Its recording.
    #[serde(default)]
    pub recording: Recording,
}

/// How far a call at the desk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeskCallState {
    /// The PBX was asked to ring the agent's own phone.
    Originating,
    /// The agent picked up; the far end is being called.
    Dialling,
    /// The far end rings.
    RingingFar,
    /// The agent's phone rings.
    Ringing,
    /// Both hear each other.
    Talking,
    /// One has put the other on hold.
    Held,
    /// It is over, and its outcome is owed.
    Ended(EndReason),
}

/// Whose number it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// Being looked up.
    Looking,
    /// Withheld: there is nothing to look up.
    Withheld,
    /// A colleague's phone.
    Colleague,
    /// Nobody's that we know.
    Nobody,
    /// One case.
    One(Candidate),
    /// Several: the agent chooses, by name.
    Many(Vec<Candidate>),
    /// The lookup failed; the page says so and offers search.
    Failed,
}

/// A case that a number may belong to. No amounts: they are not for choosing by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The case.
    pub case: CaseId,
    /// The debtor's name.
    pub name: Personal<String>,
    /// The creditor's name.
    pub creditor: String,
}

impl DeskCall {
    /// A call that has just come to the seat.
    #[must_use]
    pub fn new(id: CallId, direction: Direction, other: Party, state: DeskCallState) -> Self {
        Self {
            id,
            direction,
            other,
            dialled: String::new(),
            queue: None,
            state,
            leg: None,
            also: Vec::new(),
            creditor: None,
            given_by: None,
            handed_to: None,
            settled: false,
            found: Found::Looking,
            case: None,
            certainty: None,
            ring: Stopwatch::default(),
            talk: Stopwatch::default(),
            hold: Stopwatch::default(),
            is_held_here: false,
            wrap_since: None,
            recording: Recording::Off,
        }
    }

    /// A call that owes an outcome, as the ledger has it. One that has not ended there lives, as far as we know: the PBX
    /// will tell.
    #[must_use]
    pub fn owed(id: CallId, direction: Direction, other: Party, answered: Option<Timestamp>, ended: Option<Timestamp>) -> Self {
        let mut call = Self::new(id, direction, other, DeskCallState::Talking);
        if let Some(seen) = answered {
            call.talk.start(Moment { at: None, seen });
        }
        if let Some(seen) = ended {
            call.end(EndReason::Completed, Moment { at: None, seen });
        }
        call
    }

    /// The name to show: the debtor's, else the PBX's, else the number.
    #[must_use]
    pub fn who(&self) -> &str {
        match &self.found {
            Found::One(candidate) => candidate.name.reveal(),
            _ if !self.other.name.reveal().trim().is_empty() => self.other.name.reveal(),
            _ => self.other.number.reveal(),
        }
    }

    /// Whether the phone can be told to hang up.
    #[must_use]
    pub fn is_live(&self) -> bool {
        !matches!(self.state, DeskCallState::Ended(_))
    }

    /// Its outcome is owed now.
    #[must_use]
    pub fn is_owed(&self) -> bool {
        !self.is_live() && self.handed_to.is_none()
    }

    /// A conversation with somebody outside owes an outcome, and so does a dial that reached the far end.
    #[must_use]
    pub fn owes_outcome(&self, ended_at_own_phone: bool) -> bool {
        let is_outside = self.direction != Direction::Internal && self.found != Found::Colleague;
        is_outside && !self.settled && (self.talk.has_run() || (self.direction == Direction::Outbound && !ended_at_own_phone))
    }

    pub(super) fn end(&mut self, reason: EndReason, now: Moment) {
        self.ring.stop(now);
        self.hold.stop(now);
        self.talk.stop(now);
        self.wrap_since.get_or_insert(now.seen);
        self.state = DeskCallState::Ended(reason);
    }
}
