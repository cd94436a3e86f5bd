//! A PBX that is not Asterisk, of one test's own: Kamailio as registrar, proxy and presence server, by
//! `kamailio/kamailio.cfg`.

use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{free_port, udp_bound, until};

/// Empty tables of db_text, from Debian's package.
const TABLES: &str = "/usr/share/kamailio/dbtext/kamailio";

/// Becomes Kamailio, which ends when its standard input does: also when the test is killed.
const RUN: &str = r#"exec 3<&0; ( (read -r line <&3; kill $$) & ); exec kamailio "$@" 3<&- </dev/null"#;

/// A running Kamailio; dropping it kills it and removes its folder.
///
/// Every user who knows the [`secret`](Self::secret) exists: 101, 102 ... register, call each other, and may `SUBSCRIBE` to each
/// other's `Event: dialog`. Numbers that begin with + or 0 go to the [`trunk_port`](Self::trunk_port); callers whose own number
/// does, or who are `anonymous`, call in from any port without a password.
#[derive(Debug)]
pub struct Kamailio {
    /// Where it speaks UDP and TCP.
    pub sip_port: u16,
    /// Where it speaks TLS.
    pub tls_port: u16,
    /// Where it sends outbound calls.
    pub trunk_port: u16,
    /// The password of every user, in the realm `belbrug.test`.
    pub secret: String,
    /// Its certificate, for `localhost` and 127.0.0.1, which it signed itself.
    pub ca_file: PathBuf,
    /// What it said, of all its lives.
    pub log: PathBuf,
    /// Values of `kamailio.cfg` that are not the default ones.
    defines: Vec<String>,
    process: Option<Child>,
    scratch: tempfile::TempDir,
}

impl Kamailio {
    /// Starts it on free ports.
    pub async fn up() -> Self {
        Self::up_with(&[]).await
    }

    /// Starts it with other values than the defaults of `kamailio.cfg`, e.g. `["ALGORITHM=\"SHA-256\"", "NONCE_SECONDS=2"]`.
    pub async fn up_with(defines: &[&str]) -> Self {
        let scratch = tempfile::tempdir().expect("a scratch folder");
        let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).expect("a certificate");
        let ca_file = scratch.path().join("cert.pem");
        std::fs::write(&ca_file, issued.cert.pem()).expect("the certificate");
        std::fs::write(scratch.path().join("key.pem"), issued.signing_key.serialize_pem()).expect("its key");
        let mut kamailio = Self {
            sip_port: free_port(),
            tls_port: free_port(),
            trunk_port: free_port(),
            secret: "lab-secret".to_owned(),
            ca_file,
            log: scratch.path().join("log"),
            defines: defines.iter().map(|define| (*define).to_owned()).collect(),
            process: None,
            scratch,
        };
        kamailio.start().await;
        kamailio
    }

    /// Kills it as a power cut does; its ports stay its own for [`Kamailio::start`]. It forgets registrations, calls and (unless
    /// `SUBSCRIPTIONS_KEPT=1`) subscriptions, and tells nobody.
    pub fn crash(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        // Its workers are in its process group; nobody may be left there.
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", process.id())]).output();
        let _ = process.wait();
    }

    /// Starts it on its ports, and waits until it listens on all of them.
    pub async fn start(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        self.prepare_tables();
        let process = self.command().spawn().expect("sh");
        let process = self.process.insert(process);
        let (sip, tls) = (self.sip_port, self.tls_port);
        // It binds TLS last.
        let listens = || udp_bound(sip) && TcpStream::connect(("127.0.0.1", tls)).is_ok();
        let outcome = until(|| {
            let has_ended = process.try_wait().expect("Kamailio's state").is_some();
            if has_ended { Some(false) } else { listens().then_some(true) }
        });
        let outcome = outcome.await;
        assert!(outcome == Some(true), "Kamailio does not start (is it there? run scripts/tools):\n{}", self.said());
    }

    /// What it said.
    pub fn said(&self) -> String {
        std::fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    fn command(&self) -> Command {
        let log = std::fs::File::options().create(true).append(true).open(&self.log).expect("Kamailio's log");
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/lab/kamailio/kamailio.cfg");
        let mut command = Command::new("sh");
        command.args(["-c", RUN, "sh", "-DD", "-E", "-m", "32"]).arg("-f").arg(config);
        command.arg("-Y").arg(self.scratch.path()).arg("-w").arg(self.scratch.path());
        for define in &self.defines {
            command.arg("-A").arg(define);
        }
        for (name, port) in [("SIP_PORT", self.sip_port), ("TLS_PORT", self.tls_port), ("TRUNK_PORT", self.trunk_port)] {
            command.env(name, port.to_string());
        }
        command.env("SECRET", &self.secret).env("SCRATCH", self.scratch.path());
        command.process_group(0).stdin(Stdio::piped()).stdout(log.try_clone().expect("Kamailio's log")).stderr(log);
        command
    }

    /// Empty tables, because Kamailio cannot read again what it writes into `pua`; the subscriptions alone stay.
    fn prepare_tables(&self) {
        let folder = self.scratch.path().join("db");
        std::fs::create_dir_all(&folder).expect("the folder of the tables");
        for table in ["version", "presentity", "active_watchers", "watchers", "pua"] {
            let ours = folder.join(table);
            if table == "active_watchers" && ours.exists() {
                continue;
            }
            if let Err(e) = std::fs::copy(Path::new(TABLES).join(table), &ours) {
                panic!("no table {table} in {TABLES} ({e}): run scripts/tools");
            }
        }
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        self.crash();
    }
}
