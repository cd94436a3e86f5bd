//! The events of a PBX, neutral. Texts are borrowed from the frame where they can be; the tracker owns what it keeps.

use std::borrow::Cow;

use crate::clock::PbxTime;
use crate::telephony::calls::hangup_cause::HangupCause;

/// Something that happened in the PBX.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    /// When, by the PBX's own clock, if it says so.
    pub at: Option<PbxTime>,
    /// What.
    pub kind: EventKind<'a>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind<'a> {
    /// A channel came to be, or something of it changed.
    Channel(ChannelView<'a>),
    /// `from` rings `to`. A click-to-dial rings the agent's own phone from nowhere.
    DialBegun {
        /// The channel that dials.
        from: Option<ChannelView<'a>>,
        /// The channel that is dialled.
        to: ChannelView<'a>,
    },
    /// The dialled channel rings at the far end.
    DialRinging {
        /// The channel that is dialled.
        to: ChannelView<'a>,
    },
    /// The dialling is over.
    DialEnded {
        /// The channel that was dialled.
        to: ChannelView<'a>,
        /// How.
        status: DialStatus,
    },
    /// A channel hears who else is in the bridge.
    BridgeEntered {
        /// The bridge.
        bridge: Cow<'a, str>,
        /// A waiting room (parking, a queue's hold music) connects nobody.
        holding: bool,
        /// The channel.
        channel: ChannelView<'a>,
    },
    /// A channel left the bridge.
    BridgeLeft {
        /// The bridge.
        bridge: Cow<'a, str>,
        /// The channel.
        channel: ChannelView<'a>,
    },
    /// The channel's own party put the other on hold.
    Held(ChannelView<'a>),
    /// And took it back.
    Retrieved(ChannelView<'a>),
    /// The channel waits in a queue.
    QueueJoined {
        /// The queue's name.
        queue: Cow<'a, str>,
        /// The channel.
        channel: ChannelView<'a>,
    },
    /// The channel gave up waiting.
    QueueAbandoned {
        /// The queue's name.
        queue: Cow<'a, str>,
        /// The channel.
        channel: ChannelView<'a>,
    },
    /// The channel's own party hangs up, or its network ends it: says so before the dialling and the queue do.
    HangupRequested {
        /// The channel.
        channel: ChannelView<'a>,
        /// Why, if it said so.
        cause: Option<HangupCause>,
    },
    /// The channel is gone.
    HungUp {
        /// The channel.
        channel: ChannelView<'a>,
        /// Why (Q.850).
        cause: HangupCause,
    },
    /// What came of ringing the agent's own phone for a click-to-dial.
    OriginateAnswered {
        /// The channel id that we chose.
        id: Cow<'a, str>,
        /// `None` when the agent's phone answered.
        failure: Option<DialStatus>,
    },
    /// The list of live channels begins; see [`crate::telephony::calls::tracker::Tracker`].
    SnapshotBegun,
    /// A live channel.
    ChannelListed(ChannelView<'a>),
    /// The list is complete.
    SnapshotEnded,
}

/// A channel as an event describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelView<'a> {
    /// `Uniqueid`.
    pub id: Cow<'a, str>,
    /// `PJSIP/101-0000002a`.
    pub name: Cow<'a, str>,
    /// `Linkedid`.
    pub call: Cow<'a, str>,
    /// Ringing, up, ...
    pub state: ChannelState,
    /// Who is at this channel: number as sent, empty when withheld.
    pub caller_number: Cow<'a, str>,
    /// Who is at this channel: display name, empty when unknown.
    pub caller_name: Cow<'a, str>,
    /// Who is at the other end: number.
    pub connected_number: Cow<'a, str>,
    /// Who is at the other end: name.
    pub connected_name: Cow<'a, str>,
    /// The number that was dialled on this channel.
    pub exten: Cow<'a, str>,
}

/// The state of a channel (Asterisk documentation, `ChannelState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChannelState {
    /// It exists.
    #[default]
    Down,
    /// It dials, and hears ringing.
    Ring,
    /// It is being rung.
    Ringing,
    /// Its party answered.
    Up,
    /// Busy, dialling, off hook and others that decide nothing here.
    Other,
}

/// How a dialling ended (Asterisk documentation, `DIALSTATUS`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialStatus {
    /// Answered.
    Answered,
    /// Busy.
    Busy,
    /// Nobody answered in time.
    NoAnswer,
    /// The caller gave up, or another device answered.
    Cancelled,
    /// The network or the phone refused.
    Rejected,
    /// The phone is not there.
    Unavailable,
    /// Something else.
    Failed,
}
