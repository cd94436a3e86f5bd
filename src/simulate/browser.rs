//! An agent's browser, as far as audio goes: WebRTC on a socket of its own.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::net::UdpSocket;

use crate::telephony::media::codec::{Codec, FRAME_TICKS};
use crate::telephony::media::quality::{Heard, Reception};

/// A browser.
pub(super) struct Browser {
    rtc: Rtc,
    mid: Mid,
    pending: Option<SdpPendingOffer>,
    socket: UdpSocket,
    at: SocketAddr,
    seq: u64,
    ticks: u32,
    due: Instant,
    pub(super) is_connected: bool,
    heard: Reception,
}

/// An answer that does not fit the offer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer of the pages does not fit: {0}")]
pub struct NoAnswer(String);

impl Browser {
    /// A browser at this address, and what it offers.
    pub(super) async fn open(ip: IpAddr) -> io::Result<(Self, String)> {
        let socket = UdpSocket::bind(SocketAddr::new(ip, 0)).await?;
        let (at, now) = (socket.local_addr()?, Instant::now());
        let mut rtc = Rtc::builder().set_rtp_mode(true).clear_codecs().enable_pcma(true, false).build(now);
        let candidate = Candidate::host(at, "udp").map_err(io::Error::other)?;
        rtc.add_local_candidate(candidate);
        let mut change = rtc.sdp_api();
        let mid = change.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = change.apply().ok_or_else(|| io::Error::other("nothing to offer"))?;
        let browser =
            Self { rtc, mid, pending: Some(pending), socket, at, seq: 0, ticks: 0, due: now, is_connected: false, heard: Reception::default() };
        Ok((browser, offer.to_sdp_string()))
    }

    /// Takes the answer of the pages.
    pub(super) fn takes(&mut self, answer: &str) -> Result<(), NoAnswer> {
        let answer = SdpAnswer::from_sdp_string(answer).map_err(|error| NoAnswer(error.to_string()))?;
        let pending = self.pending.take().ok_or_else(|| NoAnswer("it was answered before".to_owned()))?;
        self.rtc.sdp_api().accept_answer(pending, answer).map_err(|error| NoAnswer(error.to_string()))
    }

    /// Takes what comes, or does what is due. Cancelled, it has done nothing.
    pub(super) async fn turn(&mut self) {
        let mut buffer = [0; 2048];
        tokio::select! {
            Ok((length, from)) = self.socket.recv_from(&mut buffer) => {
                if let Ok(receive) = Receive::new(Protocol::Udp, from, self.at, buffer.get(..length).unwrap_or_default()) {
                    let _ = self.rtc.handle_input(Input::Receive(Instant::now(), receive));
                }
            }
            () = tokio::time::sleep_until(self.due.into()) => {
                let _ = self.rtc.handle_input(Input::Timeout(Instant::now()));
            }
        }
        self.poll();
    }

    fn poll(&mut self) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(due)) => return self.due = due,
                Ok(Output::Transmit(transmit)) => drop(self.socket.try_send_to(&transmit.contents, transmit.destination)),
                Ok(Output::Event(Event::Connected)) => self.is_connected = true,
                Ok(Output::Event(Event::RtpPacket(packet))) => {
                    self.heard.received(packet.timestamp, packet.header.sequence_number, packet.header.timestamp);
                }
                Ok(Output::Event(_)) => {}
                Err(error) => {
                    tracing::warn!(%error, "an agent's browser has given up");
                    self.is_connected = false;
                    return self.due = Instant::now() + std::time::Duration::from_secs(3600);
                }
            }
        }
    }

    /// Says one frame, so many after the last.
    pub(super) fn says(&mut self, payload: Vec<u8>, frames: u32) {
        self.seq += 1;
        self.ticks = self.ticks.wrapping_add(frames.wrapping_mul(FRAME_TICKS));
        let now = Instant::now();
        let mut api = self.rtc.direct_api();
        let Some(stream) = api.stream_tx_by_mid(self.mid, None) else { return };
        stream.write_rtp(RtpWrite::new(Codec::Pcma.payload_type().into(), self.seq.into(), self.ticks, now, payload));
        let _ = self.rtc.handle_input(Input::Timeout(now));
        self.poll();
    }

    /// What it has heard in all.
    pub(super) fn heard(&self) -> Heard {
        self.heard.whole()
    }
}
