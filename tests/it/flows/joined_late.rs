//! Belbrug comes in while the call is there: what the snapshot shows is inferred.

use super::ladder::{capture, events, flow, ladder_of};

flow!(
    Asterisk22,
    pbx_stopped_in_talk,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    snapshot_held,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled  (Inferred)",
        "established at 101 to PJSIP/trunk (Inferred)",
        "retrieved by 101",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    snapshot_queue,
    [
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled  (Inferred)",
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled  (Inferred)",
        "ring ended at 102: answered",
        "ring ended at 101: elsewhere",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    snapshot_ringing,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled  (Inferred)",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    snapshot_talking,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled  (Inferred)",
        "established at 101 to PJSIP/trunk (Inferred)",
        "left by 101",
        "cleared: completed",
    ]
);

/// The PBX dies in mid-call: nobody hangs up. The next snapshot shows that the call is over, and nobody saw how.
#[test]
fn pbx_restart_in_talk() {
    let mut bytes = capture("pbx_restart_in_talk");
    assert_eq!(events(&bytes).1.calls().count(), 1, "nothing was heard of an end");
    bytes.extend(b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\n\r\nEvent: CoreShowChannelsComplete\r\nListItems: 0\r\n\r\n");
    assert_eq!(ladder_of(&bytes)[3..], ["left by 101 (Inferred)", "cleared: completed (Inferred)"]);
}

/// Told that it was started after the call began, no list is needed.
#[test]
fn a_pbx_that_says_when_it_was_started() {
    let mut bytes = capture("pbx_restart_in_talk");
    bytes.extend(b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\n\r\nEvent: FullyBooted\r\nTimestamp: 1895647990.1\r\nUptime: 2\r\n\r\n");
    assert_eq!(ladder_of(&bytes)[3..], ["left by 101 (Inferred)", "cleared: completed (Inferred)"]);
}
