//! What happens to the calls of a softphone.

use std::time::Instant;

use super::call::{AudioOrder, Call, Leaving, PhoneTold, Stage};
use super::phones::{CALLS_A_PHONE, Softphones};
use crate::ids::CallId;
use crate::telephony::calls::hangup_cause::HangupCause;
use crate::telephony::pbx::event::{ChannelState, DialStatus};
use crate::telephony::sip::address::Address;
use crate::telephony::sip::sdp::Description;
use crate::telephony::sip::user_agent::agent::UserAgent;
use crate::telephony::sip::user_agent::event::{AccountId, End, Event, IncomingCall, SessionId, Side};
use crate::telephony::sip_line::observed::number_of;
use crate::telephony::sip_line::reasons::{cause_of, status_of};
use crate::telephony::sip_line::telling::{Channel, Telling};

impl Softphones {
    /// Takes what the user agent tells; whether it was about one of our phones.
    pub(in crate::telephony) fn heard(&mut self, now: Instant, agent: &mut UserAgent, event: &Event, telling: &mut Telling) -> bool {
        match event {
            Event::Registered { account, .. } => self.registered(*account, None),
            Event::NotRegistered { account, why } => self.registered(*account, Some(why.to_string())),
            Event::Incoming { session, account, call } => self.incoming(now, agent, *session, *account, call, telling),
            Event::Progress { session, status, sdp } => self.with(*session, |phones, id| phones.progress(id, *status, sdp.as_deref(), telling)),
            Event::Answered { session, sdp } => self.with(*session, |phones, id| phones.answered(now, agent, id, sdp.as_deref(), telling)),
            Event::Acknowledged { session, sdp } => self.with(*session, |phones, id| phones.acknowledged(now, agent, id, sdp.as_deref(), telling)),
            Event::Reoffered { session, sdp } => self.with(*session, |phones, id| phones.reoffered(now, agent, id, sdp.as_deref(), telling)),
            Event::ReofferDone { session, result } => self.with(*session, |phones, id| phones.reoffer_done(id, result, telling)),
            // A phone of an office does not go where somebody outside sends it.
            Event::Referred { session, .. } => self.with(*session, |_, _| agent.refuse_refer(now, *session, 403)),
            Event::ReferProgress { session, status } => self.with(*session, |phones, id| phones.leaving_progress(now, agent, id, *status, telling)),
            Event::InfoDone { session, status } => self.with(*session, |phones, id| phones.pressed(now, agent, id, *status)),
            Event::Ended { session, end } => self.with(*session, |phones, id| phones.ended(id, *session, end, telling)),
            _ => false,
        }
    }

    fn with(&mut self, session: SessionId, work: impl FnOnce(&mut Self, &CallId)) -> bool {
        let Some(id) = self.by_session.get(&session).cloned() else { return false };
        work(self, &id);
        true
    }

    fn registered(&mut self, account: AccountId, why_not: Option<String>) -> bool {
        let Some((extension, phone)) = self.of_account(account) else { return false };
        if !phone.is_wanted || phone.is_registered.replace(why_not.is_none()) == Some(why_not.is_none()) {
            return true;
        }
        let extension = extension.clone();
        self.told.push_back(match why_not {
            None => PhoneTold::Registered(extension),
            Some(why) => PhoneTold::NotRegistered(extension, why),
        });
        true
    }

    fn incoming(
        &mut self,
        now: Instant,
        agent: &mut UserAgent,
        session: SessionId,
        account: AccountId,
        call: &IncomingCall,
        telling: &mut Telling,
    ) -> bool {
        let Some((extension, phone)) = self.of_account(account) else { return false };
        let (extension, is_wanted) = (extension.clone(), phone.is_wanted);
        if let Some(id) = call.replaces.and_then(|replaced| self.by_session.get(&replaced)).cloned() {
            self.take_over(now, agent, &id, session, call, telling);
            return true;
        }
        if !is_wanted || self.calls_of(&extension) >= CALLS_A_PHONE {
            agent.reject(now, session, if is_wanted { 486 } else { 480 });
            return true;
        }
        let theirs = call.sdp.as_deref().map(Description::parse);
        let secret = self.new_secret();
        // What cannot be spoken with is said at once, and not when the agent has taken it.
        let can_speak = |theirs: &Description| secret.can_speak(theirs);
        let Some(theirs) = theirs.map_or(Some(None), |parsed| parsed.ok().filter(can_speak).map(Some)) else {
            agent.reject(now, session, 488);
            return true;
        };
        let (number, name) = caller(call);
        let id = self.new_id();
        let (own, mut other) = self.channels(&id, &extension, &number, &name, true);
        let meant_for = call.diverted_by.as_deref().map(|value| party(value).0).filter(|number| !number.is_empty());
        other.exten = meant_for.unwrap_or_else(|| extension.to_string());
        telling.channel(&other, ChannelState::Ring);
        telling.channel(&own, ChannelState::Down);
        telling.dials(Some(&other), &own);
        telling.rings(&own, false);
        self.by_session.insert(session, id.clone());
        let call = Call { theirs, ..Call::new(id.clone(), extension, session, (own, other), Stage::Ringing, secret) };
        self.calls.insert(id, call);
        agent.ring(now, session);
        true
    }

    /// It rings there, or the network says something before it is answered.
    fn progress(&mut self, id: &CallId, status: u16, sdp: Option<&[u8]>, telling: &mut Telling) {
        let Some(call) = self.calls.get_mut(id) else { return };
        if matches!(status, 180 | 183) {
            telling.rings(&call.other, status == 183);
        }
        if let Some(Ok(theirs)) = sdp.map(Description::parse) {
            let _ = call.accepted(theirs);
            self.order(id);
        }
    }

    fn answered(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId, sdp: Option<&[u8]>, telling: &mut Telling) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let is_agreed = match sdp.map(Description::parse) {
            Some(theirs) => theirs.ok().and_then(|theirs| call.accepted(theirs)),
            // What was said before it was answered holds.
            None => call.theirs.as_ref().map(|_| ()),
        };
        if is_agreed.is_none() {
            let session = call.session;
            return agent.hang_up(now, session);
        }
        call.stage = Stage::Up;
        telling.channel(&call.other, ChannelState::Up);
        telling.dialled(&call.other, DialStatus::Answered);
        telling.talks(&call.bridge(), [&call.own, &call.other]);
        self.order(id);
    }

    /// The caller has acknowledged our answer, with an answer of its own where it had come without an offer.
    fn acknowledged(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId, sdp: Option<&[u8]>, telling: &mut Telling) {
        let Some(call) = self.calls.get_mut(id) else { return };
        if std::mem::take(&mut call.awaits_answer) {
            let accepted = sdp.and_then(|sdp| Description::parse(sdp).ok()).and_then(|theirs| call.accepted(theirs));
            if accepted.is_none() && call.codec.is_none() {
                let session = call.session;
                return agent.hang_up(now, session); // It says nothing that could be spoken.
            }
            self.settled(id, telling);
        }
    }

    /// A session is over, and with it the call, unless another has taken its place.
    pub(super) fn ended(&mut self, id: &CallId, session: SessionId, end: &End, telling: &mut Telling) {
        self.by_session.remove(&session);
        if self.calls.get(id).is_none_or(|call| call.session != session) {
            return;
        }
        if end.by == Side::Remote && self.waits_for_join(id, end) {
            return;
        }
        let joined = self.joined_with(id, end.by == Side::Remote, telling);
        let Some(call) = self.calls.remove(id) else { return };
        if let Some(second) = joined {
            self.finish(&second, telling);
        }
        self.orders.push_back(AudioOrder::Close(id.clone()));
        let cause = if end.by == Side::Local && call.stage != Stage::Up { HangupCause::NORMAL } else { cause_of(end) };
        match call.stage {
            Stage::Up => left(&call, self.colleague_of(&call).map(|colleague| &colleague.own), end, cause, telling),
            Stage::Ringing if end.is_elsewhere => {
                telling.hung_up(&call.own, HangupCause::ANSWERED_ELSEWHERE);
                telling.hung_up(&call.other, HangupCause::ANSWERED_ELSEWHERE);
            }
            Stage::Ringing => {
                let is_ours = end.by == Side::Local;
                if !is_ours {
                    telling.ends(&call.other, cause);
                }
                // 21: our user would not.
                let cause = if is_ours { HangupCause::from_code(21) } else { cause };
                telling.dialled(&call.own, if is_ours { DialStatus::Rejected } else { DialStatus::Cancelled });
                telling.hung_up(&call.own, cause);
                telling.hung_up(&call.other, cause);
            }
            Stage::Calling => {
                telling.dialled(&call.other, status_of(end));
                telling.hung_up(&call.other, cause);
                telling.hung_up(&call.own, cause);
            }
        }
    }
}

/// A conversation is over, or goes on without us.
fn left(call: &Call, colleague: Option<&Channel>, end: &End, cause: HangupCause, telling: &mut Telling) {
    match (&call.leaving, colleague) {
        (Some(Leaving::To(_, true)), Some(colleague)) => telling.passed_on(&call.own, &call.other, colleague),
        (Some(Leaving::To(exten, true)), None) => telling.sent_on(&call.own, &call.other, exten),
        (Some(Leaving::Joined(_, true)), _) => {}
        _ if end.by == Side::Remote => telling.ends(&call.other, cause),
        _ => {}
    }
    for channel in [&call.own, &call.other] {
        telling.leaves(&call.bridge(), channel);
        telling.hung_up(channel, cause);
    }
}

/// Who calls: what the PBX vouches for, else what the caller says.
fn caller(call: &IncomingCall) -> (String, String) {
    call.asserted.as_deref().map(party).filter(|(number, _)| !number.is_empty()).unwrap_or_else(|| party(&call.from))
}

/// The number and the name in an address.
pub(super) fn party(value: &str) -> (String, String) {
    let Ok(address) = Address::parse(value) else { return Default::default() };
    (number_of(&address.uri.to_string()), address.display_name().trim().to_owned())
}
