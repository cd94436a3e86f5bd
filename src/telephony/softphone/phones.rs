//! All phones that Belbrug is, of one PBX.

use core::net::IpAddr;
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::call::{AudioOrder, Call, PhoneTold, Secret};
use crate::ids::{CallId, Extension};
use crate::telephony::sip::digest::Credentials;
use crate::telephony::sip::peer::Peer;
use crate::telephony::sip::user_agent::agent::UserAgent;
use crate::telephony::sip::user_agent::event::{AccountId, SessionId};
use crate::telephony::sip_line::line::LineSettings;
use crate::telephony::sip_line::telling::Channel;

/// Calls at one phone at the same time: one to talk in, one that waits, and one to ask a colleague in.
pub const CALLS_A_PHONE: usize = 3;

/// One phone.
#[derive(Debug)]
pub(super) struct Phone {
    pub(super) account: AccountId,
    /// Its user is at work.
    pub(super) is_wanted: bool,
    pub(super) is_registered: Option<bool>,
}

/// All of them.
#[derive(Debug)]
pub struct Softphones {
    pub(super) domain: String,
    /// Where the PBX is.
    pub(super) exchange: IpAddr,
    /// Before the country code of a number.
    pub(super) prefix: String,
    technology: String,
    /// Makes ids that no other run of the service has.
    run: String,
    count: u64,
    pub(super) turns: u64,
    random: StdRng,
    /// Audio that is not secret is refused.
    requires_srtp: bool,
    pub(super) phones: BTreeMap<Extension, Phone>,
    pub(super) calls: BTreeMap<CallId, Call>,
    pub(super) by_session: BTreeMap<SessionId, CallId>,
    pub(super) orders: VecDeque<AudioOrder>,
    pub(super) told: VecDeque<PhoneTold>,
}

impl Softphones {
    /// No phone yet. `random` is what keys are made of.
    #[must_use]
    pub fn new(settings: &LineSettings, random: StdRng) -> Self {
        Self {
            domain: settings.domain.clone(),
            exchange: settings.peer.addr.ip(),
            prefix: settings.prefix.clone(),
            technology: settings.technology.clone(),
            run: format!("{:x}", settings.run),
            random,
            requires_srtp: settings.requires_srtp,
            count: 0,
            turns: 0,
            phones: BTreeMap::new(),
            calls: BTreeMap::new(),
            by_session: BTreeMap::new(),
            orders: VecDeque::new(),
            told: VecDeque::new(),
        }
    }

    /// These phones are at work, and no others: they are registered, and the others are not, once they have no call any more.
    pub fn keep(&mut self, now: Instant, agent: &mut UserAgent, peer: Peer, wanted: &BTreeMap<Extension, Credentials>) {
        for (extension, credentials) in wanted {
            let phone = self.phones.entry(extension.clone()).or_insert_with(|| Phone {
                account: agent.add_account(extension.as_str(), &self.domain, peer, credentials.clone()),
                is_wanted: false,
                is_registered: None,
            });
            if !std::mem::replace(&mut phone.is_wanted, true) {
                phone.is_registered = None;
                agent.register(now, phone.account);
            }
        }
        for (extension, phone) in self.phones.iter_mut().filter(|(extension, phone)| phone.is_wanted && !wanted.contains_key(*extension)) {
            if !self.calls.values().any(|call| call.extension == *extension) {
                (phone.is_wanted, phone.is_registered) = (false, None);
                agent.unregister(now, phone.account);
            }
        }
    }

    /// The PBX is elsewhere now.
    pub fn move_to(&mut self, agent: &mut UserAgent, peer: Peer) {
        self.exchange = peer.addr.ip();
        self.phones.values().for_each(|phone| agent.move_account(phone.account, peer));
    }

    /// The PBX answers again, and may have forgotten everything.
    pub fn pbx_is_back(&self, now: Instant, agent: &mut UserAgent) {
        for phone in self.phones.values().filter(|phone| phone.is_wanted) {
            agent.register_again(now, phone.account);
            agent.probe_sessions(now, phone.account);
        }
    }

    /// What is to be done with audio next.
    pub fn poll_order(&mut self) -> Option<AudioOrder> {
        self.orders.pop_front()
    }

    /// What is told of a phone next.
    pub fn poll_told(&mut self) -> Option<PhoneTold> {
        self.told.pop_front()
    }

    /// Says goodbye in every call and at the PBX.
    pub fn stop(&mut self, now: Instant, agent: &mut UserAgent) {
        self.calls.values().for_each(|call| agent.hang_up(now, call.session));
        for phone in self.phones.values_mut().filter(|phone| phone.is_wanted) {
            phone.is_wanted = false;
            agent.unregister(now, phone.account);
        }
    }

    /// Whether the channel is one of ours.
    #[must_use]
    pub fn has(&self, channel: &str) -> bool {
        self.call_at(channel).is_some()
    }

    /// The call that has this channel.
    #[must_use]
    pub fn call_of(&self, channel: &str) -> Option<&CallId> {
        self.call_at(channel).map(|call| &call.id)
    }

    /// The phone's own channel in a call.
    #[must_use]
    pub fn channel_of(&self, id: &CallId) -> Option<&str> {
        self.calls.get(id).map(|call| call.own.name.as_str())
    }

    pub(super) fn call_at(&self, channel: &str) -> Option<&Call> {
        self.calls.values().find(|call| call.own.name == channel || call.other.name == channel)
    }

    pub(super) fn of_account(&mut self, account: AccountId) -> Option<(&Extension, &mut Phone)> {
        self.phones.iter_mut().find(|(_, phone)| phone.account == account)
    }

    pub(super) fn calls_of(&self, extension: &Extension) -> usize {
        self.calls.values().filter(|call| call.extension == *extension).count()
    }

    /// Ends a call, by its id: its user may be gone.
    pub(in crate::telephony) fn hang_up(&self, now: Instant, agent: &mut UserAgent, id: &CallId) {
        if let Some(call) = self.calls.get(id) {
            agent.hang_up(now, call.session);
        }
    }

    /// Whether keys can be pressed in a call now.
    #[must_use]
    pub fn takes_keys(&self, id: &CallId) -> bool {
        self.calls.get(id).and_then(|call| call.flow(self.exchange)).is_some_and(|flow| flow.speaks && flow.events.is_some())
    }

    /// What our end of a call is made secret with.
    pub(super) fn new_secret(&mut self) -> Secret {
        Secret { seed: self.random.random(), number: 0, is_used: false, is_required: self.requires_srtp }
    }

    /// Its user turns to a call.
    pub(super) const fn next_turn(&mut self) -> u64 {
        self.turns += 1;
        self.turns
    }

    /// A call id that nobody has had.
    pub(super) fn new_id(&mut self) -> CallId {
        self.count += 1;
        CallId::new(&format!("{}{}-{}", CallId::PHONE_PREFIX, self.run, self.count))
    }

    /// The two channels of a call: our own, and the other's. Whoever calls began it, and has its name.
    pub(super) fn channels(&mut self, call: &CallId, extension: &Extension, number: &str, name: &str, is_incoming: bool) -> (Channel, Channel) {
        self.count += 1;
        let ids = [call.to_string(), format!("{call}-2")];
        let [first, second] = ids;
        let (own, other) = if is_incoming { (second, first) } else { (first, second) };
        let own = Channel {
            id: own,
            name: format!("{}/{extension}-{:08x}", self.technology, self.count),
            call: call.to_string(),
            number: extension.to_string(),
            other_number: number.to_owned(),
            other_name: name.to_owned(),
            ..Channel::default()
        };
        let other = self.other_channel(call, other, extension, number, name);
        (own, other)
    }

    /// Somebody at the other end of a call.
    pub(super) fn other_channel(&mut self, call: &CallId, id: String, extension: &Extension, number: &str, name: &str) -> Channel {
        self.count += 1;
        Channel {
            id,
            name: format!("SIP/outside-{:08x}", self.count),
            call: call.to_string(),
            number: number.to_owned(),
            display_name: name.to_owned(),
            other_number: extension.to_string(),
            ..Channel::default()
        }
    }

    /// Of a number outside, or of an extension.
    pub(super) fn address_of(&self, number: &str) -> String {
        match number.strip_prefix('+') {
            Some(digits) => format!("sip:{}{digits}@{}", self.prefix, self.domain),
            None => format!("sip:{number}@{}", self.domain),
        }
    }
}
