//! Money: integer cents of the euro.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// An amount in cents. It prints as people in the Netherlands and Belgium write it: `1.234,56`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cents(pub i64);

/// Why a text is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// It holds something else than digits, separators and a sign, or nothing at all.
    #[error("an amount looks like 1.234,56 or 1234.56")]
    NotAnAmount,
    /// More than two decimals.
    #[error("an amount has at most two decimals")]
    TooManyDecimals,
    /// Above 10 billion: nobody owes that here.
    #[error("an amount is at most 9.999.999.999,99")]
    TooLarge,
}

/// No amount is larger than this, so that sums of a million of them still fit.
const CENTS_MAX: i64 = 999_999_999_999;

impl Cents {
    /// Reads `1.234,56`, `1234,56`, `1234.56`, `1,234.56`, `€ 12`, `12,-` and `-12,50`. The last separator with one
    /// or two digits after it is the decimal one; the others must group by three.
    ///
    /// # Errors
    /// When the text is no amount; nothing is guessed.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let text = text.trim().trim_start_matches('€').trim_start_matches("EUR").trim();
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest.trim_start()),
            None => (false, text),
        };
        let text = text.strip_suffix(",-").or_else(|| text.strip_suffix(".-")).unwrap_or(text);
        let (whole, decimals) = split_decimals(text)?;
        let euros = ungroup(whole)?;
        let cents = match decimals.len() {
            0 => 0,
            1 => decimals.parse::<i64>().map_err(|_| MoneyError::NotAnAmount)? * 10,
            _ => decimals.parse::<i64>().map_err(|_| MoneyError::NotAnAmount)?,
        };
        let total = euros.checked_mul(100).and_then(|e| e.checked_add(cents)).ok_or(MoneyError::TooLarge)?;
        if total > CENTS_MAX {
            return Err(MoneyError::TooLarge);
        }
        Ok(Self(if negative { -total } else { total }))
    }

    /// With the point as decimal sign and no grouping, for forms and files: `1234.56`.
    #[must_use]
    pub fn plain(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        format!("{sign}{}.{:02}", self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100)
    }
}

/// The part before and the part after the decimal separator.
fn split_decimals(text: &str) -> Result<(&str, &str), MoneyError> {
    let Some(at) = text.rfind([',', '.']) else { return Ok((text, "")) };
    let (whole, rest) = text.split_at(at);
    let (separator, decimals) = rest.split_at(1);
    let groups_by_it = whole.contains(separator);
    match decimals.len() {
        1 | 2 if !groups_by_it => Ok((whole, decimals)),
        // 12,345 may be twelve thousand in London, and a slip of the finger in Zwolle: it is not guessed.
        3 if separator == "," && !whole.contains([',', '.']) => Err(MoneyError::TooManyDecimals),
        3 if !whole.is_empty() && (groups_by_it || !whole.contains([',', '.'])) => Ok((text, "")),
        0 => Err(MoneyError::NotAnAmount),
        n if n > 2 && !groups_by_it => Err(MoneyError::TooManyDecimals),
        _ => Err(MoneyError::NotAnAmount),
    }
}

/// `1.234.567` as an integer; the groups must be of three digits and of one separator.
fn ungroup(whole: &str) -> Result<i64, MoneyError> {
    let separators: Vec<char> = whole.chars().filter(|c| !c.is_ascii_digit()).collect();
    if separators.iter().any(|c| !matches!(c, '.' | ',' | ' ' | '\u{a0}')) || separators.windows(2).any(|w| w.first() != w.last()) {
        return Err(MoneyError::NotAnAmount);
    }
    let groups: Vec<&str> = whole.split([',', '.', ' ', '\u{a0}']).collect();
    let grouped_well =
        groups.iter().enumerate().all(|(i, g)| if i == 0 { !g.is_empty() && (g.len() <= 3 || groups.len() == 1) } else { g.len() == 3 });
    if !grouped_well {
        return Err(MoneyError::NotAnAmount);
    }
    let digits = groups.concat();
    if digits.len() > 12 {
        return Err(MoneyError::TooLarge);
    }
    digits.parse().map_err(|_| MoneyError::NotAnAmount)
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let euros = (self.0.unsigned_abs() / 100).to_string();
        let mut grouped = String::with_capacity(euros.len() + 6);
        for (i, digit) in euros.chars().enumerate() {
            if i > 0 && (euros.len() - i).is_multiple_of(3) {
                grouped.push('.');
            }
            grouped.push(digit);
        }
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{grouped},{:02}", self.0.unsigned_abs() % 100)
    }
}

impl Add for Cents {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Cents {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self(0), |sum, amount| sum + amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_dutch_and_english_exports_write() {
        for (text, cents) in [
            ("1.234,56", 123_456),
            ("1234,56", 123_456),
            ("1,234.56", 123_456),
            ("1234.56", 123_456),
            ("1.234", 123_400),
            ("1.234.567", 123_456_700),
            ("€ 12", 1200),
            ("12,-", 1200),
            ("12,5", 1250),
            ("-12,50", -1250),
            ("0,01", 1),
        ] {
            assert_eq!(Cents::parse(text), Ok(Cents(cents)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_ambiguous_or_no_amount() {
        for text in ["", "-", "abc", "12,345", "1,2,3", "1.23.4", "12,345.6.7", "1e5", "12,", "99999999999999", "=1+1", "1.2345"] {
            assert!(Cents::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_it_prints_it_reads(cents in -CENTS_MAX..=CENTS_MAX) {
            prop_assert_eq!(Cents::parse(&Cents(cents).to_string()), Ok(Cents(cents)));
            prop_assert_eq!(Cents::parse(&Cents(cents).plain()), Ok(Cents(cents)));
        }

        #[test]
        fn never_panics(text in ".{0,40}") {
            let _ = Cents::parse(&text);
        }
    }
}
