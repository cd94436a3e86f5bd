//! The sockets of SIP: one for datagrams, and a connection for each peer that is spoken to over one (RFC 3261, 18).
//!
//! Whatever comes from an address that is no peer's is dropped where it is read. Everything else waits in one bounded line; while
//! that is full nothing more is read, and the network holds it back.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;

use crate::bridge::link::{CONNECT_TIMEOUT, Socket};
use crate::telephony::sip::message::{MESSAGE_BYTES_MAX, StreamBuffer};
use crate::telephony::sip::peer::{Peer, Transmit, Transport};

/// Messages that were read and wait, at most.
const ARRIVED_MAX: usize = 1024;
/// Messages that wait to be written to one connection, at most; then it is given up.
const UNWRITTEN_MAX: usize = 256;
/// Connections at the same time, at most.
const CONNECTIONS_MAX: usize = 64;
/// A connection that carries nothing is kept open by two line ends (RFC 5626, 3.5.1).
const KEEP_ALIVE: Duration = Duration::from_secs(25);
/// A peer that does not take our few bytes within this time is gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

/// What came.
#[derive(Debug)]
pub enum Arrived {
    /// A message.
    Message(Peer, Vec<u8>),
    /// A connection that we made is there, and this is our end of it.
    Connected(Peer, SocketAddr),
    /// A peer connected to us.
    Accepted(Peer, mpsc::Sender<Vec<u8>>),
    /// A connection is over, or could not be made.
    Failed(Peer, String),
}

/// Whose messages are read.
#[derive(Debug, Clone, Default)]
pub struct Friends(Arc<RwLock<BTreeSet<IpAddr>>>);

impl Friends {
    /// From now on, his.
    pub fn insert(&self, address: IpAddr) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(address);
    }

    fn has(&self, address: IpAddr) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&address)
    }
}

/// All sockets of one line.
#[derive(Debug)]
pub struct SipNetwork {
    udp: Arc<UdpSocket>,
    tls: Option<(Arc<rustls::ClientConfig>, ServerName<'static>)>,
    connections: HashMap<Peer, mpsc::Sender<Vec<u8>>>,
    arriving: mpsc::Sender<Arrived>,
    arrived: mpsc::Receiver<Arrived>,
    /// Datagrams and connections of strangers.
    pub strangers: Arc<AtomicU64>,
    /// What carries our connections; the readers of datagrams and of those who come to us end with them.
    tasks: tokio::task::JoinSet<()>,
    _readers: tokio::task::JoinSet<()>,
}

impl SipNetwork {
    /// Opens the sockets.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn open(listen: SocketAddr, tls: Option<(Arc<rustls::ClientConfig>, ServerName<'static>)>, friends: Friends) -> io::Result<Self> {
        let udp = Arc::new(UdpSocket::bind(listen).await?);
        let (arriving, arrived) = mpsc::channel(ARRIVED_MAX);
        let strangers = Arc::new(AtomicU64::new(0));
        let mut readers = tokio::task::JoinSet::new();
        readers.spawn(read_datagrams(udp.clone(), friends.clone(), strangers.clone(), arriving.clone()));
        // A peer may come to us over a connection: what is too long for a datagram.
        match TcpListener::bind(udp.local_addr()?).await {
            Ok(listener) => {
                readers.spawn(accept(listener, friends, strangers.clone(), arriving.clone()));
            }
            Err(error) => tracing::warn!(%error, "no connections are accepted over SIP: the port of [sip] listen is taken over TCP"),
        }
        Ok(Self { udp, tls, connections: HashMap::new(), arriving, arrived, strangers, tasks: tokio::task::JoinSet::new(), _readers: readers })
    }

    async fn local_for(&self, peer: SocketAddr) -> io::Result<SocketAddr> {
        let bound = self.udp.local_addr()?;
        if !bound.ip().is_unspecified() {
            return Ok(bound);
        }
        // The kernel says which of our addresses it would take; nothing is sent.
        let any: SocketAddr = if peer.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { (std::net::Ipv6Addr::UNSPECIFIED, 0).into() };
        let probe = UdpSocket::bind(any).await?;
        probe.connect(peer).await?;
        Ok(SocketAddr::new(probe.local_addr()?.ip(), bound.port()))
    }

    /// Sends a message, over a connection that is there or is made for it. What cannot be sent is told as [`Arrived::Failed`].
    pub fn send(&mut self, transmit: Transmit) {
        let Transmit { to, bytes } = transmit;
        if to.transport == Transport::Udp {
            // A full buffer of the kernel loses a datagram, as any network may: the transaction repeats it.
            let _ = self.udp.try_send_to(&bytes, to.addr);
            return;
        }
        match self.connections.get(&to) {
            // Where the connection is over, or its peer reads nothing, that is told next, and ends whatever was sent over it, this as well:
            // before that no other one is made, or the end of the old one would be taken for the end of the new.
            Some(writer) => drop(writer.try_send(bytes)),
            None => self.connect(to, bytes),
        }
    }

    /// Our end of the way to a peer, for Via and Contact: of a connection, which is made, its own.
    ///
    /// # Errors
    /// When there is no way to the peer.
    pub async fn reach(&mut self, peer: Peer) -> io::Result<SocketAddr> {
        if peer.transport == Transport::Udp {
            return self.local_for(peer.addr).await;
        }
        let (socket, local) = connected(peer, self.tls.clone()).await?;
        let (writer, unwritten) = mpsc::channel(UNWRITTEN_MAX);
        self.connections.insert(peer, writer);
        let arriving = self.arriving.clone();
        self.tasks.spawn(async move {
            let why = carry(socket, peer, unwritten, &arriving).await;
            let _ = arriving.send(Arrived::Failed(peer, why)).await;
        });
        Ok(local)
    }

    fn connect(&mut self, to: Peer, first: Vec<u8>) {
        if self.connections.len() >= CONNECTIONS_MAX {
            return self.failed(to, "too many connections");
        }
        let (writer, unwritten) = mpsc::channel(UNWRITTEN_MAX);
        let _ = writer.try_send(first);
        self.connections.insert(to, writer);
        let (tls, arriving) = (self.tls.clone(), self.arriving.clone());
        self.tasks.spawn(async move {
            let why = match connected(to, tls).await {
                Ok((socket, local)) => {
                    let _ = arriving.send(Arrived::Connected(to, local)).await;
                    carry(socket, to, unwritten, &arriving).await
                }
                Err(error) => error.to_string(),
            };
            let _ = arriving.send(Arrived::Failed(to, why)).await;
        });
    }

    fn failed(&mut self, peer: Peer, why: &str) {
        let (arriving, why) = (self.arriving.clone(), why.to_owned());
        self.tasks.spawn(async move {
            let _ = arriving.send(Arrived::Failed(peer, why)).await;
        });
    }

    /// What comes next. Cancelled, it has taken nothing.
    pub async fn arrived(&mut self) -> Arrived {
        loop {
            tokio::select! {
                Some(arrived) = self.arrived.recv() => if let Some(arrived) = self.noted(arrived) {
                    return arrived;
                },
                Some(_) = self.tasks.join_next() => {}
            }
        }
    }

    /// What has come already.
    pub fn arrived_now(&mut self) -> Option<Arrived> {
        while let Ok(arrived) = self.arrived.try_recv() {
            let arrived = self.noted(arrived);
            if arrived.is_some() {
                return arrived;
            }
        }
        None
    }

    /// Writes what is still to be written over connections, and closes them.
    pub async fn finish(mut self) {
        self.connections.clear();
        loop {
            tokio::select! {
                joined = self.tasks.join_next() => if joined.is_none() {
                    return;
                },
                Some(_) = self.arrived.recv() => {} // Nobody reads it any more.
            }
        }
    }

    /// What is known of connections follows.
    fn noted(&mut self, arrived: Arrived) -> Option<Arrived> {
        match &arrived {
            Arrived::Accepted(peer, writer) => {
                self.connections.insert(*peer, writer.clone());
                return None;
            }
            Arrived::Failed(peer, _) => {
                self.connections.remove(peer);
            }
            _ => {}
        }
        Some(arrived)
    }
}

async fn read_datagrams(udp: Arc<UdpSocket>, friends: Friends, strangers: Arc<AtomicU64>, arriving: mpsc::Sender<Arrived>) {
    let mut buffer = vec![0; MESSAGE_BYTES_MAX];
    loop {
        // An error is of a datagram that we sent: nobody listens there. The next may be well.
        let Ok((length, from)) = udp.recv_from(&mut buffer).await else {
            tokio::task::yield_now().await;
            continue;
        };
        if !friends.has(from.ip()) {
            strangers.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        let bytes = buffer.get(..length).unwrap_or_default().to_vec();
        if arriving.send(Arrived::Message(Peer { transport: Transport::Udp, addr: from }, bytes)).await.is_err() {
            return;
        }
    }
}

async fn accept(listener: TcpListener, friends: Friends, strangers: Arc<AtomicU64>, arriving: mpsc::Sender<Arrived>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((tcp, from)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await; // Out of file handles, most likely.
            continue;
        };
        while connections.try_join_next().is_some() {}
        if !friends.has(from.ip()) || connections.len() >= CONNECTIONS_MAX {
            strangers.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        let peer = Peer { transport: Transport::Tcp, addr: from };
        let (writer, unwritten) = mpsc::channel(UNWRITTEN_MAX);
        let arriving = arriving.clone();
        connections.spawn(async move {
            let _ = tcp.set_nodelay(true);
            let _ = arriving.send(Arrived::Accepted(peer, writer)).await;
            let why = carry(Socket::Tcp(tcp), peer, unwritten, &arriving).await;
            let _ = arriving.send(Arrived::Failed(peer, why)).await;
        });
    }
}

async fn connected(to: Peer, tls: Option<(Arc<rustls::ClientConfig>, ServerName<'static>)>) -> io::Result<(Socket, SocketAddr)> {
    let late = |_| io::Error::from(io::ErrorKind::TimedOut);
    let tcp = tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(to.addr)).await.map_err(late)??;
    tcp.set_nodelay(true)?;
    let local = tcp.local_addr()?;
    if to.transport == Transport::Tcp {
        return Ok((Socket::Tcp(tcp), local));
    }
    let (config, name) = tls.ok_or_else(|| io::Error::other("[sip] ca_file is not there"))?;
    let handshake = TlsConnector::from(config).connect(name, tcp);
    let tls = tokio::time::timeout(CONNECT_TIMEOUT, handshake).await.map_err(late)??;
    Ok((Socket::Tls(Box::new(tls)), local))
}

/// Reads and writes until the connection is over; says why.
async fn carry(socket: Socket, peer: Peer, mut unwritten: mpsc::Receiver<Vec<u8>>, arriving: &mpsc::Sender<Arrived>) -> String {
    let (mut reader, mut writer) = tokio::io::split(socket);
    let (mut buffer, mut bytes) = (StreamBuffer::default(), vec![0; 16 * 1024]);
    let mut keep_alive = tokio::time::interval(KEEP_ALIVE);
    keep_alive.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    keep_alive.tick().await;
    loop {
        let to_write = tokio::select! {
            read = reader.read(&mut bytes) => {
                match read {
                    Ok(0) => return "the peer closed the connection".to_owned(),
                    Err(error) => return error.to_string(),
                    Ok(length) => buffer.extend(bytes.get(..length).unwrap_or_default()),
                }
                loop {
                    match buffer.next_message() {
                        Ok(Some(message)) => {
                            if arriving.send(Arrived::Message(peer, message.to_vec())).await.is_err() {
                                return "nobody listens any more".to_owned();
                            }
                        }
                        Ok(None) => break,
                        Err(fault) => return format!("the peer sends no SIP: {fault}"),
                    }
                }
                continue;
            }
            next = unwritten.recv() => match next {
                Some(bytes) => bytes,
                None => return "nobody speaks any more".to_owned(),
            },
            _ = keep_alive.tick() => b"\r\n\r\n".to_vec(),
        };
        let write = async {
            writer.write_all(&to_write).await?;
            writer.flush().await
        };
        match tokio::time::timeout(WRITE_TIMEOUT, write).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return error.to_string(),
            Err(_) => return "the peer does not read what we send".to_owned(),
        }
    }
}
