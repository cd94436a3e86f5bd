//! Requests to us: what must not be carried out is answered as the RFCs say, and the rest finds its dialog.

use std::hash::{Hash as _, Hasher as _};
use std::time::Instant;

use super::agent::{Owner, UserAgent};
use super::event::{End, SessionId, Side};
use super::outcome::Id;
use super::session::{ALLOW, SDP, SUPPORTED, State, reason_of, sdp_of};
use crate::telephony::sip::check::{Fault, Rule, check};
use crate::telephony::sip::dialog;
use crate::telephony::sip::draft::Draft;
use crate::telephony::sip::message::Message;
use crate::telephony::sip::method::Method;
use crate::telephony::sip::name::HeaderName;
use crate::telephony::sip::peer::{Peer, Transport};
use crate::telephony::sip::start_line::StartLine;
use crate::telephony::sip::transaction::layer::Asked;
use crate::telephony::sip::uri::Uri;
use crate::telephony::sip::via;

impl UserAgent {
    pub(super) fn request(&mut self, now: Instant, came_from: Peer, method: &str, message: &Message<'_>) {
        let Some(from) = answers_to(came_from, message) else {
            self.refusals.unreadable += 1; // Nobody knows where an answer would go.
            return;
        };
        let known = Method::named(method);
        if let Err(fault) = check(message) {
            self.refusals.unreadable += 1;
            if known != Some(Method::Ack) {
                self.refuse_stateless(from, came_from, message, status_of(fault));
            }
            return;
        }
        let Some(method) = known else {
            let draft = self.refusal(came_from, message, 405).with(HeaderName::Allow, ALLOW);
            return self.transactions.send(from, &draft);
        };
        let StartLine::Request { uri, .. } = message.start else { return };
        let in_dialog = message.value(HeaderName::To).as_deref().and_then(dialog::tag);
        // 11.2: answered as one who is there, and forgotten.
        if method == Method::Options && in_dialog.is_none() {
            let draft = match unsupported(message) {
                Some(unsupported) => self.refusal(came_from, message, 420).with(HeaderName::Unsupported, unsupported),
                None => self.capabilities(came_from, message),
            };
            return self.transactions.send(from, &draft);
        }
        match self.transactions.handle_request(now, from, method, message) {
            Asked::Known => {}
            Asked::TooMany => self.refuse_stateless(from, came_from, message, 503),
            Asked::Ack => self.acked(now, message),
            Asked::Cancel(id, invite) => self.cancelled(now, came_from, id, invite, message),
            Asked::New(id) => {
                if let Some(unsupported) = unsupported(message) {
                    let draft = self.refusal(came_from, message, 420).with(HeaderName::Unsupported, unsupported);
                    return self.transactions.respond(now, id, &draft);
                }
                match in_dialog {
                    Some(tag) => self.in_dialog(now, came_from, id, method, message, tag),
                    None => self.out_of_dialog(now, came_from, id, method, message, uri),
                }
            }
        }
    }

    fn out_of_dialog(&mut self, now: Instant, from: Peer, id: Id, method: Method, message: &Message<'_>, uri: &str) {
        match method {
            Method::Invite if matches!(Uri::parse(uri), Ok(Uri::Other(..))) => self.refuse(now, from, id, message, 416),
            Method::Invite => self.incoming(now, from, id, message, uri),
            // Asterisk tells of mailboxes unasked (RFC 3842); of everything else nobody has asked.
            Method::Notify => self.refuse(now, from, id, message, 481),
            Method::Bye | Method::Update | Method::Prack | Method::Info => self.refuse(now, from, id, message, 481),
            Method::Refer => self.refuse(now, from, id, message, 403),
            Method::Register if self.host.is_some() => self.taken_in(now, from, id, message),
            _ => {
                let draft = self.refusal(from, message, 405).with(HeaderName::Allow, ALLOW);
                self.transactions.respond(now, id, &draft);
            }
        }
    }

    fn in_dialog(&mut self, now: Instant, from: Peer, id: Id, method: Method, message: &Message<'_>, local_tag: String) {
        let call_id = message.value(HeaderName::CallId).unwrap_or_default().into_owned();
        match self.by_dialog.get(&(call_id, local_tag)).copied() {
            Some(Owner::Subscription(subscription)) if method == Method::Notify => {
                let status = self.notified(now, from, subscription, message);
                self.refuse(now, from, id, message, status);
            }
            Some(Owner::Session(session)) => self.in_session(now, from, id, method, message, session),
            Some(Owner::Subscription(_)) | None => self.refuse(now, from, id, message, 481),
        }
    }

    /// An ACK is answered by nobody: it ends the repetition of our 2xx, and may bring an answer to our offer.
    fn acked(&mut self, now: Instant, message: &Message<'_>) {
        let Some(tag) = message.value(HeaderName::To).as_deref().and_then(dialog::tag) else { return };
        let call_id = message.value(HeaderName::CallId).unwrap_or_default().into_owned();
        if let Some(Owner::Session(session)) = self.by_dialog.get(&(call_id, tag)).copied() {
            self.acknowledged(now, session, message);
        }
    }

    fn cancelled(&mut self, now: Instant, from: Peer, id: Id, invite: Option<Id>, message: &Message<'_>) {
        let Some(invite) = invite else { return self.refuse(now, from, id, message, 481) };
        let session = self.by_server.get(&invite).copied();
        // 9.2: the tag is that of the INVITE's answer.
        let tag = session.and_then(|session| self.sessions.get(&session)).map(|session| session.key.1.clone());
        let draft = Draft::answer(message, from.addr, 200, tag.as_deref());
        self.transactions.respond(now, id, &draft);
        // What has its answer cannot be taken back any more.
        let Some(session) = session.filter(|_| self.transactions.is_unanswered(invite)) else { return };
        let (cause, is_elsewhere) = reason_of(message);
        let is_ringing = self.sessions.get(&session).is_some_and(|known| known.state == State::Ringing);
        self.by_server.remove(&invite);
        if is_ringing {
            self.end(now, session, End { by: Side::Remote, status: Some(487), cause, is_elsewhere });
        } else {
            self.reoffer_cancelled(now, session);
        }
    }

    /// The refusal of a body that is no SDP, or packed (8.2.3).
    pub(super) fn strange_body(&mut self, from: Peer, message: &Message<'_>) -> Option<Draft> {
        if message.body.is_empty() {
            return None;
        }
        let encoding = message.value(HeaderName::ContentEncoding);
        if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
            return Some(self.refusal(from, message, 415).with(HeaderName::AcceptEncoding, "identity"));
        }
        sdp_of(message).is_none().then(|| self.refusal(from, message, 415).with(HeaderName::Accept, SDP))
    }

    /// Who we are and what we know to do.
    pub(super) fn capabilities(&mut self, from: Peer, message: &Message<'_>) -> Draft {
        let draft = self.refusal(from, message, 200).with(HeaderName::Allow, ALLOW).with(HeaderName::Accept, SDP);
        draft.with(HeaderName::Supported, SUPPORTED)
    }

    /// An answer with everything that every answer has.
    pub(super) fn refusal(&mut self, from: Peer, message: &Message<'_>, status: u16) -> Draft {
        let tag = self.stateless_tag(message);
        Draft::answer(message, from.addr, status, Some(&tag)).with(HeaderName::Server, &self.settings.name)
    }

    /// Answers within the transaction, with nothing but a status.
    pub(super) fn refuse(&mut self, now: Instant, from: Peer, id: Id, message: &Message<'_>, status: u16) {
        let draft = self.refusal(from, message, status);
        self.transactions.respond(now, id, &draft);
    }

    fn refuse_stateless(&mut self, to: Peer, from: Peer, message: &Message<'_>, status: u16) {
        let draft = self.refusal(from, message, status);
        self.transactions.send(to, &draft);
    }

    /// The same for the same request (8.2.7), and for nobody to guess.
    fn stateless_tag(&self, message: &Message<'_>) -> String {
        let mut hasher = std::hash::DefaultHasher::new();
        self.secret.hash(&mut hasher);
        for name in [HeaderName::CallId, HeaderName::From, HeaderName::CSeq] {
            message.value(name).hash(&mut hasher);
        }
        format!("{:016x}", hasher.finish())
    }

    /// The session of a dialog that a request of the other end may change.
    pub(super) fn take_in_order(&mut self, session: SessionId, message: &Message<'_>) -> Result<(), u16> {
        let of = message.value(HeaderName::CSeq).unwrap_or_default();
        let number = crate::telephony::sip::check::cseq(&of).map_or(0, |(number, _)| number);
        let tag = message.value(HeaderName::From).as_deref().and_then(dialog::tag).unwrap_or_default();
        let session = self.sessions.get_mut(&session).ok_or(481_u16)?;
        let dialog = match session.dialog.as_mut() {
            Some(dialog) if dialog.remote_tag == tag => dialog,
            Some(_) => return Err(481),
            None => match session.early.iter_mut().find(|early| early.dialog.remote_tag == tag) {
                Some(early) => &mut early.dialog,
                None => return Err(481),
            },
        };
        dialog.take(number).map_err(|_| 500)
    }
}

/// Where an answer goes: back over the connection, or where the topmost Via wants it (18.2.2).
fn answers_to(from: Peer, message: &Message<'_>) -> Option<Peer> {
    let vias = message.value(HeaderName::Via)?;
    let top = via::first(&vias).ok()?;
    match from.transport {
        Transport::Udp => Some(Peer { transport: Transport::Udp, addr: top.answers_to(from.addr) }),
        Transport::Tcp | Transport::Tls => Some(from),
    }
}

const fn status_of(fault: Fault) -> u16 {
    match fault {
        Fault::Invalid(Rule::Version) => 505,
        _ => 400,
    }
}

/// What a request requires and we do not know (8.2.2.3).
fn unsupported(message: &Message<'_>) -> Option<String> {
    let list = message.list(HeaderName::Require)?;
    let all: Vec<&str> = list.split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect();
    let unknown: Vec<&str> = all.into_iter().filter(|tag| !SUPPORTED.split(", ").any(|known| known.eq_ignore_ascii_case(tag))).collect();
    (!unknown.is_empty()).then(|| unknown.join(", "))
}
