//! Click-to-dial, ours and others', and calls dialled on the phone itself.

use super::ladder::flow;

flow!(Asterisk22, dialled_agent_cancels, ["originated at 101 to +447700900123", "cleared: cancelled at own phone",]);

flow!(
    Asterisk22,
    dialled_agent_forwards,
    [
        "originated at 101 to +447700900123",
        "diverted by 101 to 102",
        "delivered at 102 by 101, Internal, other 101 \"\", dialled +447700900123",
        "ring ended at 102: answered",
        "cleared: no_answer at own phone",
    ]
);

flow!(Asterisk22, dialled_agent_no_answer, ["originated at 101 to +447700900123", "cleared: no_answer at own phone",]);

flow!(Asterisk22, dialled_agent_picked_up, ["originated at 101 to +447700900123", "cleared: no_answer at own phone",]);

flow!(Asterisk22, dialled_agent_rejects, ["originated at 101 to +447700900123", "cleared: busy at own phone",]);

flow!(Asterisk22, dialled_agent_voicemail, ["originated at 101 to +447700900123", "diverted by 101 to 8101", "cleared: no_answer at own phone",]);

flow!(
    Asterisk22,
    dialled_answered,
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
    Asterisk22,
    dialled_far_end_hangs_up,
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
    dialled_from_phone,
    [
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900123 \"\", dialled +447700900123",
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
    dialled_from_phone_busy,
    [
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900123 \"\", dialled +447700900123",
        "ring ended at PJSIP/trunk: busy",
        "cleared: busy",
    ]
);

flow!(
    Asterisk22,
    dialled_given_up,
    [
        "originated at 101 to +447700900123",
        "own phone 101 answered",
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900123 \"J. Smit\", dialled +447700900123",
        "ring ended at PJSIP/trunk: cancelled",
        "cleared: cancelled",
    ]
);

flow!(
    Asterisk22,
    dialled_hold,
    [
        "originated at 101 to +447700900123",
        "own phone 101 answered",
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900123 \"J. Smit\", dialled +447700900123",
        "ring ended at PJSIP/trunk: answered",
        "established at 101",
        "established at PJSIP/trunk to 101",
        "held by 101",
        "retrieved by 101",
        "left by 101",
        "left by PJSIP/trunk",
        "cleared: completed",
    ]
);

flow!(
    Asterisk22,
    dialled_no_answer,
    [
        "originated at 101 to +447700900123",
        "own phone 101 answered",
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900123 \"J. Smit\", dialled +447700900123",
        "ring ended at PJSIP/trunk: no_answer",
        "cleared: no_answer",
    ]
);

flow!(Asterisk22, dialled_not_found, ["originated at 101 to +447700900123", "own phone 101 answered", "cleared: rejected",]);

flow!(
    Asterisk22,
    dialled_progress_answered,
    [
        "originated at 101 to +447700900123",
        "own phone 101 answered",
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900123 \"J. Smit\", dialled +447700900123 (Inferred)",
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
    dialled_progress_rejected,
    [
        "originated at 101 to +447700900123",
        "own phone 101 answered",
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900123 \"J. Smit\", dialled +447700900123 (Inferred)",
        "ring ended at PJSIP/trunk: no_answer",
        "cleared: no_answer",
    ]
);

flow!(
    Asterisk22,
    dialled_rejected,
    [
        "originated at 101 to +447700900123",
        "own phone 101 answered",
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900123 \"J. Smit\", dialled +447700900123",
        "ring ended at PJSIP/trunk: rejected",
        "cleared: rejected",
    ]
);

flow!(Asterisk22, dialled_rejected_at_once, ["originated at 101 to +447700900123", "own phone 101 answered", "cleared: rejected",]);

flow!(
    Asterisk22,
    originate_elsewhere,
    [
        "originated at 101 to ",
        "own phone 101 answered",
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900123 \"Dialler\", dialled +447700900123",
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
    originate_local,
    [
        "originated at 101 to ",
        "own phone 101 answered",
        "delivered at PJSIP/trunk by 101, Outbound, other +447700900123 \"Dialler\", dialled +447700900123",
        "ring ended at PJSIP/trunk: answered",
        "established at 101",
        "established at PJSIP/trunk to 101",
        "left by PJSIP/trunk",
        "left by 101",
        "cleared: completed",
    ]
);
