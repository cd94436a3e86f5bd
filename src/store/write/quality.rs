//! How calls were heard.

use std::time::Duration;

use super::Written;
use crate::ids::CallId;
use crate::store::error::StoreError;
use crate::store::pool::Tx;
use crate::telephony::media::quality::CallQuality;

/// How a call that is over was heard. Said twice, of the two agents who had it one after the other, the worse holds.
pub(super) async fn heard(tx: &mut Tx, call: &CallId, quality: &CallQuality) -> Result<Written, StoreError> {
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    #[expect(clippy::cast_possible_truncation, reason = "from 100 to 450")]
    let mos = (quality.mos() * 100.0).round() as i64;
    execute!(
        &mut *tx,
        "INSERT INTO call_quality (call_id, heard_packets, heard_lost, heard_jitter_micros, said_packets, said_lost, said_jitter_micros,
           round_trip_micros, mos_hundredths) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (call_id) DO UPDATE SET heard_packets = excluded.heard_packets, heard_lost = excluded.heard_lost,
           heard_jitter_micros = excluded.heard_jitter_micros, said_packets = excluded.said_packets, said_lost = excluded.said_lost,
           said_jitter_micros = excluded.said_jitter_micros, round_trip_micros = excluded.round_trip_micros,
           mos_hundredths = excluded.mos_hundredths WHERE excluded.mos_hundredths < call_quality.mos_hundredths",
        call.as_str(),
        count(quality.heard.expected),
        count(quality.heard.lost),
        micros(quality.heard.jitter),
        count(quality.said.expected),
        count(quality.said.lost),
        micros(quality.said.jitter),
        quality.round_trip.map(micros),
        mos
    )?;
    Ok(Written::Done)
}
