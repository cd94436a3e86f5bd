//! All transactions of an endpoint: finds the one that a message belongs to, and wakes those whose time has come.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::client::{Answer, Client};
use super::server::Server;
use crate::telephony::sip::check::cseq;
use crate::telephony::sip::draft::Draft;
use crate::telephony::sip::message::Message;
use crate::telephony::sip::method::Method;
use crate::telephony::sip::name::HeaderName;
use crate::telephony::sip::peer::{Peer, Transmit};
use crate::telephony::sip::start_line::StartLine;
use crate::telephony::sip::timers::{Timer, Timers};
use crate::telephony::sip::via::{self, MAGIC_COOKIE};

/// Transactions at the same time, at most, of each side. A request beyond is answered 503, one of ours is refused.
pub const TRANSACTIONS_MAX: usize = 50_000;

/// One transaction, as whoever began or answers it names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionId(u64);

/// There is no room for a further transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are {TRANSACTIONS_MAX} transactions already")]
pub struct Full;

/// A request, as it is to whoever answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// News, to be answered.
    New(TransactionId),
    /// It came again, or acknowledged a refusal: nothing is to be done.
    Known,
    /// An ACK of a 2xx: it belongs to a dialog.
    Ack,
    /// A CANCEL, to be answered, and the INVITE that it takes back, if that is there.
    Cancel(TransactionId, Option<TransactionId>),
    /// There are too many transactions.
    TooMany,
}

/// What came to an end by its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expired {
    /// As it should.
    Done,
    /// The other side never answered (Timers B and F).
    NoAnswer,
    /// The other side never acknowledged (Timers H and L).
    NoAck,
}

/// What a transaction's time has come for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Its end.
    Over(Expired),
    /// To be taken back.
    Cancel,
}

/// When something is sent again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Repeat {
    pub(super) at: Instant,
    timer: Timer,
    pause: Duration,
}

impl Repeat {
    pub(super) fn new(now: Instant, timers: &Timers, timer: Timer) -> Self {
        let pause = timers.first(timer, false);
        Self { at: now + pause, timer, pause }
    }

    pub(super) fn again(&mut self, now: Instant, timers: &Timers) {
        self.pause = timers.next(self.timer, self.pause);
        self.at = now + self.pause;
    }

    pub(super) fn slow_down(&mut self, now: Instant, timers: &Timers) {
        self.pause = timers.proceeding();
        self.at = now + self.pause;
    }
}

/// Who asked what (RFC 3261, 17.2.3). An ACK has the key of its INVITE.
type ServerKey = (String, Method);

/// All transactions of one endpoint.
#[derive(Debug)]
pub struct Transactions {
    timers: Timers,
    clients: BTreeMap<TransactionId, (Client, String)>,
    servers: BTreeMap<TransactionId, (Server, ServerKey)>,
    by_branch: HashMap<(String, Method), TransactionId>,
    by_key: HashMap<ServerKey, TransactionId>,
    due: BTreeSet<(Instant, TransactionId)>,
    woken_at: BTreeMap<TransactionId, Instant>,
    out: VecDeque<Transmit>,
    count: u64,
}

impl Transactions {
    /// None, with these timers.
    #[must_use]
    pub fn new(timers: Timers) -> Self {
        Self {
            timers,
            clients: BTreeMap::new(),
            servers: BTreeMap::new(),
            by_branch: HashMap::new(),
            by_key: HashMap::new(),
            due: BTreeSet::new(),
            woken_at: BTreeMap::new(),
            out: VecDeque::new(),
            count: 0,
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.clients.len() + self.servers.len()
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sends a request whose first Via bears this branch.
    ///
    /// # Errors
    /// When there are too many.
    pub fn start(&mut self, now: Instant, to: Peer, draft: Draft, branch: &str) -> Result<TransactionId, Full> {
        if self.clients.len() >= TRANSACTIONS_MAX {
            return Err(Full);
        }
        let client = Client::new(now, &self.timers, to, draft, &mut self.out);
        let id = self.next();
        self.by_branch.insert((branch.to_owned(), client.method), id);
        self.clients.insert(id, (client, branch.to_owned()));
        self.wake(id);
        Ok(id)
    }

    /// Takes an INVITE back: at once if something was heard of it, else as soon as something is (9.1).
    pub fn cancel(&mut self, now: Instant, id: TransactionId) {
        let Some((client, _)) = self.clients.get_mut(&id) else { return };
        if client.cancel(now, &self.timers) {
            self.send_cancel(now, id);
        }
        self.wake(id);
    }

    fn send_cancel(&mut self, now: Instant, id: TransactionId) {
        let Some((client, branch)) = self.clients.get(&id) else { return };
        let (to, draft, branch) = (client.peer(), client.draft().follow_up(Method::Cancel, None), branch.clone());
        // Without room for it, the INVITE ends by its own time.
        let _ = self.start(now, to, draft, &branch);
    }

    /// Takes an answer: the transaction that it is news to. One that belongs to no request of ours, or comes from elsewhere
    /// than the request went to, is nobody's.
    pub fn handle_response(&mut self, now: Instant, from: Peer, message: &Message<'_>) -> Option<TransactionId> {
        let StartLine::Response { status, .. } = message.start else { return None };
        let status = status.parse().ok()?;
        let vias = message.list(HeaderName::Via)?;
        let branch = match via::list(&vias).ok()?.as_slice() {
            // RFC 3261, 18.1.2 and 8.1.3.3: an answer with more than our own Via went astray.
            [one] => one.branch()?.into_owned(),
            _ => return None,
        };
        let of = message.value(HeaderName::CSeq)?;
        let method = Method::named(cseq(&of).ok()?.1)?;
        let id = *self.by_branch.get(&(branch, method))?;
        let (client, _) = self.clients.get_mut(&id)?;
        if client.peer().addr.ip() != from.addr.ip() {
            return None;
        }
        let to = message.value(HeaderName::To).unwrap_or_default();
        let answer = client.answered(now, &self.timers, status, &to, &mut self.out);
        if answer == Answer::NewAndCancel {
            self.send_cancel(now, id);
        }
        self.wake(id);
        (answer != Answer::Known).then_some(id)
    }

    /// Takes a request whose method we know.
    pub fn handle_request(&mut self, now: Instant, from: Peer, method: Method, message: &Message<'_>) -> Asked {
        let of = if method == Method::Ack { Method::Invite } else { method };
        let Some(key) = key_of(message) else { return Asked::Known };
        let known = self.by_key.get(&(key.clone(), of)).copied();
        if let Some(id) = known {
            let Some((server, _)) = self.servers.get_mut(&id) else { return Asked::Known };
            if method != Method::Ack {
                server.again(&mut self.out);
                return Asked::Known;
            }
            let is_taken = server.ack(now, &self.timers);
            self.wake(id);
            return if is_taken { Asked::Known } else { Asked::Ack };
        }
        if method == Method::Ack {
            return Asked::Ack;
        }
        if self.servers.len() >= TRANSACTIONS_MAX {
            return Asked::TooMany;
        }
        let id = self.next();
        let invite = (method == Method::Cancel).then(|| self.by_key.get(&(key.clone(), Method::Invite)).copied());
        self.by_key.insert((key.clone(), method), id);
        self.servers.insert(id, (Server::new(method, from), (key, method)));
        match invite {
            Some(invite) => Asked::Cancel(id, invite),
            None => Asked::New(id),
        }
    }

    /// Answers a request. A second final answer is not sent.
    pub fn respond(&mut self, now: Instant, id: TransactionId, draft: &Draft) {
        if let Some((server, _)) = self.servers.get_mut(&id) {
            server.respond(now, &self.timers, draft, &mut self.out);
        }
        self.wake(id);
    }

    /// The ACK of our 2xx came, says the dialog.
    pub fn acknowledged(&mut self, id: TransactionId) {
        if let Some((server, _)) = self.servers.get_mut(&id) {
            server.acknowledged();
        }
        self.wake(id);
    }

    /// A request of ours, until it is over.
    #[must_use]
    pub fn sent(&self, id: TransactionId) -> Option<&Draft> {
        self.clients.get(&id).map(|(client, _)| client.draft())
    }

    /// Whether this request still waits for its final answer.
    #[must_use]
    pub fn is_unanswered(&self, id: TransactionId) -> bool {
        self.servers.get(&id).is_some_and(|(server, _)| !server.is_answered())
    }

    /// Sends something that belongs to no transaction: the ACK of a 2xx, or an answer that needs no memory.
    pub fn send(&mut self, to: Peer, draft: &Draft) {
        self.out.push_back(Transmit { to, bytes: draft.bytes() });
    }

    /// What was sent could not be: the requests that are on their way to this peer and unanswered are over.
    pub fn transport_failed(&mut self, peer: Peer) -> Vec<TransactionId> {
        let is_lost = |client: &Client| client.peer() == peer && !client.is_answered();
        let lost: Vec<TransactionId> = self.clients.iter().filter(|(_, (client, _))| is_lost(client)).map(|(id, _)| *id).collect();
        lost.iter().for_each(|id| self.forget(*id));
        lost
    }

    /// What is to be sent next.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.out.pop_front()
    }

    /// When [`Transactions::handle_timeout`] is to be called.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Does what is due, and says which transactions are over.
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<(TransactionId, Expired)> {
        let mut expired = Vec::new();
        while let Some((at, id)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, id));
            self.woken_at.remove(&id);
            let over = match (self.clients.get_mut(&id), self.servers.get_mut(&id)) {
                (Some((client, _)), _) => client.handle_timeout(now, &self.timers, &mut self.out),
                (_, Some((server, _))) => server.handle_timeout(now, &self.timers, &mut self.out).map(Due::Over),
                _ => None,
            };
            match over {
                Some(Due::Cancel) => {
                    self.send_cancel(now, id);
                    self.wake(id);
                }
                Some(Due::Over(how)) => {
                    self.forget(id);
                    expired.push((id, how));
                }
                None => self.wake(id),
            }
        }
        expired
    }

    /// Its next time-out is entered, in place of the one that was.
    fn wake(&mut self, id: TransactionId) {
        let at = match (self.clients.get(&id), self.servers.get(&id)) {
            (Some((client, _)), _) => client.next_timeout(),
            (_, Some((server, _))) => server.next_timeout(),
            _ => None,
        };
        if self.woken_at.get(&id).copied() == at {
            return;
        }
        if let Some(before) = self.woken_at.remove(&id) {
            self.due.remove(&(before, id));
        }
        if let Some(at) = at {
            self.due.insert((at, id));
            self.woken_at.insert(id, at);
        }
    }

    fn forget(&mut self, id: TransactionId) {
        if let Some((client, branch)) = self.clients.remove(&id) {
            self.by_branch.remove(&(branch, client.method));
        }
        if let Some((_, key)) = self.servers.remove(&id) {
            self.by_key.remove(&key);
        }
        if let Some(at) = self.woken_at.remove(&id) {
            self.due.remove(&(at, id));
        }
    }

    const fn next(&mut self) -> TransactionId {
        self.count += 1;
        TransactionId(self.count)
    }
}

/// By what a request is known again (17.2.3): the branch and who sent it; of RFC 2543, everything that stays the same.
fn key_of(message: &Message<'_>) -> Option<String> {
    let vias = message.list(HeaderName::Via)?;
    let top = via::first(&vias).ok()?;
    let port = top.port.unwrap_or_default();
    match top.branch() {
        Some(branch) if branch.starts_with(MAGIC_COOKIE) => Some(format!("{branch} {}:{port}", top.host)),
        _ => {
            let from = message.value(HeaderName::From)?;
            let of = message.value(HeaderName::CSeq)?;
            let (number, _) = cseq(&of).ok()?;
            let call = message.value(HeaderName::CallId)?;
            Some(format!("{call} {number} {from} {}:{port} {}", top.host, top.branch().unwrap_or_default()))
        }
    }
}
