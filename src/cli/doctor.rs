//! `belbrug doctor`: looks at everything that must be right, says what is not, and what to do.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use belbrug::bridge::link::{Address, connect};
use belbrug::bridge::sip::examine::examine;
use belbrug::clock::{Clock, SystemClock};
use belbrug::config::{self, Config, SipTransport, Srtp};
use belbrug::ids::Extension;
use belbrug::store::pool::Store;
use belbrug::store::read::accounts::Role;
use belbrug::telephony::ami::action::Action;
use belbrug::telephony::ami::frame::{FrameBuffer, text};
use belbrug::telephony::ami::session::{Account, Heard, Session};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::say;
use super::service::{announced, patterns, sip_setup};

/// The PBX gets this long to answer all questions.
const PATIENCE: Duration = Duration::from_secs(10);
/// Clocks that differ by more than this make reports confusing.
const CLOCK_SECONDS_MAX: f64 = 2.0;
/// What Belbrug asks for, and the class in manager.conf that allows it.
const NEEDED: [(&str, &str); 3] = [("Originate", "write = originate"), ("Hangup", "write = call"), ("CoreShowChannels", "write = reporting")];
/// What Belbrug never asks for.
const TOO_MUCH: [(&str, &str); 3] = [("Command", "command"), ("MixMonitor", "system"), ("UpdateConfig", "config")];

#[derive(Debug, Default)]
struct Report {
    problems: usize,
}

impl Report {
    fn good(&self, line: &str) {
        say(&format!("  ok       {line}"));
    }

    fn warn(&self, line: &str) {
        say(&format!("  look at  {line}"));
    }

    fn bad(&mut self, line: &str) {
        self.problems += 1;
        say(&format!("  WRONG    {line}"));
    }
}

pub(crate) async fn doctor(path: &Path) -> anyhow::Result<()> {
    let mut report = Report::default();
    let config = match config::load(path) {
        Ok(config) => config,
        Err(error) => {
            report.bad(&error.to_string());
            bail!("the config must be mended first");
        }
    };
    report.good(&format!("config {}", path.display()));
    super::start_log("error")?;
    let extensions = database(&config, &mut report).await;
    if config.uses_manager() {
        match tokio::time::timeout(PATIENCE, pbx(&config, &mut report)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => report.bad(&format!("PBX: {error:#}")),
            Err(_) => report.bad(&format!("PBX: it did not answer within {} s", PATIENCE.as_secs())),
        }
    }
    if config.browser.is_on() {
        browser(&config, &extensions, &mut report)?;
    }
    if config.sip.is_on()
        && let Err(error) = sip(&config, extensions, &mut report).await
    {
        report.bad(&format!("SIP: {error:#}"));
    }
    if report.problems > 0 {
        bail!("{} things must be mended", report.problems);
    }
    say("Everything that Belbrug needs is there.");
    Ok(())
}

/// Looks at the database; the extensions of those who have one.
async fn database(config: &Config, report: &mut Report) -> BTreeSet<Extension> {
    let store = match Store::open(config.store.url.reveal()).await {
        Ok(store) => store,
        Err(error) => {
            report.bad(&format!("[store] url: {error}"));
            return BTreeSet::new();
        }
    };
    report.good(&format!("database: {}", store.kind()));
    let users = store.users().await.unwrap_or_else(|error| {
        report.bad(&error.to_string());
        Vec::new()
    });
    if !users.iter().any(|user| user.role == Role::Admin && !user.disabled) {
        report.bad("there is no admin yet: belbrug user add LOGIN --role admin");
    }
    store.close().await;
    users.iter().filter(|user| !user.disabled).filter_map(|user| user.profile()).map(|profile| profile.extension).collect()
}

/// Looks at what phones in browsers need. They are not registered: that could take them away from a service that runs.
fn browser(config: &Config, extensions: &BTreeSet<Extension>, report: &mut Report) -> anyhow::Result<()> {
    let (browser, lines) = (&config.browser, patterns(&config.browser.lines)?);
    for extension in extensions.iter().filter(|extension| lines.iter().any(|line| line.matches(extension.as_str()))) {
        if browser.secrets.contains_key(extension) {
            report.good(&format!("browser: extension {extension} has a secret"));
        } else {
            report.bad(&format!("browser: extension {extension} has no secret: write it and its secret at the PBX into [browser] secrets_file"));
        }
    }
    if config.web.certificate.is_none() && config.web.trusted_proxies.is_empty() {
        report.warn("browser: browsers ask for a microphone on https pages and on this machine only: see [web] certificate");
    }
    if browser.srtp == Srtp::Require && config.sip.transport != SipTransport::Tls {
        report.warn("browser: the keys of audio can be read by whoever reads SIP along: set [sip] transport = \"tls\"");
    }
    let at: Vec<String> = announced(browser).iter().map(ToString::to_string).collect();
    let at = if at.is_empty() { browser.listen.ip().to_string() } else { at.join(" or ") };
    let free = std::net::UdpSocket::bind(browser.listen).and_then(|_| std::net::TcpListener::bind(browser.listen));
    match (free, browser.listen.port()) {
        (Ok(_), 0) => report.warn(&format!("browser: audio comes to {at}, at a port that changes: a firewall needs one in [browser] listen")),
        (Ok(_), port) => report.good(&format!("browser: audio comes to {at}, port {port} (UDP, and TCP for those whose UDP is blocked)")),
        (Err(error), port) => {
            report.warn(&format!("browser: audio comes to {at}, port {port}, which cannot be had now ({error}): does the service run?"))
        }
    }
    Ok(())
}

/// Registers and watches as the service would.
async fn sip(config: &Config, mut extensions: BTreeSet<Extension>, report: &mut Report) -> anyhow::Result<()> {
    let setup = sip_setup(config)?;
    extensions.retain(|extension| setup.lines.iter().any(|pattern| pattern.matches(extension.as_str())));
    let found = examine(&setup, &extensions, PATIENCE).await.map_err(anyhow::Error::msg)?;
    match &found.known {
        Ok(()) => report.good(&format!("SIP: the PBX at {} knows us as {}", found.peer, setup.credentials.username)),
        Err(why) => report.bad(&format!("SIP: the PBX at {}: {why}. Compare [sip] username, secret and domain with the account there", found.peer)),
    }
    for extension in &extensions {
        match found.phones.get(extension) {
            Some(Ok(())) => report.good(&format!("SIP: extension {extension} is watched")),
            Some(Err(why)) => {
                report.bad(&format!("SIP: extension {extension} is not watched: {why}. It needs a hint, and the account leave to subscribe"))
            }
            None => report.bad(&format!("SIP: extension {extension} is not watched: nothing was told of it within {} s", PATIENCE.as_secs())),
        }
    }
    match found.clock_ahead {
        Some(ahead) if ahead.abs() > CLOCK_SECONDS_MAX => {
            report.warn(&format!("SIP: the PBX's clock differs from ours by {ahead:.0} s: set both by NTP, or reports will confuse"));
        }
        Some(_) => report.good("SIP: the clocks agree"),
        None => report.warn("SIP: the PBX does not tell its time; durations are by our own clock"),
    }
    Ok(())
}

async fn pbx(config: &Config, report: &mut Report) -> anyhow::Result<()> {
    let pbx = &config.pbx;
    let address = Address { host: pbx.host.clone(), port: pbx.port, tls: pbx.ca_file.clone() };
    let mut socket = connect(&address).await?;
    let account = Account { username: pbx.username.clone(), secret: pbx.secret.clone(), plain: pbx.plain_login };
    let mut session = Session::new(account, SystemClock.now());
    let mut buffer = FrameBuffer::new();
    let mut answers = 0;
    while answers < 2 {
        while let Some(bytes) = session.poll_transmit() {
            socket.write_all(&bytes).await?;
        }
        if socket.read_buf(buffer.spare()).await? == 0 {
            bail!("it closed the connection; does permit in manager.conf hold this machine's address?");
        }
        let now = SystemClock.now();
        if session.awaits_greeting() {
            let Some(greeting) = buffer.greeting().context("that port sends no manager protocol; check [pbx] host and port")? else { continue };
            session.handle_greeting(now, &greeting)?;
            report.good(&format!("PBX at {}:{}: {greeting}", pbx.host, pbx.port));
        }
        while let Some(frame) = buffer.next_frame() {
            match session.handle_frame(now, frame?)? {
                Heard::SignedIn => {
                    report.good(&format!("signed in as {}", pbx.username));
                    session.ask(Action::new("Ping"), "ping")?;
                    session.ask(Action::new("ListCommands"), "commands")?;
                }
                Heard::Refused { reason } => {
                    bail!("it does not let {} in: {reason}. Compare [pbx] username and secret with manager.conf", pbx.username)
                }
                Heard::Answer { tag: "ping", frame, .. } => {
                    answers += 1;
                    clock(frame.text("Timestamp").and_then(|at| at.parse().ok()), report);
                }
                Heard::Answer { frame, .. } => {
                    answers += 1;
                    permissions(&frame.fields().map(|(key, _)| text(key).into_owned()).collect(), report);
                }
                Heard::Event(_) | Heard::Nothing => {}
            }
        }
    }
    Ok(())
}

fn clock(pbx: Option<f64>, report: &mut Report) {
    #[expect(clippy::cast_precision_loss, reason = "seconds, to a tenth")]
    let ours = SystemClock.now().0 as f64 / 1e6;
    match pbx {
        Some(pbx) if (pbx - ours).abs() > CLOCK_SECONDS_MAX => {
            report.warn(&format!("the PBX's clock differs from ours by {:.1} s: set both by NTP, or reports will confuse", pbx - ours));
        }
        Some(_) => report.good("the clocks agree"),
        None => report.warn("the PBX does not tell its time: set timestampevents = yes in manager.conf, or durations are by our own clock"),
    }
}

fn permissions(commands: &BTreeSet<String>, report: &mut Report) {
    for (command, class) in NEEDED {
        if commands.contains(command) {
            report.good(&format!("may {command}"));
        } else {
            report.bad(&format!("may not {command}: add {class} to the account in manager.conf"));
        }
    }
    for (command, class) in TOO_MUCH.iter().filter(|(command, _)| commands.contains(*command)) {
        report.warn(&format!("may {command}, which Belbrug never does: take {class} out of write in manager.conf"));
    }
}
