//! Audio as packets: the codecs of the telephone network, the numbers of a stream, keys, and how well it is heard. The sockets are in
//! `bridge::audio`, and so is the browser's end.

pub mod codec;
pub mod digits;
pub mod g711;
pub mod levels;
pub mod quality;
pub mod reports;
pub mod srtp;
pub mod stream;
