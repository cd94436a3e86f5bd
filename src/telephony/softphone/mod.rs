//! The `browser` line: Belbrug is the agent's phone. It registers the extension, is called and calls, and says of each call where its audio
//! goes; the sockets of that, and the browser, are in `bridge::audio`.
//!
//! ```text
//!   Ringing --answer--> Up <--hold, retrieve--> Up, on hold        each until it ends:
//!   Calling --200-----> Up --sent on, joined--> (the PBX has it)   our user or theirs hangs up, or the network loses it
//! ```

mod asked;
pub mod call;
mod heard;
mod join;
mod keys;
pub mod phones;
mod talk;
