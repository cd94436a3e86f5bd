//! Calls from outside to phones and groups.

use super::ladder::flow;

flow!(
    Asterisk22,
    call_waiting,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900456 \"K. de Boer\", dialled 31101",
        "left by 101",
        "cleared: completed",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    call_waiting_swap,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900456 \"K. de Boer\", dialled 31101",
        "held by 101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "held by 101",
        "retrieved by 101",
        "left by 101",
        "cleared: completed",
        "retrieved by 101",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    inbound_201,
    [
        "delivered at PJSIP/201 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31201",
        "ring ended at PJSIP/201: answered",
        "established at PJSIP/201 to PJSIP/trunk",
        "left by PJSIP/201",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    inbound_answered,
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
    inbound_given_up,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: cancelled",
        "cleared: cancelled",
    ]
);

flow!(
    Asterisk22,
    inbound_hold,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "held by 101",
        "retrieved by 101",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    inbound_no_answer,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: no_answer",
        "cleared: no_answer",
    ]
);

flow!(
    Asterisk22,
    inbound_rejected,
    ["delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101", "ring ended at 101: busy", "cleared: busy",]
);

flow!(
    Asterisk22,
    inbound_utf8_name,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"Zoë Ångström\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    inbound_withheld,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other anonymous \"Anonymous\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    internal_call,
    [
        "delivered at 102 by 101, Internal, other 101 \"Agent 101\", dialled 102",
        "ring ended at 102: answered",
        "established at 101",
        "established at 102 to 101",
        "left by 101",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    ring_group_answered,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31600",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31600",
        "ring ended at 102: answered",
        "ring ended at 101: elsewhere",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    ring_group_given_up,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31600",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31600",
        "ring ended at 101: cancelled",
        "ring ended at 102: cancelled",
        "cleared: cancelled",
    ]
);

flow!(
    Asterisk22,
    ring_group_no_answer,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31600",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31600",
        "ring ended at 101: no_answer",
        "ring ended at 102: no_answer",
        "cleared: no_answer",
    ]
);

flow!(
    Asterisk22,
    two_contacts_answered,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31661",
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31661",
        "ring ended at 101: answered",
        "ring ended at 101: elsewhere",
        "established at 101 to PJSIP/trunk",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    two_devices_answered,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31660",
        "delivered at PJSIP/111 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31660",
        "ring ended at PJSIP/111: answered",
        "ring ended at 101: elsewhere",
        "established at PJSIP/111 to PJSIP/trunk",
        "left by PJSIP/111",
        "cleared: completed",
    ]
);
