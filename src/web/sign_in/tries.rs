//! How often one may try to sign in: after five wrong passwords for a login, or twenty from an address, each further one
//! doubles the wait, to a quarter of an hour. Only what was wrong is counted.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::clock::Timestamp;

/// Wrong passwords for one login before it has to wait.
const LOGIN_TRIES: u32 = 5;
/// Wrong passwords from one address: several people sit behind it.
const ADDRESS_TRIES: u32 = 20;
/// The longest wait.
const WAIT_SECONDS_MAX: i64 = 15 * 60;
/// Logins and addresses that are remembered.
const KEYS_MAX: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Login(String),
    Address(IpAddr),
}

#[derive(Debug, Clone, Copy)]
struct Count {
    wrong: u32,
    last: Timestamp,
}

/// What is remembered.
#[derive(Debug, Default)]
pub struct Tries {
    counts: Mutex<BTreeMap<Key, Count>>,
}

fn keys(login: &str, address: IpAddr) -> [(Key, u32); 2] {
    [(Key::Login(login.chars().take(100).collect()), LOGIN_TRIES), (Key::Address(address), ADDRESS_TRIES)]
}

fn wait_seconds(wrong: u32, free: u32) -> i64 {
    if wrong < free { 0 } else { (1_i64 << (wrong - free).min(10)).min(WAIT_SECONDS_MAX) }
}

impl Tries {
    /// Seconds to wait before another try; 0 when it may be now.
    pub fn wait(&self, now: Timestamp, login: &str, address: IpAddr) -> i64 {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = |(key, free): (Key, u32)| {
            counts.get(&key).map_or(0, |count| {
                let until = count.last.plus_seconds(wait_seconds(count.wrong, free));
                (until.since(now) + crate::clock::SECOND - 1) / crate::clock::SECOND
            })
        };
        keys(login, address).into_iter().map(wait).max().unwrap_or(0)
    }

    /// A password was wrong.
    pub fn wrong(&self, now: Timestamp, login: &str, address: IpAddr) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.retain(|_, count| now.since(count.last) < WAIT_SECONDS_MAX * 2 * crate::clock::SECOND);
        for (key, _) in keys(login, address) {
            if counts.len() >= KEYS_MAX && !counts.contains_key(&key) {
                let oldest = counts.iter().min_by_key(|(_, count)| count.last).map(|(key, _)| key.clone());
                oldest.and_then(|key| counts.remove(&key));
            }
            let count = counts.entry(key).or_insert(Count { wrong: 0, last: now });
            count.wrong = count.wrong.saturating_add(1);
            count.last = now;
        }
    }

    /// The password was right: the login's count begins anew, and the address gets this try back.
    pub fn right(&self, login: &str, address: IpAddr) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.remove(&Key::Login(login.to_owned()));
        if let Some(count) = counts.get_mut(&Key::Address(address)) {
            count.wrong = count.wrong.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn wrong_passwords_make_wait_longer_and_longer() {
        let tries = Tries::default();
        let mut now = Timestamp(0);
        let mut waits = Vec::new();
        for _ in 0..18 {
            waits.push(tries.wait(now, "anna", ADDRESS));
            now = now.plus_seconds(tries.wait(now, "anna", ADDRESS));
            tries.wrong(now, "anna", ADDRESS);
        }
        assert_eq!(waits[..9], [0, 0, 0, 0, 0, 1, 2, 4, 8]);
        assert_eq!(waits.last(), Some(&WAIT_SECONDS_MAX));
        assert_eq!(tries.wait(now, "bert", ADDRESS), 0, "another login from there may try");
        tries.right("anna", ADDRESS);
        assert_eq!(tries.wait(now, "anna", ADDRESS), 0);
    }

    #[test]
    fn many_logins_from_one_address_wait_too() {
        let tries = Tries::default();
        for n in 0..21 {
            tries.wrong(Timestamp(0), &format!("user{n}"), ADDRESS);
        }
        assert!(tries.wait(Timestamp(0), "another", ADDRESS) > 0);
    }
}
