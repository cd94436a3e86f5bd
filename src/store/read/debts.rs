//! Outcomes that are owed: by whom, since when, for which calls; and what settled one without an outcome.

use crate::clock::Timestamp;
use crate::ids::{AgentId, CallId, CaseId};
use crate::personal::Personal;
use crate::store::error::StoreError;
use crate::store::pool::Store;

/// Owed calls that are read at once, at most.
pub const OWED_MAX: i64 = 500;

/// A call whose outcome is owed.
#[derive(Debug, Clone)]
pub struct OwedCall {
    /// The call.
    pub id: CallId,
    /// Who owes it.
    pub agent: AgentId,
    /// The name.
    pub agent_name: Personal<String>,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// What it is about, where that is known, with the debtor's and the creditor's name.
    pub case: Option<(CaseId, Personal<String>, String)>,
    /// The number as the ledger has it; `None` when withheld.
    pub number: Option<i64>,
    /// What the PBX showed.
    pub name: Personal<String>,
    /// What the caller dialled.
    pub dialled: String,
    /// The queue; empty when none.
    pub queue: String,
    /// When it began.
    pub started: Timestamp,
    /// When it was answered.
    pub answered: Option<Timestamp>,
    /// When it ended; `None` while it lives.
    pub ended: Option<Timestamp>,
}

/// What one agent owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Debt {
    /// Who.
    pub agent: AgentId,
    /// How many outcomes.
    pub count: i64,
    /// Since when the oldest.
    pub oldest: Timestamp,
}

/// What settled a call without an outcome.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SettlementRow {
    /// When.
    pub at: i64,
    /// Who.
    pub by_name: String,
    /// The code.
    pub reason: String,
    /// In words.
    pub note: Option<String>,
}

#[derive(sqlx::FromRow)]
struct OwedRow {
    id: String,
    agent_id: i64,
    agent_name: String,
    direction: String,
    case_id: Option<i64>,
    debtor: Option<String>,
    creditor: Option<String>,
    number: Option<i64>,
    name: String,
    dialled: String,
    queue: String,
    started_seen: i64,
    answered_seen: Option<i64>,
    ended_seen: Option<i64>,
}

impl From<OwedRow> for OwedCall {
    fn from(row: OwedRow) -> Self {
        let case = row.case_id.map(|case| (CaseId(case), row.debtor.unwrap_or_default().into(), row.creditor.unwrap_or_default()));
        Self {
            id: CallId::new(&row.id),
            agent: AgentId(row.agent_id),
            agent_name: row.agent_name.into(),
            direction: row.direction,
            case,
            number: row.number,
            name: row.name.into(),
            dialled: row.dialled,
            queue: row.queue,
            started: Timestamp(row.started_seen),
            answered: row.answered_seen.map(Timestamp),
            ended: row.ended_seen.map(Timestamp),
        }
    }
}

impl Store {
    /// The calls whose outcome an agent owes, or all agents, oldest first; those that live among them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn owed_calls(&self, agent: Option<AgentId>) -> Result<Vec<OwedCall>, StoreError> {
        let (first, last) = agent.map_or((i64::MIN, i64::MAX), |agent| (agent.0, agent.0));
        let rows = fetch_all!(
            self,
            OwedRow,
            "SELECT calls.id AS id, calls.agent_id AS agent_id, users.name AS agent_name, calls.direction AS direction, calls.case_id AS case_id,
               debtors.name AS debtor, creditors.name AS creditor, calls.number AS number, calls.name AS name, calls.dialled AS dialled,
               calls.queue AS queue, calls.started_seen AS started_seen, calls.answered_seen AS answered_seen, calls.ended_seen AS ended_seen
             FROM calls JOIN users ON users.id = calls.agent_id LEFT JOIN cases ON cases.id = calls.case_id
             LEFT JOIN debtors ON debtors.id = cases.debtor_id LEFT JOIN creditors ON creditors.id = cases.creditor_id
             WHERE calls.owes_outcome = 1 AND calls.agent_id BETWEEN $1 AND $2
             ORDER BY COALESCE(calls.ended_seen, calls.started_seen), calls.id LIMIT $3",
            first,
            last,
            OWED_MAX
        )?;
        Ok(rows.into_iter().map(OwedCall::from).collect())
    }

    /// What each agent owes of calls that are over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn debts(&self) -> Result<Vec<Debt>, StoreError> {
        let rows = fetch_all!(
            self,
            (i64, i64, i64),
            "SELECT agent_id, COUNT(*), MIN(ended_seen) FROM calls
             WHERE owes_outcome = 1 AND agent_id IS NOT NULL AND ended_seen IS NOT NULL GROUP BY agent_id"
        )?;
        Ok(rows.into_iter().map(|(agent, count, oldest)| Debt { agent: AgentId(agent), count, oldest: Timestamp(oldest) }).collect())
    }

    /// What settled a call without an outcome, if anything did.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn settlement(&self, call: &CallId) -> Result<Option<SettlementRow>, StoreError> {
        Ok(fetch_one!(
            self,
            SettlementRow,
            "SELECT settlements.at AS at, users.name AS by_name, settlements.reason AS reason, settlement_texts.body AS note
             FROM settlements JOIN users ON users.id = settlements.by_id
             LEFT JOIN settlement_texts ON settlement_texts.settlement_id = settlements.id WHERE settlements.call_id = $1",
            call.as_str()
        )?)
    }
}
