//! A real Asterisk of one test's own, by `scripts/pbx`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use super::{free_port, until_async};

/// A release of Asterisk that offices run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// An old office.
    Asterisk16,
    /// The current long-term release.
    Asterisk22,
}

impl Release {
    /// The folder of its captures.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Asterisk16 => "asterisk16",
            Self::Asterisk22 => "asterisk22",
        }
    }

    fn number(self) -> &'static str {
        match self {
            Self::Asterisk16 => "16",
            Self::Asterisk22 => "22",
        }
    }
}

/// So many debtors can call one PBX at the same time.
const CALLER_LINES: usize = 6;

/// A running PBX; dropping it kills it and removes its folder.
#[derive(Debug)]
pub struct Pbx {
    /// The name it goes by in `scripts/pbx`, of this test alone.
    pub name: String,
    /// Where the manager interface listens.
    pub ami_port: u16,
    /// The secret of the manager user `belbrug` (and of `belbrug-dialplan`, where there is one).
    pub ami_secret: String,
    /// Where phones register and trunks call.
    pub sip_port: u16,
    /// The password of every phone.
    pub sip_secret: String,
    /// Where this PBX sends outbound calls: a [`super::Debtor`] answers there.
    pub trunk_port: u16,
    /// Where it speaks TLS, when it was started for SIP.
    pub tls_port: u16,
    /// Asterisk's own log.
    pub log: PathBuf,
    release: Release,
    ring: Duration,
    /// Files that are appended to the configuration files of their names.
    extra_config: Vec<PathBuf>,
    caller_ports: Vec<u16>,
    calls_made: AtomicUsize,
    scratch: tempfile::TempDir,
}

impl Pbx {
    /// Starts a PBX on free ports, in which a phone rings for 3 s.
    pub async fn up(name: &str) -> Self {
        Self::up_ringing(name, Duration::from_secs(3)).await
    }

    /// Starts a PBX in which a phone rings for `ring` (whole seconds).
    pub async fn up_ringing(name: &str, ring: Duration) -> Self {
        Self::up_with(name, ring, Release::Asterisk22, Vec::new()).await
    }

    /// Starts a PBX of this release with everything that `asterisk/` beside this file adds to the shipped
    /// configuration: ring groups, a conference, follow-me, calls in the shape of FreePBX ...
    pub async fn up_with_everything(name: &str, ring: Duration, release: Release) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/lab/asterisk");
        let files = std::fs::read_dir(folder).expect("the lab's configuration");
        let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "conf"));
        files.sort();
        Self::up_with(name, ring, release, files).await
    }

    /// Starts a PBX at which Belbrug has an account of its own (`belbrug`, with the phones' password) that may call and watch the
    /// phones, over UDP and TCP at [`Pbx::sip_port`] and over TLS at [`Pbx::tls_port`]; with phones 201, 202 ... besides 101 to 103.
    pub async fn up_for_sip(name: &str, ring: Duration, release: Release, phones: std::ops::RangeInclusive<u32>) -> Self {
        Self::up_for_sip_with(name, ring, release, phones, "").await
    }

    /// And with this in its `pjsip.conf`.
    pub async fn up_for_sip_with(name: &str, ring: Duration, release: Release, phones: std::ops::RangeInclusive<u32>, more: &str) -> Self {
        let mut pbx = Self::new(name, ring, release, Vec::new());
        [pbx.ami_port, pbx.sip_port, pbx.trunk_port, pbx.tls_port] = [free_port(), free_port(), free_port(), free_port()];
        pbx.write_sip_config(phones);
        let all = std::fs::read_to_string(pbx.scratch.path().join("sip/pjsip.conf")).expect("just written");
        pbx.write("sip/pjsip.conf", &format!("{all}\n{more}"));
        pbx.write_extra_config();
        pbx.start().await;
        pbx
    }

    /// The certificate that its TLS shows, which it signed itself.
    pub fn ca_file(&self) -> PathBuf {
        self.scratch.path().join("cert.pem")
    }

    fn write_sip_config(&mut self, phones: std::ops::RangeInclusive<u32>) {
        let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).expect("a certificate");
        let account = |name: &str| {
            format!(
                "\n[{name}](phone)\nauth = {name}\naors = {name}\ntrust_id_inbound = yes\n[{name}](phone-auth)\nusername = {name}\n\
                 password = lab-secret\n[{name}](phone-aor)\n"
            )
        };
        let (sip, tls, folder) = (self.sip_port, self.tls_port, format!("/belbrug/{}/etc", self.name));
        let transports = format!(
            "\n[transport-tcp]\ntype = transport\nprotocol = tcp\nbind = 127.0.0.1:{sip}\n[transport-tls]\ntype = transport\nprotocol = tls\n\
             bind = 127.0.0.1:{tls}\ncert_file = {folder}/cert.pem\npriv_key_file = {folder}/key.pem\nmethod = tlsv1_2\n"
        );
        let accounts: String = phones.clone().map(|phone| account(&phone.to_string())).collect();
        let dialled = |phone: u32| format!("exten => {phone},1,Gosub(belbrug-ring,s,1({phone}))\nexten => {phone},hint,PJSIP/{phone}\n");
        let dialled: String = phones.clone().map(dialled).collect();
        let inbound: String = phones.map(|phone| format!("exten => 31{phone},1,Goto(belbrug-phones,{phone},1)\n")).collect();
        // As config/asterisk/pjsip.conf says of an account for Belbrug.
        let own = account("belbrug").replacen("trust_id_inbound = yes", "trust_id_inbound = yes\nmoh_passthrough = yes", 1);
        self.add_config("sip/pjsip.conf", &format!("{transports}{own}{accounts}"));
        // A menu that listens to keys, where a debtor would be.
        let menu = "[belbrug-outbound]\nexten => +442079460004,1,Answer()\n same => n,Read(KEYS,beep,4,,1,20)\n same => n,Log(NOTICE,pressed ${KEYS})\n same => n,Wait(20)\n";
        self.add_config("sip/extensions.conf", &format!("\n[belbrug-phones]\n{dialled}[belbrug-inbound]\n{inbound}{menu}"));
        self.add_config("cert.pem", &issued.cert.pem());
        self.add_config("key.pem", &issued.signing_key.serialize_pem());
    }

    fn add_config(&mut self, name: &str, text: &str) {
        let path = self.write(name, text);
        self.extra_config.push(path);
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.scratch.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("the lab's configuration");
        path
    }

    async fn up_with(name: &str, ring: Duration, release: Release, extra_config: Vec<PathBuf>) -> Self {
        let mut pbx = Self::new(name, ring, release, extra_config);
        pbx.write_extra_config();
        pbx.start().await;
        pbx
    }

    fn new(name: &str, ring: Duration, release: Release, extra_config: Vec<PathBuf>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self {
            name: format!("{name}-{}-{count}", std::process::id()),
            ami_port: 0,
            ami_secret: String::new(),
            sip_port: 0,
            sip_secret: String::new(),
            trunk_port: 0,
            tls_port: 0,
            log: PathBuf::new(),
            release,
            ring,
            extra_config,
            caller_ports: (0..CALLER_LINES).map(|_| free_port()).collect(),
            calls_made: AtomicUsize::new(0),
            scratch: tempfile::tempdir().expect("a scratch folder"),
        }
    }

    /// Stops the PBX and starts it again on the same ports, as an office does. It forgets its registrations and
    /// calls: register the phones again.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.start().await;
    }

    /// Kills the PBX as a power cut does; [`Pbx::start`] brings it back on the same ports.
    pub async fn crash(&self) {
        self.script(&["kill", &self.name]).await;
    }

    /// Stops the PBX; its ports stay its own for [`Pbx::start`].
    pub async fn stop(&self) {
        self.script(&["down", &self.name]).await;
    }

    /// Starts the PBX: on the ports that it had, or on free ones when it never ran.
    pub async fn start(&mut self) {
        let said = self.script(&["up", &self.name]).await;
        let env: HashMap<&str, &str> = said.lines().filter_map(|line| line.split_once('=')).collect();
        let text = |key: &str| env.get(key).unwrap_or_else(|| panic!("scripts/pbx up said no {key}:\n{said}")).to_string();
        let port = |key: &str| text(key).parse().unwrap_or_else(|_| panic!("{key} is no port:\n{said}"));
        let (had, has) = (self.ports(), [port("AMI_PORT"), port("SIP_PORT"), port("TRUNK_PORT")]);
        assert!(had == [0; 3] || had == has, "scripts/pbx gave other ports than asked for: {had:?}, {has:?}");
        [self.ami_port, self.sip_port, self.trunk_port] = has;
        (self.ami_secret, self.sip_secret, self.log) = (text("AMI_SECRET"), text("SIP_SECRET"), text("LOG").into());
    }

    /// Asks Asterisk something on its console, e.g. `core show channels count`.
    pub async fn cli(&self, command: &str) -> String {
        self.script(&["cli", &self.name, command]).await
    }

    /// Where its MixMonitor writes what Belbrug is to keep.
    pub fn recordings(&self) -> PathBuf {
        self.log.parent().and_then(Path::parent).expect("the PBX's folder").join("spool/monitor/belbrug")
    }

    /// Waits until this PBX carries no channel.
    pub async fn wait_idle(&self) {
        let idle = until_async(|| async {
            let count = self.cli("core show channels count").await;
            count.lines().any(|line| line == "0 active channels").then_some(())
        });
        assert!(idle.await.is_some(), "still busy:\n{}", self.cli("core show channels").await);
    }

    /// A port that this PBX knows as its provider and that the last few callers did not use.
    pub(super) fn next_caller_port(&self) -> u16 {
        let turn = self.calls_made.fetch_add(1, Ordering::Relaxed);
        *self.caller_ports.iter().cycle().nth(turn % CALLER_LINES).expect("at least one line")
    }

    /// The lines that several debtors call from at once: the PBX knows its provider by address and port.
    fn write_extra_config(&mut self) {
        let line = |port| format!("\n[line-{port}]\ntype = identify\nendpoint = trunk\nmatch = 127.0.0.1:{port}\n");
        let text: String = self.caller_ports.iter().map(line).collect();
        let path = self.scratch.path().join("pjsip.conf");
        std::fs::write(&path, text).expect("the lab's pjsip.conf");
        self.extra_config.push(path);
    }

    /// Runs `scripts/pbx`; its standard output. Fails the test with what it said when it fails.
    async fn script(&self, args: &[&str]) -> String {
        let mut command = self.command(args);
        let run = tokio::task::spawn_blocking(move || command.output()).await;
        let output: Output = run.expect("scripts/pbx ran").expect("scripts/pbx can be started");
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "scripts/pbx {args:?} failed:\n{}", said(&output.stderr));
        said(&output.stdout)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/pbx"));
        command.args(args);
        command.env("BELBRUG_RING_SECONDS", self.ring.as_secs().to_string());
        command.env("BELBRUG_ASTERISK", self.release.number());
        let extra: Vec<&str> = self.extra_config.iter().filter_map(|path| path.to_str()).collect();
        command.env("BELBRUG_LAB_CONF", extra.join(" "));
        for (key, port) in ["AMI_PORT", "SIP_PORT", "TRUNK_PORT"].into_iter().zip(self.ports()) {
            if port == 0 {
                command.env_remove(key)
            } else {
                command.env(key, port.to_string())
            };
        }
        command
    }

    /// The ports that stay the same over a restart; zeros before the first start.
    fn ports(&self) -> [u16; 3] {
        [self.ami_port, self.sip_port, self.trunk_port]
    }
}

impl Drop for Pbx {
    fn drop(&mut self) {
        // A failure here says nothing about what the test is about.
        let _ = self.command(&["kill", &self.name]).output();
    }
}
