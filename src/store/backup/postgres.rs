//! PostgreSQL: its own programs `pg_dump` and `pg_restore`, in their custom format. Nothing secret stands in their arguments,
//! which every user of a machine can read.

use std::path::Path;
use std::process::{Output, Stdio};
use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions, Connection};
use tokio::process::Command;

use super::error::{BackupError, at};
use super::sqlite::COUNT;
use super::whole::{KEPT, KeptFile, known};
use crate::store::error::StoreError;
use crate::store::pool::POSTGRES;

pub(super) async fn dump(url: &str, part: &Path) -> Result<Vec<KeptFile>, BackupError> {
    let options = PgConnectOptions::from_str(url).map_err(StoreError::from)?;
    // The list first: what is kept while the dump is made is in the dump only.
    let mut database = options.connect().await?;
    let kept = sqlx::query_as(KEPT).fetch_all(&mut database).await.unwrap_or_default();
    database.close().await?;
    let file = format!("--file={}", part.display());
    run(&options, "pg_dump", &["--format=custom", "--schema=public", "--no-owner", "--no-privileges", &file]).await?;
    schema_of(&options, part).await.map(|_| kept)
}

pub(super) async fn restore(url: &str, from: &Path, force: bool, stamp: &str) -> Result<Option<String>, BackupError> {
    std::fs::metadata(from).map_err(at(from))?;
    let options = PgConnectOptions::from_str(url).map_err(StoreError::from)?;
    let theirs = schema_of(&options, from).await?;
    known(theirs, POSTGRES.iter().map(|migration| migration.version).max().unwrap_or(0))?;
    let mut database = options.connect().await?;
    let (tables,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'").fetch_one(&mut database).await?;
    if tables > 0 && !force {
        let counted: Result<(i64,), _> = sqlx::query_as(COUNT).fetch_one(&mut database).await;
        if !counted.is_ok_and(|(rows,)| rows == 0) {
            return Err(BackupError::NotEmpty);
        }
    }
    let old = format!("before_restore_{}", stamp.replace('-', "_"));
    put_aside(&mut database, &old).await?;
    let file = from.display().to_string();
    let database_name = options.get_database().unwrap_or_else(|| options.get_username()).to_owned();
    let arguments = [
        "--schema=public",
        "--no-owner",
        "--no-privileges",
        "--exit-on-error",
        "--single-transaction",
        "--dbname",
        database_name.as_str(),
        file.as_str(),
    ];
    if let Err(error) = run(&options, "pg_restore", &arguments).await {
        put_back(&mut database, &old).await?;
        return Err(error);
    }
    let before = if tables > 0 { Some(format!("schema {old}")) } else { None };
    if before.is_none() {
        statement(&mut database, format!("DROP SCHEMA {old} CASCADE")).await?;
    }
    database.close().await?;
    Ok(before)
}

async fn put_aside(database: &mut PgConnection, old: &str) -> Result<(), BackupError> {
    let mut tx = database.begin().await?;
    statement(&mut tx, format!("ALTER SCHEMA public RENAME TO {old}")).await?;
    statement(&mut tx, "CREATE SCHEMA public".to_owned()).await?;
    Ok(tx.commit().await?)
}

async fn put_back(database: &mut PgConnection, old: &str) -> Result<(), BackupError> {
    let mut tx = database.begin().await?;
    statement(&mut tx, "DROP SCHEMA public CASCADE".to_owned()).await?;
    statement(&mut tx, format!("ALTER SCHEMA {old} RENAME TO public")).await?;
    Ok(tx.commit().await?)
}

/// A statement whose names are our own.
async fn statement(database: &mut PgConnection, sql: String) -> Result<(), BackupError> {
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(database).await?;
    Ok(())
}

/// The schema of a dump that is whole; an error for every other file.
async fn schema_of(options: &PgConnectOptions, file: &Path) -> Result<i64, BackupError> {
    let no_backup = || BackupError::NoBackup { path: file.to_owned(), kind: "PostgreSQL" };
    let name = file.display().to_string();
    let said = match run(options, "pg_restore", &["--data-only", "--table=_sqlx_migrations", "--file=-", &name]).await {
        Ok(said) => said,
        Err(BackupError::Program { .. }) => return Err(no_backup()),
        Err(other) => return Err(other),
    };
    // Rows of COPY: a version, a tab, and the rest.
    let text = String::from_utf8_lossy(&said.stdout);
    let versions = text.lines().filter_map(|line| line.split('\t').next()?.parse::<i64>().ok());
    versions.max().ok_or_else(no_backup)
}

async fn run(options: &PgConnectOptions, program: &'static str, arguments: &[&str]) -> Result<Output, BackupError> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    command.env("PGPORT", options.get_port().to_string()).env("PGUSER", options.get_username());
    command.env("PGHOST", options.get_socket().map_or_else(|| options.get_host().to_owned(), |socket| socket.display().to_string()));
    command.env("PGDATABASE", options.get_database().unwrap_or_else(|| options.get_username()));
    command.env("PGSSLMODE", ssl_mode(options.get_ssl_mode()));
    let url = options.to_url_lossy();
    if let Some(password) = url.password() {
        command.env("PGPASSWORD", decoded(password));
    }
    if let Some((_, certificate)) = url.query_pairs().find(|(key, _)| key == "sslrootcert") {
        command.env("PGSSLROOTCERT", certificate.as_ref());
    }
    let output = command.output().await.map_err(|source| BackupError::NoProgram { program, source })?;
    if output.status.success() {
        return Ok(output);
    }
    Err(BackupError::Program { program, said: String::from_utf8_lossy(&output.stderr).trim().to_owned() })
}

const fn ssl_mode(mode: PgSslMode) -> &'static str {
    match mode {
        PgSslMode::Disable => "disable",
        PgSslMode::Allow => "allow",
        PgSslMode::Prefer => "prefer",
        PgSslMode::Require => "require",
        PgSslMode::VerifyCa => "verify-ca",
        PgSslMode::VerifyFull => "verify-full",
    }
}

/// A part of a URL as it was before `%xx` took the place of its strange bytes.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        (rest, _) = match (first, hex) {
            (b'%', Some(byte)) => (after.get(2..).unwrap_or_default(), bytes.push(byte)),
            _ => (after, bytes.push(*first)),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_comes_out_of_its_url_as_it_was() {
        for (written, meant) in [("plain", "plain"), ("a%40b%3a%2F%25", "a@b:/%"), ("100%", "100%"), ("%zz", "%zz"), ("caf%C3%A9", "café")] {
            assert_eq!(decoded(written), meant);
        }
        let options = PgConnectOptions::from_str("postgres://u:p%40ss%2Fw@localhost/db").unwrap();
        assert_eq!(options.to_url_lossy().password().map(decoded).as_deref(), Some("p@ss/w"));
    }
}
