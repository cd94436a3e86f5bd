//! The tone that a phone speaks.

/// So many seconds of a tone as a WAV file, 16 bit, 8 kHz, mono.
pub fn wav(hertz: f64, seconds: u32) -> Vec<u8> {
    let samples = 8000 * seconds;
    let mut out = Vec::new();
    let mut put = |bytes: &[u8]| out.extend_from_slice(bytes);
    put(b"RIFF");
    put(&(36 + samples * 2).to_le_bytes());
    put(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    put(&8000_u32.to_le_bytes());
    put(&16_000_u32.to_le_bytes());
    put(b"\x02\0\x10\0data");
    put(&(samples * 2).to_le_bytes());
    for sample in 0..samples {
        let turn = f64::from(sample) * hertz * std::f64::consts::TAU / 8000.0;
        #[expect(clippy::cast_possible_truncation, reason = "the tone stays within 8000")]
        put(&((turn.sin() * 8000.0) as i16).to_le_bytes());
    }
    out
}

/// How much of the sound is this tone, from 0 to 1 (Goertzel).
pub fn power(samples: &[i16], hertz: f64) -> f64 {
    let step = 2.0 * (hertz * std::f64::consts::TAU / 8000.0).cos();
    let (mut last, mut before, mut whole) = (0.0, 0.0, 0.0);
    for sample in samples {
        let sample = f64::from(*sample);
        (last, before) = (step.mul_add(last, sample) - before, last);
        whole += sample * sample;
    }
    let tone = step.mul_add(-last * before, last.mul_add(last, before * before));
    #[expect(clippy::cast_precision_loss, reason = "a few thousand samples")]
    let count = samples.len() as f64;
    if whole == 0.0 { 0.0 } else { 2.0 * tone / (count * whole) }
}
