//! The Asterisk Manager Interface, as bytes and rules: frames, actions and one session. No socket is opened here.

pub mod action;
pub mod anonymise;
pub mod frame;
pub mod pace;
pub mod session;
