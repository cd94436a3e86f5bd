//! Recordings: the PBX writes both sides of a call to two files of a shared folder. When the call is over they are joined
//! to one in stereo, kept, and linked to the call. What is missing or empty is an alarm, never silence.

pub mod join;
pub mod keep;
pub mod live;
mod source;
