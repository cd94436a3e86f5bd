//! A real Chromium, driven through its WebDriver.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use fantoccini::wd::TimeoutConfiguration;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

use super::service::PASSWORD;
use crate::lab::{until, until_async};

/// A browser with one window.
pub(crate) struct Browser {
    pub(crate) client: Client,
    driver: Child,
    port: u16,
    profile: tempfile::TempDir,
}

impl Browser {
    pub(crate) async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// And one whose microphone hears a tone, for as long as it is open.
    pub(crate) async fn with_microphone(hertz: f64, more: &[&str]) -> Self {
        let sound = std::env::temp_dir().join(format!("belbrug-microphone-{}-{hertz}.wav", std::process::id()));
        std::fs::write(&sound, crate::lab::tone::wav(hertz, 10)).expect("what the microphone hears");
        let own = [
            "--use-fake-device-for-media-stream".to_owned(),
            "--use-fake-ui-for-media-stream".to_owned(),
            format!("--use-file-for-fake-audio-capture={}", sound.display()),
            "--allow-loopback-in-peer-connection".to_owned(),
            "--autoplay-policy=no-user-gesture-required".to_owned(),
        ];
        Self::open_with(&own.into_iter().chain(more.iter().map(|&one| one.to_owned())).collect::<Vec<_>>()).await
    }

    async fn open_with(more: &[String]) -> Self {
        let profile = tempfile::tempdir().expect("a profile");
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("a free port").port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is there: run scripts/tools");
        let listening = until(|| std::net::TcpStream::connect(("127.0.0.1", port)).ok()).await;
        assert!(listening.is_some(), "chromedriver does not listen");
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--lang=nl",
            &format!("--user-data-dir={}", profile.path().display()),
        ];
        let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).chain(more.iter().cloned()).collect();
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("browserName".to_owned(), json!("chrome"));
        capabilities.insert("goog:chromeOptions".to_owned(), json!({ "args": arguments }));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium is there: run scripts/tools");
        let browser = Self { client, driver, port, profile };
        // A page that never loads fails the test that waits for it, and not all of them.
        let patience = Some(crate::lab::PATIENCE);
        let timeouts = TimeoutConfiguration::new(patience, patience, Some(std::time::Duration::ZERO));
        browser.client.update_timeouts(timeouts).await.expect("patience");
        browser.size(1280, 800).await;
        browser
    }

    /// The size of what the page sees.
    pub(crate) async fn size(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.expect("a size");
        let inner = self.client.execute("return [innerWidth, innerHeight]", vec![]).await.expect("its size");
        let missing = |at: usize, wanted: u32| wanted + wanted.saturating_sub(u32::try_from(inner[at].as_u64().unwrap_or(0)).unwrap_or(0));
        self.client.set_window_size(missing(0, width), missing(1, height)).await.expect("a size");
    }

    pub(crate) async fn sign_in(&self, address: &str, login: &str) {
        self.sign_in_with(address, login, PASSWORD).await;
    }

    pub(crate) async fn sign_in_with(&self, address: &str, login: &str, password: &str) {
        self.client.goto(&format!("{address}/sign-in")).await.expect("the sign-in page");
        // Whoever was signed in before is not any more.
        self.client.delete_all_cookies().await.expect("no cookies");
        self.client.goto(&format!("{address}/sign-in")).await.expect("the sign-in page");
        self.type_into("input[name=login]", login).await;
        self.type_into("input[name=password]", password).await;
        self.click("main button.primary, form[action='/sign-in'] button").await;
    }

    /// Waits for an element.
    pub(crate) async fn find(&self, css: &str) -> fantoccini::elements::Element {
        let found = until_async(|| async { self.client.find(Locator::Css(css)).await.ok() }).await;
        match found {
            Some(element) => element,
            None => panic!("the page never had {css}:\n{}", self.text("body").await),
        }
    }

    pub(crate) async fn click(&self, css: &str) {
        let clicked = until_async(|| async {
            let element = self.client.find(Locator::Css(css)).await.ok()?;
            element.click().await.ok()
        })
        .await;
        assert!(clicked.is_some(), "{css} could not be clicked");
    }

    pub(crate) async fn type_into(&self, css: &str, text: &str) {
        let element = self.find(css).await;
        element.clear().await.expect("an empty field");
        element.send_keys(text).await.expect("typing");
    }

    /// What an element says now; empty when it is not there.
    pub(crate) async fn text(&self, css: &str) -> String {
        match self.client.find(Locator::Css(css)).await {
            Ok(element) => element.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Waits until an element says this.
    pub(crate) async fn says(&self, css: &str, wanted: &str) {
        let said = until_async(|| async { self.text(css).await.contains(wanted).then_some(()) }).await;
        assert!(said.is_some(), "{css} never said {wanted:?} but {:?}", self.text(css).await);
    }

    /// Waits until an element is gone.
    pub(crate) async fn gone(&self, css: &str) {
        let gone = until_async(|| async { self.client.find(Locator::Css(css)).await.is_err().then_some(()) }).await;
        assert!(gone.is_some(), "{css} stayed");
    }

    pub(crate) async fn script(&self, script: &str) -> serde_json::Value {
        self.client.execute(script, vec![]).await.expect("a script")
    }

    /// Asks Chromium itself, by the protocol of its own tools.
    pub(crate) async fn devtools(&self, command: &str, parameters: serde_json::Value) {
        let session = self.client.session_id().await.expect("a session").expect("its id");
        let address = format!("http://127.0.0.1:{}/session/{session}/goog/cdp/execute", self.port);
        let asked = json!({ "cmd": command, "params": parameters }).to_string();
        let answer = reqwest::Client::new().post(address).body(asked).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{command}: {}", answer.text().await.unwrap_or_default());
    }

    /// The loudest tone that the page plays, in hertz, and how loud it is, from 0 to 255.
    pub(crate) async fn heard(&self) -> (f64, f64) {
        let script = "const done = arguments[arguments.length - 1];
            const sound = document.querySelector('audio')?.srcObject;
            if (!sound) return done([0, 0]);
            const ear = window.belbrugEar ||= { context: new AudioContext() };
            if (ear.sound !== sound) {
                ear.sound = sound;
                ear.analyser = ear.context.createAnalyser();
                ear.analyser.fftSize = 8192;
                ear.analyser.smoothingTimeConstant = 0;
                ear.context.createMediaStreamSource(sound).connect(ear.analyser);
            }
            setTimeout(() => {
                const bins = new Uint8Array(ear.analyser.frequencyBinCount);
                ear.analyser.getByteFrequencyData(bins);
                const loudest = bins.reduce((best, value, at) => value > bins[best] ? at : best, 0);
                done([loudest * ear.context.sampleRate / 8192, bins[loudest]]);
            }, 250);";
        let heard = self.client.execute_async(script, vec![]).await.unwrap_or_default();
        (heard[0].as_f64().unwrap_or(0.0), heard[1].as_f64().unwrap_or(0.0))
    }

    /// Waits until the page plays this tone.
    pub(crate) async fn hears(&self, hertz: f64) {
        let heard = until_async(|| async {
            let (loudest, loudness) = self.heard().await;
            ((loudest - hertz).abs() < 15.0 && loudness > 80.0).then_some(())
        });
        if heard.await.is_none() {
            panic!("the page never played {hertz} Hz but {:?}", self.heard().await);
        }
    }

    /// Waits until the page plays something as loud as a voice.
    pub(crate) async fn hears_somebody(&self) {
        let heard = until_async(|| async { (self.heard().await.1 > 120.0).then_some(()) });
        if heard.await.is_none() {
            panic!("nobody is heard: {:?}", self.heard().await);
        }
    }

    /// Waits until the page plays nothing that could be heard.
    pub(crate) async fn hears_nothing(&self) {
        let silent = until_async(|| async { (self.heard().await.1 < 60.0).then_some(()) });
        if silent.await.is_none() {
            panic!("the page still plays {:?}", self.heard().await);
        }
    }

    /// A picture of the page for people, in `out/screens`.
    pub(crate) async fn picture(&self, name: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("out/screens");
        std::fs::create_dir_all(&folder).expect("the folder of pictures");
        let png = self.client.screenshot().await.expect("a picture");
        std::fs::write(folder.join(format!("{name}.png")), png).expect("the picture");
    }

    pub(crate) async fn close(self) {
        let _ = self.client.clone().close().await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        // Chromium outlives its driver; only this test's own has this profile.
        let own = format!("--user-data-dir={}", self.profile.path().display());
        let _ = Command::new("pkill").args(["-9", "-f", "--", &own]).status();
    }
}
