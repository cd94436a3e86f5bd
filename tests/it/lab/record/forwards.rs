//! Calls that end up elsewhere than they were sent: forwarded, picked up, parked, followed, held in a waiting room.

use super::stage::{DIRECT, Stage, a_while};
use crate::lab::Debtor;

flows! {
    forward_always forward_always_dialplan forward_on_busy forward_on_no_answer pickup pickup_directed
    parked_and_retrieved parked_timeout parked_abandoned
    local_channel_pair local_channel_pair_n follow_me_confirmed follow_me_declined follow_me_no_answer
    holding_bridge_then_answered inbound_201
}

/// 101's phone itself sends its calls to 102 (302).
async fn forward_always(stage: &mut Stage) {
    let (debtor, two) = (stage.debtor().await, stage.phone("102").await);
    let mut one = Debtor::phone_that_forwards(&stage.pbx, "101", "102").await;
    stage.record().await;
    debtor.dial(DIRECT).await;
    one.wait().await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    debtor.hang_up().await;
}

/// The dialplan sends the calls of 101 to 102.
async fn forward_always_dialplan(stage: &mut Stage) {
    let (debtor, _, two) = stage.everybody().await;
    stage.record().await;
    debtor.dial("31630").await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    debtor.hang_up().await;
}

async fn forward_on_busy(stage: &mut Stage) {
    let (debtor, one, two) = stage.everybody().await;
    stage.record().await;
    debtor.dial("31610").await;
    one.wait_ringing().await;
    a_while().await;
    one.hang_up().await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    two.hang_up().await;
    debtor.wait_closed().await;
}

async fn forward_on_no_answer(stage: &mut Stage) {
    let (debtor, one, two) = stage.everybody().await;
    stage.record().await;
    debtor.dial("31620").await;
    one.wait_ringing().await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    two.hang_up().await;
    debtor.wait_closed().await;
}

async fn pickup(stage: &mut Stage) {
    picked_up(stage, "*8").await;
}

async fn pickup_directed(stage: &mut Stage) {
    picked_up(stage, "**101").await;
}

async fn picked_up(stage: &mut Stage, code: &str) {
    let (debtor, one, two) = stage.everybody().await;
    stage.record().await;
    debtor.dial(DIRECT).await;
    one.wait_ringing().await;
    a_while().await;
    two.dial(code).await;
    debtor.wait_answered().await;
    one.wait_closed().await;
    a_while().await;
    debtor.hang_up().await;
    two.wait_closed().await;
}

async fn parked_and_retrieved(stage: &mut Stage) {
    let (debtor, one, two) = stage.debtor_talks_to_101().await;
    one.transfer("700").await;
    stage.tap().wait_event("ParkedCall", &["ParkingSpace: 701"]).await;
    one.wait_closed().await;
    a_while().await;
    two.dial("701").await;
    two.wait_answered().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    debtor.hang_up().await;
    two.wait_closed().await;
}

/// Nobody takes the call: it comes back to 101, who parked it.
async fn parked_timeout(stage: &mut Stage) {
    let (debtor, one, _) = stage.debtor_talks_to_101().await;
    one.transfer("700").await;
    let parked = stage.tap().wait_event("ParkedCall", &["ParkingSpace: 701"]).await;
    one.wait_closed().await;
    one.wait_ringing().await;
    a_while().await;
    one.answer().await;
    stage.tap().wait_event_after(parked, "BridgeEnter", &["Channel: PJSIP/101-"]).await;
    a_while().await;
    one.hang_up().await;
    debtor.wait_closed().await;
}

async fn parked_abandoned(stage: &mut Stage) {
    let (debtor, one, _) = stage.debtor_talks_to_101().await;
    one.transfer("700").await;
    stage.tap().wait_event("ParkedCall", &["ParkingSpace: 701"]).await;
    one.wait_closed().await;
    a_while().await;
    debtor.hang_up().await;
}

async fn local_channel_pair(stage: &mut Stage) {
    through_local(stage, "31640").await;
}

async fn local_channel_pair_n(stage: &mut Stage) {
    through_local(stage, "31641").await;
}

async fn through_local(stage: &mut Stage, to: &str) {
    let (debtor, one, _) = stage.everybody().await;
    stage.record().await;
    debtor.dial(to).await;
    one.wait_ringing().await;
    a_while().await;
    one.answer().await;
    stage.wait_in_talk("PJSIP/101").await;
    a_while().await;
    a_while().await;
    debtor.hang_up().await;
}

async fn follow_me_confirmed(stage: &mut Stage) {
    let (debtor, _, two) = stage.everybody().await;
    stage.record().await;
    debtor.dial("31650").await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    stage.wait_log("followme/options").await;
    a_while().await;
    two.press("1").await;
    stage.wait_in_talk("PJSIP/trunk").await;
    a_while().await;
    a_while().await;
    debtor.hang_up().await;
    two.wait_closed().await;
}

async fn follow_me_declined(stage: &mut Stage) {
    let (debtor, _, two) = stage.everybody().await;
    stage.record().await;
    debtor.dial("31650").await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    stage.wait_log("followme/options").await;
    a_while().await;
    two.press("2").await;
    two.wait_closed().await;
    debtor.wait_closed().await;
}

async fn follow_me_no_answer(stage: &mut Stage) {
    let (debtor, _, two) = stage.everybody().await;
    stage.record().await;
    debtor.dial("31651").await;
    two.wait_ringing().await;
    debtor.wait_closed().await;
}

/// The debtor waits in a holding bridge first, which is no answer.
async fn holding_bridge_then_answered(stage: &mut Stage) {
    let (debtor, one, _) = stage.everybody().await;
    stage.record().await;
    debtor.dial("31680").await;
    one.wait_ringing().await;
    a_while().await;
    one.answer().await;
    stage.wait_in_talk("PJSIP/101").await;
    a_while().await;
    debtor.hang_up().await;
}

/// To 201, which is not 20's.
async fn inbound_201(stage: &mut Stage) {
    let (debtor, agent, _other) = (stage.debtor().await, stage.phone("201").await, stage.phone("20").await);
    stage.record().await;
    debtor.dial("31201").await;
    agent.wait_ringing().await;
    a_while().await;
    agent.answer().await;
    stage.wait_in_talk("PJSIP/201").await;
    a_while().await;
    agent.hang_up().await;
    debtor.wait_closed().await;
}
