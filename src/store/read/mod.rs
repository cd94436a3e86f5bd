//! Everything that is read, one file a subject.

pub mod accounts;
pub mod calls;
pub mod cases;
pub mod debts;
pub mod quality;
pub mod recordings;
pub mod search;
