//! Forwarding, pickup, parking, follow-me, Local channels, conferences, waiting rooms.

use super::ladder::flow;

flow!(
    Asterisk22,
    conference,
    ["established at 101 to PJSIP/trunk", "established at 102 to PJSIP/trunk", "conferenced 102", "left by 101", "left by 102", "cleared: completed",]
);

flow!(
    Asterisk22,
    conference_from_call,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "established at 102 to PJSIP/trunk",
        "conferenced 102",
        "left by 101",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    follow_me_confirmed,
    [
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31650",
        "ring ended at 102: answered",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    follow_me_declined,
    ["delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31650", "ring ended at 102: answered", "cleared: no_answer",]
);

// Asterisk lets go of the caller and of the phone in either order.
flow!(
    Asterisk22,
    [follow_me_no_answer, follow_me_no_answer_caller_first],
    [
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31651",
        "ring ended at 102: no_answer",
        "cleared: no_answer",
    ]
);

flow!(
    Asterisk22,
    forward_always,
    [
        "diverted by 101 to 102",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 102: answered",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    forward_always_dialplan,
    [
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31630",
        "ring ended at 102: answered",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    forward_on_busy,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31610",
        "ring ended at 101: busy",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31610",
        "ring ended at 102: answered",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    forward_on_no_answer,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31620",
        "ring ended at 101: no_answer",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31620",
        "ring ended at 102: answered",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    holding_bridge_then_answered,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31680",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    local_channel_pair,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31640",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    local_channel_pair_n,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31641",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    parked_abandoned,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "parked PJSIP/trunk",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    parked_abandoned_told_first,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "parked PJSIP/trunk",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    parked_and_retrieved,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "parked PJSIP/trunk",
        "left by 101",
        "blind transfer of PJSIP/trunk by 101 to 102",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    parked_timeout,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "parked PJSIP/trunk",
        "left by 101",
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    pickup,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: elsewhere",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    pickup_directed,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: elsewhere",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);
