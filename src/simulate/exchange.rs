//! The exchange itself: who is registered, and what becomes of each call. No sockets and no clock.

use core::net::SocketAddr;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::persona::{Caller, Persona, Then};
use crate::telephony::media::codec::Codec;
use crate::telephony::sip::audio::{Audio, Ours, offer};
use crate::telephony::sip::digest::Credentials;
use crate::telephony::sip::peer::{Peer, Transmit, Transport};
use crate::telephony::sip::sdp::{Description, Direction};
use crate::telephony::sip::uri::{Uri, unescaped};
use crate::telephony::sip::user_agent::agent::{Settings, UserAgent};
use crate::telephony::sip::user_agent::calling::Invitation;
use crate::telephony::sip::user_agent::event::{AccountId, Event, IncomingCall, SessionId};

/// Before somebody who lets one wait does.
const BEFORE_WAITING: Duration = Duration::from_secs(4);
/// Calls at the same time, at most.
const CALLS_MAX: usize = 4000;

/// What is to be done with the audio of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sound {
    /// Speak as whoever has this number.
    Begin {
        /// In which call.
        session: SessionId,
        /// From where.
        at: SocketAddr,
        /// To where.
        to: SocketAddr,
        /// In what.
        codec: Codec,
        /// Who.
        number: String,
    },
    /// Say nothing.
    End(SessionId),
    /// The call is over: nothing comes here any more.
    Over(SessionId, SocketAddr),
}

/// What becomes of somebody's phone next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Decide,
    Hold(bool),
    HangUp,
}

struct Call {
    /// Whose phone it is, of the two that speak.
    number: String,
    persona: Persona,
    theirs: Option<Audio>,
    description: Option<Description>,
    at: SocketAddr,
    said: u64,
    /// The call that this one comes of, because its agent sent the debtor on.
    sent_on_by: Option<SessionId>,
}

/// The exchange.
pub struct Exchange {
    agent: UserAgent,
    account: AccountId,
    phones: BTreeMap<String, (Peer, String)>,
    calls: BTreeMap<SessionId, Call>,
    acts: BTreeMap<(Instant, u64), (SessionId, Act)>,
    sounds: VecDeque<Sound>,
    count: u64,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange").field("phones", &self.phones.len()).field("calls", &self.calls.len()).finish_non_exhaustive()
    }
}

impl Exchange {
    /// An exchange at this address, for phones that come from `trusted`.
    #[must_use]
    pub fn new(settings: Settings, at: SocketAddr, trusted: core::net::IpAddr, seed: [u8; 32]) -> Self {
        let mut agent = UserAgent::new(settings, seed);
        let credentials = Credentials { username: String::new(), secret: String::new().into(), realm: None };
        let nobody = Peer { transport: Transport::Udp, addr: SocketAddr::new(trusted, 9) };
        let account = agent.add_account("simulator", &at.to_string(), nobody, credentials);
        agent.trust(trusted);
        agent.serve_everybody(account);
        Self { agent, account, phones: BTreeMap::new(), calls: BTreeMap::new(), acts: BTreeMap::new(), sounds: VecDeque::new(), count: 0 }
    }

    /// The phones that are registered.
    pub fn phones(&self) -> impl Iterator<Item = &str> {
        self.phones.keys().map(String::as_str)
    }

    /// Calls that go on.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Takes one message; `audio` is where the audio of a call that it may begin is to come.
    pub fn handle(&mut self, now: Instant, from: Peer, bytes: &[u8], audio: &mut impl FnMut() -> Option<SocketAddr>) {
        self.agent.handle(now, from, bytes);
        self.settle(now, audio);
    }

    /// When [`Exchange::handle_timeout`] is to be called.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        let act = self.acts.first_key_value().map(|((at, _), _)| *at);
        [self.agent.next_timeout(), act].into_iter().flatten().min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant, audio: &mut impl FnMut() -> Option<SocketAddr>) {
        self.agent.handle_timeout(now);
        while let Some(entry) = self.acts.first_entry().filter(|entry| entry.key().0 <= now) {
            let (session, act) = entry.remove();
            self.act(now, session, act);
        }
        self.settle(now, audio);
    }

    /// What is to be sent next.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.agent.poll_transmit()
    }

    /// What is to be heard next.
    pub fn poll_sound(&mut self) -> Option<Sound> {
        self.sounds.pop_front()
    }

    /// Lets somebody call a phone; whether it is there.
    pub fn call_in(&mut self, now: Instant, phone: &str, caller: &Caller, at: SocketAddr) -> bool {
        let Some(session) = self.invite(now, phone, &caller.number, &caller.name, None, at) else { return false };
        self.later(now + caller.patience, session, Act::HangUp);
        true
    }

    fn invite(&mut self, now: Instant, phone: &str, number: &str, name: &str, replaces: Option<String>, at: SocketAddr) -> Option<SessionId> {
        let (peer, contact) = self.phones.get(phone).cloned()?;
        if self.calls.len() >= CALLS_MAX {
            return None;
        }
        self.agent.move_account(self.account, peer);
        let sdp = offer(&Ours { at, session: 1, version: 1, direction: Direction::SendRecv, crypto: None }, None, None);
        let name = crate::telephony::sip::user_agent::calling::shown_name(name);
        let asserted = Some(format!("\"{name}\" <sip:{number}@simulator.invalid>"));
        let invitation = Invitation { uri: contact, sdp, asserted, replaces, ..Invitation::default() };
        let session = self.agent.invite(now, self.account, &invitation)?;
        let persona = Persona { rings: Duration::ZERO, then: Then::Talks(Duration::from_secs(300)) };
        let call = Call { number: number.to_owned(), persona, theirs: None, description: None, at, said: 1, sent_on_by: None };
        self.calls.insert(session, call);
        Some(session)
    }

    fn later(&mut self, at: Instant, session: SessionId, act: Act) {
        self.count += 1;
        self.acts.insert((at, self.count), (session, act));
    }

    fn settle(&mut self, now: Instant, audio: &mut impl FnMut() -> Option<SocketAddr>) {
        while let Some(event) = self.agent.poll_event() {
            match event {
                Event::PhoneAt { user, from, contact: Some(contact) } => drop(self.phones.insert(user, (from, contact))),
                Event::PhoneAt { user, contact: None, .. } => drop(self.phones.remove(&user)),
                Event::Incoming { session, call, .. } => self.incoming(now, session, &call, audio()),
                Event::Answered { session, sdp } => self.answered(now, session, sdp.as_deref()),
                Event::Acknowledged { session, .. } => self.speak(session),
                Event::Reoffered { session, sdp } => self.reoffered(now, session, sdp.as_deref()),
                Event::ReofferDone { session, result: Ok(Some(sdp)) } => {
                    self.heard(session, &sdp);
                    self.speak(session);
                }
                Event::Referred { session, uri, replaces } => self.sent_on(now, session, &uri, replaces, audio()),
                Event::Ended { session, end } => self.ended(now, session, end.status),
                _ => {}
            }
        }
    }

    fn heard(&mut self, session: SessionId, sdp: &[u8]) {
        if let (Some(call), Ok(description)) = (self.calls.get_mut(&session), Description::parse(sdp)) {
            call.theirs = description.audio();
            call.description = Some(description);
        }
    }

    fn incoming(&mut self, now: Instant, session: SessionId, call: &IncomingCall, at: Option<SocketAddr>) {
        let number = match Uri::parse(&call.called) {
            Ok(Uri::Sip(sip)) => sip.user.map(|user| unescaped(user).into_owned()),
            _ => None,
        };
        let (Some(number), Some(at), Some(sdp)) = (number, at, &call.sdp) else { return self.agent.reject(now, session, 488) };
        if self.calls.len() >= CALLS_MAX {
            return self.agent.reject(now, session, 503);
        }
        let persona = Persona::of(&number);
        self.calls.insert(session, Call { number, persona, theirs: None, description: None, at, said: 0, sent_on_by: None });
        self.heard(session, sdp);
        self.agent.ring(now, session);
        self.later(now + persona.rings, session, Act::Decide);
    }

    fn act(&mut self, now: Instant, session: SessionId, act: Act) {
        let Some(call) = self.calls.get(&session) else { return };
        match (act, call.persona.then) {
            (Act::Decide, Then::IsBusy) => self.agent.reject(now, session, 486),
            (Act::Decide, Then::IsOut) => self.agent.reject(now, session, 480),
            (Act::Decide, then) => {
                let Some(answer) = self.answer(session) else { return self.agent.reject(now, session, 488) };
                self.agent.answer(now, session, &answer);
                match then {
                    Then::Talks(time) => self.later(now + time, session, Act::HangUp),
                    Then::LetsWait(time) => {
                        self.later(now + BEFORE_WAITING, session, Act::Hold(true));
                        self.later(now + BEFORE_WAITING + time, session, Act::Hold(false));
                    }
                    Then::IsBusy | Then::IsOut => {}
                }
            }
            (Act::Hold(is_held), _) => {
                let Some(call) = self.calls.get_mut(&session) else { return };
                call.said += 1;
                let direction = if is_held { Direction::SendOnly } else { Direction::SendRecv };
                let ours = Ours { at: call.at, session: 1, version: call.said, direction, crypto: None };
                let codec = call.theirs.as_ref().and_then(|theirs| theirs.codecs.first().copied());
                self.agent.reoffer(now, session, &offer(&ours, codec, None));
            }
            (Act::HangUp, _) => self.agent.hang_up(now, session),
        }
    }

    fn answer(&mut self, session: SessionId) -> Option<Vec<u8>> {
        let call = self.calls.get_mut(&session)?;
        let (description, audio) = (call.description.as_ref()?, call.theirs.as_ref()?);
        call.said += 1;
        // What can be spoken here: there is no wideband voice.
        let codec = audio.codecs.iter().find(|(_, codec)| codec.is_g711()).copied()?;
        if audio.crypto.is_some() {
            return None; // Nothing is secret here.
        }
        let direction = audio.direction.answered(Direction::SendRecv);
        let ours = Ours { at: call.at, session: 1, version: call.said, direction, crypto: None };
        Some(description.answered(&ours, codec, audio.events))
    }

    fn speak(&mut self, session: SessionId) {
        let Some(call) = self.calls.get(&session) else { return };
        let Some(audio) = &call.theirs else { return };
        let codec = audio.codecs.iter().find(|(_, codec)| codec.is_g711());
        let hears = matches!(audio.direction, Direction::SendRecv | Direction::RecvOnly);
        self.sounds.push_back(match (audio.at.filter(|_| hears), codec) {
            (Some(to), Some((_, codec))) => Sound::Begin { session, at: call.at, to, codec: *codec, number: call.number.clone() },
            _ => Sound::End(session),
        });
    }

    fn answered(&mut self, now: Instant, session: SessionId, sdp: Option<&[u8]>) {
        if let Some(sdp) = sdp {
            self.heard(session, sdp);
        }
        // Whoever was called has come: nobody loses patience any more.
        self.acts.retain(|_, (of, _)| *of != session);
        self.speak(session);
        if let Some(before) = self.calls.get(&session).and_then(|call| call.sent_on_by) {
            self.agent.refer_progress(now, before, 200);
        }
    }

    fn reoffered(&mut self, now: Instant, session: SessionId, sdp: Option<&[u8]>) {
        if let Some(sdp) = sdp {
            self.heard(session, sdp);
        }
        match self.answer(session) {
            Some(answer) => self.agent.accept_reoffer(now, session, &answer),
            None => self.agent.refuse_reoffer(now, session, 488),
        }
        self.speak(session);
    }

    /// The agent sends whoever is here on to a colleague.
    fn sent_on(&mut self, now: Instant, session: SessionId, uri: &str, replaces: Option<String>, at: Option<SocketAddr>) {
        let phone = match Uri::parse(uri) {
            Ok(Uri::Sip(sip)) => sip.user.map(|user| unescaped(user).into_owned()).unwrap_or_default(),
            _ => String::new(),
        };
        let number = self.calls.get(&session).map(|call| call.number.clone()).unwrap_or_default();
        self.agent.accept_refer(now, session);
        let called = at.and_then(|at| self.invite(now, &phone, &number, "", replaces, at));
        match called.and_then(|called| self.calls.get_mut(&called)) {
            Some(call) => call.sent_on_by = Some(session),
            None => self.agent.refer_progress(now, session, 480),
        }
    }

    fn ended(&mut self, now: Instant, session: SessionId, status: Option<u16>) {
        self.acts.retain(|_, (of, _)| *of != session);
        let call = self.calls.remove(&session);
        self.sounds.extend(call.as_ref().map(|call| Sound::Over(session, call.at)));
        if let (Some(before), Some(status)) = (call.and_then(|call| call.sent_on_by), status) {
            self.agent.refer_progress(now, before, status);
        }
    }
}
