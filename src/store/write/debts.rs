//! Outcomes that are owed: who owes one, what settles one without an entry in the ledger, and the draft that goes along
//! when a call is handed over.

use std::collections::BTreeMap;

use super::Written;
use crate::clock::Timestamp;
use crate::ids::{AgentId, CallId, CaseId};
use crate::personal::Personal;
use crate::store::error::StoreError;
use crate::store::pool::Tx;

/// Why no outcome is written for a call.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// The call.
    pub call: CallId,
    /// Who says so.
    pub by: AgentId,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: SettleReason,
    /// In words.
    pub note: Option<Personal<String>>,
}

/// Why no outcome is written for a call, as a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettleReason {
    /// A private call.
    Private,
    /// The caller had the wrong number.
    WrongNumber,
    /// A supplier, a candidate, anybody who owes nothing.
    Supplier,
    /// Something else; the note says what.
    Other,
    /// A supervisor settled it; the note says why.
    Supervisor,
}

impl SettleReason {
    /// What an agent can say of a call that belongs to no debtor.
    pub const BY_AGENT: [Self; 4] = [Self::Private, Self::WrongNumber, Self::Supplier, Self::Other];

    /// The word in the database and in the page's text keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::WrongNumber => "wrong_number",
            Self::Supplier => "supplier",
            Self::Other => "other",
            Self::Supervisor => "supervisor",
        }
    }

    /// Reads what an agent chose.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::BY_AGENT.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// A call that owes nothing (any more) is left as it is: [`StoreError::NoSuch`] says so.
pub(super) async fn settle(tx: &mut Tx, settlement: &Settlement) -> Result<Written, StoreError> {
    let call = settlement.call.as_str();
    let owed = fetch_in!(&mut *tx, (Option<i64>,), "SELECT agent_id FROM calls WHERE id = $1 AND owes_outcome = 1", call)?;
    let Some((agent,)) = owed else { return Err(StoreError::NoSuch("debt")) };
    let row = fetch_in!(
        &mut *tx,
        (i64,),
        "INSERT INTO settlements (call_id, agent_id, by_id, at, reason) VALUES ($1, $2, $3, $4, $5) RETURNING id",
        call,
        agent,
        settlement.by.0,
        settlement.at.0,
        settlement.reason.as_str()
    )?;
    let (id,) = row.ok_or(StoreError::NoSuch("settlement"))?;
    if let Some(note) = &settlement.note {
        execute!(&mut *tx, "INSERT INTO settlement_texts (settlement_id, body) VALUES ($1, $2)", id, note.reveal())?;
    }
    if settlement.reason == SettleReason::Supervisor {
        execute!(&mut *tx, "UPDATE calls SET owes_outcome = 0 WHERE id = $1", call)?;
    } else {
        execute!(&mut *tx, concat!("UPDATE calls SET owes_outcome = 0, ", wrap_up!(), " WHERE id = $1"), call, settlement.at.0)?;
    }
    Ok(Written::Done)
}

/// Whoever answered a call that was handed over owes its outcome, unless the giver wrote one before.
pub(super) async fn hand_over(tx: &mut Tx, call: &CallId, to: AgentId) -> Result<Written, StoreError> {
    execute!(
        &mut *tx,
        "UPDATE calls SET agent_id = $2, owes_outcome = CASE WHEN direction = 'internal'
             OR EXISTS (SELECT 1 FROM ledger WHERE ledger.call_id = calls.id)
             OR EXISTS (SELECT 1 FROM settlements WHERE settlements.call_id = calls.id) THEN 0 ELSE 1 END
         WHERE id = $1",
        call.as_str(),
        to.0
    )?;
    Ok(Written::Done)
}

/// Gives a draft to a colleague, who may have one already: what the colleague wrote stays. [`Written::Version`] 0 when there was none.
pub(super) async fn move_draft(tx: &mut Tx, from: AgentId, to: AgentId, case: CaseId) -> Result<Written, StoreError> {
    const DRAFT: &str = "SELECT version, saved_at, form FROM drafts WHERE agent_id = $1 AND case_id = $2";
    let Some((_, saved_at, given)) = fetch_in!(&mut *tx, (i64, i64, String), DRAFT, from.0, case.0)? else { return Ok(Written::Version(0)) };
    let own = fetch_in!(&mut *tx, (i64, i64, String), DRAFT, to.0, case.0)?;
    let form = own.as_ref().map_or_else(|| given.clone(), |(_, _, own)| merged(own, &given));
    let version = own.map_or(0, |(version, ..)| version) + 1;
    execute!(
        &mut *tx,
        "INSERT INTO drafts (agent_id, case_id, version, saved_at, form) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (agent_id, case_id) DO UPDATE SET version = excluded.version, saved_at = excluded.saved_at, form = excluded.form",
        to.0,
        case.0,
        version,
        saved_at,
        form
    )?;
    execute!(&mut *tx, "DELETE FROM drafts WHERE agent_id = $1 AND case_id = $2", from.0, case.0)?;
    Ok(Written::Done)
}

/// Two forms of one case: the own fields win, the notes are put one below the other.
fn merged(own: &str, given: &str) -> String {
    let read = |form: &str| serde_json::from_str::<BTreeMap<String, String>>(form).unwrap_or_default();
    let (own, mut form) = (read(own), read(given));
    for (field, value) in own.into_iter().filter(|(_, value)| !value.trim().is_empty()) {
        let entry = form.entry(field.clone()).or_default();
        match field.as_str() {
            "notes" if entry.contains(&value) => {}
            "notes" if !value.contains(entry.as_str()) => *entry = format!("{value}\n{entry}"),
            _ => *entry = value,
        }
    }
    serde_json::to_string(&form).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notes_of_both_stay_and_the_same_notes_twice_are_once() {
        let form = |notes: &str, code: &str| format!("{{\"code\":\"{code}\",\"notes\":\"{notes}\"}}");
        assert_eq!(merged(&form("own", ""), &form("given", "PTP")), form("own\\ngiven", "PTP"));
        assert_eq!(merged(&form("given", "CB"), &form("given, and more", "PTP")), form("given, and more", "CB"));
        assert_eq!(merged(&form("own\\ngiven", ""), &form("given", "")), form("own\\ngiven", ""));
        assert_eq!(merged("broken", &form("given", "")), form("given", ""));
    }
}
