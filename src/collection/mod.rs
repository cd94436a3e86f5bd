//! What the call is about. Pure: rules and plain data.

#[macro_use]
mod choice;

pub mod calendar;
pub mod debtor;
pub mod money;
pub mod outcome;
pub mod policy;
pub mod script;
