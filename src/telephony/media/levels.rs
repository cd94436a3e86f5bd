//! What is heard when nobody speaks: a soft tone, so that a debtor whose agent's page is loaded anew does not think that the line is dead.

use super::codec::{Codec, FRAME_TICKS};
use super::g711::encoded;

/// The tone, its loudness (of 32,767), and how long it sounds and is silent, in frames of 20 ms.
const HERTZ: f64 = 425.0;
const LOUDNESS: f64 = 900.0;
const SOUND_FRAMES: u64 = 10;
const PERIOD_FRAMES: u64 = 150;

/// One frame of silence or of the tone that says "one moment": 200 ms of it every 3 s. `frame` counts them.
#[must_use]
pub fn one_moment(codec: Codec, frame: u64) -> Vec<u8> {
    let sounds = frame % PERIOD_FRAMES < SOUND_FRAMES;
    if codec == Codec::G722 {
        return silence(codec); // There is no encoder of it here: silence is enough.
    }
    let sample = |at: u32| {
        if !sounds {
            return 0;
        }
        #[expect(clippy::cast_precision_loss, reason = "a few thousand frames")]
        let time = (frame as f64).mul_add(f64::from(FRAME_TICKS), f64::from(at)) / 8000.0;
        #[expect(clippy::cast_possible_truncation, reason = "the tone is soft")]
        let sample = ((time * HERTZ * std::f64::consts::TAU).sin() * LOUDNESS) as i16;
        sample
    };
    (0..FRAME_TICKS).map(|at| encoded(codec, sample(at))).collect()
}

/// One frame in which nothing is heard.
#[must_use]
pub fn silence(codec: Codec) -> Vec<u8> {
    let code = match codec {
        // An encoder makes this of nothing but zeros, after its first few bytes.
        Codec::G722 => 0xFA,
        Codec::Pcma => 0xD5,
        Codec::Pcmu => 0xFF,
    };
    vec![code; usize::try_from(FRAME_TICKS).unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telephony::media::g711::decoded;

    #[test]
    fn the_tone_is_soft_and_short() {
        for codec in [Codec::Pcma, Codec::Pcmu] {
            let loudest = |frame| decoded(codec, &one_moment(codec, frame)).map(i16::unsigned_abs).max().unwrap();
            assert!((800..1000).contains(&loudest(3)), "{codec:?} {}", loudest(3));
            assert!(loudest(10) <= 8 && loudest(149) <= 8 && loudest(150) > 800);
        }
        assert_eq!(one_moment(Codec::G722, 0).len(), 160);
    }
}
