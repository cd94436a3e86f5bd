//! The file of a case, the drafts, and the open cases for the work list.

use chrono::NaiveDate;

use crate::clock::Timestamp;
use crate::collection::money::Cents;
use crate::collection::outcome::FollowUpKind;
use crate::desk::worklist::{FollowUpDue, OpenCase};
use crate::ids::{AgentId, CallId, CaseId, ContactId, DebtorId, InvoiceId, PhoneNumber};
use crate::personal::Personal;
use crate::store::error::StoreError;
use crate::store::pool::Store;

/// Entries of the timeline that a file shows.
const TIMELINE_MAX: usize = 50;

/// Everything that the agent's page shows of a case.
#[derive(Debug, Clone)]
pub struct CaseFile {
    /// The case.
    pub case: CaseId,
    /// The debtor.
    pub debtor: DebtorId,
    /// The debtor's name.
    pub name: Personal<String>,
    /// `business` or `consumer`.
    pub kind: String,
    /// The language to speak.
    pub language: String,
    /// The debtor number.
    pub reference: String,
    /// The creditor's name.
    pub creditor: String,
    /// The town.
    pub city: String,
    /// The dunning stage.
    pub stage: i64,
    /// Not settled invoices, oldest due date first.
    pub invoices: Vec<Invoice>,
    /// People.
    pub contacts: Vec<Contact>,
    /// Numbers.
    pub numbers: Vec<Number>,
    /// What was agreed and is open.
    pub follow_up: Option<OpenFollowUp>,
    /// What happened before, newest first.
    pub timeline: Vec<Happened>,
}

/// An invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// The id.
    pub id: InvoiceId,
    /// The number on it.
    pub number: String,
    /// Its date.
    pub issued_on: NaiveDate,
    /// Its due date.
    pub due_on: NaiveDate,
    /// The whole amount.
    pub amount: Cents,
    /// What is open.
    pub open: Cents,
    /// The customer's order number.
    pub order_no: String,
    /// It is disputed: not to be asked for.
    pub disputed: bool,
}

/// A person at the debtor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The id.
    pub id: ContactId,
    /// The name.
    pub name: Personal<String>,
    /// Accounts payable, buyer, owner ...
    pub role: String,
}

/// A telephone number of the debtor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// The number.
    pub number: PhoneNumber,
    /// Whose.
    pub contact: Option<ContactId>,
    /// `usable`, `wrong` or `dead`.
    pub state: String,
}

/// Something agreed that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenFollowUp {
    /// What.
    pub kind: FollowUpKind,
    /// For which day.
    pub due_on: NaiveDate,
    /// How much.
    pub amount: Option<Cents>,
}

/// Something in the timeline of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub agent: Personal<String>,
    /// An outcome's code.
    pub code: String,
    /// How much.
    pub amount: Option<Cents>,
    /// Its dates and choices.
    pub detail: serde_json::Value,
    /// The notes.
    pub notes: Option<Personal<String>>,
    /// The direction of its call and for how long they talked, in microseconds.
    pub call: Option<(String, i64)>,
    /// That call.
    pub call_id: Option<CallId>,
}

#[derive(sqlx::FromRow)]
struct CaseRow {
    debtor_id: i64,
    name: String,
    kind: String,
    language: String,
    reference: String,
    creditor: String,
    city: String,
    stage: i64,
}

#[derive(sqlx::FromRow)]
struct HappenedRow {
    at: i64,
    agent: String,
    code: String,
    amount_cents: Option<i64>,
    detail: String,
    notes: Option<String>,
    call_id: Option<String>,
    direction: Option<String>,
    talked: Option<i64>,
}

fn day(table: &'static str, text: &str) -> Result<NaiveDate, StoreError> {
    text.parse().map_err(|_| StoreError::Unreadable { table, why: "a date".to_owned() })
}

fn number(value: i64) -> Result<PhoneNumber, StoreError> {
    PhoneNumber::from_i64(value).map_err(|_| StoreError::Unreadable { table: "numbers", why: "a number".to_owned() })
}

impl Store {
    /// The file of a case.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn case_file(&self, case: CaseId) -> Result<Option<CaseFile>, StoreError> {
        let row = fetch_one!(
            self,
            CaseRow,
            "SELECT debtors.id AS debtor_id, debtors.name AS name, kind, language, reference, creditors.name AS creditor, city, stage
             FROM cases JOIN debtors ON debtors.id = cases.debtor_id JOIN creditors ON creditors.id = cases.creditor_id WHERE cases.id = $1",
            case.0
        )?;
        let Some(row) = row else { return Ok(None) };
        let debtor = DebtorId(row.debtor_id);
        Ok(Some(CaseFile {
            case,
            debtor,
            name: row.name.into(),
            kind: row.kind,
            language: row.language,
            reference: row.reference,
            creditor: row.creditor,
            city: row.city,
            stage: row.stage,
            invoices: self.invoices(case).await?,
            contacts: self.contacts(debtor).await?,
            numbers: self.numbers(debtor).await?,
            follow_up: self.open_follow_up(case).await?,
            timeline: self.timeline(case).await?,
        }))
    }

    async fn invoices(&self, case: CaseId) -> Result<Vec<Invoice>, StoreError> {
        let rows = fetch_all!(
            self,
            (i64, String, String, String, i64, i64, String, String),
            "SELECT id, number, issued_on, due_on, amount_cents, open_cents, order_no, state FROM invoices
             WHERE case_id = $1 AND state <> 'settled' ORDER BY due_on, number LIMIT 500",
            case.0
        )?;
        let read = |(id, number, issued, due, amount, open, order_no, state): (i64, String, String, String, i64, i64, String, String)| {
            Ok(Invoice {
                id: InvoiceId(id),
                number,
                issued_on: day("invoices", &issued)?,
                due_on: day("invoices", &due)?,
                amount: Cents(amount),
                open: Cents(open),
                order_no,
                disputed: state == "disputed",
            })
        };
        rows.into_iter().map(read).collect()
    }

    async fn contacts(&self, debtor: DebtorId) -> Result<Vec<Contact>, StoreError> {
        let rows =
            fetch_all!(self, (i64, String, String), "SELECT id, name, role FROM contacts WHERE debtor_id = $1 ORDER BY id LIMIT 100", debtor.0)?;
        Ok(rows.into_iter().map(|(id, name, role)| Contact { id: ContactId(id), name: name.into(), role }).collect())
    }

    async fn numbers(&self, debtor: DebtorId) -> Result<Vec<Number>, StoreError> {
        let rows = fetch_all!(
            self,
            (i64, Option<i64>, String),
            "SELECT number, contact_id, state FROM numbers WHERE debtor_id = $1 ORDER BY id LIMIT 100",
            debtor.0
        )?;
        rows.into_iter().map(|(n, contact, state)| Ok(Number { number: number(n)?, contact: contact.map(ContactId), state })).collect()
    }

    async fn open_follow_up(&self, case: CaseId) -> Result<Option<OpenFollowUp>, StoreError> {
        let row = fetch_one!(
            self,
            (String, String, Option<i64>),
            "SELECT kind, due_on, amount_cents FROM follow_ups WHERE case_id = $1 AND state = 'open' ORDER BY kind = 'retry', due_on LIMIT 1",
            case.0
        )?;
        let Some((kind, due, amount)) = row else { return Ok(None) };
        let Some(kind) = FollowUpKind::parse(&kind) else { return Ok(None) };
        Ok(Some(OpenFollowUp { kind, due_on: day("follow_ups", &due)?, amount: amount.map(Cents) }))
    }

    async fn timeline(&self, case: CaseId) -> Result<Vec<Happened>, StoreError> {
        let rows = fetch_all!(
            self,
            HappenedRow,
            "SELECT ledger.at AS at, users.name AS agent, code, amount_cents, detail, COALESCE(texts.body, reasons.body) AS notes, calls.id AS call_id, calls.direction AS direction,
               CASE WHEN calls.answered_pbx IS NOT NULL AND calls.ended_pbx IS NOT NULL THEN calls.ended_pbx - calls.answered_pbx
                    ELSE calls.ended_seen - calls.answered_seen END AS talked
             FROM ledger JOIN users ON users.id = ledger.agent_id LEFT JOIN texts ON texts.entry_id = ledger.id AND texts.field = 'notes'
             LEFT JOIN texts reasons ON reasons.entry_id = ledger.id AND reasons.field = 'reason'
             LEFT JOIN calls ON calls.id = ledger.call_id WHERE ledger.case_id = $1 ORDER BY ledger.at DESC, ledger.id DESC LIMIT $2",
            case.0,
            i64::try_from(TIMELINE_MAX).unwrap_or(50)
        )?;
        Ok(rows
            .into_iter()
            .map(|row| Happened {
                at: Timestamp(row.at),
                agent: row.agent.into(),
                code: row.code,
                amount: row.amount_cents.map(Cents),
                detail: serde_json::from_str(&row.detail).unwrap_or_default(),
                notes: row.notes.map(Personal::new),
                call_id: row.call_id.as_deref().map(CallId::new),
                call: row.direction.map(|direction| (direction, row.talked.unwrap_or(0))),
            })
            .collect())
    }

    /// Whether an entry with this key stands in the ledger.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_entry(&self, key: &str) -> Result<bool, StoreError> {
        Ok(fetch_one!(self, (i64,), "SELECT id FROM ledger WHERE key = $1", key)?.is_some())
    }

    /// Which of these calls an entry of the ledger is about, or that owe none any more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_settled(&self, call: &CallId) -> Result<bool, StoreError> {
        let row = fetch_one!(self, (i64,), "SELECT owes_outcome FROM calls WHERE id = $1 AND ended_seen IS NOT NULL", call.as_str())?;
        Ok(row.is_some_and(|(owes,)| owes == 0))
    }

    /// What an agent typed for a case: version, when, and the form as JSON.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn draft(&self, agent: AgentId, case: CaseId) -> Result<Option<(i64, Timestamp, String)>, StoreError> {
        let row =
            fetch_one!(self, (i64, i64, String), "SELECT version, saved_at, form FROM drafts WHERE agent_id = $1 AND case_id = $2", agent.0, case.0)?;
        Ok(row.map(|(version, at, form)| (version, Timestamp(at), form)))
    }

    /// The open cases, for the order of the work list. Disputed invoices are not counted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_cases(&self, today: NaiveDate, zone: chrono_tz::Tz) -> Result<Vec<OpenCase>, StoreError> {
        let rows = fetch_all!(
            self,
            OpenCaseRow,
            "SELECT cases.id AS case_id, debtors.name AS name, cases.last_attempt_at AS last_attempt_at, COALESCE(owed.overdue, 0) AS overdue, COALESCE(owed.oldest, $1) AS oldest,
               (SELECT kind FROM follow_ups WHERE case_id = cases.id AND state = 'open' ORDER BY kind = 'retry', due_on, id LIMIT 1) AS kind,
               (SELECT due_on FROM follow_ups WHERE case_id = cases.id AND state = 'open' ORDER BY kind = 'retry', due_on, id LIMIT 1) AS due_on,
               (SELECT due_at FROM follow_ups WHERE case_id = cases.id AND state = 'open' ORDER BY kind = 'retry', due_on, id LIMIT 1) AS due_at
             FROM cases JOIN debtors ON debtors.id = cases.debtor_id LEFT JOIN (
               SELECT case_id, CAST(SUM(CASE WHEN due_on < $1 THEN open_cents ELSE 0 END) AS BIGINT) AS overdue, MIN(due_on) AS oldest
               FROM invoices WHERE state = 'open' GROUP BY case_id) owed ON owed.case_id = cases.id
             WHERE owed.case_id IS NOT NULL OR EXISTS (SELECT 1 FROM follow_ups WHERE follow_ups.case_id = cases.id AND follow_ups.state = 'open')",
            today.to_string()
        )?;
        rows.into_iter().map(|row| row.read(zone)).collect()
    }
}

#[derive(sqlx::FromRow)]
struct OpenCaseRow {
    case_id: i64,
    name: String,
    last_attempt_at: Option<i64>,
    overdue: i64,
    oldest: String,
    kind: Option<String>,
    due_on: Option<String>,
    due_at: Option<i64>,
}

impl OpenCaseRow {
    fn read(self, zone: chrono_tz::Tz) -> Result<OpenCase, StoreError> {
        let follow_up = match (self.kind.as_deref().and_then(FollowUpKind::parse), self.due_on) {
            (Some(kind), Some(due)) => Some(FollowUpDue { kind, due: day("follow_ups", &due)?, at: self.due_at.map(Timestamp) }),
            _ => None,
        };
        Ok(OpenCase {
            case: CaseId(self.case_id),
            name: self.name.into(),
            overdue: Cents(self.overdue),
            oldest_due: day("invoices", &self.oldest)?,
            follow_up,
            last_attempt: self.last_attempt_at.map(|at| Timestamp(at).utc().with_timezone(&zone).date_naive()),
        })
    }
}
