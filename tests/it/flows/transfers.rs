//! Transfers: blind, attended, blonde; to a phone, a queue, outside; and those that fail.

use super::ladder::flow;

flow!(
    Asterisk22,
    attended_aborted,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "held by 101",
        "delivered at 102 by 101, Internal, other 101 \"Agent 101\", dialled 102",
        "ring ended at 102: answered",
        "established at 101",
        "established at 102 to 101",
        "left by 102",
        "left by 101",
        "cleared: completed",
        "retrieved by 101",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    attended_dialled,
    [
        "originated at 101 to +447700900123",
        "own phone 101 answered",
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900123 \"J. Smit\", dialled +447700900123",
        "ring ended at PJSIP/trunk: answered",
        "established at 101",
        "established at PJSIP/trunk to 101",
        "held by 101",
        "delivered at 102 by 101, Internal, other 101 \"Agent 101\", dialled 102",
        "ring ended at 102: answered",
        "established at 101",
        "established at 102 to 101",
        "retrieved by 101",
        "merged",
        "attended transfer of PJSIP/trunk by 101 to 102",
        "left by 101",
        "left by 101",
        "left by 102",
        "left by PJSIP/trunk",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    [attended_feature_code, attended_feature_code_merged, attended_feature_code_unjoined],
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "held by 101",
        "delivered at 102 by 101, Inbound, other 101 \"Agent 101\", dialled 31101",
        "ring ended at 102: answered",
        "established at 102 to 101",
        "attended transfer of PJSIP/trunk by 101 to 102",
        "left by 101",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    attended_outside,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "held by 101",
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900456 \"\", dialled +447700900456",
        "ring ended at PJSIP/trunk: answered",
        "established at 101",
        "established at PJSIP/trunk to 101",
        "retrieved by 101",
        "attended transfer of PJSIP/trunk by 101 to PJSIP/trunk",
        "merged",
        "left by 101",
        "left by 101",
        "left by PJSIP/trunk",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    attended_target_rejects,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "held by 101",
        "delivered at 102 by 101, Internal, other 101 \"Agent 101\", dialled 102",
        "ring ended at 102: busy",
        "cleared: busy",
        "retrieved by 101",
        "left by 101",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
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
    Asterisk22,
    attended_to_queue,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "held by 101",
        "queued in collections: 101",
        "delivered at 102 by 101, Internal, other 101 \"Agent 101\", dialled 900",
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
    Asterisk22,
    blind_fails,
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
    blind_feature_code,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "held by 101",
        "retrieved by 101",
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
    Asterisk22,
    blind_no_answer,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "left by 101",
        "blind transfer of PJSIP/trunk by 101 to 102",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 102: no_answer",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    blind_outside,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "held by 101",
        "retrieved by 101",
        "left by 101",
        "blind transfer of PJSIP/trunk by 101 to PJSIP/trunk",
        "delivered at PJSIP/trunk by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at PJSIP/trunk: answered",
        "established at PJSIP/trunk to PJSIP/trunk",
        "left by PJSIP/trunk",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    blind_refused,
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
    Asterisk22,
    blind_to_queue,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "left by 101",
        "blind transfer of PJSIP/trunk by 101 to number 900",
        "queued in collections: +447700900123",
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "delivered at 102 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 102: answered",
        "ring ended at 101: elsewhere",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    blonde_feature_code,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "held by 101",
        "delivered at 102 by 101, Inbound, other 101 \"Agent 101\", dialled 31101",
        "blonde transfer of PJSIP/trunk by 101 to 102",
        "ring ended at 102: answered",
        "left by 101",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    blonde_no_answer,
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
        "ring ended at 102: no_answer",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    blonde_outside,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "held by 101",
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900456 \"\", dialled +447700900456",
        "retrieved by 101",
        "blonde transfer of PJSIP/trunk by 101 to PJSIP/trunk",
        "merged",
        "left by 101",
        "ring ended at PJSIP/trunk: answered",
        "established at PJSIP/trunk to PJSIP/trunk",
        "left by PJSIP/trunk",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
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

flow!(
    Asterisk22,
    blonde_to_queue,
    [
        "delivered at 101 by PJSIP/trunk, Inbound, other +447700900123 \"J. Smit\", dialled 31101",
        "ring ended at 101: answered",
        "established at 101 to PJSIP/trunk",
        "held by 101",
        "queued in collections: 101",
        "delivered at 102 by 101, Internal, other 101 \"Agent 101\", dialled 900",
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

flow!(
    Asterisk22,
    blind_feature_code_dialled,
    [
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900123 \"\", dialled +447700900123",
        "ring ended at PJSIP/trunk: answered",
        "established at 101",
        "established at PJSIP/trunk to 101",
        "held by 101",
        "retrieved by 101",
        "left by 101",
        "blind transfer of PJSIP/trunk by 101 to 102",
        "delivered at 102 by PJSIP/trunk, Outbound, other +447700900123 \"\", dialled +447700900123",
        "ring ended at 102: answered",
        "established at 102 to PJSIP/trunk",
        "left by 102",
        "left by PJSIP/trunk",
        "cleared: completed",
    ]
);
