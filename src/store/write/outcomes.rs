//! Drafts, and outcomes in the ledger.

use super::{DraftSave, OutcomeSave, Written};
use crate::ids::{CallId, DebtorId, EntryId, PhoneNumber};
use crate::store::error::StoreError;
use crate::store::pool::Tx;
use crate::store::together::Together;

pub(super) async fn draft(tx: &mut Tx, draft: &DraftSave) -> Result<Written, StoreError> {
    let (agent, case) = (draft.agent.0, draft.case.0);
    let there = fetch_in!(&mut *tx, (i64, String), "SELECT version, form FROM drafts WHERE agent_id = $1 AND case_id = $2", agent, case)?;
    let form = draft.form.reveal();
    if fetch_in!(&mut *tx, (i64,), "SELECT id FROM cases WHERE id = $1", case)?.is_none() {
        return Err(StoreError::NoSuch("case"));
    }
    if let Some((version, old)) = there {
        if old == *form {
            return Ok(Written::Version(version));
        }
        if version > draft.version {
            return Err(StoreError::NewerDraft { version });
        }
    }
    let version = draft.version + 1;
    execute!(
        &mut *tx,
        "INSERT INTO drafts (agent_id, case_id, version, saved_at, form) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (agent_id, case_id) DO UPDATE SET version = excluded.version, saved_at = excluded.saved_at, form = excluded.form",
        agent,
        case,
        version,
        draft.at.0,
        form
    )?;
    Ok(Written::Version(version))
}

pub(super) async fn outcome(tx: &mut Tx, save: &OutcomeSave) -> Result<Written, StoreError> {
    let mut all = entry(save);
    what_follows(save, &mut all);
    if let Some(id) = all.run(tx).await? {
        return Ok(Written::Entry { id: EntryId(id), repeated: false });
    }
    let there = fetch_in!(&mut *tx, (i64,), "SELECT id FROM ledger WHERE key = $1", &save.key)?;
    there.map(|(id,)| Written::Entry { id: EntryId(id), repeated: true }).ok_or(StoreError::NoSuch("ledger entry"))
}

/// A new entry of the ledger, with its texts.
fn entry(save: &OutcomeSave) -> Together {
    // A call that a supervisor settled a moment ago has its end already: one outcome a call, the entry is about the case alone.
    let mut all = Together::insert(
        "INSERT INTO ledger (key, at, agent_id, case_id, call_id, code, amount_cents, detail, corrects)
         VALUES ($1, $2, $3, $4, CASE WHEN EXISTS (SELECT 1 FROM settlements WHERE call_id = $5) THEN NULL ELSE $5 END, $6, $7, $8, $9)
         ON CONFLICT (key) DO NOTHING RETURNING id",
        [
            (&save.key).into(),
            save.at.0.into(),
            save.agent.0.into(),
            save.case.0.into(),
            save.calls.first().map(CallId::as_str).into(),
            save.code.into(),
            save.amount.map(|a| a.0).into(),
            (&save.detail).into(),
            save.corrects.map(|c| c.0).into(),
        ],
    );
    for (field, body) in &save.texts {
        all.and_insert("INSERT INTO texts (entry_id, field, body) SELECT id, $1, $2 FROM entry", [(*field).into(), body.reveal().into()]);
    }
    all
}

/// What a new entry brings with it.
fn what_follows(save: &OutcomeSave, all: &mut Together) {
    let (agent, case) = (save.agent.0, save.case.0);
    // A promise, a payment to be looked up or an answer that we owe outlives a talk with somebody else.
    let done = match (save.rpc, save.human) {
        (true, _) => "UPDATE follow_ups SET state = 'done' WHERE case_id = $1 AND state = 'open'",
        (false, true) => {
            "UPDATE follow_ups SET state = 'done' WHERE case_id = $1 AND state = 'open' AND kind IN ('retry', 'callback', 'check', 'next_action')"
        }
        (false, false) => "UPDATE follow_ups SET state = 'done' WHERE case_id = $1 AND state = 'open' AND kind = 'retry'",
    };
    all.and_change(done, [case.into()]);
    if let Some(next) = &save.follow_up {
        all.and_insert(
            "INSERT INTO follow_ups (entry_id, case_id, agent_id, kind, due_on, due_at, amount_cents, number)
             SELECT id, $1, $2, $3, $4, $5, $6, $7 FROM entry",
            [
                case.into(),
                agent.into(),
                next.kind.as_str().into(),
                (&next.due_on.to_string()).into(),
                next.due_at.map(|at| at.0).into(),
                next.amount.map(|a| a.0).into(),
                next.number.map(PhoneNumber::to_i64).into(),
            ],
        );
    }
    if !save.disputed.is_empty() {
        let ids: String = save.disputed.iter().fold(",".to_owned(), |ids, id| format!("{ids}{id},"));
        let sql = "UPDATE invoices SET state = 'disputed' WHERE case_id = $1 AND state = 'open' AND $2 LIKE '%,' || id || ',%'";
        all.and_change(sql, [case.into(), (&ids).into()]);
    }
    if let Some(number) = save.wrong_number {
        let sql = "UPDATE numbers SET state = 'wrong' WHERE number = $1 AND debtor_id = (SELECT debtor_id FROM cases WHERE id = $2)";
        all.and_change(sql, [number.to_i64().into(), case.into()]);
    }
    if save.attempt {
        all.and_change("UPDATE cases SET last_attempt_at = $1 WHERE id = $2", [save.at.0.into(), case.into()]);
    }
    for call in &save.calls {
        let sql = concat!("UPDATE calls SET owes_outcome = 0, case_id = $3, ", wrap_up!(), " WHERE id = $1");
        all.and_change(sql, [call.as_str().into(), save.at.0.into(), case.into()]);
    }
    all.and_change("DELETE FROM drafts WHERE agent_id = $1 AND case_id = $2", [agent.into(), case.into()]);
}

pub(super) async fn attach(tx: &mut Tx, debtor: DebtorId, number: PhoneNumber) -> Result<Written, StoreError> {
    execute!(
        &mut *tx,
        "INSERT INTO numbers (debtor_id, number) VALUES ($1, $2) ON CONFLICT (debtor_id, number) DO UPDATE SET state = 'usable'",
        debtor.0,
        number.to_i64()
    )?;
    Ok(Written::Done)
}
