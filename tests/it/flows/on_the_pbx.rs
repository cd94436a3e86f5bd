//! Every flow on the real Asterisk, now: its call events must be those of the committed capture. What Asterisk said is
//! kept in `out/captures/`, so that the captures can be renewed.

use std::path::Path;

use super::ladder::{capture_of, events, ladder_of};
use crate::lab::pbx::Release;
use crate::lab::record::record_one;

async fn plays_as_captured(release: Release, flow: &str) {
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("out/captures").join(release.folder());
    std::fs::create_dir_all(&out).expect("the output folder");
    record_one(release, flow, &out).await;
    let said = std::fs::read(out.join(format!("{flow}.ami"))).expect("the capture");
    let (_, tracker) = events(&said);
    // Of a PBX that is killed nobody hears an end.
    assert_eq!(tracker.calls().count(), usize::from(flow == "pbx_restart_in_talk"), "a call was left open");
    assert_eq!(sorted(ladder_of(&said)), sorted(ladder_of(&capture_of(release, flow))), "{flow} goes otherwise than it was captured");
}

/// Asterisk writes the events of two channels from several threads: their order among each other is not fixed.
fn sorted(mut ladder: Vec<String>) -> Vec<String> {
    ladder.sort();
    ladder
}

macro_rules! flows {
    ($release:ident: $($flow:ident)*) => {
        $(#[tokio::test]
        async fn $flow() {
            plays_as_captured(Release::$release, stringify!($flow)).await;
        })*
    };
}

flows! { Asterisk22:
    inbound_answered inbound_given_up inbound_no_answer inbound_rejected inbound_hold inbound_withheld inbound_utf8_name
    queue_answered queue_abandoned queue_timeout
    dialled_answered dialled_far_end_hangs_up dialled_busy dialled_rejected dialled_no_answer dialled_given_up
    dialled_agent_no_answer dialled_agent_rejects
    ring_group_answered ring_group_no_answer ring_group_given_up
    queue_left_by_key queue_member_rejects queue_local_members queue_hold queue_two_devices
    blind_to_phone blind_to_queue blind_outside blind_fails blind_refused blind_no_answer blind_feature_code
    blind_feature_code_dialled
    attended_to_phone attended_to_queue attended_outside attended_target_rejects attended_aborted attended_feature_code
    attended_dialled
    blonde_to_phone blonde_no_answer blonde_outside blonde_to_queue blonde_feature_code
    dialled_progress_answered dialled_progress_rejected dialled_rejected_at_once dialled_not_found
    dialled_agent_cancels dialled_agent_forwards dialled_agent_voicemail dialled_agent_picked_up dialled_hold
    dialled_from_phone dialled_from_phone_busy internal_call originate_elsewhere originate_local
    forward_always forward_always_dialplan forward_on_busy forward_on_no_answer pickup pickup_directed
    parked_and_retrieved parked_timeout parked_abandoned
    local_channel_pair local_channel_pair_n follow_me_confirmed follow_me_declined follow_me_no_answer
    holding_bridge_then_answered inbound_201
    call_waiting call_waiting_swap two_devices_answered two_contacts_answered conference conference_from_call
    freepbx_inbound_answered freepbx_ring_group freepbx_queue_answered freepbx_queue_no_answer freepbx_dialled
    freepbx_blind_transfer
    snapshot_ringing snapshot_talking snapshot_queue snapshot_held pbx_restart_in_talk pbx_stopped_in_talk
}

/// A smoke set on the release that old offices run.
mod asterisk16 {
    use super::*;

    flows! { Asterisk16:
        inbound_answered inbound_given_up inbound_no_answer inbound_hold queue_answered queue_abandoned queue_timeout
        dialled_answered dialled_busy dialled_rejected dialled_no_answer dialled_agent_no_answer
        blind_to_phone attended_to_phone blonde_to_phone parked_and_retrieved freepbx_queue_answered
    }
}
