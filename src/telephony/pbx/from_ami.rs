//! Manager events as events of the PBX. Of each frame the name is looked at first: most are of no interest.
//!
//! Source: Asterisk 22 documentation, AMI events; the two shapes `Xxx` and `DestXxx` of a channel's fields.

use std::borrow::Cow;

use super::event::{BridgeKind, ChannelState, ChannelView, DialStatus, Event, EventKind, MemberView};
use super::recording::{RecordingChange, RecordingHeard};
use crate::clock::PbxTime;
use crate::ids::CallId;
use crate::telephony::ami::frame::{Frame, text};
use crate::telephony::calls::hangup_cause::HangupCause;

/// The event that a frame tells, or `None` when it tells nothing that matters to a call.
#[must_use]
pub fn translate(frame: Frame<'_>) -> Option<Event<'_>> {
    let Some(name) = frame.event() else {
        // A greeting and the answer to the sign-in: captures of several connections hold it in their midst.
        return frame.begins_with(b"Asterisk Call Manager/").then_some(Event::of(EventKind::Connected));
    };
    if let Some(kind) = member_event(name, frame).or_else(|| device_event(name, frame)) {
        return Some(Event::of(kind));
    }
    let build = reader(name)?;
    let fields = Fields::read(frame);
    let kind = build(&fields)?;
    Some(Event { at: fields.at, ..Event::of(kind) })
}

/// What a frame tells of a recording (Asterisk 16.17 and newer).
#[must_use]
pub fn recording(frame: Frame<'_>) -> Option<RecordingHeard> {
    let change = match frame.event()?.strip_prefix(b"MixMonitor")? {
        b"Start" => RecordingChange::Started,
        b"Stop" => RecordingChange::Stopped,
        b"Mute" if frame.text("State")? == "1" => RecordingChange::Paused,
        b"Mute" => RecordingChange::Resumed,
        _ => return None,
    };
    let channel = Fields::read(frame).channel()?;
    Some(RecordingHeard { call: CallId::new(&channel.call), channel: channel.name.into_owned(), change })
}

/// A queue's members are told in frames of their own shape.
fn member_event<'a>(name: &[u8], frame: Frame<'a>) -> Option<EventKind<'a>> {
    Some(match name.strip_prefix(b"Queue")? {
        b"Member" => EventKind::QueueMemberListed(member(frame, false)?),
        b"MemberPause" | b"MemberPaused" | b"MemberStatus" | b"MemberAdded" => EventKind::QueueMember(member(frame, false)?),
        b"MemberRemoved" => EventKind::QueueMember(member(frame, true)?),
        b"StatusComplete" => EventKind::QueueMembersEnded,
        _ => return None,
    })
}

/// A device's state, when it changed and in the list of all. Source: Asterisk 22 documentation, DeviceStateChange.
fn device_event<'a>(name: &[u8], frame: Frame<'a>) -> Option<EventKind<'a>> {
    let state = if name == b"DeviceStateChange" { frame.get("State")? } else { return None };
    let is_reachable = !matches!(state, b"UNAVAILABLE" | b"INVALID");
    (state != b"UNKNOWN").then_some(EventKind::DeviceState { device: frame.text("Device")?, is_reachable })
}

/// In the list the interface is called `Location`; before Asterisk 12 it was so everywhere.
fn member(frame: Frame<'_>, gone: bool) -> Option<MemberView<'_>> {
    let (mut queue, mut interface, mut state_interface, mut membership, mut paused, mut reason) =
        (&b""[..], &b""[..], &b""[..], &b""[..], &b""[..], &b""[..]);
    for (key, value) in frame.fields() {
        match key {
            b"Queue" => queue = value,
            b"Interface" | b"Location" => interface = value,
            b"StateInterface" => state_interface = value,
            b"Membership" => membership = value,
            b"Paused" => paused = value,
            b"PausedReason" | b"Reason" => reason = value,
            _ => {}
        }
    }
    (!queue.is_empty() && !interface.is_empty()).then(|| MemberView {
        queue: text(queue),
        interface: text(interface),
        state_interface: text(state_interface),
        fixed: matches!(membership, b"static" | b"realtime"),
        gone,
        paused: (paused == b"1").then(|| text(reason)),
    })
}

type Reader = for<'a> fn(&Fields<'a>) -> Option<EventKind<'a>>;

fn reader(name: &[u8]) -> Option<Reader> {
    Some(match name {
        b"Newchannel" | b"Newstate" | b"NewCallerid" | b"NewConnectedLine" => |f| Some(EventKind::Channel(f.channel()?)),
        b"DialBegin" => |f| Some(EventKind::DialBegun { from: f.channel(), to: f.dest()? }),
        b"DialState" => |f| match f.dial_status {
            b"RINGING" => Some(EventKind::DialRinging { to: f.dest()?, progress_only: false }),
            b"PROGRESS" => Some(EventKind::DialRinging { to: f.dest()?, progress_only: true }),
            _ => None,
        },
        b"DialEnd" => |f| Some(EventKind::DialEnded { to: f.dest()?, status: dial_status(f.dial_status), forward: text(f.forward) }),
        b"BridgeEnter" => |f| Some(EventKind::BridgeEntered { bridge: text(f.bridge), kind: f.bridge_kind(), channel: f.channel()? }),
        b"BridgeLeave" => |f| Some(EventKind::BridgeLeft { bridge: text(f.bridge), channel: f.channel()? }),
        b"Rename" => |f| Some(EventKind::Renamed { id: text(f.plain.id), name: text(f.new_name) }),
        b"Hold" => |f| Some(EventKind::Held(f.channel()?)),
        b"Unhold" => |f| Some(EventKind::Retrieved(f.channel()?)),
        b"QueueCallerJoin" => |f| Some(EventKind::QueueJoined { queue: text(f.queue), channel: f.channel()? }),
        b"QueueCallerAbandon" => |f| Some(EventKind::QueueAbandoned { queue: text(f.queue), channel: f.channel()? }),
        b"QueueCallerLeave" => |f| Some(EventKind::QueueLeft { channel: f.channel()? }),
        b"HangupRequest" => |f| {
            let cause = (!f.cause.is_empty()).then(|| HangupCause::from_code(number(f.cause)));
            Some(EventKind::HangupRequested { channel: f.channel()?, cause })
        },
        b"Hangup" => |f| Some(EventKind::HungUp { channel: f.channel()?, cause: HangupCause::from_code(number(f.cause)) }),
        b"OriginateResponse" => {
            |f| Some(EventKind::OriginateAnswered { id: text(f.plain.id), exten: text(f.plain.exten), failure: f.originate_failure() })
        }
        b"BlindTransfer" => blind_transfer,
        b"AttendedTransfer" => attended_transfer,
        b"Pickup" => |f| Some(EventKind::PickedUp { by: f.channel()?, ringing: f.prefixed("Target")? }),
        b"ParkedCall" => parked,
        b"ParkedCallTimeOut" => |f| Some(EventKind::ParkingTimedOut { channel: f.prefixed("Parkee")? }),
        b"BridgeListItem" => |f| Some(EventKind::BridgeListed { bridge: text(f.bridge), kind: f.bridge_kind() }),
        b"CoreShowChannel" => |f| {
            let dialled = f.application == b"AppDial" || f.application == b"AppQueue";
            Some(EventKind::ChannelListed { channel: f.channel()?, bridge: text(f.bridge_id), dialled })
        },
        b"QueueEntry" => |f| Some(EventKind::QueueEntryListed { queue: text(f.queue), id: text(f.plain.id) }),
        b"CoreShowChannelsComplete" => |_| Some(EventKind::SnapshotEnded),
        b"FullyBooted" => |f| (!f.uptime.is_empty()).then(|| EventKind::Booted { uptime_seconds: number(f.uptime) }),
        _ => return None,
    })
}

fn succeeded(frame: Frame<'_>) -> bool {
    frame.get("Result") == Some(b"Success")
}

fn blind_transfer<'a>(f: &Fields<'a>) -> Option<EventKind<'a>> {
    let (by, stays) = (f.prefixed("Transferer")?, f.prefixed("Transferee"));
    let exten = f.frame.text("Extension").unwrap_or_default();
    succeeded(f.frame).then_some(EventKind::BlindTransferred { by, stays, exten })
}

/// Source: Asterisk 22 documentation, AttendedTransfer. `DestType` is `App` when the second call was not yet answered.
fn attended_transfer<'a>(f: &Fields<'a>) -> Option<EventKind<'a>> {
    let (by, second) = (f.prefixed("OrigTransferer")?, f.prefixed("SecondTransferer")?);
    let (stays, to) = (f.prefixed("Transferee"), f.prefixed("TransferTarget"));
    let answered = f.frame.get("SecondBridgeUniqueid").is_some_and(|bridge| !bridge.is_empty());
    succeeded(f.frame).then_some(EventKind::AttendedTransferred { by, second, stays, to, answered })
}

fn parked<'a>(f: &Fields<'a>) -> Option<EventKind<'a>> {
    let by = f.frame.text("ParkerDialString").unwrap_or_default();
    let place = f.frame.text("ParkingSpace").unwrap_or_default();
    Some(EventKind::Parked { channel: f.prefixed("Parkee")?, by, place })
}

/// The values of the fields that matter, found in one pass.
struct Fields<'a> {
    frame: Frame<'a>,
    at: Option<PbxTime>,
    plain: ChannelFields<'a>,
    dest: ChannelFields<'a>,
    dial_status: &'a [u8],
    bridge: &'a [u8],
    bridge_technology: &'a [u8],
    queue: &'a [u8],
    cause: &'a [u8],
    response: &'a [u8],
    reason: &'a [u8],
    forward: &'a [u8],
    new_name: &'a [u8],
    bridge_creator: &'a [u8],
    bridge_id: &'a [u8],
    application: &'a [u8],
    uptime: &'a [u8],
}

#[derive(Clone, Copy)]
struct ChannelFields<'a> {
    id: &'a [u8],
    name: &'a [u8],
    call: &'a [u8],
    state: &'a [u8],
    caller_number: &'a [u8],
    caller_name: &'a [u8],
    connected_number: &'a [u8],
    connected_name: &'a [u8],
    exten: &'a [u8],
}

impl<'a> Fields<'a> {
    fn read(frame: Frame<'a>) -> Self {
        let mut fields = Self::of(frame);
        for (key, value) in frame.fields() {
            match key {
                b"Timestamp" => fields.at = timestamp(value),
                b"DialStatus" => fields.dial_status = value,
                b"BridgeUniqueid" => fields.bridge = value,
                b"BridgeTechnology" => fields.bridge_technology = value,
                b"Queue" => fields.queue = value,
                b"Cause" => fields.cause = value,
                b"Response" => fields.response = value,
                b"Reason" => fields.reason = value,
                b"Forward" => fields.forward = value,
                b"Newname" => fields.new_name = value,
                b"BridgeCreator" => fields.bridge_creator = value,
                b"BridgeId" | b"BridgeID" => fields.bridge_id = value,
                b"Application" => fields.application = value,
                b"Uptime" => fields.uptime = value,
                _ => match key.strip_prefix(b"Dest") {
                    Some(rest) => fields.dest.set(rest, value),
                    None => fields.plain.set(key, value),
                },
            }
        }
        fields
    }

    const fn of(frame: Frame<'a>) -> Self {
        Self {
            frame,
            at: None,
            plain: ChannelFields::NONE,
            dest: ChannelFields::NONE,
            dial_status: b"",
            bridge: b"",
            bridge_technology: b"",
            queue: b"",
            cause: b"",
            response: b"",
            reason: b"",
            forward: b"",
            new_name: b"",
            bridge_creator: b"",
            bridge_id: b"",
            application: b"",
            uptime: b"",
        }
    }

    fn channel(&self) -> Option<ChannelView<'a>> {
        self.plain.view()
    }

    /// A channel of an event that names several, such as `TransfererUniqueid`.
    fn prefixed(&self, prefix: &str) -> Option<ChannelView<'a>> {
        let mut channel = ChannelFields::NONE;
        for (key, value) in self.frame.fields() {
            if let Some(rest) = key.strip_prefix(prefix.as_bytes()) {
                channel.set(rest, value);
            }
        }
        channel.view()
    }

    fn bridge_kind(&self) -> BridgeKind {
        match (self.bridge_technology, self.bridge_creator) {
            (b"holding_bridge", _) => BridgeKind::Holding,
            (_, b"ConfBridge") => BridgeKind::Conference,
            _ => BridgeKind::Plain,
        }
    }

    fn dest(&self) -> Option<ChannelView<'a>> {
        self.dest.view()
    }

    /// `Reason` of OriginateResponse is a control frame's number: 5 busy, 8 congestion, 1 and 3 no answer in time,
    /// 0 for everything else, an unknown or unregistered phone among it.
    fn originate_failure(&self) -> Option<DialStatus> {
        (self.response != b"Success").then(|| match number(self.reason) {
            5 => DialStatus::Busy,
            1 | 3 => DialStatus::NoAnswer,
            8 => DialStatus::Rejected,
            _ => DialStatus::Unavailable,
        })
    }
}

impl<'a> ChannelFields<'a> {
    const NONE: Self = Self {
        id: b"",
        name: b"",
        call: b"",
        state: b"",
        caller_number: b"",
        caller_name: b"",
        connected_number: b"",
        connected_name: b"",
        exten: b"",
    };

    fn set(&mut self, key: &[u8], value: &'a [u8]) {
        match key {
            b"Uniqueid" => self.id = value,
            b"Channel" => self.name = value,
            b"Linkedid" => self.call = value,
            b"ChannelState" => self.state = value,
            b"CallerIDNum" => self.caller_number = value,
            b"CallerIDName" => self.caller_name = value,
            b"ConnectedLineNum" => self.connected_number = value,
            b"ConnectedLineName" => self.connected_name = value,
            b"Exten" => self.exten = value,
            _ => {}
        }
    }

    fn view(&self) -> Option<ChannelView<'a>> {
        (!self.id.is_empty() && !self.call.is_empty()).then(|| ChannelView {
            id: text(self.id),
            name: text(self.name),
            call: text(self.call),
            state: channel_state(self.state),
            caller_number: known(self.caller_number),
            caller_name: display_name(self.caller_name),
            connected_number: known(self.connected_number),
            connected_name: display_name(self.connected_name),
            exten: text(self.exten),
        })
    }
}

/// Asterisk writes `<unknown>` for what it does not know.
fn known(value: &[u8]) -> Cow<'_, str> {
    if value == b"<unknown>" { Cow::Borrowed("") } else { text(value) }
}

/// A display name as people see it. Asterisk escapes names as C does, and chan_pjsip leaves SIP's own quoted pairs in:
/// a quote comes as three backslashes and a quote. Control characters go.
fn display_name(value: &[u8]) -> Cow<'_, str> {
    let name = known(value);
    if name.bytes().all(|b| (b' '..0x7f).contains(&b) && b != b'\\') {
        return name;
    }
    if !name.contains('\\') && !name.contains(char::is_control) {
        return name;
    }
    let unescaped = unescape(&unescape(&name));
    Cow::Owned(unescaped.chars().filter(|c| !c.is_control()).collect())
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v') => out.push(' '),
                Some(other) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}

fn channel_state(value: &[u8]) -> ChannelState {
    match value {
        b"0" => ChannelState::Down,
        b"4" => ChannelState::Ring,
        b"5" => ChannelState::Ringing,
        b"6" => ChannelState::Up,
        _ => ChannelState::Other,
    }
}

fn dial_status(value: &[u8]) -> DialStatus {
    match value {
        b"ANSWER" => DialStatus::Answered,
        b"BUSY" => DialStatus::Busy,
        b"NOANSWER" => DialStatus::NoAnswer,
        b"CANCEL" => DialStatus::Cancelled,
        b"CONGESTION" | b"DONTCALL" | b"TORTURE" => DialStatus::Rejected,
        b"CHANUNAVAIL" => DialStatus::Unavailable,
        _ => DialStatus::Failed,
    }
}

fn number(value: &[u8]) -> u32 {
    text(value).parse().unwrap_or(0)
}

/// `1795304876.155690`: seconds and microseconds.
fn timestamp(value: &[u8]) -> Option<PbxTime> {
    let mut parts = value.splitn(2, |&b| b == b'.');
    let (seconds, fraction) = (digits(parts.next()?)?, parts.next().unwrap_or_default());
    let fraction = fraction.get(..6).unwrap_or(fraction);
    let micros = if fraction.is_empty() { 0 } else { digits(fraction)? * 10_i64.checked_pow(6 - u32::try_from(fraction.len()).ok()?)? };
    Some(PbxTime(seconds.checked_mul(1_000_000)?.checked_add(micros)?))
}

fn digits(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 15 {
        return None;
    }
    text.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_both_channels_of_a_dial() {
        let frame = Frame::of(
            b"Event: DialEnd\r\nTimestamp: 1795304876.155\r\nChannel: PJSIP/trunk-00000001\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n\
              CallerIDNum: <unknown>\r\nDestChannel: PJSIP/101-00000002\r\nDestChannelState: 5\r\nDestUniqueid: 1.2\r\nDestLinkedid: 1.1\r\nDialStatus: BUSY",
        );
        let event = translate(frame).unwrap();
        assert_eq!(event.at, Some(PbxTime(1_795_304_876_155_000)));
        let EventKind::DialEnded { to, status, .. } = event.kind else { panic!("{event:?}") };
        assert_eq!((to.id.as_ref(), to.name.as_ref(), to.state, status), ("1.2", "PJSIP/101-00000002", ChannelState::Ringing, DialStatus::Busy));
    }

    #[test]
    fn reads_a_member_of_a_queue_in_both_shapes() {
        let listed = b"Event: QueueMember\r\nQueue: collections\r\nName: Agent 101\r\nLocation: Local/101@from-queue/n\r\n\
            StateInterface: hint:101@ext-local\r\nMembership: dynamic\r\nPaused: 0\r\nPausedReason: ";
        let EventKind::QueueMemberListed(member) = translate(Frame::of(listed)).unwrap().kind else { panic!("not listed") };
        assert_eq!((member.interface.as_ref(), member.fixed, member.paused), ("Local/101@from-queue/n", false, None));
        let paused = b"Event: QueueMemberPause\r\nQueue: collections\r\nInterface: PJSIP/101\r\nStateInterface: PJSIP/101\r\n\
            Membership: static\r\nPaused: 1\r\nPausedReason: lunch";
        let EventKind::QueueMember(member) = translate(Frame::of(paused)).unwrap().kind else { panic!("not told") };
        assert_eq!((member.fixed, member.gone, member.paused.as_deref()), (true, false, Some("lunch")));
        assert_eq!(translate(Frame::of(b"Event: QueueStatusComplete")).unwrap().kind, EventKind::QueueMembersEnded);
    }

    #[test]
    fn an_escaped_name_is_read() {
        assert_eq!(display_name(br#"J. \\\"Smit\\\" \tx"#), "J. \"Smit\"  x");
        assert_eq!(display_name("Zoë Ångström".as_bytes()), "Zoë Ångström");
        assert_eq!(display_name(b"a\x07b"), "ab");
        assert_eq!(display_name(b"<unknown>"), "");
    }

    #[test]
    fn what_does_not_matter_is_passed_over() {
        for frame in [&b"Event: VarSet\r\nVariable: X"[..], b"Event: Newchannel", b"Response: Success", b"", b"Event: DialEnd\r\nDialStatus: BUSY"] {
            assert_eq!(translate(Frame::of(frame)), None);
        }
    }

    proptest! {
        #[test]
        fn never_panics(name in "(Newchannel|DialEnd|Hangup|BridgeEnter|OriginateResponse)", key in "[A-Za-z]{0,12}", value in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut bytes = format!("Event: {name}\r\nUniqueid: 1\r\nLinkedid: 1\r\nTimestamp: ").into_bytes();
            bytes.extend(&value);
            bytes.extend(format!("\r\n{key}: ").into_bytes());
            bytes.extend(&value);
            let _ = translate(Frame::of(&bytes));
        }
    }
}
