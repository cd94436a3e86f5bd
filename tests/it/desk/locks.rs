//! A file is for one agent at a time: seen in two browsers.

use super::browser::Browser;
use super::office::{CALLER, Office, office, open_file};
use crate::lab::{Debtor, Phone};

/// Bram at his desk beside Anna's.
async fn colleague(office: &Office) -> Browser {
    let browser = Browser::open().await;
    browser.sign_in(&office.home.address, "bram").await;
    browser.find("[data-link=connected]").await;
    browser
}

#[tokio::test]
async fn a_file_that_a_colleague_has_is_read_only_until_it_is_taken_over_or_free() {
    let mut office = office("lock").await;
    let bram = colleague(&office).await;
    let anna = &office.browser;
    open_file(anna).await;
    anna.type_into("#outcome textarea[name=notes]", "half af").await;
    anna.says("#conversation", "Opgeslagen").await;
    open_file(&bram).await;
    bram.says("#file [data-locked]", "Anna de Boer heeft dit dossier open sinds").await;
    bram.gone("#outcome").await;
    bram.gone("#file button.dial").await;
    bram.picture("70-locked").await;
    bram.size(390, 844).await;
    bram.picture("71-locked-narrow").await;
    let width = bram.script("return document.documentElement.scrollWidth").await;
    assert!(width.as_u64().unwrap_or(999) <= 390, "the page is {width} wide");
    bram.size(1280, 800).await;
    // Dialling it from the search is refused with her name.
    bram.type_into("#search", "korenaar").await;
    bram.click("#search-results button.dial").await;
    bram.says("#toast", "Anna de Boer heeft dit dossier open sinds").await;
    // Taken over, while she types: her page says so, and what she typed is her draft.
    anna.script("const n = document.querySelector('#outcome textarea[name=notes]'); n.value = 'half af, en meer'; n.dispatchEvent(new Event('input', {bubbles: true}))").await;
    bram.click("#file [data-action=take-over]").await;
    bram.find("#outcome").await;
    anna.says("[data-notice]", "Bram Visser heeft dit dossier overgenomen").await;
    anna.says("#file [data-locked]", "Bram Visser heeft dit dossier open sinds").await;
    anna.says("[data-reading]", "half af, en meer").await;
    anna.picture("72-taken-over").await;
    // After a crash it is as it was.
    office.home.kill();
    office.home.start().await;
    let (anna, desk) = (&office.browser, format!("{}/desk", office.home.address));
    anna.client.goto(&desk).await.expect("the desk");
    anna.says("[data-reading]", "half af, en meer").await;
    bram.client.goto(&desk).await.expect("the desk");
    bram.find("#outcome").await;
    // Bram puts it away: it is hers again, with what she typed.
    bram.click("#file form.close button").await;
    anna.find("#outcome").await;
    let notes = anna.script("return document.querySelector('#outcome textarea[name=notes]').value").await;
    assert_eq!(notes, "half af, en meer");
    bram.close().await;
}

#[tokio::test]
async fn a_call_about_a_file_that_a_colleague_has_pops_it_read_only() {
    let office = office("lock-call").await;
    let bram = colleague(&office).await;
    open_file(&bram).await;
    let anna = &office.browser;
    let _debtor = Debtor::calls(&office.pbx, "31101", CALLER, "M. Vos", None).await;
    office.phone.wait_ringing().await;
    anna.says("#file [data-locked]", "Bram Visser heeft dit dossier open sinds").await;
    anna.picture("73-locked-ringing").await;
    office.phone.answer().await;
    anna.click("[data-reading] [data-action=take-over]").await;
    anna.find("#outcome").await;
    bram.says("#file [data-locked]", "Anna de Boer").await;
    bram.close().await;
}

#[tokio::test]
async fn a_person_with_two_phones_has_one_call() {
    let office = office("two-phones").await;
    let changed = office.home.run(&["user", "devices", "anna", "103"]);
    assert!(changed.status.success(), "{changed:?}");
    // The page takes the seat with both phones at the next sign-in.
    let anna = &office.browser;
    anna.sign_in(&office.home.address, "anna").await;
    anna.find("[data-link=connected]").await;
    let softphone = Phone::register(&office.pbx, "103").await;
    softphone.dial("*62").await;
    softphone.wait_closed().await;
    let _debtor = Debtor::calls(&office.pbx, "31900", CALLER, "M. Vos", None).await;
    office.phone.wait_ringing().await;
    softphone.wait_ringing().await;
    anna.says("#file", "Bakkerij De Korenaar").await;
    softphone.answer().await;
    anna.says("[data-state]", "In gesprek").await;
    anna.gone("[data-notice]").await;
    anna.gone("[data-waiting]").await;
    // The page hangs up the phone that talks.
    anna.click("[data-action=hang-up]").await;
    anna.find(".bar[data-call=ended]").await;
    anna.gone("[data-owed]").await;
}
