//! SIP: how fast messages are read, beside the parsers of others and the limit of looking at the bytes at all; how fast an OPTIONS
//! is answered; and how much memory ten thousand watched phones take. CPU time of this process alone.
#![expect(clippy::expect_used, clippy::print_stdout, clippy::panic, reason = "a benchmark prints, and stops where it cannot go on")]

#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod measure;

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use belbrug::ids::Extension;
use belbrug::telephony::sip::address::{self, Address};
use belbrug::telephony::sip::check::{check, cseq};
use belbrug::telephony::sip::digest::Credentials;
use belbrug::telephony::sip::message::Message;
use belbrug::telephony::sip::name::HeaderName;
use belbrug::telephony::sip::peer::{Peer, Transport};
use belbrug::telephony::sip::timers::Timers;
use belbrug::telephony::sip::user_agent::agent::{Settings, UserAgent};
use belbrug::telephony::sip::via;
use belbrug::telephony::sip_line::line::{DialBy, LineSettings, SipLine, Told};
use bytes::Bytes;
use measure::{Times, megabytes};

/// The fastest counts: on a machine that others share, the rest measures them.
const RUNS: usize = 11;
const MESSAGES: u32 = 300_000;
/// Phones that are watched.
const PHONES: u32 = 10_000;

const INVITE: &str = "INVITE sip:101@pbx.example.com:5060 SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK8f1e2d3c4b5a6978;rport\r\n\
    Max-Forwards: 70\r\nFrom: \"Transport Verhagen\" <sip:+447700900123@192.0.2.10>;tag=1c9f8e7d6b\r\n\
    To: <sip:101@pbx.example.com>\r\nContact: <sip:+447700900123@192.0.2.10:5060;transport=udp>\r\n\
    Call-ID: 7d1f0c2e-5b3a-4c8d-9e6f-a1b2c3d4e5f6@192.0.2.10\r\nCSeq: 102 INVITE\r\n\
    Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, UPDATE\r\nSupported: replaces, timer\r\n\
    User-Agent: Example PBX 22.1\r\nP-Asserted-Identity: <sip:+447700900123@192.0.2.10>\r\n\
    Content-Type: application/sdp\r\nContent-Length: 224\r\n\r\n\
    v=0\r\no=- 1482910 1482910 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 17004 RTP/AVP 8 0 101\r\n\
    a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv \r\n";

fn main() {
    let invite = INVITE.as_bytes();
    Message::parse(invite).and_then(|message| check(&message)).expect("a good INVITE");
    println!("INVITE of {} bytes, {MESSAGES} times, the fastest of {RUNS} runs, thousands of messages per CPU-second", invite.len());
    println!("{:34} {:>8}", "lazily: spans, length, branch, CSeq", rate(|| lazily(invite)));
    println!("{:34} {:>8}", "six headers typed", rate(|| typed(invite)));
    println!("{:34} {:>8}", "everything checked", rate(|| everything(invite)));
    println!("{:34} {:>8}", "limit: ten memchr for line ends", rate(|| limit(invite)));
    peers(invite);
    options();
    watched();
}

/// Thousands a CPU-second.
fn rate(mut once: impl FnMut()) -> u64 {
    let mut cpu = Times::default();
    for _ in 0..RUNS {
        let before = measure::cpu();
        (0..MESSAGES).for_each(|_| once());
        cpu.push(measure::cpu() - before);
    }
    (f64::from(MESSAGES) / cpu.at(0).as_secs_f64() / 1000.0) as u64
}

fn lazily(bytes: &[u8]) {
    let message = Message::parse(black_box(bytes)).expect("a message");
    let via = message.value(HeaderName::Via).expect("a Via");
    let branch = via::first(&via).expect("a hop").branch().expect("a branch").len();
    let of = message.value(HeaderName::CSeq).expect("CSeq");
    let call = message.value(HeaderName::CallId).expect("a Call-ID");
    black_box((branch, cseq(&of).expect("a number"), call.len()));
}

fn typed(bytes: &[u8]) {
    let message = Message::parse(black_box(bytes)).expect("a message");
    let value = |name| message.value(name).expect("a value");
    black_box(via::list(&value(HeaderName::Via)).expect("hops").len());
    black_box(Address::parse(&value(HeaderName::From)).expect("From").tag().is_some());
    black_box(Address::parse(&value(HeaderName::To)).expect("To").tag().is_some());
    black_box(address::list(&value(HeaderName::Contact)).expect("Contact").len());
    black_box(cseq(&value(HeaderName::CSeq)).expect("CSeq"));
    black_box(value(HeaderName::CallId).len());
}

fn everything(bytes: &[u8]) {
    let message = Message::parse(black_box(bytes)).expect("a message");
    check(&message).expect("a good one");
}

fn limit(bytes: &[u8]) {
    let mut rest = black_box(bytes);
    for _ in 0..10 {
        let at = memchr::memchr(b'\n', rest).expect("a line");
        rest = rest.get(at + 1..).unwrap_or_default();
    }
    black_box(rest.len());
}

/// rsipstack has the traits of rsip under other names.
macro_rules! six_typed {
    ($message:expr) => {{
        let message = $message;
        black_box(message.via_header().expect("Via").typed().expect("Via"));
        black_box(message.from_header().expect("From").typed().expect("From"));
        black_box(message.to_header().expect("To").typed().expect("To"));
        black_box(message.contact_header().expect("Contact").typed().expect("Contact"));
        black_box(message.cseq_header().expect("CSeq").typed().expect("CSeq"));
        black_box(message.call_id_header().expect("Call-ID"));
    }};
}

fn peers(invite: &[u8]) {
    let bytes = Bytes::from(invite.to_vec());
    let line = |name: &str, parsed: u64, typed: u64| println!("{name:34} {parsed:>8} parsed {typed:>8} with six headers typed");
    {
        use rsip::prelude::{HeadersExt as _, ToTypedHeader as _};
        let parse = |bytes: &[u8]| rsip::SipMessage::try_from(black_box(bytes)).expect("a message");
        let typed = || six_typed!(parse(invite));
        line("rsip 0.4", rate(|| drop(black_box(parse(invite)))), rate(typed));
    }
    {
        use rsipstack::sip::HeadersExt as _;
        use rsipstack::sip::headers::ToTypedHeader as _;
        let parse = |bytes: &[u8]| rsipstack::sip::SipMessage::try_from(black_box(bytes)).expect("a message");
        let typed = || six_typed!(parse(invite));
        line("rsipstack 0.7", rate(|| drop(black_box(parse(invite)))), rate(typed));
    }
    {
        let limits = sipx_sip::Limits::datagram();
        let parse = || sipx_sip::parse_datagram(black_box(bytes.clone()), &limits).expect("a message");
        let typed = || {
            let message = parse();
            black_box(message.headers().typed::<sipx_sip::Via>().expect("Via").expect("Via"));
            black_box(message.headers().typed::<sipx_sip::headers::From>().expect("From").expect("From"));
            black_box(message.headers().typed::<sipx_sip::headers::To>().expect("To").expect("To"));
            black_box(message.headers().typed::<sipx_sip::headers::Contact>().expect("Contact").expect("Contact"));
            black_box(message.headers().typed::<sipx_sip::CSeq>().expect("CSeq").expect("CSeq"));
            black_box(message.headers().typed::<sipx_sip::CallId>().expect("Call-ID").expect("Call-ID"));
        };
        line("sipx-sip 1.0", rate(|| drop(black_box(parse()))), rate(typed));
    }
    {
        use ezk_sip_types::header::typed::{CSeq, CallID, Contact, FromTo, Via};
        use ezk_sip_types::msg::{Line, MessageLine, PullParser};
        use ezk_sip_types::parse::Parse as _;
        use ezk_sip_types::{Headers, Name};
        let parse = || {
            let mut headers = Headers::new();
            let mut first = None;
            let text = std::str::from_utf8(black_box(&bytes)).expect("text");
            let mut parser = PullParser::new(text.as_bytes(), 0);
            for item in &mut parser {
                let item = std::str::from_utf8(item.expect("a line")).expect("text");
                if first.is_none() {
                    first = Some(MessageLine::parse(&bytes)(item).expect("a first line").1);
                } else {
                    let (_, Line { name, value }) = Line::parse(&bytes, item).expect("a field");
                    headers.insert(name, value);
                }
            }
            (first, headers)
        };
        let typed = || {
            let (_, headers) = parse();
            black_box(headers.get_named::<Via>().expect("Via"));
            black_box(headers.get::<FromTo>(Name::FROM).expect("From"));
            black_box(headers.get::<FromTo>(Name::TO).expect("To"));
            black_box(headers.get_named::<Contact>().expect("Contact"));
            black_box(headers.get_named::<CSeq>().expect("CSeq"));
            black_box(headers.get_named::<CallID>().expect("Call-ID"));
        };
        line("ezk-sip-types 0.6", rate(|| drop(black_box(parse()))), rate(typed));
    }
}

fn settings() -> Settings {
    let local: SocketAddr = ([192, 0, 2, 1], 5060).into();
    let second = Duration::from_secs(1);
    Settings { name: "Belbrug".to_owned(), local: [local; 3], timers: Timers::default(), ping_every: second * 3600, ping_patience: second }
}

const PBX: Peer = Peer { transport: Transport::Udp, addr: SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 10)), 5060) };

fn credentials() -> Credentials {
    Credentials { username: "belbrug".to_owned(), secret: "secret".to_owned().into(), realm: None }
}

/// From the bytes of an OPTIONS to the bytes of its answer.
fn options() {
    let mut agent = UserAgent::new(settings(), [1; 32]);
    agent.add_account("belbrug", "pbx.example.com", PBX, credentials());
    let request = "OPTIONS sip:belbrug@192.0.2.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK8f1e2d3c4b5a6978;rport\r\n\
        Max-Forwards: 70\r\nFrom: <sip:ping@192.0.2.10>;tag=1c9f8e7d6b\r\nTo: <sip:belbrug@192.0.2.1>\r\n\
        Call-ID: 7d1f0c2e-5b3a-4c8d-9e6f@192.0.2.10\r\nCSeq: 1 OPTIONS\r\nContact: <sip:ping@192.0.2.10:5060>\r\nContent-Length: 0\r\n\r\n";
    let now = Instant::now();
    let answered = rate(|| {
        agent.handle(now, PBX, black_box(request.as_bytes()));
        black_box(agent.poll_transmit().expect("an answer"));
    });
    println!("{:34} {answered:>8}  (aim 100)", "OPTIONS answered, read to written");
}

/// Ten thousand phones, each subscribed to, notified, and in a call.
fn watched() {
    let before = megabytes("VmRSS");
    let settings_of = LineSettings {
        user: "belbrug".to_owned(),
        domain: "192.0.2.10".to_owned(),
        credentials: credentials(),
        peer: PBX,
        registers: false,
        technology: "PJSIP".to_owned(),
        prefix: "+".to_owned(),
        dial_by: DialBy::Invite,
        run: 1,
        requires_srtp: false,
    };
    let mut line = SipLine::new(settings_of, settings(), [192, 0, 2, 1].into(), [2; 32]);
    let now = Instant::now();
    let extensions = (0..PHONES).map(|at| Extension::parse(&format!("{}", 100_000 + at)).expect("an extension")).collect();
    line.watch_only(now, &extensions);
    let started = measure::cpu();
    let mut told = 0_u64;
    line.handle_timeout(now);
    while let Some(transmit) = line.poll_transmit() {
        let Some((answer, notify)) = watched_answers(&transmit.bytes) else { continue };
        line.handle(now, PBX, answer.as_bytes());
        line.handle(now, PBX, notify.as_bytes());
        while let Some(one) = line.poll_told() {
            told += u64::from(matches!(one, Told::Pbx(_)));
        }
    }
    let cpu = measure::cpu() - started;
    // The transactions of the subscriptions are over.
    line.handle_timeout(now + Duration::from_secs(40));
    while line.poll_transmit().is_some() {}
    println!(
        "{PHONES} phones watched, each in a call: {:.1} MB (aim 100); {} phones told, {told} events of calls, {:.0} us a phone",
        megabytes("VmRSS") - before,
        line.counts().1,
        cpu.as_secs_f64() * 1e6 / f64::from(PHONES)
    );
}

/// What a PBX says to a SUBSCRIBE: yes, and that the phone rings.
fn watched_answers(bytes: &[u8]) -> Option<(String, String)> {
    let request = Message::parse(bytes).ok()?;
    let value = |name| request.value(name).unwrap_or_default();
    let text = std::str::from_utf8(bytes).ok()?;
    if !text.starts_with("SUBSCRIBE") {
        return None;
    }
    let extension = text.strip_prefix("SUBSCRIBE sip:")?.split('@').next()?;
    let (via, from, to, call) = (value(HeaderName::Via), value(HeaderName::From), value(HeaderName::To), value(HeaderName::CallId));
    let answer = format!(
        "SIP/2.0 200 OK\r\nVia: {via}\r\nFrom: {from}\r\nTo: {to};tag=t{extension}\r\nCall-ID: {call}\r\nCSeq: {}\r\n\
         Contact: <sip:{extension}@192.0.2.10>\r\nExpires: 600\r\nContent-Length: 0\r\n\r\n",
        value(HeaderName::CSeq)
    );
    let body = format!(
        "<?xml version=\"1.0\"?>\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"0\" state=\"full\" entity=\"sip:{extension}@192.0.2.10\">\n\
         <dialog id=\"{extension}\" direction=\"recipient\"><remote><identity display=\"Transport Verhagen\">sip:+4477{extension}0@192.0.2.10</identity>\
         </remote><state>early</state></dialog></dialog-info>\n"
    );
    let notify = format!(
        "NOTIFY sip:belbrug@192.0.2.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKn{extension}\r\nMax-Forwards: 70\r\n\
         From: {to};tag=t{extension}\r\nTo: {from}\r\nCall-ID: {call}\r\nCSeq: 1 NOTIFY\r\nContact: <sip:{extension}@192.0.2.10>\r\n\
         Event: dialog\r\nSubscription-State: active;expires=600\r\nContent-Type: application/dialog-info+xml\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    Some((answer, notify))
}
