//! Two calls of a phone become one without it, and one call takes the place of another.

use std::time::Instant;

use super::call::{Leaving, Stage};
use super::heard::party;
use super::phones::Softphones;
use crate::ids::CallId;
use crate::telephony::calls::hangup_cause::HangupCause;
use crate::telephony::pbx::event::ChannelState;
use crate::telephony::sip::sdp::Description;
use crate::telephony::sip::user_agent::agent::UserAgent;
use crate::telephony::sip::user_agent::event::{IncomingCall, SessionId};
use crate::telephony::sip_line::telling::Telling;

impl Softphones {
    /// The two others hear each other now, and our user leaves both.
    pub(super) fn joined(&mut self, first: &CallId, second: &CallId, telling: &mut Telling) {
        let (Some(call), Some(other)) = (self.calls.get(first), self.calls.get(second)) else { return };
        telling.joined(&call.own, &other.own, &call.other, &other.other);
        for (id, with) in [(first, second), (second, first)] {
            if let Some(call) = self.calls.get_mut(id) {
                call.leaving = Some(Leaving::Joined(with.clone(), true));
            }
        }
    }

    /// The call to which another is being handed is over before that was confirmed: the exchange has taken it.
    pub(super) fn joined_by_its_end(&mut self, second: &CallId, telling: &mut Telling) {
        let is_it = |call: &&super::call::Call| call.leaving.as_ref() == Some(&Leaving::Joined(second.clone(), false));
        if let Some(first) = self.calls.values().find(is_it).map(|call| call.id.clone()) {
            self.joined(&first, second, telling);
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
        let Some(call) = self.calls.get_mut(id) else { return };
        let said = match theirs {
            Ok(Some(theirs)) => call.answered(theirs),
            Ok(None) => call.offered(),
            Err(_) => None,
        };
        let Some(said) = said else { return agent.reject(now, session, 488) };
        call.session = session;
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
