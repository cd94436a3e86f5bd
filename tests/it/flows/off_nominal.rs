//! Calls that go otherwise: each ends once, with the right reason.

use super::ladder::ladder;

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
