//! The line itself: one account at one PBX, the phones that it watches, and the calls that it dials.

use core::net::{IpAddr, SocketAddr};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::dialled::{Dialled, Standing};
use super::observed::Observed;
use super::phones::{Heard, Phone, Phones};
use super::telling::Telling;
use crate::clock::Timestamp;
use crate::ids::Extension;
use crate::telephony::pbx::event::Event as PbxEvent;
use crate::telephony::sip::dialog_info::{self, DialogState};
use crate::telephony::sip::digest::Credentials;
use crate::telephony::sip::peer::{Peer, Transmit, Transport};
use crate::telephony::sip::user_agent::agent::{Settings, UserAgent};
use crate::telephony::sip::user_agent::event::{AccountId, Event, Failure, SubscriptionId};
use crate::telephony::softphone::call::{Ask, AudioOrder, PhoneTold};
use crate::telephony::softphone::phones::Softphones;

pub use super::dialled::Dial;
pub use super::referring::DialBy;

/// What a phone's calls are told in.
const DIALOG_INFO: &str = "application/dialog-info+xml";

/// How long after the end of a call of ours the PBX is asked what its phone still does.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// How the line stands at its PBX.
#[derive(Debug, Clone)]
pub struct LineSettings {
    /// Our name at the PBX.
    pub user: String,
    /// The PBX's domain, as addresses name it.
    pub domain: String,
    /// What proves who we are.
    pub credentials: Credentials,
    /// Where the PBX is.
    pub peer: Peer,
    /// Whether the PBX wants to be told where we are.
    pub registers: bool,
    /// What the devices of phones are called elsewhere: `PJSIP` makes 101 `PJSIP/101`.
    pub technology: String,
    /// What the PBX wants before the country code of a number.
    pub prefix: String,
    /// Who calls the debtor.
    pub dial_by: DialBy,
    /// Differs for each run of the service.
    pub run: u64,
    /// Audio of phones that we are that is not secret is refused.
    pub requires_srtp: bool,
}

/// What the line tells.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "few at a time, and most are the large one")]
pub enum Told {
    /// Something happened to a call.
    Pbx(PbxEvent<'static>),
    /// The PBX answers and knows us.
    Up,
    /// It keeps where we are; and what time it is there, in whole seconds, where it says so.
    Registered(Option<Timestamp>),
    /// It does not, and why. What its phones did meanwhile is unknown.
    Down(String),
    /// A phone is watched, or is no more, and why.
    Phone(Extension, Result<(), Failure>),
    /// What is to be done with the audio of a call of ours.
    Audio(AudioOrder),
    /// What became of a phone that we are.
    OwnPhone(PhoneTold),
}

/// One line.
#[derive(Debug)]
pub struct SipLine {
    pub(super) agent: UserAgent,
    pub(super) account: AccountId,
    registers: bool,
    domain: String,
    /// `None` before anything was heard.
    is_up: Option<bool>,
    pub(super) phones: Phones,
    pub(super) observed: Observed,
    pub(super) dialled: Dialled,
    /// The phones that we are ourselves.
    pub(super) own: Softphones,
    pub(super) peer: Peer,
    pub(super) telling: Telling,
    told: VecDeque<Told>,
    /// Phones at which a call of ours has ended, and when their PBX is asked what else they do.
    pub(super) look_again: VecDeque<(Instant, Extension)>,
    /// Those of them whose PBX has been asked, and whether for the second time.
    pub(super) asked: BTreeMap<Extension, bool>,
}

impl SipLine {
    /// A line that has not said anything yet.
    #[must_use]
    pub fn new(settings: LineSettings, agent_settings: Settings, ours: IpAddr, seed: [u8; 32]) -> Self {
        let mut random = StdRng::from_seed(seed);
        let mut agent = UserAgent::new(agent_settings, random.random());
        let own = Softphones::new(&settings, random);
        let account = agent.add_account(&settings.user, &settings.domain, settings.peer, settings.credentials);
        let standing = Standing {
            ours,
            user: settings.user.clone(),
            domain: settings.domain.clone(),
            technology: settings.technology.clone(),
            prefix: settings.prefix,
            dial_by: settings.dial_by,
        };
        Self {
            agent,
            account,
            registers: settings.registers,
            domain: settings.domain,
            is_up: None,
            phones: Phones::default(),
            observed: Observed::new(&settings.technology, settings.run),
            dialled: Dialled::new(standing),
            own,
            peer: settings.peer,
            telling: Telling::default(),
            told: VecDeque::new(),
            look_again: VecDeque::new(),
            asked: BTreeMap::new(),
        }
    }

    /// Begins: registers where the PBX wants it, and asks whether it is there.
    pub fn start(&mut self, now: Instant) {
        if self.registers {
            self.agent.register(now, self.account);
        }
        self.agent.watch(now, self.account);
        self.settle(now);
    }

    /// Says goodbye; what is then to be sent is sent at once.
    pub fn stop(&mut self, now: Instant) {
        self.watch_only(now, &BTreeSet::new());
        self.dialled.give_up_ringing(now, &mut self.agent);
        self.own.stop(now, &mut self.agent);
        if self.registers {
            self.agent.unregister(now, self.account);
        }
    }

    /// Our end of a connection.
    pub fn set_local(&mut self, transport: Transport, local: SocketAddr) {
        self.agent.set_local(transport, local);
    }

    /// The PBX is at another of its addresses.
    pub fn move_to(&mut self, peer: Peer) {
        self.peer = peer;
        self.agent.move_account(self.account, peer);
        self.own.move_to(&mut self.agent, peer);
    }

    /// Watches these phones and no others.
    pub fn watch_only(&mut self, now: Instant, extensions: &BTreeSet<Extension>) {
        let gone: Vec<Extension> = self.phones.by_extension.keys().filter(|have| !extensions.contains(*have)).cloned().collect();
        for extension in gone {
            if let Some(phone) = self.phones.remove(&extension) {
                self.agent.unsubscribe(now, phone.subscription);
                self.observed.forget(now, &extension, &mut self.telling);
                self.dialled.phone_rests(now, &mut self.agent, &extension, &mut self.telling);
                self.asked.remove(&extension);
            }
        }
        for extension in extensions.iter().filter(|extension| !self.phones.by_extension.contains_key(*extension)).cloned().collect::<Vec<_>>() {
            let uri = format!("sip:{extension}@{}", self.domain);
            let subscription = self.agent.subscribe(now, self.account, &uri, "dialog", DIALOG_INFO);
            self.phones.insert(extension, subscription);
        }
        self.settle(now);
    }

    /// Rings an agent's phone, and when it is picked up calls the number; whether it could be sent.
    pub fn dial(&mut self, now: Instant, dial: Dial) -> bool {
        let is_sent = self.dialled.dial(now, &mut self.agent, self.account, dial, &mut self.telling);
        self.settle(now);
        is_sent
    }

    /// Hangs up a call that we dialled, by one of its channels. What others dialled is theirs.
    pub fn hang_up(&mut self, now: Instant, channel: &str) -> bool {
        let is_own = self.ask(now, channel, Ask::HangUp).is_ok();
        let is_ours = is_own || self.dialled.hang_up(now, &mut self.agent, channel);
        self.settle(now);
        is_ours
    }

    /// Takes one message as it came.
    pub fn handle(&mut self, now: Instant, from: Peer, bytes: &[u8]) {
        self.agent.handle(now, from, bytes);
        self.settle(now);
    }

    /// What could not be sent to this peer is over.
    pub fn transport_failed(&mut self, now: Instant, peer: Peer) {
        self.agent.transport_failed(now, peer);
        self.settle(now);
    }

    /// When [`SipLine::handle_timeout`] is to be called.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        let look_again = self.look_again.front().map(|(at, _)| *at);
        [self.agent.next_timeout(), self.observed.next_timeout(), self.dialled.next_timeout(), look_again].into_iter().flatten().min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.agent.handle_timeout(now);
        self.observed.handle_timeout(now, &mut self.telling);
        self.dialled.ask_again(now, &mut self.agent);
        self.ask_again(now);
        self.settle(now);
    }

    /// What is to be sent next.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.agent.poll_transmit()
    }

    /// What is told next.
    pub fn poll_told(&mut self) -> Option<Told> {
        self.told.pop_front()
    }

    /// The PBX does not answer, where it is tried now.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.agent.is_away(self.account)
    }

    /// Sessions and phones, for the figures.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.agent.session_count(), self.phones.by_extension.values().filter(|phone| phone.is_told).count())
    }

    /// Takes what the agent tells until it tells nothing more.
    pub(super) fn settle(&mut self, now: Instant) {
        while let Some(event) = self.agent.poll_event() {
            let is_ours = self.own.heard(now, &mut self.agent, &event, &mut self.telling);
            if !is_ours && !self.dialled.heard(now, &mut self.agent, &event, &mut self.telling) {
                self.heard(now, event);
            }
            self.flush();
        }
        for extension in self.dialled.freed() {
            self.look_again.push_back((now + LOOK_AGAIN, extension));
        }
        self.flush();
    }

    fn flush(&mut self) {
        while let Some(event) = self.telling.next() {
            self.told.push_back(Told::Pbx(event));
        }
        while let Some(order) = self.own.poll_order() {
            self.told.push_back(Told::Audio(order));
        }
        while let Some(told) = self.own.poll_told() {
            self.told.push_back(Told::OwnPhone(told));
        }
    }

    fn heard(&mut self, now: Instant, event: Event) {
        if matches!(event, Event::Back(_)) {
            self.own.pbx_is_back(now, &mut self.agent);
        }
        match event {
            Event::Registered { date, .. } => {
                self.up();
                self.told.push_back(Told::Registered(date));
            }
            Event::NotRegistered { why, .. } => self.down(&why.to_string()),
            Event::Away(_) => self.down("the PBX does not answer"),
            Event::Found(_) | Event::Back(_) if !self.registers => self.up(),
            Event::Notified { subscription, content_type, body } => self.notified(now, subscription, &content_type, &body),
            Event::Refreshed(subscription) => self.look_again(now, subscription),
            Event::Unsubscribed { subscription, why } => {
                if let Some((extension, phone)) = self.phones.of(subscription) {
                    phone.lost();
                    self.asked.remove(&extension);
                    self.told.push_back(Told::Phone(extension, Err(why)));
                }
            }
            // Nobody is to be called here: the account watches and dials.
            Event::Incoming { session, .. } => self.agent.reject(now, session, 480),
            _ => {}
        }
    }

    fn notified(&mut self, now: Instant, subscription: SubscriptionId, content_type: &str, body: &[u8]) {
        if body.is_empty() {
            if let Some((extension, phone)) = self.phones.of(subscription)
                && phone.heard_nothing()
            {
                self.dialled.phone_rests(now, &mut self.agent, &extension, &mut self.telling);
                self.told.push_back(Told::Phone(extension, Ok(())));
            }
            return;
        }
        let is_ours = content_type.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case(DIALOG_INFO));
        let Some((extension, phone)) = self.phones.of(subscription).filter(|_| is_ours) else { return };
        let Ok(info) = dialog_info::parse(body) else { return };
        let was_told = phone.is_told;
        match phone.heard(info) {
            Heard::Stale => {}
            Heard::Missed => self.agent.refresh(now, subscription),
            Heard::Changed { dialogs, is_after_gap } => {
                if !was_told {
                    self.told.push_back(Told::Phone(extension.clone(), Ok(())));
                }
                for dialog in dialogs {
                    self.changed(now, &extension, &dialog, is_after_gap);
                }
                if !was_told {
                    self.is_told_again(now, &extension);
                }
            }
        }
    }

    /// A phone is told of again: what was held back before nobody told of it, is told now.
    fn is_told_again(&mut self, now: Instant, extension: &Extension) {
        let live = self.phones.by_extension.get(extension).map(Phone::live).unwrap_or_default();
        if live.is_empty() {
            return self.dialled.phone_rests(now, &mut self.agent, extension, &mut self.telling);
        }
        for dialog in live.iter().filter(|dialog| !self.observed.follows(extension, &dialog.id)).collect::<Vec<_>>() {
            self.changed(now, extension, dialog, true);
        }
    }

    /// A dialog of a phone changed; of our own call there we know more than its PBX.
    pub(super) fn changed(&mut self, now: Instant, extension: &Extension, dialog: &DialogState, is_after_gap: bool) {
        if !self.observed.follows(extension, &dialog.id) && self.dialled.is_own(extension, dialog) {
            self.telling.is_inferred = is_after_gap;
            self.dialled.phone_changed(now, &mut self.agent, extension, dialog, &mut self.telling);
            self.dialled.own_changed(extension, dialog, &mut self.telling);
            self.telling.is_inferred = false;
            return;
        }
        let is_waited_for = || self.asked.contains_key(extension) || self.look_again.iter().any(|(_, at)| at == extension);
        let is_looked_at_later = || dialog.call_id.is_none() && is_waited_for();
        if !self.observed.follows(extension, &dialog.id) && is_looked_at_later() {
            return;
        }
        if !self.observed.follows(extension, &dialog.id) && self.dialled.has_gone_to(extension, dialog, &mut self.telling) {
            return;
        }
        let colleague = self.phones.has(&super::observed::number_of(&dialog.remote));
        self.observed.changed(now, extension, dialog, colleague, is_after_gap, &mut self.telling);
    }

    fn up(&mut self) {
        if self.is_up.replace(true) != Some(true) {
            self.told.push_back(Told::Up);
        }
    }

    fn down(&mut self, why: &str) {
        if self.is_up.replace(false) != Some(false) {
            self.told.push_back(Told::Down(why.to_owned()));
        }
    }
}
