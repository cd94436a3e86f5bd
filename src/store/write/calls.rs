//! Calls, their legs and their timeline.

use super::Written;
use crate::clock::Timestamp;
use crate::desk::seat::Seat;
use crate::ids::{AgentId, CallId, CaseId, PhoneNumber};
use crate::measure;
use crate::store::error::StoreError;
use crate::store::pool::Tx;
use crate::store::together::{Argument, Together};
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
    let mut all = Together::insert(
        "INSERT INTO call_events (key, call_id, seen_at, pbx_at, certainty, kind, channel, extension, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (key) DO NOTHING RETURNING id",
        [
            key.into(),
            event.call.as_str().into(),
            event.seen.0.into(),
            event.at.map(|at| at.0).into(),
            certainty_word(event.certainty).into(),
            line.kind.into(),
            line.leg.map_or("", |leg| leg.channel.as_str()).into(),
            (&line.extension()).into(),
            line.reason.map_or("", EndReason::as_str).into(),
        ],
    );
    call_row(&mut all, event, agent, number);
    leg_row(&mut all, event, &line);
    if all.run(tx).await?.is_some() {
        measure::call_event(line.kind);
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

/// The call is none between colleagues, and has no outcome yet.
macro_rules! may_owe {
    () => {
        "((CASE WHEN calls.started_seen = 0 THEN excluded.direction ELSE calls.direction END) <> 'internal' AND NOT EXISTS (SELECT 1 FROM ledger WHERE ledger.call_id = calls.id)
           AND NOT EXISTS (SELECT 1 FROM settlements WHERE settlements.call_id = calls.id))"
    };
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

    fn extension(&self) -> String {
        self.leg.and_then(|leg| leg.line.as_ref()).map_or(String::new(), ToString::to_string)
    }
}

const fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
        Direction::Internal => "internal",
    }
}

/// What an event says of its call.
#[derive(Default)]
struct CallRow<'a> {
    dialled: &'a str,
    queue: &'a str,
    agent: Option<AgentId>,
    is_ringing: bool,
    is_answered: bool,
    end: Option<(EndReason, Option<HangupCause>)>,
    /// It went beyond the agent's own phone.
    went_out: bool,
}

fn call_row(all: &mut Together, event: &CallEvent, agent: Option<AgentId>, number: Option<PhoneNumber>) {
    let mut upsert = |direction, other, row| upsert(all, event, direction, other, number, row);
    match &event.kind {
        CallEventKind::Originated { to, .. } => upsert(Direction::Outbound, to, CallRow { agent, ..CallRow::default() }),
        CallEventKind::Queued { queue, caller, dialled, .. } => upsert(Direction::Inbound, caller, CallRow { dialled, queue, ..CallRow::default() }),
        CallEventKind::Delivered { other, direction, dialled, .. } => {
            let agent = agent.filter(|_| *direction != Direction::Inbound);
            upsert(*direction, other, CallRow { dialled, agent, is_ringing: true, ..CallRow::default() });
        }
        CallEventKind::Cleared { reason, cause, at_own_phone, direction, other } => {
            upsert(*direction, other, CallRow { end: Some((*reason, *cause)), went_out: !at_own_phone, ..CallRow::default() });
        }
        // Mostly it is known by now; a conference room has not rung.
        CallEventKind::Established { leg, caller, dialled } => {
            let (direction, other) = match (leg.line.is_some(), caller) {
                (true, Some((caller, party))) if caller.line.is_none() => (Direction::Inbound, Some(party)),
                // With a colleague; or alone in a room, to which nobody outside has come yet.
                (true, _) => (Direction::Internal, None),
                (false, Some((caller, _))) if caller.line.is_some() => (Direction::Outbound, None),
                _ => (Direction::Inbound, None),
            };
            let row = CallRow { dialled: if other.is_some() { dialled } else { "" }, agent, is_answered: true, ..CallRow::default() };
            upsert(direction, other.unwrap_or(&Party::default()), row);
        }
        _ => changed(all, event),
    }
}

/// What an event changes of a call that is there; one that is not is put there, so that its legs have a place.
fn changed(all: &mut Together, event: &CallEvent) {
    let (id, seen, pbx) = (event.call.as_str(), event.seen.0, event.at.map(|at| at.0));
    match &event.kind {
        CallEventKind::QueueAbandoned { .. } => all.and_insert(
            "INSERT INTO calls (id, direction, started_seen, abandoned) SELECT $1, 'inbound', 0, 1 FROM entry WHERE TRUE
             ON CONFLICT (id) DO UPDATE SET abandoned = 1",
            [id.into()],
        ),
        // It went up in another call: a word with a colleague owes nothing.
        CallEventKind::Merged { .. } => all.and_insert(
            "INSERT INTO calls (id, direction, started_seen, ended_seen, ended_pbx, reason) SELECT $1, 'internal', 0, $2, $3, 'completed'
             FROM entry WHERE TRUE ON CONFLICT (id) DO UPDATE SET ended_seen = excluded.ended_seen, ended_pbx = excluded.ended_pbx,
             reason = excluded.reason WHERE calls.ended_seen IS NULL",
            [id.into(), seen.into(), pbx.into()],
        ),
        CallEventKind::Retrieved { .. } => all.and_insert(
            "INSERT INTO calls (id, direction, started_seen) SELECT $1, 'internal', 0 FROM entry WHERE TRUE
             ON CONFLICT (id) DO UPDATE SET hold_micros = calls.hold_micros + $2
               - COALESCE((SELECT MAX(seen_at) FROM call_events WHERE call_id = $1 AND kind = 'held'), $2)",
            [id.into(), seen.into()],
        ),
        _ => {
            let there = "INSERT INTO calls (id, direction, started_seen) SELECT $1, 'internal', 0 FROM entry WHERE TRUE ON CONFLICT (id) DO NOTHING";
            all.and_insert(there, [id.into()]);
        }
    }
}

/// The call as a row: what is known already stays. Who spoke owes an outcome; a call between others, seen in passing, owes none.
/// A dial that reached the far end is an attempt, and owes its outcome like a conversation does.
fn upsert(all: &mut Together, event: &CallEvent, direction: Direction, other: &Party, number: Option<PhoneNumber>, row: CallRow<'_>) {
    let (seen, pbx) = (event.seen.0, event.at.map(|at| at.0));
    all.and_insert(
        concat!(
            "INSERT INTO calls (id, direction, agent_id, number, name, dialled, queue, started_seen, ringing_seen, ringing_pbx,
               answered_seen, answered_pbx, ended_seen, ended_pbx, reason, cause, owes_outcome)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
               CASE WHEN $17 = 1 AND NOT EXISTS (SELECT 1 FROM ledger WHERE call_id = $1) THEN 1 ELSE 0 END FROM entry WHERE TRUE
             ON CONFLICT (id) DO UPDATE SET
               direction = CASE WHEN calls.started_seen = 0 THEN excluded.direction ELSE calls.direction END,
               agent_id = CASE WHEN excluded.answered_seen IS NULL OR ",
            may_owe!(),
            " THEN COALESCE(calls.agent_id, excluded.agent_id) ELSE calls.agent_id END,
               number = COALESCE(calls.number, excluded.number),
               dialled = CASE WHEN calls.dialled = '' THEN excluded.dialled ELSE calls.dialled END,
               queue = CASE WHEN calls.queue = '' THEN excluded.queue ELSE calls.queue END,
               name = CASE WHEN calls.name = '' THEN excluded.name ELSE calls.name END,
               started_seen = CASE WHEN calls.started_seen = 0 THEN excluded.started_seen ELSE calls.started_seen END,
               ringing_seen = COALESCE(calls.ringing_seen, excluded.ringing_seen),
               ringing_pbx = CASE WHEN calls.ringing_seen IS NULL THEN excluded.ringing_pbx ELSE calls.ringing_pbx END,
               answered_seen = COALESCE(calls.answered_seen, excluded.answered_seen),
               answered_pbx = CASE WHEN calls.answered_seen IS NULL THEN excluded.answered_pbx ELSE calls.answered_pbx END,
               ended_seen = COALESCE(calls.ended_seen, excluded.ended_seen),
               ended_pbx = CASE WHEN calls.ended_seen IS NULL THEN excluded.ended_pbx ELSE calls.ended_pbx END,
               reason = CASE WHEN calls.ended_seen IS NULL THEN excluded.reason ELSE calls.reason END,
               cause = CASE WHEN calls.ended_seen IS NULL THEN excluded.cause ELSE calls.cause END,
               owes_outcome = CASE
                 WHEN excluded.answered_seen IS NOT NULL AND COALESCE(calls.agent_id, excluded.agent_id) IS NOT NULL AND ",
            may_owe!(),
            " THEN 1
                 WHEN $18 = 1 AND calls.direction = 'outbound' AND calls.case_id IS NOT NULL AND calls.agent_id IS NOT NULL
                   AND NOT EXISTS (SELECT 1 FROM ledger WHERE ledger.call_id = calls.id) THEN 1
                 ELSE calls.owes_outcome END"
        ),
        [
            event.call.as_str().into(),
            direction_word(direction).into(),
            row.agent.map(|agent| agent.0).into(),
            number.map(PhoneNumber::to_i64).into(),
            other.name.reveal().as_str().into(),
            row.dialled.into(),
            row.queue.into(),
            seen.into(),
            row.is_ringing.then_some(seen).into(),
            pbx.filter(|_| row.is_ringing).into(),
            row.is_answered.then_some(seen).into(),
            pbx.filter(|_| row.is_answered).into(),
            row.end.map(|_| seen).into(),
            pbx.filter(|_| row.end.is_some()).into(),
            row.end.map_or("", |(reason, _)| reason.as_str()).into(),
            row.end.and_then(|(_, cause)| cause).map(|cause| i64::from(HangupCause::code(cause))).into(),
            i64::from(row.is_answered && row.agent.is_some() && direction != Direction::Internal).into(),
            i64::from(row.went_out).into(),
        ],
    );
}

fn leg_row(all: &mut Together, event: &CallEvent, line: &Line<'_>) {
    let Some(leg) = line.leg else { return };
    let seen_when = |is_it: bool| Argument::from(is_it.then_some(event.seen.0));
    let has_ended = matches!((line.kind, line.reason), ("ring_ended" | "left", reason) if reason != Some(EndReason::Answered));
    let reason = if has_ended { line.reason.unwrap_or(EndReason::Completed).as_str() } else { "" };
    all.and_insert(
        "INSERT INTO legs (call_id, uniqueid, channel, extension, rung_seen, answered_seen, ended_seen, reason)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8 FROM entry WHERE TRUE
         ON CONFLICT (call_id, uniqueid) DO UPDATE SET
           rung_seen = COALESCE(legs.rung_seen, excluded.rung_seen), answered_seen = COALESCE(legs.answered_seen, excluded.answered_seen),
           ended_seen = COALESCE(excluded.ended_seen, legs.ended_seen),
           reason = CASE WHEN excluded.ended_seen IS NULL THEN legs.reason ELSE excluded.reason END",
        [
            event.call.as_str().into(),
            leg.id.as_str().into(),
            (&leg.channel).into(),
            (&line.extension()).into(),
            seen_when(matches!(line.kind, "originated" | "delivered")),
            seen_when(matches!(line.kind, "established" | "own_phone_answered")),
            seen_when(has_ended),
            reason.into(),
        ],
    );
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

pub(super) async fn close_ghosts(tx: &mut Tx, now: Timestamp, since: Timestamp, live: &[CallId], only: &str) -> Result<Written, StoreError> {
    let live = serde_json::to_string(live).map_err(|e| StoreError::Unreadable { table: "calls", why: e.to_string() })?;
    match tx {
        Tx::Sqlite(tx) => {
            sqlx::query(
                "UPDATE calls SET ended_seen = $1, reason = 'unknown' WHERE ended_seen IS NULL AND started_seen < $3 AND substr(id, 1, length($4)) = $4 AND id NOT IN (SELECT value FROM json_each($2))",
            )
            .bind(now.0)
            .bind(live)
            .bind(since.0)
            .bind(only)
            .execute(&mut **tx)
            .await?;
        }
        Tx::Postgres(tx) => {
            sqlx::query("UPDATE calls SET ended_seen = $1, reason = 'unknown' WHERE ended_seen IS NULL AND started_seen < $3 AND substr(id, 1, length($4)) = $4 AND id NOT IN (SELECT jsonb_array_elements_text($2::jsonb))")
                .bind(now.0)
                .bind(live)
                .bind(since.0)
                .bind(only)
                .execute(&mut **tx)
                .await?;
        }
    }
    Ok(Written::Done)
}
