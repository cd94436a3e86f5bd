//! A network of datagrams in virtual time: it loses, doubles and overtakes as the seed says, and the same seed gives the same.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use belbrug::telephony::sip::peer::{Peer, Transport};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// How bad it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Badness {
    pub(super) loss: f64,
    pub(super) doubled: f64,
    pub(super) longest: Duration,
}

impl Badness {
    /// What the road map of the protocol's tests asks for.
    pub(super) const BAD: Self = Self { loss: 0.3, doubled: 0.1, longest: Duration::from_millis(400) };
    pub(super) const GOOD: Self = Self { loss: 0.0, doubled: 0.0, longest: Duration::from_millis(1) };
}

/// Bytes under way.
#[derive(Debug, Clone)]
pub(super) struct Datagram {
    pub(super) from: Peer,
    pub(super) to: Peer,
    pub(super) bytes: Vec<u8>,
}

pub(super) struct Network {
    pub(super) now: Instant,
    pub(super) random: StdRng,
    badness: Badness,
    under_way: BTreeMap<(Instant, u64), Datagram>,
    count: u64,
}

impl Network {
    pub(super) fn new(seed: u64, badness: Badness) -> Self {
        Self { now: Instant::now(), random: StdRng::seed_from_u64(seed), badness, under_way: BTreeMap::new(), count: 0 }
    }

    pub(super) fn send(&mut self, from: Peer, to: Peer, bytes: &[u8]) {
        let copies = 1 + u32::from(self.random.random_bool(self.badness.doubled));
        for _ in 0..copies {
            let is_lost = !to.transport.is_reliable() && self.random.random_bool(self.badness.loss);
            let way = self.random.random_range(Duration::from_micros(100)..=self.badness.longest);
            if !is_lost {
                self.count += 1;
                self.under_way.insert((self.now + way, self.count), Datagram { from, to, bytes: bytes.to_vec() });
            }
        }
    }

    /// When something arrives next.
    pub(super) fn next(&self) -> Option<Instant> {
        self.under_way.first_key_value().map(|((at, _), _)| *at)
    }

    /// What arrives now.
    pub(super) fn arrived(&mut self) -> Option<Datagram> {
        let entry = self.under_way.first_entry().filter(|entry| entry.key().0 <= self.now)?;
        Some(entry.remove())
    }
}

pub(super) fn peer(host: u8) -> Peer {
    Peer { transport: Transport::Udp, addr: SocketAddr::from(([192, 0, 2, host], 5060)) }
}
