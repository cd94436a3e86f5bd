//! G.711: A-law and mu-law, sample by sample, and from one into the other.

use std::sync::LazyLock;

use super::codec::Codec;

/// Samples of each code, and codes of the other law, worked out once.
struct Tables {
    alaw: [i16; 256],
    ulaw: [i16; 256],
    alaw_to_ulaw: [u8; 256],
    ulaw_to_alaw: [u8; 256],
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let code = |at: usize| u8::try_from(at).unwrap_or_default();
    Tables {
        alaw: core::array::from_fn(|at| of_alaw(code(at))),
        ulaw: core::array::from_fn(|at| of_ulaw(code(at))),
        alaw_to_ulaw: core::array::from_fn(|at| to_ulaw(of_alaw(code(at)))),
        ulaw_to_alaw: core::array::from_fn(|at| to_alaw(of_ulaw(code(at)))),
    }
});

fn at<T: Copy + Default>(table: &[T; 256], code: u8) -> T {
    table.get(usize::from(code)).copied().unwrap_or_default()
}

/// The samples of a packet.
pub fn decoded(codec: Codec, payload: &[u8]) -> impl Iterator<Item = i16> {
    let table = if codec == Codec::Pcmu { &TABLES.ulaw } else { &TABLES.alaw };
    payload.iter().map(|code| at(table, *code))
}

/// A packet in the other law, in place: by the nearest code. (Tables 3 and 4 of G.711 differ from it in a few codes by one step.)
pub fn change_law(from: Codec, payload: &mut [u8]) {
    let table = if from == Codec::Pcmu { &TABLES.ulaw_to_alaw } else { &TABLES.alaw_to_ulaw };
    payload.iter_mut().for_each(|code| *code = at(table, *code));
}

/// One sample as a code of A-law or mu-law.
#[must_use]
pub fn encoded(codec: Codec, sample: i16) -> u8 {
    if codec == Codec::Pcmu { to_ulaw(sample) } else { to_alaw(sample) }
}

/// G.711, table 1: a sign, three bits of exponent, four of mantissa, every other bit inverted.
fn of_alaw(code: u8) -> i16 {
    let code = code ^ 0x55;
    let (exponent, mantissa) = (i32::from(code >> 4 & 7), i32::from(code & 15) << 4);
    let size = if exponent == 0 { mantissa + 8 } else { (mantissa + 0x108) << (exponent - 1) };
    narrow(if code & 0x80 == 0 { -size } else { size })
}

/// G.711, table 2: the same, all bits inverted, with a bias of 33.
fn of_ulaw(code: u8) -> i16 {
    let code = !code;
    let size = ((i32::from(code & 15) << 3) + 0x84) << (code >> 4 & 7);
    narrow(if code & 0x80 == 0 { size - 0x84 } else { 0x84 - size })
}

fn to_alaw(sample: i16) -> u8 {
    let (size, mask) = if sample >= 0 { (i32::from(sample) >> 3, 0xD5) } else { ((-i32::from(sample) - 1) >> 3, 0x55) };
    // 12 bits at most: how many are above the five lowest says the exponent.
    let exponent = (32 - (size >> 5).leading_zeros()).min(7);
    let shift = exponent.max(1);
    byte((i32::try_from(exponent).unwrap_or(7) << 4) | (size >> shift & 15)) ^ mask
}

fn to_ulaw(sample: i16) -> u8 {
    let mask = if sample >= 0 { 0xFF } else { 0x7F };
    let size = ((i32::from(sample).abs() >> 2) + 0x21).min(0x1FFF);
    let exponent = 26 - size.leading_zeros().min(26);
    byte((i32::try_from(exponent).unwrap_or(7) << 4) | (size >> (exponent + 1) & 15)) ^ mask
}

fn narrow(sample: i32) -> i16 {
    i16::try_from(sample).unwrap_or(if sample < 0 { i16::MIN } else { i16::MAX })
}

fn byte(code: i32) -> u8 {
    u8::try_from(code & 0xFF).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ends and the smallest steps, from tables 1 and 2 of G.711 (in sixteenths of its units).
    #[test]
    fn codes_are_the_values_of_the_tables() {
        for (code, sample) in [(0xD5, 8), (0x55, -8), (0xD4, 24), (0xAA, 32256), (0x2A, -32256), (0x80, 5504)] {
            assert_eq!(of_alaw(code), sample, "A-law {code:#x}");
        }
        for (code, sample) in [(0xFF, 0), (0x7F, 0), (0xFE, 8), (0x80, 32124), (0x00, -32124), (0x8F, 16764)] {
            assert_eq!(of_ulaw(code), sample, "mu-law {code:#x}");
        }
    }

    #[test]
    fn every_code_comes_back_from_its_own_sample() {
        for code in 0..=255_u8 {
            assert_eq!(to_alaw(of_alaw(code)), code, "A-law {code:#x}");
            let again = to_ulaw(of_ulaw(code));
            assert!(again == code || (code == 0x7F && again == 0xFF), "mu-law {code:#x} {again:#x}");
        }
    }

    #[test]
    fn every_sample_is_coded_by_a_code_that_is_near() {
        for sample in i16::MIN..=i16::MAX {
            for (codec, coded) in [(Codec::Pcma, of_alaw(to_alaw(sample))), (Codec::Pcmu, of_ulaw(to_ulaw(sample)))] {
                let off = (i32::from(coded) - i32::from(sample)).abs();
                assert!(off <= 16 + i32::from(sample).abs() / 16, "{codec:?} {sample} {coded}");
            }
        }
    }

    #[test]
    fn what_is_changed_into_the_other_law_sounds_the_same() {
        for code in 0..=255_u8 {
            let mut payload = [code];
            change_law(Codec::Pcma, &mut payload);
            let [other] = payload;
            let (was, is) = (i32::from(of_alaw(code)), i32::from(of_ulaw(other)));
            assert!((was - is).abs() <= 16 + was.abs() / 16, "{code:#x}: {was} {is}");
            change_law(Codec::Pcmu, &mut payload);
            assert!((i32::from(of_alaw(payload[0])) - was).abs() <= 16 + was.abs() / 16, "{code:#x} and back");
        }
        assert_eq!(decoded(Codec::Pcmu, &[0xFF, 0x80]).collect::<Vec<_>>(), [0, 32124]);
    }
}
