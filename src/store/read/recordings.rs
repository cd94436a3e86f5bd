//! Recordings: what became of them, what is still to be done, and who may play them.

use crate::clock::Timestamp;
use crate::ids::{AgentId, CallId, CaseId};
use crate::personal::Personal;
use crate::store::error::StoreError;
use crate::store::pool::Store;

/// Recordings that are looked at again at a time, at most.
const OPEN_MAX: i64 = 1000;

/// How a recording stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingState {
    /// The call goes on, or its files are not yet joined.
    Running,
    /// It is kept, and both sides are heard.
    Ok,
    /// Alarm: there is no file of it.
    Missing,
    /// Alarm: a side of it, or all of it, is empty. What there is, is kept.
    Empty,
    /// Alarm: its files could not be read, joined or kept. They stay where they are, and it is tried again.
    Failed,
    /// Its creditor has no notice: it was thrown away.
    Unwanted,
}

impl RecordingState {
    /// The word in the database; ends the page's text key.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ok => "ok",
            Self::Missing => "missing",
            Self::Empty => "empty",
            Self::Failed => "failed",
            Self::Unwanted => "unwanted",
        }
    }

    /// Somebody must look at it.
    #[must_use]
    pub const fn is_alarm(self) -> bool {
        matches!(self, Self::Missing | Self::Empty | Self::Failed)
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Running, Self::Ok, Self::Missing, Self::Empty, Self::Failed, Self::Unwanted].into_iter().find(|state| state.as_str() == text)
    }
}

/// A recording as it stands in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Its call.
    pub call: CallId,
    /// How it stands.
    pub state: RecordingState,
    /// Why it is not as it should be.
    pub why: String,
    /// Its file; empty when there is none.
    pub name: String,
    /// The file's SHA-256 in hexadecimal.
    pub sha256: String,
    /// Microseconds.
    pub length_micros: i64,
    /// The file's size.
    pub bytes: i64,
    /// Since when it stands so.
    pub at: Timestamp,
}

/// That somebody played a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Play {
    /// When.
    pub at: i64,
    /// Who.
    pub who: Personal<String>,
}

/// What is known of a call when its recording is finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedCall {
    /// It is over.
    pub ended: bool,
    /// Somebody answered it.
    pub answered: bool,
    /// The creditor of its case.
    pub creditor: Option<String>,
    /// The recording was paused for a while.
    pub paused: bool,
    /// How its recording stands; `None` when none is due.
    pub state: Option<RecordingState>,
}

#[derive(sqlx::FromRow)]
struct Row {
    call_id: String,
    state: String,
    why: String,
    name: String,
    sha256: String,
    length_micros: i64,
    bytes: i64,
    at: i64,
}

impl Row {
    fn read(self) -> Result<Recording, StoreError> {
        let state = RecordingState::parse(&self.state).ok_or_else(|| StoreError::Unreadable { table: "recordings", why: self.state.clone() })?;
        Ok(Recording {
            call: CallId::new(&self.call_id),
            state,
            why: self.why,
            name: self.name,
            sha256: self.sha256,
            length_micros: self.length_micros,
            bytes: self.bytes,
            at: Timestamp(self.at),
        })
    }
}

impl Store {
    /// The recording of a call.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn recording(&self, call: &CallId) -> Result<Option<Recording>, StoreError> {
        let sql = "SELECT call_id, state, why, name, sha256, length_micros, bytes, at FROM recordings WHERE call_id = $1";
        fetch_one!(self, Row, sql, call.as_str())?.map(Row::read).transpose()
    }

    /// Who played the recording of a call, the last first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn plays(&self, call: &CallId) -> Result<Vec<Play>, StoreError> {
        let rows = fetch_all!(
            self,
            (i64, String),
            "SELECT recording_plays.at, users.name FROM recording_plays JOIN users ON users.id = recording_plays.user_id
             WHERE recording_plays.call_id = $1 ORDER BY recording_plays.at DESC LIMIT 100",
            call.as_str()
        )?;
        Ok(rows.into_iter().map(|(at, who)| Play { at, who: who.into() }).collect())
    }

    /// Calls that are over and whose recording is not yet finished, or failed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unfinished_recordings(&self) -> Result<Vec<CallId>, StoreError> {
        let rows = fetch_all!(
            self,
            (String,),
            "SELECT recordings.call_id FROM recordings JOIN calls ON calls.id = recordings.call_id
             WHERE recordings.state IN ('running', 'failed') AND calls.ended_seen IS NOT NULL
             ORDER BY recordings.at LIMIT $1",
            OPEN_MAX
        )?;
        Ok(rows.into_iter().map(|(call,)| CallId::new(&call)).collect())
    }

    /// What is known of a call that was recorded; `None` when the call is not known.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn recorded_call(&self, call: &CallId) -> Result<Option<RecordedCall>, StoreError> {
        let row = fetch_one!(
            self,
            (i64, i64, Option<String>, i64, Option<String>),
            "SELECT CASE WHEN calls.ended_seen IS NULL THEN CAST(0 AS BIGINT) ELSE 1 END, CASE WHEN calls.answered_seen IS NULL THEN CAST(0 AS BIGINT) ELSE 1 END,
               creditors.name, (SELECT COUNT(*) FROM call_events WHERE call_events.call_id = calls.id AND call_events.kind = 'recording_paused'), recordings.state
             FROM calls LEFT JOIN cases ON cases.id = calls.case_id LEFT JOIN creditors ON creditors.id = cases.creditor_id
             LEFT JOIN recordings ON recordings.call_id = calls.id WHERE calls.id = $1",
            call.as_str()
        )?;
        Ok(row.map(|(ended, answered, creditor, paused, state)| RecordedCall {
            ended: ended != 0,
            answered: answered != 0,
            creditor,
            paused: paused != 0,
            state: state.as_deref().and_then(RecordingState::parse),
        }))
    }

    /// Whether an agent spoke in a call: was the agent of it, or wrote down what came of it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn spoke_in(&self, agent: AgentId, call: &CallId) -> Result<bool, StoreError> {
        let row = fetch_one!(
            self,
            (String,),
            "SELECT id FROM calls WHERE id = $1 AND (agent_id = $2 OR EXISTS (SELECT 1 FROM ledger WHERE ledger.call_id = calls.id AND ledger.agent_id = $2))",
            call.as_str(),
            agent.0
        )?;
        Ok(row.is_some())
    }

    /// The kept recordings of a case's calls that this agent spoke in.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn own_recordings(&self, agent: AgentId, case: CaseId) -> Result<Vec<CallId>, StoreError> {
        let rows = fetch_all!(
            self,
            (String,),
            "SELECT DISTINCT recordings.call_id FROM ledger JOIN recordings ON recordings.call_id = ledger.call_id LEFT JOIN calls ON calls.id = ledger.call_id
             WHERE ledger.case_id = $1 AND recordings.name <> '' AND (ledger.agent_id = $2 OR calls.agent_id = $2)",
            case.0,
            agent.0
        )?;
        Ok(rows.into_iter().map(|(call,)| CallId::new(&call)).collect())
    }

    /// How many recordings raise an alarm.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn recording_alarms(&self) -> Result<i64, StoreError> {
        let row = fetch_one!(self, (i64,), "SELECT COUNT(*) FROM recordings WHERE state IN ('missing', 'empty', 'failed')")?;
        Ok(row.map_or(0, |(count,)| count))
    }
}
