//! What collecting may cost the debtor: the Dutch scale (Besluit vergoeding voor buitengerechtelijke incassokosten, Stb. 2012, 141) and the
//! Belgian damage clause for consumers (Book XIX WER, article XIX.4), on the principal alone; and from which day on.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::profile::Profile;
use crate::collection::calendar::HolidayCalendar;
use crate::collection::money::Cents;

choice! {
    /// Which scale.
    CostScale {
        /// No costs.
        None = "none",
        /// The Dutch scale.
        NlWik = "nl_wik",
        /// The Belgian maximum for consumers.
        BeXix4 = "be_xix4",
    }
}

choice! {
    /// How a notice was sent.
    NoticeWay {
        /// By post.
        Post = "post",
        /// By e-mail or another electronic way.
        Electronic = "electronic",
    }
}

/// The notice that must come before costs: the Dutch letter of fourteen days, the Belgian first reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoticeSent {
    /// On which day.
    pub on: NaiveDate,
    /// How.
    pub way: NoticeWay,
}

/// Whether costs may be charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Costs {
    /// So much.
    Allowed(Cents),
    /// From this day on.
    From(NaiveDate),
    /// The notice was not sent.
    NoNotice,
    /// The collector is not registered (Wki, from 1 October 2026).
    NotRegistered,
}

/// The term of the notice, in both countries.
const TERM_DAYS: u64 = 14;
/// The upper ends of the Dutch steps in cents, and the ten-thousandths of each.
const WIK_STEPS: [(i64, i64); 5] = [(250_000, 1500), (500_000, 1000), (1_000_000, 500), (20_000_000, 100), (i64::MAX, 50)];
const WIK_MIN: Cents = Cents(4_000);
const WIK_MAX: Cents = Cents(677_500);
const BE_MAX: Cents = Cents(200_000);

/// So many ten-thousandths of an amount, half a cent upwards.
pub(super) fn share(amount: i64, ten_thousandths: i64) -> i64 {
    let all = i128::from(amount) * i128::from(ten_thousandths);
    i64::try_from((all + 5_000).div_euclid(10_000)).unwrap_or(i64::MAX)
}

impl CostScale {
    /// The costs on a principal, without VAT; nothing where there is no principal.
    #[must_use]
    pub fn on(self, principal: Cents) -> Cents {
        let cents = principal.0;
        if cents <= 0 {
            return Cents(0);
        }
        match self {
            Self::None => Cents(0),
            Self::NlWik => {
                let steps = WIK_STEPS.iter().scan(0, |from, (to, rate)| {
                    let part = cents.min(*to) - cents.min(*from);
                    *from = *to;
                    Some(share(part, *rate))
                });
                Cents(steps.sum::<i64>()).clamp(WIK_MIN, WIK_MAX)
            }
            Self::BeXix4 if cents <= 15_000 => Cents(2_000),
            Self::BeXix4 if cents <= 50_000 => Cents(3_000 + share(cents - 15_000, 1000)),
            Self::BeXix4 => Cents(6_500 + share(cents - 50_000, 500)).min(BE_MAX),
        }
    }

    /// The first day on which costs may be charged after a notice. In the Netherlands the fourteen days begin on the day after it was
    /// received, and post counts as received on the second day of delivery (not on Sundays, Mondays and holidays); in Belgium they begin
    /// on the third working day after it was posted, or on the day after it was sent electronically.
    #[must_use]
    pub fn allowed_from(self, notice: NoticeSent) -> NaiveDate {
        let days = |from: NaiveDate, n: u64| from.checked_add_days(Days::new(n)).unwrap_or(NaiveDate::MAX);
        match (self, notice.way) {
            (Self::BeXix4, NoticeWay::Post) => days(nth_after(notice.on, 3, |day| HolidayCalendar::Be.is_working_day(day)), TERM_DAYS),
            (Self::BeXix4, NoticeWay::Electronic) => days(notice.on, 1 + TERM_DAYS),
            (_, NoticeWay::Post) => days(nth_after(notice.on, 2, is_delivered_on), 1 + TERM_DAYS),
            (_, NoticeWay::Electronic) => days(notice.on, 1 + TERM_DAYS),
        }
    }
}

fn is_delivered_on(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sun | Weekday::Mon) && HolidayCalendar::Nl.holiday(day).is_none()
}

/// The `n`th day after a date of which something is true.
fn nth_after(date: NaiveDate, n: usize, is: impl Fn(NaiveDate) -> bool) -> NaiveDate {
    date.iter_days().skip(1).filter(|day| is(*day)).nth(n - 1).unwrap_or(NaiveDate::MAX)
}

impl Profile {
    /// What may be charged today for collecting a principal.
    #[must_use]
    pub fn costs(&self, principal: Cents, today: NaiveDate, notice: Option<NoticeSent>, is_registered: bool) -> Costs {
        if self.costs_need_registration && !is_registered {
            return Costs::NotRegistered;
        }
        match notice {
            _ if !self.costs_need_notice => Costs::Allowed(self.costs.on(principal)),
            None => Costs::NoNotice,
            Some(notice) => match self.costs.allowed_from(notice) {
                from if today < from => Costs::From(from),
                _ => Costs::Allowed(self.costs.on(principal)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cents(text: &str) -> Cents {
        Cents::parse(text).unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// The vectors of the domain notes.
    #[test]
    fn the_dutch_scale() {
        for (principal, costs) in [
            ("0.01", "40.00"),
            ("266.66", "40.00"),
            ("266.67", "40.00"),
            ("500.00", "75.00"),
            ("2500.00", "375.00"),
            ("3000.00", "425.00"),
            ("5000.00", "625.00"),
            ("7500.00", "750.00"),
            ("10000.00", "875.00"),
            ("50000.00", "1275.00"),
            ("200000.00", "2775.00"),
            ("1000000.00", "6775.00"),
            ("5000000.00", "6775.00"),
        ] {
            assert_eq!(CostScale::NlWik.on(cents(principal)), cents(costs), "{principal}");
        }
        assert_eq!(CostScale::NlWik.on(Cents(0)), Cents(0));
    }

    #[test]
    fn the_belgian_maximum() {
        for (principal, costs) in [
            ("100.00", "20.00"),
            ("150.00", "20.00"),
            ("150.01", "30.00"),
            ("300.00", "45.00"),
            ("500.00", "65.00"),
            ("1000.00", "90.00"),
            ("10000.00", "540.00"),
            ("39200.00", "2000.00"),
            ("50000.00", "2000.00"),
        ] {
            assert_eq!(CostScale::BeXix4.on(cents(principal)), cents(costs), "{principal}");
        }
    }

    #[test]
    fn fourteen_days_after_the_letter_was_received() {
        let from = |scale: CostScale, way, on| scale.allowed_from(NoticeSent { on: day(on), way }).to_string();
        // Posted on Thursday: delivered on Saturday, the fourteenth day is a Saturday.
        assert_eq!(from(CostScale::NlWik, NoticeWay::Post, "2026-11-05"), "2026-11-22");
        // Posted on Friday: Saturday is the first day of delivery, Tuesday the second.
        assert_eq!(from(CostScale::NlWik, NoticeWay::Post, "2026-11-06"), "2026-11-25");
        // Over Christmas: the 25th and 26th are none.
        assert_eq!(from(CostScale::NlWik, NoticeWay::Post, "2026-12-23"), "2027-01-13");
        assert_eq!(from(CostScale::NlWik, NoticeWay::Electronic, "2026-11-05"), "2026-11-20");
        // The third working day after Thursday is Tuesday; its fourteen days end on a Monday.
        assert_eq!(from(CostScale::BeXix4, NoticeWay::Post, "2026-11-05"), "2026-11-24");
        assert_eq!(from(CostScale::BeXix4, NoticeWay::Post, "2026-11-09"), "2026-11-27", "over Armistice Day");
        assert_eq!(from(CostScale::BeXix4, NoticeWay::Electronic, "2026-11-05"), "2026-11-20");
    }

    proptest! {
        #[test]
        fn who_owes_more_never_pays_less_and_nothing_leaves_the_bounds(a in 1i64..600_000_000_000, b in 1i64..600_000_000_000) {
            let (less, more) = (a.min(b), a.max(b));
            for scale in [CostScale::NlWik, CostScale::BeXix4] {
                prop_assert!(scale.on(Cents(less)) <= scale.on(Cents(more)));
            }
            prop_assert!((WIK_MIN..=WIK_MAX).contains(&CostScale::NlWik.on(Cents(a))));
            prop_assert!((Cents(2_000)..=BE_MAX).contains(&CostScale::BeXix4.on(Cents(a))));
        }
    }
}
