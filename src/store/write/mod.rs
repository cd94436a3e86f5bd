//! Everything that can be written, as data, and how each is put into the tables.

mod accounts;
mod calls;
mod debts;
mod imports;
mod outcomes;
mod recordings;
mod what;

pub use debts::{SettleReason, Settlement};
pub use imports::{DebtorImport, ImportBegin, InvoiceImport};
pub use recordings::{RecordingEnd, RecordingNote, RecordingWrite};
pub use what::{DraftSave, FollowUpRow, OutcomeSave, SessionOpen, UserSave, Write, Written};
pub(super) use what::{Touched, apply};
