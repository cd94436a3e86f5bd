//! Attended transfers: an agent asks first, and hands the debtor over when the other has said yes.

use super::stage::{NUMBER, OTHER_NUMBER, Stage, a_while};

flows! {
    attended_to_phone attended_to_queue attended_outside attended_target_rejects attended_aborted attended_feature_code
    attended_dialled
}

async fn attended_to_phone(stage: &mut Stage) {
    let (debtor, one, two) = stage.debtor_talks_to_101().await;
    stage.consult(&one, "102").await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    one.wait_answered().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    one.transfer_to_consulted("102").await;
    one.wait_closed().await;
    a_while().await;
    debtor.hang_up().await;
}

/// 102 answers the consultation out of the queue.
async fn attended_to_queue(stage: &mut Stage) {
    let (debtor, one, two) = stage.debtor_talks_to_101().await;
    stage.consult(&one, "900").await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    one.transfer_to_consulted("900").await;
    one.wait_closed().await;
    a_while().await;
    debtor.hang_up().await;
}

async fn attended_outside(stage: &mut Stage) {
    let other = stage.called(OTHER_NUMBER).await;
    let (debtor, one, _) = stage.debtor_talks_to_101().await;
    stage.consult(&one, OTHER_NUMBER).await;
    other.wait_ringing().await;
    a_while().await;
    other.answer().await;
    one.wait_answered().await;
    a_while().await;
    one.transfer_to_consulted(OTHER_NUMBER).await;
    one.wait_closed().await;
    a_while().await;
    other.hang_up().await;
    debtor.wait_closed().await;
}

async fn attended_target_rejects(stage: &mut Stage) {
    let (debtor, one, two) = stage.debtor_talks_to_101().await;
    stage.consult(&one, "102").await;
    two.wait_ringing().await;
    a_while().await;
    two.hang_up().await;
    one.wait_closed().await;
    a_while().await;
    one.resume().await;
    stage.tap().wait_event("Unhold", &["Channel: PJSIP/101-"]).await;
    a_while().await;
    one.hang_up().await;
    debtor.wait_closed().await;
}

async fn attended_aborted(stage: &mut Stage) {
    let (debtor, one, two) = stage.debtor_talks_to_101().await;
    stage.consult(&one, "102").await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    one.wait_answered().await;
    a_while().await;
    one.turn_to(2).await;
    one.hang_up().await;
    two.wait_closed().await;
    a_while().await;
    one.resume().await;
    stage.tap().wait_event("Unhold", &["Channel: PJSIP/101-"]).await;
    a_while().await;
    one.hang_up().await;
    debtor.wait_closed().await;
}

async fn attended_feature_code(stage: &mut Stage) {
    let (debtor, one, two) = stage.debtor_talks_to_101().await;
    one.press("*2").await;
    stage.tap().wait_event("MusicOnHoldStart", &["Channel: PJSIP/trunk-"]).await;
    a_while().await;
    one.press("102").await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    one.hang_up().await;
    stage.tap().wait_event("AttendedTransfer", &[]).await;
    a_while().await;
    debtor.hang_up().await;
}

/// The call that is handed over was dialled by the agent.
async fn attended_dialled(stage: &mut Stage) {
    let debtor = stage.called(NUMBER).await;
    let (one, two) = (stage.phone("101").await, stage.phone("102").await);
    stage.record().await;
    stage.click_to_dial("101", NUMBER).await;
    one.wait_ringing().await;
    a_while().await;
    one.answer().await;
    debtor.wait_ringing().await;
    a_while().await;
    debtor.answer().await;
    stage.wait_in_talk("PJSIP/trunk").await;
    a_while().await;
    stage.consult(&one, "102").await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    one.wait_answered().await;
    a_while().await;
    one.transfer_to_consulted("102").await;
    one.wait_closed().await;
    a_while().await;
    two.hang_up().await;
    debtor.wait_closed().await;
}
