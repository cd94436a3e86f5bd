//! Calls that we dial, between two phones behind an exchange in memory: what real phones do too seldom to wait for. And what an
//! exchange does that means ill, or is ill itself.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use belbrug::clock::Timestamp;
use belbrug::ids::{CallId, Device, Extension};
use belbrug::telephony::calls::tracker::Tracker;
use belbrug::telephony::sip::digest::Credentials;
use belbrug::telephony::sip::message::Message;
use belbrug::telephony::sip::name::HeaderName;
use belbrug::telephony::sip::peer::{Peer, Transport};
use belbrug::telephony::sip::start_line::StartLine;
use belbrug::telephony::sip::timers::Timers;
use belbrug::telephony::sip::user_agent::agent::{Settings, UserAgent};
use belbrug::telephony::sip::user_agent::calling::Invitation;
use belbrug::telephony::sip::user_agent::event::{Event, SessionId, Side};
use belbrug::telephony::sip_line::line::{Dial, DialBy, LineSettings, SipLine, Told};

use super::network::peer;
use super::pair::OFFER;

const NUMBER: &str = "+447700900123";
/// We are at 192.0.2.1, and the exchange with all its phones at 192.0.2.2.
const US: u8 = 1;
const EXCHANGE: u8 = 2;

fn settings(host: u8) -> Settings {
    let (local, second) = (peer(host).addr, Duration::from_secs(1));
    Settings { name: "third party".to_owned(), local: [local; 3], timers: Timers::default(), ping_every: second * 2, ping_patience: second }
}

fn credentials() -> Credentials {
    Credentials { username: "belbrug".to_owned(), secret: "secret".to_owned().into(), realm: None }
}

/// A line to the exchange at 192.0.2.2.
pub(super) fn line_settings(dial_by: DialBy, credentials: Credentials) -> LineSettings {
    LineSettings {
        user: "belbrug".to_owned(),
        domain: "192.0.2.2".to_owned(),
        credentials,
        peer: peer(EXCHANGE),
        registers: false,
        technology: "PJSIP".to_owned(),
        prefix: "+".to_owned(),
        dial_by,
        run: 1,
        requires_srtp: false,
    }
}

fn phone(user: &str) -> UserAgent {
    let mut phone = UserAgent::new(settings(EXCHANGE), [user.len().try_into().unwrap(); 32]);
    phone.add_account(user, "192.0.2.2", peer(US), credentials());
    phone
}

/// A line, an agent's phone and a debtor's.
struct Exchange {
    now: Instant,
    line: SipLine,
    phones: [UserAgent; 2],
    /// Whose call it is, by Call-ID.
    routes: BTreeMap<String, usize>,
    told: Vec<Told>,
    heard: [Vec<Event>; 2],
    tracker: Tracker,
    /// The SUBSCRIBEs that wait to be answered.
    asked: Vec<Vec<u8>>,
    notified: u32,
}

const AGENT: usize = 0;
const DEBTOR: usize = 1;

impl Exchange {
    fn new() -> Self {
        Self::that_dials_by(DialBy::Invite)
    }

    fn that_dials_by(dial_by: DialBy) -> Self {
        let line = SipLine::new(line_settings(dial_by, credentials()), settings(US), [192, 0, 2, 1].into(), [9; 32]);
        let extension = Extension::parse("101").unwrap();
        Self {
            now: Instant::now(),
            line,
            phones: [phone("101"), phone(NUMBER)],
            routes: BTreeMap::new(),
            told: Vec::new(),
            heard: [Vec::new(), Vec::new()],
            tracker: Tracker::new([(Device::new("PJSIP/101"), extension)].into()),
            asked: Vec::new(),
            notified: 0,
        }
    }

    /// Everything that anybody has to say is heard.
    fn settle(&mut self) {
        loop {
            let mut is_silent = true;
            while let Some(transmit) = self.line.poll_transmit() {
                is_silent = false;
                let message = Message::parse(&transmit.bytes).unwrap();
                if matches!(message.start, StartLine::Request { method: "SUBSCRIBE", .. }) {
                    self.asked.push(transmit.bytes);
                    continue;
                }
                let call_id = message.value(HeaderName::CallId).unwrap().into_owned();
                let to_debtor = matches!(message.start, StartLine::Request { uri, .. } if uri.contains(NUMBER));
                let at = *self.routes.entry(call_id).or_insert(usize::from(to_debtor));
                self.phones[at].handle(self.now, peer(US), &transmit.bytes);
            }
            for (at, phone) in self.phones.iter_mut().enumerate() {
                while let Some(transmit) = phone.poll_transmit() {
                    is_silent = false;
                    self.line.handle(self.now, peer(EXCHANGE), &transmit.bytes);
                }
                while let Some(event) = phone.poll_event() {
                    // A phone takes what it is offered, as phones do.
                    if let Event::Reoffered { session, .. } = &event {
                        phone.accept_reoffer(self.now, *session, OFFER);
                        is_silent = false;
                    }
                    self.heard[at].push(event);
                }
            }
            while let Some(told) = self.line.poll_told() {
                if let Told::Pbx(event) = &told {
                    let _ = self.tracker.apply(Timestamp(0), event);
                }
                self.told.push(told);
            }
            if is_silent {
                return;
            }
        }
    }

    /// The exchange agrees to watch.
    fn agrees(&mut self) {
        self.agrees_for("101");
    }

    fn agrees_for(&mut self, extension: &str) {
        let asked = self.asked_for(extension);
        let answer = agreed(&Message::parse(&asked).unwrap());
        self.line.handle(self.now, peer(EXCHANGE), answer.as_bytes());
        self.settle();
    }

    /// The exchange tells how the agent's phone stands, as Asterisk does: by its number, without a Call-ID.
    fn tells(&mut self, state: &str) {
        self.tells_of("101", state, "");
    }

    /// What was asked last of a phone.
    fn asked_for(&self, extension: &str) -> Vec<u8> {
        let is_of = |asked: &&Vec<u8>| String::from_utf8_lossy(asked).contains(&format!("To: <sip:{extension}@"));
        self.asked.iter().rev().find(is_of).expect("nobody has asked").clone()
    }

    /// Of a phone, and who is at the other end.
    fn tells_of(&mut self, extension: &str, state: &str, remote: &str) {
        let asked = self.asked_for(extension);
        self.notified += 1;
        let version = self.notified;
        let body = format!(
            "<?xml version=\"1.0\"?><dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"{version}\" state=\"full\" \
             entity=\"sip:{extension}@192.0.2.2\"><dialog id=\"{extension}\" direction=\"recipient\"><state>{state}</state>{remote}</dialog></dialog-info>"
        );
        let notify = notify(&Message::parse(&asked).unwrap(), self.notified, "active;expires=600", &body);
        self.line.handle(self.now, peer(EXCHANGE), notify.as_bytes());
        self.settle();
    }

    /// The calls that the line has told of.
    fn calls(&self) -> Vec<String> {
        let created = |told: &Told| match told {
            Told::Pbx(event) => Some(format!("{event:?}")),
            _ => None,
        };
        self.told.iter().filter_map(created).filter(|said| said.contains(CallId::OBSERVED_PREFIX)).collect()
    }

    /// Time passes, and what is due is done.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            self.settle();
            let due = [self.line.next_timeout(), self.phones[0].next_timeout(), self.phones[1].next_timeout()].into_iter().flatten().min();
            let Some(due) = due.filter(|due| *due <= until) else { break };
            self.now = self.now.max(due);
            self.line.handle_timeout(self.now);
            self.phones.iter_mut().for_each(|phone| phone.handle_timeout(self.now));
        }
        self.now = until;
    }

    fn dial(&mut self) {
        let (number, name) = (NUMBER.to_owned().into(), "Bakkerij De Korenaar".to_owned().into());
        let dial = Dial { call: CallId::dialled("third-party").unwrap(), extension: Extension::parse("101").unwrap(), number, name, caller_id: None };
        assert!(self.line.dial(self.now, dial));
        self.settle();
    }

    /// The call that has come to a phone.
    fn incoming(&self, at: usize) -> SessionId {
        let session = self.heard[at].iter().find_map(|event| match event {
            Event::Incoming { session, .. } => Some(*session),
            _ => None,
        });
        session.unwrap_or_else(|| panic!("nothing came: {:?}", self.heard[at]))
    }

    /// Both have answered, and hear each other.
    fn talking() -> (Self, [SessionId; 2]) {
        let mut exchange = Self::new();
        exchange.dial();
        let agent = exchange.incoming(AGENT);
        exchange.phones[AGENT].answer(exchange.now, agent, OFFER);
        exchange.settle();
        let debtor = exchange.incoming(DEBTOR);
        exchange.phones[DEBTOR].answer(exchange.now, debtor, OFFER);
        exchange.pass(Duration::from_secs(1));
        exchange.heard = [Vec::new(), Vec::new()];
        (exchange, [agent, debtor])
    }

    /// And the agent's phone is watched; its PBX has told nothing but that it is at rest.
    fn watched_and_talking() -> (Self, [SessionId; 2]) {
        let (mut exchange, ends) = Self::talking();
        exchange.watched();
        (exchange, ends)
    }

    /// The agent's phone has answered, and has been asked to call the debtor.
    fn asked_to_call() -> (Self, SessionId) {
        let mut exchange = Self::that_dials_by(DialBy::Refer);
        exchange.watched();
        exchange.dial();
        let agent = exchange.incoming(AGENT);
        exchange.phones[AGENT].answer(exchange.now, agent, OFFER);
        exchange.pass(Duration::from_millis(200));
        assert_eq!(exchange.times_asked(), 0, "not before the phone can have our ACK");
        exchange.pass(Duration::from_millis(100));
        (exchange, agent)
    }

    fn watched(&mut self) {
        let exchange = self;
        exchange.line.watch_only(exchange.now, &[Extension::parse("101").unwrap()].into());
        exchange.pass(Duration::from_millis(1));
        exchange.agrees();
        exchange.tells("terminated");
        assert_eq!(exchange.calls(), [""; 0]);
    }

    /// How often the agent's phone was asked to call the debtor.
    fn times_asked(&self) -> usize {
        self.heard[AGENT].iter().filter(|event| matches!(event, Event::Referred { uri, .. } if uri.contains(NUMBER))).count()
    }

    /// The agent's phone has our call, and then no more, while our leg is up: the exchange tells so, and again when it is asked.
    fn comes_to_rest(&mut self) {
        self.tells("confirmed");
        self.tells("terminated");
        self.pass(Duration::from_secs(4));
        assert_eq!(self.times_told("BlindTransferred"), 0, "too early to know");
        self.agrees();
        self.tells("terminated");
        self.pass(Duration::from_millis(1));
    }

    /// How often the line has told of something.
    fn times_told(&self, what: &str) -> usize {
        self.told.iter().filter(|told| format!("{told:?}").contains(what)).count()
    }

    /// Nothing is remembered of any call, anywhere.
    fn is_idle(&self) -> bool {
        self.line.counts().0 == 0 && self.tracker.calls().count() == 0
    }
}

fn on_hold() -> Vec<u8> {
    [OFFER, b"a=sendonly\r\n"].concat()
}

#[test]
fn an_exchange_that_wants_no_registration_is_up_when_it_answers() {
    let mut exchange = Exchange::new();
    exchange.line.start(exchange.now);
    exchange.pass(Duration::from_millis(1));
    assert!(exchange.told.contains(&Told::Up), "{:?}", exchange.told);
}

/// Each phone puts the other on hold in the same moment: the one that comes second is told so, and comes again.
#[test]
fn both_ends_that_offer_at_once_are_both_answered() {
    let (mut exchange, [agent, debtor]) = Exchange::talking();
    exchange.phones[AGENT].reoffer(exchange.now, agent, &on_hold());
    exchange.phones[DEBTOR].reoffer(exchange.now, debtor, &on_hold());
    exchange.pass(Duration::from_secs(20));
    for (at, heard) in exchange.heard.iter().enumerate() {
        let done = heard.iter().any(|event| matches!(event, Event::ReofferDone { result: Ok(_), .. }));
        assert!(done, "phone {at} was never answered: {heard:?}");
    }
}

#[test]
fn one_that_hangs_up_is_followed_by_the_other() {
    let (mut exchange, [agent, _]) = Exchange::talking();
    exchange.phones[AGENT].hang_up(exchange.now, agent);
    exchange.pass(Duration::from_secs(1));
    assert!(exchange.heard[DEBTOR].iter().any(|event| matches!(event, Event::Ended { .. })), "{:?}", exchange.heard[DEBTOR]);
    assert_eq!((exchange.line.counts().0, exchange.tracker.calls().count()), (0, 0));
}

/// The service stops while the agent's own phone rings, or the debtor's.
#[test]
fn what_rings_when_we_stop_is_taken_back() {
    for own_phone_has_answered in [false, true] {
        let mut exchange = Exchange::new();
        exchange.dial();
        let agent = exchange.incoming(AGENT);
        exchange.phones[AGENT].ring(exchange.now, agent);
        if own_phone_has_answered {
            exchange.phones[AGENT].answer(exchange.now, agent, OFFER);
        }
        exchange.settle();
        exchange.line.stop(exchange.now);
        exchange.settle();
        for heard in exchange.heard.iter().filter(|heard| heard.iter().any(|event| matches!(event, Event::Incoming { .. }))) {
            assert!(heard.iter().any(|event| matches!(event, Event::Ended { .. })), "it goes on: {heard:?}");
        }
    }
}

/// An INVITE that is too long for a datagram waits for its connection, and is not wanted any more when that cannot be had.
#[test]
fn a_call_that_was_taken_back_is_not_sent_by_another_way() {
    let mut agent = UserAgent::new(settings(US), [1; 32]);
    let account = agent.add_account("a", "192.0.2.2", peer(EXCHANGE), credentials());
    let invitation = Invitation { uri: "sip:b@192.0.2.2".to_owned(), sdp: vec![b'x'; 2000], ..Invitation::default() };
    let now = Instant::now();
    let session = agent.invite(now, account, &invitation).unwrap();
    let sent = agent.poll_transmit().unwrap();
    assert_eq!(sent.to, Peer { transport: Transport::Tcp, ..peer(EXCHANGE) });
    agent.hang_up(now, session);
    agent.transport_failed(now, sent.to);
    assert_eq!(agent.poll_transmit(), None, "it rings for nobody");
    let Some(Event::Ended { end, .. }) = agent.poll_event() else { panic!("it goes on") };
    assert_eq!((end.by, end.status), (Side::Local, Some(487)));
}

/// What an exchange says to a SUBSCRIBE.
fn agreed(request: &Message<'_>) -> String {
    let value = |name| request.value(name).unwrap().into_owned();
    let to = tagged(value(HeaderName::To));
    let (via, from, call_id, cseq) = (value(HeaderName::Via), value(HeaderName::From), value(HeaderName::CallId), value(HeaderName::CSeq));
    format!(
        "SIP/2.0 200 OK\r\nVia: {via}\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\n\
         Contact: <sip:101@192.0.2.2>\r\nExpires: 600\r\nContent-Length: 0\r\n\r\n"
    )
}

/// And what it tells then.
fn notify(request: &Message<'_>, count: u32, state: &str, body: &str) -> String {
    let value = |name| request.value(name).unwrap().into_owned();
    let (from, to, call_id) = (value(HeaderName::From), tagged(value(HeaderName::To)), value(HeaderName::CallId));
    format!(
        "NOTIFY sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK{count}{call_id}\r\nFrom: {to}\r\nTo: {from}\r\n\
         Call-ID: {call_id}\r\nCSeq: {count} NOTIFY\r\nContact: <sip:101@192.0.2.2>\r\nEvent: dialog\r\nSubscription-State: {state}\r\n\
         Content-Type: application/dialog-info+xml\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn tagged(address: String) -> String {
    if address.contains(";tag=") { address } else { format!("{address};tag=t") }
}

/// The exchange is slow, and tells of our own call when that is over, in whichever order its answers come.
#[test]
fn what_a_pbx_tells_late_of_a_call_of_ours_is_no_other_call() {
    for agrees_first in [true, false] {
        let (mut exchange, [agent, _]) = Exchange::watched_and_talking();
        exchange.phones[AGENT].hang_up(exchange.now, agent);
        exchange.pass(Duration::from_secs(1));
        exchange.tells("early");
        exchange.pass(Duration::from_secs(4));
        exchange.tells("confirmed");
        if agrees_first {
            exchange.agrees();
        }
        exchange.tells("terminated");
        if !agrees_first {
            exchange.agrees();
        }
        exchange.pass(Duration::from_secs(20));
        assert_eq!(exchange.calls(), [""; 0], "agrees first: {agrees_first}");
    }
}

/// A phone that cannot do it says so, and the agent does not wait for nothing.
#[test]
fn a_phone_that_refuses_to_call_is_let_go_of() {
    let (mut exchange, agent) = Exchange::asked_to_call();
    assert_eq!(exchange.times_asked(), 1);
    exchange.phones[AGENT].refuse_refer(exchange.now, agent, 501);
    exchange.pass(Duration::from_secs(1));
    assert!(exchange.heard[AGENT].iter().any(|event| matches!(event, Event::Ended { .. })), "{:?}", exchange.heard[AGENT]);
    assert!(exchange.is_idle());
}

/// Asterisk cannot send a phone on that it has not joined to us yet.
#[test]
fn a_phone_that_cannot_be_sent_on_yet_is_asked_again() {
    let (mut exchange, agent) = Exchange::asked_to_call();
    exchange.phones[AGENT].accept_refer(exchange.now, agent);
    exchange.phones[AGENT].refer_progress(exchange.now, agent, 400);
    exchange.pass(Duration::from_secs(1));
    assert_eq!(exchange.times_asked(), 2);
    exchange.phones[AGENT].accept_refer(exchange.now, agent);
    exchange.phones[AGENT].refer_progress(exchange.now, agent, 200);
    exchange.pass(Duration::from_secs(1));
    assert_eq!(exchange.tracker.calls().count(), 1, "they talk");
    assert_eq!(exchange.line.counts().0, 0, "without us");
}

/// One that never can is not asked for ever.
#[test]
fn a_phone_that_can_never_be_sent_on_is_let_go_of() {
    let (mut exchange, agent) = Exchange::asked_to_call();
    for _ in 0..20 {
        exchange.phones[AGENT].accept_refer(exchange.now, agent);
        exchange.phones[AGENT].refer_progress(exchange.now, agent, 400);
        exchange.pass(Duration::from_secs(1));
    }
    assert_eq!(exchange.times_asked(), 8);
    assert!(exchange.is_idle());
}

/// They talk, and the PBX tells when the phone is at rest: at once, or only when it is asked.
#[test]
fn a_call_that_the_phone_made_is_over_when_the_phone_is_at_rest() {
    for is_told in [true, false] {
        let (mut exchange, agent) = Exchange::asked_to_call();
        if is_told {
            exchange.tells("confirmed");
        }
        exchange.phones[AGENT].accept_refer(exchange.now, agent);
        exchange.phones[AGENT].refer_progress(exchange.now, agent, 200);
        exchange.pass(Duration::from_millis(500));
        assert_eq!(exchange.tracker.calls().count(), 1, "they talk");
        if !is_told {
            exchange.pass(Duration::from_secs(4));
            exchange.agrees();
        }
        exchange.tells("terminated");
        exchange.pass(Duration::from_millis(1));
        assert!(exchange.is_idle(), "told: {is_told}");
    }
}

/// The phone hangs up on us and never says what became of it: nothing stays that nobody can end.
#[test]
fn a_phone_that_goes_without_a_word_leaves_no_ghost() {
    let (mut exchange, agent) = Exchange::asked_to_call();
    exchange.tells("confirmed");
    exchange.phones[AGENT].accept_refer(exchange.now, agent);
    exchange.phones[AGENT].hang_up(exchange.now, agent);
    exchange.pass(Duration::from_secs(4));
    assert_eq!(exchange.tracker.calls().count(), 1, "its PBX says that it is busy");
    exchange.agrees();
    exchange.tells("terminated");
    exchange.pass(Duration::from_millis(1));
    assert!(exchange.is_idle());
}

/// Nobody watches the phone any more: what it made for us cannot be seen to end.
#[test]
fn a_call_of_a_phone_that_is_not_watched_any_more_is_over() {
    let (mut exchange, agent) = Exchange::asked_to_call();
    exchange.tells("confirmed");
    exchange.phones[AGENT].accept_refer(exchange.now, agent);
    exchange.phones[AGENT].refer_progress(exchange.now, agent, 200);
    exchange.pass(Duration::from_millis(500));
    exchange.line.watch_only(exchange.now, &std::collections::BTreeSet::new());
    exchange.pass(Duration::from_millis(1));
    assert!(exchange.is_idle());
}

/// The phone is at rest and our leg to it is not: whoever has the call now, the agent does not talk any more. And when it ends, nothing stays.
#[test]
fn an_agent_whose_phone_is_at_rest_has_left_the_call() {
    let (mut exchange, [agent, _]) = Exchange::watched_and_talking();
    exchange.comes_to_rest();
    assert_eq!(exchange.times_told("BlindTransferred"), 1, "he has left");
    assert_eq!(exchange.tracker.calls().count(), 1, "the call goes on");
    exchange.phones[AGENT].hang_up(exchange.now, agent);
    exchange.pass(Duration::from_secs(1));
    assert!(exchange.is_idle());
}

/// What Asterisk tells of a phone that rings for a call of ours: that our account calls, and shows the debtor's name.
const OURS: &str = "<remote><identity display=\"Bakkerij De Korenaar\">sip:belbrug@192.0.2.2</identity></remote>";

/// The agent sends the debtor on to a group: two phones ring, and the second one answers.
#[test]
fn a_call_that_is_sent_on_to_several_phones_goes_to_the_one_that_answers() {
    let (mut exchange, _) = Exchange::watched_and_talking();
    let all = ["101", "102", "103"].map(|extension| Extension::parse(extension).unwrap());
    exchange.line.watch_only(exchange.now, &all.into());
    exchange.pass(Duration::from_millis(1));
    for extension in ["102", "103"] {
        exchange.agrees_for(extension);
        exchange.tells_of(extension, "terminated", "");
    }
    exchange.tells("confirmed");
    exchange.tells_of("102", "early", OURS);
    exchange.tells_of("103", "early", OURS);
    exchange.tells("terminated");
    let dialled = exchange.times_told("DialBegun");
    for _ in 0..5 {
        exchange.pass(Duration::from_secs(3));
        for (extension, state, remote) in [("101", "terminated", ""), ("102", "early", OURS), ("103", "early", OURS)] {
            exchange.agrees_for(extension);
            exchange.tells_of(extension, state, remote);
        }
    }
    assert_eq!((exchange.times_told("BlindTransferred"), exchange.times_told("DialBegun")), (1, dialled), "once, however often it is asked");
    exchange.tells_of("103", "confirmed", OURS);
    exchange.tells_of("102", "terminated", "");
    exchange.pass(Duration::from_secs(1));
    assert_eq!(exchange.times_told("BlindTransferred"), 1, "and not again");
    let talks = exchange.told.iter().any(|told| matches!(told, Told::Pbx(event) if format!("{:?}", event.kind).starts_with("BridgeEntered") && format!("{event:?}").contains("PJSIP/103-")));
    assert!(talks, "103 has it: {:#?}", exchange.told);
    assert_eq!((exchange.calls(), exchange.tracker.calls().count()), (Vec::new(), 1), "it is one call");
}

/// The agent has sent our call on to somebody outside, and is called himself: that is another call.
#[test]
fn a_call_that_its_agent_has_left_is_not_his_next_one() {
    let (mut exchange, _) = Exchange::watched_and_talking();
    exchange.comes_to_rest();
    exchange.pass(Duration::from_secs(10));
    exchange.tells_of("101", "early", "<remote><identity>sip:+447700900555@192.0.2.2</identity></remote>");
    assert!(exchange.calls().iter().any(|said| said.contains("+447700900555")), "{:?}", exchange.calls());
}

/// A phone rings just when nobody tells of it: when it is told of again, so is its call.
#[test]
fn a_call_that_was_held_back_is_told_when_its_phone_is_told_of_again() {
    let (mut exchange, [agent, _]) = Exchange::watched_and_talking();
    exchange.phones[AGENT].hang_up(exchange.now, agent);
    exchange.pass(Duration::from_secs(1));
    let other = "<remote><identity>sip:+447700900555@192.0.2.2</identity></remote>";
    exchange.tells_of("101", "early", other);
    assert_eq!(exchange.calls(), [""; 0], "it may be our own");
    let ends = notify(&Message::parse(&exchange.asked_for("101")).unwrap(), 99, "terminated;reason=timeout", "");
    exchange.line.handle(exchange.now, peer(EXCHANGE), ends.as_bytes());
    exchange.pass(Duration::from_secs(40));
    exchange.agrees();
    exchange.notified = 200;
    exchange.tells_of("101", "early", other);
    exchange.pass(Duration::from_secs(4));
    assert!(exchange.calls().iter().any(|said| said.contains("+447700900555")), "{:?}", exchange.calls());
}

/// Somebody else was at the phone as well, and stays.
#[test]
fn a_second_call_at_the_phone_is_seen_when_ours_is_over() {
    for agrees_first in [true, false] {
        let (mut exchange, [agent, _]) = Exchange::watched_and_talking();
        exchange.tells("confirmed");
        exchange.phones[AGENT].hang_up(exchange.now, agent);
        exchange.pass(Duration::from_secs(4));
        for _ in 0..2 {
            assert_eq!(exchange.calls(), [""; 0], "too early to know");
            if agrees_first {
                exchange.agrees();
            }
            exchange.tells("confirmed");
            if !agrees_first {
                exchange.agrees();
            }
            exchange.pass(Duration::from_secs(2));
        }
        assert!(!exchange.calls().is_empty(), "agrees first: {agrees_first}");
    }
}

/// What an exchange answers to each SUBSCRIBE, and how often it is asked in so long a time.
fn subscribed_in(time: Duration, state: &str) -> usize {
    let mut agent = UserAgent::new(settings(US), [1; 32]);
    let account = agent.add_account("a", "192.0.2.2", peer(EXCHANGE), credentials());
    let mut now = Instant::now();
    let until = now + time;
    agent.subscribe(now, account, "sip:101@192.0.2.2", "dialog", "application/dialog-info+xml");
    let mut count = 0;
    while let Some(due) = agent.next_timeout().filter(|due| *due <= until) {
        now = due;
        agent.handle_timeout(now);
        while let Some(transmit) = agent.poll_transmit() {
            let request = Message::parse(&transmit.bytes).unwrap();
            if !matches!(request.start, StartLine::Request { method: "SUBSCRIBE", .. }) {
                continue;
            }
            count += 1;
            agent.handle(now, peer(EXCHANGE), agreed(&request).as_bytes());
            agent.handle(now, peer(EXCHANGE), notify(&request, 1, state, "").as_bytes());
        }
        while agent.poll_event().is_some() {}
    }
    count
}

#[test]
fn an_exchange_that_ends_every_watch_at_once_is_not_asked_without_a_pause() {
    let count = subscribed_in(Duration::from_secs(60), "terminated;reason=timeout");
    assert!((2..12).contains(&count), "{count} times in a minute");
}

#[test]
fn a_phone_is_not_given_up_for_a_hundred_years() {
    let count = subscribed_in(Duration::from_secs(3700), "terminated;reason=giveup;retry-after=4294967295");
    assert_eq!(count, 2, "in an hour");
}
