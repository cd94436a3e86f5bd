//! The running service: the link to the PBX, and the one task that owns its calls. Its loop is: select, apply, perform.

mod desk_side;
mod journal;
mod ledger_side;
pub mod link;
pub mod outbound;
mod pbx_side;
mod queues_side;
mod recorded;
mod recording;
pub mod sip;
pub mod sip_side;
mod sources;
pub mod task;
