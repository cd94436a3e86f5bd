//! Calls, their legs and their timeline.

use super::Written;
use crate::clock::Timestamp;
use crate::desk::seat::Seat;
use crate::ids::{AgentId, CallId, CaseId, PhoneNumber};
use crate::measure;
use crate::store::error::StoreError;
use crate::store::pool::Tx;
use crate::telephony::calls::event::{CallEvent, CallEventKind, Certainty, Direction, EndReason, LegRef, Party};
use crate::telephony::calls::hangup_cause::HangupCause;

pub(super) async fn event(
    tx: &mut Tx,
    key: &str,
    event: &CallEvent,
    agent: Option<AgentId>,
    number: Option<PhoneNumber>,
) -> Result<Written, StoreError> {
    let line = Line::of(event);
    let new = execute!(
        &mut *tx,
        "INSERT INTO call_events (key, call_id, seen_at, pbx_at, certainty, kind, channel, extension, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (key) DO NOTHING",
        key,
        event.call.as_str(),
        event.seen.0,
        event.at.map(|at| at.0),
        certainty_word(event.certainty),
        line.kind,
        line.leg.map_or(String::new(), |leg| leg.channel.clone()),
        line.leg.and_then(|leg| leg.line.as_ref()).map_or(String::new(), ToString::to_string),
        line.reason.map_or("", EndReason::as_str)
    )?;
    if new > 0 {
        measure::call_event(line.kind);
        call_row(tx, event, agent, number).await?;
        leg_row(tx, event, &line).await?;
    }
    Ok(Written::Done)
}

const fn certainty_word(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Observed => "observed",
        Certainty::Inferred => "inferred",
        Certainty::Unknown => "unknown",
    }
}

/// An event as a line of the timeline.
struct Line<'a> {
    kind: &'static str,
    leg: Option<&'a LegRef>,
    reason: Option<EndReason>,
}

impl<'a> Line<'a> {
    fn of(event: &'a CallEvent) -> Self {
        let (kind, leg, reason) = match &event.kind {
            CallEventKind::Originated { leg, .. } => ("originated", Some(leg), None),
            CallEventKind::OwnPhoneAnswered { leg } => ("own_phone_answered", Some(leg), None),
            CallEventKind::Queued { leg, .. } => ("queued", Some(leg), None),
            CallEventKind::QueueAbandoned { .. } => ("queue_abandoned", None, None),
            CallEventKind::QueueTimedOut { .. } => ("queue_timed_out", None, None),
            CallEventKind::Delivered { leg, .. } => ("delivered", Some(leg), None),
            CallEventKind::RingEnded { leg, reason } => ("ring_ended", Some(leg), Some(*reason)),
            CallEventKind::Established { leg, .. } => ("established", Some(leg), None),
            CallEventKind::Held { leg } => ("held", Some(leg), None),
            CallEventKind::Retrieved { leg } => ("retrieved", Some(leg), None),
            CallEventKind::Transferred { by, .. } => ("transferred", by.as_ref(), None),
            CallEventKind::Diverted { leg, .. } => ("diverted", Some(leg), None),
            CallEventKind::Parked { leg } => ("parked", Some(leg), None),
            CallEventKind::Conferenced { leg } => ("conferenced", Some(leg), None),
            CallEventKind::Merged { .. } => ("merged", None, None),
            CallEventKind::ConnectionCleared { leg } => ("left", Some(leg), None),
            CallEventKind::Cleared { reason, .. } => ("cleared", None, Some(*reason)),
        };
        Self { kind, leg, reason }
    }
}

const fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
        Direction::Internal => "internal",
    }
}

async fn call_row(tx: &mut Tx, event: &CallEvent, agent: Option<AgentId>, number: Option<PhoneNumber>) -> Result<(), StoreError> {
    let (id, seen, pbx) = (event.call.as_str(), event.seen.0, event.at.map(|at| at.0));
    let agent = agent.map(|agent| agent.0);
    match &event.kind {
        CallEventKind::Originated { to, .. } => new_call(tx, event, Direction::Outbound, to, "", "", number, agent).await?,
        CallEventKind::Queued { queue, caller, dialled, .. } => new_call(tx, event, Direction::Inbound, caller, dialled, queue, number, None).await?,
        CallEventKind::Delivered { other, direction, dialled, .. } => {
            let agent = agent.filter(|_| *direction != Direction::Inbound);
            new_call(tx, event, *direction, other, dialled, "", number, agent).await?;
            execute!(&mut *tx, "UPDATE calls SET ringing_seen = $2, ringing_pbx = $3 WHERE id = $1 AND ringing_seen IS NULL", id, seen, pbx)?;
        }
        CallEventKind::Established { .. } => {
            execute!(&mut *tx, "UPDATE calls SET answered_seen = $2, answered_pbx = $3 WHERE id = $1 AND answered_seen IS NULL", id, seen, pbx)?;
            // Who spoke owes an outcome; a call between others, seen in passing, owes none.
            execute!(
                &mut *tx,
                "UPDATE calls SET agent_id = COALESCE(agent_id, $2), owes_outcome = 1 WHERE id = $1 AND COALESCE(agent_id, $2) IS NOT NULL
                 AND direction <> 'internal' AND NOT EXISTS (SELECT 1 FROM ledger WHERE ledger.call_id = calls.id)
                 AND NOT EXISTS (SELECT 1 FROM settlements WHERE settlements.call_id = calls.id)",
                id,
                agent
            )?;
        }
        CallEventKind::QueueAbandoned { .. } => {
            execute!(&mut *tx, "UPDATE calls SET abandoned = 1 WHERE id = $1", id)?;
        }
        CallEventKind::Cleared { .. } => cleared(tx, event, number).await?,
        // It went up in another call: a word with a colleague owes nothing.
        CallEventKind::Merged { .. } => {
            execute!(
                &mut *tx,
                "UPDATE calls SET ended_seen = $2, ended_pbx = $3, reason = 'completed' WHERE id = $1 AND ended_seen IS NULL",
                id,
                seen,
                pbx
            )?;
        }
        CallEventKind::Retrieved { .. } => {
            execute!(
                &mut *tx,
                "UPDATE calls SET hold_micros = hold_micros + $2 - COALESCE((SELECT MAX(seen_at) FROM call_events WHERE call_id = $1 AND kind = 'held'), $2) WHERE id = $1",
                id,
                seen
            )?;
        }
        CallEventKind::OwnPhoneAnswered { .. }
        | CallEventKind::QueueTimedOut { .. }
        | CallEventKind::RingEnded { .. }
        | CallEventKind::Held { .. }
        | CallEventKind::Transferred { .. }
        | CallEventKind::Diverted { .. }
        | CallEventKind::Parked { .. }
        | CallEventKind::Conferenced { .. }
        | CallEventKind::ConnectionCleared { .. } => {}
    }
    Ok(())
}

async fn cleared(tx: &mut Tx, event: &CallEvent, number: Option<PhoneNumber>) -> Result<(), StoreError> {
    let CallEventKind::Cleared { reason, cause, at_own_phone, direction, other } = &event.kind else { return Ok(()) };
    let id = event.call.as_str();
    new_call(tx, event, *direction, other, "", "", number, None).await?;
    execute!(
        &mut *tx,
        "UPDATE calls SET ended_seen = $2, ended_pbx = $3, reason = $4, cause = $5 WHERE id = $1 AND ended_seen IS NULL",
        id,
        event.seen.0,
        event.at.map(|at| at.0),
        reason.as_str(),
        cause.map(|cause| i64::from(HangupCause::code(cause)))
    )?;
    // A dial that reached the far end is an attempt, and owes its outcome like a conversation does.
    if !at_own_phone {
        execute!(
            &mut *tx,
            "UPDATE calls SET owes_outcome = 1 WHERE id = $1 AND direction = 'outbound' AND case_id IS NOT NULL AND agent_id IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM ledger WHERE ledger.call_id = calls.id)",
            id
        )?;
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "the columns of one row")]
async fn new_call(
    tx: &mut Tx,
    event: &CallEvent,
    direction: Direction,
    other: &Party,
    dialled: &str,
    queue: &str,
    number: Option<PhoneNumber>,
    agent: Option<i64>,
) -> Result<(), StoreError> {
    execute!(
        &mut *tx,
        "INSERT INTO calls (id, direction, agent_id, number, name, dialled, queue, started_seen) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET
           agent_id = COALESCE(calls.agent_id, excluded.agent_id), number = COALESCE(calls.number, excluded.number),
           dialled = CASE WHEN calls.dialled = '' THEN excluded.dialled ELSE calls.dialled END,
           queue = CASE WHEN calls.queue = '' THEN excluded.queue ELSE calls.queue END,
           name = CASE WHEN calls.name = '' THEN excluded.name ELSE calls.name END,
           started_seen = CASE WHEN calls.started_seen = 0 THEN excluded.started_seen ELSE calls.started_seen END",
        event.call.as_str(),
        direction_word(direction),
        agent,
        number.map(PhoneNumber::to_i64),
        other.name.reveal(),
        dialled,
        queue,
        event.seen.0
    )?;
    Ok(())
}

async fn leg_row(tx: &mut Tx, event: &CallEvent, line: &Line<'_>) -> Result<(), StoreError> {
    let Some(leg) = line.leg else { return Ok(()) };
    let (call, id, seen) = (event.call.as_str(), leg.id.as_str(), event.seen.0);
    execute!(
        &mut *tx,
        "INSERT INTO legs (call_id, uniqueid, channel, extension) VALUES ($1, $2, $3, $4) ON CONFLICT (call_id, uniqueid) DO NOTHING",
        call,
        id,
        &leg.channel,
        leg.line.as_ref().map_or(String::new(), ToString::to_string)
    )?;
    match (line.kind, line.reason) {
        ("ring_ended", Some(EndReason::Answered)) => {}
        ("originated" | "delivered", _) => {
            execute!(&mut *tx, "UPDATE legs SET rung_seen = $3 WHERE call_id = $1 AND uniqueid = $2 AND rung_seen IS NULL", call, id, seen)?;
        }
        ("established" | "own_phone_answered", _) => {
            execute!(&mut *tx, "UPDATE legs SET answered_seen = $3 WHERE call_id = $1 AND uniqueid = $2 AND answered_seen IS NULL", call, id, seen)?;
        }
        ("ring_ended" | "left", _) => {
            let reason = line.reason.unwrap_or(EndReason::Completed).as_str();
            execute!(&mut *tx, "UPDATE legs SET ended_seen = $3, reason = $4 WHERE call_id = $1 AND uniqueid = $2", call, id, seen, reason)?;
        }
        _ => {}
    }
    Ok(())
}

pub(super) async fn link(tx: &mut Tx, call: &CallId, case: CaseId) -> Result<Written, StoreError> {
    execute!(
        &mut *tx,
        "INSERT INTO calls (id, direction, case_id, started_seen) VALUES ($1, 'outbound', $2, 0) ON CONFLICT (id) DO UPDATE SET case_id = excluded.case_id",
        call.as_str(),
        case.0
    )?;
    Ok(Written::Done)
}

pub(super) async fn waive(tx: &mut Tx, call: &CallId) -> Result<Written, StoreError> {
    execute!(&mut *tx, "UPDATE calls SET owes_outcome = 0 WHERE id = $1", call.as_str())?;
    Ok(Written::Done)
}

pub(super) async fn gap(
    tx: &mut Tx,
    key: &str,
    kind: &str,
    from: Timestamp,
    to: Option<Timestamp>,
    lost: u64,
    why: &str,
) -> Result<Written, StoreError> {
    execute!(
        &mut *tx,
        "INSERT INTO gaps (key, kind, from_at, to_at, events_lost, why) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (key) DO UPDATE SET to_at = excluded.to_at, events_lost = excluded.events_lost",
        key,
        kind,
        from.0,
        to.map(|to| to.0),
        i64::try_from(lost).unwrap_or(i64::MAX),
        why
    )?;
    Ok(Written::Done)
}

pub(super) async fn gaps_end(tx: &mut Tx, at: Timestamp) -> Result<Written, StoreError> {
    execute!(&mut *tx, "UPDATE gaps SET to_at = $1 WHERE kind = 'link' AND to_at IS NULL", at.0)?;
    Ok(Written::Done)
}

pub(super) async fn sight(tx: &mut Tx, at: Timestamp) -> Result<Written, StoreError> {
    execute!(&mut *tx, "INSERT INTO sight (id, seen_at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at", at.0)?;
    Ok(Written::Done)
}

pub(super) async fn seat(tx: &mut Tx, seat: &Seat) -> Result<Written, StoreError> {
    let state = serde_json::to_string(seat).map_err(|e| StoreError::Unreadable { table: "seats", why: e.to_string() })?;
    execute!(
        &mut *tx,
        "INSERT INTO seats (agent_id, state) VALUES ($1, $2) ON CONFLICT (agent_id) DO UPDATE SET state = excluded.state",
        seat.profile.agent.0,
        state
    )?;
    Ok(Written::Done)
}

pub(super) async fn seat_gone(tx: &mut Tx, agent: AgentId) -> Result<Written, StoreError> {
    execute!(&mut *tx, "DELETE FROM seats WHERE agent_id = $1", agent.0)?;
    Ok(Written::Done)
}

pub(super) async fn close_ghosts(tx: &mut Tx, now: Timestamp, since: Timestamp, live: &[CallId]) -> Result<Written, StoreError> {
    let live = serde_json::to_string(live).map_err(|e| StoreError::Unreadable { table: "calls", why: e.to_string() })?;
    match tx {
        Tx::Sqlite(tx) => {
            sqlx::query(
                "UPDATE calls SET ended_seen = $1, reason = 'unknown' WHERE ended_seen IS NULL AND started_seen < $3 AND id NOT IN (SELECT value FROM json_each($2))",
            )
            .bind(now.0)
            .bind(live)
            .bind(since.0)
            .execute(&mut **tx)
            .await?;
        }
        Tx::Postgres(tx) => {
            sqlx::query("UPDATE calls SET ended_seen = $1, reason = 'unknown' WHERE ended_seen IS NULL AND started_seen < $3 AND id NOT IN (SELECT jsonb_array_elements_text($2::jsonb))")
                .bind(now.0)
                .bind(live)
                .bind(since.0)
                .execute(&mut **tx)
                .await?;
        }
    }
    Ok(Written::Done)
}
