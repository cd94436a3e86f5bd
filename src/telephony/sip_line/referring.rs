//! A call that the agent's phone makes itself because we ask it to (RFC 3515; RFC 5359, 2.4): our call to it is only there to ask.
//!
//! ```text
//!   agent                 we                        its PBX tells
//!     |<-- INVITE (inactive) |
//!     |--- 200 ------------->|
//!     |<-- REFER debtor -----|
//!     |--- 202, NOTIFY 100 ->|
//!     |--- NOTIFY 180 ------>|                    the debtor rings
//!     |--- NOTIFY 200 ------>|                    they talk
//!     |<-- BYE --------------|
//!     |                                             until the phone is at rest: the call is over
//! ```
//!
//! From the moment of asking the call is the phone's: it cannot be hung up from here, and how it ends is what its PBX tells of the phone.

use std::time::{Duration, Instant};

use super::dialled::{Call, Dialled};
use super::reasons::{cause_of_status, dial_status};
use super::telling::{Channel, Telling};
use crate::ids::{CallId, Extension};
use crate::telephony::calls::hangup_cause::HangupCause;
use crate::telephony::pbx::event::{ChannelState, DialStatus};
use crate::telephony::sip::dialog_info::{DialogState, State};
use crate::telephony::sip::user_agent::agent::UserAgent;

/// Asterisk answers the agent's phone for us before it has joined it to us, and cannot send it on before that: it says 400, which nobody
/// who was called does, and is asked again.
const NOT_YET: u16 = 400;
/// Before the phone is asked for the first time, and again. A REFER right behind our ACK may overtake it, over datagrams or in a proxy of
/// several workers; a phone that then is in its call after it was asked tells of that as if the debtor had answered (seen of baresip).
const MOMENT: Duration = Duration::from_millis(250);
const TRIES: u8 = 8;

/// How a call to a debtor is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DialBy {
    /// By us, and both legs are ours.
    #[default]
    Invite,
    /// By the agent's phone, which is asked to.
    Refer,
}

/// How far the phone has come that calls the debtor itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Referring {
    /// It was asked, so many times.
    Asked(u8),
    /// The debtor has answered.
    Answered,
}

impl Dialled {
    pub(super) fn is_referring(&self, id: &CallId) -> bool {
        self.calls.get(id).is_some_and(|call| call.referring.is_some())
    }

    /// Whether the phone makes this call because we asked it to.
    pub(super) fn is_made_for_us(&mut self, extension: &Extension, dialog: &DialogState) -> bool {
        let other = super::observed::number_of(&dialog.remote);
        let wanted = |call: &Call| other.ends_with(call.number.trim_start_matches('+')) && dialog.is_initiator == Some(true);
        let mut here = self.calls.values_mut().filter(|call| call.extension == *extension && call.referring.is_some());
        here.any(|call| match &call.told_as {
            Some(told_as) => *told_as == dialog.id,
            None if wanted(call) => {
                call.told_as = Some(dialog.id.clone());
                true
            }
            None => false,
        })
    }

    /// Asks the phone to call the debtor.
    pub(super) fn send_out(&mut self, now: Instant, id: &CallId, telling: &mut Telling) {
        self.count += 1;
        let Some(call) = self.calls.get_mut(id) else { return };
        let exten = call.number.clone();
        call.debtor.channel = call.begin_debtor(self.count, &exten, telling);
        call.referring = Some(Referring::Asked(0));
        self.again.push_back((now + MOMENT, id.clone()));
    }

    fn ask_phone(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let (Some(session), Some(Referring::Asked(tries))) = (call.agent.session, call.referring) else { return };
        call.referring = Some(Referring::Asked(tries + 1));
        let uri = self.standing.address_of(&call.number);
        agent.refer(now, session, &uri);
    }

    /// When [`Dialled::ask_again`] is to be called.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.again.front().map(|(at, _)| *at)
    }

    /// Asks those phones again that could not be sent on yet.
    pub(super) fn ask_again(&mut self, now: Instant, agent: &mut UserAgent) {
        while let Some((_, id)) = self.again.pop_front_if(|(at, _)| *at <= now) {
            self.ask_phone(now, agent, &id);
        }
    }

    /// The phone tells how it fares.
    pub(super) fn phone_progress(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId, status: u16, telling: &mut Telling) {
        let Some(call) = self.calls.get_mut(id).filter(|call| call.is_asked()) else { return };
        match status {
            NOT_YET if call.referring < Some(Referring::Asked(TRIES)) => self.again.push_back((now + MOMENT, id.clone())),
            180 | 183 => telling.rings(&call.debtor.channel, status == 183),
            200..300 => {
                call.answered(telling);
                self.hang_up_both(now, agent, id);
            }
            300.. => {
                telling.dialled(&call.debtor.channel, dial_status(status));
                self.over(now, agent, id, cause_of_status(status), telling);
            }
            _ => {}
        }
    }

    /// Our call to the phone is over, and the phone's own goes on, as far as is known: its PBX is asked whether the phone is at rest.
    pub(super) fn let_out(&mut self, id: &CallId) {
        let Some(call) = self.calls.get_mut(id) else { return };
        call.agent.session = None;
        self.freed.push(call.extension.clone());
    }

    /// The PBX tells of the phone's own call.
    pub(super) fn phone_changed(&mut self, now: Instant, agent: &mut UserAgent, extension: &Extension, dialog: &DialogState, telling: &mut Telling) {
        let is_it = |call: &&Call| call.extension == *extension && call.referring.is_some() && call.told_as.as_ref() == Some(&dialog.id);
        let Some(call) = self.calls.values().find(is_it) else { return };
        let id = call.id.clone();
        if dialog.state == Some(State::Terminated) {
            // The phone will say itself what became of it, unless it is at rest by then.
            if call.is_asked() && call.agent.session.is_some() {
                return self.freed.push(extension.clone());
            }
            return self.over(now, agent, &id, HangupCause::UNKNOWN, telling);
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        // Where calls have names, this one is the phone's own, and its PBX may be the first to tell how it fares.
        match dialog.state {
            Some(State::Early) if call.is_asked() && dialog.call_id.is_some() => return telling.rings(&call.debtor.channel, false),
            Some(State::Confirmed) if call.is_asked() && dialog.call_id.is_some() => {
                call.answered(telling);
                return self.hang_up_both(now, agent, &id); // Our own call to the phone has done its work.
            }
            Some(State::Confirmed) => {}
            _ => return,
        }
        let is_held = dialog.is_held.unwrap_or_default();
        if call.referring == Some(Referring::Answered) && std::mem::replace(&mut call.agent.is_held, is_held) != is_held {
            telling.held(&call.agent.channel, is_held);
        }
    }

    /// The phone is at rest, says its PBX, or nobody tells of it any more: what it made for us is over.
    pub(super) fn phone_rests(&mut self, now: Instant, agent: &mut UserAgent, extension: &Extension, telling: &mut Telling) {
        let is_there = |call: &&Call| call.extension == *extension && call.referring.is_some();
        for id in self.calls.values().filter(is_there).map(|call| call.id.clone()).collect::<Vec<_>>() {
            telling.is_inferred = true;
            self.over(now, agent, &id, HangupCause::UNKNOWN, telling);
            telling.is_inferred = false;
        }
    }

    /// A call that the phone made for us is over.
    fn over(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId, why: HangupCause, telling: &mut Telling) {
        self.hang_up_both(now, agent, id);
        let Some(call) = self.calls.remove(id) else { return };
        let (bridge, was_answered) = (call.bridge(), call.referring == Some(Referring::Answered));
        let channels = [&call.debtor.channel, &call.agent.channel];
        for channel in channels.into_iter().filter(|_| was_answered) {
            telling.leaves(&bridge, channel);
        }
        for channel in channels {
            telling.hung_up(channel, if was_answered { HangupCause::NORMAL } else { why });
        }
        self.freed.push(call.extension);
    }
}

impl Call {
    /// The debtor is being called, by whomever.
    pub(super) fn begin_debtor(&mut self, count: u32, exten: &str, telling: &mut Telling) -> Channel {
        let channel = Channel {
            id: format!("{}-2", self.id),
            name: format!("SIP/outside-{count:08x}"),
            call: self.id.to_string(),
            number: exten.to_owned(),
            ..Channel::default()
        };
        self.agent.channel.exten = exten.to_owned();
        telling.channel(&channel, ChannelState::Down);
        telling.dials(Some(&self.agent.channel), &channel);
        channel
    }

    const fn is_asked(&self) -> bool {
        matches!(self.referring, Some(Referring::Asked(_)))
    }

    fn answered(&mut self, telling: &mut Telling) {
        self.referring = Some(Referring::Answered);
        telling.channel(&self.debtor.channel, ChannelState::Up);
        telling.dialled(&self.debtor.channel, DialStatus::Answered);
        telling.talks(&self.bridge(), [&self.agent.channel, &self.debtor.channel]);
    }
}
