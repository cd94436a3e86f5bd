//! Hours of the week, as a policy writes them: `mon-sat 07:00-20:00`.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;
use serde::Deserialize;

use crate::clock::Timestamp;

/// The names of the days, from Monday on.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MINUTES_A_DAY: u16 = 1440;
/// No clock is put forward by more.
const GAP_MINUTES_MAX: i64 = 180;
/// So far ahead a time is looked for; no holidays are longer.
const DAYS_AHEAD_MAX: u64 = 30;

/// The same hours on some days of the week. The end is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct WeekHours {
    /// By day, Monday first.
    days: [bool; 7],
    /// Minutes since midnight.
    from: u16,
    /// Minutes since midnight, above `from`; 1440 is the day's end.
    to: u16,
}

impl WeekHours {
    /// Reads `mon-sat 07:00-20:00`, `fri 12:00-24:00`.
    ///
    /// # Errors
    /// When the text is none, in words that say how it is written.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` are no hours: write them as `mon-fri 08:30-17:30` or `sat 10:00-24:00`");
        let (days, hours) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let (first, last) = days.split_once('-').unwrap_or((days, days));
        let day = |name: &str| DAYS.iter().position(|known| *known == name).ok_or_else(wrong);
        let (first, last) = (day(first)?, day(last)?);
        let (from, to) = hours.trim().split_once('-').ok_or_else(wrong)?;
        let (from, to) = (minutes(from).ok_or_else(wrong)?, minutes(to).ok_or_else(wrong)?);
        if first > last || from >= to {
            return Err(wrong());
        }
        Ok(Self { days: std::array::from_fn(|day| (first..=last).contains(&day)), from, to })
    }

    /// Whether a moment of the wall clock is in them.
    #[must_use]
    pub fn contains(self, local: NaiveDateTime) -> bool {
        let minute = local.hour() * 60 + local.minute();
        self.is_on(local.date()) && (u32::from(self.from)..u32::from(self.to)).contains(&minute)
    }

    fn is_on(self, day: NaiveDate) -> bool {
        self.days.get(day.weekday().num_days_from_monday() as usize).is_some_and(|on| *on)
    }

    /// When they begin and end on a day; `None` on a day that is not theirs.
    fn on(self, day: NaiveDate) -> Option<(NaiveDateTime, NaiveDateTime)> {
        let at = |minutes: u16| day.and_time(NaiveTime::MIN) + TimeDelta::minutes(i64::from(minutes));
        self.is_on(day).then(|| (at(self.from), at(self.to)))
    }
}

impl TryFrom<String> for WeekHours {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<u16>().ok()).flatten();
    let (hour, minute) = (digits(hour)?, digits(minute)?);
    (minute < 60).then_some(hour * 60 + minute).filter(|all| *all <= MINUTES_A_DAY)
}

/// The wall clock of a zone.
pub(super) fn local(at: Timestamp, zone: Tz) -> NaiveDateTime {
    at.utc().with_timezone(&zone).naive_local()
}

/// The first instant at which a zone's clock shows this time or a later one: where the clock goes forward over it, that is
/// when it does; where it is shown twice, the first time.
#[must_use]
pub fn first_instant(zone: Tz, local: NaiveDateTime) -> Timestamp {
    let found = |minutes: i64| zone.from_local_datetime(&(local + TimeDelta::minutes(minutes))).earliest();
    (0..=GAP_MINUTES_MAX).find_map(found).map_or_else(|| Timestamp(local.and_utc().timestamp_micros()), |at| Timestamp(at.timestamp_micros()))
}

/// The first instant from `now` on that is within one of the hours on a day that is not free; `None` within a month.
pub(super) fn next_within(hours: &[WeekHours], is_free: impl Fn(NaiveDate) -> bool, zone: Tz, now: Timestamp) -> Option<Timestamp> {
    let today = local(now, zone).date();
    let mut days = (0..=DAYS_AHEAD_MAX).filter_map(|n| today.checked_add_days(Days::new(n))).filter(|day| !is_free(*day));
    let on = |day: NaiveDate| {
        let parts = hours.iter().filter_map(|hours| hours.on(day)).map(|(from, to)| (first_instant(zone, from).max(now), first_instant(zone, to)));
        parts.filter(|(from, to)| from < to).map(|(from, _)| from).min()
    };
    days.find_map(on)
}

/// The first instant from `now` on that is in none of the hours; `None` within a month.
pub(super) fn next_outside(hours: &[WeekHours], zone: Tz, now: Timestamp) -> Option<Timestamp> {
    let mut at = now;
    for _ in 0..DAYS_AHEAD_MAX {
        let shown = local(at, zone);
        match hours.iter().filter(|hours| hours.contains(shown)).filter_map(|hours| hours.on(shown.date())).map(|(_, to)| to).max() {
            Some(end) => at = first_instant(zone, end),
            None => return Some(at),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AMSTERDAM: Tz = chrono_tz::Europe::Amsterdam;

    fn at(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    fn hours(texts: &[&str]) -> Vec<WeekHours> {
        texts.iter().map(|text| WeekHours::parse(text).unwrap()).collect()
    }

    #[test]
    fn hours_are_read_and_nonsense_is_refused_in_words() {
        let office = WeekHours::parse("mon-fri 08:30-17:30").unwrap();
        assert!(office.contains(at("2026-11-27 08:30")) && !office.contains(at("2026-11-27 08:29")));
        assert!(office.contains(at("2026-11-27 17:29")) && !office.contains(at("2026-11-27 17:30")), "the end is not part of it");
        assert!(!office.contains(at("2026-11-28 12:00")), "a Saturday");
        assert!(WeekHours::parse("fri 12:00-24:00").unwrap().contains(at("2026-11-27 23:59")));
        for text in [
            "",
            "mon",
            "mon-fri",
            "mon-fri 08:30",
            "fri-mon 08:00-09:00",
            "mon 9:00-10:00",
            "mon 08:00-08:00",
            "mon 08:60-09:00",
            "mon 08:00-24:01",
            "ma 08:00-09:00",
        ] {
            assert!(WeekHours::parse(text).unwrap_err().contains("mon-fri 08:30-17:30"), "{text}");
        }
    }

    #[test]
    fn an_hour_that_the_clock_skips_begins_when_the_clock_goes_forward() {
        // 29 March 2026: 02:00 is 03:00.
        let gap_end = first_instant(AMSTERDAM, at("2026-03-29 03:00"));
        assert_eq!(first_instant(AMSTERDAM, at("2026-03-29 02:07")), gap_end);
        assert_eq!(gap_end.since(first_instant(AMSTERDAM, at("2026-03-29 01:59"))), 60_000_000);
        // 25 October 2026: 02:30 is shown twice; the first counts.
        let first = first_instant(AMSTERDAM, at("2026-10-25 02:30"));
        assert_eq!(first_instant(AMSTERDAM, at("2026-10-25 03:00")).since(first), 90 * 60_000_000);
    }

    #[test]
    fn the_next_hour_is_found_over_nights_and_free_days() {
        let law = hours(&["mon-sat 07:00-20:00"]);
        let next = |now: &str| next_within(&law, |day| day == at("2026-12-25 00:00").date(), AMSTERDAM, first_instant(AMSTERDAM, at(now))).unwrap();
        for (now, expected) in [
            ("2026-11-27 10:00", "2026-11-27 10:00"),
            ("2026-11-27 06:00", "2026-11-27 07:00"),
            ("2026-11-28 20:00", "2026-11-30 07:00"),
            ("2026-12-24 21:00", "2026-12-26 07:00"),
            ("2026-03-28 20:00", "2026-03-30 07:00"),
        ] {
            assert_eq!(next(now), first_instant(AMSTERDAM, at(expected)), "{now}");
        }
        assert_eq!(next_within(&law, |_| true, AMSTERDAM, Timestamp(0)), None);
        let soft = hours(&["mon 00:00-12:00", "fri 12:00-24:00"]);
        let outside = |now: &str| next_outside(&soft, AMSTERDAM, first_instant(AMSTERDAM, at(now))).unwrap();
        assert_eq!(outside("2026-11-27 13:00"), first_instant(AMSTERDAM, at("2026-11-28 00:00")));
        assert_eq!(outside("2026-11-30 10:00"), first_instant(AMSTERDAM, at("2026-11-30 12:00")));
    }

    proptest! {
        #[test]
        fn what_is_found_is_within_and_not_before(seconds in 0i64..4_000_000_000, zone in prop::sample::select(vec!["Europe/Amsterdam", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"])) {
            let zone: Tz = zone.parse().unwrap();
            let now = Timestamp(seconds * 1_000_000);
            let law = hours(&["mon-fri 02:15-02:45", "sat 10:00-11:00"]);
            if let Some(found) = next_within(&law, |_| false, zone, now) {
                prop_assert!(found >= now);
                // On the day on which the clock skips those hours they are the instant at which it does, and then none.
                prop_assert!(law.iter().any(|hours| hours.contains(local(found, zone))));
            }
            let free = next_outside(&law, zone, now).unwrap();
            prop_assert!(free >= now && !law.iter().any(|hours| hours.contains(local(free, zone))));
        }
    }
}
