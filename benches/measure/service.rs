//! The service itself, the built program, with a config, a database, agents and debtors of the benchmark's own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use belbrug::clock::{Clock, SystemClock, Timestamp};
use belbrug::collection::money::Cents;
use belbrug::ids::{Extension, PhoneNumber};
use belbrug::store::pool::Store;
use belbrug::store::write::{DebtorImport, ImportBegin, InvoiceImport, SessionOpen, UserSave, Write, Written};
use belbrug::store::writer::Writer;
use sha2::Digest as _;

/// Longer than anything should take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running service.
pub(crate) struct Service {
    child: Child,
    log: Arc<Mutex<String>>,
    /// `127.0.0.1:PORT` of its pages.
    pub(crate) pages: String,
}

/// The extension of an agent, and the cookie of the agent's session.
pub(crate) struct Agent {
    pub(crate) extension: String,
    pub(crate) cookie: String,
}

/// A database at `url` with agents and debtors; the agents.
pub(crate) async fn prepare(url: &str, agents: usize, debtors: usize) -> Vec<Agent> {
    let store = Store::open(url).await.expect("a database");
    let (writer, writing) = Writer::start(store.clone());
    let now = SystemClock.now();
    let mut all = Vec::new();
    for n in 0..agents {
        let extension = (6001 + n).to_string();
        let user = UserSave {
            id: None,
            login: format!("agent{n}"),
            name: format!("Agent {n}"),
            role: "agent",
            extension: Some(Extension::parse(&extension).expect("an extension")),
            language: "nl".to_owned(),
            password_hash: "none".to_owned().into(),
            at: now,
        };
        let Ok(Written::User(id)) = writer.write(Write::User(user)).await else { panic!("no user") };
        let token = format!("{n:064x}");
        let token_hash = hex::encode(sha2::Sha256::digest(token.as_bytes()));
        let session = SessionOpen { token_hash, user: id, at: now, expires: now.plus_seconds(86_400) };
        writer.write(Write::SessionOpen(session)).await.expect("a session");
        all.push(Agent { extension, cookie: format!("belbrug={token}") });
    }
    let begin = ImportBegin { at: Timestamp(1), creditor: "Groothandel De Linde BV".to_owned() };
    let Ok(Written::Import(import, _)) = writer.write(Write::ImportBegin(begin)).await else { panic!("no import") };
    for from in (0..debtors).step_by(500) {
        let rows = from..(from + 500).min(debtors);
        writer.write(Write::ImportDebtors(rows.clone().map(debtor).collect())).await.expect("debtors");
        writer.write(Write::ImportInvoices(import, rows.map(invoice).collect())).await.expect("invoices");
    }
    writer.write(Write::ImportEnd(import)).await.expect("ended");
    drop(writer);
    writing.await.expect("the writer");
    store.close().await;
    all
}

/// The number of a debtor, as a PBX shows it: of the ranges that Ofcom keeps for drama, which have 2,000.
pub(crate) fn number(debtor: usize) -> String {
    let range = if debtor < 1000 { "+447700900" } else { "+442079460" };
    format!("{range}{:03}", debtor % 1000)
}

fn debtor(at: usize) -> DebtorImport {
    DebtorImport {
        line: 0,
        reference: format!("D{at:07}"),
        creditor: "Groothandel De Linde BV".to_owned(),
        name: format!("Bakkerij De Korenaar {at}").into(),
        kind: "business",
        language: "nl",
        street: String::new(),
        postcode: String::new(),
        city: "Zwolle".to_owned(),
        country: "NL".to_owned(),
        email: String::new(),
        numbers: vec![PhoneNumber::parse_e164(&number(at)).expect("a number")],
        contact: Some(("Marijke Vos".to_owned().into(), "boekhouding".to_owned())),
        stage: None,
    }
}

fn invoice(at: usize) -> InvoiceImport {
    let day = |text: &str| text.parse().expect("a date");
    InvoiceImport {
        line: 0,
        debtor_reference: format!("D{at:07}"),
        creditor: "Groothandel De Linde BV".to_owned(),
        number: format!("F{at}"),
        issued_on: day("2026-09-01"),
        due_on: day("2026-10-01"),
        amount: Cents(10_000),
        open: Cents(10_000),
        order_no: String::new(),
    }
}

impl Service {
    /// Starts it and waits until its pages are there and the numbers are in memory.
    pub(crate) fn start(folder: &Path, ami_port: u16, url: &str) -> Self {
        let config = folder.join("belbrug.toml");
        let text = format!(
            "[office]\nextensions = [\"6XXX\", \"7XXX\"]\ndial_countries = [\"NL\", \"GB\"]\n[pbx]\nport = {ami_port}\nsecret = \"secret\"\nplain_login = true\n\
             [web]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"{url}\"\n"
        );
        std::fs::write(&config, text).expect("the config");
        let mut command = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_belbrug")));
        let mut child = command.arg("--config").arg(&config).arg("serve").stderr(Stdio::piped()).spawn().expect("the service");
        let log: Arc<Mutex<String>> = Arc::default();
        let lines = BufReader::new(child.stderr.take().expect("its log")).lines();
        let kept = log.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        let mut service = Self { child, log, pages: String::new() };
        service.waits_for("the numbers are in memory");
        let said = service.waits_for("the pages are at http://");
        service.pages = said.split_whitespace().next().expect("an address").to_owned();
        service
    }

    /// Waits until the log has a text; what stands after it.
    pub(crate) fn waits_for(&self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let log = self.log();
            if let Some((_, rest)) = log.split_once(text) {
                return rest.to_owned();
            }
            assert!(Instant::now() < deadline, "the log never said {text:?}:\n{log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            println!("{}", self.log());
        }
    }
}
