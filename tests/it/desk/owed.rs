//! Every conversation owes exactly one outcome: also one on the desk phone with the page closed, and after a crash.

use std::time::Duration;

use super::browser::Browser;
use super::office::{CALLER, Office, ledger, office, save};
use super::service::Home;
use crate::lab::{Debtor, Pbx, Phone, until_async};

/// Calls whose outcome is owed, as the database has them.
async fn owed(home: &Home) -> Vec<String> {
    let pool = home.pool().await;
    let rows: Vec<(String,)> = sqlx::query_as("SELECT direction FROM calls WHERE owes_outcome = 1 AND ended_seen IS NOT NULL ORDER BY ended_seen")
        .fetch_all(&pool)
        .await
        .expect("calls");
    rows.into_iter().map(|(direction,)| direction).collect()
}

async fn owes(home: &Home, wanted: &[&str]) {
    let found = until_async(|| async { (owed(home).await == wanted).then_some(()) }).await;
    assert!(found.is_some(), "owed: {:?}", owed(home).await);
}

/// A conversation on the phone: the debtor calls, or a number nobody knows does.
async fn is_called(pbx: &Pbx, phone: &Phone, number: &str, name: &str) {
    let mut debtor = Debtor::calls(pbx, "31101", number, name, Some(Duration::from_secs(1))).await;
    phone.wait_ringing().await;
    phone.answer().await;
    debtor.wait().await;
    phone.wait_closed().await;
}

#[tokio::test]
async fn calls_on_the_desk_phone_with_the_page_closed_owe_outcomes_that_survive_a_crash_and_can_be_settled() {
    let pbx = Pbx::up_ringing("owed", Duration::from_secs(20)).await;
    let phone = Phone::register(&pbx, "101").await;
    let mut home = Home::started(pbx.ami_port, &pbx.ami_secret).await;
    home.logs("signed in at the PBX").await;
    // Nobody has a page open. One is dialled on the phone, two are answered there.
    let mut debtor = Debtor::answers_and_hangs_up(&pbx, Duration::from_millis(500), Duration::from_secs(1)).await;
    phone.dial("+447700900123").await;
    debtor.wait().await;
    phone.wait_closed().await;
    is_called(&pbx, &phone, "+442079460004", "T.").await;
    is_called(&pbx, &phone, "+447700900999", "Wie dan ook").await;
    owes(&home, &["outbound", "inbound", "inbound"]).await;
    home.kill();
    home.start().await;
    home.logs("signed in at the PBX").await;
    let browser = Browser::open().await;
    browser.sign_in(&home.address, "anna").await;
    browser.says("#owed", "3 gesprekken zonder uitkomst").await;
    browser.says(".bar-me", "Afronden (3)").await;
    browser.picture("60-owed").await;
    browser.size(390, 844).await;
    browser.picture("61-owed-narrow").await;
    browser.size(1280, 800).await;
    let first = browser.script("return document.querySelector('#owed .item-name').textContent").await;
    assert_eq!(first, "Bakkerij De Korenaar", "the oldest first");
    // A click on a debt opens its file; one outcome settles one call.
    browser.click("#owed li:nth-child(1) button").await;
    browser.says("#file", "Bakkerij De Korenaar").await;
    browser.script("document.querySelector('input[name=code][value=AM]').click()").await;
    browser.picture("62-owed-file").await;
    save_this(&browser).await;
    owes(&home, &["inbound", "inbound"]).await;
    // What is owed next is on the screen; the supervisor settles it.
    browser.says("#file", "Mevr. J. Terpstra").await;
    let supervisor = Browser::open().await;
    supervisor.sign_in(&home.address, "carla").await;
    supervisor.says("[data-owed]", "2").await;
    supervisor.picture("63-floor-owed").await;
    supervisor.click("a[data-owed]").await;
    supervisor.says("main", "Mevr. J. Terpstra").await;
    supervisor.picture("64-owed-list").await;
    supervisor.type_into("tr:first-child input[name=reason]", "Anna is ziek naar huis").await;
    supervisor.click("tr:first-child [data-action=settle]").await;
    supervisor.says("main", "Wie dan ook").await;
    let gone = until_async(|| async { (!supervisor.text("main").await.contains("Terpstra")).then_some(()) }).await;
    assert!(gone.is_some(), "{}", supervisor.text("main").await);
    browser.says("[data-notice]", "Carla Mertens handelde uw gesprek met Mevr. J. Terpstra af").await;
    browser.picture("65-settled-by-supervisor").await;
    owes(&home, &["inbound"]).await;
    // The last one is nobody's: the agent says why.
    browser.says("[data-attach]", "+44 7700 900999").await;
    browser.picture("66-nobody").await;
    browser.click("[data-action=dismiss-other]").await;
    browser.says("#toast", "Schrijf in een paar woorden").await;
    browser.type_into("#dismiss-note", "de bloemist").await;
    browser.click("[data-action=dismiss-other]").await;
    browser.find(".bar[data-call=none]").await;
    owes(&home, &[]).await;
    assert_eq!(ledger(&home).await, [("AM".to_owned(), None, None)]);
    let pool = home.pool().await;
    let settled: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT reason, body, login FROM settlements JOIN settlement_texts ON settlement_id = settlements.id JOIN users ON users.id = by_id ORDER BY settlements.id",
    )
    .fetch_all(&pool)
    .await
    .expect("settlements");
    let row = |reason: &str, body: &str, login: &str| (reason.to_owned(), body.to_owned(), login.to_owned());
    assert_eq!(settled, [row("supervisor", "Anna is ziek naar huis", "carla"), row("other", "de bloemist", "anna")]);
    assert!(sqlx::query("UPDATE settlements SET reason = 'private'").execute(&pool).await.is_err(), "append-only");
    let wraps: Vec<(Option<i64>,)> = sqlx::query_as("SELECT wrap_micros FROM calls ORDER BY ended_seen").fetch_all(&pool).await.expect("calls");
    assert!(wraps[0].0 > Some(0) && wraps[1].0.is_none() && wraps[2].0 > Some(0), "{wraps:?}");
    supervisor.close().await;
}

/// Saves what is on the screen, and waits until another file is.
async fn save_this(browser: &Browser) {
    let before = browser.text("#file [data-name]").await;
    let saved = until_async(|| async {
        browser.script("document.querySelector('#save')?.click()").await;
        (browser.text("#file [data-name]").await != before).then_some(())
    })
    .await;
    assert!(saved.is_some(), "it was not saved: {}", browser.text("#conversation").await);
}

#[tokio::test]
async fn two_calls_at_once_owe_two_outcomes() {
    let Office { pbx, phone, home, browser } = &office("two-at-once").await;
    let _first = Debtor::calls(pbx, "31101", CALLER, "M. Vos", None).await;
    phone.wait_ringing().await;
    phone.answer().await;
    browser.says("[data-state]", "In gesprek").await;
    let mut second = Debtor::calls(pbx, "31101", CALLER, "M. Vos", Some(Duration::from_secs(1))).await;
    phone.wait_ringing().await;
    phone.answer().await;
    second.wait().await;
    phone.turn_to(1).await;
    phone.hang_up().await;
    owes(home, &["inbound", "inbound"]).await;
    browser.says("#owed", "2 gesprekken zonder uitkomst").await;
    // A code that was picked in the very moment in which the next file comes is not one for that file: it is picked again.
    let saved = until_async(async || {
        browser.script("const c = document.querySelector('input[name=code][value=AM]'); if (c && !c.checked) c.click()").await;
        browser.script("document.querySelector('#save')?.click()").await;
        owed(home).await.is_empty().then_some(())
    });
    assert!(saved.await.is_some(), "{:?}", owed(home).await);
    save(browser).await;
    assert_eq!(ledger(home).await.len(), 2);
}
