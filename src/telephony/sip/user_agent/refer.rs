//! Sending somebody on (RFC 3515), both ways. What becomes of it is told in the same dialog, as a piece of SIP.

use std::time::Instant;

use super::agent::UserAgent;
use super::event::{Event, SessionId};
use super::outcome::{Attempt, Id, Outcome, Purpose};
use super::session::{State, Waiting};
use crate::telephony::sip::address::Address;
use crate::telephony::sip::check::cseq;
use crate::telephony::sip::draft::{Draft, reason};
use crate::telephony::sip::message::Message;
use crate::telephony::sip::method::Method;
use crate::telephony::sip::name::HeaderName;
use crate::telephony::sip::peer::Peer;
use crate::telephony::sip::uri::{SipUri, Uri, unescaped};

/// How long we tell of a transfer, at most; seconds.
const REFER_SECONDS: u32 = 180;
const FRAGMENT: &str = "message/sipfrag;version=2.0";

impl UserAgent {
    /// Asks the other end to call somebody in our place; what comes of it is told as [`Event::ReferProgress`].
    pub fn refer(&mut self, now: Instant, id: SessionId, to: &str) {
        let Some(account) = self.sessions.get(&id).map(|session| session.account) else { return };
        let (contact, referred_by) = (self.contact(account), self.accounts.get(account.0).map(super::agent::Account::address).unwrap_or_default());
        let Some(session) = self.sessions.get_mut(&id).filter(|session| session.state == State::Established) else { return };
        let Some(dialog) = &mut session.dialog else { return };
        let draft = dialog
            .request(Method::Refer)
            .with(HeaderName::Contact, contact)
            .with(HeaderName::ReferTo, format_args!("<{to}>"))
            .with(HeaderName::ReferredBy, format_args!("<{referred_by}>"));
        let peer = dialog.peer;
        self.send(now, account, peer, draft, Purpose::Refer(id), Attempt::default());
    }

    pub(super) fn refer_answered(&mut self, id: SessionId, outcome: Outcome<'_>) {
        let status = outcome.status();
        if outcome.is_final() && status >= 300 && self.sessions.contains_key(&id) {
            self.events.push_back(Event::ReferProgress { session: id, status });
        }
    }

    /// The other end tells what becomes of our wish.
    pub(super) fn refer_notified(&mut self, now: Instant, from: Peer, id: Id, message: &Message<'_>, session: SessionId) {
        let is_refer = message.value(HeaderName::Event).is_some_and(|event| event.split(';').next().map(str::trim) == Some("refer"));
        if !is_refer {
            return self.refuse(now, from, id, message, 489);
        }
        self.refuse(now, from, id, message, 200);
        if let Some(status) = fragment_status(message.body) {
            self.events.push_back(Event::ReferProgress { session, status });
        }
    }

    /// The other end wishes us to call somebody.
    pub(super) fn refer_asked(&mut self, now: Instant, from: Peer, id: Id, message: &Message<'_>, session: SessionId) {
        let target = message.value(HeaderName::ReferTo);
        let target = target.as_deref().and_then(|value| Address::parse(value).ok()).map(|address| address.uri);
        let (uri, replaces) = match target {
            Some(Uri::Sip(sip)) => (SipUri { headers: None, ..sip }.to_string(), sip.headers.and_then(replaces_in)),
            Some(Uri::Tel(tel)) => (Uri::Tel(tel).to_string(), None),
            Some(Uri::Other(..)) => return self.refuse(now, from, id, message, 416),
            None => return self.refuse(now, from, id, message, 400),
        };
        let Some(known) = self.sessions.get_mut(&session) else { return };
        if known.state != State::Established || known.waiting.is_some() || known.referred.is_some() {
            return self.refuse(now, from, id, message, 491);
        }
        let of = message.value(HeaderName::CSeq).unwrap_or_default();
        known.refers += 1;
        known.refer_seq = cseq(&of).map_or(0, |(number, _)| number);
        let tag = known.key.1.clone();
        let base = Draft::answer(message, from.addr, 202, Some(&tag)).with(HeaderName::Server, &self.settings.name);
        known.waiting = Some(Waiting { id, base });
        self.events.push_back(Event::Referred { session, uri, replaces });
    }

    /// Takes the wish; what becomes of it is said with [`UserAgent::refer_progress`].
    pub fn accept_refer(&mut self, now: Instant, id: SessionId) {
        let contact = self.sessions.get(&id).map(|session| session.account).map(|account| self.contact(account));
        let (Some(session), Some(contact)) = (self.sessions.get_mut(&id), contact) else { return };
        let Some(waiting) = session.waiting.take() else { return };
        session.referred = Some((session.refer_seq, session.refers > 1));
        self.transactions.respond(now, waiting.id, &waiting.base.with_status(202).with(HeaderName::Contact, contact));
        self.refer_progress(now, id, 100);
    }

    /// Does not.
    pub fn refuse_refer(&mut self, now: Instant, id: SessionId, status: u16) {
        let Some(waiting) = self.sessions.get_mut(&id).and_then(|session| session.waiting.take()) else { return };
        self.transactions.respond(now, waiting.id, &waiting.base.with_status(status));
    }

    /// Tells what becomes of the other end's wish; a final status ends it.
    pub fn refer_progress(&mut self, now: Instant, id: SessionId, status: u16) {
        let contact = self.sessions.get(&id).map(|session| session.account).map(|account| self.contact(account));
        let (Some(session), Some(contact)) = (self.sessions.get_mut(&id), contact) else { return };
        let (Some(dialog), Some((number, is_further))) = (&mut session.dialog, session.referred) else { return };
        let event = if is_further { format!("refer;id={number}") } else { "refer".to_owned() };
        let state = if status < 200 { format!("active;expires={REFER_SECONDS}") } else { "terminated;reason=noresource".to_owned() };
        let draft = dialog
            .request(Method::Notify)
            .with(HeaderName::Contact, contact)
            .with(HeaderName::Event, event)
            .with(HeaderName::SubscriptionState, state)
            .with_body(FRAGMENT, format!("SIP/2.0 {status} {}\r\n", reason(status)));
        session.referred = session.referred.filter(|_| status < 200);
        let (account, to) = (session.account, dialog.peer);
        self.send(now, account, to, draft, Purpose::Nothing, Attempt::default());
    }
}

/// The status of a piece of SIP (RFC 3420).
fn fragment_status(body: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(body).ok()?;
    let mut words = text.split(' ');
    let version = words.next()?;
    let status: u16 = words.next()?.get(..3)?.parse().ok()?;
    (version == "SIP/2.0" && (100..700).contains(&status)).then_some(status)
}

/// The Replaces among the header fields of a URI.
fn replaces_in(headers: &str) -> Option<String> {
    let one = headers.split('&').find_map(|field| field.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("Replaces")))?;
    Some(unescaped(one.1).into_owned())
}
