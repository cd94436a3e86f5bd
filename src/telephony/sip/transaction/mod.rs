//! Transactions: a request and its answers, over networks that lose, double and overtake (RFC 3261, 17; RFC 6026).
//!
//! ```text
//!   INVITE that we sent                              INVITE that we got
//!   Calling --1xx--> Proceeding                      Proceeding --300-699--> Completed --ACK--> Confirmed
//!      \------2xx-------\--> Accepted                     \-------2xx------> Accepted
//!       \---300-699------\--> Completed
//!   anything else: Trying --1xx--> Proceeding --final--> Completed, on both sides
//! ```

pub mod client;
pub mod layer;
pub mod server;
