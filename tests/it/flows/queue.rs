//! Calls that wait in a queue.

use super::ladder::flow;

flow!(
    Asterisk22,
    queue_abandoned,
    [
        "queued in collections: +447700900123",
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31900",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31900",
        "ring ended at 101: cancelled",
        "ring ended at 102: cancelled",
        "abandoned collections",
        "cleared: cancelled",
    ]
);

flow!(
    Asterisk22,
    queue_answered,
    [
        "queued in collections: +447700900123",
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31900",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31900",
        "ring ended at 102: answered",
        "ring ended at 101: elsewhere",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    queue_hold,
    [
        "queued in collections: +447700900123",
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31900",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31900",
        "ring ended at 102: answered",
        "ring ended at 101: elsewhere",
        "established at 102 to PJSIP/trunk",
        "held by 102",
        "retrieved by 102",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    queue_left_by_key,
    [
        "queued in callback: +447700900123",
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31910",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31910",
        "ring ended at 101: cancelled",
        "ring ended at 102: cancelled",
        "cleared: cancelled",
    ]
);

flow!(
    Asterisk22,
    queue_local_members,
    [
        "queued in local: +447700900123",
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31920",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31920",
        "ring ended at 101: answered",
        "ring ended at 102: elsewhere",
        "established at 101 to PJSIP/trunk",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    queue_member_rejects,
    [
        "queued in collections: +447700900123",
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31900",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31900",
        "ring ended at 101: busy",
        "ring ended at 102: answered",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    queue_timeout,
    [
        "queued in collections: +447700900123",
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31900",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31900",
        "ring ended at 101: no_answer",
        "ring ended at 102: no_answer",
        "timed out in collections",
        "cleared: no_answer",
    ]
);

flow!(
    Asterisk22,
    queue_two_devices,
    [
        "queued in devices: +447700900123",
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31930",
        "delivered at PJSIP/111 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31930",
        "ring ended at PJSIP/111: answered",
        "ring ended at 101: elsewhere",
        "established at PJSIP/111 to PJSIP/trunk",
        "left by PJSIP/111",
        "cleared: completed",
    ]
);
