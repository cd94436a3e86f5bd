//! Transactions alone, between a client and a server over a bad network: each ends, in the time that the RFC gives it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use belbrug::telephony::sip::draft::Draft;
use belbrug::telephony::sip::message::Message;
use belbrug::telephony::sip::method::Method;
use belbrug::telephony::sip::name::HeaderName;
use belbrug::telephony::sip::start_line::StartLine;
use belbrug::telephony::sip::timers::Timers;
use belbrug::telephony::sip::transaction::layer::{Asked, Expired, TransactionId, Transactions};
use rand::RngExt as _;

use super::network::{Badness, Network, peer};

const T1: Duration = Duration::from_millis(500);

/// What became of one run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    started: u64,
    answered: u64,
    timed_out: u64,
    asked: u64,
    never_acknowledged: u64,
}

/// What the server does with a request, and when.
struct Plan {
    id: TransactionId,
    base: Draft,
    status: u16,
}

struct Run {
    network: Network,
    client: Transactions,
    server: Transactions,
    plans: BTreeMap<(Instant, u64), Plan>,
    begun: BTreeMap<TransactionId, (Method, Instant, bool)>,
    served: BTreeMap<TransactionId, (Method, Instant)>,
    /// By Call-ID.
    invites: BTreeMap<u64, TransactionId>,
    tally: Tally,
    is_silent: bool,
}

impl Run {
    fn new(seed: u64, badness: Badness, is_silent: bool) -> Self {
        let timers = Timers::default();
        Self {
            network: Network::new(seed, badness),
            client: Transactions::new(timers),
            server: Transactions::new(timers),
            plans: BTreeMap::new(),
            begun: BTreeMap::new(),
            served: BTreeMap::new(),
            invites: BTreeMap::new(),
            tally: Tally::default(),
            is_silent,
        }
    }

    fn start(&mut self, number: u64) {
        let method = [Method::Invite, Method::Bye, Method::Options, Method::Register][self.network.random.random_range(0..4)];
        let branch = format!("z9hG4bK{number}");
        let draft = Draft::request(method, "sip:b@example.com")
            .with(HeaderName::Via, format_args!("SIP/2.0/UDP 192.0.2.1:5060;branch={branch}"))
            .with(HeaderName::From, "<sip:a@example.com>;tag=a")
            .with(HeaderName::To, "<sip:b@example.com>")
            .with(HeaderName::CallId, number)
            .with(HeaderName::CSeq, format_args!("1 {method}"));
        let id = self.client.start(self.network.now, peer(2), draft, &branch).unwrap();
        self.begun.insert(id, (method, self.network.now, false));
        self.tally.started += 1;
        if method == Method::Invite && self.network.random.random_bool(0.2) {
            self.client.cancel(self.network.now, id);
        }
    }

    /// Runs until nothing is left to do.
    fn run(&mut self) {
        loop {
            self.send();
            let planned = self.plans.first_key_value().map(|((at, _), _)| *at);
            let next = [self.network.next(), self.client.next_timeout(), self.server.next_timeout(), planned].into_iter().flatten().min();
            let Some(next) = next else { return };
            self.network.now = self.network.now.max(next);
            let now = self.network.now;
            while let Some(datagram) = self.network.arrived() {
                let message = Message::parse(&datagram.bytes).unwrap();
                match message.start {
                    StartLine::Request { method, .. } => self.request(Method::named(method).unwrap(), &message),
                    StartLine::Response { status, .. } => {
                        let status: u16 = status.parse().unwrap();
                        let Some(id) = self.client.handle_response(now, datagram.from, &message) else { continue };
                        let Some((method, _, is_answered)) = self.begun.get_mut(&id).filter(|_| status >= 200) else { continue };
                        *is_answered = true;
                        if *method == Method::Invite && status < 300 {
                            self.acknowledge(&message);
                        }
                    }
                }
            }
            while let Some(entry) = self.plans.first_entry().filter(|entry| entry.key().0 <= now) {
                let plan = entry.remove();
                self.server.respond(now, plan.id, &plan.base.with_status(plan.status));
            }
            self.expire(now);
        }
    }

    fn request(&mut self, method: Method, message: &Message<'_>) {
        let now = self.network.now;
        match self.server.handle_request(now, peer(1), method, message) {
            Asked::New(id) | Asked::Cancel(id, _) if !self.is_silent => {
                self.served.insert(id, (method, now));
                self.tally.asked += 1;
                if method == Method::Invite {
                    self.invites.insert(message.value(HeaderName::CallId).unwrap().parse().unwrap(), id);
                }
                let base = Draft::answer(message, peer(1).addr, 200, Some("b"));
                let at = |run: &mut Self, most| now + run.network.random.random_range(Duration::ZERO..=Duration::from_millis(most));
                if method == Method::Invite && self.network.random.random_bool(0.7) {
                    let at = at(self, 100);
                    self.plan(at, Plan { id, base: base.clone(), status: 180 });
                }
                let status = [200, 200, 202, 302, 404, 486, 603][self.network.random.random_range(0..7)];
                let at = at(self, if method == Method::Invite { 20_000 } else { 200 }) + Duration::from_millis(101);
                self.plan(at, Plan { id, base, status });
            }
            // It belongs to a dialog: here the Call-ID finds it.
            Asked::Ack => {
                let number: u64 = message.value(HeaderName::CallId).unwrap().parse().unwrap();
                if let Some(id) = self.invites.get(&number) {
                    self.server.acknowledged(*id);
                }
            }
            Asked::TooMany => panic!("too many"),
            _ => {}
        }
    }

    fn plan(&mut self, at: Instant, plan: Plan) {
        self.plans.insert((at, self.plans.len() as u64 + self.tally.asked * 10), plan);
    }

    /// The ACK of a 2xx is a request of its own.
    fn acknowledge(&mut self, accepted: &Message<'_>) {
        let value = |name| accepted.value(name).unwrap();
        let ack = Draft::request(Method::Ack, "sip:b@example.com")
            .with(HeaderName::Via, format_args!("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKack{}", value(HeaderName::CallId)))
            .with(HeaderName::From, value(HeaderName::From))
            .with(HeaderName::To, value(HeaderName::To))
            .with(HeaderName::CallId, value(HeaderName::CallId))
            .with(HeaderName::CSeq, "1 ACK");
        self.client.send(peer(2), &ack);
    }

    fn send(&mut self) {
        while let Some(transmit) = self.client.poll_transmit() {
            self.network.send(peer(1), transmit.to, &transmit.bytes);
        }
        while let Some(transmit) = self.server.poll_transmit() {
            self.network.send(peer(2), transmit.to, &transmit.bytes);
        }
    }

    /// Each end against the table of RFC 3261, 17.
    fn expire(&mut self, now: Instant) {
        for (id, how) in self.client.handle_timeout(now) {
            // A CANCEL is a transaction that the layer began itself.
            let Some((method, begun, is_answered)) = self.begun.remove(&id) else { continue };
            let lasted = now - begun;
            match how {
                Expired::Done => {
                    assert!(is_answered, "{method} ended well without an answer");
                    // B or F until the first word, H or L until the last, and then D or M; or K.
                    let most = if method == Method::Invite { T1 * 64 * 3 + Duration::from_secs(21) } else { T1 * 64 + Duration::from_secs(5) };
                    assert!(lasted <= most, "{method} lasted {lasted:?}");
                    self.tally.answered += 1;
                }
                Expired::NoAnswer => {
                    assert!(!is_answered, "{method} was answered and timed out");
                    // B; or C after it rang, and what a CANCEL has.
                    let most = if method == Method::Invite { T1 * (384 + 64 + 64) } else { T1 * 64 };
                    assert!(lasted >= T1 * 64 && lasted <= most, "{method} was given up after {lasted:?}");
                    self.tally.timed_out += 1;
                }
                Expired::NoAck => panic!("a client waits for no ACK"),
            }
        }
        for (id, how) in self.server.handle_timeout(now) {
            let (method, begun) = self.served.remove(&id).expect("known");
            let lasted = now - begun;
            // The answer, and then J, or H and I, or L.
            let most =
                if method == Method::Invite { Duration::from_secs(21) + T1 * 64 + Duration::from_secs(5) } else { Duration::from_secs(1) + T1 * 64 };
            assert!(lasted <= most, "{method} was served for {lasted:?}");
            self.tally.never_acknowledged += u64::from(how == Expired::NoAck);
        }
    }
}

fn played(seed: u64, count: u64, badness: Badness, is_silent: bool) -> Tally {
    let mut run = Run::new(seed, badness, is_silent);
    for number in 0..count {
        run.start(number);
    }
    run.run();
    assert!(run.client.is_empty() && (is_silent || run.server.is_empty()), "something is remembered for ever");
    run.tally
}

/// Both ends together are more than 100,000 transactions.
#[test]
fn a_hundred_thousand_transactions_over_a_bad_network_all_end_in_time() {
    let mut all = 0;
    for seed in 0..60 {
        let tally = played(seed, 1000, Badness::BAD, false);
        assert_eq!(tally.answered + tally.timed_out, tally.started, "seed {seed}: {tally:?}");
        all += tally.started + tally.asked;
    }
    assert!(all >= 100_000, "{all}");
}

#[test]
fn the_same_seed_gives_the_same() {
    assert_eq!(played(7, 500, Badness::BAD, false), played(7, 500, Badness::BAD, false));
    assert_ne!(played(7, 500, Badness::BAD, false), played(8, 500, Badness::BAD, false));
}

#[test]
fn over_a_good_network_everything_is_answered_once() {
    let tally = played(1, 1000, Badness::GOOD, false);
    assert_eq!((tally.answered, tally.timed_out), (1000, 0), "{tally:?}");
}

#[test]
fn who_never_answers_is_given_up_after_64_t1() {
    let tally = played(1, 200, Badness::GOOD, true);
    assert_eq!((tally.answered, tally.timed_out), (0, 200), "{tally:?}");
}
