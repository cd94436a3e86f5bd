//! An office at work: what the tests in the browser stand on.

use std::time::Duration;

use super::browser::Browser;
use super::service::Home;
use crate::lab::{Pbx, Phone, until_async};

/// Who calls: the debtor of Bakkerij De Korenaar.
pub(crate) const CALLER: &str = "+447700900123";

/// A PBX, a phone, a Belbrug and a browser.
pub(crate) struct Office {
    pub(crate) pbx: Pbx,
    pub(crate) phone: Phone,
    pub(crate) home: Home,
    pub(crate) browser: Browser,
}

/// Opens the file of Bakkerij De Korenaar by the search.
pub(crate) async fn open_file(browser: &Browser) {
    browser.type_into("#search", "korenaar").await;
    browser.click("#search-results button.item").await;
    browser.says("#file", "Bakkerij De Korenaar").await;
}

/// Anna at phone 101, with her desk open.
pub(crate) async fn office(name: &str) -> Office {
    let pbx = Pbx::up_ringing(name, Duration::from_secs(20)).await;
    let phone = Phone::register(&pbx, "101").await;
    let home = Home::started(pbx.ami_port, &pbx.ami_secret).await;
    home.logs("signed in at the PBX").await;
    let browser = Browser::open().await;
    browser.sign_in(&home.address, "anna").await;
    browser.find("[data-link=connected]").await;
    Office { pbx, phone, home, browser }
}

/// Saves. A press right after a file has appeared is not taken: it may be the second of a double one.
pub(crate) async fn save(browser: &Browser) {
    let saved = until_async(|| async {
        browser.script("document.querySelector('#save')?.click()").await;
        browser.text(".bar[data-call=ended]").await.is_empty().then_some(())
    })
    .await;
    assert!(saved.is_some(), "it was not saved: {}", browser.text("#conversation").await);
}

/// What the ledger holds: code, cents, notes.
pub(crate) async fn ledger(home: &Home) -> Vec<(String, Option<i64>, Option<String>)> {
    let pool = home.pool().await;
    let rows =
        sqlx::query_as("SELECT code, amount_cents, (SELECT body FROM texts WHERE entry_id = ledger.id AND field = 'notes') FROM ledger ORDER BY id");
    rows.fetch_all(&pool).await.expect("the ledger")
}
