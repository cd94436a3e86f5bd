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
use belbrug::telephony::sip::user_agent::agent::{Settings, UserAgent};
use belbrug::telephony::sip::user_agent::event::{Event, SessionId};
use belbrug::telephony::sip_line::line::{DialBy, SipLine, Told};
use belbrug::telephony::softphone::call::{Ask, PhoneDial, PhoneTold};

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
}

impl Office {
    fn new() -> Self {
        let extension = Extension::parse("101").unwrap();
        let mut exchange = UserAgent::new(settings(EXCHANGE), [7; 32]);
        for user in [DEBTOR, COLLEAGUE] {
            exchange.add_account(user, "192.0.2.2", peer(US), credentials());
        }
        let mut office = Self {
            now: Instant::now(),
            line: SipLine::new(line_settings(DialBy::Invite, credentials()), settings(US), [192, 0, 2, 1].into(), [9; 32]),
            exchange,
            tracker: Tracker::new([(belbrug::ids::Device::new("PJSIP/101"), extension.clone())].into()),
            told: Vec::new(),
            heard: Vec::new(),
            channels: Vec::new(),
            answers: "sendrecv",
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
        self.exchange.answer(self.now, session, &described("sendrecv"));
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

fn side(channel: &str) -> &'static str {
    if channel.starts_with("PJSIP/101") { "by us" } else { "by them" }
}
