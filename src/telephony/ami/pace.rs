//! Whether what we hear is fresh. Every event bears the PBX's time; how much later than usual it comes shows a PBX that is
//! slow to tell, or so busy that we are slow to read. The two clocks need not agree: only the change counts.

use crate::clock::{PbxTime, SECOND, Timestamp};

/// Events that come so much later than usual are worth a word, in microseconds.
const BEHIND_MICROS_MIN: i64 = 2 * SECOND;
/// The usual difference of the clocks is the smallest one of this long, in microseconds: a clock that is set is soon usual.
const USUAL_MICROS: i64 = 60 * SECOND;

/// How far behind the PBX's events are.
#[derive(Debug, Default)]
pub struct Pace {
    window_from: Timestamp,
    /// The smallest difference of the clocks in the last whole window and in this one.
    usual: [Option<i64>; 2],
    last: Option<i64>,
}

impl Pace {
    /// An event of that time of the PBX was heard.
    pub fn heard(&mut self, now: Timestamp, at: PbxTime) {
        let difference = now.0.saturating_sub(at.0);
        if now.since(self.window_from) >= USUAL_MICROS {
            self.window_from = now;
            self.usual = [self.usual[1], None];
        }
        let [_, current] = &mut self.usual;
        *current = Some(current.map_or(difference, |least| least.min(difference)));
        self.last = Some(difference);
    }

    /// By how many seconds the last event came later than usual, when that is worth a word.
    #[must_use]
    pub fn seconds_behind(&self) -> Option<i64> {
        let usual = self.usual.iter().flatten().min()?;
        let behind = self.last?.saturating_sub(*usual);
        (behind >= BEHIND_MICROS_MIN).then_some(behind / SECOND)
    }

    /// Nothing is left to be read: whatever came late has been dealt with.
    pub fn caught_up(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(s: i64) -> i64 {
        s * SECOND
    }

    #[test]
    fn a_pbx_whose_clock_is_an_hour_off_is_not_behind() {
        let mut pace = Pace::default();
        for s in 1..100 {
            pace.heard(Timestamp(seconds(3600 + s)), PbxTime(seconds(s)));
            assert_eq!(pace.seconds_behind(), None);
        }
    }

    #[test]
    fn events_that_come_late_are_told_until_they_are_read() {
        let mut pace = Pace::default();
        pace.heard(Timestamp(seconds(10)), PbxTime(seconds(10)));
        pace.heard(Timestamp(seconds(19)), PbxTime(seconds(14)));
        assert_eq!(pace.seconds_behind(), Some(5));
        pace.caught_up();
        assert_eq!(pace.seconds_behind(), None);
    }

    #[test]
    fn a_clock_that_was_set_back_is_usual_after_two_minutes() {
        let mut pace = Pace::default();
        pace.heard(Timestamp(seconds(10)), PbxTime(seconds(10)));
        for s in 11..140 {
            pace.heard(Timestamp(seconds(s)), PbxTime(seconds(s - 9)));
        }
        assert_eq!(pace.seconds_behind(), None);
    }
}
