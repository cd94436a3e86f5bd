//! What the agent's desk shows: the call bar, the work list and the file. Plain values, ready to be shown:
//! dates, amounts and numbers are already in the reader's language. The conversation is in `form`.

use askama::Template;

pub use super::form::*;
pub use super::link::Link;
use super::owed::OwedRow;
use super::phone::PhoneView;
pub use super::whose::*;
use crate::web::recordings::view::Mark;
use crate::web::texts::Texts;

/// Why an agent is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseReason {
    Break,
    Lunch,
    Consultation,
    Administration,
    Training,
    /// Dialled on the phone.
    Phone,
}

impl PauseReason {
    /// What can be chosen on the page.
    pub const ALL: [Self; 5] = [Self::Break, Self::Lunch, Self::Consultation, Self::Administration, Self::Training];

    /// The value posted as `reason`; ends the text key `pause-...`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Break => "pauze",
            Self::Lunch => "lunch",
            Self::Consultation => "overleg",
            Self::Administration => "administratie",
            Self::Training => "training",
            Self::Phone => "phone",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

/// What an agent is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Offline,
    Ready,
    Paused(PauseReason),
    Ringing,
    Talking,
    WrapUp,
}

impl Presence {
    /// Ends the text key `presence-...` and the style class.
    pub fn code(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Ready => "ready",
            Self::Paused(_) => "paused",
            Self::Ringing => "ringing",
            Self::Talking => "talking",
            Self::WrapUp => "wrap-up",
        }
    }

    /// The sign beside the word, so that colour is never alone.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Offline => "○",
            Self::Ready => "✓",
            Self::Paused(_) => "‖",
            Self::Ringing => "◉",
            Self::Talking => "●",
            Self::WrapUp => "✎",
        }
    }

    /// From where the agent can go ready by hand; ends the text key `presence-go-ready-...`.
    pub fn ready_from(self) -> Option<&'static str> {
        matches!(self, Self::Offline | Self::Paused(_)).then_some(self.code())
    }

    /// The word, with the reason of a pause: "Pauze: lunch".
    pub fn words(self, t: &Texts) -> String {
        match self {
            Self::Paused(reason) => t.a("presence-paused-because", &t.k("pause-", reason.code())),
            other => t.k("presence-", other.code()),
        }
    }
}

/// Who called whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Inbound,
    Outbound,
}

impl Direction {
    /// Ends the text key `direction-...`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }

    pub fn sign(self) -> &'static str {
        match self {
            Self::Inbound => "↙",
            Self::Outbound => "↗",
        }
    }
}

/// Where the call on the screen is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallState {
    /// We dial: the agent's own phone rings first.
    Originating,
    /// The agent has picked up, the debtor's phone rings.
    RingingFar,
    /// Someone calls the agent.
    Ringing,
    Talking,
    Held,
    /// It is over; `Call::ended_words` says how.
    Ended,
}

impl CallState {
    /// Ends the text key `call-...`, and is `data-call` on the body.
    pub fn code(self) -> &'static str {
        match self {
            Self::Originating => "originating",
            Self::RingingFar => "ringing-far",
            Self::Ringing => "ringing",
            Self::Talking => "talking",
            Self::Held => "held",
            Self::Ended => "ended",
        }
    }
}

/// A clock that the page ticks by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer {
    pub elapsed_ms: i64,
    pub running: bool,
}

/// The clocks of a call; `None` when that part has not been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timers {
    pub ring: Option<Timer>,
    pub talk: Option<Timer>,
    pub hold: Option<Timer>,
    pub wrap: Option<Timer>,
}

impl Timers {
    /// The clocks to show with the end of their text key `timer-...`.
    pub fn shown(&self) -> impl Iterator<Item = (&'static str, Timer)> {
        [("ring", self.ring), ("talk", self.talk), ("hold", self.hold), ("wrap", self.wrap)]
            .into_iter()
            .filter_map(|(name, timer)| timer.map(|timer| (name, timer)))
    }
}

/// The call on the screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub id: String,
    pub state: CallState,
    pub direction: Direction,
    /// The name, else the number, else "Nummer afgeschermd".
    pub who: String,
    /// As it is written for people; `None` when withheld or when `who` is the number.
    pub number: Option<String>,
    pub queue: Option<String>,
    /// The creditor whose number was dialled.
    pub creditor: Option<String>,
    /// The colleague who handed it over.
    pub given_by: Option<String>,
    /// How it ended, in words ("Bezet", "Niet opgenomen"); only shown when `state` is `Ended`.
    pub ended_words: String,
    pub timers: Timers,
    /// Shows the button that ends the call.
    pub can_hang_up: bool,
    /// Shows that the call is controlled at the phone: the page only watches it.
    pub on_phone_only: bool,
    /// How far its recording is; `None` when it is not recorded.
    pub recording: Option<Mark>,
    /// Shows "Neem op met uw telefoon": this phone cannot be answered from the page.
    pub answer_on_phone: bool,
}

/// A second call that waits; it never replaces the first by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitingCall {
    pub call: String,
    /// What "Openen" opens; `None` shows the call without the button.
    pub case: Option<String>,
    pub who: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    Info,
    Warning,
    Error,
}

impl NoticeKind {
    /// The style class; ends the text key `notice-...` (read aloud).
    pub fn code(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    pub fn sign(self) -> &'static str {
        match self {
            Self::Info => "i",
            Self::Warning => "▲",
            Self::Error => "✕",
        }
    }
}

/// One line about something that just happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub kind: NoticeKind,
    pub text: String,
}

/// The bar on top, always in view.
#[derive(Debug, Clone, PartialEq)]
pub struct CallBar {
    pub link: Link,
    /// Since when the link is in this state: "10:02".
    pub link_since: Option<String>,
    /// Since when the database does not answer.
    pub ledger_since: Option<String>,
    pub agent_name: String,
    pub extension: String,
    pub presence: Presence,
    /// Calls without an outcome; shown beside "Afronden".
    pub owed: usize,
    pub call: Option<Call>,
    pub waiting: Option<WaitingCall>,
    pub notice: Option<Notice>,
    pub chooser: Option<Chooser>,
    pub attach: Option<Attach>,
    /// The phone in the browser, where that is the agent's.
    pub phone: Option<PhoneView>,
}

impl CallBar {
    /// `data-call`: the state of the call on the screen, or "none".
    pub fn call_code(&self) -> &'static str {
        self.call.as_ref().map_or("none", |call| call.state.code())
    }

    pub fn is_connected(&self) -> bool {
        matches!(self.link, Link::Connected | Link::PhoneAway)
    }

    pub fn pause_reasons(&self) -> [PauseReason; 5] {
        PauseReason::ALL
    }
}

/// One case to call, with one sentence that says why now.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkItem {
    pub case: String,
    pub name: String,
    pub why: String,
    pub amount: String,
    /// Days that the oldest invoice is late; 0 or less shows no days.
    pub days: i64,
    /// Its file is the one on the screen.
    pub selected: bool,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Worklist {
    pub items: Vec<WorkItem>,
    /// How many more there are than `items` shows.
    pub more: i64,
}

/// One debtor found by the search. Never an amount here.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchResult {
    pub case: String,
    pub name: String,
    pub reference: String,
    pub creditor: String,
    pub city: Option<String>,
    /// What "Bel" dials; `None` shows no button.
    pub number: Option<NumberRow>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SearchResults {
    pub query: String,
    pub results: Vec<SearchResult>,
    /// There were more than are shown.
    pub more: bool,
    /// The call whose number is to be attached: offers "Koppel nummer" in place of opening.
    pub attach_call: Option<String>,
}

/// The whole page of the desk.
#[derive(Debug, Clone, Template)]
#[template(path = "agent/page.html")]
pub struct DeskPage<'a> {
    pub t: &'static Texts,
    /// The tab's title, which a ringing call changes.
    pub title: &'a str,
    /// The number of the last live view that is already in this page.
    pub seq: u64,
    /// All of this is practice.
    pub practice: bool,
    /// Shows the way to practice.
    pub practice_at: Option<&'a str>,
    /// Shows the way to the supervisors' floor.
    pub can_floor: bool,
    /// Shows the way to the users.
    pub can_admin: bool,
    pub bar: &'a CallBar,
    pub owed: &'a [OwedRow],
    pub worklist: &'a Worklist,
    pub file: Option<&'a File>,
    pub conversation: Option<&'a Conversation>,
    pub reading: Option<&'a Reading>,
}

/// The part `call-bar`.
#[derive(Debug, Clone, Template)]
#[template(path = "agent/call_bar.html")]
pub struct CallBarPart<'a> {
    pub t: &'static Texts,
    pub bar: &'a CallBar,
}

/// The part `worklist`.
#[derive(Debug, Clone, Template)]
#[template(path = "agent/worklist.html")]
pub struct WorklistPart<'a> {
    pub t: &'static Texts,
    pub worklist: &'a Worklist,
}

/// The answer to `GET /desk/search`.
#[derive(Debug, Clone, Template)]
#[template(path = "agent/search_results.html")]
pub struct SearchResultsPart<'a> {
    pub t: &'static Texts,
    pub search: &'a SearchResults,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::texts::Language;

    #[test]
    fn every_code_has_its_words() {
        let mut keys: Vec<String> = Vec::new();
        keys.extend([Link::Connected, Link::Connecting, Link::Behind, Link::PhoneAway, Link::Lost].map(|v| format!("link-{}", v.code())));
        keys.extend(PauseReason::ALL.map(|v| format!("pause-{}", v.code())));
        keys.push(format!("pause-{}", PauseReason::Phone.code()));
        keys.extend(["offline", "ready", "ringing", "talking", "wrap-up"].map(|v| format!("presence-{v}")));
        keys.extend(["originating", "ringing", "talking", "held", "ended"].map(|v| format!("call-{v}")));
        keys.extend(["ring", "talk", "hold", "wrap"].map(|v| format!("timer-{v}")));
        keys.extend(["opened", "unique", "chosen", "attached", "dialled"].map(|v| format!("match-{v}")));
        keys.extend(["open", "overdue", "promised", "disputed", "paid"].map(|v| format!("invoice-is-{v}")));
        for choice in SPOKEN.iter().chain(&NOT_SPOKEN) {
            keys.extend(["outcome-", "outcome-short-"].map(|prefix| format!("{prefix}{}", choice.code)));
        }
        keys.extend(METHODS.map(|v| format!("method-{v}")));
        keys.extend(DISPUTE_REASONS.map(|v| format!("dispute-{v}")));
        keys.extend(EXCUSES.map(|v| format!("excuse-{v}")));
        keys.extend(EXCUSES.map(|v| format!("excuse-ask-{v}")));
        for language in Language::ALL {
            for key in &keys {
                assert_ne!(&Texts::of(language).t(key), key, "{language:?} misses {key}");
            }
        }
    }
}
