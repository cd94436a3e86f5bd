//! One text of SQL for both databases: these macros run it on whichever it is. `$1`, `$2` ... are its arguments.

/// Runs a statement in a transaction; gives the number of rows it touched.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $arg:expr)* $(,)?) => {
        match $tx {
            $crate::store::pool::Tx::Sqlite(tx) => sqlx::query($sql)$(.bind($arg))*.execute(&mut **tx).await.map(|done| done.rows_affected()),
            $crate::store::pool::Tx::Postgres(tx) => sqlx::query($sql)$(.bind($arg))*.execute(&mut **tx).await.map(|done| done.rows_affected()),
        }
    };
}

/// The first row of a query in a transaction, if there is one.
macro_rules! fetch_in {
    ($tx:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        match $tx {
            $crate::store::pool::Tx::Sqlite(tx) => sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_optional(&mut **tx).await,
            $crate::store::pool::Tx::Postgres(tx) => sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_optional(&mut **tx).await,
        }
    };
}

/// All rows of a query outside a transaction.
macro_rules! fetch_all {
    ($store:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        match &$store.pool {
            $crate::store::pool::Pool::Sqlite { read, .. } => sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_all(read).await,
            $crate::store::pool::Pool::Postgres(pool) => sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_all(pool).await,
        }
    };
}

/// The first row of a query outside a transaction, if there is one.
macro_rules! fetch_one {
    ($store:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        match &$store.pool {
            $crate::store::pool::Pool::Sqlite { read, .. } => sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_optional(read).await,
            $crate::store::pool::Pool::Postgres(pool) => sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_optional(pool).await,
        }
    };
}
