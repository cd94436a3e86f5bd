//! Two user agents over a bad network in virtual time: whatever they do, every call ends on both sides, and nothing is left over.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use belbrug::telephony::sip::digest::Credentials;
use belbrug::telephony::sip::timers::Timers;
use belbrug::telephony::sip::user_agent::agent::{Settings, UserAgent};
use belbrug::telephony::sip::user_agent::calling::Invitation;
use belbrug::telephony::sip::user_agent::event::{AccountId, Event, SessionId};
use rand::RngExt as _;

use super::network::{Badness, Network, peer};

pub(super) const OFFER: &[u8] = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";

/// Two ends and what lies between.
pub(super) struct Pair {
    pub(super) network: Network,
    pub(super) agents: [UserAgent; 2],
    pub(super) accounts: [AccountId; 2],
}

impl Pair {
    pub(super) fn new(seed: u64, badness: Badness) -> Self {
        let agent = |host: u8, user: &str, other: u8| {
            let local = peer(host).addr;
            let settings = Settings {
                name: "pair".to_owned(),
                local: [local; 3],
                timers: Timers::default(),
                ping_every: Duration::from_secs(2),
                ping_patience: Duration::from_secs(1),
            };
            let mut agent = UserAgent::new(settings, [u8::try_from(seed % 251).unwrap() ^ host; 32]);
            let credentials = Credentials { username: user.to_owned(), secret: "secret".to_owned().into(), realm: None };
            let account = agent.add_account(user, "192.0.2.9", peer(other), credentials);
            (agent, account)
        };
        let ((a, account_a), (b, account_b)) = (agent(1, "a", 2), agent(2, "b", 1));
        Self { network: Network::new(seed, badness), agents: [a, b], accounts: [account_a, account_b] }
    }

    pub(super) fn call(&mut self) -> SessionId {
        let invitation = Invitation { uri: "sip:b@192.0.2.2".to_owned(), sdp: OFFER.to_vec(), ..Invitation::default() };
        self.agents[0].invite(self.network.now, self.accounts[0], &invitation).expect("room")
    }

    fn send(&mut self) {
        for (at, agent) in self.agents.iter_mut().enumerate() {
            while let Some(transmit) = agent.poll_transmit() {
                self.network.send(peer(u8::try_from(at + 1).unwrap()), transmit.to, &transmit.bytes);
            }
        }
    }

    /// When something happens next.
    pub(super) fn next(&mut self) -> Option<Instant> {
        self.send();
        [self.network.next(), self.agents[0].next_timeout(), self.agents[1].next_timeout()].into_iter().flatten().min()
    }

    /// Goes to this time, and takes what arrives and what is due.
    pub(super) fn go_to(&mut self, at: Instant) {
        self.network.now = self.network.now.max(at);
        let now = self.network.now;
        while let Some(datagram) = self.network.arrived() {
            let at = usize::from(datagram.to.addr == peer(2).addr);
            self.agents[at].handle(now, datagram.from, &datagram.bytes);
        }
        for agent in &mut self.agents {
            agent.handle_timeout(now);
        }
        self.send();
    }
}

/// Everything that two people do to a call, at random, over a network that loses three of ten datagrams.
fn play(seed: u64, calls: usize) -> usize {
    let mut pair = Pair::new(seed, Badness::BAD);
    let mut live: [BTreeMap<SessionId, bool>; 2] = [BTreeMap::new(), BTreeMap::new()];
    let mut wishes: BTreeMap<Instant, (usize, SessionId, u32)> = BTreeMap::new();
    let wish = |pair: &mut Pair, wishes: &mut BTreeMap<Instant, (usize, SessionId, u32)>, at: usize, session: SessionId| {
        let when = pair.network.now + pair.network.random.random_range(Duration::ZERO..Duration::from_secs(20));
        let what = pair.network.random.random_range(0..10);
        wishes.insert(when, (at, session, what));
    };
    let mut ended = 0;
    for _ in 0..calls {
        let session = pair.call();
        live[0].insert(session, false);
        if pair.network.random.random_bool(0.3) {
            wish(&mut pair, &mut wishes, 0, session);
        }
    }
    loop {
        let told = (0..2).find_map(|at| pair.agents[at].poll_event().map(|event| (at, event)));
        let Some((at, event)) = told else {
            let next = [pair.next(), wishes.first_key_value().map(|(at, _)| *at)].into_iter().flatten().min();
            let Some(next) = next else { break };
            pair.go_to(next);
            let now = pair.network.now;
            while let Some(entry) = wishes.first_entry().filter(|entry| *entry.key() <= now) {
                let (at, session, what) = entry.remove();
                let agent = &mut pair.agents[at];
                match what {
                    0..3 => agent.hang_up(now, session),
                    3..5 => agent.reoffer(now, session, OFFER),
                    5 => agent.refer(now, session, "sip:c@192.0.2.3"),
                    6 => agent.ring(now, session),
                    7 => agent.reject(now, session, 486),
                    _ => agent.answer(now, session, OFFER),
                }
                if live[at].contains_key(&session) {
                    wish(&mut pair, &mut wishes, at, session);
                }
            }
            continue;
        };
        let now = pair.network.now;
        match event {
            Event::Incoming { session, .. } => {
                live[at].insert(session, false);
                wish(&mut pair, &mut wishes, at, session);
            }
            Event::Answered { session, .. } => wish(&mut pair, &mut wishes, at, session),
            Event::Reoffered { session, .. } if pair.network.random.random_bool(0.8) => pair.agents[at].accept_reoffer(now, session, OFFER),
            Event::Reoffered { session, .. } => pair.agents[at].refuse_reoffer(now, session, 488),
            Event::Referred { session, .. } => {
                pair.agents[at].accept_refer(now, session);
                pair.agents[at].refer_progress(now, session, 200);
            }
            Event::Ended { session, end } => {
                assert!(live[at].remove(&session).is_some(), "seed {seed}: {session:?} ended twice: {end:?}");
                ended += 1;
            }
            _ => {}
        }
    }
    assert!(live.iter().all(BTreeMap::is_empty), "seed {seed}: calls that never end: {live:?}");
    for agent in &pair.agents {
        assert_eq!(agent.remembered(), [0; 6], "seed {seed}: sessions, dialogs, transactions, requests, answers, alarms");
    }
    ended
}

#[test]
fn whatever_two_people_do_over_a_bad_network_nothing_is_left_over() {
    let ended: usize = (0..40).map(|seed| play(seed, 50)).sum();
    assert!(ended > 40 * 50, "{ended}");
}

#[test]
fn a_seed_reproduces() {
    assert_eq!(play(3, 40), play(3, 40));
}
