//! One channel of a call.
//!
//! ```text
//! Created --ringing--> Ringing --answer--> Up --hang-up--> (gone)
//!    \                    \--no answer--> Over --hang-up--> (gone)
//!     \--answer--> Up
//! ```

use super::event::{EndReason, LegRef, Party};
use super::hangup_cause::HangupCause;
use crate::clock::PbxTime;
use crate::ids::{BridgeId, CallId, Device, Extension, Uniqueid};
use crate::telephony::pbx::event::{ChannelState, ChannelView};

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

/// What a channel is to a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegKind {
    /// Somebody's phone or trunk.
    Party,
    /// One of the two ends (`;1`, `;2`) of a Local channel: a pipe inside the PBX.
    LocalHalf,
    /// A channel that the PBX made for itself: announcer, recorder, a stand-in during a transfer.
    Inner,
}

/// How a leg came to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It began the call, or dials on its own account.
    Itself,
    /// Nobody dialled it: the PBX was asked to ring it (click-to-dial).
    Asked,
    /// That leg dialled it.
    DialledBy(Uniqueid),
    /// It was dialled, by whom was not seen.
    DialledUnseen,
}

/// Whether it is still to be told who dialled a leg. A busy PBX says that a device rings before it says who rings it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialling {
    /// It was told, or nobody knows: the beginning of the leg, or what came after it, was not seen.
    Told,
    /// The beginning was seen: if somebody dials it, that will be told.
    ToCome,
    /// The same, and the device rings already.
    ToComeAndRings,
}

/// One channel of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// Its id.
    pub id: Uniqueid,
    /// The call that it belongs to.
    pub call: CallId,
    /// What the PBX calls that call (Asterisk: `Linkedid`).
    pub link: CallId,
    /// Its name, whose device decides the line.
    pub channel: String,
    /// The agent's extension.
    pub line: Option<Extension>,
    /// What it is to a conversation.
    pub kind: LegKind,
    /// How it came to be.
    pub origin: Origin,
    /// Whether that is still to be told.
    pub dialling: Dialling,
    /// How far it has come.
    pub state: LegState,
    /// Who is at it.
    pub party: Party,
    /// Who the PBX says is at the other end.
    pub connected_to: Party,
    /// What it dialled.
    pub exten: String,
    /// The bridge it is in.
    pub bridge: Option<BridgeId>,
    /// It heard another party, the first time at this count of [`Leg::order`].
    pub connected: Option<u64>,
    /// That its device rings was told.
    pub told_ringing: bool,
    /// On hold by its own party.
    pub held: bool,
    /// It left for a transfer that it asked for, so that its end says nothing of the call's.
    pub handed_over: bool,
    /// Its own party hung up, or its network ended it, and why if it said so.
    pub ending: Option<Option<HangupCause>>,
    /// Counts the legs of the tracker: the order of their beginnings.
    pub order: u64,
    /// When it was first seen, by the PBX's clock.
    pub since: Option<PbxTime>,
}

impl Leg {
    /// A leg that has just been seen for the first time.
    #[must_use]
    pub fn new(call: CallId, view: &ChannelView<'_>, line: Option<Extension>, order: u64, since: Option<PbxTime>) -> Self {
        Self {
            id: Uniqueid::new(&view.id),
            call,
            link: CallId::new(&view.call),
            channel: view.name.to_string(),
            line,
            kind: kind_of(&view.name),
            origin: Origin::Itself,
            dialling: if view.state == ChannelState::Down { Dialling::ToCome } else { Dialling::Told },
            state: LegState::Created,
            party: Party { number: view.caller_number.to_string().into(), name: view.caller_name.to_string().into() },
            connected_to: Party { number: view.connected_number.to_string().into(), name: view.connected_name.to_string().into() },
            exten: view.exten.to_string(),
            bridge: None,
            connected: None,
            told_ringing: false,
            held: false,
            handed_over: false,
            ending: None,
            order,
            since,
        }
    }

    /// Takes what an event says of who is at either end.
    pub(super) fn describe(&mut self, view: &ChannelView<'_>) {
        keep(&mut self.party, &view.caller_number, &view.caller_name);
        keep(&mut self.connected_to, &view.connected_number, &view.connected_name);
        if !view.exten.is_empty() && self.exten != *view.exten {
            self.exten = view.exten.to_string();
        }
    }

    /// Whether another leg, or we, dialled it.
    #[must_use]
    pub fn is_dialled(&self) -> bool {
        self.origin != Origin::Itself
    }

    /// Whether it can still be heard or rung.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.state, LegState::Over(_))
    }

    /// Who is at it: of a phone that we asked the PBX to ring, its own number, because it was shown the other's.
    #[must_use]
    pub fn who(&self) -> Party {
        if self.origin != Origin::Asked && self.line.is_none() {
            return self.party.clone();
        }
        let own = self.line.as_ref().map_or_else(|| endpoint(&self.channel), |line| line.as_str());
        let name = if self.party.number.reveal() == own { self.party.name.clone() } else { String::new().into() };
        Party { number: own.to_owned().into(), name }
    }

    /// The leg as an event names it.
    #[must_use]
    pub fn named(&self) -> LegRef {
        LegRef { id: self.id.clone(), channel: self.channel.clone(), line: self.line.clone() }
    }

    /// The name that both ends of a Local channel share, and which end this is.
    pub(super) fn local_pair(&self) -> Option<(&str, bool)> {
        let (pair, end) = self.channel.rsplit_once(';')?;
        (self.kind == LegKind::LocalHalf).then_some((pair, end == "1"))
    }
}

fn keep(party: &mut Party, number: &str, name: &str) {
    // An empty field says that the PBX does not know, not that nobody is there.
    if !number.is_empty() && party.number.reveal() != number {
        party.number = number.to_owned().into();
    }
    if !name.is_empty() && party.name.reveal() != name {
        party.name = name.to_owned().into();
    }
}

/// `PJSIP/101-0000002a`: the endpoint is `101`.
pub(super) fn endpoint(channel: &str) -> &str {
    let device = Device::text_of_channel(channel);
    device.split_once('/').map_or(device, |(_, endpoint)| endpoint)
}

/// Technologies of channels that Asterisk makes for itself (main/bridge.c, app_confbridge, res_parking, core_unreal).
const INNER: [&str; 12] =
    ["AsyncGoto", "Surrogate", "Recorder", "Announcer", "CBAnn", "CBRec", "Bridge", "Message", "Snoop", "Parking", "MulticastRTP", "Bucket"];

/// What a channel of this name is to a conversation.
pub(super) fn kind_of(channel: &str) -> LegKind {
    let technology = channel.split('/').next().unwrap_or_default();
    if technology == "Local" {
        LegKind::LocalHalf
    } else if INNER.contains(&technology) || channel.ends_with("<ZOMBIE>") {
        LegKind::Inner
    } else {
        LegKind::Party
    }
}

/// What the state of a channel says of the leg.
pub(super) const fn state_of(state: ChannelState) -> LegState {
    match state {
        ChannelState::Ringing => LegState::Ringing,
        ChannelState::Up => LegState::Up,
        ChannelState::Down | ChannelState::Ring | ChannelState::Other => LegState::Created,
    }
}
