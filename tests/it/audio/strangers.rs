//! Who is not heard: strangers to a call, to a session, and whoever has no call.

use std::net::SocketAddr;
use std::time::Duration;

use belbrug::bridge::audio::orders::{Order, Told};
use belbrug::desk::hub::OfferRefused;
use belbrug::ids::{AgentId, CallId};
use belbrug::telephony::media::codec::Codec;

use super::client::{Browser, Carrier, Exchange};

const ANNA: AgentId = AgentId(1);
const BRAM: AgentId = AgentId(2);
/// Bytes that nothing but the tests says.
const DEBTOR: u8 = 0x11;
const AGENT: u8 = 0x22;
const STRANGER: u8 = 0x33;

#[test]
fn audio_goes_both_ways_in_a_call_and_nowhere_else() {
    let mut carrier = Carrier::start();
    let (mut anna, mut bram) = (Browser::of(&carrier, ANNA), Browser::of(&carrier, BRAM));
    assert_eq!(carrier.told.blocking_recv(), Some(Told::Connected(ANNA, "tab".to_owned())));
    let exchange = Exchange::new();
    // Without a call nothing goes anywhere.
    anna.says(AGENT);
    anna.lives(Duration::from_millis(50));
    assert_eq!(exchange.hears(), None);
    let at = carrier.call("call-1", ANNA, &exchange);
    anna.is_reached_by(&exchange, at, (Codec::Pcma, DEBTOR), DEBTOR);
    let mut said = false;
    anna.until("heard", |anna| {
        anna.says(AGENT);
        said |= exchange.hears().is_some_and(|(payload_type, audio)| payload_type == 8 && audio == [AGENT; 160]);
        said
    });
    bram.lives(Duration::from_millis(100));
    assert!(!bram.has_heard(DEBTOR), "the call of a colleague is not heard");
}

/// On hold nobody hears anybody, and what is said meanwhile is not kept for later.
#[test]
fn on_hold_nothing_is_passed_on() {
    let mut carrier = Carrier::start();
    let (mut anna, exchange) = (Browser::of(&carrier, ANNA), Exchange::new());
    let at = carrier.call("call-1", ANNA, &exchange);
    carrier.flows("call-1", &exchange, false);
    anna.lives(Duration::from_millis(50));
    while exchange.hears().is_some() {}
    for seq in 1..20 {
        exchange.says(at, seq, DEBTOR);
        anna.says(AGENT);
    }
    anna.lives(Duration::from_millis(100));
    assert!(!anna.has_heard(DEBTOR));
    assert_eq!(exchange.hears(), None);
}

/// Whoever is first at the agreed address is the other end; nobody else is, from another port or another address (CVE-2017-14099).
#[test]
fn a_stranger_to_the_call_is_not_heard() {
    let mut carrier = Carrier::start();
    let (mut anna, exchange) = (Browser::of(&carrier, ANNA), Exchange::new());
    let at = carrier.call("call-1", ANNA, &exchange);
    let far = Exchange::at([127, 0, 0, 9]);
    for seq in 1..20 {
        far.says(at, seq, STRANGER);
    }
    anna.lives(Duration::from_millis(100));
    assert!(!anna.has_heard(STRANGER), "another address, even before the other end has said anything");
    anna.is_reached_by(&exchange, at, (Codec::Pcma, DEBTOR), DEBTOR);
    let near = Exchange::new();
    for seq in 1..20 {
        near.says(at, seq, STRANGER);
        far.says(at, seq, STRANGER);
    }
    anna.lives(Duration::from_millis(100));
    assert!(!anna.has_heard(STRANGER), "another port, once the other end is known");
}

/// A session belongs to whoever has the certificate that its page named.
#[test]
fn another_certificate_than_the_pages_is_refused() {
    let mut carrier = Carrier::start();
    let (mut thief, offer) = Browser::new();
    let (_, other) = Browser::new();
    let fingerprint = |sdp: &str| sdp.lines().find(|line| line.starts_with("a=fingerprint:")).expect("a fingerprint").to_owned();
    let forged = offer.replace(&fingerprint(&offer), &fingerprint(&other));
    assert_ne!(forged, offer);
    thief.takes(&carrier.offer(ANNA, &forged).expect("an answer"));
    thief.lives(Duration::from_secs(2));
    let exchange = Exchange::new();
    let at = carrier.call("call-1", ANNA, &exchange);
    for seq in 1..20 {
        exchange.says(at, seq, DEBTOR);
    }
    thief.lives(Duration::from_millis(200));
    assert!(!thief.has_heard(DEBTOR), "nobody hears a call with another certificate");
    assert!(!matches!(carrier.told.try_recv(), Ok(Told::Connected(..))), "and the desk is not told that anybody does");
}

/// The newest page has the audio, and the one before has it no more.
#[test]
fn the_page_before_is_not_heard_any_more() {
    let mut carrier = Carrier::start();
    let (mut before, exchange) = (Browser::of(&carrier, ANNA), Exchange::new());
    let at = carrier.call("call-1", ANNA, &exchange);
    let mut now = Browser::of(&carrier, ANNA);
    while exchange.hears().is_some() {}
    for _ in 0..10 {
        before.says(STRANGER);
    }
    let mut seq = 0;
    now.until("reached", |now| {
        seq += 1;
        exchange.says(at, seq, DEBTOR);
        now.has_heard(DEBTOR)
    });
    before.lives(Duration::from_millis(100));
    assert!(!before.has_heard(DEBTOR));
    while let Some((_, audio)) = exchange.hears() {
        assert_ne!(audio, [STRANGER; 160]);
    }
}

/// STUN, DTLS, RTP and noise of strangers are not answered, and those who are known are served meanwhile.
#[test]
fn strangers_at_the_browsers_socket_are_not_answered() {
    let mut carrier = Carrier::start();
    let (mut anna, offer) = Browser::new();
    let answer = carrier.offer(ANNA, &offer).expect("an answer");
    let candidate = answer.lines().find_map(|line| line.strip_prefix("a=candidate:")).expect("a candidate");
    let words: Vec<&str> = candidate.split(' ').collect();
    let at: SocketAddr = format!("{}:{}", words[4], words[5]).parse().expect("an address");
    let stranger = Exchange::new();
    let stun = |name: &str| {
        let mut bytes = vec![0, 1, 0, u8::try_from(4 + name.len().next_multiple_of(4)).expect("short"), 0x21, 0x12, 0xA4, 0x42];
        bytes.extend([9; 12]);
        bytes.extend([0, 6, 0, u8::try_from(name.len()).expect("short")]);
        bytes.extend(name.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    };
    let ours = answer.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).expect("our name");
    // Signed before it says for whom it is: a reader that takes the name for granted stumbles.
    let signed_first = |name: &str| {
        let named = stun(name);
        let (head, attributes) = named.split_at(20);
        let mut bytes = [head, &[0, 8, 0, 20], &[7; 20], attributes].concat();
        let length = u16::try_from(bytes.len() - 20).expect("short").to_be_bytes();
        bytes[2..4].copy_from_slice(&length);
        bytes
    };
    let dtls = [&[22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4][..], &[1, 0, 0, 0]].concat();
    for _ in 0..2000 {
        for datagram in [
            stun("nobody:me"),
            stun(&format!("{ours}:me")),
            signed_first(&format!("{ours}:me")),
            dtls.clone(),
            vec![0x80; 172],
            vec![0xFF; 1200],
            Vec::new(),
        ] {
            let _ = stranger.0.send_to(&datagram, at);
        }
    }
    anna.takes(&answer);
    anna.until("connected", |anna| anna.is_connected);
    let exchange = Exchange::new();
    let leg = carrier.call("call-1", ANNA, &exchange);
    anna.is_reached_by(&exchange, leg, (Codec::Pcma, DEBTOR), DEBTOR);
    assert_eq!(stranger.hears(), None, "nothing was said to the stranger");
}

#[test]
fn what_is_no_offer_is_refused() {
    let carrier = Carrier::start();
    for sdp in ["", "v=0", "not a description", &"v=0\r\n".repeat(5000)] {
        assert_eq!(carrier.offer(ANNA, sdp), Err(OfferRefused::Unreadable));
    }
}

/// Nobody is at the page: the other end hears that it is to wait, and after twenty seconds it need not any longer.
#[test]
fn the_other_end_hears_a_tone_while_the_page_is_away() {
    let mut carrier = Carrier::start();
    let exchange = Exchange::new();
    carrier.call("call-1", ANNA, &exchange);
    let loud = (0..400).filter_map(|_| exchange.hears()).take(150).filter(|(_, audio)| audio.iter().any(|code| code & 0x70 != 0x50)).count();
    assert!(loud >= 9, "a soft tone, and silence between: {loud} of 150 frames are not silent");
    assert!(carrier.orders.send(Order::Close(CallId::new("call-1"))).is_ok());
    while exchange.hears().is_some() {}
    assert_eq!(exchange.hears(), None, "and nothing when the call is over");
}
