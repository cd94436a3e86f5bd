//! The events of a PBX, neutral. Texts are borrowed from the frame where they can be; the tracker owns what it keeps.

use std::borrow::Cow;

use crate::clock::PbxTime;
use crate::ids::Extension;
use crate::telephony::calls::event::Certainty;
use crate::telephony::calls::hangup_cause::HangupCause;

/// Something that happened in the PBX.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    /// When, by the PBX's own clock, if it says so.
    pub at: Option<PbxTime>,
    /// The PBX said it, or it follows from what it said.
    pub certainty: Certainty,
    /// What.
    pub kind: EventKind<'a>,
}

impl<'a> Event<'a> {
    /// Something that the PBX said, without its time.
    #[must_use]
    pub const fn of(kind: EventKind<'a>) -> Self {
        Self { at: None, certainty: Certainty::Observed, kind }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one at a time, on the stack: a box would cost every event an allocation")]
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
        /// The network only said that it is on its way (183): that it rings is inferred.
        progress_only: bool,
    },
    /// The dialling is over.
    DialEnded {
        /// The channel that was dialled.
        to: ChannelView<'a>,
        /// How.
        status: DialStatus,
        /// Where the device sends its calls instead; empty when it does not.
        forward: Cow<'a, str>,
    },
    /// A channel hears who else is in the bridge.
    BridgeEntered {
        /// The bridge.
        bridge: Cow<'a, str>,
        /// Whether it connects.
        kind: BridgeKind,
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
    /// The channel has another name now: another device took its place.
    Renamed {
        /// The channel.
        id: Cow<'a, str>,
        /// Its name from now on.
        name: Cow<'a, str>,
    },
    /// A party sent the other to a number without a word.
    BlindTransferred {
        /// Who sends.
        by: ChannelView<'a>,
        /// Who is sent, when it is one party.
        stays: Option<ChannelView<'a>>,
        /// Where to.
        exten: Cow<'a, str>,
    },
    /// And whoever got it has answered, in what was told as a call of its own.
    PassedOn {
        /// Who has sent.
        by: ChannelView<'a>,
        /// Who was sent.
        stays: ChannelView<'a>,
        /// Who got it.
        to: ChannelView<'a>,
    },
    /// A party joined two calls of its own, and leaves both.
    AttendedTransferred {
        /// The leg of the one who hands over to the one who stays.
        by: ChannelView<'a>,
        /// The leg of the one who hands over to the one who gets it.
        second: ChannelView<'a>,
        /// Who stays, when it is one party.
        stays: Option<ChannelView<'a>>,
        /// Who gets it, when it is one party.
        to: Option<ChannelView<'a>>,
        /// The one who gets it had answered.
        answered: bool,
    },
    /// The channel takes a call that rings elsewhere.
    PickedUp {
        /// Who takes it.
        by: ChannelView<'a>,
        /// The channel that rings.
        ringing: ChannelView<'a>,
    },
    /// The channel waits in a parking place.
    Parked {
        /// Who waits.
        channel: ChannelView<'a>,
        /// Who put it there, a device such as `PJSIP/101`.
        by: Cow<'a, str>,
        /// The place.
        place: Cow<'a, str>,
    },
    /// The channel's time in the parking place is up: it goes back to whoever put it there.
    ParkingTimedOut {
        /// Who waits.
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
    /// The channel is out of the queue, one way or the other.
    QueueLeft {
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
        /// The channel's id; ours when we chose it.
        id: Cow<'a, str>,
        /// The number that is dialled now.
        exten: Cow<'a, str>,
        /// `None` when the agent's phone answered.
        failure: Option<DialStatus>,
    },
    /// A new connection to the PBX: a list that was coming in will not be completed.
    Connected,
    /// The list of live channels begins; see [`crate::telephony::calls::tracker::Tracker`].
    SnapshotBegun,
    /// A bridge that connects nobody, or many: told before the channels.
    BridgeListed {
        /// The bridge.
        bridge: Cow<'a, str>,
        /// Whether it connects.
        kind: BridgeKind,
    },
    /// A live channel.
    ChannelListed {
        /// The channel.
        channel: ChannelView<'a>,
        /// The bridge it is in; empty when it is in none.
        bridge: Cow<'a, str>,
        /// It was dialled by another channel.
        dialled: bool,
    },
    /// A caller who waits in a queue.
    QueueEntryListed {
        /// The queue's name.
        queue: Cow<'a, str>,
        /// The channel's id.
        id: Cow<'a, str>,
    },
    /// The list is complete.
    SnapshotEnded,
    /// The PBX does not list its channels to us.
    SnapshotRefused,
    /// How long the PBX has been running: whatever it carried before that is gone.
    Booted {
        /// Seconds.
        uptime_seconds: u32,
    },
    /// A phone came into a queue, left it, or is paused there or not.
    QueueMember(MemberView<'a>),
    /// A phone in a queue, in the list of all.
    QueueMemberListed(MemberView<'a>),
    /// That list is complete.
    QueueMembersEnded,
    /// Whether a call would reach a device: not one that is not registered, or that there is not.
    DeviceState {
        /// `PJSIP/101`.
        device: Cow<'a, str>,
        /// A call would reach it.
        is_reachable: bool,
    },
}

/// What a bridge does with those who are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BridgeKind {
    /// They hear each other.
    #[default]
    Plain,
    /// A waiting room (parking, hold music) connects nobody.
    Holding,
    /// A conference: many hear each other.
    Conference,
}

/// A phone in a queue, as an event describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberView<'a> {
    /// The queue's name.
    pub queue: Cow<'a, str>,
    /// What the queue calls: `PJSIP/101`, `Local/101@from-queue/n`.
    pub interface: Cow<'a, str>,
    /// By what it knows whether that is free: `PJSIP/101`, `hint:101@ext-local`.
    pub state_interface: Cow<'a, str>,
    /// It stands in the queue's config, and cannot be taken out.
    pub fixed: bool,
    /// It was taken out.
    pub gone: bool,
    /// It gets no calls, and why; the reason may be empty.
    pub paused: Option<Cow<'a, str>>,
}

impl MemberView<'_> {
    /// The inside number of the phone, whose technology is `PJSIP` or the like: by what the queue watches, else by what it
    /// calls. Exactly: 20 is not the beginning of 201.
    #[must_use]
    pub fn extension(&self, technology: &str) -> Option<Extension> {
        extension_in(technology, &self.state_interface).or_else(|| extension_in(technology, &self.interface))
    }
}

fn extension_in(technology: &str, interface: &str) -> Option<Extension> {
    let inside = match interface.strip_prefix("hint:").or_else(|| interface.strip_prefix("Local/")) {
        Some(at_context) => at_context.split('@').next(),
        None => return extension_of(technology, interface),
    };
    Extension::parse(inside?).ok()
}

/// The inside number of a device whose technology is `PJSIP` or the like: `PJSIP/101` is 101.
#[must_use]
pub fn extension_of(technology: &str, device: &str) -> Option<Extension> {
    Extension::parse(device.strip_prefix(technology)?.strip_prefix('/')?).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_known_by_what_the_queue_watches_and_exactly() {
        let of = |interface: &'static str, state_interface: &'static str| {
            let member = MemberView {
                queue: "q".into(),
                interface: interface.into(),
                state_interface: state_interface.into(),
                fixed: false,
                gone: false,
                paused: None,
            };
            member.extension("PJSIP").map(|extension| extension.to_string())
        };
        assert_eq!(of("PJSIP/101", "PJSIP/101").as_deref(), Some("101"));
        assert_eq!(of("Local/101@from-queue/n", "hint:101@ext-local").as_deref(), Some("101"));
        assert_eq!(of("Local/101@from-queue/n", "PJSIP/201").as_deref(), Some("201"), "what is watched is the phone");
        assert_eq!(of("Local/201@from-queue/n", "").as_deref(), Some("201"));
        for (interface, state) in [("SIP/101", "SIP/101"), ("PJSIP/101x", ""), ("PJSIPS/101", ""), ("", ""), ("Local/@x", "hint:")] {
            assert_eq!(of(interface, state), None, "{interface}");
        }
    }
}
