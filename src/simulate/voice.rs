//! What is heard of somebody: a hum with the rise and fall of speech, of a pitch of his own; or the sound of a file.

use std::path::Path;
use std::sync::Arc;

use crate::telephony::media::codec::{CLOCK_HZ, Codec, FRAME_TICKS};
use crate::telephony::media::g711::encoded;

/// Samples at 8,000 a second, said over and over.
#[derive(Debug, Clone)]
pub struct Voice(Arc<[i16]>);

/// A sentence: syllables of so many tenths of a second, each so much above or below the pitch; 0 is a breath.
const SENTENCE: [(u32, f64); 14] = [
    (2, 1.0),
    (1, 1.12),
    (2, 0.94),
    (1, 1.06),
    (3, 0.89),
    (3, 0.0),
    (1, 1.0),
    (2, 1.19),
    (1, 1.06),
    (1, 1.0),
    (2, 0.84),
    (4, 0.8),
    (8, 0.0),
    (10, 0.0),
];

impl Voice {
    /// The hum of whoever has this number.
    #[must_use]
    pub fn of(number: &str) -> Self {
        let seed = number.bytes().fold(7_u32, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        let pitch = f64::from(110 + seed % 130);
        let mut samples = Vec::new();
        for (tenths, turn) in SENTENCE {
            let length = tenths * CLOCK_HZ / 10;
            samples.extend((0..length).map(|at| if turn == 0.0 { 0 } else { hum(at, length, pitch * turn) }));
        }
        Self(samples.into())
    }

    /// The sound of a WAV file: 16 bit, mono, 8,000 samples a second.
    ///
    /// # Errors
    /// When it is no such file.
    pub fn from_file(file: &Path) -> Result<Self, String> {
        let samples = crate::recordings::live::samples_in(file).map_err(|error| format!("{}: {error}", file.display()))?;
        if samples.is_empty() { Err(format!("{}: there is no sound in it", file.display())) } else { Ok(Self(samples.into())) }
    }

    /// One frame, the so manieth.
    pub(super) fn frame(&self, codec: Codec, frame: usize) -> Vec<u8> {
        let length = usize::try_from(FRAME_TICKS).unwrap_or(160);
        let count = self.0.len().max(1);
        let from = frame * length % count;
        let sample = |at: usize| self.0.get(at % count).copied().unwrap_or_default();
        (from..from + length).map(|at| encoded(codec, sample(at))).collect()
    }
}

/// A voice has overtones, and begins and ends softly.
fn hum(at: u32, length: u32, hertz: f64) -> i16 {
    let time = f64::from(at) / f64::from(CLOCK_HZ);
    let tone = |n: f64, loud: f64| (time * hertz * n * std::f64::consts::TAU).sin() * loud;
    let edge = f64::from(at.min(length - at)) / 400.0;
    let sample = (tone(1.0, 0.5) + tone(2.0, 0.3) + tone(3.0, 0.2) + tone(5.0, 0.1)) * 9000.0 * edge.min(1.0);
    #[expect(clippy::cast_possible_truncation, reason = "within 10,000")]
    let sample = sample as i16;
    sample
}
