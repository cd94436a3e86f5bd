//! Backup and restore, and that one database has one service.

use std::path::Path;

use belbrug::clock::Timestamp;
use belbrug::ids::AgentId;
use belbrug::store::backup::{BackupError, backup, lock, restore};
use belbrug::store::error::StoreError;
use belbrug::store::pool::Store;
use belbrug::store::write::{SessionOpen, Write};

use super::database::{AtRest, Database};
use super::ledger::{NOW, case, outcome, raw, user};

on_both! {
    a_backup_under_load_is_whole_and_comes_back
    what_must_not_be_restored_is_refused
    one_database_has_one_service
    an_older_schema_is_brought_up_to_date
}

async fn keys(url: &str) -> Vec<String> {
    let sql = "SELECT key FROM ledger ORDER BY id";
    let rows: Vec<(String,)> = if url.starts_with("sqlite") {
        sqlx::query_as(sql).fetch_all(&sqlx::SqlitePool::connect(url).await.expect("SQLite")).await.expect("keys")
    } else {
        sqlx::query_as(sql).fetch_all(&sqlx::PgPool::connect(url).await.expect("PostgreSQL")).await.expect("keys")
    };
    rows.into_iter().map(|(key,)| key).collect()
}

/// A session, which a restore must end.
async fn session(db: &Database, user: AgentId) {
    let open = SessionOpen { token_hash: "hash of a token".to_owned(), user, at: NOW, expires: Timestamp(i64::MAX) };
    db.writer.write(Write::SessionOpen(open)).await.expect("a session");
}

fn newer(url: &str) -> &'static str {
    if url.starts_with("sqlite") {
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'of tomorrow', 1, x'00', 1)"
    } else {
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'of tomorrow', true, '\\x00', 1)"
    }
}

/// A database as the first Belbrug left it, with one user.
async fn first_schema(db: &AtRest) {
    let kind = if db.url.starts_with("sqlite") { "sqlite" } else { "postgres" };
    let folder = db.folder.path().join("first");
    std::fs::create_dir(&folder).expect("a folder");
    let first = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/store/migrations/{kind}/0001_start.sql"));
    std::fs::copy(first, folder.join("0001_start.sql")).expect("the first schema");
    let migrator = sqlx::migrate::Migrator::new(folder.as_path()).await.expect("a migration");
    if let Some(path) = db.url.strip_prefix("sqlite:") {
        std::fs::remove_file(path).expect("the newer one");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let pool = sqlx::SqlitePool::connect_with(options).await.expect("SQLite");
        migrator.run(&pool).await.expect("the first schema");
        pool.close().await;
    } else {
        let pool = sqlx::PgPool::connect(&db.url).await.expect("PostgreSQL");
        for sql in ["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"] {
            sqlx::query(sql).execute(&pool).await.expect("an empty database");
        }
        migrator.run(&pool).await.expect("the first schema");
    }
    let anna = "INSERT INTO users (id, login, name, role, password_hash, created_at) VALUES (1, 'anna', 'Anna', 'agent', 'hash', 1)";
    raw(&db.url, anna).await.expect("a user");
}

mod scenes {
    use super::*;

    pub(super) async fn a_backup_under_load_is_whole_and_comes_back(db: Database) {
        let agent = user(&db, "anna", None).await;
        let case = case(&db).await;
        session(&db, agent).await;
        let save = |n: usize| db.writer.write(Write::Outcome(Box::new(outcome(agent, case, &format!("key-{n}")))));
        for n in 0..20 {
            save(n).await.expect("saved before");
        }
        let file = db.folder.path().join("belbrug.backup");
        let load = async {
            for n in 20..120 {
                save(n).await.expect("saved meanwhile");
            }
        };
        let (kept, ()) = tokio::join!(backup(&db.url, &file), load);
        assert_eq!(kept.expect("a backup"), []);
        for n in 120..130 {
            save(n).await.expect("saved after");
        }
        assert!(matches!(backup(&db.url, &file).await, Err(BackupError::Exists(_))), "a backup is never overwritten");
        assert!(!Path::new(&format!("{}.part", file.display())).exists());
        let db = db.at_rest().await;
        let restored = restore(&db.url, &file, true, NOW).await.expect("restored");
        let there = keys(&db.url).await;
        assert!((20..=120).contains(&there.len()), "{}", there.len());
        let expected: Vec<String> = (0..there.len()).map(|n| format!("key-{n}")).collect();
        assert_eq!(there, expected, "one instant of it, without holes");
        let before = restored.before.expect("the old one is kept");
        if db.url.starts_with("sqlite") {
            assert_eq!(keys(&format!("sqlite:{before}")).await.len(), 130);
        } else {
            let schema = before.strip_prefix("schema ").expect("its schema").to_owned();
            let sql = format!("SELECT COUNT(*) FROM {schema}.ledger");
            let pool = sqlx::PgPool::connect(&db.url).await.expect("PostgreSQL");
            let (count,): (i64,) = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_one(&pool).await.expect("the old ledger");
            assert_eq!(count, 130);
        }
        let store = Store::open(&db.url).await.expect("it opens");
        assert_eq!(store.users().await.expect("users").len(), 1);
        assert!(store.user_by_session("hash of a token", NOW).await.expect("read").is_none(), "everybody signs in again");
        for sql in ["UPDATE ledger SET amount_cents = 1", "DELETE FROM ledger"] {
            assert!(raw(&db.url, sql).await.is_err(), "the ledger is append-only after a restore, too");
        }
    }

    pub(super) async fn what_must_not_be_restored_is_refused(db: Database) {
        let folder = db.folder.path().to_owned();
        user(&db, "anna", None).await;
        let good = folder.join("good");
        backup(&db.url, &good).await.expect("a backup");
        assert!(matches!(restore(&db.url, &good, false, NOW).await, Err(BackupError::NotEmpty)));
        let service = lock::take(&db.url).await.expect("a service");
        assert!(matches!(restore(&db.url, &good, true, NOW).await, Err(BackupError::Store(StoreError::Locked))));
        drop(service);
        let nonsense = folder.join("nonsense");
        std::fs::write(&nonsense, b"what is this? ".repeat(1000)).expect("a file");
        assert!(matches!(restore(&db.url, &nonsense, true, NOW).await, Err(BackupError::NoBackup { .. })));
        assert!(matches!(restore(&db.url, &folder.join("nothing"), true, NOW).await, Err(BackupError::File { .. })));
        // Cut off, or damaged in the middle.
        let mut bytes = std::fs::read(&good).expect("the backup");
        let damaged = folder.join("damaged");
        let half = bytes.len() / 2;
        if db.url.starts_with("sqlite") {
            bytes[half..half + 40_000].fill(0x55);
        } else {
            bytes.truncate(half / 2);
        }
        std::fs::write(&damaged, &bytes).expect("a damaged file");
        let refused = restore(&db.url, &damaged, true, NOW).await;
        assert!(
            matches!(refused, Err(BackupError::Damaged { .. } | BackupError::NoBackup { .. } | BackupError::Program { .. } | BackupError::Store(_))),
            "{refused:?}"
        );
        assert_eq!(db.store.users().await.expect("users").len(), 1, "everything is as it was");
        raw(&db.url, newer(&db.url)).await.expect("a newer program was here");
        let tomorrow = folder.join("tomorrow");
        backup(&db.url, &tomorrow).await.expect("a backup");
        assert!(matches!(restore(&db.url, &tomorrow, true, NOW).await, Err(BackupError::Newer { theirs: 9999, .. })));
    }

    pub(super) async fn one_database_has_one_service(db: Database) {
        let first = lock::take(&db.url).await.expect("free");
        assert!(matches!(lock::take(&db.url).await, Err(StoreError::Locked)));
        drop(first);
        lock::take(&db.url).await.expect("free again");
    }

    pub(super) async fn an_older_schema_is_brought_up_to_date(db: Database) {
        let db = db.at_rest().await;
        first_schema(&db).await;
        let file = db.folder.path().join("old");
        assert_eq!(backup(&db.url, &file).await.expect("of an older schema, too"), []);
        assert!(raw(&db.url, "SELECT 1 FROM recordings").await.is_err(), "a backup leaves the schema as it is");
        let store = Store::open(&db.url).await.expect("it opens");
        assert_eq!(store.recording_alarms().await.expect("the new table"), 0);
        store.close().await;
        if let Some(path) = db.url.strip_prefix("sqlite:") {
            let copy = format!("{path}.before-schema-2");
            assert!(Path::new(&copy).exists(), "a copy was made first");
            assert!(raw(&format!("sqlite:{copy}"), "SELECT 1 FROM recordings").await.is_err());
        }
        restore(&db.url, &file, true, NOW).await.expect("an older backup");
        let store = Store::open(&db.url).await.expect("it opens");
        assert_eq!((store.recording_alarms().await.expect("the new table"), store.users().await.expect("users").len()), (0, 1));
    }
}
