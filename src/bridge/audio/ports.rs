//! Pairs of ports for RTP and RTCP: an even one, and the next (RFC 3550, 11).

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;

/// The two sockets of a call's audio at the PBX's side.
#[derive(Debug)]
pub struct Sockets {
    /// Audio.
    pub rtp: UdpSocket,
    /// Reports.
    pub rtcp: UdpSocket,
}

/// Where calls get their ports.
#[derive(Debug)]
pub struct Ports {
    address: IpAddr,
    range: RangeInclusive<u16>,
    next: u16,
}

impl Ports {
    /// Ports of this range, at this address. `start` says where in it the first is, so that two services on one machine do not meet.
    #[must_use]
    pub fn new(address: IpAddr, range: RangeInclusive<u16>, start: u16) -> Self {
        let width = range.end().saturating_sub(*range.start()).max(1);
        let next = (range.start() + start % width) & !1;
        Self { address, range, next }
    }

    /// A pair that nobody has. `None` when there is none in the whole range.
    pub fn pair(&mut self) -> Option<Sockets> {
        let tries = usize::from(self.range.end().saturating_sub(*self.range.start())).div_ceil(2);
        for _ in 0..=tries {
            let port = self.next.max(self.range.start().saturating_add(1) & !1);
            let after = port.saturating_add(2);
            self.next = if after <= port || after.saturating_add(1) > *self.range.end() { *self.range.start() } else { after };
            let bind = |port| UdpSocket::bind(SocketAddr::new(self.address, port));
            if let (Ok(rtp), Ok(rtcp)) = (bind(port), bind(port.saturating_add(1))) {
                return Some(Sockets { rtp, rtcp });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_even_and_next_and_nobody_elses() {
        let mut ports = Ports::new([127, 0, 0, 1].into(), 21_001..=21_008, 3);
        let pairs: Vec<Sockets> = std::iter::from_fn(|| ports.pair()).take(10).collect();
        let port = |socket: &UdpSocket| socket.local_addr().unwrap().port();
        assert!(pairs.len() <= 3 && !pairs.is_empty(), "{pairs:?}");
        assert!(pairs.iter().all(|pair| port(&pair.rtp) % 2 == 0 && port(&pair.rtcp) == port(&pair.rtp) + 1));
        drop(pairs);
        assert!(ports.pair().is_some(), "they are free again");
    }
}
