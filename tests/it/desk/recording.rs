//! Recording, on the real PBX: two phones that speak different tones, and what becomes of them.

use std::path::PathBuf;

use reqwest::{Client, StatusCode};
use sha2::{Digest, Sha256};

use super::browser::Browser;
use super::over_http::{case, client, get, post, signed_in};
use super::service::Home;
use crate::lab::tone::power;
use crate::lab::{Pbx, Phone, until, until_async};

/// The number of the debtor that the tests call and are called by.
const NUMBER: &str = "+447700900123";
/// What an agent's phone speaks, and what a debtor's does.
const AGENT: f64 = 440.0;
const DEBTOR: f64 = 1000.0;

const LINDE: &str = "Groothandel De Linde BV";

struct Office {
    pbx: Pbx,
    phone: Phone,
    debtor: Phone,
    home: Home,
    anna: Client,
    carla: Client,
}

/// An office that records for this creditor; every debtor of the tests is Groothandel De Linde's.
async fn office(name: &str, creditor: &str) -> Office {
    let pbx = Pbx::up_ringing(name, std::time::Duration::from_secs(20)).await;
    let (phone, debtor) = (Phone::register(&pbx, "101").await, Phone::outside_to_be_called(&pbx, NUMBER, "M. Vos").await);
    let mut home = Home::new(pbx.ami_port, &pbx.ami_secret);
    let config = std::fs::read_to_string(home.path("belbrug.toml")).expect("the config");
    let folder = pbx.recordings();
    std::fs::create_dir_all(&folder).expect("the folder that both see");
    let recording = format!(
        "[recording]\nfolder = \"{}\"\nkeep = \"{}\"\n[recording.notices]\n\"{creditor}\" = \"Dit gesprek wordt opgenomen.\"\n",
        folder.display(),
        home.text_path("kept")
    );
    home.write("belbrug.toml", &format!("{config}{recording}"));
    home.start().await;
    home.logs("signed in at the PBX").await;
    let (anna, carla) = (signed_in(&home, "anna").await, signed_in(&home, "carla").await);
    Office { pbx, phone, debtor, home, anna, carla }
}

impl Office {
    async fn desk(&self) -> String {
        get(&self.anna, &self.home, "/desk").await.text().await.expect("a page")
    }

    /// Waits until the call bar says this of the recording.
    async fn mark(&self, mark: &str) {
        let wanted = format!("data-recording=\"{mark}\"");
        let shown = until_async(|| async { self.desk().await.contains(&wanted).then_some(()) }).await;
        assert!(shown.is_some(), "the bar never said {mark}:\n{}", self.desk().await);
    }

    async fn says(&self, wanted: &str) {
        let shown = until_async(|| async { self.desk().await.contains(wanted).then_some(()) }).await;
        assert!(shown.is_some(), "the desk never said {wanted}:\n{}", self.desk().await);
    }

    async fn wish(&self, call: &str, wish: &str) {
        let (status, answer) = post(&self.anna, &self.home, "/desk/recording", &[("call", call), ("wish", wish)]).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }

    fn sources(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.pbx.recordings()).expect("the folder").map(|entry| entry.expect("a file").path()).collect()
    }

    /// Waits until both sides have grown by so many seconds.
    async fn spoken(&self, seconds: u64) {
        let sizes = || self.sources().iter().map(|file| file.metadata().map_or(0, |found| found.len())).collect::<Vec<_>>();
        assert!(until(|| (sizes().len() == 2).then_some(())).await.is_some(), "{:?}", self.sources());
        let before = sizes();
        let grown = || sizes().iter().zip(&before).all(|(now, before)| now - before >= seconds * 16_000);
        assert!(until(|| grown().then_some(())).await.is_some(), "{before:?} {:?}", sizes());
    }

    /// Waits until the supervisor's page of the call says this.
    async fn call_page(&self, call: &str, wanted: &str) -> String {
        let page = || async { get(&self.carla, &self.home, &format!("/floor/calls/{call}")).await.text().await.expect("a page") };
        let found = until_async(|| async { Some(page().await).filter(|page| page.contains(wanted)) }).await;
        match found {
            Some(page) => page,
            None => panic!("the call's page never said {wanted}:\n{}\n{:?}\n{}", page().await, self.sources(), self.home.log()),
        }
    }

    /// The journal follows behind what the desk shows.
    async fn latest_call(&self) -> String {
        let list = || async { get(&self.carla, &self.home, "/floor/calls").await.text().await.expect("a list") };
        let call = until_async(|| async { Some(list().await.split("data-call-id=\"").nth(1)?.split('"').next()?.to_owned()) }).await;
        call.expect("a call in the list")
    }

    /// The debtor calls the number whose calls are recorded, and the agent takes it.
    async fn inbound(&self) -> String {
        self.debtor.dial("31701").await;
        self.phone.wait_ringing().await;
        self.phone.answer().await;
        self.says("data-call=\"talking\"").await;
        self.latest_call().await
    }

    async fn outbound(&self, key: &str) -> String {
        let case = case(&self.anna, &self.home, "korenaar").await;
        let (status, answer) = post(&self.anna, &self.home, "/desk/dial", &[("case", &case), ("number", NUMBER), ("key", key)]).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        self.phone.wait_ringing().await;
        self.phone.answer().await;
        self.debtor.wait_ringing().await;
        self.debtor.answer().await;
        self.says("data-call=\"talking\"").await;
        format!("belbrug-{key}")
    }
}

/// A recording as the supervisor's browser gets it: left and right.
async fn played(office: &Office, call: &str, page: &str) -> (Vec<i16>, Vec<i16>) {
    let answer = get(&office.carla, &office.home, &format!("/recordings/{call}")).await;
    assert_eq!((answer.status(), answer.headers()["content-type"].to_str().ok()), (StatusCode::OK, Some("audio/wav")));
    let bytes = answer.bytes().await.expect("the recording");
    assert!(page.contains(&hex::encode(Sha256::digest(&bytes))), "the page says another SHA-256");
    let mut wav = hound::WavReader::new(&bytes[..]).expect("a WAV");
    assert_eq!((wav.spec().channels, wav.spec().sample_rate), (2, 8000));
    let samples: Vec<i16> = wav.samples().map(|sample| sample.expect("a sample")).collect();
    let side = |first: usize| samples.iter().skip(first).step_by(2).copied().collect();
    (side(0), side(1))
}

/// Tenths of a second of a side: `a` where the agent's tone is heard, `d` where the debtor's is, `.` where there is silence,
/// `x` where both or something else are.
fn heard(side: &[i16]) -> String {
    side.chunks_exact(800)
        .map(|tenth| {
            let loud = tenth.iter().any(|sample| sample.abs() > 100);
            match (power(tenth, AGENT) > 0.5, power(tenth, DEBTOR) > 0.5) {
                _ if !loud => '.',
                (true, false) => 'a',
                (false, true) => 'd',
                _ => 'x',
            }
        })
        .collect()
}

#[tokio::test]
async fn a_dial_is_recorded_in_stereo_a_pause_is_silent_and_only_who_may_plays_it() {
    let office = office("record-out", LINDE).await;
    let call = office.outbound("0123456789abcdef").await;
    office.mark("running").await;
    assert!(office.desk().await.contains("Dit gesprek wordt opgenomen."), "the agent is shown the notice");
    office.spoken(2).await;
    office.wish(&call, "pause").await;
    office.mark("paused").await;
    office.spoken(2).await;
    office.wish(&call, "resume").await;
    office.mark("running").await;
    office.spoken(2).await;
    office.phone.hang_up().await;
    let page = office.call_page(&call, "Beide kanten zijn te horen").await;
    assert!(page.contains("Opname gepauzeerd") && page.contains("Opname hervat"), "{page}");
    let (left, right) = played(&office, &call, &page).await;
    for (side, own) in [(heard(&left), 'a'), (heard(&right), 'd')] {
        let quiet = side.trim_matches(|c| c != '.');
        assert!(side.starts_with(&own.to_string().repeat(5)) || side[1..].starts_with(&own.to_string().repeat(5)), "{side}");
        assert!(side.trim_end_matches(['.', 'x']).ends_with(&own.to_string().repeat(5)), "{side}");
        assert!(quiet.matches('.').count() >= 15, "{side}: the pause is silent");
        assert!(side.chars().filter(|c| *c == own).count() >= 30 && !side.contains(if own == 'a' { 'd' } else { 'a' }), "{side}");
    }
    assert_eq!(office.sources(), Vec::<PathBuf>::new(), "the PBX's files are taken away");
    // Who may.
    let path = format!("/recordings/{call}");
    let bram = signed_in(&office.home, "bram").await;
    assert_eq!(get(&bram, &office.home, &path).await.status(), StatusCode::NOT_FOUND, "somebody else's call");
    assert_eq!(get(&client(), &office.home, &path).await.status(), StatusCode::SEE_OTHER);
    let part = office.anna.get(format!("{}{path}", office.home.address)).header("range", "bytes=44-143").send().await.expect("an answer");
    assert_eq!((part.status(), part.headers()["content-range"].to_str().is_ok()), (StatusCode::PARTIAL_CONTENT, true));
    assert_eq!(part.bytes().await.expect("a part").len(), 100);
    for strange in ["..%2f..%2fetc%2fpasswd", "%00", "x", &format!("{call}.wav"), "kept"] {
        let answer = get(&office.carla, &office.home, &format!("/recordings/{strange}")).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{strange}");
    }
    let page = office.call_page(&call, "Beluisterd door Anna de Boer").await;
    assert_eq!(page.matches("Beluisterd door Carla Mertens").count(), 1, "the parts of one play are one");
    assert!(!page.contains("Bram Visser"));
}

#[tokio::test]
async fn a_call_from_outside_is_recorded_and_a_stop_stops_it() {
    let office = office("record-in", LINDE).await;
    let call = office.inbound().await;
    office.mark("running").await;
    office.spoken(2).await;
    office.wish(&call, "stop").await;
    office.mark("stopped").await;
    // It is there while the call goes on.
    let page = office.call_page(&call, "Beide kanten zijn te horen").await;
    assert!(office.desk().await.contains("data-call=\"talking\""));
    let (left, right) = played(&office, &call, &page).await;
    assert!(heard(&left).matches('a').count() >= 15 && heard(&right).matches('d').count() >= 15, "{} {}", heard(&left), heard(&right));
    assert!(!heard(&left).contains('d') && !heard(&right).contains('a'), "{} {}", heard(&left), heard(&right));
    let (status, _) = post(&office.anna, &office.home, "/desk/recording", &[("call", &call), ("wish", "resume")]).await;
    assert_eq!(status, StatusCode::CONFLICT, "what is stopped does not go on");
    office.phone.hang_up().await;
    office.pbx.wait_idle().await;
    assert_eq!(office.sources(), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_recording_that_is_gone_is_an_alarm() {
    let office = office("record-gone", LINDE).await;
    let call = office.inbound().await;
    office.spoken(1).await;
    for file in office.sources() {
        std::fs::remove_file(file).expect("it is gone");
    }
    office.phone.hang_up().await;
    let page = office.call_page(&call, "De opname ontbreekt").await;
    assert!(!page.contains("<audio"), "{page}");
    let floor = get(&office.carla, &office.home, "/floor").await.text().await.expect("the floor");
    assert!(floor.contains("Opname mist"), "{floor}");
    let list = get(&office.carla, &office.home, "/floor/calls?which=unrecorded").await.text().await.expect("a list");
    assert!(list.contains(&call), "{list}");
    office.home.logs("a recording is not as it should be").await;
    assert_eq!(get(&office.carla, &office.home, &format!("/recordings/{call}")).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn without_a_notice_nothing_is_recorded_nor_kept() {
    let office = office("record-not", "Iemand Anders BV").await;
    let call = office.outbound("fedcba9876543210").await;
    assert!(!office.desk().await.contains("data-recording="), "no mark, and no notice");
    office.phone.hang_up().await;
    office.pbx.wait_idle().await;
    assert_eq!(office.sources(), Vec::<PathBuf>::new());
    let page = office.call_page(&call, "Beëindigd").await;
    assert!(!page.contains("id=\"recording\""), "{page}");
    // The dialplan recorded it all the same.
    let (status, _) =
        post(&office.anna, &office.home, "/desk/outcome", &[("case", &case(&office.anna, &office.home, "korenaar").await), ("code", "NA")]).await;
    assert_eq!(status, StatusCode::OK);
    let call = office.inbound().await;
    office.spoken(1).await;
    office.phone.hang_up().await;
    office.call_page(&call, "Niet bewaard").await;
    assert_eq!(office.sources(), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn what_a_crash_left_is_kept_after_the_next_start() {
    let mut office = office("record-crash", LINDE).await;
    let call = office.inbound().await;
    office.spoken(2).await;
    office.home.kill();
    office.phone.hang_up().await;
    office.pbx.wait_idle().await;
    office.home.start().await;
    office.home.logs("signed in at the PBX").await;
    let page = office.call_page(&call, "Beide kanten zijn te horen").await;
    let (left, right) = played(&office, &call, &page).await;
    assert!(heard(&left).matches('a').count() >= 15 && heard(&right).matches('d').count() >= 15, "{} {}", heard(&left), heard(&right));
}

#[tokio::test]
async fn the_agent_pauses_by_keyboard_and_the_supervisor_plays_it_in_the_page() {
    let office = office("record-page", LINDE).await;
    let browser = Browser::open().await;
    browser.sign_in(&office.home.address, "anna").await;
    browser.find("[data-link=connected]").await;
    let call = office.inbound().await;
    browser.says("[data-recording=running]", "Wordt opgenomen").await;
    browser.says("[data-recording-notice]", "Dit gesprek wordt opgenomen.").await;
    browser.picture("60-recording").await;
    office.spoken(1).await;
    let press = |key: &str| format!("document.body.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true }}))");
    browser.script(&press("r")).await;
    browser.says("[data-recording=paused]", "Opname gepauzeerd").await;
    browser.picture("61-recording-paused").await;
    office.spoken(1).await;
    browser.script(&press("F9")).await;
    browser.says("[data-recording=running]", "Wordt opgenomen").await;
    office.phone.hang_up().await;
    browser.gone("[data-recording]").await;
    office.call_page(&call, "Beide kanten zijn te horen").await;
    let supervisor = Browser::open().await;
    supervisor.sign_in(&office.home.address, "carla").await;
    supervisor.find("#floor").await;
    supervisor.client.goto(&format!("{}/floor/calls/{call}", office.home.address)).await.expect("the call's page");
    // Chromium plays only where somebody has clicked.
    supervisor.click("audio").await;
    supervisor.script("document.querySelector('audio').play()").await;
    let playing = until_async(|| async {
        let state = supervisor.script("const player = document.querySelector('audio'); return [player.currentTime, player.duration]").await;
        (state[0].as_f64()? > 0.2 && state[1].as_f64()? > 2.0).then_some(())
    });
    if playing.await.is_none() {
        let state = "const p = document.querySelector('audio'); return [p.error && p.error.message, p.networkState, p.readyState, p.currentTime, p.duration, p.paused, p.src]";
        panic!("the browser does not play it: {}", supervisor.script(state).await);
    }
    supervisor.picture("62-recording-played").await;
    // And the agent hears the own call in the timeline, once its outcome is there.
    browser.script("document.querySelector('input[name=code][value=NA]').click()").await;
    browser.script("document.querySelector('#save').click()").await;
    browser.gone(".bar[data-call=ended]").await;
    let case = case(&office.anna, &office.home, "korenaar").await;
    let (status, _) = post(&office.anna, &office.home, "/desk/open", &[("case", &case)]).await;
    assert_eq!(status, StatusCode::OK);
    browser.find(&format!("#file audio[src='/recordings/{call}']")).await;
    browser.script("document.querySelector('#file audio').scrollIntoView()").await;
    browser.picture("63-recording-in-the-timeline").await;
    supervisor.close().await;
    browser.close().await;
}
