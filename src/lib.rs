//! Belbrug, the call desk for people who collect unpaid invoices by telephone.
//!
//! ```text
//!   Asterisk            an agent's browser            a creditor's list
//!      | AMI                  | HTTPS, live stream          | CSV
//!   bridge  <- commands -   web                          import
//!      |     - board ->       |                             |
//!      v                      v                             v
//!   telephony (what happens on the line)   collection (what the call is about)
//!      \__________ desk (who is at work) ___/
//!                          |
//!                        store (the ledger on disk)
//! ```
//!
//! In reading order: the leaves, the two pure halves, the desk where they meet, and the running service.

// leaves
pub mod clock;
pub mod ids;
pub mod measure;
pub mod numbers;
pub mod personal;
// pure
pub mod collection;
pub mod desk;
pub mod telephony;
// running
pub mod bridge;
pub mod config;
pub mod demo;
pub mod import;
pub mod recordings;
pub mod simulate;
pub mod store;
pub mod web;
