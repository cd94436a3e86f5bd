//! SIP as others write it, and over networks that lose, double and overtake.

mod attacks;
mod flows;
mod kamailio_on_the_pbx;
mod line;
mod network;
mod on_the_pbx;
mod pair;
mod peers;
mod softphones;
mod third_party;
mod torture;
mod transactions;
mod twenty_on_the_pbx;
