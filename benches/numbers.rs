//! Whose number is it, among five million debtors on SQLite: as the bridge asks it when the phone rings, from memory,
//! and as the database answers through the pool of readers while the numbers are not in memory.
//! `BELBRUG_DEBTORS=N` takes another number of debtors. The database is kept for the next run.
#![expect(clippy::expect_used, clippy::print_stdout, clippy::panic, reason = "a benchmark prints, and stops where it cannot go on")]

#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod measure;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use belbrug::ids::PhoneNumber;
use belbrug::store::pool::Store;
use measure::{Times, megabytes};
use sqlx::Connection as _;

const LOOKUPS: u64 = 50_000;
/// A prime, and a factor that spreads the debtors over it: neighbours in the list are no neighbours by number.
const SPREAD_OVER: u64 = 10_000_019;
const SPREAD_BY: u64 = 7_654_321;

#[tokio::main]
async fn main() {
    let debtors: u64 = std::env::var("BELBRUG_DEBTORS").map_or(5_000_000, |n| n.parse().expect("BELBRUG_DEBTORS is a number"));
    let path = database(debtors).await;
    let store = Store::open(&format!("sqlite:{}", path.display())).await.expect("a database");
    println!("{debtors} debtors, {:.1} GB on disk", std::fs::metadata(&path).expect("its size").len() as f64 / 1e9);
    println!("from the database, through the pool    {}", lookups(&store, debtors, LOOKUPS / 10).await.words());
    let (before, began, cpu) = (megabytes("VmRSS"), Instant::now(), measure::cpu());
    store.keep_numbers(usize::MAX);
    while store.known_cases(number(1)).is_none() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (took, cpu) = (began.elapsed().as_secs_f64(), (measure::cpu() - cpu).as_secs_f64());
    let (entries, bytes) = store.numbers_in_memory().expect("they are there");
    println!("from memory                            {}", lookups(&store, debtors, LOOKUPS).await.words());
    println!(
        "its cost: {entries} numbers in {:.0} MB, {:.1} bytes a number; resident memory grew by {:.0} MB, at most {:.0} MB; read in {took:.1} s ({cpu:.1} s of CPU)",
        bytes as f64 / 1e6,
        bytes as f64 / entries as f64,
        megabytes("VmRSS") - before,
        megabytes("VmHWM") - before
    );
}

/// Debtors asked for one after the other in no order, each found.
async fn lookups(store: &Store, debtors: u64, times: u64) -> Times {
    let mut out = Times::default();
    for n in 0..times {
        let debtor = 1 + (n * 2_654_435_761) % debtors;
        let number = number(debtor);
        let began = Instant::now();
        let found = match store.known_cases(number) {
            Some(found) => found,
            None => store.cases_by_number(number).await.expect("found"),
        };
        out.push(began.elapsed());
        assert!(found.len() == 1 && found.iter().all(|case| case.name.reveal().ends_with(&format!(" {debtor}"))));
    }
    out
}

fn number(debtor: u64) -> PhoneNumber {
    let digits = 447_700_000_000 + (debtor * SPREAD_BY) % SPREAD_OVER;
    PhoneNumber::from_i64(i64::try_from(digits).expect("small")).expect("a number")
}

/// The database with so many debtors, each with a number, a case and an open invoice; made where it is not there yet.
async fn database(debtors: u64) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("numbers-{debtors}.db"));
    if path.exists() {
        return path;
    }
    println!("making {} (once)", path.display());
    let new = path.with_extension("new");
    let _ = std::fs::remove_file(&new);
    Store::open(&format!("sqlite:{}", new.display())).await.expect("a database").close().await;
    let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite:{}", new.display())).await.expect("the database");
    let rows = format!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {debtors})");
    for sql in [
        "PRAGMA synchronous = OFF".to_owned(),
        "PRAGMA cache_size = -1000000".to_owned(),
        "INSERT INTO creditors (id, name) VALUES (1, 'Groothandel De Linde BV')".to_owned(),
        format!(
            "{rows} INSERT INTO debtors (id, reference, name, kind, language, city, search_text)
             SELECT i, printf('D%08d', i), 'Bakkerij De Korenaar ' || i, 'business', 'nl', 'Zwolle', 'bakkerij de korenaar ' || i || ' zwolle' FROM n"
        ),
        format!("INSERT INTO numbers (debtor_id, number) SELECT id, 447700000000 + (id * {SPREAD_BY}) % {SPREAD_OVER} FROM debtors"),
        "INSERT INTO cases (id, debtor_id, creditor_id) SELECT id, id, 1 FROM debtors".to_owned(),
        "INSERT INTO invoices (case_id, number, issued_on, due_on, amount_cents, open_cents)
         SELECT id, 'F' || id, '2026-09-01', '2026-10-01', 10000, 10000 FROM debtors"
            .to_owned(),
        "PRAGMA wal_checkpoint(TRUNCATE)".to_owned(),
    ] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.expect("filled");
    }
    connection.close().await.expect("closed");
    std::fs::rename(&new, &path).unwrap_or_else(|error| panic!("{error}"));
    path
}
