//! What the PBX says of recordings, and what is done about it: the seats show it, the journal notes it, and the keeper is
//! told when one is over. Nothing here waits.

use super::recorded::RecordingEffect;
use super::task::Task;
use crate::clock::{Clock, Timestamp};
use crate::desk::floor::Effect;
use crate::desk::recording::Wish;
use crate::recordings::keep::Over;
use crate::store::write::{RecordingNote, RecordingWrite, Write};
use crate::telephony::pbx::command::Command as PbxCommand;
use crate::telephony::pbx::recording::{RecordingChange, RecordingHeard};

/// The command for an agent's wish.
pub(super) fn command(channel: String, wish: Wish) -> PbxCommand {
    match wish {
        Wish::Pause => PbxCommand::PauseRecording { channel },
        Wish::Resume => PbxCommand::ResumeRecording { channel },
        Wish::Stop => PbxCommand::StopRecording { channel },
    }
}

impl<C: Clock> Task<C> {
    pub(super) fn recording_heard(&mut self, now: Timestamp, heard: &RecordingHeard) {
        if self.setup.recordings.is_none() {
            return; // Somebody else's recordings.
        }
        let effects = self.recorded.heard(heard);
        let kind = match heard.change {
            RecordingChange::Started => "recording_started",
            RecordingChange::Paused => "recording_paused",
            RecordingChange::Resumed => "recording_resumed",
            RecordingChange::Stopped => "recording_stopped",
            RecordingChange::Failed => "recording_failed",
        };
        let has_it = |seat: &&crate::desk::seat::Seat| seat.call(&heard.call).is_some_and(|call| call.is_live() && call.talk.has_run());
        let by = self.floor.seats().find(has_it).map(|seat| seat.profile.extension.clone());
        let note = RecordingNote { key: self.journal.key(), call: heard.call.clone(), at: now, kind, by };
        self.journal.put(Write::Recording(RecordingWrite::Noted(note)));
        self.record(now, effects);
    }

    /// Does what recordings need.
    pub(super) fn record(&mut self, now: Timestamp, effects: Vec<RecordingEffect>) {
        for effect in effects {
            match effect {
                RecordingEffect::Show(call, recording) => {
                    let changed = self.floor.show_recording(&call, &recording);
                    self.note_changed(&changed);
                }
                RecordingEffect::Due(call) => self.journal.put(Write::Recording(RecordingWrite::Due(call, now))),
                RecordingEffect::Over { call, due } => {
                    // What does not fit, or comes when nobody listens, the keeper finds in its folder.
                    if let Some(keeper) = &self.setup.recordings {
                        let _ = keeper.try_send(Over { call, due });
                    }
                }
            }
        }
    }

    /// Seats that must be put on the board, of effects that ask for nothing else.
    pub(super) fn note_changed(&mut self, effects: &[Effect]) {
        self.changed.extend(effects.iter().filter_map(|effect| match effect {
            Effect::Changed(agent) => Some(*agent),
            _ => None,
        }));
    }
}
