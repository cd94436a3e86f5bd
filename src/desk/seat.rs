//! An agent's seat: presence, the calls at the agent's phone, and the file on the screen.
//!
//! ```text
//! a call at the desk:  Originating -> RingingFar -> Talking <-> Held -> Ended -> (outcome saved, gone)
//!                                        Ringing -> Talking                \-> (given up: gone with a notice)
//! ```

use serde::{Deserialize, Serialize};

use super::recording::Recording;
use crate::clock::Timestamp;
use crate::ids::{AgentId, CallId, CaseId, Extension};
use crate::personal::Personal;
use crate::telephony::calls::event::{Direction, EndReason, LegRef, Party};
use crate::telephony::calls::timing::{Moment, Stopwatch};

/// Calls that one seat shows at most; a phone has no more lines than this.
pub const SEAT_CALLS_MAX: usize = 8;

/// What the agent says of being at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Not signed in to the line.
    Offline,
    /// Ready for calls.
    Ready,
    /// Away for a reason.
    Paused(PauseReason),
}

/// Why an agent is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// A short break.
    Break,
    /// Lunch.
    Lunch,
    /// Talking with a colleague.
    Consultation,
    /// Paperwork.
    Administration,
    /// Training.
    Training,
}

/// Somebody who works at a phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Who.
    pub agent: AgentId,
    /// The name that colleagues see.
    pub name: Personal<String>,
    /// The phone.
    pub extension: Extension,
}

/// The seat of one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Who sits there.
    pub profile: Profile,
    /// What the agent says.
    pub presence: Presence,
    /// Since when.
    pub presence_since: Timestamp,
    /// The calls at the phone, oldest first; a call that ended stays until its outcome is saved.
    pub calls: Vec<DeskCall>,
    /// The file on the screen.
    pub open: Option<OpenFile>,
    /// The agent typed something in the open file that is not yet an outcome.
    pub has_draft: bool,
    /// What just happened, in words.
    pub notice: Option<Notice>,
    /// Changes when the content of the open file changed, so that pages load it again.
    pub file_version: u64,
}

/// Which file is on the screen, and how it came there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenFile {
    /// The case.
    pub case: CaseId,
    /// The call that it was opened for.
    pub call: Option<CallId>,
    /// How sure we are that it is the caller's.
    pub certainty: MatchCertainty,
}

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

/// What just happened, for the notice line. The page has the words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// A call was given up before the agent answered.
    Missed {
        /// Who called.
        who: Personal<String>,
        /// How long it rang, in microseconds.
        ring_micros: i64,
        /// Why it rings no more.
        reason: EndReason,
    },
    /// A dial ended without a conversation.
    NotReached {
        /// Why.
        reason: EndReason,
        /// The agent's own phone did not pick up.
        at_own_phone: bool,
    },
    /// The PBX refused what was asked.
    PbxRefused {
        /// In its own words.
        words: String,
    },
    /// The PBX is not connected.
    NoPbx,
    /// Saved.
    Saved,
}

/// What the seat is doing, as everybody sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Nothing at the phone: the agent's own word counts.
    Presence(Presence),
    /// The phone rings, or is about to dial.
    Ringing,
    /// In conversation.
    Talking,
    /// An outcome is owed.
    WrapUp,
}

impl Seat {
    /// An empty seat.
    #[must_use]
    pub const fn new(profile: Profile, now: Timestamp) -> Self {
        Self {
            profile,
            presence: Presence::Offline,
            presence_since: now,
            calls: Vec::new(),
            open: None,
            has_draft: false,
            notice: None,
            file_version: 0,
        }
    }

    /// A call at this seat.
    #[must_use]
    pub fn call(&self, id: &CallId) -> Option<&DeskCall> {
        self.calls.iter().find(|call| call.id == *id)
    }

    pub(super) fn call_mut(&mut self, id: &CallId) -> Option<&mut DeskCall> {
        self.calls.iter_mut().find(|call| call.id == *id)
    }

    /// The call that the bar shows: the live one, else the one that is owed an outcome; that of the file on the screen first.
    #[must_use]
    pub fn main_call(&self) -> Option<&DeskCall> {
        let open = self.open.as_ref().and_then(|open| open.call.as_ref());
        let rank = |call: &DeskCall| match call.state {
            DeskCallState::Talking | DeskCallState::Held => 0,
            DeskCallState::Originating | DeskCallState::Dialling | DeskCallState::RingingFar => 1,
            DeskCallState::Ringing => 2,
            DeskCallState::Ended(_) if Some(&call.id) == open => 3,
            DeskCallState::Ended(_) => 4,
        };
        self.calls.iter().min_by_key(|call| rank(call))
    }

    /// Another call than the main one; or the main one, when another file is on the screen than its own.
    #[must_use]
    pub fn waiting_call(&self) -> Option<&DeskCall> {
        let main = self.main_call();
        let others = self.calls.iter().filter(|call| Some(&call.id) != main.map(|main| &main.id));
        let other = others.min_by_key(|call| !call.is_live());
        let shown = self.open.as_ref().map(|open| open.case);
        other.or_else(|| main.filter(|call| call.case.is_some() && call.case != shown))
    }

    /// What the seat is doing.
    #[must_use]
    pub fn activity(&self) -> Activity {
        let any = |test: fn(&DeskCallState) -> bool| self.calls.iter().any(|call| test(&call.state));
        if any(|s| matches!(s, DeskCallState::Talking | DeskCallState::Held)) {
            Activity::Talking
        } else if any(|s| !matches!(s, DeskCallState::Ended(_))) {
            Activity::Ringing
        } else if self.calls.is_empty() {
            Activity::Presence(self.presence)
        } else {
            Activity::WrapUp
        }
    }

    /// The agent works on this file: another call must not take its place.
    #[must_use]
    pub fn is_busy_with_file(&self) -> bool {
        self.open.as_ref().is_some_and(|open| self.has_draft || open.call.as_ref().is_some_and(|call| self.call(call).is_some()))
    }
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
            found: Found::Looking,
            case: None,
            certainty: None,
            ring: Stopwatch::default(),
            talk: Stopwatch::default(),
            hold: Stopwatch::default(),
            wrap_since: None,
            recording: Recording::Off,
        }
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

    /// A conversation with somebody outside owes an outcome, and so does a dial that reached the far end.
    #[must_use]
    pub fn owes_outcome(&self, ended_at_own_phone: bool) -> bool {
        let is_outside = self.direction != Direction::Internal && self.found != Found::Colleague;
        is_outside && (self.talk.has_run() || (self.direction == Direction::Outbound && !ended_at_own_phone))
    }

    pub(super) fn end(&mut self, reason: EndReason, now: Moment) {
        self.ring.stop(now);
        self.hold.stop(now);
        self.talk.stop(now);
        self.wrap_since.get_or_insert(now.seen);
        self.state = DeskCallState::Ended(reason);
    }
}
