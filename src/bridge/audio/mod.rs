//! The audio of the `browser` line: RTP towards the PBX, WebRTC towards the agents' browsers, and what passes between. One thread of its
//! own carries all of it, so that nothing else that the service does makes it late; orders come to it and what it tells goes out by
//! bounded channels.
//!
//! ```text
//!   PBX --RTP--> leg (one pair of ports a call) --\            /--> browser (one session an agent) --SRTP--> the page
//!       <--RTP-- numbers of our own, keys, tone  <-- engine --<
//! ```

pub mod browser;
pub mod engine;
mod leg;
mod legs;
mod ordered;
pub mod orders;
pub mod ports;
mod sessions;
mod stun;
mod ways;
