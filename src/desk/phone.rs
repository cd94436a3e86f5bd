//! The phone in an agent's browser, as the desk knows it: whether the PBX knows it, which page is heard, and what its user wants.

use super::desk_call::{DeskCall, DeskCallState, Found};
use super::floor::{Effect, Floor};
use super::hub::Refusal;
use super::seat::{Notice, Seat};
use crate::clock::Timestamp;
use crate::ids::{AgentId, CallId, Extension};
use crate::telephony::calls::event::{Direction, EndReason, Party};
use crate::telephony::calls::timing::Moment;
use crate::telephony::media::digits::Digit;

/// Keys that can be pressed at once.
pub const KEYS_MAX: usize = 32;

/// The keys that somebody typed; `None` when something else is among them, or none.
#[must_use]
pub fn keys(typed: &str) -> Option<Vec<Digit>> {
    let keys: Option<Vec<Digit>> = typed.chars().take(KEYS_MAX + 1).map(Digit::parse).collect();
    keys.filter(|keys| (1..=KEYS_MAX).contains(&keys.len()))
}

/// The phone in the browser.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeskPhone {
    /// Whether the PBX knows it, or why not; `None` before either is known.
    pub registered: Option<Result<(), String>>,
    /// The page that is heard.
    pub tab: Option<String>,
    /// What the page must speak, where a call is in it.
    pub codec: Option<&'static str>,
    /// How well the call is heard, where there is one.
    pub quality: Option<Quality>,
    /// The network lets its user hear something before the call is answered.
    pub is_early: bool,
}

/// How well a call is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quality {
    /// As a telephone is.
    Good,
    /// Words get lost now and then.
    Fair,
    /// Hard to understand.
    Poor,
    /// The agent hears nothing.
    NothingHeard,
    /// The other hears nothing.
    NothingSaid,
}

/// What an agent wants of a call at the phone in the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhoneWish {
    /// Take it.
    Answer,
    /// Not now.
    Reject,
    /// Let the other wait.
    Hold,
    /// Be heard again.
    Retrieve,
    /// Press keys.
    Keys(Vec<Digit>),
    /// Send the other to a colleague, without a word.
    SendOn(Extension),
    /// Connect the two others, and leave.
    Join,
}

impl Floor {
    /// Whether an agent has a phone in the browser.
    pub fn has_phone(&mut self, agent: AgentId, has: bool) -> Vec<Effect> {
        let Some(seat) = self.seats.get_mut(&agent).filter(|seat| seat.phone.is_some() != has) else { return Vec::new() };
        seat.phone = has.then(DeskPhone::default);
        vec![Effect::Changed(agent)]
    }

    /// What is known of an agent's phone changed.
    pub fn phone_changed(&mut self, agent: AgentId, change: impl FnOnce(&mut DeskPhone)) -> Vec<Effect> {
        let Some(phone) = self.seats.get_mut(&agent).and_then(|seat| seat.phone.as_mut()) else { return Vec::new() };
        let before = phone.clone();
        change(phone);
        if *phone == before { Vec::new() } else { vec![Effect::Changed(agent)] }
    }

    /// A call could not be handed over: it is still here.
    pub fn not_handed_over(&mut self, agent: AgentId, reason: EndReason) -> Vec<Effect> {
        let Some(seat) = self.seats.get_mut(&agent) else { return Vec::new() };
        seat.notice = Some(Notice::NotHandedOver { reason });
        vec![Effect::Changed(agent)]
    }

    /// Keys that were typed did not arrive.
    pub fn keys_refused(&mut self, agent: AgentId) -> Vec<Effect> {
        let Some(seat) = self.seats.get_mut(&agent) else { return Vec::new() };
        seat.notice = Some(Notice::KeysRefused);
        vec![Effect::Changed(agent)]
    }

    pub(super) fn phone(&self, pbx_is_up: bool, agent: AgentId, call: &CallId, wish: PhoneWish) -> Result<Vec<Effect>, Refusal> {
        let seat = self.seats.get(&agent).ok_or(Refusal::NoSeat)?;
        if seat.phone.is_none() {
            return Err(Refusal::NoPhone);
        }
        let call = seat.call(call).filter(|call| call.is_live()).ok_or(Refusal::NoSuchCall)?;
        let channel = call.leg.as_ref().map(|leg| leg.channel.clone()).ok_or(Refusal::NoSuchCall)?;
        if !pbx_is_up {
            return Err(Refusal::NoPbx);
        }
        let mut effects = Vec::new();
        let fits = match &wish {
            PhoneWish::Answer => {
                effects = others_wait(seat, &call.id);
                call.state == DeskCallState::Ringing
            }
            PhoneWish::Reject => call.state == DeskCallState::Ringing,
            PhoneWish::Hold | PhoneWish::SendOn(_) => matches!(call.state, DeskCallState::Talking | DeskCallState::Held),
            PhoneWish::Retrieve => {
                effects = others_wait(seat, &call.id);
                call.state == DeskCallState::Held
            }
            // A menu may be heard before the network says that somebody has answered.
            PhoneWish::Keys(_) => call.state != DeskCallState::Ringing,
            PhoneWish::Join => {
                let is_other = |other: &&DeskCall| other.id != call.id && matches!(other.state, DeskCallState::Talking | DeskCallState::Held);
                let with = seat.calls.iter().find(is_other).and_then(|other| other.leg.as_ref()).map(|leg| leg.channel.clone());
                let with = with.ok_or(Refusal::NotNow)?;
                return Ok(vec![Effect::Join { channel, with }]);
            }
        };
        if !fits {
            return Err(Refusal::NotNow);
        }
        effects.push(Effect::Phone { agent, channel, wish });
        Ok(effects)
    }

    pub(super) fn echo_test(&self, agent: AgentId) -> Result<Vec<Effect>, Refusal> {
        let seat = self.seats.get(&agent).ok_or(Refusal::NoSeat)?;
        if seat.phone.is_none() {
            return Err(Refusal::NoPhone);
        }
        if seat.calls.iter().any(DeskCall::is_live) {
            return Err(Refusal::InCall);
        }
        Ok(vec![Effect::Echo(agent)])
    }

    /// Asks a colleague, while whoever is in the call waits.
    pub(super) fn consult(
        &mut self,
        now: Timestamp,
        pbx_is_up: bool,
        agent: AgentId,
        colleague: Extension,
        call: CallId,
    ) -> Result<Vec<Effect>, Refusal> {
        let seat = self.seats.get(&agent).ok_or(Refusal::NoSeat)?;
        if seat.phone.is_none() {
            return Err(Refusal::NoPhone);
        }
        if seat.call(&call).is_some() {
            return Ok(Vec::new()); // The second click of a double click.
        }
        self.refuse_if_another_has(&call)?;
        let talks = |call: &&DeskCall| matches!(call.state, DeskCallState::Talking | DeskCallState::Held);
        if seat.calls.iter().filter(|call| call.is_live()).count() != 1 || seat.calls.iter().find(talks).is_none() {
            return Err(Refusal::NotNow);
        }
        if !pbx_is_up {
            return Err(Refusal::NoPbx);
        }
        let mut effects = others_wait(seat, &call);
        let extension = seat.profile.extension.clone();
        let name = self.agent_of(&colleague).and_then(|agent| self.seats.get(&agent)).map(|seat| seat.profile.name.clone()).unwrap_or_default();
        let other = Party { number: colleague.to_string().into(), name: name.clone() };
        let mut desk_call = DeskCall::new(call.clone(), Direction::Internal, other, DeskCallState::Originating);
        desk_call.found = Found::Colleague;
        desk_call.ring.start(Moment { at: None, seen: now });
        effects.extend(self.seat_call(agent, desk_call));
        effects.push(Effect::Consult { extension, colleague, call, name });
        Ok(effects)
    }
}

/// Whoever else is spoken with waits; one who lets us wait as well, so that he is not in the midst of it when he is back.
fn others_wait(seat: &Seat, but: &CallId) -> Vec<Effect> {
    let talks = |call: &&DeskCall| call.id != *but && matches!(call.state, DeskCallState::Talking | DeskCallState::Held);
    let hold = |call: &DeskCall| {
        let channel = call.leg.as_ref()?.channel.clone();
        Some(Effect::Phone { agent: seat.profile.agent, channel, wish: PhoneWish::Hold })
    };
    seat.calls.iter().filter(talks).filter_map(hold).collect()
}
