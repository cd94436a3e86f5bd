//! Ring groups and queues.

use super::stage::{Stage, a_while};

flows! {
    ring_group_answered ring_group_no_answer ring_group_given_up
    queue_left_by_key queue_member_rejects queue_local_members queue_hold queue_two_devices
}

/// Rings 101 and 102 at once.
const RING_GROUP: &str = "31600";

async fn ring_group_answered(stage: &mut Stage) {
    let (debtor, one, two) = stage.everybody().await;
    stage.record().await;
    debtor.dial(RING_GROUP).await;
    one.wait_ringing().await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    two.hang_up().await;
    debtor.wait_closed().await;
}

async fn ring_group_no_answer(stage: &mut Stage) {
    let (debtor, one, two) = stage.everybody().await;
    stage.rings_briefly().await;
    stage.record().await;
    debtor.dial(RING_GROUP).await;
    one.wait_ringing().await;
    two.wait_ringing().await;
    debtor.wait_closed().await;
}

async fn ring_group_given_up(stage: &mut Stage) {
    let (debtor, one, two) = stage.everybody().await;
    stage.record().await;
    debtor.dial(RING_GROUP).await;
    one.wait_ringing().await;
    two.wait_ringing().await;
    debtor.wait_rings_there().await;
    a_while().await;
    debtor.hang_up().await;
}

async fn queue_left_by_key(stage: &mut Stage) {
    let (debtor, one, _) = stage.everybody().await;
    stage.record().await;
    debtor.dial("31910").await;
    debtor.wait_answered().await;
    one.wait_ringing().await;
    a_while().await;
    debtor.press("1").await;
    debtor.wait_closed().await;
}

async fn queue_member_rejects(stage: &mut Stage) {
    let (debtor, one, two) = stage.everybody().await;
    stage.record().await;
    debtor.dial("31900").await;
    one.wait_ringing().await;
    two.wait_ringing().await;
    a_while().await;
    one.hang_up().await;
    stage.tap().wait_event("Hangup", &["Channel: PJSIP/101-"]).await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    debtor.hang_up().await;
}

async fn queue_local_members(stage: &mut Stage) {
    let (debtor, one, two) = stage.everybody().await;
    stage.record().await;
    debtor.dial("31920").await;
    one.wait_ringing().await;
    two.wait_ringing().await;
    a_while().await;
    one.answer().await;
    stage.wait_in_talk("PJSIP/101").await;
    a_while().await;
    debtor.hang_up().await;
}

async fn queue_hold(stage: &mut Stage) {
    let (debtor, one, two) = stage.everybody().await;
    stage.record().await;
    debtor.dial("31900").await;
    one.wait_ringing().await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    two.hold().await;
    stage.tap().wait_event("Hold", &["Channel: PJSIP/102-"]).await;
    a_while().await;
    two.resume().await;
    stage.tap().wait_event("Unhold", &["Channel: PJSIP/102-"]).await;
    a_while().await;
    two.hang_up().await;
    debtor.wait_closed().await;
}

/// Two members of the queue are devices of one agent.
async fn queue_two_devices(stage: &mut Stage) {
    let (debtor, desk, soft) = (stage.debtor().await, stage.phone("101").await, stage.phone("111").await);
    stage.record().await;
    debtor.dial("31930").await;
    desk.wait_ringing().await;
    soft.wait_ringing().await;
    a_while().await;
    soft.answer().await;
    stage.wait_in_talk("PJSIP/111").await;
    a_while().await;
    debtor.hang_up().await;
    soft.wait_closed().await;
}
