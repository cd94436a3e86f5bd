//! Holidays and working days. The Netherlands: the holidays of the Algemene termijnenwet, article 3, Good Friday included, which the
//! same article puts on a level with them (domain notes 2). Belgium: the ten legal holidays (law of 4 January 1974) and the Sundays
//! of Easter and Whitsun. Days that a decree adds for some years are data of the contact policy, not of this calendar.

use chrono::{Datelike, Days, NaiveDate, Weekday};

choice! {
    /// Whose holidays.
    HolidayCalendar {
        /// Nobody's.
        None = "none",
        /// The Netherlands.
        Nl = "nl",
        /// Belgium.
        Be = "be",
    }
}

/// A holiday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holiday {
    /// 1 January.
    NewYear,
    /// Two days before Easter; equated.
    GoodFriday,
    /// Easter Sunday.
    Easter,
    /// The day after Easter.
    EasterMonday,
    /// 27 April; 26 April when the 27th is a Sunday.
    KingsDay,
    /// 5 May.
    LiberationDay,
    /// 39 days after Easter.
    Ascension,
    /// 49 days after Easter.
    WhitSunday,
    /// 50 days after Easter.
    WhitMonday,
    /// 25 December.
    Christmas,
    /// 26 December.
    SecondChristmas,
    /// 1 May, in Belgium.
    LabourDay,
    /// 21 July, in Belgium.
    NationalDay,
    /// 15 August, in Belgium.
    Assumption,
    /// 1 November, in Belgium.
    AllSaints,
    /// 11 November, in Belgium.
    Armistice,
}

impl HolidayCalendar {
    /// The holiday on a date. Two can share one (Ascension on 5 May 2016); then it is the one of the fixed date.
    #[must_use]
    pub fn holiday(self, date: NaiveDate) -> Option<Holiday> {
        let fixed = match (self, date.month(), date.day()) {
            (Self::None, ..) => return None,
            (_, 1, 1) => Some(Holiday::NewYear),
            (Self::Nl, 4, 27) if date.weekday() != Weekday::Sun => Some(Holiday::KingsDay),
            (Self::Nl, 4, 26) if date.weekday() == Weekday::Sat => Some(Holiday::KingsDay),
            (Self::Nl, 5, 5) => Some(Holiday::LiberationDay),
            (Self::Be, 5, 1) => Some(Holiday::LabourDay),
            (Self::Be, 7, 21) => Some(Holiday::NationalDay),
            (Self::Be, 8, 15) => Some(Holiday::Assumption),
            (Self::Be, 11, 1) => Some(Holiday::AllSaints),
            (Self::Be, 11, 11) => Some(Holiday::Armistice),
            (_, 12, 25) => Some(Holiday::Christmas),
            (Self::Nl, 12, 26) => Some(Holiday::SecondChristmas),
            _ => None,
        };
        fixed.or_else(|| self.by_easter(date))
    }

    fn by_easter(self, date: NaiveDate) -> Option<Holiday> {
        match (date - easter(date.year())?).num_days() {
            -2 if self == Self::Nl => Some(Holiday::GoodFriday),
            0 => Some(Holiday::Easter),
            1 => Some(Holiday::EasterMonday),
            39 => Some(Holiday::Ascension),
            49 => Some(Holiday::WhitSunday),
            50 => Some(Holiday::WhitMonday),
            _ => None,
        }
    }

    /// Whether offices and banks work: Monday to Friday and no holiday.
    #[must_use]
    pub fn is_working_day(self, date: NaiveDate) -> bool {
        !matches!(date.weekday(), Weekday::Sat | Weekday::Sun) && self.holiday(date).is_none()
    }
}

impl Holiday {
    /// Ends the text key `holiday-...`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NewYear => "new-year",
            Self::GoodFriday => "good-friday",
            Self::Easter => "easter",
            Self::EasterMonday => "easter-monday",
            Self::KingsDay => "kings-day",
            Self::LiberationDay => "liberation-day",
            Self::Ascension => "ascension",
            Self::WhitSunday => "whit-sunday",
            Self::WhitMonday => "whit-monday",
            Self::Christmas => "christmas",
            Self::SecondChristmas => "second-christmas",
            Self::LabourDay => "labour-day",
            Self::NationalDay => "national-day",
            Self::Assumption => "assumption",
            Self::AllSaints => "all-saints",
            Self::Armistice => "armistice",
        }
    }
}
/// Whether offices and banks in the Netherlands work.
#[must_use]
pub fn is_working_day(date: NaiveDate) -> bool {
    HolidayCalendar::Nl.is_working_day(date)
}

/// The date itself when it is a working day, otherwise the first one after it.
#[must_use]
pub fn working_day_from(date: NaiveDate) -> NaiveDate {
    let mut day = date;
    while !is_working_day(day) {
        let Some(next) = day.succ_opt() else { return day };
        day = next;
    }
    day
}

/// The `n`th working day after the date; the date itself for 0. Two working days after a Friday is a Tuesday.
#[must_use]
pub fn working_days_after(date: NaiveDate, n: u16) -> NaiveDate {
    (0..n).fold(date, |day, _| working_day_from(day.checked_add_days(Days::new(1)).unwrap_or(day)))
}

/// Easter Sunday of a year of the Gregorian calendar (the anonymous algorithm of 1876).
fn easter(year: i32) -> Option<NaiveDate> {
    let a = year.rem_euclid(19);
    let (b, c) = (year.div_euclid(100), year.rem_euclid(100));
    let (d, e) = (b.div_euclid(4), b.rem_euclid(4));
    let f = (b + 8).div_euclid(25);
    let g = (b - f + 1).div_euclid(3);
    let h = (19 * a + b - d - g + 15).rem_euclid(30);
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k).rem_euclid(7);
    let m = (a + 11 * h + 22 * l) / 451;
    let sum = h + l - 7 * m + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(sum / 31).ok()?, u32::try_from(sum % 31 + 1).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn easter_of_known_years() {
        for (year, date) in
            [(2024, "2024-03-31"), (2025, "2025-04-20"), (2026, "2026-04-05"), (2027, "2027-03-28"), (2028, "2028-04-16"), (2038, "2038-04-25")]
        {
            assert_eq!(easter(year), Some(day(date)));
        }
    }

    #[test]
    fn the_holidays_of_2026_to_2028() {
        for (date, expected) in [
            ("2026-01-01", Holiday::NewYear),
            ("2026-04-03", Holiday::GoodFriday),
            ("2026-04-06", Holiday::EasterMonday),
            ("2026-04-27", Holiday::KingsDay),
            ("2026-05-05", Holiday::LiberationDay),
            ("2026-05-14", Holiday::Ascension),
            ("2026-05-25", Holiday::WhitMonday),
            ("2026-12-25", Holiday::Christmas),
            ("2026-12-26", Holiday::SecondChristmas),
            ("2027-03-26", Holiday::GoodFriday),
            ("2027-03-29", Holiday::EasterMonday),
            ("2027-04-27", Holiday::KingsDay),
            ("2027-05-06", Holiday::Ascension),
            ("2027-05-17", Holiday::WhitMonday),
            ("2028-04-14", Holiday::GoodFriday),
            ("2028-04-17", Holiday::EasterMonday),
            ("2028-05-25", Holiday::Ascension),
            ("2028-06-05", Holiday::WhitMonday),
        ] {
            assert_eq!(HolidayCalendar::Nl.holiday(day(date)), Some(expected), "{date}");
            assert!(!is_working_day(day(date)), "{date}");
        }
    }

    #[test]
    fn kings_day_moves_when_it_falls_on_a_sunday() {
        assert_eq!(HolidayCalendar::Nl.holiday(day("2025-04-26")), Some(Holiday::KingsDay));
        assert_eq!(HolidayCalendar::Nl.holiday(day("2025-04-27")), None);
        assert_eq!(HolidayCalendar::Nl.holiday(day("2026-04-26")), None);
    }

    #[test]
    fn the_holidays_of_belgium_in_2026() {
        let all: Vec<String> = day("2026-01-01")
            .iter_days()
            .take(365)
            .filter(|day| HolidayCalendar::Be.holiday(*day).is_some())
            .map(|day| day.format("%m-%d").to_string())
            .collect();
        let expected = "01-01 04-05 04-06 05-01 05-14 05-24 05-25 07-21 08-15 11-01 11-11 12-25";
        assert_eq!(all.join(" "), expected);
        assert!(day("2026-01-01").iter_days().take(365).all(|day| HolidayCalendar::None.holiday(day).is_none()));
    }

    #[test]
    fn ordinary_days_work_and_weekends_do_not() {
        for date in ["2026-01-02", "2026-04-07", "2026-04-28", "2026-11-26", "2026-12-24", "2026-12-28", "2027-12-31"] {
            assert!(is_working_day(day(date)), "{date}");
        }
        assert!(!is_working_day(day("2026-11-28")));
        assert!(!is_working_day(day("2026-11-29")));
    }

    #[test]
    fn working_days_are_counted_over_weekends_and_holidays() {
        assert_eq!(working_days_after(day("2026-11-27"), 0), day("2026-11-27"));
        assert_eq!(working_days_after(day("2026-11-27"), 1), day("2026-11-30"));
        assert_eq!(working_days_after(day("2026-11-27"), 2), day("2026-12-01"));
        assert_eq!(working_days_after(day("2026-04-02"), 1), day("2026-04-07"), "over Easter");
        assert_eq!(working_days_after(day("2026-12-24"), 2), day("2026-12-29"), "over Christmas");
        assert_eq!(working_day_from(day("2026-12-25")), day("2026-12-28"));
        assert_eq!(working_day_from(day("2026-11-26")), day("2026-11-26"));
    }

    proptest! {
        #[test]
        fn easter_is_a_sunday_from_22_march_to_25_april(year in -5000i32..50_000) {
            let easter = easter(year).unwrap();
            prop_assert_eq!(easter.weekday(), Weekday::Sun);
            let (month, dom) = (easter.month(), easter.day());
            prop_assert!((month == 3 && dom >= 22) || (month == 4 && dom <= 25));
        }

        #[test]
        fn counting_never_panics(days in any::<i32>(), n in 0u16..100) {
            if let Some(date) = NaiveDate::from_num_days_from_ce_opt(days) {
                prop_assert!(working_days_after(date, n) >= date);
            }
            let _ = working_days_after(NaiveDate::MAX, n);
            let _ = working_day_from(NaiveDate::MIN);
        }
    }
}
