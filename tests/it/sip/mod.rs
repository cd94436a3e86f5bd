//! SIP as others write it, and over networks that lose, double and overtake.

mod line;
mod network;
mod on_the_pbx;
mod pair;
mod torture;
mod transactions;
