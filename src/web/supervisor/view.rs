//! What supervisors see: the floor now, the calls behind every figure, and one call in full.

use askama::Template;

use crate::web::agent::view::{Direction, Link, Presence, Timer};
use crate::web::recordings::view::RecordingRow;
use crate::web::sign_in::view::Frame;
use crate::web::texts::Texts;

/// A time in which Belbrug could not see the PBX.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// "10:02".
    pub from: String,
    /// `None` while it lasts.
    pub to: Option<String>,
}

/// Which calls of today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Inbound,
    Outbound,
    Answered,
    Missed,
    Abandoned,
    Promises,
    Owed,
    Unrecorded,
}

impl Which {
    pub const ALL: [Self; 8] =
        [Self::Inbound, Self::Outbound, Self::Answered, Self::Missed, Self::Abandoned, Self::Promises, Self::Owed, Self::Unrecorded];

    /// The value of `?which=`; ends the text keys `which-...` and `which-about-...`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Answered => "answered",
            Self::Missed => "missed",
            Self::Abandoned => "abandoned",
            Self::Promises => "promises",
            Self::Owed => "owed",
            Self::Unrecorded => "unrecorded",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|which| which.code() == code)
    }

    /// The style class of a count: what asks for attention when it is not 0.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Missed | Self::Abandoned | Self::Owed | Self::Unrecorded => "due",
            Self::Promises => "kept",
            Self::Inbound | Self::Outbound | Self::Answered => "plain",
        }
    }
}

/// A count of today that opens the calls behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    pub which: Which,
    pub count: i64,
}

/// The call an agent is in.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentCall {
    pub direction: Direction,
    pub who: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct AgentRow {
    pub name: String,
    pub extension: String,
    /// The PBX does not reach that phone.
    pub phone_away: bool,
    pub presence: Presence,
    pub since: Timer,
    pub call: Option<AgentCall>,
    pub calls: i64,
    pub answered: i64,
    /// "1:02:03".
    pub talk: String,
    pub promises: i64,
    /// Calls without an outcome.
    pub owed: i64,
    /// How long the oldest of them waits for it.
    pub owed_for: Timer,
    /// The agent, in the address of what is owed.
    pub id: String,
}

/// The floor at this moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Floor {
    pub link: Link,
    pub link_since: Option<String>,
    pub gaps: Vec<Gap>,
    /// "ma 23 nov".
    pub day: String,
    pub tiles: Vec<Tile>,
    pub agents: Vec<AgentRow>,
}

/// How a call went, as a style class beside the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultTone {
    /// It is still going on.
    Live,
    Answered,
    NotAnswered,
    Failed,
}

impl ResultTone {
    pub fn code(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Answered => "kept",
            Self::NotAnswered => "due",
            Self::Failed => "stop",
        }
    }

    pub fn sign(self) -> &'static str {
        match self {
            Self::Live => "●",
            Self::Answered => "✓",
            Self::NotAnswered => "▲",
            Self::Failed => "✕",
        }
    }
}

/// One call in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct CallRow {
    pub id: String,
    /// "14:05" or "do 26 nov 14:05".
    pub when: String,
    pub direction: Direction,
    pub who: String,
    pub number: Option<String>,
    pub agent: Option<String>,
    /// "0:12"; `None` when it did not ring, or when it is not known.
    pub ring: Option<String>,
    pub talk: Option<String>,
    /// In words: "Opgenomen", "Gemist", "Bezet".
    pub result: String,
    pub tone: ResultTone,
    /// In words: "Betaaltoezegging"; or why there is none: "Privégesprek".
    pub outcome: Option<String>,
    /// An outcome should be there and is not.
    pub owed: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CallList {
    /// `None`: all calls.
    pub which: Option<Which>,
    pub day: String,
    pub rows: Vec<CallRow>,
    /// Addresses of the page before and after.
    pub newer: Option<String>,
    pub older: Option<String>,
}

impl CallList {
    pub fn filters(&self) -> [Which; 8] {
        Which::ALL
    }

    pub fn is(&self, which: &Which) -> bool {
        self.which == Some(*which)
    }
}

/// How sure a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    Observed,
    Inferred,
    Unknown,
}

impl Certainty {
    /// Ends the text keys `certainty-...` and `certainty-about-...`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Inferred => "inferred",
            Self::Unknown => "unknown",
        }
    }
}

/// One party's connection.
#[derive(Debug, Clone, PartialEq)]
pub struct LegRow {
    /// "Agent", "Debiteur", "Wachtrij" in words.
    pub party: String,
    pub number: String,
    pub started: String,
    pub answered: Option<String>,
    pub ended: Option<String>,
    /// Why it ended, in words.
    pub cause: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct EventRow {
    /// "14:05:12".
    pub at: String,
    pub what: String,
    pub certainty: Certainty,
}

#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeRow {
    pub when: String,
    pub agent: String,
    /// "Betaaltoezegging".
    pub outcome: String,
    /// "€ 450,00 op do 26 nov via overboeking".
    pub text: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct NoteRow {
    pub when: String,
    pub agent: String,
    pub text: String,
}

/// How a call was heard.
#[derive(Debug, Clone, PartialEq)]
pub struct HeardRow {
    /// "4,3".
    pub mos: String,
    pub tone: ResultTone,
    /// Per cent, "0,2".
    pub heard_lost: String,
    pub said_lost: String,
    pub jitter_ms: String,
    pub round_trip_ms: Option<String>,
}

/// One call in full.
#[derive(Debug, Clone, PartialEq)]
pub struct CallDetail {
    pub id: String,
    pub when: String,
    pub direction: Direction,
    pub who: String,
    pub number: Option<String>,
    pub agent: Option<String>,
    pub queue: Option<String>,
    pub case: Option<String>,
    pub result: String,
    pub tone: ResultTone,
    pub ring: Option<String>,
    pub talk: Option<String>,
    pub hold: Option<String>,
    pub wrap: Option<String>,
    pub legs: Vec<LegRow>,
    pub events: Vec<EventRow>,
    pub outcomes: Vec<OutcomeRow>,
    pub notes: Vec<NoteRow>,
    pub recording: Option<RecordingRow>,
    /// How it was heard; `None` of a call that Belbrug did not carry.
    pub heard: Option<HeardRow>,
}

#[derive(Debug, Clone, Template)]
#[template(path = "supervisor/floor_page.html")]
pub struct FloorPage<'a> {
    pub t: &'static Texts,
    pub frame: &'a Frame,
    /// The number of the last live view that is already in this page.
    pub seq: u64,
    pub floor: &'a Floor,
}

/// The part `floor` of the stream `/floor/live`.
#[derive(Debug, Clone, Template)]
#[template(path = "supervisor/floor.html")]
pub struct FloorPart<'a> {
    pub t: &'static Texts,
    pub floor: &'a Floor,
}

#[derive(Debug, Clone, Template)]
#[template(path = "supervisor/calls.html")]
pub struct CallsPage<'a> {
    pub t: &'static Texts,
    pub frame: &'a Frame,
    pub list: &'a CallList,
}

#[derive(Debug, Clone, Template)]
#[template(path = "supervisor/call.html")]
pub struct CallPage<'a> {
    pub t: &'static Texts,
    pub frame: &'a Frame,
    pub call: &'a CallDetail,
}
