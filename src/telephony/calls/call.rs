//! One call and its legs.
//!
//! ```text
//! leg:   Created --ringing--> Ringing --answer--> Up --hang-up--> (gone)
//!           \                    \--no answer--> Over --hang-up--> (gone)
//!            \--answer--> Up
//! call:  exists as long as one of its legs does; Cleared with the last of them
//! ```

use std::collections::BTreeMap;

use super::event::{Direction, EndReason, LegRef, Party};
use super::hangup_cause::HangupCause;
use crate::ids::{BridgeId, CallId, Extension, Uniqueid};
use crate::telephony::pbx::event::ChannelView;

/// How far a leg has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegState {
    /// It exists; it may dial, but is not rung.
    Created,
    /// Its device rings.
    Ringing,
    /// Its device rang, or was tried, and does not any more.
    Over(EndReason),
    /// Its party answered.
    Up,
}

/// One channel of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// Its name, whose device decides the line.
    pub channel: String,
    /// The agent's extension.
    pub line: Option<Extension>,
    /// How far it has come.
    pub state: LegState,
    /// It was dialled by another leg, or by us.
    pub dialled: bool,
    /// The bridge it is in.
    pub bridge: Option<BridgeId>,
    /// It heard another party at least once.
    pub connected: bool,
    /// On hold by its own party.
    pub held: bool,
    /// Its own party hung up, or its network ended it, and why if it said so.
    pub ending: Option<Option<HangupCause>>,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// Its live legs.
    pub legs: BTreeMap<Uniqueid, Leg>,
    /// The party outside (or the calling colleague).
    pub other: Party,
    /// What the caller dialled.
    pub dialled: String,
    /// Which way it goes.
    pub direction: Direction,
    /// The queue it waits in.
    pub queue: Option<String>,
    /// It was established at least once.
    pub connected: bool,
    /// It was adopted from a snapshot: its beginning was not seen.
    pub adopted: bool,
    /// The end of the last ringing, which explains the end of a call that was never answered.
    pub last_ring_end: Option<EndReason>,
    /// A call of ours: the agent's own phone was up.
    pub own_phone_up: bool,
    /// A call of ours: what became of ringing the agent's own phone, as the PBX answered.
    pub own_phone_failure: Option<EndReason>,
    /// Originated has been told.
    pub told_originated: bool,
}

impl Call {
    /// A call that begins with this channel.
    #[must_use]
    pub fn beginning_with(view: &ChannelView<'_>, line: Option<&Extension>) -> Self {
        let id = CallId::new(&view.call);
        let direction = match (id.is_dialled(), line) {
            (true, _) | (false, Some(_)) => Direction::Outbound,
            (false, None) => Direction::Inbound,
        };
        Self {
            id,
            legs: BTreeMap::new(),
            other: Party::default(),
            dialled: view.exten.to_string(),
            direction,
            queue: None,
            connected: false,
            adopted: false,
            last_ring_end: None,
            own_phone_up: false,
            own_phone_failure: None,
            told_originated: false,
        }
    }

    /// A leg as an event names it.
    #[must_use]
    pub fn leg_ref(&self, id: &Uniqueid) -> Option<LegRef> {
        let leg = self.legs.get(id)?;
        Some(LegRef { id: id.clone(), channel: leg.channel.clone(), line: leg.line.clone() })
    }

    /// The agent's leg that dials another one.
    #[must_use]
    pub fn dialling_leg(&self, dialled: &Uniqueid) -> Option<LegRef> {
        if self.direction == Direction::Inbound {
            return None;
        }
        let (id, _) = self.legs.iter().find(|(id, leg)| *id != dialled && leg.line.is_some() && (!leg.dialled || self.is_own_phone(id)))?;
        self.leg_ref(id)
    }

    /// Other legs in the same bridge.
    pub fn peers<'a>(&'a self, id: &'a Uniqueid) -> impl Iterator<Item = &'a Uniqueid> {
        let bridge = self.legs.get(id).and_then(|leg| leg.bridge.as_ref());
        self.legs.iter().filter(move |(other, leg)| bridge.is_some() && *other != id && leg.bridge.as_ref() == bridge).map(|(other, _)| other)
    }

    /// The agent's own leg of a call of ours: the one that bears the id that we chose.
    #[must_use]
    pub fn is_own_phone(&self, id: &Uniqueid) -> bool {
        self.id.is_dialled() && id.as_str() == self.id.as_str()
    }

    /// How the call ended, once no leg is left.
    #[must_use]
    pub fn end_reason(&self, cause: Option<HangupCause>) -> EndReason {
        if self.connected {
            return EndReason::Completed;
        }
        if self.adopted {
            return EndReason::Unknown;
        }
        if let Some(reason) = self.own_phone_failure.filter(|_| !self.own_phone_up) {
            return reason;
        }
        match (self.last_ring_end, cause) {
            (Some(EndReason::NoAnswer), Some(cause)) if cause.is_rejected() => EndReason::Rejected,
            (Some(reason), _) => reason,
            (None, Some(cause)) => reason_of_cause(cause),
            (None, None) => EndReason::Unknown,
        }
    }
}

/// What a cause says of a leg that was never answered.
#[must_use]
pub fn reason_of_cause(cause: HangupCause) -> EndReason {
    match cause {
        c if c.is_busy() => EndReason::Busy,
        c if c.is_no_answer() => EndReason::NoAnswer,
        c if c.is_rejected() => EndReason::Rejected,
        c if c.is_failure() => EndReason::Failed,
        HangupCause::ANSWERED_ELSEWHERE => EndReason::Elsewhere,
        _ => EndReason::Cancelled,
    }
}
