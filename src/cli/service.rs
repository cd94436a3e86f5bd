//! The parts of the service, connected: store and writer, the bridge, and the pages.

use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::RustlsConfig;
use belbrug::bridge::link::Address;
use belbrug::bridge::phone_side::{OFFERS_MAX, Offering, PhoneSetup};
use belbrug::bridge::sip::opening::SipSetup;
use belbrug::bridge::task::{self, COMMANDS_MAX, Setup};
use belbrug::clock::{Clock, SystemClock, Timestamp};
use belbrug::config::{Browser, Config, KeysBy, SipDialBy, Srtp};
use belbrug::desk::hub::{Bell, Board, Gap, Whom};
use belbrug::desk::rules::{CreditorNumbers, DeskRules};
use belbrug::desk::seat::Seat;
use belbrug::measure::Figures;
use belbrug::numbers::{NumberPlan, Pattern};
use belbrug::recordings::keep::{self, Keeping, OVER_MAX, Over};
use belbrug::store::backup::lock::{self, Lock};
use belbrug::store::pool::Store;
use belbrug::store::writer::Writer;
use belbrug::telephony::ami::session::Account;
use belbrug::telephony::pbx::to_ami::DialSettings;
use belbrug::telephony::sip::digest::Credentials;
use belbrug::web::{Bells, Deps, OfficeInfo, router};
use hyper_util::rt::TokioTimer;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// A client that takes longer to say what it wants is hung up on.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// Requests that are under way get this long when the service stops.
const DRAIN: Duration = Duration::from_secs(5);
/// What was observed is put into its buckets this often.
const TIDY_EVERY: Duration = Duration::from_secs(5);

pub(crate) struct Service {
    address: SocketAddr,
    board: watch::Receiver<Arc<Board>>,
    bells: Arc<Bells>,
    handle: Handle<SocketAddr>,
    web: JoinHandle<std::io::Result<()>>,
    writer: JoinHandle<()>,
    stop_bridge: oneshot::Sender<()>,
    bridge: JoinHandle<()>,
    keeper: Option<JoinHandle<()>>,
    _lock: Lock,
}

impl Service {
    pub(crate) async fn start(config: &Config, listener: TcpListener) -> anyhow::Result<Self> {
        let lock = lock::take(config.store.url.reveal()).await?;
        let store = Store::open(config.store.url.reveal()).await.context("[store] url")?;
        tracing::info!(database = store.kind(), "the ledger is open");
        store.keep_numbers(config.store.numbers_in_memory);
        let (writer, writing) = Writer::start(store.clone());
        let clock = SystemClock;
        let run = u64::try_from(clock.now().0).unwrap_or(1);
        let (commands, commands_out) = mpsc::channel(COMMANDS_MAX);
        // Before anything happens that is counted.
        let figures = config.metrics.enabled.then(figures).transpose()?;
        let (recordings, keeper) = keeper(config, &store, &writer).unzip();
        let bells = Arc::new(Bells::default());
        let (offers, offers_out) = mpsc::channel(OFFERS_MAX);
        let mut setup = bridge_setup(config, store.clone(), writer.clone(), recordings, run, bells.clone()).await?;
        setup.phones = config.browser.is_on().then(|| phone_setup(config, offers_out)).transpose()?;
        let office = Arc::new(office(config, setup.rules.plan.clone())?);
        let (board_in, board) = watch::channel(Arc::new(first_board(&store, run, clock.now(), setup.blind_since).await?));
        let (stop_bridge, stopped) = oneshot::channel();
        let bridge = tokio::spawn(async move {
            tokio::select! {
                () = task::run(setup, clock, commands_out, board_in) => {}
                _ = stopped => {}
            }
        });
        let shown = board.clone();
        let clock = Arc::new(SystemClock);
        let deps = Deps { store, writer, commands, offers, board, bells: bells.clone(), clock, office, order: Arc::default(), figures };
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let handle = Handle::new();
        let app = router::router(&deps).into_make_service_with_connect_info::<SocketAddr>();
        let serving = handle.clone();
        let web = match (&config.web.certificate, &config.web.key) {
            (Some(certificate), Some(key)) => {
                let _ = rustls::crypto::ring::default_provider().install_default();
                let tls = RustlsConfig::from_pem_file(certificate, key).await.context("[web] certificate and key")?;
                let mut server = axum_server::from_tcp_rustls(listener, tls)?
                    .map(|acceptor| acceptor.acceptor(NoDelayAcceptor::new()))
                    .handle(serving)
                    .http1_only();
                server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN);
                tokio::spawn(async move { server.serve(app).await })
            }
            _ => {
                let mut server = axum_server::from_tcp(listener)?.acceptor(NoDelayAcceptor::new()).handle(serving).http1_only();
                server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN);
                tokio::spawn(async move { server.serve(app).await })
            }
        };
        let scheme = if config.web.certificate.is_some() { "https" } else { "http" };
        tracing::info!("the pages are at {scheme}://{address}");
        Ok(Self { address, board: shown, bells, handle, web, writer: writing, stop_bridge, bridge, keeper, _lock: lock })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn board(&self) -> watch::Receiver<Arc<Board>> {
        self.board.clone()
    }

    /// Until SIGTERM or Ctrl+C; then what was taken is finished and written.
    pub(crate) async fn until_stopped(mut self) -> anyhow::Result<()> {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
            ended = &mut self.bridge => bail!("the bridge ended: {ended:?}"),
            ended = &mut self.web => bail!("the pages ended: {ended:?}"),
            ended = &mut self.writer => bail!("the writer ended: {ended:?}"),
        }
        self.stop().await
    }

    /// What was taken is finished and written.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        tracing::info!("stopping: what was taken is finished first");
        let _ = self.stop_bridge.send(());
        self.bridge.await?;
        // The streams see that the board is gone, and end.
        self.bells.ring(Whom::All);
        if let Some(keeper) = self.keeper {
            tokio::time::timeout(DRAIN, keeper).await.context("a recording could not be finished")??;
        }
        self.handle.graceful_shutdown(Some(DRAIN));
        self.web.await??;
        tokio::time::timeout(DRAIN, self.writer).await.context("the journal could not be written to its end")??;
        Ok(())
    }
}

/// Counts from here on, and keeps what was counted tidy.
fn figures() -> anyhow::Result<Figures> {
    let figures = Figures::begin()?;
    let kept = figures.clone();
    tokio::spawn(async move {
        let mut every = tokio::time::interval(TIDY_EVERY);
        loop {
            every.tick().await;
            kept.tidy();
        }
    });
    Ok(figures)
}

/// Whoever keeps recordings, where there is a folder to take them from.
fn keeper(config: &Config, store: &Store, writer: &Writer) -> Option<(mpsc::Sender<Over>, JoinHandle<()>)> {
    let recording = &config.recording;
    let creditors = recording.notices.keys().cloned().collect();
    let keeping = Keeping { folder: config.recordings_folder()?, keep: recording.keep.clone(), creditors };
    if recording.folder.is_none()
        && let Err(error) = std::fs::create_dir_all(&keeping.folder)
    {
        tracing::error!(folder = %keeping.folder.display(), %error, "there is no room for recordings: see [recording] keep");
    }
    let (over, over_out) = mpsc::channel(OVER_MAX);
    Some((over, tokio::spawn(keep::run(keeping, store.clone(), writer.clone(), SystemClock, over_out))))
}

async fn bridge_setup(
    config: &Config,
    store: Store,
    writer: Writer,
    recordings: Option<mpsc::Sender<Over>>,
    run: u64,
    bell: Arc<Bells>,
) -> anyhow::Result<Setup> {
    let (pbx, rules) = (&config.pbx, desk_rules(config)?);
    Ok(Setup {
        address: config.uses_manager().then(|| Address { host: pbx.host.clone(), port: pbx.port, tls: pbx.ca_file.clone() }),
        manager_lines: patterns(&pbx.lines)?,
        sip: (config.sip.is_on() || config.browser.is_on()).then(|| sip_setup(config)).transpose()?,
        phones: None,
        account: Account { username: pbx.username.clone(), secret: pbx.secret.clone(), plain: pbx.plain_login },
        dial: DialSettings { context: pbx.dial_context.clone(), ring_seconds: pbx.dial_ring_seconds },
        technology: pbx.technology.clone(),
        seats: seats(&store, &rules).await?,
        blind_since: store.last_sight().await?,
        rules,
        store,
        writer,
        recordings,
        run,
        bell,
    })
}

pub(super) fn sip_setup(config: &Config) -> anyhow::Result<SipSetup> {
    let sip = &config.sip;
    Ok(SipSetup {
        lines: patterns(&sip.lines)?,
        has_account: sip.is_on(),
        server: sip.server.clone(),
        port: sip.port,
        transport: sip.transport,
        domain: sip.domain.clone().unwrap_or_else(|| sip.server.clone()),
        credentials: Credentials { username: sip.username.clone(), secret: sip.secret.clone(), realm: sip.realm.clone() },
        ca_file: sip.ca_file.clone(),
        registers: sip.register,
        listen: sip.listen,
        dial_prefix: sip.dial_prefix.clone(),
        dial_by: sip.dial_by,
        requires_srtp: config.browser.srtp == Srtp::Require,
    })
}

fn phone_setup(config: &Config, offers: mpsc::Receiver<Offering>) -> anyhow::Result<PhoneSetup> {
    let browser = &config.browser;
    let [first, last] = browser.rtp_ports;
    Ok(PhoneSetup {
        lines: patterns(&browser.lines)?,
        secrets: browser.secrets.clone(),
        realm: config.sip.realm.clone(),
        listen: browser.listen,
        announced: announced(browser),
        rtp_ports: first..=last,
        keys_by_info: browser.keys == KeysBy::Info,
        recordings: config.recordings_folder(),
        noticed: config.recording.notices.keys().cloned().collect(),
        offers,
    })
}

/// Where browsers find the port for their audio; none where it is the address at which that listens.
pub(super) fn announced(browser: &Browser) -> Vec<IpAddr> {
    match (&browser.announce[..], browser.listen.ip()) {
        ([], address) if address.is_unspecified() => own_addresses(),
        (announced, _) => announced.to_vec(),
    }
}

/// The address by which this machine reaches others, and the one by which it reaches itself.
fn own_addresses() -> Vec<IpAddr> {
    // The kernel says which of our addresses it would take; nothing is sent.
    let outward = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    outward.into_iter().map(|address| address.ip()).chain([IpAddr::from([127, 0, 0, 1])]).collect()
}

pub(super) fn patterns(lines: &[String]) -> anyhow::Result<Vec<Pattern>> {
    Ok(lines.iter().map(|line| Pattern::parse(line)).collect::<Result<_, _>>()?)
}

fn desk_rules(config: &Config) -> anyhow::Result<DeskRules> {
    let creditors = config.creditors.iter().map(|(name, creditor)| CreditorNumbers {
        name: name.clone(),
        numbers: creditor.numbers.clone(),
        caller_id: creditor.caller_id,
    });
    Ok(DeskRules { plan: config.number_plan()?, queues: config.queues.names.clone(), creditors: creditors.collect() })
}

/// The board as it starts, with the gaps of the last day: a restart does not make them forgotten, and is one itself.
async fn first_board(store: &Store, run: u64, now: Timestamp, blind_since: Option<Timestamp>) -> anyhow::Result<Board> {
    let mut board = Board::new(run, now);
    let gaps = store.gaps(now.plus_seconds(-86_400)).await?;
    board.gaps = gaps.into_iter().map(|(from, to)| Gap { from, to }).collect();
    board.gaps.extend(blind_since.map(|from| Gap { from, to: None }));
    Ok(board)
}

/// Every user with a phone has a seat, as it was left where it was, with all that is owed there.
async fn seats(store: &Store, rules: &DeskRules) -> anyhow::Result<Vec<Seat>> {
    let mut kept = store.seats().await?;
    let owed = store.owed_calls(None).await?;
    let mut seats = Vec::new();
    for user in store.users().await?.into_iter().filter(|user| !user.disabled) {
        let Some(profile) = user.profile() else { continue };
        let mut seat = match kept.iter().position(|seat| seat.profile.agent == profile.agent) {
            Some(at) => {
                let mut seat = kept.swap_remove(at);
                seat.profile = profile;
                without_settled(store, seat).await?
            }
            None => Seat::new(profile, SystemClock.now()),
        };
        for call in owed.iter().filter(|call| call.agent == user.id) {
            seat.owes(call.at_desk(rules));
        }
        seats.push(seat);
    }
    Ok(seats)
}

/// A crash may have come between the ledger and the seat: what is settled there is not owed here.
async fn without_settled(store: &Store, mut seat: Seat) -> anyhow::Result<Seat> {
    let mut calls = Vec::new();
    for call in seat.calls.drain(..) {
        if call.is_live() || !store.is_settled(&call.id).await? {
            calls.push(call);
        }
    }
    seat.calls = calls;
    Ok(seat)
}

fn office(config: &Config, plan: NumberPlan) -> anyhow::Result<OfficeInfo> {
    Ok(OfficeInfo {
        name: config.office.name.clone(),
        zone: config.office.zone,
        plan,
        phones_that_dial: if config.sip.dial_by == SipDialBy::Refer { patterns(&config.sip.lines)? } else { Vec::new() },
        dial_countries: config.office.dial_countries.clone(),
        trusted_proxies: config.web.trusted_proxies.clone(),
        https: config.web.certificate.is_some(),
        practice: config.practice,
        practice_at: config.web.practice.clone().filter(|_| !config.practice),
        language: config.web.language.clone(),
        session_hours: config.web.session_hours,
        notices: config.recording.notices.clone(),
        recordings: config.recording.keep.clone(),
        metrics_token: config.metrics.token.clone(),
    })
}
