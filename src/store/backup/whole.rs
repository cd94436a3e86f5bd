//! Backing up and restoring, whichever the database is.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::error::{BackupError, at};
use super::{lock, postgres, sqlite};
use crate::clock::Timestamp;
use crate::store::error::StoreError;
use crate::store::pool::Store;

/// What was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Where the database is that was there before: a file, or a schema of PostgreSQL.
    pub before: Option<String>,
}

/// A recording that belongs to a backup, and is a file of its own.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct KeptFile {
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// Its name, within the folder where recordings are kept.
    pub name: String,
}

/// How they are found. A database that is older than recordings has none.
pub(super) const KEPT: &str = "SELECT sha256, name FROM recordings WHERE name <> '' ORDER BY at, call_id";

/// Copies the database that `url` names into a file that is not there yet: whole, checked and on the disk when this comes
/// back. A running service is not disturbed, and the schema stays as it is. Gives the recordings that belong to it.
///
/// # Errors
/// When no such copy could be made; then there is none.
pub async fn backup(url: &str, into: &Path) -> Result<Vec<KeptFile>, BackupError> {
    if into.exists() {
        return Err(BackupError::Exists(into.to_owned()));
    }
    let part = beside(into, "part");
    let _ = std::fs::remove_file(&part);
    let copied = match url.strip_prefix("sqlite:") {
        Some(path) => sqlite::copy(Path::new(path), &part).await,
        None => postgres::dump(url, &part).await,
    };
    match copied.and_then(|kept| put(&part, into).map(|()| kept)) {
        Ok(kept) => Ok(kept),
        Err(error) => {
            let _ = std::fs::remove_file(&part);
            Err(error)
        }
    }
}

/// Puts a backup in the place of the database that `url` names, brings its schema up to date and ends all sessions.
///
/// # Errors
/// When a service runs, when there is something to lose and no `force`, and when the backup is none, damaged or newer than
/// this program. Then everything is as it was.
pub async fn restore(url: &str, from: &Path, force: bool, now: Timestamp) -> Result<Restored, BackupError> {
    let _nobody_else = lock::take(url).await?;
    let stamp = now.utc().format("%Y%m%d-%H%M%S").to_string();
    let before = match url.strip_prefix("sqlite:") {
        Some(path) => sqlite::restore(Path::new(path), from, force, &stamp).await?,
        None => postgres::restore(url, from, force, &stamp).await?,
    };
    let store = Store::open(url).await?;
    store.end_sessions().await?;
    store.close().await;
    Ok(Restored { before })
}

/// The file under its own name, and on the disk.
pub(super) fn put(part: &Path, into: &Path) -> Result<(), BackupError> {
    File::open(part).and_then(|file| file.sync_all()).map_err(at(part))?;
    std::fs::rename(part, into).map_err(at(into))?;
    let folder = into.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}

/// `path` with something behind its name.
pub(super) fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(what);
    PathBuf::from(name)
}

/// A backup that a newer program made is not for this one.
pub(super) fn known(theirs: i64, ours: i64) -> Result<(), BackupError> {
    if theirs > ours { Err(BackupError::Newer { theirs, ours }) } else { Ok(()) }
}

impl Store {
    /// Everybody signs in again: a backup does not know who was signed out, disabled or given another password since.
    async fn end_sessions(&self) -> Result<(), StoreError> {
        let mut writing = self.writing().await?;
        writing.begin().await?;
        let tx = &mut writing.tx;
        execute!(&mut *tx, "DELETE FROM sessions")?;
        writing.commit().await
    }
}
