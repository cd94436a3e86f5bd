//! Belbrug's tests from outside, one binary. They read as call flows; the PBX, the phones, the browsers and the
//! databases are real.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    reason = "a test that cannot go on must fail, loudly"
)]

mod audio;
mod desk;
mod flows;
mod house;
mod kills;
pub mod lab;
mod scripts;
mod sip;
mod store;
