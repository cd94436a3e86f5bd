//! The ledger, the same tests on SQLite and on PostgreSQL.

mod database;
mod ledger;
mod numbers;
