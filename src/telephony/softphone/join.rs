//! Two calls of a phone become one without it, and one call takes the place of another.

use std::time::Instant;

use super::call::{Call, Leaving, Stage};
use super::heard::party;
use super::phones::Softphones;
use crate::ids::CallId;
use crate::telephony::calls::hangup_cause::HangupCause;
use crate::telephony::pbx::event::ChannelState;
use crate::telephony::sip::sdp::Description;
use crate::telephony::sip::user_agent::agent::UserAgent;
use crate::telephony::sip::user_agent::event::{End, IncomingCall, SessionId};
use crate::telephony::sip_line::telling::Telling;

impl Softphones {
    /// The conversation at another phone of ours to which this call was sent on, with the one who was sent.
    pub(super) fn colleague_of(&self, call: &Call) -> Option<&Call> {
        match &call.leaving {
            Some(Leaving::To(exten, _)) => self.at_phone(exten, other_number(call)).filter(|colleague| colleague.turn > call.sent_on_at),
            _ => None,
        }
    }

    /// The conversation at this phone of ours with this number, the one that it turned to last.
    fn at_phone(&self, extension: &str, number: &str) -> Option<&Call> {
        let is_it = |call: &&Call| call.stage == Stage::Up && call.extension.as_str() == extension && is_same_number(number, other_number(call));
        self.calls.values().filter(is_it).max_by_key(|call| call.turn)
    }

    /// The two others hear each other now, and our user leaves both.
    pub(super) fn joined(&mut self, first: &CallId, second: &CallId, telling: &mut Telling) {
        let (Some(call), Some(other)) = (self.calls.get(first), self.calls.get(second)) else { return };
        // Where one of the two others is at a phone of ours, that is who was asked, and has the call now.
        let at_ours = |asked: &Call, with: &Call| {
            let phone = other_number(asked);
            // An exchange may have told him already with whom he speaks now.
            let colleague = self.at_phone(phone, asked.extension.as_str()).or_else(|| self.at_phone(phone, other_number(with)))?;
            Some(colleague.own.clone())
        };
        match (at_ours(other, call), at_ours(call, other)) {
            (None, Some(colleague)) => telling.joined(&other.own, &call.own, &other.other, &colleague),
            (colleague, _) => telling.joined(&call.own, &other.own, &call.other, colleague.as_ref().unwrap_or(&other.other)),
        }
        for (id, with) in [(first, second), (second, first)] {
            if let Some(call) = self.calls.get_mut(id) {
                call.leaving = Some(Leaving::Joined(with.clone(), true));
            }
        }
    }

    /// The call with which another is being joined is over before that was confirmed: either it has taken place, or its other end has hung
    /// up meanwhile. Whether it waits to be told which.
    pub(super) fn waits_for_join(&mut self, second: &CallId, end: &End) -> bool {
        let is_it = |call: &Call| call.leaving.as_ref() == Some(&Leaving::Joined(second.clone(), false));
        if !self.calls.values().any(is_it) {
            return false;
        }
        if let Some(call) = self.calls.get_mut(second) {
            call.over = Some(*end);
        }
        true
    }

    /// A call is over that was to be joined with another: where both were ended by the exchange, they were joined. The other one.
    pub(super) fn joined_with(&mut self, first: &CallId, is_remote: bool, telling: &mut Telling) -> Option<CallId> {
        let Some(Leaving::Joined(second, false)) = self.calls.get(first)?.leaving.clone() else { return None };
        if is_remote && self.calls.get(&second).is_some_and(|call| call.over.is_some()) {
            self.joined(first, &second, telling);
        }
        Some(second)
    }

    /// It is known now what became of a call that was over before.
    pub(super) fn finish(&mut self, id: &CallId, telling: &mut Telling) {
        let over = self.calls.get_mut(id).and_then(|call| Some((call.session, call.over.take()?)));
        if let Some((session, end)) = over {
            self.ended(id, session, &end, telling);
        }
    }

    /// Somebody takes the place of the other end of a call (RFC 3891): it goes on with him, unasked.
    pub(super) fn take_over(
        &mut self,
        now: Instant,
        agent: &mut UserAgent,
        id: &CallId,
        session: SessionId,
        by: &IncomingCall,
        telling: &mut Telling,
    ) {
        let theirs = by.sdp.as_deref().map(Description::parse).transpose();
        let (number, name) = by.asserted.as_deref().map(party).filter(|(number, _)| !number.is_empty()).unwrap_or_else(|| party(&by.from));
        let Some(extension) = self.calls.get(id).filter(|call| call.stage == Stage::Up).map(|call| call.extension.clone()) else {
            return agent.reject(now, session, 481);
        };
        let channel_id = format!("{}-{}", id, self.new_id());
        let channel = self.other_channel(id, channel_id, &extension, &number, &name);
        let secret = self.new_secret();
        let Some(call) = self.calls.get_mut(id) else { return };
        let before = (call.secret, call.srtp, call.awaits_answer);
        // Whoever was there before has heard the old key.
        (call.secret, call.srtp) = (secret, None);
        let said = match theirs {
            Ok(Some(theirs)) => call.answered(theirs),
            Ok(None) => {
                // Until both have agreed nothing is said, neither to who was there nor to who comes.
                (call.theirs, call.codec) = (None, None);
                call.offered_anew()
            }
            Err(_) => None,
        };
        let Some(said) = said else {
            (call.secret, call.srtp, call.awaits_answer) = before;
            return agent.reject(now, session, 488);
        };
        call.session = session;
        // What was on its way in the session before is over with it.
        (call.leaving, call.came_in) = (None, true);
        call.keys.clear();
        // A hold of ours that was on its way is told to whoever comes, in the answer.
        if std::mem::replace(&mut call.hold_told, call.holds) != call.holds {
            telling.held(&call.own, call.holds);
        }
        let before = std::mem::replace(&mut call.other, channel);
        telling.channel(&call.other, ChannelState::Up);
        telling.talks(&call.bridge(), [&call.other]);
        telling.leaves(&call.bridge(), &before);
        telling.hung_up(&before, HangupCause::NORMAL);
        self.by_session.insert(session, id.clone());
        // This ends the session that it takes the place of.
        agent.answer(now, session, &said);
        self.settled(id, telling);
    }
}

/// The number of whoever our user speaks with.
fn other_number(call: &Call) -> &str {
    if call.came_in { &call.other.number } else { &call.other.exten }
}

/// Whether both are one number, which an exchange may write in its own way: by the figures that every way has. One that is withheld is nobody's.
fn is_same_number(a: &str, b: &str) -> bool {
    let figures = |number: &str| -> Vec<u8> { number.bytes().rev().filter(u8::is_ascii_digit).take(9).collect() };
    let (a, b) = (figures(a), figures(b));
    !a.is_empty() && a == b
}

#[cfg(test)]
mod tests {
    use super::is_same_number;

    #[test]
    fn a_number_is_the_same_however_an_exchange_writes_it() {
        for (a, b, is_same) in [
            ("+447700900123", "00447700900123", true),
            ("07700900123", "+447700900123", true),
            ("+447700900123", "+447700900124", false),
            ("101", "101", true),
            ("101", "1101", false),
            ("anonymous", "anonymous", false),
            ("anonymous", "", false),
        ] {
            assert_eq!(is_same_number(a, b), is_same, "{a} {b}");
        }
    }
}
