//! The ways to browsers: datagrams, and for those whose network lets none through, connections (ICE over TCP, RFC 6544), at the same port.

use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use std::collections::{BTreeMap, HashMap, VecDeque};

use mio::net::{TcpListener, TcpStream, UdpSocket};
use mio::{Interest, Registry, Token};
use socket2::SockRef;

/// Where datagrams of browsers come, where new connections do, and from where on each connection has a token of its own.
pub(super) const BROWSERS: Token = Token(1);
pub(super) const LISTENER: Token = Token(2);
pub(super) const STREAMS: usize = usize::MAX / 2;
/// What the kernel keeps of what browsers have sent, at most: a second of three hundred calls.
const BUFFER_BYTES: usize = 8 << 20;
/// Ports that are tried, where any is right, until one is free for both.
const PORTS_TRIED: usize = 16;
/// A frame has its length before it, in two bytes (RFC 4571); none of ours or theirs is longer than a datagram.
const FRAME_BYTES_MAX: usize = 2048;
const READ_BYTES: usize = 4096;
/// Reads of one connection before the others have their turn.
const READS_A_TURN: usize = 16;
/// What may wait to be sent on a connection, here and once more in the kernel: half a second of audio each. What comes later is lost, as any
/// network may lose it.
const UNSENT_BYTES_MAX: usize = 5 * 1024;
/// Connections that have not named a session of ours yet, at most; of more the oldest is closed. And how long they may take.
const STRANGERS_MAX: usize = 64;
const STRANGER_PATIENCE: Duration = Duration::from_secs(5);
/// Connections of sessions, at most: no session needs more than two.
const STREAMS_MAX: usize = 10_000;

/// How something came, or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Way {
    Datagram,
    Connection,
}

/// All ways.
pub(super) struct Ways {
    pub(super) socket: UdpSocket,
    /// None where somebody else has that port.
    listener: Option<TcpListener>,
    streams: BTreeMap<usize, Stream>,
    by_address: HashMap<SocketAddr, usize>,
    /// Those that have not named a session yet, the oldest first.
    strangers: VecDeque<usize>,
    count: usize,
}

/// One connection.
struct Stream {
    socket: TcpStream,
    from: SocketAddr,
    since: Instant,
    is_known: bool,
    /// What has come of a frame that is not whole yet.
    come: Vec<u8>,
    unsent: VecDeque<u8>,
}

impl Ways {
    /// Listens here, for both. Where the port is none, any is right.
    pub(super) fn open(listen: SocketAddr, registry: &Registry) -> io::Result<Self> {
        let tries = if listen.port() == 0 { PORTS_TRIED } else { 1 };
        let mut opened = both(listen)?;
        for _ in 1..tries {
            if opened.1.is_ok() {
                break;
            }
            opened = both(listen)?;
        }
        let (socket, listener) = opened;
        let mut listener = listener
            .inspect_err(|error| tracing::warn!(%error, "browsers whose network lets no UDP through are not heard: see [browser] listen"))
            .ok();
        // All browsers share this socket. The kernel gives what it allows (net.core.rmem_max), and never less than before.
        let kernel = SockRef::from(&socket);
        if kernel.recv_buffer_size()? < BUFFER_BYTES {
            kernel.set_recv_buffer_size(BUFFER_BYTES)?;
        }
        let mut socket = UdpSocket::from_std(socket);
        registry.register(&mut socket, BROWSERS, Interest::READABLE)?;
        if let Some(listener) = &mut listener {
            registry.register(listener, LISTENER, Interest::READABLE)?;
        }
        Ok(Self { socket, listener, streams: BTreeMap::new(), by_address: HashMap::new(), strangers: VecDeque::new(), count: 0 })
    }

    /// Sends this to a browser. A full buffer of the kernel loses it, as any network may; so does a connection that is slow.
    pub(super) fn send(&mut self, way: Way, to: SocketAddr, bytes: &[u8]) {
        match way {
            Way::Datagram => drop(self.socket.send_to(bytes, to)),
            Way::Connection => {
                if let Some(stream) = self.by_address.get(&to).and_then(|number| self.streams.get_mut(number)) {
                    stream.send(bytes);
                }
            }
        }
    }

    /// Takes the connections that wait.
    pub(super) fn accept(&mut self, now: Instant, registry: &Registry) {
        loop {
            let Some(listener) = &self.listener else { return };
            let (mut socket, from) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                Err(error) => return tracing::warn!(%error, "a browser's connection could not be taken"),
            };
            if self.strangers.len() >= STRANGERS_MAX
                && let Some(oldest) = self.strangers.front().copied()
            {
                self.close(oldest, registry);
            }
            let number = STREAMS + self.count;
            // A frame waits for no other; without it, it comes later.
            let _ = socket.set_nodelay(true);
            let _ = SockRef::from(&socket).set_send_buffer_size(UNSENT_BYTES_MAX);
            if self.streams.len() >= STREAMS_MAX || registry.register(&mut socket, Token(number), Interest::READABLE | Interest::WRITABLE).is_err() {
                continue;
            }
            self.count += 1;
            self.streams.insert(number, Stream { socket, from, since: now, is_known: false, come: Vec::new(), unsent: VecDeque::new() });
            self.by_address.insert(from, number);
            self.strangers.push_back(number);
        }
    }

    /// Something came on a connection, or there is room on it again: the frames that are whole, where they come from, and whether there may
    /// be more. `None` of one that is over.
    pub(super) fn read(&mut self, number: usize, registry: &Registry) -> Option<(SocketAddr, Vec<Vec<u8>>, bool)> {
        let stream = self.streams.get_mut(&number)?;
        stream.flush();
        let (frames, end) = stream.read();
        let from = stream.from;
        match end {
            End::Now => Some((from, frames, false)),
            End::NotYet => Some((from, frames, true)),
            End::Over => {
                self.close(number, registry);
                Some((from, frames, false))
            }
        }
    }

    /// Whoever is at the other end of the connection belongs to a session.
    pub(super) fn is_known(&mut self, number: usize) {
        if let Some(stream) = self.streams.get_mut(&number).filter(|stream| !stream.is_known) {
            stream.is_known = true;
            self.strangers.retain(|stranger| *stranger != number);
        }
    }

    /// Closes connections that nobody needs: of strangers that were silent for too long, and of sessions that are over.
    pub(super) fn sweep(&mut self, now: Instant, registry: &Registry, is_of_session: impl Fn(SocketAddr) -> bool) {
        let is_needed = |stream: &Stream| match stream.is_known {
            true => is_of_session(stream.from),
            false => now.duration_since(stream.since) < STRANGER_PATIENCE,
        };
        let in_vain: Vec<usize> = self.streams.iter().filter(|(_, stream)| !is_needed(stream)).map(|(number, _)| *number).collect();
        in_vain.into_iter().for_each(|number| self.close(number, registry));
    }

    pub(super) fn close(&mut self, number: usize, registry: &Registry) {
        self.strangers.retain(|stranger| *stranger != number);
        let Some(mut stream) = self.streams.remove(&number) else { return };
        let _ = registry.deregister(&mut stream.socket);
        if self.by_address.get(&stream.from) == Some(&number) {
            self.by_address.remove(&stream.from);
        }
    }

    /// Whether browsers can connect.
    pub(super) const fn takes_connections(&self) -> bool {
        self.listener.is_some()
    }

    pub(super) fn has_streams(&self) -> bool {
        !self.streams.is_empty()
    }
}

/// A socket for datagrams, and one for connections at the same port, where that can be had.
fn both(listen: SocketAddr) -> io::Result<(std::net::UdpSocket, io::Result<TcpListener>)> {
    let socket = std::net::UdpSocket::bind(listen)?;
    socket.set_nonblocking(true)?;
    let listener = TcpListener::bind(socket.local_addr()?);
    Ok((socket, listener))
}

/// Whether there may be more on a connection.
enum End {
    Now,
    NotYet,
    Over,
}

impl Stream {
    fn send(&mut self, bytes: &[u8]) {
        let Ok(length) = u16::try_from(bytes.len()) else { return };
        if self.unsent.len() + bytes.len() > UNSENT_BYTES_MAX {
            return;
        }
        self.unsent.extend(length.to_be_bytes());
        self.unsent.extend(bytes);
        self.flush();
    }

    /// Sends what there is room for. One that is broken is told of as readable.
    fn flush(&mut self) {
        while !self.unsent.is_empty() {
            match self.socket.write(self.unsent.make_contiguous()) {
                Ok(0) => return,
                Ok(sent) => drop(self.unsent.drain(..sent)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    fn read(&mut self) -> (Vec<Vec<u8>>, End) {
        let (mut frames, mut buffer) = (Vec::new(), [0; READ_BYTES]);
        for _ in 0..READS_A_TURN {
            match self.socket.read(&mut buffer) {
                Ok(0) => return (frames, End::Over),
                Ok(length) => self.come.extend(buffer.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return (frames, End::Now),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return (frames, End::Over),
            }
            if !whole(&mut self.come, &mut frames) {
                return (frames, End::Over);
            }
        }
        (frames, End::NotYet)
    }
}

/// Takes the frames out that have come whole; `false` of one that is too long for any of ours.
fn whole(come: &mut Vec<u8>, frames: &mut Vec<Vec<u8>>) -> bool {
    let mut rest = come.as_slice();
    while let [high, low, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if length > FRAME_BYTES_MAX {
            return false;
        }
        let Some((frame, next)) = after.split_at_checked(length) else { break };
        frames.push(frame.to_vec());
        rest = next;
    }
    let taken = come.len() - rest.len();
    come.drain(..taken);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn frames_are_whole_however_they_are_cut(
            sent in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..20),
            cuts in proptest::collection::vec(1..500_usize, 1..40),
        ) {
            let bytes: Vec<u8> = sent.iter().flat_map(|frame| [&u16::try_from(frame.len()).unwrap().to_be_bytes()[..], frame].concat()).collect();
            let (mut come, mut frames, mut at, mut cuts) = (Vec::new(), Vec::new(), 0, cuts.iter().cycle());
            while at < bytes.len() {
                let end = (at + cuts.next().unwrap()).min(bytes.len());
                come.extend(&bytes[at..end]);
                at = end;
                prop_assert!(whole(&mut come, &mut frames));
            }
            prop_assert_eq!(frames, sent);
            prop_assert!(come.is_empty());
        }

        #[test]
        fn any_bytes_are_taken_or_refused_and_nothing_is_kept_beyond_a_frame(bytes in proptest::collection::vec(any::<u8>(), 0..6000)) {
            let (mut come, mut frames) = (bytes, Vec::new());
            if whole(&mut come, &mut frames) {
                prop_assert!(come.len() < FRAME_BYTES_MAX + 2);
            }
        }
    }
}
