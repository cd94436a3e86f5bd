//! A user agent with a call and a subscription under way hears anything at all: it never panics, and forgets what is over.
#![no_main]

use std::time::{Duration, Instant};

use belbrug::telephony::sip::digest::Credentials;
use belbrug::telephony::sip::peer::{Peer, Transport};
use belbrug::telephony::sip::timers::Timers;
use belbrug::telephony::sip::user_agent::agent::{Settings, UserAgent};
use belbrug::telephony::sip::user_agent::calling::Invitation;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let addr = "192.0.2.10:5060".parse().unwrap();
    let peer = Peer { transport: Transport::Udp, addr };
    let second = Duration::from_secs(1);
    let settings = Settings { name: "fuzz".to_owned(), local: [addr; 3], timers: Timers::default(), ping_every: second * 60, ping_patience: second };
    let mut agent = UserAgent::new(settings, [7; 32]);
    let credentials = Credentials { username: "a".to_owned(), secret: "s".to_owned().into(), realm: None };
    let account = agent.add_account("a", "pbx", peer, credentials);
    let now = Instant::now();
    agent.register(now, account);
    agent.subscribe(now, account, "sip:101@pbx", "dialog", "application/dialog-info+xml");
    let call = agent.invite(now, account, &Invitation { uri: "sip:101@pbx".to_owned(), ..Invitation::default() });
    // The messages are separated by a byte that no message holds.
    for message in bytes.split(|byte| *byte == 0xff) {
        agent.handle(now, peer, message);
        while agent.poll_transmit().is_some() {}
        while agent.poll_event().is_some() {}
    }
    if let Some(call) = call {
        agent.hang_up(now, call);
    }
    for minute in 0..20 {
        agent.handle_timeout(now + second * 60 * minute);
        while agent.poll_transmit().is_some() {}
    }
});
