//! Whether the other end still lives (RFC 4028): one end says so from time to time, and the other hangs up when it does not.

use std::time::{Duration, Instant};

use super::agent::UserAgent;
use super::alarms::Alarm;
use super::event::{AccountId, SessionId};
use super::outcome::{Attempt, Purpose};
use super::session::{SessionTimer, State};
use crate::telephony::sip::cursor::{Cursor, Params, number};
use crate::telephony::sip::message::Message;
use crate::telephony::sip::method::Method;
use crate::telephony::sip::name::HeaderName;

/// What we ask for.
pub(super) const INTERVAL: Duration = Duration::from_secs(1800);
/// What we accept, at least (RFC 4028, 5 allows no less).
pub(super) const INTERVAL_LEAST: Duration = Duration::from_secs(90);

impl SessionTimer {
    /// As Session-Expires says it; who refreshes is named from whoever sends the request.
    pub(super) fn as_header(self, in_our_request: bool) -> String {
        let refresher = if self.we_refresh == in_our_request { "uac" } else { "uas" };
        format!("{};refresher={refresher}", self.interval.as_secs())
    }
}

/// `1800;refresher=uac`
fn read(message: &Message<'_>) -> Option<(Duration, Option<bool>)> {
    let value = message.value(HeaderName::SessionExpires)?;
    let mut cursor = Cursor::new(&value);
    let seconds = number(cursor.run(|byte| byte.is_ascii_digit()).ok()?).ok()?;
    let refresher = Params::read(&mut cursor).ok()?.get("refresher");
    let by_uac = refresher.map(|refresher| refresher.eq_ignore_ascii_case("uac"));
    Some((Duration::from_secs(seconds.into()), by_uac))
}

impl UserAgent {
    /// The answer to our request says how it is to be.
    pub(super) fn begin_session_timer(&mut self, now: Instant, id: SessionId, answer: &Message<'_>, ours: bool) {
        let timer = read(answer)
            .map(|(interval, by_uac)| SessionTimer { interval: interval.max(INTERVAL_LEAST), we_refresh: by_uac.unwrap_or(true) == ours });
        if let Some(session) = self.sessions.get_mut(&id) {
            session.timer = timer;
        }
        self.run_session_timer(now, id);
    }

    /// A request to us says how it is to be; the other end refreshes where it can.
    pub(super) fn note_session_timer(&mut self, id: SessionId, request: &Message<'_>) {
        let supports = request.list(HeaderName::Supported).is_some_and(|list| list.split(',').any(|tag| tag.trim() == "timer"));
        let timer = read(request)
            .map(|(interval, by_uac)| SessionTimer { interval: interval.max(INTERVAL_LEAST), we_refresh: !(supports && by_uac.unwrap_or(true)) });
        if let Some(session) = self.sessions.get_mut(&id) {
            session.timer = timer;
        }
    }

    /// What our answer says of it.
    pub(super) fn session_timer_answer(&self, id: SessionId) -> Vec<(HeaderName, String)> {
        let Some(timer) = self.sessions.get(&id).and_then(|session| session.timer) else { return Vec::new() };
        let mut fields = vec![(HeaderName::SessionExpires, timer.as_header(false))];
        if !timer.we_refresh {
            fields.push((HeaderName::Require, "timer".to_owned()));
        }
        fields
    }

    pub(super) fn run_session_timer(&mut self, now: Instant, id: SessionId) {
        self.alarms.clear(Alarm::RefreshSession(id));
        self.alarms.clear(Alarm::SessionExpired(id));
        let Some(session) = self.sessions.get(&id).filter(|session| session.state == State::Established) else { return };
        let Some(timer) = session.timer else { return };
        if timer.we_refresh {
            self.alarms.set(Alarm::RefreshSession(id), now + timer.interval / 2);
        } else {
            // RFC 4028, 10: a third earlier, but not more than 32 s, so that the goodbye still arrives.
            let margin = (timer.interval / 3).min(Duration::from_secs(32));
            self.alarms.set(Alarm::SessionExpired(id), now + timer.interval - margin);
        }
    }

    /// The PBX was away: a call that it has lost is answered 481, and is over.
    pub fn probe_sessions(&mut self, now: Instant, account: AccountId) {
        let is_live = |session: &super::session::Session| session.account == account && session.state == State::Established;
        let live: Vec<SessionId> = self.sessions.iter().filter(|(_, session)| is_live(session)).map(|(id, _)| *id).collect();
        for id in live {
            self.say_we_live(now, id);
        }
    }

    /// By UPDATE where the other end knows it, else by saying our offer again.
    pub(super) fn refresh_session(&mut self, now: Instant, id: SessionId) {
        let Some(timer) = self.sessions.get(&id).and_then(|session| session.timer) else { return };
        // Should nobody answer, the next try is half an interval away: then the session is over.
        self.alarms.set(Alarm::SessionExpired(id), now + timer.interval / 2);
        self.say_we_live(now, id);
    }

    fn say_we_live(&mut self, now: Instant, id: SessionId) {
        let Some(account) = self.sessions.get(&id).map(|session| session.account) else { return };
        let contact = self.contact(account);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(dialog) = &mut session.dialog else { return };
        if !session.knows_update {
            if session.offering.is_some() {
                return; // What is on its way says that we live as well.
            }
            let sdp = session.local_sdp.clone();
            return self.reoffer(now, id, &sdp);
        }
        let draft = dialog
            .request(Method::Update)
            .with(HeaderName::Contact, contact)
            .with(HeaderName::Supported, "timer")
            .with_all(session.timer.map(|timer| (HeaderName::SessionExpires, timer.as_header(true))));
        let to = dialog.peer;
        self.send(now, account, to, draft, Purpose::Update(id), Attempt::default());
    }

    pub(super) fn session_expired(&mut self, now: Instant, id: SessionId) {
        self.lost_in_call(now, id, 408);
    }
}
