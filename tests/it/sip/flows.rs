//! The user agent against a scripted other end: what must happen, as the RFCs say it. One test for each rule.
//!
//! The other end writes raw SIP; everything that the agent sends is read again and must be sound. Where an RFC leaves freedom, no more
//! than it demands is asked.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use belbrug::telephony::calls::hangup_cause::HangupCause;
use belbrug::telephony::sip::check::check;
use belbrug::telephony::sip::digest::{ANSWERS_MAX, Credentials, Refused};
use belbrug::telephony::sip::message::Message;
use belbrug::telephony::sip::name::HeaderName;
use belbrug::telephony::sip::peer::{Peer, Transmit, Transport};
use belbrug::telephony::sip::start_line::StartLine;
use belbrug::telephony::sip::timers::Timers;
use belbrug::telephony::sip::user_agent::agent::{DATAGRAM_BYTES_MAX, Settings, UserAgent};
use belbrug::telephony::sip::user_agent::calling::Invitation;
use belbrug::telephony::sip::user_agent::event::{AccountId, End, Event, Failure, IncomingCall, SessionId, Side, SubscriptionId};
use md5::{Digest as _, Md5};
use sha2::Sha256;

use super::network::peer;

const OURS: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
const THEIRS: &str = "v=0\r\no=- 2 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 6000 RTP/AVP 8\r\n";
const THERE: &str = "Contact: <sip:b@192.0.2.2:5060>";
const WATCHED: &str = "sip:101@pbx.example";
/// What needs no waiting happens within this.
const AT_ONCE: Duration = ms(100);
/// 64 T1: the life of a transaction.
const LIFE: Duration = secs(32);

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The PBX, over datagrams.
fn pbx() -> Peer {
    peer(2)
}

/// The PBX, over a connection.
fn pbx_by_tcp() -> Peer {
    Peer { transport: Transport::Tcp, addr: pbx().addr }
}

fn at(host: [u8; 4], port: u16) -> Peer {
    Peer { transport: Transport::Udp, addr: SocketAddr::from((host, port)) }
}

/// A parameter behind the address or the value; empty where it has none.
fn param(value: &str, name: &str) -> Option<String> {
    let behind = value.rsplit_once('>').map_or(value, |(_, behind)| behind);
    let mut all = behind.split(';').skip(1).map(|one| one.split_once('=').unwrap_or((one, "")));
    all.find(|(have, _)| have.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
}

fn uri_of(value: &str) -> &str {
    match value.split_once('<') {
        Some((_, rest)) => rest.split_once('>').map_or(rest, |(uri, _)| uri),
        None => value.split(';').next().unwrap_or_default(),
    }
}

/// The number that a value begins with.
fn leading(value: &str) -> u32 {
    let digits: String = value.trim().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|_| panic!("no number: {value}"))
}

/// One message of the agent.
#[derive(Debug, Clone)]
struct Sent {
    /// Since the scene began.
    at: Duration,
    to: Peer,
    /// Of a response, that of its request.
    method: String,
    uri: String,
    status: Option<u16>,
    fields: Vec<(HeaderName, String, String)>,
    body: String,
    raw: Vec<u8>,
}

impl Sent {
    fn read(at: Duration, transmit: &Transmit) -> Self {
        let raw = transmit.bytes.clone();
        let text = String::from_utf8_lossy(&raw).into_owned();
        let message = Message::parse(&transmit.bytes).unwrap_or_else(|fault| panic!("{fault}:\n{text}"));
        check(&message).unwrap_or_else(|fault| panic!("{fault}:\n{text}"));
        let fields = message.fields.iter().map(|field| (field.name, field.written().to_owned(), field.value().into_owned())).collect();
        let body = String::from_utf8_lossy(message.body).into_owned();
        let (method, uri, status) = match message.start {
            StartLine::Request { method, uri, .. } => (method.to_owned(), uri.to_owned(), None),
            StartLine::Response { status, .. } => (String::new(), String::new(), Some(status.parse::<u16>().unwrap())),
        };
        let mut sent = Self { at, to: transmit.to, method, uri, status, fields, body, raw };
        if sent.status.is_some() {
            sent.method = sent.value(HeaderName::CSeq).split_whitespace().nth(1).unwrap_or_default().to_owned();
        }
        sent.assert_sound();
        sent
    }

    /// What each message must have: RFC 3261, 8.1.1, 8.2.6.2, 18.1.1, 18.3 and table 2; for the Contact of UPDATE, REFER and NOTIFY,
    /// RFC 3311, 3515 and 6665.
    fn assert_sound(&self) {
        let text = self.text();
        let has = |name: HeaderName| assert!(self.get(name).is_some(), "no {name}:\n{text}");
        match self.status {
            None => {
                has(HeaderName::MaxForwards);
                assert!(!self.tag(HeaderName::From).is_empty(), "no From tag:\n{text}");
                assert_eq!(self.all(HeaderName::Via).len(), 1, "one hop is ours:\n{text}");
                assert!(self.branch().starts_with("z9hG4bK"), "no branch of RFC 3261:\n{text}");
                let transport = format!("SIP/2.0/{} ", self.to.transport);
                assert!(self.value(HeaderName::Via).starts_with(&transport), "Via names another transport:\n{text}");
                if matches!(self.method.as_str(), "INVITE" | "SUBSCRIBE" | "NOTIFY" | "REFER" | "UPDATE") {
                    has(HeaderName::Contact);
                }
            }
            Some(status) => {
                assert!(status == 100 || !self.tag(HeaderName::To).is_empty(), "no To tag:\n{text}");
                if (200..300).contains(&status) && matches!(self.method.as_str(), "INVITE" | "UPDATE") {
                    has(HeaderName::Contact);
                }
                match status {
                    405 => has(HeaderName::Allow),
                    420 => has(HeaderName::Unsupported),
                    _ => {}
                }
            }
        }
        if !self.body.is_empty() {
            has(HeaderName::ContentType);
        }
        if self.to.transport.is_reliable() {
            has(HeaderName::ContentLength);
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    fn asks(&self, method: &str) -> bool {
        self.status.is_none() && self.method == method
    }

    fn says(&self, status: u16, method: &str) -> bool {
        self.status == Some(status) && self.method == method
    }

    fn all(&self, name: HeaderName) -> Vec<&str> {
        self.fields.iter().filter(|(have, ..)| *have == name).map(|(.., value)| value.as_str()).collect()
    }

    fn get(&self, name: HeaderName) -> Option<&str> {
        self.fields.iter().find(|(have, ..)| *have == name).map(|(.., value)| value.as_str())
    }

    fn value(&self, name: HeaderName) -> &str {
        self.get(name).unwrap_or_else(|| panic!("no {name}:\n{}", self.text()))
    }

    /// Of a field that has no name of its own in the parser.
    fn written(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(_, have, _)| have.eq_ignore_ascii_case(name)).map(|(.., value)| value.as_str())
    }

    /// Whether a list has this token, on whatever line.
    fn lists(&self, name: HeaderName, token: &str) -> bool {
        self.all(name).iter().flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(token))
    }

    fn tag(&self, name: HeaderName) -> String {
        param(self.value(name), "tag").unwrap_or_default()
    }

    fn branch(&self) -> String {
        param(self.value(HeaderName::Via), "branch").unwrap_or_default()
    }

    fn call_id(&self) -> &str {
        self.value(HeaderName::CallId)
    }

    fn seq(&self) -> u32 {
        leading(self.value(HeaderName::CSeq))
    }

    /// The URIs of its Route, in their order.
    fn route(&self) -> Vec<String> {
        self.all(HeaderName::Route).iter().flat_map(|value| value.split(',')).map(|one| uri_of(one.trim()).to_owned()).collect()
    }

    /// Its lines are those of this request, but for what a new attempt changes (8.1.3.5).
    fn assert_new_attempt_of(&self, before: &Self) {
        assert_eq!(self.seq(), before.seq() + 1, "{}", self.text());
        assert_ne!(self.branch(), before.branch(), "{}", self.text());
        assert_eq!(self.call_id(), before.call_id());
        assert_eq!(self.value(HeaderName::From), before.value(HeaderName::From));
        assert_eq!(self.value(HeaderName::To), before.value(HeaderName::To));
        assert_eq!(self.uri, before.uri);
        assert_eq!(self.body, before.body);
    }

    /// It is the ACK of a refusal: a part of the INVITE's transaction (17.1.1.3).
    fn assert_ack_of_refusal(&self, invite: &Self, tag: &str) {
        assert_eq!(self.value(HeaderName::Via), invite.value(HeaderName::Via));
        assert_eq!(self.uri, invite.uri);
        assert_eq!(self.call_id(), invite.call_id());
        assert_eq!(self.value(HeaderName::From), invite.value(HeaderName::From));
        assert_eq!(self.value(HeaderName::CSeq), format!("{} ACK", invite.seq()));
        assert_eq!(uri_of(self.value(HeaderName::To)), uri_of(invite.value(HeaderName::To)));
        assert_eq!(self.tag(HeaderName::To), tag);
        assert_eq!(self.all(HeaderName::Route), invite.all(HeaderName::Route));
        assert_eq!(self.body, "");
    }
}

/// A message of the other end.
#[derive(Debug, Clone)]
struct Text {
    first: String,
    lines: Vec<String>,
    body: String,
}

impl Text {
    fn line(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    /// With this value in the place of the one that it has.
    fn with(mut self, name: &str, value: &str) -> Self {
        let prefix = format!("{name}:");
        let line = format!("{name}: {value}");
        match self.lines.iter_mut().find(|have| have.starts_with(&prefix)) {
            Some(have) => *have = line,
            None => self.lines.push(line),
        }
        self
    }

    fn with_body(self, content_type: &str, body: &str) -> Self {
        let mut text = self.with("Content-Type", content_type);
        text.body = body.to_owned();
        text
    }

    fn sdp(self, body: &str) -> Self {
        self.with_body("application/sdp", body)
    }

    fn without_body(mut self) -> Self {
        self.body.clear();
        self.lines.retain(|line| !line.starts_with("Content-Type:"));
        self
    }

    fn value(&self, name: &str) -> &str {
        let prefix = format!("{name}:");
        self.lines.iter().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_else(|| panic!("no {name}")).trim()
    }

    /// The CANCEL of this INVITE, or the ACK of its refusal: the same transaction.
    fn follow_up(&self, method: &str, to: Option<&str>) -> Self {
        let uri = self.first.split(' ').nth(1).unwrap();
        let mut text = Self { first: format!("{method} {uri} SIP/2.0"), lines: self.lines.clone(), body: String::new() };
        text.lines.retain(|line| ["Via:", "From:", "To:", "Call-ID:", "CSeq:", "Max-Forwards:"].iter().any(|name| line.starts_with(*name)));
        let seq = leading(self.value("CSeq"));
        let text = text.with("CSeq", &format!("{seq} {method}"));
        match to {
            Some(to) => text.with("To", to),
            None => text,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let Self { first, lines, body } = self;
        format!("{first}\r\n{}\r\nContent-Length: {}\r\n\r\n{body}", lines.join("\r\n"), body.len()).into_bytes()
    }
}

/// An answer to a request of the agent; the tag is put where the request has none.
fn reply(request: &Sent, status: u16, tag: &str) -> Text {
    let to = request.value(HeaderName::To);
    let to = if tag.is_empty() || param(to, "tag").is_some() { to.to_owned() } else { format!("{to};tag={tag}") };
    let vias = request.all(HeaderName::Via).iter().map(|via| format!("Via: {via}")).collect();
    Text { first: format!("SIP/2.0 {status} So It Is"), lines: vias, body: String::new() }
        .with("From", request.value(HeaderName::From))
        .with("To", &to)
        .with("Call-ID", request.call_id())
        .with("CSeq", request.value(HeaderName::CSeq))
}

/// A request of the other end.
fn ask(method: &str, uri: &str, call_id: &str, from: &str, to: &str, seq: u32) -> Text {
    let branch: String = call_id.chars().filter(char::is_ascii_alphanumeric).collect();
    Text { first: format!("{method} {uri} SIP/2.0"), lines: Vec::new(), body: String::new() }
        .with("Via", &format!("SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK{branch}{seq}{method}"))
        .with("Max-Forwards", "70")
        .with("From", from)
        .with("To", to)
        .with("Call-ID", call_id)
        .with("CSeq", &format!("{seq} {method}"))
}

/// Outside of any dialog.
fn stray(method: &str, call_id: &str) -> Text {
    ask(method, "sip:a@192.0.2.1:5060", call_id, "<sip:b@pbx.example>;tag=far", "<sip:a@pbx.example>", 1)
}

/// A call to the agent.
fn incoming(call_id: &str) -> Text {
    stray("INVITE", call_id).line(THERE).sdp(THEIRS)
}

/// A dialog as the other end sees it.
#[derive(Debug, Clone)]
struct Line {
    call_id: String,
    here: String,
    there: String,
    target: String,
    /// Of our last request.
    seq: u32,
    /// Of the agent's request that made it; 0 where ours did.
    agent_seq: u32,
}

impl Line {
    /// Made by a request of the agent, answered with this tag.
    fn answering(request: &Sent, tag: &str) -> Self {
        Self {
            call_id: request.call_id().to_owned(),
            here: format!("{};tag={tag}", request.value(HeaderName::To)),
            there: request.value(HeaderName::From).to_owned(),
            target: uri_of(request.value(HeaderName::Contact)).to_owned(),
            seq: 100,
            agent_seq: request.seq(),
        }
    }

    /// Made by a call to the agent, and its answer.
    fn asking(invite: &Text, answer: &Sent) -> Self {
        Self {
            call_id: answer.call_id().to_owned(),
            here: invite.value("From").to_owned(),
            there: answer.value(HeaderName::To).to_owned(),
            target: uri_of(answer.value(HeaderName::Contact)).to_owned(),
            seq: answer.seq(),
            agent_seq: 0,
        }
    }

    /// The next request.
    fn ask(&mut self, method: &str) -> Text {
        self.seq += 1;
        ask(method, &self.target, &self.call_id, &self.here, &self.there, self.seq)
    }

    /// The ACK of the 2xx of the last INVITE.
    fn ack(&self) -> Text {
        ask("ACK", &self.target, &self.call_id, &self.here, &self.there, self.seq)
    }

    /// As Replaces names it, for the agent.
    fn replaces(&self) -> String {
        format!("{};to-tag={};from-tag={}", self.call_id, param(&self.there, "tag").unwrap(), param(&self.here, "tag").unwrap())
    }
}

fn notify(line: &mut Line, state: &str, body: &str) -> Text {
    let text = line.ask("NOTIFY").line(THERE).line("Event: dialog").line(&format!("Subscription-State: {state}"));
    text.with_body("application/dialog-info+xml", body)
}

fn sipfrag(line: &mut Line, event: &str, state: &str, first: &str) -> Text {
    let text = line.ask("NOTIFY").line(THERE).line(&format!("Event: {event}")).line(&format!("Subscription-State: {state}"));
    text.with_body("message/sipfrag;version=2.0", &format!("{first}\r\n"))
}

/// The 2xx of a REGISTER.
fn granted(register: &Sent, expires: u32) -> Text {
    let contact = uri_of(register.value(HeaderName::Contact));
    reply(register, 200, "reg").line(&format!("Contact: <{contact}>;expires={expires}"))
}

/// The 2xx of a SUBSCRIBE.
fn accepted(subscribe: &Sent, expires: u32) -> Text {
    reply(subscribe, 200, "far").line(THERE).line(&format!("Expires: {expires}"))
}

/// How long a REGISTER asks for.
fn asked_for(register: &Sent) -> u32 {
    let of_contact = param(register.value(HeaderName::Contact), "expires");
    leading(&of_contact.unwrap_or_else(|| register.value(HeaderName::Expires).to_owned()))
}

/// The agent, the clock, and what it sent and told.
struct Scene {
    agent: UserAgent,
    account: AccountId,
    pbx: Peer,
    start: Instant,
    now: Instant,
    sent: VecDeque<Sent>,
    told: VecDeque<Event>,
}

impl Scene {
    fn new() -> Self {
        Self::of(1, pbx(), None)
    }

    fn of(seed: u8, pbx: Peer, realm: Option<&str>) -> Self {
        let settings =
            Settings { name: "flows".to_owned(), local: [peer(1).addr; 3], timers: Timers::default(), ping_every: secs(2), ping_patience: secs(1) };
        let mut agent = UserAgent::new(settings, [seed; 32]);
        let credentials = Credentials { username: "a".to_owned(), secret: "secret".to_owned().into(), realm: realm.map(str::to_owned) };
        let account = agent.add_account("a", "pbx.example", pbx, credentials);
        let now = Instant::now();
        Self { agent, account, pbx, start: now, now, sent: VecDeque::new(), told: VecDeque::new() }
    }

    fn collect(&mut self) {
        while let Some(transmit) = self.agent.poll_transmit() {
            self.sent.push_back(Sent::read(self.now - self.start, &transmit));
        }
        while let Some(event) = self.agent.poll_event() {
            self.told.push_back(event);
        }
    }

    fn hears(&mut self, text: &Text) {
        self.hears_from(self.pbx, text);
    }

    fn hears_from(&mut self, from: Peer, text: &Text) {
        self.collect();
        self.agent.handle(self.now, from, &text.bytes());
        self.collect();
    }

    fn at(&self) -> Duration {
        self.now - self.start
    }

    /// Lets this much time pass.
    fn go(&mut self, span: Duration) {
        let until = self.now + span;
        self.collect();
        for _ in 0..100_000 {
            let Some(due) = self.agent.next_timeout().filter(|due| *due <= until) else {
                self.now = until;
                return;
            };
            self.now = self.now.max(due);
            self.agent.handle_timeout(self.now);
            self.collect();
        }
        panic!("something is due again and again at {:?}", self.at());
    }

    /// Lets time pass until such a request is sent, and stops there.
    fn wait(&mut self, method: &str, within: Duration) -> Sent {
        let until = self.now + within;
        self.collect();
        for _ in 0..100_000 {
            if let Some(sent) = self.take(|sent| sent.asks(method)) {
                return sent;
            }
            let due = self.agent.next_timeout().filter(|due| *due <= until);
            self.now = self.now.max(due.unwrap_or_else(|| panic!("no {method} within {within:?} of {:?}", self.at())));
            self.agent.handle_timeout(self.now);
            self.collect();
        }
        panic!("something is due again and again at {:?}", self.at());
    }

    fn take(&mut self, fits: impl Fn(&Sent) -> bool) -> Option<Sent> {
        self.collect();
        let at = self.sent.iter().position(fits)?;
        self.sent.remove(at)
    }

    /// The request that was sent.
    fn request(&mut self, method: &str) -> Sent {
        self.take(|sent| sent.asks(method)).unwrap_or_else(|| panic!("no {method} was sent, but:\n{}", self.unread()))
    }

    /// Every request of this method that was sent.
    fn requests(&mut self, method: &str) -> Vec<Sent> {
        std::iter::from_fn(|| self.take(|sent| sent.asks(method))).collect()
    }

    /// The answer that was sent.
    fn response(&mut self, status: u16, method: &str) -> Sent {
        self.take(|sent| sent.says(status, method)).unwrap_or_else(|| panic!("no {status} to {method} was sent, but:\n{}", self.unread()))
    }

    fn responses(&mut self, status: u16, method: &str) -> Vec<Sent> {
        std::iter::from_fn(|| self.take(|sent| sent.says(status, method))).collect()
    }

    fn unread(&self) -> String {
        self.sent.iter().map(Sent::text).collect()
    }

    /// Nothing else was sent.
    #[track_caller]
    fn nothing(&mut self) {
        self.collect();
        assert!(self.sent.is_empty(), "this was sent as well:\n{}", self.unread());
    }

    /// The first event that fits.
    fn event<T>(&mut self, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
        self.collect();
        let found = self.told.iter().enumerate().find_map(|(at, event)| pick(event).map(|picked| (at, picked)));
        let (at, picked) = found.unwrap_or_else(|| panic!("{what} was not told, but {:?}", self.told));
        self.told.remove(at);
        picked
    }

    fn count(&mut self, fits: impl Fn(&Event) -> bool) -> usize {
        self.collect();
        self.told.iter().filter(|event| fits(event)).count()
    }

    /// A session is over, and that was told once.
    #[track_caller]
    fn ended(&mut self, session: SessionId) -> End {
        assert_eq!(self.count(|event| matches!(event, Event::Ended { session: of, .. } if *of == session)), 1, "{:?}", self.told);
        self.event("Ended", |event| match event {
            Event::Ended { session: of, end } if *of == session => Some(*end),
            _ => None,
        })
    }

    #[track_caller]
    fn goes_on(&mut self, session: SessionId) {
        assert_eq!(self.count(|event| matches!(event, Event::Ended { session: of, .. } if *of == session)), 0, "{:?}", self.told);
    }

    fn progress(&mut self, session: SessionId) -> (u16, Option<Vec<u8>>) {
        self.event("Progress", |event| match event {
            Event::Progress { session: of, status, sdp } if *of == session => Some((*status, sdp.clone())),
            _ => None,
        })
    }

    fn answered(&mut self, session: SessionId) -> Option<Vec<u8>> {
        self.event("Answered", |event| match event {
            Event::Answered { session: of, sdp } if *of == session => Some(sdp.clone()),
            _ => None,
        })
    }

    fn incoming(&mut self) -> (SessionId, IncomingCall) {
        self.event("Incoming", |event| match event {
            Event::Incoming { session, call, .. } => Some((*session, call.clone())),
            _ => None,
        })
    }

    fn acknowledged(&mut self, session: SessionId) -> Option<Vec<u8>> {
        self.event("Acknowledged", |event| match event {
            Event::Acknowledged { session: of, sdp } if *of == session => Some(sdp.clone()),
            _ => None,
        })
    }

    fn reoffered(&mut self, session: SessionId) -> Option<Vec<u8>> {
        self.event("Reoffered", |event| match event {
            Event::Reoffered { session: of, sdp } if *of == session => Some(sdp.clone()),
            _ => None,
        })
    }

    fn reoffer_done(&mut self, session: SessionId) -> Result<Option<Vec<u8>>, u16> {
        self.event("ReofferDone", |event| match event {
            Event::ReofferDone { session: of, result } if *of == session => Some(result.clone()),
            _ => None,
        })
    }

    fn referred(&mut self, session: SessionId) -> (String, Option<String>) {
        self.event("Referred", |event| match event {
            Event::Referred { session: of, uri, replaces } if *of == session => Some((uri.clone(), replaces.clone())),
            _ => None,
        })
    }

    fn refer_progress(&mut self, session: SessionId) -> u16 {
        self.event("ReferProgress", |event| match event {
            Event::ReferProgress { session: of, status } if *of == session => Some(*status),
            _ => None,
        })
    }

    fn notified(&mut self, subscription: SubscriptionId) -> (String, Vec<u8>) {
        self.event("Notified", |event| match event {
            Event::Notified { subscription: of, content_type, body } if *of == subscription => Some((content_type.clone(), body.clone())),
            _ => None,
        })
    }

    fn notified_count(&mut self) -> usize {
        self.count(|event| matches!(event, Event::Notified { .. }))
    }

    fn not_registered(&mut self) -> Failure {
        self.event("NotRegistered", |event| match event {
            Event::NotRegistered { why, .. } => Some(*why),
            _ => None,
        })
    }

    /// The agent calls somebody.
    fn call(&mut self) -> (SessionId, Sent) {
        let invitation = Invitation { uri: "sip:b@192.0.2.2".to_owned(), sdp: OURS.into(), ..Invitation::default() };
        let session = self.agent.invite(self.now, self.account, &invitation).expect("room");
        (session, self.request("INVITE"))
    }

    /// A call of the agent that was answered, with these lines.
    fn calling_with(&mut self, lines: &[&str]) -> (SessionId, Line) {
        let (session, invite) = self.call();
        let answer = reply(&invite, 200, "far").line(THERE).sdp(THEIRS);
        self.hears(&lines.iter().fold(answer, |text, line| text.line(line)));
        self.request("ACK");
        self.answered(session);
        (session, Line::answering(&invite, "far"))
    }

    fn calling(&mut self) -> (SessionId, Line) {
        self.calling_with(&[])
    }

    /// A call to the agent that its user knows of.
    fn called(&mut self, invite: &Text) -> SessionId {
        self.hears(invite);
        self.take(|sent| sent.says(100, "INVITE"));
        self.incoming().0
    }

    /// A call to the agent that it answered, and the answer.
    fn taken(&mut self, invite: &Text) -> (SessionId, Line, Sent) {
        let session = self.called(invite);
        self.agent.answer(self.now, session, OURS.as_bytes());
        let answer = self.response(200, "INVITE");
        let line = Line::asking(invite, &answer);
        self.hears(&line.ack());
        self.acknowledged(session);
        (session, line, answer)
    }

    fn registered(&mut self, expires: u32) -> Sent {
        self.agent.register(self.now, self.account);
        let register = self.wait("REGISTER", AT_ONCE);
        self.hears(&granted(&register, expires));
        register
    }

    fn subscribe(&mut self) -> (SubscriptionId, Sent) {
        let id = self.agent.subscribe(self.now, self.account, WATCHED, "dialog", "application/dialog-info+xml");
        (id, self.wait("SUBSCRIBE", AT_ONCE))
    }

    /// A subscription that was accepted and told of once.
    fn watching(&mut self, expires: u32) -> (SubscriptionId, Sent, Line) {
        let (id, subscribe) = self.subscribe();
        let mut line = Line::answering(&subscribe, "far");
        self.hears(&accepted(&subscribe, expires));
        self.hears(&notify(&mut line, &format!("active;expires={expires}"), "<one/>"));
        self.response(200, "NOTIFY");
        self.notified(id);
        (id, subscribe, line)
    }

    /// When all is over, nothing is remembered.
    #[track_caller]
    fn forgets(&mut self) {
        self.go(secs(200));
        assert_eq!(self.agent.remembered(), [0; 6], "sessions, dialogs, transactions, requests, answers, alarms");
        assert_eq!(self.agent.session_count(), 0);
    }
}

/// Milliseconds from the first to each.
fn rhythm(sent: &[Sent], from: Duration) -> Vec<u128> {
    sent.iter().map(|one| (one.at - from).as_millis()).collect()
}

// ---- Digest (RFC 3261, 22; RFC 7616; RFC 8760) ----

fn challenge(nonce: &str, more: &str) -> String {
    format!("Digest realm=\"pbx\", nonce=\"{nonce}\", opaque=\"veil\", qop=\"auth\", algorithm=MD5{more}")
}

/// The parameters of a proof.
fn digest_params(value: &str) -> BTreeMap<String, String> {
    let rest = value.trim().strip_prefix("Digest ").unwrap_or_else(|| panic!("no Digest: {value}"));
    let pairs = rest.split(',').map(|one| one.trim().split_once('=').unwrap_or_else(|| panic!("no parameter: {one}")));
    pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.trim_matches('"').to_owned())).collect()
}

/// The one proof of a request, which holds.
#[track_caller]
fn proof(request: &Sent, name: HeaderName, nonce: &str) -> BTreeMap<String, String> {
    assert_eq!(request.all(name).len(), 1, "{}", request.text());
    let params = digest_params(request.value(name));
    let get = |name: &str| params.get(name).map_or("", String::as_str);
    assert_eq!(get("username"), "a");
    assert_eq!(get("realm"), "pbx");
    assert_eq!(get("nonce"), nonce);
    assert_eq!(get("uri"), request.uri);
    let is_sha = get("algorithm").eq_ignore_ascii_case("SHA-256");
    let hash = |text: String| if is_sha { hex::encode(Sha256::digest(text)) } else { hex::encode(Md5::digest(text)) };
    let secret = hash(format!("a:{}:secret", get("realm")));
    let asked = hash(format!("{}:{}", request.method, get("uri")));
    let middle = if params.contains_key("qop") {
        assert_eq!(get("qop"), "auth");
        assert_eq!(get("nc").len(), 8);
        assert!(!get("cnonce").is_empty());
        format!("{nonce}:{}:{}:auth", get("nc"), get("cnonce"))
    } else {
        nonce.to_owned()
    };
    assert_eq!(get("response"), hash(format!("{secret}:{middle}:{asked}")), "{}", request.text());
    params
}

/// Refuses a request with this challenge; takes the ACK, where there is one.
fn challenged(scene: &mut Scene, request: &Sent, status: u16, challenge: &str) {
    let name = if status == 401 { "WWW-Authenticate" } else { "Proxy-Authenticate" };
    scene.hears(&reply(request, status, "asks").line(&format!("{name}: {challenge}")));
    if request.method == "INVITE" {
        scene.request("ACK").assert_ack_of_refusal(request, "asks");
    }
}

#[test]
fn a_401_is_answered_with_a_proof_that_holds() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    assert_eq!(invite.get(HeaderName::Authorization), None);
    challenged(&mut scene, &invite, 401, &challenge("n1", ""));
    let again = scene.request("INVITE");
    again.assert_new_attempt_of(&invite);
    assert_eq!(again.tag(HeaderName::To), "");
    let proof = proof(&again, HeaderName::Authorization, "n1");
    assert_eq!((proof["nc"].as_str(), proof["opaque"].as_str(), proof["algorithm"].as_str()), ("00000001", "veil", "MD5"));
    assert_eq!(again.get(HeaderName::ProxyAuthorization), None);
    scene.nothing();
    scene.goes_on(session);
}

#[test]
fn a_407_is_answered_in_the_field_of_proxies() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    challenged(&mut scene, &invite, 407, &challenge("n1", ""));
    let again = scene.request("INVITE");
    again.assert_new_attempt_of(&invite);
    proof(&again, HeaderName::ProxyAuthorization, "n1");
    assert_eq!(again.get(HeaderName::Authorization), None);
    scene.goes_on(session);
}

#[test]
fn a_server_and_a_proxy_that_both_ask_both_get_their_proof() {
    let mut scene = Scene::new();
    let (session, first) = scene.call();
    challenged(&mut scene, &first, 401, &challenge("server", ""));
    let second = scene.request("INVITE");
    challenged(&mut scene, &second, 407, &challenge("proxy", ""));
    let third = scene.request("INVITE");
    third.assert_new_attempt_of(&second);
    // RFC 2617, 3.2.2: nc counts the requests with this nonce.
    assert_eq!(proof(&third, HeaderName::Authorization, "server")["nc"], "00000002");
    assert_eq!(proof(&third, HeaderName::ProxyAuthorization, "proxy")["nc"], "00000001");
    scene.goes_on(session);
}

#[test]
fn a_nonce_that_is_too_old_is_replaced() {
    let mut scene = Scene::new();
    let (session, first) = scene.call();
    challenged(&mut scene, &first, 401, &challenge("old", ""));
    let second = scene.request("INVITE");
    challenged(&mut scene, &second, 401, &challenge("new", ", stale=true"));
    let third = scene.request("INVITE");
    third.assert_new_attempt_of(&second);
    assert_eq!(proof(&third, HeaderName::Authorization, "new")["nc"], "00000001");
    scene.goes_on(session);
}

#[test]
fn a_wrong_password_is_not_tried_again() {
    let mut scene = Scene::new();
    let (session, first) = scene.call();
    challenged(&mut scene, &first, 401, &challenge("n1", ""));
    let second = scene.request("INVITE");
    challenged(&mut scene, &second, 401, &challenge("n2", ""));
    scene.go(secs(10));
    scene.nothing();
    assert_eq!(scene.ended(session).status, Some(401));
    scene.forgets();
}

#[test]
fn a_server_that_never_has_enough_is_left() {
    let mut scene = Scene::new();
    let (session, mut invite) = scene.call();
    for round in 0..ANSWERS_MAX {
        challenged(&mut scene, &invite, 401, &challenge(&format!("n{round}"), ", stale=true"));
        invite = scene.request("INVITE");
    }
    challenged(&mut scene, &invite, 401, &challenge("last", ", stale=true"));
    scene.go(secs(10));
    scene.nothing();
    assert_eq!(scene.ended(session).status, Some(401));
    scene.forgets();
}

#[test]
fn a_realm_that_is_not_ours_gets_nothing() {
    let mut scene = Scene::of(1, pbx(), Some("ours"));
    let (session, invite) = scene.call();
    challenged(&mut scene, &invite, 401, &challenge("n1", ""));
    scene.go(secs(10));
    scene.nothing();
    assert_eq!(scene.ended(session).status, Some(401));
}

#[test]
fn a_challenge_to_a_request_that_was_never_sent_is_passed_over() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    let mut forged = reply(&invite, 401, "asks").line(&format!("WWW-Authenticate: {}", challenge("n1", "")));
    forged = forged.with("Via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKnever");
    scene.hears(&forged);
    scene.nothing();
    scene.goes_on(session);
    assert_eq!(scene.agent.refusals().strays, 1);
}

#[test]
fn of_several_challenges_the_first_that_we_know_is_answered() {
    let mut scene = Scene::new();
    let (_, invite) = scene.call();
    let known =
        |algorithm: &str, nonce: &str| format!("WWW-Authenticate: Digest realm=\"pbx\", nonce=\"{nonce}\", qop=\"auth\", algorithm={algorithm}");
    let text = reply(&invite, 401, "asks").line(&known("SHA-999", "x")).line(&known("SHA-256", "y")).line(&known("MD5", "z"));
    scene.hears(&text);
    scene.request("ACK");
    let again = scene.request("INVITE");
    assert_eq!(proof(&again, HeaderName::Authorization, "y")["algorithm"], "SHA-256");
}

#[test]
fn a_challenge_without_qop_is_answered_without_a_count() {
    let mut scene = Scene::new();
    let (_, invite) = scene.call();
    challenged(&mut scene, &invite, 401, "Digest realm=\"pbx\", nonce=\"n1\"");
    let again = scene.request("INVITE");
    let proof = proof(&again, HeaderName::Authorization, "n1");
    assert!(["qop", "nc", "cnonce"].iter().all(|name| !proof.contains_key(*name)), "{}", again.text());
}

#[test]
fn the_ack_of_a_2xx_carries_the_proof_of_its_invite() {
    let mut scene = Scene::new();
    let (session, first) = scene.call();
    challenged(&mut scene, &first, 401, &challenge("n1", ""));
    let second = scene.request("INVITE");
    scene.hears(&reply(&second, 200, "far").line(THERE).sdp(THEIRS));
    let ack = scene.request("ACK");
    assert_eq!(ack.value(HeaderName::CSeq), format!("{} ACK", second.seq()));
    assert_eq!(ack.all(HeaderName::Authorization), second.all(HeaderName::Authorization));
    scene.answered(session);
}

#[test]
fn a_challenged_bye_is_said_again_with_a_proof() {
    let mut scene = Scene::new();
    let (session, _) = scene.calling();
    scene.agent.hang_up(scene.now, session);
    let bye = scene.request("BYE");
    challenged(&mut scene, &bye, 401, &challenge("n1", ""));
    let again = scene.request("BYE");
    again.assert_new_attempt_of(&bye);
    proof(&again, HeaderName::Authorization, "n1");
    scene.hears(&reply(&again, 200, ""));
    assert_eq!(scene.ended(session).by, Side::Local);
    scene.forgets();
}

// ---- Calls of ours (RFC 3261, 9, 13.2, 17.1.1; RFC 3262; RFC 6026) ----

#[test]
fn an_invite_has_what_it_must_have() {
    let mut scene = Scene::new();
    let (_, invite) = scene.call();
    assert_eq!(invite.to, pbx());
    assert_eq!(invite.uri, "sip:b@192.0.2.2");
    assert_eq!(uri_of(invite.value(HeaderName::To)), "sip:b@192.0.2.2");
    assert_eq!(invite.tag(HeaderName::To), "");
    assert_eq!(uri_of(invite.value(HeaderName::From)), "sip:a@pbx.example");
    assert_eq!(invite.value(HeaderName::MaxForwards), "70");
    assert_eq!(invite.value(HeaderName::ContentType), "application/sdp");
    assert_eq!(invite.body, OURS);
    // RFC 3581, 3: the port is asked for, without a value.
    assert_eq!(param(invite.value(HeaderName::Via), "rport").as_deref(), Some(""));
    for method in ["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "NOTIFY"] {
        assert!(invite.lists(HeaderName::Allow, method), "{method}");
    }
    for extension in ["100rel", "timer", "replaces"] {
        assert!(invite.lists(HeaderName::Supported, extension), "{extension}");
    }
    assert!(leading(invite.value(HeaderName::SessionExpires)) >= 90);
    scene.nothing();
}

#[test]
fn what_an_invitation_says_stands_in_the_invite() {
    let mut scene = Scene::new();
    let invitation = Invitation {
        uri: "sip:b@192.0.2.2".to_owned(),
        display_name: "Jan".to_owned(),
        sdp: OURS.into(),
        asserted: Some("<sip:102@pbx.example>".to_owned()),
        replaces: Some("x@y;to-tag=1;from-tag=2".to_owned()),
        referred_by: Some("<sip:103@pbx.example>".to_owned()),
    };
    scene.agent.invite(scene.now, scene.account, &invitation).unwrap();
    let invite = scene.request("INVITE");
    assert!(invite.value(HeaderName::From).starts_with("\"Jan\" <sip:a@pbx.example>;tag="), "{}", invite.text());
    assert_eq!(invite.value(HeaderName::PAssertedIdentity), "<sip:102@pbx.example>");
    assert_eq!(invite.value(HeaderName::Replaces), "x@y;to-tag=1;from-tag=2");
    assert_eq!(invite.value(HeaderName::ReferredBy), "<sip:103@pbx.example>");
}

#[test]
fn a_call_rings_is_answered_and_is_acknowledged() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    scene.hears(&reply(&invite, 100, ""));
    scene.hears(&reply(&invite, 180, "far").line(THERE));
    assert_eq!(scene.progress(session), (180, None));
    scene.nothing();
    scene.hears(&reply(&invite, 200, "far").line("Contact: <sip:b7@192.0.2.2:5060>").sdp(THEIRS));
    let ack = scene.request("ACK");
    assert_eq!(scene.answered(session), Some(THEIRS.into()));
    assert_eq!(ack.uri, "sip:b7@192.0.2.2:5060");
    assert_ne!(ack.branch(), invite.branch());
    assert_eq!(ack.value(HeaderName::CSeq), format!("{} ACK", invite.seq()));
    assert_eq!(ack.call_id(), invite.call_id());
    assert_eq!(ack.value(HeaderName::From), invite.value(HeaderName::From));
    assert_eq!(ack.tag(HeaderName::To), "far");
    assert_eq!(ack.all(HeaderName::Route), Vec::<&str>::new());
    assert_eq!(ack.body, "");
    scene.go(secs(60));
    scene.nothing();
    scene.goes_on(session);
}

#[test]
fn the_sdp_of_a_session_under_way_is_told() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    scene.hears(&reply(&invite, 183, "far").line(THERE).sdp(THEIRS));
    assert_eq!(scene.progress(session), (183, Some(THEIRS.into())));
}

#[test]
fn the_route_of_a_caller_is_the_record_backwards() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    let answer = reply(&invite, 200, "far").line(THERE).sdp(THEIRS);
    let answer = answer.line("Record-Route: <sip:p3@192.0.2.2;lr>, <sip:p2@192.0.2.2;lr>").line("Record-Route: <sip:p1@192.0.2.2;lr>");
    scene.hears(&answer);
    let route = ["sip:p1@192.0.2.2;lr", "sip:p2@192.0.2.2;lr", "sip:p3@192.0.2.2;lr"];
    let ack = scene.request("ACK");
    assert_eq!(ack.uri, "sip:b@192.0.2.2:5060");
    assert_eq!(ack.route(), route);
    scene.agent.hang_up(scene.now, session);
    let bye = scene.request("BYE");
    assert_eq!(bye.uri, "sip:b@192.0.2.2:5060");
    assert_eq!(bye.route(), route);
}

#[test]
fn a_strict_router_stands_in_the_request_uri_and_the_target_ends_the_route() {
    let mut scene = Scene::new();
    let (_, invite) = scene.call();
    let answer = reply(&invite, 200, "far").line(THERE).sdp(THEIRS);
    scene.hears(&answer.line("Record-Route: <sip:p2@192.0.2.2;lr>, <sip:p1@192.0.2.2>"));
    let ack = scene.request("ACK");
    assert_eq!(ack.uri, "sip:p1@192.0.2.2");
    assert_eq!(ack.route(), ["sip:p2@192.0.2.2;lr", "sip:b@192.0.2.2:5060"]);
}

#[test]
fn a_2xx_that_comes_again_is_acknowledged_again() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    let answer = reply(&invite, 200, "far").line(THERE).sdp(THEIRS);
    scene.hears(&answer);
    let first = scene.request("ACK");
    scene.go(secs(10));
    scene.hears(&answer);
    let second = scene.request("ACK");
    assert_eq!(second.value(HeaderName::CSeq), first.value(HeaderName::CSeq));
    assert_eq!(second.tag(HeaderName::To), "far");
    scene.nothing();
    assert_eq!(scene.count(|event| matches!(event, Event::Answered { session: of, .. } if *of == session)), 1);
    scene.goes_on(session);
}

#[test]
fn a_second_fork_that_accepts_is_acknowledged_and_hung_up() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    scene.hears(&reply(&invite, 200, "one").line(THERE).sdp(THEIRS));
    assert_eq!(scene.request("ACK").tag(HeaderName::To), "one");
    let second = reply(&invite, 200, "two").line("Contact: <sip:b2@192.0.2.2:5060>").sdp(THEIRS);
    scene.hears(&second);
    let ack = scene.request("ACK");
    assert_eq!((ack.tag(HeaderName::To).as_str(), ack.uri.as_str(), ack.seq()), ("two", "sip:b2@192.0.2.2:5060", invite.seq()));
    let bye = scene.request("BYE");
    assert_eq!((bye.tag(HeaderName::To).as_str(), bye.uri.as_str()), ("two", "sip:b2@192.0.2.2:5060"));
    assert!(bye.seq() > invite.seq());
    scene.hears(&reply(&bye, 200, ""));
    scene.hears(&second);
    scene.request("ACK");
    scene.nothing();
    assert_eq!(scene.count(|event| matches!(event, Event::Answered { .. })), 1);
    scene.goes_on(session);
    scene.agent.hang_up(scene.now, session);
    let bye = scene.request("BYE");
    assert_eq!(bye.tag(HeaderName::To), "one");
    scene.hears(&reply(&bye, 200, ""));
    scene.ended(session);
    scene.forgets();
}

#[test]
fn nothing_is_cancelled_before_something_is_heard() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    scene.agent.hang_up(scene.now, session);
    scene.go(ms(200));
    scene.nothing();
    scene.hears(&reply(&invite, 100, ""));
    scene.request("CANCEL");
}

#[test]
fn a_cancel_is_the_invite_but_for_its_method() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    scene.hears(&reply(&invite, 180, "far").line(THERE));
    scene.agent.hang_up(scene.now, session);
    let cancel = scene.request("CANCEL");
    assert_eq!(cancel.uri, invite.uri);
    assert_eq!(cancel.to, invite.to);
    for name in [HeaderName::Via, HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::Route] {
        assert_eq!(cancel.all(name), invite.all(name), "{name}");
    }
    assert_eq!(cancel.value(HeaderName::CSeq), format!("{} CANCEL", invite.seq()));
    assert_eq!((cancel.get(HeaderName::Require), cancel.get(HeaderName::ProxyRequire)), (None, None));
    scene.hears(&reply(&cancel, 200, "far"));
    scene.hears(&reply(&invite, 487, "far"));
    scene.request("ACK").assert_ack_of_refusal(&invite, "far");
    scene.nothing();
    assert_eq!(scene.ended(session).by, Side::Local);
    assert_eq!(scene.count(|event| matches!(event, Event::Answered { .. })), 0);
    scene.forgets();
}

#[test]
fn a_cancel_that_crosses_with_a_200_becomes_an_ack_and_a_bye() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    scene.hears(&reply(&invite, 180, "far").line(THERE));
    scene.agent.hang_up(scene.now, session);
    let cancel = scene.request("CANCEL");
    scene.hears(&reply(&invite, 200, "far").line(THERE).sdp(THEIRS));
    scene.hears(&reply(&cancel, 200, "far"));
    assert_eq!(scene.request("ACK").tag(HeaderName::To), "far");
    let bye = scene.request("BYE");
    assert_eq!((bye.tag(HeaderName::To).as_str(), bye.uri.as_str(), bye.seq()), ("far", "sip:b@192.0.2.2:5060", invite.seq() + 1));
    scene.hears(&reply(&bye, 200, ""));
    assert_eq!(scene.ended(session).by, Side::Local);
    scene.forgets();
}

#[test]
fn a_call_that_was_given_up_in_silence_and_is_answered_is_hung_up() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    scene.agent.hang_up(scene.now, session);
    scene.hears(&reply(&invite, 200, "far").line(THERE).sdp(THEIRS));
    scene.request("ACK");
    let bye = scene.request("BYE");
    scene.hears(&reply(&bye, 200, ""));
    assert_eq!(scene.requests("CANCEL").len(), 0);
    scene.ended(session);
    scene.forgets();
}

#[test]
fn a_cancelled_invite_that_nobody_answers_is_given_up() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    scene.hears(&reply(&invite, 180, "far").line(THERE));
    scene.agent.hang_up(scene.now, session);
    let cancel = scene.request("CANCEL");
    scene.hears(&reply(&cancel, 200, "far"));
    scene.go(LIFE + secs(1));
    scene.ended(session);
    scene.forgets();
}

#[test]
fn an_invite_over_datagrams_is_repeated_ever_later_and_given_up() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    scene.go(LIFE - ms(1));
    scene.goes_on(session);
    let again = scene.requests("INVITE");
    assert_eq!(rhythm(&again, invite.at), [500, 1500, 3500, 7500, 15500, 31500]);
    assert!(again.iter().all(|one| one.raw == invite.raw));
    scene.go(ms(1));
    let end = scene.ended(session);
    assert_eq!((end.by, end.status), (Side::Network, Some(408)));
    scene.nothing();
    scene.forgets();
}

#[test]
fn an_invite_over_a_connection_is_sent_once() {
    let mut scene = Scene::of(1, pbx_by_tcp(), None);
    let (session, invite) = scene.call();
    assert_eq!(invite.to, pbx_by_tcp());
    scene.go(LIFE - ms(1));
    scene.nothing();
    scene.goes_on(session);
    scene.go(ms(1));
    let end = scene.ended(session);
    assert_eq!((end.by, end.status), (Side::Network, Some(408)));
    scene.forgets();
}

#[test]
fn a_provisional_answer_stops_the_repetitions() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    scene.go(ms(200));
    scene.hears(&reply(&invite, 100, ""));
    scene.go(secs(100));
    scene.nothing();
    scene.goes_on(session);
}

#[test]
fn a_connection_that_fails_ends_the_call() {
    let mut scene = Scene::of(1, pbx_by_tcp(), None);
    let (session, _) = scene.call();
    scene.agent.transport_failed(scene.now, pbx_by_tcp());
    assert_eq!(scene.ended(session).by, Side::Network);
    scene.forgets();
}

#[test]
fn a_redirection_is_acknowledged_and_told() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    scene.hears(&reply(&invite, 302, "far").line("Contact: <sip:c@192.0.2.2>"));
    scene.request("ACK").assert_ack_of_refusal(&invite, "far");
    let end = scene.ended(session);
    assert_eq!((end.by, end.status), (Side::Remote, Some(302)));
    scene.forgets();
}

#[test]
fn a_refusal_says_why() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    scene.hears(&reply(&invite, 486, "far").line("Reason: Q.850;cause=17;text=\"User busy\""));
    scene.request("ACK").assert_ack_of_refusal(&invite, "far");
    let end = scene.ended(session);
    assert_eq!(end, End { by: Side::Remote, status: Some(486), cause: Some(HangupCause::from_code(17)), is_elsewhere: false });
    scene.forgets();
}

#[test]
fn a_refusal_that_comes_again_is_acknowledged_again() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    let refusal = reply(&invite, 486, "far");
    scene.hears(&refusal);
    let first = scene.request("ACK");
    scene.go(secs(20));
    scene.hears(&refusal);
    let second = scene.request("ACK");
    assert_eq!(second.raw, first.raw);
    scene.nothing();
    scene.ended(session);
    scene.forgets();
}

#[test]
fn an_interval_that_is_too_small_is_raised() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    scene.hears(&reply(&invite, 422, "far").line("Min-SE: 3600"));
    scene.request("ACK").assert_ack_of_refusal(&invite, "far");
    let again = scene.request("INVITE");
    again.assert_new_attempt_of(&invite);
    assert_eq!(again.value(HeaderName::MinSe), "3600");
    assert!(leading(again.value(HeaderName::SessionExpires)) >= 3600, "{}", again.text());
    scene.goes_on(session);
}

fn reliably(invite: &Sent, status: u16, rseq: u32) -> Text {
    reply(invite, status, "far").line(THERE).line("Require: 100rel").line(&format!("RSeq: {rseq}"))
}

#[test]
fn a_reliable_answer_is_confirmed_once() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    let ringing = reliably(&invite, 180, 988_789);
    scene.hears(&ringing);
    let prack = scene.request("PRACK");
    assert_eq!(prack.value(HeaderName::RAck), format!("988789 {} INVITE", invite.seq()));
    assert_eq!(prack.uri, "sip:b@192.0.2.2:5060");
    assert_eq!((prack.tag(HeaderName::To).as_str(), prack.seq(), prack.call_id()), ("far", invite.seq() + 1, invite.call_id()));
    scene.hears(&reply(&prack, 200, ""));
    scene.go(ms(500));
    scene.hears(&ringing);
    scene.nothing();
    assert_eq!(scene.progress(session).0, 180);
    scene.hears(&reply(&invite, 200, "far").line(THERE).sdp(THEIRS));
    assert_eq!(scene.request("ACK").seq(), invite.seq());
    scene.answered(session);
    scene.agent.hang_up(scene.now, session);
    assert_eq!(scene.request("BYE").seq(), invite.seq() + 2);
}

#[test]
fn reliable_answers_are_confirmed_in_their_order() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    scene.hears(&reliably(&invite, 180, 7));
    let first = scene.request("PRACK");
    scene.hears(&reply(&first, 200, ""));
    scene.progress(session);
    // The one before it was lost: RFC 3262, 4 wants it neither confirmed nor processed.
    scene.hears(&reliably(&invite, 183, 9).sdp(THEIRS));
    scene.nothing();
    assert_eq!(scene.count(|event| matches!(event, Event::Progress { .. })), 0);
    scene.hears(&reliably(&invite, 180, 8));
    let second = scene.request("PRACK");
    assert_eq!(second.value(HeaderName::RAck), format!("8 {} INVITE", invite.seq()));
    assert_eq!(second.seq(), first.seq() + 1);
    scene.hears(&reply(&second, 200, ""));
    scene.hears(&reliably(&invite, 183, 9).sdp(THEIRS));
    assert_eq!(scene.request("PRACK").value(HeaderName::RAck), format!("9 {} INVITE", invite.seq()));
}

#[test]
fn an_unreliable_answer_is_not_confirmed() {
    let mut scene = Scene::new();
    let (_, invite) = scene.call();
    scene.hears(&reply(&invite, 180, "far").line(THERE));
    scene.hears(&reply(&invite, 183, "far").line(THERE).sdp(THEIRS));
    scene.nothing();
}

#[test]
fn a_hang_up_says_goodbye_once_and_all_is_forgotten() {
    let mut scene = Scene::new();
    let (session, line) = scene.calling();
    scene.agent.hang_up(scene.now, session);
    let bye = scene.request("BYE");
    assert_eq!((bye.uri.as_str(), bye.call_id(), bye.seq()), ("sip:b@192.0.2.2:5060", line.call_id.as_str(), line.agent_seq + 1));
    assert_eq!((bye.value(HeaderName::From), bye.value(HeaderName::To)), (line.there.as_str(), line.here.as_str()));
    scene.hears(&reply(&bye, 200, ""));
    scene.go(secs(10));
    scene.nothing();
    assert_eq!(scene.ended(session).by, Side::Local);
    scene.forgets();
}

#[test]
fn a_goodbye_that_nobody_answers_ends_the_call_all_the_same() {
    let mut scene = Scene::new();
    let (session, _) = scene.calling();
    scene.agent.hang_up(scene.now, session);
    let bye = scene.request("BYE");
    scene.go(LIFE + secs(1));
    assert_eq!(rhythm(&scene.requests("BYE"), bye.at), [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    scene.ended(session);
    scene.forgets();
}

#[test]
fn a_goodbye_to_us_is_answered_and_says_why() {
    let mut scene = Scene::new();
    let (session, mut line) = scene.calling();
    let bye = line.ask("BYE").line("Reason: Q.850;cause=16");
    scene.hears(&bye);
    scene.response(200, "BYE");
    let end = scene.ended(session);
    assert_eq!((end.by, end.cause), (Side::Remote, Some(HangupCause::NORMAL)));
    // What comes again is answered again, and told once.
    scene.hears(&bye);
    scene.response(200, "BYE");
    scene.nothing();
    scene.goes_on(session);
    scene.forgets();
}

#[test]
fn an_answer_that_came_over_two_hops_is_dropped() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    let mut answer = reply(&invite, 200, "far").line(THERE).sdp(THEIRS);
    answer.lines.insert(1, "Via: SIP/2.0/UDP 192.0.2.77:5060;branch=z9hG4bKother".to_owned());
    scene.hears(&answer);
    scene.nothing();
    assert_eq!(scene.count(|event| matches!(event, Event::Answered { session: of, .. } if *of == session)), 0);
}

#[test]
fn an_answer_from_another_host_is_dropped() {
    let mut scene = Scene::new();
    let (session, invite) = scene.call();
    let answer = reply(&invite, 200, "far").line(THERE).sdp(THEIRS);
    scene.hears_from(at([198, 51, 100, 9], 5060), &answer);
    scene.nothing();
    assert_eq!(scene.count(|event| matches!(event, Event::Answered { .. })), 0);
    assert_eq!(scene.agent.refusals().strangers, 1);
    scene.hears(&answer);
    scene.request("ACK");
    scene.answered(session);
}

#[test]
fn no_text_of_a_user_forges_a_header_field() {
    let evil = "x\"\r\nInjected: yes\r\n\r\nmore";
    let plain = Invitation { uri: "sip:b@192.0.2.2".to_owned(), sdp: OURS.into(), ..Invitation::default() };
    let with = |change: fn(&mut Invitation, String)| {
        let mut invitation = plain.clone();
        change(&mut invitation, evil.to_owned());
        invitation
    };
    let invitations = [
        with(|invitation, evil| invitation.display_name = evil),
        with(|invitation, evil| invitation.uri.push_str(&evil)),
        with(|invitation, evil| invitation.asserted = Some(format!("<sip:102@pbx.example>{evil}"))),
        with(|invitation, evil| invitation.replaces = Some(format!("x;to-tag=1;from-tag=2{evil}"))),
        with(|invitation, evil| invitation.referred_by = Some(format!("<sip:103@pbx.example>{evil}"))),
    ];
    for invitation in &invitations {
        // Refusing the call would do as well.
        let mut scene = Scene::new();
        let _ = scene.agent.invite(scene.now, scene.account, invitation);
        assert_nothing_injected(&mut scene);
    }
    let mut scene = Scene::new();
    let (session, _) = scene.calling();
    scene.agent.refer(scene.now, session, &format!("sip:c@192.0.2.2{evil}"));
    assert_nothing_injected(&mut scene);
    let mut scene = Scene::new();
    scene.agent.subscribe(scene.now, scene.account, &format!("{WATCHED}{evil}"), "dialog", "application/dialog-info+xml");
    scene.agent.handle_timeout(scene.now + AT_ONCE);
    assert_nothing_injected(&mut scene);
}

fn assert_nothing_injected(scene: &mut Scene) {
    while let Some(transmit) = scene.agent.poll_transmit() {
        let text = String::from_utf8_lossy(&transmit.bytes).into_owned();
        let mut lines = text.split(['\r', '\n']).map(str::trim_start);
        assert!(!lines.any(|line| line.to_ascii_lowercase().starts_with("injected")), "{text}");
    }
}

#[test]
fn a_long_request_goes_over_a_connection_and_over_datagrams_where_there_is_none() {
    let mut scene = Scene::new();
    let sdp = format!("{OURS}{}", "a=x:0123456789012345678901234567890\r\n".repeat(40));
    let invitation = Invitation { uri: "sip:b@192.0.2.2".to_owned(), sdp: sdp.clone().into(), ..Invitation::default() };
    let session = scene.agent.invite(scene.now, scene.account, &invitation).unwrap();
    let long = scene.request("INVITE");
    assert!(long.raw.len() > DATAGRAM_BYTES_MAX);
    assert_eq!(long.to, pbx_by_tcp());
    scene.nothing();
    scene.agent.transport_failed(scene.now, pbx_by_tcp());
    let short = scene.request("INVITE");
    assert_eq!(short.to, pbx());
    assert_eq!((short.call_id(), short.body.as_str()), (long.call_id(), sdp.as_str()));
    scene.goes_on(session);
    scene.hears(&reply(&short, 200, "far").line(THERE).sdp(THEIRS));
    scene.request("ACK");
    scene.answered(session);
}

#[test]
fn the_answer_to_a_long_request_comes_over_its_connection() {
    let mut scene = Scene::new();
    let sdp = format!("{OURS}{}", "a=x:0123456789012345678901234567890\r\n".repeat(40));
    let invitation = Invitation { uri: "sip:b@192.0.2.2".to_owned(), sdp: sdp.into(), ..Invitation::default() };
    let session = scene.agent.invite(scene.now, scene.account, &invitation).unwrap();
    let invite = scene.request("INVITE");
    scene.hears_from(pbx_by_tcp(), &reply(&invite, 180, "far").line(THERE));
    scene.hears_from(pbx_by_tcp(), &reply(&invite, 200, "far").line(THERE).sdp(THEIRS));
    scene.request("ACK");
    scene.answered(session);
}

// ---- Calls to us (RFC 3261, 8.2, 9.2, 13.3, 17.2.1, 18.2; RFC 3581) ----

#[test]
fn a_call_to_us_is_on_its_way_rings_and_is_answered() {
    let mut scene = Scene::new();
    let invite = incoming("in");
    scene.hears(&invite);
    let trying = scene.response(100, "INVITE");
    assert_eq!((trying.call_id(), trying.seq(), trying.to), ("in", 1, pbx()));
    assert!(trying.value(HeaderName::Via).starts_with(invite.value("Via")), "{}", trying.text());
    let (session, call) = scene.incoming();
    assert_eq!((call.from.as_str(), call.sdp), ("<sip:b@pbx.example>;tag=far", Some(THEIRS.into())));
    scene.nothing();
    scene.agent.ring(scene.now, session);
    let ringing = scene.response(180, "INVITE");
    assert_eq!(ringing.value(HeaderName::From), "<sip:b@pbx.example>;tag=far");
    assert!(ringing.get(HeaderName::Contact).is_some(), "an early dialog has a target (12.1.1)");
    scene.agent.answer(scene.now, session, OURS.as_bytes());
    let answer = scene.response(200, "INVITE");
    assert_eq!(answer.tag(HeaderName::To), ringing.tag(HeaderName::To));
    assert_eq!((answer.body.as_str(), answer.value(HeaderName::ContentType)), (OURS, "application/sdp"));
    assert!(answer.lists(HeaderName::Allow, "BYE") && answer.get(HeaderName::Supported).is_some(), "13.3.1.4 wants both");
    scene.hears(&Line::asking(&invite, &answer).ack());
    assert_eq!(scene.acknowledged(session), None);
    scene.go(secs(60));
    scene.nothing();
    scene.goes_on(session);
}

#[test]
fn who_calls_and_what_for_is_told() {
    let mut scene = Scene::new();
    let text = incoming("in").line("P-Asserted-Identity: <sip:102@pbx.example>").line("Diversion: <sip:200@pbx.example>;reason=no-answer");
    scene.hears(&text.with("From", "\"Jan\" <sip:b@pbx.example>;tag=far"));
    let (_, call) = scene.incoming();
    assert_eq!(call.from, "\"Jan\" <sip:b@pbx.example>;tag=far");
    assert_eq!(call.asserted.as_deref(), Some("<sip:102@pbx.example>"));
    assert_eq!(call.diverted_by.as_deref(), Some("<sip:200@pbx.example>;reason=no-answer"));
    assert_eq!(call.replaces, None);
}

/// A 2xx goes end to end, so it is repeated whatever carries it (13.3.1.4).
fn unacknowledged(pbx: Peer) {
    let mut scene = Scene::of(1, pbx, None);
    let invite = incoming("in").with("Via", &format!("SIP/2.0/{} 192.0.2.2:5060;branch=z9hG4bKin", pbx.transport));
    let session = scene.called(&invite);
    scene.agent.answer(scene.now, session, OURS.as_bytes());
    let answer = scene.response(200, "INVITE");
    scene.go(LIFE - ms(1));
    let again = scene.responses(200, "INVITE");
    assert_eq!(rhythm(&again, answer.at), [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    assert!(again.iter().all(|one| one.raw == answer.raw));
    scene.nothing();
    let bye = scene.wait("BYE", secs(1));
    assert_eq!((bye.call_id(), bye.tag(HeaderName::To).as_str(), bye.tag(HeaderName::From)), ("in", "far", answer.tag(HeaderName::To)));
    scene.hears_from(bye.to, &reply(&bye, 200, ""));
    scene.ended(session);
    scene.forgets();
}

#[test]
fn an_answer_is_repeated_until_its_ack_and_the_call_ends_without_one() {
    unacknowledged(pbx());
}

#[test]
fn an_answer_over_a_connection_is_repeated_as_well() {
    unacknowledged(pbx_by_tcp());
}

#[test]
fn an_ack_ends_the_repetitions() {
    let mut scene = Scene::new();
    let invite = incoming("in");
    let session = scene.called(&invite);
    scene.agent.answer(scene.now, session, OURS.as_bytes());
    let answer = scene.response(200, "INVITE");
    scene.go(ms(600));
    assert_eq!(scene.responses(200, "INVITE").len(), 1);
    let ack = Line::asking(&invite, &answer).ack();
    scene.hears(&ack);
    scene.hears(&ack);
    scene.go(secs(100));
    scene.nothing();
    assert_eq!(scene.count(|event| matches!(event, Event::Acknowledged { .. })), 1);
    scene.goes_on(session);
}

#[test]
fn an_invite_that_comes_again_is_answered_again_and_told_once() {
    let mut scene = Scene::new();
    let invite = incoming("in");
    let session = scene.called(&invite);
    scene.hears(&invite);
    scene.response(100, "INVITE");
    scene.agent.ring(scene.now, session);
    let ringing = scene.response(180, "INVITE");
    scene.hears(&invite);
    assert_eq!(scene.response(180, "INVITE").raw, ringing.raw);
    scene.nothing();
    assert_eq!(scene.count(|event| matches!(event, Event::Incoming { .. })), 0);
}

#[test]
fn an_offer_of_ours_is_answered_in_the_ack() {
    let mut scene = Scene::new();
    let invite = incoming("in").without_body();
    scene.hears(&invite);
    let (session, call) = scene.incoming();
    assert_eq!(call.sdp, None);
    scene.agent.answer(scene.now, session, OURS.as_bytes());
    let answer = scene.response(200, "INVITE");
    assert_eq!(answer.body, OURS);
    scene.hears(&Line::asking(&invite, &answer).ack().sdp(THEIRS));
    assert_eq!(scene.acknowledged(session), Some(THEIRS.into()));
}

#[test]
fn a_refusal_is_repeated_until_its_ack() {
    let mut scene = Scene::new();
    let invite = incoming("in");
    let session = scene.called(&invite);
    scene.agent.reject(scene.now, session, 486);
    let refusal = scene.response(486, "INVITE");
    scene.go(secs(8));
    assert_eq!(rhythm(&scene.responses(486, "INVITE"), refusal.at), [500, 1500, 3500, 7500]);
    scene.hears(&invite.follow_up("ACK", Some(refusal.value(HeaderName::To))));
    scene.go(secs(60));
    scene.nothing();
    assert_eq!(scene.ended(session).by, Side::Local);
    scene.forgets();
}

#[test]
fn a_refusal_without_an_ack_is_given_up() {
    let mut scene = Scene::new();
    let session = scene.called(&incoming("in"));
    scene.agent.reject(scene.now, session, 603);
    let refusal = scene.response(603, "INVITE");
    scene.go(secs(100));
    let again = scene.responses(603, "INVITE");
    assert_eq!(rhythm(&again, refusal.at), [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    scene.nothing();
    scene.ended(session);
    scene.forgets();
}

#[test]
fn a_refusal_over_a_connection_is_sent_once() {
    let mut scene = Scene::of(1, pbx_by_tcp(), None);
    let invite = incoming("in").with("Via", "SIP/2.0/TCP 192.0.2.2:5060;branch=z9hG4bKin");
    let session = scene.called(&invite);
    scene.agent.reject(scene.now, session, 486);
    assert_eq!(scene.response(486, "INVITE").to, pbx_by_tcp());
    scene.go(secs(100));
    scene.nothing();
    scene.ended(session);
    scene.forgets();
}

#[test]
fn hanging_up_on_a_ringing_call_refuses_it() {
    let mut scene = Scene::new();
    let invite = incoming("in");
    let session = scene.called(&invite);
    scene.agent.ring(scene.now, session);
    scene.response(180, "INVITE");
    scene.agent.hang_up(scene.now, session);
    let refusal = scene.take(|sent| sent.method == "INVITE" && sent.status.is_some_and(|status| status >= 400)).expect("a refusal");
    assert_eq!(scene.requests("BYE").len(), 0);
    scene.hears(&invite.follow_up("ACK", Some(refusal.value(HeaderName::To))));
    assert_eq!(scene.ended(session).by, Side::Local);
    scene.forgets();
}

#[test]
fn a_call_that_is_taken_back_is_answered_487() {
    let mut scene = Scene::new();
    let invite = incoming("in");
    let session = scene.called(&invite);
    scene.agent.ring(scene.now, session);
    let ringing = scene.response(180, "INVITE");
    scene.hears(&invite.follow_up("CANCEL", None));
    let cancelled = scene.response(200, "CANCEL");
    let refusal = scene.response(487, "INVITE");
    assert_eq!(refusal.tag(HeaderName::To), ringing.tag(HeaderName::To));
    assert_eq!(cancelled.tag(HeaderName::To), ringing.tag(HeaderName::To));
    scene.hears(&invite.follow_up("ACK", Some(refusal.value(HeaderName::To))));
    let end = scene.ended(session);
    assert_eq!((end.by, end.is_elsewhere), (Side::Remote, false));
    // Too late to answer.
    scene.agent.answer(scene.now, session, OURS.as_bytes());
    scene.go(secs(10));
    scene.nothing();
    scene.forgets();
}

#[test]
fn a_call_that_another_one_took_was_answered_elsewhere() {
    let mut scene = Scene::new();
    let invite = incoming("in");
    let session = scene.called(&invite);
    let cancel = invite.follow_up("CANCEL", None).line("Reason: SIP;cause=200;text=\"Call completed elsewhere\"");
    scene.hears(&cancel);
    scene.response(200, "CANCEL");
    scene.response(487, "INVITE");
    let end = scene.ended(session);
    assert_eq!((end.by, end.is_elsewhere), (Side::Remote, true));
}

#[test]
fn a_cancel_of_nothing_is_answered_481() {
    let mut scene = Scene::new();
    scene.hears(&incoming("never").follow_up("CANCEL", None));
    scene.response(481, "CANCEL");
    scene.nothing();
}

#[test]
fn a_cancel_after_the_answer_changes_nothing() {
    let mut scene = Scene::new();
    let invite = incoming("in");
    let session = scene.called(&invite);
    scene.agent.answer(scene.now, session, OURS.as_bytes());
    let answer = scene.response(200, "INVITE");
    scene.hears(&invite.follow_up("CANCEL", None));
    scene.response(200, "CANCEL");
    scene.nothing();
    scene.hears(&Line::asking(&invite, &answer).ack());
    scene.acknowledged(session);
    scene.goes_on(session);
}

#[test]
fn nobody_says_goodbye_before_the_ack_of_his_answer() {
    let mut scene = Scene::new();
    let invite = incoming("in");
    let session = scene.called(&invite);
    scene.agent.answer(scene.now, session, OURS.as_bytes());
    let answer = scene.response(200, "INVITE");
    scene.agent.hang_up(scene.now, session);
    scene.go(ms(400));
    scene.nothing();
    scene.hears(&Line::asking(&invite, &answer).ack());
    let bye = scene.request("BYE");
    scene.hears(&reply(&bye, 200, ""));
    assert_eq!(scene.ended(session).by, Side::Local);
    scene.forgets();
}

#[test]
fn a_goodbye_to_a_ringing_call_ends_it_and_its_invite() {
    let mut scene = Scene::new();
    let invite = incoming("in");
    let session = scene.called(&invite);
    scene.agent.ring(scene.now, session);
    let ringing = scene.response(180, "INVITE");
    scene.hears(&Line::asking(&invite, &ringing).ask("BYE"));
    scene.response(200, "BYE");
    let refusal = scene.response(487, "INVITE");
    scene.hears(&invite.follow_up("ACK", Some(refusal.value(HeaderName::To))));
    assert_eq!(scene.ended(session).by, Side::Remote);
    scene.forgets();
}

#[test]
fn the_record_of_the_route_comes_back_and_is_the_route_of_the_called() {
    let mut scene = Scene::new();
    let invite = incoming("in").line("Record-Route: <sip:p1@192.0.2.2;lr>, <sip:p2@192.0.2.2;lr>");
    let (session, _, answer) = scene.taken(&invite);
    let record: String = answer.all(HeaderName::RecordRoute).join(", ");
    assert_eq!(record, "<sip:p1@192.0.2.2;lr>, <sip:p2@192.0.2.2;lr>");
    scene.agent.hang_up(scene.now, session);
    let bye = scene.request("BYE");
    assert_eq!(bye.uri, "sip:b@192.0.2.2:5060");
    assert_eq!(bye.route(), ["sip:p1@192.0.2.2;lr", "sip:p2@192.0.2.2;lr"]);
}

#[test]
fn all_hops_come_back_in_their_order() {
    let mut scene = Scene::new();
    let mut options = stray("OPTIONS", "hops");
    options.lines.insert(1, "Via: SIP/2.0/TCP 192.0.2.8;branch=z9hG4bK8, SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK9".to_owned());
    scene.hears(&options);
    let answer = scene.response(200, "OPTIONS");
    let vias: Vec<String> = answer.all(HeaderName::Via).iter().flat_map(|via| via.split(',')).map(|via| via.trim().to_owned()).collect();
    assert!(vias[0].starts_with(options.value("Via")), "{vias:?}");
    assert_eq!(vias[1..], ["SIP/2.0/TCP 192.0.2.8;branch=z9hG4bK8", "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK9"]);
}

#[test]
fn who_asks_for_his_port_gets_the_answer_there() {
    let mut scene = Scene::new();
    let options = stray("OPTIONS", "rport").with("Via", "SIP/2.0/UDP 10.0.0.7:5070;rport;branch=z9hG4bKnat");
    scene.hears_from(at([192, 0, 2, 2], 40000), &options);
    let answer = scene.response(200, "OPTIONS");
    assert_eq!(answer.to, at([192, 0, 2, 2], 40000));
    let via = answer.value(HeaderName::Via);
    assert_eq!((param(via, "rport").as_deref(), param(via, "received").as_deref()), (Some("40000"), Some("192.0.2.2")));
    assert_eq!(answer.branch(), "z9hG4bKnat");
}

#[test]
fn who_does_not_ask_for_his_port_gets_the_answer_at_the_one_of_his_via() {
    let mut scene = Scene::new();
    let options = stray("OPTIONS", "plain").with("Via", "SIP/2.0/UDP 10.0.0.7:5070;branch=z9hG4bKplain");
    scene.hears_from(at([192, 0, 2, 2], 40000), &options);
    let answer = scene.response(200, "OPTIONS");
    assert_eq!(answer.to, at([192, 0, 2, 2], 5070));
    let via = answer.value(HeaderName::Via);
    assert_eq!((param(via, "rport"), param(via, "received").as_deref()), (None, Some("192.0.2.2")));
}

#[test]
fn who_comes_over_a_connection_gets_the_answer_over_it() {
    let mut scene = Scene::of(1, pbx_by_tcp(), None);
    let from = Peer { transport: Transport::Tcp, addr: SocketAddr::from(([192, 0, 2, 2], 33333)) };
    scene.hears_from(from, &stray("OPTIONS", "tcp").with("Via", "SIP/2.0/TCP 192.0.2.2:5060;branch=z9hG4bKtcp"));
    assert_eq!(scene.response(200, "OPTIONS").to, from);
}

#[test]
fn a_request_whose_last_hop_is_here_is_taken() {
    // Max-Forwards is a proxy's matter (16.3).
    let mut scene = Scene::new();
    scene.hears(&incoming("last").with("Max-Forwards", "0"));
    scene.response(100, "INVITE");
    scene.incoming();
}

#[test]
fn a_timestamp_comes_back_with_the_100() {
    let mut scene = Scene::new();
    scene.hears(&incoming("stamp").line("Timestamp: 54.21"));
    let trying = scene.response(100, "INVITE");
    assert!(trying.written("Timestamp").is_some_and(|value| value.starts_with("54.21")), "{}", trying.text());
}

#[test]
fn reliability_that_is_required_is_given_or_refused() {
    let mut scene = Scene::new();
    let invite = incoming("rel").line("Require: 100rel").line("Supported: 100rel");
    scene.hears(&invite);
    if let Some(refusal) = scene.take(|sent| sent.says(420, "INVITE")) {
        assert!(refusal.lists(HeaderName::Unsupported, "100rel"));
        return;
    }
    let (session, _) = scene.incoming();
    scene.agent.ring(scene.now, session);
    let ringing = scene.response(180, "INVITE");
    assert!(ringing.lists(HeaderName::Require, "100rel"), "{}", ringing.text());
    let rseq = leading(ringing.value(HeaderName::RSeq));
    assert!(rseq >= 1);
    scene.go(secs(2));
    assert_eq!(rhythm(&scene.responses(180, "INVITE"), ringing.at), [500, 1500]);
    let mut line = Line::asking(&invite, &ringing);
    scene.hears(&line.ask("PRACK").line(&format!("RAck: {} 1 INVITE", rseq + 1)));
    scene.response(481, "PRACK");
    scene.hears(&line.ask("PRACK").line(&format!("RAck: {rseq} 1 INVITE")));
    scene.response(200, "PRACK");
    scene.responses(100, "INVITE");
    scene.go(secs(20));
    scene.nothing();
    scene.agent.answer(scene.now, session, OURS.as_bytes());
    scene.response(200, "INVITE");
}

// ---- What is refused (RFC 3261, 8.2, 11.2, 12.2.2, 21) ----

#[test]
fn a_request_of_a_dialog_that_is_unknown_is_answered_481() {
    for method in ["BYE", "INVITE", "UPDATE", "INFO", "NOTIFY", "REFER", "PRACK"] {
        let mut scene = Scene::new();
        let text = stray(method, "gone").with("To", "<sip:a@pbx.example>;tag=gone").line(THERE);
        let text = match method {
            "NOTIFY" => text.line("Event: dialog").line("Subscription-State: active;expires=60"),
            "REFER" => text.line("Refer-To: <sip:c@192.0.2.2>"),
            "PRACK" => text.line("RAck: 1 1 INVITE"),
            _ => text,
        };
        scene.hears(&text);
        let answer = scene.response(481, method);
        assert_eq!(answer.tag(HeaderName::To), "gone");
        scene.responses(100, method);
        scene.nothing();
    }
}

#[test]
fn an_ack_is_never_answered() {
    let mut scene = Scene::new();
    scene.hears(&stray("ACK", "gone").with("To", "<sip:a@pbx.example>;tag=gone"));
    scene.hears(&stray("ACK", "gone2"));
    scene.nothing();
    assert_eq!(scene.agent.remembered(), [0; 6]);
}

#[test]
fn a_method_that_we_do_not_do_is_answered_405_with_those_that_we_do() {
    for method in ["MESSAGE", "PUBLISH", "REGISTER"] {
        let mut scene = Scene::new();
        scene.hears(&stray(method, "not"));
        let answer = scene.response(405, method);
        assert!(answer.lists(HeaderName::Allow, "INVITE") && !answer.lists(HeaderName::Allow, method), "{}", answer.text());
        scene.nothing();
    }
}

#[test]
fn a_method_that_nobody_knows_is_refused() {
    // 8.2.1 speaks of 405, 21.5.2 of 501 where the method is not even recognised.
    let mut scene = Scene::new();
    scene.hears(&stray("DANCE", "not"));
    let answer = scene.take(|sent| sent.says(405, "DANCE") || sent.says(501, "DANCE")).expect("405 or 501");
    assert!(answer.status == Some(501) || answer.lists(HeaderName::Allow, "INVITE"), "{}", answer.text());
    scene.nothing();
}

#[test]
fn an_extension_that_we_do_not_know_is_refused_by_name() {
    for method in ["INVITE", "OPTIONS"] {
        let mut scene = Scene::new();
        scene.hears(&stray(method, "ext").line(THERE).line("Require: foo, timer, bar"));
        let answer = scene.response(420, method);
        assert!(answer.lists(HeaderName::Unsupported, "foo") && answer.lists(HeaderName::Unsupported, "bar"), "{}", answer.text());
        assert!(!answer.lists(HeaderName::Unsupported, "timer"), "{}", answer.text());
        assert_eq!(scene.count(|event| matches!(event, Event::Incoming { .. })), 0);
    }
}

#[test]
fn what_an_ack_or_a_cancel_requires_is_passed_over() {
    let mut scene = Scene::new();
    let invite = incoming("one");
    let session = scene.called(&invite);
    scene.hears(&invite.follow_up("CANCEL", None).line("Require: foo"));
    scene.response(200, "CANCEL");
    scene.response(487, "INVITE");
    scene.ended(session);
    let mut scene = Scene::new();
    let invite = incoming("two");
    let session = scene.called(&invite);
    scene.agent.answer(scene.now, session, OURS.as_bytes());
    let answer = scene.response(200, "INVITE");
    scene.hears(&Line::asking(&invite, &answer).ack().line("Require: foo"));
    scene.acknowledged(session);
    scene.nothing();
}

#[test]
fn a_user_that_is_not_ours_is_answered_404() {
    let mut scene = Scene::new();
    let text = ask("INVITE", "sip:nobody@192.0.2.1:5060", "who", "<sip:b@pbx.example>;tag=far", "<sip:nobody@pbx.example>", 1);
    scene.hears(&text.line(THERE).sdp(THEIRS));
    scene.response(404, "INVITE");
    assert_eq!(scene.count(|event| matches!(event, Event::Incoming { .. })), 0);
}

#[test]
fn an_address_of_another_scheme_is_answered_416() {
    let mut scene = Scene::new();
    let text = ask("INVITE", "nobodyknows:a", "scheme", "<sip:b@pbx.example>;tag=far", "<sip:a@pbx.example>", 1);
    scene.hears(&text.line(THERE).sdp(THEIRS));
    scene.response(416, "INVITE");
}

#[test]
fn a_request_that_comes_by_a_second_way_is_answered_482() {
    let mut scene = Scene::new();
    let invite = incoming("merged");
    let session = scene.called(&invite);
    let other = invite.clone().with("Via", "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKotherway");
    scene.hears(&other);
    let refusal = scene.response(482, "INVITE");
    assert_eq!(refusal.branch(), "z9hG4bKotherway");
    assert_eq!(scene.count(|event| matches!(event, Event::Incoming { .. })), 0);
    scene.hears(&other.follow_up("ACK", Some(refusal.value(HeaderName::To))));
    scene.responses(100, "INVITE");
    // The first way goes on.
    scene.agent.ring(scene.now, session);
    assert_ne!(scene.response(180, "INVITE").branch(), "z9hG4bKotherway");
    scene.goes_on(session);
}

#[test]
fn a_body_that_we_cannot_read_is_answered_415_with_what_we_can() {
    let mut scene = Scene::new();
    scene.hears(&incoming("body").with_body("text/plain", "hello"));
    let answer = scene.response(415, "INVITE");
    assert!(answer.lists(HeaderName::Accept, "application/sdp"), "{}", answer.text());
    assert_eq!(scene.count(|event| matches!(event, Event::Incoming { .. })), 0);
}

#[test]
fn a_body_that_is_packed_is_answered_415_with_how_it_may_be() {
    let mut scene = Scene::new();
    scene.hears(&incoming("packed").line("Content-Encoding: gzip"));
    let answer = scene.response(415, "INVITE");
    assert!(answer.written("Accept-Encoding").is_some(), "{}", answer.text());
    assert_eq!(scene.count(|event| matches!(event, Event::Incoming { .. })), 0);
}

#[test]
fn an_interval_under_our_least_is_answered_422() {
    let mut scene = Scene::new();
    scene.hears(&incoming("short").line("Supported: timer").line("Session-Expires: 89"));
    let answer = scene.response(422, "INVITE");
    assert!(leading(answer.value(HeaderName::MinSe)) >= 90);
    assert_eq!(scene.count(|event| matches!(event, Event::Incoming { .. })), 0);
}

#[test]
fn a_request_older_than_the_last_one_is_answered_500() {
    let mut scene = Scene::new();
    let (session, mut line) = scene.calling();
    scene.hears(&line.ask("OPTIONS"));
    scene.response(200, "OPTIONS");
    line.seq -= 2;
    scene.hears(&line.ask("BYE"));
    scene.response(500, "BYE");
    scene.goes_on(session);
    // Gaps are no fault.
    line.seq += 50;
    scene.hears(&line.ask("BYE"));
    scene.response(200, "BYE");
    scene.ended(session);
}

#[test]
fn another_version_is_answered_505() {
    let mut scene = Scene::new();
    let mut text = stray("OPTIONS", "seven");
    text.first = "OPTIONS sip:a@192.0.2.1:5060 SIP/7.0".to_owned();
    scene.hears(&text);
    scene.response(505, "OPTIONS");
    scene.nothing();
}

#[test]
fn options_are_answered_without_memory() {
    let mut scene = Scene::new();
    let options = stray("OPTIONS", "what");
    scene.hears(&options);
    let answer = scene.response(200, "OPTIONS");
    assert_eq!(scene.agent.remembered(), [0; 6]);
    assert!(answer.lists(HeaderName::Allow, "INVITE") && answer.lists(HeaderName::Accept, "application/sdp"), "{}", answer.text());
    assert!(answer.get(HeaderName::Supported).is_some(), "{}", answer.text());
    scene.go(secs(5));
    scene.hears(&options);
    // 8.2.7: the same request gets the same tag.
    assert_eq!(scene.response(200, "OPTIONS").tag(HeaderName::To), answer.tag(HeaderName::To));
    scene.hears(&stray("OPTIONS", "other"));
    assert_ne!(scene.response(200, "OPTIONS").tag(HeaderName::To), answer.tag(HeaderName::To));
    scene.nothing();
    assert_eq!(scene.agent.remembered(), [0; 6]);
}

#[test]
fn options_in_a_call_change_nothing() {
    let mut scene = Scene::new();
    let (session, mut line) = scene.calling();
    scene.hears(&line.ask("OPTIONS"));
    let answer = scene.response(200, "OPTIONS");
    assert!(answer.lists(HeaderName::Allow, "INVITE"));
    scene.go(secs(40));
    scene.nothing();
    scene.goes_on(session);
}

#[test]
fn a_stranger_hears_nothing() {
    let mut scene = Scene::new();
    let stranger = at([203, 0, 113, 66], 5060);
    for text in [incoming("in"), stray("OPTIONS", "what"), stray("BYE", "gone").with("To", "<sip:a@pbx.example>;tag=gone")] {
        scene.hears_from(stranger, &text);
    }
    scene.go(secs(40));
    scene.nothing();
    assert_eq!(scene.count(|_| true), 0);
    assert_eq!(scene.agent.refusals().strangers, 3);
    assert_eq!(scene.agent.remembered(), [0; 6]);
    scene.agent.trust(IpAddr::from([203, 0, 113, 66]));
    scene.hears_from(stranger, &stray("OPTIONS", "what").with("Via", "SIP/2.0/UDP 203.0.113.66:5060;branch=z9hG4bKnow"));
    assert_eq!(scene.response(200, "OPTIONS").to, stranger);
}

// ---- Other offers in a call (RFC 3261, 14; RFC 3311) ----

#[test]
fn another_offer_of_ours_is_accepted() {
    let mut scene = Scene::new();
    let (session, line) = scene.calling();
    scene.agent.reoffer(scene.now, session, OURS.as_bytes());
    let invite = scene.request("INVITE");
    assert_eq!((invite.seq(), invite.uri.as_str(), invite.body.as_str()), (line.agent_seq + 1, "sip:b@192.0.2.2:5060", OURS));
    assert_eq!((invite.value(HeaderName::From), invite.value(HeaderName::To)), (line.there.as_str(), line.here.as_str()));
    scene.hears(&reply(&invite, 200, "").line("Contact: <sip:b9@192.0.2.2:5060>").sdp(THEIRS));
    let ack = scene.request("ACK");
    assert_eq!((ack.seq(), ack.uri.as_str()), (invite.seq(), "sip:b9@192.0.2.2:5060"));
    assert_ne!(ack.branch(), invite.branch());
    assert_eq!(scene.reoffer_done(session), Ok(Some(THEIRS.into())));
    // 12.2.1.2: the target is where the other end is now.
    scene.agent.hang_up(scene.now, session);
    let bye = scene.request("BYE");
    assert_eq!((bye.uri.as_str(), bye.seq()), ("sip:b9@192.0.2.2:5060", invite.seq() + 1));
}

#[test]
fn another_offer_of_ours_that_is_refused_leaves_the_call_as_it_was() {
    let mut scene = Scene::new();
    let (session, line) = scene.calling();
    scene.agent.reoffer(scene.now, session, OURS.as_bytes());
    let invite = scene.request("INVITE");
    scene.hears(&reply(&invite, 488, ""));
    scene.request("ACK").assert_ack_of_refusal(&invite, &param(&line.here, "tag").unwrap());
    assert_eq!(scene.reoffer_done(session), Err(488));
    scene.go(secs(60));
    scene.nothing();
    scene.goes_on(session);
}

#[test]
fn a_call_that_the_other_end_does_not_know_any_more_is_over() {
    let mut scene = Scene::new();
    let (session, _) = scene.calling();
    scene.agent.reoffer(scene.now, session, OURS.as_bytes());
    let invite = scene.request("INVITE");
    scene.hears(&reply(&invite, 481, ""));
    scene.request("ACK");
    let bye = scene.request("BYE");
    scene.hears(&reply(&bye, 481, ""));
    scene.ended(session);
    scene.forgets();
}

#[test]
fn a_call_in_which_an_offer_is_never_answered_is_over() {
    let mut scene = Scene::new();
    let (session, _) = scene.calling();
    scene.agent.reoffer(scene.now, session, OURS.as_bytes());
    scene.request("INVITE");
    scene.go(LIFE + secs(1));
    let bye = scene.request("BYE");
    scene.hears(&reply(&bye, 200, ""));
    scene.ended(session);
    scene.forgets();
}

#[test]
fn another_offer_of_theirs_is_accepted() {
    let mut scene = Scene::new();
    let (session, mut line, _) = scene.taken(&incoming("in"));
    scene.hears(&line.ask("INVITE").line("Contact: <sip:b9@192.0.2.2:5060>").sdp(THEIRS));
    assert_eq!(scene.reoffered(session), Some(THEIRS.into()));
    scene.agent.accept_reoffer(scene.now, session, OURS.as_bytes());
    let answer = scene.response(200, "INVITE");
    assert_eq!((answer.body.as_str(), answer.seq()), (OURS, line.seq));
    scene.go(ms(600));
    assert_eq!(scene.responses(200, "INVITE").len(), 1, "it is repeated as any 2xx");
    scene.hears(&line.ack());
    scene.responses(100, "INVITE");
    scene.go(secs(60));
    scene.nothing();
    scene.agent.hang_up(scene.now, session);
    assert_eq!(scene.request("BYE").uri, "sip:b9@192.0.2.2:5060");
}

#[test]
fn another_offer_of_theirs_that_is_refused_leaves_the_call_as_it_was() {
    let mut scene = Scene::new();
    let (session, mut line) = scene.calling();
    let invite = line.ask("INVITE").line(THERE).sdp(THEIRS);
    scene.hears(&invite);
    scene.reoffered(session);
    scene.agent.refuse_reoffer(scene.now, session, 488);
    let refusal = scene.response(488, "INVITE");
    scene.hears(&invite.follow_up("ACK", Some(refusal.value(HeaderName::To))));
    scene.responses(100, "INVITE");
    scene.go(secs(60));
    scene.nothing();
    scene.goes_on(session);
}

#[test]
fn who_asks_for_our_offer_in_a_call_gets_it_and_answers_in_the_ack() {
    let mut scene = Scene::new();
    let (session, mut line) = scene.calling();
    scene.hears(&line.ask("INVITE").line(THERE));
    assert_eq!(scene.reoffered(session), None);
    scene.agent.accept_reoffer(scene.now, session, OURS.as_bytes());
    assert_eq!(scene.response(200, "INVITE").body, OURS);
    scene.hears(&line.ack().sdp(THEIRS));
    scene.responses(100, "INVITE");
    scene.go(secs(10));
    scene.nothing();
    scene.goes_on(session);
}

#[test]
fn another_offer_in_an_update_is_accepted_without_an_ack() {
    let mut scene = Scene::new();
    let (session, mut line) = scene.calling();
    scene.hears(&line.ask("UPDATE").line(THERE).sdp(THEIRS));
    assert_eq!(scene.reoffered(session), Some(THEIRS.into()));
    scene.agent.accept_reoffer(scene.now, session, OURS.as_bytes());
    assert_eq!(scene.response(200, "UPDATE").body, OURS);
    scene.go(secs(60));
    scene.nothing();
    scene.goes_on(session);
}

#[test]
fn an_update_without_an_offer_only_refreshes() {
    let mut scene = Scene::new();
    let (session, mut line) = scene.calling();
    scene.hears(&line.ask("UPDATE").line("Contact: <sip:b9@192.0.2.2:5060>"));
    assert_eq!(scene.response(200, "UPDATE").body, "");
    assert_eq!(scene.count(|event| matches!(event, Event::Reoffered { .. })), 0);
    // It is a target refresh (RFC 3311, 5.2).
    scene.agent.hang_up(scene.now, session);
    assert_eq!(scene.request("BYE").uri, "sip:b9@192.0.2.2:5060");
}

#[test]
fn an_offer_that_meets_ours_is_answered_491() {
    for is_ours in [true, false] {
        for method in ["INVITE", "UPDATE"] {
            let mut scene = Scene::new();
            let (session, mut line) = if is_ours {
                scene.calling()
            } else {
                let (session, line, _) = scene.taken(&incoming("in"));
                (session, line)
            };
            scene.agent.reoffer(scene.now, session, OURS.as_bytes());
            let ours = scene.request("INVITE");
            scene.hears(&line.ask(method).line(THERE).sdp(THEIRS));
            scene.response(491, method);
            assert_eq!(scene.count(|event| matches!(event, Event::Reoffered { .. })), 0);
            scene.hears(&reply(&ours, 200, "").line(THERE).sdp(THEIRS));
            scene.request("ACK");
            assert_eq!(scene.reoffer_done(session), Ok(Some(THEIRS.into())));
            scene.goes_on(session);
        }
    }
}

/// How long an offer waits that was answered 491, over many seeds.
fn waits_after_491(is_ours: bool) -> Vec<Duration> {
    let wait = |seed| {
        let mut scene = Scene::of(seed, pbx(), None);
        let session = if is_ours { scene.calling().0 } else { scene.taken(&incoming("in")).0 };
        scene.agent.reoffer(scene.now, session, OURS.as_bytes());
        let first = scene.request("INVITE");
        scene.hears(&reply(&first, 491, ""));
        scene.request("ACK");
        assert_eq!(scene.count(|event| matches!(event, Event::ReofferDone { .. })), 0);
        let again = scene.wait("INVITE", secs(10));
        again.assert_new_attempt_of(&first);
        scene.hears(&reply(&again, 200, "").line(THERE).sdp(THEIRS));
        scene.request("ACK");
        assert_eq!(scene.reoffer_done(session), Ok(Some(THEIRS.into())));
        scene.goes_on(session);
        again.at - first.at
    };
    (1..=20).map(wait).collect()
}

#[test]
fn after_491_the_owner_of_the_call_id_waits_long() {
    let waits = waits_after_491(true);
    assert!(waits.iter().all(|wait| (ms(2100)..=ms(4000)).contains(wait)), "{waits:?}");
    assert!(waits.iter().all(|wait| wait.as_micros() % 10_000 == 0), "in units of 10 ms: {waits:?}");
    assert!(waits.iter().collect::<BTreeSet<_>>().len() > 1, "at random: {waits:?}");
}

#[test]
fn after_491_the_other_end_waits_short() {
    let waits = waits_after_491(false);
    assert!(waits.iter().all(|wait| (ms(0)..=ms(2000)).contains(wait)), "{waits:?}");
    assert!(waits.iter().all(|wait| wait.as_micros() % 10_000 == 0), "in units of 10 ms: {waits:?}");
    assert!(waits.iter().collect::<BTreeSet<_>>().len() > 1, "at random: {waits:?}");
}

#[test]
fn a_second_offer_before_the_first_is_answered_has_to_wait() {
    for method in ["INVITE", "UPDATE"] {
        let mut scene = Scene::new();
        let (session, mut line) = scene.calling();
        scene.hears(&line.ask("INVITE").line(THERE).sdp(THEIRS));
        scene.reoffered(session);
        let first = line.clone();
        let second = line.ask(method).line(THERE).sdp(THEIRS);
        scene.hears(&second);
        let refusal = scene.response(500, method);
        assert!(leading(refusal.value(HeaderName::RetryAfter)) <= 10, "{}", refusal.text());
        assert_eq!(refusal.seq(), line.seq);
        assert_eq!(scene.count(|event| matches!(event, Event::Reoffered { .. })), 0);
        if method == "INVITE" {
            scene.hears(&second.follow_up("ACK", Some(refusal.value(HeaderName::To))));
        }
        scene.agent.accept_reoffer(scene.now, session, OURS.as_bytes());
        assert_eq!(scene.response(200, "INVITE").seq(), first.seq);
        scene.hears(&first.ack());
        scene.goes_on(session);
    }
}

#[test]
fn no_offer_is_made_while_theirs_is_open() {
    let mut scene = Scene::new();
    let (session, mut line) = scene.calling();
    scene.hears(&line.ask("INVITE").line(THERE).sdp(THEIRS));
    scene.reoffered(session);
    scene.agent.reoffer(scene.now, session, OURS.as_bytes());
    scene.go(secs(1));
    assert_eq!(scene.requests("INVITE").len() + scene.requests("UPDATE").len(), 0);
    scene.agent.accept_reoffer(scene.now, session, OURS.as_bytes());
    scene.response(200, "INVITE");
    scene.hears(&line.ack());
    let ours = scene.wait("INVITE", secs(10));
    scene.hears(&reply(&ours, 200, "").line(THERE).sdp(THEIRS));
    scene.request("ACK");
    assert_eq!(scene.reoffer_done(session), Ok(Some(THEIRS.into())));
}

#[test]
fn a_second_offer_of_ours_waits_for_the_first() {
    let mut scene = Scene::new();
    let (session, _) = scene.calling();
    scene.agent.reoffer(scene.now, session, OURS.as_bytes());
    let first = scene.request("INVITE");
    scene.agent.reoffer(scene.now, session, THEIRS.as_bytes());
    scene.nothing();
    scene.hears(&reply(&first, 200, "").line(THERE).sdp(THEIRS));
    scene.request("ACK");
    let second = scene.wait("INVITE", secs(10));
    assert_eq!((second.seq(), second.body.as_str()), (first.seq() + 1, THEIRS));
}

// ---- Session timers (RFC 4028) ----

/// Answers a refresh, and takes the ACK where there is one.
fn refreshed(scene: &mut Scene, refresh: &Sent, expires: &str) {
    let text = reply(refresh, 200, "").line(THERE).line("Require: timer").line(&format!("Session-Expires: {expires}"));
    if refresh.method == "INVITE" {
        scene.hears(&text.sdp(THEIRS));
        scene.request("ACK");
    } else {
        scene.hears(&text);
    }
}

/// The next refresh, by whatever method.
fn refresh_of(scene: &mut Scene, span: Duration) -> Sent {
    let half = scene.at() + span;
    scene.go(span - secs(1));
    scene.nothing();
    scene.go(secs(2));
    let refresh = scene.take(|sent| sent.asks("INVITE") || sent.asks("UPDATE")).expect("a refresh at half the interval");
    assert!((half - secs(1)..=half + secs(1)).contains(&refresh.at), "{:?}", refresh.at);
    refresh
}

#[test]
fn the_caller_refreshes_at_half_the_interval_when_it_is_to_him() {
    let mut scene = Scene::new();
    let lines = ["Require: timer", "Session-Expires: 1800;refresher=uac", "Allow: INVITE, ACK, BYE, CANCEL, UPDATE"];
    let (session, _) = scene.calling_with(&lines);
    for _ in 0..3 {
        let refresh = refresh_of(&mut scene, secs(900));
        assert_eq!(leading(refresh.value(HeaderName::SessionExpires)), 1800);
        // The one who refreshes stays the one (7.4).
        assert_eq!(param(refresh.value(HeaderName::SessionExpires), "refresher").as_deref(), Some("uac"));
        // It came again meanwhile; the next interval begins with the answer.
        scene.requests(&refresh.method);
        refreshed(&mut scene, &refresh, "1800;refresher=uac");
    }
    scene.goes_on(session);
}

#[test]
fn a_refresh_is_an_invite_where_nobody_said_that_update_is_allowed() {
    let mut scene = Scene::new();
    let lines = ["Require: timer", "Session-Expires: 1800;refresher=uac", "Allow: INVITE, ACK, BYE, CANCEL"];
    scene.calling_with(&lines);
    let refresh = refresh_of(&mut scene, secs(900));
    assert_eq!((refresh.method.as_str(), refresh.body.as_str()), ("INVITE", OURS));
}

#[test]
fn the_other_end_that_stops_refreshing_is_hung_up_before_the_session_ends() {
    let mut scene = Scene::new();
    let (session, mut line) = scene.calling_with(&["Require: timer", "Session-Expires: 1800;refresher=uas"]);
    scene.go(secs(900));
    scene.nothing();
    scene.hears(&line.ask("UPDATE").line(THERE).line("Supported: timer").line("Session-Expires: 1800;refresher=uac"));
    let answer = scene.response(200, "UPDATE");
    assert_eq!(answer.value(HeaderName::SessionExpires), "1800;refresher=uac");
    assert!(answer.lists(HeaderName::Require, "timer"), "{}", answer.text());
    let refreshed = scene.at();
    // 10: slightly before, by the least of 32 seconds and a third of the interval.
    scene.go(secs(1767));
    scene.nothing();
    scene.goes_on(session);
    let bye = scene.wait("BYE", secs(33));
    assert!((refreshed + secs(1768)..refreshed + secs(1800)).contains(&bye.at), "{:?}", bye.at);
    scene.hears(&reply(&bye, 200, ""));
    scene.ended(session);
    scene.forgets();
}

#[test]
fn the_called_says_who_refreshes_and_hangs_up_when_he_does_not() {
    let mut scene = Scene::new();
    let invite = incoming("timed").line("Supported: timer").line("Session-Expires: 90;refresher=uac").line("Min-SE: 90");
    let (session, _, answer) = scene.taken(&invite);
    assert_eq!(answer.value(HeaderName::SessionExpires), "90;refresher=uac");
    assert!(answer.lists(HeaderName::Require, "timer"), "{}", answer.text());
    let from = scene.at();
    scene.go(secs(59));
    scene.nothing();
    let bye = scene.wait("BYE", secs(31));
    assert!((from + secs(60)..from + secs(90)).contains(&bye.at), "{:?}", bye.at);
    scene.hears(&reply(&bye, 200, ""));
    scene.ended(session);
}

#[test]
fn the_called_refreshes_for_a_caller_who_cannot() {
    let mut scene = Scene::new();
    let invite = incoming("timed").line("Session-Expires: 1800");
    let (session, _, answer) = scene.taken(&invite);
    // Whether there is a timer at all is free; whose it is, is not (table 2).
    let Some(value) = answer.get(HeaderName::SessionExpires) else { return };
    assert_eq!(param(value, "refresher").as_deref(), Some("uas"), "{}", answer.text());
    assert!(!answer.lists(HeaderName::Require, "timer"), "{}", answer.text());
    let half = secs(u64::from(leading(value)) / 2);
    let refresh = refresh_of(&mut scene, half);
    assert_eq!(param(refresh.value(HeaderName::SessionExpires), "refresher").as_deref(), Some("uac"));
    scene.goes_on(session);
}

#[test]
fn a_refresh_that_nobody_knows_or_answers_ends_the_call() {
    for status in [Some(481), Some(408), None] {
        let mut scene = Scene::new();
        let (session, _) = scene.calling_with(&["Require: timer", "Session-Expires: 1800;refresher=uac"]);
        let refresh = refresh_of(&mut scene, secs(900));
        match status {
            Some(status) => scene.hears(&reply(&refresh, status, "")),
            None => scene.go(LIFE + secs(1)),
        }
        let bye = scene.request("BYE");
        scene.hears(&reply(&bye, 481, ""));
        scene.ended(session);
        scene.forgets();
    }
}

// ---- Sending on (RFC 3515, RFC 3891) ----

#[test]
fn who_is_sent_on_tells_what_becomes_of_it() {
    let mut scene = Scene::new();
    let (session, mut line) = scene.calling();
    scene.hears(&line.ask("REFER").line(THERE).line("Refer-To: <sip:c@192.0.2.2>"));
    assert_eq!(scene.referred(session), ("sip:c@192.0.2.2".to_owned(), None));
    scene.agent.accept_refer(scene.now, session);
    // RFC 6665 calls 202 another 200.
    scene.take(|sent| sent.says(202, "REFER") || sent.says(200, "REFER")).expect("202");
    let first = scene.wait("NOTIFY", AT_ONCE);
    assert_eq!((first.uri.as_str(), first.call_id()), ("sip:b@192.0.2.2:5060", line.call_id.as_str()));
    assert_eq!(first.tag(HeaderName::To), "far");
    assert!(first.value(HeaderName::Event).starts_with("refer"), "{}", first.text());
    let state = first.value(HeaderName::SubscriptionState);
    assert!(state.starts_with("active") && leading(&param(state, "expires").expect("how long")) > 0, "{state}");
    assert!(first.value(HeaderName::ContentType).starts_with("message/sipfrag"), "{}", first.text());
    assert!(first.body.starts_with("SIP/2.0 100 "), "{}", first.text());
    scene.hears(&reply(&first, 200, ""));
    scene.go(secs(3));
    scene.nothing();
    scene.agent.refer_progress(scene.now, session, 200);
    let last = scene.wait("NOTIFY", AT_ONCE);
    assert_eq!(last.seq(), first.seq() + 1);
    assert_eq!(last.value(HeaderName::Event), first.value(HeaderName::Event));
    assert!(last.body.starts_with("SIP/2.0 200 "), "{}", last.text());
    let state = last.value(HeaderName::SubscriptionState);
    assert!(state.starts_with("terminated") && param(state, "reason").as_deref() == Some("noresource"), "{state}");
    scene.hears(&reply(&last, 200, ""));
    scene.go(secs(400));
    scene.nothing();
    scene.goes_on(session);
}

#[test]
fn who_will_not_be_sent_on_says_so() {
    let mut scene = Scene::new();
    let (session, mut line) = scene.calling();
    scene.hears(&line.ask("REFER").line(THERE).line("Refer-To: <sip:c@192.0.2.2>"));
    scene.referred(session);
    scene.agent.refuse_refer(scene.now, session, 603);
    scene.response(603, "REFER");
    scene.go(secs(10));
    scene.nothing();
    scene.goes_on(session);
}

#[test]
fn a_second_wish_in_a_call_is_told_apart_by_its_number() {
    let mut scene = Scene::new();
    let (session, mut line) = scene.calling();
    for is_second in [false, true] {
        scene.hears(&line.ask("REFER").line(THERE).line("Refer-To: <sip:c@192.0.2.2>"));
        scene.referred(session);
        scene.agent.accept_refer(scene.now, session);
        scene.take(|sent| sent.says(202, "REFER") || sent.says(200, "REFER")).expect("202");
        let number = line.seq.to_string();
        for status in [100, 486] {
            if status != 100 {
                scene.agent.refer_progress(scene.now, session, status);
            }
            let notify = scene.wait("NOTIFY", AT_ONCE);
            let id = param(notify.value(HeaderName::Event), "id");
            // RFC 3515, 2.4.6: it may say so of the first as well.
            assert!(id.as_deref() == Some(number.as_str()) || (id.is_none() && !is_second), "{}", notify.text());
            assert!(notify.body.starts_with(&format!("SIP/2.0 {status} ")), "{}", notify.text());
            scene.hears(&reply(&notify, 200, ""));
        }
    }
}

#[test]
fn a_wish_that_names_nobody_is_answered_400() {
    let mut scene = Scene::new();
    let (session, mut line) = scene.calling();
    scene.hears(&line.ask("REFER").line(THERE));
    scene.response(400, "REFER");
    scene.hears(&line.ask("REFER").line(THERE).line("Refer-To: <sip:c@192.0.2.2>").line("Refer-To: <sip:d@192.0.2.2>"));
    scene.response(400, "REFER");
    assert_eq!(scene.count(|event| matches!(event, Event::Referred { .. })), 0);
    scene.goes_on(session);
}

#[test]
fn the_call_to_take_the_place_of_comes_with_the_wish() {
    let mut scene = Scene::new();
    let (session, mut line) = scene.calling();
    let to = "Refer-To: <sip:c@192.0.2.2?Replaces=call%40x%3Bto-tag%3D7%3Bfrom-tag%3D9>";
    scene.hears(&line.ask("REFER").line(THERE).line(to));
    let (uri, replaces) = scene.referred(session);
    assert_eq!((uri.as_str(), replaces.as_deref()), ("sip:c@192.0.2.2", Some("call@x;to-tag=7;from-tag=9")));
}

#[test]
fn what_becomes_of_our_wish_is_told() {
    let mut scene = Scene::new();
    let (session, mut line) = scene.calling();
    scene.agent.refer(scene.now, session, "sip:c@192.0.2.3?Replaces=call%40x%3Bto-tag%3D7%3Bfrom-tag%3D9");
    let refer = scene.request("REFER");
    assert_eq!((refer.uri.as_str(), refer.seq()), ("sip:b@192.0.2.2:5060", line.agent_seq + 1));
    assert_eq!(refer.tag(HeaderName::To), "far");
    // A URI with a question mark stands in brackets (20).
    assert!(refer.value(HeaderName::ReferTo).starts_with('<'), "{}", refer.text());
    assert_eq!(uri_of(refer.value(HeaderName::ReferTo)), "sip:c@192.0.2.3?Replaces=call%40x%3Bto-tag%3D7%3Bfrom-tag%3D9");
    scene.hears(&reply(&refer, 202, "").line(THERE));
    for (status, first) in [(100, "SIP/2.0 100 Trying"), (180, "SIP/2.0 180 Ringing")] {
        scene.hears(&sipfrag(&mut line, "refer", "active;expires=60", first));
        scene.response(200, "NOTIFY");
        assert_eq!(scene.refer_progress(session), status);
    }
    scene.hears(&sipfrag(&mut line, "refer", "terminated;reason=noresource", "SIP/2.0 200 OK"));
    scene.response(200, "NOTIFY");
    assert_eq!(scene.refer_progress(session), 200);
    scene.nothing();
    scene.goes_on(session);
}

#[test]
fn the_first_word_of_a_transfer_may_come_before_its_202() {
    let mut scene = Scene::new();
    let (session, mut line) = scene.calling();
    scene.agent.refer(scene.now, session, "sip:c@192.0.2.3");
    let refer = scene.request("REFER");
    let event = format!("refer;id={}", refer.seq());
    scene.hears(&sipfrag(&mut line, &event, "active;expires=60", "SIP/2.0 100 Trying"));
    scene.response(200, "NOTIFY");
    scene.hears(&reply(&refer, 202, "").line(THERE));
    scene.hears(&sipfrag(&mut line, &event, "terminated;reason=noresource", "SIP/2.0 486 Busy Here"));
    scene.response(200, "NOTIFY");
    let told: Vec<u16> = (0..2).map(|_| scene.refer_progress(session)).collect();
    assert_eq!(told, [100, 486]);
}

#[test]
fn a_wish_of_ours_that_is_refused_is_told() {
    let mut scene = Scene::new();
    let (session, _) = scene.calling();
    scene.agent.refer(scene.now, session, "sip:c@192.0.2.3");
    let refer = scene.request("REFER");
    scene.hears(&reply(&refer, 603, ""));
    assert_eq!(scene.refer_progress(session), 603);
    scene.goes_on(session);
}

#[test]
fn a_call_takes_the_place_of_another_which_is_hung_up() {
    let mut scene = Scene::new();
    let (old, line) = scene.calling();
    let invite = incoming("new").line("Require: replaces").line(&format!("Replaces: {}", line.replaces()));
    scene.hears(&invite);
    let (new, call) = scene.incoming();
    assert_eq!(call.replaces, Some(old));
    scene.goes_on(old);
    assert_eq!(scene.requests("BYE").len(), 0, "not before the new one is taken");
    scene.agent.answer(scene.now, new, OURS.as_bytes());
    let answer = scene.response(200, "INVITE");
    assert_eq!(answer.call_id(), "new");
    scene.hears(&Line::asking(&invite, &answer).ack());
    let bye = scene.request("BYE");
    assert_eq!((bye.call_id(), bye.tag(HeaderName::To).as_str()), (line.call_id.as_str(), "far"));
    scene.hears(&reply(&bye, 200, ""));
    scene.ended(old);
    scene.goes_on(new);
}

#[test]
fn a_call_takes_the_place_of_one_of_ours_that_still_rings() {
    let mut scene = Scene::new();
    let (old, first) = scene.call();
    scene.hears(&reply(&first, 180, "far").line(THERE));
    let line = Line::answering(&first, "far");
    let invite = incoming("new").line(&format!("Replaces: {}", line.replaces()));
    scene.hears(&invite);
    let (new, call) = scene.incoming();
    assert_eq!(call.replaces, Some(old));
    scene.agent.answer(scene.now, new, OURS.as_bytes());
    let answer = scene.response(200, "INVITE");
    scene.hears(&Line::asking(&invite, &answer).ack());
    let cancel = scene.request("CANCEL");
    assert_eq!(cancel.call_id(), line.call_id);
    scene.hears(&reply(&cancel, 200, "far"));
    scene.hears(&reply(&first, 487, "far"));
    scene.request("ACK");
    scene.ended(old);
    scene.goes_on(new);
}

#[test]
fn a_call_that_would_take_the_place_of_nothing_is_answered_481() {
    let mut scene = Scene::new();
    let (session, line) = scene.calling();
    let swapped = format!("{};to-tag={};from-tag={}", line.call_id, param(&line.here, "tag").unwrap(), param(&line.there, "tag").unwrap());
    for (call_id, replaces) in [("one", "nothing@here;to-tag=1;from-tag=2".to_owned()), ("two", swapped)] {
        scene.hears(&incoming(call_id).line(&format!("Replaces: {replaces}")));
        assert_eq!(scene.response(481, "INVITE").call_id(), call_id);
    }
    assert_eq!(scene.count(|event| matches!(event, Event::Incoming { .. })), 0);
    scene.goes_on(session);
}

#[test]
fn a_ringing_call_of_others_is_not_to_be_replaced() {
    let mut scene = Scene::new();
    let first = incoming("first");
    let session = scene.called(&first);
    scene.agent.ring(scene.now, session);
    let ringing = scene.response(180, "INVITE");
    let line = Line::asking(&first, &ringing);
    scene.hears(&incoming("second").line(&format!("Replaces: {}", line.replaces())));
    assert_eq!(scene.response(481, "INVITE").call_id(), "second");
    scene.goes_on(session);
}

#[test]
fn who_would_replace_an_early_call_only_finds_an_answered_one_busy() {
    let mut scene = Scene::new();
    let (session, line) = scene.calling();
    scene.hears(&incoming("new").line(&format!("Replaces: {};early-only", line.replaces())));
    scene.response(486, "INVITE");
    assert_eq!(scene.count(|event| matches!(event, Event::Incoming { .. })), 0);
    scene.goes_on(session);
}

#[test]
fn two_calls_to_replace_are_one_too_many() {
    let mut scene = Scene::new();
    let (session, line) = scene.calling();
    let replaces = format!("Replaces: {}", line.replaces());
    scene.hears(&incoming("new").line(&replaces).line(&replaces));
    scene.response(400, "INVITE");
    scene.goes_on(session);
}

// ---- Registrations (RFC 3261, 10; RFC 3581) ----

#[test]
fn a_registration_says_where_we_are() {
    let mut scene = Scene::new();
    scene.agent.register(scene.now, scene.account);
    let register = scene.wait("REGISTER", AT_ONCE);
    // 10.2: no user in the Request-URI.
    assert_eq!(register.uri, "sip:pbx.example");
    assert_eq!(uri_of(register.value(HeaderName::To)), "sip:a@pbx.example");
    assert_eq!(uri_of(register.value(HeaderName::From)), "sip:a@pbx.example");
    assert_eq!(register.tag(HeaderName::To), "");
    assert!(uri_of(register.value(HeaderName::Contact)).contains("192.0.2.1"), "{}", register.text());
    assert!(asked_for(&register) > 0);
    scene.hears(&granted(&register, 60));
    let expires = scene.event("Registered", |event| match event {
        Event::Registered { expires, .. } => Some(*expires),
        _ => None,
    });
    assert_eq!(expires, secs(60));
    scene.nothing();
}

#[test]
fn a_registration_proves_who_it_is() {
    let mut scene = Scene::new();
    scene.agent.register(scene.now, scene.account);
    let first = scene.wait("REGISTER", AT_ONCE);
    challenged(&mut scene, &first, 401, &challenge("n1", ""));
    let second = scene.wait("REGISTER", AT_ONCE);
    second.assert_new_attempt_of(&first);
    proof(&second, HeaderName::Authorization, "n1");
    challenged(&mut scene, &second, 401, &challenge("n2", ""));
    scene.nothing();
    assert_eq!(scene.not_registered(), Failure::Proof(Refused::Wrong));
}

#[test]
fn a_registration_is_refreshed_before_it_ends() {
    let mut scene = Scene::new();
    let mut last = scene.registered(60);
    for _ in 0..5 {
        let refresh = scene.wait("REGISTER", secs(59));
        assert!(refresh.at > last.at + secs(1), "not without need");
        assert_eq!((refresh.call_id(), refresh.seq()), (last.call_id(), last.seq() + 1));
        assert_eq!(refresh.value(HeaderName::Contact), last.value(HeaderName::Contact));
        scene.hears(&granted(&refresh, 60));
        last = refresh;
    }
    assert_eq!(scene.count(|event| matches!(event, Event::NotRegistered { .. })), 0);
}

#[test]
fn how_long_a_registration_lasts_may_stand_in_expires() {
    let mut scene = Scene::new();
    scene.agent.register(scene.now, scene.account);
    let register = scene.wait("REGISTER", AT_ONCE);
    let contact = uri_of(register.value(HeaderName::Contact));
    scene.hears(&reply(&register, 200, "reg").line(&format!("Contact: <{contact}>")).line("Expires: 30"));
    let expires = scene.event("Registered", |event| match event {
        Event::Registered { expires, .. } => Some(*expires),
        _ => None,
    });
    assert_eq!(expires, secs(30));
    scene.wait("REGISTER", secs(29));
}

#[test]
fn of_all_contacts_only_ours_counts() {
    let mut scene = Scene::new();
    scene.agent.register(scene.now, scene.account);
    let register = scene.wait("REGISTER", AT_ONCE);
    let contact = uri_of(register.value(HeaderName::Contact));
    let answer = reply(&register, 200, "reg").line("Contact: <sip:a@192.0.2.50:5060>;expires=3600").line("Expires: 3600");
    scene.hears(&answer.line(&format!("Contact: <sip:a@192.0.2.51>;expires=7200, <{contact}>;expires=40;q=0.5")));
    scene.wait("REGISTER", secs(39));
}

#[test]
fn a_registration_that_is_too_short_is_made_longer() {
    let mut scene = Scene::new();
    scene.agent.register(scene.now, scene.account);
    let first = scene.wait("REGISTER", AT_ONCE);
    let least = asked_for(&first) + 1000;
    scene.hears(&reply(&first, 423, "reg").line(&format!("Min-Expires: {least}")));
    let second = scene.wait("REGISTER", secs(60));
    assert!(asked_for(&second) >= least, "{}", second.text());
    assert_eq!((second.call_id(), second.seq()), (first.call_id(), first.seq() + 1));
    scene.hears(&granted(&second, least));
    scene.event("Registered", |event| matches!(event, Event::Registered { .. }).then_some(()));
}

#[test]
fn a_registration_that_fails_is_tried_again_ever_later() {
    let mut scene = Scene::new();
    scene.agent.register(scene.now, scene.account);
    let mut at = Vec::new();
    for _ in 0..6 {
        let register = scene.wait("REGISTER", secs(600));
        at.push(register.at);
        scene.hears(&reply(&register, 500, "reg"));
        assert_eq!(scene.not_registered(), Failure::Status(500));
    }
    let pauses: Vec<Duration> = at.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(pauses.iter().all(|pause| *pause >= ms(100)), "{pauses:?}");
    assert!(pauses.last() > pauses.first(), "{pauses:?}");
}

#[test]
fn who_says_when_to_come_back_is_left_alone_until_then() {
    let mut scene = Scene::new();
    scene.agent.register(scene.now, scene.account);
    let first = scene.wait("REGISTER", AT_ONCE);
    scene.hears(&reply(&first, 503, "reg").line("Retry-After: 120"));
    assert_eq!(scene.not_registered(), Failure::Status(503));
    let second = scene.wait("REGISTER", secs(1000));
    assert!(second.at >= first.at + secs(120), "{:?}", second.at);
}

#[test]
fn a_registration_that_nobody_answers_is_one_request_until_it_ends() {
    let mut scene = Scene::new();
    scene.agent.register(scene.now, scene.account);
    let first = scene.wait("REGISTER", AT_ONCE);
    // 10.2: no other one before this one is answered or has timed out.
    scene.agent.register(scene.now, scene.account);
    scene.go(LIFE - ms(1));
    let again = scene.requests("REGISTER");
    assert_eq!(rhythm(&again, first.at), [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    assert!(again.iter().all(|one| one.raw == first.raw));
    scene.go(ms(1));
    assert_eq!(scene.not_registered(), Failure::NoAnswer);
    let second = scene.wait("REGISTER", secs(60));
    assert!(second.seq() > first.seq() || second.call_id() != first.call_id());
}

#[test]
fn a_registration_that_is_taken_back_asks_for_no_time_and_stays_away() {
    let mut scene = Scene::new();
    let register = scene.registered(60);
    scene.agent.unregister(scene.now, scene.account);
    let gone = scene.wait("REGISTER", AT_ONCE);
    assert_eq!((gone.call_id(), gone.seq()), (register.call_id(), register.seq() + 1));
    assert_eq!(asked_for(&gone), 0);
    scene.hears(&reply(&gone, 200, "reg"));
    scene.go(secs(3600));
    scene.nothing();
    scene.forgets();
}

#[test]
fn a_contact_is_where_the_pbx_sees_us() {
    let mut scene = Scene::new();
    scene.agent.register(scene.now, scene.account);
    let first = scene.wait("REGISTER", AT_ONCE);
    let via = first.value(HeaderName::Via);
    assert_eq!(param(via, "rport").as_deref(), Some(""), "{via}");
    let seen = via.replace(";rport", ";received=203.0.113.5;rport=40000");
    scene.hears(&granted(&first, 60).with("Via", &seen));
    let second = scene.wait("REGISTER", secs(59));
    assert!(uri_of(second.value(HeaderName::Contact)).contains("203.0.113.5:40000"), "{}", second.text());
}

// ---- Whether the PBX is there ----

#[test]
fn a_pbx_that_comes_back_is_told_everything_anew() {
    let mut scene = Scene::new();
    scene.registered(300);
    let (_, subscribe, _) = scene.watching(600);
    scene.agent.watch(scene.now, scene.account);
    for _ in 0..5 {
        let ping = scene.wait("OPTIONS", secs(3));
        scene.hears(&reply(&ping, 200, "far"));
    }
    let is_away = |event: &Event| matches!(event, Event::Away(_));
    let is_back = |event: &Event| matches!(event, Event::Back(_));
    assert_eq!((scene.count(is_away), scene.count(is_back)), (0, 0));
    let lost = scene.at();
    while scene.count(is_away) == 0 {
        scene.go(ms(100));
        assert!(scene.at() < lost + secs(4), "two seconds to the next question, and one of patience");
    }
    scene.go(secs(30));
    assert_eq!((scene.count(is_away), scene.count(is_back)), (1, 0));
    for _ in 0..20 {
        scene.requests("OPTIONS");
        let ping = scene.wait("OPTIONS", secs(60));
        scene.hears(&reply(&ping, 200, "far"));
        if scene.count(is_back) > 0 {
            break;
        }
    }
    assert_eq!((scene.count(is_away), scene.count(is_back)), (1, 1));
    scene.go(AT_ONCE);
    scene.request("REGISTER");
    let anew = scene.request("SUBSCRIBE");
    assert_ne!(anew.call_id(), subscribe.call_id());
    assert_eq!(anew.tag(HeaderName::To), "");
}

#[test]
fn a_pbx_that_refuses_the_question_is_there() {
    let mut scene = Scene::new();
    scene.agent.watch(scene.now, scene.account);
    for status in [404, 405, 403, 501, 404, 404] {
        let ping = scene.wait("OPTIONS", secs(3));
        scene.hears(&reply(&ping, status, "far"));
    }
    assert_eq!(scene.count(|event| matches!(event, Event::Away(_))), 0);
}

// ---- Subscriptions (RFC 6665) ----

#[test]
fn a_subscription_is_asked_for_accepted_and_told_of() {
    let mut scene = Scene::new();
    let (id, subscribe) = scene.subscribe();
    assert_eq!(subscribe.uri, WATCHED);
    assert_eq!(uri_of(subscribe.value(HeaderName::To)), WATCHED);
    assert_eq!(subscribe.tag(HeaderName::To), "");
    assert_eq!(subscribe.value(HeaderName::Event), "dialog");
    assert!(subscribe.lists(HeaderName::Accept, "application/dialog-info+xml"));
    assert!(leading(subscribe.value(HeaderName::Expires)) > 0);
    let mut line = Line::answering(&subscribe, "far");
    scene.hears(&accepted(&subscribe, 600));
    scene.event("Subscribed", |event| matches!(event, Event::Subscribed(of) if *of == id).then_some(()));
    let text = notify(&mut line, "active;expires=600", "<one/>");
    scene.hears(&text);
    scene.response(200, "NOTIFY");
    assert_eq!(scene.notified(id), ("application/dialog-info+xml".to_owned(), b"<one/>".to_vec()));
    // Again, because the 200 was lost: answered again, told once.
    scene.hears(&text);
    scene.response(200, "NOTIFY");
    assert_eq!(scene.notified_count(), 0);
    scene.nothing();
}

#[test]
fn the_first_notify_may_come_before_the_200() {
    let mut scene = Scene::new();
    let (id, subscribe) = scene.subscribe();
    let mut line = Line::answering(&subscribe, "far");
    scene.hears(&notify(&mut line, "active;expires=60", "<one/>"));
    scene.response(200, "NOTIFY");
    assert_eq!(scene.notified(id).1, b"<one/>");
    scene.hears(&accepted(&subscribe, 60));
    scene.hears(&notify(&mut line, "active;expires=60", "<two/>"));
    scene.response(200, "NOTIFY");
    assert_eq!(scene.notified(id).1, b"<two/>");
    let refresh = scene.wait("SUBSCRIBE", secs(59));
    assert_eq!((refresh.call_id(), refresh.tag(HeaderName::To).as_str()), (subscribe.call_id(), "far"));
}

#[test]
fn a_subscription_proves_who_it_is() {
    let mut scene = Scene::new();
    let (_, first) = scene.subscribe();
    challenged(&mut scene, &first, 401, &challenge("n1", ""));
    let second = scene.wait("SUBSCRIBE", AT_ONCE);
    second.assert_new_attempt_of(&first);
    proof(&second, HeaderName::Authorization, "n1");
}

#[test]
fn a_subscription_is_refreshed_before_it_ends() {
    let mut scene = Scene::new();
    let (id, mut last, mut line) = scene.watching(60);
    for _ in 0..3 {
        let refresh = scene.wait("SUBSCRIBE", secs(59));
        assert!(refresh.at > last.at + secs(1), "not without need");
        assert_eq!((refresh.call_id(), refresh.seq()), (last.call_id(), last.seq() + 1));
        assert_eq!((refresh.tag(HeaderName::To).as_str(), refresh.uri.as_str()), ("far", "sip:b@192.0.2.2:5060"));
        assert_eq!(refresh.value(HeaderName::Event), "dialog");
        scene.hears(&accepted(&refresh, 60));
        scene.hears(&notify(&mut line, "active;expires=60", "<same/>"));
        scene.response(200, "NOTIFY");
        scene.notified(id);
        last = refresh;
    }
    assert_eq!(scene.count(|event| matches!(event, Event::Unsubscribed { .. })), 0);
}

#[test]
fn what_a_notify_says_of_the_time_left_counts() {
    let mut scene = Scene::new();
    let (_, subscribe) = scene.subscribe();
    let mut line = Line::answering(&subscribe, "far");
    scene.hears(&accepted(&subscribe, 600));
    scene.hears(&notify(&mut line, "active;expires=30", "<one/>"));
    let refresh = scene.wait("SUBSCRIBE", secs(29));
    assert_eq!(refresh.call_id(), subscribe.call_id());
}

/// The subscription is made anew: another Call-ID and another tag of ours (4.1.2.2).
#[track_caller]
fn assert_anew(anew: &Sent, before: &Sent) {
    assert_ne!(anew.call_id(), before.call_id());
    assert_ne!(anew.tag(HeaderName::From), before.tag(HeaderName::From));
    assert_eq!((anew.uri.as_str(), anew.tag(HeaderName::To).as_str()), (WATCHED, ""));
}

#[test]
fn a_subscription_that_the_pbx_forgot_is_made_anew_at_once() {
    let mut scene = Scene::new();
    let (id, subscribe, mut old) = scene.watching(60);
    let refresh = scene.wait("SUBSCRIBE", secs(59));
    scene.hears(&reply(&refresh, 481, ""));
    let anew = scene.wait("SUBSCRIBE", AT_ONCE);
    assert_anew(&anew, &subscribe);
    let mut line = Line::answering(&anew, "far");
    scene.hears(&accepted(&anew, 60));
    scene.hears(&notify(&mut line, "active;expires=60", "<two/>"));
    scene.response(200, "NOTIFY");
    assert_eq!(scene.notified(id).1, b"<two/>");
    // The old one is no more.
    scene.hears(&notify(&mut old, "active;expires=60", "<old/>"));
    scene.response(481, "NOTIFY");
    assert_eq!(scene.notified_count(), 0);
}

#[test]
fn a_refresh_that_fails_for_now_leaves_the_subscription_as_it_is() {
    let mut scene = Scene::new();
    let (id, subscribe, mut line) = scene.watching(60);
    let refresh = scene.wait("SUBSCRIBE", secs(59));
    assert_eq!(refresh.call_id(), subscribe.call_id());
    scene.hears(&reply(&refresh, 500, ""));
    // 4.1.2.2: valid for the time that was last agreed on.
    scene.hears(&notify(&mut line, "active;expires=20", "<two/>"));
    scene.response(200, "NOTIFY");
    assert_eq!(scene.notified(id).1, b"<two/>");
}

#[test]
fn a_subscription_that_ended_for_no_lasting_reason_is_made_anew_at_once() {
    for reason in ["timeout", "deactivated"] {
        let mut scene = Scene::new();
        let (_, subscribe, mut line) = scene.watching(600);
        scene.hears(&notify(&mut line, &format!("terminated;reason={reason}"), "<end/>"));
        scene.response(200, "NOTIFY");
        let anew = scene.wait("SUBSCRIBE", AT_ONCE);
        assert_anew(&anew, &subscribe);
    }
}

#[test]
fn a_subscription_that_ended_with_a_time_to_wait_waits() {
    for state in ["terminated;reason=probation;retry-after=20", "terminated;reason=giveup;retry-after=20", "terminated;retry-after=20"] {
        let mut scene = Scene::new();
        let (_, subscribe, mut line) = scene.watching(600);
        let ended = scene.at();
        scene.hears(&notify(&mut line, state, "<end/>"));
        scene.response(200, "NOTIFY");
        let anew = scene.wait("SUBSCRIBE", secs(600));
        assert!(anew.at >= ended + secs(20), "{state}: {:?}", anew.at);
        assert_anew(&anew, &subscribe);
    }
}

#[test]
fn a_subscription_that_was_rejected_is_not_asked_for_again_soon() {
    // 4.1.3: who was rejected should not ask again at all; and retry-after says nothing here. That he waits that long is the least.
    for reason in ["rejected", "noresource"] {
        let mut scene = Scene::new();
        let (_, _, mut line) = scene.watching(600);
        scene.hears(&notify(&mut line, &format!("terminated;reason={reason};retry-after=25"), "<end/>"));
        scene.response(200, "NOTIFY");
        scene.go(ms(24_900));
        scene.nothing();
    }
}

#[test]
fn a_notify_in_another_dialog_is_answered_481() {
    let mut scene = Scene::new();
    let (_, _, mut line) = scene.watching(600);
    line.there = "<sip:a@pbx.example>;tag=never".to_owned();
    scene.hears(&notify(&mut line, "active;expires=600", "<forged/>"));
    scene.response(481, "NOTIFY");
    assert_eq!(scene.notified_count(), 0);
}

#[test]
fn a_notify_that_was_overtaken_is_answered_500_and_not_told() {
    let mut scene = Scene::new();
    let (id, _, mut line) = scene.watching(600);
    let late = notify(&mut line, "active;expires=600", "<late/>");
    scene.hears(&notify(&mut line, "active;expires=600", "<new/>"));
    scene.response(200, "NOTIFY");
    assert_eq!(scene.notified(id).1, b"<new/>");
    scene.hears(&late);
    scene.response(500, "NOTIFY");
    assert_eq!(scene.notified_count(), 0);
}

#[test]
fn a_notify_of_what_we_do_not_watch_is_answered_489() {
    let mut scene = Scene::new();
    let (id, _, mut line) = scene.watching(600);
    scene.hears(&notify(&mut line, "active;expires=600", "<other/>").with("Event", "nobody-knows-it"));
    scene.response(489, "NOTIFY");
    assert_eq!(scene.notified_count(), 0);
    scene.hears(&notify(&mut line, "active;expires=600", "<two/>"));
    scene.response(200, "NOTIFY");
    assert_eq!(scene.notified(id).1, b"<two/>");
}

#[test]
fn a_subscription_of_which_nothing_is_told_has_failed_and_is_tried_again() {
    let mut scene = Scene::new();
    let (_, subscribe) = scene.subscribe();
    scene.hears(&accepted(&subscribe, 600));
    // Timer N, 4.1.2.4.
    scene.go(LIFE - ms(200));
    scene.nothing();
    let anew = scene.wait("SUBSCRIBE", secs(120));
    assert!(anew.at >= subscribe.at + LIFE, "{:?}", anew.at);
    assert_anew(&anew, &subscribe);
}

#[test]
fn a_refresh_after_which_nothing_is_told_has_failed_as_well() {
    let mut scene = Scene::new();
    let (_, subscribe, _) = scene.watching(600);
    let refresh = scene.wait("SUBSCRIBE", secs(599));
    assert_eq!(refresh.call_id(), subscribe.call_id());
    scene.hears(&accepted(&refresh, 600));
    let anew = scene.wait("SUBSCRIBE", secs(150));
    assert!(anew.at >= refresh.at + LIFE, "{:?}", anew.at);
    assert_anew(&anew, &subscribe);
}

#[test]
fn a_subscription_that_nobody_answers_is_tried_again() {
    let mut scene = Scene::new();
    let (id, subscribe) = scene.subscribe();
    scene.go(LIFE - ms(1));
    assert!(scene.requests("SUBSCRIBE").iter().all(|one| one.raw == subscribe.raw));
    scene.go(ms(1));
    let (of, why) = scene.event("Unsubscribed", |event| match event {
        Event::Unsubscribed { subscription, why } => Some((*subscription, *why)),
        _ => None,
    });
    assert_eq!((of, why), (id, Failure::NoAnswer));
    let anew = scene.wait("SUBSCRIBE", secs(120));
    assert_ne!(anew.branch(), subscribe.branch());
}

#[test]
fn a_subscription_that_is_refused_says_why() {
    let mut scene = Scene::new();
    let (id, subscribe) = scene.subscribe();
    scene.hears(&reply(&subscribe, 403, "far"));
    let (of, why) = scene.event("Unsubscribed", |event| match event {
        Event::Unsubscribed { subscription, why } => Some((*subscription, *why)),
        _ => None,
    });
    assert_eq!((of, why), (id, Failure::Status(403)));
    scene.nothing();
}

#[test]
fn a_subscription_that_is_too_short_is_made_longer() {
    let mut scene = Scene::new();
    let (_, first) = scene.subscribe();
    let least = leading(first.value(HeaderName::Expires)) + 1000;
    scene.hears(&reply(&first, 423, "far").line(&format!("Min-Expires: {least}")));
    let second = scene.wait("SUBSCRIBE", secs(60));
    assert!(leading(second.value(HeaderName::Expires)) >= least, "{}", second.text());
}

#[test]
fn a_subscription_that_is_given_up_asks_for_no_time_and_hears_the_last_notify() {
    let mut scene = Scene::new();
    let (id, subscribe, mut line) = scene.watching(600);
    scene.agent.unsubscribe(scene.now, id);
    let gone = scene.wait("SUBSCRIBE", AT_ONCE);
    assert_eq!((gone.call_id(), gone.tag(HeaderName::To).as_str(), gone.seq()), (subscribe.call_id(), "far", subscribe.seq() + 1));
    assert_eq!(gone.value(HeaderName::Expires), "0");
    scene.hears(&accepted(&gone, 0));
    // 4.1.2.3: the subscription ends with its last NOTIFY.
    scene.hears(&notify(&mut line, "terminated;reason=timeout", "<end/>"));
    scene.response(200, "NOTIFY");
    scene.go(secs(3600));
    scene.nothing();
    scene.forgets();
}

#[test]
fn a_state_that_is_asked_for_once_more_is_a_refresh_in_the_same_dialog() {
    let mut scene = Scene::new();
    let (id, subscribe, mut line) = scene.watching(600);
    scene.agent.refresh(scene.now, id);
    let refresh = scene.wait("SUBSCRIBE", AT_ONCE);
    assert_eq!((refresh.call_id(), refresh.tag(HeaderName::To).as_str(), refresh.seq()), (subscribe.call_id(), "far", subscribe.seq() + 1));
    assert!(leading(refresh.value(HeaderName::Expires)) > 0);
    scene.hears(&accepted(&refresh, 600));
    scene.hears(&notify(&mut line, "active;expires=600", "<whole/>"));
    scene.response(200, "NOTIFY");
    assert_eq!(scene.notified(id).1, b"<whole/>");
}

#[test]
fn a_notify_without_a_body_is_taken() {
    let mut scene = Scene::new();
    let (id, subscribe) = scene.subscribe();
    let mut line = Line::answering(&subscribe, "far");
    scene.hears(&accepted(&subscribe, 600));
    scene.hears(&notify(&mut line, "pending;expires=600", "").without_body());
    scene.response(200, "NOTIFY");
    scene.hears(&notify(&mut line, "active;expires=600", "<one/>"));
    scene.response(200, "NOTIFY");
    scene.event("the state", |event| match event {
        Event::Notified { subscription, body, .. } if *subscription == id && body == b"<one/>" => Some(()),
        _ => None,
    });
}
