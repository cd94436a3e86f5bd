//! Recordings: that one runs, what happened to it, what became of it, and who played it.

use super::Written;
use crate::clock::{SECOND, Timestamp};
use crate::ids::{AgentId, CallId, Extension};
use crate::store::error::StoreError;
use crate::store::pool::Tx;
use crate::store::read::recordings::RecordingState;

/// A player asks for a recording in many parts: they are one play as long as they come this close together.
const ONE_PLAY_MICROS: i64 = 60 * SECOND;

/// What is written about a recording.
#[derive(Debug, Clone)]
pub enum RecordingWrite {
    /// The call is recorded, and so a recording is owed.
    Due(CallId, Timestamp),
    /// A line in the call's timeline.
    Noted(RecordingNote),
    /// What became of it. Only one that is kept is never replaced.
    Ended(RecordingEnd),
    /// Somebody plays it.
    Played(CallId, AgentId, Timestamp),
}

/// That a recording began, was paused, went on or was stopped.
#[derive(Debug, Clone)]
pub struct RecordingNote {
    /// A key that no other event has.
    pub key: String,
    /// The call.
    pub call: CallId,
    /// When.
    pub at: Timestamp,
    /// `recording_started`, `recording_paused`, `recording_resumed`, `recording_stopped` or `recording_failed`.
    pub kind: &'static str,
    /// The phone whose agent asked for it.
    pub by: Option<Extension>,
}

/// What became of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingEnd {
    /// The call.
    pub call: CallId,
    /// How it ended.
    pub state: RecordingState,
    /// Why it is not as it should be: `agent`, `debtor`, `both` ...; ends a text key of the page.
    pub why: &'static str,
    /// Its file, within the folder where recordings are kept; empty when there is none.
    pub name: String,
    /// The file's SHA-256 in hexadecimal.
    pub sha256: String,
    /// Its length in microseconds.
    pub length_micros: i64,
    /// Its size.
    pub bytes: i64,
    /// When that was found.
    pub at: Timestamp,
}

pub(super) async fn apply(tx: &mut Tx, write: &RecordingWrite) -> Result<Written, StoreError> {
    match write {
        RecordingWrite::Due(call, at) => {
            execute!(
                &mut *tx,
                "INSERT INTO recordings (call_id, state, at) VALUES ($1, 'running', $2) ON CONFLICT (call_id) DO NOTHING",
                call.as_str(),
                at.0
            )?;
        }
        RecordingWrite::Noted(note) => {
            execute!(
                &mut *tx,
                "INSERT INTO call_events (key, call_id, seen_at, certainty, kind, extension) VALUES ($1, $2, $3, 'observed', $4, $5)
                 ON CONFLICT (key) DO NOTHING",
                note.key.as_str(),
                note.call.as_str(),
                note.at.0,
                note.kind,
                note.by.as_ref().map_or(String::new(), ToString::to_string)
            )?;
        }
        RecordingWrite::Ended(end) => ended(tx, end).await?,
        RecordingWrite::Played(call, user, at) => {
            execute!(
                &mut *tx,
                "INSERT INTO recording_plays (call_id, user_id, at) SELECT $1, $2, $3
                 WHERE NOT EXISTS (SELECT 1 FROM recording_plays WHERE call_id = $1 AND user_id = $2 AND at > $4)",
                call.as_str(),
                user.0,
                at.0,
                at.0 - ONE_PLAY_MICROS
            )?;
        }
    }
    Ok(Written::Done)
}

async fn ended(tx: &mut Tx, end: &RecordingEnd) -> Result<(), StoreError> {
    execute!(
        &mut *tx,
        "INSERT INTO recordings (call_id, state, why, name, sha256, length_micros, bytes, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (call_id) DO UPDATE SET state = excluded.state, why = excluded.why, name = excluded.name, sha256 = excluded.sha256,
           length_micros = excluded.length_micros, bytes = excluded.bytes, at = excluded.at WHERE recordings.name = '' OR recordings.name = excluded.name",
        end.call.as_str(),
        end.state.as_str(),
        end.why,
        end.name.as_str(),
        end.sha256.as_str(),
        end.length_micros,
        end.bytes,
        end.at.0
    )?;
    Ok(())
}
