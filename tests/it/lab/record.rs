//! Plays every call flow against the lab's Asterisk and keeps what its manager interface said: the captures in
//! `tests/it/captures/`, one call each, on a PBX that carries nothing else. See README.md for how to record again.

use std::path::Path;
use std::time::Duration;

use super::{AmiTap, Debtor, Pbx, Phone};

/// From Ofcom's range for drama: nobody has it.
const NUMBER: &str = "+447700900123";
const NAME: &str = "J. Smit";
/// The number that rings 101, and the queue's.
const DIRECT: &str = "31101";
const QUEUE: &str = "31900";

/// Records one flow, on a PBX of its own: from signing in until nothing more comes after the last hangup.
pub async fn record_one(flow: &str, out_dir: &Path) {
    let pbx = Pbx::up("capture").await;
    let phones = Phones { one: Phone::register(&pbx, "101").await, two: Phone::register(&pbx, "102").await };
    pbx.wait_idle().await;
    let path = out_dir.join(format!("{flow}.ami"));
    let mut tap = AmiTap::open(&pbx, &path).await;
    if flow.starts_with("dialled") {
        dialled(flow, &pbx, &phones, &mut tap).await;
    } else {
        inbound(flow, &pbx, &phones, &tap).await;
    }
    pbx.wait_idle().await;
    tap.wait_for(b"Event: Hangup").await;
    tap.wait_quiet(Duration::from_millis(700)).await;
    tap.close().await;
}

/// The agents at the phones 101 and 102.
struct Phones {
    one: Phone,
    two: Phone,
}

/// People take their time: so that the captured times differ as real ones do.
async fn a_while() {
    tokio::time::sleep(Duration::from_millis(900)).await;
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
async fn dialled(flow: &str, pbx: &Pbx, phones: &Phones, tap: &mut AmiTap) {
    let one = &phones.one;
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
    tap.send(&[
        ("Action", "Originate"),
        ("ActionID", "originate-1"),
        ("Channel", "PJSIP/101"),
        ("ChannelId", &format!("belbrug-{}", flow.replace('_', "-"))),
        ("Context", "belbrug-outbound"),
        ("Exten", NUMBER),
        ("Priority", "1"),
        ("Timeout", "3000"),
        ("CallerID", &format!("\"{NAME}\" <{NUMBER}>")),
        ("Async", "true"),
    ])
    .await;
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
            let answered = tap.wait_for(b"Event: OriginateResponse").await;
            tap.wait_for_after(answered, b"DialStatus: RINGING").await;
            a_while().await;
            one.hang_up().await;
        }
        "dialled_answered" => {
            tap.wait_for(b"Event: BridgeEnter").await;
            a_while().await;
            a_while().await;
            one.hang_up().await;
        }
        _ => {}
    }
    if let Some(debtor) = &mut debtor {
        debtor.wait().await;
    }
    tap.wait_for(b"Event: OriginateResponse").await;
}
