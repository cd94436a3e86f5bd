//! The whole service, as its users meet it.

mod at_the_queue;
mod bad_input;
mod browser;
mod browser_phone;
mod browser_ways;
mod creditors;
mod in_the_browser;
mod locks;
mod office;
mod operations;
mod out_of_sight;
pub(crate) mod over_http;
mod owed;
mod recording;
pub(crate) mod service;
mod sip_line;
mod the_demo;
mod the_pbx_misbehaves;
mod transfers;
