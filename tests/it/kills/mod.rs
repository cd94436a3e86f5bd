//! Seeded kills: the service, the PBX, the database and the link are cut off in the midst of ringing, talk, saving and
//! reconnecting, each time at another moment. Whatever happens, three things hold afterwards: nothing that was
//! acknowledged is missing, no call is open that the PBX does not have, and no conversation owes more than one outcome.
//!
//! `scripts/test` runs a few; `scripts/kills N SEED` as many as one likes. The seed says what is killed when, so that a
//! run that failed is repeated with the numbers in its message.
mod agent;
mod cable;
mod office;
mod plan;
mod round;

use office::Office;
use plan::{Database, plan};

/// A number from the environment.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

async fn kills(database: Database, few: u64) {
    let (count, seed, first) = (setting("BELBRUG_KILLS", few), setting("BELBRUG_SEED", 1), setting("BELBRUG_KILLS_FROM", 0));
    let mut office = Office::open(database).await;
    for kill in plan(database, seed).skip(usize::try_from(first).expect("small")).take(usize::try_from(count).expect("small")) {
        eprintln!("{kill}");
        let found = office.survives(&kill).await;
        eprintln!("    {found}");
    }
}

#[tokio::test]
async fn on_sqlite_nothing_acknowledged_is_lost() {
    kills(Database::Sqlite, 6).await;
}

#[tokio::test]
async fn on_postgresql_nothing_acknowledged_is_lost() {
    kills(Database::Postgres, 8).await;
}
