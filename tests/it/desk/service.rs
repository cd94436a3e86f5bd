//! A running Belbrug: the built program with a config, a database and users of its own.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::lab::until;

/// The built program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_belbrug");
/// Everybody's password in the tests.
pub(crate) const PASSWORD: &str = "a password of tests";

/// Users of the tests: login, name, role, extension.
const USERS: [(&str, &str, &str, Option<&str>); 4] = [
    ("anna", "Anna de Boer", "agent", Some("101")),
    ("bram", "Bram Visser", "agent", Some("102")),
    ("carla", "Carla Mertens", "supervisor", None),
    ("dirk", "Dirk Admin", "admin", None),
];

/// Four debtors: one with a number of its own, two that share one, and one without an open invoice.
pub(crate) const DEBTORS: &str = "Debiteurnr;Naam;Telefoon;Plaats;Contactpersoon;Functie;Fase\r\n\
    D1;Bakkerij De Korenaar;+44 7700 900123;Haarlem;Marijke Vos;boekhouding;1\r\n\
    D2;Garage Kuipers;+44 7700 900200;Zwolle;Henk Kuipers;eigenaar;2\r\n\
    D3;Café Het Anker;+44 7700 900200;Den Helder;Joop Mulder;eigenaar;1\r\n\
    D4;Mevr. J. Terpstra;+44 20 7946 0004;Leeuwarden;;;1\r\n";

/// What no log may hold, of debtors, callers and agents.
const PERSONAL: [&str; 10] = ["Korenaar", "Kuipers", "Het Anker", "Terpstra", "Marijke", "447700900", "7700 900", "442079460", "€", "Anna de Boer"];

/// A folder with everything that one Belbrug has; the folder outlives a restart.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    log: Arc<Mutex<String>>,
    running: Option<Child>,
    pub(crate) address: String,
}

impl Home {
    /// A Belbrug that talks to the manager port at `ami_port`, with users and debtors, not yet started.
    pub(crate) fn new(ami_port: u16, secret: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("belbrug.db").display());
        Self::furnished(folder, &config(ami_port, secret, &url, 0))
    }

    /// And with its ledger and its pages where they are wanted.
    pub(crate) fn at(ami_port: u16, secret: &str, url: &str, pages_port: u16) -> Self {
        Self::furnished(tempfile::tempdir().expect("a folder"), &config(ami_port, secret, url, pages_port))
    }

    /// And one that has no manager interface: every phone is watched and dialled by SIP, with more lines for `[sip]`.
    pub(crate) fn by_sip(port: u16, secret: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("belbrug.db").display());
        let manager = "[pbx]\nport = 0\nsecret = \"none\"\n";
        let sip = format!("[sip]\nlines = [\"1XX\"]\nserver = \"127.0.0.1\"\nport = {port}\nsecret = \"{secret}\"\nlisten = \"127.0.0.1:0\"\n{more}");
        let config = config(0, "none", &url, 0);
        assert!(config.contains(manager));
        Self::furnished(folder, &config.replace(manager, &sip))
    }

    /// And one in which the agents' phones are their browsers.
    pub(crate) fn by_browser(port: u16, secret: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("belbrug.db").display());
        let manager = "[pbx]\nport = 0\nsecret = \"none\"\n";
        let phones = format!(
            "[sip]\nserver = \"127.0.0.1\"\nport = {port}\nlisten = \"127.0.0.1:0\"\n\
             [browser]\nlines = [\"1XX\"]\nsecrets = {{ 101 = \"{secret}\", 102 = \"{secret}\" }}\nlisten = \"127.0.0.1:0\"\nrtp_ports = [20000, 29999]\n{}",
            more.replace("{folder}", &folder.path().display().to_string())
        );
        Self::furnished(folder, &config(0, "none", &url, crate::lab::free_port()).replace(manager, &phones))
    }

    fn furnished(folder: tempfile::TempDir, config: &str) -> Self {
        let home = Self { folder, log: Arc::default(), running: None, address: String::new() };
        home.write("belbrug.toml", config);
        for (login, name, role, extension) in USERS {
            let mut arguments = vec!["user", "add", login, "--name", name, "--role", role];
            if let Some(extension) = extension {
                arguments.extend(["--extension", extension]);
            }
            let done = home.run_with_input(&arguments, PASSWORD);
            assert!(done.status.success(), "{done:?}");
        }
        home.write("debtors.csv", DEBTORS);
        home.write("invoices.csv", &invoices());
        let done = home.run(&["import", &home.text_path("debtors.csv"), &home.text_path("invoices.csv")]);
        assert!(done.status.success(), "{}", said(&done));
        home
    }

    /// And started.
    pub(crate) async fn started(ami_port: u16, secret: &str) -> Self {
        let mut home = Self::new(ami_port, secret);
        home.start().await;
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text_path(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a file of the test");
    }

    /// Runs a command of the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.run_with_input(arguments, "")
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(PROGRAM)
            .arg("--config")
            .arg(self.path("belbrug.toml"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        writeln!(child.stdin.take().expect("its input"), "{input}").expect("input");
        child.wait_with_output().expect("its output")
    }

    /// Runs a command of the program where other programs are looked for in `path` only.
    pub(crate) fn run_in_path(&self, path: &str, arguments: &[&str]) -> Output {
        Command::new(PROGRAM).arg("--config").arg(self.path("belbrug.toml")).args(arguments).env("PATH", path).output().expect("the program")
    }

    /// Starts the service and waits until its pages are there.
    pub(crate) async fn start(&mut self) {
        self.start_as(self.serve()).await;
    }

    /// Starts the service in a mount namespace of its own, in which `mount` is done before. It is gone with the process.
    pub(crate) async fn start_in_its_own_mounts(&mut self, mount: &str) {
        let serve = format!("{mount} && exec '{PROGRAM}' --config '{}' serve", self.text_path("belbrug.toml"));
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", &serve]);
        self.start_as(command).await;
    }

    async fn start_as(&mut self, command: Command) {
        assert!(self.came_up(command).await, "the service did not start:\n{}", self.log());
    }

    /// Starts the service; whether its pages came up before it ended.
    pub(crate) async fn try_start(&mut self) -> bool {
        self.came_up(self.serve()).await
    }

    fn serve(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        command.arg("--config").arg(self.path("belbrug.toml")).arg("serve");
        command
    }

    async fn came_up(&mut self, mut command: Command) -> bool {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program");
        let log = self.log.clone();
        log.lock().expect("the log").clear();
        let lines = BufReader::new(child.stderr.take().expect("its log")).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = writeln!(log.lock().expect("the log"), "{line}");
            }
        });
        self.running = Some(child);
        let address = |log: &str| log.split("the pages are at ").nth(1).and_then(|rest| rest.split_whitespace().next()).map(str::to_owned);
        let log = self.log.clone();
        let up = until(|| match address(&log.lock().expect("the log")) {
            None if !self.is_running() => Some(None),
            found => found.map(Some),
        });
        let Some(address) = up.await.flatten() else { return false };
        self.address = address;
        true
    }

    /// What the service has logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    /// Waits until the log holds a text.
    pub(crate) async fn logs(&self, text: &str) {
        let found = until(|| self.log().contains(text).then_some(())).await;
        assert!(found.is_some(), "the log never said {text:?}:\n{}", self.log());
    }

    /// As a power cut.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// As systemd does: SIGTERM, and wait.
    pub(crate) fn terminate(&mut self) {
        let mut child = self.running.take().expect("a running service");
        let sent = Command::new("kill").arg(child.id().to_string()).status().expect("kill");
        assert!(sent.success());
        let ended = child.wait().expect("its end");
        assert!(ended.success(), "it ended with {ended}:\n{}", self.log());
    }

    /// As [`Home::terminate`], while the test goes on; whether it ended well within that time.
    pub(crate) async fn terminate_within(&mut self, time: Duration) -> bool {
        let mut child = self.running.take().expect("a running service");
        let sent = Command::new("kill").arg(child.id().to_string()).status().expect("kill");
        assert!(sent.success());
        let ended = async {
            loop {
                match child.try_wait().expect("its state") {
                    Some(status) => return status.success(),
                    None => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        };
        tokio::time::timeout(time, ended).await.unwrap_or(false)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.running.as_ref().expect("a running service").id()
    }

    /// Whether the service still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.running.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// A way into its database.
    pub(crate) async fn pool(&self) -> sqlx::SqlitePool {
        sqlx::SqlitePool::connect(&format!("sqlite:{}", self.database().display())).await.expect("the database")
    }

    /// Its database file.
    pub(crate) fn database(&self) -> PathBuf {
        self.path("belbrug.db")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.kill();
        let log = self.log();
        if std::thread::panicking() {
            eprintln!("== the service's log\n{log}");
        } else {
            nothing_personal_in(&log);
        }
    }
}

/// Fails when a text holds a name, a number or an amount of the tests' people.
pub(crate) fn nothing_personal_in(text: &str) {
    if let Some(leak) = PERSONAL.iter().find(|leak| text.contains(**leak)) {
        panic!("it holds personal data ({leak}):\n{text}");
    }
}

/// What a command said, both ways.
pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn config(ami_port: u16, secret: &str, url: &str, pages_port: u16) -> String {
    format!(
        "[office]\nname = \"Incasso Voorbeeld\"\ndial_countries = [\"NL\", \"GB\"]\n[pbx]\nport = {ami_port}\nsecret = \"{secret}\"\n\
         [web]\nlisten = \"127.0.0.1:{pages_port}\"\n[store]\nurl = \"{url}\"\n[import]\ncreditor = \"Groothandel De Linde BV\"\n\
         [log]\nfilter = \"belbrug=trace,info\"\n"
    )
}

/// Invoices that are 10 to 40 days late today.
pub(crate) fn invoices() -> String {
    let today = chrono::Utc::now().date_naive();
    let day = |late: i64| (today - chrono::TimeDelta::days(late)).format("%d-%m-%Y").to_string();
    format!(
        "Debiteurnr;Factuurnummer;Factuurdatum;Vervaldatum;Bedrag;Openstaand\r\nD1;2026-0001;{};{};1.234,56;1.234,56\r\n\
         D1;2026-0002;{};{};100,00;50,00\r\nD2;2026-0003;{};{};75,00;75,00\r\nD3;2026-0004;{};{};80,00;80,00\r\nD4;2026-0005;{};{};19,95;19,95\r\n",
        day(70),
        day(40),
        day(40),
        day(10),
        day(50),
        day(20),
        day(50),
        day(20),
        day(45),
        day(15)
    )
}
