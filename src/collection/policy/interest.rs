//! Interest for late payment by a dated table of rates, and the order in which a payment settles a debt (NL Civil Code 6:119, 6:119a, 6:44).

use chrono::{Months, NaiveDate};
use serde::Deserialize;

use super::costs::share;
use crate::collection::money::Cents;

/// A rate and the day from which it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// From this day on.
    pub from: NaiveDate,
    /// Hundredths of a percent a year: `1115` is 11.15 %.
    pub hundredths: i64,
    /// A source was found for it.
    #[serde(default)]
    pub verified: bool,
}

/// The rates of one law.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// Where they stand.
    pub source: String,
    /// After each full year the interest bears interest too.
    #[serde(default)]
    pub compound_yearly: bool,
    /// The last rate is looked up again after so many days.
    #[serde(default = "stale_days")]
    pub stale_days: i64,
    /// The rates, in any order.
    pub rates: Vec<Rate>,
}

const fn stale_days() -> i64 {
    200
}

/// Whole days of a year, as the law's practice counts them.
const DAYS_A_YEAR: i128 = 365;

impl Rates {
    /// The rate on a day; before the first of the table, the first.
    fn on(&self, day: NaiveDate) -> Option<&Rate> {
        let before = self.rates.iter().filter(|rate| rate.from <= day).max_by_key(|rate| rate.from);
        before.or_else(|| self.rates.iter().min_by_key(|rate| rate.from))
    }

    /// Why the table should not be trusted today: the last rate is old, or has no source.
    #[must_use]
    pub fn is_doubtful(&self, today: NaiveDate) -> bool {
        self.on(today).is_none_or(|rate| !rate.verified || (today - rate.from).num_days() > self.stale_days)
    }

    /// The interest on a principal that was due on one day, up to and including another: it runs from the day after it was due.
    #[must_use]
    pub fn interest(&self, principal: Cents, due: NaiveDate, until: NaiveDate) -> Cents {
        let Some(first) = due.succ_opt() else { return Cents(0) };
        let (mut base, mut all, mut from) = (principal.0, 0, first);
        for year in 1.. {
            let end = if self.compound_yearly { first.checked_add_months(Months::new(12 * year)) } else { None };
            let end = end.unwrap_or(NaiveDate::MAX).min(until.succ_opt().unwrap_or(NaiveDate::MAX));
            if from >= end {
                break;
            }
            let part = self.simple(base, from, end);
            all += part;
            base += part;
            from = end;
        }
        Cents(all)
    }

    /// From one day up to another, which does not count.
    fn simple(&self, base: i64, from: NaiveDate, to: NaiveDate) -> i64 {
        let mut changes: Vec<NaiveDate> = self.rates.iter().map(|rate| rate.from).filter(|day| *day > from && *day < to).collect();
        changes.extend([from, to]);
        changes.sort_unstable();
        let weighted: i128 = changes
            .windows(2)
            .filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)))
            .filter_map(|(from, to)| Some(i128::from((to - from).num_days()) * i128::from(self.on(from)?.hundredths)))
            .sum();
        let divisor = DAYS_A_YEAR * 10_000;
        i64::try_from((i128::from(base) * weighted + divisor / 2).div_euclid(divisor)).unwrap_or(i64::MAX)
    }
}

/// A debt in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// What was bought.
    pub principal: Cents,
    /// Interest that ran up.
    pub interest: Cents,
    /// Costs of collection.
    pub costs: Cents,
}

impl Balance {
    /// All of it.
    #[must_use]
    pub fn sum(self) -> Cents {
        self.principal + self.interest + self.costs
    }

    /// What a payment leaves: it settles costs first, then interest, then the principal (6:44); and what it was too much.
    #[must_use]
    pub fn paid(self, amount: Cents) -> (Self, Cents) {
        let settle = |owed: Cents, left: Cents| {
            let part = owed.min(left).max(Cents(0));
            (owed - part, left - part)
        };
        let (costs, left) = settle(self.costs, amount);
        let (interest, left) = settle(self.interest, left);
        let (principal, left) = settle(self.principal, left);
        (Self { principal, interest, costs }, left)
    }

    /// A share of all of it in percent, a part of a cent upwards: the least first payment of an arrangement.
    #[must_use]
    pub fn percent_of(amount: Cents, percent: u8) -> Cents {
        let whole = share(amount.0, i64::from(percent) * 100);
        if i128::from(whole) * 100 < i128::from(amount.0) * i128::from(percent) { Cents(whole + 1) } else { Cents(whole) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn trade() -> Rates {
        let rate = |from: &str, hundredths| Rate { from: day(from), hundredths, verified: true };
        Rates {
            source: String::new(),
            compound_yearly: true,
            stale_days: 200,
            rates: vec![rate("2024-01-01", 1250), rate("2025-01-01", 1115), rate("2024-07-01", 1225)],
        }
    }

    #[test]
    fn it_runs_from_the_day_after_by_the_rate_of_each_day() {
        // 30 days at 12.5 %: 10,000.00 * 0.125 * 30 / 365 = 102.7397.
        assert_eq!(trade().interest(Cents(1_000_000), day("2024-01-01"), day("2024-01-31")), Cents(10_274));
        // 20 days at 12.5 % and 10 at 12.25 %.
        assert_eq!(trade().interest(Cents(1_000_000), day("2024-06-10"), day("2024-07-10")), Cents(10_205));
        assert_eq!(trade().interest(Cents(1_000_000), day("2024-06-10"), day("2024-06-10")), Cents(0));
        assert_eq!(trade().interest(Cents(1_000_000), day("2024-06-10"), day("2024-01-10")), Cents(0), "paid before it was due");
    }

    #[test]
    fn after_a_full_year_interest_bears_interest() {
        let rate = Rates { rates: vec![Rate { from: day("2020-01-01"), hundredths: 1000, verified: true }], ..trade() };
        // 2025-01-02 to 2026-01-01 are 365 days: 1,000.00; then 365 days of 11,000.00.
        assert_eq!(rate.interest(Cents(1_000_000), day("2025-01-01"), day("2027-01-01")), Cents(210_000));
        let simple = Rates { compound_yearly: false, ..rate };
        assert_eq!(simple.interest(Cents(1_000_000), day("2025-01-01"), day("2027-01-01")), Cents(200_000));
    }

    #[test]
    fn a_table_that_was_not_looked_after_is_doubtful() {
        assert!(!trade().is_doubtful(day("2025-07-01")));
        assert!(trade().is_doubtful(day("2025-09-01")), "the last rate is of January");
        let mut guessed = trade();
        guessed.rates.push(Rate { from: day("2025-07-01"), hundredths: 1015, verified: false });
        assert!(guessed.is_doubtful(day("2025-07-02")));
    }

    /// The vector of the domain notes.
    #[test]
    fn a_payment_settles_costs_then_interest_then_the_principal() {
        let debt = Balance { principal: Cents(1_000_000), interest: Cents(25_000), costs: Cents(87_500) };
        let (rest, over) = debt.paid(Cents(1_000_000));
        assert_eq!((rest.principal, rest.interest, rest.costs, over), (Cents(112_500), Cents(0), Cents(0), Cents(0)));
    }

    proptest! {
        #[test]
        fn no_cent_is_lost(principal in 0i64..1_000_000_000, interest in 0i64..1_000_000, costs in 0i64..1_000_000, amount in 0i64..2_000_000_000) {
            let debt = Balance { principal: Cents(principal), interest: Cents(interest), costs: Cents(costs) };
            let (rest, over) = debt.paid(Cents(amount));
            prop_assert_eq!(debt.sum() - rest.sum() + over, Cents(amount));
            prop_assert!(over == Cents(0) || rest.sum() == Cents(0));
        }

        #[test]
        fn a_first_payment_is_never_below_its_share(amount in 1i64..1_000_000_000, percent in 1u8..=100) {
            let first = Balance::percent_of(Cents(amount), percent);
            prop_assert!(i128::from(first.0) * 100 >= i128::from(amount) * i128::from(percent));
            prop_assert!(i128::from(first.0 - 1) * 100 < i128::from(amount) * i128::from(percent));
            prop_assert!(first <= Cents(amount));
        }
    }
}
