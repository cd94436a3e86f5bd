//! Browsers whose network lets no datagrams through come by a connection (ICE over TCP, RFC 6544), and strangers' connections are few and
//! short.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use belbrug::bridge::audio::orders::Told;
use belbrug::ids::AgentId;
use belbrug::telephony::media::codec::Codec;

use super::client::{Browser, Carrier, Exchange, door};

const ANNA: AgentId = AgentId(1);
const DEBTOR: u8 = 0x11;
const AGENT: u8 = 0x22;

fn is_closed(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time");
    matches!(stream.read(&mut [0; 64]), Ok(0)) || stream.take_error().is_ok_and(|error| error.is_some())
}

#[test]
fn audio_goes_both_ways_by_a_connection() {
    let mut carrier = Carrier::start();
    let (mut anna, exchange) = (Browser::by_tcp(&carrier, ANNA), Exchange::new());
    assert_eq!(carrier.told.blocking_recv(), Some(Told::Connected(ANNA, "tab".to_owned())));
    let at = carrier.call("call-1", ANNA, &exchange);
    anna.is_reached_by(&exchange, at, (Codec::Pcma, DEBTOR), DEBTOR);
    let mut said = false;
    anna.until("heard", |anna| {
        anna.says(AGENT);
        said |= exchange.hears() == Some((8, vec![AGENT; 160]));
        said
    });
    // A browser that goes away without a word is gone with its connection's session.
    drop(anna);
    let told = std::iter::from_fn(|| carrier.told.blocking_recv()).find(|told| matches!(told, Told::Gone(_)));
    assert_eq!(told, Some(Told::Gone(ANNA)));
}

/// Noise, a session's name without its password, a frame that is too long: closed at once. One who says nothing: closed after a while.
#[test]
fn strangers_connections_are_closed_and_those_who_are_known_are_served() {
    let mut carrier = Carrier::start();
    let mut anna = Browser::by_tcp(&carrier, ANNA);
    let exchange = Exchange::new();
    let at = carrier.call("call-1", ANNA, &exchange);
    let (_browser, offer) = Browser::new();
    let answer = carrier.offer(AgentId(2), &offer).expect("an answer");
    let (at_door, ours) = (door(&answer), answer.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).expect("our name"));
    let name = format!("{ours}:me");
    let mut stun = vec![0, 1, 0, u8::try_from(4 + name.len().next_multiple_of(4)).expect("short"), 0x21, 0x12, 0xA4, 0x42];
    stun.extend([9; 12]);
    stun.extend([0, 6, 0, u8::try_from(name.len()).expect("short")]);
    stun.extend(name.as_bytes());
    stun.resize(stun.len().next_multiple_of(4), 0);
    let framed = |bytes: &[u8]| [&u16::try_from(bytes.len()).expect("short").to_be_bytes()[..], bytes].concat();
    for noise in [framed(&stun), framed(&[0x80; 172]), framed(&[]), vec![0xFF; 4096], b"GET / HTTP/1.1\r\n\r\n".to_vec()] {
        let mut stranger = TcpStream::connect(at_door).expect("a connection");
        let _ = stranger.write_all(&noise);
        let since = Instant::now();
        assert!(is_closed(&mut stranger), "{noise:?}");
        assert!(since.elapsed() < Duration::from_secs(4), "at once, and not only when it was silent for too long: {noise:?}");
    }
    let mut silent = TcpStream::connect(at_door).expect("a connection");
    assert!(is_closed(&mut silent), "whoever says nothing has no place here");
    anna.is_reached_by(&exchange, at, (Codec::Pcma, DEBTOR), DEBTOR);
}

/// More strangers than there is room for: the oldest go, and a browser still comes in.
#[test]
fn a_crowd_of_strangers_keeps_nobody_out() {
    let mut carrier = Carrier::start();
    let (_browser, offer) = Browser::new();
    let at_door = door(&carrier.offer(AgentId(2), &offer).expect("an answer"));
    let mut crowd: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(at_door).expect("a connection")).collect();
    assert!(is_closed(&mut crowd[0]), "the oldest is gone");
    let (mut anna, exchange) = (Browser::by_tcp(&carrier, ANNA), Exchange::new());
    let at = carrier.call("call-1", ANNA, &exchange);
    anna.is_reached_by(&exchange, at, (Codec::Pcma, DEBTOR), DEBTOR);
}
