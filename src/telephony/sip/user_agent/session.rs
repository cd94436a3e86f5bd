//! What is remembered of a call.

use std::time::{Duration, Instant};

use super::agent::{Owner, UserAgent};
use super::alarms::Alarm;
use super::event::{AccountId, End, Event, SessionId, Side};
use super::outcome::{Attempt, Id, Purpose};
use crate::telephony::calls::hangup_cause::HangupCause;
use crate::telephony::sip::cursor::{self, Cursor, Params};
use crate::telephony::sip::dialog::Dialog;
use crate::telephony::sip::draft::Draft;
use crate::telephony::sip::message::Message;
use crate::telephony::sip::method::Method;
use crate::telephony::sip::name::HeaderName;
use crate::telephony::sip::uri::escaped;

/// What we know to do, as Allow and Supported say it.
pub(super) const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REFER, UPDATE, PRACK, INFO";
pub(super) const SUPPORTED: &str = "100rel, replaces, timer";
pub(super) const SDP: &str = "application/sdp";

/// How far a session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// We call.
    Calling,
    /// We called, and do not want to any more.
    TakenBack,
    /// Somebody calls us.
    Ringing,
    /// Both ends are in it.
    Established,
}

/// A fork of our INVITE that has not answered.
#[derive(Debug)]
pub(super) struct Early {
    pub(super) dialog: Dialog,
    /// The last reliable provisional answer (RFC 3262).
    pub(super) rseq: Option<u32>,
}

/// A request to us that waits for its final answer.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) id: Id,
    /// The answer with everything that is taken from the request.
    pub(super) base: Draft,
}

/// Our own offer in a call.
#[derive(Debug)]
pub(super) struct Offering {
    pub(super) sdp: Vec<u8>,
    pub(super) is_under_way: bool,
}

/// A provisional answer that is repeated until its PRACK.
#[derive(Debug)]
pub(super) struct Reliable {
    pub(super) rseq: u32,
    pub(super) draft: Draft,
    pub(super) pause: Duration,
    pub(super) until: Instant,
}

/// RFC 4028.
#[derive(Debug, Clone, Copy)]
pub(super) struct SessionTimer {
    pub(super) interval: Duration,
    pub(super) we_refresh: bool,
}

/// One call, or the try of one.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) account: AccountId,
    pub(super) state: State,
    /// Names it, and our end of it.
    pub(super) key: (String, String),
    /// The forks that ring.
    pub(super) early: Vec<Early>,
    /// With the other end.
    pub(super) dialog: Option<Dialog>,
    /// The INVITE of ours that is under way.
    pub(super) inviting: Option<Id>,
    /// The INVITE or UPDATE to us that waits.
    pub(super) waiting: Option<Waiting>,
    /// The answer of ours to an INVITE that waits for its ACK.
    pub(super) unacknowledged: Option<Id>,
    pub(super) offering: Option<Offering>,
    /// What we said last: a refresh says it again.
    pub(super) local_sdp: Vec<u8>,
    pub(super) reliable: Option<Reliable>,
    pub(super) timer: Option<SessionTimer>,
    /// The other end knows UPDATE.
    pub(super) knows_update: bool,
    /// Our user has hung up; the ACK of our answer is waited for.
    pub(super) is_leaving: bool,
    /// The REFER to us whose progress we tell: its number, and whether it is not the first (RFC 3515, 2.4.6).
    pub(super) referred: Option<(u32, bool)>,
    /// REFERs to us so far.
    pub(super) refers: u32,
    /// The number of the last.
    pub(super) refer_seq: u32,
    /// The INVITE that began it, by which the same one over another way is known (8.2.2.2).
    pub(super) came_as: Option<(String, u32)>,
    /// The call that this one takes the place of.
    pub(super) replaces: Option<SessionId>,
}

impl Session {
    pub(super) const fn new(account: AccountId, state: State, key: (String, String)) -> Self {
        Self {
            account,
            state,
            key,
            early: Vec::new(),
            dialog: None,
            inviting: None,
            waiting: None,
            unacknowledged: None,
            offering: None,
            local_sdp: Vec::new(),
            reliable: None,
            timer: None,
            knows_update: false,
            is_leaving: false,
            referred: None,
            refers: 0,
            refer_seq: 0,
            came_as: None,
            replaces: None,
        }
    }
}

impl UserAgent {
    /// Forgets a session, and tells how it ended.
    pub(super) fn end(&mut self, now: Instant, id: SessionId, end: End) {
        let Some(session) = self.sessions.remove(&id) else { return };
        self.by_dialog.remove(&session.key);
        if let Some(came_as) = &session.came_as {
            self.by_origin.remove(came_as);
        }
        for alarm in [Alarm::Reoffer(id), Alarm::RefreshSession(id), Alarm::SessionExpired(id), Alarm::RepeatReliable(id)] {
            self.alarms.clear(alarm);
        }
        if let Some(waiting) = session.waiting {
            self.by_server.remove(&waiting.id);
            self.transactions.respond(now, waiting.id, &waiting.base.with_status(487));
        }
        if let Some(answer) = session.unacknowledged {
            self.by_server.remove(&answer);
            self.transactions.acknowledged(answer);
        }
        self.events.push_back(Event::Ended { session: id, end });
    }

    /// Says goodbye in a dialog.
    pub(super) fn bye(&mut self, now: Instant, account: AccountId, dialog: &mut Dialog, reason: Option<&str>) {
        let mut draft = dialog.request(Method::Bye);
        if let Some(reason) = reason {
            draft = draft.with(HeaderName::Reason, reason);
        }
        self.send(now, account, dialog.peer, draft, Purpose::Nothing, Attempt::default());
    }

    /// Ends a session from our side, whatever state it is in: takes an INVITE back, refuses one, or says goodbye.
    pub fn hang_up(&mut self, now: Instant, id: SessionId) {
        self.hang_up_because(now, id, None);
    }

    pub(super) fn hang_up_because(&mut self, now: Instant, id: SessionId, reason: Option<&str>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        match session.state {
            State::Calling => {
                session.state = State::TakenBack;
                if let Some(invite) = session.inviting {
                    self.transactions.cancel(now, invite);
                }
            }
            State::TakenBack => {}
            State::Ringing => self.reject(now, id, 480),
            // 15: nobody says goodbye before the other end has confirmed that it is there.
            State::Established if session.unacknowledged.is_some() && session.came_as.is_some() => session.is_leaving = true,
            State::Established => {
                let (account, dialog) = (session.account, session.dialog.take());
                if let Some(mut dialog) = dialog {
                    self.bye(now, account, &mut dialog, reason);
                }
                self.end(now, id, End { by: Side::Local, status: None, cause: None, is_elsewhere: false });
            }
        }
    }

    pub(super) fn is_still_calling(&self, id: SessionId) -> bool {
        self.sessions.get(&id).is_some_and(|session| session.state == State::Calling)
    }

    pub(super) fn add_session(&mut self, session: Session) -> SessionId {
        let id = SessionId(self.next());
        self.by_dialog.insert(session.key.clone(), Owner::Session(id));
        self.sessions.insert(id, session);
        id
    }

    /// The Call-ID of a session.
    #[must_use]
    pub fn call_id(&self, id: SessionId) -> Option<&str> {
        self.sessions.get(&id).map(|session| session.key.0.as_str())
    }

    /// What names a session to whoever shall take our place in it: the value of Replaces (RFC 3891, 6.1), as it stands in a URI.
    #[must_use]
    pub fn replaces(&self, id: SessionId) -> Option<String> {
        let session = self.sessions.get(&id)?;
        let (call_id, local_tag) = &session.key;
        let remote_tag = &session.dialog.as_ref()?.remote_tag;
        Some(escaped(&format!("{call_id};to-tag={remote_tag};from-tag={local_tag}")))
    }

    /// How many sessions there are.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }
}

/// Why, as the header Reason says it (RFC 3326): the Q.850 cause, and whether somebody else answered.
pub(super) fn reason_of(message: &Message<'_>) -> (Option<HangupCause>, bool) {
    let Some(list) = message.list(HeaderName::Reason) else { return (None, false) };
    let one = |cursor: &mut Cursor<'_>| {
        cursor.space();
        let protocol = cursor.token()?.to_ascii_uppercase();
        let cause = Params::read(cursor)?.get("cause").and_then(|cause| cause.parse::<u32>().ok());
        Ok((protocol, cause))
    };
    let all = cursor::list(&list, one).unwrap_or_default();
    let of = |wanted: &str| all.iter().find(|(protocol, _)| protocol == wanted).and_then(|(_, cause)| *cause);
    (of("Q.850").map(HangupCause::from_code), of("SIP") == Some(200) || of("Q.850") == Some(26))
}

/// The SDP that a message carries.
pub(super) fn sdp_of(message: &Message<'_>) -> Option<Vec<u8>> {
    let content_type = message.value(HeaderName::ContentType)?;
    let is_sdp = content_type.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case(SDP));
    (is_sdp && !message.body.is_empty()).then(|| message.body.to_vec())
}
