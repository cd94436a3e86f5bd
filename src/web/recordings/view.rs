//! What the pages show of a recording.

use crate::clock::Timestamp;
use crate::desk::recording;
use crate::store::read::recordings::{Play, Recording, RecordingState};
use crate::web::deps::Deps;
use crate::web::supervisor::view::ResultTone;
use crate::web::texts::Texts;

/// How far the recording of the call on the bar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Asked,
    Running,
    Paused,
    Stopped,
    Failed,
}

impl Mark {
    /// Of a call at the desk; `None` when it is not recorded.
    pub const fn of(recording: &recording::Recording) -> Option<Self> {
        match recording {
            recording::Recording::Off => None,
            recording::Recording::Asked => Some(Self::Asked),
            recording::Recording::Running(_) => Some(Self::Running),
            recording::Recording::Paused(_) => Some(Self::Paused),
            recording::Recording::Stopped => Some(Self::Stopped),
            recording::Recording::Failed => Some(Self::Failed),
        }
    }

    /// Ends the text key `recording-mark-...`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    pub const fn sign(self) -> &'static str {
        match self {
            Self::Asked => "○",
            Self::Running => "●",
            Self::Paused => "❚❚",
            Self::Stopped => "■",
            Self::Failed => "▲",
        }
    }

    /// What the first button does, and its sign: the value of `wish`, and the end of its text key `recording-...`.
    pub const fn wish(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Running => Some(("pause", "❚❚")),
            Self::Paused => Some(("resume", "●")),
            Self::Asked | Self::Stopped | Self::Failed => None,
        }
    }
}

/// What became of a recording, for who may play it.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordingRow {
    pub call: String,
    /// In words: "Beide kanten zijn te horen", "De kant van de agent is leeg".
    pub words: String,
    pub tone: ResultTone,
    /// There is something to play.
    pub playable: bool,
    /// "1:02".
    pub length: String,
    pub sha256: String,
    /// Who played it and when.
    pub plays: Vec<PlayRow>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PlayRow {
    pub when: String,
    pub who: String,
}

/// The recording of a call.
pub fn row(deps: &Deps, t: &Texts, recording: &Recording, plays: &[Play]) -> RecordingRow {
    let (_, today) = deps.now();
    let key = match (recording.state, recording.why.as_str()) {
        (state, "") => format!("recording-{}", state.as_str()),
        (state, why) => format!("recording-{}-{why}", state.as_str()),
    };
    RecordingRow {
        call: recording.call.to_string(),
        words: t.t(&key),
        tone: match recording.state {
            RecordingState::Running => ResultTone::Live,
            RecordingState::Ok => ResultTone::Answered,
            RecordingState::Unwanted => ResultTone::NotAnswered,
            RecordingState::Missing | RecordingState::Empty | RecordingState::Failed => ResultTone::Failed,
        },
        playable: !recording.name.is_empty(),
        length: t.duration_ms(recording.length_micros / 1000),
        sha256: recording.sha256.clone(),
        plays: plays
            .iter()
            .map(|play| PlayRow { when: t.moment(deps.office.local(Timestamp(play.at)), today), who: play.who.reveal().clone() })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::texts::Language;

    #[test]
    fn everything_that_can_become_of_a_recording_has_its_words() {
        let mut keys: Vec<String> = [Mark::Asked, Mark::Running, Mark::Paused, Mark::Stopped, Mark::Failed]
            .iter()
            .map(|mark| format!("recording-mark-{}", mark.code()))
            .collect();
        keys.extend(["pause", "resume", "stop"].map(|wish| format!("recording-{wish}")));
        keys.extend(
            ["running", "ok", "unwanted", "missing-both", "failed-disk", "failed-unreadable", "failed-name"].map(|end| format!("recording-{end}")),
        );
        keys.extend(["agent", "debtor", "both", "agent-early", "debtor-early"].map(|why| format!("recording-empty-{why}")));
        keys.extend(["started", "paused", "resumed", "stopped", "failed"].map(|what| format!("event-recording-{what}")));
        for language in Language::ALL {
            for key in &keys {
                assert_ne!(&Texts::of(language).t(key), key, "{language:?} misses {key}");
            }
        }
    }
}
