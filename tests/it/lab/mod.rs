//! The lab: a real Asterisk, real SIP phones and real SIP callers, all on loopback.
//!
//! [`Pbx`] is the PBX, [`Phone`] an agent's telephone, [`Debtor`] whoever is at the other end of the trunk, and
//! [`AmiTap`] a manager connection that keeps every byte. Nothing is skipped where a tool is missing: the test
//! fails and says what `scripts/tools` has to install. Nothing waits for luck either: everything waits for what it
//! needs to see, at most [`PATIENCE`], and says what it saw instead.
pub mod ami_tap;
pub mod debtor;
pub mod kamailio;
pub mod pbx;
pub mod phone;
pub mod record;
pub mod tone;

use std::fs::File;
use std::net::{TcpListener, UdpSocket};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use ami_tap::AmiTap;
pub use debtor::Debtor;
pub use kamailio::Kamailio;
pub use pbx::Pbx;
pub use phone::Phone;

/// How long the lab waits for anything before it fails the test.
pub const PATIENCE: Duration = Duration::from_secs(25);

/// Asks `look` again and again until it finds something; `None` when that took longer than [`PATIENCE`].
pub async fn until<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    until_async(async || look()).await
}

/// Like [`until`], for a question that takes time itself.
pub async fn until_async<T>(mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = look().await;
        if found.is_some() || Instant::now() > deadline {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Ports that the kernel gives to nobody by itself, so that none is taken between being found free and being used.
const OWN_PORTS: Range<u16> = 4000..10_000;

/// A port of the loopback that is free now over TCP and UDP, with the one after it (RTP needs an even one and the next).
pub fn free_port() -> u16 {
    static TURN: AtomicU16 = AtomicU16::new(0);
    let pairs = (OWN_PORTS.end - OWN_PORTS.start) / 2;
    // Tests are processes of their own: each begins somewhere else.
    let begin = std::process::id().wrapping_mul(7919) % u32::from(pairs);
    let begin = u16::try_from(begin).expect("within the range");
    let port = |turn: u16| OWN_PORTS.start + (begin + turn) % pairs * 2;
    let found = (0..pairs).map(|_| port(TURN.fetch_add(1, Ordering::Relaxed) % pairs)).find(|port| is_free(*port) && reserve(*port));
    found.expect("a free port")
}

/// A port whose three followers are free as well: SIPp takes the first for audio and the third for video.
pub fn free_media_port() -> u16 {
    loop {
        let port = free_port();
        if is_free(port + 2) && reserve(port + 2) {
            return port;
        }
    }
}

/// Keeps a port for this process as long as it lives, so that no other test finds it free before it is listened on.
fn reserve(port: u16) -> bool {
    static KEPT: Mutex<Vec<File>> = Mutex::new(Vec::new());
    let file = File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("port-{port}"))).expect("the folder of the tests");
    let is_ours = file.try_lock().is_ok();
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).extend(is_ours.then_some(file));
    is_ours
}

fn is_free(port: u16) -> bool {
    let free = |port| UdpSocket::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok();
    free(port) && free(port + 1)
}

/// Does anything listen on this UDP port of the loopback (or of every address)?
fn udp_bound(port: u16) -> bool {
    let table = std::fs::read_to_string("/proc/net/udp").unwrap_or_default();
    let wanted = format!(":{port:04X}");
    table.lines().skip(1).any(|line| line.split_whitespace().nth(1).is_some_and(|local| local.ends_with(&wanted)))
}
