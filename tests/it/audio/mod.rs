//! The engine that carries audio, without a page and without an exchange: what it passes on, and above all what it does not.

mod client;
mod codecs;
mod over_tcp;
mod secret;
mod strangers;
