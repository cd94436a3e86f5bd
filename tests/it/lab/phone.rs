//! A telephone: baresip, told what to do over its control port.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::tone::wav;
use super::{PATIENCE, Pbx, free_port, udp_bound, until, until_async};

/// How long a phone gets to say goodbye to its PBX when it is dropped.
const GOODBYE: Duration = Duration::from_secs(1);

/// A phone, an agent's (registered) or an outside one; dropping it hangs up, unregisters and ends baresip.
#[derive(Debug)]
pub struct Phone {
    /// An agent's extension, e.g. 101, or the number of an outside phone.
    pub extension: String,
    /// What it calls through.
    pbx_sip_port: u16,
    _baresip: Baresip,
    scratch: tempfile::TempDir,
    control: tokio::sync::Mutex<OwnedWriteHalf>,
    messages: Arc<Mutex<Vec<String>>>,
    /// How many messages the waiting methods have read past.
    read_past: Mutex<usize>,
}

impl Phone {
    /// Starts a phone for this extension and waits until the PBX has accepted its registration.
    pub async fn register(pbx: &Pbx, extension: &str) -> Self {
        let phone = Self::asks_to_register_at(pbx.sip_port, &pbx.sip_secret, extension).await;
        if !phone.is_registered().await {
            let log = std::fs::read_to_string(&pbx.log).unwrap_or_default();
            let last: Vec<&str> = log.lines().rev().take(40).collect();
            let state = format!("{}{}", pbx.cli("pjsip show transports").await, pbx.cli("core show taskprocessors").await);
            panic!("{extension} did not register:\n{}\nthe PBX, the newest first:\n{}\n{state}", phone.log(), last.join("\n"));
        }
        phone
    }

    /// The same at any exchange of the loopback.
    pub async fn register_at(sip: u16, secret: &str, extension: &str) -> Self {
        let phone = Self::asks_to_register_at(sip, secret, extension).await;
        assert!(phone.is_registered().await, "{extension} did not register:\n{}", phone.log());
        phone
    }

    async fn asks_to_register_at(sip: u16, secret: &str, extension: &str) -> Self {
        // Whatever it calls, it calls through its exchange, as phones of an office do.
        let account = format!(
            "<sip:{extension}@127.0.0.1:{sip}>;auth_user={extension};auth_pass={secret};outbound=\"sip:127.0.0.1:{sip}\";\
             answermode=manual;regint=600\n"
        );
        Self::start(sip, extension, 0, &account, 440.0).await
    }

    /// Whether its exchange knows it before long.
    async fn is_registered(&self) -> bool {
        // The event may have come before the control port was open; the log has it in any case.
        until(|| self.log().contains("200 OK (").then_some(())).await.is_some()
    }

    /// Starts a phone of somebody outside, who calls through the trunk.
    pub async fn outside(pbx: &Pbx, number: &str, name: &str) -> Self {
        Self::on_the_trunk(pbx.sip_port, number, name, pbx.next_caller_port()).await
    }

    /// Starts a phone of somebody outside, who is called through the trunk: one at a time.
    pub async fn outside_to_be_called(pbx: &Pbx, number: &str, name: &str) -> Self {
        Self::on_the_trunk(pbx.sip_port, number, name, pbx.trunk_port).await
    }

    /// Starts a phone of somebody outside at this port, of any exchange of the loopback. Speaks another tone than the agents' phones.
    pub async fn on_the_trunk(sip: u16, number: &str, name: &str, port: u16) -> Self {
        let account = format!("\"{name}\" <sip:{number}@127.0.0.1:{port}>;answermode=manual;regint=0\n");
        let phone = Self::start(sip, number, port, &account, 1000.0).await;
        let listens = until(|| udp_bound(port).then_some(()));
        assert!(listens.await.is_some(), "{number} does not listen on {port}:\n{}", phone.log());
        phone
    }

    async fn start(pbx_sip_port: u16, extension: &str, sip_port: u16, account: &str, hertz: f64) -> Self {
        let scratch = tempfile::tempdir().expect("a scratch folder");
        let port = free_port();
        write_config(scratch.path(), sip_port, account, hertz, port);
        let log = File::create(scratch.path().join("log")).expect("baresip's log");
        let mut command = Command::new("baresip");
        // With -s the log has every SIP message.
        command.arg("-s").arg("-f").arg(scratch.path()).current_dir(scratch.path()).stdin(Stdio::null());
        command.stdout(log.try_clone().expect("baresip's log")).stderr(log);
        let baresip = command.spawn().unwrap_or_else(|e| panic!("baresip does not start ({e}): run scripts/tools"));
        let baresip = Baresip(baresip);
        let stream = until_async(|| async move { TcpStream::connect(("127.0.0.1", port)).await.ok() }).await;
        let Some(stream) = stream else { panic!("baresip's control port never opened:\n{}", log_in(scratch.path())) };
        let (read, write) = stream.into_split();
        let messages = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(keep(read, Arc::clone(&messages)));
        Self {
            extension: extension.to_owned(),
            pbx_sip_port,
            _baresip: baresip,
            scratch,
            control: tokio::sync::Mutex::new(write),
            messages,
            read_past: Mutex::new(0),
        }
    }

    /// Waits until a call comes in that was not waited for before.
    pub async fn wait_ringing(&self) {
        self.wait_event("CALL_INCOMING").await;
    }

    /// Takes the call, and waits until it stands. A call that is going on is held first.
    pub async fn answer(&self) {
        self.command("accept", "").await;
        self.wait_event("CALL_ESTABLISHED").await;
    }

    /// Takes the call if there is one.
    pub async fn tries_to_answer(&self) {
        self.command("accept", "").await;
    }

    /// Counts everything that happened up to now as waited for.
    pub fn forget(&self) {
        *self.read_past.lock().unwrap_or_else(PoisonError::into_inner) = self.messages().len();
    }

    /// Hangs up, or rejects the call when it still rings.
    pub async fn hang_up(&self) {
        self.command("hangup", "").await;
    }

    /// Calls an extension, or an outside number.
    pub async fn dial(&self, number: &str) {
        self.command("dial", &self.uri(number)).await;
    }

    /// Waits until the other side rings.
    pub async fn wait_rings_there(&self) {
        self.wait_event("CALL_RINGING").await;
    }

    /// Waits until the other side has answered.
    pub async fn wait_answered(&self) {
        self.wait_event("CALL_ESTABLISHED").await;
    }

    /// Turns to the first, second ... of its calls.
    pub async fn turn_to(&self, call: usize) {
        self.command("line", &call.to_string()).await;
    }

    /// Presses keys during a call.
    pub async fn press(&self, keys: &str) {
        self.command("sndcode", keys).await;
    }

    /// Transfers the call blindly (REFER).
    pub async fn transfer(&self, number: &str) {
        self.command("transfer", &self.uri(number)).await;
    }

    /// Transfers the first call to the party of the second, its consultation, whether that has answered or not (REFER
    /// with Replaces).
    pub async fn transfer_to_consulted(&self, number: &str) {
        let dialog = until(|| last_dialog(&self.log())).await;
        let Some((call_id, ours, theirs)) = dialog else { panic!("{} has no call to complete:\n{}", self.extension, self.log()) };
        self.turn_to(1).await;
        let call_id = call_id.replace('@', "%40");
        let uri = self.uri(number);
        self.command("transfer", &format!("{uri}?Replaces={call_id}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}")).await;
    }

    fn uri(&self, number: &str) -> String {
        format!("sip:{number}@127.0.0.1:{}", self.pbx_sip_port)
    }

    /// Puts the call on hold.
    pub async fn hold(&self) {
        self.command("hold", "").await;
    }

    /// Takes the call off hold.
    pub async fn resume(&self) {
        self.command("resume", "").await;
    }

    /// Waits until a call is over, whoever ended it.
    pub async fn wait_closed(&self) {
        self.wait_event("CALL_CLOSED").await;
    }

    /// What this phone has heard, as WAV files, one a call, the oldest first (complete once the call is over).
    pub fn heard(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.scratch.path()).expect("baresip's folder");
        let mut heard: Vec<PathBuf> = files.filter_map(|file| Some(file.ok()?.path())).collect();
        heard.retain(|path| path.to_string_lossy().ends_with("-dec.wav"));
        heard.sort();
        heard
    }

    /// What baresip said.
    pub fn log(&self) -> String {
        log_in(self.scratch.path())
    }

    /// The messages of the control port, as they came.
    pub fn messages(&self) -> Vec<String> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for an event of baresip that no earlier wait has read past.
    pub async fn wait_event(&self, kind: &str) {
        let wanted = format!("\"type\":\"{kind}\"");
        let found = until(|| {
            let messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
            let mut read_past = self.read_past.lock().unwrap_or_else(PoisonError::into_inner);
            let at = messages.iter().skip(*read_past).position(|message| message.contains(&wanted))?;
            *read_past += at + 1;
            Some(())
        });
        if found.await.is_none() {
            panic!("{}: no {kind} within {PATIENCE:?}; events:\n{:#?}\n{}", self.extension, self.messages(), self.log());
        }
    }

    /// Gives one command and waits until baresip says that it took it.
    async fn command(&self, command: &str, params: &str) {
        let answers = || self.messages().iter().filter(|message| message.contains("\"response\":true")).count();
        let mut control = self.control.lock().await;
        let before = answers();
        let text = format!("{{\"command\":\"{command}\",\"params\":\"{params}\"}}");
        let text = format!("{}:{text},", text.len());
        control.write_all(text.as_bytes()).await.expect("baresip's control port");
        let taken = until(|| (answers() > before).then_some(()));
        assert!(taken.await.is_some(), "{} did not take {command}:\n{}", self.extension, self.log());
    }
}

/// The program itself; dropping it lets it say goodbye and ends it.
#[derive(Debug)]
struct Baresip(Child);

impl Drop for Baresip {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).output();
        let deadline = Instant::now() + GOODBYE;
        while matches!(self.0.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Keeps the control port's messages (JSON in netstrings, `LENGTH:TEXT,`) until baresip ends.
async fn keep(read: OwnedReadHalf, messages: Arc<Mutex<Vec<String>>>) {
    let mut read = BufReader::new(read);
    loop {
        let mut length = Vec::new();
        if !matches!(read.read_until(b':', &mut length).await, Ok(1..)) {
            return;
        }
        let length = String::from_utf8_lossy(&length);
        let Ok(length) = length.trim_end_matches(':').trim_start_matches(',').parse::<usize>() else {
            return;
        };
        let mut text = vec![0; length];
        if read.read_exact(&mut text).await.is_err() {
            return;
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        messages.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }
}

fn log_in(folder: &Path) -> String {
    std::fs::read(folder.join("log")).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// The Call-ID, our tag and their tag of the call that this phone began last, from its log of SIP messages.
fn last_dialog(log: &str) -> Option<(String, String, String)> {
    let header = |message: &str, name: &str| message.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
    let tag = |value: &str| value.split(";tag=").nth(1).map(|rest| rest.split(';').next().unwrap_or_default().to_owned());
    let replies: Vec<&str> =
        log.split("SIP/2.0 ").filter(|reply| reply.starts_with("180") || reply.starts_with("183") || reply.starts_with("200")).collect();
    let last = replies.iter().rev().find(|reply| header(reply, "CSeq:").is_some_and(|cseq| cseq.ends_with("INVITE")))?;
    Some((header(last, "Call-ID:")?, tag(&header(last, "From:")?)?, tag(&header(last, "To:")?)?))
}

/// A folder that baresip runs from: it speaks a tone, keeps what it hears, and rings without a sound card.
fn write_config(folder: &Path, sip_port: u16, account: &str, hertz: f64, port: u16) {
    let at = |name: &str| folder.join(name).display().to_string();
    let write = |name: &str, text: &[u8]| std::fs::write(folder.join(name), text).expect("baresip's folder");
    write("accounts", account.as_bytes());
    write("contacts", b"");
    let config = [
        "poll_method epoll".to_owned(),
        format!("sip_listen 127.0.0.1:{sip_port}"),
        "call_local_timeout 120".to_owned(),
        "call_max_calls 4".to_owned(),
        format!("audio_path {}", folder.display()),
        format!("audio_source aufile,{}", at("speech.wav")),
        format!("snd_path {}", folder.display()),
        "rtp_ports 10000-19999".to_owned(),
        "statmode_default off".to_owned(),
        "ringback_disabled yes".to_owned(),
        "module_path /usr/lib/baresip/modules".to_owned(),
        "module g711.so".to_owned(),
        "module aufile.so".to_owned(),
        "module sndfile.so".to_owned(),
        "module ctrl_tcp.so".to_owned(),
        "module_app account.so".to_owned(),
        "module_app contact.so".to_owned(),
        "module_app menu.so".to_owned(),
        format!("ctrl_tcp_listen 127.0.0.1:{port}\n"),
    ];
    write("config", config.join("\n").as_bytes());
    write("speech.wav", &wav(hertz, 60));
    // Without these files baresip complains at every call, and nobody hears them.
    for sound in ["ring", "ringback", "callwaiting", "busy", "error", "notfound", "message", "alert"] {
        write(&format!("{sound}.wav"), &wav(0.0, 1));
    }
}
