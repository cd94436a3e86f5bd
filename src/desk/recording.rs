//! Which calls are recorded, and how far each recording is. What was asked for is no state: only the PBX's word is.
//!
//! ```text
//! Off -> Asked (dialled with a notice) -> Running <-> Paused -> Stopped
//!  \_______ the dialplan began it _________/ \______________/ -> Failed
//! ```

use serde::{Deserialize, Serialize};

use super::floor::{Effect, Floor};
use super::hub::Refusal;
use crate::ids::{AgentId, CallId};

/// How far the recording of a call is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recording {
    /// The call is not recorded.
    #[default]
    Off,
    /// The PBX was asked to record it, and has not said that it does.
    Asked,
    /// It is recorded, on this channel.
    Running(String),
    /// What is said is not recorded now, on this channel.
    Paused(String),
    /// It was recorded, and is not any more.
    Stopped,
    /// It should be recorded, and is not any more: the disk is full, or worse.
    Failed,
}

impl Recording {
    /// The channel on which it can be paused, resumed and stopped.
    #[must_use]
    pub fn channel(&self) -> Option<&str> {
        match self {
            Self::Running(channel) | Self::Paused(channel) => Some(channel),
            Self::Off | Self::Asked | Self::Stopped | Self::Failed => None,
        }
    }
}

/// What an agent wants of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// What is said now is not for the recording.
    Pause,
    /// Go on.
    Resume,
    /// Enough; it cannot go on.
    Stop,
}

impl Floor {
    pub(super) fn recording(&self, pbx_is_up: bool, agent: AgentId, call: &CallId, wish: Wish) -> Result<Vec<Effect>, Refusal> {
        let seat = self.seat(agent).ok_or(Refusal::NoSeat)?;
        let call = seat.call(call).filter(|call| call.is_live()).ok_or(Refusal::NoSuchCall)?;
        let channel = call.recording.channel().ok_or(Refusal::NotRecorded)?.to_owned();
        if !pbx_is_up {
            return Err(Refusal::NoPbx);
        }
        Ok(vec![Effect::Recording { channel, wish }])
    }

    /// How far the recording of a call is, at every seat that has it.
    pub fn show_recording(&mut self, id: &CallId, recording: &Recording) -> Vec<Effect> {
        let mut effects = Vec::new();
        for seat in self.seats.values_mut() {
            if let Some(call) = seat.call_mut(id).filter(|call| call.recording != *recording) {
                call.recording = recording.clone();
                effects.push(Effect::Changed(seat.profile.agent));
            }
        }
        effects
    }
}
