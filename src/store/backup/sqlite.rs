//! SQLite: a copy by `VACUUM INTO`, which sees one instant of the database, and a restore by renaming.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::error::{BackupError, at};
use super::whole::{KEPT, KeptFile, beside, known, put};
use crate::store::pool::SQLITE;

pub(super) async fn copy(path: &Path, part: &Path) -> Result<Vec<KeptFile>, BackupError> {
    let mut database = SqliteConnectOptions::new().filename(path).connect().await?;
    sqlx::query("VACUUM INTO $1").bind(part.display().to_string()).execute(&mut database).await?;
    database.close().await?;
    check(part).await?;
    let mut copied = SqliteConnectOptions::new().filename(part).immutable(true).read_only(true).connect().await?;
    let kept = sqlx::query_as(KEPT).fetch_all(&mut copied).await.unwrap_or_default();
    copied.close().await?;
    Ok(kept)
}

pub(super) async fn restore(path: &Path, from: &Path, force: bool, stamp: &str) -> Result<Option<String>, BackupError> {
    let theirs = check(from).await?;
    known(theirs, SQLITE.iter().map(|migration| migration.version).max().unwrap_or(0))?;
    let exists = path.exists();
    if exists && !force && !is_empty(path).await? {
        return Err(BackupError::NotEmpty);
    }
    let part = beside(path, "restoring");
    std::fs::copy(from, &part).map_err(at(&part))?;
    let mut before = None;
    if exists {
        fold_up(path).await?;
        let old = beside(path, &format!("before-restore-{stamp}"));
        // A second name for the old file, and then one rename: there is no moment without a database.
        std::fs::hard_link(path, &old).map_err(at(&old))?;
        before = Some(old.display().to_string());
    }
    put(&part, path)?;
    Ok(before)
}

/// The schema of a file that is whole; an error for every other.
async fn check(file: &Path) -> Result<i64, BackupError> {
    std::fs::metadata(file).map_err(at(file))?;
    let no_backup = || BackupError::NoBackup { path: file.to_owned(), kind: "SQLite" };
    let damaged = |why: String| BackupError::Damaged { path: file.to_owned(), why };
    let mut database = SqliteConnectOptions::new().filename(file).immutable(true).read_only(true).connect().await.map_err(|_| no_backup())?;
    let version: Result<(Option<i64>,), _> = sqlx::query_as("SELECT MAX(version) FROM _sqlx_migrations WHERE success").fetch_one(&mut database).await;
    let version = version.ok().and_then(|(version,)| version).ok_or_else(no_backup)?;
    let (found,): (String,) =
        sqlx::query_as("PRAGMA integrity_check(1)").fetch_one(&mut database).await.map_err(|error| damaged(error.to_string()))?;
    if found != "ok" {
        return Err(damaged(found));
    }
    database.close().await?;
    Ok(version)
}

/// Nobody, no debtor and no call is in it.
async fn is_empty(path: &Path) -> Result<bool, BackupError> {
    let mut database = SqliteConnectOptions::new().filename(path).connect().await?;
    let counted: Result<(i64,), _> = sqlx::query_as(COUNT).fetch_one(&mut database).await;
    let tables: (i64,) = sqlx::query_as("SELECT COUNT(*) FROM sqlite_master").fetch_one(&mut database).await?;
    database.close().await?;
    // Without our tables it is empty only when there are no others either.
    Ok(counted.map_or(tables.0 == 0, |(rows,)| rows == 0))
}

/// What makes a database worth keeping.
pub(super) const COUNT: &str =
    "SELECT (SELECT COUNT(*) FROM users) + (SELECT COUNT(*) FROM debtors) + (SELECT COUNT(*) FROM calls) + (SELECT COUNT(*) FROM ledger)";

/// Everything into the one file: nothing of it is left in the write-ahead log beside it.
async fn fold_up(path: &Path) -> Result<(), BackupError> {
    let mut database: SqliteConnection = SqliteConnectOptions::new().filename(path).connect().await?;
    let (busy, _, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut database).await?;
    database.close().await?;
    // Whoever closes the database last removes the log: while it is there, somebody else has it open.
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if busy != 0 || Path::new(&log).exists() {
        return Err(BackupError::InUse);
    }
    Ok(())
}
