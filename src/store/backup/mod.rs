//! A copy of the whole database in one file, made while the service runs, and put back while it does not.

mod error;
pub mod lock;
mod postgres;
mod sqlite;
mod whole;

pub use error::BackupError;
pub use whole::{KeptFile, Restored, backup, restore};
