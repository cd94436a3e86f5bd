//! The sockets of the exchange: SIP, and the audio of each call.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rtp_types::{RtpPacket, RtpPacketBuilder};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::counts::{Counts, more};
use super::exchange::{Exchange, Sound};
use super::persona::Caller;
use super::voice::Voice;
use crate::bridge::sip::network::{Arrived, Friends, SipNetwork};
use crate::telephony::media::codec::{Codec, FRAME};
use crate::telephony::media::quality::Reception;
use crate::telephony::media::stream::Stream;
use crate::telephony::sip::timers::Timers;
use crate::telephony::sip::user_agent::agent::Settings;
use crate::telephony::sip::user_agent::event::SessionId;

/// Packets: the voices that we make ourselves are never silent for longer.
const LONGEST_PAUSE: u64 = 200;
/// Calls that are to be made and wait, at most.
pub const CALLS_TO_MAKE_MAX: usize = 64;
/// A call to be made: to this phone, or to the next that is registered.
#[derive(Debug, Clone)]
pub struct CallNow {
    /// The phone.
    pub phone: Option<String>,
    /// Who calls.
    pub caller: Caller,
}

/// An exchange with its sockets open.
pub struct Simulator {
    exchange: Exchange,
    network: SipNetwork,
    at: SocketAddr,
    voice: Option<Voice>,
    /// Sockets that were opened for a call to come, by where they are.
    sockets: HashMap<SocketAddr, Arc<UdpSocket>>,
    speaking: HashMap<SessionId, JoinHandle<()>>,
    next_phone: usize,
    counts: Arc<Counts>,
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator").field("at", &self.at).field("exchange", &self.exchange).finish_non_exhaustive()
    }
}

impl Simulator {
    /// Opens the exchange for phones that come from `trusted`; everybody speaks with this voice, or each with his own.
    ///
    /// # Errors
    /// When the address cannot be had, or is every address of the machine: it stands in what phones are told.
    pub async fn open(listen: SocketAddr, trusted: IpAddr, voice: Option<Voice>) -> std::io::Result<Self> {
        if listen.ip().is_unspecified() {
            return Err(std::io::Error::other("it must be one address of this machine, such as 127.0.0.1:5070"));
        }
        // The port is the same over datagrams and connections, and is not known before it is had.
        let port = std::net::UdpSocket::bind(listen)?.local_addr()?.port();
        let at = SocketAddr::new(listen.ip(), port);
        let friends = Friends::default();
        friends.insert(trusted);
        let network = SipNetwork::open(at, None, friends).await?;
        let settings = Settings {
            name: concat!("Belbrug simulator/", env!("CARGO_PKG_VERSION")).to_owned(),
            local: [at; 3],
            timers: Timers::default(),
            ping_every: Duration::from_secs(30),
            ping_patience: Duration::from_secs(5),
        };
        let exchange = Exchange::new(settings, at, trusted, rand::random());
        Ok(Self { exchange, network, at, voice, sockets: HashMap::new(), speaking: HashMap::new(), next_phone: 0, counts: Arc::default() })
    }

    /// Where phones find it.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.at
    }

    /// What is seen of it.
    #[must_use]
    pub fn counts(&self) -> Arc<Counts> {
        self.counts.clone()
    }

    /// Serves until nobody can ask for calls any more.
    pub async fn run(mut self, mut calls: mpsc::Receiver<CallNow>) {
        loop {
            let due = self.exchange.next_timeout().map(tokio::time::Instant::from_std);
            tokio::select! {
                arrived = self.network.arrived() => if let Arrived::Message(from, bytes) = arrived {
                    let mut audio = audio_socket(self.at.ip(), &mut self.sockets);
                    self.exchange.handle(Instant::now(), from, &bytes, &mut audio);
                },
                () = tokio::time::sleep_until(due.unwrap_or_else(tokio::time::Instant::now)), if due.is_some() => {
                    let mut audio = audio_socket(self.at.ip(), &mut self.sockets);
                    self.exchange.handle_timeout(Instant::now(), &mut audio);
                }
                call = calls.recv() => match call {
                    Some(call) => self.call_in(&call),
                    None => return,
                },
            }
            self.flush();
        }
    }

    fn call_in(&mut self, call: &CallNow) {
        let phones: Vec<&str> = self.exchange.phones().collect();
        let next = phones.get(self.next_phone % phones.len().max(1)).map(|phone| (*phone).to_owned());
        self.next_phone += 1;
        let (Some(phone), Some(at)) = (call.phone.clone().or(next), audio_socket(self.at.ip(), &mut self.sockets)()) else { return };
        if !self.exchange.call_in(Instant::now(), &phone, &call.caller, at) {
            self.sockets.remove(&at);
            return;
        }
        more(&self.counts.made);
    }

    fn flush(&mut self) {
        while let Some(transmit) = self.exchange.poll_transmit() {
            self.network.send(transmit);
        }
        while let Some(sound) = self.exchange.poll_sound() {
            match sound {
                Sound::Begin { session, at, to, codec, number } => {
                    self.be_silent(session);
                    let voice = self.voice.clone().unwrap_or_else(|| Voice::of(&number));
                    let Some(socket) = self.sockets.get(&at).cloned() else { continue };
                    let ear = Ear { heard: Reception::default(), has_voice: false, counts: self.counts.clone() };
                    self.speaking.insert(session, tokio::spawn(speak(socket, to, codec, voice, ear)));
                }
                Sound::End(session) => self.be_silent(session),
                Sound::Over(session, at) => {
                    self.be_silent(session);
                    self.sockets.remove(&at);
                }
            }
        }
    }

    fn be_silent(&mut self, session: SessionId) {
        if let Some(speaking) = self.speaking.remove(&session) {
            speaking.abort();
        }
    }
}

/// Where the audio of a call may come.
fn audio_socket(ip: IpAddr, sockets: &mut HashMap<SocketAddr, Arc<UdpSocket>>) -> impl FnMut() -> Option<SocketAddr> {
    move || {
        let socket = std::net::UdpSocket::bind(SocketAddr::new(ip, 0)).ok()?;
        socket.set_nonblocking(true).ok()?;
        let socket = UdpSocket::from_std(socket).ok()?;
        let at = socket.local_addr().ok()?;
        sockets.insert(at, Arc::new(socket));
        Some(at)
    }
}

/// What a debtor hears, and not what it means.
struct Ear {
    heard: Reception,
    /// Something else than the silence that is filled in for a page that says nothing.
    has_voice: bool,
    counts: Arc<Counts>,
}

impl Ear {
    fn hears(&mut self, datagram: &[u8]) {
        if let Ok(packet) = RtpPacket::parse(datagram) {
            self.heard.received_of(packet.ssrc().into(), Instant::now(), packet.sequence_number(), packet.timestamp());
            self.has_voice |= packet.payload().windows(2).any(|two| two.first() != two.last());
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.counts.debtor_heard(self.heard.whole());
        if !self.has_voice && self.heard.whole().expected > LONGEST_PAUSE {
            more(&self.counts.deaf);
        }
    }
}

/// Says a voice's words, 20 ms at a time, until it is told to stop.
async fn speak(socket: Arc<UdpSocket>, to: SocketAddr, codec: Codec, voice: Voice, mut ear: Ear) {
    let mut buffer = [0; 2048];
    let mut stream = Stream::new(rand::random::<u16>() / 2, rand::random());
    let ssrc: u32 = rand::random();
    let mut tick = tokio::time::interval(FRAME);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    for frame in 0.. {
        tick.tick().await;
        while let Ok((length, _)) = socket.try_recv_from(&mut buffer) {
            ear.hears(buffer.get(..length).unwrap_or_default());
        }
        let numbers = stream.make(Instant::now());
        let payload = voice.frame(codec, frame);
        let packet = RtpPacketBuilder::<&[u8], &[u8]>::new()
            .payload_type(codec.payload_type())
            .marker_bit(numbers.is_first)
            .sequence_number(numbers.seq16())
            .timestamp(numbers.ticks)
            .ssrc(ssrc)
            .payload(&payload[..]);
        if let Ok(bytes) = packet.write_vec() {
            let _ = socket.try_send_to(&bytes, to);
        }
    }
}
