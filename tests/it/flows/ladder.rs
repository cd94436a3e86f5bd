//! A capture as a ladder: one short line for each event of its call.

use std::path::Path;

use belbrug::clock::Timestamp;
use belbrug::ids::{Device, Extension};
use belbrug::telephony::ami::frame::FrameBuffer;
use belbrug::telephony::calls::event::{CallEvent, CallEventKind, Certainty, LegRef, TransferTarget};
use belbrug::telephony::calls::tracker::{Lines, Tracker};
use belbrug::telephony::pbx::from_ami::translate;

use crate::lab::pbx::Release;

/// The lines of the lab: 101, 102 and 103, and 20 to see that it is not the beginning of 201.
pub(crate) fn lines() -> Lines {
    ["20", "101", "102", "103"].into_iter().map(|e| (Device::new(&format!("PJSIP/{e}")), Extension::parse(e).unwrap())).collect()
}

/// The bytes of a capture taken from Asterisk 22.
pub(crate) fn capture(name: &str) -> Vec<u8> {
    capture_of(Release::Asterisk22, name)
}

/// The bytes of a capture taken from that release.
pub(crate) fn capture_of(release: Release, name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/captures").join(release.folder()).join(format!("{name}.ami"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every capture, of both Asterisks.
pub(crate) fn all_captures() -> impl Iterator<Item = (String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/captures");
    let versions = ["asterisk22", "asterisk16"].map(|version| folder.join(version));
    let entries = versions.into_iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
    let mut paths: Vec<_> =
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.extension().is_some_and(|e| e == "ami")).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.display().to_string(), std::fs::read(&path).expect("a capture")))
}

/// The events of a capture.
pub(crate) fn events(bytes: &[u8]) -> (Vec<CallEvent>, Tracker) {
    let mut buffer = FrameBuffer::new();
    let mut tracker = Tracker::new(lines());
    let mut out = Vec::new();
    buffer.extend(bytes);
    while let Some(frame) = buffer.next_frame() {
        if let Some(event) = translate(frame.expect("a captured frame")) {
            out.extend(tracker.apply(Timestamp(0), &event));
        }
    }
    (out, tracker)
}

/// A capture's ladder, as one test: it must be this one, and no call may be left open.
macro_rules! flow {
    // The same flow, as the PBX tells it at different times.
    ($release:ident, [$($flow:ident),+ $(,)?], $ladder:tt) => {
        $(crate::flows::ladder::flow!($release, $flow, $ladder);)+
    };
    ($release:ident, $flow:ident, [$($rung:expr),* $(,)?]) => {
        #[test]
        fn $flow() {
            let bytes = crate::flows::ladder::capture_of(crate::lab::pbx::Release::$release, stringify!($flow));
            assert_eq!(crate::flows::ladder::ladder_of(&bytes), [$($rung),*]);
            assert_eq!(crate::flows::ladder::events(&bytes).1.calls().count(), 0, "a call was left open");
        }
    };
}
pub(crate) use flow;

/// The ladder of manager bytes.
pub(crate) fn ladder_of(bytes: &[u8]) -> Vec<String> {
    events(bytes).0.iter().map(rung).collect()
}

fn leg(leg: &LegRef) -> String {
    leg.line.as_ref().map_or_else(|| leg.channel.split('-').next().unwrap_or_default().to_owned(), ToString::to_string)
}

/// One line for an event.
pub(crate) fn rung(event: &CallEvent) -> String {
    let words = match &event.kind {
        CallEventKind::Originated { leg: l, to } => format!("originated at {} to {}", leg(l), to.number.reveal()),
        CallEventKind::OwnPhoneAnswered { leg: l } => format!("own phone {} answered", leg(l)),
        CallEventKind::Queued { queue, caller, .. } => format!("queued in {queue}: {}", caller.number.reveal()),
        CallEventKind::QueueAbandoned { queue } => format!("abandoned {queue}"),
        CallEventKind::QueueTimedOut { queue } => format!("timed out in {queue}"),
        CallEventKind::Delivered { leg: l, by, other, direction, dialled, .. } => {
            let by = by.as_ref().map_or_else(String::new, |by| format!(" by {}", leg(by)));
            format!("delivered at {}{by}, {direction:?}, other {} {:?}, dialled {dialled}", leg(l), other.number.reveal(), other.name.reveal())
        }
        CallEventKind::RingEnded { leg: l, reason } => format!("ring ended at {}: {}", leg(l), reason.as_str()),
        CallEventKind::Established { leg: l, caller, .. } => {
            let caller = caller.as_ref().map_or_else(String::new, |(caller, _)| format!(" to {}", leg(caller)));
            format!("established at {}{caller}", leg(l))
        }
        CallEventKind::Held { leg: l } => format!("held by {}", leg(l)),
        CallEventKind::Retrieved { leg: l } => format!("retrieved by {}", leg(l)),
        CallEventKind::Transferred { transfer, stays, by, to, .. } => {
            let name = |l: &Option<LegRef>| l.as_ref().map_or_else(|| "?".to_owned(), leg);
            let to = match to {
                TransferTarget::Leg(l) => leg(l),
                TransferTarget::Number(number) => format!("number {number}"),
            };
            format!("{} transfer of {} by {} to {to}", transfer.as_str(), name(stays), name(by))
        }
        CallEventKind::Diverted { leg: l, to } => format!("diverted by {} to {to}", leg(l)),
        CallEventKind::Parked { leg: l } => format!("parked {}", leg(l)),
        CallEventKind::Conferenced { leg: l } => format!("conferenced {}", leg(l)),
        CallEventKind::Merged { .. } => "merged".to_owned(),
        CallEventKind::ConnectionCleared { leg: l } => format!("left by {}", leg(l)),
        CallEventKind::Cleared { reason, at_own_phone, .. } => {
            format!("cleared: {}{}", reason.as_str(), if *at_own_phone { " at own phone" } else { "" })
        }
    };
    if event.certainty == Certainty::Observed { words } else { format!("{words} ({:?})", event.certainty) }
}
