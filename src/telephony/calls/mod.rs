//! Calls: from the events of the PBX to the events of a call. Pure and replayable: the same bytes give the same answer.

pub mod call;
mod dialling;
mod endings;
pub mod event;
mod handing_over;
pub mod hangup_cause;
pub mod leg;
pub mod line;
mod snapshot;
pub mod summary;
mod talking;
pub mod timing;
mod topology;
pub mod tracker;
mod waiting;
