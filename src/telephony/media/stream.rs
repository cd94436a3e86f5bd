//! The numbers of one outgoing stream of RTP (RFC 3550, 5.1). Whoever hears it hears one stream, from one source, without a jump, whatever
//! feeds it: another leg after a transfer, a tone while the agent's page is loaded anew, keys in between.

use std::time::{Duration, Instant};

use super::codec::{CLOCK_HZ, FRAME_TICKS};

/// So many numbers off in one step, and the source has begun anew (RFC 3550, A.1: `MAX_DROPOUT`).
const STEP_MAX: i16 = 3000;

/// Who feeds the stream, and how far.
#[derive(Debug, Clone, Copy)]
struct Feed {
    source: u64,
    seq: u16,
    ticks: u32,
}

/// The numbers of a packet that goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// Counts all packets, without starting over at 65,536.
    pub seq: u64,
    /// When its first sample was, in ticks.
    pub ticks: u32,
    /// Something new begins with it.
    pub is_first: bool,
}

impl Numbers {
    /// As it stands in the packet.
    #[must_use]
    pub const fn seq16(&self) -> u16 {
        let [low, high, ..] = self.seq.to_le_bytes();
        u16::from_le_bytes([low, high])
    }
}

/// One outgoing stream.
#[derive(Debug)]
pub struct Stream {
    feed: Option<Feed>,
    /// Where the one who feeds it now began.
    begun: u64,
    seq: u64,
    ticks: u32,
    sent: Option<Instant>,
}

impl Stream {
    /// A stream that begins with these, which nobody should guess.
    #[must_use]
    pub const fn new(seq: u16, ticks: u32) -> Self {
        Self { feed: None, begun: seq as u64, seq: seq as u64, ticks, sent: None }
    }

    /// Passes a packet on that a source has numbered. `None` of one that comes so late that its number has been another's since: a number is
    /// never given twice.
    pub fn pass(&mut self, now: Instant, source: u64, seq: u16, ticks: u32) -> Option<Numbers> {
        let follows = self.feed.filter(|feed| feed.source == source).and_then(|feed| {
            let step = seq.wrapping_sub(feed.seq).cast_signed();
            (step.abs() < STEP_MAX).then_some((feed, step))
        });
        let Some((feed, step)) = follows else {
            let numbers = self.begin(now);
            self.feed = Some(Feed { source, seq, ticks });
            return Some(numbers);
        };
        let numbers = Numbers {
            seq: self.seq.saturating_add_signed(step.into()),
            ticks: self.ticks.wrapping_add(ticks.wrapping_sub(feed.ticks)),
            is_first: false,
        };
        if numbers.seq < self.begun {
            return None;
        }
        if step > 0 {
            self.feed = Some(Feed { source, seq, ticks });
            (self.seq, self.ticks) = (numbers.seq, numbers.ticks);
        }
        self.sent = Some(now);
        Some(numbers)
    }

    /// Numbers a packet that is made here, after what was sent last.
    pub fn make(&mut self, now: Instant) -> Numbers {
        let goes_on = self.feed.is_none() && self.sent.is_some();
        let numbers = self.begin(now);
        Numbers { is_first: !goes_on, ..numbers }
    }

    /// Numbers a packet that belongs to the moment of the one before: a key that is still pressed has the time of its beginning
    /// (RFC 4733, 2.2).
    pub const fn make_at_same_time(&mut self) -> Numbers {
        self.seq += 1;
        self.feed = None;
        Numbers { seq: self.seq, ticks: self.ticks, is_first: false }
    }

    fn begin(&mut self, now: Instant) -> Numbers {
        let since = self.sent.map(|sent| ticks_of(now.saturating_duration_since(sent)));
        self.sent = Some(now);
        if let Some(since) = since {
            self.seq += 1;
            // A whole frame at least, and never the same moment twice.
            self.ticks = self.ticks.wrapping_add(since.max(FRAME_TICKS));
        }
        self.feed = None;
        self.begun = self.seq;
        Numbers { seq: self.seq, ticks: self.ticks, is_first: true }
    }
}

fn ticks_of(time: Duration) -> u32 {
    u32::try_from(time.as_micros() * u128::from(CLOCK_HZ) / 1_000_000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FRAME: Duration = Duration::from_millis(20);

    #[test]
    fn a_source_is_passed_on_with_its_own_gaps_and_order() {
        let (mut stream, start) = (Stream::new(100, 5000), Instant::now());
        let mut pass = |seq: u16, ticks| {
            let numbers = stream.pass(start, 7, seq, ticks).unwrap();
            (numbers.seq, numbers.ticks, numbers.is_first)
        };
        assert_eq!(pass(65_534, 1000), (100, 5000, true));
        assert_eq!(pass(65_535, 1160), (101, 5160, false));
        assert_eq!(pass(1, 1480), (103, 5480, false), "one is missing, and is missing there");
        assert_eq!(pass(0, 1320), (102, 5320, false), "it comes late");
        assert_eq!(pass(2, 1640), (104, 5640, false));
    }

    #[test]
    fn another_source_goes_on_where_the_first_was() {
        let (mut stream, start) = (Stream::new(0, 0), Instant::now());
        stream.pass(start, 1, 9, 9000);
        let after = stream.pass(start + FRAME * 5, 2, 40_000, 77).unwrap();
        assert_eq!((after.seq, after.ticks, after.is_first), (1, 800, true));
        let tone = stream.make(start + FRAME * 6);
        assert_eq!((tone.seq, tone.ticks, tone.is_first), (2, 960, true));
        let more = stream.make(start + FRAME * 7);
        assert_eq!((more.seq, more.ticks, more.is_first), (3, 1120, false));
        let back = stream.pass(start + FRAME * 7, 2, 40_008, 1357).unwrap();
        assert_eq!((back.seq, back.ticks, back.is_first), (4, 1280, true), "never the same moment twice");
    }

    #[test]
    fn a_source_that_begins_anew_is_a_new_one() {
        let (mut stream, start) = (Stream::new(0, 0), Instant::now());
        stream.pass(start, 1, 9, 9000);
        let after = stream.pass(start + FRAME, 1, 30_000, 4_000_000_000).unwrap();
        assert_eq!((after.seq, after.ticks, after.is_first), (1, 160, true));
    }

    #[test]
    fn a_key_keeps_its_moment() {
        let (mut stream, start) = (Stream::new(0, 0), Instant::now());
        stream.pass(start, 1, 9, 9000);
        let key = stream.make(start + FRAME);
        let more = [stream.make_at_same_time(), stream.make_at_same_time()];
        assert_eq!(more.map(|numbers| (numbers.seq, numbers.ticks)), [(key.seq + 1, key.ticks), (key.seq + 2, key.ticks)]);
        assert_eq!(stream.pass(start + FRAME * 6, 1, 15, 9960).unwrap().ticks, 960, "and then the voice is where it would be");
    }

    proptest! {
        /// Whatever feeds it, what begins anew comes after everything that went out.
        #[test]
        fn numbers_only_grow_and_are_given_once(feeds in proptest::collection::vec((0..4_u64, any::<u16>(), any::<u32>(), 0..200_u64), 1..80)) {
            let (mut stream, mut now, mut last) = (Stream::new(65_530, u32::MAX - 10), Instant::now(), None::<u64>);
            let mut given = std::collections::HashMap::new();
            for (at, (source, seq, ticks, wait)) in feeds.into_iter().enumerate() {
                now += Duration::from_millis(wait);
                // A few numbers about one, so that some come late.
                let (seq, what) = (1000 + seq % 8, if source == 3 { (3, at) } else { (source, usize::from(seq % 8)) });
                let Some(numbers) = (if source == 3 { Some(stream.make(now)) } else { stream.pass(now, source, seq, ticks) }) else { continue };
                prop_assert_eq!(*given.entry(numbers.seq).or_insert(what), what, "only the same packet may have a number again");
                if numbers.is_first && let Some(last) = last {
                    prop_assert!(numbers.seq > last);
                }
                last = Some(last.unwrap_or(0).max(numbers.seq));
            }
        }
    }
}
