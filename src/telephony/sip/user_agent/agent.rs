//! The user agent: its accounts, and the way of a message through it.

use core::net::{IpAddr, SocketAddr};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::alarms::{Alarm, Alarms};
use super::event::{AccountId, Event, SessionId, SubscriptionId};
use super::outcome::{Attempt, Outcome, Pending, Purpose};
use super::registration::Registration;
use super::session::Session;
use super::subscription::Subscription;
use crate::telephony::sip::digest::{Authenticator, Credentials};
use crate::telephony::sip::draft::Draft;
use crate::telephony::sip::message::Message;
use crate::telephony::sip::name::HeaderName;
use crate::telephony::sip::peer::{Peer, Transmit, Transport};
use crate::telephony::sip::start_line::StartLine;
use crate::telephony::sip::timers::Timers;
use crate::telephony::sip::transaction::layer::{Expired, Transactions};
use crate::telephony::sip::via::MAGIC_COOKIE;

/// A request over datagrams that is longer goes over a connection (RFC 3261, 18.1.1).
pub const DATAGRAM_BYTES_MAX: usize = 1300;
/// A Via of ours has about so many.
const VIA_BYTES: usize = 100;
/// Sessions at the same time, at most: a further call is answered 503.
pub const SESSIONS_MAX: usize = 10_000;
/// Hops that a request of ours may make.
const MAX_FORWARDS: u32 = 70;

/// What holds for all accounts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What User-Agent and Server say.
    pub name: String,
    /// Where we are, as Via and Contact say it: over datagrams, over TCP and over TLS.
    pub local: [SocketAddr; 3],
    /// The times of transactions.
    pub timers: Timers,
    /// How often an account's PBX is asked whether it is there.
    pub ping_every: Duration,
    /// How long it may take to answer that.
    pub ping_patience: Duration,
}

impl Settings {
    pub(super) const fn local(&self, transport: Transport) -> SocketAddr {
        let [udp, tcp, tls] = self.local;
        match transport {
            Transport::Udp => udp,
            Transport::Tcp => tcp,
            Transport::Tls => tls,
        }
    }
}

/// One account at one PBX.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) user: String,
    pub(super) domain: String,
    pub(super) peer: Peer,
    pub(super) auth: Authenticator,
    /// Where the PBX sees us, where that is not where we think we are.
    pub(super) public: Option<SocketAddr>,
    pub(super) registration: Option<Registration>,
    /// It is asked every moment whether it is there.
    pub(super) is_watched: bool,
    /// `None` before it has said anything.
    pub(super) is_away: Option<bool>,
}

impl Account {
    /// `sip:101@pbx.example`.
    pub(super) fn address(&self) -> String {
        format!("sip:{}@{}", self.user, self.domain)
    }
}

/// Whom a dialog belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Session(SessionId),
    Subscription(SubscriptionId),
}

/// What was not carried out, and why; for the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Refusals {
    /// From an address that is no peer of ours.
    pub strangers: u64,
    /// Not to be read as a message.
    pub unreadable: u64,
    /// Answers to nothing that we asked.
    pub strays: u64,
}

/// Our end of SIP.
#[derive(Debug)]
pub struct UserAgent {
    pub(super) settings: Settings,
    pub(super) transactions: Transactions,
    pub(super) accounts: Vec<Account>,
    pub(super) peers: BTreeSet<IpAddr>,
    pub(super) pending: HashMap<super::outcome::Id, Pending>,
    pub(super) subscriptions: BTreeMap<SubscriptionId, Subscription>,
    pub(super) sessions: BTreeMap<SessionId, Session>,
    pub(super) by_dialog: HashMap<(String, String), Owner>,
    pub(super) by_server: HashMap<super::outcome::Id, SessionId>,
    /// By the INVITE that began it: the same over another way is known by this (8.2.2.2).
    pub(super) by_origin: HashMap<(String, u32), SessionId>,
    pub(super) alarms: Alarms,
    pub(super) events: VecDeque<Event>,
    pub(super) refusals: Refusals,
    /// Where we are the exchange: whoever takes what is for nobody else.
    pub(super) host: Option<AccountId>,
    pub(super) count: u64,
    random: StdRng,
    /// Makes the tags of answers that need no memory.
    pub(super) secret: u64,
}

impl UserAgent {
    /// An agent without accounts; everything that must not be guessed is made from the seed.
    #[must_use]
    pub fn new(settings: Settings, seed: [u8; 32]) -> Self {
        let mut random = StdRng::from_seed(seed);
        Self {
            transactions: Transactions::new(settings.timers),
            settings,
            accounts: Vec::new(),
            peers: BTreeSet::new(),
            pending: HashMap::new(),
            subscriptions: BTreeMap::new(),
            sessions: BTreeMap::new(),
            by_dialog: HashMap::new(),
            by_server: HashMap::new(),
            by_origin: HashMap::new(),
            alarms: Alarms::default(),
            events: VecDeque::new(),
            refusals: Refusals::default(),
            host: None,
            count: 0,
            secret: random.random(),
            random,
        }
    }

    /// Adds an account; nothing is sent yet.
    pub fn add_account(&mut self, user: &str, domain: &str, peer: Peer, credentials: Credentials) -> AccountId {
        self.peers.insert(peer.addr.ip());
        let auth = Authenticator::new(credentials);
        let (user, domain) = (user.to_owned(), domain.to_owned());
        self.accounts.push(Account { user, domain, peer, auth, public: None, registration: None, is_watched: false, is_away: None });
        AccountId(self.accounts.len() - 1)
    }

    /// The PBX of an account is elsewhere now: another address of the same name answered.
    pub fn move_account(&mut self, account: AccountId, peer: Peer) {
        self.peers.insert(peer.addr.ip());
        if let Some(account) = self.accounts.get_mut(account.0) {
            account.peer = peer;
        }
    }

    /// Where we are over this transport, from now on: a connection has an end of its own, and the PBX finds it by that.
    pub fn set_local(&mut self, transport: Transport, local: SocketAddr) {
        let [udp, tcp, tls] = &mut self.settings.local;
        *match transport {
            Transport::Udp => udp,
            Transport::Tcp => tcp,
            Transport::Tls => tls,
        } = local;
    }

    /// Messages from this address are taken.
    pub fn trust(&mut self, address: IpAddr) {
        self.peers.insert(address);
    }

    /// Takes one message as it came.
    pub fn handle(&mut self, now: Instant, from: Peer, bytes: &[u8]) {
        // Before anything is read of it: a flood of strangers costs a look into a set.
        if !self.peers.contains(&from.addr.ip()) {
            self.refusals.strangers += 1;
            return;
        }
        if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return; // It keeps the way open, and says nothing.
        }
        let message = match Message::parse(bytes) {
            Ok(message) => message,
            Err(_) => {
                self.refusals.unreadable += 1;
                return;
            }
        };
        match message.start {
            StartLine::Request { method, .. } => self.request(now, from, method, &message),
            StartLine::Response { .. } => self.response(now, from, &message),
        }
    }

    fn response(&mut self, now: Instant, from: Peer, message: &Message<'_>) {
        let checked = super::super::check::check(message);
        let id = checked.ok().and_then(|()| self.transactions.handle_response(now, from, message));
        let (Some(id), StartLine::Response { status, .. }) = (id, message.start) else {
            self.refusals.strays += 1;
            return;
        };
        self.answered(now, id, Outcome::Response(status.parse().unwrap_or(500), message));
    }

    /// What could not be sent to this peer is over: the connection is gone, or could not be made.
    pub fn transport_failed(&mut self, now: Instant, peer: Peer) {
        for id in self.transactions.transport_failed(peer) {
            self.answered(now, id, Outcome::Unreachable);
        }
        for account in (0..self.accounts.len()).map(AccountId) {
            if self.accounts.get(account.0).is_some_and(|account| account.peer == peer && account.is_watched) {
                self.peer_is_away(now, account);
            }
        }
    }

    /// What is to be sent next.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transactions.poll_transmit()
    }

    /// What happened next.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`UserAgent::handle_timeout`] is to be called.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        [self.transactions.next_timeout(), self.alarms.next()].into_iter().flatten().min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        for (id, how) in self.transactions.handle_timeout(now) {
            match how {
                Expired::Done => {
                    self.pending.remove(&id);
                    self.by_server.remove(&id);
                }
                Expired::NoAnswer => self.answered(now, id, Outcome::NoAnswer),
                Expired::NoAck => self.never_acknowledged(now, id),
            }
        }
        while let Some(alarm) = self.alarms.pop(now) {
            match alarm {
                Alarm::Register(account) => self.send_register(now, account),
                Alarm::Ping(account) => self.ping(now, account),
                Alarm::PingLost(account) => self.peer_is_away(now, account),
                Alarm::Subscribe(subscription) => self.send_subscribe(now, subscription),
                Alarm::NothingNotified(subscription) => self.nothing_notified(now, subscription),
                Alarm::Reoffer(session) => self.offer_again(now, session),
                Alarm::RefreshSession(session) => self.refresh_session(now, session),
                Alarm::SessionExpired(session) => self.session_expired(now, session),
                Alarm::RepeatReliable(session) => self.repeat_reliable(now, session),
            }
        }
    }

    /// The PBX of this account does not answer.
    #[must_use]
    pub fn is_away(&self, account: AccountId) -> bool {
        self.accounts.get(account.0).is_some_and(|account| account.is_away == Some(true))
    }

    /// Refused so far.
    #[must_use]
    pub const fn refusals(&self) -> Refusals {
        self.refusals
    }

    /// Everything that is remembered: sessions, subscriptions, transactions, alarms. Nothing, when all is over.
    #[must_use]
    pub fn remembered(&self) -> [usize; 6] {
        [
            self.sessions.len(),
            self.by_dialog.len(),
            self.transactions.len(),
            self.pending.len(),
            self.by_server.len() + self.by_origin.len(),
            self.alarms.len(),
        ]
    }

    /// Sends a request of ours and notes what its answer is for.
    pub(super) fn send(&mut self, now: Instant, account: AccountId, wanted: Peer, draft: Draft, purpose: Purpose, attempt: Attempt) -> bool {
        let (branch, cnonce) = (self.branch(), self.token());
        let Some(known) = self.accounts.get_mut(account.0) else { return false };
        let proofs = match draft.method() {
            Some(method) => known.auth.proofs(method, draft.uri(), &cnonce),
            None => Vec::new(),
        };
        let full = self.whole(draft.clone()).with_all(proofs.iter().map(|(name, value)| (*name, value)));
        let is_long = wanted.transport == Transport::Udp && full.bytes().len() + VIA_BYTES > DATAGRAM_BYTES_MAX;
        let to = if is_long && !attempt.is_bound_to_datagrams { Peer { transport: Transport::Tcp, ..wanted } } else { wanted };
        let full = full.with_first(HeaderName::Via, self.via(to.transport, &branch));
        match self.transactions.start(now, to, full, &branch) {
            Ok(id) => {
                if let Purpose::Invite(session) = purpose
                    && let Some(session) = self.sessions.get_mut(&session)
                {
                    session.inviting = Some(id);
                }
                self.pending.insert(id, Pending { account, wanted, to, draft, purpose, attempt, proofs, acks: Vec::new() });
                true
            }
            Err(_) => false,
        }
    }

    /// What every request of ours has.
    pub(super) fn whole(&self, draft: Draft) -> Draft {
        draft.with(HeaderName::MaxForwards, MAX_FORWARDS).with(HeaderName::UserAgent, &self.settings.name)
    }

    /// Our own hop.
    pub(super) fn via(&self, transport: Transport, branch: &str) -> String {
        format!("SIP/2.0/{transport} {};branch={branch};rport", self.settings.local(transport))
    }

    /// Where an account is reached.
    pub(super) fn contact(&self, account: AccountId) -> String {
        let Some(account) = self.accounts.get(account.0) else { return String::new() };
        let transport = account.peer.transport;
        let local = account.public.unwrap_or_else(|| self.settings.local(transport));
        match transport.param() {
            Some(param) => format!("<sip:{}@{local};transport={param}>", account.user),
            None => format!("<sip:{}@{local}>", account.user),
        }
    }

    /// A branch that nobody has had.
    pub(super) fn branch(&mut self) -> String {
        format!("{MAGIC_COOKIE}{:016x}", self.random.random::<u64>())
    }

    /// A tag, a Call-ID, a nonce: 64 bits that nobody guesses (RFC 3261, 19.3 asks for 32).
    pub(super) fn token(&mut self) -> String {
        format!("{:016x}", self.random.random::<u64>())
    }

    /// Somewhere between, at random, in units of 10 ms (RFC 3261, 14.1).
    pub(super) fn between(&mut self, least: Duration, most: Duration) -> Duration {
        let units = |time: Duration| u64::try_from(time.as_millis() / 10).unwrap_or(u64::MAX);
        Duration::from_millis(self.random.random_range(units(least)..=units(most)) * 10)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }
}
