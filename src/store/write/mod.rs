//! Everything that can be written, as data, and how each is put into the tables.

mod accounts;
mod calls;
mod debts;
mod imports;
mod outcomes;
mod what;

pub use debts::{SettleReason, Settlement};
pub(super) use what::apply;
pub use what::{DebtorImport, DraftSave, FollowUpRow, ImportBegin, InvoiceImport, OutcomeSave, SessionOpen, UserSave, Write, Written};
