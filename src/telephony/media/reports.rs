//! What both ends of a stream tell each other of it (RTCP, RFC 3550, 6): how much was sent, how it was heard, and how long the way is.

use std::time::{Duration, Instant};

use rtcp_types::{
    Compound, Packet, ReceiverReport, ReportBlock, ReportBlockBuilder, RtcpPacketWriterExt as _, Sdes, SdesChunk, SdesItem, SenderReport,
};

use super::quality::Reception;

/// A report that is longer is not read.
const REPORT_BYTES_MAX: usize = 1500;

/// What we have sent of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// Packets.
    pub packets: u32,
    /// Bytes of audio in them.
    pub octets: u32,
    /// The time of the last, in ticks.
    pub ticks: u32,
}

/// How the other end hears us, by its last report.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FarHeard {
    /// The part that it lost since the report before, from 0 to 1.
    pub loss: f64,
    /// There and back; `None` before it is known.
    pub round_trip: Option<Duration>,
}

/// The reports of one stream and of the one that comes back.
#[derive(Debug)]
pub struct Reports {
    ssrc: u32,
    name: String,
    /// The middle of the time of their last report, and when it came.
    theirs: Option<(u32, Instant)>,
    source: Option<u32>,
    far: Option<FarHeard>,
}

impl Reports {
    /// Of the stream that has this name, which nobody has.
    #[must_use]
    pub fn new(ssrc: u32) -> Self {
        Self { ssrc, name: format!("{ssrc:08x}@belbrug.invalid"), theirs: None, source: None, far: None }
    }

    /// Whom we hear.
    pub const fn hears(&mut self, source: u32) {
        self.source = Some(source);
    }

    /// How the other end hears us.
    #[must_use]
    pub const fn far(&self) -> Option<FarHeard> {
        self.far
    }

    /// Our report. `ntp` is the time of day in the form of NTP: seconds since 1900, and their fractions.
    #[must_use]
    pub fn write(&self, now: Instant, ntp: u64, sent: Sent, heard: &mut Reception) -> Vec<u8> {
        let block = self.source.map(|source| self.block(now, source, heard));
        let names = Sdes::builder().add_chunk(SdesChunk::builder(self.ssrc).add_item(SdesItem::builder(SdesItem::CNAME, &self.name)));
        let compound = if sent.packets > 0 {
            let report = SenderReport::builder(self.ssrc).ntp_timestamp(ntp).rtp_timestamp(sent.ticks);
            let report = report.packet_count(sent.packets).octet_count(sent.octets);
            Compound::builder().add_packet(block.into_iter().fold(report, |report, block| report.add_report_block(block)))
        } else {
            let report = ReceiverReport::builder(self.ssrc);
            Compound::builder().add_packet(block.into_iter().fold(report, |report, block| report.add_report_block(block)))
        };
        let mut bytes = vec![0; 256];
        let length = compound.add_packet(names).write_into(&mut bytes).unwrap_or_default();
        bytes.truncate(length);
        bytes
    }

    fn block(&self, now: Instant, source: u32, heard: &mut Reception) -> ReportBlockBuilder {
        let reported = heard.reported();
        let block = ReportBlock::builder(source)
            .fraction_lost(reported.fraction)
            .cumulative_lost(reported.lost)
            .extended_sequence_number(reported.highest)
            .interarrival_jitter(reported.jitter_ticks);
        match self.theirs {
            // In units of 1/65,536 s (6.4.1).
            Some((theirs, at)) => {
                let delay = u32::try_from(now.duration_since(at).as_micros() * 65_536 / 1_000_000).unwrap_or(u32::MAX);
                block.last_sender_report_timestamp(theirs).delay_since_last_sender_report_timestamp(delay)
            }
            None => block,
        }
    }

    /// Reads a report of theirs; whether it was one.
    pub fn read(&mut self, now: Instant, ntp: u64, datagram: &[u8]) -> bool {
        if datagram.len() > REPORT_BYTES_MAX {
            return false;
        }
        let Ok(compound) = Compound::parse(datagram) else { return false };
        let mut is_one = false;
        for packet in compound {
            match packet {
                Ok(Packet::Sr(report)) => {
                    self.theirs = Some((middle(report.ntp_timestamp()), now));
                    report.report_blocks().for_each(|block| self.heard_of(ntp, &block));
                    is_one = true;
                }
                Ok(Packet::Rr(report)) => {
                    report.report_blocks().for_each(|block| self.heard_of(ntp, &block));
                    is_one = true;
                }
                Ok(_) => {}
                Err(_) => return is_one,
            }
        }
        is_one
    }

    fn heard_of(&mut self, ntp: u64, block: &ReportBlock<'_>) {
        if block.ssrc() != self.ssrc {
            return;
        }
        let (last, delay) = (block.last_sender_report_timestamp(), block.delay_since_last_sender_report_timestamp());
        let way = middle(ntp).wrapping_sub(last).wrapping_sub(delay);
        // Less than half a minute; more is a clock that was set, or a fault.
        let round_trip = (last != 0 && way < 30 * 65_536).then(|| Duration::from_micros(u64::from(way) * 1_000_000 / 65_536));
        let before = self.far.and_then(|far| far.round_trip);
        self.far = Some(FarHeard { loss: f64::from(block.fraction_lost()) / 256.0, round_trip: round_trip.or(before) });
    }
}

/// The middle 32 bits of a time of NTP.
const fn middle(ntp: u64) -> u32 {
    let [_, _, a, b, c, d, ..] = ntp.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FRAME: Duration = Duration::from_millis(20);
    const SECOND: u64 = 1 << 32;

    /// Two ends that report of each other over a way of 50 ms; one of ten packets is lost.
    #[test]
    fn both_learn_how_they_are_heard_and_how_long_the_way_is() {
        let (mut ours, mut theirs) = (Reports::new(1), Reports::new(2));
        let (mut our_ear, mut their_ear) = (Reception::default(), Reception::default());
        let start = Instant::now();
        for frame in 0..100_u16 {
            let at = start + FRAME * frame.into();
            our_ear.received(at, frame, u32::from(frame) * 160);
            if frame % 10 != 5 {
                their_ear.received(at, frame, u32::from(frame) * 160);
            }
        }
        ours.hears(2);
        theirs.hears(1);
        let sent = Sent { packets: 100, octets: 16_000, ticks: 16_000 };
        let way = Duration::from_millis(50);
        let (sent_at, ntp) = (start + FRAME * 100, 1000 * SECOND);
        assert!(theirs.read(sent_at + way, ntp + SECOND / 20, &ours.write(sent_at, ntp, sent, &mut our_ear)));
        let answered = sent_at + way + Duration::from_secs(2);
        let report = theirs.write(answered, ntp + SECOND / 20 + 2 * SECOND, sent, &mut their_ear);
        assert!(ours.read(answered + way, ntp + SECOND / 10 + 2 * SECOND, &report));
        let far = ours.far().unwrap();
        assert!((far.loss - 0.1).abs() < 0.01, "{far:?}");
        let round_trip = far.round_trip.unwrap();
        assert!((99..=101).contains(&round_trip.as_millis()), "{round_trip:?}");
        assert_eq!(theirs.far().map(|far| far.loss), Some(0.0));
    }

    #[test]
    fn who_has_sent_nothing_only_tells_how_he_hears() {
        let mut reports = Reports::new(1);
        let mut ear = Reception::default();
        ear.received(Instant::now(), 7, 0);
        reports.hears(2);
        let bytes = reports.write(Instant::now(), 0, Sent::default(), &mut ear);
        assert_eq!(bytes[1], 201, "a receiver's report");
        assert!(Reports::new(2).read(Instant::now(), 0, &bytes));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..120), kind in 200..206_u8) {
            let mut reports = Reports::new(1);
            reports.read(Instant::now(), 0, &bytes);
            let mut framed = vec![0x81, kind, 0, u8::try_from(bytes.len() / 4).unwrap()];
            framed.extend(&bytes);
            reports.read(Instant::now(), 0, &framed);
        }
    }
}
