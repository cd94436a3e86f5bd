//! What must hold of every capture, whatever the call: joined at any moment, cut at any byte, told in another order, or
//! with ids that sort otherwise.

use belbrug::telephony::ami::frame::{FRAME_BYTES_MAX, FrameBuffer};

use super::ladder::{all_captures, capture, capture_of, events, ladder_of};
use crate::lab::pbx::Release;

/// The places between the frames of a capture.
fn seams(bytes: &[u8]) -> Vec<usize> {
    memchr::memmem::find_iter(bytes, b"\r\n\r\n").map(|at| at + 4).collect()
}

/// The frames of a capture, each with the blank line that ends it.
pub(super) fn whole_frames(bytes: &[u8]) -> Vec<&[u8]> {
    let mut from = 0;
    let cut = |to| &bytes[std::mem::replace(&mut from, to)..to];
    seams(bytes).into_iter().map(cut).collect()
}

/// Belbrug may come in at any moment of a call: it does not panic, and it leaves nothing open.
#[test]
fn every_capture_joined_mid_call_leaves_nothing_open() {
    for (name, bytes) in all_captures().filter(|(_, bytes)| ends_idle(bytes)) {
        for start in seams(&bytes) {
            let (_, tracker) = events(&bytes[start..]);
            let open: Vec<_> = tracker.legs().map(|leg| leg.channel.clone()).collect();
            assert!(tracker.calls().count() == 0 && open.is_empty(), "{name} from byte {start}: {open:?}");
        }
    }
}

/// The link may go at any moment; the next snapshot shows an idle PBX, and nothing is open any more.
#[test]
fn every_capture_cut_off_and_followed_by_an_empty_snapshot_leaves_nothing_open() {
    let idle =
        b"Asterisk Call Manager/9.0.0\r\nResponse: Success\r\n\r\nEvent: CoreShowChannelsComplete\r\nEventList: Complete\r\nListItems: 0\r\n\r\n";
    for (name, bytes) in all_captures() {
        for end in seams(&bytes) {
            let cut = [&bytes[..end], idle].concat();
            let (told, tracker) = events(&cut);
            assert_eq!(tracker.calls().count(), 0, "{name} up to byte {end}");
            let ends = told.iter().filter(|event| matches!(event.kind, belbrug::telephony::calls::event::CallEventKind::Cleared { .. }));
            let mut ended: Vec<_> = ends.map(|event| event.call.clone()).collect();
            ended.sort();
            let count = ended.len();
            ended.dedup();
            assert_eq!(ended.len(), count, "{name} up to byte {end}: a call ended twice");
        }
    }
}

/// A device may ring before it is told who dialled it: seen on a busy machine. The same happens then.
#[test]
fn a_device_may_ring_before_its_dialling_is_told() {
    let value = |frame: &[u8], key: &str| {
        let text = String::from_utf8_lossy(frame).into_owned();
        text.lines().find_map(|line| Some(line.strip_prefix(key)?.strip_prefix(": ")?.to_owned())).unwrap_or_default()
    };
    let sorted = |bytes: &[u8]| {
        let mut ladder = ladder_of(bytes);
        ladder.sort();
        ladder
    };
    let mut moved = 0;
    for (name, bytes) in all_captures() {
        let frames = whole_frames(&bytes);
        for (begun, frame) in frames.iter().enumerate().filter(|(_, frame)| value(frame, "Event") == "DialBegin") {
            let rings = |other: &&[u8]| {
                value(other, "Event") == "Newstate" && value(other, "ChannelState") == "5" && value(other, "Uniqueid") == value(frame, "DestUniqueid")
            };
            let Some(after) = frames[begun + 1..].iter().position(rings) else { continue };
            let mut told = frames.clone();
            let rings = told.remove(begun + 1 + after);
            told.insert(begun, rings);
            assert_eq!(sorted(&told.concat()), sorted(&bytes), "{name}, frame {begun}");
            moved += 1;
        }
    }
    assert!(moved > 100, "{moved} diallings were looked at");
}

/// Asterisk writes the events of several channels from several threads. Two neighbours of different channels may change
/// places: the calls still end once, for the same reason.
#[test]
fn neighbours_may_change_places() {
    for (name, bytes) in all_captures().filter(|(_, bytes)| ends_idle(bytes)) {
        let frames = whole_frames(&bytes);
        let expected = ends(&bytes);
        for at in 1..frames.len().saturating_sub(1) {
            let (a, b) = (frames[at], frames[at + 1]);
            if channels(a).iter().any(|channel| channels(b).contains(channel)) {
                continue;
            }
            let mut other = frames.clone();
            other.swap(at, at + 1);
            assert_eq!(ends(&other.concat()), expected, "{name}: {}", String::from_utf8_lossy(&[a, b].concat()));
        }
    }
}

pub(super) fn ends(bytes: &[u8]) -> Vec<String> {
    let (_, tracker) = events(bytes);
    assert_eq!(tracker.calls().count(), 0);
    let mut ends: Vec<String> = ladder_of(bytes).into_iter().filter(|rung| rung.starts_with("cleared")).collect();
    ends.sort();
    ends
}

/// The unique ids and bridges that a frame speaks of, and the action whose answers stand in order.
fn channels(frame: &[u8]) -> Vec<Vec<u8>> {
    let keys = [&b"ActionID"[..], b"Uniqueid", b"DestUniqueid", b"BridgeUniqueid", b"Linkedid", b"DestLinkedid"];
    let lines = frame.split(|b| *b == b'\n').filter_map(|line| {
        let colon = memchr::memchr(b':', line)?;
        let key = &line[..colon];
        (keys.contains(&key) || key.ends_with(b"Uniqueid")).then(|| line[colon + 1..].to_vec())
    });
    lines.filter(|value| !value.trim_ascii().is_empty()).collect()
}

/// Ids are names: that a call's first channel sorts before the second means nothing.
#[test]
fn unique_ids_in_any_order_tell_the_same_call() {
    for (name, bytes) in all_captures() {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut ids: Vec<&str> =
            text.lines().filter_map(|line| line.split_once("niqueid: ").map(|(_, id)| id)).filter(|id| id.contains('.')).collect();
        ids.sort_by_key(|id| std::cmp::Reverse(id.len()));
        ids.dedup();
        let mut other = text.clone();
        for id in &ids {
            if let Some((seconds, count)) = id.rsplit_once('.')
                && let Ok(count) = count.parse::<u32>()
            {
                let reversed = format!("{seconds}.x{:09}", 999_999_999 - count);
                other = other.replace(&format!("{id}\r\n"), &format!("{reversed}\r\n"));
            }
        }
        assert_eq!(ladder_of(other.as_bytes()), ladder_of(text.as_bytes()), "{name}");
    }
}

/// The same bytes in pieces of any size give the same frames, and so the same events. A cut touches the frame that it is in
/// and the one before: those two are cut at every byte.
#[test]
fn a_capture_cut_anywhere_gives_the_same_frames() {
    let sample = ["queue_answered", "dialled_answered", "attended_to_phone", "freepbx_queue_answered"].map(capture);
    for bytes in sample.into_iter().chain([capture_of(Release::Asterisk16, "inbound_answered")]) {
        let whole = told(&[&bytes]);
        for size in [1, 2, 3, 7, 100, 1459] {
            assert_eq!(told(&bytes.chunks(size).collect::<Vec<_>>()), whole, "pieces of {size}");
        }
        for pair in whole_frames(&bytes).windows(2) {
            let both = pair.concat();
            let whole = told(&[&both]);
            for cut in 0..both.len() {
                let (left, right) = both.split_at(cut);
                assert_eq!(told(&[left, right]), whole, "cut at {cut} of {}", String::from_utf8_lossy(&both));
            }
        }
    }
}

/// Every frame with its fields.
fn told(pieces: &[&[u8]]) -> Vec<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut buffer = FrameBuffer::new();
    let mut out = Vec::new();
    for piece in pieces {
        buffer.extend(piece);
        while let Some(frame) = buffer.next_frame() {
            let frame = frame.expect("no captured frame is too long");
            out.push(frame.fields().map(|(key, value)| (key.to_vec(), value.to_vec())).collect());
        }
    }
    out
}

/// A frame that never ends costs that frame, not the call before and after it.
#[test]
fn an_oversized_frame_inside_a_call_is_skipped() {
    let bytes = capture("inbound_answered");
    let middle = seams(&bytes)[8];
    let mut hostile = bytes[..middle].to_vec();
    hostile.extend(b"Event: Newchannel\r\nChannel: ");
    hostile.extend(vec![b'x'; 3 * FRAME_BYTES_MAX]);
    hostile.extend(b"\r\n\r\n");
    hostile.extend(&bytes[middle..]);
    let mut buffer = FrameBuffer::new();
    buffer.extend(&hostile);
    let (mut good, mut bad) = (0, 0);
    while let Some(frame) = buffer.next_frame() {
        if frame.is_ok() { good += 1 } else { bad += 1 }
    }
    assert_eq!((good, bad), (seams(&bytes).len(), 1));
}

/// Whether a capture goes on until its calls are over: those of a PBX that is killed do not.
fn ends_idle(bytes: &[u8]) -> bool {
    events(bytes).1.calls().count() == 0
}
