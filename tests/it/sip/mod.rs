//! SIP as others write it, and over networks that lose, double and overtake.

mod network;
mod pair;
mod torture;
mod transactions;
