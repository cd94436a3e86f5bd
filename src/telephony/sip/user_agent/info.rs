//! What is said in a session and is none of its own business (RFC 6086), such as a key of the pad.

use std::time::Instant;

use super::agent::UserAgent;
use super::event::{Event, SessionId};
use super::outcome::{Attempt, Outcome, Purpose};
use super::session::State;
use crate::telephony::sip::method::Method;

impl UserAgent {
    /// Tells the other end something; what it says to that is told as [`Event::InfoDone`].
    pub fn info(&mut self, now: Instant, id: SessionId, content_type: &str, body: &str) {
        let Some(session) = self.sessions.get_mut(&id).filter(|session| session.state == State::Established) else { return };
        let Some(dialog) = &mut session.dialog else { return };
        let draft = dialog.request(Method::Info).with_body(content_type, body);
        let (account, to) = (session.account, dialog.peer);
        if !self.send(now, account, to, draft, Purpose::Info(id), Attempt::default()) {
            self.events.push_back(Event::InfoDone { session: id, status: 503 });
        }
    }

    pub(super) fn info_answered(&mut self, id: SessionId, outcome: Outcome<'_>) {
        if outcome.is_final() && self.sessions.contains_key(&id) {
            self.events.push_back(Event::InfoDone { session: id, status: outcome.status() });
        }
    }
}
