//! For trying Belbrug without a PBX: sample debtors, and a player of captured calls that speaks the manager protocol.
//! The softphone's simulator will replace the player.

pub mod capture;
pub mod player;
pub mod sample;
