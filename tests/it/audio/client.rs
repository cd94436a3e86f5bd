//! A browser's end of a session, played by the same WebRTC without sockets, and the sockets for it; and an exchange that is one socket.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use belbrug::bridge::audio::engine::Engine;
use belbrug::bridge::audio::orders::{Order, Orders, Told};
use belbrug::bridge::audio::ports::Ports;
use belbrug::desk::hub::{AudioAnswer, AudioOffer};
use belbrug::ids::{AgentId, CallId};
use belbrug::telephony::media::codec::Codec;
use belbrug::telephony::softphone::call::Flow;
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive, TcpType};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::sync::mpsc;

/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The engine, and what it tells.
pub(super) struct Carrier {
    pub(super) orders: Orders,
    pub(super) told: mpsc::Receiver<Told>,
    ports: Ports,
}

impl Carrier {
    pub(super) fn start() -> Self {
        let (engine, orders, told) = Engine::open(SocketAddr::from(([127, 0, 0, 1], 0)), &[], None).expect("the engine");
        std::thread::spawn(move || engine.run());
        Self { orders, told, ports: Ports::new([127, 0, 0, 1].into(), 20_000..=29_999, rand::random()) }
    }

    pub(super) fn offer(&self, agent: AgentId, sdp: &str) -> AudioAnswer {
        let (answer, answered) = tokio::sync::oneshot::channel();
        assert!(self.orders.send(Order::Offer(AudioOffer { agent, tab: "tab".to_owned(), sdp: sdp.to_owned() }, answer)).is_ok());
        answered.blocking_recv().expect("an answer")
    }

    /// A call of an agent whose other end is this exchange; where its audio is to come.
    pub(super) fn call(&mut self, name: &str, agent: AgentId, exchange: &Exchange) -> SocketAddr {
        let (call, sockets) = (CallId::new(name), self.ports.pair().expect("ports"));
        let at = sockets.rtp.local_addr().expect("its address");
        assert!(self.orders.send(Order::Open { call: call.clone(), agent, sockets }).is_ok());
        self.flows(name, exchange, true);
        at
    }

    /// Audio goes both ways, or neither.
    pub(super) fn flows(&self, name: &str, exchange: &Exchange, is_open: bool) {
        self.agrees(name, Flow { speaks: is_open, hears: is_open, ..Self::flow(exchange, Codec::Pcma, 1) });
    }

    /// Both ways, in this codec, by the so manieth agreement.
    pub(super) fn flow(exchange: &Exchange, codec: Codec, version: u64) -> Flow {
        let (to, codec) = (exchange.0.local_addr().expect("its address"), (codec.payload_type(), codec));
        let takes = [Some(codec), None, None];
        Flow { to, exchange: to.ip(), codec, takes, events: Some(101), speaks: true, hears: true, is_up: true, version, turn: 1, srtp: None }
    }

    pub(super) fn agrees(&self, name: &str, flow: Flow) {
        assert!(self.orders.send(Order::Flow(CallId::new(name), Box::new(flow))).is_ok());
    }
}

/// An exchange's end of a call: a socket.
pub(super) struct Exchange(pub(super) UdpSocket);

impl Exchange {
    pub(super) fn new() -> Self {
        Self::at([127, 0, 0, 1])
    }

    pub(super) fn at(address: [u8; 4]) -> Self {
        let socket = UdpSocket::bind(SocketAddr::from((address, 0))).expect("a port");
        socket.set_read_timeout(Some(Duration::from_millis(20))).expect("a time");
        Self(socket)
    }

    /// Says one frame of this.
    pub(super) fn says(&self, to: SocketAddr, seq: u16, byte: u8) {
        self.says_in(Codec::Pcma, to, seq, byte);
    }

    pub(super) fn says_in(&self, codec: Codec, to: SocketAddr, seq: u16, byte: u8) {
        let mut packet = vec![0x80, codec.payload_type()];
        packet.extend(seq.to_be_bytes());
        packet.extend((u32::from(seq) * 160).to_be_bytes());
        packet.extend(7_u32.to_be_bytes());
        packet.extend([byte; 160]);
        self.0.send_to(&packet, to).expect("sent");
    }

    /// What it hears next, without the header; `None` when nothing comes for a moment.
    pub(super) fn hears(&self) -> Option<(u8, Vec<u8>)> {
        let mut packet = [0; 2048];
        let length = self.0.recv(&mut packet).ok()?;
        Some((packet[1] & 0x7F, packet[12..length].to_vec()))
    }
}

/// Where the engine takes connections, by its answer.
pub(super) fn door(answer: &str) -> SocketAddr {
    let candidates = answer.lines().filter_map(|line| line.strip_prefix("a=candidate:"));
    let mut tcp = candidates.map(|line| line.split(' ').collect::<Vec<_>>()).filter(|words| words[2].eq_ignore_ascii_case("tcp"));
    let words = tcp.next().expect("a candidate for connections");
    assert!(words.windows(2).any(|pair| pair == ["tcptype", "passive"]), "{words:?}");
    format!("{}:{}", words[4], words[5]).parse().expect("an address")
}

/// A browser.
pub(super) struct Browser {
    rtc: Rtc,
    mid: Mid,
    pending: Option<SdpPendingOffer>,
    pub(super) socket: UdpSocket,
    /// The way of one whose network lets no datagrams through, and what has come on it.
    stream: Option<(TcpStream, Vec<u8>)>,
    at: SocketAddr,
    codec: Codec,
    seq: u64,
    pub(super) is_connected: bool,
    heard: Vec<Vec<u8>>,
}

impl Browser {
    /// A browser with the offer that its page would send.
    pub(super) fn new() -> (Self, String) {
        Self::speaking(Codec::Pcma)
    }

    /// One that is connected as this agent's by a connection.
    pub(super) fn by_tcp(carrier: &Carrier, agent: AgentId) -> Self {
        // A browser knows from the answer where to connect; this one from somebody else's.
        let (_, offer) = Self::new();
        let stream = TcpStream::connect(door(&carrier.offer(AgentId(99), &offer).expect("an answer"))).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_millis(5))).expect("a time");
        let (mut browser, offer) = Self::with(Codec::Pcma, Some(stream));
        browser.takes(&carrier.offer(agent, &offer).expect("an answer"));
        browser.until("connected", |browser| browser.is_connected);
        browser
    }

    /// One that knows this codec only.
    pub(super) fn speaking(codec: Codec) -> (Self, String) {
        Self::with(codec, None)
    }

    fn with(codec: Codec, stream: Option<TcpStream>) -> (Self, String) {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.set_read_timeout(Some(Duration::from_millis(5))).expect("a time");
        let at = stream.as_ref().map_or_else(|| socket.local_addr(), TcpStream::local_addr).expect("its address");
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_pcma(codec == Codec::Pcma, false)
            .enable_pcmu(codec == Codec::Pcmu, false)
            .enable_g722(codec == Codec::G722, false)
            .build(Instant::now());
        let candidate = match stream {
            None => Candidate::host(at, "udp"),
            Some(_) => Candidate::builder().tcp().host(at).tcptype(TcpType::Active).build(),
        };
        rtc.add_local_candidate(candidate.expect("a candidate"));
        let mut change = rtc.sdp_api();
        let mid = change.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = change.apply().expect("an offer");
        let browser = Self {
            rtc,
            mid,
            pending: Some(pending),
            socket,
            stream: stream.map(|stream| (stream, Vec::new())),
            at,
            codec,
            seq: 100,
            is_connected: false,
            heard: Vec::new(),
        };
        (browser, offer.to_sdp_string())
    }

    /// A browser that is connected as this agent's.
    pub(super) fn of(carrier: &Carrier, agent: AgentId) -> Self {
        Self::of_speaking(carrier, agent, Codec::Pcma)
    }

    pub(super) fn of_speaking(carrier: &Carrier, agent: AgentId, codec: Codec) -> Self {
        let (mut browser, offer) = Self::speaking(codec);
        browser.takes(&carrier.offer(agent, &offer).expect("an answer"));
        browser.until("connected", |browser| browser.is_connected);
        browser
    }

    pub(super) fn takes(&mut self, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).expect("an answer");
        self.rtc.sdp_api().accept_answer(self.pending.take().expect("our offer"), answer).expect("it fits");
    }

    pub(super) fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "the browser was never {what}");
            self.turn();
        }
    }

    /// Waits until it hears this, which the exchange says in this codec.
    pub(super) fn is_reached_by(&mut self, exchange: &Exchange, at: SocketAddr, (codec, said): (Codec, u8), heard: u8) {
        let mut seq = 0;
        self.until("reached", |browser| {
            seq += 1;
            exchange.says_in(codec, at, seq, said);
            browser.has_heard(heard)
        });
    }

    /// Lives for so long.
    pub(super) fn lives(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.turn();
        }
    }

    fn turn(&mut self) {
        let mut buffer = [0; 2048];
        if let Some((stream, come)) = &mut self.stream {
            let length = stream.read(&mut buffer).unwrap_or_default();
            come.extend(&buffer[..length]);
            let source = stream.peer_addr().expect("its address");
            while let [high, low, rest @ ..] = come.as_slice()
                && let Some((frame, rest)) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))
            {
                if let Ok(receive) = Receive::new(Protocol::Tcp, source, self.at, frame) {
                    let _ = self.rtc.handle_input(Input::Receive(Instant::now(), receive));
                }
                *come = rest.to_vec();
            }
        } else if let Ok((length, source)) = self.socket.recv_from(&mut buffer)
            && let Ok(receive) = Receive::new(Protocol::Udp, source, self.at, &buffer[..length])
        {
            let _ = self.rtc.handle_input(Input::Receive(Instant::now(), receive));
        }
        let _ = self.rtc.handle_input(Input::Timeout(Instant::now()));
        self.poll();
    }

    fn poll(&mut self) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(_)) | Err(_) => return,
                Ok(Output::Transmit(transmit)) => self.send(transmit.destination, &transmit.contents),
                Ok(Output::Event(Event::Connected)) => self.is_connected = true,
                Ok(Output::Event(Event::RtpPacket(packet))) => self.heard.push(packet.payload.to_vec()),
                Ok(Output::Event(_)) => {}
            }
        }
    }

    fn send(&mut self, to: SocketAddr, bytes: &[u8]) {
        match &mut self.stream {
            None => drop(self.socket.send_to(bytes, to)),
            Some((stream, _)) => {
                let length = u16::try_from(bytes.len()).expect("short").to_be_bytes();
                stream.write_all(&[&length[..], bytes].concat()).expect("sent");
            }
        }
    }

    /// Says one frame of this.
    pub(super) fn says(&mut self, byte: u8) {
        self.seq += 1;
        let (now, ticks) = (Instant::now(), u32::try_from(self.seq * 160).expect("short"));
        let mut api = self.rtc.direct_api();
        let stream = api.stream_tx_by_mid(self.mid, None).expect("our stream");
        stream.write_rtp(RtpWrite::new(self.codec.payload_type().into(), self.seq.into(), ticks, now, vec![byte; 160]));
        let _ = self.rtc.handle_input(Input::Timeout(now));
        self.poll();
    }

    /// Whether a frame of this was heard.
    pub(super) fn has_heard(&self, byte: u8) -> bool {
        self.heard.iter().any(|frame| frame.contains(&byte))
    }
}
