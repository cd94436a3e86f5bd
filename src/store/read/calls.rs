//! Calls for the supervisor: today's counts, the calls behind each, and one call in full.

use crate::clock::Timestamp;
use crate::ids::{CallId, CaseId, PhoneNumber};
use crate::personal::Personal;
use crate::store::error::StoreError;
use crate::store::pool::Store;

/// Which calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// From outside.
    Inbound,
    /// To outside.
    Outbound,
    /// Answered.
    Answered,
    /// From outside, over, and not answered.
    Missed,
    /// Given up in a queue.
    Abandoned,
    /// With a promise.
    Promises,
    /// Whose outcome is owed.
    Owed,
    /// Whose recording is missing, empty or failed.
    Unrecorded,
}

/// A page of calls.
pub const CALLS_PAGE: i64 = 50;

/// A call in a list.
#[derive(Debug, Clone)]
pub struct CallSummary {
    /// The id.
    pub id: CallId,
    /// `inbound`, `outbound` or `internal`.
    pub direction: String,
    /// The agent.
    pub agent: Option<Personal<String>>,
    /// The case.
    pub case: Option<CaseId>,
    /// The debtor's name, or what the PBX showed.
    pub who: Personal<String>,
    /// The number.
    pub number: Option<PhoneNumber>,
    /// The queue; empty when none.
    pub queue: String,
    /// When it began.
    pub started: Timestamp,
    /// Microseconds of ringing.
    pub ring: Option<i64>,
    /// Microseconds of talking.
    pub talk: Option<i64>,
    /// Microseconds of holding.
    pub hold: i64,
    /// Microseconds from its end to its outcome.
    pub wrap: Option<i64>,
    /// Why no outcome was written; the code of a settlement.
    pub settled: Option<String>,
    /// It is over.
    pub is_over: bool,
    /// It was answered.
    pub is_answered: bool,
    /// How it ended; empty while it lives.
    pub reason: String,
    /// Its outcome is owed.
    pub owed: bool,
    /// The codes of its outcomes.
    pub code: Option<String>,
}

#[derive(sqlx::FromRow)]
struct SummaryRow {
    id: String,
    direction: String,
    agent: Option<String>,
    case_id: Option<i64>,
    who: String,
    number: Option<i64>,
    queue: String,
    started_seen: i64,
    ring: Option<i64>,
    talk: Option<i64>,
    hold_micros: i64,
    wrap_micros: Option<i64>,
    settled: Option<String>,
    ended_seen: Option<i64>,
    answered_seen: Option<i64>,
    reason: String,
    owes_outcome: i64,
    code: Option<String>,
}

impl From<SummaryRow> for CallSummary {
    fn from(row: SummaryRow) -> Self {
        Self {
            id: CallId::new(&row.id),
            direction: row.direction,
            agent: row.agent.map(Personal::new),
            case: row.case_id.map(CaseId),
            who: row.who.into(),
            number: row.number.and_then(|n| PhoneNumber::from_i64(n).ok()),
            queue: row.queue,
            started: Timestamp(row.started_seen),
            ring: row.ring,
            talk: row.talk,
            hold: row.hold_micros,
            wrap: row.wrap_micros,
            settled: row.settled,
            is_over: row.ended_seen.is_some(),
            is_answered: row.answered_seen.is_some(),
            reason: row.reason,
            owed: row.owes_outcome != 0,
            code: row.code,
        }
    }
}

/// One leg of a call.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct LegRow {
    /// The channel's name.
    pub channel: String,
    /// The agent's extension, or empty.
    pub extension: String,
    /// When it was rung.
    pub rung_seen: Option<i64>,
    /// When it answered.
    pub answered_seen: Option<i64>,
    /// When it left.
    pub ended_seen: Option<i64>,
    /// Why.
    pub reason: String,
}

/// One line of a call's timeline.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct EventRow {
    /// When we saw it.
    pub seen_at: i64,
    /// How sure it is.
    pub certainty: String,
    /// What.
    pub kind: String,
    /// The agent's extension, or empty.
    pub extension: String,
    /// The channel, or empty.
    pub channel: String,
    /// Why, or empty.
    pub reason: String,
}

/// An outcome in the ledger.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct EntryRow {
    /// When.
    pub at: i64,
    /// Who.
    pub agent: String,
    /// Its code.
    pub code: String,
    /// How much.
    pub amount_cents: Option<i64>,
    /// The notes.
    pub notes: Option<String>,
}

/// Today's counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, sqlx::FromRow)]
pub struct Counts {
    /// See [`Which`].
    pub inbound: i64,
    /// See [`Which`].
    pub outbound: i64,
    /// See [`Which`].
    pub answered: i64,
    /// See [`Which`].
    pub missed: i64,
    /// See [`Which`].
    pub abandoned: i64,
    /// See [`Which`].
    pub promises: i64,
    /// See [`Which`].
    pub owed: i64,
    /// See [`Which`].
    pub unrecorded: i64,
}

/// Today's counts of one agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, sqlx::FromRow)]
pub struct AgentCounts {
    /// Who.
    pub agent_id: i64,
    /// Calls.
    pub calls: i64,
    /// Answered ones.
    pub answered: i64,
    /// Microseconds of talking.
    pub talk: i64,
    /// Promises.
    pub promises: i64,
    /// Outcomes owed.
    pub owed: i64,
}

const SUMMARY: &str = "SELECT calls.id AS id, calls.direction AS direction, users.name AS agent, calls.case_id AS case_id,
  COALESCE(debtors.name, calls.name) AS who, calls.number AS number, calls.queue AS queue, calls.started_seen AS started_seen,
  CASE WHEN ringing_pbx IS NOT NULL AND COALESCE(answered_pbx, ended_pbx) IS NOT NULL THEN COALESCE(answered_pbx, ended_pbx) - ringing_pbx
       ELSE COALESCE(answered_seen, ended_seen) - ringing_seen END AS ring,
  CASE WHEN answered_pbx IS NOT NULL AND ended_pbx IS NOT NULL THEN ended_pbx - answered_pbx ELSE ended_seen - answered_seen END AS talk,
  calls.hold_micros AS hold_micros, calls.wrap_micros AS wrap_micros,
  (SELECT reason FROM settlements WHERE settlements.call_id = calls.id) AS settled, calls.ended_seen AS ended_seen, calls.answered_seen AS answered_seen, calls.reason AS reason,
  calls.owes_outcome AS owes_outcome, (SELECT code FROM ledger WHERE ledger.call_id = calls.id ORDER BY ledger.id DESC LIMIT 1) AS code
  FROM calls LEFT JOIN users ON users.id = calls.agent_id LEFT JOIN cases ON cases.id = calls.case_id
  LEFT JOIN debtors ON debtors.id = cases.debtor_id";

/// The condition of each list and figure, so that a figure and the calls behind it can never differ.
const fn condition(which: Which) -> &'static str {
    match which {
        Which::All => "1 = 1",
        Which::Inbound => "calls.direction = 'inbound'",
        Which::Outbound => "calls.direction = 'outbound'",
        Which::Answered => "calls.answered_seen IS NOT NULL",
        // What nobody saw the end of is not called missed.
        Which::Missed => "calls.direction = 'inbound' AND calls.ended_seen IS NOT NULL AND calls.answered_seen IS NULL AND calls.reason <> 'unknown'",
        Which::Abandoned => "calls.abandoned = 1 AND calls.answered_seen IS NULL",
        Which::Promises => "EXISTS (SELECT 1 FROM ledger WHERE ledger.call_id = calls.id AND ledger.code = 'PTP')",
        Which::Owed => "calls.owes_outcome = 1 AND calls.ended_seen IS NOT NULL",
        Which::Unrecorded => {
            "EXISTS (SELECT 1 FROM recordings WHERE recordings.call_id = calls.id AND recordings.state IN ('missing', 'empty', 'failed'))"
        }
    }
}

impl Store {
    /// The calls of `[from, to)` of a kind, newest first, a page of [`CALLS_PAGE`] from `offset`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn calls(&self, which: Which, from: Timestamp, to: Timestamp, offset: i64) -> Result<Vec<CallSummary>, StoreError> {
        let sql = format!(
            "{SUMMARY} WHERE calls.started_seen >= $1 AND calls.started_seen < $2 AND {} ORDER BY calls.started_seen DESC, calls.id LIMIT {CALLS_PAGE} OFFSET $3",
            condition(which)
        );
        let rows = fetch_all!(self, SummaryRow, sqlx::AssertSqlSafe(sql.as_str()), from.0, to.0, offset)?;
        Ok(rows.into_iter().map(CallSummary::from).collect())
    }

    /// The counts of `[from, to)`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn counts(&self, from: Timestamp, to: Timestamp) -> Result<Counts, StoreError> {
        let count = |which| format!("COUNT(CASE WHEN {} THEN 1 END)", condition(which));
        let sql = format!(
            "SELECT {} AS inbound, {} AS outbound, {} AS answered, {} AS missed, {} AS abandoned, {} AS promises, {} AS owed, {} AS unrecorded
             FROM calls WHERE started_seen >= $1 AND started_seen < $2",
            count(Which::Inbound),
            count(Which::Outbound),
            count(Which::Answered),
            count(Which::Missed),
            count(Which::Abandoned),
            count(Which::Promises),
            count(Which::Owed),
            count(Which::Unrecorded)
        );
        Ok(fetch_one!(self, Counts, sqlx::AssertSqlSafe(sql.as_str()), from.0, to.0)?.unwrap_or_default())
    }

    /// Calls that are over and whose outcome is owed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn outcomes_owed(&self) -> Result<i64, StoreError> {
        let row = fetch_one!(self, (i64,), "SELECT COUNT(*) FROM calls WHERE owes_outcome = 1 AND ended_seen IS NOT NULL")?;
        Ok(row.map_or(0, |(count,)| count))
    }

    /// The counts of each agent in `[from, to)`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn agent_counts(&self, from: Timestamp, to: Timestamp) -> Result<Vec<AgentCounts>, StoreError> {
        let sql = format!(
            "SELECT agent_id, COUNT(*) AS calls, COUNT(answered_seen) AS answered,
               CAST(COALESCE(SUM(CASE WHEN answered_pbx IS NOT NULL AND ended_pbx IS NOT NULL THEN ended_pbx - answered_pbx ELSE ended_seen - answered_seen END), 0) AS BIGINT) AS talk,
               COUNT(CASE WHEN {} THEN 1 END) AS promises, COUNT(CASE WHEN {} THEN 1 END) AS owed
             FROM calls WHERE started_seen >= $1 AND started_seen < $2 AND agent_id IS NOT NULL GROUP BY agent_id",
            condition(Which::Promises),
            condition(Which::Owed)
        );
        Ok(fetch_all!(self, AgentCounts, sqlx::AssertSqlSafe(sql.as_str()), from.0, to.0)?)
    }

    /// When the PBX was in sight last, where no gap tells it already; `None` in a new ledger.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_sight(&self) -> Result<Option<Timestamp>, StoreError> {
        let rows = fetch_all!(self, (i64,), "SELECT seen_at FROM sight WHERE NOT EXISTS (SELECT 1 FROM gaps WHERE kind = 'link' AND to_at IS NULL)")?;
        Ok(rows.first().map(|row| Timestamp(row.0)))
    }

    /// The stretches of `[from, ..)` in which the PBX was out of sight: beginning and end.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn gaps(&self, from: Timestamp) -> Result<Vec<(Timestamp, Option<Timestamp>)>, StoreError> {
        let rows = fetch_all!(
            self,
            (i64, Option<i64>),
            "SELECT from_at, to_at FROM gaps WHERE kind = 'link' AND (to_at IS NULL OR to_at >= $1) ORDER BY from_at DESC LIMIT 20",
            from.0
        )?;
        Ok(rows.into_iter().rev().map(|(from, to)| (Timestamp(from), to.map(Timestamp))).collect())
    }

    /// One call.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn call(&self, id: &CallId) -> Result<Option<CallSummary>, StoreError> {
        let sql = format!("{SUMMARY} WHERE calls.id = $1");
        let row = fetch_one!(self, SummaryRow, sqlx::AssertSqlSafe(sql.as_str()), id.as_str())?;
        Ok(row.map(CallSummary::from))
    }

    /// The legs of a call.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn legs(&self, id: &CallId) -> Result<Vec<LegRow>, StoreError> {
        Ok(fetch_all!(
            self,
            LegRow,
            "SELECT channel, extension, rung_seen, answered_seen, ended_seen, reason FROM legs WHERE call_id = $1 ORDER BY rung_seen, channel",
            id.as_str()
        )?)
    }

    /// The timeline of a call.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn call_events(&self, id: &CallId) -> Result<Vec<EventRow>, StoreError> {
        Ok(fetch_all!(
            self,
            EventRow,
            "SELECT seen_at, certainty, kind, extension, channel, reason FROM call_events WHERE call_id = $1 ORDER BY id",
            id.as_str()
        )?)
    }

    /// What the ledger says of a call.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn call_entries(&self, id: &CallId) -> Result<Vec<EntryRow>, StoreError> {
        Ok(fetch_all!(
            self,
            EntryRow,
            "SELECT ledger.at AS at, users.name AS agent, code, amount_cents, texts.body AS notes FROM ledger JOIN users ON users.id = ledger.agent_id
             LEFT JOIN texts ON texts.entry_id = ledger.id AND texts.field = 'notes' WHERE ledger.call_id = $1 ORDER BY ledger.id",
            id.as_str()
        )?)
    }
}
