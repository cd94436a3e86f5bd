//! The whole service, as its users meet it.

mod bad_input;
mod browser;
mod in_the_browser;
mod operations;
mod over_http;
mod recording;
mod service;
mod the_demo;
mod the_pbx_misbehaves;
