//! Calls captured from a real Asterisk, made to be about other people: channel ids, number, name, extension and times
//! are rewritten, everything else stays as Asterisk sent it.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::telephony::ami::frame::{FrameBuffer, text};

/// The captures that the player has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// Somebody calls 101 and is answered.
    CallsIn,
    /// Somebody calls 101 and gives up.
    GivesUp,
    /// The agent dials and is answered.
    Answered,
    /// The agent dials; busy.
    Busy,
    /// The agent dials; nobody answers.
    NoAnswer,
}

const NUMBER: &str = "+447700900123";
const NAME: &str = "J. Smit";

impl Scene {
    const fn bytes(self) -> &'static [u8] {
        match self {
            Self::CallsIn => include_bytes!("../../tests/it/captures/asterisk22/inbound_answered.ami"),
            Self::GivesUp => include_bytes!("../../tests/it/captures/asterisk22/inbound_given_up.ami"),
            Self::Answered => include_bytes!("../../tests/it/captures/asterisk22/dialled_far_end_hangs_up.ami"),
            Self::Busy => include_bytes!("../../tests/it/captures/asterisk22/dialled_busy.ami"),
            Self::NoAnswer => include_bytes!("../../tests/it/captures/asterisk22/dialled_no_answer.ami"),
        }
    }
}

/// Who the call is about.
#[derive(Debug, Clone)]
pub struct Cast {
    /// The agent's extension.
    pub extension: String,
    /// The debtor's number.
    pub number: String,
    /// The debtor's name as the PBX shows it.
    pub name: String,
    /// The id of the call; the player's own for a call that comes in.
    pub call: String,
    /// Makes channel names that no other call has.
    pub serial: u32,
}

/// A frame of a captured call, and how long after the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The pause before it.
    pub after: Duration,
    /// The frame without its end.
    frame: String,
    /// Both parties hear each other from here on.
    pub is_answer: bool,
}

impl Step {
    /// A channel that is gone.
    #[must_use]
    pub fn is_end(&self) -> bool {
        self.frame.starts_with("Event: Hangup\r\n")
    }

    /// The bytes to send at `now`.
    #[must_use]
    pub fn bytes(&self, now: Timestamp) -> Vec<u8> {
        let stamp = format!("{}.{:06}", now.0 / 1_000_000, now.0 % 1_000_000);
        let lines = self
            .frame
            .split("\r\n")
            .map(|line| if line.starts_with("Timestamp: ") { format!("Timestamp: {stamp}\r\n") } else { format!("{line}\r\n") });
        let mut bytes = lines.collect::<String>().into_bytes();
        bytes.extend_from_slice(b"\r\n");
        bytes
    }
}

/// The steps of a scene with this cast.
#[must_use]
pub fn steps(scene: Scene, cast: &Cast) -> Vec<Step> {
    let mut buffer = FrameBuffer::new();
    buffer.extend(scene.bytes());
    let mut steps: Vec<Step> = Vec::new();
    let (mut last, mut original) = (None, String::new());
    let mut entered = 0;
    while let Some(Ok(frame)) = buffer.next_frame() {
        let (Some(event), Some(at)) = (frame.event(), frame.text("Timestamp").and_then(|t| t.parse::<f64>().ok())) else { continue };
        if original.is_empty()
            && let Some(call) = frame.text("Linkedid")
        {
            original = call.into_owned();
        }
        entered += u32::from(event == b"BridgeEnter");
        let after = last.map_or(0.0, |last: f64| (at - last).max(0.0));
        last = Some(at);
        let lines: Vec<String> = frame.fields().map(|(key, value)| line(&text(key), &text(value), &original, cast)).collect();
        steps.push(Step { after: Duration::from_secs_f64(after), frame: lines.join("\r\n"), is_answer: event == b"BridgeEnter" && entered == 2 });
    }
    steps
}

fn line(key: &str, value: &str, original: &str, cast: &Cast) -> String {
    // The ids of a call that comes in share a prefix with the original's: `capture-1-1795306176.` and a number.
    let family = original.rsplit_once('.').map_or(original, |(family, _)| family);
    let value = match key {
        "Channel" | "DestChannel" | "DialString" => channel(value, cast),
        "Uniqueid" | "DestUniqueid" | "Linkedid" | "DestLinkedid" if value == original => cast.call.clone(),
        "Uniqueid" | "DestUniqueid" | "Linkedid" | "DestLinkedid" => match value.strip_prefix(family) {
            Some(rest) => format!("{}{rest}", cast.call),
            None => format!("{}-{value}", cast.call),
        },
        "BridgeUniqueid" => format!("{}-bridge", cast.call),
        "Interface" | "StateInterface" | "Device" => value.replace("PJSIP/101", &format!("PJSIP/{}", cast.extension)),
        _ if value == NUMBER => cast.number.clone(),
        _ if value == NAME => cast.name.clone(),
        _ if value == "101" => cast.extension.clone(),
        _ => value.replace("31101", &format!("31{}", cast.extension)),
    };
    format!("{key}: {value}")
}

/// `PJSIP/101-00000002` with another extension and a number of its own.
fn channel(value: &str, cast: &Cast) -> String {
    let value = value.replace("PJSIP/101", &format!("PJSIP/{}", cast.extension)).replace(NUMBER, &cast.number);
    match value.rsplit_once("-0000") {
        Some((device, serial)) => format!("{device}-{:04x}{serial}", cast.serial & 0xffff),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Device, Extension};
    use crate::telephony::calls::event::CallEventKind;
    use crate::telephony::calls::tracker::Tracker;
    use crate::telephony::pbx::from_ami::translate;

    fn play(scene: Scene, call: &str) -> Vec<CallEventKind> {
        let cast = Cast { extension: "102".into(), number: "+442079460001".into(), name: "Zoë".into(), call: call.into(), serial: 7 };
        let lines = [(Device::new("PJSIP/102"), Extension::parse("102").unwrap())].into();
        let (mut tracker, mut buffer, mut events) = (Tracker::new(lines), FrameBuffer::new(), Vec::new());
        for step in steps(scene, &cast) {
            buffer.extend(&step.bytes(Timestamp(1_795_000_000_000_001)));
            while let Some(frame) = buffer.next_frame() {
                if let Some(event) = translate(frame.unwrap()) {
                    events.extend(tracker.apply(Timestamp(0), &event).into_iter().map(|e| e.kind));
                }
            }
        }
        assert_eq!(tracker.calls().count(), 0);
        events
    }

    #[test]
    fn a_rewritten_call_is_about_its_cast() {
        let events = play(Scene::CallsIn, "demo-1");
        let Some(CallEventKind::Delivered { leg, other, .. }) = events.first() else { panic!("{events:?}") };
        assert_eq!(leg.line.as_ref().map(Extension::as_str), Some("102"));
        assert_eq!((other.number.reveal().as_str(), other.name.reveal().as_str()), ("+442079460001", "Zoë"));
        for scene in [Scene::Answered, Scene::Busy, Scene::NoAnswer] {
            let events = play(scene, "belbrug-abcdefgh");
            assert!(matches!(&events[0], CallEventKind::Originated { to, .. } if to.number.reveal() == "+442079460001"), "{events:?}");
        }
    }

    #[test]
    fn the_answer_is_marked_once() {
        let cast = Cast { extension: "101".into(), number: "+442079460001".into(), name: "x".into(), call: "demo-1".into(), serial: 1 };
        assert_eq!(steps(Scene::Answered, &cast).iter().filter(|step| step.is_answer).count(), 1);
        assert_eq!(steps(Scene::Busy, &cast).iter().filter(|step| step.is_answer).count(), 0);
    }
}
