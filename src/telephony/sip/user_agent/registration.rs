//! Saying where we are (RFC 3261, 10), and whether the PBX is there at all.
//!
//! A PBX that was restarted has forgotten registrations and subscriptions, and says nothing of it. So it is asked with an OPTIONS
//! every moment; when it answers again after it did not, everything is made anew at once.

use std::time::{Duration, Instant};

use super::agent::UserAgent;
use super::alarms::Alarm;
use super::event::{AccountId, Event, Failure};
use super::outcome::{Attempt, Outcome, Purpose};
use crate::telephony::sip::address;
use crate::telephony::sip::check::date;
use crate::telephony::sip::cursor::number;
use crate::telephony::sip::draft::Draft;
use crate::telephony::sip::message::Message;
use crate::telephony::sip::method::Method;
use crate::telephony::sip::name::HeaderName;
use crate::telephony::sip::via;

/// How long a registration is asked for.
const EXPIRES: Duration = Duration::from_secs(300);
/// The pause before the first retry; doubled with each.
const RETRY_FIRST: Duration = Duration::from_millis(500);
/// The longest pause between two tries.
const RETRY_LONGEST: Duration = Duration::from_secs(30);

/// Where one account is said to be.
#[derive(Debug)]
pub(super) struct Registration {
    call_id: String,
    tag: String,
    seq: u32,
    wanted: Duration,
    failures: u32,
}

/// The pause after so many failures in a row.
pub(super) fn pause(failures: u32) -> Duration {
    RETRY_FIRST.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(RETRY_LONGEST)
}

impl UserAgent {
    /// Registers an account, and keeps it registered.
    pub fn register(&mut self, now: Instant, account: AccountId) {
        let (call_id, tag) = (self.token(), self.token());
        // 10.2: not twice at the same time.
        if let Some(known) = self.accounts.get_mut(account.0).filter(|known| known.registration.is_none()) {
            known.registration = Some(Registration { call_id, tag, seq: 0, wanted: EXPIRES, failures: 0 });
            self.send_register(now, account);
        }
    }

    /// Says again where an account is: its PBX may have forgotten.
    pub fn register_again(&mut self, now: Instant, account: AccountId) {
        if let Some(registration) = self.accounts.get_mut(account.0).and_then(|known| known.registration.as_mut()) {
            registration.failures = 0;
            self.alarms.set(Alarm::Register(account), now);
        }
    }

    /// Says that an account is nowhere any more.
    pub fn unregister(&mut self, now: Instant, account: AccountId) {
        self.alarms.clear(Alarm::Register(account));
        let Some(draft) = self.register_draft(account, Duration::ZERO) else { return };
        let Some(known) = self.accounts.get_mut(account.0) else { return };
        known.registration = None;
        let peer = known.peer;
        self.send(now, account, peer, draft, Purpose::Nothing, Attempt::default());
    }

    /// Asks an account's PBX every moment whether it is there.
    pub fn watch(&mut self, now: Instant, account: AccountId) {
        if let Some(known) = self.accounts.get_mut(account.0) {
            known.is_watched = true;
            self.alarms.set(Alarm::Ping(account), now);
        }
    }

    pub(super) fn send_register(&mut self, now: Instant, account: AccountId) {
        // Where nobody answers nothing is asked; when somebody does again, everything is.
        let Some(known) = self.accounts.get(account.0).filter(|known| known.is_away != Some(true)) else { return };
        let (peer, Some(registration)) = (known.peer, &known.registration) else { return };
        let Some(draft) = self.register_draft(account, registration.wanted) else { return };
        if !self.send(now, account, peer, draft, Purpose::Register(account), Attempt::default()) {
            self.registered(now, account, 0, Outcome::Unreachable);
        }
    }

    fn register_draft(&mut self, account: AccountId, expires: Duration) -> Option<Draft> {
        let contact = self.contact(account);
        let known = self.accounts.get_mut(account.0)?;
        let (domain, address) = (format!("sip:{}", known.domain), known.address());
        let registration = known.registration.as_mut()?;
        registration.seq += 1;
        let draft = Draft::request(Method::Register, &domain)
            .with(HeaderName::From, format_args!("<{address}>;tag={}", registration.tag))
            .with(HeaderName::To, format_args!("<{address}>"))
            .with(HeaderName::CallId, &registration.call_id)
            .with(HeaderName::CSeq, format_args!("{} REGISTER", registration.seq))
            .with(HeaderName::Contact, contact)
            .with(HeaderName::Expires, expires.as_secs());
        Some(draft)
    }

    pub(super) fn registered(&mut self, now: Instant, account: AccountId, seq: u32, outcome: Outcome<'_>) {
        if !outcome.is_final() {
            return;
        }
        let contact = self.contact(account);
        let Some(known) = self.accounts.get_mut(account.0) else { return };
        let Some(registration) = &mut known.registration else { return };
        // What was sent once more for its proof has a higher number.
        registration.seq = registration.seq.max(seq);
        match outcome {
            Outcome::Response(200..300, message) => {
                registration.failures = 0;
                let granted = granted(message, &contact).unwrap_or(registration.wanted);
                let is_moved = self.learn_where_we_are(account, message);
                let date = message.value(HeaderName::Date).and_then(|value| date(&value).ok());
                self.events.push_back(Event::Registered { account, expires: granted, date });
                // Well before it runs out; a contact that was wrong is put right at once.
                let refresh = if is_moved { Duration::ZERO } else { granted.mul_f64(0.8).max(Duration::from_secs(1)) };
                self.alarms.set(Alarm::Register(account), now + refresh);
            }
            Outcome::Response(423, message) => {
                let least = message.value(HeaderName::MinExpires).and_then(|value| number(&value).ok()).unwrap_or(3600);
                registration.wanted = Duration::from_secs(least.into()).max(registration.wanted);
                registration.failures += 1;
                let wait = if registration.failures > 1 { pause(registration.failures) } else { Duration::ZERO };
                self.alarms.set(Alarm::Register(account), now + wait);
            }
            _ => {
                registration.failures += 1;
                let wait = pause(registration.failures).max(outcome.retry_after());
                self.events.push_back(Event::NotRegistered { account, why: outcome.failure() });
                self.alarms.set(Alarm::Register(account), now + wait);
            }
        }
    }

    /// Where the answer says that our request came from; whether that is news (RFC 3581).
    fn learn_where_we_are(&mut self, account: AccountId, message: &Message<'_>) -> bool {
        let seen = || {
            let vias = message.value(HeaderName::Via)?;
            let top = via::first(&vias).ok()?;
            let address = top.params.get("received")?.trim_matches(['[', ']']).parse().ok()?;
            let port = top.params.get("rport")?.parse().ok()?;
            Some(core::net::SocketAddr::new(address, port))
        };
        let Some(seen) = seen() else { return false };
        let Some(known) = self.accounts.get_mut(account.0) else { return false };
        let local = self.settings.local(known.peer.transport);
        if seen == known.public.unwrap_or(local) {
            return false;
        }
        known.public = (seen != local).then_some(seen);
        true
    }

    pub(super) fn ping(&mut self, now: Instant, account: AccountId) {
        let (call_id, tag) = (self.token(), self.token());
        let Some(known) = self.accounts.get(account.0) else { return };
        let (peer, address) = (known.peer, known.address());
        let draft = Draft::request(Method::Options, &format!("sip:{}", known.domain))
            .with(HeaderName::From, format_args!("<{address}>;tag={tag}"))
            .with(HeaderName::To, format_args!("<sip:{}>", known.domain))
            .with(HeaderName::CallId, call_id)
            .with(HeaderName::CSeq, "1 OPTIONS");
        self.send(now, account, peer, draft, Purpose::Ping(account), Attempt::default());
        self.alarms.set(Alarm::PingLost(account), now + self.settings.ping_patience);
        self.alarms.set(Alarm::Ping(account), now + self.settings.ping_every);
    }

    /// Whatever it answers, it is there: 401 and 404 as well.
    pub(super) fn pinged(&mut self, now: Instant, account: AccountId, outcome: Outcome<'_>) {
        if matches!(outcome, Outcome::NoAnswer | Outcome::Unreachable) {
            return;
        }
        self.alarms.clear(Alarm::PingLost(account));
        if let Outcome::Response(_, message) = outcome
            && self.learn_where_we_are(account, message)
            && self.accounts.get(account.0).is_some_and(|known| known.registration.is_some())
        {
            self.alarms.set(Alarm::Register(account), now);
        }
        let Some(known) = self.accounts.get_mut(account.0) else { return };
        match known.is_away.replace(false) {
            Some(false) => return,
            None => return self.events.push_back(Event::Found(account)),
            Some(true) => {}
        }
        self.register_again(now, account);
        self.events.push_back(Event::Back(account));
        self.subscribe_anew(now, account);
        self.probe_sessions(now, account);
    }

    pub(super) fn peer_is_away(&mut self, now: Instant, account: AccountId) {
        let Some(known) = self.accounts.get_mut(account.0) else { return };
        if known.is_away.replace(true) == Some(true) {
            return;
        }
        if known.registration.is_some() {
            self.events.push_back(Event::NotRegistered { account, why: Failure::NoAnswer });
        }
        self.events.push_back(Event::Away(account));
        self.subscriptions_are_lost(now, account);
    }
}

/// For how long the PBX knows this contact of ours: at the contact itself, or for all.
fn granted(message: &Message<'_>, contact: &str) -> Option<Duration> {
    let list = message.list(HeaderName::Contact);
    let ours = address::Address::parse(contact).ok()?.uri.to_string();
    let own = list.as_deref().and_then(|list| {
        let all = address::list(list).ok()?;
        let one = all.iter().find(|one| one.uri.to_string() == ours)?;
        number(&one.params.get("expires")?).ok()
    });
    let seconds = own.or_else(|| number(&message.value(HeaderName::Expires)?).ok())?;
    Some(Duration::from_secs(seconds.into()))
}
