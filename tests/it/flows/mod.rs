//! Calls as captured from a real Asterisk, through the tracker. What the people did stands in `../captures/README.md`.

mod dialled;
mod dialplan_on_the_pbx;
mod diversions;
mod freepbx;
mod gaps;
mod inbound;
mod joined_late;
mod ladder;
mod on_the_pbx;
mod properties;
mod queue;
mod sixteen;
mod transfers;

pub(crate) use ladder::{all_captures, capture};
