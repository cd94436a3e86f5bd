//! `invoices.csv`: one invoice a row.

use std::io::Read;

use chrono::NaiveDate;

use crate::collection::money::Cents;
use crate::personal::Personal;

use super::cells::Cells;
use super::columns::{Column, ColumnSpec};
use super::debtors::{CREDITOR_HEADERS, REFERENCE_HEADERS};
use super::decode::ByteCounter;
use super::error::{RowError, RowReason, TableError};
use super::mapping::ImportMapping;
use super::table::TableReader;

/// One invoice as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceRow {
    /// The line on which the row begins.
    pub line: u64,
    /// The office's own number of the debtor.
    pub debtor_reference: String,
    /// Who is owed; `None` for the default of the mapping.
    pub creditor: Option<String>,
    /// The invoice's number, as written.
    pub number: String,
    /// The invoice's date.
    pub issued_on: NaiveDate,
    /// The last day on which it is paid in time.
    pub due_on: NaiveDate,
    /// What was invoiced, in cents; below 0 for a credit note.
    pub amount: Cents,
    /// What is open of it; all, where the file does not say.
    pub open: Cents,
    /// The debtor's order number.
    pub order_no: Option<String>,
    /// What it is for.
    pub description: Option<Personal<String>>,
    /// Values that hold lost characters.
    pub warnings: Vec<RowError>,
}

/// The invoices of a file, one after the other.
#[derive(Debug)]
pub struct InvoiceTable<R> {
    rows: TableReader<R>,
}

/// Reads an invoices' file. The header line is read at once, the rows as they are asked for.
///
/// # Errors
/// When the file cannot be read, is empty, or lacks a required column (`debtor_reference`, `number`, `issued_on`,
/// `due_on`, `amount`), or when the mapping is wrong.
pub fn read_invoices<R: Read>(source: R, mapping: &ImportMapping) -> Result<InvoiceTable<R>, TableError> {
    Ok(InvoiceTable { rows: TableReader::open::<InvoiceColumn>(source, mapping)? })
}

impl<R: Read> InvoiceTable<R> {
    /// Counts the bytes read of the source; it may be kept while the table is used up.
    #[must_use]
    pub fn counter(&self) -> ByteCounter {
        self.rows.counter()
    }
}

impl<R: Read> Iterator for InvoiceTable<R> {
    type Item = Result<InvoiceRow, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.rows.next_record()?.and_then(|record| invoice(Cells::new(record))))
    }
}

#[derive(Debug, Clone, Copy)]
enum InvoiceColumn {
    DebtorReference,
    Creditor,
    Number,
    IssuedOn,
    DueOn,
    Amount,
    Open,
    OrderNo,
    Description,
    Currency,
}

const fn column(name: &'static str, is_required: bool, headers: &'static [&'static str]) -> ColumnSpec {
    ColumnSpec { name, is_required, headers }
}

impl Column for InvoiceColumn {
    const SECTION: &'static str = "invoices";
    const SPECS: &'static [ColumnSpec] = &[
        column("debtor_reference", true, REFERENCE_HEADERS),
        column("creditor", false, CREDITOR_HEADERS),
        column(
            "number",
            true,
            &[
                "factuurnummer",
                "factuurnr",
                "faktuurnummer",
                "boekstuknummer",
                "factuur",
                "invoicenumber",
                "invoiceno",
                "invoiceid",
                "documentnumber",
                "documentno",
                "invoice",
                "number",
            ],
        ),
        column("issued_on", true, &["factuurdatum", "boekdatum", "datum", "invoicedate", "issuedate", "issuedon", "documentdate", "date"]),
        column("due_on", true, &["vervaldatum", "vervaldag", "uiterstebetaaldatum", "duedate", "dueon", "due"]),
        column(
            "amount",
            true,
            &[
                "factuurbedrag",
                "bedragincl",
                "bedraginclbtw",
                "totaalbedrag",
                "totaal",
                "bedrag",
                "invoiceamount",
                "totalamount",
                "grossamount",
                "total",
                "amount",
            ],
        ),
        column(
            "open",
            false,
            &[
                "openstaand",
                "openstaandbedrag",
                "openstaandsaldo",
                "openbedrag",
                "restbedrag",
                "saldo",
                "outstanding",
                "outstandingamount",
                "openamount",
                "amountdue",
                "balance",
                "open",
            ],
        ),
        column(
            "order_no",
            false,
            &["ordernummer", "ordernr", "bestelnummer", "inkoopnummer", "ponummer", "uwreferentie", "ordernumber", "orderno", "ponumber", "po"],
        ),
        column("description", false, &["omschrijving", "beschrijving", "description"]),
        column("currency", false, &["valuta", "valutacode", "munt", "currency", "currencycode"]),
    ];

    fn place(self) -> usize {
        self as usize
    }
}

fn invoice(mut cells: Cells<'_>) -> Result<InvoiceRow, RowError> {
    let currency = cells.written(InvoiceColumn::Currency);
    if !["", "€", "EUR", "EURO"].contains(&currency.to_uppercase().as_str()) {
        return Err(cells.error(InvoiceColumn::Currency, RowReason::OtherCurrency));
    }
    let amount = cells.amount(InvoiceColumn::Amount)?;
    let open = if cells.written(InvoiceColumn::Open).is_empty() { amount } else { cells.amount(InvoiceColumn::Open)? };
    let has_same_sign = open.0 == 0 || (open.0 < 0) == (amount.0 < 0);
    if !has_same_sign || open.0.unsigned_abs() > amount.0.unsigned_abs() {
        return Err(cells.error(InvoiceColumn::Open, RowReason::OpenMoreThanAmount));
    }
    Ok(InvoiceRow {
        line: cells.line(),
        debtor_reference: cells.required_key(InvoiceColumn::DebtorReference)?,
        creditor: cells.key(InvoiceColumn::Creditor)?,
        number: cells.required_key(InvoiceColumn::Number)?,
        issued_on: cells.date(InvoiceColumn::IssuedOn)?,
        due_on: cells.date(InvoiceColumn::DueOn)?,
        amount,
        open,
        order_no: cells.key(InvoiceColumn::OrderNo)?,
        description: cells.text(InvoiceColumn::Description)?,
        warnings: cells.warnings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collection::money::MoneyError;

    const HEADER: &str = "Debiteurnr;Factuurnr;Factuurdatum;Vervaldatum;Bedrag;Openstaand;Valuta;Ordernummer;Omschrijving\n";

    fn read(rows: &str) -> Vec<Result<InvoiceRow, RowError>> {
        read_invoices(format!("{HEADER}{rows}").as_bytes(), &ImportMapping::default()).unwrap().collect()
    }

    fn reason(row: &str) -> (String, RowReason) {
        let error = read(row).remove(0).unwrap_err();
        assert_eq!(error.line, 2);
        (error.column, error.reason)
    }

    #[test]
    fn every_column_is_where_its_name_says() {
        assert_eq!(InvoiceColumn::SPECS[InvoiceColumn::Currency.place()].name, "currency");
        assert_eq!(InvoiceColumn::SPECS[InvoiceColumn::OrderNo.place()].name, "order_no");
        assert_eq!(InvoiceColumn::SPECS.len(), InvoiceColumn::Currency.place() + 1);
    }

    #[test]
    fn an_invoice() {
        let rows = read("007;F-17;1-2-2026;2026-03-03;1.234,56;1.000,00;eur;PO 9;Paint\n008;F-18;01/02/2026;03/03/2026;-10;;;;\n");
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let expected = InvoiceRow {
            line: 2,
            debtor_reference: "007".into(),
            creditor: None,
            number: "F-17".into(),
            issued_on: day("2026-02-01"),
            due_on: day("2026-03-03"),
            amount: Cents(123_456),
            open: Cents(100_000),
            order_no: Some("PO 9".into()),
            description: Some(Personal::new("Paint".into())),
            warnings: vec![],
        };
        assert_eq!(rows[0], Ok(expected));
        let credit_note = rows[1].as_ref().unwrap();
        assert_eq!((credit_note.line, credit_note.amount, credit_note.open), (3, Cents(-1000), Cents(-1000)));
    }

    #[test]
    fn what_is_wrong_is_said_with_the_column_of_the_file() {
        let at = |column: &str, reason| (column.to_owned(), reason);
        assert_eq!(reason(";F1;1-2-2026;1-3-2026;10;;;;"), at("Debiteurnr", RowReason::Missing));
        assert_eq!(reason("1;;1-2-2026;1-3-2026;10;;;;"), at("Factuurnr", RowReason::Missing));
        assert_eq!(reason("1;F1;;1-3-2026;10;;;;"), at("Factuurdatum", RowReason::Missing));
        assert_eq!(reason("1;F1;1-2-26;1-3-2026;10;;;;"), at("Factuurdatum", RowReason::TwoDigitYear));
        assert_eq!(reason("1;F1;1-2-2026;soon;10;;;;"), at("Vervaldatum", RowReason::NotADate));
        assert_eq!(reason("1;F1;1-2-2026;1-3-2026;;;;;"), at("Bedrag", RowReason::Missing));
        assert_eq!(reason("1;F1;1-2-2026;1-3-2026;ten;;;;"), at("Bedrag", RowReason::NotAnAmount(MoneyError::NotAnAmount)));
        assert_eq!(reason("1;F1;1-2-2026;1-3-2026;10;10,01;;;"), at("Openstaand", RowReason::OpenMoreThanAmount));
        assert_eq!(reason("1;F1;1-2-2026;1-3-2026;10;-1;;;"), at("Openstaand", RowReason::OpenMoreThanAmount));
        assert_eq!(reason("1;F1;1-2-2026;1-3-2026;10;;USD;;"), at("Valuta", RowReason::OtherCurrency));
        assert_eq!(reason("1;F1;1-2-2026;1-3-2026;10;;$;;"), at("Valuta", RowReason::OtherCurrency));
        assert_eq!(reason("1;F\u{0}1;1-2-2026;1-3-2026;10;;;;"), at("Factuurnr", RowReason::ControlCharacter));
    }

    #[test]
    fn a_missing_column_names_what_to_do() {
        let file = "debiteurnummer;factuurnummer;datum;bedrag\n";
        let error = read_invoices(file.as_bytes(), &ImportMapping::default()).unwrap_err().to_string();
        for part in ["due_on", "vervaldatum", "found debiteurnummer, factuurnummer, datum, bedrag", "[import.invoices]"] {
            assert!(error.contains(part), "{error}");
        }
    }
}
