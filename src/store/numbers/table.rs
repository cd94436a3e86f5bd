//! The packed table. An entry has 16 bytes: the number (50 bits), the creditor (13 bits) and whether an invoice is open,
//! then the case and the place of the debtor's name. Names stand behind each other, each after its length.

use std::collections::HashMap;

use crate::ids::{CaseId, PhoneNumber};
use crate::store::read::search::Numbered;

/// Creditors at most; more than this no collection agency has, and the database answers.
const CREDITORS_MAX: usize = 1 << CREDITOR_BITS;
const CREDITOR_BITS: u32 = 13;
const NUMBER_SHIFT: u32 = CREDITOR_BITS + 1;
/// Names are cut after this many bytes.
const NAME_BYTES_MAX: usize = u8::MAX as usize;

/// Why the numbers cannot stand in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TableError {
    #[error("there are more numbers than [store] numbers_in_memory")]
    TooMany,
    #[error("there are more creditors, cases or names than fit")]
    TooLarge,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    key: u64,
    case: u32,
    name: u32,
}

/// All usable numbers.
#[derive(Default)]
pub(super) struct Table {
    entries: Vec<Entry>,
    names: Vec<u8>,
    creditors: Vec<String>,
}

/// A table that is being filled.
#[derive(Default)]
pub(super) struct TableBuilder {
    table: Table,
    entries_max: usize,
    creditor_at: HashMap<i64, u64>,
    /// The debtor whose name was added last, and where it stands.
    last: Option<(i64, u32)>,
}

impl TableBuilder {
    pub(super) fn new(entries_max: usize, creditors: Vec<(i64, String)>) -> Result<Self, TableError> {
        if creditors.len() > CREDITORS_MAX {
            return Err(TableError::TooLarge);
        }
        let mut builder = Self { entries_max, ..Self::default() };
        for (at, (id, name)) in (0..).zip(creditors) {
            builder.creditor_at.insert(id, at);
            builder.table.creditors.push(name);
        }
        Ok(builder)
    }

    /// Adds what a number leads to; the rows of one debtor come one after the other.
    pub(super) fn push(&mut self, number: i64, debtor: i64, name: &str, case: i64, creditor: i64, is_open: bool) -> Result<(), TableError> {
        if self.table.entries.len() >= self.entries_max {
            return Err(TableError::TooMany);
        }
        let creditor = *self.creditor_at.get(&creditor).ok_or(TableError::TooLarge)?;
        let name = match self.last {
            Some((last, at)) if last == debtor => at,
            _ => self.add_name(name)?,
        };
        self.last = Some((debtor, name));
        let number = u64::try_from(number).map_err(|_| TableError::TooLarge)?;
        let key = (number << NUMBER_SHIFT) | (creditor << 1) | u64::from(is_open);
        self.table.entries.push(Entry { key, case: u32::try_from(case).map_err(|_| TableError::TooLarge)?, name });
        Ok(())
    }

    fn add_name(&mut self, name: &str) -> Result<u32, TableError> {
        let at = u32::try_from(self.table.names.len()).map_err(|_| TableError::TooLarge)?;
        let mut end = name.len().min(NAME_BYTES_MAX);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        self.table.names.push(u8::try_from(end).unwrap_or(u8::MAX));
        self.table.names.extend(name.bytes().take(end));
        Ok(at)
    }

    pub(super) fn len(&self) -> usize {
        self.table.entries.len()
    }

    pub(super) fn finish(mut self) -> Table {
        self.table.entries.sort_unstable();
        self.table.entries.shrink_to_fit();
        self.table.names.shrink_to_fit();
        self.table
    }
}

impl Table {
    /// What the number leads to, in no order; empty when it is nobody's.
    pub(super) fn find(&self, number: PhoneNumber) -> Vec<Numbered<'_>> {
        let Ok(number) = u64::try_from(number.to_i64()) else { return Vec::new() };
        let from = self.entries.partition_point(|entry| entry.key >> NUMBER_SHIFT < number);
        let entries = self.entries.get(from..).unwrap_or_default();
        entries.iter().take_while(|entry| entry.key >> NUMBER_SHIFT == number).map(|entry| self.row(*entry)).collect()
    }

    fn row(&self, entry: Entry) -> Numbered<'_> {
        let creditor = usize::try_from((entry.key >> 1) & ((1 << CREDITOR_BITS) - 1)).unwrap_or(usize::MAX);
        Numbered {
            case: CaseId(i64::from(entry.case)),
            name: self.name(entry.name).unwrap_or_default(),
            creditor: self.creditors.get(creditor).map_or("", String::as_str),
            is_open: entry.key & 1 == 1,
        }
    }

    fn name(&self, at: u32) -> Option<&str> {
        let at = usize::try_from(at).ok()?;
        let length = usize::from(*self.names.get(at)?);
        std::str::from_utf8(self.names.get(at + 1..at + 1 + length)?).ok()
    }

    /// Entries, and the bytes that the table takes.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.entries.len(), self.entries.capacity() * size_of::<Entry>() + self.names.capacity())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(digits: i64) -> PhoneNumber {
        PhoneNumber::from_i64(digits).unwrap()
    }

    #[test]
    fn an_entry_has_16_bytes() {
        assert_eq!(size_of::<Entry>(), 16);
    }

    #[test]
    fn bounds_are_kept() {
        let mut builder = TableBuilder::new(1, vec![(7, "C".to_owned())]).unwrap();
        builder.push(999_999_999_999_999, 1, &"é".repeat(200), 1, 7, true).unwrap();
        assert_eq!(builder.push(447_700_900_123, 2, "B", 2, 7, true), Err(TableError::TooMany));
        let table = builder.finish();
        let found = table.find(number(999_999_999_999_999));
        assert_eq!((found[0].name, found[0].creditor, found[0].is_open), ("é".repeat(127).as_str(), "C", true));
        let mut builder = TableBuilder::new(9, vec![(7, "C".to_owned())]).unwrap();
        assert_eq!(builder.push(447_700_900_123, 2, "B", i64::from(u32::MAX) + 1, 7, true), Err(TableError::TooLarge));
    }

    proptest! {
        #[test]
        fn finds_what_was_put_in(rows in proptest::collection::vec((447_700_900_000_i64..447_700_900_030, 1_i64..9, 0_i64..3, any::<bool>()), 0..60)) {
            let creditors = (0..3).map(|id| (id, format!("creditor {id}"))).collect();
            let mut builder = TableBuilder::new(60, creditors).unwrap();
            for (case, (digits, debtor, creditor, open)) in (0..).zip(&rows) {
                builder.push(*digits, *debtor, &format!("debtor {debtor}"), case, *creditor, *open).unwrap();
            }
            let table = builder.finish();
            for digits in 447_700_900_000..447_700_900_030 {
                let mut found: Vec<_> = table.find(number(digits)).iter().map(|r| (r.case.0, r.name.to_owned(), r.creditor.to_owned(), r.is_open)).collect();
                found.sort();
                let expected: Vec<_> = (0..).zip(&rows).filter(|(_, row)| row.0 == digits)
                    .map(|(case, row)| (case, format!("debtor {}", row.1), format!("creditor {}", row.2), row.3)).collect();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
