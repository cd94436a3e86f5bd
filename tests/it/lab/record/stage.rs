//! Where a flow is played: the PBX, the people at their phones, and the manager connection that is recorded.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::lab::pbx::Release;
use crate::lab::{AmiTap, Pbx, Phone, until};

/// The debtor, and somebody else outside: from Ofcom's range for drama, nobody has them.
pub(super) const NUMBER: &str = "+447700900123";
pub(super) const NAME: &str = "J. Smit";
pub(super) const OTHER_NUMBER: &str = "+447700900456";
pub(super) const OTHER_NAME: &str = "K. de Boer";
/// The creditor's own number, shown to the debtor.
pub(super) const CREDITOR: &str = "+442079460500";
/// The number that rings 101, and the queue's.
pub(super) const DIRECT: &str = "31101";
pub(super) const QUEUE: &str = "31900";

/// How long a phone rings: longer than any answer takes on a busy machine, or short where nobody answers.
const RING: Duration = Duration::from_secs(20);
const RING_BRIEFLY: &str = "3";

pub(super) struct Stage {
    tap: Option<AmiTap>,
    phones: Vec<Arc<Phone>>,
    pub(super) pbx: Pbx,
    flow: String,
    path: PathBuf,
}

impl Stage {
    pub(super) async fn set(release: Release, flow: &str, out_dir: &Path) -> Self {
        let pbx = Pbx::up_with_everything("capture", RING, release).await;
        Self { tap: None, phones: Vec::new(), pbx, flow: flow.to_owned(), path: out_dir.join(format!("{flow}.ami")) }
    }

    /// An agent's phone, registered. It stays to the end of the recording, whoever lets go of it.
    pub(super) async fn phone(&mut self, extension: &str) -> Arc<Phone> {
        let phone = Phone::register(&self.pbx, extension).await;
        self.keep(phone)
    }

    /// The debtor's phone, who calls.
    pub(super) async fn debtor(&mut self) -> Arc<Phone> {
        let phone = Phone::outside(&self.pbx, NUMBER, NAME).await;
        self.keep(phone)
    }

    /// A phone outside that is called: the debtor's, or somebody else's.
    pub(super) async fn called(&mut self, number: &str) -> Arc<Phone> {
        let name = if number == NUMBER { NAME } else { OTHER_NAME };
        let phone = Phone::outside_to_be_called(&self.pbx, number, name).await;
        self.keep(phone)
    }

    /// The debtor, who will call, and the agents 101 and 102.
    pub(super) async fn everybody(&mut self) -> (Arc<Phone>, Arc<Phone>, Arc<Phone>) {
        (self.debtor().await, self.phone("101").await, self.phone("102").await)
    }

    /// How most transfers begin: the debtor has called 101, who has answered. 102 is there, too.
    pub(super) async fn debtor_talks_to_101(&mut self) -> (Arc<Phone>, Arc<Phone>, Arc<Phone>) {
        let (debtor, one, two) = self.everybody().await;
        self.record().await;
        debtor.dial(DIRECT).await;
        one.wait_ringing().await;
        a_while().await;
        one.answer().await;
        debtor.wait_answered().await;
        self.wait_in_talk("PJSIP/101").await;
        a_while().await;
        (debtor, one, two)
    }

    /// The agent puts the debtor on hold and calls somebody else.
    pub(super) async fn consult(&mut self, agent: &Phone, number: &str) {
        let device = format!("Channel: PJSIP/{}-", agent.extension);
        agent.hold().await;
        self.tap().wait_event("Hold", &[&device]).await;
        a_while().await;
        agent.dial(number).await;
    }

    /// The agent clicks on a number in the page: the PBX rings the agent's phone first.
    pub(super) async fn click_to_dial(&mut self, extension: &str, number: &str) {
        self.click_to_dial_for(extension, number, "20000").await;
    }

    /// The same, and the phone rings for so many milliseconds at most.
    pub(super) async fn click_to_dial_for(&mut self, extension: &str, number: &str, timeout: &str) {
        let action = [
            ("Action", "Originate"),
            ("ActionID", "originate-1"),
            ("Channel", &format!("PJSIP/{extension}")),
            ("ChannelId", &format!("belbrug-{}", self.flow.replace('_', "-"))),
            ("Context", "belbrug-click"),
            ("Exten", number),
            ("Priority", "1"),
            ("Timeout", timeout),
            ("CallerID", &format!("\"{NAME}\" <{number}>")),
            ("Variable", &format!("BELBRUG_DEVICE=PJSIP/{extension}")),
            ("Variable", &format!("BELBRUG_CALLER_ID={CREDITOR}")),
            ("Async", "true"),
        ];
        self.tap().send(&action).await;
    }

    pub(super) fn keep(&mut self, phone: Phone) -> Arc<Phone> {
        let phone = Arc::new(phone);
        self.phones.push(Arc::clone(&phone));
        phone
    }

    /// From now on a phone rings only for 3 s.
    pub(super) async fn rings_briefly(&self) {
        self.pbx.cli(&format!("dialplan set global BELBRUG_RING_SECONDS {RING_BRIEFLY}")).await;
    }

    /// Signs in: what the PBX says from now on is the capture.
    pub(super) async fn record(&mut self) -> &mut AmiTap {
        self.pbx.wait_idle().await;
        self.record_now("belbrug").await
    }

    /// Like [`Stage::record`] while calls are going on, as this manager user.
    pub(super) async fn record_now(&mut self, user: &str) -> &mut AmiTap {
        self.tap.insert(AmiTap::open_as(&self.pbx, user, &self.path).await)
    }

    /// The manager connection.
    pub(super) fn tap(&mut self) -> &mut AmiTap {
        self.tap.as_mut().expect("the flow has begun to record")
    }

    /// The PBX, and the manager connection.
    pub(super) fn pbx_and_tap(&mut self) -> (&Pbx, &mut AmiTap) {
        (&self.pbx, self.tap.as_mut().expect("the flow has begun to record"))
    }

    /// Waits until a leg of this device, e.g. `PJSIP/102`, talks with somebody; the place in what came.
    pub(super) async fn wait_in_talk(&mut self, device: &str) -> usize {
        let channel = format!("Channel: {device}-");
        self.tap().wait_event("BridgeEnter", &[&channel]).await
    }

    /// Waits until Asterisk's own log speaks of something, e.g. that it plays a prompt.
    pub(super) async fn wait_log(&self, words: &str) {
        let said = until(|| std::fs::read_to_string(&self.pbx.log).is_ok_and(|log| log.contains(words)).then_some(()));
        assert!(said.await.is_some(), "the log of Asterisk never spoke of {words}");
    }

    /// Waits until nothing more comes after the last hangup, and signs off.
    pub(super) async fn end(mut self) {
        let tap = self.tap.take().expect("the flow has begun to record");
        if !tap.ended() {
            self.pbx.wait_idle().await;
            tap.wait_for(b"Event: Hangup").await;
            tap.wait_quiet(Duration::from_millis(700)).await;
        }
        tap.close().await;
    }
}

/// People take their time between two deeds; a little of it, so that nothing of the one still goes on at the other.
pub(super) async fn a_while() {
    tokio::time::sleep(Duration::from_millis(400)).await;
}
