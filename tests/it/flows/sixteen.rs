//! The smoke set on Asterisk 16, which old offices run.

use super::ladder::flow;

flow!(
    Asterisk16,
    attended_to_phone,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "held by 101",
        "delivered at 102 by 101, Internal, other 101 \"Agent 101\", dialled 102",
        "ring ended at 102: answered",
        "established at 101",
        "established at 102 to 101",
        "retrieved by 101",
        "attended transfer of PJSIP/trunk by 101 to 102",
        "merged",
        "left by 101",
        "left by 101",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk16,
    blind_to_phone,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "left by 101",
        "blind transfer of PJSIP/trunk by 101 to 102",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 102: answered",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk16,
    blonde_to_phone,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "held by 101",
        "delivered at 102 by 101, Internal, other 101 \"Agent 101\", dialled 102",
        "retrieved by 101",
        "blonde transfer of PJSIP/trunk by 101 to 102",
        "merged",
        "left by 101",
        "ring ended at 102: answered",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(Asterisk16, dialled_agent_no_answer, ["originated at 101 to +447700900123", "cleared: no_answer at own phone",]);

flow!(
    Asterisk16,
    dialled_answered,
    [
        "originated at 101 to +447700900123",
        "own phone 101 answered",
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900123 \"J. Smit\", dialled +447700900123",
        "ring ended at PJSIP/trunk: answered",
        "established at 101",
        "established at PJSIP/trunk to 101",
        "left by 101",
        "left by PJSIP/trunk",
        "cleared: completed",
    ]
);

flow!(
    Asterisk16,
    dialled_busy,
    [
        "originated at 101 to +447700900123",
        "own phone 101 answered",
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900123 \"J. Smit\", dialled +447700900123",
        "ring ended at PJSIP/trunk: busy",
        "cleared: busy",
    ]
);

flow!(
    Asterisk16,
    dialled_no_answer,
    [
        "originated at 101 to +447700900123",
        "own phone 101 answered",
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900123 \"J. Smit\", dialled +447700900123",
        "ring ended at PJSIP/trunk: no_answer",
        "cleared: no_answer",
    ]
);

flow!(
    Asterisk16,
    dialled_rejected,
    [
        "originated at 101 to +447700900123",
        "own phone 101 answered",
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900123 \"J. Smit\", dialled +447700900123",
        "ring ended at PJSIP/trunk: rejected",
        "cleared: rejected",
    ]
);

flow!(
    Asterisk16,
    freepbx_queue_answered,
    [
        "queued in 800: +447700900123",
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31800",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31800",
        "ring ended at 102: answered",
        "ring ended at 101: elsewhere",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk16,
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
    Asterisk16,
    inbound_given_up,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: cancelled",
        "cleared: cancelled",
    ]
);

flow!(
    Asterisk16,
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
    Asterisk16,
    inbound_no_answer,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: no_answer",
        "cleared: no_answer",
    ]
);

flow!(
    Asterisk16,
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
    Asterisk16,
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
    Asterisk16,
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
    Asterisk16,
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
