//! Audio that nobody on its way can hear or change (SRTP, RFC 3711), with keys that both ends have told each other (`sip::sdes`).

use core::fmt;
use std::collections::VecDeque;

use rtc_srtp::context::Context;
use rtc_srtp::crypto::providers::RingCrypto;
use rtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use rtc_srtp::protection_profile::ProtectionProfile;

/// A key and its salt, in bytes, in each suite that we know (RFC 4568, 6.2).
pub const MASTER_BYTES: usize = 30;
const KEY_BYTES: usize = 16;
/// Packets that may overtake each other; of older ones nobody can say that they are not heard twice (RFC 3711, 3.3.2).
const WINDOW: usize = 64;
/// What stands behind a report: its count, whose first bit says that it is secret, and a signature, long in both suites (RFC 3711, 3.4).
const REPORT_TAIL_BYTES: usize = 4 + 10;
const REPORT_IS_SECRET: u8 = 0x80;
/// Streams of the other end whose count is kept; of more the oldest is forgotten.
const SOURCES_MAX: usize = 8;

/// How audio is made secret and signed (RFC 4568, 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// `AES_CM_128_HMAC_SHA1_80`, which everybody must know.
    Sha1Of80,
    /// `AES_CM_128_HMAC_SHA1_32`, with a short signature.
    Sha1Of32,
}

/// What one end makes its audio secret with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// How.
    pub suite: Suite,
    /// A key and its salt, which nobody else may know.
    pub master: [u8; MASTER_BYTES],
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?})", self.suite) // The key itself is in no log.
    }
}

/// The keys of both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    /// Of what we send.
    pub ours: Key,
    /// Of what comes.
    pub theirs: Key,
}

/// A key that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("audio cannot be made secret: {0}")]
pub struct Unusable(String);

type Proved = VecDeque<(u32, Context)>;

/// The audio of one call, both ways.
pub struct Secure {
    keys: Keys,
    out: Context,
    /// One for each stream of the other end that has proved to be its own, the newest last; and for its reports, which are counted apart.
    heard: Proved,
    reports: Proved,
}

impl Secure {
    /// With these keys.
    ///
    /// # Errors
    /// When a key is none.
    pub fn new(keys: Keys) -> Result<Self, Unusable> {
        Ok(Self { keys, out: context(&keys.ours)?, heard: Proved::new(), reports: Proved::new() })
    }

    /// Goes on with these keys; where one is as it was, packets are counted on (RFC 3711, 3.3.1).
    ///
    /// # Errors
    /// When a key is none.
    pub fn change(&mut self, keys: Keys) -> Result<(), Unusable> {
        if self.keys.ours != keys.ours {
            self.out = context(&keys.ours)?;
        }
        if self.keys.theirs != keys.theirs {
            self.heard.clear();
            self.reports.clear();
        }
        self.keys = keys;
        Ok(())
    }

    /// A packet of ours, as it goes out.
    pub fn seal(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        self.out.encrypt_rtp(packet).ok().map(|sealed| sealed.to_vec())
    }

    /// And a report.
    pub fn seal_report(&mut self, report: &[u8]) -> Option<Vec<u8>> {
        self.out.encrypt_rtcp(report).ok().map(|sealed| sealed.to_vec())
    }

    /// A packet that came, where it is of the other end and new.
    pub fn open(&mut self, datagram: &[u8]) -> Option<Vec<u8>> {
        opened(&mut self.heard, &self.keys.theirs, number_at(datagram, 8)?, |context| {
            context.decrypt_rtp(datagram).ok().map(|packet| packet.to_vec())
        })
    }

    /// And a report. One that says that it is not secret is none: the library would take it unproved, and nobody has agreed on that.
    pub fn open_report(&mut self, datagram: &[u8]) -> Option<Vec<u8>> {
        let count = datagram.len().checked_sub(REPORT_TAIL_BYTES).and_then(|at| datagram.get(at))?;
        if count & REPORT_IS_SECRET == 0 {
            return None;
        }
        opened(&mut self.reports, &self.keys.theirs, number_at(datagram, 4)?, |context| {
            context.decrypt_rtcp(datagram).ok().map(|report| report.to_vec())
        })
    }
}

/// Nothing is kept of a stream that has not proved to be theirs.
fn opened(proved: &mut Proved, key: &Key, source: u32, open: impl FnOnce(&mut Context) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    if let Some((_, context)) = proved.iter_mut().find(|(known, _)| *known == source) {
        return open(context);
    }
    let mut context = context(key).ok()?;
    let opened = open(&mut context)?;
    if proved.len() >= SOURCES_MAX {
        proved.pop_front();
    }
    proved.push_back((source, context));
    Some(opened)
}

impl fmt::Debug for Secure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secure").field("keys", &self.keys).finish_non_exhaustive()
    }
}

fn context(key: &Key) -> Result<Context, Unusable> {
    let profile = match key.suite {
        Suite::Sha1Of80 => ProtectionProfile::Aes128CmHmacSha1_80,
        Suite::Sha1Of32 => ProtectionProfile::Aes128CmHmacSha1_32,
    };
    let (master, salt) = key.master.split_at(KEY_BYTES);
    let (audio, reports) = (srtp_replay_protection(WINDOW), srtcp_replay_protection(WINDOW));
    Context::new(master, salt, profile, Some(audio), Some(reports), &RingCrypto).map_err(|error| Unusable(error.to_string()))
}

fn number_at(datagram: &[u8], at: usize) -> Option<u32> {
    datagram.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(first: u8) -> Key {
        Key { suite: Suite::Sha1Of80, master: core::array::from_fn(|at| first.wrapping_add(u8::try_from(at).unwrap())) }
    }

    fn ends() -> (Secure, Secure) {
        let keys = Keys { ours: key(1), theirs: key(100) };
        (Secure::new(keys).unwrap(), Secure::new(Keys { ours: keys.theirs, theirs: keys.ours }).unwrap())
    }

    fn packet(source: u8, number: u16) -> Vec<u8> {
        let [high, low] = number.to_be_bytes();
        [&[0x80, 8, high, low, 0, 0, 0, 1, 0, 0, 0, source][..], &[0x55; 160]].concat()
    }

    /// A receiver's report with nothing in it.
    const REPORT: [u8; 8] = [0x80, 201, 0, 1, 0, 0, 0, 7];

    /// RFC 3711, appendix B.2 and B.3 are those of the library; this is its order of key and salt, by a packet that libsrtp's own test has
    /// (`srtp_driver.c`, `srtp_validate`).
    #[test]
    fn the_packet_that_libsrtp_proves_itself_by() {
        let master = hex::decode("e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6").unwrap();
        let key = Key { suite: Suite::Sha1Of80, master: master.try_into().unwrap() };
        let mut secure = Secure::new(Keys { ours: key, theirs: key }).unwrap();
        let plain = hex::decode(format!("800f1234decafbadcafebabe{}", "ab".repeat(16))).unwrap();
        let sealed = hex::decode("800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb").unwrap();
        assert_eq!(secure.seal(&plain).unwrap(), sealed);
        assert_eq!(secure.open(&sealed).unwrap(), plain);
    }

    #[test]
    fn the_other_end_hears_and_nobody_changes_repeats_or_invents() {
        let (mut ours, mut theirs) = ends();
        let sealed = ours.seal(&packet(7, 1)).unwrap();
        assert_eq!(sealed.len(), packet(7, 1).len() + 10);
        assert_eq!(theirs.open(&sealed), Some(packet(7, 1)));
        assert_eq!(theirs.open(&sealed), None, "heard twice");
        let mut changed = ours.seal(&packet(7, 2)).unwrap();
        changed[20] ^= 1;
        assert_eq!(theirs.open(&changed), None, "changed on its way");
        assert_eq!(theirs.open(&packet(7, 3)), None, "not sealed at all");
        let report = ours.seal_report(&REPORT).unwrap();
        assert_eq!(theirs.open_report(&report), Some(REPORT.to_vec()));
        assert_eq!(theirs.open_report(&report), None, "heard twice");
        let invented = [&REPORT[..], &[0, 0, 0, 2], &[0; 10]].concat();
        assert_eq!(theirs.open_report(&invented), None, "said to be plain, and unsigned");
    }

    #[test]
    fn the_count_goes_on_over_its_end_and_over_an_agreement_that_changes_no_key() {
        let (mut ours, mut theirs) = ends();
        for number in (u16::MAX - 20..=u16::MAX).chain(0..20) {
            assert!(theirs.open(&ours.seal(&packet(7, number)).unwrap()).is_some(), "{number}");
            theirs.change(theirs.keys).unwrap();
            ours.change(ours.keys).unwrap();
        }
        theirs.change(Keys { theirs: key(50), ..theirs.keys }).unwrap();
        assert_eq!(theirs.open(&ours.seal(&packet(7, 21)).unwrap()), None, "with the key of before");
        ours.change(Keys { ours: key(50), ..ours.keys }).unwrap();
        assert!(theirs.open(&ours.seal(&packet(7, 22)).unwrap()).is_some());
    }

    #[test]
    fn of_strangers_nothing_is_kept_and_of_theirs_no_more_than_a_few() {
        let (mut ours, mut theirs) = ends();
        for source in 0..200 {
            assert_eq!(theirs.open(&packet(source, 1)), None);
        }
        assert_eq!(theirs.heard.len(), 0);
        for source in 0..200 {
            assert!(theirs.open(&ours.seal(&packet(source, 1)).unwrap()).is_some());
        }
        assert_eq!(theirs.heard.len(), SOURCES_MAX);
    }

    #[test]
    fn a_key_is_in_no_log() {
        assert_eq!(format!("{:?}", key(1)), "Key(Sha1Of80)");
    }

    proptest! {
        #[test]
        fn any_bytes_are_opened_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..80), first in 0x80..0xC0_u8) {
            let (mut ours, _) = ends();
            let begun = [&[first], &bytes[..]].concat();
            for bytes in [&bytes, &begun] {
                prop_assert_eq!(ours.open(bytes), None);
                prop_assert_eq!(ours.open_report(bytes), None);
                let _ = (ours.seal(bytes), ours.seal_report(bytes));
            }
        }
    }
}
