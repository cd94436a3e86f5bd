//! For trying Belbrug without a PBX: sample debtors, and who of them calls.

pub mod sample;
