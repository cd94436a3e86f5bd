//! The timers of transactions, A to M, as data (RFC 3261, 17 and table 4 of its annex A; RFC 6026, 7).

use std::time::Duration;

/// The three times that all others are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// An estimate of the way there and back.
    pub t1: Duration,
    /// The longest pause between two repetitions of anything but an INVITE.
    pub t2: Duration,
    /// How long a message may stay in the network.
    pub t4: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self { t1: Duration::from_millis(500), t2: Duration::from_secs(4), t4: Duration::from_secs(5) }
    }
}

/// A timer by its letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timer {
    /// INVITE is repeated, twice as late each time; over datagrams.
    A,
    /// INVITE was never answered.
    B,
    /// INVITE rings, and nobody ever says how it ends: it is taken back. Of proxies in 16.6; a caller needs an end as well.
    C,
    /// A refusal of an INVITE may come again.
    D,
    /// Another request is repeated, twice as late each time up to T2; over datagrams.
    E,
    /// It was never answered.
    F,
    /// The refusal of an INVITE is repeated until its ACK; over datagrams.
    G,
    /// Its ACK never came.
    H,
    /// The ACK may come again.
    I,
    /// Another request may come again.
    J,
    /// Its final answer may come again.
    K,
    /// An INVITE that was accepted may come again (RFC 6026).
    L,
    /// The 2xx of an INVITE may come again, also from a further fork (RFC 6026).
    M,
}

impl Timers {
    /// How long a timer runs at first.
    #[must_use]
    pub fn first(&self, timer: Timer, is_reliable: bool) -> Duration {
        match timer {
            Timer::A | Timer::E | Timer::G => self.t1,
            Timer::B | Timer::F | Timer::H | Timer::L | Timer::M => self.t1 * 64,
            Timer::C => self.t1 * 384, // 192 s: more than three minutes.
            // RFC 3261, 17.1.1.2: at least 32 s over datagrams, for which 64 T1 stands.
            Timer::D | Timer::J if !is_reliable => self.t1 * 64,
            Timer::I | Timer::K if !is_reliable => self.t4,
            Timer::D | Timer::I | Timer::J | Timer::K => Duration::ZERO,
        }
    }

    /// How long a repeating timer runs after it has run for `last`.
    #[must_use]
    pub fn next(&self, timer: Timer, last: Duration) -> Duration {
        let doubled = last * 2;
        match timer {
            Timer::A => doubled,
            _ => doubled.min(self.t2),
        }
    }

    /// Between two repetitions of a non-INVITE that is being worked on (17.1.2.2).
    #[must_use]
    pub const fn proceeding(&self) -> Duration {
        self.t2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Table 4 of RFC 3261, with L and M of RFC 6026.
    #[test]
    fn the_table() {
        let timers = Timers::default();
        let seconds = |timer, is_reliable| timers.first(timer, is_reliable).as_secs_f64();
        let table = [
            (Timer::A, 0.5, None),
            (Timer::B, 32.0, Some(32.0)),
            (Timer::D, 32.0, Some(0.0)),
            (Timer::E, 0.5, None),
            (Timer::F, 32.0, Some(32.0)),
            (Timer::G, 0.5, None),
            (Timer::H, 32.0, Some(32.0)),
            (Timer::I, 5.0, Some(0.0)),
            (Timer::J, 32.0, Some(0.0)),
            (Timer::K, 5.0, Some(0.0)),
            (Timer::L, 32.0, Some(32.0)),
            (Timer::M, 32.0, Some(32.0)),
        ];
        for (timer, udp, tcp) in table {
            assert!((seconds(timer, false) - udp).abs() < 1e-9, "{timer:?}");
            assert!(tcp.is_none_or(|tcp| (seconds(timer, true) - tcp).abs() < 1e-9), "{timer:?}");
        }
        let pauses = |timer| std::iter::successors(Some(timers.t1), move |last| Some(timers.next(timer, *last))).take(6);
        assert_eq!(pauses(Timer::A).map(|p| p.as_millis()).collect::<Vec<_>>(), [500, 1000, 2000, 4000, 8000, 16000]);
        assert_eq!(pauses(Timer::E).map(|p| p.as_millis()).collect::<Vec<_>>(), [500, 1000, 2000, 4000, 4000, 4000]);
    }
}
