//! Calls of a phone in a browser, towards an exchange in memory: what happens at the same time, or in another order than usual.

use std::time::{Duration, Instant};

use belbrug::clock::Timestamp;
use belbrug::ids::{CallId, Extension};
use belbrug::telephony::calls::event::CallEventKind;
use belbrug::telephony::calls::tracker::Tracker;
use belbrug::telephony::pbx::event::EventKind;
use belbrug::telephony::sip::digest::Credentials;
use belbrug::telephony::sip::message::Message;
use belbrug::telephony::sip::start_line::StartLine;
use belbrug::telephony::sip::timers::Timers;
use belbrug::telephony::sip::uri::unescaped;
use belbrug::telephony::sip::user_agent::agent::{Settings, UserAgent};
use belbrug::telephony::sip::user_agent::calling::Invitation;
use belbrug::telephony::sip::user_agent::event::{AccountId, Event, SessionId};
use belbrug::telephony::sip_line::line::{DialBy, LineSettings, SipLine, Told};
use belbrug::telephony::softphone::call::{Ask, AudioOrder, Flow, PhoneDial, PhoneTold};

use super::network::peer;
use super::third_party::line_settings;

/// We are at 192.0.2.1, and the exchange at 192.0.2.2.
const US: u8 = 1;
const EXCHANGE: u8 = 2;
const DEBTOR: &str = "+447700900123";
const COLLEAGUE: &str = "102";

fn settings(host: u8) -> Settings {
    let (local, second) = (peer(host).addr, Duration::from_secs(1));
    Settings { name: "softphones".to_owned(), local: [local; 3], timers: Timers::default(), ping_every: second * 60, ping_patience: second }
}

fn credentials() -> Credentials {
    Credentials { username: "101".to_owned(), secret: "secret".to_owned().into(), realm: None }
}

fn described(direction: &str) -> Vec<u8> {
    format!("v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\na={direction}\r\n").into_bytes()
}

/// With a key in this suite.
fn secret(suite: &str) -> Vec<u8> {
    let plain = String::from_utf8(described("sendrecv")).unwrap().replace("RTP/AVP", "RTP/SAVP");
    format!("{plain}a=crypto:1 {suite} inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n").into_bytes()
}

/// The phone at 101, and the exchange with whoever it calls.
struct Office {
    now: Instant,
    line: SipLine,
    exchange: UserAgent,
    tracker: Tracker,
    /// What became of calls, who holds and who does not, and of phones: as words.
    told: Vec<String>,
    heard: Vec<Event>,
    /// The phone's own end of each call.
    channels: Vec<String>,
    /// How the exchange answers an offer in a call.
    answers: &'static str,
    /// Where the audio went, in order.
    flows: Vec<Flow>,
    account: AccountId,
    line_is_secret: bool,
}

impl Office {
    fn new() -> Self {
        Self::with(false)
    }

    fn with(requires_srtp: bool) -> Self {
        let extension = Extension::parse("101").unwrap();
        let mut exchange = UserAgent::new(settings(EXCHANGE), [7; 32]);
        let [account, _] = [DEBTOR, COLLEAGUE].map(|user| exchange.add_account(user, "192.0.2.2", peer(US), credentials()));
        let mut office = Self {
            now: Instant::now(),
            line: SipLine::new(
                LineSettings { requires_srtp, ..line_settings(DialBy::Invite, credentials()) },
                settings(US),
                [192, 0, 2, 1].into(),
                [9; 32],
            ),
            exchange,
            tracker: Tracker::new([(belbrug::ids::Device::new("PJSIP/101"), extension.clone())].into()),
            told: Vec::new(),
            heard: Vec::new(),
            channels: Vec::new(),
            answers: "sendrecv",
            flows: Vec::new(),
            account,
            line_is_secret: requires_srtp,
        };
        office.line.keep_phones(office.now, &[(extension, credentials())].into());
        office.settle();
        office
    }

    /// Everything that anybody has to say is heard.
    fn settle(&mut self) {
        loop {
            let mut is_silent = true;
            while let Some(transmit) = self.line.poll_transmit() {
                is_silent = false;
                let is_registration = matches!(Message::parse(&transmit.bytes).unwrap().start, StartLine::Request { method: "REGISTER", .. });
                if !is_registration {
                    self.exchange.handle(self.now, peer(US), &transmit.bytes);
                }
            }
            while let Some(transmit) = self.exchange.poll_transmit() {
                is_silent = false;
                self.line.handle(self.now, peer(EXCHANGE), &transmit.bytes);
            }
            while let Some(event) = self.exchange.poll_event() {
                is_silent = false;
                if let Event::Reoffered { session, .. } = &event {
                    self.exchange.accept_reoffer(self.now, *session, &described(self.answers));
                }
                self.heard.push(event);
            }
            while let Some(told) = self.line.poll_told() {
                self.note(&told);
            }
            if is_silent {
                return;
            }
        }
    }

    fn note(&mut self, told: &Told) {
        match told {
            Told::Pbx(event) => {
                match &event.kind {
                    EventKind::Channel(view) if view.name.starts_with("PJSIP/101") && !self.channels.contains(&view.name.to_string()) => {
                        self.channels.push(view.name.to_string());
                    }
                    EventKind::Held(view) => self.told.push(format!("held {}", side(&view.name))),
                    EventKind::Retrieved(view) => self.told.push(format!("retrieved {}", side(&view.name))),
                    _ => {}
                }
                for event in self.tracker.apply(Timestamp(0), event) {
                    match event.kind {
                        CallEventKind::Transferred { .. } => self.told.push(format!("{} transferred", event.call)),
                        CallEventKind::Cleared { reason, .. } => self.told.push(format!("{} ended {reason:?}", event.call)),
                        _ => {}
                    }
                }
            }
            Told::Audio(AudioOrder::Flow(_, flow)) => self.flows.push(*flow),
            Told::OwnPhone(PhoneTold::NotSentOn(call, status)) => self.told.push(format!("{call} not sent on {status}")),
            _ => {}
        }
    }

    /// The phone calls somebody, who answers; the call at the exchange, and the phone's own end of it.
    fn in_talk(&mut self, name: &str, number: &str) -> (SessionId, String) {
        let dial = PhoneDial {
            call: CallId::dialled(name).unwrap(),
            extension: Extension::parse("101").unwrap(),
            number: number.to_owned().into(),
            name: name.to_owned().into(),
            caller_id: None,
            at: "192.0.2.1:20000".parse().unwrap(),
        };
        assert!(self.line.phone_dial(self.now, dial));
        self.settle();
        let session = self.heard.iter().rev().find_map(|event| match event {
            Event::Incoming { session, .. } => Some(*session),
            _ => None,
        });
        let session = session.expect("the exchange is called");
        let answer = if self.line_is_secret { secret("AES_CM_128_HMAC_SHA1_80") } else { described("sendrecv") };
        self.exchange.answer(self.now, session, &answer);
        self.settle();
        (session, self.channels.last().expect("its channel").clone())
    }

    /// The debtor waits, a colleague is asked, and the two are to be joined: the calls at the exchange.
    fn joining(&mut self) -> [SessionId; 2] {
        let (debtor, first) = self.in_talk("to-the-debtor", DEBTOR);
        self.answers = "recvonly";
        self.ask(&first, Ask::Hold);
        self.answers = "sendrecv";
        let (colleague, second) = self.in_talk("to-a-colleague", COLLEAGUE);
        self.ask(&first, Ask::JoinWith(second));
        assert!(self.heard.iter().any(|event| matches!(event, Event::Referred { session, .. } if *session == debtor)));
        self.exchange.accept_refer(self.now, debtor);
        self.settle();
        self.told();
        [debtor, colleague]
    }

    fn ask(&mut self, channel: &str, ask: Ask) {
        self.line.ask(self.now, channel, ask).expect("it can be asked");
        self.settle();
    }

    /// What was told since this was asked last.
    fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.told)
    }
}

/// Each of the two lets the other wait, and both are back: the last word is that of whoever still holds.
#[test]
fn both_hold_and_both_are_back() {
    let mut office = Office::new();
    let (debtor, channel) = office.in_talk("to-the-debtor", DEBTOR);
    office.told();
    office.exchange.reoffer(office.now, debtor, &described("sendonly"));
    office.settle();
    assert_eq!(office.told(), ["held by them"]);
    office.answers = "inactive";
    office.ask(&channel, Ask::Hold);
    assert_eq!(office.told(), ["retrieved by them", "held by us"]);
    office.answers = "sendonly";
    office.ask(&channel, Ask::Retrieve);
    assert_eq!(office.told(), ["retrieved by us", "held by them"], "they still do");
    office.exchange.reoffer(office.now, debtor, &described("sendrecv"));
    office.settle();
    assert_eq!(office.told(), ["retrieved by them"]);
}

/// The exchange has joined the two, and says so after it has ended the calls, or before.
#[test]
fn two_are_joined_whatever_is_said_first() {
    for is_ended_first in [true, false] {
        let mut office = Office::new();
        let [debtor, colleague] = office.joining();
        if is_ended_first {
            office.exchange.hang_up(office.now, colleague);
            office.settle();
            assert_eq!(office.told(), [""; 0], "it is not known yet what that means");
        }
        office.exchange.refer_progress(office.now, debtor, 200);
        office.settle();
        assert!(office.told().iter().any(|told| told.ends_with("transferred")), "ended first: {is_ended_first}");
    }
}

/// The colleague hangs up while the exchange is asked to join the two: the debtor is still here.
#[test]
fn a_colleague_who_hangs_up_is_not_joined() {
    let mut office = Office::new();
    let [debtor, colleague] = office.joining();
    office.exchange.hang_up(office.now, colleague);
    office.settle();
    office.exchange.refer_progress(office.now, debtor, 481);
    office.settle();
    let told = office.told();
    assert!(told.iter().any(|told| told.contains("not sent on 481")), "{told:?}");
    assert!(!told.iter().any(|told| told.ends_with("transferred")), "{told:?}");
    assert_eq!(told.iter().filter(|told| told.contains(" ended ")).count(), 1, "the colleague's call is over: {told:?}");
    let channel = office.channels[0].clone();
    office.ask(&channel, Ask::Retrieve);
    assert_eq!(office.told(), ["retrieved by us"]);
}

/// What is secret becomes plain and secret again, or secret in another way: a key that was given up is never taken up again, because packets are
/// counted anew with it; one that is in use goes on.
#[test]
fn a_key_that_was_given_up_is_never_taken_up_again() {
    let mut office = Office::new();
    let (debtor, _) = office.in_talk("to-the-debtor", DEBTOR);
    let mut agree = |offer: &[u8]| {
        office.exchange.reoffer(office.now, debtor, offer);
        office.settle();
        office.flows.last().expect("the audio goes somewhere").srtp.map(|keys| keys.ours)
    };
    let (long, short) = (secret("AES_CM_128_HMAC_SHA1_80"), secret("AES_CM_128_HMAC_SHA1_32"));
    let first = agree(&long);
    assert_eq!(agree(&long), first, "it goes on");
    assert_eq!(agree(&described("sendrecv")), None);
    let second = agree(&long);
    let third = agree(&short);
    let fourth = agree(&long);
    let masters: std::collections::BTreeSet<_> = [first, second, third, fourth].map(|key| key.expect("a key").master).into();
    assert_eq!(masters.len(), 4, "each is another");
}

/// Somebody takes the other's place, and is asked to say in his ACK what he speaks with: until then nothing is said, and what comes without a
/// key ends the call; one who cannot be spoken with at all changes nothing.
#[test]
fn whoever_takes_the_others_place_is_not_spoken_with_in_the_clear() {
    let mut office = Office::with(true);
    let (debtor, _) = office.in_talk("to-the-debtor", DEBTOR);
    let is_open = |flow: &Flow| flow.speaks || flow.hears;
    let before = *office.flows.last().expect("the audio goes somewhere");
    assert!(is_open(&before) && before.srtp.is_some());
    for sdp in [described("sendrecv"), Vec::new()] {
        let replaces = unescaped(&office.exchange.replaces(debtor).expect("a call")).into_owned();
        let invitation = Invitation { uri: "sip:101@192.0.2.1".to_owned(), sdp, replaces: Some(replaces), ..Invitation::default() };
        office.exchange.invite(office.now, office.account, &invitation).expect("it is sent");
        office.settle();
        assert!(office.flows.iter().filter(|flow| is_open(flow)).all(|flow| flow.srtp.is_some()), "{:?}", office.flows);
    }
}

fn side(channel: &str) -> &'static str {
    if channel.starts_with("PJSIP/101") { "by us" } else { "by them" }
}
