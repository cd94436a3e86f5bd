//! Calls that we dial (RFC 3725): the agent's phone first, and when it is picked up the debtor. Both legs are ours, and the two
//! phones speak to each other.
//!
//! ```text
//!   agent                 we                  debtor
//!     |<-- INVITE (inactive) |                   |
//!     |--- 200 SDP A ------->|                   |
//!     |                      |-- INVITE SDP A -->|     every offer is early: many a PBX refuses an INVITE without one
//!     |                      |<-- 183 SDP B -----|     and then the agent hears what the network says
//!     |<-- re-INVITE SDP B --|                   |
//!     |                      |<-- 200 SDP B -----|
//!     |<-- re-INVITE SDP B --|                   |
//!     |--- 200 SDP A' ------>|-- re-INVITE A' -->|     where A' is elsewhere than A
//! ```
//!
//! Where the config says so, the phone is asked to call the debtor itself instead ([`super::referring`]).

use core::net::IpAddr;
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use super::reasons::{cause_of, status_of};
use super::referring::{DialBy, Referring};
use super::telling::{Channel, Telling};
use crate::ids::{CallId, Extension};
use crate::personal::Personal;
use crate::telephony::calls::hangup_cause::HangupCause;
use crate::telephony::pbx::event::{ChannelState, DialStatus};
use crate::telephony::sip::dialog_info::DialogState;
use crate::telephony::sip::sdp::{Description, Direction};
use crate::telephony::sip::user_agent::agent::UserAgent;
use crate::telephony::sip::user_agent::calling::Invitation;
use crate::telephony::sip::user_agent::event::{AccountId, End, Event, SessionId, Side};

/// Calls of ours whose Call-IDs are remembered.
const CALL_IDS_MAX: usize = 1024;

/// A call to be dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dial {
    /// The id that it shall bear.
    pub call: CallId,
    /// The agent's phone.
    pub extension: Extension,
    /// What the PBX is asked to dial.
    pub number: Personal<String>,
    /// What the agent's own phone shows.
    pub name: Personal<String>,
    /// The number that the called party sees, where it is not the PBX's own choice.
    pub caller_id: Option<String>,
}

/// Which end of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Agent,
    Debtor,
}

impl Which {
    /// Names our session with it (`sess-id`).
    pub(super) const fn number(self) -> u64 {
        match self {
            Self::Agent => 1,
            Self::Debtor => 2,
        }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Agent => Self::Debtor,
            Self::Debtor => Self::Agent,
        }
    }
}

/// One end.
#[derive(Debug, Default)]
pub(super) struct Leg {
    pub(super) session: Option<SessionId>,
    pub(super) channel: Channel,
    pub(super) is_up: bool,
    pub(super) is_held: bool,
    /// What it said last, and what we said last to it.
    pub(super) theirs: Option<Description>,
    pub(super) ours: Option<Description>,
    /// How often we have said something to it.
    pub(super) said: u64,
    /// Its offer waits for the other's answer.
    pub(super) is_waiting: bool,
    /// The agent has handed it to a colleague whose phone rings.
    pub(super) rings_elsewhere: bool,
}

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: CallId,
    pub(super) extension: Extension,
    account: AccountId,
    pub(super) number: String,
    caller_id: Option<String>,
    pub(super) agent: Leg,
    pub(super) debtor: Leg,
    /// What its PBX calls the agent's leg, where it names no Call-ID; or the call that the phone makes in our place.
    pub(super) told_as: Option<String>,
    /// How far the phone has come that calls the debtor itself.
    pub(super) referring: Option<Referring>,
}

impl Call {
    pub(super) const fn leg(&self, which: Which) -> &Leg {
        match which {
            Which::Agent => &self.agent,
            Which::Debtor => &self.debtor,
        }
    }

    pub(super) const fn leg_mut(&mut self, which: Which) -> &mut Leg {
        match which {
            Which::Agent => &mut self.agent,
            Which::Debtor => &mut self.debtor,
        }
    }

    pub(super) fn bridge(&self) -> String {
        format!("{}-b", self.id)
    }
}

/// Where we stand.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) ours: IpAddr,
    pub(super) user: String,
    pub(super) domain: String,
    pub(super) technology: String,
    /// Before the country code of a number.
    pub(super) prefix: String,
    pub(super) dial_by: DialBy,
}

impl Standing {
    /// Of a number outside.
    pub(super) fn address_of(&self, number: &str) -> String {
        format!("sip:{}{}@{}", self.prefix, number.trim_start_matches('+'), self.domain)
    }
}

/// All calls that we dial.
#[derive(Debug)]
pub(super) struct Dialled {
    pub(super) standing: Standing,
    pub(super) calls: BTreeMap<CallId, Call>,
    by_session: BTreeMap<SessionId, (CallId, Which)>,
    pub(super) freed: Vec<Extension>,
    /// Phones that are asked to call, for the first time or once more, and when.
    pub(super) again: VecDeque<(Instant, CallId)>,
    /// The Call-IDs of the last calls of ours: their PBX may tell of one when it is over.
    call_ids: VecDeque<String>,
    pub(super) count: u32,
}

impl Dialled {
    pub(super) const fn new(standing: Standing) -> Self {
        Self {
            standing,
            calls: BTreeMap::new(),
            by_session: BTreeMap::new(),
            freed: Vec::new(),
            again: VecDeque::new(),
            call_ids: VecDeque::new(),
            count: 0,
        }
    }

    /// Whether this dialog of a phone is our own call there: by its Call-ID; where the PBX tells none, it is the first that it tells
    /// of while our call is there.
    pub(super) fn is_own(&mut self, extension: &Extension, dialog: &DialogState) -> bool {
        if let Some(call_id) = &dialog.call_id {
            return self.call_ids.contains(call_id) || self.is_made_for_us(extension, dialog);
        }
        let mut here = self.calls.values_mut().filter(|call| call.extension == *extension && !call.is_left());
        here.any(|call| *call.told_as.get_or_insert_with(|| dialog.id.clone()) == dialog.id)
    }

    /// The phones at which a call of ours has ended since this was asked last.
    pub(super) fn freed(&mut self) -> Vec<Extension> {
        std::mem::take(&mut self.freed)
    }

    /// Takes back what nobody has answered.
    pub(super) fn give_up_ringing(&mut self, now: Instant, agent: &mut UserAgent) {
        let ringing = |call: &Call| [&call.agent, &call.debtor].map(|leg| leg.session.filter(|_| !leg.is_up));
        for session in self.calls.values().flat_map(ringing).flatten().collect::<Vec<_>>() {
            agent.hang_up(now, session);
        }
    }

    /// Rings the agent's phone; whether there was room for it.
    pub(super) fn dial(&mut self, now: Instant, agent: &mut UserAgent, account: AccountId, dial: Dial, telling: &mut Telling) -> bool {
        if self.calls.contains_key(&dial.call) {
            return true; // The second click of a double click.
        }
        self.count += 1;
        let Standing { ours, domain, technology, .. } = &self.standing;
        let Some(offer) = Description::nothing_yet(*ours) else { return false };
        let invitation = Invitation {
            uri: format!("sip:{}@{domain}", dial.extension),
            display_name: dial.name.reveal().clone(),
            sdp: offer.clone().said_by(*ours, 1, 1),
            ..Invitation::default()
        };
        let Some(session) = agent.invite(now, account, &invitation) else { return false };
        let channel = Channel {
            id: dial.call.to_string(),
            name: format!("{technology}/{}-{:08x}", dial.extension, self.count),
            call: dial.call.to_string(),
            other_number: dial.number.reveal().clone(),
            other_name: dial.name.into_revealed(),
            ..Channel::default()
        };
        telling.channel(&channel, ChannelState::Down);
        telling.dials(None, &channel);
        let leg = Leg { session: Some(session), channel, ours: Some(offer), said: 1, ..Leg::default() };
        self.by_session.insert(session, (dial.call.clone(), Which::Agent));
        if self.call_ids.len() >= CALL_IDS_MAX {
            self.call_ids.pop_front();
        }
        self.call_ids.extend(agent.call_id(session).map(str::to_owned));
        let call = Call {
            id: dial.call.clone(),
            extension: dial.extension,
            account,
            number: dial.number.into_revealed(),
            caller_id: dial.caller_id,
            agent: leg,
            debtor: Leg::default(),
            told_as: None,
            referring: None,
        };
        self.calls.insert(dial.call, call);
        true
    }

    /// Hangs up a call, by the channel of one of its ends; whether it is one of ours.
    pub(super) fn hang_up(&mut self, now: Instant, agent: &mut UserAgent, channel: &str) -> bool {
        let is_it = |call: &&Call| [&call.agent, &call.debtor].iter().any(|leg| leg.channel.name == channel);
        let is_ours = |call: &&Call| is_it(call) && call.referring.is_none();
        let Some(id) = self.calls.values().find(is_ours).map(|call| call.id.clone()) else { return false };
        self.hang_up_both(now, agent, &id);
        true
    }

    /// Takes what happened to a session; whether it was one of ours.
    pub(super) fn heard(&mut self, now: Instant, agent: &mut UserAgent, event: &Event, telling: &mut Telling) -> bool {
        let session = match event {
            Event::Progress { session, .. }
            | Event::Answered { session, .. }
            | Event::Acknowledged { session, .. }
            | Event::Reoffered { session, .. }
            | Event::ReofferDone { session, .. }
            | Event::Referred { session, .. }
            | Event::ReferProgress { session, .. }
            | Event::Ended { session, .. } => *session,
            _ => return false,
        };
        let Some((id, which)) = self.by_session.get(&session).cloned() else { return false };
        match event {
            Event::Progress { status, sdp, .. } => self.progress(now, agent, &id, which, *status, sdp.as_deref(), telling),
            Event::Answered { sdp, .. } => self.answered(now, agent, &id, which, sdp.as_deref(), telling),
            Event::Reoffered { sdp, .. } => self.reoffered(now, agent, &id, which, sdp.as_deref(), telling),
            Event::ReofferDone { result, .. } => self.reoffer_done(now, agent, &id, which, result),
            Event::ReferProgress { status, .. } if self.is_referring(&id) => self.phone_progress(now, agent, &id, *status, telling),
            Event::ReferProgress { status, .. } => self.refer_progress(now, agent, &id, which, *status),
            Event::Referred { uri, replaces, .. } => self.referred(now, agent, &id, which, uri, replaces.clone(), telling),
            Event::Ended { end, .. } => {
                self.by_session.remove(&session);
                self.ended(now, agent, &id, which, session, end, telling);
            }
            _ => {}
        }
        true
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one event")]
    fn progress(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId, which: Which, status: u16, sdp: Option<&[u8]>, telling: &mut Telling) {
        let Some(call) = self.calls.get_mut(id) else { return };
        match (which, status) {
            // The phone sends its calls elsewhere: whoever answers there is not the agent, and the debtor is not for him.
            (Which::Agent, 181) => {
                let session = call.agent.session;
                if let Some(session) = session {
                    agent.hang_up(now, session);
                }
                return;
            }
            (_, 180 | 183) => telling.rings(&call.leg(which).channel, status == 183),
            _ => {}
        }
        if which == Which::Debtor {
            // What the network says before it is answered (ringing, "this number is not in use") is for the agent to hear.
            if let Some(description) = sdp.and_then(|sdp| Description::parse(sdp).ok()) {
                call.debtor.theirs = Some(description);
                self.pass_on(now, agent, id, Which::Debtor);
            }
        }
    }

    fn answered(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId, which: Which, sdp: Option<&[u8]>, telling: &mut Telling) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let leg = call.leg_mut(which);
        leg.theirs = sdp.and_then(|sdp| Description::parse(sdp).ok()).or_else(|| leg.theirs.take());
        leg.is_up = true;
        telling.channel(&leg.channel, ChannelState::Up);
        match which {
            Which::Agent => {
                telling.own_phone(id.as_str(), &call.number, None);
                let (uri, exten) = (self.standing.address_of(&call.number), call.number.clone());
                if self.standing.dial_by == DialBy::Refer {
                    self.send_out(now, id, telling);
                } else if !self.call_out(now, agent, id, uri, &exten, telling) {
                    self.hang_up_both(now, agent, id);
                }
            }
            Which::Debtor => {
                telling.dialled(&call.debtor.channel, DialStatus::Answered);
                telling.talks(&call.bridge(), [&call.agent.channel, &call.debtor.channel].into_iter().filter(|channel| !channel.id.is_empty()));
                self.pass_on(now, agent, id, Which::Debtor);
            }
        }
    }

    /// Calls the debtor, with what the agent's phone wants to speak with.
    fn call_out(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId, uri: String, exten: &str, telling: &mut Telling) -> bool {
        let Some(call) = self.calls.get_mut(id) else { return false };
        let Some(theirs) = call.agent.theirs.clone() else { return false };
        let offer = theirs.going(Direction::SendRecv);
        let asserted = call.caller_id.as_ref().map(|number| format!("<sip:{number}@{}>", self.standing.domain));
        let sdp = offer.clone().said_by(self.standing.ours, 2, 1);
        let invitation = Invitation { uri, sdp, asserted, ..Invitation::default() };
        let Some(session) = agent.invite(now, call.account, &invitation) else { return false };
        self.count += 1;
        let channel = call.begin_debtor(self.count, exten, telling);
        call.debtor = Leg { session: Some(session), channel, ours: Some(offer), said: 1, ..Leg::default() };
        self.by_session.insert(session, (id.clone(), Which::Debtor));
        true
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one event")]
    fn ended(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId, which: Which, session: SessionId, end: &End, telling: &mut Telling) {
        let Some(call) = self.calls.get_mut(id) else { return };
        if call.referring.is_some() {
            return self.let_out(id);
        }
        let bridge = call.bridge();
        let number = call.number.clone();
        let leg = call.leg_mut(which);
        if leg.session != Some(session) {
            return; // A leg that another took the place of.
        }
        leg.session = None;
        let (was_up, channel) = (std::mem::take(&mut leg.is_up), std::mem::take(&mut leg.channel));
        let rang_elsewhere = std::mem::take(&mut leg.rings_elsewhere);
        let cause = if end.by == Side::Local && !was_up { HangupCause::NORMAL } else { cause_of(end) };
        // An agent who has left was told of then.
        if !channel.id.is_empty() {
            if end.by == Side::Remote {
                telling.ends(&channel, cause);
            }
            if was_up && !rang_elsewhere {
                telling.leaves(&bridge, &channel);
            } else {
                telling.dialled(&channel, status_of(end));
            }
            telling.hung_up(&channel, cause);
            if which == Which::Agent && !was_up {
                telling.own_phone(id.as_str(), &number, Some(status_of(end)));
            }
        }
        let other = call.leg(which.other()).session;
        match other {
            Some(other) => agent.hang_up(now, other),
            None => self.freed.extend(self.calls.remove(id).map(|call| call.extension)),
        }
    }

    pub(super) fn hang_up_both(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId) {
        let Some(call) = self.calls.get(id) else { return };
        for session in [call.agent.session, call.debtor.session].into_iter().flatten() {
            agent.hang_up(now, session);
        }
    }
}
