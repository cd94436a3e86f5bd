//! What those who mean ill send: floods, and what is made to cost more than it weighs.

use std::net::{IpAddr, SocketAddr, UdpSocket as StdSocket};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use belbrug::bridge::sip::network::{Arrived, Friends, SipNetwork};
use belbrug::telephony::sip::check::check;
use belbrug::telephony::sip::dialog_info;
use belbrug::telephony::sip::digest::{Challenge, Credentials};
use belbrug::telephony::sip::message::{Message, StreamBuffer};
use belbrug::telephony::sip::peer::{Peer, Transmit, Transport};
use belbrug::telephony::sip::sdp::Description;
use belbrug::telephony::sip::timers::Timers;
use belbrug::telephony::sip::user_agent::agent::{SESSIONS_MAX, Settings, UserAgent};

use super::network::peer;
use super::pair::OFFER;
use crate::lab::PATIENCE;

fn agent_at(local: SocketAddr, other: Peer) -> UserAgent {
    let second = Duration::from_secs(1);
    let settings =
        Settings { name: "Belbrug".to_owned(), local: [local; 3], timers: Timers::default(), ping_every: second * 60, ping_patience: second };
    let mut agent = UserAgent::new(settings, [3; 32]);
    let credentials = Credentials { username: "a".to_owned(), secret: "secret".to_owned().into(), realm: None };
    agent.add_account("a", "pbx", other, credentials);
    agent
}

fn options(from: SocketAddr, number: u32) -> String {
    format!(
        "OPTIONS sip:a@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{number};rport\r\nFrom: <sip:p@{from}>;tag=p\r\n\
         To: <sip:a@127.0.0.1>\r\nCall-ID: {number}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
}

/// Over real sockets: a stranger sends as fast as it can, and whoever we know is served.
#[tokio::test]
async fn a_flood_of_a_stranger_is_dropped_and_those_we_know_are_served() {
    let friends = Friends::default();
    friends.insert(IpAddr::from([127, 0, 0, 1]));
    let mut network = SipNetwork::open(([0, 0, 0, 0], 0).into(), None, friends).await.expect("sockets");
    let ours = network.reach(Peer { transport: Transport::Udp, addr: ([127, 0, 0, 1], 9).into() }).await.expect("our address");
    let known = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let known_addr = known.local_addr().expect("its address");
    let mut agent = agent_at(ours, Peer { transport: Transport::Udp, addr: known_addr });

    let is_over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let over = is_over.clone();
    let flood = std::thread::spawn(move || {
        let stranger = StdSocket::bind("127.0.0.2:0").expect("a socket");
        let message = options(stranger.local_addr().expect("its address"), 1);
        let mut sent = 0_u64;
        while !over.load(Ordering::Relaxed) {
            sent += u64::from(stranger.send_to(message.as_bytes(), ours).is_ok());
        }
        sent
    });
    let deadline = Instant::now() + PATIENCE;
    let mut bytes = vec![0; 65_536];
    for number in 0..50 {
        // A datagram may be lost in a full buffer: it is sent again, as transactions do.
        let mut again = tokio::time::interval(Duration::from_millis(200));
        loop {
            assert!(Instant::now() < deadline, "{number} of 50 were answered");
            tokio::select! {
                arrived = network.arrived() => {
                    let Arrived::Message(from, bytes) = arrived else { continue };
                    assert_eq!(from.addr.ip(), known_addr.ip(), "a stranger was let in");
                    agent.handle(Instant::now(), from, &bytes);
                    while let Some(transmit) = agent.poll_transmit() {
                        network.send(transmit);
                    }
                }
                read = known.recv_from(&mut bytes) => {
                    let (length, _) = read.expect("an answer");
                    let is_it = String::from_utf8_lossy(&bytes[..length]).contains(&format!("branch=z9hG4bK{number};"));
                    if is_it { break }
                }
                _ = again.tick() => {
                    known.send_to(options(known_addr, number).as_bytes(), ours).await.expect("sent");
                }
            }
        }
    }
    is_over.store(true, Ordering::Relaxed);
    let sent = flood.join().expect("the flood");
    let dropped = network.strangers.load(Ordering::Relaxed);
    assert!(dropped > 1000, "{dropped} of {sent} were seen and dropped");
}

/// The end of a connection is told before another is made to the same peer, and ends nothing that goes over the new one.
#[tokio::test]
async fn the_end_of_an_old_connection_is_not_taken_for_that_of_the_new() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let to = Peer { transport: Transport::Tcp, addr: listener.local_addr().expect("its address") };
    let mut network = SipNetwork::open(([127, 0, 0, 1], 0).into(), None, Friends::default()).await.expect("sockets");
    let message = |number| Transmit { to, bytes: options(to.addr, number).into_bytes() };
    network.send(message(1));
    let (mut old, _) = listener.accept().await.expect("a connection");
    assert!(matches!(network.arrived().await, Arrived::Connected(peer, _) if peer == to));
    // The peer closes, and so do we: our end is gone when nothing more can be read from it.
    old.shutdown().await.expect("closed");
    old.read_to_end(&mut Vec::new()).await.expect("the rest");
    network.send(message(2));
    assert!(matches!(network.arrived().await, Arrived::Failed(peer, _) if peer == to), "the end is told first");
    network.send(message(3));
    let (mut new, _) = listener.accept().await.expect("another connection");
    let mut bytes = vec![0; 4096];
    let mut next = network.arrived().await;
    if matches!(next, Arrived::Connected(..)) {
        let length = new.read(&mut bytes).await.expect("a message");
        assert!(String::from_utf8_lossy(&bytes[..length]).contains("branch=z9hG4bK3;"));
        // Whatever comes next comes over the new one.
        new.write_all(options(to.addr, 4).as_bytes()).await.expect("sent");
        next = network.arrived().await;
    }
    assert!(matches!(&next, Arrived::Message(peer, _) if *peer == to), "{next:?}");
}

/// A peer that has gone mad: calls beyond the bound are refused, and cost nothing that stays.
#[test]
fn a_flood_of_calls_of_a_peer_ends_at_the_bound() {
    let mut agent = agent_at(peer(1).addr, peer(2));
    let now = Instant::now();
    let mut refused = 0;
    for number in 0..SESSIONS_MAX + 500 {
        let head = format!(
            "INVITE sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK{number};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:b@192.0.2.2>;tag={number}\r\nTo: <sip:a@192.0.2.1>\r\nCall-ID: {number}\r\nCSeq: 1 INVITE\r\n\
             Contact: <sip:b@192.0.2.2>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n",
            OFFER.len()
        );
        agent.handle(now, peer(2), &[head.as_bytes(), OFFER].concat());
        while let Some(transmit) = agent.poll_transmit() {
            refused += u32::from(transmit.bytes.starts_with(b"SIP/2.0 503 "));
        }
    }
    assert_eq!((agent.session_count(), refused), (SESSIONS_MAX, 500));
}

/// CPU time of this thread: what others do on the machine does not count.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().expect("seconds"), time.tv_nsec.try_into().expect("nanoseconds"))
}

/// The least that it took of several tries.
fn cost(mut what: impl FnMut()) -> Duration {
    (0..5)
        .map(|_| {
            let before = cpu();
            what();
            cpu() - before
        })
        .min()
        .expect("a try")
}

/// Eight times as much costs about eight times as much. What grew by the square would cost sixty-four times.
#[test]
fn the_cost_of_every_parser_grows_with_the_size_and_not_with_its_square() {
    type Written = fn(usize) -> String;
    type Parser = fn(&str);
    let parsers: [(&str, Written, Parser); 9] = [
        ("many fields", |n| message(&"X: y\r\n".repeat(n.min(200)), &"b".repeat(n * 8)), whole),
        ("one long field", |n| message(&format!("Subject: {}\r\n", "x ".repeat(n * 4)), ""), whole),
        ("a folded field", |n| message(&format!("Subject: x{}\r\n", "\r\n y".repeat(n * 2)), ""), whole),
        ("many hops", |n| message(&format!("Via: SIP/2.0/UDP a{}\r\n", ",SIP/2.0/UDP a".repeat(n / 2)), ""), whole),
        ("many contacts", |n| message(&format!("Contact: <sip:a@b>{}\r\n", ",<sip:a@b>".repeat(n / 2)), ""), whole),
        ("many parameters", |n| message(&format!("Contact: <sip:a@b>{}\r\n", ";a=b".repeat(n * 2)), ""), whole),
        ("a challenge", |n| format!("Digest realm=\"r\", nonce=\"{}\"{}", "\\\"".repeat(n), ",a=b".repeat(n)), |text| drop(Challenge::parse(text))),
        (
            "a description",
            |n| format!("v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n{}", "a=x:y\r\n".repeat(n / 2)),
            |text| {
                drop(Description::parse(text.as_bytes()));
            },
        ),
        (
            "a phone's state",
            |n| {
                format!(
                    "<dialog-info version='1'><dialog id='1'><remote><identity>{}</identity></remote></dialog></dialog-info>",
                    "&amp;".repeat(n * 2)
                )
            },
            |text| {
                drop(dialog_info::parse(text.as_bytes()));
            },
        ),
    ];
    for (name, text, parse) in parsers {
        let (small, large) = (text(500), text(4000));
        let (small_cost, large_cost) = (cost(|| (0..5).for_each(|_| parse(&small))), cost(|| (0..5).for_each(|_| parse(&large))));
        let ratio = large_cost.as_secs_f64() / small_cost.as_secs_f64();
        assert!(ratio < 24.0, "{name}: {} bytes take {small_cost:?}, {} bytes {large_cost:?}", small.len(), large.len());
    }
}

/// A connection on which every byte comes alone.
#[test]
fn a_stream_in_single_bytes_costs_no_more_than_its_bytes() {
    let stream = |n: usize| message("", &"b".repeat(n));
    let read = |text: &str| {
        let mut buffer = StreamBuffer::default();
        for byte in text.as_bytes() {
            buffer.extend(std::slice::from_ref(byte));
            let _ = buffer.next_message();
        }
    };
    let (small, large) = (stream(6_000), stream(48_000));
    let ratio = cost(|| read(&large)).as_secs_f64() / cost(|| read(&small)).as_secs_f64();
    assert!(ratio < 24.0, "{ratio}");
}

fn message(fields: &str, body: &str) -> String {
    format!(
        "OPTIONS sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/UDP host;branch=z9hG4bK1\r\nFrom: <sip:b@example.com>;tag=1\r\n\
         To: <sip:a@example.com>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n{fields}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn whole(text: &str) {
    if let Ok(message) = Message::parse(text.as_bytes()) {
        let _ = check(&message);
    }
}
