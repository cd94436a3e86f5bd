//! Keeps the table true: looks twice a second whether somebody imports, and reads the numbers anew after that.

use std::time::{Duration, Instant};

use super::index::NumberIndex;
use super::table::{Table, TableBuilder, TableError};
use crate::store::error::StoreError;
use crate::store::pool::Store;

/// Between two looks at the imports. Less than [`super::index::BELIEVED_FOR`] by enough for a slow answer.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// An import that is not ended and has written nothing for so long was broken off.
const IMPORT_SILENT_MAX: Duration = Duration::from_secs(60);
/// Debtors that are read at once.
const DEBTORS_A_PAGE: i64 = 10_000;
/// A page comes as one text: handing over millions of rows one by one takes three times as long as finding them.
const FIELDS: &str = "\u{1f}";
const LINES: &str = "\u{1e}";
/// Between two lines of progress.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// How the imports stand: how many there were, how often they wrote, and how many are not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Imports {
    count: i64,
    writes: i64,
    open: i64,
}

impl Store {
    /// Reads the numbers into memory, `entries_max` of them at most, and keeps them true until the store is closed.
    /// Until they are there, and whenever they cannot be believed, the database answers.
    pub fn keep_numbers(&self, entries_max: usize) {
        if entries_max > 0 {
            let keeper = Keeper { store: self.clone(), index: self.numbers.clone(), entries_max, seen: None, known: None, refused: None };
            tokio::spawn(keeper.run());
        }
    }

    /// The numbers in memory and the bytes that they take; `None` while the database answers.
    #[must_use]
    pub fn numbers_in_memory(&self) -> Option<(usize, usize)> {
        self.numbers.size()
    }

    /// Whether a debtor has a number: then an import must be announced before it changes it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_numbers(&self) -> Result<bool, StoreError> {
        Ok(fetch_one!(self, (i64,), "SELECT id FROM numbers LIMIT 1")?.is_some())
    }

    async fn imports(&self) -> Result<Imports, StoreError> {
        let row = fetch_one!(
            self,
            (i64, i64, i64),
            "SELECT COUNT(*), CAST(COALESCE(SUM(writes), 0) AS BIGINT), CAST(COALESCE(SUM(1 - ended), 0) AS BIGINT) FROM imports"
        )?;
        row.map(|(count, writes, open)| Imports { count, writes, open }).ok_or(StoreError::NoSuch("count"))
    }
}

struct Keeper {
    store: Store,
    index: NumberIndex,
    entries_max: usize,
    /// How the imports stood last, and since when.
    seen: Option<(Imports, Instant)>,
    /// How they stood when the table was read.
    known: Option<Imports>,
    /// How they stood when it turned out that the numbers do not fit.
    refused: Option<Imports>,
}

impl Keeper {
    async fn run(mut self) {
        loop {
            let asked = Instant::now();
            match self.store.imports().await {
                Ok(imports) => self.look(asked, imports).await,
                Err(StoreError::Database(sqlx::Error::PoolClosed)) => return,
                // While the database does not answer, the table is soon not believed any more.
                Err(_) => {}
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn look(&mut self, asked: Instant, imports: Imports) {
        let since = match self.seen {
            Some((before, since)) if before == imports => since,
            _ => asked,
        };
        self.seen = Some((imports, since));
        let is_importing = imports.open > 0 && since.elapsed() < IMPORT_SILENT_MAX;
        if is_importing || self.known != Some(imports) {
            self.index.forget();
        }
        if is_importing || self.refused == Some(imports) {
            return;
        }
        if self.index.has_table() {
            self.index.believe(asked);
            return;
        }
        self.fill(imports).await;
    }

    async fn fill(&mut self, imports: Imports) {
        let generation = self.index.begin();
        match self.load().await {
            Ok(table) => {
                let (entries, bytes) = table.size();
                if self.index.install(generation, table) {
                    self.known = Some(imports);
                    tracing::info!(numbers = entries, megabytes = bytes / 1_000_000, "the numbers are in memory");
                }
            }
            Err(LoadError::Table(error)) => {
                tracing::warn!(%error, "numbers are looked up in the database, which takes a tenth of a millisecond longer");
                self.refused = Some(imports);
            }
            Err(LoadError::Store(error)) => tracing::warn!(%error, "the numbers could not be read into memory"),
        }
    }

    /// All usable numbers, in pages by debtor: in that order the database reads forward.
    async fn load(&self) -> Result<Table, LoadError> {
        let store = &self.store;
        let creditors = fetch_all!(store, (i64, String), "SELECT id, name FROM creditors ORDER BY id").map_err(StoreError::from)?;
        let mut builder = TableBuilder::new(self.entries_max, creditors)?;
        let (mut after, mut told) = (0_i64, Instant::now());
        loop {
            let last = fetch_one!(
                store,
                (Option<i64>,),
                "SELECT MAX(id) FROM (SELECT id FROM debtors WHERE id > $1 ORDER BY id LIMIT $2) page",
                after,
                DEBTORS_A_PAGE
            );
            let Some((Some(last),)) = last.map_err(StoreError::from)? else { break };
            let page = fetch_one!(
                store,
                (Option<String>,),
                "SELECT string_agg(numbers.number || $3 || debtors.id || $3 || cases.id || $3 || cases.creditor_id || $3 ||
                   CASE WHEN EXISTS (SELECT 1 FROM invoices WHERE invoices.case_id = cases.id AND invoices.state <> 'settled') THEN 1 ELSE 0 END
                   || $3 || replace(debtors.name, $4, ' '), $4)
                 FROM debtors JOIN cases ON cases.debtor_id = debtors.id JOIN numbers ON numbers.debtor_id = debtors.id
                 WHERE debtors.id > $1 AND debtors.id <= $2 AND numbers.state = 'usable'",
                after,
                last,
                FIELDS,
                LINES
            );
            let page = page.map_err(StoreError::from)?.and_then(|(page,)| page).unwrap_or_default();
            for line in page.split_terminator(LINES) {
                push(&mut builder, line)?;
            }
            after = last;
            if told.elapsed() > PROGRESS_EVERY {
                told = Instant::now();
                tracing::info!(numbers = builder.len(), "numbers are being read into memory");
            }
        }
        Ok(builder.finish())
    }
}

/// One line of a page: number, debtor, case, creditor, whether an invoice is open, and the name.
fn push(builder: &mut TableBuilder, line: &str) -> Result<(), LoadError> {
    let unreadable = || StoreError::Unreadable { table: "numbers", why: "a line of a page".to_owned() };
    let mut fields = line.splitn(6, FIELDS);
    let mut whole = || fields.next().and_then(|field| field.parse::<i64>().ok()).ok_or_else(unreadable);
    let (number, debtor, case, creditor, open) = (whole()?, whole()?, whole()?, whole()?, whole()?);
    let name = fields.next().ok_or_else(unreadable)?;
    Ok(builder.push(number, debtor, name, case, creditor, open == 1)?)
}

enum LoadError {
    Store(StoreError),
    Table(TableError),
}

impl From<StoreError> for LoadError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<TableError> for LoadError {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}
