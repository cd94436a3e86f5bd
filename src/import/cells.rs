//! One value of a row: read, refused with the reason, or left out with a warning.

use chrono::format::{Item, StrftimeItems};
use chrono::{Datelike, NaiveDate};

use crate::collection::money::Cents;
use crate::personal::Personal;

use super::columns::Column;
use super::error::{RowError, RowReason, TableError};
use super::table::Record;

/// Most characters of a cell.
const CELL_CHARS_MAX: usize = 500;
/// Years outside of these are typing errors.
const YEARS: std::ops::RangeInclusive<i32> = 1990..=2100;

/// How the file writes dates.
#[derive(Debug)]
pub(super) enum DateForm {
    /// One of the usual ways, each cell by itself; none of them can be taken for another.
    Usual,
    /// As the config says.
    Config(String),
}

impl DateForm {
    pub(super) fn new(format: Option<&str>) -> Result<Self, TableError> {
        let Some(format) = format else { return Ok(Self::Usual) };
        let error = || TableError::DateFormat { format: format.to_owned() };
        if StrftimeItems::new(format).any(|item| matches!(item, Item::Error)) {
            return Err(error());
        }
        let form = Self::Config(format.to_owned());
        let sample = NaiveDate::from_ymd_opt(2026, 1, 31).unwrap_or_default();
        let mut written = String::new();
        let is_written = std::fmt::Write::write_fmt(&mut written, format_args!("{}", sample.format(format))).is_ok();
        if is_written && form.read(&written) == Ok(sample) { Ok(form) } else { Err(error()) }
    }

    fn read(&self, text: &str) -> Result<NaiveDate, RowReason> {
        let date = match self {
            Self::Usual => usual_date(without_midnight(text))?,
            Self::Config(format) => NaiveDate::parse_from_str(text, format).map_err(|_| RowReason::NotADate)?,
        };
        if YEARS.contains(&date.year()) { Ok(date) } else { Err(RowReason::NotADate) }
    }
}

/// Spreadsheets add a midnight to a date.
fn without_midnight(text: &str) -> &str {
    match text.split_once([' ', 'T']) {
        Some((date, time)) if time.bytes().all(|b| matches!(b, b'0' | b':' | b'.' | b'Z')) => date,
        _ => text,
    }
}

/// dd-mm-yyyy or yyyy-mm-dd, with one and the same of `-`, `/` and `.`.
fn usual_date(text: &str) -> Result<NaiveDate, RowReason> {
    let separator = text.chars().find(|c| !c.is_ascii_digit()).filter(|c| matches!(c, '-' | '/' | '.')).ok_or(RowReason::NotADate)?;
    let parts: Vec<&str> = text.splitn(4, separator).collect();
    let &[first, month, last] = parts.as_slice() else { return Err(RowReason::NotADate) };
    if parts.iter().any(|part| part.is_empty() || part.len() > 4 || !part.bytes().all(|b| b.is_ascii_digit())) {
        return Err(RowReason::NotADate);
    }
    let (day, year) = match (first.len(), last.len()) {
        (1 | 2, 4) => (first, last),
        (4, 1 | 2) if separator == '-' || separator == '/' => (last, first),
        (1 | 2, 2) => return Err(RowReason::TwoDigitYear),
        _ => return Err(RowReason::NotADate),
    };
    let (Ok(year), Ok(month), Ok(day)) = (year.parse(), month.parse(), day.parse()) else { return Err(RowReason::NotADate) };
    NaiveDate::from_ymd_opt(year, month, day).ok_or(RowReason::NotADate)
}

/// Reads the cells of one record.
#[derive(Debug)]
pub(super) struct Cells<'a> {
    record: Record<'a>,
    /// Values that were left out or are doubtful.
    pub(super) warnings: Vec<RowError>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(record: Record<'a>) -> Self {
        Self { record, warnings: Vec::new() }
    }

    /// The line on which the record begins.
    pub(super) fn line(&self) -> u64 {
        self.record.line
    }

    /// The cell as written, without blanks around it; empty when the row or the file lacks it.
    pub(super) fn written<C: Column>(&self, column: C) -> &'a str {
        let place = self.record.columns.place(column);
        place.and_then(|place| self.record.record.get(place)).unwrap_or_default().trim()
    }

    pub(super) fn error<C: Column>(&self, column: C, reason: RowReason) -> RowError {
        RowError { line: self.record.line, column: self.record.columns.header(column).to_owned(), reason }
    }

    pub(super) fn warn<C: Column>(&mut self, column: C, reason: RowReason) {
        let warning = self.error(column, reason);
        self.warnings.push(warning);
    }

    fn bounded<C: Column>(&self, column: C) -> Result<&'a str, RowError> {
        let text = self.written(column);
        if text.len() > CELL_CHARS_MAX && text.chars().count() > CELL_CHARS_MAX {
            return Err(self.error(column, RowReason::TooLong { max: CELL_CHARS_MAX }));
        }
        Ok(text)
    }

    fn filled<C: Column>(&self, column: C) -> Result<&'a str, RowError> {
        let text = self.bounded(column)?;
        if text.is_empty() { Err(self.error(column, RowReason::Missing)) } else { Ok(text) }
    }

    /// Free text, or `None`. Line breaks become blanks and other control characters go. What begins as a spreadsheet
    /// formula stays as written: it is text here.
    pub(super) fn text<C: Column>(&mut self, column: C) -> Result<Option<Personal<String>>, RowError> {
        let text = self.bounded(column)?;
        if text.contains('\u{fffd}') {
            self.warn(column, RowReason::LostCharacters);
        }
        let one_line = text.replace("\r\n", " ");
        let clean: String = one_line.chars().map(|c| if matches!(c, '\r' | '\n' | '\t') { ' ' } else { c }).filter(|c| !c.is_control()).collect();
        let clean = clean.trim();
        Ok((!clean.is_empty()).then(|| Personal::new(clean.to_owned())))
    }

    pub(super) fn required_text<C: Column>(&mut self, column: C) -> Result<Personal<String>, RowError> {
        self.text(column)?.ok_or_else(|| self.error(column, RowReason::Missing))
    }

    /// A reference or a number, or `None`: nothing in it is changed, because it is looked up again.
    pub(super) fn key<C: Column>(&self, column: C) -> Result<Option<String>, RowError> {
        let text = self.bounded(column)?;
        if text.contains('\u{fffd}') {
            return Err(self.error(column, RowReason::LostCharacters));
        }
        if text.chars().any(char::is_control) {
            return Err(self.error(column, RowReason::ControlCharacter));
        }
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    pub(super) fn required_key<C: Column>(&self, column: C) -> Result<String, RowError> {
        self.key(column)?.ok_or_else(|| self.error(column, RowReason::Missing))
    }

    pub(super) fn date<C: Column>(&self, column: C) -> Result<NaiveDate, RowError> {
        self.record.dates.read(self.filled(column)?).map_err(|reason| self.error(column, reason))
    }

    pub(super) fn amount<C: Column>(&self, column: C) -> Result<Cents, RowError> {
        Cents::parse(self.filled(column)?).map_err(|error| self.error(column, error.into()))
    }

    /// A whole number from `min` to `max`, or `None`.
    pub(super) fn whole_number<C: Column>(&self, column: C, min: i64, max: i64) -> Result<Option<i64>, RowError> {
        let text = self.bounded(column)?;
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse() {
            Ok(number) if (min..=max).contains(&number) => Ok(Some(number)),
            _ => Err(self.error(column, RowReason::NotAWholeNumber { min, max })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Result<NaiveDate, RowReason> {
        Ok(text.parse().unwrap())
    }

    #[test]
    fn the_usual_dates() {
        for text in ["31-01-2026", "31/01/2026", "31.01.2026", "31-1-2026", "2026-01-31", "2026/1/31", "2026-01-31T00:00:00", "31-01-2026 0:00"] {
            assert_eq!(DateForm::Usual.read(text), day("2026-01-31"), "{text}");
        }
        assert_eq!(DateForm::Usual.read("1-2-2026"), day("2026-02-01"));
    }

    #[test]
    fn dates_that_are_none() {
        for text in ["31-01-26", "1/2/26"] {
            assert_eq!(DateForm::Usual.read(text), Err(RowReason::TwoDigitYear), "{text}");
        }
        for text in [
            "",
            "31-02-2026",
            "31-13-2026",
            "01-31-2026",
            "2026-31-01",
            "31-01/2026",
            "31 jan 2026",
            "45000",
            "31-01-2026 14:30",
            "31-01-0206",
            "+1-01-2026",
            "--",
            "31--2026",
            "1-1-1-2026",
            "３１-01-2026",
            "31-01-20266",
            "2026.01.31",
        ] {
            assert_eq!(DateForm::Usual.read(text), Err(RowReason::NotADate), "{text}");
        }
    }

    #[test]
    fn the_config_may_say_how_dates_are_written() {
        let american = DateForm::new(Some("%m/%d/%Y")).unwrap();
        assert_eq!(american.read("01/31/2026"), day("2026-01-31"));
        assert_eq!(american.read("31/01/2026"), Err(RowReason::NotADate));
        assert_eq!(DateForm::new(Some("%d%m%y")).unwrap().read("310126"), day("2026-01-31"));
        for bad in ["%d-%m", "dd-mm-yyyy", "%Q", "", "%H:%M", "%"] {
            assert!(DateForm::new(Some(bad)).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn reading_dates_never_panics(text in ".{0,20}", format in ".{0,10}") {
            let _ = DateForm::Usual.read(&text);
            if let Ok(form) = DateForm::new(Some(&format)) {
                let _ = form.read(&text);
            }
        }

        #[test]
        fn digits_and_separators_never_panic(text in "[0-9./ -]{0,12}") {
            let _ = DateForm::Usual.read(&text);
        }
    }
}
