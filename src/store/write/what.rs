//! The writes as data.

use std::sync::Arc;

use chrono::NaiveDate;

use super::imports::{self, DebtorImport, ImportBegin, InvoiceImport};
use super::recordings::{self, RecordingWrite};
use super::{Settlement, accounts, calls, debts, outcomes, quality};
use crate::clock::Timestamp;
use crate::collection::money::Cents;
use crate::collection::outcome::FollowUpKind;
use crate::desk::seat::Seat;
use crate::ids::{AgentId, CallId, CaseId, CreditorId, DebtorId, EntryId, Extension, PhoneNumber};
use crate::personal::Personal;
use crate::store::error::StoreError;
use crate::store::pool::Tx;
use crate::telephony::calls::event::CallEvent;
use crate::telephony::media::quality::CallQuality;

/// Something to write. Writing it twice is harmless.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "nearly every write is an event of a call")]
pub enum Write {
    /// An event of a call, with the agent at its leg, under a key that is never used again.
    CallEvent {
        /// The key.
        key: String,
        /// The event.
        event: CallEvent,
        /// The agent whose phone it was.
        agent: Option<AgentId>,
        /// The outside number, where it could be read.
        number: Option<PhoneNumber>,
    },
    /// Which case a call is about.
    LinkCall(CallId, CaseId),
    /// No outcome is owed for a call: nobody was reached, or a colleague.
    WaiveOutcome(CallId),
    /// Why no outcome is written for a call that owes one.
    Settle(Settlement),
    /// Who answered a call that was handed over.
    HandOver(CallId, AgentId),
    /// What an agent typed goes to a colleague.
    MoveDraft {
        /// Who typed it.
        from: AgentId,
        /// Who gets it.
        to: AgentId,
        /// The case.
        case: CaseId,
    },
    /// A stretch of which we know nothing.
    Gap {
        /// The key.
        key: String,
        /// `link` or `journal`.
        kind: &'static str,
        /// Its beginning.
        from: Timestamp,
        /// Its end.
        to: Option<Timestamp>,
        /// Events that were lost, as far as known.
        events_lost: u64,
        /// Why.
        why: String,
    },
    /// The PBX is in sight: every gap in the link ends here.
    GapsEnd(Timestamp),
    /// The PBX was in sight then.
    Sight(Timestamp),
    /// A seat as it is now.
    Seat(Arc<Seat>),
    /// Nobody sits there.
    SeatGone(AgentId),
    /// Calls that the database believes live, while the PBX has them not.
    CloseGhosts {
        /// When that was found.
        now: Timestamp,
        /// When the snapshot was asked for: later calls are not judged by it.
        since: Timestamp,
        /// The calls that live.
        live: Vec<CallId>,
        /// Judged are those whose id begins so; all, where none is said.
        only: Option<&'static str>,
    },
    /// What an agent typed.
    Draft(DraftSave),
    /// What came of a call.
    Outcome(Box<OutcomeSave>),
    /// A number belongs to a debtor.
    AttachNumber(DebtorId, PhoneNumber),
    /// About a recording.
    Recording(RecordingWrite),
    /// How a call was heard.
    Quality(CallId, CallQuality),
    /// A user, new or changed.
    User(UserSave),
    /// Further phones of a user.
    Devices(AgentId, Vec<Extension>),
    /// Another password. It ends the user's sessions.
    Password(AgentId, Personal<String>),
    /// Disabled or enabled again. Disabling ends the sessions.
    Disable(AgentId, bool),
    /// Another language.
    Language(AgentId, String),
    /// A new session.
    SessionOpen(SessionOpen),
    /// A session was used.
    SessionSeen(String, Timestamp),
    /// A session ends.
    SessionClose(String),
    /// An import begins.
    ImportBegin(ImportBegin),
    /// Some debtors of an import.
    ImportDebtors(Vec<DebtorImport>),
    /// Some invoices of an import.
    ImportInvoices(i64, Vec<InvoiceImport>),
    /// What a complete list does not name any more is settled.
    ImportSettleMissing(i64),
    /// An import ends.
    ImportEnd(i64),
}

/// What a write changes of the answer to "whose number is it?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Touched {
    Nothing,
    Number(PhoneNumber),
    /// Many numbers, names or open invoices.
    Lists,
}

impl Write {
    /// Its kind, for a log that must hold no personal data.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::CallEvent { .. } => "call event",
            Self::LinkCall(..) | Self::WaiveOutcome(_) | Self::HandOver(..) => "link",
            Self::Settle(_) => "settlement",
            Self::Gap { .. } | Self::GapsEnd(_) | Self::Sight(_) => "gap",
            Self::Seat(_) | Self::SeatGone(_) => "seat",
            Self::CloseGhosts { .. } => "ghosts",
            Self::Draft(_) | Self::MoveDraft { .. } => "draft",
            Self::Outcome(_) => "outcome",
            Self::AttachNumber(..) => "number",
            Self::Recording(_) => "recording",
            Self::Quality(..) => "quality",
            Self::User(_) | Self::Devices(..) | Self::Password(..) | Self::Disable(..) | Self::Language(..) => "user",
            Self::SessionOpen(_) | Self::SessionSeen(..) | Self::SessionClose(_) => "session",
            Self::ImportBegin(_) | Self::ImportDebtors(_) | Self::ImportInvoices(..) | Self::ImportSettleMissing(..) | Self::ImportEnd(_) => "import",
        }
    }

    /// It changes what is open, agreed or tried of a case, and so who is called next.
    pub(in crate::store) const fn changes_cases(&self) -> bool {
        matches!(self, Self::Outcome(_) | Self::ImportDebtors(_) | Self::ImportInvoices(..) | Self::ImportSettleMissing(_))
    }

    /// What it changes of the answer to "whose number is it?". Whatever changes the state of a number, the name of a
    /// debtor, a case or whether it has an open invoice must say so here, or the numbers in memory go stale.
    pub(in crate::store) const fn touched(&self) -> Touched {
        match self {
            Self::AttachNumber(_, number) => Touched::Number(*number),
            Self::Outcome(outcome) => match outcome.wrong_number {
                Some(number) => Touched::Number(number),
                None => Touched::Nothing,
            },
            Self::ImportDebtors(_) | Self::ImportInvoices(..) | Self::ImportSettleMissing(_) => Touched::Lists,
            Self::CallEvent { .. }
            | Self::LinkCall(..)
            | Self::WaiveOutcome(_)
            | Self::Settle(_)
            | Self::HandOver(..)
            | Self::MoveDraft { .. }
            | Self::Gap { .. }
            | Self::GapsEnd(_)
            | Self::Sight(_)
            | Self::Seat(_)
            | Self::SeatGone(_)
            | Self::CloseGhosts { .. }
            | Self::Draft(_)
            | Self::Recording(_)
            | Self::Quality(..)
            | Self::User(_)
            | Self::Devices(..)
            | Self::Password(..)
            | Self::Disable(..)
            | Self::Language(..)
            | Self::SessionOpen(_)
            | Self::SessionSeen(..)
            | Self::SessionClose(_)
            | Self::ImportBegin(_)
            | Self::ImportEnd(_) => Touched::Nothing,
        }
    }
}

/// What came of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It is there.
    Done,
    /// The version of the draft.
    Version(i64),
    /// The ledger entry; `repeated` when it stood there already.
    Entry {
        /// The entry.
        id: EntryId,
        /// It stood there.
        repeated: bool,
    },
    /// A user's id.
    User(AgentId),
    /// An import and its creditor.
    Import(i64, CreditorId),
    /// How many rows were new, changed and as they were, and those that could not be taken, each with why.
    Rows {
        /// New.
        added: u64,
        /// Changed.
        changed: u64,
        /// As they were.
        same: u64,
        /// Not taken: the line in the file, and why.
        refused: Vec<(u64, &'static str)>,
    },
    /// How many invoices were settled.
    Settled(u64),
}

/// What an agent typed for a case.
#[derive(Debug, Clone)]
pub struct DraftSave {
    /// Who.
    pub agent: AgentId,
    /// For which case.
    pub case: CaseId,
    /// The version that the page had.
    pub version: i64,
    /// When.
    pub at: Timestamp,
    /// The whole form as JSON.
    pub form: Personal<String>,
}

/// An outcome for the ledger.
#[derive(Debug, Clone)]
pub struct OutcomeSave {
    /// The idempotency key.
    pub key: String,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub agent: AgentId,
    /// The case.
    pub case: CaseId,
    /// The calls that it settles; the entry names the first.
    pub calls: Vec<CallId>,
    /// The code of the outcome.
    pub code: &'static str,
    /// What was promised, said to be paid or disputed.
    pub amount: Option<Cents>,
    /// Ids, amounts, dates and codes as JSON.
    pub detail: String,
    /// Names and free text, by field.
    pub texts: Vec<(&'static str, Personal<String>)>,
    /// What must be done next.
    pub follow_up: Option<FollowUpRow>,
    /// A person was spoken: what was to be done to reach one is done.
    pub human: bool,
    /// The right person was spoken: everything agreed before is superseded.
    pub rpc: bool,
    /// It counts as an attempt.
    pub attempt: bool,
    /// Invoices that are disputed now.
    pub disputed: Vec<i64>,
    /// A number that is not this debtor's.
    pub wrong_number: Option<PhoneNumber>,
    /// The entry that this one corrects.
    pub corrects: Option<EntryId>,
}

/// What must be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUpRow {
    /// What.
    pub kind: FollowUpKind,
    /// On which day of the office.
    pub due_on: NaiveDate,
    /// At which instant, where one was agreed.
    pub due_at: Option<Timestamp>,
    /// How much.
    pub amount: Option<Cents>,
    /// At which number.
    pub number: Option<PhoneNumber>,
}

/// A user.
#[derive(Debug, Clone)]
pub struct UserSave {
    /// `None` for a new one.
    pub id: Option<AgentId>,
    /// What is typed to sign in; lower case.
    pub login: String,
    /// The name that others see.
    pub name: String,
    /// `agent`, `supervisor` or `admin`.
    pub role: &'static str,
    /// The phone.
    pub extension: Option<Extension>,
    /// `nl` or `en`.
    pub language: String,
    /// The argon2id hash; only looked at for a new user.
    pub password_hash: Personal<String>,
    /// When.
    pub at: Timestamp,
}

/// A session.
#[derive(Debug, Clone)]
pub struct SessionOpen {
    /// SHA-256 of the token, in hexadecimal.
    pub token_hash: String,
    /// Whose.
    pub user: AgentId,
    /// Since when.
    pub at: Timestamp,
    /// Until when.
    pub expires: Timestamp,
}

/// Puts a write into the tables.
pub(in crate::store) async fn apply(tx: &mut Tx, write: &Write) -> Result<Written, StoreError> {
    match write {
        Write::CallEvent { key, event, agent, number } => calls::event(tx, key, event, *agent, *number).await,
        Write::LinkCall(call, case) => calls::link(tx, call, *case).await,
        Write::WaiveOutcome(call) => calls::waive(tx, call).await,
        Write::Settle(settlement) => debts::settle(tx, settlement).await,
        Write::HandOver(call, to) => debts::hand_over(tx, call, *to).await,
        Write::MoveDraft { from, to, case } => debts::move_draft(tx, *from, *to, *case).await,
        Write::Gap { key, kind, from, to, events_lost, why } => calls::gap(tx, key, kind, *from, *to, *events_lost, why).await,
        Write::GapsEnd(at) => calls::gaps_end(tx, *at).await,
        Write::Sight(at) => calls::sight(tx, *at).await,
        Write::Seat(seat) => calls::seat(tx, seat).await,
        Write::SeatGone(agent) => calls::seat_gone(tx, *agent).await,
        Write::CloseGhosts { now, since, live, only } => calls::close_ghosts(tx, *now, *since, live, only.unwrap_or_default()).await,
        Write::Draft(draft) => outcomes::draft(tx, draft).await,
        Write::Outcome(outcome) => outcomes::outcome(tx, outcome).await,
        Write::AttachNumber(debtor, number) => outcomes::attach(tx, *debtor, *number).await,
        Write::Recording(write) => recordings::apply(tx, write).await,
        Write::Quality(call, quality) => quality::heard(tx, call, quality).await,
        Write::User(user) => accounts::user(tx, user).await,
        Write::Devices(user, devices) => accounts::devices(tx, *user, devices).await,
        Write::Password(user, hash) => accounts::password(tx, *user, hash).await,
        Write::Disable(user, disabled) => accounts::disable(tx, *user, *disabled).await,
        Write::Language(user, language) => accounts::language(tx, *user, language).await,
        Write::SessionOpen(session) => accounts::session_open(tx, session).await,
        Write::SessionSeen(token, at) => accounts::session_seen(tx, token, *at).await,
        Write::SessionClose(token) => accounts::session_close(tx, token).await,
        Write::ImportBegin(import) => imports::begin(tx, import).await,
        Write::ImportDebtors(rows) => imports::debtors(tx, rows).await,
        Write::ImportInvoices(import, rows) => imports::invoices(tx, *import, rows).await,
        Write::ImportSettleMissing(import) => imports::settle_missing(tx, *import).await,
        Write::ImportEnd(import) => imports::end(tx, *import).await,
    }
}
