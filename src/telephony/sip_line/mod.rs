//! The `sip` line: agents' phones at any PBX that speaks SIP, without a manager interface.
//!
//! ```text
//!   dialog-info of each phone (RFC 4235) --> observed --\
//!                                                        > pbx::Event, as the manager interface gives them
//!   calls that we dial ourselves (RFC 3725) -> dialled --/
//! ```
//!
//! What we dial we know whole: both legs are ours. What others dial we know as far as the PBX tells; what follows from that and was
//! not told is `inferred`.

mod dialled;
pub mod line;
mod looking_again;
pub(in crate::telephony) mod observed;
mod own_phones;
mod passing_on;
mod phones;
pub(in crate::telephony) mod reasons;
mod referring;
mod sent_on;
pub(in crate::telephony) mod telling;
