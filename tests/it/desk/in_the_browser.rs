//! An agent at work, in a real browser, with a real PBX and real phones.

use std::time::Duration;

use super::browser::Browser;
use super::office::{CALLER, ledger, office, open_file, save};
use crate::lab::{Debtor, Phone};

async fn fill_promise(browser: &Browser) {
    browser.click("label:has(input[name=code][value=PTP])").await;
    browser.click("#outcome fieldset[data-for=PTP] button[data-date]").await;
    browser
        .script("const s = document.querySelector('#PTP-method'); s.value = 'transfer'; s.dispatchEvent(new Event('change', {bubbles: true}))")
        .await;
    browser
        .script("const s = document.querySelector('#PTP-contact_id'); if (s && !s.value) { s.selectedIndex = s.options.length - 1; s.dispatchEvent(new Event('change', {bubbles: true})) }")
        .await;
    browser
        .script("const c = document.querySelector('#outcome fieldset[data-for=PTP] input[name=summary_confirmed]'); if (!c.checked) c.click()")
        .await;
}

#[tokio::test]
async fn an_inbound_call_from_ringing_to_saved_outcome() {
    let office = office("inbound").await;
    let browser = &office.browser;
    browser.picture("01-desk-idle").await;
    let _debtor = Debtor::calls(&office.pbx, "31101", CALLER, "M. Vos", None).await;
    office.phone.wait_ringing().await;
    browser.says("[data-state]", "Inkomend gesprek").await;
    browser.says("#file", "Bakkerij De Korenaar").await;
    browser.says("#file", "1.284,56").await;
    browser.picture("02-ringing").await;
    office.phone.answer().await;
    browser.says("[data-state]", "In gesprek").await;
    browser.type_into("#outcome textarea[name=notes]", "Betaalt vrijdag, rekent het na.").await;
    browser.says("#conversation", "Opgeslagen").await;
    browser.picture("03-talking").await;
    office.phone.hang_up().await;
    browser.find(".bar[data-call=ended]").await;
    fill_promise(browser).await;
    browser.picture("04-promise").await;
    save(browser).await;
    browser.says("#worklist", "Garage Kuipers").await;
    browser.picture("05-saved").await;
    let ledger = ledger(&office.home).await;
    assert_eq!(ledger, [("PTP".to_owned(), Some(128_456), Some("Betaalt vrijdag, rekent het na.".to_owned()))]);
}

#[tokio::test]
async fn a_dialled_call_from_ringing_to_saved_outcome() {
    let office = office("dialled").await;
    let browser = &office.browser;
    let mut debtor = Debtor::answers(&office.pbx, Duration::from_millis(1500)).await;
    open_file(browser).await;
    browser.picture("10-file").await;
    // A double click dials once.
    browser.script("const b = document.querySelector('#file button.dial'); b.click(); b.click()").await;
    browser.says("[data-state]", "Uw telefoon gaat over").await;
    office.phone.wait_ringing().await;
    browser.picture("11-own-phone").await;
    office.phone.answer().await;
    browser.says("[data-state]", "Gaat over bij").await;
    browser.says("[data-state]", "In gesprek").await;
    browser.type_into("#outcome textarea[name=notes]", "Kijkt het na.").await;
    browser.says("#conversation", "Opgeslagen").await;
    browser.click("[data-action=hang-up]").await;
    browser.find(".bar[data-call=ended]").await;
    debtor.wait().await;
    browser.click("label:has(input[name=code][value=CHKADM])").await;
    // Without its date it is not saved, and says so beside the field.
    browser.script("const d = document.querySelector('#outcome fieldset[data-for=CHKADM] input[name=follow_up_on]'); d.value = ''; d.dispatchEvent(new Event('change', {bubbles: true}))").await;
    browser.click("#save").await;
    browser.says("fieldset[data-for=CHKADM] [data-error-for=follow_up_on]", "Vul dit in").await;
    browser.picture("12-field-error").await;
    let next = belbrug::collection::calendar::working_days_after(chrono::Utc::now().date_naive(), 1);
    browser.script(&format!("const d = document.querySelector('#outcome fieldset[data-for=CHKADM] input[name=follow_up_on]'); d.value = '{next}'; d.dispatchEvent(new Event('change', {{bubbles: true}}))")).await;
    save(browser).await;
    assert_eq!(ledger(&office.home).await, [("CHKADM".to_owned(), None, Some("Kijkt het na.".to_owned()))]);
}

#[tokio::test]
async fn a_number_of_two_debtors_gives_a_choice_without_amounts() {
    let office = office("choice").await;
    let browser = &office.browser;
    // Spoken, and over before it was clear who it was: it can be put away.
    let unclear = Debtor::calls(&office.pbx, "31101", "+447700900200", "Kantoor", None).await;
    office.phone.wait_ringing().await;
    office.phone.answer().await;
    browser.says("[data-state]", "In gesprek").await;
    office.phone.hang_up().await;
    drop(unclear);
    browser.find(".bar[data-call=ended]").await;
    browser.picture("19-chooser-ended").await;
    browser.click("[data-chooser] [data-action=dismiss-wrong_number]").await;
    browser.find(".bar[data-call=none]").await;
    let _debtor = Debtor::calls(&office.pbx, "31101", "+447700900200", "Kantoor", None).await;
    office.phone.wait_ringing().await;
    browser.says("[data-chooser]", "Garage Kuipers").await;
    browser.says("[data-chooser]", "Café Het Anker").await;
    assert!(!browser.text("[data-chooser]").await.contains('€'), "amounts are not for choosing by");
    browser.picture("20-chooser").await;
    browser.click("[data-chooser] .choices button:nth-child(1)").await;
    browser.gone("[data-chooser]").await;
    browser.says("#file", "Café Het Anker").await;
}

#[tokio::test]
async fn an_unknown_number_is_searched_and_attached_and_a_given_up_call_says_so() {
    let office = office("unknown").await;
    let browser = &office.browser;
    {
        let _debtor = Debtor::calls(&office.pbx, "31101", "+447700900999", "", None).await;
        office.phone.wait_ringing().await;
        browser.says("[data-attach]", "+44 7700 900999").await;
        browser.picture("21-unknown").await;
        office.phone.answer().await;
        browser.type_into("#attach-search", "terpstra").await;
        browser.click("#attach-results button.item").await;
        browser.says("#file", "Mevr. J. Terpstra").await;
        browser.says("#file", "+44 7700 900999").await;
    }
    office.phone.hang_up().await;
    browser.find(".bar[data-call=ended]").await;
    browser.script("document.querySelector('input[name=code][value=NOCON]').click()").await;
    browser.script("document.querySelector('input[name=code][value=REF]').click()").await;
    browser.type_into("#outcome fieldset[data-for=REF] [name=reason]", "Wil niet").await;
    browser.script("document.querySelector('#outcome fieldset[data-for=REF] input[name=consequence_told]').click()").await;
    save(browser).await;
    office.pbx.wait_idle().await;
    // The same number is known now; this time the caller gives up.
    let mut debtor = Debtor::gives_up(&office.pbx, "31101", "+447700900999", "", Duration::from_secs(2)).await;
    browser.says("#file", "Mevr. J. Terpstra").await;
    debtor.wait().await;
    browser.says("[data-notice]", "hing op na").await;
    browser.picture("22-given-up").await;
}

#[tokio::test]
async fn answered_by_a_colleague_the_pop_goes_and_says_so() {
    let office = office("elsewhere").await;
    let browser = &office.browser;
    let colleague = Phone::register(&office.pbx, "102").await;
    let _debtor = Debtor::calls(&office.pbx, "31900", CALLER, "M. Vos", None).await;
    office.phone.wait_ringing().await;
    browser.says("#file", "Bakkerij De Korenaar").await;
    browser.says("#call-bar", "collections").await;
    colleague.wait_ringing().await;
    colleague.answer().await;
    browser.says("[data-notice]", "door collega opgenomen").await;
    browser.gone("#file [data-name]").await;
    browser.picture("27-elsewhere").await;
}

#[tokio::test]
async fn a_withheld_number_asks_to_search_at_once_and_can_be_put_away() {
    let office = office("withheld").await;
    let browser = &office.browser;
    let debtor = Debtor::calls(&office.pbx, "31101", "anonymous", "Anonymous", None).await;
    office.phone.wait_ringing().await;
    browser.says("[data-attach]", "Nummer afgeschermd").await;
    browser.find("#attach-search").await;
    browser.picture("26-withheld").await;
    office.phone.answer().await;
    browser.says("[data-state]", "In gesprek").await;
    office.phone.hang_up().await;
    drop(debtor);
    browser.find(".bar[data-call=ended]").await;
    browser.click("[data-action=dismiss-private]").await;
    browser.find(".bar[data-call=none]").await;
    assert!(ledger(&office.home).await.is_empty());
}

#[tokio::test]
async fn the_search_dials_too_and_the_page_hangs_up_while_it_rings() {
    let office = office("search-dial").await;
    let browser = &office.browser;
    let _debtor = Debtor::never_answers(&office.pbx).await;
    browser.type_into("#search", "korenaar").await;
    browser.click("#search-results button.dial").await;
    office.phone.wait_ringing().await;
    browser.says("#file", "Bakkerij De Korenaar").await;
    office.phone.answer().await;
    browser.says("[data-state]", "Gaat over bij").await;
    browser.click("[data-action=hang-up]").await;
    browser.says("[data-state]", "Afgebroken").await;
}

#[tokio::test]
async fn a_second_call_never_replaces_the_file_that_is_worked_on() {
    let office = office("second").await;
    let browser = &office.browser;
    let _first = Debtor::calls(&office.pbx, "31101", CALLER, "M. Vos", None).await;
    office.phone.wait_ringing().await;
    browser.says("#file", "Bakkerij De Korenaar").await;
    office.phone.answer().await;
    browser.says("[data-state]", "In gesprek").await;
    browser.type_into("#outcome textarea[name=notes]", "midden in een zin").await;
    let _second = Debtor::calls(&office.pbx, "31101", "+442079460004", "T.", None).await;
    browser.says("[data-waiting]", "Mevr. J. Terpstra").await;
    browser.says("#file", "Bakkerij De Korenaar").await;
    let typed = browser.script("return document.querySelector('#outcome textarea[name=notes]').value").await;
    assert_eq!(typed, "midden in een zin");
    browser.picture("23-second-call").await;
}

#[tokio::test]
async fn a_reload_a_crash_and_a_second_tab_lose_nothing() {
    let mut office = office("reload").await;
    let browser = &office.browser;
    let _debtor = Debtor::calls(&office.pbx, "31101", CALLER, "M. Vos", None).await;
    office.phone.wait_ringing().await;
    browser.says("#file", "Bakkerij De Korenaar").await;
    office.phone.answer().await;
    browser.type_into("#outcome textarea[name=notes]", "eerste regel").await;
    browser.says("#conversation", "Opgeslagen").await;
    let notes = "return document.querySelector('#outcome textarea[name=notes]')?.value";
    browser.client.refresh().await.expect("a reload");
    browser.says("[data-state]", "In gesprek").await;
    assert_eq!(browser.script(notes).await, "eerste regel");
    let tab = browser.client.new_window(true).await.expect("a second tab");
    let first = browser.client.window().await.expect("the first tab");
    browser.client.switch_to_window(tab.handle).await.expect("the second tab");
    browser.client.goto(&format!("{}/desk", office.home.address)).await.expect("the desk");
    browser.says("#file", "Bakkerij De Korenaar").await;
    assert_eq!(browser.script(notes).await, "eerste regel");
    browser.client.switch_to_window(first).await.expect("the first tab");
    // The service is killed in the middle of the call, and comes back on another port.
    office.home.kill();
    office.home.start().await;
    office.home.logs("signed in at the PBX").await;
    let browser = &office.browser;
    browser.client.goto(&format!("{}/desk", office.home.address)).await.expect("the desk");
    browser.says("[data-state]", "In gesprek").await;
    browser.says("#file", "Bakkerij De Korenaar").await;
    assert_eq!(browser.script(notes).await, "eerste regel");
    office.phone.hang_up().await;
    browser.find(".bar[data-call=ended]").await;
}

#[tokio::test]
async fn a_dial_that_fails_says_why_in_words() {
    let office = office("fails").await;
    let browser = &office.browser;
    open_file(browser).await;
    let mut debtor = Debtor::refuses(&office.pbx, Duration::from_millis(300), "486 Busy Here").await;
    browser.click("#file button.dial").await;
    office.phone.wait_ringing().await;
    office.phone.answer().await;
    browser.says("[data-state]", "Bezet").await;
    debtor.wait().await;
    // The outcome that it most likely is stands ready.
    let code = browser.script("return document.querySelector('input[name=code]:checked')?.value").await;
    assert_eq!(code, "BUSY");
    browser.picture("24-busy").await;
    save(browser).await;
    open_file(browser).await;
    browser.click("#file button.dial").await;
    office.phone.wait_ringing().await;
    office.phone.hang_up().await;
    browser.says("[data-notice]", "U nam niet op").await;
    browser.picture("25-own-phone-rejected").await;
}

#[tokio::test]
async fn names_from_the_network_appear_harmlessly() {
    let office = office("hostile").await;
    let browser = &office.browser;
    let long = "x".repeat(10_000);
    let names = [
        "<script>window.broken=1</script>",
        "\"><img src=x onerror=window.broken=1>",
        "'; DROP TABLE ledger; --",
        "a\r\nAction: Command\u{7}\u{1b}[31m",
        &long,
    ];
    for name in names {
        let mut debtor = Debtor::gives_up(&office.pbx, "31101", "+447700900777", name, Duration::from_secs(1)).await;
        office.phone.wait_ringing().await;
        browser.find(".bar[data-call=ringing]").await;
        debtor.wait().await;
        browser.find(".bar[data-call=none]").await;
        assert_eq!(browser.script("return window.broken").await, serde_json::Value::Null);
        let width = browser.script("return document.documentElement.scrollWidth").await;
        assert!(width.as_u64().unwrap_or(0) <= 1300, "the page became {width} wide");
    }
    assert!(ledger(&office.home).await.is_empty());
}

#[tokio::test]
async fn the_supervisor_sees_the_floor_live_and_the_calls_behind_a_figure() {
    let office = office("floor").await;
    let supervisor = Browser::open().await;
    supervisor.sign_in(&office.home.address, "carla").await;
    supervisor.says("#floor", "Anna de Boer").await;
    let _debtor = Debtor::calls(&office.pbx, "31101", CALLER, "M. Vos", None).await;
    office.phone.wait_ringing().await;
    supervisor.says("#floor", "Telefoon gaat").await;
    office.phone.answer().await;
    supervisor.says("#floor", "In gesprek").await;
    supervisor.says("#floor", "Bakkerij De Korenaar").await;
    supervisor.picture("30-floor").await;
    office.phone.hang_up().await;
    supervisor.says("[data-which=answered]", "1").await;
    supervisor.click("[data-which=answered]").await;
    supervisor.says("main", "Bakkerij De Korenaar").await;
    supervisor.picture("31-calls").await;
    supervisor.click("tr[data-call-id] a").await;
    supervisor.says("main", "gezien").await;
    supervisor.picture("32-call").await;
    supervisor.close().await;
}

#[tokio::test]
async fn the_page_at_phone_width_and_in_english() {
    let office = office("narrow").await;
    let browser = &office.browser;
    browser.size(390, 844).await;
    browser.picture("40-narrow").await;
    let _debtor = Debtor::calls(&office.pbx, "31101", CALLER, "M. Vos", None).await;
    office.phone.wait_ringing().await;
    browser.says("#file", "Bakkerij De Korenaar").await;
    browser.picture("41-narrow-ringing").await;
    let width = browser.script("return document.documentElement.scrollWidth").await;
    assert!(width.as_u64().unwrap_or(999) <= 390, "the page is {width} wide");
    browser.script("document.querySelector('#menu').open = true").await;
    browser.click("#menu button[name=lang]").await;
    browser.says("[data-state]", "Incoming call").await;
    browser.picture("42-narrow-english").await;
}
