//! The ledger on disk: SQLite or PostgreSQL, from the same text of SQL. One writer, which commits in groups; readers
//! beside it.

#[macro_use]
mod sql;
mod together;

pub mod backup;
pub mod error;
pub mod numbers;
pub mod pool;
pub mod read;
pub mod write;
pub mod writer;

#[cfg(test)]
mod tests;
