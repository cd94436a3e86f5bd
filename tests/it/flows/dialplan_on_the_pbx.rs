//! What the shipped dialplan and configuration promise to an office, on the real Asterisk: nobody outside dials out at
//! its cost, and a debtor sees the creditor's number.

use std::time::Duration;

use crate::lab::pbx::Release;
use crate::lab::{AmiTap, Pbx, Phone};

const DEBTOR: &str = "+447700900123";
const OTHER: &str = "+447700900456";
const CREDITOR: &str = "+442079460500";
/// Longer than anything takes on a busy machine.
const RING: Duration = Duration::from_secs(20);

struct Office {
    tap: AmiTap,
    pbx: Pbx,
    _scratch: tempfile::TempDir,
}

impl Office {
    async fn open() -> Self {
        let pbx = Pbx::up_with_everything("dialplan", RING, Release::Asterisk22).await;
        let scratch = tempfile::tempdir().expect("a scratch folder");
        let tap = AmiTap::open(&pbx, &scratch.path().join("said")).await;
        Self { tap, pbx, _scratch: scratch }
    }

    async fn phone(&self, extension: &str) -> Phone {
        Phone::register(&self.pbx, extension).await
    }

    async fn debtor(&self) -> Phone {
        Phone::outside(&self.pbx, DEBTOR, "J. Smit").await
    }

    async fn called(&self, number: &str) -> Phone {
        Phone::outside_to_be_called(&self.pbx, number, "K. de Boer").await
    }

    /// How many channels towards the provider there have been.
    fn calls_out(&self) -> usize {
        let said = String::from_utf8_lossy(&self.tap.seen()).into_owned();
        said.split("\r\n\r\n").filter(|frame| frame.contains("Event: DialBegin") && frame.contains("DestChannel: PJSIP/trunk-")).count()
    }

    async fn click(&mut self, variables: &[&str]) {
        let mut action = vec![("Action", "Originate"), ("Channel", "PJSIP/101"), ("Context", "belbrug-click"), ("Exten", DEBTOR)];
        action.extend([("Priority", "1"), ("CallerID", "\"J. Smit\" <+447700900123>"), ("Async", "true")]);
        action.extend(variables.iter().map(|variable| ("Variable", *variable)));
        self.tap.send(&action).await;
    }
}

/// The From header of the call that reached this phone.
fn from(phone: &Phone) -> String {
    let log = phone.log();
    let invite = log.lines().skip_while(|line| !line.starts_with("INVITE "));
    invite.into_iter().find(|line| line.starts_with("From:")).expect("a call").to_owned()
}

#[tokio::test]
async fn the_debtor_sees_the_number_of_the_creditor() {
    let mut office = Office::open().await;
    let (agent, debtor) = (office.phone("101").await, office.called(DEBTOR).await);
    let creditor = format!("BELBRUG_CALLER_ID={CREDITOR}");
    office.click(&["BELBRUG_DEVICE=PJSIP/101", &creditor]).await;
    agent.wait_ringing().await;
    assert!(from(&agent).contains(DEBTOR), "the agent's phone shows the debtor: {}", from(&agent));
    agent.answer().await;
    debtor.wait_ringing().await;
    assert!(from(&debtor).starts_with(&format!("From: <sip:{CREDITOR}@")), "{}", from(&debtor));
}

#[tokio::test]
async fn the_debtor_never_sees_the_own_number_or_the_agent_as_the_caller() {
    let mut office = Office::open().await;
    let (agent, debtor) = (office.phone("101").await, office.called(DEBTOR).await);
    // No number was given, and what is given is digits: the rest does not reach the provider.
    office.click(&["BELBRUG_DEVICE=PJSIP/101", "BELBRUG_CALLER_ID=\"<x>@&|"]).await;
    agent.wait_ringing().await;
    agent.answer().await;
    debtor.wait_ringing().await;
    let shown = from(&debtor);
    assert!(!shown.contains(DEBTOR) && !shown.contains("Smit") && !shown.contains("101") && !shown.contains('x'), "{shown}");
}

#[tokio::test]
async fn a_click_that_names_no_device_or_another_reaches_nobody() {
    let mut office = Office::open().await;
    let (agent, _debtor) = (office.phone("101").await, office.called(DEBTOR).await);
    for variables in [&[][..], &["BELBRUG_DEVICE="], &["BELBRUG_DEVICE=PJSIP/10"], &["BELBRUG_DEVICE=PJSIP/1011"]] {
        office.click(variables).await;
        agent.wait_ringing().await;
        agent.answer().await;
        agent.wait_closed().await;
    }
    assert_eq!(office.calls_out(), 0, "the trunk was used");
}

#[tokio::test]
async fn a_debtor_who_was_transferred_outside_cannot_dial_on_by_keys() {
    let office = Office::open().await;
    let (debtor, agent, other) = (office.debtor().await, office.phone("101").await, office.called(OTHER).await);
    debtor.dial("31101").await;
    agent.wait_ringing().await;
    agent.answer().await;
    debtor.wait_answered().await;
    agent.transfer(OTHER).await;
    other.wait_ringing().await;
    other.answer().await;
    office.tap.wait_event("BridgeEnter", &["Channel: PJSIP/trunk-00000002"]).await;
    // The keys are the other's to hear, not the PBX's.
    debtor.press("#1").await;
    debtor.press("*2").await;
    for _ in 0..4 {
        other.wait_event("CALL_DTMF_START").await;
    }
    debtor.hang_up().await;
    other.wait_closed().await;
    office.pbx.wait_idle().await;
    assert_eq!(office.calls_out(), 1, "only the agent's transfer went out");
    let said = String::from_utf8_lossy(&office.tap.seen()).into_owned();
    assert!(!said.contains("Event: MusicOnHoldStart"), "a transfer by keys began:\n{said}");
}

#[tokio::test]
async fn a_provider_cannot_send_a_call_on() {
    let office = Office::open().await;
    let (debtor, agent, _other) = (office.debtor().await, office.phone("101").await, office.called(OTHER).await);
    debtor.dial("31101").await;
    agent.wait_ringing().await;
    agent.answer().await;
    debtor.wait_answered().await;
    debtor.transfer(OTHER).await;
    debtor.wait_event("TRANSFER_FAILED").await;
    office.pbx.wait_idle().await;
    assert_eq!(office.calls_out(), 0, "the debtor's phone sent the agent outside");
}

#[tokio::test]
async fn who_calls_from_outside_picks_up_nothing_and_dials_nobody() {
    let office = Office::open().await;
    let (debtor, agent, _other) = (office.debtor().await, office.phone("101").await, office.called(OTHER).await);
    let thief = Phone::outside(&office.pbx, "+447700900999", "T. Hief").await;
    debtor.dial("31101").await;
    agent.wait_ringing().await;
    for code in ["*8", "**101", "#1"] {
        thief.dial(code).await;
        thief.wait_closed().await;
    }
    // A number is taken for one that the provider sent: it reaches the queue, never the provider.
    thief.dial(OTHER).await;
    thief.wait_answered().await;
    thief.hang_up().await;
    agent.answer().await;
    debtor.wait_answered().await;
    debtor.hang_up().await;
    office.pbx.wait_idle().await;
    assert_eq!(office.calls_out(), 0, "the trunk was used");
    let said = String::from_utf8_lossy(&office.tap.seen()).into_owned();
    assert!(!said.contains("Event: Pickup"), "the call was picked up:\n{said}");
}

#[tokio::test]
async fn extension_20_never_picks_up_for_201() {
    let office = Office::open().await;
    let (debtor, agent, other) = (office.debtor().await, office.phone("201").await, office.phone("101").await);
    debtor.dial("31201").await;
    agent.wait_ringing().await;
    other.dial("**20").await;
    other.wait_closed().await;
    let said = String::from_utf8_lossy(&office.tap.seen()).into_owned();
    assert!(!said.contains("Event: Pickup"), "the call of 201 was picked up:\n{said}");
    other.dial("**201").await;
    other.wait_answered().await;
    debtor.hang_up().await;
}
