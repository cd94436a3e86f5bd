//! Calls that go otherwise: each ends once, with the right reason.

use belbrug::telephony::ami::frame::{FRAME_BYTES_MAX, FrameBuffer};

use super::ladder::{capture, events, ladder};

const RINGS_101: &str = "delivered at 101, Inbound, other +447700900123 \"J. Smit\", dialled 31101";
const DIALS: [&str; 3] = [
    "originated at 101 to +447700900123",
    "own phone 101 answered",
    "delivered at PJSIP/trunk by 101, Outbound, other +447700900123 \"J. Smit\", dialled +447700900123",
];

#[test]
fn inbound_given_up_by_the_caller() {
    assert_eq!(ladder("inbound_given_up"), [RINGS_101, "ring ended at 101: cancelled", "cleared: cancelled"]);
}

#[test]
fn inbound_not_answered_in_time() {
    assert_eq!(ladder("inbound_no_answer"), [RINGS_101, "ring ended at 101: no_answer", "cleared: no_answer"]);
}

#[test]
fn inbound_rejected_at_the_phone() {
    // The phone says 486: to Asterisk that is busy.
    assert_eq!(ladder("inbound_rejected"), [RINGS_101, "ring ended at 101: busy", "cleared: busy"]);
}

#[test]
fn inbound_withheld() {
    assert_eq!(ladder("inbound_withheld")[0], "delivered at 101, Inbound, other anonymous \"Anonymous\", dialled 31101");
}

fn queue(rest: &[&str]) -> Vec<String> {
    let mut all = vec![
        "queued in collections: +447700900123",
        "delivered at 101, Inbound, other +447700900123 \"J. Smit\", dialled 31900",
        "delivered at 102, Inbound, other +447700900123 \"J. Smit\", dialled 31900",
    ];
    all.extend(rest);
    all.into_iter().map(str::to_owned).collect()
}

#[test]
fn queue_abandoned_by_the_caller() {
    let rest = ["ring ended at 101: cancelled", "ring ended at 102: cancelled", "abandoned collections", "cleared: cancelled"];
    assert_eq!(ladder("queue_abandoned"), queue(&rest));
}

#[test]
fn queue_timed_out_is_not_abandoned() {
    let rest = ["ring ended at 101: no_answer", "ring ended at 102: no_answer", "timed out in collections", "cleared: no_answer"];
    assert_eq!(ladder("queue_timeout"), queue(&rest));
}

fn dialled(name: &str, reason: &str) {
    let seen = ladder(name);
    assert_eq!(seen[..3], DIALS);
    assert_eq!(seen[3..], [format!("ring ended at PJSIP/trunk: {reason}"), format!("cleared: {reason}")]);
}

#[test]
fn click_to_dial_busy() {
    dialled("dialled_busy", "busy");
}

#[test]
fn click_to_dial_rejected_with_403() {
    dialled("dialled_rejected", "rejected");
}

#[test]
fn click_to_dial_not_answered() {
    dialled("dialled_no_answer", "no_answer");
}

#[test]
fn click_to_dial_given_up_by_the_agent() {
    dialled("dialled_given_up", "cancelled");
}

#[test]
fn click_to_dial_and_the_agent_does_not_pick_up() {
    assert_eq!(ladder("dialled_agent_no_answer"), [DIALS[0], "cleared: no_answer at own phone"]);
}

#[test]
fn click_to_dial_and_the_agent_rejects_the_own_phone() {
    assert_eq!(ladder("dialled_agent_rejects"), [DIALS[0], "cleared: busy at own phone"]);
}

const ALL: [&str; 18] = [
    "dialled_agent_no_answer",
    "dialled_agent_rejects",
    "dialled_answered",
    "dialled_busy",
    "dialled_far_end_hangs_up",
    "dialled_given_up",
    "dialled_no_answer",
    "dialled_rejected",
    "inbound_answered",
    "inbound_given_up",
    "inbound_hold",
    "inbound_no_answer",
    "inbound_rejected",
    "inbound_utf8_name",
    "inbound_withheld",
    "queue_abandoned",
    "queue_answered",
    "queue_timeout",
];

/// Belbrug may come in at any moment of a call: it does not panic, and it leaves nothing open.
#[test]
fn every_capture_joined_mid_call_leaves_nothing_open() {
    for name in ALL {
        let bytes = capture(name);
        let starts = memchr::memmem::find_iter(&bytes, b"\r\n\r\n").map(|at| at + 4);
        for start in starts {
            let (_, tracker) = events(&bytes[start..]);
            assert_eq!(tracker.calls().count(), 0, "{name} from byte {start}");
        }
    }
}

/// The same bytes in pieces of any size give the same events.
#[test]
fn a_capture_cut_anywhere_gives_the_same_frames() {
    let bytes = capture("queue_answered");
    let whole = frames(&[&bytes]);
    for size in [1, 2, 3, 7, 100, 1459] {
        assert_eq!(frames(&bytes.chunks(size).collect::<Vec<_>>()), whole);
    }
    for cut in 0..bytes.len() {
        let (left, right) = bytes.split_at(cut);
        assert_eq!(frames(&[left, right]), whole, "cut at {cut}");
    }
}

fn frames(pieces: &[&[u8]]) -> usize {
    let mut buffer = FrameBuffer::new();
    let mut count = 0;
    for piece in pieces {
        buffer.extend(piece);
        while let Some(frame) = buffer.next_frame() {
            count += frame.expect("no captured frame is too long").fields().count();
        }
    }
    count
}

/// A frame that never ends costs that frame, not the call before and after it.
#[test]
fn an_oversized_frame_inside_a_call_is_skipped() {
    let bytes = capture("inbound_answered");
    let middle = memchr::memmem::find_iter(&bytes, b"\r\n\r\n").nth(8).expect("a middle") + 4;
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
    assert_eq!((good, bad), (memchr::memmem::find_iter(&bytes, b"\r\n\r\n").count(), 1));
}
