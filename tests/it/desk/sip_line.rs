//! An office whose PBX has no manager interface: the agent's phone is watched and dialled by SIP, and the desk is the same.

use std::time::Duration;

use super::browser::Browser;
use super::office::{CALLER, ledger, open_file, save};
use super::operations::figures;
use super::over_http::client;
use super::service::{Home, PROGRAM, said};
use crate::lab::pbx::Release;
use crate::lab::{Debtor, Pbx, Phone, until_async};

async fn office(name: &str) -> (Pbx, Phone, Home, Browser) {
    office_with(name, "").await
}

async fn office_with(name: &str, of_sip: &str) -> (Pbx, Phone, Home, Browser) {
    let pbx = Pbx::up_for_sip(name, Duration::from_secs(20), Release::Asterisk22, 201..=201).await;
    let phone = Phone::register(&pbx, "101").await;
    let mut home = Home::by_sip(pbx.sip_port, "lab-secret", of_sip);
    home.start().await;
    home.logs("the PBX knows us by SIP").await;
    let browser = Browser::open().await;
    browser.sign_in(&home.address, "anna").await;
    browser.find("[data-link=connected]").await;
    home.logs("a phone is watched extension=101").await;
    (pbx, phone, home, browser)
}

#[tokio::test]
async fn a_call_rings_with_its_file_and_is_settled() {
    let (pbx, phone, home, browser) = office("desk-sip-in").await;
    let _debtor = Debtor::calls(&pbx, "31101", CALLER, "M. Vos", None).await;
    phone.wait_ringing().await;
    browser.says("[data-state]", "Inkomend gesprek").await;
    browser.says("#file", "Bakkerij De Korenaar").await;
    phone.answer().await;
    browser.says("[data-state]", "In gesprek").await;
    browser.says("[data-on-phone-only]", "op uw telefoon").await;
    browser.gone("[data-action=hang-up]").await;
    let wanted =
        ["belbrug_link_up 1", "belbrug_sip_phones_watched 2", "belbrug_sip_sessions 0", "belbrug_sip_strangers_total 0", "belbrug_calls_live 1"];
    let counted = until_async(|| async {
        let told = figures(&client(), &home).await;
        let is_told = wanted.iter().all(|line| told.lines().any(|own| own == *line));
        (is_told && told.contains("belbrug_sip_messages_total{way=\"in\"}") && told.contains("belbrug_sip_bytes_total{way=\"out\"}")).then_some(())
    });
    assert!(counted.await.is_some(), "{}", figures(&client(), &home).await);
    browser.picture("98-sip-talking").await;
    browser.size(390, 844).await;
    browser.picture("99-sip-talking-narrow").await;
    browser.size(1280, 800).await;
    phone.hang_up().await;
    browser.find(".bar[data-call=ended]").await;
    browser.type_into("#outcome textarea[name=notes]", "Belt terug.").await;
    browser.click("label:has(input[name=code][value=CHKADM])").await;
    let next = belbrug::collection::calendar::working_days_after(chrono::Utc::now().date_naive(), 1);
    browser.script(&format!("const d = document.querySelector('#outcome fieldset[data-for=CHKADM] input[name=follow_up_on]'); d.value = '{next}'; d.dispatchEvent(new Event('change', {{bubbles: true}}))")).await;
    save(&browser).await;
    assert_eq!(ledger(&home).await, [("CHKADM".to_owned(), None, Some("Belt terug.".to_owned()))]);
}

#[tokio::test]
async fn a_number_is_dialled_and_the_page_hangs_up() {
    let (pbx, phone, _home, browser) = office("desk-sip-out").await;
    let mut debtor = Debtor::answers(&pbx, Duration::from_millis(800)).await;
    open_file(&browser).await;
    browser.script("const b = document.querySelector('#file button.dial'); b.click(); b.click()").await;
    browser.says("[data-state]", "Uw telefoon gaat over").await;
    phone.wait_ringing().await;
    phone.answer().await;
    browser.says("[data-state]", "Gaat over bij").await;
    browser.says("[data-state]", "In gesprek").await;
    browser.click("[data-action=hang-up]").await;
    browser.find(".bar[data-call=ended]").await;
    debtor.wait().await;
    phone.wait_closed().await;
    pbx.wait_idle().await;
}

/// The phone is asked to call: from then on it is the phone's call, and the page says where it is hung up.
#[tokio::test]
async fn a_number_is_dialled_by_the_phone_which_hangs_up() {
    let (pbx, phone, _home, browser) = office_with("desk-sip-refer", "dial_by = \"refer\"\n").await;
    let mut debtor = Debtor::answers(&pbx, Duration::from_millis(800)).await;
    open_file(&browser).await;
    browser.click("#file button.dial").await;
    browser.says("[data-state]", "Uw telefoon gaat over").await;
    browser.find("[data-action=hang-up]").await;
    phone.wait_ringing().await;
    phone.answer().await;
    browser.says("[data-state]", "In gesprek").await;
    browser.says("[data-on-phone-only]", "op uw telefoon").await;
    browser.gone("[data-action=hang-up]").await;
    phone.hang_up().await;
    browser.find(".bar[data-call=ended]").await;
    debtor.wait().await;
    pbx.wait_idle().await;
}

/// The PBX goes away in the midst of a call that it told of, and comes back without it.
#[tokio::test]
async fn a_pbx_that_dies_in_a_call_leaves_no_ghost() {
    let (mut pbx, phone, home, browser) = office("desk-sip-dies").await;
    let debtor = Debtor::calls(&pbx, "31101", CALLER, "M. Vos", None).await;
    phone.wait_ringing().await;
    phone.answer().await;
    browser.says("[data-state]", "In gesprek").await;
    pbx.crash().await;
    browser.find("[data-link=lost]").await;
    drop((debtor, phone));
    pbx.start().await;
    browser.find("[data-link=connected]").await;
    browser.find(".bar[data-call=ended]").await;
    let pool = home.pool().await;
    let open: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM calls WHERE ended_seen IS NULL").fetch_one(&pool).await.expect("calls");
    assert_eq!(open, 0);
    let gaps: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM gaps WHERE kind = 'link' AND to_at IS NOT NULL").fetch_one(&pool).await.expect("gaps");
    assert_eq!(gaps, 1);
}

#[tokio::test]
async fn the_doctor_registers_watches_and_looks_at_the_clock() {
    let pbx = Pbx::up_for_sip("desk-sip-doctor", Duration::from_secs(20), Release::Asterisk22, 201..=201).await;
    let home = Home::by_sip(pbx.sip_port, "lab-secret", "");
    let told = said(&home.run(&["doctor"]));
    for line in ["knows us as belbrug", "extension 101 is watched", "extension 102 is watched", "the clocks agree"] {
        assert!(told.contains(line), "no {line:?} in\n{told}");
    }
    let wrong = Home::by_sip(pbx.sip_port, "another secret", "");
    let told = said(&wrong.run(&["doctor"]));
    assert!(told.contains("WRONG    SIP: the PBX at udp:127.0.0.1") && told.contains("does not take our name and secret"), "{told}");
}

/// The exchange has a name, which leads to two addresses; whichever answers is used.
#[test]
fn a_name_leads_to_the_exchange_that_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = folder.path().join("belbrug.db").display().to_string();
    let config = format!(
        "[sip]\nlines = [\"1XX\"]\nserver = \"pbx.test\"\ntransport = \"auto\"\nsecret = \"secret\"\n[web]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"sqlite:{url}\"\n"
    );
    std::fs::write(folder.path().join("belbrug.toml"), config).expect("a config");
    let run = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/lab/names/run");
    let mut command = std::process::Command::new("unshare");
    command.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]).arg(run).arg(PROGRAM).arg(folder.path());
    let output = command.output().expect("unshare");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(told, "up at the first\nup at the second\nup at the first again\n");
}
