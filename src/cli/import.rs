//! `belbrug import`: a creditor's lists. Bad rows are told with line and reason; good ones are kept; the same list a
//! second time changes nothing.

use std::fs::File;
use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use belbrug::clock::{Clock, SystemClock};
use belbrug::config;
use belbrug::import::{ByteCounter, DebtorRow, ImportMapping, InvoiceRow, RowError, RowReason, read_debtors, read_invoices};
use belbrug::numbers::NumberPlan;
use belbrug::personal::Personal;
use belbrug::store::numbers::index::ANNOUNCED_BEFORE;
use belbrug::store::pool::Store;
use belbrug::store::write::{DebtorImport, ImportBegin, InvoiceImport, Write, Written};
use belbrug::store::writer::Writer;
use clap::Args;

use super::say;

/// Rows in one write.
const BATCH: usize = 500;
/// Bad rows that are shown; the rest is counted.
const SHOWN: usize = 50;
/// Between two lines of progress.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The list of debtors.
    debtors: PathBuf,
    /// The list of invoices.
    invoices: PathBuf,
    /// The creditor of rows that name none; else [import] creditor.
    #[arg(long)]
    creditor: Option<String>,
    /// The list of invoices is complete: what it lacks has been paid. Else [import] invoices_complete.
    #[arg(long)]
    complete: bool,
}

#[derive(Debug, Default)]
struct Tally {
    added: u64,
    changed: u64,
    same: u64,
    refused: u64,
    warnings: u64,
    shown: usize,
    is_incomplete: bool,
}

impl Import {
    pub(crate) async fn run(self, config: &Path) -> anyhow::Result<()> {
        let config = config::load(config)?;
        super::start_log("warn")?;
        let mut mapping = config.import.clone();
        if let Some(creditor) = self.creditor {
            mapping.creditor = creditor;
        }
        if mapping.creditor.trim().is_empty() {
            bail!("whose invoices are these? Write creditor = \"...\" under [import], or say --creditor");
        }
        let plan = config.number_plan()?;
        let store = Store::open(config.store.url.reveal()).await.context("[store] url")?;
        let (writer, writing) = Writer::start(store.clone());
        let begin = ImportBegin { at: SystemClock.now(), creditor: mapping.creditor.clone() };
        let is_known_to_a_service = store.has_numbers().await?;
        let Written::Import(import, _) = writer.write(Write::ImportBegin(begin)).await? else { bail!("the import could not begin") };
        if is_known_to_a_service {
            tokio::time::sleep(ANNOUNCED_BEFORE).await;
        }
        let debtors = import_debtors(&self.debtors, &mapping, &plan, &writer).await?;
        report("debtors", &debtors);
        let invoices = import_invoices(&self.invoices, &mapping, import, &writer).await?;
        report("invoices", &invoices);
        if self.complete || mapping.invoices_complete {
            if invoices.added + invoices.changed + invoices.same == 0 {
                say("Nothing was settled: the list of invoices has no rows.");
            } else if invoices.is_incomplete || invoices.refused > 0 {
                say("Nothing was settled: rows of the list could not be read, so it is not known to be complete. Mend them and import again.");
            } else if let Written::Settled(n) = writer.write(Write::ImportSettleMissing(import)).await? {
                say(&format!("{n} invoices that the list lacks are settled."));
            }
        }
        writer.write(Write::ImportEnd(import)).await?;
        drop(writer);
        writing.await?;
        store.close().await;
        if debtors.refused + invoices.refused > 0 {
            bail!("{} rows were not taken; they are listed above. The others are in.", debtors.refused + invoices.refused);
        }
        Ok(())
    }
}

fn report(what: &str, tally: &Tally) {
    say(&format!(
        "{what}: {} new, {} changed, {} as they were, {} not taken, {} warnings",
        tally.added, tally.changed, tally.same, tally.refused, tally.warnings
    ));
}

impl Tally {
    fn show(&mut self, what: &str, error: &RowError) {
        self.shown += 1;
        match self.shown {
            n if n <= SHOWN => say(&format!("{what} {error}")),
            n if n == SHOWN + 1 => say("... more are only counted"),
            _ => {}
        }
    }

    fn bad(&mut self, what: &str, error: &RowError) {
        self.refused += 1;
        self.is_incomplete |= matches!(error.reason, RowReason::ReadFailed { .. } | RowReason::RecordTooLong { .. } | RowReason::QuoteNotClosed);
        self.show(what, error);
    }

    fn warn(&mut self, what: &str, warnings: &[RowError]) {
        for warning in warnings {
            self.warnings += 1;
            self.show(&format!("{what} (taken, but)"), warning);
        }
    }

    fn count(&mut self, what: &str, written: Written) {
        let Written::Rows { added, changed, same, refused } = written else { return };
        self.added += added;
        self.changed += changed;
        self.same += same;
        for (line, why) in refused {
            self.refused += 1;
            self.shown += 1;
            if self.shown <= SHOWN {
                say(&format!("{what} line {line}: {why}"));
            }
        }
    }
}

/// How far a file is, on the terminal.
struct Progress {
    what: &'static str,
    counter: ByteCounter,
    total: u64,
    told: Instant,
}

impl Progress {
    fn new(what: &'static str, counter: ByteCounter, path: &Path) -> Self {
        Self { what, counter, total: std::fs::metadata(path).map_or(0, |meta| meta.len()), told: Instant::now() }
    }

    fn tell(&mut self, rows: u64) {
        if self.told.elapsed() < PROGRESS_EVERY || !std::io::stderr().is_terminal() {
            return;
        }
        self.told = Instant::now();
        let percent = (self.counter.bytes() * 100).checked_div(self.total).unwrap_or(0).min(100);
        let _ = write!(std::io::stderr(), "\r{}: {percent} %, {rows} rows ", self.what);
    }
}

async fn import_debtors(path: &Path, mapping: &ImportMapping, plan: &NumberPlan, writer: &Writer) -> anyhow::Result<Tally> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let table = read_debtors(file, mapping, plan).with_context(|| path.display().to_string())?;
    let mut progress = Progress::new("debtors", table.counter(), path);
    let mut tally = Tally::default();
    let mut batch = Vec::with_capacity(BATCH);
    let mut rows = 0;
    for row in table {
        rows += 1;
        match row {
            Ok(row) => {
                tally.warn("debtors", &row.warnings);
                batch.push(debtor(row, mapping));
            }
            Err(error) => tally.bad("debtors", &error),
        }
        if batch.len() == BATCH {
            let written = writer.write(Write::ImportDebtors(std::mem::take(&mut batch))).await?;
            tally.count("debtors", written);
            progress.tell(rows);
        }
    }
    let written = writer.write(Write::ImportDebtors(batch)).await?;
    tally.count("debtors", written);
    Ok(tally)
}

fn text(value: Option<Personal<String>>) -> String {
    value.map(Personal::into_revealed).unwrap_or_default()
}

fn debtor(row: DebtorRow, mapping: &ImportMapping) -> DebtorImport {
    DebtorImport {
        line: row.line,
        reference: row.reference,
        creditor: row.creditor.unwrap_or_else(|| mapping.creditor.clone()),
        name: row.name,
        kind: row.kind.as_str(),
        language: row.language.as_str(),
        street: text(row.street),
        postcode: text(row.postcode),
        city: text(row.city),
        country: row.country,
        email: text(row.email),
        numbers: row.numbers,
        contact: row.contact_name.map(|name| (name, text(row.contact_role))),
        stage: row.stage,
    }
}

async fn import_invoices(path: &Path, mapping: &ImportMapping, import: i64, writer: &Writer) -> anyhow::Result<Tally> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let table = read_invoices(file, mapping).with_context(|| path.display().to_string())?;
    let mut progress = Progress::new("invoices", table.counter(), path);
    let mut tally = Tally::default();
    let mut batch = Vec::with_capacity(BATCH);
    let mut rows = 0;
    for row in table {
        rows += 1;
        match row {
            Ok(row) => {
                tally.warn("invoices", &row.warnings);
                batch.push(invoice(row, mapping));
            }
            Err(error) => tally.bad("invoices", &error),
        }
        if batch.len() == BATCH {
            let written = writer.write(Write::ImportInvoices(import, std::mem::take(&mut batch))).await?;
            tally.count("invoices", written);
            progress.tell(rows);
        }
    }
    let written = writer.write(Write::ImportInvoices(import, batch)).await?;
    tally.count("invoices", written);
    Ok(tally)
}

fn invoice(row: InvoiceRow, mapping: &ImportMapping) -> InvoiceImport {
    InvoiceImport {
        line: row.line,
        debtor_reference: row.debtor_reference,
        creditor: row.creditor.unwrap_or_else(|| mapping.creditor.clone()),
        number: row.number,
        issued_on: row.issued_on,
        due_on: row.due_on,
        amount: row.amount,
        open: row.open,
        order_no: row.order_no.unwrap_or_default(),
    }
}
