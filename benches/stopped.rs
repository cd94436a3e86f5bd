//! Ten seconds without a database, while calls go on: does the manager socket stay empty, is anything lost, and are the
//! agents told? PostgreSQL is stopped as a whole (SIGSTOP); of SQLite another process holds the lock for writing. The
//! service is the built program. `BELBRUG_RATE=N` takes another number of events a second, `BELBRUG_STORE=sqlite` or
//! `postgres` one of the two.
#![expect(clippy::expect_used, clippy::print_stdout, clippy::panic, reason = "a benchmark prints, and stops where it cannot go on")]

#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod measure;

use std::time::{Duration, Instant};

use belbrug::clock::Timestamp;
use belbrug::ids::{Device, Extension};
use belbrug::telephony::ami::frame::FrameBuffer;
use belbrug::telephony::calls::tracker::Tracker;
use belbrug::telephony::pbx::from_ami::translate;
use measure::pages::Pages;
use measure::pbx::{Office, Pbx, Ringing};
use measure::postgres::Cluster;
use measure::service::{Agent, Service, number, prepare};
use measure::{Times, micros};
use sqlx::Connection as _;

const AGENTS: usize = 10;
const DEBTORS: usize = 200;
const BEFORE: Duration = Duration::from_secs(4);
const STOPPED: Duration = Duration::from_secs(10);
const AFTER: Duration = Duration::from_secs(6);
/// Between two phones that ring while the database is away.
const RING_EVERY: Duration = Duration::from_millis(250);
/// Between two looks at the service's socket: what the times are exact to.
const LOOK_EVERY: Duration = Duration::from_micros(50);
/// The journal has to be written in this time after everything was said.
const WRITTEN_WITHIN: Duration = Duration::from_secs(60);

fn main() {
    let which = std::env::var("BELBRUG_STORE").unwrap_or_default();
    let rate = std::env::var("BELBRUG_RATE").map_or(3000, |rate| rate.parse().expect("BELBRUG_RATE is a number"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    if which != "sqlite" {
        let (folder, beside) = (measure::scratch(), measure::scratch());
        let cluster = Cluster::start(beside.path());
        let url = cluster.url.clone();
        println!("PostgreSQL, stopped for {} s", STOPPED.as_secs());
        Floor::open(&runtime, folder, &url).run(rate, |is_away| cluster.pause(is_away));
    }
    if which != "postgres" {
        let folder = measure::scratch();
        let url = format!("sqlite:{}", folder.path().join("bench.db").display());
        println!("SQLite, its lock held by another for {} s", STOPPED.as_secs());
        let floor = Floor::open(&runtime, folder, &url);
        let mut holder = runtime.block_on(sqlx::SqliteConnection::connect(&url)).expect("the database");
        floor.run(rate, |is_away| {
            let sql = if is_away { "BEGIN IMMEDIATE" } else { "ROLLBACK" };
            runtime.block_on(sqlx::query(sql).execute(&mut holder)).expect("the lock");
        });
    }
}

/// A service with its PBX and its agents' pages.
struct Floor<'a> {
    runtime: &'a tokio::runtime::Runtime,
    url: String,
    pbx: Pbx,
    agents: Vec<Agent>,
    pages: Pages,
    service: Service,
    said: Said,
    _folder: tempfile::TempDir,
}

/// What the PBX said, and what it means by our own tracker.
struct Said {
    tracker: Tracker,
    buffer: FrameBuffer,
    events: usize,
    told: usize,
}

impl Said {
    fn hear(&mut self, bytes: &[u8]) {
        self.buffer.extend(bytes);
        while let Some(frame) = self.buffer.next_frame() {
            self.events += 1;
            if let Some(event) = translate(frame.expect("a frame")) {
                self.told += self.tracker.apply(Timestamp(0), &event).len();
            }
        }
    }
}

impl<'a> Floor<'a> {
    fn open(runtime: &'a tokio::runtime::Runtime, folder: tempfile::TempDir, url: &str) -> Self {
        let agents = runtime.block_on(prepare(url, AGENTS, DEBTORS));
        let pbx = Pbx::listen();
        let service = Service::start(folder.path(), pbx.port, url);
        drop(pbx.line());
        let pages = Pages::open(&service.pages, &agents);
        let extension = |agent: &Agent| Extension::parse(&agent.extension).expect("an extension");
        let lines = agents.iter().map(|agent| (Device::new(&format!("PJSIP/{}", agent.extension)), extension(agent))).collect();
        let said = Said { tracker: Tracker::new(lines), buffer: FrameBuffer::new(), events: 0, told: 0 };
        Self { runtime, url: url.to_owned(), pbx, agents, pages, service, said, _folder: folder }
    }

    fn run(mut self, rate: u64, mut away: impl FnMut(bool)) {
        let mut office = Office::open();
        let (mut drained, _) = self.work(&mut office, rate, BEFORE, false);
        println!("  socket empty after a breath, before    {}", drained.words());
        let stopped = Instant::now();
        away(true);
        let (mut drained, mut pops) = self.work(&mut office, rate, STOPPED, true);
        self.pages.quiet(0, Duration::from_millis(5));
        let back = Instant::now();
        away(false);
        println!("  socket empty after a breath, stopped   {}", drained.words());
        println!("  the agent's page when a phone rang     {}", pops.words());
        let (mut drained, _) = self.work(&mut office, rate, AFTER, false);
        println!("  socket empty after a breath, after     {}", drained.words());
        let seconds = |from: Instant, to: Option<Instant>| to.map_or("never".to_owned(), |to| format!("after {:.2} s", (to - from).as_secs_f64()));
        let told = self.pages.says_after(1, stopped, "De opslag antwoordt niet");
        let taken_back = self.pages.says_after(0, back, "event: view");
        println!("  agents were told {}, and that it is over {}", seconds(stopped, told), seconds(back, taken_back));
        office.close();
        while let Some(event) = office.next_event() {
            self.say(&event);
        }
        self.counted(back);
    }

    fn say(&mut self, text: &str) {
        self.said.hear(text.as_bytes());
        self.pbx.line().say(text.as_bytes());
    }

    /// Says events for so long: how long each breath was not wholly taken from the socket, and how long each phone that
    /// rang meanwhile took to reach its agent's page.
    fn work(&mut self, office: &mut Office, rate: u64, time: Duration, with_rings: bool) -> (Times, Times) {
        let (began, mut said, mut drained, mut pops) = (Instant::now(), 0, Times::default(), Times::default());
        let mut ring_at = began + RING_EVERY;
        while began.elapsed() < time {
            let due = u64::try_from(began.elapsed().as_micros()).unwrap_or(0) * rate / 1_000_000;
            let mut breath = String::new();
            while said < due {
                breath.push_str(&office.next_event().expect("an open office"));
                said += 1;
            }
            self.said.hear(breath.as_bytes());
            let before = Instant::now();
            self.pbx.line().say(breath.as_bytes());
            while self.pbx.untaken() > 0 {
                // Asking without a pause would take one of two cores from the service and its database.
                std::thread::sleep(LOOK_EVERY);
            }
            drained.push(before.elapsed());
            if with_rings && Instant::now() > ring_at {
                ring_at += RING_EVERY;
                pops.extend(self.ring(pops.len()));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        (drained, pops)
    }

    /// A phone rings, and the caller gives up.
    fn ring(&mut self, n: usize) -> Times {
        // The page of the first agent is kept quiet, to hear when all is well again; that of the second keeps its text.
        let at = 2 + n % (AGENTS - 2);
        let extension = self.agents.get(at).map(|agent| agent.extension.clone()).expect("an agent");
        let call = Ringing::at(&extension, &number(n % DEBTORS), &format!("f{n:07x}"));
        self.say(&call.before);
        self.pages.quiet(at, Duration::from_millis(2));
        let mut out = Times::default();
        let began = Instant::now();
        self.say(&call.rings);
        out.push(self.pages.first_after(at, began) - began);
        self.say(&call.given_up);
        out
    }

    /// Whether everything that was told stands in the ledger.
    fn counted(&self, back: Instant) {
        let deadline = Instant::now() + WRITTEN_WITHIN;
        let mut rows = self.rows("SELECT COUNT(*) FROM call_events");
        while rows < self.said.told && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(50));
            rows = self.rows("SELECT COUNT(*) FROM call_events");
        }
        let gaps = self.rows("SELECT COUNT(*) FROM gaps WHERE kind = 'journal'");
        let open = self.rows("SELECT COUNT(*) FROM calls WHERE ended_seen IS NULL");
        println!(
            "  {} manager events told {} events of calls; {rows} stand in the ledger {} after the database was back; {gaps} gaps, {open} calls open",
            self.said.events,
            self.said.told,
            micros(back.elapsed())
        );
        assert!(rows == self.said.told && gaps == 0 && open == 0, "something was lost:\n{}", self.service.log());
    }

    fn rows(&self, sql: &'static str) -> usize {
        let count: (i64,) = self.runtime.block_on(async {
            if self.url.starts_with("sqlite") {
                let mut connection = sqlx::SqliteConnection::connect(&self.url).await.expect("the database");
                sqlx::query_as(sql).fetch_one(&mut connection).await.expect("a count")
            } else {
                let mut connection = sqlx::PgConnection::connect(&self.url).await.expect("the database");
                sqlx::query_as(sql).fetch_one(&mut connection).await.expect("a count")
            }
        });
        usize::try_from(count.0).expect("a count")
    }
}
