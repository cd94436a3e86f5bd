//! Several calls at one phone, several devices of one agent, several people in one call.

use super::stage::{DIRECT, OTHER_NAME, OTHER_NUMBER, Stage, a_while};
use crate::lab::Phone;

flows! {
    call_waiting call_waiting_swap two_devices_answered two_contacts_answered conference conference_from_call
}

/// A second debtor calls 101, who is talking: taken when the first call is over.
async fn call_waiting(stage: &mut Stage) {
    let other = Phone::outside(&stage.pbx, OTHER_NUMBER, OTHER_NAME).await;
    let other = stage.keep(other);
    let (debtor, one, _) = stage.debtor_talks_to_101().await;
    let before = stage.tap().seen().len();
    other.dial(DIRECT).await;
    one.wait_ringing().await;
    a_while().await;
    debtor.hang_up().await;
    one.wait_closed().await;
    a_while().await;
    one.answer().await;
    stage.tap().wait_event_after(before, "BridgeEnter", &["Channel: PJSIP/101-"]).await;
    a_while().await;
    one.hang_up().await;
    other.wait_closed().await;
}

/// A second debtor calls 101, who is talking, holds the first, takes the second, goes back to the first.
async fn call_waiting_swap(stage: &mut Stage) {
    let other = Phone::outside(&stage.pbx, OTHER_NUMBER, OTHER_NAME).await;
    let other = stage.keep(other);
    let (debtor, one, _) = stage.debtor_talks_to_101().await;
    let before = stage.tap().seen().len();
    other.dial(DIRECT).await;
    one.wait_ringing().await;
    a_while().await;
    one.answer().await;
    stage.tap().wait_event_after(before, "BridgeEnter", &["Channel: PJSIP/101-"]).await;
    let held = stage.tap().wait_event_after(before, "Hold", &["Channel: PJSIP/101-"]).await;
    a_while().await;
    one.hold().await;
    stage.tap().wait_event_after(held, "Hold", &["Channel: PJSIP/101-"]).await;
    one.turn_to(1).await;
    one.resume().await;
    let retrieved = stage.tap().wait_event_after(held, "Unhold", &["Channel: PJSIP/101-"]).await;
    a_while().await;
    debtor.hang_up().await;
    one.wait_closed().await;
    // This phone takes the other call off hold by itself.
    stage.tap().wait_event_after(retrieved, "Unhold", &["Channel: PJSIP/101-"]).await;
    a_while().await;
    one.hang_up().await;
    other.wait_closed().await;
}

async fn two_devices_answered(stage: &mut Stage) {
    let (debtor, desk, soft) = (stage.debtor().await, stage.phone("101").await, stage.phone("111").await);
    stage.record().await;
    debtor.dial("31660").await;
    desk.wait_ringing().await;
    soft.wait_ringing().await;
    a_while().await;
    soft.answer().await;
    stage.wait_in_talk("PJSIP/111").await;
    a_while().await;
    debtor.hang_up().await;
    soft.wait_closed().await;
}

async fn two_contacts_answered(stage: &mut Stage) {
    let (debtor, first, second) = (stage.debtor().await, stage.phone("101").await, stage.phone("101").await);
    stage.record().await;
    debtor.dial("31661").await;
    first.wait_ringing().await;
    second.wait_ringing().await;
    a_while().await;
    second.answer().await;
    stage.wait_in_talk("PJSIP/101").await;
    a_while().await;
    debtor.hang_up().await;
    second.wait_closed().await;
}

async fn conference(stage: &mut Stage) {
    let (debtor, one, two) = stage.everybody().await;
    stage.record().await;
    debtor.dial("31670").await;
    stage.tap().wait_event("ConfbridgeJoin", &["Channel: PJSIP/trunk-"]).await;
    a_while().await;
    one.dial("670").await;
    stage.tap().wait_event("ConfbridgeJoin", &["Channel: PJSIP/101-"]).await;
    a_while().await;
    two.dial("670").await;
    stage.tap().wait_event("ConfbridgeJoin", &["Channel: PJSIP/102-"]).await;
    a_while().await;
    one.hang_up().await;
    stage.tap().wait_event("ConfbridgeLeave", &["Channel: PJSIP/101-"]).await;
    a_while().await;
    debtor.hang_up().await;
    stage.tap().wait_event("ConfbridgeLeave", &["Channel: PJSIP/trunk-"]).await;
    two.hang_up().await;
}

/// The call of debtor and 101 becomes a conference, and 102 comes in.
async fn conference_from_call(stage: &mut Stage) {
    let (debtor, one, two) = stage.debtor_talks_to_101().await;
    let redirect = [
        ("Action", "Redirect"),
        ("ActionID", "redirect-1"),
        ("Channel", "PJSIP/trunk-00000000"),
        ("ExtraChannel", "PJSIP/101-00000001"),
        ("Context", "belbrug-agents"),
        ("ExtraContext", "belbrug-agents"),
        ("Exten", "670"),
        ("ExtraExten", "670"),
        ("Priority", "1"),
        ("ExtraPriority", "1"),
    ];
    stage.tap().send(&redirect).await;
    stage.tap().wait_event("ConfbridgeJoin", &["Channel: PJSIP/trunk-"]).await;
    stage.tap().wait_event("ConfbridgeJoin", &["Channel: PJSIP/101-"]).await;
    a_while().await;
    two.dial("670").await;
    stage.tap().wait_event("ConfbridgeJoin", &["Channel: PJSIP/102-"]).await;
    a_while().await;
    one.hang_up().await;
    stage.tap().wait_event("ConfbridgeLeave", &["Channel: PJSIP/101-"]).await;
    a_while().await;
    two.hang_up().await;
    stage.tap().wait_event("ConfbridgeLeave", &["Channel: PJSIP/102-"]).await;
    debtor.hang_up().await;
}
