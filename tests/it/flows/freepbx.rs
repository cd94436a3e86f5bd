//! Calls in the shape that FreePBX gives them: Local members, layers of Gosub, many VarSets.

use super::ladder::flow;

flow!(
    Asterisk22,
    freepbx_blind_transfer,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31801",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "left by 101",
        "blind transfer of PJSIP/trunk by 101 to 102",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31801",
        "ring ended at 102: answered",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    freepbx_dialled,
    [
        "originated at 101 to +447700900123",
        "own phone 101 answered",
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900123 \"J. Smit\", dialled +447700900123",
        "ring ended at PJSIP/trunk: answered",
        "established at 101",
        "established at PJSIP/trunk to 101",
        "left by PJSIP/trunk",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    freepbx_inbound_answered,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31801",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    freepbx_queue_answered,
    [
        "queued in 800: +447700900123",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31800",
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31800",
        "ring ended at 102: answered",
        "ring ended at 101: elsewhere",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    freepbx_queue_no_answer,
    [
        "queued in 800: +447700900123",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31800",
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31800",
        "timed out in 800",
        "ring ended at 102: no_answer",
        "ring ended at 101: no_answer",
        "cleared: no_answer",
    ]
);

flow!(
    Asterisk22,
    freepbx_ring_group,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31860",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31860",
        "ring ended at 102: answered",
        "ring ended at 101: elsewhere",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);
