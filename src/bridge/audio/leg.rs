//! The PBX's end of one call's audio.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::UdpSocket;
use rand::RngExt as _;
use rtp_types::{RtpPacket, RtpPacketBuilder};

use super::ports::Sockets;
use crate::ids::{AgentId, CallId};
use crate::recordings::live::{Recorder, Side};
use crate::telephony::media::codec::{Codec, PAYLOAD_BYTES_MAX};
use crate::telephony::media::digits::Digits;
use crate::telephony::media::g711::change_law;
use crate::telephony::media::levels;
use crate::telephony::media::quality::Reception;
use crate::telephony::media::stream::{Numbers, Stream};
use crate::telephony::softphone::call::Flow;

/// A page that sends nothing for so long is filled in for.
const SILENT_AFTER: Duration = Duration::from_millis(200);
/// How long the other end waits for an agent whose page is gone.
pub(super) const WAITS: Duration = Duration::from_secs(20);
/// What stands before the audio in a packet.
const HEADER_BYTES: usize = 12;

/// One call's audio at the PBX.
pub(super) struct Leg {
    pub(super) agent: AgentId,
    pub(super) rtp: UdpSocket,
    pub(super) rtcp: UdpSocket,
    pub(super) flow: Option<Flow>,
    /// Which of an agent's calls was begun, or taken up again, last.
    pub(super) turn: u64,
    /// Where the other end really is, found out once for each agreement.
    locked: Option<(u64, SocketAddr)>,
    stream: Stream,
    ssrc: u32,
    pub(super) digits: Digits,
    pub(super) heard: Reception,
    /// Packets from somebody else, or in a codec that was not agreed.
    pub(super) strangers: u64,
    /// When the page sent something last.
    spoken: Option<Instant>,
    /// Since when nobody is at the page.
    pub(super) away_since: Option<Instant>,
    frame: u64,
    /// Whether it is recorded, and whether that is paused.
    pub(super) recording: Option<Recording>,
}

/// A recording that is going on.
pub(super) struct Recording {
    pub(super) recorder: Recorder,
    pub(super) call: CallId,
    pub(super) is_paused: bool,
}

impl Recording {
    fn note(&self, side: Side, now: Instant, codec: Codec, payload: &[u8]) {
        if !self.is_paused {
            self.recorder.audio(&self.call, side, now, codec, payload);
        }
    }
}

/// Audio that goes on to the browser.
pub(super) struct Audio {
    pub(super) codec: Codec,
    pub(super) source: u64,
    pub(super) seq: u16,
    pub(super) ticks: u32,
    pub(super) payload: Vec<u8>,
}

impl Leg {
    pub(super) fn new(agent: AgentId, sockets: Sockets, turn: u64) -> std::io::Result<Self> {
        sockets.rtp.set_nonblocking(true)?;
        sockets.rtcp.set_nonblocking(true)?;
        let mut random = rand::rng();
        Ok(Self {
            agent,
            rtp: UdpSocket::from_std(sockets.rtp),
            rtcp: UdpSocket::from_std(sockets.rtcp),
            flow: None,
            turn,
            locked: None,
            // Half of the room below, so that it does not start over at once.
            stream: Stream::new(random.random::<u16>() / 2, random.random()),
            ssrc: random.random(),
            digits: Digits::default(),
            heard: Reception::default(),
            strangers: 0,
            spoken: None,
            away_since: None,
            frame: 0,
            recording: None,
        })
    }

    /// The other end is where the agreement says; or, at the same address or the exchange's, where its first packet comes from: one behind a
    /// router does not know its own port (RFC 4961), and one with two addresses may name the other. From anywhere else nothing is taken
    /// (CVE-2017-14099).
    fn is_the_other(&mut self, flow: &Flow, from: SocketAddr) -> bool {
        match self.locked {
            Some((version, at)) if version == flow.version => at == from,
            _ if from.ip() == flow.to.ip() || from.ip() == flow.exchange => {
                self.locked = Some((flow.version, from));
                true
            }
            _ => false,
        }
    }

    fn to(&self, flow: &Flow) -> SocketAddr {
        self.locked.filter(|(version, _)| *version == flow.version).map_or(flow.to, |(_, at)| at)
    }

    /// Takes a packet of the PBX; the audio in it, where it is to be heard.
    pub(super) fn received(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) -> Option<Audio> {
        let flow = self.flow?;
        let packet = RtpPacket::parse(datagram).ok();
        let Some(packet) = packet.filter(|_| self.is_the_other(&flow, from)) else {
            self.strangers += 1;
            return None;
        };
        let (payload_type, codec) = flow.codec;
        if Some(packet.payload_type()) == flow.events {
            return None; // Keys of the other end: nobody asks for them.
        }
        let payload = packet.payload();
        if packet.payload_type() != payload_type || payload.len() > PAYLOAD_BYTES_MAX {
            self.strangers += 1;
            return None;
        }
        self.heard.received(now, packet.sequence_number(), packet.timestamp());
        if let Some(recording) = self.recording.as_ref().filter(|_| flow.hears && flow.is_up) {
            recording.note(Side::Debtor, now, codec, payload);
        }
        flow.hears.then(|| Audio {
            codec,
            source: packet.ssrc().into(),
            seq: packet.sequence_number(),
            ticks: packet.timestamp(),
            payload: payload.to_vec(),
        })
    }

    /// Passes on what the page sends.
    pub(super) fn speak(&mut self, now: Instant, mut audio: Audio) {
        self.spoken = Some(now);
        self.away_since = None;
        let Some(flow) = self.flow.filter(|flow| flow.speaks && !self.digits.is_busy()) else { return };
        if let Some(recording) = &self.recording {
            recording.note(Side::Agent, now, audio.codec, &audio.payload);
        }
        let (_, wanted) = flow.codec;
        if audio.codec != wanted {
            if !(audio.codec.is_g711() && wanted.is_g711()) {
                self.strangers += 1; // The page was told, and will speak otherwise in a moment.
                return;
            }
            change_law(audio.codec, &mut audio.payload);
        }
        let numbers = self.stream.pass(now, audio.source, audio.seq, audio.ticks);
        self.send(&flow, flow.codec.0, numbers, &audio.payload);
    }

    fn send(&self, flow: &Flow, payload_type: u8, numbers: Numbers, payload: &[u8]) {
        let mut packet = [0; HEADER_BYTES + PAYLOAD_BYTES_MAX];
        let builder = RtpPacketBuilder::<&[u8], &[u8]>::new()
            .payload_type(payload_type)
            .marker_bit(numbers.is_first)
            .sequence_number(numbers.seq16())
            .timestamp(numbers.ticks)
            .ssrc(self.ssrc)
            .payload(payload);
        let Ok(length) = builder.write_into(&mut packet) else { return };
        // A full buffer of the kernel loses a packet, as any network may.
        let _ = self.rtp.send_to(packet.get(..length).unwrap_or_default(), self.to(flow));
    }

    /// Once a frame: keys, and where the page sends nothing, a soft tone in its place.
    pub(super) fn tick(&mut self, now: Instant) {
        self.frame += 1;
        let Some(flow) = self.flow.filter(|flow| flow.speaks) else { return };
        if self.digits.is_busy() {
            let events = flow.events;
            if let (Some(packet), Some(events)) = (self.digits.next_frame(), events) {
                let numbers = if packet.is_first { self.stream.make(now) } else { self.stream.make_at_same_time() };
                self.send(&flow, events, Numbers { is_first: packet.is_first, ..numbers }, &packet.payload);
            }
            return;
        }
        let is_silent = self.spoken.is_none_or(|spoken| now.duration_since(spoken) >= SILENT_AFTER);
        if is_silent {
            let (payload_type, codec) = flow.codec;
            let away = self.away_since.is_some();
            let payload = if away { levels::one_moment(codec, self.frame) } else { levels::silence(codec) };
            let numbers = self.stream.make(now);
            self.send(&flow, payload_type, numbers, &payload);
        }
    }

    /// Nobody has been at the page for so long that the call is given up.
    pub(super) fn has_waited(&self, now: Instant) -> bool {
        self.flow.is_some_and(|flow| flow.is_up) && self.away_since.is_some_and(|since| now.duration_since(since) >= WAITS)
    }
}
