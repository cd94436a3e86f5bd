//! Presence that the PBX knows: what is chosen on the page stands in the real queue, and what is dialled on the phone
//! stands on the page.

use super::browser::Browser;
use super::office::{CALLER, Office, office, save};
use super::service::Home;
use crate::lab::pbx::Release;
use crate::lab::{Debtor, Pbx, Phone, until_async};

/// Waits until the queue's line about a phone says this.
async fn queue_says(pbx: &Pbx, device: &str, wanted: impl Fn(&str) -> bool) {
    let line = || async {
        let said = pbx.cli("queue show collections").await;
        said.lines().find(|line| line.contains(device)).unwrap_or_default().to_owned()
    };
    let found = until_async(|| async { wanted(&line().await).then_some(()) }).await;
    assert!(found.is_some(), "{device} in the queue: {:?}", line().await);
}

async fn choose(browser: &Browser, css: &str) {
    browser.script(&format!("document.querySelector('{css}').click()")).await;
}

const READY: &str = ".presence-buttons button[value=ready]";
const LUNCH: &str = ".pause button[value=lunch]";
const OFFLINE: &str = ".pause button[value=offline]";

#[tokio::test]
async fn a_pause_on_the_page_and_wrap_up_pause_the_phone_in_the_queue() {
    let Office { pbx, phone, browser, .. } = &office("pause").await;
    queue_says(pbx, "PJSIP/101", |line| !line.contains("paused")).await;
    choose(browser, READY).await;
    browser.find("[data-presence=ready]").await;
    choose(browser, LUNCH).await;
    browser.says(".bar-me", "Pauze: lunch").await;
    queue_says(pbx, "PJSIP/101", |line| line.contains("paused:lunch")).await;
    choose(browser, READY).await;
    queue_says(pbx, "PJSIP/101", |line| !line.contains("paused")).await;
    browser.find("[data-presence=ready]").await;
    // After a conversation, until its outcome is saved.
    let _debtor = Debtor::calls(pbx, "31101", CALLER, "M. Vos", None).await;
    phone.wait_ringing().await;
    phone.answer().await;
    browser.says("[data-state]", "In gesprek").await;
    phone.hang_up().await;
    browser.find("[data-presence=wrap-up]").await;
    queue_says(pbx, "PJSIP/101", |line| line.contains("paused:wrap-up")).await;
    browser.script("document.querySelector('input[name=code][value=AM]').click()").await;
    save(browser).await;
    browser.find("[data-presence=ready]").await;
    queue_says(pbx, "PJSIP/101", |line| !line.contains("paused")).await;
    // A phone that stands in queues.conf cannot be taken out: it is paused.
    choose(browser, OFFLINE).await;
    queue_says(pbx, "PJSIP/101", |line| line.contains("paused:offline")).await;
}

#[tokio::test]
async fn a_pause_that_is_dialled_on_the_phone_comes_to_the_page_and_back() {
    let Office { pbx, phone, browser, .. } = &office("dialled-pause").await;
    choose(browser, READY).await;
    browser.find("[data-presence=ready]").await;
    let codes = async |code: &str| {
        phone.dial(code).await;
        phone.wait_closed().await;
    };
    codes("*60").await;
    browser.says(".bar-me", "Pauze: toestel").await;
    queue_says(pbx, "PJSIP/101", |line| line.contains("paused:telefoon")).await;
    browser.picture("50-paused-on-the-phone").await;
    codes("*61").await;
    browser.find("[data-presence=ready]").await;
    // What the phone paused, the page takes back; what the page paused, the phone.
    codes("*60").await;
    browser.says(".bar-me", "Pauze: toestel").await;
    choose(browser, READY).await;
    queue_says(pbx, "PJSIP/101", |line| !line.contains("paused")).await;
    choose(browser, LUNCH).await;
    queue_says(pbx, "PJSIP/101", |line| line.contains("paused:lunch")).await;
    codes("*61").await;
    browser.find("[data-presence=ready]").await;
    queue_says(pbx, "PJSIP/101", |line| !line.contains("paused")).await;
}

/// Queues whose members are Local channels that are watched by a device (`local`), or by a hint, as FreePBX writes them
/// (`800`); and the same on an old Asterisk.
async fn local_members(release: Release) {
    let pbx = Pbx::up_with_everything("local-members", std::time::Duration::from_secs(20), release).await;
    let home = Home::started(pbx.ami_port, &pbx.ami_secret).await;
    home.logs("signed in at the PBX").await;
    let browser = Browser::open().await;
    browser.sign_in(&home.address, "anna").await;
    browser.find("[data-link=connected]").await;
    let phone = Phone::register(&pbx, "101").await;
    choose(&browser, LUNCH).await;
    browser.says(".bar-me", "Pauze: lunch").await;
    let paused = |line: &str| line.contains("paused:lunch") || line.contains("(paused");
    for queue in ["collections", "local", "800"] {
        let line = || async {
            let said = pbx.cli(&format!("queue show {queue}")).await;
            said.lines().find(|line| line.contains("Agent 101")).unwrap_or_default().to_owned()
        };
        let found = until_async(|| async { paused(&line().await).then_some(()) }).await;
        assert!(found.is_some(), "{queue}: {:?}", line().await);
        assert!(!pbx.cli(&format!("queue show {queue}")).await.lines().any(|line| line.contains("Agent 102") && paused(line)));
    }
    choose(&browser, READY).await;
    browser.find("[data-presence=ready]").await;
    queue_says(&pbx, "PJSIP/101", |line| !line.contains("paused")).await;
    // The code pauses the device in the queue where it is a member under its own name: in the others it goes on.
    phone.dial("*60").await;
    phone.wait_closed().await;
    queue_says(&pbx, "PJSIP/101", |line| line.contains("paused")).await;
    browser.find("[data-presence=ready]").await;
    for interface in ["Local/101@belbrug-phones/n", "Local/101@from-queue/n"] {
        pbx.cli(&format!("queue pause member {interface}")).await;
    }
    browser.says(".bar-me", "Pauze: toestel").await;
}

#[tokio::test]
async fn members_that_are_local_channels_are_known_by_what_is_watched() {
    local_members(Release::Asterisk22).await;
}

#[tokio::test]
async fn members_that_are_local_channels_on_an_old_asterisk() {
    local_members(Release::Asterisk16).await;
}

/// A phone that is in no config: it goes into the queue and out of it.
#[tokio::test]
async fn a_phone_goes_into_the_queue_and_out_of_it_by_page_and_by_code() {
    let office = office("members").await;
    let pbx = &office.pbx;
    let added = office.home.run_with_input(&["user", "add", "eva", "--name", "Eva Smit", "--extension", "103"], super::service::PASSWORD);
    assert!(added.status.success(), "{added:?}");
    let phone = Phone::register(pbx, "103").await;
    let browser = &office.browser;
    browser.sign_in(&office.home.address, "eva").await;
    browser.find("[data-link=connected]").await;
    phone.dial("*62").await;
    browser.find("[data-presence=ready]").await;
    queue_says(pbx, "PJSIP/103", |line| line.contains("dynamic")).await;
    choose(browser, OFFLINE).await;
    queue_says(pbx, "PJSIP/103", str::is_empty).await;
    choose(browser, READY).await;
    queue_says(pbx, "Eva Smit (PJSIP/103", |line| line.contains("dynamic") && !line.contains("paused")).await;
    phone.dial("*63").await;
    browser.find("[data-presence=offline]").await;
    queue_says(pbx, "PJSIP/103", str::is_empty).await;
}

#[tokio::test]
async fn what_was_chosen_is_asserted_after_a_restart_of_either_side() {
    let mut office = office("asserted").await;
    choose(&office.browser, LUNCH).await;
    queue_says(&office.pbx, "PJSIP/101", |line| line.contains("paused:lunch")).await;
    // Asterisk forgets the pause.
    office.pbx.restart().await;
    office.browser.find("[data-link=connected]").await;
    queue_says(&office.pbx, "PJSIP/101", |line| line.contains("paused:lunch")).await;
    // Belbrug is away while somebody lets the phone have calls again, and comes back.
    office.home.kill();
    office.pbx.cli("queue unpause member PJSIP/101").await;
    office.home.start().await;
    queue_says(&office.pbx, "PJSIP/101", |line| line.contains("paused:lunch")).await;
    // Belbrug is away while somebody pauses a phone that was ready: that stands, and is told.
    let browser = &office.browser;
    browser.client.goto(&format!("{}/desk", office.home.address)).await.expect("the desk");
    choose(browser, READY).await;
    queue_says(&office.pbx, "PJSIP/101", |line| !line.contains("paused")).await;
    office.home.kill();
    office.pbx.cli("queue pause member PJSIP/101 queue collections reason brandweer").await;
    office.home.start().await;
    let browser = &office.browser;
    browser.client.goto(&format!("{}/desk", office.home.address)).await.expect("the desk");
    browser.says(".bar-me", "Pauze: toestel").await;
    queue_says(&office.pbx, "PJSIP/101", |line| line.contains("paused:brandweer")).await;
}

/// The manager of an Asterisk that starts lets Belbrug in before the queues are loaded.
#[tokio::test]
async fn what_was_chosen_is_asserted_once_the_pbx_knows_its_queues() {
    let mut office = office("still-starting").await;
    choose(&office.browser, LUNCH).await;
    queue_says(&office.pbx, "PJSIP/101", |line| line.contains("paused:lunch")).await;
    office.home.kill();
    office.pbx.cli("module unload app_queue.so").await;
    office.home.start().await;
    office.home.logs("the PBX does not list its queues").await;
    office.pbx.cli("module load app_queue.so").await;
    queue_says(&office.pbx, "PJSIP/101", |line| line.contains("paused:lunch")).await;
}

#[tokio::test]
async fn a_queue_that_the_pbx_does_not_have_is_said_to_the_agent() {
    let pbx = Pbx::up("no-queue").await;
    let mut home = Home::new(pbx.ami_port, &pbx.ami_secret);
    let config = std::fs::read_to_string(home.path("belbrug.toml")).expect("the config");
    home.write("belbrug.toml", &format!("{config}[queues]\nnames = [\"nergens\"]\n"));
    home.start().await;
    home.logs("signed in at the PBX").await;
    let browser = Browser::open().await;
    browser.sign_in(&home.address, "anna").await;
    browser.find("[data-link=connected]").await;
    choose(&browser, READY).await;
    browser.says("[data-notice]", "nam uw staat niet over in wachtrij nergens").await;
    browser.picture("51-queue-refused").await;
}
