//! The agent's browser is the phone: a real Chromium with a microphone, a real Asterisk, and baresip as the debtor. Each end speaks a
//! tone of its own, and is heard by it.

use std::time::{Duration, Instant};

use super::browser::Browser;
use super::office::{CALLER, open_file};
use super::service::{Home, PASSWORD, said};
use crate::lab::pbx::Release;
use crate::lab::tone::power;
use crate::lab::{Kamailio, Pbx, Phone, until, until_async};

/// What the agent's microphone hears, and what the debtor's phone speaks.
pub(super) const AGENT: f64 = 600.0;
pub(super) const DEBTOR: f64 = 1000.0;
/// What a colleague's phone speaks.
const COLLEAGUE: f64 = 440.0;

/// For the creditor of the sample debtors, calls are recorded.
const RECORDED: &str =
    "[recording]\nkeep = \"{folder}/recordings\"\n[recording.notices]\n\"Groothandel De Linde BV\" = \"Dit gesprek wordt opgenomen.\"\n";

struct Office {
    pbx: Pbx,
    home: Home,
    browser: Browser,
}

async fn office(name: &str) -> Office {
    office_with(name, "").await
}

async fn office_with(name: &str, more: &str) -> Office {
    let pbx = Pbx::up_for_sip(name, Duration::from_secs(20), Release::Asterisk22, 201..=201).await;
    let mut home = Home::by_browser(pbx.sip_port, &pbx.sip_secret, more);
    home.start().await;
    let browser = signed_in(&home, "anna").await;
    Office { pbx, home, browser }
}

/// A browser at whose page the phone is known and the audio stands.
pub(super) async fn signed_in(home: &Home, login: &str) -> Browser {
    let browser = Browser::with_microphone(AGENT, &[]).await;
    signs_in(&browser, &home.address, login).await;
    browser
}

/// And at this browser.
pub(super) async fn signs_in(browser: &Browser, address: &str, login: &str) {
    browser.client.goto(&format!("{address}/sign-in")).await.expect("the sign-in page");
    browser.find("input[name=login]").await;
    // A pure tone is noise to a browser that cleans what it hears.
    browser.script("localStorage.setItem('belbrug-clean', 'off')").await;
    browser.sign_in(address, login).await;
    browser.find("#phone[data-registered=known]").await;
    browser.find("#phone:not([data-tab=''])").await;
}

/// The last half second of what the phone has heard in its last call, and how much it has heard in all.
fn heard_last(phone: &Phone) -> (Vec<i16>, usize) {
    let bytes = phone.heard().pop().and_then(|file| std::fs::read(file).ok()).unwrap_or_default();
    // The header of the file is written when the call is over.
    let samples: Vec<i16> = bytes.get(44..).unwrap_or_default().chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    let last = samples.len().saturating_sub(4000);
    (samples[last..].to_vec(), samples.len())
}

/// Waits until the phone hears this tone, and still does.
pub(super) async fn is_heard_by(phone: &Phone, hertz: f64) {
    let (_, before) = heard_last(phone);
    let heard = until(|| {
        let (last, length) = heard_last(phone);
        (length >= before + 4000 && power(&last, hertz) > 0.8).then_some(())
    });
    assert!(heard.await.is_some(), "the phone never heard {hertz} Hz: {}", power(&heard_last(phone).0, hertz));
}

/// Waits until the phone hears something else than this tone, or nothing for a second.
async fn is_not_heard_by(phone: &Phone, hertz: f64) {
    let (mut length, mut since) = (0, Instant::now());
    let unheard = until(|| {
        let (last, now) = heard_last(phone);
        if now != std::mem::replace(&mut length, now) {
            since = Instant::now();
        }
        (power(&last, hertz) < 0.1 || since.elapsed() > Duration::from_secs(1)).then_some(())
    });
    assert!(unheard.await.is_some(), "the phone still heard {hertz} Hz: {}", power(&heard_last(phone).0, hertz));
}

#[tokio::test]
async fn a_debtor_calls_and_both_hear_each_other() {
    let Office { pbx, home, browser } = office("phone-in").await;
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
    browser.size(390, 844).await;
    browser.picture("120-phone-talks-narrow").await;
    browser.size(1280, 800).await;
    browser.click("[data-action=hang-up]").await;
    debtor.wait_closed().await;
    browser.find(".bar[data-call=ended]").await;
    pbx.wait_idle().await;
    sounded_well(&home).await;
    browser.sign_in(&home.address, "carla").await;
    browser.client.goto(&format!("{}/floor/calls", home.address)).await.expect("the calls");
    let call = browser.find("main table a").await.attr("href").await.expect("a link").expect("its address");
    browser.client.goto(&format!("{}{call}", home.address)).await.expect("the call");
    browser.says("#heard", "van 5").await;
    browser.picture("121-how-it-sounded").await;
}

/// How it sounded is kept with the call, and this one sounded as the machine's own loopback does.
async fn sounded_well(home: &Home) {
    let pool = home.pool().await;
    let kept = until_async(|| async {
        let sql = "SELECT mos_hundredths, heard_packets, heard_lost, said_packets, said_lost FROM call_quality";
        sqlx::query_as::<_, (i64, i64, i64, i64, i64)>(sql).fetch_optional(&pool).await.expect("the quality")
    });
    let (mos, heard, heard_lost, said, said_lost) = kept.await.expect("how it sounded");
    assert!(
        mos >= 400 && heard > 20 && said > 20 && heard_lost * 20 <= heard && said_lost * 20 <= said,
        "{mos} {heard} {heard_lost} {said} {said_lost}"
    );
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

/// A debtor with whom Anna is in a call.
async fn in_talk(office: &Office) -> Phone {
    let debtor = Phone::outside(&office.pbx, CALLER, "M. Vos").await;
    debtor.dial("31101").await;
    office.browser.says("[data-state]", "Inkomend gesprek").await;
    office.browser.click("[data-action=answer]").await;
    office.browser.says("[data-state]", "In gesprek").await;
    office.browser.hears(DEBTOR).await;
    is_heard_by(&debtor, AGENT).await;
    debtor
}

#[tokio::test]
async fn the_other_waits_and_is_back_and_the_agent_is_mute() {
    let office = office("phone-hold").await;
    let debtor = in_talk(&office).await;
    let browser = &office.browser;
    browser.click("[data-action=hold]").await;
    browser.says("[data-state]", "In de wacht").await;
    browser.hears_nothing().await;
    is_not_heard_by(&debtor, AGENT).await;
    browser.click("[data-action=retrieve]").await;
    browser.says("[data-state]", "In gesprek").await;
    browser.hears(DEBTOR).await;
    is_heard_by(&debtor, AGENT).await;
    browser.script("document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'm', bubbles: true }))").await;
    browser.find("[data-action=mute][aria-pressed=true]").await;
    is_not_heard_by(&debtor, AGENT).await;
    browser.picture("112-phone-mute").await;
    browser.click("[data-action=mute]").await;
    is_heard_by(&debtor, AGENT).await;
    debtor.hang_up().await;
    browser.find(".bar[data-call=ended]").await;
    office.pbx.wait_idle().await;
    // What was held back is not lost.
    sounded_well(&office.home).await;
}

#[tokio::test]
async fn a_call_is_refused_by_a_key() {
    let office = office("phone-refuse").await;
    let debtor = Phone::outside(&office.pbx, CALLER, "M. Vos").await;
    debtor.dial("31101").await;
    office.browser.find("[data-action=reject][data-hotkey=e]").await;
    office.browser.script("document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'e', bubbles: true }))").await;
    debtor.wait_closed().await;
    office.browser.gone("[data-action=reject]").await;
    office.pbx.wait_idle().await;
}

/// What is in the way is said, with what to do, and is not said any more when it is not.
#[tokio::test]
async fn a_microphone_that_may_not_be_used_is_said_plainly() {
    let office = office("phone-denied").await;
    let browser = &office.browser;
    browser
        .script(
            "window.heard = navigator.mediaDevices.getUserMedia;
             navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); }",
        )
        .await;
    let debtor = Phone::outside(&office.pbx, CALLER, "M. Vos").await;
    debtor.dial("31101").await;
    browser.click("[data-action=answer]").await;
    browser.says("#connection", "De browser mag de microfoon niet gebruiken. Klik op het pictogram links van het adres").await;
    browser.hears(DEBTOR).await;
    browser.picture("124-phone-denied").await;
    // A headset is plugged in, and may be used.
    browser.script("navigator.mediaDevices.getUserMedia = window.heard; navigator.mediaDevices.dispatchEvent(new Event('devicechange'))").await;
    is_heard_by(&debtor, AGENT).await;
    assert_eq!(browser.text("#connection").await, "");
    debtor.hang_up().await;
    office.pbx.wait_idle().await;
}

#[tokio::test]
async fn the_doctor_looks_at_phones_in_browsers() {
    let home = Home::by_browser(5060, "none", "");
    let eva = ["user", "add", "eva", "--name", "Eva Smit", "--role", "agent", "--extension", "103"];
    assert!(home.run_with_input(&eva, PASSWORD).status.success());
    let told = said(&home.run(&["doctor"]));
    assert!(told.contains("ok       browser: extension 101 has a secret"), "{told}");
    assert!(told.contains("WRONG    browser: extension 103 has no secret: write it"), "{told}");
    assert!(told.contains("look at  browser: browsers ask for a microphone on https pages"), "{told}");
    assert!(told.contains("look at  browser: audio comes to 127.0.0.1, at a port that changes"), "{told}");
}

#[tokio::test]
async fn keys_are_heard_by_a_menu() {
    keys_by("rtp").await;
}

#[tokio::test]
async fn keys_are_read_by_a_menu_that_does_not_hear_them() {
    keys_by("info").await;
}

async fn keys_by(way: &str) {
    let Office { pbx, home: _home, browser } = office_with(&format!("phone-keys-{way}"), &format!("keys = \"{way}\"\n")).await;
    browser.type_into("#search", "terpstra").await;
    browser.click("#search-results button.item").await;
    browser.says("#file", "Mevr. J. Terpstra").await;
    browser.click("#file button.dial").await;
    browser.says("[data-state]", "In gesprek").await;
    browser.click("#phone-more summary").await;
    browser.type_into("#pad", "40#9").await;
    browser.picture("113-phone-keys").await;
    let heard = until(|| std::fs::read_to_string(&pbx.log).ok().filter(|log| log.contains("pressed 40")));
    assert!(heard.await.is_some(), "{}", std::fs::read_to_string(&pbx.log).unwrap_or_default());
    browser.click("[data-action=hang-up]").await;
    browser.find(".bar[data-call=ended]").await;
    pbx.wait_idle().await;
}

#[tokio::test]
async fn a_call_goes_to_a_colleague_without_a_word() {
    let office = office("phone-blind").await;
    let colleague = Phone::register(&office.pbx, "102").await;
    let debtor = in_talk(&office).await;
    let browser = &office.browser;
    browser.click("#phone-more summary").await;
    browser.type_into("#hand-to", "102").await;
    browser.picture("114-phone-hand-over").await;
    browser.click("[data-action=send-on]").await;
    colleague.wait_ringing().await;
    colleague.answer().await;
    browser.find(".bar[data-call=ended]").await;
    is_heard_by(&debtor, COLLEAGUE).await;
    is_heard_by(&colleague, DEBTOR).await;
    debtor.hang_up().await;
    colleague.wait_closed().await;
    office.pbx.wait_idle().await;
}

#[tokio::test]
async fn a_call_goes_to_a_colleague_who_was_asked_first() {
    let office = office("phone-attended").await;
    let colleague = Phone::register(&office.pbx, "102").await;
    let debtor = in_talk(&office).await;
    let browser = &office.browser;
    browser.click("#phone-more summary").await;
    browser.type_into("#hand-to", "102").await;
    browser.click("[data-action=consult]").await;
    colleague.wait_ringing().await;
    browser.picture("115-phone-asks").await;
    colleague.answer().await;
    browser.hears(COLLEAGUE).await;
    is_heard_by(&colleague, AGENT).await;
    is_not_heard_by(&debtor, AGENT).await;
    browser.picture("116-phone-two-calls").await;
    browser.click("[data-action=join]").await;
    is_heard_by(&debtor, COLLEAGUE).await;
    is_heard_by(&colleague, DEBTOR).await;
    browser.find(".bar[data-call=ended]").await;
    debtor.hang_up().await;
    colleague.wait_closed().await;
    office.pbx.wait_idle().await;
}

/// The page is loaded anew in the midst of a call: the same call, and both are heard again.
#[tokio::test]
async fn a_reload_keeps_the_call() {
    let office = office("phone-reload").await;
    let debtor = in_talk(&office).await;
    let before = office.browser.script("return document.querySelector('.phone-keys input[name=call]').value").await;
    let since = Instant::now();
    office.browser.client.refresh().await.expect("a reload");
    office.browser.hears(DEBTOR).await;
    is_heard_by(&debtor, AGENT).await;
    let took = since.elapsed();
    assert!(took < Duration::from_secs(5), "both directions were back after {took:?}");
    let after = office.browser.script("return document.querySelector('.phone-keys input[name=call]').value").await;
    assert_eq!(before, after);
    debtor.hang_up().await;
    office.browser.find(".bar[data-call=ended]").await;
    office.pbx.wait_idle().await;
}

/// A second window takes the audio, and the first says where it is.
#[tokio::test]
async fn the_newest_window_has_the_audio() {
    let office = office("phone-two-tabs").await;
    let debtor = in_talk(&office).await;
    let browser = &office.browser;
    let first = browser.client.window().await.expect("a window");
    let second = browser.client.new_window(true).await.expect("a tab").handle;
    browser.client.switch_to_window(second).await.expect("the tab");
    browser.client.goto(&format!("{}/desk", office.home.address)).await.expect("the desk");
    browser.hears(DEBTOR).await;
    is_heard_by(&debtor, AGENT).await;
    browser.client.switch_to_window(first).await.expect("the first window");
    browser.says("#connection", "in een ander venster").await;
    browser.picture("117-phone-elsewhere").await;
    browser.click("#audio-here").await;
    browser.hears(DEBTOR).await;
    is_heard_by(&debtor, AGENT).await;
    debtor.hang_up().await;
    browser.find(".bar[data-call=ended]").await;
}

#[tokio::test]
async fn the_exchange_dies_in_a_call_and_comes_back() {
    let mut office = office("phone-pbx-dies").await;
    let debtor = in_talk(&office).await;
    office.pbx.crash().await;
    office.browser.find("[data-link=lost]").await;
    drop(debtor);
    office.pbx.start().await;
    office.browser.find("[data-link=connected]").await;
    office.browser.find(".bar[data-call=ended]").await;
    office.browser.picture("118-phone-pbx-was-away").await;
    office.browser.find("#phone[data-registered=known]").await;
    let debtor = Phone::outside(&office.pbx, "+447700900200", "H. Kuipers").await;
    debtor.dial("31101").await;
    debtor.wait_rings_there().await;
}

#[tokio::test]
async fn the_service_dies_in_a_call_and_comes_back() {
    let mut office = office("phone-service-dies").await;
    let debtor = in_talk(&office).await;
    office.home.kill();
    office.home.start().await;
    office.browser.find("#phone[data-registered=known]").await;
    office.browser.find(".bar[data-call=ended]").await;
    office.browser.find("#phone:not([data-tab=''])").await;
    debtor.hang_up().await;
    office.pbx.wait_idle().await;
}

/// The same page at a registrar that is not Asterisk: the two ends send their audio to each other.
#[tokio::test]
async fn the_same_at_kamailio() {
    let kamailio = Kamailio::up().await;
    let mut home = Home::by_browser(kamailio.sip_port, &kamailio.secret, "");
    // Whoever is sent on calls this address himself, and its name is nobody's here.
    let config = std::fs::read_to_string(home.path("belbrug.toml")).expect("the config");
    home.write("belbrug.toml", &config.replace("[sip]\n", &format!("[sip]\ndomain = \"127.0.0.1:{}\"\n", kamailio.sip_port)));
    home.start().await;
    let browser = signed_in(&home, "anna").await;
    let debtor = Phone::on_the_trunk(kamailio.sip_port, CALLER, "M. Vos", kamailio.trunk_port).await;
    debtor.dial("101").await;
    browser.says("[data-state]", "Inkomend gesprek").await;
    browser.says("#file", "Bakkerij De Korenaar").await;
    browser.click("[data-action=answer]").await;
    browser.hears(DEBTOR).await;
    is_heard_by(&debtor, AGENT).await;
    browser.click("[data-action=hold]").await;
    browser.says("[data-state]", "In de wacht").await;
    browser.hears_nothing().await;
    browser.click("[data-action=retrieve]").await;
    browser.hears(DEBTOR).await;
    let colleague = Phone::register_at(kamailio.sip_port, &kamailio.secret, "102").await;
    browser.click("#phone-more summary").await;
    browser.type_into("#hand-to", "102").await;
    browser.click("[data-action=send-on]").await;
    colleague.wait_ringing().await;
    colleague.answer().await;
    browser.find(".bar[data-call=ended]").await;
    is_heard_by(&debtor, COLLEAGUE).await;
    debtor.hang_up().await;
    colleague.wait_closed().await;
}

/// Dialled for a creditor with a notice: each side is on its own channel, and nothing of what was said while it was paused.
#[tokio::test]
async fn both_sides_are_recorded_and_nothing_of_what_was_paused() {
    let Office { pbx, home, browser } = office_with("phone-record", RECORDED).await;
    let debtor = Phone::outside_to_be_called(&pbx, CALLER, "M. Vos").await;
    open_file(&browser).await;
    browser.click("#file button.dial").await;
    debtor.wait_ringing().await;
    debtor.answer().await;
    browser.find("[data-recording=running]").await;
    browser.hears(DEBTOR).await;
    is_heard_by(&debtor, AGENT).await;
    browser.click("button[name=wish][value=pause]").await;
    browser.find("[data-recording=paused]").await;
    browser.picture("119-phone-recording-paused").await;
    let (_, before) = heard_last(&debtor);
    let went_on = until(|| (heard_last(&debtor).1 >= before + 12_000).then_some(()));
    assert!(went_on.await.is_some(), "they talk on while nothing is recorded");
    browser.click("button[name=wish][value=resume]").await;
    browser.find("[data-recording=running]").await;
    let (_, before) = heard_last(&debtor);
    assert!(until(|| (heard_last(&debtor).1 >= before + 16_000).then_some(())).await.is_some());
    debtor.hang_up().await;
    browser.find(".bar[data-call=ended]").await;
    home.logs("a recording is done with").await;
    let kept = std::fs::read_dir(home.path("recordings"))
        .expect("the recordings")
        .filter_map(Result::ok)
        .find(|file| file.path().extension().is_some_and(|e| e == "wav"));
    let mut wav = hound::WavReader::open(kept.expect("a kept recording").path()).expect("a WAV file");
    assert_eq!((wav.spec().channels, wav.spec().sample_rate), (2, 8000));
    let samples: Vec<i16> = wav.samples().map(|sample| sample.expect("a sample")).collect();
    let side = |channel: usize| samples.iter().skip(channel).step_by(2).copied().collect::<Vec<i16>>();
    let (agent, debtor) = (side(0), side(1));
    for (name, samples, own, other) in [("agent", &agent, AGENT, DEBTOR), ("debtor", &debtor, DEBTOR, AGENT)] {
        let seconds: Vec<&[i16]> = samples.chunks_exact(4000).collect();
        let heard = |second: &&&[i16]| power(second, own) > 0.8;
        let silent = seconds.iter().filter(|second| second.iter().all(|sample| sample.unsigned_abs() < 100)).count();
        assert!(seconds.iter().filter(heard).count() >= 3, "the {name}'s tone is on the {name}'s side");
        assert!(seconds.iter().all(|second| power(second, other) < 0.2), "and the other's is not");
        assert!(silent >= 2, "a second and a half was paused: {silent} half seconds are silent of the {name}");
    }
}

/// The disk is full: the call goes on, and the page says that it is not recorded.
#[tokio::test]
async fn a_recording_that_breaks_off_is_said_and_the_call_goes_on() {
    let Office { pbx, home, browser } = office_with("phone-record-full", RECORDED).await;
    let debtor = Phone::outside_to_be_called(&pbx, CALLER, "M. Vos").await;
    open_file(&browser).await;
    let key = browser.script("return document.querySelector('#file button.dial').form.elements.key.value").await;
    let file = format!("belbrug-{}-agent.wav", key.as_str().expect("the key of the call"));
    // A device on which there is never any room (full(4)).
    std::os::unix::fs::symlink("/dev/full", home.path("recordings").join("running").join(file)).expect("a full disk");
    browser.click("#file button.dial").await;
    debtor.wait_ringing().await;
    debtor.answer().await;
    browser.find("[data-recording=failed]").await;
    browser.hears(DEBTOR).await;
    is_heard_by(&debtor, AGENT).await;
    browser.picture("128-phone-recording-broke-off").await;
    debtor.hang_up().await;
    browser.find(".bar[data-call=ended]").await;
    // And whoever keeps the recordings knows that this one is not whole.
    let pool = home.pool().await;
    let alarm = until_async(|| async {
        let sql = "SELECT state FROM recordings";
        sqlx::query_scalar::<_, String>(sql).fetch_optional(&pool).await.expect("the recordings").filter(|state| state != "running")
    });
    assert_eq!(alarm.await.as_deref(), Some("empty"), "an alarm for the supervisors");
}

/// Two agents with browsers: one calls the other, and hands a debtor over with the file.
#[tokio::test]
async fn a_colleague_with_a_browser_gets_the_call_and_the_file() {
    let office = office("phone-colleague").await;
    let bram = signed_in(&office.home, "bram").await;
    let debtor = in_talk(&office).await;
    let browser = &office.browser;
    browser.click("#phone-more summary").await;
    browser.type_into("#hand-to", "102").await;
    browser.click("[data-action=send-on]").await;
    bram.says("[data-state]", "Inkomend gesprek").await;
    bram.says("#file", "Bakkerij De Korenaar").await;
    bram.click("[data-action=answer]").await;
    bram.hears(DEBTOR).await;
    bram.says("[data-given]", "Doorverbonden door Anna de Boer").await;
    browser.gone("#file [data-name]").await;
    is_heard_by(&debtor, AGENT).await;
    debtor.hang_up().await;
    bram.find(".bar[data-call=ended]").await;
    office.pbx.wait_idle().await;
}

/// And one who is asked first gets the call, the file, the notes and what is owed for it; and it is one call, whoever of the two had it.
#[tokio::test]
async fn a_colleague_with_a_browser_who_was_asked_gets_the_call_and_the_notes() {
    let office = office("phone-colleague-asked").await;
    let bram = signed_in(&office.home, "bram").await;
    let debtor = in_talk(&office).await;
    let anna = &office.browser;
    anna.type_into("#outcome textarea[name=notes]", "Wil een regeling, Bram weet ervan.").await;
    anna.click("#phone-more summary").await;
    anna.type_into("#hand-to", "102").await;
    anna.click("[data-action=consult]").await;
    bram.says("[data-state]", "Inkomend gesprek").await;
    bram.click("[data-action=answer]").await;
    bram.hears(AGENT).await;
    anna.hears(AGENT).await;
    anna.click("[data-action=join]").await;
    bram.says("#file", "Bakkerij De Korenaar").await;
    bram.says("[data-given]", "Doorverbonden door Anna de Boer").await;
    bram.hears(DEBTOR).await;
    let notes = "return document.querySelector('#outcome textarea[name=notes]')?.value";
    let carried = until_async(|| async { (bram.script(notes).await == "Wil een regeling, Bram weet ervan.").then_some(()) }).await;
    assert!(carried.is_some(), "the notes: {}", bram.script(notes).await);
    anna.gone("#file [data-name]").await;
    bram.picture("126-phone-colleague-asked").await;
    // He is heard in it, holds it and takes it back: the phone and the desk mean the same call.
    bram.click("[data-action=hold]").await;
    bram.says("[data-state]", "In de wacht").await;
    bram.click("[data-action=retrieve]").await;
    bram.hears(DEBTOR).await;
    is_heard_by(&debtor, AGENT).await;
    bram.click("[data-action=hang-up]").await;
    debtor.wait_closed().await;
    bram.find(".bar[data-call=ended]").await;
    office.pbx.wait_idle().await;
    let pool = office.home.pool().await;
    let owed = until_async(|| async {
        let sql = "SELECT login FROM calls JOIN users ON users.id = calls.agent_id WHERE owes_outcome = 1";
        let owed: Vec<(String,)> = sqlx::query_as(sql).fetch_all(&pool).await.expect("the calls");
        (owed == [("bram".to_owned(),)]).then_some(())
    });
    assert!(owed.await.is_some(), "one call, and Bram's");
}

/// Before the shift: which microphone, hearing oneself through the service, and how quiet the room is.
#[tokio::test]
async fn the_headset_is_tried_before_the_first_call() {
    let Office { pbx: _pbx, home: _home, browser } = office("phone-headset").await;
    browser.click("#menu > summary").await;
    browser.click("#menu [data-action=headset]").await;
    let microphones = until_async(|| async {
        let known = browser.script("return document.querySelectorAll('#headset-mic option').length").await;
        (known.as_u64() > Some(1)).then_some(())
    });
    assert!(microphones.await.is_some(), "the microphones are listed");
    let level =
        until_async(|| async { (browser.script("return document.querySelector('#headset-level').value").await.as_f64() > Some(0.1)).then_some(()) });
    assert!(level.await.is_some(), "the bar moves");
    browser.click("[data-action=echo-test]").await;
    browser.hears(AGENT).await;
    browser.picture("122-headset").await;
    browser.click("[data-action=room-check]").await;
    // A tone all the time is a loud room.
    browser.find("#headset-told[data-room=loud]").await;
    browser.says("#headset-told", "bel hier niet").await;
    browser.picture("123-headset-room").await;
}
