//! Which column of a file is which of ours.

use std::collections::BTreeMap;

use super::error::TableError;

/// One column of ours: its name in the config, whether a file must have it, and the headers that it usually has (in the
/// form of [`plain`]), best first.
#[derive(Debug)]
pub(super) struct ColumnSpec {
    pub(super) name: &'static str,
    pub(super) is_required: bool,
    pub(super) headers: &'static [&'static str],
}

/// The columns of one file: an enum whose variants stand in the order of `SPECS`.
pub(super) trait Column: Copy + 'static {
    /// The name in the config: `[import.debtors]`.
    const SECTION: &'static str;
    const SPECS: &'static [ColumnSpec];
    /// The place in `SPECS`.
    fn place(self) -> usize;
}

/// Where each of our columns is in a file.
#[derive(Debug)]
pub(super) struct ColumnMap {
    at: Vec<Option<usize>>,
    headers: Vec<String>,
}

/// So many headers are shown in a message.
const SHOWN_HEADERS_MAX: usize = 60;
/// So many characters of a header are kept.
const HEADER_CHARS_MAX: usize = 100;

impl ColumnMap {
    /// Finds the columns of `C` among the headers, by the config's names and otherwise by the usual ones.
    pub(super) fn find<C: Column>(headers: &[&str], mapped: &BTreeMap<String, String>) -> Result<Self, TableError> {
        if let Some(unknown) = mapped.keys().find(|key| !C::SPECS.iter().any(|spec| spec.name == key.as_str())) {
            let known = C::SPECS.iter().map(|spec| spec.name).collect();
            return Err(TableError::UnknownColumn { section: C::SECTION, column: unknown.clone(), known });
        }
        let headers: Vec<String> = headers.iter().map(|header| shown(header)).collect();
        let plain_headers: Vec<String> = headers.iter().map(|header| plain(header)).collect();
        let mut at = Vec::with_capacity(C::SPECS.len());
        for spec in C::SPECS {
            let mapped_to = mapped.get(spec.name);
            let wanted: Vec<String> = match mapped_to {
                Some(header) => vec![plain(header)],
                None => spec.headers.iter().map(|header| (*header).to_owned()).collect(),
            };
            let place = wanted.iter().find_map(|header| plain_headers.iter().position(|plain| plain == header));
            if place.is_none() && (spec.is_required || mapped_to.is_some()) {
                let expected = mapped_to.map_or(wanted, |header| vec![header.clone()]);
                let found = headers.iter().take(SHOWN_HEADERS_MAX).cloned().collect();
                return Err(TableError::MissingColumn { section: C::SECTION, column: spec.name, expected, found });
            }
            if let Some(header) = place.filter(|place| is_there_twice(&plain_headers, *place)).and_then(|place| headers.get(place)) {
                let header = header.clone();
                return Err(TableError::DuplicateHeader { section: C::SECTION, header });
            }
            at.push(place);
        }
        Ok(Self { at, headers })
    }

    /// Where the column is in a record.
    pub(super) fn place<C: Column>(&self, column: C) -> Option<usize> {
        self.at.get(column.place()).copied().flatten()
    }

    /// The header as the file writes it, or our name when the file lacks the column.
    pub(super) fn header<C: Column>(&self, column: C) -> &str {
        let ours = C::SPECS.get(column.place()).map_or("", |spec| spec.name);
        self.place(column).and_then(|place| self.headers.get(place)).map_or(ours, String::as_str)
    }

    /// How many columns the file has.
    pub(super) fn width(&self) -> usize {
        self.headers.len()
    }
}

/// Whether another column has the header of this place.
fn is_there_twice(headers: &[String], place: usize) -> bool {
    let header = headers.get(place);
    headers.iter().filter(|other| Some(*other) == header).count() > 1
}

/// A header as a message shows it.
fn shown(header: &str) -> String {
    header.trim().chars().filter(|c| !c.is_control()).take(HEADER_CHARS_MAX).collect()
}

/// A header without case, blanks and marks: `Debiteur nr.` is `debiteurnr`.
pub(super) fn plain(header: &str) -> String {
    header.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
