//! The ledger on its two databases.

/// Each scene on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($name:ident)*) => {
        $(mod $name {
            use super::Database;

            #[tokio::test]
            async fn sqlite() {
                super::scenes::$name(Database::sqlite().await).await;
            }

            #[tokio::test]
            async fn postgres() {
                super::scenes::$name(Database::postgres().await).await;
            }
        })*
    };
}

mod backup;
mod calls;
pub(crate) mod database;
mod debts;
mod ledger;
mod numbers;
mod recordings;
