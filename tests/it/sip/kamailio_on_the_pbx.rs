//! The `sip` line at an exchange that is not Asterisk: Kamailio passes everything on and tells of every dialog, so that the phones
//! speak to us themselves.

use belbrug::telephony::sip::peer::{Peer, Transport};
use belbrug::telephony::sip_line::line::DialBy;

use super::line::{At, Line};
use crate::lab::{Kamailio, Phone};

const NUMBER: &str = "+447700900123";

fn at(kamailio: &Kamailio, transport: Transport) -> At<'_> {
    let port = if transport == Transport::Tls { kamailio.tls_port } else { kamailio.sip_port };
    At { transport, port, user: "500", domain: "127.0.0.1", secret: &kamailio.secret, ca_file: Some(&kamailio.ca_file), dial_by: DialBy::Invite }
}

async fn office(kamailio: &Kamailio, transport: Transport) -> (Phone, Line) {
    let phone = Phone::register_at(kamailio.sip_port, &kamailio.secret, "101").await;
    let line = Line::open(&at(kamailio, transport), &["101", "102"]).await;
    (phone, line)
}

async fn office_that_dials_by_refer(kamailio: &Kamailio) -> (Phone, Line) {
    let phone = Phone::register_at(kamailio.sip_port, &kamailio.secret, "101").await;
    let line = Line::open(&At { dial_by: DialBy::Refer, ..at(kamailio, Transport::Udp) }, &["101", "102"]).await;
    (phone, line)
}

async fn inbound(kamailio: &Kamailio, transport: Transport) {
    let (phone, mut line) = office(kamailio, transport).await;
    let debtor = line.meanwhile(Phone::on_the_trunk(kamailio.sip_port, NUMBER, "Marijke Vos", crate::lab::free_port())).await;
    line.meanwhile(debtor.dial("101")).await;
    line.tells(&["rings 101 Inbound +447700900123 (observed)"]).await;
    line.meanwhile(phone.wait_ringing()).await;
    line.meanwhile(phone.answer()).await;
    line.tells(&["ring ended 101 Answered (observed)", "talks 101 to +447700900123 (observed)"]).await;
    line.meanwhile(debtor.hang_up()).await;
    line.tells(&["left 101", "cleared Completed"]).await;
    assert!(line.is_idle());
}

#[tokio::test]
async fn inbound_over_udp() {
    inbound(&Kamailio::up().await, Transport::Udp).await;
}

/// The phones of the lab know MD5 only.
#[tokio::test]
async fn registered_and_subscribed_with_sha_256_and_nonces_that_grow_old() {
    let kamailio = Kamailio::up_with(&["ALGORITHM=\"SHA-256\"", "NONCE_SECONDS=1", "SUBSCRIPTION_MAX=3"]).await;
    let mut line = Line::open(&at(&kamailio, Transport::Udp), &["101", "102"]).await;
    line.go_on(std::time::Duration::from_secs(5)).await;
    assert!(line.is_up && line.watched.len() == 2, "{:?}", line.watched);
    assert_eq!(line.ups, 1, "it was up all the time");
}

#[tokio::test]
async fn inbound_over_tcp() {
    inbound(&Kamailio::up().await, Transport::Tcp).await;
}

#[tokio::test]
async fn inbound_over_tls() {
    inbound(&Kamailio::up().await, Transport::Tls).await;
}

#[tokio::test]
async fn a_caller_who_gives_up_was_missed() {
    let kamailio = Kamailio::up().await;
    let (phone, mut line) = office(&kamailio, Transport::Udp).await;
    let debtor = line.meanwhile(Phone::on_the_trunk(kamailio.sip_port, NUMBER, "Marijke Vos", crate::lab::free_port())).await;
    line.meanwhile(debtor.dial("101")).await;
    line.tells(&["rings 101 Inbound"]).await;
    line.meanwhile(phone.wait_ringing()).await;
    line.meanwhile(debtor.hang_up()).await;
    line.tells(&["ring ended 101", "cleared"]).await;
    assert!(!line.ladder.iter().any(|said| said.contains("talks")), "{:?}", line.ladder);
    assert!(line.is_idle());
}

/// Both phones are ours to see: the agent's holds, and takes back, and the debtor's phone follows.
#[tokio::test]
async fn click_to_dial_with_hold_and_retrieve() {
    let kamailio = Kamailio::up().await;
    let (phone, mut line) = office(&kamailio, Transport::Udp).await;
    let debtor = line.meanwhile(Phone::on_the_trunk(kamailio.sip_port, NUMBER, "Marijke Vos", kamailio.trunk_port)).await;
    line.dial_and_pick_up("dialled-0010", NUMBER, &phone).await;
    line.meanwhile(debtor.wait_ringing()).await;
    line.tells(&["originated 101 to +447700900123", "own phone 101", "rings outside Outbound +447700900123"]).await;
    line.meanwhile(debtor.answer()).await;
    line.tells(&["ring ended outside Answered", "talks"]).await;
    line.meanwhile(phone.hold()).await;
    line.tells(&["held 101 (observed)"]).await;
    line.meanwhile(phone.resume()).await;
    line.tells(&["retrieved 101 (observed)"]).await;
    line.meanwhile(debtor.hang_up()).await;
    line.tells(&["cleared Completed"]).await;
    line.meanwhile(phone.wait_closed()).await;
    line.until("nothing is left", Line::is_idle).await;
}

/// The agent's phone is asked to call, and does: its own call is ours, by whom it calls.
#[tokio::test]
async fn dialled_by_refer_answered_and_hung_up_by_the_debtor() {
    let kamailio = Kamailio::up().await;
    let (phone, mut line) = office_that_dials_by_refer(&kamailio).await;
    let debtor = line.meanwhile(Phone::on_the_trunk(kamailio.sip_port, NUMBER, "Marijke Vos", kamailio.trunk_port)).await;
    line.dial_and_pick_up("dialled-0012", NUMBER, &phone).await;
    line.meanwhile(debtor.wait_ringing()).await;
    line.tells(&["originated 101 to +447700900123", "own phone 101", "rings outside Outbound +447700900123"]).await;
    line.meanwhile(debtor.answer()).await;
    line.tells(&["ring ended outside Answered", "talks"]).await;
    line.meanwhile(debtor.hang_up()).await;
    line.tells(&["cleared Completed"]).await;
    line.until("nothing is left", Line::is_idle).await;
    assert_eq!(line.ladder.iter().filter(|said| said.starts_with("cleared")).count(), 1, "{:?}", line.ladder);
}

#[tokio::test]
async fn dialled_by_refer_and_refused() {
    let kamailio = Kamailio::up().await;
    let (phone, mut line) = office_that_dials_by_refer(&kamailio).await;
    let debtor = line.meanwhile(Phone::on_the_trunk(kamailio.sip_port, NUMBER, "Marijke Vos", kamailio.trunk_port)).await;
    line.dial_and_pick_up("dialled-0013", NUMBER, &phone).await;
    line.meanwhile(debtor.wait_ringing()).await;
    line.tells(&["own phone 101", "rings outside Outbound +447700900123"]).await;
    line.meanwhile(debtor.hang_up()).await;
    line.tells(&["ring ended outside Busy", "cleared Busy"]).await;
    line.until("nothing is left", Line::is_idle).await;
}

/// The agent's phone sends the debtor on to a colleague.
#[tokio::test]
async fn click_to_dial_and_a_blind_transfer() {
    let kamailio = Kamailio::up().await;
    let (phone, mut line) = office(&kamailio, Transport::Udp).await;
    let colleague = line.meanwhile(Phone::register_at(kamailio.sip_port, &kamailio.secret, "102")).await;
    let debtor = line.meanwhile(Phone::on_the_trunk(kamailio.sip_port, NUMBER, "Marijke Vos", kamailio.trunk_port)).await;
    line.dial_and_pick_up("dialled-0011", NUMBER, &phone).await;
    line.meanwhile(debtor.wait_ringing()).await;
    line.meanwhile(debtor.answer()).await;
    line.tells(&["talks"]).await;
    line.meanwhile(phone.transfer("102")).await;
    line.meanwhile(colleague.wait_ringing()).await;
    line.meanwhile(colleague.answer()).await;
    line.tells(&["transferred Blind by 101 to 102"]).await;
    line.meanwhile(colleague.hang_up()).await;
    line.until("nothing is left", Line::is_idle).await;
}

/// While a call that we dialled is at a phone, somebody else calls it: that is another call.
#[tokio::test]
async fn a_second_call_is_seen_beside_one_that_we_dialled() {
    let kamailio = Kamailio::up().await;
    let (phone, mut line) = office(&kamailio, Transport::Udp).await;
    let debtor = line.meanwhile(Phone::on_the_trunk(kamailio.sip_port, NUMBER, "Marijke Vos", kamailio.trunk_port)).await;
    let other = line.meanwhile(Phone::on_the_trunk(kamailio.sip_port, "+447700900200", "Henk Kuipers", crate::lab::free_port())).await;
    line.dial_and_pick_up("dialled-0012", NUMBER, &phone).await;
    line.meanwhile(debtor.wait_ringing()).await;
    line.meanwhile(debtor.answer()).await;
    line.tells(&["talks"]).await;
    line.meanwhile(other.dial("101")).await;
    line.tells(&["rings 101 Inbound +447700900200 (observed)"]).await;
    line.meanwhile(other.hang_up()).await;
    line.tells(&["ring ended 101", "cleared"]).await;
    line.meanwhile(debtor.hang_up()).await;
    line.tells(&["cleared Completed"]).await;
    line.until("nothing is left", Line::is_idle).await;
    assert_eq!(line.ladder.iter().filter(|said| said.starts_with("cleared")).count(), 2, "{:?}", line.ladder);
}

/// The exchange has two addresses; whichever answers is used, and the first again when it is back.
#[tokio::test]
async fn a_line_moves_to_the_address_that_answers() {
    let (mut one, mut two) = (Kamailio::up().await, Kamailio::up().await);
    let here = |port: u16| Peer { transport: Transport::Udp, addr: ([127, 0, 0, 1], port).into() };
    let (first, second) = (here(one.sip_port), here(two.sip_port));
    let at = At {
        transport: Transport::Udp,
        port: one.sip_port,
        user: "500",
        domain: "127.0.0.1",
        secret: "lab-secret",
        ca_file: None,
        dial_by: DialBy::Invite,
    };
    let mut line = Line::open(&at, &["101"]).await;
    one.crash();
    line.until("it is noticed", |line| !line.is_up && line.line.is_away()).await;
    line.line.move_to(second);
    line.until("the second takes it", |line| line.is_up && line.watched.len() == 1 && !line.line.is_away()).await;
    two.crash();
    line.until("it is noticed", |line| !line.is_up && line.line.is_away()).await;
    line.meanwhile(one.start()).await;
    line.line.move_to(first);
    line.until("the first takes it again", |line| line.is_up && line.watched.len() == 1).await;
}

/// Its subscriptions and registrations are gone, and it says nothing of it.
#[tokio::test]
async fn after_a_restart_everything_is_back_within_five_seconds() {
    let mut kamailio = Kamailio::up().await;
    let at = At { ca_file: None, ..at(&kamailio, Transport::Udp) };
    let at = At { secret: "lab-secret", ..at };
    let mut line = Line::open(&at, &["101", "102"]).await;
    kamailio.crash();
    line.until("it is noticed", |line| !line.is_up && line.watched.is_empty()).await;
    line.meanwhile(kamailio.start()).await;
    let back = std::time::Instant::now();
    line.until("it is back", |line| line.is_up && line.watched.len() == 2).await;
    assert!(back.elapsed() < std::time::Duration::from_secs(5), "{:?}", back.elapsed());
}
