//! The settings, as `config/belbrug.example.toml` explains them.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

use crate::ids::{Extension, PhoneNumber};
use crate::import::ImportMapping;
use crate::personal::Personal;

/// The whole file.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The office.
    pub office: Office,
    /// The PBX.
    pub pbx: Pbx,
    /// The PBX, where it is spoken to by SIP.
    pub sip: Sip,
    /// The phones in browsers.
    pub browser: Browser,
    /// The pages.
    pub web: Web,
    /// The database.
    pub store: StoreSettings,
    /// Recording.
    pub recording: Recording,
    /// Figures for Prometheus.
    pub metrics: Metrics,
    /// What lists look like.
    pub import: ImportMapping,
    /// The log.
    pub log: Log,
    /// The queues of the PBX.
    pub queues: Queues,
    /// The creditors with numbers of their own, by name.
    pub creditors: BTreeMap<String, Creditor>,
    /// It is for practice, and says so on every page; never in the file.
    #[serde(skip)]
    pub practice: bool,
}

/// `[queues]`
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Queues {
    /// Those that Belbrug fills; none means those in which the PBX has the agent's phone.
    pub names: Vec<String>,
}

/// `[creditors."NAME"]`
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Creditor {
    /// What its debtors dial.
    pub numbers: Vec<PhoneNumber>,
    /// What its debtors see.
    pub caller_id: Option<PhoneNumber>,
}

/// `[office]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Office {
    /// Its name, for the agents' first line.
    pub name: String,
    /// Region code.
    pub country: String,
    /// Time zone.
    pub zone: chrono_tz::Tz,
    /// Patterns of inside numbers.
    pub extensions: Vec<String>,
    /// What the PBX wants before an outside number.
    pub trunk_prefix: Option<String>,
    /// Region codes that may be dialled.
    pub dial_countries: Vec<String>,
}

impl Default for Office {
    fn default() -> Self {
        Self {
            name: "Belbrug".to_owned(),
            country: "NL".to_owned(),
            zone: chrono_tz::Europe::Amsterdam,
            extensions: vec!["1XX".to_owned()],
            trunk_prefix: None,
            dial_countries: vec!["NL".to_owned(), "BE".to_owned()],
        }
    }
}

/// `[pbx]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pbx {
    /// Patterns of the agents' extensions that the manager interface tells of; none means all that `[sip]` does not have.
    pub lines: Vec<String>,
    /// Name or address.
    pub host: String,
    /// Manager port.
    pub port: u16,
    /// Account in `manager.conf`.
    pub username: String,
    /// Its secret; `load` fills it from `secret_file`.
    pub secret: Personal<String>,
    /// The file with the secret.
    pub secret_file: Option<PathBuf>,
    /// TLS, checked against this certificate.
    pub ca_file: Option<PathBuf>,
    /// Send the secret as it is.
    pub plain_login: bool,
    /// `PJSIP`.
    pub technology: String,
    /// The context for click-to-dial.
    pub dial_context: String,
    /// How long the agent's own phone rings.
    pub dial_ring_seconds: u32,
}

impl Default for Pbx {
    fn default() -> Self {
        Self {
            lines: Vec::new(),
            host: "127.0.0.1".to_owned(),
            port: 5038,
            username: "belbrug".to_owned(),
            secret: Personal::default(),
            secret_file: None,
            ca_file: None,
            plain_login: false,
            technology: "PJSIP".to_owned(),
            dial_context: "belbrug-click".to_owned(),
            dial_ring_seconds: 20,
        }
    }
}

/// `[sip]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sip {
    /// Patterns of the agents' extensions that are watched and dialled by SIP; none leaves SIP off.
    pub lines: Vec<String>,
    /// Name or address.
    pub server: String,
    /// The port; without one it is looked up (SRV), and is the transport's own where nothing says it.
    pub port: Option<u16>,
    /// What carries the messages.
    pub transport: SipTransport,
    /// What addresses at the PBX end with; the server where it is not said.
    pub domain: Option<String>,
    /// Our account.
    pub username: String,
    /// Its secret; `load` fills it from `secret_file`.
    pub secret: Personal<String>,
    /// The file with the secret.
    pub secret_file: Option<PathBuf>,
    /// The only realm that is proved to; the first that the PBX names where it is not said.
    pub realm: Option<String>,
    /// TLS is checked against these certificates.
    pub ca_file: PathBuf,
    /// Whether the PBX is told where we are.
    pub register: bool,
    /// Where we listen.
    pub listen: SocketAddr,
    /// What the PBX wants before the country code of a number.
    pub dial_prefix: String,
    /// Who calls the debtor.
    pub dial_by: SipDialBy,
}

/// How keys of the pad go to the PBX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum KeysBy {
    /// In the audio, as events (RFC 4733).
    #[default]
    Rtp,
    /// As messages of SIP (INFO with `application/dtmf-relay`).
    Info,
}

/// Whether the audio of phones in browsers is secret on its way to and from the PBX (SRTP, with keys by RFC 4568).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Srtp {
    /// Where the PBX offers it.
    #[default]
    Accept,
    /// Always: calls without it are refused.
    Require,
}

/// Who calls the debtor when an agent clicks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum SipDialBy {
    /// Belbrug, which joins the two.
    #[default]
    Invite,
    /// The agent's phone, which is asked to.
    Refer,
}

/// What carries SIP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum SipTransport {
    /// What the server's name says (NAPTR), else UDP.
    Auto,
    /// Datagrams.
    #[default]
    Udp,
    /// A connection.
    Tcp,
    /// A connection that nobody reads along.
    Tls,
}

impl Default for Sip {
    fn default() -> Self {
        Self {
            lines: Vec::new(),
            server: "127.0.0.1".to_owned(),
            port: None,
            transport: SipTransport::Udp,
            domain: None,
            username: "belbrug".to_owned(),
            secret: Personal::default(),
            secret_file: None,
            realm: None,
            ca_file: PathBuf::from("/etc/ssl/certs/ca-certificates.crt"),
            register: true,
            listen: SocketAddr::from(([0, 0, 0, 0], 0)),
            dial_prefix: "+".to_owned(),
            dial_by: SipDialBy::Invite,
        }
    }
}

impl Sip {
    /// Whether there is a line at all.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        !self.lines.is_empty()
    }
}

/// `[browser]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Browser {
    /// Patterns of the extensions whose phone is the agent's browser; none leaves them off.
    pub lines: Vec<String>,
    /// The secret of each at the PBX; `load` fills it from `secrets_file`.
    pub secrets: BTreeMap<Extension, Personal<String>>,
    /// The file with them, an extension and its secret a line.
    pub secrets_file: Option<PathBuf>,
    /// Where browsers send their audio.
    pub listen: SocketAddr,
    /// Where they find that; where it listens when nothing is said.
    pub announce: Vec<IpAddr>,
    /// The first and the last port for audio of the PBX.
    pub rtp_ports: [u16; 2],
    /// How keys go to the PBX.
    pub keys: KeysBy,
    /// Whether its audio is secret.
    pub srtp: Srtp,
}

impl Default for Browser {
    fn default() -> Self {
        Self {
            lines: Vec::new(),
            secrets: BTreeMap::new(),
            secrets_file: None,
            listen: SocketAddr::from(([0, 0, 0, 0], 0)),
            announce: Vec::new(),
            rtp_ports: [10_000, 19_999],
            keys: KeysBy::default(),
            srtp: Srtp::default(),
        }
    }
}

impl Browser {
    /// Whether there are any.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        !self.lines.is_empty()
    }
}

/// `[web]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// Address and port.
    pub listen: SocketAddr,
    /// HTTPS: the certificate.
    pub certificate: Option<PathBuf>,
    /// HTTPS: its key.
    pub key: Option<PathBuf>,
    /// Proxies whose word about the client's address and protocol is taken.
    pub trusted_proxies: Vec<IpAddr>,
    /// Where new agents practise; the desk's menu leads there.
    pub practice: Option<String>,
    /// Of the sign-in page.
    pub language: String,
    /// Hours.
    pub session_hours: u32,
}

impl Default for Web {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            certificate: None,
            key: None,
            trusted_proxies: Vec::new(),
            practice: None,
            language: "nl".to_owned(),
            session_hours: 12,
        }
    }
}

/// `[store]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSettings {
    /// `sqlite:PATH` or `postgres://...`; it may hold a password.
    pub url: Personal<String>,
    /// Numbers that are kept in memory at most, for the moment when the phone rings.
    pub numbers_in_memory: usize,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self { url: "sqlite:data/belbrug.db".to_owned().into(), numbers_in_memory: 6_000_000 }
    }
}

/// `[recording]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recording {
    /// Where the PBX writes, as this machine sees it.
    pub folder: Option<PathBuf>,
    /// Where finished recordings are.
    pub keep: PathBuf,
    /// What is said to the debtor, by creditor. Who has none is never recorded.
    pub notices: BTreeMap<String, String>,
}

impl Default for Recording {
    fn default() -> Self {
        Self { folder: None, keep: PathBuf::from("data/recordings"), notices: BTreeMap::new() }
    }
}

/// `[metrics]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Whether `/metrics` is there.
    pub enabled: bool,
    /// What others than this machine must send as a bearer token.
    pub token: Personal<String>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { enabled: true, token: Personal::default() }
    }
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Level, or levels per module.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned() }
    }
}
