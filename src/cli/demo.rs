//! `belbrug demo`: everything in one, for a look.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use belbrug::clock::{Clock, SystemClock};
use belbrug::config::{self, Config};
use belbrug::demo::sample;
use belbrug::desk::hub::Board;
use belbrug::ids::Extension;
use belbrug::simulate::serve::{CALLS_TO_MAKE_MAX, CallNow, Simulator};
use belbrug::store::pool::Store;
use belbrug::store::read::accounts::User;
use belbrug::store::write::{ImportBegin, UserSave, Write, Written};
use belbrug::store::writer::Writer;
use belbrug::web::sign_in::password;
use clap::Args;
use tokio::sync::{mpsc, watch};

use super::say;
use super::service::Service;

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where the demo keeps its database.
    #[arg(long, default_value = "data/demo")]
    data: PathBuf,
    /// The page's port; another one when it is taken.
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

/// Login, name, role and extension. The demo listens on this machine only, so its passwords are no secret.
const USERS: [(&str, &str, &str, Option<&str>); 3] =
    [("anna", "Anna de Boer", "agent", Some("101")), ("bram", "Bram Visser", "agent", Some("102")), ("carla", "Carla Mertens", "admin", None)];

/// The phone that rings.
const FIRST_PHONE: &str = "101";
/// After signing in, until the first call.
const FIRST_CALL: Duration = Duration::from_secs(6);
/// Between an outcome and the next call.
const NEXT_CALL: Duration = Duration::from_secs(40);

fn password_of(login: &str) -> String {
    format!("demo-{login}-2026")
}

impl Demo {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        super::start_log("warn,belbrug=info")?;
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let debtors = Simulator::open(loopback(0), Ipv4Addr::LOCALHOST.into(), None).await.context("no port for the debtors")?;
        let mut config = config::parse("")?;
        config.office.name = "Incasso Voorbeeld".to_owned();
        config.office.dial_countries = ["NL", "BE", "GB"].map(str::to_owned).to_vec();
        config.sip.server = Ipv4Addr::LOCALHOST.to_string();
        config.sip.port = Some(debtors.address().port());
        config.sip.listen = loopback(0);
        config.browser.lines = vec!["1XX".to_owned()];
        for extension in USERS.iter().filter_map(|(.., extension)| *extension) {
            config.browser.secrets.insert(Extension::parse(extension)?, "demo".to_owned().into());
        }
        config.store.url = format!("sqlite:{}", self.data.join("belbrug.db").display()).into();
        fill(&config).await?;
        let (call_now, calls) = mpsc::channel(CALLS_TO_MAKE_MAX);
        tokio::spawn(debtors.run(calls));
        let listener = TcpListener::bind(loopback(self.port)).or_else(|_| TcpListener::bind(loopback(0))).context("no port for the page")?;
        let service = Service::start(&config, listener).await?;
        let store = Store::open(config.store.url.reveal()).await?;
        tokio::spawn(ring_now_and_then(store, service.board(), call_now));
        say("");
        say(&format!("  Belbrug's demo is at http://{}", service.address()));
        say("");
        for (login, name, role, extension) in USERS {
            let what = extension.map_or_else(|| format!("{role}, sees the floor"), |extension| format!("{role} at phone {extension}"));
            say(&format!("    {login:6} {:18} {name}, {what}", password_of(login)));
        }
        say("");
        say("  Sign in as anna, with sound: within ten seconds somebody calls, and whoever you dial is heard. Ctrl+C ends the demo.");
        say(&format!("  What you save is kept in {}.", self.data.display()));
        say("");
        service.until_stopped().await
    }
}

/// Lets somebody call soon after the first agent has signed in, and again whenever that seat has been free for a while.
async fn ring_now_and_then(store: Store, board: watch::Receiver<Arc<Board>>, call_now: mpsc::Sender<CallNow>) {
    let mut callers = sample::callers().into_iter().cycle();
    let mut free_since = Instant::now();
    let mut pause = FIRST_CALL;
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let is_free = board.borrow().seats.values().any(|(_, seat)| seat.profile.extension.as_str() == FIRST_PHONE && seat.calls.is_empty());
        if !is_free || !is_somebody_there(&store).await {
            free_since = Instant::now();
        } else if free_since.elapsed() >= pause {
            free_since = Instant::now();
            pause = NEXT_CALL;
            let Some(caller) = callers.next() else { return };
            if call_now.send(CallNow { phone: Some(FIRST_PHONE.to_owned()), caller }).await.is_err() {
                return;
            }
        }
    }
}

/// Whether the agent at the first phone has a session.
async fn is_somebody_there(store: &Store) -> bool {
    let at_first = |user: &User| user.extension.as_ref().is_some_and(|extension| extension.as_str() == FIRST_PHONE);
    store.users().await.is_ok_and(|users| users.iter().any(|user| at_first(user) && user.last_seen.is_some()))
}

/// The sample debtors and users, where they are not there yet.
async fn fill(config: &Config) -> anyhow::Result<()> {
    let store = Store::open(config.store.url.reveal()).await?;
    let (writer, writing) = Writer::start(store.clone());
    let now = SystemClock.now();
    for (login, name, role, extension) in USERS {
        if store.user_by_login(login).await?.is_some() {
            continue;
        }
        let password_hash = password::hash(password_of(login)).await?;
        let extension = extension.map(Extension::parse).transpose()?;
        let save =
            UserSave { id: None, login: login.to_owned(), name: name.to_owned(), role, extension, language: "nl".to_owned(), password_hash, at: now };
        writer.write(Write::User(save)).await?;
    }
    if store.search("D1001", None).await?.is_empty() {
        let begin = ImportBegin { at: now, creditor: "Groothandel De Linde BV".to_owned() };
        if let Written::Import(import, _) = writer.write(Write::ImportBegin(begin)).await? {
            writer.write(Write::ImportDebtors(sample::debtors()?)).await?;
            let today = now.utc().with_timezone(&config.office.zone).date_naive();
            writer.write(Write::ImportInvoices(import, sample::invoices(today))).await?;
            writer.write(Write::ImportEnd(import)).await?;
        }
    }
    drop(writer);
    writing.await?;
    store.close().await;
    Ok(())
}
