//! Calls that an agent makes: by a click in the page (the PBX rings the agent's phone first), or on the phone itself.

use std::time::Duration;

use super::stage::{NUMBER, Stage, a_while};
use crate::lab::{AmiTap, Debtor, Phone};

flows! {
    dialled_progress_answered dialled_progress_rejected dialled_rejected_at_once dialled_not_found
    dialled_agent_cancels dialled_agent_forwards dialled_agent_voicemail dialled_agent_picked_up dialled_hold
    dialled_from_phone dialled_from_phone_busy internal_call originate_elsewhere originate_local
}

const SECOND: Duration = Duration::from_secs(1);

/// 101 clicks, and answers the own phone.
async fn click_and_answer(stage: &mut Stage, one: &Phone) {
    stage.click_to_dial("101", NUMBER).await;
    one.wait_ringing().await;
    a_while().await;
    one.answer().await;
}

async fn dialled_progress_answered(stage: &mut Stage) {
    let one = stage.phone("101").await;
    stage.record().await;
    let mut debtor = Debtor::progresses_and_answers(&stage.pbx, SECOND).await;
    click_and_answer(stage, &one).await;
    stage.wait_in_talk("PJSIP/trunk").await;
    a_while().await;
    one.hang_up().await;
    debtor.wait().await;
}

async fn dialled_progress_rejected(stage: &mut Stage) {
    let one = stage.phone("101").await;
    stage.record().await;
    let mut debtor = Debtor::progresses_and_refuses(&stage.pbx, SECOND, "480 Temporarily Unavailable").await;
    click_and_answer(stage, &one).await;
    debtor.wait().await;
    one.wait_closed().await;
}

async fn dialled_rejected_at_once(stage: &mut Stage) {
    refused_at_once(stage, "403 Forbidden").await;
}

async fn dialled_not_found(stage: &mut Stage) {
    refused_at_once(stage, "404 Not Found").await;
}

async fn refused_at_once(stage: &mut Stage, status: &str) {
    let one = stage.phone("101").await;
    stage.record().await;
    let mut debtor = Debtor::refuses_at_once(&stage.pbx, status).await;
    click_and_answer(stage, &one).await;
    debtor.wait().await;
    one.wait_closed().await;
}

/// The agent thinks better of it in the page, while the own phone rings.
async fn dialled_agent_cancels(stage: &mut Stage) {
    let one = stage.phone("101").await;
    stage.record().await;
    stage.click_to_dial("101", NUMBER).await;
    one.wait_ringing().await;
    a_while().await;
    stage.tap().send(&[("Action", "Hangup"), ("ActionID", "hangup-1"), ("Channel", "PJSIP/101-00000000"), ("Cause", "16")]).await;
    one.wait_closed().await;
}

/// 101's phone sends its calls to 102, who answers: the debtor is not called.
async fn dialled_agent_forwards(stage: &mut Stage) {
    let two = stage.phone("102").await;
    let debtor_rings = stage.called(NUMBER).await;
    let mut one = Debtor::phone_that_forwards(&stage.pbx, "101", "102").await;
    stage.record().await;
    stage.click_to_dial("101", NUMBER).await;
    one.wait().await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    two.wait_closed().await;
    debtor_was_not_called(stage, &debtor_rings).await;
}

/// 101's phone sends its calls to a mailbox, which answers: the debtor is not called.
async fn dialled_agent_voicemail(stage: &mut Stage) {
    let debtor_rings = stage.called(NUMBER).await;
    let mut one = Debtor::phone_that_forwards(&stage.pbx, "101", "8101").await;
    stage.record().await;
    stage.click_to_dial("101", NUMBER).await;
    one.wait().await;
    debtor_was_not_called(stage, &debtor_rings).await;
}

/// A colleague takes the call that rings at 101: the debtor is not called.
async fn dialled_agent_picked_up(stage: &mut Stage) {
    let debtor_rings = stage.called(NUMBER).await;
    let (one, two) = (stage.phone("101").await, stage.phone("102").await);
    stage.record().await;
    stage.click_to_dial("101", NUMBER).await;
    one.wait_ringing().await;
    a_while().await;
    two.dial("**101").await;
    two.wait_closed().await;
    debtor_was_not_called(stage, &debtor_rings).await;
}

async fn debtor_was_not_called(stage: &mut Stage, debtor: &Phone) {
    stage.tap().wait_event("OriginateResponse", &[]).await;
    stage.pbx.wait_idle().await;
    assert!(!debtor.log().contains("INVITE"), "the debtor was called:\n{}", debtor.log());
    let said = String::from_utf8_lossy(&stage.tap().seen()).into_owned();
    assert!(!said.contains("PJSIP/trunk"), "the trunk was used:\n{said}");
}

async fn dialled_hold(stage: &mut Stage) {
    let debtor = stage.called(NUMBER).await;
    let one = stage.phone("101").await;
    stage.record().await;
    click_and_answer(stage, &one).await;
    debtor.wait_ringing().await;
    a_while().await;
    debtor.answer().await;
    stage.wait_in_talk("PJSIP/trunk").await;
    a_while().await;
    one.hold().await;
    stage.tap().wait_event("Hold", &["Channel: PJSIP/101-"]).await;
    a_while().await;
    one.resume().await;
    stage.tap().wait_event("Unhold", &["Channel: PJSIP/101-"]).await;
    a_while().await;
    debtor.hang_up().await;
    one.wait_closed().await;
}

async fn dialled_from_phone(stage: &mut Stage) {
    let debtor = stage.called(NUMBER).await;
    let one = stage.phone("101").await;
    stage.record().await;
    one.dial(NUMBER).await;
    debtor.wait_ringing().await;
    a_while().await;
    debtor.answer().await;
    stage.wait_in_talk("PJSIP/trunk").await;
    a_while().await;
    one.hang_up().await;
    debtor.wait_closed().await;
}

async fn dialled_from_phone_busy(stage: &mut Stage) {
    let debtor = stage.called(NUMBER).await;
    let one = stage.phone("101").await;
    stage.record().await;
    one.dial(NUMBER).await;
    debtor.wait_ringing().await;
    a_while().await;
    debtor.hang_up().await;
    one.wait_closed().await;
}

async fn internal_call(stage: &mut Stage) {
    let (one, two) = (stage.phone("101").await, stage.phone("102").await);
    stage.record().await;
    one.dial("102").await;
    two.wait_ringing().await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    one.hang_up().await;
    two.wait_closed().await;
}

/// Another program dials for 101, in its own way.
async fn originate_elsewhere(stage: &mut Stage) {
    dialled_by_another(stage, "PJSIP/101", "belbrug-agents").await;
}

/// The same, through a pair of Local channels, as FreePBX and the programs for it do.
async fn originate_local(stage: &mut Stage) {
    dialled_by_another(stage, "Local/101@from-internal", "from-internal").await;
}

async fn dialled_by_another(stage: &mut Stage, channel: &str, context: &str) {
    let debtor = stage.called(NUMBER).await;
    let one = stage.phone("101").await;
    stage.record().await;
    let scratch = tempfile::NamedTempFile::new().expect("a scratch file");
    let mut another = AmiTap::open(&stage.pbx, scratch.path()).await;
    let fields = [("Channel", channel), ("Context", context), ("Exten", NUMBER), ("Priority", "1"), ("Timeout", "20000")];
    let mut action = vec![("Action", "Originate"), ("ActionID", "7001"), ("CallerID", "Dialler <101>"), ("Async", "true")];
    action.extend(fields);
    another.send(&action).await;
    one.wait_ringing().await;
    a_while().await;
    one.answer().await;
    debtor.wait_ringing().await;
    a_while().await;
    debtor.answer().await;
    stage.wait_in_talk("PJSIP/trunk").await;
    a_while().await;
    debtor.hang_up().await;
    one.wait_closed().await;
    another.close().await;
}
