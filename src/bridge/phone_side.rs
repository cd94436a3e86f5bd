//! The phones in browsers, for the task: who is at work, what their users want, and where their audio goes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Duration, Instant};

use super::audio::engine::Engine;
use super::audio::orders::{Order, Orders, Told};
use super::audio::ports::Ports;
use super::sip_side::SipState;
use super::task::Task;
use crate::clock::{Clock, Timestamp};
use crate::desk::hub::{AudioAnswer, AudioOffer, OfferRefused};
use crate::ids::{AgentId, CallId, Extension};
use crate::measure;
use crate::numbers::Pattern;
use crate::personal::Personal;
use crate::recordings::live::Recorder;
use crate::store::write::Write;
use crate::telephony::calls::event::EndReason;
use crate::telephony::media::codec::Codec;
use crate::telephony::sip::digest::Credentials;
use crate::telephony::softphone::call::{AudioOrder, PhoneTold};

/// Offers of pages that wait, at most.
pub const OFFERS_MAX: usize = 256;
/// What may wait for the audio; after that it is given up.
const UNSENT_MAX: usize = 4096;
/// A page that is loaded anew is back within this: its phone stays known to the PBX.
const PAGE_AWAY: Duration = Duration::from_secs(20);

/// An offer with the way back for its answer.
pub type Offering = (AudioOffer, oneshot::Sender<AudioAnswer>);

/// What the phones in browsers need.
#[derive(Debug)]
pub struct PhoneSetup {
    /// Which extensions they are.
    pub lines: Vec<Pattern>,
    /// What proves each of them to the PBX.
    pub secrets: BTreeMap<Extension, Personal<String>>,
    /// The only realm that is proved to.
    pub realm: Option<String>,
    /// Where browsers send their audio.
    pub listen: SocketAddr,
    /// Where they find that.
    pub announced: Vec<IpAddr>,
    /// Where the PBX sends its.
    pub rtp_ports: RangeInclusive<u16>,
    /// Keys go as messages of SIP, and not in the audio.
    pub keys_by_info: bool,
    /// Where what is recorded goes, before it is kept.
    pub recordings: Option<PathBuf>,
    /// Creditors whose debtors are told that they are recorded. Calls for others never are.
    pub noticed: BTreeSet<String>,
    /// What pages offer.
    pub offers: mpsc::Receiver<Offering>,
}

/// The phones.
pub(super) struct Phones {
    pub(super) setup: Option<PhoneSetup>,
    audio: Option<(Orders, mpsc::Receiver<Told>)>,
    ports: Option<Ports>,
    /// When a page of each agent was last open.
    seen: BTreeMap<AgentId, Instant>,
    /// Whose audio each call is.
    pub(super) agents: BTreeMap<CallId, AgentId>,
    /// What the desk and the ledger call each of them, where that is another name.
    pub(super) told_as: BTreeMap<CallId, CallId>,
    /// Calls that are to be recorded from their first word.
    pub(super) to_record: BTreeSet<CallId>,
    /// Calls whose first word was.
    up: BTreeSet<CallId>,
    /// What the audio could not be ordered yet.
    unsent: VecDeque<Order>,
}

/// What comes of them.
pub(super) enum PhoneInput {
    Told(Told),
    Offer(Offering),
}

impl Phones {
    /// Begins to carry audio, where there are such phones.
    pub(super) fn new(setup: Option<PhoneSetup>) -> Self {
        let recorder = setup.as_ref().and_then(|setup| match Recorder::start(setup.recordings.as_deref()?) {
            Ok(recorder) => Some(recorder),
            Err(error) => {
                tracing::error!(%error, "calls at phones in browsers are not recorded: see [recording] folder");
                None
            }
        });
        let opened = setup.as_ref().and_then(|setup| match Engine::open(setup.listen, &setup.announced, recorder) {
            Ok((engine, orders, told)) => {
                std::thread::Builder::new().name("audio".to_owned()).spawn(move || engine.run()).ok()?;
                Some((orders, told))
            }
            Err(error) => {
                tracing::error!(%error, "phones in browsers have no audio: see [browser] listen");
                None
            }
        });
        Self {
            setup,
            audio: opened,
            ports: None,
            seen: BTreeMap::new(),
            agents: BTreeMap::new(),
            told_as: BTreeMap::new(),
            to_record: BTreeSet::new(),
            up: BTreeSet::new(),
            unsent: VecDeque::new(),
        }
    }

    pub(super) fn is_ours(&self, extension: &Extension) -> bool {
        self.setup.as_ref().is_some_and(|setup| setup.lines.iter().any(|line| line.matches(extension.as_str())))
    }

    /// Orders something; what does not fit now follows as soon as it does, in its order.
    pub(super) fn order(&mut self, order: Order) {
        self.unsent.push_back(order);
        self.send();
    }

    fn send(&mut self) {
        let Some((orders, _)) = &self.audio else { return self.unsent.clear() };
        while let Some(order) = self.unsent.pop_front() {
            if let Err(order) = orders.send(order) {
                self.unsent.push_front(order);
                break;
            }
        }
        if self.unsent.len() > UNSENT_MAX {
            tracing::error!("the audio of the phones in browsers stands still: start the service again");
            self.audio = None;
        }
    }

    /// Makes room for the audio of a call; where it is.
    pub(super) fn open(&mut self, call: &CallId, agent: AgentId) -> Option<SocketAddr> {
        if self.agents.contains_key(call) || self.audio.is_none() {
            return None; // Another page was quicker.
        }
        let sockets = self.ports.as_mut()?.pair()?;
        let at = sockets.rtp.local_addr().ok()?;
        self.agents.insert(call.clone(), agent);
        self.order(Order::Open { call: call.clone(), agent, sockets });
        Some(at)
    }

    /// Of two calls the ledger has one now.
    pub(super) fn merged(&mut self, from: &CallId, into: &CallId) {
        self.told_as.values_mut().filter(|told_as| *told_as == from).for_each(|told_as| told_as.clone_from(into));
        if self.agents.contains_key(from) {
            self.told_as.insert(from.clone(), into.clone());
        }
    }

    pub(super) fn close(&mut self, call: &CallId) -> Option<AgentId> {
        self.to_record.remove(call);
        self.up.remove(call);
        self.order(Order::Close(call.clone()));
        self.agents.remove(call)
    }
}

/// What comes next. Cancelled, it has taken nothing.
pub(super) async fn phone_input(phones: &mut Phones) -> PhoneInput {
    let Phones { setup: Some(setup), audio, .. } = phones else { return std::future::pending().await };
    let told = async {
        match audio {
            Some((_, told)) => told.recv().await,
            None => None,
        }
    };
    tokio::select! {
        Some(told) = told => PhoneInput::Told(told),
        Some(offer) = setup.offers.recv() => PhoneInput::Offer(offer),
        else => std::future::pending().await,
    }
}

impl<C: Clock> Task<C> {
    pub(super) fn phone_heard(&mut self, input: PhoneInput) {
        match input {
            PhoneInput::Offer((offer, answer)) => {
                let has_phone = self.floor.seat(offer.agent).is_some_and(|seat| seat.phone.is_some());
                if !has_phone {
                    let _ = answer.send(Err(OfferRefused::NoPhone));
                    return;
                }
                self.phones.order(Order::Offer(offer, answer));
            }
            PhoneInput::Told(Told::Connected(agent, tab)) => {
                let effects = self.floor.phone_changed(agent, |phone| phone.tab = Some(tab));
                self.note_changed(&effects);
            }
            PhoneInput::Told(Told::Gone(agent)) => {
                let effects = self.floor.phone_changed(agent, |phone| phone.tab = None);
                self.note_changed(&effects);
            }
            PhoneInput::Told(Told::Marked(call, quality)) => {
                if let Some(agent) = self.phones.agents.get(&call).copied() {
                    let effects = self.floor.phone_changed(agent, |phone| phone.quality = Some(quality));
                    self.note_changed(&effects);
                }
            }
            PhoneInput::Told(Told::Measured(call, quality)) => {
                let told_as = self.phones.told_as.remove(&call).unwrap_or(call);
                if quality.heard.expected > 0 {
                    measure::call_heard(quality.mos());
                    self.journal.put(Write::Quality(told_as, quality));
                }
            }
            PhoneInput::Told(Told::Recording(call, change)) => self.recorded_here(call, change),
            PhoneInput::Told(Told::WaitedInVain(call)) => {
                tracing::warn!(%call, "nobody came back to the page: the call is ended");
                self.phone_hang_up(&call);
            }
        }
    }

    /// The sockets towards the PBX are open: audio comes to the same address.
    pub(super) fn ports_from_here(&mut self) {
        if let (SipState::Open(side), Some(setup)) = (&self.sip, &self.phones.setup) {
            self.phones.ports = Some(Ports::new(side.ours, setup.rtp_ports.clone(), rand::random()));
        }
    }

    fn phone_hang_up(&mut self, call: &CallId) {
        if let SipState::Open(side) = &mut self.sip {
            side.line.phone_hang_up(std::time::Instant::now(), call);
            side.flush();
        }
    }

    /// Who has no seat any more speaks with nobody, and is not heard.
    fn end_calls_of_the_gone(&mut self) {
        let is_gone = |agent: &AgentId| self.floor.seat(*agent).is_none_or(|seat| seat.phone.is_none());
        let gone: Vec<(CallId, AgentId)> =
            self.phones.agents.iter().filter(|(_, agent)| is_gone(agent)).map(|(call, agent)| (call.clone(), *agent)).collect();
        for (call, agent) in gone {
            self.phone_hang_up(&call);
            self.phones.order(Order::SignedOut(agent));
        }
    }

    /// Call once a tick: the phones of those who have a page open are at work.
    pub(super) fn keep_phones(&mut self) {
        self.phones.send();
        self.end_calls_of_the_gone();
        let Some(setup) = &self.phones.setup else { return };
        let now = Instant::now();
        let mut wanted = BTreeMap::new();
        for seat in self.floor.seats().filter(|seat| seat.phone.is_some()) {
            let (agent, extension) = (seat.profile.agent, &seat.profile.extension);
            if self.setup.bell.is_heard_by(agent) {
                self.phones.seen.insert(agent, now);
            }
            let is_here = self.phones.seen.get(&agent).is_some_and(|seen| now.duration_since(*seen) < PAGE_AWAY);
            if let Some(secret) = setup.secrets.get(extension).filter(|_| is_here || seat.calls.iter().any(|call| call.is_live())) {
                let credentials = Credentials { username: extension.to_string(), secret: secret.clone(), realm: setup.realm.clone() };
                wanted.insert(extension.clone(), credentials);
            }
        }
        if let SipState::Open(side) = &mut self.sip {
            side.line.keep_phones(now.into_std(), &wanted);
            side.flush();
        }
    }

    /// Who has a phone in a browser.
    pub(super) fn set_phones(&mut self) {
        let agents: Vec<(AgentId, bool)> =
            self.floor.seats().map(|seat| (seat.profile.agent, self.phones.is_ours(&seat.profile.extension))).collect();
        for (agent, has) in agents {
            let effects = self.floor.has_phone(agent, has);
            self.note_changed(&effects);
        }
    }

    pub(super) fn own_phone_told(&mut self, _now: Timestamp, told: PhoneTold) {
        let (extension, registered) = match told {
            PhoneTold::Registered(extension) => (extension, Ok(())),
            PhoneTold::NotRegistered(extension, why) => {
                tracing::warn!(%extension, why, "a phone in a browser is not known to the PBX: is its secret right?");
                (extension, Err(why))
            }
            PhoneTold::NotSentOn(call, status) => {
                tracing::info!(%call, status, "a call could not be handed over");
                let agent = self.phones.agents.get(&call).copied();
                let effects = agent.map(|agent| self.floor.not_handed_over(agent, reason_of_status(status))).unwrap_or_default();
                return self.note_changed(&effects);
            }
            PhoneTold::KeysRefused(call, status) => {
                tracing::warn!(%call, status, "the PBX takes no keys by SIP INFO: see [browser] keys");
                let agent = self.phones.agents.get(&call).copied();
                let effects = agent.map(|agent| self.floor.keys_refused(agent)).unwrap_or_default();
                return self.note_changed(&effects);
            }
        };
        if let Some(agent) = self.floor.agent_of(&extension) {
            let effects = self.floor.phone_changed(agent, |phone| phone.registered = Some(registered));
            self.note_changed(&effects);
        }
    }

    pub(super) fn audio_ordered(&mut self, order: AudioOrder) {
        match order {
            AudioOrder::Flow(call, flow) => {
                let Some(agent) = self.phones.agents.get(&call).copied() else { return };
                if flow.hears {
                    let effects = self.floor.phone_changed(agent, |phone| {
                        phone.codec = Some(flow.codec.1).filter(|codec| *codec == Codec::G722).or(Some(Codec::Pcma)).map(Codec::name);
                        phone.is_early = !flow.is_up;
                    });
                    self.note_changed(&effects);
                }
                self.phones.order(Order::Flow(call.clone(), Box::new(flow)));
                if flow.is_up && self.phones.up.insert(call.clone()) {
                    self.record_if_noticed(&call);
                }
            }
            AudioOrder::Close(call) => {
                let agent = self.phones.close(&call);
                let is_last = |agent: &AgentId| !self.phones.agents.values().any(|of| of == agent);
                if let Some(agent) = agent {
                    let is_last = is_last(&agent);
                    let effects = self.floor.phone_changed(agent, |phone| {
                        (phone.quality, phone.is_early) = (None, false);
                        phone.codec = phone.codec.filter(|_| !is_last);
                    });
                    self.note_changed(&effects);
                }
            }
        }
    }
}

/// Why somebody did not get a call that was sent to him.
const fn reason_of_status(status: u16) -> EndReason {
    match status {
        486 | 600 => EndReason::Busy,
        408 | 480 | 487 => EndReason::NoAnswer,
        403 | 404 | 603 => EndReason::Rejected,
        _ => EndReason::Failed,
    }
}
