//! Calls that are bridged between WebRTC and RTP: how long a packet takes, how many calls there can be, and what each costs. This process
//! is the engine of the service and nothing else; the exchange and the browsers are another one, on the same cores, whose CPU is told
//! apart. The limit is the same packets sent from that process to itself, without anybody in between.
//! `BELBRUG_CALLS=50,100,300` takes other numbers of calls, `BELBRUG_SECONDS=N` another time.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod measure;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use belbrug::bridge::audio::engine::Engine;
use belbrug::bridge::audio::orders::{Order, Orders};
use belbrug::bridge::audio::ports::Ports;
use belbrug::desk::hub::AudioOffer;
use belbrug::ids::{AgentId, CallId};
use belbrug::telephony::media::codec::Codec;
use belbrug::telephony::softphone::call::Flow;
use measure::Times;
use serde_json::{Value, json};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};

/// Set in the process that is the exchange and the browsers: how many.
const GENERATOR: &str = "BELBRUG_GENERATOR";
const FRAME: Duration = Duration::from_millis(20);
const SETTLE: Duration = Duration::from_secs(2);

fn main() {
    if let Ok(calls) = std::env::var(GENERATOR) {
        return generate(calls.parse().expect("a number"));
    }
    let calls = std::env::var("BELBRUG_CALLS").unwrap_or_else(|_| "50,100,300,600".to_owned());
    if let Ok(calls) = calls.parse::<usize>() {
        let resident = run(calls);
        return println!("{resident}");
    }
    let mut resident = Vec::new();
    for calls in calls.split(',') {
        // Each in a process of its own, so that none has the memory of another.
        let this = std::env::current_exe().expect("this program");
        let told = Command::new(this).env("BELBRUG_CALLS", calls).stderr(Stdio::inherit()).output().expect("it runs").stdout;
        let told = String::from_utf8(told).expect("words");
        let (words, megabytes) = told.trim_end().rsplit_once('\n').expect("lines");
        println!("{words}");
        resident.push((calls.parse::<usize>().expect("a number"), megabytes.parse::<f64>().expect("megabytes")));
    }
    if let (Some((few, least)), Some((many, most))) =
        (resident.iter().find(|(calls, _)| *calls == 50), resident.iter().find(|(calls, _)| *calls == 300))
    {
        println!("memory a call, as the slope from {few} to {many}: {:.1} KiB (aim: at most 128)", (most - least) / (many - few) as f64 * 1024.0);
    }
}

fn seconds() -> u64 {
    std::env::var("BELBRUG_SECONDS").map_or(10, |seconds| seconds.parse().expect("seconds"))
}

/// One number of calls; what the engine's process holds in memory meanwhile, in MB.
fn run(calls: usize) -> f64 {
    let (engine, orders, told) = Engine::open(SocketAddr::from(([127, 0, 0, 1], 0)), &[], None).expect("the engine");
    std::mem::forget(told); // Nobody listens, and nothing waits for it.
    std::thread::Builder::new().name("audio".to_owned()).spawn(move || engine.run()).expect("a thread");
    let mut generator = Generator::start(calls);
    let asked = generator.read();
    let mut ports = Ports::new([127, 0, 0, 1].into(), 30_000..=59_999, rand::random());
    let (mut rtp, mut answers) = (Vec::new(), Vec::new());
    for call in 0..calls {
        let (agent, id) = (AgentId(i64::try_from(call).expect("few")), CallId::new(&format!("call-{call}")));
        let sockets = ports.pair().expect("a pair of ports");
        rtp.push(sockets.rtp.local_addr().expect("its port").port());
        assert!(orders.send(Order::Open { call: id.clone(), agent, sockets }).is_ok());
        answers.push(offer(&orders, agent, asked["offers"][call].as_str().expect("an offer")));
        let to = SocketAddr::from(([127, 0, 0, 1], u16::try_from(asked["pbx"][call].as_u64().expect("a port")).expect("a port")));
        let codec = (8, Codec::Pcma);
        let flow = Flow {
            to,
            exchange: to.ip(),
            codec,
            takes: [Some(codec), None, None],
            events: None,
            speaks: true,
            hears: true,
            is_up: true,
            version: 1,
            turn: 1,
            srtp: None,
        };
        assert!(orders.send(Order::Flow(id, Box::new(flow))).is_ok());
    }
    generator.write(&json!({ "rtp": rtp, "answers": answers }));
    assert_eq!(generator.read()["ready"], calls, "all browsers are connected");
    let (cpu, began) = (measure::cpu_of(std::process::id()), Instant::now());
    generator.write(&json!({ "seconds": seconds() }));
    let told = generator.read();
    let used = (measure::cpu_of(std::process::id()) - cpu).as_secs_f64() / began.elapsed().as_secs_f64() * 100.0;
    let resident = measure::megabytes("VmRSS");
    let text = |key: &str| told[key].as_str().unwrap_or_default().to_owned();
    println!("{calls} calls, {} packets a second, {} s", calls * 200, seconds());
    println!("  without anybody between   {}", text("limit"));
    println!("  exchange to browser       {}", text("heard"));
    println!("  browser to exchange       {}", text("said"));
    println!(
        "  lost {} of {} to the browser, {} of {} to the exchange; the engine used {used:.0} % of one core, exchange and browsers {} %; {} MB",
        told["heard_lost"],
        told["heard_sent"],
        told["said_lost"],
        told["said_sent"],
        told["cpu"],
        resident.round()
    );
    resident
}

fn offer(orders: &Orders, agent: AgentId, sdp: &str) -> String {
    let (answer, answered) = tokio::sync::oneshot::channel();
    assert!(orders.send(Order::Offer(AudioOffer { agent, tab: "bench".to_owned(), sdp: sdp.to_owned() }, answer)).is_ok());
    answered.blocking_recv().expect("an answer").expect("the offer is taken")
}

struct Generator {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Generator {
    fn start(calls: usize) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .env(GENERATOR, calls.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let (to, from) = (child.stdin.take().expect("its input"), BufReader::new(child.stdout.take().expect("its output")));
        Self { child, to, from }
    }

    fn read(&mut self) -> Value {
        let mut line = String::new();
        self.from.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    fn write(&mut self, value: &Value) {
        writeln!(self.to, "{value}").expect("it listens");
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

// The exchange and the browsers.

struct Call {
    rtc: Rtc,
    mid: Mid,
    pending: Option<SdpPendingOffer>,
    browser: mio::net::UdpSocket,
    browser_at: SocketAddr,
    pbx: mio::net::UdpSocket,
    engine: SocketAddr,
    seq: u64,
    due: Instant,
    is_connected: bool,
}

#[derive(Default)]
struct Counted {
    heard: Times,
    said: Times,
    heard_count: u64,
    said_count: u64,
    is_counting: bool,
    next_look: Option<Instant>,
}

fn generate(calls: usize) {
    let began = Instant::now();
    let mut poll = mio::Poll::new().expect("a poll");
    let (mut all, mut offers): (Vec<Call>, Vec<String>) = (0..calls).map(|_| Call::new(began)).unzip();
    for (at, call) in all.iter_mut().enumerate() {
        poll.registry().register(&mut call.browser, mio::Token(at * 2), mio::Interest::READABLE).expect("registered");
        poll.registry().register(&mut call.pbx, mio::Token(at * 2 + 1), mio::Interest::READABLE).expect("registered");
    }
    let ports: Vec<u16> = all.iter().map(|call| call.pbx.local_addr().expect("a port").port()).collect();
    say(&json!({ "pbx": ports, "offers": std::mem::take(&mut offers) }));
    let told = hear();
    for (at, call) in all.iter_mut().enumerate() {
        call.engine = SocketAddr::from(([127, 0, 0, 1], u16::try_from(told["rtp"][at].as_u64().expect("a port")).expect("a port")));
        let answer = SdpAnswer::from_sdp_string(told["answers"][at].as_str().expect("an answer")).expect("an answer");
        call.rtc.sdp_api().accept_answer(call.pending.take().expect("our offer"), answer).expect("it fits");
    }
    let mut counted = Counted::default();
    let patience = Instant::now() + Duration::from_secs(60);
    while all.iter().any(|call| !call.is_connected) && Instant::now() < patience {
        turn(&mut poll, &mut all, &mut counted, began, Instant::now() + Duration::from_millis(5));
    }
    say(&json!({ "ready": all.iter().filter(|call| call.is_connected).count() }));
    let time = Duration::from_secs(hear()["seconds"].as_u64().expect("seconds"));
    let limit = alone(calls, began);
    talk(&mut poll, &mut all, &mut counted, began, SETTLE);
    counted = Counted { is_counting: true, ..Counted::default() };
    let (cpu, since) = (measure::cpu_of(std::process::id()), Instant::now());
    let sent = talk(&mut poll, &mut all, &mut counted, began, time);
    let used = (measure::cpu_of(std::process::id()) - cpu).as_secs_f64() / since.elapsed().as_secs_f64() * 100.0;
    let end = Instant::now() + Duration::from_millis(300);
    while Instant::now() < end {
        turn(&mut poll, &mut all, &mut counted, began, end);
    }
    say(&json!({
        "limit": limit, "heard": counted.heard.words(), "said": counted.said.words(), "heard_sent": sent, "said_sent": sent,
        "heard_lost": sent.saturating_sub(counted.heard_count), "said_lost": sent.saturating_sub(counted.said_count), "cpu": used.round(),
    }));
}

fn say(value: &Value) {
    println!("{value}");
}

fn hear() -> Value {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("a line");
    serde_json::from_str(&line).expect("JSON")
}

/// Each call sends one packet either way in each frame, the calls one after the other over the frame; how many each way.
fn talk(poll: &mut mio::Poll, all: &mut [Call], counted: &mut Counted, began: Instant, time: Duration) -> u64 {
    let (start, count) = (Instant::now(), all.len());
    let mut sent = 0;
    for step in 0.. {
        let at = start + FRAME.mul_f64(f64::from(step) / count as f64);
        if at >= start + time {
            return sent;
        }
        while Instant::now() < at {
            turn(poll, all, counted, began, at);
        }
        let call = &mut all[usize::try_from(step).expect("few") % count];
        call.send(began, counted.is_counting);
        sent += 1;
    }
    sent
}

/// Takes what has come, until then. What browsers do of themselves is in no haste.
fn turn(poll: &mut mio::Poll, all: &mut [Call], counted: &mut Counted, began: Instant, until: Instant) {
    let mut events = mio::Events::with_capacity(1024);
    poll.poll(&mut events, Some(until.saturating_duration_since(Instant::now()))).expect("a poll");
    for event in &events {
        let token = event.token().0;
        let call = &mut all[token / 2];
        if token % 2 == 0 { call.read_browser(counted, began) } else { call.read_pbx(counted, began) }
    }
    let now = Instant::now();
    if counted.next_look.is_some_and(|look| now < look) {
        return;
    }
    counted.next_look = Some(now + Duration::from_millis(5));
    for call in all.iter_mut().filter(|call| call.due <= now) {
        call.rtc.handle_input(Input::Timeout(now)).expect("time goes on");
        call.poll(counted, began);
    }
}

/// When it was sent stands in each packet.
fn stamp(began: Instant, is_counting: bool) -> [u8; 160] {
    let mut payload = [0xD5; 160];
    payload[..8].copy_from_slice(&u64::try_from(began.elapsed().as_nanos()).expect("short").to_be_bytes());
    payload[8] = u8::from(is_counting);
    payload
}

fn took(payload: &[u8], began: Instant) -> Option<(Duration, bool)> {
    let sent = u64::from_be_bytes(payload.get(..8)?.try_into().ok()?);
    let is_counted = match payload.get(8)? {
        0 => false,
        1 => true,
        _ => return None, // Silence of the engine's own.
    };
    Some((began.elapsed().saturating_sub(Duration::from_nanos(sent)), is_counted))
}

/// The same packets, from one socket of ours to another.
fn alone(calls: usize, began: Instant) -> String {
    let (from, to) = (UdpSocket::bind("127.0.0.1:0").expect("a port"), UdpSocket::bind("127.0.0.1:0").expect("a port"));
    let to_at = to.local_addr().expect("its port");
    let reader = std::thread::spawn(move || {
        to.set_read_timeout(Some(Duration::from_millis(200))).expect("a time");
        let (mut times, mut buffer) = (Times::default(), [0; 256]);
        while let Ok(length) = to.recv(&mut buffer) {
            times.push(took(&buffer[..length], began).expect("a stamp").0);
        }
        times.words()
    });
    let start = Instant::now();
    for step in 0..2000_u32 {
        let at = start + FRAME.mul_f64(f64::from(step) / (2 * calls) as f64);
        std::thread::sleep(at.saturating_duration_since(Instant::now()));
        from.send_to(&stamp(began, false), to_at).expect("sent");
    }
    reader.join().expect("the reader")
}

impl Call {
    fn new(now: Instant) -> (Self, String) {
        let socket = || {
            let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
            socket.set_nonblocking(true).expect("it does not wait");
            socket
        };
        let (browser, pbx) = (socket(), socket());
        let browser_at = browser.local_addr().expect("its address");
        let mut rtc = Rtc::builder().set_rtp_mode(true).clear_codecs().enable_pcma(true, false).build(now);
        rtc.add_local_candidate(Candidate::host(browser_at, "udp").expect("a candidate"));
        let mut change = rtc.sdp_api();
        let mid = change.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = change.apply().expect("an offer");
        let call = Self {
            rtc,
            mid,
            pending: Some(pending),
            browser: mio::net::UdpSocket::from_std(browser),
            browser_at,
            pbx: mio::net::UdpSocket::from_std(pbx),
            engine: browser_at,
            seq: 1000,
            due: now,
            is_connected: false,
        };
        (call, offer.to_sdp_string())
    }

    fn send(&mut self, began: Instant, is_counting: bool) {
        self.seq += 1;
        let ticks = u32::try_from(self.seq * 160 % (1 << 32)).expect("32 bits");
        let mut packet = vec![0x80, 8];
        packet.extend(u16::try_from(self.seq % 65_536).expect("16 bits").to_be_bytes());
        packet.extend(ticks.to_be_bytes());
        packet.extend(7_u32.to_be_bytes());
        packet.extend(stamp(began, is_counting));
        let _ = self.pbx.send_to(&packet, self.engine);
        let now = Instant::now();
        let payload: std::sync::Arc<[u8]> = stamp(began, is_counting).to_vec().into();
        let mut api = self.rtc.direct_api();
        let stream = api.stream_tx_by_mid(self.mid, None).expect("our stream");
        stream.write_rtp(RtpWrite::new(8.into(), self.seq.into(), ticks, now, payload));
        self.rtc.handle_input(Input::Timeout(now)).expect("time goes on");
        self.poll(&mut Counted::default(), began);
    }

    fn read_browser(&mut self, counted: &mut Counted, began: Instant) {
        let mut buffer = [0; 2048];
        while let Ok((length, source)) = self.browser.recv_from(&mut buffer) {
            let receive = Receive::new(Protocol::Udp, source, self.browser_at, &buffer[..length]).expect("a datagram");
            self.rtc.handle_input(Input::Receive(Instant::now(), receive)).expect("it is taken");
            self.poll(counted, began);
        }
    }

    fn read_pbx(&self, counted: &mut Counted, began: Instant) {
        let mut buffer = [0; 2048];
        while let Ok((length, _)) = self.pbx.recv_from(&mut buffer) {
            if let Some((took, true)) = buffer.get(12..length).and_then(|payload| took(payload, began)) {
                counted.said.push(took);
                counted.said_count += 1;
            }
        }
    }

    fn poll(&mut self, counted: &mut Counted, began: Instant) {
        loop {
            match self.rtc.poll_output().expect("it works") {
                Output::Timeout(due) => {
                    self.due = due;
                    return;
                }
                Output::Transmit(transmit) => drop(self.browser.send_to(&transmit.contents, transmit.destination)),
                Output::Event(Event::Connected) => self.is_connected = true,
                Output::Event(Event::RtpPacket(packet)) => {
                    if let Some((took, true)) = took(&packet.payload, began) {
                        counted.heard.push(took);
                        counted.heard_count += 1;
                    }
                }
                Output::Event(_) => {}
            }
        }
    }
}
