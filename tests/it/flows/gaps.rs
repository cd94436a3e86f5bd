//! The link goes and comes back, at any two moments of any call: after the sign-in the PBX lists what there is then, and
//! the call goes on. What is told must not contradict what happened; what was not seen is inferred, or unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use belbrug::telephony::ami::frame::Frame;

use super::ladder::{all_captures, capture, events, ladder_of};
use super::properties::{ends, whole_frames};

/// The channels of the PBX as the events of a capture leave them, to be listed as `CoreShowChannels` lists them.
#[derive(Default)]
struct Office {
    channels: BTreeMap<String, Channel>,
    holding: Vec<String>,
}

#[derive(Default, Clone)]
struct Channel {
    fields: BTreeMap<String, String>,
    bridge: String,
    is_dialled: bool,
}

const SHOWN: [&str; 9] =
    ["Channel", "ChannelState", "CallerIDNum", "CallerIDName", "ConnectedLineNum", "ConnectedLineName", "Exten", "Uniqueid", "Linkedid"];

impl Office {
    fn hear(&mut self, frame: Frame<'_>) {
        let Some(event) = frame.text("Event") else { return };
        for prefix in ["", "Dest"] {
            let Some(id) = frame.text(&format!("{prefix}Uniqueid")) else { continue };
            if frame.get(&format!("{prefix}ChannelState")).is_none() {
                continue;
            }
            let channel = self.channels.entry(id.into_owned()).or_default();
            for key in SHOWN {
                if let Some(value) = frame.text(&format!("{prefix}{key}")) {
                    channel.fields.insert(key.to_owned(), value.into_owned());
                }
            }
            channel.is_dialled |= prefix == "Dest";
        }
        let id = frame.text("Uniqueid").unwrap_or_default().into_owned();
        match event.as_ref() {
            "BridgeEnter" => {
                let bridge = frame.text("BridgeUniqueid").unwrap_or_default().into_owned();
                if frame.get("BridgeTechnology") == Some(b"holding_bridge") {
                    self.holding.push(bridge.clone());
                }
                self.channels.entry(id).or_default().bridge = bridge;
            }
            "BridgeLeave" => self.channels.entry(id).or_default().bridge.clear(),
            "Hangup" => {
                self.channels.remove(&id);
            }
            _ => {}
        }
    }

    /// What is listed after a sign-in.
    fn snapshot(&self) -> String {
        let mut out = String::from("Asterisk Call Manager/9.0.0\r\nResponse: Success\r\nMessage: Authentication accepted\r\n\r\n");
        for bridge in &self.holding {
            let _ = write!(out, "Event: BridgeListItem\r\nBridgeUniqueid: {bridge}\r\nBridgeTechnology: holding_bridge\r\n\r\n");
        }
        for channel in self.channels.values() {
            out += "Event: CoreShowChannel\r\n";
            for (key, value) in &channel.fields {
                let _ = write!(out, "{key}: {value}\r\n");
            }
            let application = if channel.is_dialled { "AppDial" } else { "Dial" };
            let _ = write!(out, "Application: {application}\r\nBridgeId: {}\r\n\r\n", channel.bridge);
        }
        out + "Event: CoreShowChannelsComplete\r\nEventList: Complete\r\n\r\n"
    }
}

/// A capture of which the frames from `lost` to `back` were never heard.
fn with_gap(frames: &[&[u8]], lost: usize, back: usize) -> Vec<u8> {
    let mut office = Office::default();
    for frame in &frames[..back] {
        office.hear(Frame::of(frame.strip_suffix(b"\r\n\r\n").unwrap_or(frame)));
    }
    [frames[..lost].concat(), office.snapshot().into_bytes(), frames[back..].concat()].concat()
}

/// The place of the nth frame that holds this text.
fn place(frames: &[&[u8]], text: &str, nth: usize) -> usize {
    let holds = |frame: &&[u8]| memchr::memmem::find(frame, text.as_bytes()).is_some();
    frames.iter().enumerate().filter(|(_, frame)| holds(frame)).map(|(at, _)| at + 1).nth(nth).unwrap_or_else(|| panic!("{text} #{nth}"))
}

fn ladder_with_gap(name: &str, lost: (&str, usize), back: (&str, usize)) -> Vec<String> {
    let bytes = capture(name);
    let frames = whole_frames(&bytes);
    let told = with_gap(&frames, place(&frames, lost.0, lost.1), place(&frames, back.0, back.1));
    assert_eq!(events(&told).1.calls().count(), 0, "a call was left open");
    ladder_of(&told)
}

const RINGS: &str = "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101";

#[test]
fn lost_before_ringing_and_back_while_ringing() {
    let told = ladder_with_gap("inbound_answered", ("Newchannel", 0), ("DialStatus: RINGING", 0));
    let rest = ["ring ended at 101: answered", "established at 101 to PJSIP/trunk", "left by 101", "cleared: completed"];
    assert_eq!(told[0], format!("{RINGS} (Inferred)"));
    assert_eq!(told[1..], rest);
}

#[test]
fn lost_while_ringing_and_back_in_talk() {
    let told = ladder_with_gap("inbound_answered", ("DialStatus: RINGING", 0), ("BridgeEnter", 1));
    let rest = ["ring ended at 101: answered (Inferred)", "established at 101 to PJSIP/trunk (Inferred)", "left by 101", "cleared: completed"];
    assert_eq!(told[0], RINGS);
    assert_eq!(told[1..], rest);
}

#[test]
fn lost_while_ringing_and_back_when_all_is_over() {
    let told = ladder_with_gap("inbound_answered", ("DialStatus: RINGING", 0), ("Event: Hangup\r\n", 1));
    // Whether it was answered is not known; that it rings no more is.
    assert_eq!(told, [RINGS, "ring ended at 101: unknown (Inferred)", "cleared: unknown (Inferred)"]);
}

#[test]
fn lost_in_talk_and_back_in_talk() {
    let told = ladder_with_gap("inbound_hold", ("BridgeEnter", 1), ("Event: Unhold", 0));
    assert_eq!(told, [RINGS, "ring ended at 101: answered", "established at 101 to PJSIP/trunk", "left by 101", "cleared: completed"]);
}

#[test]
fn lost_in_talk_and_back_when_all_is_over() {
    let told = ladder_with_gap("inbound_answered", ("BridgeEnter", 1), ("Event: Hangup\r\n", 1));
    assert_eq!(told[3..], ["left by 101 (Inferred)", "cleared: completed (Inferred)"]);
}

#[test]
fn lost_before_a_blind_transfer_and_back_after_it() {
    let told = ladder_with_gap("blind_to_phone", ("BridgeEnter", 1), ("BridgeEnter", 3));
    let rest = [
        "left by 101 (Inferred)",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101 (Inferred)",
        "established at 102 to PJSIP/trunk (Inferred)",
        "left by 102",
        "cleared: completed",
    ];
    assert_eq!(told[3..], rest);
}

#[test]
fn lost_before_an_attended_transfer_and_back_after_it() {
    let told = ladder_with_gap("attended_to_phone", ("Event: Hold", 0), ("Event: Hangup\r\n", 1));
    assert_eq!(told[..4], [RINGS, "ring ended at 101: answered", "established at 101 to PJSIP/trunk", "held by 101"]);
    assert!(told.contains(&"established at 102 to PJSIP/trunk (Inferred)".to_owned()), "{told:#?}");
    assert_eq!(told.iter().filter(|rung| rung.starts_with("cleared")).collect::<Vec<_>>(), ["cleared: completed"]);
}

/// Every call, lost at any moment and back at any later one: nothing stays open, nothing ends twice, and no end
/// contradicts what happened.
/// In four parts, each with a fourth of the calls: it is the longest of all tests.
#[test]
fn any_gap_in_any_call_1() {
    any_gap_in_any_call(0);
}

#[test]
fn any_gap_in_any_call_2() {
    any_gap_in_any_call(1);
}

#[test]
fn any_gap_in_any_call_3() {
    any_gap_in_any_call(2);
}

#[test]
fn any_gap_in_any_call_4() {
    any_gap_in_any_call(3);
}

fn any_gap_in_any_call(part: usize) {
    // A forward of the agent's own phone is a call of its own to Asterisk; lost the one event that ties them, they are two.
    let is_tied = |name: &str| !name.contains("dialled_agent_forwards") && !name.contains("dialled_agent_voicemail");
    let whole = all_captures().skip(part).step_by(4).filter(|(name, bytes)| is_tied(name) && events(bytes).1.calls().count() == 0);
    for (name, bytes) in whole {
        let frames = whole_frames(&bytes);
        let really = ends(&bytes);
        // A consultation that goes up in another call within the gap ends by itself, for all that was heard.
        let calls: BTreeSet<_> = events(&bytes).0.into_iter().map(|event| event.call).collect();
        let consulted = calls.len() > really.len();
        let step = (frames.len() / 12).max(1);
        for lost in (0..frames.len()).step_by(step) {
            for back in (lost + 1..=frames.len()).step_by(step) {
                let told = ends(&with_gap(&frames, lost, back));
                assert!(told.len() <= calls.len(), "{name}, {lost} to {back}: {told:?}, really {really:?}");
                for end in &told {
                    let words = end.strip_suffix(" (Inferred)").unwrap_or(end);
                    let was = |word: &str| really.iter().any(|really| really == word);
                    // A conversation is never a missed call, and a missed call never a conversation. Why nobody answered may
                    // have been said in the gap.
                    let answered = "cleared: completed";
                    let is_true = words == "cleared: unknown" || was(words) || consulted || (words != answered && !was(answered));
                    assert!(is_true, "{name}, {lost} to {back}: {told:?}, really {really:?}");
                }
            }
        }
    }
}
