//! Calls to us (RFC 3261, 13.3): nothing is said but 100 until our user says something.

use std::time::{Duration, Instant};

use super::agent::{SESSIONS_MAX, UserAgent};
use super::alarms::Alarm;
use super::event::{AccountId, End, Event, IncomingCall, SessionId, Side};
use super::outcome::Id;
use super::session::{ALLOW, Reliable, SDP, SUPPORTED, Session, State, Waiting, sdp_of};
use super::session_timer::INTERVAL_LEAST;
use crate::telephony::sip::check::cseq;
use crate::telephony::sip::cursor::{Cursor, Params, number};
use crate::telephony::sip::dialog::{self, Dialog};
use crate::telephony::sip::draft::Draft;
use crate::telephony::sip::message::Message;
use crate::telephony::sip::name::HeaderName;
use crate::telephony::sip::peer::Peer;
use crate::telephony::sip::uri::{Uri, unescaped};

impl UserAgent {
    /// A new INVITE.
    pub(super) fn incoming(&mut self, now: Instant, from: Peer, id: Id, message: &Message<'_>, uri: &str) {
        let refuse = |agent: &mut Self, status| agent.refuse(now, from, id, message, status);
        if self.sessions.len() >= SESSIONS_MAX {
            return refuse(self, 503);
        }
        if let Some(draft) = self.strange_body(from, message) {
            return self.transactions.respond(now, id, &draft);
        }
        let Some(account) = self.account_of(uri, from) else { return refuse(self, 404) };
        let expires = message.value(HeaderName::SessionExpires).and_then(|value| number(value.split(';').next()?.trim()).ok());
        if expires.is_some_and(|seconds| Duration::from_secs(seconds.into()) < INTERVAL_LEAST) {
            let draft = self.refusal(from, message, 422).with(HeaderName::MinSe, INTERVAL_LEAST.as_secs());
            return self.transactions.respond(now, id, &draft);
        }
        let remote_tag = message.value(HeaderName::From).as_deref().and_then(dialog::tag).unwrap_or_default();
        let call_id = message.value(HeaderName::CallId).unwrap_or_default().into_owned();
        let of = message.value(HeaderName::CSeq).unwrap_or_default();
        let came_as = (format!("{call_id} {remote_tag}"), cseq(&of).map_or(0, |(number, _)| number));
        if self.by_origin.contains_key(&came_as) {
            return refuse(self, 482); // The same call over another way (8.2.2.2).
        }
        let replaces = match message.value(HeaderName::Replaces) {
            Some(value) => match self.replaced(&value) {
                Ok(session) => Some(session),
                Err(status) => return refuse(self, status),
            },
            None => None,
        };
        let tag = self.token();
        let Some(dialog) = Dialog::of_request(message, &tag, from) else { return refuse(self, 400) };
        let base = Draft::answer(message, from.addr, 180, Some(&tag)).with(HeaderName::Server, &self.settings.name);
        let mut session = Session::new(account, State::Ringing, (call_id, tag));
        session.dialog = Some(dialog);
        session.came_as = Some(came_as.clone());
        session.replaces = replaces;
        session.knows_update = message.list(HeaderName::Allow).is_some_and(|list| list.contains("UPDATE"));
        session.waiting = Some(Waiting { id, base });
        let call = described(message, uri, replaces);
        let is_reliable = message.list(HeaderName::Require).is_some_and(|list| list.split(',').any(|tag| tag.trim() == "100rel"));
        let number = u32::from(is_reliable);
        session.reliable = is_reliable.then(|| Reliable { rseq: number, draft: Draft::response(180), pause: Duration::ZERO, until: now });
        let session = self.add_session(session);
        self.by_server.insert(id, session);
        self.by_origin.insert(came_as, session);
        self.note_session_timer(session, message);
        let trying = Draft::answer(message, from.addr, 100, None);
        self.transactions.respond(now, id, &trying);
        self.events.push_back(Event::Incoming { session, account, call });
    }

    /// Whose address it is: by the user in it; by the peer where that is unambiguous.
    fn account_of(&self, uri: &str, from: Peer) -> Option<AccountId> {
        let user = match Uri::parse(uri) {
            Ok(Uri::Sip(sip)) => sip.user.map(unescaped).unwrap_or_default().into_owned(),
            Ok(Uri::Tel(tel)) => tel.number.to_owned(),
            _ => return None,
        };
        let at_peer = |account: &super::agent::Account| account.peer.addr.ip() == from.addr.ip();
        self.accounts.iter().position(|account| account.user == user && at_peer(account)).map(AccountId).or(self.host)
    }

    /// The session that a call takes the place of (RFC 3891, 3).
    fn replaced(&self, value: &str) -> Result<SessionId, u16> {
        let mut cursor = Cursor::new(value);
        let call_id = cursor.run(|byte| !matches!(byte, b';' | b' ')).map_err(|_| 400_u16)?.to_owned();
        let params = Params::read(&mut cursor).map_err(|_| 400_u16)?;
        let (to, from) = (params.get("to-tag").ok_or(400_u16)?, params.get("from-tag").ok_or(400_u16)?);
        let owner = self.by_dialog.get(&(call_id, to.into_owned()));
        let Some(super::agent::Owner::Session(id)) = owner else { return Err(481) };
        let session = self.sessions.get(id).ok_or(481_u16)?;
        let is_fork = |early: &super::session::Early| early.dialog.remote_tag == *from;
        let is_it = session.dialog.as_ref().is_some_and(|dialog| dialog.remote_tag == *from) || session.early.iter().any(is_fork);
        match session.state {
            _ if !is_it => Err(481),
            State::Calling => Ok(*id),
            State::Established if params.get("early-only").is_some() => Err(486),
            State::Established => Ok(*id),
            // A call of another's that rings here is not to be picked up by it (3: only what we began).
            _ => Err(481),
        }
    }

    /// Says that it rings here.
    pub fn ring(&mut self, now: Instant, id: SessionId) {
        let contact = self.sessions.get(&id).map(|session| session.account).map(|account| self.contact(account));
        let (Some(session), Some(contact)) = (self.sessions.get_mut(&id), contact) else { return };
        let Some(waiting) = session.waiting.as_ref().filter(|_| session.state == State::Ringing) else { return };
        let mut draft = waiting.base.clone().with_status(180).with(HeaderName::Contact, contact);
        let server = waiting.id;
        if let Some(reliable) = &mut session.reliable {
            draft = draft.with(HeaderName::Require, "100rel").with(HeaderName::RSeq, reliable.rseq);
            reliable.draft = draft.clone();
            reliable.pause = self.settings.timers.t1;
            reliable.until = now + self.settings.timers.t1 * 64;
            self.alarms.set(Alarm::RepeatReliable(id), now + reliable.pause);
        }
        self.transactions.respond(now, server, &draft);
    }

    /// RFC 3262, 3: twice as late each time, until its PRACK; after 64 T1 the call is refused.
    pub(super) fn repeat_reliable(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let (Some(reliable), Some(waiting)) = (&mut session.reliable, &session.waiting) else { return };
        if now >= reliable.until {
            self.reject(now, id, 504);
            return;
        }
        reliable.pause *= 2;
        self.alarms.set(Alarm::RepeatReliable(id), now + reliable.pause);
        self.transactions.respond(now, waiting.id, &reliable.draft);
    }

    /// Takes the PRACK of what was said reliably; the status to answer with.
    pub(super) fn pracked(&mut self, id: SessionId, message: &Message<'_>) -> u16 {
        let rack = message.value(HeaderName::RAck).unwrap_or_default();
        let number = rack.split(' ').next().and_then(|digits| number(digits).ok());
        let Some(session) = self.sessions.get_mut(&id) else { return 481 };
        match session.reliable.as_mut().filter(|reliable| Some(reliable.rseq) == number) {
            Some(reliable) => {
                reliable.rseq += 1;
                self.alarms.clear(Alarm::RepeatReliable(id));
                200
            }
            None => 481,
        }
    }

    /// Takes the call; the SDP is our answer, or our offer where the call came without one.
    pub fn answer(&mut self, now: Instant, id: SessionId, sdp: &[u8]) {
        let contact = self.sessions.get(&id).map(|session| session.account).map(|account| self.contact(account));
        let timer = self.session_timer_answer(id);
        let (Some(session), Some(contact)) = (self.sessions.get_mut(&id), contact) else { return };
        if session.state != State::Ringing {
            return;
        }
        let Some(waiting) = session.waiting.take() else { return };
        session.state = State::Established;
        session.local_sdp = sdp.to_vec();
        session.unacknowledged = Some(waiting.id);
        let replaced = session.replaces.take();
        let draft = waiting.base.with_status(200).with(HeaderName::Contact, contact).with(HeaderName::Allow, ALLOW);
        let draft = draft.with(HeaderName::Supported, SUPPORTED).with_all(timer).with_body(SDP, sdp);
        self.alarms.clear(Alarm::RepeatReliable(id));
        self.transactions.respond(now, waiting.id, &draft);
        self.run_session_timer(now, id);
        if let Some(replaced) = replaced {
            self.hang_up(now, replaced);
        }
    }

    /// Refuses the call.
    pub fn reject(&mut self, now: Instant, id: SessionId, status: u16) {
        let Some(session) = self.sessions.get_mut(&id).filter(|session| session.state == State::Ringing) else { return };
        if let Some(waiting) = session.waiting.take() {
            self.by_server.remove(&waiting.id);
            self.transactions.respond(now, waiting.id, &waiting.base.with_status(status));
        }
        self.end(now, id, End { by: Side::Local, status: Some(status), cause: None, is_elsewhere: false });
    }

    /// Our answer was never acknowledged: the other end is not in the call (13.3.1.4).
    pub(super) fn never_acknowledged(&mut self, now: Instant, id: Id) {
        let Some(session) = self.by_server.remove(&id) else { return };
        let Some(known) = self.sessions.get_mut(&session).filter(|known| known.unacknowledged == Some(id)) else {
            return;
        };
        known.unacknowledged = None;
        let (account, dialog) = (known.account, known.dialog.take());
        if let Some(mut dialog) = dialog {
            self.bye(now, account, &mut dialog, None);
        }
        self.end(now, session, End { by: Side::Network, status: None, cause: None, is_elsewhere: false });
    }
}

fn described(message: &Message<'_>, uri: &str, replaces: Option<SessionId>) -> IncomingCall {
    let value = |name| message.value(name).map(std::borrow::Cow::into_owned);
    IncomingCall {
        from: value(HeaderName::From).unwrap_or_default(),
        asserted: value(HeaderName::PAssertedIdentity).or_else(|| value(HeaderName::RemotePartyId)),
        called: uri.to_owned(),
        diverted_by: value(HeaderName::Diversion),
        sdp: sdp_of(message),
        replaces,
    }
}
