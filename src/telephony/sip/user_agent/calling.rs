//! Calls of ours (RFC 3261, 13.2): each fork is a dialog of its own until one accepts; a fork that accepts too late is thanked and
//! hung up.

use std::time::Instant;

use super::agent::{SESSIONS_MAX, UserAgent};
use super::event::{AccountId, End, Event, SessionId, Side};
use super::outcome::{Attempt, Outcome, Pending, Purpose};
use super::session::{ALLOW, Early, SDP, SUPPORTED, Session, State, reason_of, sdp_of};
use super::session_timer::{INTERVAL, INTERVAL_LEAST};
use crate::telephony::sip::cursor::number;
use crate::telephony::sip::dialog::{self, Dialog};
use crate::telephony::sip::draft::Draft;
use crate::telephony::sip::message::Message;
use crate::telephony::sip::method::Method;
use crate::telephony::sip::name::HeaderName;
use crate::telephony::sip::peer::Peer;

/// Forks of one INVITE that are followed, at most.
const FORKS_MAX: usize = 16;

/// A call to be made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Invitation {
    /// `sip:101@pbx.example`.
    pub uri: String,
    /// What the other end sees as our name; empty for none.
    pub display_name: String,
    /// Our offer.
    pub sdp: Vec<u8>,
    /// Whom we call for (P-Asserted-Identity), where the PBX takes our word for it.
    pub asserted: Option<String>,
    /// The call whose place this one takes (RFC 3891): the value of Replaces.
    pub replaces: Option<String>,
    /// Who sent us (RFC 3892).
    pub referred_by: Option<String>,
}

/// A name as it is shown at the other end: without what must not stand between quotes.
#[must_use]
pub fn shown_name(name: &str) -> String {
    name.replace(['"', '\\'], "")
}

impl UserAgent {
    /// Calls somebody; `None` when there are too many calls.
    pub fn invite(&mut self, now: Instant, account: AccountId, invitation: &Invitation) -> Option<SessionId> {
        if self.sessions.len() >= SESSIONS_MAX {
            return None;
        }
        let (call_id, tag) = (self.token(), self.token());
        let known = self.accounts.get(account.0)?;
        let (peer, from) = (known.peer, known.address());
        let name = shown_name(&invitation.display_name);
        let shown = if name.is_empty() { String::new() } else { format!("\"{name}\" ") };
        let draft = Draft::request(Method::Invite, &invitation.uri)
            .with(HeaderName::From, format_args!("{shown}<{from}>;tag={tag}"))
            .with(HeaderName::To, format_args!("<{}>", invitation.uri))
            .with(HeaderName::CallId, &call_id)
            .with(HeaderName::CSeq, "1 INVITE")
            .with(HeaderName::Contact, self.contact(account))
            .with(HeaderName::Allow, ALLOW)
            .with(HeaderName::Supported, SUPPORTED)
            .with(HeaderName::SessionExpires, INTERVAL.as_secs())
            .with(HeaderName::MinSe, INTERVAL_LEAST.as_secs())
            .with_all(invitation.asserted.iter().map(|value| (HeaderName::PAssertedIdentity, value)))
            .with_all(invitation.replaces.iter().map(|value| (HeaderName::Replaces, value)))
            .with_all(invitation.referred_by.iter().map(|value| (HeaderName::ReferredBy, value)))
            .with_body(SDP, invitation.sdp.clone());
        let mut session = Session::new(account, State::Calling, (call_id, tag));
        session.local_sdp.clone_from(&invitation.sdp);
        let id = self.add_session(session);
        self.send_invite(now, id, account, peer, draft, Attempt::default());
        Some(id)
    }

    fn send_invite(&mut self, now: Instant, id: SessionId, account: AccountId, peer: Peer, draft: Draft, attempt: Attempt) {
        if !self.send(now, account, peer, draft, Purpose::Invite(id), attempt) {
            self.end(now, id, End { by: Side::Network, status: Some(503), cause: None, is_elsewhere: false });
        }
    }

    pub(super) fn invite_answered(&mut self, now: Instant, id: SessionId, pending: &mut Pending, outcome: Outcome<'_>) {
        match outcome {
            Outcome::Response(100, _) => {}
            Outcome::Response(status @ ..200, message) => self.progress(now, id, pending, status, message),
            Outcome::Response(200..300, message) => self.accepted(now, id, pending, message),
            Outcome::Response(422, message) if self.is_still_calling(id) && pending.draft.seq() < 3 => {
                let least = message.value(HeaderName::MinSe).and_then(|value| number(value.split(';').next()?).ok()).unwrap_or(1800);
                let draft = pending.draft.clone().with_seq(pending.draft.seq() + 1);
                let draft = draft.without(HeaderName::SessionExpires).without(HeaderName::MinSe);
                let draft = draft.with(HeaderName::SessionExpires, least).with(HeaderName::MinSe, least);
                self.send_invite(now, id, pending.account, pending.wanted, draft, pending.attempt);
            }
            other => {
                let (cause, is_elsewhere) = match other {
                    Outcome::Response(_, message) => reason_of(message),
                    _ => (None, false),
                };
                let is_ours = self.sessions.get(&id).is_some_and(|session| session.state == State::TakenBack);
                let by = match other {
                    _ if is_ours => Side::Local,
                    Outcome::Response(..) | Outcome::Refused(_) => Side::Remote,
                    Outcome::NoAnswer | Outcome::Unreachable => Side::Network,
                };
                self.end(now, id, End { by, status: Some(other.status()), cause, is_elsewhere });
            }
        }
    }

    /// It rings, or is on its way.
    fn progress(&mut self, now: Instant, id: SessionId, pending: &Pending, status: u16, message: &Message<'_>) {
        let Some(session) = self.sessions.get_mut(&id).filter(|session| session.state == State::Calling) else { return };
        let tag = message.value(HeaderName::To).as_deref().and_then(dialog::tag);
        if let Some(tag) = tag {
            let at = session.early.iter().position(|early| early.dialog.remote_tag == tag);
            if at.is_none() && session.early.len() < FORKS_MAX {
                let dialog = Dialog::of_answer(&pending.draft, message, pending.to);
                session.early.extend(dialog.map(|dialog| Early { dialog, rseq: None }));
            }
            let early = session.early.iter_mut().find(|early| early.dialog.remote_tag == tag);
            let rseq = message.value(HeaderName::RSeq).and_then(|value| number(&value).ok());
            let is_reliable = message.list(HeaderName::Require).is_some_and(|list| list.split(',').any(|tag| tag.trim() == "100rel"));
            if let (Some(early), Some(rseq), true) = (early, rseq, is_reliable) {
                // RFC 3262, 4: in their order, each once; what comes again was acknowledged before.
                if early.rseq.is_some_and(|last| rseq != last.wrapping_add(1)) {
                    return;
                }
                early.rseq = Some(rseq);
                let rack = format!("{rseq} {} INVITE", pending.draft.seq());
                let (account, to) = (session.account, early.dialog.peer);
                let draft = early.dialog.request(Method::Prack).with(HeaderName::RAck, rack);
                self.send(now, account, to, draft, Purpose::Nothing, Attempt::default());
            }
        }
        self.events.push_back(Event::Progress { session: id, status, sdp: sdp_of(message) });
    }

    /// A fork accepts: the first is the call.
    fn accepted(&mut self, now: Instant, id: SessionId, pending: &mut Pending, message: &Message<'_>) {
        let Some(mut dialog) = Dialog::of_answer(&pending.draft, message, pending.to) else { return };
        if let Some((_, to, ack)) = pending.acks.iter().find(|(tag, ..)| *tag == dialog.remote_tag) {
            let (to, ack) = (*to, ack.clone());
            self.send_ack(to, ack);
            return;
        }
        let ack = dialog.ack(pending.draft.seq()).with_all(pending.proofs.iter().map(|(name, value)| (*name, value)));
        if pending.acks.len() < FORKS_MAX {
            pending.acks.push((dialog.remote_tag.clone(), pending.to, ack.clone()));
        }
        self.send_ack(pending.to, ack);
        let account = pending.account;
        let is_first = self.is_still_calling(id);
        let Some(session) = self.sessions.get_mut(&id).filter(|session| session.state != State::Established) else {
            self.bye(now, account, &mut dialog, None); // A further fork: one is enough.
            return;
        };
        if let Some(early) = session.early.iter().find(|early| early.dialog.remote_tag == dialog.remote_tag) {
            // A PRACK has used numbers of the dialog.
            dialog = early.dialog.clone();
            dialog.confirmed_by(message);
        }
        session.early.clear();
        session.inviting = None;
        session.knows_update = message.list(HeaderName::Allow).is_some_and(|list| list.contains("UPDATE"));
        if !is_first {
            // It was answered while we took it back.
            self.bye(now, account, &mut dialog, None);
            self.end(now, id, End { by: Side::Local, status: Some(487), cause: None, is_elsewhere: false });
            return;
        }
        session.state = State::Established;
        session.dialog = Some(dialog);
        self.events.push_back(Event::Answered { session: id, sdp: sdp_of(message) });
        self.begin_session_timer(now, id, message, true);
    }

    /// The ACK of a 2xx is no transaction: it goes once for each 2xx that comes.
    pub(super) fn send_ack(&mut self, to: Peer, ack: Draft) {
        let branch = self.branch();
        let via = self.via(to.transport, &branch);
        let whole = self.whole(ack).with_first(HeaderName::Via, via);
        self.transactions.send(to, &whole);
    }
}
