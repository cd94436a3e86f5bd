//! An office with sample debtors who answer and call, for the demo and for practice: agents' phones are their browsers, and the exchange is
//! the simulator.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use belbrug::clock::{Clock, SystemClock};
use belbrug::config::Config;
use belbrug::demo::sample;
use belbrug::desk::hub::Board;
use belbrug::ids::AgentId;
use belbrug::simulate::counts::Counts;
use belbrug::simulate::serve::{CALLS_TO_MAKE_MAX, CallNow, Simulator};
use belbrug::simulate::voice::Voice;
use belbrug::store::pool::Store;
use belbrug::store::write::{ImportBegin, UserSave, Write, Written};
use belbrug::store::writer::Writer;
use tokio::sync::{mpsc, watch};

use super::service::Service;

/// After signing in, until the first call.
const FIRST_CALL: Duration = Duration::from_secs(6);
/// Between an outcome and the next call.
const NEXT_CALL: Duration = Duration::from_secs(40);

/// Opens it for these users, whose pages are at `listener`.
pub(crate) async fn open(mut config: Config, users: Vec<UserSave>, listener: TcpListener) -> anyhow::Result<Service> {
    let (call_now, _) = furnish(&mut config, users, None).await?;
    let service = Service::start(&config, listener).await?;
    let store = Store::open(config.store.url.reveal()).await?;
    tokio::spawn(call_now_and_then(store, service.board(), call_now));
    Ok(service)
}

/// Opens the exchange for these users' browsers, and fills the ledger; the way to have somebody call, and what is seen of it.
pub(crate) async fn furnish(config: &mut Config, users: Vec<UserSave>, voice: Option<Voice>) -> anyhow::Result<(mpsc::Sender<CallNow>, Arc<Counts>)> {
    let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let debtors = Simulator::open(loopback, loopback.ip(), voice).await.context("no port for the debtors")?;
    config.office.dial_countries = ["NL", "BE", "GB"].map(str::to_owned).to_vec();
    config.sip.server = loopback.ip().to_string();
    config.sip.port = Some(debtors.address().port());
    config.sip.listen = loopback;
    let phones = users.iter().filter_map(|user| user.extension.clone());
    config.browser.secrets = phones.map(|phone| (phone, "simulated".to_owned().into())).collect();
    config.browser.lines = config.browser.secrets.keys().map(ToString::to_string).collect();
    fill(config, users).await?;
    let (call_now, calls) = mpsc::channel(CALLS_TO_MAKE_MAX);
    let counts = debtors.counts();
    tokio::spawn(debtors.run(calls));
    Ok((call_now, counts))
}

/// Lets somebody call soon after an agent has signed in, and again whenever that seat has been free for a while.
async fn call_now_and_then(store: Store, board: watch::Receiver<Arc<Board>>, call_now: mpsc::Sender<CallNow>) {
    let mut callers = sample::callers().into_iter().cycle();
    let mut free: BTreeMap<AgentId, (Instant, Duration)> = BTreeMap::new();
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let here: Vec<AgentId> = store.users().await.unwrap_or_default().iter().filter(|user| user.last_seen.is_some()).map(|user| user.id).collect();
        let seats: Vec<_> = board.borrow().seats.values().map(|(_, seat)| seat.clone()).collect();
        for seat in seats {
            let (since, pause) = free.entry(seat.profile.agent).or_insert((Instant::now(), FIRST_CALL));
            if !seat.calls.is_empty() || !here.contains(&seat.profile.agent) {
                *since = Instant::now();
            } else if since.elapsed() >= *pause {
                (*since, *pause) = (Instant::now(), NEXT_CALL);
                let Some(caller) = callers.next() else { return };
                if call_now.send(CallNow { phone: Some(seat.profile.extension.to_string()), caller }).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// The sample debtors and users, where they are not there yet.
async fn fill(config: &Config, users: Vec<UserSave>) -> anyhow::Result<()> {
    let store = Store::open(config.store.url.reveal()).await?;
    let (writer, writing) = Writer::start(store.clone());
    let now = SystemClock.now();
    for user in users {
        if store.user_by_login(&user.login).await?.is_none() {
            writer.write(Write::User(user)).await?;
        }
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
