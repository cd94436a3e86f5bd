//! What can go wrong with a backup.

use std::path::{Path, PathBuf};

use crate::store::error::StoreError;

/// Why there is no backup, or why it was not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file is there already.
    #[error("{} is there already: name another file", .0.display())]
    Exists(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What was copied is not whole.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the database found.
        why: String,
    },
    /// The file is something else.
    #[error("{} is no backup of Belbrug's {kind} database", path.display())]
    NoBackup {
        /// The file.
        path: PathBuf,
        /// Which database the config names.
        kind: &'static str,
    },
    /// A newer program made it.
    #[error("the backup has schema {theirs}, and this program knows {ours} at most: restore it with the Belbrug that made it, or a newer one")]
    Newer {
        /// The schema of the backup.
        theirs: i64,
        /// The newest that this program knows.
        ours: i64,
    },
    /// There is something to lose.
    #[error("the database that [store] url names is not empty: --force puts the backup in its place and keeps the old one beside it")]
    NotEmpty,
    /// Somebody works with it.
    #[error("another program has the database open: end it first")]
    InUse,
    /// A program of PostgreSQL is not there.
    #[error(
        "{program} cannot be started ({source}): install PostgreSQL's client programs, of the server's version or newer (Debian: postgresql-client)"
    )]
    NoProgram {
        /// Which.
        program: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// A program of PostgreSQL failed.
    #[error("{program} failed: {said}")]
    Program {
        /// Which.
        program: &'static str,
        /// Its own words.
        said: String,
    },
    /// The database said no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// An error about a file.
pub(super) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File { path, source }
}
