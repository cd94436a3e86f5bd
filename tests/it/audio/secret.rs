//! Audio towards the exchange that is secret (SRTP): both ends hear each other, and nobody else is heard.

use std::time::Duration;

use belbrug::ids::AgentId;
use belbrug::telephony::media::codec::Codec;
use belbrug::telephony::media::srtp::{Key, Keys, Secure, Suite};
use belbrug::telephony::softphone::call::Flow;

use super::client::{Browser, Carrier, Exchange};

const ANNA: AgentId = AgentId(1);
const DEBTOR: u8 = 0x11;
const AGENT: u8 = 0x22;
const STRANGER: u8 = 0x33;

fn key(first: u8) -> Key {
    Key { suite: Suite::Sha1Of80, master: [first; 30] }
}

/// What the exchange says, sealed.
fn sealed(secure: &mut Secure, seq: u16, byte: u8) -> Vec<u8> {
    let [high, low] = seq.to_be_bytes();
    let ticks = (u32::from(seq) * 160).to_be_bytes();
    secure.seal(&[&[0x80, 8, high, low][..], &ticks, &[0, 0, 0, 7], &[byte; 160]].concat()).expect("sealed")
}

#[test]
fn both_hear_each_other_and_what_is_not_sealed_is_not_heard() {
    let mut carrier = Carrier::start();
    let (mut anna, exchange) = (Browser::of(&carrier, ANNA), Exchange::new());
    let at = carrier.call("call-1", ANNA, &exchange);
    let keys = Keys { ours: key(1), theirs: key(2) };
    carrier.agrees("call-1", Flow { srtp: Some(keys), ..Carrier::flow(&exchange, Codec::Pcma, 2) });
    // Even from the agreed address, before the other end has proved itself and after.
    for seq in 1..20 {
        exchange.says(at, seq, STRANGER);
    }
    let mut theirs = Secure::new(Keys { ours: keys.theirs, theirs: keys.ours }).expect("keys");
    let mut seq = 0;
    anna.until("reached", |anna| {
        seq += 1;
        exchange.0.send_to(&sealed(&mut theirs, seq, DEBTOR), at).expect("sent");
        exchange.says(at, seq, STRANGER);
        anna.has_heard(DEBTOR)
    });
    let mut said = false;
    let mut buffer = [0; 2048];
    anna.until("heard", |anna| {
        anna.says(AGENT);
        if let Ok(length) = exchange.0.recv(&mut buffer) {
            assert!(!buffer[..length].windows(8).any(|bytes| bytes == [AGENT; 8]), "nobody on the way can hear it");
            said |= theirs.open(&buffer[..length]).is_some_and(|packet| packet[12..] == [AGENT; 160]);
        }
        said
    });
    anna.lives(Duration::from_millis(100));
    assert!(!anna.has_heard(STRANGER));
}

/// Their key changes in mid-call: from then on theirs is heard by the new one only.
#[test]
fn a_new_key_in_mid_call() {
    let mut carrier = Carrier::start();
    let (mut anna, exchange) = (Browser::of(&carrier, ANNA), Exchange::new());
    let at = carrier.call("call-1", ANNA, &exchange);
    let mut seq = 0;
    for (version, theirs, byte) in [(2, key(2), 0x41), (3, key(3), 0x42)] {
        let keys = Keys { ours: key(1), theirs };
        carrier.agrees("call-1", Flow { srtp: Some(keys), ..Carrier::flow(&exchange, Codec::Pcma, version) });
        let mut secure = Secure::new(Keys { ours: theirs, theirs: key(1) }).expect("keys");
        anna.until("reached", |anna| {
            seq += 1;
            exchange.0.send_to(&sealed(&mut secure, seq, byte), at).expect("sent");
            anna.has_heard(byte)
        });
    }
    let mut before = Secure::new(Keys { ours: key(2), theirs: key(1) }).expect("keys");
    for seq in seq + 1..seq + 20 {
        exchange.0.send_to(&sealed(&mut before, seq, STRANGER), at).expect("sent");
    }
    anna.lives(Duration::from_millis(100));
    assert!(!anna.has_heard(STRANGER));
}
