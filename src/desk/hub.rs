//! What passes between the pages and the bridge, which never meet: commands one way, the board the other. Plain data;
//! `main` connects the two ends.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::phone::PhoneWish;
use super::recording::Wish;
use super::seat::{Presence, Profile, Seat};
use crate::clock::Timestamp;
use crate::ids::{AgentId, CallId, CaseId, Extension, PhoneNumber};
use crate::personal::Personal;

/// What an agent asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Somebody has a seat, or its profile changed.
    TakeSeat(Profile),
    /// Nobody sits there any more: the account was disabled or lost its extension.
    LeaveSeat(AgentId),
    /// Ready, away or gone.
    SetPresence(AgentId, Presence),
    /// Dial a number for a case. `call` is made from the click, so that a second click is the same dial.
    Dial {
        /// Who dials.
        agent: AgentId,
        /// For which case.
        case: CaseId,
        /// The debtor's name, for the agent's own phone.
        name: Personal<String>,
        /// For whom: it decides the number that the debtor sees.
        creditor: String,
        /// The number.
        number: PhoneNumber,
        /// The id of the call to be.
        call: CallId,
        /// Its creditor has a notice: it is recorded.
        record: bool,
    },
    /// Pause, resume or stop the recording of a call.
    Recording(AgentId, CallId, Wish),
    /// Hang up.
    HangUp(AgentId, CallId),
    /// Do this with a call at the phone in the browser.
    Phone(AgentId, CallId, PhoneWish),
    /// Hear oneself at the phone in the browser, to see that it works.
    EchoTest(AgentId),
    /// Ask a colleague while the other waits. The call is made from the click, as a dial.
    Consult {
        /// Who asks.
        agent: AgentId,
        /// Whom.
        colleague: Extension,
        /// The call to be.
        call: CallId,
    },
    /// Show a file, for a call where one is named.
    Open {
        /// At whose seat.
        agent: AgentId,
        /// Which.
        case: CaseId,
        /// The call that it belongs to.
        call: Option<CallId>,
        /// The number was unknown and is attached to this case now.
        attached: bool,
        /// The debtor's name.
        name: Personal<String>,
        /// Something is typed for it already.
        has_draft: bool,
    },
    /// Put the file away.
    Close(AgentId),
    /// Work in a file that a colleague has.
    TakeOver(AgentId, CaseId),
    /// Work in a file that nobody has; refused when a colleague does.
    Claim(AgentId, CaseId),
    /// Settle this call without a file now.
    Focus(AgentId, CallId),
    /// The ledger says why no outcome is owed for a call; by a supervisor, whose name the agent is told, or by the agent.
    Settled {
        /// The call.
        call: CallId,
        /// The supervisor.
        by: Option<Personal<String>>,
    },
    /// There is text for a case that is no outcome yet, or no more.
    HasDraft(AgentId, CaseId, bool),
    /// The outcome for a case is in the ledger, and settles these calls.
    OutcomeSaved(AgentId, CaseId, Vec<CallId>),
    /// The content of a case changed: whoever has it open loads it again.
    CaseChanged(CaseId),
}

/// A page wants to be heard, and to hear: its offer (RFC 8829).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioOffer {
    /// Whose page.
    pub agent: AgentId,
    /// Which of the agent's pages.
    pub tab: String,
    /// The session description.
    pub sdp: String,
}

/// The answer to it, a session description.
pub type AudioAnswer = Result<String, OfferRefused>;

/// Why a page is not heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OfferRefused {
    /// The agent has no phone in the browser.
    #[error("no phone in the browser")]
    NoPhone,
    /// It is no offer of audio.
    #[error("no offer of audio")]
    Unreadable,
    /// There are too many already.
    #[error("too many browsers")]
    TooMany,
}

/// Why a command was not carried out. The page has the words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The agent has no extension.
    #[error("no seat")]
    NoSeat,
    /// The PBX is not connected.
    #[error("no PBX")]
    NoPbx,
    /// There is a live call at the phone.
    #[error("in a call")]
    InCall,
    /// An outcome is owed for another case.
    #[error("outcome owed")]
    OutcomeOwed,
    /// That call is over.
    #[error("no such call")]
    NoSuchCall,
    /// The call is not recorded.
    #[error("not recorded")]
    NotRecorded,
    /// The action could not be sent.
    #[error("not sent")]
    NotSent,
    /// The call is not ready for that.
    #[error("not now")]
    NotNow,
    /// The phone in the browser is not known to the PBX.
    #[error("the phone is not registered")]
    NoPhone,
    /// That file is not on the screen.
    #[error("no such file")]
    NoSuchFile,
    /// A colleague has the file.
    #[error("a colleague has the file")]
    CaseTaken {
        /// Who.
        by: Personal<String>,
        /// Since when.
        since: Timestamp,
    },
}

/// Whether the PBX is in touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Not yet, since.
    Connecting(Timestamp),
    /// Yes, since.
    Up(Timestamp),
    /// No more, since, and why.
    Lost(Timestamp, String),
}

/// Whether what happens can be written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ledger {
    /// It answers.
    Answers,
    /// It has not answered for longer than a person waits, since. What happens waits in the journal.
    Away(Timestamp),
}

/// A stretch in which the PBX was not in touch: what happened in it is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end; `None` while it lasts.
    pub to: Option<Timestamp>,
}

/// Whom a change on the board concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom<'a> {
    /// These.
    Agents(&'a BTreeSet<AgentId>),
    /// Everybody.
    All,
}

/// Rung when something was put on the board, so that only those look whom it concerns: with a hundred pages open, waking
/// all of them for one seat takes longer than anything else.
pub trait Bell: fmt::Debug + Send + Sync {
    /// Wakes them.
    fn ring(&self, whom: Whom<'_>);

    /// Whether a page of this agent is open.
    fn is_heard_by(&self, agent: AgentId) -> bool;
}

/// Gaps that are remembered.
pub const GAPS_MAX: usize = 20;

/// Everything that the pages show live, with a sequence number for each part.
#[derive(Debug, Clone)]
pub struct Board {
    /// Differs for each run of the service: sequence numbers of another run mean nothing.
    pub run: u64,
    /// The number of the last change.
    pub seq: u64,
    /// The seats, each with the number of its last change.
    pub seats: BTreeMap<AgentId, (u64, Arc<Seat>)>,
    /// The PBX.
    pub link: Link,
    /// The number of the last change of the link or the ledger.
    pub link_seq: u64,
    /// The events of the PBX come so many seconds later than usual: it is slow to tell, or we are slow to read.
    pub seconds_behind: Option<i64>,
    /// The database.
    pub ledger: Ledger,
    /// When we were blind.
    pub gaps: Vec<Gap>,
    /// Callers in queues now.
    pub waiting: usize,
}

impl Board {
    /// An empty board.
    #[must_use]
    pub const fn new(run: u64, now: Timestamp) -> Self {
        Self {
            run,
            seq: run,
            seats: BTreeMap::new(),
            link: Link::Connecting(now),
            link_seq: run,
            seconds_behind: None,
            ledger: Ledger::Answers,
            gaps: Vec::new(),
            waiting: 0,
        }
    }

    /// Puts a seat on the board.
    pub fn put_seat(&mut self, seat: Arc<Seat>) {
        self.seq += 1;
        self.seats.insert(seat.profile.agent, (self.seq, seat));
    }

    /// Takes a seat off.
    pub fn remove_seat(&mut self, agent: AgentId) {
        self.seq += 1;
        self.seats.remove(&agent);
    }

    /// Says how the PBX is, and keeps the gap.
    pub fn put_link(&mut self, link: Link) {
        self.seq += 1;
        self.link_seq = self.seq;
        match (&link, self.gaps.last_mut()) {
            (Link::Lost(since, _), last) if last.as_ref().is_none_or(|gap| gap.to.is_some()) => {
                if self.gaps.len() >= GAPS_MAX {
                    self.gaps.remove(0);
                }
                self.gaps.push(Gap { from: *since, to: None });
            }
            (Link::Up(since), Some(gap)) if gap.to.is_none() => gap.to = Some(*since),
            _ => {}
        }
        self.link = link;
    }

    /// Says how late the PBX's events come.
    pub const fn put_pace(&mut self, seconds_behind: Option<i64>) {
        self.seq += 1;
        self.link_seq = self.seq;
        self.seconds_behind = seconds_behind;
    }

    /// Says how the ledger is.
    pub const fn put_ledger(&mut self, ledger: Ledger) {
        self.seq += 1;
        self.link_seq = self.seq;
        self.ledger = ledger;
    }

    /// The number of the last change that concerns this agent's page.
    #[must_use]
    pub fn seq_of(&self, agent: AgentId) -> u64 {
        self.seats.get(&agent).map_or(0, |(seq, _)| *seq).max(self.link_seq)
    }
}
