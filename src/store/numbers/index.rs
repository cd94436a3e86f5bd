//! What the table may be asked, and when it must not be believed.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use super::table::Table;
use crate::desk::seat::Candidate;
use crate::ids::PhoneNumber;
use crate::store::read::search::candidates;
use crate::store::write::Touched;

/// The table is believed so long after the database was last seen without an import.
pub(super) const BELIEVED_FOR: Duration = Duration::from_millis(1500);
/// An import that changes debtors who were there before waits so long after it was announced: by then no service
/// believes its table any more.
pub const ANNOUNCED_BEFORE: Duration = Duration::from_secs(2);
/// Numbers that changed one by one, at most, before the table is made anew.
const CHANGED_MAX: usize = 10_000;

/// The numbers in memory, shared by all who ask. Empty until a keeper fills it; then the database is asked.
#[derive(Clone, Default)]
pub(in crate::store) struct NumberIndex {
    state: Arc<RwLock<State>>,
}

#[derive(Default)]
struct State {
    table: Option<Table>,
    believed_until: Option<Instant>,
    /// The table does not know how these are now.
    changed: HashSet<PhoneNumber>,
    /// Counts what made the whole table worthless.
    generation: u64,
}

impl NumberIndex {
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose number it is; `None` when the database must be asked, as it must for a number that is not in the table.
    pub(in crate::store) fn find(&self, number: PhoneNumber) -> Option<Vec<Candidate>> {
        let state = self.read();
        state.believed_until.filter(|until| Instant::now() < *until)?;
        state.lookup(number)
    }

    /// As [`NumberIndex::find`], when the database does not answer: what was known last is better than nothing.
    pub(in crate::store) fn remembered(&self, number: PhoneNumber) -> Option<Vec<Candidate>> {
        self.read().lookup(number)
    }

    /// Something is about to be written, or was written just now. Call it before and after the commit: a table that is
    /// being read meanwhile may have either.
    pub(in crate::store) fn touch(&self, touched: Touched) {
        match touched {
            Touched::Nothing => {}
            Touched::Number(number) => {
                let mut state = self.write();
                state.changed.insert(number);
                if state.changed.len() > CHANGED_MAX {
                    state.forget();
                }
            }
            Touched::Lists => self.write().forget(),
        }
    }

    /// Nothing is believed until the next table.
    pub(super) fn forget(&self) {
        self.write().forget();
    }

    /// A new table is about to be read: what changed before is in it.
    pub(super) fn begin(&self) -> u64 {
        let mut state = self.write();
        state.changed.clear();
        state.generation
    }

    /// The new table, unless something happened since [`NumberIndex::begin`] that makes it worthless.
    pub(super) fn install(&self, generation: u64, table: Table) -> bool {
        let mut state = self.write();
        let is_good = state.generation == generation;
        if is_good {
            state.table = Some(table);
        }
        is_good
    }

    /// The database was seen at `asked`, without an import and as the table knows it.
    pub(super) fn believe(&self, asked: Instant) {
        let mut state = self.write();
        state.believed_until = asked.checked_add(BELIEVED_FOR);
    }

    pub(super) fn has_table(&self) -> bool {
        self.read().table.is_some()
    }

    /// Entries and bytes of the table, where there is one.
    pub(in crate::store) fn size(&self) -> Option<(usize, usize)> {
        self.read().table.as_ref().map(Table::size)
    }
}

impl State {
    fn lookup(&self, number: PhoneNumber) -> Option<Vec<Candidate>> {
        let table = self.table.as_ref()?;
        if self.changed.contains(&number) {
            return None;
        }
        let rows = table.find(number);
        (!rows.is_empty()).then(|| candidates(rows))
    }

    fn forget(&mut self) {
        self.table = None;
        self.believed_until = None;
        self.changed.clear();
        self.generation += 1;
    }
}

/// Names are personal: only the size is shown.
impl fmt::Debug for NumberIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NumberIndex").field("size", &self.size()).finish_non_exhaustive()
    }
}
