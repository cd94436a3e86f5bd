//! The first flows: to one phone, to the queue, and click-to-dial, with SIPp as the debtor.

use std::sync::Arc;
use std::time::Duration;

use super::stage::{DIRECT, NAME, NUMBER, QUEUE, Stage, a_while};
use crate::lab::{AmiTap, Debtor, Pbx, Phone};

/// Plays the flow of this name, if it is one of these.
pub(super) async fn play(flow: &str, stage: &mut Stage) -> bool {
    if !FLOWS.contains(&flow) {
        return false;
    }
    if matches!(flow, "inbound_no_answer" | "dialled_no_answer") {
        stage.rings_briefly().await;
    }
    let phones = Phones { one: stage.phone("101").await, two: stage.phone("102").await };
    stage.record().await;
    if flow.starts_with("dialled") {
        dialled(flow, stage, &phones).await;
    } else {
        let (pbx, tap) = stage.pbx_and_tap();
        inbound(flow, pbx, &phones, tap).await;
    }
    true
}

const FLOWS: [&str; 18] = [
    "inbound_answered",
    "inbound_given_up",
    "inbound_no_answer",
    "inbound_rejected",
    "inbound_hold",
    "inbound_withheld",
    "inbound_utf8_name",
    "queue_answered",
    "queue_abandoned",
    "queue_timeout",
    "dialled_answered",
    "dialled_far_end_hangs_up",
    "dialled_busy",
    "dialled_rejected",
    "dialled_no_answer",
    "dialled_given_up",
    "dialled_agent_no_answer",
    "dialled_agent_rejects",
];

/// The agents at the phones 101 and 102.
struct Phones {
    one: Arc<Phone>,
    two: Arc<Phone>,
}

/// The debtor calls.
async fn inbound(flow: &str, pbx: &Pbx, phones: &Phones, tap: &AmiTap) {
    let one = &phones.one;
    let calls = |to, hang_up_after| Debtor::calls(pbx, to, NUMBER, NAME, hang_up_after);
    let talk = Some(Duration::from_millis(2500));
    let mut debtor = match flow {
        "inbound_given_up" => Debtor::gives_up(pbx, DIRECT, NUMBER, NAME, Duration::from_millis(1500)).await,
        "inbound_withheld" => Debtor::calls(pbx, DIRECT, "anonymous", "", talk).await,
        "inbound_utf8_name" => Debtor::calls(pbx, DIRECT, NUMBER, "Zoë Ångström", talk).await,
        "inbound_no_answer" | "inbound_rejected" => calls(DIRECT, None).await,
        "inbound_hold" => calls(DIRECT, Some(Duration::from_secs(5))).await,
        "inbound_answered" => calls(DIRECT, talk).await,
        "queue_answered" => calls(QUEUE, talk).await,
        "queue_abandoned" => calls(QUEUE, Some(Duration::from_millis(1500))).await,
        "queue_timeout" => calls(QUEUE, None).await,
        _ => panic!("no flow {flow}"),
    };
    one.wait_ringing().await;
    match flow {
        "inbound_given_up" | "inbound_no_answer" | "queue_abandoned" | "queue_timeout" => {}
        "inbound_rejected" => {
            a_while().await;
            one.hang_up().await;
        }
        "queue_answered" => {
            phones.two.wait_ringing().await;
            a_while().await;
            phones.two.answer().await;
        }
        _ => {
            a_while().await;
            one.answer().await;
        }
    }
    if flow == "inbound_hold" {
        a_while().await;
        one.hold().await;
        tap.wait_for(b"Event: Hold").await;
        a_while().await;
        one.resume().await;
        tap.wait_for(b"Event: Unhold").await;
    }
    debtor.wait().await;
}

/// The agent calls from the page: the PBX rings 101 first and calls the debtor when 101 has answered.
async fn dialled(flow: &str, stage: &mut Stage, phones: &Phones) {
    let one = &phones.one;
    let pbx = &stage.pbx;
    let second = Duration::from_secs(1);
    let mut debtor = match flow {
        "dialled_answered" => Some(Debtor::answers(pbx, second).await),
        "dialled_far_end_hangs_up" => Some(Debtor::answers_and_hangs_up(pbx, second, 2 * second).await),
        "dialled_busy" => Some(Debtor::refuses(pbx, second, "486 Busy Here").await),
        "dialled_rejected" => Some(Debtor::refuses(pbx, second, "403 Forbidden").await),
        "dialled_no_answer" | "dialled_given_up" => Some(Debtor::never_answers(pbx).await),
        "dialled_agent_no_answer" | "dialled_agent_rejects" => None,
        _ => panic!("no flow {flow}"),
    };
    let timeout = if flow == "dialled_agent_no_answer" { "3000" } else { "20000" };
    stage.click_to_dial_for("101", NUMBER, timeout).await;
    one.wait_ringing().await;
    match flow {
        "dialled_agent_no_answer" => one.wait_closed().await,
        "dialled_agent_rejects" => {
            a_while().await;
            one.hang_up().await;
        }
        _ => {
            a_while().await;
            one.answer().await;
        }
    }
    match flow {
        "dialled_given_up" => {
            // The agent's own leg rang too, before this.
            let answered = stage.tap().wait_for(b"Event: OriginateResponse").await;
            stage.tap().wait_for_after(answered, b"DialStatus: RINGING").await;
            a_while().await;
            one.hang_up().await;
        }
        "dialled_answered" => {
            stage.tap().wait_for(b"Event: BridgeEnter").await;
            a_while().await;
            a_while().await;
            one.hang_up().await;
        }
        _ => {}
    }
    if let Some(debtor) = &mut debtor {
        debtor.wait().await;
    }
    stage.tap().wait_for(b"Event: OriginateResponse").await;
}
