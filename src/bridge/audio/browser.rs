//! One agent's browser: a WebRTC session (RFC 8825) in which audio goes both ways, and nothing else.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::change::SdpOffer;
use str0m::media::{MediaKind, Mid};
use str0m::net::{Protocol, Receive, TcpType};
use str0m::rtp::{Extension, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcError};

use super::leg::Audio;
use super::ways::{Way, Ways};
use crate::desk::hub::OfferRefused;
use crate::ids::AgentId;
use crate::telephony::media::codec::Codec;
use crate::telephony::media::g711::change_law;
use crate::telephony::media::quality::Reception;
use crate::telephony::media::stream::Stream;

/// A browser that says nothing for so long is gone: it checks the way every few seconds (RFC 7675).
const GONE_AFTER: Duration = Duration::from_secs(10);
/// How long a test of hearing oneself lasts, and how many frames later each is heard.
const ECHO_LASTS: Duration = Duration::from_secs(15);
const ECHO_FRAMES: usize = 50;
/// An offer that is longer is refused; browsers' have some two thousand bytes.
const OFFER_BYTES_MAX: usize = 16 * 1024;

/// The session of an agent's browser.
pub(super) struct Browser {
    pub(super) agent: AgentId,
    /// Which page it is.
    pub(super) tab: String,
    /// Where it comes from.
    pub(super) addresses: VecDeque<(Way, SocketAddr)>,
    /// Our name in its checks of the way.
    pub(super) name: String,
    pub(super) is_connected: bool,
    pub(super) heard: Reception,
    rtc: Rtc,
    mid: Option<Mid>,
    stream: Stream,
    heard_at: Instant,
    /// What the agent has said in a test, to be heard again, and until when.
    echo: Option<(Instant, VecDeque<Audio>)>,
    /// When it wants to be looked after.
    pub(super) due: Instant,
}

/// What came of looking after a session.
pub(super) enum Told {
    Connected,
    Closed,
    Audio(Audio),
}

impl Browser {
    /// Takes a page's offer; the session, and our answer.
    pub(super) fn new(
        now: Instant,
        agent: AgentId,
        tab: String,
        offer: &str,
        at: &[SocketAddr],
        takes_connections: bool,
    ) -> Result<(Self, String), OfferRefused> {
        if offer.len() > OFFER_BYTES_MAX {
            return Err(OfferRefused::Unreadable);
        }
        let offer = SdpOffer::from_sdp_string(offer).map_err(|_| OfferRefused::Unreadable)?;
        let mut rtc = Rtc::builder()
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_pcma(true, false)
            .enable_pcmu(true, false)
            .enable_g722(true, false)
            // Of the extensions of a packet's header only the one that names the medium: each costs time with every packet.
            .clear_extension_map()
            .set_extension(1, Extension::RtpMid)
            .build(now);
        for address in at {
            let host = Candidate::builder().udp().host(*address).build();
            // For those whose network lets no datagrams through: they connect to us.
            let connected = Candidate::builder().tcp().host(*address).tcptype(TcpType::Passive).build();
            for candidate in host.into_iter().chain(connected.ok().filter(|_| takes_connections)) {
                rtc.add_local_candidate(candidate);
            }
        }
        let answer = rtc.sdp_api().accept_offer(offer).map_err(|error| {
            tracing::info!(%error, "a page's offer was refused");
            OfferRefused::Unreadable
        })?;
        let name = rtc.direct_api().local_ice_credentials().ufrag;
        let browser = Self {
            agent,
            addresses: VecDeque::new(),
            tab,
            name,
            is_connected: false,
            heard: Reception::default(),
            rtc,
            mid: None,
            stream: Stream::new(rand::random::<u16>() / 2, rand::random()),
            heard_at: now,
            echo: None,
            due: now,
        };
        Ok((browser, answer.to_sdp_string()))
    }

    /// Takes a datagram that is for this session.
    pub(super) fn received(&mut self, now: Instant, way: Way, from: SocketAddr, to: SocketAddr, datagram: &[u8]) -> Result<bool, RtcError> {
        let protocol = match way {
            Way::Datagram => Protocol::Udp,
            Way::Connection => Protocol::Tcp,
        };
        let Ok(receive) = Receive::new(protocol, from, to, datagram) else { return Ok(false) };
        let input = Input::Receive(now, receive);
        if !self.rtc.accepts(&input) {
            return Ok(false);
        }
        self.heard_at = now;
        self.rtc.handle_input(input)?;
        Ok(true)
    }

    /// Does what is due.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Result<(), RtcError> {
        self.rtc.handle_input(Input::Timeout(now))
    }

    /// It is closed, or has said nothing for too long.
    pub(super) fn is_gone(&self, now: Instant) -> bool {
        !self.rtc.is_alive() || now.duration_since(self.heard_at) >= GONE_AFTER
    }

    /// Sends what is to be sent; the next that happened, until nothing has.
    pub(super) fn poll(&mut self, ways: &mut Ways) -> Result<Option<Told>, RtcError> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(due) => {
                    self.due = due;
                    return Ok(None);
                }
                Output::Transmit(transmit) => {
                    let way = if transmit.proto == Protocol::Udp { Way::Datagram } else { Way::Connection };
                    ways.send(way, transmit.destination, &transmit.contents);
                }
                Output::Event(event) => match event {
                    Event::Connected => {
                        self.is_connected = true;
                        return Ok(Some(Told::Connected));
                    }
                    Event::Closed => return Ok(Some(Told::Closed)),
                    Event::MediaAdded(added) if added.kind == MediaKind::Audio => self.mid = Some(added.mid),
                    Event::RtpPacket(packet) => {
                        let codec = Codec::of_payload_type(*packet.header.payload_type);
                        let (seq, ticks) = (packet.header.sequence_number, packet.header.timestamp);
                        self.heard.received(packet.timestamp, seq, ticks);
                        if let Some(codec) = codec {
                            let source = u64::from(*packet.header.ssrc) | 1 << 32;
                            return Ok(Some(Told::Audio(Audio { codec, source, seq, ticks, payload: packet.payload.to_vec() })));
                        }
                    }
                    _ => {}
                },
            }
        }
    }

    /// Lets the agent hear this.
    pub(super) fn hear(&mut self, now: Instant, mut audio: Audio) {
        let Some(mid) = self.mid.filter(|_| self.is_connected) else { return };
        let taken: Vec<u8> = self.rtc.media(mid).map(|media| media.remote_pts().iter().map(|pt| **pt).collect()).unwrap_or_default();
        let takes = |codec: Codec| taken.contains(&codec.payload_type());
        let codec = if takes(audio.codec) {
            audio.codec
        } else if let Some(other) = [Codec::Pcma, Codec::Pcmu].into_iter().find(|other| audio.codec.is_g711() && takes(*other)) {
            change_law(audio.codec, &mut audio.payload);
            other
        } else {
            return;
        };
        let Some(numbers) = self.stream.pass(now, audio.source, audio.seq, audio.ticks) else { return };
        let payload: Arc<[u8]> = audio.payload.into();
        let mut api = self.rtc.direct_api();
        let Some(stream) = api.stream_tx_by_mid(mid, None) else { return };
        let write = RtpWrite::new(codec.payload_type().into(), numbers.seq.into(), numbers.ticks, now, payload);
        stream.write_rtp(write.marker(numbers.is_first));
    }

    /// From now on the agent hears himself, a second later.
    pub(super) fn begin_echo(&mut self, now: Instant) {
        self.echo = Some((now + ECHO_LASTS, VecDeque::with_capacity(ECHO_FRAMES)));
    }

    /// Takes what the agent says while he is in no call.
    pub(super) fn echo(&mut self, now: Instant, audio: Audio) {
        let Some((until, said)) = &mut self.echo else { return };
        if now >= *until {
            self.echo = None;
            return;
        }
        said.push_back(audio);
        if said.len() > ECHO_FRAMES
            && let Some(then) = said.pop_front()
        {
            self.hear(now, then);
        }
    }

    /// Says goodbye.
    pub(super) fn close(&mut self, ways: &mut Ways) {
        let _ = self.rtc.close();
        while let Ok(Some(_)) = self.poll(ways) {}
    }
}
