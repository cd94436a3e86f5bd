//! Our end of SIP: registrations, subscriptions and sessions, of any number of accounts. It owns no socket and reads no clock.
//!
//! ```text
//!   handle(now, from, bytes) --> transactions --> registration | subscription | session --> poll_event
//!   register, subscribe, invite, hang_up ... ---> transactions --> poll_transmit
//!                                  handle_timeout(now), when next_timeout says so
//! ```
//!
//! Session: `Calling --2xx--> Established` of a call of ours, `Ringing --answer--> Established` of one to us; `Ended` is told once.

pub mod agent;
mod alarms;
mod called;
pub mod calling;
pub mod event;
mod inbound;
mod info;
mod mid_call;
mod outcome;
mod refer;
mod registrar;
mod registration;
mod session;
mod session_timer;
mod subscription;
