//! The Session Initiation Protocol (RFC 3261), as bytes and rules: no sockets, no clock.
//!
//! ```text
//! bytes -> Message (spans of the start line, the header fields and the body) -> Uri, Address, Via, CSeq, on demand
//! ```

pub mod address;
pub mod audio;
pub mod check;
pub mod cursor;
pub mod dialog;
pub mod dialog_info;
pub mod digest;
pub mod draft;
pub mod message;
pub mod method;
pub mod name;
pub mod peer;
pub mod sdes;
pub mod sdp;
pub mod start_line;
pub mod timers;
pub mod transaction;
pub mod uri;
pub mod user_agent;
pub mod via;
