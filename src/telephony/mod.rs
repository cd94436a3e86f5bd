//! What happens on the line. Pure: no sockets, no clock, no database; `now` is an argument.

pub mod ami;
pub mod calls;
pub mod media;
pub mod pbx;
pub mod sip;
pub mod sip_line;
pub mod softphone;
