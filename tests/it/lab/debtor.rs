//! Whoever is at the other end of the trunk, played by SIPp.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{PATIENCE, Pbx, free_media_port, free_port, udp_bound, until};

/// Longer than any test.
const NEVER: Duration = Duration::from_secs(600);

/// What a debtor's side says first.
const RINGING: [(&str, &str); 2] = [("provisional", "180 Ringing"), ("early_media", "Content-Length: 0\n")];
const PROGRESS: [(&str, &str); 2] = [
    ("provisional", "183 Session Progress"),
    (
        "early_media",
        "Content-Type: application/sdp\nContent-Length: [len]\n\nv=0\no=debtor 53655765 2353687637 IN IP4 [local_ip]\ns=-\n\
         c=IN IP4 [media_ip]\nt=0 0\nm=audio [media_port] RTP/AVP 8\na=rtpmap:8 PCMA/8000\n",
    ),
];

/// One call of a debtor; dropping it ends SIPp at once, without a goodbye.
#[derive(Debug)]
pub struct Debtor {
    sipp: Child,
    scratch: tempfile::TempDir,
}

impl Debtor {
    /// Calls `to` (`31101` rings 101, `31900` is the queue) as `number`, or withheld when `number` is `anonymous`.
    /// Once answered: hangs up after that time, or waits for the other side to.
    pub async fn calls(pbx: &Pbx, to: &str, number: &str, name: &str, hang_up_after: Option<Duration>) -> Self {
        let caller = caller(to, number, name);
        Self::start(pbx, "calls", pbx.next_caller_port(), &caller, Duration::ZERO, hang_up_after)
    }

    /// Calls like [`Debtor::calls`] and gives up when it has rung for `after`. Only where it rings before it is
    /// answered: the queue answers at once, so there let [`Debtor::calls`] hang up.
    pub async fn gives_up(pbx: &Pbx, to: &str, number: &str, name: &str, after: Duration) -> Self {
        Self::start(pbx, "gives_up", pbx.next_caller_port(), &caller(to, number, name), after, None)
    }

    /// Is called, rings for `ring`, answers, and talks until the agent hangs up.
    pub async fn answers(pbx: &Pbx, ring: Duration) -> Self {
        Self::listen(pbx, "answers", &[], ring, None).await
    }

    /// Several at the same number: are called, ring for `ring`, answer, and hang up after `talk`.
    pub async fn many_answer(pbx: &Pbx, many: usize, ring: Duration, talk: Duration) -> Self {
        let fills = RINGING.map(|(key, value)| (key, value.to_owned()));
        let mut debtors = Self::start_many(pbx, "answers", pbx.trunk_port, &fills, ring, Some(talk), many);
        debtors.wait_listens(pbx.trunk_port).await;
        debtors
    }

    /// Is called, rings for `ring`, answers, and hangs up after `talk`.
    pub async fn answers_and_hangs_up(pbx: &Pbx, ring: Duration, talk: Duration) -> Self {
        Self::listen(pbx, "answers", &[], ring, Some(talk)).await
    }

    /// Is called, rings for `ring` and refuses with `status`, e.g. `486 Busy Here` or `403 Forbidden`.
    pub async fn refuses(pbx: &Pbx, ring: Duration, status: &str) -> Self {
        Self::listen(pbx, "refuses", &[("status", status.to_owned())], ring, None).await
    }

    /// Is called; the network reports progress only (183 with sound, e.g. an announcement) for `progress`; answers, and
    /// talks until the agent hangs up.
    pub async fn progresses_and_answers(pbx: &Pbx, progress: Duration) -> Self {
        Self::listen_first_saying(pbx, "answers", PROGRESS, &[], progress, None).await
    }

    /// Is called; the network reports progress only for `progress`, and then refuses with `status`.
    pub async fn progresses_and_refuses(pbx: &Pbx, progress: Duration, status: &str) -> Self {
        Self::listen_first_saying(pbx, "refuses", PROGRESS, &[("status", status.to_owned())], progress, None).await
    }

    /// Is called, and the network refuses with `status` at once.
    pub async fn refuses_at_once(pbx: &Pbx, status: &str) -> Self {
        let fills = [("status", status.to_owned()), ("contact", String::new())];
        Self::listen(pbx, "refuses_at_once", &fills, Duration::ZERO, None).await
    }

    /// Not a debtor: the phone of an agent, registered, who has forwarded it. It answers the next call with 302 and the
    /// extension `to`.
    pub async fn phone_that_forwards(pbx: &Pbx, extension: &str, to: &str) -> Self {
        let port = free_port();
        let user = [("user", extension.to_owned()), ("secret", pbx.sip_secret.clone())];
        Self::start(pbx, "registers", port, &user, Duration::ZERO, None).wait().await;
        let contact = format!("Contact: <sip:{to}@127.0.0.1:{}>\n", pbx.sip_port);
        let fills = [("status", "302 Moved Temporarily".to_owned()), ("contact", contact)];
        let mut phone = Self::start(pbx, "refuses_at_once", port, &fills, Duration::ZERO, None);
        phone.wait_listens(port).await;
        phone
    }

    /// Is called and rings until the PBX gives up.
    pub async fn never_answers(pbx: &Pbx) -> Self {
        Self::listen(pbx, "never_answers", &[], Duration::ZERO, None).await
    }

    /// Waits until the call is over for this debtor. Fails the test when it did not go as the scenario says.
    pub async fn wait(&mut self) {
        let sipp = &mut self.sipp;
        let ended = until(|| sipp.try_wait().expect("SIPp's status")).await;
        match ended {
            Some(status) if status.success() => {}
            Some(status) => panic!("SIPp ended with {status}:\n{}", self.said()),
            None => panic!("SIPp still runs after {PATIENCE:?}:\n{}", self.said()),
        }
    }

    /// What SIPp said, its errors first.
    pub fn said(&self) -> String {
        let read = |name| std::fs::read(self.scratch.path().join(name)).unwrap_or_default();
        [read("errors"), read("screen")].iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect()
    }

    /// Starts a debtor who is called, and waits until he can be.
    async fn listen(pbx: &Pbx, scenario: &str, fills: &[(&str, String)], ring: Duration, talk: Option<Duration>) -> Self {
        Self::listen_first_saying(pbx, scenario, RINGING, fills, ring, talk).await
    }

    /// The same for a debtor whose first word is not that it rings.
    async fn listen_first_saying(
        pbx: &Pbx,
        scenario: &str,
        first: [(&str, &str); 2],
        fills: &[(&str, String)],
        ring: Duration,
        talk: Option<Duration>,
    ) -> Self {
        assert!(
            until(|| (!udp_bound(pbx.trunk_port)).then_some(())).await.is_some(),
            "another debtor still listens on the trunk: one call out at a time"
        );
        let mut fills = fills.to_vec();
        fills.extend(first.map(|(key, value)| (key, value.to_owned())));
        let mut debtor = Self::start(pbx, scenario, pbx.trunk_port, &fills, ring, talk);
        debtor.wait_listens(pbx.trunk_port).await;
        debtor
    }

    async fn wait_listens(&mut self, port: u16) {
        let sipp = &mut self.sipp;
        let mut ended = || !matches!(sipp.try_wait(), Ok(None));
        let up = until(|| if ended() { Some(false) } else { udp_bound(port).then_some(true) }).await;
        assert_eq!(up, Some(true), "SIPp does not listen:\n{}", self.said());
    }

    /// Writes the scenario with everything filled in, and starts SIPp with it. The places are filled in here, as
    /// text, because SIPp reads timeouts and response codes before it knows its own keys.
    fn start(pbx: &Pbx, scenario: &str, port: u16, fills: &[(&str, String)], ring: Duration, talk: Option<Duration>) -> Self {
        Self::start_many(pbx, scenario, port, fills, ring, talk, 1)
    }

    fn start_many(pbx: &Pbx, scenario: &str, port: u16, fills: &[(&str, String)], ring: Duration, talk: Option<Duration>, many: usize) -> Self {
        let scratch = tempfile::tempdir().expect("a scratch folder");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/lab/sipp/{scenario}.xml"));
        let mut text = std::fs::read_to_string(&source).unwrap_or_else(|e| panic!("{}: {e}", source.display()));
        let times = [("ring", ring), ("hang_up_after", talk.unwrap_or(NEVER))];
        let times = times.map(|(key, time)| (key, time.as_millis().to_string()));
        for (key, value) in times.iter().chain(fills) {
            text = text.replace(&format!("{{{key}}}"), value);
        }
        let file = scratch.path().join("scenario.xml");
        std::fs::write(&file, text).expect("the scenario");
        let mut sipp = Command::new("sipp");
        sipp.arg("-sf").arg(&file).args(["-i", "127.0.0.1", "-nostdin", "-rtp_echo"]).arg("-m").arg(many.to_string());
        sipp.args(["-p", &port.to_string(), "-mp", &free_media_port().to_string()]);
        sipp.arg("-trace_err").arg("-error_file").arg(scratch.path().join("errors"));
        sipp.arg(format!("127.0.0.1:{}", pbx.sip_port)).current_dir(scratch.path()).stdin(Stdio::null());
        let screen = File::create(scratch.path().join("screen")).expect("SIPp's screen");
        sipp.stdout(screen.try_clone().expect("SIPp's screen")).stderr(screen);
        let sipp = sipp.spawn().unwrap_or_else(|e| panic!("sipp does not start ({e}): run scripts/tools"));
        Self { sipp, scratch }
    }
}

impl Drop for Debtor {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.sipp.kill();
        let _ = self.sipp.wait();
    }
}

/// The places in a calling scenario.
fn caller(to: &str, number: &str, name: &str) -> [(&'static str, String); 4] {
    let withheld = number == "anonymous";
    let name = if withheld { "Anonymous" } else { name };
    let host = if withheld { "anonymous.invalid" } else { "[local_ip]:[local_port]" };
    let shown = if name.is_empty() { String::new() } else { format!("{} ", literal(&quoted(name))) };
    let privacy = if withheld { "Privacy: id\n" } else { "" };
    [("to", to.to_owned()), ("from", format!("{shown}<sip:{number}@{host}>")), ("user", number.to_owned()), ("privacy", privacy.to_owned())]
}

/// A display name as SIP writes it: in quotes, which it may hold when they are escaped. It cannot hold a line end.
fn quoted(name: &str) -> String {
    let mut out = String::from("\"");
    for c in name.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\r' | '\n' | '\0' => out.push(' '),
            _ => out.push(c),
        }
    }
    out + "\""
}

/// Text that SIPp sends as it is, whatever XML, CDATA or SIPp's own keys would make of it: SIPp reads `\xHH`.
fn literal(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || byte == b' ' {
            out.push(char::from(byte));
        } else {
            write!(out, "\\x{byte:02x}").expect("a String takes it");
        }
        out
    })
}
