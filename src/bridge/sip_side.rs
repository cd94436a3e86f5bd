//! SIP's side of the task: opening its sockets, and what its line tells.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::link::Backoff;
use super::sip::network::{Arrived, Friends, SipNetwork};
use super::sip::opening::{Opened, SipSetup, line_of, opened};
use super::sip::resolve::resolve;
use super::sources::{Of, Source};
use super::task::Task;
use crate::clock::{Clock, Timestamp};
use crate::ids::{CallId, Extension, PhoneNumber};
use crate::measure;
use crate::personal::Personal;
use crate::store::write::Write;
use crate::telephony::sip::peer::Peer;
use crate::telephony::sip_line::line::{Dial, SipLine, Told};

/// How long one address is tried before the next is.
const TRY_ELSEWHERE: Duration = Duration::from_secs(3);
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);
/// Messages that are taken in one turn, at most.
const MESSAGES_A_TURN: usize = 256;

/// A line that works.
pub(super) struct SipSide {
    pub(super) line: SipLine,
    network: SipNetwork,
    /// Where we are towards the PBX.
    pub(super) ours: IpAddr,
    friends: Friends,
    /// Where the PBX may be, and where it is tried.
    peers: Vec<Peer>,
    at: usize,
    moved: Instant,
    resolving: Option<JoinHandle<Vec<Peer>>>,
}

/// How far the line has come.
pub(super) enum SipState {
    Off,
    Opening(JoinHandle<Result<Box<Opened>, String>>),
    Waiting(Instant),
    Open(Box<SipSide>),
}

/// What came.
pub(super) enum SipInput {
    Opened(Result<Box<Opened>, String>),
    Retry,
    Arrived(Arrived),
    Due,
    Resolved(Vec<Peer>),
}

/// What comes next. Cancelled, it has taken nothing.
pub(super) async fn sip_input(state: &mut SipState) -> SipInput {
    match state {
        SipState::Off => std::future::pending().await,
        SipState::Opening(opening) => SipInput::Opened(opening.await.unwrap_or_else(|error| Err(error.to_string()))),
        SipState::Waiting(until) => {
            tokio::time::sleep_until(*until).await;
            SipInput::Retry
        }
        SipState::Open(side) => {
            let due = side.line.next_timeout().map(Instant::from_std);
            tokio::select! {
                arrived = side.network.arrived() => SipInput::Arrived(arrived),
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => SipInput::Due,
                peers = resolved(&mut side.resolving) => SipInput::Resolved(peers),
            }
        }
    }
}

async fn resolved(resolving: &mut Option<JoinHandle<Vec<Peer>>>) -> Vec<Peer> {
    match resolving {
        Some(handle) => handle.await.unwrap_or_default(),
        None => std::future::pending().await,
    }
}

/// Begins to open a line.
pub(super) fn open(setup: &Option<SipSetup>) -> SipState {
    match setup {
        Some(setup) => SipState::Opening(tokio::spawn(opened(setup.clone()))),
        None => SipState::Off,
    }
}

impl SipSide {
    fn begin(setup: &SipSetup, opened: Opened, technology: &str, run: u64) -> Option<Self> {
        let (line, Opened { network, friends, peers, local: [ours, ..] }) = line_of(setup, opened, technology, run)?;
        Some(Self { line, network, ours: ours.ip(), friends, peers, at: 0, moved: Instant::now(), resolving: None })
    }

    /// Sends what is to be sent.
    pub(super) fn flush(&mut self) {
        while let Some(transmit) = self.line.poll_transmit() {
            measure::sip_message(true, transmit.bytes.len());
            self.network.send(transmit);
        }
    }

    fn arrived(&mut self, arrived: Arrived) {
        let now = std::time::Instant::now();
        match arrived {
            Arrived::Message(from, bytes) => {
                measure::sip_message(false, bytes.len());
                self.line.handle(now, from, &bytes);
            }
            Arrived::Connected(peer, local) => self.line.set_local(peer.transport, local),
            Arrived::Failed(peer, why) => {
                tracing::debug!(%peer, why, "a SIP connection is over");
                self.line.transport_failed(now, peer);
            }
            Arrived::Accepted(..) => {}
        }
    }

    /// While the PBX does not answer, its next address is tried every moment, and its name asked again.
    fn try_elsewhere(&mut self, setup: &SipSetup) {
        if !self.line.is_away() || self.moved.elapsed() < TRY_ELSEWHERE {
            return;
        }
        self.moved = Instant::now();
        if self.peers.len() > 1 {
            self.at = (self.at + 1) % self.peers.len();
            if let Some(peer) = self.peers.get(self.at) {
                self.line.move_to(*peer);
            }
        }
        if self.resolving.is_none() && setup.server.parse::<IpAddr>().is_err() {
            let setup = setup.clone();
            self.resolving = Some(tokio::spawn(async move { resolve(&setup.server, setup.port, setup.transport).await.unwrap_or_default() }));
        }
    }

    fn found(&mut self, peers: Vec<Peer>) {
        self.resolving = None;
        if peers.is_empty() || peers == self.peers {
            return;
        }
        peers.iter().for_each(|peer| self.friends.insert(peer.addr.ip()));
        if let Some(first) = peers.first() {
            self.line.move_to(*first);
        }
        (self.peers, self.at) = (peers, 0);
    }
}

impl<C: Clock> Task<C> {
    pub(super) fn sip_heard(&mut self, input: SipInput) {
        match input {
            SipInput::Opened(Ok(opened)) => self.sip_opened(*opened),
            SipInput::Opened(Err(why)) => {
                let wait = self.sip_backoff.pause();
                self.sip = SipState::Waiting(Instant::now() + wait);
                self.sip_lost(why);
            }
            SipInput::Retry => self.sip = open(&self.setup.sip),
            SipInput::Arrived(arrived) => {
                if let SipState::Open(side) = &mut self.sip {
                    side.arrived(arrived);
                    // What else has come is taken in the same turn.
                    for _ in 1..MESSAGES_A_TURN {
                        let Some(next) = side.network.arrived_now() else { break };
                        side.arrived(next);
                    }
                }
            }
            SipInput::Due => {
                if let SipState::Open(side) = &mut self.sip {
                    side.line.handle_timeout(std::time::Instant::now());
                }
            }
            SipInput::Resolved(peers) => {
                if let SipState::Open(side) = &mut self.sip {
                    side.found(peers);
                }
            }
        }
    }

    fn sip_opened(&mut self, opened: Opened) {
        let Some(setup) = self.setup.sip.clone() else { return };
        let Some(side) = SipSide::begin(&setup, opened, &self.setup.technology, self.setup.run) else { return };
        self.sip = SipState::Open(Box::new(side));
        self.sip_backoff = Backoff::default();
        if let SipState::Open(side) = &mut self.sip {
            side.line.start(std::time::Instant::now());
        }
        self.set_lines();
        self.ports_from_here();
    }

    /// Takes what the line tells, and sends what it has to send.
    pub(super) async fn sip_told(&mut self) {
        loop {
            let SipState::Open(side) = &mut self.sip else { return };
            side.flush();
            let Some(told) = side.line.poll_told() else { return };
            let now = self.clock.now();
            match told {
                Told::Pbx(event) => {
                    let events = self.sip_tracker.apply(now, &event);
                    self.call_events(now, events).await;
                }
                Told::Up => {
                    tracing::info!("the PBX knows us by SIP");
                    self.sources.sip = Source::Up;
                    self.link_changed(now);
                    self.judge_calls(now, now, Of::Sip).await;
                }
                Told::Down(why) => self.sip_lost(format!("SIP: {why}. Check [sip] server, port and transport, and the account there")),
                Told::Registered(_) => {}
                Told::Audio(order) => self.audio_ordered(order),
                Told::OwnPhone(told) => self.own_phone_told(now, told),
                Told::Phone(extension, Ok(())) => tracing::debug!(%extension, "a phone is watched"),
                Told::Phone(extension, Err(why)) => {
                    tracing::warn!(%extension, %why, "a phone is not watched: may the account of [sip] subscribe to it?");
                }
            }
        }
    }

    /// Call once a tick.
    pub(super) fn sip_tick(&mut self) {
        if let (SipState::Open(side), Some(setup)) = (&mut self.sip, &self.setup.sip) {
            side.try_elsewhere(setup);
            let (sessions, phones) = side.line.counts();
            measure::sip_line(sessions, phones, side.network.strangers.load(Ordering::Relaxed));
        }
    }

    fn sip_lost(&mut self, why: String) {
        self.sources.sip = Source::Lost(why);
        let now = self.clock.now();
        self.link_changed(now);
    }

    /// Watches the phones of those who have a seat.
    pub(super) fn watch_phones(&mut self, extensions: &BTreeSet<Extension>) {
        if let SipState::Open(side) = &mut self.sip {
            side.line.watch_only(std::time::Instant::now(), extensions);
            side.flush();
        }
    }

    /// Dials by SIP; whether it could be sent.
    pub(super) fn sip_dial(
        &mut self,
        call: CallId,
        extension: Extension,
        number: PhoneNumber,
        name: Personal<String>,
        caller_id: Option<PhoneNumber>,
    ) -> bool {
        let SipState::Open(side) = &mut self.sip else { return false };
        let dial = Dial { call, extension, number: number.to_string().into(), name, caller_id: caller_id.map(|number| number.to_string()) };
        let is_sent = side.line.dial(std::time::Instant::now(), dial);
        side.flush();
        is_sent
    }

    /// Hangs up by SIP, at a phone that we are or one that we dialled; whether the channel is one of ours there.
    pub(super) fn sip_hang_up(&mut self, channel: &str) -> bool {
        let SipState::Open(side) = &mut self.sip else { return false };
        let is_ours = side.line.hang_up(std::time::Instant::now(), channel);
        side.flush();
        is_ours
    }

    /// Says goodbye at the PBX.
    pub(super) async fn sip_stop(self) {
        let SipState::Open(mut side) = self.sip else { return };
        side.line.stop(std::time::Instant::now());
        side.flush();
        let _ = tokio::time::timeout(GOODBYE, side.network.finish()).await;
    }

    /// What one source has told is complete: calls at its phones that it does not know are over.
    pub(super) async fn judge_calls(&mut self, now: Timestamp, since: Timestamp, judge: Of) {
        let live = self.live_calls(judge);
        let effects = self.floor.reconcile(now, since, &live);
        let recorded = self.recorded.reconcile(|call| live.contains(call));
        // Where both sources are on, SIP answers for what it alone tells of: what it dialled is closed with the manager's own.
        let only = (judge == Of::Sip && self.sources.manager != Source::Off).then_some(CallId::OBSERVED_PREFIX);
        self.journal.put(Write::CloseGhosts { now, since, live: live.into_iter().collect(), only });
        self.record(now, recorded);
        let _ = self.perform(effects).await;
    }
}
