//! An agent with a browser, played: signs in, keeps the page open, takes every call that rings there, speaks for a while, and hangs up.
//! The pages are asked as a browser asks them.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Client, Response, redirect};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::browser::{Browser, NoAnswer};
use super::counts::{Counts, more};
use super::voice::Voice;
use crate::personal::Personal;
use crate::telephony::media::codec::{Codec, FRAME};
use crate::telephony::media::quality::Heard;

/// What the pages send at once, at most; a desk is far below.
const EVENT_BYTES_MAX: usize = 4 << 20;
/// An answer of the pages that takes longer is none.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// Why an agent cannot work.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The pages are not reached.
    #[error("the pages are not reached: {0}")]
    Pages(#[from] reqwest::Error),
    /// They do not let him in.
    #[error("{0} may not sign in: is the password right?")]
    SignIn(String),
    /// They have no phone for him.
    #[error("the pages have no phone for the browser: {0}")]
    NoPhone(String),
    /// They say nothing any more.
    #[error("the stream of the desk has ended")]
    Over,
    /// Their answer does not fit.
    #[error(transparent)]
    Answer(#[from] NoAnswer),
    /// There is no port for the audio.
    #[error("no port for the audio: {0}")]
    Port(#[from] std::io::Error),
}

/// An agent who has signed in.
pub struct Agent {
    client: Client,
    pages: String,
    live: Response,
    events: Vec<u8>,
    browser: Browser,
    counts: Arc<Counts>,
    is_ready: bool,
    /// The call that rings, and is being taken.
    takes: Option<String>,
    /// The call that is spoken in, until when, and whether it is being hung up.
    talk: Option<(String, Instant)>,
    silent_frames: u32,
    /// What was heard before the talk.
    heard_before: Heard,
}

impl Agent {
    /// Signs in at these pages, and opens the desk with its audio.
    ///
    /// # Errors
    /// When the pages do not let him.
    pub async fn sign_in(pages: SocketAddr, login: &str, password: &Personal<String>, counts: Arc<Counts>) -> Result<Self, AgentError> {
        let client = Client::builder().redirect(redirect::Policy::none()).cookie_store(true).build()?;
        let pages = format!("http://{pages}");
        let form = [("login", login), ("password", password.reveal())];
        let answer = client.post(format!("{pages}/sign-in")).form(&form).timeout(ANSWER_WITHIN).send().await?;
        if !answer.status().is_redirection() {
            return Err(AgentError::SignIn(login.to_owned()));
        }
        let live = client.get(format!("{pages}/desk/live")).send().await?;
        let (mut browser, offer) = Browser::open(IpAddr::from([127, 0, 0, 1])).await?;
        let form = [("tab", login), ("sdp", &offer)];
        let answer = client.post(format!("{pages}/desk/phone/offer")).form(&form).timeout(ANSWER_WITHIN).send().await?;
        let answer: serde_json::Value = serde_json::from_str(&answer.text().await?).unwrap_or_default();
        let sdp = answer.get("sdp").and_then(serde_json::Value::as_str).ok_or_else(|| AgentError::NoPhone(answer.to_string()))?;
        browser.takes(sdp)?;
        let heard_before = browser.heard();
        Ok(Self {
            client,
            pages,
            live,
            events: Vec::new(),
            browser,
            counts,
            is_ready: false,
            takes: None,
            talk: None,
            silent_frames: 0,
            heard_before,
        })
    }

    /// Works until the end is told: takes every call, and speaks in it for so long.
    ///
    /// # Errors
    /// When the pages go away.
    pub async fn work(mut self, voice: Voice, talk: Duration, mut end: watch::Receiver<bool>) -> Result<(), AgentError> {
        let mut tick = tokio::time::interval(FRAME);
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for frame in 0.. {
            loop {
                tokio::select! {
                    _ = tick.tick() => break,
                    () = self.browser.turn() => {}
                    chunk = self.live.chunk() => match chunk? {
                        Some(chunk) => self.read(&chunk, talk),
                        None => return Err(AgentError::Over),
                    },
                    _ = end.changed() => {
                        self.counts.page_heard(self.browser.heard());
                        return Ok(());
                    }
                }
            }
            self.speak(voice.frame(Codec::Pcma, frame));
        }
        Ok(())
    }

    fn speak(&mut self, payload: Vec<u8>) {
        let Some((call, until)) = &mut self.talk else {
            self.silent_frames += 1;
            return;
        };
        if Instant::now() >= *until {
            // Once; it is over when the page says so.
            *until += ANSWER_WITHIN;
            let call = call.clone();
            self.post("/desk/hang-up", vec![("call", call)]);
        }
        self.browser.says(payload, std::mem::take(&mut self.silent_frames) + 1);
    }

    /// Takes what the pages tell of the desk.
    fn read(&mut self, chunk: &[u8], talk: Duration) {
        self.events.extend_from_slice(chunk);
        if self.events.len() > EVENT_BYTES_MAX {
            self.events.clear();
        }
        while let Some(at) = self.events.windows(2).position(|two| two == b"\n\n") {
            let event: Vec<u8> = self.events.drain(..at + 2).collect();
            let text = String::from_utf8_lossy(&event);
            let Some(data) = text.lines().find_map(|line| line.strip_prefix("data: ").filter(|data| data.starts_with('{'))) else { continue };
            let view: serde_json::Value = serde_json::from_str(data).unwrap_or_default();
            if let Some(bar) = view.get("parts").and_then(|parts| parts.get("call-bar")).and_then(serde_json::Value::as_str) {
                self.sees(bar, talk);
            }
        }
    }

    /// The call bar has changed.
    fn sees(&mut self, bar: &str, talk: Duration) {
        if !self.is_ready && bar.contains("data-registered=\"known\"") && self.browser.is_connected {
            self.is_ready = true;
            more(&self.counts.ready);
        }
        let ringing = call_behind(bar, "data-id=\"take\"");
        if self.takes != ringing {
            self.takes.clone_from(&ringing);
            if let Some(call) = ringing.filter(|_| self.talk.is_none()) {
                more(&self.counts.rang);
                self.post("/desk/phone", vec![("call", call), ("wish", "answer".to_owned())]);
            }
        }
        let talked = call_behind(bar, "action=\"/desk/hang-up\"").filter(|_| bar.contains("data-call=\"talking\""));
        match (&self.talk, talked) {
            (None, Some(call)) => {
                more(&self.counts.taken);
                self.heard_before = self.browser.heard();
                self.talk = Some((call, Instant::now() + talk));
            }
            (Some(_), None) => {
                if self.browser.heard().expected == self.heard_before.expected {
                    more(&self.counts.deaf);
                }
                self.talk = None;
            }
            _ => {}
        }
    }

    /// Asks for something; nothing waits for it.
    fn post(&self, path: &str, form: Vec<(&'static str, String)>) {
        let (request, counts) = (self.client.post(format!("{}{path}", self.pages)).form(&form).timeout(ANSWER_WITHIN), self.counts.clone());
        tokio::spawn(async move {
            if !request.send().await.is_ok_and(|answer| answer.status().is_success()) {
                more(&counts.refused);
            }
        });
    }
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent").field("talk", &self.talk).finish_non_exhaustive()
    }
}

/// The call that a form of the bar is about.
fn call_behind(bar: &str, mark: &str) -> Option<String> {
    let form = bar.split_once(mark)?.1;
    let value = form.split_once("name=\"call\" value=\"")?.1;
    value.split_once('"').map(|(call, _)| call.to_owned())
}
