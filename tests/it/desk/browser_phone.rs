//! The agent's browser is the phone: a real Chromium with a microphone, a real Asterisk, and baresip as the debtor. Each end speaks a
//! tone of its own, and is heard by it.

use std::time::Duration;

use super::browser::Browser;
use super::office::{CALLER, open_file};
use super::service::Home;
use crate::lab::pbx::Release;
use crate::lab::tone::power;
use crate::lab::{Pbx, Phone, until};

/// What the agent's microphone hears, and what the debtor's phone speaks.
const AGENT: f64 = 600.0;
const DEBTOR: f64 = 1000.0;

struct Office {
    pbx: Pbx,
    home: Home,
    browser: Browser,
}

async fn office(name: &str) -> Office {
    let pbx = Pbx::up_for_sip(name, Duration::from_secs(20), Release::Asterisk22, 201..=201).await;
    let mut home = Home::by_browser(pbx.sip_port, &pbx.sip_secret, "");
    home.start().await;
    let browser = signed_in(&home, "anna").await;
    Office { pbx, home, browser }
}

/// A browser at whose page the phone is known and the audio stands.
async fn signed_in(home: &Home, login: &str) -> Browser {
    let browser = Browser::with_microphone(AGENT).await;
    browser.client.goto(&format!("{}/sign-in", home.address)).await.expect("the sign-in page");
    // A pure tone is noise to a browser that cleans what it hears.
    browser.script("localStorage.setItem('belbrug-clean', 'off')").await;
    browser.sign_in(&home.address, login).await;
    browser.find("#phone[data-registered=known]").await;
    browser.find("#phone:not([data-tab=''])").await;
    browser
}

/// How much of what the phone has heard in its last call is this tone.
fn heard_by(phone: &Phone, hertz: f64) -> f64 {
    let Some(file) = phone.heard().pop() else { return 0.0 };
    let Ok(bytes) = std::fs::read(file) else { return 0.0 };
    // Its header is written when the call is over.
    let samples: Vec<i16> = bytes.get(44..).unwrap_or_default().chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    let last = samples.len().saturating_sub(4000);
    power(&samples[last..], hertz)
}

async fn is_heard_by(phone: &Phone, hertz: f64) {
    let heard = until(|| (heard_by(phone, hertz) > 0.8).then_some(()));
    assert!(heard.await.is_some(), "the phone never heard {hertz} Hz: {}", heard_by(phone, hertz));
}

#[tokio::test]
async fn a_debtor_calls_and_both_hear_each_other() {
    let Office { pbx, home: _home, browser } = office("phone-in").await;
    let debtor = Phone::outside(&pbx, CALLER, "M. Vos").await;
    debtor.dial("31101").await;
    browser.says("[data-state]", "Inkomend gesprek").await;
    browser.says("#file", "Bakkerij De Korenaar").await;
    browser.picture("110-phone-rings").await;
    browser.click("[data-action=answer]").await;
    browser.says("[data-state]", "In gesprek").await;
    browser.hears(DEBTOR).await;
    is_heard_by(&debtor, AGENT).await;
    browser.picture("111-phone-talks").await;
    browser.click("[data-action=hang-up]").await;
    debtor.wait_closed().await;
    browser.find(".bar[data-call=ended]").await;
    pbx.wait_idle().await;
}

#[tokio::test]
async fn a_debtor_is_dialled_and_both_hear_each_other() {
    let Office { pbx, home: _home, browser } = office("phone-out").await;
    let debtor = Phone::outside_to_be_called(&pbx, CALLER, "M. Vos").await;
    open_file(&browser).await;
    browser.script("const b = document.querySelector('#file button.dial'); b.click(); b.click()").await;
    browser.says("[data-state]", "Gaat over bij").await;
    debtor.wait_ringing().await;
    debtor.answer().await;
    browser.says("[data-state]", "In gesprek").await;
    browser.hears(DEBTOR).await;
    is_heard_by(&debtor, AGENT).await;
    debtor.hang_up().await;
    browser.find(".bar[data-call=ended]").await;
    pbx.wait_idle().await;
}
