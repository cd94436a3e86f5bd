//! Who is at work: the agents' seats, what rings there, which file is open, what is owed, and what the pages are told. Pure.

mod desk_call;
mod effect;
mod endings;
pub mod floor;
#[cfg(test)]
mod floor_tests;
mod handover;
pub mod hub;
mod lock;
pub mod phone;
pub mod queues;
pub mod recording;
mod requests;
pub mod rules;
pub mod seat;
pub mod worklist;
