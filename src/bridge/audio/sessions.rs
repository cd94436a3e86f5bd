//! The sessions of all browsers. An agent is heard by one of them: the last that was connected. One that comes new stands beside it until it
//! is connected itself, so that a page that cannot be takes nothing from the page that is.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::Instant;

use super::browser::Browser;
use super::stun;
use super::ways::{Way, Ways};
use crate::ids::AgentId;

/// Addresses from which one browser may come; of more the oldest is forgotten.
const ADDRESSES_MAX: usize = 8;
/// Sessions at the same time, at most.
const SESSIONS_MAX: usize = 5000;

/// All of them.
#[derive(Default)]
pub(super) struct Sessions {
    all: BTreeMap<u64, Browser>,
    heard: BTreeMap<AgentId, u64>,
    coming: BTreeMap<AgentId, u64>,
    by_name: HashMap<String, u64>,
    by_address: HashMap<(Way, SocketAddr), u64>,
    count: u64,
}

impl Sessions {
    pub(super) fn is_full(&self) -> bool {
        self.all.len() >= SESSIONS_MAX
    }

    /// Adds one that is not connected yet; another one of its agent that is not either gives up.
    pub(super) fn add(&mut self, browser: Browser, ways: &mut Ways) {
        self.count += 1;
        let key = self.count;
        self.by_name.insert(browser.name.clone(), key);
        let before = self.coming.insert(browser.agent, key);
        self.all.insert(key, browser);
        if let Some(mut before) = before.and_then(|before| self.remove(before)) {
            before.close(ways);
        }
    }

    /// For which session a datagram is: by the name in it, or by where it comes from.
    pub(super) fn of(&self, from: (Way, SocketAddr), datagram: &[u8]) -> Option<u64> {
        let named = stun::own_name(datagram).and_then(|name| self.by_name.get(name));
        named.or_else(|| self.by_address.get(&from)).copied()
    }

    pub(super) fn get_mut(&mut self, key: u64) -> Option<&mut Browser> {
        self.all.get_mut(&key)
    }

    /// The session has taken something from this address.
    pub(super) fn came_from(&mut self, key: u64, from: (Way, SocketAddr)) {
        if self.by_address.get(&from) == Some(&key) {
            return;
        }
        let Some(browser) = self.all.get_mut(&key) else { return };
        browser.addresses.push_back(from);
        if browser.addresses.len() > ADDRESSES_MAX
            && let Some(oldest) = browser.addresses.pop_front()
            && self.by_address.get(&oldest) == Some(&key)
        {
            self.by_address.remove(&oldest);
        }
        self.by_address.insert(from, key);
    }

    /// From now on its agent is heard by this one; the one before is over.
    pub(super) fn connected(&mut self, key: u64, ways: &mut Ways) {
        let Some(agent) = self.all.get(&key).map(|browser| browser.agent) else { return };
        if self.coming.get(&agent) == Some(&key) {
            self.coming.remove(&agent);
        }
        let before = self.heard.insert(agent, key).filter(|before| *before != key);
        if let Some(mut before) = before.and_then(|before| self.remove(before)) {
            before.close(ways);
        }
    }

    /// Takes one out.
    pub(super) fn remove(&mut self, key: u64) -> Option<Browser> {
        let browser = self.all.remove(&key)?;
        self.by_name.remove(&browser.name);
        for address in &browser.addresses {
            if self.by_address.get(address) == Some(&key) {
                self.by_address.remove(address);
            }
        }
        for of in [&mut self.heard, &mut self.coming] {
            if of.get(&browser.agent) == Some(&key) {
                of.remove(&browser.agent);
            }
        }
        Some(browser)
    }

    /// The session by which an agent is heard.
    pub(super) fn heard(&self, agent: AgentId) -> Option<u64> {
        self.heard.get(&agent).copied()
    }

    /// Every session of an agent.
    pub(super) fn of_agent(&self, agent: AgentId) -> Vec<u64> {
        [&self.heard, &self.coming].into_iter().filter_map(|of| of.get(&agent).copied()).collect()
    }

    /// Whether one comes from this address.
    pub(super) fn has(&self, way: Way, from: SocketAddr) -> bool {
        self.by_address.contains_key(&(way, from))
    }

    pub(super) fn due(&self, now: Instant) -> Vec<u64> {
        self.all.iter().filter(|(_, browser)| browser.due <= now).map(|(key, _)| *key).collect()
    }

    pub(super) fn close_all(&mut self, ways: &mut Ways) {
        self.all.values_mut().for_each(|browser| browser.close(ways));
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}
