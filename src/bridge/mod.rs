//! The running service: the link to the PBX, and the one task that owns its calls. Its loop is: select, apply, perform.

pub mod audio;
mod desk_side;
mod journal;
mod ledger_side;
pub mod link;
pub mod outbound;
mod pbx_side;
mod phone_asks;
mod phone_records;
pub mod phone_side;
mod queues_side;
mod recorded;
mod recording;
pub mod sip;
mod sip_side;
mod sources;
pub mod task;
