//! Twenty agents on `sip` lines at one Asterisk: calls in, calls out, missed, sent on, all at the same time.

use std::time::Duration;

use belbrug::telephony::sip::peer::Transport;
use belbrug::telephony::sip_line::line::DialBy;

use super::line::{At, Line};
use crate::lab::pbx::Release;
use crate::lab::{Debtor, Pbx, Phone};

#[tokio::test]
async fn twenty_agents_in_and_out_missed_and_sent_on() {
    let pbx = Pbx::up_for_sip("sip-twenty", Duration::from_secs(20), Release::Asterisk22, 201..=220).await;
    let extensions: Vec<String> = (201..=220).map(|extension| extension.to_string()).collect();
    let at = At {
        transport: Transport::Udp,
        port: pbx.sip_port,
        user: "belbrug",
        domain: "127.0.0.1",
        secret: "lab-secret",
        ca_file: None,
        dial_by: DialBy::Invite,
    };
    let mut line = Line::open(&at, &extensions.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut phones = Vec::new();
    for extension in &extensions {
        phones.push(line.meanwhile(Phone::register(&pbx, extension)).await);
    }

    // Five are called, and answer; a sixth is called, and does not.
    let mut callers = Vec::new();
    for (at, extension) in extensions.iter().take(5).enumerate() {
        callers.push(Debtor::calls(&pbx, &format!("31{extension}"), &format!("+4477009001{at:02}"), "", None).await);
    }
    let mut missed = Debtor::gives_up(&pbx, "31206", "+447700900106", "", Duration::from_millis(500)).await;
    line.meanwhile(missed.wait()).await;
    for phone in &phones[..5] {
        line.meanwhile(phone.wait_ringing()).await;
        line.meanwhile(phone.answer()).await;
    }
    for (at, extension) in extensions.iter().take(5).enumerate() {
        let wanted = format!("talks {extension} to +4477009001{at:02} (observed)");
        line.until(&wanted, |line| line.ladder.contains(&wanted)).await;
    }
    line.until("206 missed its call", |line| line.ladder.iter().any(|said| said.contains("ring ended 206"))).await;

    // Ten others dial, at once, and are answered and hung up on.
    let mut debtors = Debtor::many_answer(&pbx, 10, Duration::from_millis(300), Duration::from_millis(500)).await;
    for (at, extension) in extensions.iter().enumerate().skip(10) {
        line.dial(&format!("dialled-{at:04}"), extension, &format!("+4477009002{at:02}"));
    }
    for phone in &phones[10..20] {
        line.meanwhile(phone.wait_ringing()).await;
        line.meanwhile(phone.answer()).await;
    }
    line.meanwhile(debtors.wait()).await;
    line.until("ten calls are over", |line| line.ladder.iter().filter(|said| said.starts_with("cleared Completed")).count() == 10).await;
    assert_eq!(line.ladder.iter().filter(|said| said.starts_with("own phone")).count(), 10);

    // One sends its caller on to a colleague.
    line.meanwhile(phones[0].transfer("210")).await;
    line.meanwhile(phones[9].wait_ringing()).await;
    line.until("210 rings", |line| line.ladder.iter().any(|said| said.starts_with("transferred Blind by 201 to 210"))).await;
    line.meanwhile(phones[9].answer()).await;
    line.until("210 talks", |line| line.ladder.iter().any(|said| said.starts_with("talks 210 to +447700900100"))).await;
    line.meanwhile(phones[9].hang_up()).await;
    line.meanwhile(callers[0].wait()).await;
    for at in 1..5 {
        line.meanwhile(phones[at].hang_up()).await;
        line.meanwhile(callers[at].wait()).await;
    }
    line.until("everything is over", Line::is_idle).await;
}
