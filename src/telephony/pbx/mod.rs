//! What a PBX tells and what it is asked, in words of no protocol. AMI (and later SIP) translate into it.

pub mod command;
pub mod event;
pub mod from_ami;
pub mod recording;
pub mod to_ami;
