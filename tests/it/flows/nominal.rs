//! Calls that go as people hope.

use super::ladder::ladder;

#[test]
fn inbound_to_one_phone_answered() {
    assert_eq!(
        ladder("inbound_answered"),
        ["delivered at 101, Inbound, other +447700900123 \"J. Smit\", dialled 31101", "established at 101", "left by 101", "cleared: completed",]
    );
}

#[test]
fn inbound_hold_and_retrieve() {
    assert_eq!(
        ladder("inbound_hold"),
        [
            "delivered at 101, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
            "established at 101",
            "held by 101",
            "retrieved by 101",
            "left by 101",
            "cleared: completed",
        ]
    );
}

#[test]
fn a_queue_with_two_members_rings_both_and_one_answers() {
    assert_eq!(
        ladder("queue_answered"),
        [
            "queued in collections: +447700900123",
            "delivered at 101, Inbound, other +447700900123 \"J. Smit\", dialled 31900",
            "delivered at 102, Inbound, other +447700900123 \"J. Smit\", dialled 31900",
            "ring ended at 101: elsewhere",
            "established at 102",
            "left by 102",
            "cleared: completed",
        ]
    );
}

#[test]
fn click_to_dial_answered_and_the_agent_hangs_up() {
    let expected = [
        "originated at 101 to +447700900123",
        "own phone 101 answered",
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900123 \"J. Smit\", dialled +447700900123",
        "established at PJSIP/trunk",
        "established at 101",
        "left by PJSIP/trunk",
        "left by 101",
        "cleared: completed",
    ];
    let mut seen = ladder("dialled_answered");
    // Asterisk hangs the two legs up at once, in either order.
    if seen.get(5).is_some_and(|rung| rung == "left by 101") {
        seen.swap(5, 6);
    }
    assert_eq!(seen, expected);
}

#[test]
fn click_to_dial_answered_and_the_debtor_hangs_up() {
    let seen = ladder("dialled_far_end_hangs_up");
    assert_eq!(seen.first().map(String::as_str), Some("originated at 101 to +447700900123"));
    assert_eq!(seen.last().map(String::as_str), Some("cleared: completed"));
    assert_eq!(seen.iter().filter(|rung| rung.starts_with("established")).count(), 2);
}

#[test]
fn a_name_that_is_not_ascii_is_shown_as_it_is() {
    assert!(ladder("inbound_utf8_name")[0].contains("\"Zoë Ångström\""));
}
