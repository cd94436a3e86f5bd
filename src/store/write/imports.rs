//! Debtors and invoices from a creditor's list. Writing the same list twice changes nothing.

use chrono::NaiveDate;

use super::Written;
use crate::clock::Timestamp;
use crate::collection::money::Cents;
use crate::ids::{CreditorId, PhoneNumber};
use crate::personal::Personal;
use crate::store::error::StoreError;
use crate::store::pool::Tx;
use crate::store::read::search::fold;

/// The beginning of an import.
#[derive(Debug, Clone)]
pub struct ImportBegin {
    /// When.
    pub at: Timestamp,
    /// For whom.
    pub creditor: String,
}

/// A debtor of an import.
#[derive(Debug, Clone)]
pub struct DebtorImport {
    /// Its line in the file.
    pub line: u64,
    /// The debtor number.
    pub reference: String,
    /// The creditor, where the row names one.
    pub creditor: String,
    /// The name.
    pub name: Personal<String>,
    /// `business` or `consumer`.
    pub kind: &'static str,
    /// `nl`, `en`, `fr` or `de`.
    pub language: &'static str,
    /// Street and number.
    pub street: String,
    /// Postcode.
    pub postcode: String,
    /// Town.
    pub city: String,
    /// Country.
    pub country: String,
    /// E-mail address.
    pub email: String,
    /// Telephone numbers.
    pub numbers: Vec<PhoneNumber>,
    /// The person to speak, and the role.
    pub contact: Option<(Personal<String>, String)>,
    /// The dunning stage, where the row says so.
    pub stage: Option<i64>,
}

/// An invoice of an import.
#[derive(Debug, Clone)]
pub struct InvoiceImport {
    /// Its line in the file.
    pub line: u64,
    /// Whose.
    pub debtor_reference: String,
    /// The creditor.
    pub creditor: String,
    /// The invoice number.
    pub number: String,
    /// Its date.
    pub issued_on: NaiveDate,
    /// Its due date.
    pub due_on: NaiveDate,
    /// The whole amount.
    pub amount: Cents,
    /// What is open of it.
    pub open: Cents,
    /// The order number.
    pub order_no: String,
}

pub(super) async fn begin(tx: &mut Tx, import: &ImportBegin) -> Result<Written, StoreError> {
    let creditor = creditor(tx, &import.creditor).await?;
    let row = fetch_in!(&mut *tx, (i64,), "INSERT INTO imports (at, creditor_id, ended) VALUES ($1, $2, 0) RETURNING id", import.at.0, creditor)?;
    row.map(|(id,)| Written::Import(id, CreditorId(creditor))).ok_or(StoreError::NoSuch("import"))
}

async fn creditor(tx: &mut Tx, name: &str) -> Result<i64, StoreError> {
    execute!(&mut *tx, "INSERT INTO creditors (name) VALUES ($1) ON CONFLICT (name) DO NOTHING", name)?;
    let row = fetch_in!(&mut *tx, (i64,), "SELECT id FROM creditors WHERE name = $1", name)?;
    row.map(|(id,)| id).ok_or(StoreError::NoSuch("creditor"))
}

pub(super) async fn end(tx: &mut Tx, import: i64) -> Result<Written, StoreError> {
    execute!(&mut *tx, "UPDATE imports SET ended = 1 WHERE id = $1", import)?;
    Ok(Written::Done)
}

/// A service that keeps numbers in memory sees by this that they changed.
async fn count_write(tx: &mut Tx) -> Result<(), StoreError> {
    execute!(&mut *tx, "UPDATE imports SET writes = writes + 1 WHERE id = (SELECT MAX(id) FROM imports)")?;
    Ok(())
}

#[derive(Default)]
struct Counts {
    added: u64,
    changed: u64,
    same: u64,
    refused: Vec<(u64, &'static str)>,
}

impl Counts {
    fn count(&mut self, existed: bool, changed: bool) {
        match (existed, changed) {
            (false, _) => self.added += 1,
            (true, true) => self.changed += 1,
            (true, false) => self.same += 1,
        }
    }

    fn written(self) -> Written {
        Written::Rows { added: self.added, changed: self.changed, same: self.same, refused: self.refused }
    }
}

pub(super) async fn debtors(tx: &mut Tx, rows: &[DebtorImport]) -> Result<Written, StoreError> {
    let mut counts = Counts::default();
    count_write(tx).await?;
    for row in rows {
        let existed = fetch_in!(&mut *tx, (i64,), "SELECT id FROM debtors WHERE reference = $1", &row.reference)?.is_some();
        let mut changed = debtor(tx, row).await? > 0;
        let Some((id,)) = fetch_in!(&mut *tx, (i64,), "SELECT id FROM debtors WHERE reference = $1", &row.reference)? else {
            return Err(StoreError::NoSuch("debtor"));
        };
        let creditor = creditor(tx, &row.creditor).await?;
        changed |= case(tx, id, creditor, row.stage).await? > 0;
        let mut contact_id = None;
        if let Some((name, role)) = &row.contact {
            changed |= contact(tx, id, name.reveal(), role).await? > 0;
            contact_id =
                fetch_in!(&mut *tx, (i64,), "SELECT id FROM contacts WHERE debtor_id = $1 AND name = $2", id, name.reveal())?.map(|(id,)| id);
        }
        for number in &row.numbers {
            changed |= execute!(
                &mut *tx,
                "INSERT INTO numbers (debtor_id, contact_id, number) VALUES ($1, $2, $3) ON CONFLICT (debtor_id, number) DO NOTHING",
                id,
                contact_id,
                PhoneNumber::to_i64(*number)
            )? > 0;
        }
        counts.count(existed, changed);
    }
    Ok(counts.written())
}

async fn debtor(tx: &mut Tx, row: &DebtorImport) -> Result<u64, StoreError> {
    let name = row.name.reveal();
    let search_text = fold(&format!("{name} {} {}", row.reference, row.city));
    Ok(execute!(
        &mut *tx,
        "INSERT INTO debtors (reference, name, kind, language, street, postcode, city, country, email, search_text)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (reference) DO UPDATE SET name = excluded.name, kind = excluded.kind, language = excluded.language,
           street = excluded.street, postcode = excluded.postcode, city = excluded.city, country = excluded.country,
           email = excluded.email, search_text = excluded.search_text
         WHERE debtors.name <> excluded.name OR debtors.kind <> excluded.kind OR debtors.language <> excluded.language
           OR debtors.street <> excluded.street OR debtors.postcode <> excluded.postcode OR debtors.city <> excluded.city
           OR debtors.country <> excluded.country OR debtors.email <> excluded.email",
        &row.reference,
        name,
        row.kind,
        row.language,
        &row.street,
        &row.postcode,
        &row.city,
        &row.country,
        &row.email,
        search_text
    )?)
}

async fn case(tx: &mut Tx, debtor: i64, creditor: i64, stage: Option<i64>) -> Result<u64, StoreError> {
    let added = execute!(
        &mut *tx,
        "INSERT INTO cases (debtor_id, creditor_id, stage) VALUES ($1, $2, $3) ON CONFLICT (debtor_id, creditor_id) DO NOTHING",
        debtor,
        creditor,
        stage.unwrap_or(1)
    )?;
    let Some(stage) = stage.filter(|_| added == 0) else { return Ok(added) };
    Ok(execute!(&mut *tx, "UPDATE cases SET stage = $3 WHERE debtor_id = $1 AND creditor_id = $2 AND stage <> $3", debtor, creditor, stage)?)
}

async fn contact(tx: &mut Tx, debtor: i64, name: &str, role: &str) -> Result<u64, StoreError> {
    Ok(execute!(
        &mut *tx,
        "INSERT INTO contacts (debtor_id, name, role) VALUES ($1, $2, $3)
         ON CONFLICT (debtor_id, name) DO UPDATE SET role = excluded.role WHERE contacts.role <> excluded.role",
        debtor,
        name,
        role
    )?)
}

pub(super) async fn invoices(tx: &mut Tx, import: i64, rows: &[InvoiceImport]) -> Result<Written, StoreError> {
    let mut counts = Counts::default();
    count_write(tx).await?;
    for row in rows {
        let Some((debtor,)) = fetch_in!(&mut *tx, (i64,), "SELECT id FROM debtors WHERE reference = $1", &row.debtor_reference)? else {
            counts.refused.push((row.line, "no debtor has this debtor number; import the debtors first"));
            continue;
        };
        let creditor = creditor(tx, &row.creditor).await?;
        case(tx, debtor, creditor, None).await?;
        let Some((case,)) = fetch_in!(&mut *tx, (i64,), "SELECT id FROM cases WHERE debtor_id = $1 AND creditor_id = $2", debtor, creditor)? else {
            return Err(StoreError::NoSuch("case"));
        };
        let existed = fetch_in!(&mut *tx, (i64,), "SELECT id FROM invoices WHERE case_id = $1 AND number = $2", case, &row.number)?.is_some();
        let changed = invoice(tx, case, row).await? > 0;
        execute!(&mut *tx, "UPDATE invoices SET import_id = $3 WHERE case_id = $1 AND number = $2", case, &row.number, import)?;
        counts.count(existed, changed);
    }
    Ok(counts.written())
}

/// A disputed invoice stays disputed until it is paid: a list knows nothing of disputes.
async fn invoice(tx: &mut Tx, case: i64, row: &InvoiceImport) -> Result<u64, StoreError> {
    let state = if row.open.0 > 0 { "open" } else { "settled" };
    Ok(execute!(
        &mut *tx,
        "INSERT INTO invoices (case_id, number, issued_on, due_on, amount_cents, open_cents, order_no, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (case_id, number) DO UPDATE SET issued_on = excluded.issued_on, due_on = excluded.due_on,
           amount_cents = excluded.amount_cents, open_cents = excluded.open_cents, order_no = excluded.order_no,
           state = CASE WHEN invoices.state = 'disputed' AND excluded.state = 'open' THEN 'disputed' ELSE excluded.state END
         WHERE invoices.issued_on <> excluded.issued_on OR invoices.due_on <> excluded.due_on
           OR invoices.amount_cents <> excluded.amount_cents OR invoices.open_cents <> excluded.open_cents
           OR invoices.order_no <> excluded.order_no OR (invoices.state <> excluded.state AND invoices.state <> 'disputed')",
        case,
        &row.number,
        row.issued_on.to_string(),
        row.due_on.to_string(),
        row.amount.0,
        row.open.0,
        &row.order_no,
        state
    )?)
}

/// Of every creditor that the list speaks of; of the others it says nothing.
pub(super) async fn settle_missing(tx: &mut Tx, import: i64) -> Result<Written, StoreError> {
    count_write(tx).await?;
    let settled = execute!(
        &mut *tx,
        "UPDATE invoices SET state = 'settled', open_cents = 0
         WHERE state <> 'settled' AND (import_id IS NULL OR import_id <> $1) AND case_id IN (
           SELECT cases.id FROM cases WHERE cases.creditor_id IN (
             SELECT listed.creditor_id FROM invoices JOIN cases listed ON listed.id = invoices.case_id WHERE invoices.import_id = $1))",
        import
    )?;
    Ok(Written::Settled(settled))
}
