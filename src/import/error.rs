//! What can be wrong with a file or a row. No message repeats what a cell holds: it may be a name.

use std::fmt;
use std::io;

use crate::collection::money::MoneyError;

/// Why a file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file or connection failed.
    #[error("the file cannot be read")]
    Read(#[source] io::Error),
    /// Not one line with text.
    #[error("the file is empty; its first line must name the columns")]
    Empty,
    /// No line end within the first megabyte.
    #[error("the first line is longer than 1 MB; this is no table with a header line")]
    HeaderTooLong,
    /// The config names an encoding that does not exist.
    #[error("encoding {label:?} under [import] is unknown; use utf-8, windows-1252 or leave it out")]
    Encoding {
        /// As the config writes it.
        label: String,
    },
    /// The config names another delimiter than the four.
    #[error("delimiter {delimiter:?} under [import] must be one of ; , | or a tab")]
    Delimiter {
        /// As the config writes it.
        delimiter: char,
    },
    /// The config's date format is no strftime format with a year, month and day.
    #[error("date_format {format:?} under [import] must hold a day, a month and a year, such as %d-%m-%Y")]
    DateFormat {
        /// As the config writes it.
        format: String,
    },
    /// The config maps a column that Belbrug does not have.
    #[error("[import.{section}] names {column:?}, which is no column; the columns are {}", known.join(", "))]
    UnknownColumn {
        /// `debtors` or `invoices`.
        section: &'static str,
        /// As the config writes it.
        column: String,
        /// All of them.
        known: Vec<&'static str>,
    },
    /// A required column, or one that the config maps, is not in the file.
    #[error(
        "the column {column} is missing: no header is {}; found {}; write {column} = \"its header\" under [import.{section}]",
        expected.join(" or "), found.join(", ")
    )]
    MissingColumn {
        /// `debtors` or `invoices`.
        section: &'static str,
        /// Our name of it.
        column: &'static str,
        /// The headers that would do.
        expected: Vec<String>,
        /// The headers in the file, at most 60 of them.
        found: Vec<String>,
    },
    /// Two columns have the header that is needed, so that nobody knows which is meant.
    #[error("the header {header:?} is there twice; rename one, or name another under [import.{section}]")]
    DuplicateHeader {
        /// `debtors` or `invoices`.
        section: &'static str,
        /// As the file writes it.
        header: String,
    },
}

/// A row that cannot be taken over, or, in a row's warnings, a value that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The line in the file on which the row begins; the header is on line 1.
    pub line: u64,
    /// The header of the column as the file writes it; empty when it is about the whole row.
    pub column: String,
    /// What is wrong.
    pub reason: RowReason,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.column.is_empty() {
            write!(f, "line {}: {}", self.line, self.reason)
        } else {
            write!(f, "line {}, column {}: {}", self.line, self.column, self.reason)
        }
    }
}

impl std::error::Error for RowError {}

/// What is wrong with a row or a value, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowReason {
    /// A required cell is empty.
    #[error("the cell is empty; fill it in")]
    Missing,
    /// The cell is too long.
    #[error("the cell has more than {max} characters; shorten it")]
    TooLong {
        /// Most characters.
        max: usize,
    },
    /// A control character in a reference or a number.
    #[error("the cell holds a control character; type it again")]
    ControlCharacter,
    /// Bytes that the encoding does not have.
    #[error("the cell holds characters that were lost in the encoding; set encoding under [import], such as windows-1252")]
    LostCharacters,
    /// No date.
    #[error("this is no date; write it as 31-01-2026 or 2026-01-31, or set date_format under [import]")]
    NotADate,
    /// A year of two digits may be of this century or of the last.
    #[error("the year has two digits; export dates with four, or set date_format under [import]")]
    TwoDigitYear,
    /// No amount.
    #[error("{0}")]
    NotAnAmount(#[from] MoneyError),
    /// No whole number within its limits.
    #[error("this must be a whole number from {min} to {max}")]
    NotAWholeNumber {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// Not one of the words.
    #[error("this must be one of {choices}")]
    UnknownChoice {
        /// The words.
        choices: &'static str,
    },
    /// No country.
    #[error("the country is unknown; write its code, such as NL or BE")]
    UnknownCountry,
    /// Another currency than the euro.
    #[error("the currency is not EUR; leave this invoice out")]
    OtherCurrency,
    /// More is open than was invoiced, or the signs differ.
    #[error("more is open than the invoice's amount; see whether the two columns are swapped")]
    OpenMoreThanAmount,
    /// No telephone number; the row is kept without it.
    #[error("this is no telephone number; write it as +31 20 123 45 67")]
    NotANumber,
    /// No e-mail address; the row is kept without it.
    #[error("this is no e-mail address")]
    NotAnEmail,
    /// The row has more cells than the header.
    #[error("the row has {cells} cells and the header {headers}; put quotes around text that holds the delimiter")]
    TooManyCells {
        /// Cells of the row.
        cells: usize,
        /// Headers.
        headers: usize,
    },
    /// The file ends within quotes.
    #[error("a quote in this row is never closed, so that the rows after it could not be read; close it")]
    QuoteNotClosed,
    /// The record does not end within a megabyte; what follows up to `next_line` was passed over.
    #[error("the row is longer than 1 MB, so that everything before line {next_line} was skipped; look for a quote that is not closed")]
    RecordTooLong {
        /// The line on which reading went on.
        next_line: u64,
    },
    /// The file or connection failed half-way; nothing follows.
    #[error("the file cannot be read further ({kind}); the rows before it were read")]
    ReadFailed {
        /// The system's reason.
        kind: io::ErrorKind,
    },
}
