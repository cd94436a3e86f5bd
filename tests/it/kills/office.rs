//! An office in which everything can be cut off and comes back, and what its ledger holds.

use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection as _, FromRow, PgConnection, SqliteConnection};

use super::agent::Agent;
use super::cable::Cable;
use super::plan::{Database, Victim};
use crate::desk::service::{Home, nothing_personal_in};
use crate::lab::{Pbx, Phone, free_port, until_async};
use crate::store::database::Cluster;

pub(super) struct Office {
    pub(super) things: Things,
    pub(super) agent: Agent,
    pub(super) phone: Option<Phone>,
}

/// What can be cut off.
pub(super) struct Things {
    pub(super) home: Home,
    pub(super) pbx: Pbx,
    cable: Cable,
    cluster: Option<Cluster>,
    pub(super) url: String,
    _folder: tempfile::TempDir,
}

impl Office {
    pub(super) async fn open(database: Database) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let cluster = match database {
            Database::Sqlite => None,
            Database::Postgres => Some(Cluster::start(folder.path()).await),
        };
        let url = cluster.as_ref().map_or_else(|| format!("sqlite:{}", folder.path().join("belbrug.db").display()), |cluster| cluster.url.clone());
        let pbx = Pbx::up_ringing("kills", Duration::from_secs(20)).await;
        let cable = Cable::to(pbx.ami_port).await;
        let mut home = Home::at(cable.port, &pbx.ami_secret, &url, free_port());
        home.start().await;
        let agent = Agent::signed_in(&home.address).await;
        let mut office = Self { things: Things { home, pbx, cable, cluster, url, _folder: folder }, agent, phone: None };
        office.register().await;
        office
    }

    /// The agent's phone at the PBX, anew.
    pub(super) async fn register(&mut self) {
        self.phone = None;
        self.phone = Some(Phone::register(&self.things.pbx, "101").await);
    }
}

impl Things {
    /// Takes the victim away for a while; with `back` it comes back afterwards.
    pub(super) async fn kill(&mut self, victim: Victim, away: Duration) {
        match victim {
            Victim::Service => {
                self.home.kill();
                let log = self.home.log();
                assert!(!log.contains("panicked"), "{log}");
                nothing_personal_in(&log);
            }
            Victim::Pbx => self.pbx.crash().await,
            Victim::Database => self.cluster.as_ref().expect("PostgreSQL").kill(),
            Victim::Link => self.cable.cut(),
            Victim::Stall => return self.cable.stall(away).await,
        }
        tokio::time::sleep(away).await;
    }

    pub(super) async fn give_back(&mut self, victim: Victim) {
        match victim {
            Victim::Service => self.run_service().await,
            Victim::Pbx => self.pbx.start().await,
            Victim::Database => self.cluster.as_ref().expect("PostgreSQL").start_again().await,
            Victim::Link | Victim::Stall => self.cable.mend(),
        }
    }

    /// As systemd does: again and again until it runs.
    async fn run_service(&mut self) {
        let running = until_async(async || self.home.try_start().await.then_some(()));
        assert!(running.await.is_some(), "the service does not start:\n{}", self.home.log());
    }

    /// Whether the service runs; after the database was killed at its start it may not.
    pub(super) async fn keep_running(&mut self) {
        if !self.home.is_running() {
            self.run_service().await;
        }
    }

    /// Rows out of the database; `None` while it does not answer.
    pub(super) async fn rows<T>(&self, sql: &'static str) -> Option<Vec<T>>
    where
        T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        if self.cluster.is_some() {
            let mut connection = PgConnection::connect(&self.url).await.ok()?;
            sqlx::query_as(sql).fetch_all(&mut connection).await.ok()
        } else {
            let mut connection = SqliteConnection::connect(&self.url).await.ok()?;
            sqlx::query_as(sql).fetch_all(&mut connection).await.ok()
        }
    }

    /// A number out of the database; `None` while it does not answer.
    pub(super) async fn count(&self, sql: &'static str) -> Option<i64> {
        self.rows::<(i64,)>(sql).await?.first().map(|row| row.0)
    }

    /// Waits until a count of the database is so.
    pub(super) async fn until_count(&self, sql: &'static str, wanted: i64) {
        let found = until_async(|| async { (self.count(sql).await == Some(wanted)).then_some(()) });
        assert!(found.await.is_some(), "{sql} is {:?}, not {wanted}; the service:\n{}", self.count(sql).await, self.home.log());
    }

    /// Whether the PBX carries a channel.
    pub(super) async fn pbx_has_calls(&self) -> bool {
        !self.pbx.cli("core show channels count").await.lines().any(|line| line == "0 active channels")
    }
}
