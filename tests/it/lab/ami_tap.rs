//! A manager connection that keeps every byte that Asterisk sends.

use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::JoinHandle;

use super::{Pbx, until};

/// Signed in as `belbrug`; what comes in goes to a file and stays in memory.
#[derive(Debug)]
pub struct AmiTap {
    write: OwnedWriteHalf,
    reader: JoinHandle<()>,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl AmiTap {
    /// Connects and signs in; the file begins with Asterisk's greeting.
    pub async fn open(pbx: &Pbx, path: &Path) -> Self {
        Self::open_as(pbx, "belbrug", path).await
    }

    /// Like [`AmiTap::open`], as another manager user with the same secret.
    pub async fn open_as(pbx: &Pbx, user: &str, path: &Path) -> Self {
        let file = std::fs::File::create(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let stream = TcpStream::connect(("127.0.0.1", pbx.ami_port)).await.expect("the manager interface");
        let (read, write) = stream.into_split();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let reader = tokio::spawn(keep(read, file, Arc::clone(&seen)));
        let mut tap = Self { write, reader, seen };
        tap.send(&[("Action", "Login"), ("Username", user), ("Secret", &pbx.ami_secret)]).await;
        tap.wait_for(b"Message: Authentication accepted\r\n\r\n").await;
        tap
    }

    /// Sends one action.
    pub async fn send(&mut self, fields: &[(&str, &str)]) {
        let mut action: String = fields.iter().map(|(key, value)| format!("{key}: {value}\r\n")).collect();
        action.push_str("\r\n");
        self.write.write_all(action.as_bytes()).await.expect("the manager interface takes an action");
    }

    /// Waits until these bytes have come in since signing in, now or earlier; the place just after them.
    pub async fn wait_for(&self, needle: &[u8]) -> usize {
        self.wait_for_after(0, needle).await
    }

    /// Like [`AmiTap::wait_for`], looking only from the place `from` on.
    pub async fn wait_for_after(&self, from: usize, needle: &[u8]) -> usize {
        let found = until(|| {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let rest = seen.get(from..).unwrap_or_default();
            rest.windows(needle.len()).position(|part| part == needle).map(|at| from + at + needle.len())
        });
        found.await.unwrap_or_else(|| {
            let seen = self.seen();
            panic!("never came: {}\nwhat came:\n{}", String::from_utf8_lossy(needle), String::from_utf8_lossy(&seen))
        })
    }

    /// Waits for an event of this kind that has a line beginning with each of `lines`, e.g. `Channel: PJSIP/102-`; the
    /// place just after it.
    pub async fn wait_event(&self, kind: &str, lines: &[&str]) -> usize {
        self.wait_event_after(0, kind, lines).await
    }

    /// Like [`AmiTap::wait_event`], looking only from the place `from` on.
    pub async fn wait_event_after(&self, from: usize, kind: &str, lines: &[&str]) -> usize {
        let first = format!("Event: {kind}");
        let fits = |frame: &str| {
            let has = |wanted: &&str| frame.lines().any(|line| line.starts_with(*wanted));
            frame.lines().any(|line| line == first) && lines.iter().all(has)
        };
        let found = until(|| {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let text = String::from_utf8_lossy(seen.get(from..).unwrap_or_default());
            let mut end = from;
            text.split_inclusive("\r\n\r\n").find_map(|frame| {
                end += frame.len();
                (frame.ends_with("\r\n\r\n") && fits(frame)).then_some(end)
            })
        });
        found.await.unwrap_or_else(|| panic!("never came: {kind} with {lines:?}\nwhat came:\n{}", String::from_utf8_lossy(&self.seen())))
    }

    /// Has Asterisk ended the connection?
    pub fn ended(&self) -> bool {
        self.reader.is_finished()
    }

    /// Waits until Asterisk has ended the connection.
    pub async fn wait_ended(&mut self) {
        let ended = tokio::time::timeout(super::PATIENCE, &mut self.reader).await;
        assert!(ended.is_ok(), "the connection stands still after {:?}", super::PATIENCE);
    }

    /// Waits until nothing has come in for `pause`.
    pub async fn wait_quiet(&self, pause: Duration) {
        let mut last = None;
        while last != Some(self.seen().len()) {
            last = Some(self.seen().len());
            tokio::time::sleep(pause).await;
        }
    }

    /// Everything that came in up to now.
    pub fn seen(&self) -> Vec<u8> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the connection without signing off; everything that came in.
    pub async fn close(mut self) -> Vec<u8> {
        // The other side may have closed already.
        let _ = self.write.shutdown().await;
        if !self.reader.is_finished() {
            let _ = (&mut self.reader).await;
        }
        self.seen()
    }
}

impl Drop for AmiTap {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Keeps what comes in until the connection ends.
async fn keep(mut read: OwnedReadHalf, mut file: std::fs::File, seen: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = vec![0; 65_536];
    while let Ok(count @ 1..) = read.read(&mut buffer).await {
        let fresh = buffer.get(..count).unwrap_or_default();
        file.write_all(fresh).expect("the capture's file");
        seen.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(fresh);
    }
}
