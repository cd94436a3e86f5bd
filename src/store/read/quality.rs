//! How calls were heard.

use crate::ids::CallId;
use crate::store::error::StoreError;
use crate::store::pool::Store;

/// How a call was heard, as it stands in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct CallHeard {
    /// Packets that should have come from the exchange, and those that did not.
    pub heard_packets: i64,
    /// Of these, lost.
    pub heard_lost: i64,
    /// How unevenly they came, in microseconds.
    pub heard_jitter_micros: i64,
    /// The same of the agent's browser.
    pub said_packets: i64,
    /// Lost.
    pub said_lost: i64,
    /// In microseconds.
    pub said_jitter_micros: i64,
    /// To the exchange and back, in microseconds.
    pub round_trip_micros: Option<i64>,
    /// What a listener would say of it, in hundredths: 100 bad, 440 as good as a telephone is.
    pub mos_hundredths: i64,
}

impl Store {
    /// How a call was heard; `None` of one that Belbrug did not carry.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn call_heard(&self, call: &CallId) -> Result<Option<CallHeard>, StoreError> {
        let sql = "SELECT heard_packets, heard_lost, heard_jitter_micros, said_packets, said_lost, said_jitter_micros, round_trip_micros,
                     mos_hundredths FROM call_quality WHERE call_id = $1";
        Ok(fetch_one!(self, CallHeard, sql, call.as_str())?)
    }
}
