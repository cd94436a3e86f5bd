//! The lab: a real Asterisk, real SIP phones and real SIP callers, all on loopback.
//!
//! [`Pbx`] is the PBX, [`Phone`] an agent's telephone, [`Debtor`] whoever is at the other end of the trunk, and
//! [`AmiTap`] a manager connection that keeps every byte. Nothing is skipped where a tool is missing: the test
//! fails and says what `scripts/tools` has to install. Nothing waits for luck either: everything waits for what it
//! needs to see, at most [`PATIENCE`], and says what it saw instead.
pub mod ami_tap;
pub mod debtor;
pub mod pbx;
pub mod phone;
pub mod record;
pub mod tone;

use std::future::Future;
use std::net::{TcpListener, UdpSocket};
use std::time::{Duration, Instant};

pub use ami_tap::AmiTap;
pub use debtor::Debtor;
pub use pbx::Pbx;
pub use phone::Phone;

/// How long the lab waits for anything before it fails the test.
pub const PATIENCE: Duration = Duration::from_secs(25);

/// Asks `look` again and again until it finds something; `None` when that took longer than [`PATIENCE`].
pub async fn until<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    until_async(|| std::future::ready(look())).await
}

/// Like [`until`], for a question that takes time itself.
pub async fn until_async<T, F: Future<Output = Option<T>>>(mut look: impl FnMut() -> F) -> Option<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = look().await;
        if found.is_some() || Instant::now() > deadline {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A TCP port of the loopback that is free now.
fn free_tcp_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").and_then(|s| s.local_addr());
    socket.expect("a free TCP port").port()
}

/// An even UDP port of the loopback that is free now, with the one after it (RTP needs a pair).
fn free_udp_port() -> u16 {
    let free = |port: &u16| port.is_multiple_of(2) && UdpSocket::bind(("127.0.0.1", port + 1)).is_ok();
    let any = || UdpSocket::bind("127.0.0.1:0").and_then(|s| s.local_addr()).map(|a| a.port());
    (0..200).filter_map(|_| any().ok()).find(free).expect("a free UDP port")
}

/// Does anything listen on this UDP port of the loopback (or of every address)?
fn udp_bound(port: u16) -> bool {
    let table = std::fs::read_to_string("/proc/net/udp").unwrap_or_default();
    let wanted = format!(":{port:04X}");
    table.lines().skip(1).any(|line| line.split_whitespace().nth(1).is_some_and(|local| local.ends_with(&wanted)))
}
