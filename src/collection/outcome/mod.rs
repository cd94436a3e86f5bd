//! What came of a call: the codes (domain notes 3), what each asks of the agent, and what it sets in motion. A form is
//! parsed once, at the door; an [`Outcome`] that exists is complete.
//!
//! ```text
//! form -> field (one value) -> form (one code) -> Outcome {detail, notes, follow_up}
//!                                                 detail_json -> the ledger;  personal_texts -> erasable rows
//! ```

mod code;
mod detail;
mod excuse;
mod field;
mod follow_up;
mod form;

pub use code::{CodeFlags, OutcomeCode};
pub use detail::{AskedBy, DisputeReason, LeftWith, MessageKind, Outcome, OutcomeDetail, PaymentMethod};
pub use excuse::{EXCUSES, Excuse, ExcuseCode};
pub use field::{FieldError, Problem};
pub use follow_up::{Due, FollowUp, FollowUpKind};
pub use form::OutcomeContext;
