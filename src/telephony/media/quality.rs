//! How well a stream is heard: lost packets and jitter (RFC 3550, A.3 and A.8), and what a listener would say of it (ITU-T G.107).

use std::time::{Duration, Instant};

use super::codec::CLOCK_HZ;

/// So many numbers off in one step, and the sender has begun anew (RFC 3550, A.1).
const STEP_MAX: i16 = 3000;
/// What a browser holds back to even out the jitter, and the packet itself.
const FIXED_DELAY_MS: f64 = 60.0;

/// What was received of one stream.
#[derive(Debug, Clone, Default)]
pub struct Reception {
    first: u64,
    highest: u64,
    received: u64,
    jitter_ticks: f64,
    transit: Option<f64>,
    since: Option<Instant>,
    last: Option<Instant>,
    /// As of the last report: expected and received.
    reported: (u64, u64),
    /// The same, as of the last report to the other end.
    told: (u64, u64),
    /// Of stretches that ended with a sender's new beginning.
    before: (u64, u64),
    /// Who sends, and whether what comes next is a beginning.
    source: Option<u64>,
    is_anew: bool,
}

/// What a stretch was like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heard {
    /// Packets that should have come.
    pub expected: u64,
    /// Of those, that did not.
    pub lost: u64,
    /// How unevenly they came.
    pub jitter: Duration,
}

/// What a report says of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reported {
    /// The part that was lost since the report before, in 256ths.
    pub fraction: u8,
    /// Lost in all.
    pub lost: u32,
    /// The highest number that came, with how often they started over.
    pub highest: u32,
    /// In ticks.
    pub jitter_ticks: u32,
}

/// A whole call, both ways.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CallQuality {
    /// What the agent hears: as it came from the exchange.
    pub heard: Heard,
    /// What the agent says: as it came from the browser.
    pub said: Heard,
    /// To the exchange and back, where it tells.
    pub round_trip: Option<Duration>,
}

impl CallQuality {
    /// What a listener would say of the worse of the two ways.
    #[must_use]
    pub fn mos(&self) -> f64 {
        let round_trip = self.round_trip.unwrap_or_default();
        self.heard.mos(round_trip).min(self.said.mos(round_trip))
    }
}

impl Heard {
    /// The part that was lost, from 0 to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "packets of a call")]
    pub fn loss(&self) -> f64 {
        if self.expected == 0 { 0.0 } else { self.lost as f64 / self.expected as f64 }
    }

    /// What a listener would say of it, from 1 (bad) to 4.4 (as good as a telephone is): the E-model with its default values (G.107),
    /// for a codec that hides lost packets as browsers do (G.113, appendix I: Ie 0, Bpl 25.1).
    #[must_use]
    pub fn mos(&self, round_trip: Duration) -> f64 {
        let jitter_ms = self.jitter.as_secs_f64() * 1000.0;
        // One way, and what holds back twice the jitter.
        let delay = round_trip.as_secs_f64().mul_add(500.0, 2.0f64.mul_add(jitter_ms, FIXED_DELAY_MS));
        let delayed = 0.024f64.mul_add(delay, 0.11 * (delay - 177.3).max(0.0));
        let loss = self.loss() * 100.0;
        let lost = 95.0 * loss / (loss + 25.1);
        let r = (93.2 - delayed - lost).clamp(0.0, 100.0);
        (r * (r - 60.0) * (100.0 - r)).mul_add(7e-6, 0.035f64.mul_add(r, 1.0)).clamp(1.0, 4.5)
    }
}

impl Reception {
    /// Whoever sends has paused, as was agreed: the numbers that are missing were never sent to us.
    pub const fn begin_anew(&mut self) {
        self.is_anew = true;
    }

    /// Takes a packet of this source: another one counts for itself.
    pub fn received_of(&mut self, source: u64, now: Instant, seq: u16, ticks: u32) {
        if self.source.replace(source).is_some_and(|before| before != source) {
            self.begin_anew();
        }
        self.received(now, seq, ticks);
    }

    /// Takes a packet.
    pub fn received(&mut self, now: Instant, seq: u16, ticks: u32) {
        let start = *self.since.get_or_insert(now);
        self.last = Some(now);
        let [low, high, ..] = self.highest.to_le_bytes();
        let step = seq.wrapping_sub(u16::from_le_bytes([low, high])).cast_signed();
        if std::mem::take(&mut self.is_anew) || self.received == 0 || step.abs() >= STEP_MAX {
            let (expected, received) = self.before;
            self.before = (expected + self.expected(), received + self.received);
            // Away from zero, so that what comes late is not below it.
            let base = u64::from(seq) + 65_536;
            (self.first, self.highest, self.received, self.transit) = (base, base, 0, None);
        } else if step > 0 {
            self.highest += u64::from(step.unsigned_abs());
        }
        self.received += 1;
        let arrival = now.duration_since(start).as_secs_f64() * f64::from(CLOCK_HZ);
        let transit = arrival - f64::from(ticks);
        if let Some(before) = self.transit.replace(transit) {
            let off = (transit - before).abs();
            // A clock that starts over says nothing of the way.
            if off < f64::from(CLOCK_HZ) {
                self.jitter_ticks += (off - self.jitter_ticks) / 16.0;
            }
        }
    }

    const fn expected(&self) -> u64 {
        if self.received == 0 { 0 } else { self.highest - self.first + 1 }
    }

    /// All of it.
    #[must_use]
    pub fn whole(&self) -> Heard {
        let (expected, received) = self.before;
        self.heard(expected + self.expected(), received + self.received)
    }

    /// Since this was asked last.
    pub fn since_last(&mut self) -> Heard {
        let (expected, received) = (self.before.0 + self.expected(), self.before.1 + self.received);
        let (was_expected, was_received) = std::mem::replace(&mut self.reported, (expected, received));
        self.heard(expected - was_expected, received - was_received)
    }

    /// As a report tells it to whoever sends (RFC 3550, 6.4.1).
    pub fn reported(&mut self) -> Reported {
        let (expected, received) = (self.before.0 + self.expected(), self.before.1 + self.received);
        let (was_expected, was_received) = std::mem::replace(&mut self.told, (expected, received));
        let (of, got) = (expected - was_expected, received - was_received);
        let fraction = (of.saturating_sub(got) * 256).checked_div(of).unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand ticks at most")]
        let jitter_ticks = self.jitter_ticks as u32;
        Reported {
            fraction: u8::try_from(fraction).unwrap_or(u8::MAX),
            lost: u32::try_from(expected.saturating_sub(received)).unwrap_or(u32::MAX).min(0x7F_FFFF),
            highest: u32::try_from(self.highest.saturating_sub(65_536) & 0xFFFF_FFFF).unwrap_or_default(),
            jitter_ticks,
        }
    }

    fn heard(&self, expected: u64, received: u64) -> Heard {
        let jitter = Duration::from_secs_f64(self.jitter_ticks / f64::from(CLOCK_HZ));
        Heard { expected, lost: expected.saturating_sub(received), jitter }
    }

    /// When the last packet came.
    #[must_use]
    pub const fn last(&self) -> Option<Instant> {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(20);

    fn heard(packets: impl IntoIterator<Item = (u32, u16)>) -> Reception {
        let (mut reception, start) = (Reception::default(), Instant::now());
        for (frame, seq) in packets {
            reception.received(start + FRAME * frame, seq, frame.wrapping_mul(160));
        }
        reception
    }

    #[test]
    fn what_does_not_come_is_lost_and_what_comes_late_is_not() {
        let whole = heard((0..100).map(|n| (n, 65_500_u16.wrapping_add(u16::try_from(n).unwrap())))).whole();
        assert_eq!((whole.expected, whole.lost, whole.jitter), (100, 0, Duration::ZERO));
        let lossy = heard((0..100).filter(|n| n % 10 != 5).map(|n| (n, u16::try_from(n).unwrap()))).whole();
        assert_eq!((lossy.expected, lossy.lost), (100, 10));
        let late = heard([(0, 1), (1, 2), (2, 4), (3, 3), (4, 5)]).whole();
        assert_eq!((late.expected, late.lost), (5, 0));
    }

    #[test]
    fn a_stretch_is_told_once() {
        let mut reception = heard((0..50).map(|n| (n, u16::try_from(n).unwrap())));
        assert_eq!(reception.since_last().expected, 50);
        reception.received(Instant::now() + FRAME * 52, 52, 52 * 160);
        let since = reception.since_last();
        assert_eq!((since.expected, since.lost), (3, 2));
    }

    #[test]
    fn a_sender_that_begins_anew_has_lost_nothing() {
        let packets = (0..50).map(|n| (n, u16::try_from(n).unwrap())).chain((50..100).map(|n| (n, 40_000 + u16::try_from(n).unwrap())));
        let whole = heard(packets).whole();
        assert_eq!((whole.expected, whole.lost), (100, 0));
    }

    #[test]
    fn what_was_held_back_and_what_another_sends_is_not_lost() {
        let mut reception = heard((0..50).map(|n| (n, u16::try_from(n).unwrap())));
        reception.begin_anew();
        let now = Instant::now() + FRAME * 200;
        (200..250).for_each(|n| reception.received_of(1, now, n, 0));
        (300..350).for_each(|n| reception.received_of(2, now, n, 0));
        assert_eq!((reception.whole().expected, reception.whole().lost), (150, 0));
    }

    /// Jitter of packets that come 10 ms early and late in turn settles at 20 ms between neighbours.
    #[test]
    fn jitter_is_how_unevenly_they_come() {
        let (mut reception, start) = (Reception::default(), Instant::now() + FRAME);
        for n in 0..200_u32 {
            let off = Duration::from_millis(if n % 2 == 0 { 0 } else { 20 });
            reception.received(start + FRAME * n + off, u16::try_from(n).unwrap(), n * 160);
        }
        let jitter = reception.whole().jitter.as_secs_f64();
        assert!((0.0195..0.0205).contains(&jitter), "{jitter}");
    }

    #[test]
    fn a_good_line_is_rated_as_one_and_a_bad_one_is_not() {
        let of = |lost, jitter_ms, round_trip_ms| {
            Heard { expected: 1000, lost, jitter: Duration::from_millis(jitter_ms) }.mos(Duration::from_millis(round_trip_ms))
        };
        assert!(of(0, 1, 20) > 4.3, "{}", of(0, 1, 20));
        assert!((3.6..4.2).contains(&of(20, 10, 100)), "{}", of(20, 10, 100));
        assert!(of(150, 40, 300) < 2.9, "{}", of(150, 40, 300));
        assert!((1.0..1.3).contains(&of(1000, 100, 2000)), "{}", of(1000, 100, 2000));
    }
}
