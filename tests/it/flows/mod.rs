//! Calls as captured from a real Asterisk, through the tracker.

mod ladder;
mod nominal;
mod off_nominal;
mod on_the_pbx;
mod properties;
mod zz_print;

pub(crate) use ladder::capture;
