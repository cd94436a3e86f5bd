//! An agent's seat: presence, the calls at the agent's phone, and the file on the screen.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use super::desk_call::{Candidate, DeskCall, DeskCallState, Found, MatchCertainty};
use super::phone::DeskPhone;
use super::queues::{Member, Target};
use crate::clock::Timestamp;
use crate::ids::{AgentId, CallId, CaseId, Extension};
use crate::personal::Personal;
use crate::telephony::calls::event::EndReason;

/// Calls that one seat keeps at most, those whose outcome is owed among them. A further one takes the place of the oldest
/// that is owed, which stays owed in the ledger, where the supervisors see it.
pub const SEAT_CALLS_MAX: usize = 32;

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

/// Who said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresenceBy {
    /// Nobody yet: the PBX's queues are left as they are.
    #[default]
    Nobody,
    /// The agent, on the page.
    Page,
    /// The agent, on the phone, or somebody at the PBX.
    Phone,
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
    /// Dialled on the phone, which gave no reason that we know.
    Phone,
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
    /// Further phones of the same person: a softphone beside the desk phone.
    #[serde(default)]
    pub devices: Vec<Extension>,
}

impl Profile {
    /// All phones, the first one first.
    pub fn lines(&self) -> impl Iterator<Item = &Extension> {
        std::iter::once(&self.extension).chain(&self.devices)
    }
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
    /// Who said so.
    #[serde(default)]
    pub presence_by: PresenceBy,
    /// The queues of the PBX in which the agent's phones are, or were until Belbrug took them out.
    #[serde(default)]
    pub members: Vec<Member>,
    /// What the PBX was last asked to make of that.
    #[serde(skip)]
    pub(super) target: Option<Target>,
    /// Its phones that the PBX does not reach: switched off, or without a network.
    #[serde(skip)]
    pub phones_away: BTreeSet<Extension>,
    /// The phone in the agent's browser, where that is the agent's phone.
    #[serde(skip)]
    pub phone: Option<DeskPhone>,
    /// The calls at the phone, oldest first; a call that ended stays until its outcome is saved.
    pub calls: Vec<DeskCall>,
    /// More is owed than the seat keeps: the rest is in the ledger, and comes back when there is room.
    #[serde(default)]
    pub owes_more: bool,
    /// The file on the screen.
    pub open: Option<OpenFile>,
    /// The call without a file that the agent settles now.
    #[serde(default)]
    pub focus: Option<CallId>,
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
    /// Whether the agent may work in it.
    #[serde(default)]
    pub lock: Lock,
    /// The colleague who handed the call over.
    #[serde(default)]
    pub given_by: Option<Personal<String>>,
}

/// Who may work in an open file: one agent at a time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lock {
    /// Nobody has it: the first who acts does.
    #[default]
    Free,
    /// This seat, since.
    Held(Timestamp),
    /// A colleague: it can be read only.
    Other(Holder),
}

/// The colleague who has a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Who.
    pub agent: AgentId,
    /// The name.
    pub name: Personal<String>,
    /// Since when.
    pub since: Timestamp,
    /// It was taken over from this seat.
    pub took_over: bool,
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
    /// The PBX did not take the presence over into a queue.
    QueueRefused {
        /// The queue.
        queue: String,
        /// The PBX's own words.
        words: String,
    },
    /// A colleague took the file over.
    TakenOver {
        /// Who.
        by: Personal<String>,
    },
    /// The file that could only be read is free now.
    FileFree,
    /// A colleague has the call, the file and the notes now.
    HandedOver {
        /// Who has it.
        to: Personal<String>,
        /// Whose call it is.
        who: Personal<String>,
    },
    /// A call that was sent to a colleague did not get there, and is still here.
    NotHandedOver {
        /// Why.
        reason: EndReason,
    },
    /// The exchange takes no keys.
    KeysRefused,
    /// A supervisor settled a call.
    SettledBy {
        /// Who did it.
        by: Personal<String>,
        /// Whose call it was.
        who: Personal<String>,
    },
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
            presence_by: PresenceBy::Nobody,
            members: Vec::new(),
            target: None,
            phones_away: BTreeSet::new(),
            phone: None,
            calls: Vec::new(),
            owes_more: false,
            open: None,
            focus: None,
            has_draft: false,
            notice: None,
            file_version: 0,
        }
    }

    /// The PBX reaches none of its phones.
    #[must_use]
    pub fn is_phone_away(&self) -> bool {
        self.profile.lines().all(|line| self.phones_away.contains(line))
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
            DeskCallState::Talking => 0,
            // Whoever waits while a colleague is asked: the colleague is the one who is heard.
            DeskCallState::Originating | DeskCallState::Dialling | DeskCallState::RingingFar => 1,
            DeskCallState::Held => 2,
            DeskCallState::Ringing => 3,
            DeskCallState::Ended(_) if Some(&call.id) == self.focus.as_ref() => 4,
            DeskCallState::Ended(_) if call.handed_to.is_some() => 7,
            DeskCallState::Ended(_) if Some(&call.id) == open => 5,
            DeskCallState::Ended(_) => 6,
        };
        self.calls.iter().min_by_key(|call| rank(call))
    }

    /// Another live call than the main one; or the main one, when another file is on the screen than its own.
    #[must_use]
    pub fn waiting_call(&self) -> Option<&DeskCall> {
        let main = self.main_call();
        let other = self.calls.iter().find(|call| call.is_live() && Some(&call.id) != main.map(|main| &main.id));
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
        } else if self.calls.iter().any(DeskCall::is_owed) {
            Activity::WrapUp
        } else {
            Activity::Presence(self.presence)
        }
    }

    /// The agent works on this file: another call must not take its place.
    #[must_use]
    pub fn is_busy_with_file(&self) -> bool {
        let Some(open) = self.open.as_ref().filter(|open| !matches!(open.lock, Lock::Other(_))) else { return false };
        let has_call = || open.call.as_ref().and_then(|call| self.call(call)).is_some_and(|call| call.handed_to.is_none());
        self.has_draft || has_call()
    }

    /// The ledger says that a call is owed here.
    pub fn owes(&mut self, call: DeskCall) {
        if self.call(&call.id).is_some() {
            return;
        }
        if self.calls.len() < SEAT_CALLS_MAX {
            self.calls.push(call);
        } else {
            self.owes_more = true;
        }
    }

    /// The calls whose outcome is owed, oldest first.
    pub fn owed(&self) -> impl Iterator<Item = &DeskCall> {
        let mut owed: Vec<&DeskCall> = self.calls.iter().filter(|call| call.is_owed()).collect();
        owed.sort_by_key(|call| call.wrap_since);
        owed.into_iter()
    }
}
