//! Who is at work: the agents' seats, what rings at them, which file is open, and what the pages are told. Pure.

pub mod floor;
pub mod hub;
pub mod recording;
mod requests;
pub mod seat;
pub mod worklist;
