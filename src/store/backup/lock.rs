//! One service a database. Two would both believe that the calls are theirs, and a restore under a running service would
//! lose what it writes.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::store::error::StoreError;

/// The number of our lock among all that a PostgreSQL database may have: "belbrug" in ASCII.
const KEY: i64 = 0x62_656c_6272_7567;
/// PostgreSQL frees the lock of a service that was killed when it notices; so long it may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often the connection that holds the lock is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Nobody else has the database as long as this is kept.
#[derive(Debug)]
pub struct Lock {
    _file: Option<File>,
    holder: Option<JoinHandle<()>>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(holder) = &self.holder {
            holder.abort();
        }
    }
}

/// Takes the database that `url` names for this process.
///
/// # Errors
/// When another process has it.
pub async fn take(url: &str) -> Result<Lock, StoreError> {
    match url.strip_prefix("sqlite:") {
        Some(path) => Ok(Lock { _file: Some(file(Path::new(path))?), holder: None }),
        None if url.starts_with("postgres:") || url.starts_with("postgresql:") => {
            let options = PgConnectOptions::from_str(url)?;
            let connection = held(&options).await?;
            Ok(Lock { _file: None, holder: Some(tokio::spawn(hold(options, connection))) })
        }
        None => Err(StoreError::Url),
    }
}

/// A lock of the operating system, which ends with the process however that ends.
fn file(database: &Path) -> Result<File, StoreError> {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    let failed = |source| StoreError::File { path: path.display().to_string(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

async fn held(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    let mut connection = options.connect().await?;
    // So that the lock of a machine that lost its power does not stay for hours.
    for setting in ["SET tcp_keepalives_idle = 10", "SET tcp_keepalives_interval = 5", "SET tcp_keepalives_count = 3"] {
        sqlx::query(setting).execute(&mut connection).await?;
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (mine,): (bool,) = sqlx::query_as("SELECT pg_try_advisory_lock($1)").bind(KEY).fetch_one(&mut connection).await?;
        if mine {
            return Ok(connection);
        }
        if Instant::now() > deadline {
            return Err(StoreError::Locked);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Keeps the connection, and takes the lock again when PostgreSQL was away.
async fn hold(options: PgConnectOptions, mut connection: PgConnection) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if connection.ping().await.is_err() {
            match held(&options).await {
                Ok(fresh) => connection = fresh,
                Err(error) => tracing::warn!(%error, "the database's lock could not be taken again yet"),
            }
        }
    }
}
