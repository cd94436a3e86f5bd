//! What the middle of the desk shows: the file of one case, in the order in which it must be seen.

use askama::Template;

use crate::web::texts::Texts;

/// A reason not to go on as usual: do not call, dispute, insolvency, outside hours ...
#[derive(Debug, Clone, PartialEq)]
pub struct Stop {
    /// "Niet bellen".
    pub title: String,
    /// Why, and what to do now.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DebtorKind {
    Business,
    Consumer,
}

impl DebtorKind {
    /// Ends the text key `kind-...`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Consumer => "consumer",
        }
    }
}

/// How sure we are that this file belongs to the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchCertainty {
    /// There is no call yet: the agent opened the file.
    Opened,
    /// The number belongs to this debtor only.
    Unique,
    /// The agent chose it out of several debtors with this number.
    Chosen,
    /// The number was unknown, and the agent attached it.
    Attached,
    /// Several cases have this number; the caller dialled that of one creditor.
    Dialled,
}

impl MatchCertainty {
    /// Ends the text key `match-...`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Unique => "unique",
            Self::Chosen => "chosen",
            Self::Attached => "attached",
            Self::Dialled => "dialled",
        }
    }
}

/// Who this is.
#[derive(Debug, Clone, PartialEq)]
pub struct Who {
    pub name: String,
    pub kind: DebtorKind,
    pub reference: String,
    pub creditor: String,
    /// The language to speak, in words: "Nederlands".
    pub language: String,
    pub certainty: MatchCertainty,
    /// The person to speak or who calls: "mw. De Vries, boekhouding".
    pub contact: Option<String>,
}

/// The promise that counts now.
#[derive(Debug, Clone, PartialEq)]
pub enum PromiseState {
    None,
    /// `due` "do 26 nov", `words` "over 3 dagen".
    Open {
        amount: String,
        due: String,
        words: String,
    },
    /// `due` "do 12 nov", `words` "11 dagen geleden".
    Broken {
        amount: String,
        due: String,
        words: String,
    },
}

/// What the debtor said last.
#[derive(Debug, Clone, PartialEq)]
pub struct LastWords {
    pub quote: String,
    pub date: String,
    pub agent: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceState {
    /// Not yet due.
    Open,
    Overdue,
    Promised,
    Disputed,
    Paid,
}

impl InvoiceState {
    /// Ends the text key `invoice-...` and the style class.
    pub fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Overdue => "overdue",
            Self::Promised => "promised",
            Self::Disputed => "disputed",
            Self::Paid => "paid",
        }
    }

    pub fn sign(self) -> &'static str {
        match self {
            Self::Open => "○",
            Self::Overdue => "▲",
            Self::Promised => "◷",
            Self::Disputed => "✕",
            Self::Paid => "✓",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct InvoiceRow {
    pub number: String,
    pub issued: String,
    pub due: String,
    /// 0 or less: not late.
    pub days_late: i64,
    pub amount: String,
    pub open: String,
    pub order_no: Option<String>,
    pub state: InvoiceState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberState {
    Usable,
    /// Someone else's: never dialled again for this debtor.
    Wrong,
    /// Out of use.
    Dead,
}

impl NumberState {
    /// Ends the text key `number-...`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Usable => "usable",
            Self::Wrong => "wrong",
            Self::Dead => "dead",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct NumberRow {
    /// What is posted: "+447700900123".
    pub value: String,
    /// What is shown: "+44 7700 900123".
    pub shown: String,
    pub state: NumberState,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ContactRow {
    /// `None` for the debtor's general numbers.
    pub name: Option<String>,
    pub role: Option<String>,
    pub numbers: Vec<NumberRow>,
}

/// What happened before: a call, an outcome, a note.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineRow {
    pub when: String,
    pub who: String,
    /// "Uitgaand gesprek, 2:10", "Betaaltoezegging".
    pub what: String,
    pub text: Option<String>,
    /// The call whose recording this agent may play.
    pub recording: Option<String>,
}

/// The file of one case.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    pub case: String,
    /// `data-key`: differs when another file (or the same for another call) is opened.
    pub key: String,
    pub stops: Vec<Stop>,
    pub who: Who,
    /// "€ 1.234,56".
    pub overdue: String,
    pub oldest_days: i64,
    pub open_invoices: i64,
    /// "Fase 2: aanmaning".
    pub stage: String,
    /// "Zakelijk en vriendelijk".
    pub tone: String,
    pub promise: PromiseState,
    pub last_words: Option<LastWords>,
    pub invoices: Vec<InvoiceRow>,
    pub contacts: Vec<ContactRow>,
    pub timeline: Vec<TimelineRow>,
    /// Why this debtor may not be dialled now ("Buiten beltijden: vanaf ma 08:00"); dialling is off then.
    pub no_dial: Option<String>,
    /// "Doorverbonden door Anna de Boer".
    pub given_by: Option<String>,
    /// "Anna de Boer heeft dit dossier open sinds 10:04": it can only be read.
    pub locked_by: Option<String>,
}

impl File {
    /// The number that D dials.
    pub fn first(&self) -> Option<&NumberRow> {
        self.contacts.iter().flat_map(|contact| &contact.numbers).find(|number| number.state == NumberState::Usable)
    }
}

/// The part `file`; `None` shows what will appear there and how.
#[derive(Debug, Clone, Template)]
#[template(path = "agent/file.html")]
pub struct FilePart<'a> {
    pub t: &'static Texts,
    pub file: Option<&'a File>,
}
