//! An agent's page, as stubborn as the real one: what was not acknowledged is sent again. It remembers what was
//! acknowledged, and holds the ledger against it.

use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use serde_json::Value;

use super::office::Things;
use crate::desk::over_http::client;
use crate::desk::service::PASSWORD;
use crate::lab::{PATIENCE, until_async};

/// The debtor of all calls: nobody else has this number, and he has no contact persons.
pub(super) const NUMBER: &str = "+442079460004";
const NAME: &str = "Terpstra";
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(30);

/// An outcome that the service said it has saved.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Saved {
    key: String,
    code: &'static str,
    notes: String,
}

pub(super) struct Agent {
    client: Client,
    supervisor: Client,
    address: String,
    pub(super) case: String,
    /// The number of the draft as it was acknowledged last.
    version: i64,
    /// The notes as they were acknowledged last, and what was sent after.
    acknowledged: String,
    sent: Vec<String>,
    saved: Vec<Saved>,
}

/// What a post came to.
enum Said {
    Yes(Value),
    No(StatusCode, Value),
    /// Nobody knows whether it was taken.
    Nothing,
}

impl Agent {
    pub(super) async fn signed_in(address: &str) -> Self {
        let (client, supervisor) = (client(), client());
        for (who, login) in [(&client, "anna"), (&supervisor, "carla")] {
            let form = [("login", login), ("password", PASSWORD)];
            let answer = who.post(format!("{address}/sign-in")).form(&form).send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        }
        let page = client.get(format!("{address}/desk/search?q={NAME}")).send().await.expect("an answer").text().await.expect("a text");
        let case = page.split("data-case=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("the case").to_owned();
        Self { client, supervisor, address: address.to_owned(), case, version: 0, acknowledged: String::new(), sent: Vec::new(), saved: Vec::new() }
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Said {
        let Ok(answer) = self.client.post(format!("{}{path}", self.address)).form(form).send().await else { return Said::Nothing };
        let status = answer.status();
        let Ok(text) = answer.text().await else { return Said::Nothing };
        let value = serde_json::from_str(&text).unwrap_or_default();
        if status == StatusCode::OK { Said::Yes(value) } else { Said::No(status, value) }
    }

    /// Whether the floor's page is there and says that the PBX is in touch.
    pub(super) async fn page_says_connected(&self) -> bool {
        let Ok(answer) = self.supervisor.get(format!("{}/floor", self.address)).send().await else { return false };
        answer.status() == StatusCode::OK && answer.text().await.is_ok_and(|page| page.contains("data-link=\"connected\""))
    }

    /// Dials the debtor.
    pub(super) async fn dial(&self, key: &str) {
        let done = until_async(|| async {
            match self.post("/desk/dial", &[("case", &self.case), ("number", NUMBER), ("key", key)]).await {
                Said::Yes(_) => Some(()),
                Said::No(..) | Said::Nothing => None,
            }
        });
        assert!(done.await.is_some(), "it could not be dialled");
    }

    /// Types these notes once: whether the page could say "saved".
    pub(super) async fn types(&mut self, notes: &str) -> bool {
        self.sent.push(notes.to_owned());
        let version = self.version.to_string();
        match self.post("/desk/draft", &[("case", &self.case), ("version", &version), ("notes", notes)]).await {
            Said::Yes(answer) => {
                self.acknowledge(answer["version"].as_i64().expect("a version"), notes.to_owned());
                true
            }
            // What was sent before was taken, and its answer was lost on the way.
            Said::No(_, answer) if answer["version"].is_i64() => {
                let stored = answer["notes"].as_str().unwrap_or_default().to_owned();
                self.may_be_stored(&stored);
                self.acknowledge(answer["version"].as_i64().expect("a version"), stored);
                false
            }
            Said::No(..) | Said::Nothing => false,
        }
    }

    fn acknowledge(&mut self, version: i64, notes: String) {
        if let Some(at) = self.sent.iter().position(|sent| *sent == notes) {
            self.sent.drain(..=at);
        }
        (self.version, self.acknowledged) = (version, notes);
    }

    /// Nothing but what was acknowledged last, or was sent after it, may be in the database.
    fn may_be_stored(&self, stored: &str) {
        let fits = stored == self.acknowledged || self.sent.iter().any(|sent| sent == stored);
        assert!(fits, "the notes are {stored:?}, acknowledged were {:?}, sent after that {:?}", self.acknowledged, self.sent);
    }

    /// Types until it is acknowledged.
    pub(super) async fn types_until_saved(&mut self, notes: &str) {
        let began = Instant::now();
        while !self.types(notes).await {
            assert!(began.elapsed() < PATIENCE, "these notes were never saved: {notes}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Saves the outcome until it is acknowledged.
    pub(super) async fn saves(&mut self, key: &str, is_promise: bool, notes: &str) {
        let day = (chrono::Utc::now().date_naive() + chrono::TimeDelta::days(7)).to_string();
        let code = if is_promise { "PTP" } else { "NA" };
        let mut form = vec![("case", self.case.as_str()), ("key", key), ("code", code), ("notes", notes)];
        if is_promise {
            form.extend([("promise_date", day.as_str()), ("amount", "1,00"), ("method", "transfer"), ("summary_confirmed", "on")]);
        }
        let (began, mut last) = (Instant::now(), String::new());
        loop {
            match self.post("/desk/outcome", &form).await {
                Said::Yes(_) => break,
                Said::No(status, answer) => last = format!("{status}: {answer}"),
                Said::Nothing => {}
            }
            assert!(began.elapsed() < PATIENCE, "the outcome was never saved; the page said {last}");
            tokio::time::sleep(PAUSE).await;
        }
        self.saved.push(Saved { key: key.to_owned(), code, notes: notes.to_owned() });
        (self.version, self.acknowledged) = (0, String::new());
        self.sent.clear();
    }

    /// The draft in the database is the one that was acknowledged, or a later one.
    pub(super) async fn finds_its_draft(&self, things: &Things) {
        let rows: Vec<(String,)> = things.rows("SELECT form FROM drafts").await.expect("the drafts");
        let stored = rows.first().map(|row| serde_json::from_str::<Value>(&row.0).expect("JSON"));
        self.may_be_stored(stored.as_ref().and_then(|form| form["notes"].as_str()).unwrap_or_default());
    }

    /// Every outcome that was acknowledged is in the ledger, once, as it was typed; and nothing else is.
    pub(super) async fn finds_its_outcomes(&self, things: &Things) {
        let sql = "SELECT ledger.key, ledger.code, texts.body FROM ledger LEFT JOIN texts ON texts.entry_id = ledger.id AND texts.field = 'notes' ORDER BY ledger.id";
        let rows: Vec<(String, String, Option<String>)> = things.rows(sql).await.expect("the ledger");
        let wanted: Vec<(String, String, Option<String>)> =
            self.saved.iter().map(|saved| (saved.key.clone(), saved.code.to_owned(), Some(saved.notes.clone()))).collect();
        let own = |key: &str| key.split_once('-').map_or(String::new(), |(_, own)| own.to_owned());
        let found: Vec<_> = rows.into_iter().map(|(key, code, notes)| (own(&key), code, notes)).collect();
        assert_eq!(found, wanted, "the ledger differs from what was acknowledged");
    }

    pub(super) const fn outcomes(&self) -> usize {
        self.saved.len()
    }
}
