//! Calls: from the events of the PBX to the events of a call. Pure and replayable: the same bytes give the same answer.

pub mod call;
mod endings;
pub mod event;
pub mod hangup_cause;
mod snapshot;
pub mod timing;
pub mod tracker;
