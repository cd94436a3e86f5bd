//! Everything that can be written, as data, and how each is put into the tables.

mod accounts;
mod calls;
mod imports;
mod outcomes;
mod what;

pub use what::{DebtorImport, DraftSave, FollowUpRow, ImportBegin, InvoiceImport, OutcomeSave, SessionOpen, UserSave, Write, Written};
pub(super) use what::{Touched, apply};
