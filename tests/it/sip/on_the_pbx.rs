//! The `sip` line at a real Asterisk, with real phones: what it tells of calls that others dial, and the calls that it dials.

use std::time::Duration;

use belbrug::telephony::sip::peer::Transport;

use super::line::{At, Line};
use crate::lab::pbx::Release;
use crate::lab::{Debtor, Pbx, Phone};

const RING: Duration = Duration::from_secs(20);
const NUMBER: &str = "+447700900123";

fn at(pbx: &Pbx, transport: Transport) -> At<'static> {
    let port = if transport == Transport::Tls { pbx.tls_port } else { pbx.sip_port };
    // The certificate outlives the test: it is read at once.
    let ca_file = Box::leak(pbx.ca_file().into_boxed_path());
    At { transport, port, user: "belbrug", domain: "127.0.0.1", secret: "lab-secret", ca_file: Some(ca_file) }
}

async fn office(name: &str, transport: Transport) -> (Pbx, Phone, Line) {
    let pbx = Pbx::up_for_sip(name, RING, Release::Asterisk22, 201..=202).await;
    let phone = Phone::register(&pbx, "101").await;
    let line = Line::open(&at(&pbx, transport), &["101", "102", "201"]).await;
    (pbx, phone, line)
}

/// Somebody calls, over each transport.
async fn answered_and_hung_up(name: &str, transport: Transport) {
    let (pbx, phone, mut line) = office(name, transport).await;
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
    line.dial("dialled-0001", "101", NUMBER);
    line.tells(&["originated 101 to +447700900123 \"Bakkerij De Korenaar\""]).await;
    line.meanwhile(phone.wait_ringing()).await;
    line.meanwhile(phone.answer()).await;
    line.tells(&["own phone 101", "rings outside Outbound +447700900123", "ring ended outside Answered", "talks"]).await;
    line.meanwhile(debtor.wait()).await;
    line.tells(&["cleared Completed"]).await;
    line.meanwhile(phone.wait_closed()).await;
    line.until("nothing is left", Line::is_idle).await;
    pbx.wait_idle().await;
}

#[tokio::test]
async fn click_to_dial_busy_says_so() {
    let (pbx, phone, mut line) = office("sip-busy", Transport::Udp).await;
    let mut debtor = Debtor::refuses(&pbx, Duration::from_millis(300), "486 Busy Here").await;
    line.dial("dialled-0002", "101", NUMBER);
    line.meanwhile(phone.wait_ringing()).await;
    line.meanwhile(phone.answer()).await;
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
