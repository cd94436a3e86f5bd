//! What happens in a call: other offers from either side (RFC 3261, 14; RFC 3311), and its end.

use std::time::{Duration, Instant};

use super::agent::UserAgent;
use super::alarms::Alarm;
use super::event::{End, Event, SessionId, Side};
use super::outcome::{Attempt, Id, Outcome, Pending, Purpose};
use super::session::{ALLOW, Offering, SDP, SUPPORTED, State, Waiting, reason_of, sdp_of};
use crate::telephony::sip::draft::Draft;
use crate::telephony::sip::message::Message;
use crate::telephony::sip::method::Method;
use crate::telephony::sip::name::HeaderName;
use crate::telephony::sip::peer::Peer;

/// After a refresh that was refused for now.
const ASK_AGAIN: Duration = Duration::from_secs(10);

impl UserAgent {
    pub(super) fn in_session(&mut self, now: Instant, from: Peer, id: Id, method: Method, message: &Message<'_>, session: SessionId) {
        if let Err(status) = self.take_in_order(session, message) {
            return self.refuse(now, from, id, message, status);
        }
        match method {
            Method::Bye => {
                self.refuse(now, from, id, message, 200);
                let (cause, is_elsewhere) = reason_of(message);
                self.end(now, session, End { by: Side::Remote, status: None, cause, is_elsewhere });
            }
            Method::Invite | Method::Update => self.reoffered(now, from, id, method, message, session),
            Method::Refer => self.refer_asked(now, from, id, message, session),
            Method::Notify => self.refer_notified(now, from, id, message, session),
            Method::Prack => {
                let status = self.pracked(session, message);
                self.refuse(now, from, id, message, status);
            }
            Method::Options => {
                let draft = self.capabilities(from, message);
                self.transactions.respond(now, id, &draft);
            }
            Method::Info => self.refuse(now, from, id, message, 200),
            _ => {
                let draft = self.refusal(from, message, 405).with(HeaderName::Allow, ALLOW);
                self.transactions.respond(now, id, &draft);
            }
        }
    }

    /// The other end offers, asks for an offer, or only says that it still lives.
    fn reoffered(&mut self, now: Instant, from: Peer, id: Id, method: Method, message: &Message<'_>, session: SessionId) {
        let Some(known) = self.sessions.get_mut(&session) else { return };
        // 14.2 and RFC 3311, 5.2: one of theirs at a time, and none across one of ours.
        if known.waiting.is_some() || (method == Method::Invite && known.unacknowledged.is_some()) {
            let draft = self.refusal(from, message, 500).with(HeaderName::RetryAfter, 5);
            return self.transactions.respond(now, id, &draft);
        }
        if known.offering.as_ref().is_some_and(|offering| offering.is_under_way) && (method == Method::Invite || !message.body.is_empty()) {
            return self.refuse(now, from, id, message, 491);
        }
        if let Some(draft) = self.strange_body(from, message) {
            return self.transactions.respond(now, id, &draft);
        }
        let Some(known) = self.sessions.get_mut(&session) else { return };
        if let Some(dialog) = &mut known.dialog {
            dialog.target_from(message);
        }
        let tag = known.key.1.clone();
        let base = Draft::answer(message, from.addr, 200, Some(&tag)).with(HeaderName::Server, &self.settings.name);
        self.note_session_timer(session, message);
        if method == Method::Update && message.body.is_empty() {
            let base = base.with_all(self.session_timer_answer(session)).with(HeaderName::Contact, self.contact_of(session));
            self.transactions.respond(now, id, &base);
            return self.run_session_timer(now, session);
        }
        if let Some(known) = self.sessions.get_mut(&session) {
            known.waiting = Some(Waiting { id, base });
        }
        if method == Method::Invite {
            self.by_server.insert(id, session);
            let trying = Draft::answer(message, from.addr, 100, None);
            self.transactions.respond(now, id, &trying);
        }
        self.events.push_back(Event::Reoffered { session, sdp: sdp_of(message) });
    }

    fn contact_of(&self, session: SessionId) -> String {
        self.sessions.get(&session).map(|session| self.contact(session.account)).unwrap_or_default()
    }

    /// Answers an offer in a call.
    pub fn accept_reoffer(&mut self, now: Instant, id: SessionId, sdp: &[u8]) {
        let (contact, timer) = (self.contact_of(id), self.session_timer_answer(id));
        let Some(session) = self.sessions.get_mut(&id).filter(|session| session.state != State::Ringing) else { return };
        let Some(waiting) = session.waiting.take() else { return };
        session.local_sdp = sdp.to_vec();
        if self.by_server.contains_key(&waiting.id) {
            session.unacknowledged = Some(waiting.id);
        }
        let draft = waiting.base.with_status(200).with(HeaderName::Contact, contact).with(HeaderName::Allow, ALLOW);
        let draft = draft.with(HeaderName::Supported, SUPPORTED).with_all(timer).with_body(SDP, sdp);
        self.transactions.respond(now, waiting.id, &draft);
        self.run_session_timer(now, id);
    }

    /// Refuses an offer in a call: everything stays as it was.
    pub fn refuse_reoffer(&mut self, now: Instant, id: SessionId, status: u16) {
        let Some(session) = self.sessions.get_mut(&id).filter(|session| session.state != State::Ringing) else { return };
        let Some(waiting) = session.waiting.take() else { return };
        self.by_server.remove(&waiting.id);
        self.transactions.respond(now, waiting.id, &waiting.base.with_status(status));
    }

    /// The other end takes its offer back.
    pub(super) fn reoffer_cancelled(&mut self, now: Instant, id: SessionId) {
        self.refuse_reoffer(now, id, 487);
    }

    /// The ACK of our 2xx.
    pub(super) fn acknowledged(&mut self, now: Instant, id: SessionId, message: &Message<'_>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(answer) = session.unacknowledged.take() else { return };
        self.by_server.remove(&answer);
        self.transactions.acknowledged(answer);
        let is_leaving = session.is_leaving;
        self.events.push_back(Event::Acknowledged { session: id, sdp: sdp_of(message) });
        if is_leaving {
            self.hang_up(now, id);
        }
    }

    /// Offers something else in a call. Where an offer is under way, this one follows it.
    pub fn reoffer(&mut self, now: Instant, id: SessionId, sdp: &[u8]) {
        let Some(session) = self.sessions.get_mut(&id).filter(|session| session.state == State::Established) else { return };
        let is_under_way = session.offering.as_ref().is_some_and(|offering| offering.is_under_way);
        session.offering = Some(Offering { sdp: sdp.to_vec(), is_under_way });
        if !is_under_way {
            self.offer_again(now, id);
        }
    }

    /// Sends our offer, unless one of theirs must be answered first.
    pub(super) fn offer_again(&mut self, now: Instant, id: SessionId) {
        let contact = self.contact_of(id);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.waiting.is_some() || session.unacknowledged.is_some() {
            self.alarms.set(Alarm::Reoffer(id), now + self.settings.timers.t1);
            return;
        }
        let (Some(offering), Some(dialog)) = (&mut session.offering, &mut session.dialog) else { return };
        offering.is_under_way = true;
        let draft = dialog
            .request(Method::Invite)
            .with(HeaderName::Contact, contact)
            .with(HeaderName::Allow, ALLOW)
            .with(HeaderName::Supported, SUPPORTED)
            .with_all(session.timer.map(|timer| (HeaderName::SessionExpires, timer.as_header(true))))
            .with_body(SDP, offering.sdp.clone());
        let (account, to) = (session.account, dialog.peer);
        if !self.send(now, account, to, draft, Purpose::Reinvite(id), Attempt::default()) {
            self.lost_in_call(now, id, 503);
        }
    }

    pub(super) fn reinvite_answered(&mut self, now: Instant, id: SessionId, pending: &mut Pending, outcome: Outcome<'_>) {
        match outcome {
            Outcome::Response(..200, _) => {}
            Outcome::Response(200..300, message) => self.reinvite_accepted(now, id, pending, message),
            // 14.1: after a glare, whoever named the call waits longer, so that they do not meet again.
            Outcome::Response(491, _) if self.sessions.contains_key(&id) => {
                let is_ours = self.sessions.get(&id).is_some_and(|session| session.came_as.is_none());
                let (least, most) = if is_ours { (2100, 4000) } else { (0, 2000) };
                let wait = self.between(Duration::from_millis(least), Duration::from_millis(most));
                if let Some(offering) = self.sessions.get_mut(&id).and_then(|session| session.offering.as_mut()) {
                    offering.is_under_way = false;
                }
                self.alarms.set(Alarm::Reoffer(id), now + wait);
            }
            other => {
                let status = other.status();
                // 12.2.1.2: the other end knows nothing of the call any more.
                if matches!(status, 408 | 481) {
                    return self.lost_in_call(now, id, status);
                }
                self.offer_done(now, id, Err(status), &pending.draft);
            }
        }
    }

    fn reinvite_accepted(&mut self, now: Instant, id: SessionId, pending: &mut Pending, message: &Message<'_>) {
        if let Some((_, to, ack)) = pending.acks.first() {
            let (to, ack) = (*to, ack.clone());
            return self.send_ack(to, ack);
        }
        let Some(dialog) = self.sessions.get_mut(&id).and_then(|session| session.dialog.as_mut()) else { return };
        dialog.target_from(message);
        let ack = dialog.ack(pending.draft.seq()).with_all(pending.proofs.iter().map(|(name, value)| (*name, value)));
        pending.acks.push((String::new(), pending.to, ack.clone()));
        self.send_ack(pending.to, ack);
        self.offer_done(now, id, Ok(sdp_of(message)), &pending.draft);
        self.begin_session_timer(now, id, message, true);
    }

    /// An offer of ours is through: the next, if it changed meanwhile.
    fn offer_done(&mut self, now: Instant, id: SessionId, result: Result<Option<Vec<u8>>, u16>, sent: &Draft) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(offering) = session.offering.take() else { return };
        if offering.sdp != sent.body() {
            session.offering = Some(Offering { is_under_way: false, ..offering });
            self.alarms.set(Alarm::Reoffer(id), now);
        } else if result.is_ok() {
            session.local_sdp = offering.sdp;
        }
        self.events.push_back(Event::ReofferDone { session: id, result });
    }

    pub(super) fn update_answered(&mut self, now: Instant, id: SessionId, outcome: Outcome<'_>) {
        match outcome {
            Outcome::Response(200..300, message) => self.begin_session_timer(now, id, message, true),
            other if other.is_final() && matches!(other.status(), 408 | 481) => self.lost_in_call(now, id, other.status()),
            // Refused for now: the other end lives, and is asked again.
            other if other.is_final() && self.sessions.get(&id).is_some_and(|session| session.timer.is_some()) => {
                self.alarms.set(Alarm::RefreshSession(id), now + ASK_AGAIN);
            }
            _ => {}
        }
    }

    /// The other end is gone without a word.
    pub(super) fn lost_in_call(&mut self, now: Instant, id: SessionId, status: u16) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let (account, dialog) = (session.account, session.dialog.take());
        if let Some(mut dialog) = dialog {
            self.bye(now, account, &mut dialog, None);
        }
        self.end(now, id, End { by: Side::Network, status: Some(status), cause: None, is_elsewhere: false });
    }
}
