//! What can go wrong with the store.

/// Why something was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database could not be reached, or said no.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date, or is newer than this program.
    #[error("the database's schema: {0}. If a newer Belbrug has used this database, start that one")]
    Schema(#[from] sqlx::migrate::MigrateError),
    /// A copy before a change of the schema could not be made.
    #[error("no copy of {path} could be made before the schema changes: {source}")]
    Backup {
        /// The database file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file beside the database cannot be had.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Another process has the database.
    #[error("another Belbrug runs on this database: stop it first (systemctl stop belbrug)")]
    Locked,
    /// The setting names no database that we know.
    #[error("[store] url must begin with sqlite: or postgres:, such as sqlite:data/belbrug.db")]
    Url,
    /// Another tab or device has saved a newer draft.
    #[error("a newer draft (version {version}) is there already")]
    NewerDraft {
        /// Its version.
        version: i64,
    },
    /// Something that was named is not there.
    #[error("there is no such {0}")]
    NoSuch(&'static str),
    /// It is taken.
    #[error("{0} is in use already")]
    Taken(&'static str),
    /// The writer's queue is full, or the writer has stopped.
    #[error("the database is too slow or gone: it was not saved; try again")]
    Busy,
    /// What stands in the database cannot be read back.
    #[error("a row of {table} cannot be read: {why}")]
    Unreadable {
        /// Its table.
        table: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl StoreError {
    /// Whether trying the same again later may succeed: the database is away, full or locked. Otherwise the fault lies
    /// in what was to be written.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            // PostgreSQL's class 22: what was to be written is at fault.
            Self::Database(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code.len() == 5 && code.starts_with("22")) => false,
            Self::Database(sqlx::Error::Database(error)) => !matches!(
                error.kind(),
                sqlx::error::ErrorKind::UniqueViolation
                    | sqlx::error::ErrorKind::ForeignKeyViolation
                    | sqlx::error::ErrorKind::NotNullViolation
                    | sqlx::error::ErrorKind::CheckViolation
            ),
            Self::Database(sqlx::Error::RowNotFound | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) => false,
            Self::Database(_) | Self::Busy => true,
            _ => false,
        }
    }
}
