//! Blonde transfers: an agent hands the debtor over while the other still rings.

use super::stage::{OTHER_NUMBER, Stage, a_while};

flows! { blonde_to_phone blonde_no_answer blonde_outside blonde_to_queue blonde_feature_code }

async fn blonde_to_phone(stage: &mut Stage) {
    let (debtor, one, two) = stage.debtor_talks_to_101().await;
    stage.consult(&one, "102").await;
    two.wait_ringing().await;
    one.wait_rings_there().await;
    a_while().await;
    one.transfer_to_consulted("102").await;
    stage.tap().wait_event("AttendedTransfer", &[]).await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    debtor.hang_up().await;
}

async fn blonde_no_answer(stage: &mut Stage) {
    let (debtor, one, two) = stage.debtor_talks_to_101().await;
    stage.rings_briefly().await;
    stage.consult(&one, "102").await;
    two.wait_ringing().await;
    one.wait_rings_there().await;
    one.transfer_to_consulted("102").await;
    stage.tap().wait_event("AttendedTransfer", &[]).await;
    debtor.wait_closed().await;
}

async fn blonde_outside(stage: &mut Stage) {
    let other = stage.called(OTHER_NUMBER).await;
    let (debtor, one, _) = stage.debtor_talks_to_101().await;
    stage.consult(&one, OTHER_NUMBER).await;
    other.wait_ringing().await;
    one.wait_rings_there().await;
    a_while().await;
    one.transfer_to_consulted(OTHER_NUMBER).await;
    let transferred = stage.tap().wait_event("AttendedTransfer", &[]).await;
    a_while().await;
    other.answer().await;
    stage.tap().wait_event_after(transferred, "BridgeEnter", &["Channel: PJSIP/trunk-"]).await;
    a_while().await;
    other.hang_up().await;
    debtor.wait_closed().await;
}

/// The queue has answered 101, and nobody in it yet: the debtor takes the place of 101 in it.
async fn blonde_to_queue(stage: &mut Stage) {
    let (debtor, one, two) = stage.debtor_talks_to_101().await;
    stage.consult(&one, "900").await;
    two.wait_ringing().await;
    one.wait_answered().await;
    a_while().await;
    one.transfer_to_consulted("900").await;
    stage.tap().wait_event("AttendedTransfer", &[]).await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    debtor.hang_up().await;
}

async fn blonde_feature_code(stage: &mut Stage) {
    let (debtor, one, two) = stage.debtor_talks_to_101().await;
    one.press("*2").await;
    stage.tap().wait_event("MusicOnHoldStart", &["Channel: PJSIP/trunk-"]).await;
    a_while().await;
    one.press("102").await;
    two.wait_ringing().await;
    a_while().await;
    one.hang_up().await;
    one.wait_closed().await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    debtor.hang_up().await;
}
