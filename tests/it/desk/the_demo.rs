//! What a newcomer sees in the first minute of `belbrug demo`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::browser::Browser;
use super::office::open_file;
use super::service::PROGRAM;

struct Demo {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Demo {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(PROGRAM);
        command.args(["demo", "--port", "0", "--data"]).arg(folder.path());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program");
        let mut lines = BufReader::new(child.stdout.take().expect("what it says")).lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.split("demo is at ").nth(1).map(str::to_owned)).expect("its address");
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, _folder: folder }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn somebody_calls_is_heard_and_an_outcome_is_saved_and_a_dial_is_answered() {
    let demo = Demo::start();
    let browser = Browser::with_microphone(600.0, &[]).await;
    browser.sign_in_with(&demo.address, "anna", "demo-anna-2026").await;
    browser.says("#worklist", "Nog nooit gebeld").await;
    browser.says("[data-state]", "Inkomend gesprek").await;
    browser.says("#file", "Transport Verhagen").await;
    browser.picture("60-demo-ringing").await;
    browser.click("[data-action=answer]").await;
    browser.says("[data-state]", "In gesprek").await;
    browser.hears_somebody().await;
    browser.click("[data-action=hang-up]").await;
    browser.find(".bar[data-call=ended]").await;
    browser.script("document.querySelector('input[name=code][value=AM]').click()").await;
    let next = crate::lab::until_async(|| async {
        browser.script("document.querySelector('#save')?.click()").await;
        (!browser.text(".bar[data-call=none]").await.is_empty()).then_some(())
    })
    .await;
    assert!(next.is_some(), "the outcome was not saved");
    // The next file is open: dial it. Numbers that end in 7 are busy and in 8 are not answered.
    open_file(&browser).await;
    browser.click("#file button.dial").await;
    browser.says("[data-state]", "In gesprek").await;
    browser.hears_somebody().await;
    browser.picture("61-demo-dialled").await;
    browser.click("[data-action=hold]").await;
    browser.says("[data-state]", "In de wacht").await;
    browser.click("[data-action=retrieve]").await;
    browser.hears_somebody().await;
    browser.click("[data-action=hang-up]").await;
    browser.find(".bar[data-call=ended]").await;
}

/// An exchange of the simulator for the phones of another program: a real one registers, is called, and calls.
#[tokio::test]
async fn a_phone_of_others_registers_is_called_and_calls() {
    let listen = format!("127.0.0.1:{}", crate::lab::free_port());
    let mut child = Command::new(PROGRAM)
        .args(["simulate", "--listen", &listen, "--cps", "0.5"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program");
    let mut lines = BufReader::new(child.stdout.take().expect("what it says")).lines();
    assert!(lines.next().expect("a line").expect("a line").contains(&listen));
    let port = listen.rsplit(':').next().and_then(|port| port.parse().ok()).expect("the port");
    let phone = crate::lab::Phone::register_at(port, "any", "101").await;
    phone.wait_ringing().await;
    phone.answer().await;
    let heard = crate::lab::until(|| {
        let bytes = phone.heard().pop().and_then(|file| std::fs::read(file).ok()).unwrap_or_default();
        let loud =
            bytes.get(44..).unwrap_or_default().chunks_exact(2).filter(|pair| i16::from_le_bytes([pair[0], pair[1]]).unsigned_abs() > 2000).count();
        (loud > 2000).then_some(())
    });
    assert!(heard.await.is_some(), "the phone hears whoever calls");
    phone.hang_up().await;
    let _ = child.kill();
    let _ = child.wait();
}

/// Practice beside the office's own service: the same people and passwords, debtors who are heard, and nothing in the ledger.
#[tokio::test]
async fn practice_is_marked_and_reaches_no_ledger() {
    let home = super::service::Home::new(crate::lab::free_port(), "secret");
    let port = crate::lab::free_port();
    let mut child = Command::new(PROGRAM)
        .arg("--config")
        .arg(home.path("belbrug.toml"))
        .args(["practice", "--port", &port.to_string(), "--data", &home.text_path("practice")])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program");
    let mut lines = BufReader::new(child.stdout.take().expect("what it says")).lines();
    assert!(lines.next().expect("a line").expect("a line").contains("Practice is at port"));
    let browser = Browser::with_microphone(600.0, &[]).await;
    browser.sign_in(&format!("http://127.0.0.1:{port}"), "anna").await;
    browser.says("[data-practice]", "niets hiervan komt in het grootboek").await;
    browser.says("[data-state]", "Inkomend gesprek").await;
    browser.click("[data-action=answer]").await;
    browser.hears_somebody().await;
    browser.picture("62-practice").await;
    browser.size(390, 844).await;
    browser.picture("63-practice-narrow").await;
    browser.size(1280, 800).await;
    browser.click("[data-action=hang-up]").await;
    browser.find(".bar[data-call=ended]").await;
    browser.script("document.querySelector('input[name=code][value=AM]').click()").await;
    super::office::save(&browser).await;
    assert_eq!(super::office::ledger(&home).await, []);
    let pool = home.pool().await;
    let calls: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM calls").fetch_one(&pool).await.expect("calls");
    assert_eq!(calls, 0);
    let _ = child.kill();
    let _ = child.wait();
}

/// The load that an office makes: agents who sign in with browsers, and debtors who call them.
#[tokio::test]
async fn an_office_under_load_says_what_was_seen() {
    let mut command = tokio::process::Command::new(PROGRAM);
    command.args(["simulate", "--agents", "3", "--cps", "2", "--seconds", "4", "--talk", "1"]).kill_on_drop(true);
    let done = command.output().await.expect("the program");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    let numbers = |line: &str| -> Vec<u64> {
        let line = said.lines().find_map(|said| said.strip_prefix(line)).unwrap_or_else(|| panic!("{said}"));
        line.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
    };
    let [made, rang, taken, deaf, refused] = numbers("calls: ")[..] else { panic!("{said}") };
    assert!(made >= 6 && rang >= 6 && taken >= 6 && deaf == 0 && refused == 0, "{said}");
    let [heard_lost, heard, said_lost, told] = numbers("audio: ")[..] else { panic!("{said}") };
    assert!(heard > 200 && told > 200 && heard_lost * 20 < heard && said_lost * 20 < told, "{said}");
}
