//! What the call is about. Pure: rules and plain data.

pub mod calendar;
pub mod money;
pub mod outcome;
