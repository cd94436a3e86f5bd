//! Calls in the shape that FreePBX gives them. Three are heard by a manager who asks for the class dialplan, too; the
//! others would be 200 KB long with it.

use std::sync::Arc;

use super::stage::{NUMBER, Stage, a_while};
use crate::lab::Phone;

flows! {
    freepbx_inbound_answered freepbx_ring_group freepbx_queue_answered freepbx_queue_no_answer freepbx_dialled
    freepbx_blind_transfer
}

/// The manager user who hears the class dialplan (tests/it/lab/asterisk/manager.conf), and the one who does not.
const HEARS_ALL: &str = "belbrug-dialplan";
const PLAIN: &str = "belbrug";
const DIRECT: &str = "31801";

async fn everybody(stage: &mut Stage, user: &str) -> (Arc<Phone>, Arc<Phone>, Arc<Phone>) {
    let people = stage.everybody().await;
    stage.pbx.wait_idle().await;
    stage.record_now(user).await;
    people
}

async fn freepbx_inbound_answered(stage: &mut Stage) {
    let (debtor, one, _) = everybody(stage, HEARS_ALL).await;
    debtor.dial(DIRECT).await;
    one.wait_ringing().await;
    a_while().await;
    one.answer().await;
    stage.wait_in_talk("PJSIP/101").await;
    a_while().await;
    debtor.hang_up().await;
}

async fn freepbx_ring_group(stage: &mut Stage) {
    let (debtor, one, two) = everybody(stage, HEARS_ALL).await;
    debtor.dial("31860").await;
    one.wait_ringing().await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    debtor.hang_up().await;
}

async fn freepbx_queue_answered(stage: &mut Stage) {
    let (debtor, one, two) = everybody(stage, PLAIN).await;
    debtor.dial("31800").await;
    one.wait_ringing().await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    stage.tap().wait_event("AgentConnect", &[]).await;
    a_while().await;
    debtor.hang_up().await;
    two.wait_closed().await;
}

async fn freepbx_queue_no_answer(stage: &mut Stage) {
    let (debtor, one, two) = everybody(stage, PLAIN).await;
    debtor.dial("31800").await;
    one.wait_ringing().await;
    two.wait_ringing().await;
    debtor.wait_closed().await;
}

/// Click-to-dial into FreePBX's outbound routes.
async fn freepbx_dialled(stage: &mut Stage) {
    stage.pbx.cli("dialplan set global BELBRUG_OUTBOUND from-internal").await;
    let debtor = stage.called(NUMBER).await;
    let one = stage.phone("101").await;
    stage.pbx.wait_idle().await;
    stage.record_now(HEARS_ALL).await;
    stage.click_to_dial("101", NUMBER).await;
    one.wait_ringing().await;
    a_while().await;
    one.answer().await;
    debtor.wait_ringing().await;
    a_while().await;
    debtor.answer().await;
    stage.wait_in_talk("PJSIP/trunk").await;
    a_while().await;
    one.hang_up().await;
    debtor.wait_closed().await;
}

async fn freepbx_blind_transfer(stage: &mut Stage) {
    let (debtor, one, two) = everybody(stage, PLAIN).await;
    debtor.dial(DIRECT).await;
    one.wait_ringing().await;
    a_while().await;
    one.answer().await;
    stage.wait_in_talk("PJSIP/101").await;
    a_while().await;
    one.transfer("102").await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    debtor.hang_up().await;
}
