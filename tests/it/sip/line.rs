//! A `sip` line over real sockets, with the tracker behind it: what it tells, as lines of a ladder.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use belbrug::bridge::sip::network::{Arrived, Friends, SipNetwork};
use belbrug::clock::{Clock as _, SystemClock};
use belbrug::ids::{CallId, Device, Extension};
use belbrug::telephony::calls::event::{CallEvent, CallEventKind, LegRef, Party, TransferTarget};
use belbrug::telephony::calls::tracker::Tracker;
use belbrug::telephony::sip::digest::Credentials;
use belbrug::telephony::sip::peer::{Peer, Transport};
use belbrug::telephony::sip::timers::Timers;
use belbrug::telephony::sip::user_agent::agent::Settings;
use belbrug::telephony::sip_line::line::{Dial, DialBy, LineSettings, SipLine, Told};
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject as _;

use crate::lab::{PATIENCE, Phone};

/// Where a PBX is, and who we are there.
#[derive(Debug, Clone)]
pub(super) struct At<'a> {
    pub(super) transport: Transport,
    pub(super) port: u16,
    pub(super) user: &'a str,
    pub(super) domain: &'a str,
    pub(super) secret: &'a str,
    pub(super) ca_file: Option<&'a Path>,
    pub(super) dial_by: DialBy,
}

pub(super) struct Line {
    pub(super) line: SipLine,
    network: SipNetwork,
    tracker: Tracker,
    /// What was told, in order.
    pub(super) ladder: Vec<String>,
    pub(super) is_up: bool,
    pub(super) ups: usize,
    pub(super) watched: std::collections::BTreeSet<Extension>,
    seen: usize,
}

impl Line {
    /// Registered, and watching these phones.
    pub(super) async fn open(at: &At<'_>, extensions: &[&str]) -> Self {
        let peer = Peer { transport: at.transport, addr: ([127, 0, 0, 1], at.port).into() };
        let friends = Friends::default();
        friends.insert(IpAddr::from([127, 0, 0, 1]));
        let mut network = SipNetwork::open(([127, 0, 0, 1], 0).into(), at.ca_file.map(tls), friends).await.expect("sockets");
        let local = network.reach(peer).await.expect("our address");
        let settings = LineSettings {
            user: at.user.to_owned(),
            domain: at.domain.to_owned(),
            credentials: Credentials { username: at.user.to_owned(), secret: at.secret.to_owned().into(), realm: None },
            peer,
            registers: true,
            technology: "PJSIP".to_owned(),
            prefix: "+".to_owned(),
            dial_by: at.dial_by,
            run: 7,
            requires_srtp: false,
        };
        let agent = Settings {
            name: "Belbrug".to_owned(),
            local: [local; 3],
            timers: Timers::default(),
            ping_every: Duration::from_millis(1500),
            ping_patience: Duration::from_millis(1200),
        };
        let line = SipLine::new(settings, agent, local.ip(), rand::random());
        let lines = extensions.iter().map(|text| (Device::new(&format!("PJSIP/{text}")), Extension::parse(text).expect("an extension"))).collect();
        let tracker = Tracker::new(lines);
        let mut open = Self { line, network, tracker, ladder: Vec::new(), is_up: false, ups: 0, watched: std::collections::BTreeSet::new(), seen: 0 };
        open.line.start(Instant::now());
        let all = extensions.iter().map(|text| Extension::parse(text).expect("an extension")).collect();
        open.line.watch_only(Instant::now(), &all);
        let count = extensions.len();
        open.until("it is up, and every phone is watched", |line| line.is_up && line.watched.len() == count).await;
        open
    }

    /// Goes on until this holds.
    pub(super) async fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.settle();
            if holds(self) {
                return;
            }
            assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}\n{}", self.ladder.join("\n"));
            self.wait(deadline).await;
        }
    }

    /// Goes on for so long.
    pub(super) async fn go_on(&mut self, time: Duration) {
        self.meanwhile(tokio::time::sleep(time)).await;
    }

    /// Goes on while people do something.
    pub(super) async fn meanwhile<T>(&mut self, doing: impl Future<Output = T>) -> T {
        let mut doing = std::pin::pin!(doing);
        loop {
            self.settle();
            tokio::select! {
                done = &mut doing => return done,
                () = self.wait(Instant::now() + Duration::from_secs(1)) => {}
            }
        }
    }

    async fn wait(&mut self, deadline: Instant) {
        let due = self.line.next_timeout().unwrap_or(deadline).min(deadline);
        tokio::select! {
            arrived = self.network.arrived() => match arrived {
                Arrived::Message(from, bytes) => self.line.handle(Instant::now(), from, &bytes),
                Arrived::Connected(peer, local) => self.line.set_local(peer.transport, local),
                Arrived::Failed(peer, why) => {
                    self.ladder.push(format!("connection over: {why}"));
                    self.line.transport_failed(Instant::now(), peer);
                }
                Arrived::Accepted(..) => {}
            },
            () = tokio::time::sleep_until(due.into()) => self.line.handle_timeout(Instant::now()),
        }
    }

    /// Waits for lines of the ladder that no earlier wait has read past, in this order; others may lie between.
    pub(super) async fn tells(&mut self, wanted: &[&str]) {
        for text in wanted {
            let seen = self.seen;
            self.until(text, |line| line.ladder.iter().skip(seen).any(|said| said.contains(text))).await;
            self.seen += 1 + self.ladder.iter().skip(seen).position(|said| said.contains(text)).expect("just seen");
        }
    }

    /// Sends what is to be sent, and takes what is told.
    pub(super) fn settle(&mut self) {
        while let Some(transmit) = self.line.poll_transmit() {
            self.network.send(transmit);
        }
        while let Some(told) = self.line.poll_told() {
            match told {
                Told::Audio(_) | Told::OwnPhone(_) => {}
                Told::Up => {
                    self.is_up = true;
                    self.ups += 1;
                }
                Told::Down(_) => self.is_up = false,
                Told::Registered(_) => {}
                Told::Phone(extension, Ok(())) => {
                    self.watched.insert(extension);
                }
                Told::Phone(extension, Err(_)) => {
                    self.watched.remove(&extension);
                }
                Told::Pbx(event) => {
                    let events = self.tracker.apply(SystemClock.now(), &event);
                    self.ladder.extend(events.iter().map(said));
                }
            }
        }
    }

    pub(super) fn dial(&mut self, key: &str, extension: &str, number: &str) -> CallId {
        let call = CallId::dialled(key).expect("a key");
        let extension = Extension::parse(extension).expect("an extension");
        let dial =
            Dial { call: call.clone(), extension, number: number.to_owned().into(), name: "Bakkerij De Korenaar".to_owned().into(), caller_id: None };
        assert!(self.line.dial(Instant::now(), dial));
        self.settle();
        call
    }

    /// An agent clicks on a number, and picks up his own phone.
    pub(super) async fn dial_and_pick_up(&mut self, key: &str, number: &str, phone: &Phone) {
        self.dial(key, &phone.extension, number);
        self.meanwhile(phone.wait_ringing()).await;
        self.meanwhile(phone.answer()).await;
    }

    pub(super) fn hang_up(&mut self, channel: &str) {
        assert!(self.line.hang_up(Instant::now(), channel), "{channel} is none of ours");
        self.settle();
    }

    /// Nothing is remembered of any call.
    pub(super) fn is_idle(&self) -> bool {
        self.tracker.calls().next().is_none() && self.line.counts().0 == 0
    }
}

fn tls(ca_file: &Path) -> (Arc<rustls::ClientConfig>, ServerName<'static>) {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in rustls::pki_types::CertificateDer::pem_file_iter(ca_file).expect("a certificate") {
        roots.add(certificate.expect("a certificate")).expect("a certificate");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("TLS");
    (Arc::new(builder.with_root_certificates(roots).with_no_client_auth()), ServerName::try_from("localhost").expect("a name"))
}

/// One event of a call as one line.
fn said(event: &CallEvent) -> String {
    let certainty = format!("{:?}", event.certainty).to_lowercase();
    let what = match &event.kind {
        CallEventKind::Originated { leg, to } => format!("originated {} to {}", line(leg), who(to)),
        CallEventKind::OwnPhoneAnswered { leg } => format!("own phone {}", line(leg)),
        CallEventKind::Delivered { leg, other, direction, .. } => format!("rings {} {direction:?} {}", line(leg), who(other)),
        CallEventKind::RingEnded { leg, reason } => format!("ring ended {} {reason:?}", line(leg)),
        CallEventKind::Established { leg, caller, .. } => {
            let caller = caller.as_ref().map_or_else(String::new, |(_, party)| format!(" to {}", who(party)));
            format!("talks {}{caller}", line(leg))
        }
        CallEventKind::Held { leg } => format!("held {}", line(leg)),
        CallEventKind::Retrieved { leg } => format!("retrieved {}", line(leg)),
        CallEventKind::Transferred { transfer, by, to, .. } => {
            let to = match to {
                TransferTarget::Leg(leg) => line(leg),
                TransferTarget::Number(number) => number.clone(),
            };
            format!("transferred {transfer:?} by {} to {to}", by.as_ref().map_or_else(String::new, line))
        }
        CallEventKind::ConnectionCleared { leg } => format!("left {}", line(leg)),
        CallEventKind::Cleared { reason, at_own_phone, .. } => format!("cleared {reason:?}{}", if *at_own_phone { " at own phone" } else { "" }),
        other => format!("{other:?}"),
    };
    format!("{what} ({certainty})")
}

fn line(leg: &LegRef) -> String {
    leg.line.as_ref().map_or_else(|| "outside".to_owned(), ToString::to_string)
}

fn who(party: &Party) -> String {
    let (number, name) = (party.number.reveal(), party.name.reveal());
    if name.is_empty() { number.clone() } else { format!("{number} {name:?}") }
}
