//! What is counted, for Prometheus. One function for each figure; its labels are words of our own, never a name or a number.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Bounds of latencies, in seconds: from a lookup in memory to what an agent calls slow.
const SECONDS: [f64; 14] = [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// Bounds of how calls are heard.
const MOS: [f64; 6] = [2.0, 2.5, 3.1, 3.6, 4.0, 4.3];
/// Bounds of the writer's groups.
const WRITES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// All figures, as Prometheus reads them.
#[derive(Debug, Clone)]
pub struct Figures(PrometheusHandle);

impl Figures {
    /// Begins to count. Until then, and when somebody counts already, nothing is counted here.
    ///
    /// # Errors
    /// When the bounds of a histogram are none.
    pub fn begin() -> Result<Self, BuildError> {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
            .set_buckets_for_metric(Matcher::Full("belbrug_call_mos".to_owned()), &MOS)?
            .set_buckets_for_metric(Matcher::Full("belbrug_writer_group_writes".to_owned()), &WRITES)?
            .build_recorder();
        let figures = Self(recorder.handle());
        if metrics::set_global_recorder(recorder).is_ok() {
            describe();
            gauge!("belbrug_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        }
        Ok(figures)
    }

    /// As text.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// What was observed is put into its buckets. Must be done now and then, or observations pile up.
    pub fn tidy(&self) {
        self.0.run_upkeep();
    }
}

fn describe() {
    describe_gauge!("belbrug_info", "The version that runs.");
    describe_gauge!("belbrug_link_up", "1 while we are signed in at the PBX.");
    describe_counter!("belbrug_link_sign_ins_total", "Sign-ins at the PBX; all but the first are reconnects.");
    describe_counter!("belbrug_link_gaps_total", "Stretches in which the PBX was out of sight.");
    describe_counter!("belbrug_link_bytes_total", Unit::Bytes, "Bytes from the PBX.");
    describe_counter!("belbrug_link_frames_total", "Frames from the PBX, by whether they could be read.");
    describe_counter!("belbrug_link_events_total", "Frames that told something of a call.");
    describe_counter!("belbrug_sip_messages_total", "Messages of SIP, by whether they came or went.");
    describe_counter!("belbrug_sip_bytes_total", Unit::Bytes, "Their bytes.");
    describe_counter!("belbrug_sip_strangers_total", "Datagrams and connections from addresses that are no PBX of ours; they were dropped.");
    describe_gauge!("belbrug_sip_phones_watched", "Phones whose calls the PBX tells of by SIP.");
    describe_gauge!("belbrug_sip_sessions", "Legs of calls that are ours.");
    describe_counter!(
        "belbrug_audio_dropped_total",
        "Packets of audio from somebody else than the PBX of the call, or in a codec that was not agreed."
    );
    describe_counter!(
        "belbrug_recording_packets_lost_total",
        "Packets of recorded calls that the disk was too slow for: they are silence in the recording."
    );
    describe_histogram!("belbrug_call_mos", "How calls at phones in browsers were heard, estimated (ITU-T G.107), the worse of both ways.");
    describe_counter!("belbrug_audio_untold_total", "What the audio had to tell and nobody took.");
    describe_gauge!("belbrug_calls_live", "Calls that the PBX has now.");
    describe_counter!("belbrug_call_events_total", "What happened to calls, by kind.");
    describe_histogram!("belbrug_ring_to_pop_seconds", Unit::Seconds, "From the PBX's word that a phone rings to the file on the board.");
    describe_counter!("belbrug_lookups_total", "Numbers looked up, by result.");
    describe_histogram!("belbrug_lookup_seconds", Unit::Seconds, "How long a lookup took.");
    describe_gauge!("belbrug_journal_entries", "Journal entries that wait for the database.");
    describe_counter!("belbrug_journal_lost_total", "Journal entries for which there was no room.");
    describe_histogram!("belbrug_writer_group_writes", "Writes in one transaction.");
    describe_histogram!("belbrug_writer_commit_seconds", Unit::Seconds, "How long a transaction took, its fsync included.");
    describe_counter!("belbrug_writer_failed_total", "Writes that failed, by whether it was their own fault or the database's.");
    describe_counter!("belbrug_web_requests_total", "Answered requests, by part of the site and status.");
    describe_histogram!("belbrug_web_request_seconds", Unit::Seconds, "Until the answer began, by part of the site.");
    describe_gauge!("belbrug_live_streams", "Open live streams, by page.");
    describe_counter!("belbrug_recordings_total", "Recordings that are over, by what became of them.");
    describe_gauge!("belbrug_recording_alarms", "Recordings that somebody must look at: missing, empty or failed.");
    describe_gauge!("belbrug_outcomes_owed", "Calls that are over and whose outcome is not written down.");
}

/// We are signed in at the PBX, or not.
pub fn link_up(is_up: bool) {
    gauge!("belbrug_link_up").set(if is_up { 1.0 } else { 0.0 });
    if is_up {
        counter!("belbrug_link_sign_ins_total").increment(1);
    }
}

/// The PBX is out of sight.
pub fn gap() {
    counter!("belbrug_link_gaps_total").increment(1);
}

/// What one read of the link brought. Counted together: this is the busiest place of all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Received {
    /// Bytes.
    pub bytes: u64,
    /// Frames.
    pub frames: u64,
    /// Frames that could not be read.
    pub unreadable: u64,
    /// Events that matter to a call.
    pub events: u64,
}

impl Received {
    /// Adds it to what was counted before.
    pub fn count(self) {
        counter!("belbrug_link_bytes_total").increment(self.bytes);
        counter!("belbrug_link_frames_total", "read" => "yes").increment(self.frames);
        if self.unreadable > 0 {
            counter!("belbrug_link_frames_total", "read" => "no").increment(self.unreadable);
        }
        if self.events > 0 {
            counter!("belbrug_link_events_total").increment(self.events);
        }
    }
}

/// A message of SIP came, or went.
pub fn sip_message(is_ours: bool, bytes: usize) {
    let way = if is_ours { "out" } else { "in" };
    counter!("belbrug_sip_messages_total", "way" => way).increment(1);
    counter!("belbrug_sip_bytes_total", "way" => way).increment(u64::try_from(bytes).unwrap_or(u64::MAX));
}

/// How the SIP line stands: legs of ours, phones that are told of, and what strangers have sent in all.
pub fn sip_line(sessions: usize, phones: usize, strangers: u64) {
    gauge!("belbrug_sip_sessions").set(as_figure(sessions));
    gauge!("belbrug_sip_phones_watched").set(as_figure(phones));
    counter!("belbrug_sip_strangers_total").absolute(strangers);
}

/// Packets of a call's audio that were not passed on: from somebody else, or in a codec that was not agreed.
pub fn audio_dropped(packets: u64) {
    counter!("belbrug_audio_dropped_total").increment(packets);
}

/// A packet of a recorded call found no room on its way to the disk.
pub fn recording_packet_lost() {
    counter!("belbrug_recording_packets_lost_total").increment(1);
}

/// How a call that is over was heard, as a listener would say it: 1 bad, 4.4 as good as a telephone is.
pub fn call_heard(mos: f64) {
    histogram!("belbrug_call_mos").record(mos);
}

/// Something of the audio could not be told, because nobody took it.
pub fn audio_untold() {
    counter!("belbrug_audio_untold_total").increment(1);
}

/// Calls that the PBX has now.
pub fn live_calls(calls: usize) {
    gauge!("belbrug_calls_live").set(as_figure(calls));
}

/// Something happened to a call.
pub fn call_event(kind: &'static str) {
    counter!("belbrug_call_events_total", "kind" => kind).increment(1);
}

/// A number was looked up for a phone that rings: how long the lookup took, and how long it is since the PBX's word.
pub fn looked_up(result: &'static str, took: Duration, since_ringing: Duration) {
    counter!("belbrug_lookups_total", "result" => result).increment(1);
    histogram!("belbrug_lookup_seconds").record(took);
    histogram!("belbrug_ring_to_pop_seconds").record(since_ringing);
}

/// Journal entries that wait.
pub fn journal(entries: usize) {
    gauge!("belbrug_journal_entries").set(as_figure(entries));
}

/// A journal entry had no room.
pub fn journal_lost() {
    counter!("belbrug_journal_lost_total").increment(1);
}

/// A transaction of so many writes took so long.
pub fn committed(writes: usize, took: Duration) {
    histogram!("belbrug_writer_group_writes").record(as_figure(writes));
    histogram!("belbrug_writer_commit_seconds").record(took);
}

/// Writes failed: `own` when it was their own fault, `database` when nothing could be written.
pub fn failed_writes(whose: &'static str, writes: usize) {
    counter!("belbrug_writer_failed_total", "fault" => whose).increment(writes as u64);
}

/// A request was answered.
pub fn web_request(part: &'static str, status: u16, took: Duration) {
    counter!("belbrug_web_requests_total", "part" => part, "status" => status.to_string()).increment(1);
    histogram!("belbrug_web_request_seconds", "part" => part).record(took);
}

/// An open live stream; dropping it says that it is closed.
#[derive(Debug)]
pub struct LiveStream(&'static str);

impl LiveStream {
    /// A stream of this page opens.
    #[must_use]
    pub fn open(page: &'static str) -> Self {
        gauge!("belbrug_live_streams", "page" => page).increment(1.0);
        Self(page)
    }
}

impl Drop for LiveStream {
    fn drop(&mut self) {
        gauge!("belbrug_live_streams", "page" => self.0).decrement(1.0);
    }
}

/// A recording is over.
pub fn recording(state: &'static str) {
    counter!("belbrug_recordings_total", "state" => state).increment(1);
}

/// What the database says when Prometheus asks.
pub fn owed(outcomes: i64, recordings: i64) {
    gauge!("belbrug_outcomes_owed").set(as_figure(usize::try_from(outcomes).unwrap_or(0)));
    gauge!("belbrug_recording_alarms").set(as_figure(usize::try_from(recordings).unwrap_or(0)));
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus counts in floating point")]
const fn as_figure(count: usize) -> f64 {
    count as f64
}
