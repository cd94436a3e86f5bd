//! How long a call rang, talked and was held. Each moment is kept by both clocks; a duration is taken from one clock,
//! the PBX's where it gave both ends.

use serde::{Deserialize, Serialize};

use crate::clock::{PbxTime, Timestamp};

/// A moment, by both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// By the PBX's clock.
    pub at: Option<PbxTime>,
    /// By ours.
    pub seen: Timestamp,
}

impl Moment {
    /// Microseconds from this moment to a later one.
    #[must_use]
    pub fn until(self, later: Self) -> i64 {
        match (self.at, later.at) {
            (Some(from), Some(to)) => to.since(from),
            _ => later.seen.since(self.seen),
        }
    }
}

/// A stopwatch that can be stopped and started: ring, talk, hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stopwatch {
    done_micros: i64,
    running_since: Option<Moment>,
}

impl Stopwatch {
    /// Starts it; when it runs it goes on.
    pub fn start(&mut self, now: Moment) {
        self.running_since.get_or_insert(now);
    }

    /// Stops it; when it stands it stays.
    pub fn stop(&mut self, now: Moment) {
        if let Some(since) = self.running_since.take() {
            self.done_micros = self.done_micros.saturating_add(since.until(now));
        }
    }

    /// Whether it runs.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.running_since.is_some()
    }

    /// Microseconds, a running stretch by our own clock included.
    #[must_use]
    pub fn micros(&self, now: Timestamp) -> i64 {
        self.done_micros.saturating_add(self.running_since.map_or(0, |since| now.since(since.seen)))
    }

    /// Whether it runs since an instant of our clock, or later.
    #[must_use]
    pub fn began_after(&self, instant: Timestamp) -> bool {
        self.running_since.is_some_and(|since| since.seen >= instant)
    }

    /// Whether it ever ran.
    #[must_use]
    pub const fn has_run(&self) -> bool {
        self.done_micros > 0 || self.running_since.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn moment(pbx: i64, ours: i64) -> Moment {
        Moment { at: Some(PbxTime(pbx)), seen: Timestamp(ours) }
    }

    #[test]
    fn a_duration_is_of_one_clock() {
        let mut watch = Stopwatch::default();
        watch.start(moment(1_000, 900_000));
        assert_eq!(watch.micros(Timestamp(900_500)), 500, "while it runs, by ours");
        watch.stop(moment(3_000, 999_999));
        assert_eq!(watch.micros(Timestamp(5_000_000)), 2_000, "when it stands, by the PBX's");
        watch.start(Moment { at: None, seen: Timestamp(1_000_000) });
        watch.stop(moment(9_000, 1_000_700));
        assert_eq!(watch.micros(Timestamp(0)), 2_700, "where one end is missing, by ours");
    }
}
