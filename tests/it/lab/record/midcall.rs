//! A manager who signs in when the call is there already and asks what there is; and a PBX that is gone in the middle.

use super::stage::{DIRECT, QUEUE, Stage, a_while};

flows! {
    snapshot_ringing snapshot_talking snapshot_queue snapshot_held pbx_restart_in_talk pbx_stopped_in_talk
}

/// Signs in and asks for everything that Belbrug asks for; bridges one by one.
async fn sign_in_and_ask(stage: &mut Stage) {
    let tap = stage.record_now("belbrug").await;
    for (action, last) in [
        ("CoreShowChannels", "CoreShowChannelsComplete"),
        ("QueueStatus", "QueueStatusComplete"),
        ("DeviceStateList", "DeviceStateListComplete"),
        ("BridgeList", "BridgeListComplete"),
    ] {
        tap.send(&[("Action", action), ("ActionID", &format!("snapshot-{action}"))]).await;
        tap.wait_event(last, &[]).await;
    }
    let said = String::from_utf8_lossy(&tap.seen()).into_owned();
    let items = said.split("\r\n\r\n").filter(|frame| frame.contains("Event: BridgeListItem"));
    let bridges: Vec<String> =
        items.filter_map(|frame| Some(frame.lines().find_map(|line| line.strip_prefix("BridgeUniqueid: "))?.to_owned())).collect();
    for bridge in bridges {
        tap.send(&[("Action", "BridgeInfo"), ("ActionID", "snapshot-BridgeInfo"), ("BridgeUniqueid", &bridge)]).await;
        tap.wait_event("BridgeInfoComplete", &[&format!("BridgeUniqueid: {bridge}")]).await;
    }
}

async fn snapshot_ringing(stage: &mut Stage) {
    let (debtor, one, _) = stage.everybody().await;
    debtor.dial(DIRECT).await;
    one.wait_ringing().await;
    debtor.wait_rings_there().await;
    a_while().await;
    sign_in_and_ask(stage).await;
    a_while().await;
    one.answer().await;
    stage.wait_in_talk("PJSIP/101").await;
    a_while().await;
    debtor.hang_up().await;
    one.wait_closed().await;
}

async fn snapshot_talking(stage: &mut Stage) {
    let (debtor, one, _) = stage.everybody().await;
    debtor.dial(DIRECT).await;
    one.wait_ringing().await;
    a_while().await;
    one.answer().await;
    debtor.wait_answered().await;
    a_while().await;
    sign_in_and_ask(stage).await;
    a_while().await;
    debtor.hang_up().await;
    one.wait_closed().await;
}

/// The members' phones ring already.
async fn snapshot_queue(stage: &mut Stage) {
    let (debtor, one, two) = stage.everybody().await;
    debtor.dial(QUEUE).await;
    debtor.wait_answered().await;
    one.wait_ringing().await;
    two.wait_ringing().await;
    a_while().await;
    sign_in_and_ask(stage).await;
    a_while().await;
    two.answer().await;
    stage.wait_in_talk("PJSIP/102").await;
    a_while().await;
    debtor.hang_up().await;
    two.wait_closed().await;
}

async fn snapshot_held(stage: &mut Stage) {
    let (debtor, one, _) = stage.everybody().await;
    debtor.dial(DIRECT).await;
    one.wait_ringing().await;
    a_while().await;
    one.answer().await;
    debtor.wait_answered().await;
    a_while().await;
    one.hold().await;
    a_while().await;
    sign_in_and_ask(stage).await;
    a_while().await;
    one.resume().await;
    stage.tap().wait_event("Unhold", &["Channel: PJSIP/101-"]).await;
    a_while().await;
    debtor.hang_up().await;
    one.wait_closed().await;
}

/// The PBX dies as in a power cut.
async fn pbx_restart_in_talk(stage: &mut Stage) {
    stage.debtor_talks_to_101().await;
    stage.pbx.crash().await;
    stage.tap().wait_ended().await;
}

/// Somebody stops the PBX in an orderly way.
async fn pbx_stopped_in_talk(stage: &mut Stage) {
    stage.debtor_talks_to_101().await;
    stage.pbx.cli("core stop now").await;
    stage.tap().wait_ended().await;
}
