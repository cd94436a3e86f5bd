//! Signing in: passwords, sessions, and how often one may try.

mod pages;
pub mod password;
pub mod session;
pub mod tries;
pub mod view;

pub use pages::router;
