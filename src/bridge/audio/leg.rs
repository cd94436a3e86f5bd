//! The PBX's end of one call's audio.

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mio::net::UdpSocket;
use rand::RngExt as _;
use rtp_types::{RtpPacket, RtpPacketBuilder};

use super::ports::Sockets;
use crate::desk::phone::Quality;
use crate::ids::{AgentId, CallId};
use crate::recordings::live::{Recorder, Side};
use crate::telephony::media::codec::{Codec, PAYLOAD_BYTES_MAX};
use crate::telephony::media::digits::Digits;
use crate::telephony::media::g711::change_law;
use crate::telephony::media::levels;
use crate::telephony::media::quality::{CallQuality, Heard, Reception};
use crate::telephony::media::reports::{Reports, Sent};
use crate::telephony::media::srtp::{Secure, Unusable};
use crate::telephony::media::stream::{Numbers, Stream};
use crate::telephony::softphone::call::Flow;

/// A page that sends nothing for so long is filled in for.
const SILENT_AFTER: Duration = Duration::from_millis(200);
/// How long the other end waits for an agent whose page is gone.
pub(super) const WAITS: Duration = Duration::from_secs(20);
/// One who hears or says nothing for so long is told.
const NOTHING_AFTER: Duration = Duration::from_secs(5);
/// Frames between two reports: five seconds (RFC 3550, 6.2).
const REPORT_FRAMES: u64 = 250;
/// From the beginning of NTP's time, 1900, to that of ours.
const SECONDS_TO_1970: u64 = 2_208_988_800;
/// What stands before the audio in a packet.
const HEADER_BYTES: usize = 12;

/// One call's audio at the PBX.
pub(super) struct Leg {
    pub(super) call: CallId,
    pub(super) agent: AgentId,
    pub(super) rtp: UdpSocket,
    pub(super) rtcp: UdpSocket,
    pub(super) flow: Option<Flow>,
    /// The keys of the flow, where it has some.
    secure: Option<Secure>,
    /// How it was heard when that was told last.
    pub(super) marked: Option<Quality>,
    /// Where the other end really is, found out once for each agreement.
    locked: Option<(u64, SocketAddr)>,
    stream: Stream,
    ssrc: u32,
    pub(super) digits: Digits,
    pub(super) heard: Reception,
    /// And of what the page says in this call.
    pub(super) said: Reception,
    pub(super) reports: Reports,
    sent: Sent,
    /// When it was agreed upon, or changed, last.
    pub(super) flows_since: Option<Instant>,
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
    pub(super) fn new(call: CallId, agent: AgentId, sockets: Sockets) -> std::io::Result<Self> {
        sockets.rtp.set_nonblocking(true)?;
        sockets.rtcp.set_nonblocking(true)?;
        let mut random = rand::rng();
        let ssrc = random.random();
        Ok(Self {
            call,
            agent,
            rtp: UdpSocket::from_std(sockets.rtp),
            rtcp: UdpSocket::from_std(sockets.rtcp),
            flow: None,
            secure: None,
            marked: None,
            locked: None,
            // Half of the room below, so that it does not start over at once.
            stream: Stream::new(random.random::<u16>() / 2, random.random()),
            ssrc,
            said: Reception::default(),
            reports: Reports::new(ssrc),
            sent: Sent::default(),
            flows_since: None,
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
        let is_agreed = from == flow.to;
        match self.locked {
            // What comes from where it was agreed upon is right, whoever was first: before a move the old place may still be heard.
            Some((version, at)) if version == flow.version && !(is_agreed && at != from) => at == from,
            _ if from.ip() == flow.to.ip() || from.ip() == flow.exchange => {
                self.locked = Some((flow.version, from));
                true
            }
            _ => false,
        }
    }

    /// Whether it could be the other end, before it has proved anything.
    fn may_be_the_other(&self, flow: &Flow, from: SocketAddr) -> bool {
        match self.locked.filter(|(version, _)| *version == flow.version) {
            Some((_, at)) => from == at || from == flow.to,
            None => from.ip() == flow.to.ip() || from.ip() == flow.exchange,
        }
    }

    fn to(&self, flow: &Flow) -> SocketAddr {
        self.locked.filter(|(version, _)| *version == flow.version).map_or(flow.to, |(_, at)| at)
    }

    /// Audio goes so from now on; how it went before. With keys that are none it goes nowhere.
    pub(super) fn flows(&mut self, flow: Flow) -> Result<Option<Flow>, Unusable> {
        let before = self.flow.take();
        match (&mut self.secure, flow.srtp) {
            (Some(secure), Some(keys)) => secure.change(keys)?,
            (secure, keys) => *secure = keys.map(Secure::new).transpose()?,
        }
        self.flow = Some(flow);
        Ok(before)
    }

    /// Takes a packet of the PBX; the audio in it, where it is to be heard.
    pub(super) fn received(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) -> Option<Audio> {
        let flow = self.flow?;
        if !self.may_be_the_other(&flow, from) {
            self.strangers += 1;
            return None;
        }
        let opened = self.secure.as_mut().map(|secure| secure.open(datagram).unwrap_or_default());
        let packet = RtpPacket::parse(opened.as_deref().unwrap_or(datagram)).ok();
        let Some(packet) = packet.filter(|_| self.is_the_other(&flow, from)) else {
            self.strangers += 1;
            return None;
        };
        if Some(packet.payload_type()) == flow.events {
            return None; // Keys of the other end: nobody asks for them.
        }
        let payload = packet.payload();
        // Any codec of the agreement may come, not only the one that is spoken here.
        let codec = flow.takes.into_iter().flatten().find(|(payload_type, _)| *payload_type == packet.payload_type());
        let Some((_, codec)) = codec.filter(|_| payload.len() <= PAYLOAD_BYTES_MAX) else {
            self.strangers += 1;
            return None;
        };
        self.heard.received_of(packet.ssrc().into(), now, packet.sequence_number(), packet.timestamp());
        self.reports.hears(packet.ssrc());
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
        self.away_since = None;
        let Some(flow) = self.flow.filter(|flow| flow.speaks) else { return };
        self.said.received_of(audio.source, now, audio.seq, audio.ticks);
        if self.digits.is_busy() {
            return; // A key is heard in its place.
        }
        let (_, wanted) = flow.codec;
        if audio.codec != wanted && !(audio.codec.is_g711() && wanted.is_g711()) {
            self.strangers += 1; // The page was told, and will speak otherwise in a moment; until then there is silence.
            return;
        }
        self.spoken = Some(now);
        if let Some(recording) = &self.recording {
            recording.note(Side::Agent, now, audio.codec, &audio.payload);
        }
        if audio.codec != wanted {
            change_law(audio.codec, &mut audio.payload);
        }
        let Some(numbers) = self.stream.pass(now, audio.source, audio.seq, audio.ticks) else { return };
        self.send(&flow, flow.codec.0, numbers, &audio.payload);
    }

    fn send(&mut self, flow: &Flow, payload_type: u8, numbers: Numbers, payload: &[u8]) {
        let mut packet = [0; HEADER_BYTES + PAYLOAD_BYTES_MAX];
        let builder = RtpPacketBuilder::<&[u8], &[u8]>::new()
            .payload_type(payload_type)
            .marker_bit(numbers.is_first)
            .sequence_number(numbers.seq16())
            .timestamp(numbers.ticks)
            .ssrc(self.ssrc)
            .payload(payload);
        let Ok(length) = builder.write_into(&mut packet) else { return };
        self.sent.packets = self.sent.packets.wrapping_add(1);
        self.sent.octets = self.sent.octets.wrapping_add(u32::try_from(payload.len()).unwrap_or_default());
        self.sent.ticks = numbers.ticks;
        // A full buffer of the kernel loses a packet, as any network may.
        let packet = packet.get(..length).unwrap_or_default();
        let sealed = self.secure.as_mut().map(|secure| secure.seal(packet).unwrap_or_default());
        let _ = self.rtp.send_to(sealed.as_deref().unwrap_or(packet), self.to(flow));
    }

    /// Once a frame: keys, and where the page sends nothing, a soft tone in its place.
    pub(super) fn tick(&mut self, now: Instant) {
        self.frame += 1;
        if self.frame.is_multiple_of(REPORT_FRAMES) {
            self.report(now);
        }
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

    /// Tells the other end how it is heard, one port above its audio (RFC 3605 says where that is otherwise, which exchanges do not use).
    fn report(&mut self, now: Instant) {
        let Some(flow) = self.flow else { return };
        let mut to = self.to(&flow);
        to.set_port(to.port().saturating_add(1));
        let report = self.reports.write(now, ntp(), self.sent, &mut self.heard);
        let sealed = self.secure.as_mut().map(|secure| secure.seal_report(&report).unwrap_or_default());
        let _ = self.rtcp.send_to(&sealed.unwrap_or(report), to);
    }

    /// Takes a report of the other end.
    pub(super) fn reported(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        let is_the_others = self.flow.is_some_and(|flow| from.ip() == self.to(&flow).ip());
        let opened = self.secure.as_mut().filter(|_| is_the_others).map(|secure| secure.open_report(datagram).unwrap_or_default());
        if !is_the_others || !self.reports.read(now, ntp(), opened.as_deref().unwrap_or(datagram)) {
            self.strangers += 1;
        }
    }

    /// The call as it was heard, both ways.
    pub(super) fn quality(&self) -> CallQuality {
        let round_trip = self.reports.far().and_then(|far| far.round_trip);
        CallQuality { heard: self.heard.whole(), said: self.said.whole(), round_trip }
    }

    /// How it is heard now; `None` before there is anything to say.
    pub(super) fn mark(&mut self, now: Instant, has_browser: bool) -> Option<Quality> {
        let flow = self.flow.filter(|flow| flow.is_up && (flow.hears || flow.speaks))?;
        let since = self.flows_since?;
        let is_silent = |last: Option<Instant>| now.duration_since(last.unwrap_or(since).max(since)) >= NOTHING_AFTER;
        let (heard, said) = (self.heard.since_last(), self.said.since_last());
        if flow.hears && is_silent(self.heard.last()) {
            return Some(Quality::NothingHeard);
        }
        if flow.speaks && has_browser && is_silent(self.said.last()) {
            return Some(Quality::NothingSaid);
        }
        let far = self.reports.far();
        let far_mos = far.map_or(5.0, |far| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1000")]
            let lost = (far.loss * 1000.0) as u64;
            Heard { expected: 1000, lost, jitter: Duration::ZERO }.mos(far.round_trip.unwrap_or_default())
        });
        let mos = CallQuality { heard, said, round_trip: far.and_then(|far| far.round_trip) }.mos().min(far_mos);
        Some(match mos {
            4.0.. => Quality::Good,
            3.1.. => Quality::Fair,
            _ => Quality::Poor,
        })
    }

    /// Nobody has been at the page for so long that the call is given up.
    pub(super) fn has_waited(&self, now: Instant) -> bool {
        self.flow.is_some_and(|flow| flow.is_up) && self.away_since.is_some_and(|since| now.duration_since(since) >= WAITS)
    }
}

/// The time of day as NTP has it.
fn ntp() -> u64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    ((time.as_secs() + SECONDS_TO_1970) << 32) | ((u64::from(time.subsec_nanos()) << 32) / 1_000_000_000)
}
