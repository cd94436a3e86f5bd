//! Everything that can be written, as data, and how each is put into the tables.

/// The call `$1`'s wrap-up ends at `$2`: its length by our clock, from the call's end, or from when the agent's own phone left it.
macro_rules! wrap_up {
    () => {
        "wrap_micros = COALESCE(wrap_micros, (SELECT CASE WHEN $2 > ended THEN $2 - ended ELSE 0 END FROM (SELECT COALESCE(calls.ended_seen,
           (SELECT MAX(legs.ended_seen) FROM legs WHERE legs.call_id = calls.id AND legs.extension <> '')) AS ended) AS call WHERE ended IS NOT NULL))"
    };
}

mod accounts;
mod calls;
mod debts;
mod imports;
mod outcomes;
mod quality;
mod recordings;
mod what;

pub use debts::{SettleReason, Settlement};
pub use imports::{DebtorImport, ImportBegin, InvoiceImport};
pub use recordings::{RecordingEnd, RecordingNote, RecordingWrite};
pub use what::{DraftSave, FollowUpRow, OutcomeSave, SessionOpen, UserSave, Write, Written};
pub(super) use what::{Touched, apply};
