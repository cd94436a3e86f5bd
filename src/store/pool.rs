//! The two databases. SQLite has one connection that writes and several that read; its files are copied before the
//! schema changes.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use super::error::StoreError;
use super::numbers::index::NumberIndex;
use super::write::{Write, Written, apply};

pub(super) static SQLITE: Migrator = sqlx::migrate!("src/store/migrations/sqlite");
pub(super) static POSTGRES: Migrator = sqlx::migrate!("src/store/migrations/postgres");

/// Connections that read from SQLite at the same time.
const SQLITE_READERS: u32 = 4;
/// Connections to PostgreSQL, the writer's among them.
const POSTGRES_CONNECTIONS: u32 = 8;
/// A connection that cannot be had within this time is an error for whoever waits.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// An open database.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) pool: Pool,
    pub(super) numbers: NumberIndex,
    /// Counts what this process changed of cases.
    case_changes: Arc<AtomicU64>,
}

#[derive(Debug, Clone)]
pub(super) enum Pool {
    Sqlite { read: SqlitePool, write: SqlitePool },
    Postgres(PgPool),
}

/// A connection of the writer.
#[derive(Debug)]
pub(super) enum Tx {
    Sqlite(PoolConnection<sqlx::Sqlite>),
    Postgres(PoolConnection<sqlx::Postgres>),
}

/// The writer's connection. We begin and commit in SQL: a full disk makes SQLite end the transaction by itself, which sqlx's
/// own transactions do not notice. A connection whose transaction did not come to its end is never used again.
#[derive(Debug)]
pub(super) struct Writing {
    pub(super) tx: Tx,
    is_clean: bool,
}

impl Store {
    /// Opens the database that `url` names (`sqlite:PATH` or `postgres://...`) and brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be opened, or when its schema is newer than this program knows.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            Self::open_sqlite(Path::new(path)).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options = PgConnectOptions::from_str(url)?;
            let pool = PgPoolOptions::new().max_connections(POSTGRES_CONNECTIONS).acquire_timeout(ACQUIRE_TIMEOUT).connect_with(options).await?;
            POSTGRES.run(&pool).await?;
            Ok(Self { pool: Pool::Postgres(pool), numbers: NumberIndex::default(), case_changes: Arc::default() })
        } else {
            Err(StoreError::Url)
        }
    }

    async fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|source| StoreError::Backup { path: path.display().to_string(), source })?;
        }
        let existed = path.exists();
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(ACQUIRE_TIMEOUT);
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .connect_with(options.clone())
            .await?;
        if existed {
            copy_before_migrating(&write, path).await?;
        }
        SQLITE.run(&write).await?;
        // A file does not hang up: a connection to it is not asked every time whether it still lives.
        let read = SqlitePoolOptions::new()
            .max_connections(SQLITE_READERS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self { pool: Pool::Sqlite { read, write }, numbers: NumberIndex::default(), case_changes: Arc::default() })
    }

    /// Goes up with every change of what is open, agreed or tried; not with those of other processes.
    #[must_use]
    pub fn case_changes(&self) -> u64 {
        self.case_changes.load(Ordering::Acquire)
    }

    pub(super) fn cases_changed(&self) {
        self.case_changes.fetch_add(1, Ordering::AcqRel);
    }

    /// Which database it is, in a word.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.pool {
            Pool::Sqlite { .. } => "SQLite",
            Pool::Postgres(_) => "PostgreSQL",
        }
    }

    /// Asks the database for nothing, to see whether it answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        fetch_one!(self, (i64,), "SELECT CAST(1 AS BIGINT)")?;
        Ok(())
    }

    /// Closes all connections.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Pool::Postgres(pool) => pool.close().await,
        }
    }

    /// A connection to write with, outside a transaction.
    pub(super) async fn writing(&self) -> Result<Writing, StoreError> {
        let tx = match &self.pool {
            Pool::Sqlite { write, .. } => Tx::Sqlite(write.acquire().await?),
            Pool::Postgres(pool) => Tx::Postgres(pool.acquire().await?),
        };
        Ok(Writing { tx, is_clean: true })
    }
}

impl Writing {
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        self.is_clean = false;
        match &mut self.tx {
            Tx::Sqlite(connection) => sqlx::query("BEGIN IMMEDIATE").execute(&mut **connection).await.map(drop)?,
            Tx::Postgres(connection) => sqlx::query("BEGIN").execute(&mut **connection).await.map(drop)?,
        }
        Ok(())
    }

    pub(super) async fn commit(&mut self) -> Result<(), StoreError> {
        execute!(&mut self.tx, "COMMIT")?;
        self.is_clean = true;
        Ok(())
    }

    /// Takes everything back, and begins anew.
    pub(super) async fn begin_again(&mut self) -> Result<(), StoreError> {
        execute!(&mut self.tx, "ROLLBACK")?;
        self.begin().await
    }

    /// One write, where the database needs no transaction for it: a statement by itself is one.
    pub(super) async fn alone(&mut self, write: &Write) -> Option<Result<Written, StoreError>> {
        if !matches!((&self.tx, write), (Tx::Postgres(_), Write::Outcome(_))) {
            return None;
        }
        self.is_clean = false;
        let written = apply(&mut self.tx, write).await;
        self.is_clean = written.as_ref().err().is_none_or(|error| !error.is_passing());
        Some(written)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        match &mut self.tx {
            _ if self.is_clean => {}
            Tx::Sqlite(connection) => connection.close_on_drop(),
            Tx::Postgres(connection) => connection.close_on_drop(),
        }
    }
}

/// A copy of the file beside it, when this program has migrations that the file has not.
async fn copy_before_migrating(pool: &SqlitePool, path: &Path) -> Result<(), StoreError> {
    let applied: Vec<(i64,)> = sqlx::query_as("SELECT version FROM _sqlx_migrations").fetch_all(pool).await.unwrap_or_default();
    let known = SQLITE.iter().filter(|m| !m.migration_type.is_down_migration()).count();
    if applied.is_empty() || applied.len() >= known {
        return Ok(());
    }
    let copy = backup_path(path, applied.len());
    let _ = std::fs::remove_file(&copy);
    sqlx::query("VACUUM INTO $1").bind(copy.display().to_string()).execute(pool).await?;
    std::fs::File::open(&copy).and_then(|file| file.sync_all()).map_err(|source| StoreError::Backup { path: path.display().to_string(), source })?;
    tracing::info!(copy = %copy.display(), "copied the database before its schema changes");
    Ok(())
}

fn backup_path(path: &Path, version: usize) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".before-schema-{}", version + 1));
    path.with_file_name(name)
}
