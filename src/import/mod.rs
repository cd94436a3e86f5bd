//! The files that the office's bookkeeping exports, `debtors.csv` and `invoices.csv`, read row by row at any size: a bad
//! row is reported with its line and the rest goes on.
//!
//! ```text
//! bytes -> decode (UTF-8, Windows-1252, UTF-16) -> table (records of at most 1 MB) -> columns (headers to ours)
//!       -> cells (one value) -> DebtorRow, InvoiceRow or RowError
//! ```

mod cells;
mod columns;
mod debtors;
mod decode;
mod error;
mod invoices;
mod mapping;
mod table;

pub use debtors::{DebtorKind, DebtorRow, DebtorTable, Language, read_debtors};
pub use decode::ByteCounter;
pub use error::{RowError, RowReason, TableError};
pub use invoices::{InvoiceRow, InvoiceTable, read_invoices};
pub use mapping::ImportMapping;
