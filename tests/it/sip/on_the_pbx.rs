//! The `sip` line at a real Asterisk, with real phones: what it tells of calls that others dial, and the calls that it dials.

use std::time::Duration;

use belbrug::telephony::sip::peer::Transport;
use belbrug::telephony::sip_line::line::DialBy;

use super::line::{At, Line};
use crate::lab::pbx::Release;
use crate::lab::{Debtor, Pbx, Phone};

const RING: Duration = Duration::from_secs(20);
const NUMBER: &str = "+447700900123";

fn at(pbx: &Pbx, transport: Transport) -> At<'static> {
    let port = if transport == Transport::Tls { pbx.tls_port } else { pbx.sip_port };
    // The certificate outlives the test: it is read at once.
    let ca_file = Box::leak(pbx.ca_file().into_boxed_path());
    At { transport, port, user: "belbrug", domain: "127.0.0.1", secret: "lab-secret", ca_file: Some(ca_file), dial_by: DialBy::Invite }
}

async fn office(name: &str, transport: Transport) -> (Pbx, Phone, Line) {
    office_of(Release::Asterisk22, name, transport).await
}

async fn office_of(release: Release, name: &str, transport: Transport) -> (Pbx, Phone, Line) {
    office_that_dials_by(DialBy::Invite, release, name, transport).await
}

async fn office_that_dials_by(dial_by: DialBy, release: Release, name: &str, transport: Transport) -> (Pbx, Phone, Line) {
    let pbx = Pbx::up_for_sip(name, RING, release, 201..=202).await;
    let phone = Phone::register(&pbx, "101").await;
    let line = Line::open(&At { dial_by, ..at(&pbx, transport) }, &["101", "102", "201"]).await;
    (pbx, phone, line)
}

/// Somebody calls, over each transport.
async fn answered_and_hung_up(name: &str, transport: Transport) {
    answered_and_hung_up_at(Release::Asterisk22, name, transport).await;
}

async fn answered_and_hung_up_at(release: Release, name: &str, transport: Transport) {
    let (pbx, phone, mut line) = office_of(release, name, transport).await;
    let mut caller = Debtor::calls(&pbx, "31101", NUMBER, "Marijke Vos", None).await;
    line.tells(&["rings 101 Inbound +447700900123 \"Marijke Vos\" (observed)"]).await;
    line.meanwhile(phone.answer()).await;
    line.tells(&["ring ended 101 Answered", "talks 101 to +447700900123 \"Marijke Vos\" (observed)"]).await;
    line.meanwhile(phone.hang_up()).await;
    line.meanwhile(caller.wait()).await;
    line.tells(&["left 101", "cleared Completed"]).await;
    assert!(line.is_idle());
}

#[tokio::test]
async fn inbound_over_udp() {
    answered_and_hung_up("sip-udp", Transport::Udp).await;
}

#[tokio::test]
async fn inbound_over_tcp() {
    answered_and_hung_up("sip-tcp", Transport::Tcp).await;
}

#[tokio::test]
async fn inbound_over_tls() {
    answered_and_hung_up("sip-tls", Transport::Tls).await;
}

#[tokio::test]
async fn asterisk16_inbound_over_udp() {
    answered_and_hung_up_at(Release::Asterisk16, "sip-16", Transport::Udp).await;
}

#[tokio::test]
async fn asterisk16_click_to_dial() {
    let (pbx, phone, mut line) = office_of(Release::Asterisk16, "sip-16-dial", Transport::Udp).await;
    let mut debtor = Debtor::answers_and_hangs_up(&pbx, Duration::from_millis(300), Duration::from_millis(800)).await;
    line.dial_and_pick_up("dialled-1601", NUMBER, &phone).await;
    line.tells(&["own phone 101", "rings outside Outbound +447700900123", "talks"]).await;
    line.meanwhile(debtor.wait()).await;
    line.tells(&["cleared Completed"]).await;
    line.until("nothing is left", Line::is_idle).await;
}

/// A ring group: two phones ring for one caller, who has one call.
#[tokio::test]
async fn two_phones_that_ring_for_one_caller_are_one_call() {
    let (pbx, phone, mut line) = office("sip-group", Transport::Udp).await;
    let _second = line.meanwhile(Phone::register(&pbx, "102")).await;
    let mut caller = Debtor::calls(&pbx, "31900", NUMBER, "Marijke Vos", None).await;
    line.until("both ring", |line| ["101", "102"].iter().all(|phone| line.ladder.iter().any(|said| said.starts_with(&format!("rings {phone} ")))))
        .await;
    line.meanwhile(phone.wait_ringing()).await;
    line.meanwhile(phone.answer()).await;
    line.tells(&["talks 101 to +447700900123"]).await;
    line.until("the other phone stops", |line| line.ladder.iter().any(|said| said.starts_with("ring ended 102 Elsewhere"))).await;
    line.meanwhile(phone.hang_up()).await;
    line.meanwhile(caller.wait()).await;
    line.until("it is over", Line::is_idle).await;
    assert_eq!(line.ladder.iter().filter(|said| said.starts_with("cleared")).count(), 1, "{:?}", line.ladder);
}

#[tokio::test]
async fn a_caller_who_gives_up_was_missed() {
    let (pbx, _phone, mut line) = office("sip-missed", Transport::Udp).await;
    let mut caller = Debtor::gives_up(&pbx, "31101", NUMBER, "Marijke Vos", Duration::from_millis(700)).await;
    line.tells(&["rings 101 Inbound"]).await;
    line.meanwhile(caller.wait()).await;
    // Asterisk does not say why it stopped ringing.
    line.tells(&["ring ended 101", "cleared"]).await;
    assert!(!line.ladder.iter().any(|said| said.contains("talks")), "{:?}", line.ladder);
    assert!(line.is_idle());
}

#[tokio::test]
async fn click_to_dial_answered_and_hung_up_by_the_debtor() {
    let (pbx, phone, mut line) = office("sip-dial", Transport::Udp).await;
    let mut debtor = Debtor::answers_and_hangs_up(&pbx, Duration::from_millis(300), Duration::from_millis(800)).await;
    line.dial_and_pick_up("dialled-0001", NUMBER, &phone).await;
    line.tells(&["originated 101 to +447700900123 \"Bakkerij De Korenaar\""]).await;
    line.tells(&["own phone 101", "rings outside Outbound +447700900123", "ring ended outside Answered", "talks"]).await;
    line.meanwhile(debtor.wait()).await;
    line.tells(&["cleared Completed"]).await;
    line.meanwhile(phone.wait_closed()).await;
    line.until("nothing is left", Line::is_idle).await;
    pbx.wait_idle().await;
}

/// Asterisk calls the debtor in the phone's place, and tells us how it fares.
#[tokio::test]
async fn dialled_by_refer_answered_and_hung_up_by_the_debtor() {
    let (pbx, phone, mut line) = office_that_dials_by(DialBy::Refer, Release::Asterisk22, "sip-refer", Transport::Udp).await;
    let mut debtor = Debtor::answers_and_hangs_up(&pbx, Duration::from_millis(300), Duration::from_secs(3)).await;
    line.dial_and_pick_up("dialled-0006", NUMBER, &phone).await;
    line.tells(&["originated 101 to +447700900123"]).await;
    line.tells(&["own phone 101", "rings outside Outbound +447700900123", "ring ended outside Answered (observed)", "talks"]).await;
    assert!(!line.line.hang_up(std::time::Instant::now(), "PJSIP/101-00000001"), "it is the phone's");
    line.meanwhile(debtor.wait()).await;
    line.tells(&["cleared Completed"]).await;
    line.until("nothing is left", Line::is_idle).await;
    pbx.wait_idle().await;
    assert_eq!(line.ladder.iter().filter(|said| said.starts_with("cleared")).count(), 1, "{:?}", line.ladder);
}

/// Asterisk does not say why: 503 of whatever came to nothing.
#[tokio::test]
async fn dialled_by_refer_and_refused() {
    let (pbx, phone, mut line) = office_that_dials_by(DialBy::Refer, Release::Asterisk22, "sip-refer-busy", Transport::Udp).await;
    let mut debtor = Debtor::refuses(&pbx, Duration::from_millis(300), "486 Busy Here").await;
    line.dial_and_pick_up("dialled-0007", NUMBER, &phone).await;
    line.meanwhile(debtor.wait()).await;
    line.tells(&["own phone 101", "ring ended outside Failed", "cleared Failed (observed)"]).await;
    line.until("nothing is left", Line::is_idle).await;
    pbx.wait_idle().await;
}

/// The agent gives up while the debtor's phone rings: of that, too, Asterisk says 503.
#[tokio::test]
async fn dialled_by_refer_and_given_up_by_the_agent() {
    let (pbx, phone, mut line) = office_that_dials_by(DialBy::Refer, Release::Asterisk22, "sip-refer-gone", Transport::Udp).await;
    let _debtor = Debtor::answers(&pbx, Duration::from_secs(15)).await;
    line.dial_and_pick_up("dialled-0008", NUMBER, &phone).await;
    line.tells(&["rings outside Outbound +447700900123"]).await;
    line.meanwhile(phone.hang_up()).await;
    line.tells(&["ring ended outside Failed", "cleared Failed"]).await;
    assert!(!line.ladder.iter().any(|said| said.contains("talks")), "{:?}", line.ladder);
    line.until("nothing is left", Line::is_idle).await;
    pbx.wait_idle().await;
}

/// The agent holds and retrieves on his phone: Asterisk passes it on where our account has `moh_passthrough`.
#[tokio::test]
async fn click_to_dial_held_and_retrieved() {
    let (pbx, phone, mut line) = office("sip-hold", Transport::Udp).await;
    let mut debtor = Debtor::answers(&pbx, Duration::from_millis(300)).await;
    line.dial_and_pick_up("dialled-0005", NUMBER, &phone).await;
    line.tells(&["talks outside to 101"]).await;
    line.meanwhile(phone.hold()).await;
    line.tells(&["held 101"]).await;
    line.meanwhile(phone.resume()).await;
    line.tells(&["retrieved 101"]).await;
    line.meanwhile(phone.hang_up()).await;
    line.meanwhile(debtor.wait()).await;
    line.tells(&["cleared Completed (observed)"]).await;
    line.until("nothing is left", Line::is_idle).await;
    pbx.wait_idle().await;
}

/// The agent sends a debtor whom we dialled on to a colleague, on the phone: Asterisk does it, and tells us only that the phone is at rest.
#[tokio::test]
async fn click_to_dial_and_a_blind_transfer() {
    let (pbx, phone, mut line) = office("sip-sent-on", Transport::Udp).await;
    let colleague = line.meanwhile(Phone::register(&pbx, "102")).await;
    let mut debtor = Debtor::answers(&pbx, Duration::from_millis(300)).await;
    line.dial_and_pick_up("dialled-0009", NUMBER, &phone).await;
    line.tells(&["talks outside to 101"]).await;
    line.meanwhile(phone.transfer("102")).await;
    line.meanwhile(colleague.wait_ringing()).await;
    line.meanwhile(colleague.answer()).await;
    line.tells(&["left 101 (inferred)", "transferred Blind by 101 to 102 (inferred)", "rings 102", "talks 102 to +447700900123"]).await;
    line.meanwhile(colleague.hang_up()).await;
    line.meanwhile(debtor.wait()).await;
    line.tells(&["left 102", "cleared Completed"]).await;
    line.until("nothing is left", Line::is_idle).await;
    pbx.wait_idle().await;
    assert_eq!(line.ladder.iter().filter(|said| said.starts_with("cleared")).count(), 1, "one call: {:?}", line.ladder);
}

#[tokio::test]
async fn click_to_dial_busy_says_so() {
    let (pbx, phone, mut line) = office("sip-busy", Transport::Udp).await;
    let mut debtor = Debtor::refuses(&pbx, Duration::from_millis(300), "486 Busy Here").await;
    line.dial_and_pick_up("dialled-0002", NUMBER, &phone).await;
    line.meanwhile(debtor.wait()).await;
    line.tells(&["own phone 101", "ring ended outside Busy", "cleared Busy (observed)"]).await;
    line.meanwhile(phone.wait_closed()).await;
    line.until("nothing is left", Line::is_idle).await;
}

#[tokio::test]
async fn click_to_dial_given_up_before_the_own_phone_answers() {
    let (pbx, phone, mut line) = office("sip-own", Transport::Udp).await;
    line.dial("dialled-0003", "101", NUMBER);
    line.meanwhile(phone.wait_ringing()).await;
    line.tells(&["originated 101"]).await;
    line.hang_up("PJSIP/101-00000001");
    line.meanwhile(phone.wait_closed()).await;
    line.tells(&["cleared Cancelled at own phone"]).await;
    line.until("nothing is left", Line::is_idle).await;
    pbx.wait_idle().await;
}

#[tokio::test]
async fn click_to_dial_the_own_phone_refuses() {
    let (pbx, phone, mut line) = office("sip-refused", Transport::Udp).await;
    line.dial("dialled-0004", "101", NUMBER);
    line.meanwhile(phone.wait_ringing()).await;
    line.meanwhile(phone.hang_up()).await;
    line.tells(&["originated 101", "at own phone"]).await;
    line.until("nothing is left", Line::is_idle).await;
    pbx.wait_idle().await;
}

#[tokio::test]
async fn after_a_restart_of_the_pbx_everything_is_back_within_five_seconds() {
    let (mut pbx, _phone, mut line) = office("sip-restart", Transport::Udp).await;
    line.meanwhile(pbx.crash()).await;
    line.until("it is noticed", |line| !line.is_up && line.watched.is_empty()).await;
    line.meanwhile(pbx.start()).await;
    let back = std::time::Instant::now();
    line.until("it is back", |line| line.is_up && line.watched.len() == 3).await;
    assert!(back.elapsed() < Duration::from_secs(5), "{:?}", back.elapsed());
    let phone = line.meanwhile(Phone::register(&pbx, "101")).await;
    let mut caller = Debtor::calls(&pbx, "31101", NUMBER, "Marijke Vos", None).await;
    line.tells(&["rings 101 Inbound +447700900123"]).await;
    line.meanwhile(phone.answer()).await;
    line.meanwhile(phone.hang_up()).await;
    line.meanwhile(caller.wait()).await;
    line.tells(&["cleared Completed"]).await;
}
