//! Blind transfers: an agent sends the debtor on without asking.

use super::stage::{NUMBER, OTHER_NUMBER, Stage, a_while};

flows! { blind_to_phone blind_to_queue blind_outside blind_fails blind_refused blind_no_answer blind_feature_code blind_feature_code_dialled }

async fn blind_to_phone(stage: &mut Stage) {
    let (debtor, one, two) = stage.debtor_talks_to_101().await;
    one.transfer("102").await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    debtor.hang_up().await;
}

/// The debtor hears a welcome before the queue: until then 101 is free, and rings with 102.
async fn blind_to_queue(stage: &mut Stage) {
    stage.pbx.cli("dialplan add extension 900,1,Wait,1 into belbrug-agents replace").await;
    stage.pbx.cli("dialplan add extension 900,2,Goto,belbrug-queues,collections,1 into belbrug-agents").await;
    let (debtor, one, two) = stage.debtor_talks_to_101().await;
    one.transfer("900").await;
    one.wait_ringing().await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    debtor.hang_up().await;
}

async fn blind_outside(stage: &mut Stage) {
    let other = stage.called(OTHER_NUMBER).await;
    let (debtor, one, _) = stage.debtor_talks_to_101().await;
    one.hold().await;
    stage.tap().wait_event("Hold", &["Channel: PJSIP/101-"]).await;
    let before = stage.tap().seen().len();
    one.transfer(OTHER_NUMBER).await;
    other.wait_ringing().await;
    a_while().await;
    other.answer().await;
    stage.tap().wait_event_after(before, "BridgeEnter", &["Channel: PJSIP/trunk-"]).await;
    a_while().await;
    other.hang_up().await;
    debtor.wait_closed().await;
}

/// Nobody has the extension: the debtor comes back to 101.
async fn blind_fails(stage: &mut Stage) {
    let (debtor, one, _) = stage.debtor_talks_to_101().await;
    one.press("#1").await;
    stage.tap().wait_event("MusicOnHoldStart", &["Channel: PJSIP/trunk-"]).await;
    a_while().await;
    one.press("555").await;
    stage.tap().wait_event("MusicOnHoldStop", &["Channel: PJSIP/trunk-"]).await;
    a_while().await;
    one.hang_up().await;
    debtor.wait_closed().await;
}

/// The same by REFER. The PBX refuses, and this phone hangs up when it is refused.
async fn blind_refused(stage: &mut Stage) {
    let (debtor, one, _) = stage.debtor_talks_to_101().await;
    one.transfer("555").await;
    one.wait_event("TRANSFER_FAILED").await;
    debtor.wait_closed().await;
}

async fn blind_no_answer(stage: &mut Stage) {
    let (debtor, one, two) = stage.debtor_talks_to_101().await;
    stage.rings_briefly().await;
    one.transfer("102").await;
    two.wait_ringing().await;
    debtor.wait_closed().await;
}

async fn blind_feature_code(stage: &mut Stage) {
    let (debtor, one, two) = stage.debtor_talks_to_101().await;
    one.press("#1").await;
    stage.tap().wait_event("MusicOnHoldStart", &["Channel: PJSIP/trunk-"]).await;
    a_while().await;
    one.press("102").await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    debtor.hang_up().await;
}

/// The agent dialled the call, on the phone itself.
async fn blind_feature_code_dialled(stage: &mut Stage) {
    let debtor = stage.called(NUMBER).await;
    let (one, two) = (stage.phone("101").await, stage.phone("102").await);
    stage.record().await;
    one.dial(NUMBER).await;
    debtor.wait_ringing().await;
    a_while().await;
    debtor.answer().await;
    stage.wait_in_talk("PJSIP/trunk").await;
    a_while().await;
    one.press("#1").await;
    stage.tap().wait_event("MusicOnHoldStart", &["Channel: PJSIP/trunk-"]).await;
    a_while().await;
    one.press("102").await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    two.hang_up().await;
    debtor.wait_closed().await;
}
