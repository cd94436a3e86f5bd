//! One value of a form: read, or the problem named. A reader goes on after a problem, so that the agent sees all at once.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveDateTime};

use crate::collection::money::Cents;
use crate::ids::{ContactId, InvoiceId, PhoneNumber};
use crate::numbers::Dialled;
use crate::personal::Personal;

use super::follow_up::instant_of;
use super::form::OutcomeContext;
use crate::clock::Timestamp;

/// A field that is not right. The page words it in the agent's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The name of the form field.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Required, and empty or absent.
    Missing,
    /// No date `2026-11-26`, or no time `2026-11-26T14:30` where a time is asked.
    NotADate,
    /// The clock goes forward at that hour, so that the time does not exist on that day.
    NoSuchTime,
    /// No amount such as `1.234,56`.
    NotAnAmount,
    /// Zero or less.
    NotPositive,
    /// More than the open sum that it is about.
    MoreThanOpen {
        /// That sum.
        open: Cents,
    },
    /// Before today, or for a time before now.
    InThePast,
    /// After today, where a past day is asked.
    InTheFuture,
    /// Later than the rule allows.
    TooFarAhead {
        /// The rule: days ahead (working days for CHKADM).
        days: u16,
        /// The last day that it allows.
        latest: NaiveDate,
    },
    /// Not one of the choices, or an id that does not belong to this case.
    UnknownChoice,
    /// The agent must do it and say so.
    MustBeTicked,
    /// Too long.
    TooLong {
        /// Most characters.
        max: usize,
    },
    /// No telephone number that can be called from outside.
    NotANumber,
    /// One of these fields must be filled.
    OneOf(&'static [&'static str]),
}

/// Years before this are typing errors.
const FIRST_YEAR: i32 = 2000;
/// Ids of one case in one field.
const ID_LIST_CHARS_MAX: usize = 20_000;

/// Reads the values of one form and gathers what is wrong.
pub(super) struct FieldReader<'a> {
    form: &'a BTreeMap<String, String>,
    pub(super) context: &'a OutcomeContext<'a>,
    errors: Vec<FieldError>,
}

impl<'a> FieldReader<'a> {
    pub(super) fn new(form: &'a BTreeMap<String, String>, context: &'a OutcomeContext<'a>) -> Self {
        Self { form, context, errors: Vec::new() }
    }

    /// What was wrong, in the order in which it was read.
    pub(super) fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }

    /// Names a problem; always `None`, for the caller to return.
    pub(super) fn refuse<T>(&mut self, field: &'static str, problem: Problem) -> Option<T> {
        self.errors.push(FieldError { field, problem });
        None
    }

    /// Whether the field holds more than blanks.
    pub(super) fn is_filled(&self, field: &str) -> bool {
        self.filled(field).is_some()
    }

    fn filled(&self, field: &str) -> Option<&'a str> {
        let text = self.form.get(field)?.trim_matches(|c: char| c.is_whitespace() || c.is_control());
        (!text.is_empty()).then_some(text)
    }

    fn required(&mut self, field: &'static str) -> Option<&'a str> {
        self.filled(field).or_else(|| self.refuse(field, Problem::Missing))
    }

    /// A text of at most `max` characters, without control characters other than line break and tab: PostgreSQL takes
    /// no NUL, and the others are never typed.
    pub(super) fn optional_text(&mut self, field: &'static str, max: usize) -> Option<Personal<String>> {
        let text = self.filled(field)?;
        if text.chars().count() > max {
            return self.refuse(field, Problem::TooLong { max });
        }
        Some(Personal::new(text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()))
    }

    pub(super) fn text(&mut self, field: &'static str, max: usize) -> Option<Personal<String>> {
        self.required(field)?;
        self.optional_text(field, max)
    }

    pub(super) fn choice<T>(&mut self, field: &'static str, parse: fn(&str) -> Option<T>) -> Option<T> {
        let text = self.required(field)?;
        parse(text).or_else(|| self.refuse(field, Problem::UnknownChoice))
    }

    pub(super) fn is_ticked(&self, field: &'static str) -> bool {
        matches!(self.filled(field), Some("on" | "true" | "yes" | "1"))
    }

    pub(super) fn must_be_ticked(&mut self, field: &'static str) -> Option<()> {
        if self.is_ticked(field) { Some(()) } else { self.refuse(field, Problem::MustBeTicked) }
    }

    fn date(&mut self, field: &'static str) -> Option<NaiveDate> {
        let text = self.required(field)?;
        read_date(text).or_else(|| self.refuse(field, Problem::NotADate))
    }

    /// A date from today on, and not after `latest`, which is `days` ahead by the rule.
    pub(super) fn date_until(&mut self, field: &'static str, days: u16, latest: NaiveDate) -> Option<NaiveDate> {
        let date = self.date(field)?;
        if date < self.context.today {
            return self.refuse(field, Problem::InThePast);
        }
        if date > latest { self.refuse(field, Problem::TooFarAhead { days, latest }) } else { Some(date) }
    }

    /// A date from today to so many days ahead.
    pub(super) fn date_within(&mut self, field: &'static str, days: u16) -> Option<NaiveDate> {
        let latest = self.days_ahead(days);
        self.date_until(field, days, latest)
    }

    pub(super) fn past_date(&mut self, field: &'static str) -> Option<NaiveDate> {
        let date = self.date(field)?;
        if date > self.context.today { self.refuse(field, Problem::InTheFuture) } else { Some(date) }
    }

    /// A time by the office's clock (`2026-11-26T14:30`) after now and within so many days.
    pub(super) fn time_within(&mut self, field: &'static str, days: u16) -> Option<Timestamp> {
        let text = self.required(field)?;
        let Some(local) = read_time(text) else { return self.refuse(field, Problem::NotADate) };
        let Some(instant) = instant_of(local, self.context.zone) else { return self.refuse(field, Problem::NoSuchTime) };
        if instant <= self.context.now {
            return self.refuse(field, Problem::InThePast);
        }
        let latest = self.days_ahead(days);
        if local.date() > latest { self.refuse(field, Problem::TooFarAhead { days, latest }) } else { Some(instant) }
    }

    fn days_ahead(&self, days: u16) -> NaiveDate {
        self.context.today.checked_add_days(Days::new(u64::from(days))).unwrap_or(NaiveDate::MAX)
    }

    /// An amount above 0; and not above `open`, where that is known.
    pub(super) fn amount(&mut self, field: &'static str, open: Option<Cents>) -> Option<Cents> {
        let text = self.required(field)?;
        let Ok(amount) = Cents::parse(text) else { return self.refuse(field, Problem::NotAnAmount) };
        if amount <= Cents(0) {
            return self.refuse(field, Problem::NotPositive);
        }
        match open {
            Some(open) if amount > open => self.refuse(field, Problem::MoreThanOpen { open }),
            _ => Some(amount),
        }
    }

    /// A number to call: one of the debtor's, or any that the number plan reads.
    pub(super) fn number(&mut self, field: &'static str) -> Option<PhoneNumber> {
        let text = self.required(field)?;
        let known = PhoneNumber::parse_e164(text).ok().filter(|number| self.context.numbers.contains(number));
        match known.map_or_else(|| self.context.plan.read(text), Dialled::Outside) {
            Dialled::Outside(number) => Some(number),
            _ => self.refuse(field, Problem::NotANumber),
        }
    }

    /// One of the debtor's numbers.
    pub(super) fn known_number(&mut self, field: &'static str) -> Option<PhoneNumber> {
        let number = self.number(field)?;
        if self.context.numbers.contains(&number) { Some(number) } else { self.refuse(field, Problem::UnknownChoice) }
    }

    pub(super) fn contact(&mut self, field: &'static str) -> Option<ContactId> {
        let text = self.required(field)?;
        let known = text.parse().ok().filter(|id| self.context.contacts.contains(id));
        known.or_else(|| self.refuse(field, Problem::UnknownChoice))
    }

    /// Ids of open invoices, joined by commas; and their open sum.
    pub(super) fn invoices(&mut self, field: &'static str) -> Option<(Vec<InvoiceId>, Cents)> {
        let text = self.required(field)?;
        if text.len() > ID_LIST_CHARS_MAX {
            return self.refuse(field, Problem::TooLong { max: ID_LIST_CHARS_MAX });
        }
        let mut ids = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let Ok(id) = part.parse::<InvoiceId>() else { return self.refuse(field, Problem::UnknownChoice) };
            ids.push(id);
        }
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return self.refuse(field, Problem::Missing);
        }
        let open: BTreeMap<InvoiceId, Cents> = self.context.open_invoices.iter().copied().collect();
        let amounts: Option<Vec<Cents>> = ids.iter().map(|id| open.get(id).copied()).collect();
        match amounts {
            Some(amounts) => Some((ids, amounts.into_iter().sum())),
            None => self.refuse(field, Problem::UnknownChoice),
        }
    }
}

/// `2026-11-26` as a browser's date field writes it.
fn read_date(text: &str) -> Option<NaiveDate> {
    use chrono::Datelike;
    let date = (text.len() == 10).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()?;
    (date.year() >= FIRST_YEAR).then_some(date)
}

/// `2026-11-26T14:30`, with or without seconds, as a browser's datetime-local field writes it.
fn read_time(text: &str) -> Option<NaiveDateTime> {
    let (date, time) = text.split_once('T')?;
    let time = match time.len() {
        5 => chrono::NaiveTime::parse_from_str(time, "%H:%M").ok()?,
        8 => chrono::NaiveTime::parse_from_str(time, "%H:%M:%S").ok()?,
        _ => return None,
    };
    Some(read_date(date)?.and_time(time))
}
