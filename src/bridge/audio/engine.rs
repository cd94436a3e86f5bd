//! The thread that carries all audio.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};
use tokio::sync::mpsc;

use super::browser;
use super::leg::{Audio, Leg};
use super::legs::Legs;
use super::orders::{ORDERS_MAX, Order, Orders, TOLD_MAX, Told};
use super::sessions::Sessions;
use super::ways::{BROWSERS, LISTENER, STREAMS, Way, Ways};
use crate::ids::AgentId;
use crate::measure;
use crate::recordings::live::{BrokenOff, Recorder};
use crate::telephony::media::codec::FRAME;
use crate::telephony::pbx::recording::RecordingChange;

const WAKE: Token = Token(0);
/// Two tokens a call from here on: its audio and its reports.
pub(super) const LEGS: usize = 3;
/// Datagrams that are taken of one socket before the others have their turn.
const DATAGRAMS_A_TURN: usize = 64;
/// Sockets that have something at the same time, at most; more are taken next.
const EVENTS_MAX: usize = 1024;
/// How long a session waits to be looked after, at most: nothing that it does of itself is in more haste.
const LOOK: Duration = Duration::from_millis(5);
/// How often connections are looked through for those that nobody needs.
const SWEEP: Duration = Duration::from_secs(1);
/// Frames between two looks at how calls are heard: two seconds.
const MARK_FRAMES: u64 = 100;

/// The engine; runs until the way to it is closed.
pub struct Engine {
    pub(super) poll: Poll,
    pub(super) orders: Receiver<Order>,
    pub(super) told: mpsc::Sender<Told>,
    pub(super) ways: Ways,
    /// Where browsers find us.
    pub(super) at: Vec<SocketAddr>,
    /// The address of our end, as sessions know it.
    pub(super) local: SocketAddr,
    pub(super) legs: Legs,
    pub(super) browsers: Sessions,
    /// When the sessions are looked after next.
    next_look: Instant,
    next_sweep: Instant,
    pub(super) next_frame: Instant,
    pub(super) strangers: u64,
    pub(super) frames: u64,
    pub(super) recorder: Option<Recorder>,
    broken_off: Option<BrokenOff>,
    pub(super) buffer: Vec<u8>,
    /// Sockets from which not everything was taken.
    pub(super) unfinished: Vec<Token>,
}

impl Engine {
    /// Opens the socket for browsers, which find us at `announced`, or where it listens when nothing is announced.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub fn open(
        listen: SocketAddr,
        announced: &[IpAddr],
        recorder: Option<(Recorder, BrokenOff)>,
    ) -> io::Result<(Self, Orders, mpsc::Receiver<Told>)> {
        let (recorder, broken_off) = recorder.unzip();
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let ways = Ways::open(listen, poll.registry())?;
        let bound = ways.socket.local_addr()?;
        let at: Vec<SocketAddr> = match announced {
            [] => vec![bound],
            all => all.iter().map(|address| SocketAddr::new(*address, bound.port())).collect(),
        };
        let (line, orders) = sync_channel(ORDERS_MAX);
        let (told, told_out) = mpsc::channel(TOLD_MAX);
        let local = at.first().copied().unwrap_or(bound);
        let engine = Self {
            poll,
            orders,
            told,
            ways,
            at,
            local,
            legs: Legs::default(),
            browsers: Sessions::default(),
            next_look: Instant::now(),
            next_sweep: Instant::now(),
            next_frame: Instant::now(),
            strangers: 0,
            frames: 0,
            recorder,
            broken_off,
            buffer: vec![0; 2048],
            unfinished: Vec::new(),
        };
        Ok((engine, Orders { line, waker }, told_out))
    }

    /// Carries audio until nobody can order anything any more.
    pub fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS_MAX);
        loop {
            let now = Instant::now();
            let wait = if self.unfinished.is_empty() { self.next_due().map(|due| due.saturating_duration_since(now)) } else { Some(Duration::ZERO) };
            if let Err(error) = self.poll.poll(&mut events, wait)
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "audio is not carried any more");
                return;
            }
            let ready: Vec<Token> = std::mem::take(&mut self.unfinished).into_iter().chain(events.iter().map(|event| event.token())).collect();
            for token in ready {
                match token {
                    WAKE => {
                        if !self.take_orders() {
                            return;
                        }
                    }
                    BROWSERS => self.read_browsers(),
                    LISTENER => self.ways.accept(Instant::now(), self.poll.registry()),
                    Token(number) if number >= STREAMS => self.read_stream(number),
                    Token(number) => self.read_leg(number),
                }
            }
            self.do_what_is_due(Instant::now());
        }
    }

    /// When something is to be done of itself.
    fn next_due(&self) -> Option<Instant> {
        let frame = (self.legs.len() > 0).then_some(self.next_frame);
        let look = (self.browsers.len() > 0).then_some(self.next_look);
        let sweep = self.ways.has_streams().then_some(self.next_sweep);
        look.into_iter().chain(frame).chain(sweep).min()
    }

    /// Never waits: what does not fit would be told of a bridge that stands still, and is counted.
    pub(super) fn tell(&self, told: Told) {
        if self.told.try_send(told).is_err() {
            measure::audio_untold();
        }
    }

    fn read_browsers(&mut self) {
        for _ in 0..DATAGRAMS_A_TURN {
            let mut buffer = std::mem::take(&mut self.buffer);
            let read = self.ways.socket.recv_from(&mut buffer);
            if let Ok((length, from)) = read {
                self.of_browser(Instant::now(), Way::Datagram, from, buffer.get(..length).unwrap_or_default());
            }
            self.buffer = buffer;
            match read {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                _ => {} // An error is of a datagram that we sent; the next may be well.
            }
        }
        self.unfinished.push(BROWSERS);
    }

    /// Whoever is at the other end of a connection says whose it is, or it is closed.
    fn read_stream(&mut self, number: usize) {
        let Some((from, frames, is_unfinished)) = self.ways.read(number, self.poll.registry()) else { return };
        for frame in frames {
            if self.of_browser(Instant::now(), Way::Connection, from, &frame) {
                self.ways.is_known(number);
            } else {
                return self.ways.close(number, self.poll.registry());
            }
        }
        if is_unfinished {
            self.unfinished.push(Token(number));
        }
    }

    /// Whether it was of a session of ours.
    fn of_browser(&mut self, now: Instant, way: Way, from: SocketAddr, datagram: &[u8]) -> bool {
        let Some(key) = self.browsers.of((way, from), datagram) else {
            self.strangers += 1; // And nothing is remembered of it.
            return false;
        };
        let local = self.local;
        let Some(browser) = self.browsers.get_mut(key) else { return false };
        match browser.received(now, way, from, local, datagram) {
            Ok(true) => {
                self.browsers.came_from(key, (way, from));
                self.poll_browser(now, key);
                return true;
            }
            Ok(false) => self.strangers += 1,
            Err(error) => self.failed(now, key, &error),
        }
        false
    }

    fn failed(&mut self, now: Instant, key: u64, error: &dyn std::fmt::Display) {
        tracing::info!(%error, "the audio of a page is over");
        self.let_go(now, key);
    }

    fn poll_browser(&mut self, now: Instant, key: u64) {
        loop {
            let Some(browser) = self.browsers.get_mut(key) else { return };
            match browser.poll(&mut self.ways) {
                Ok(None) => return,
                Ok(Some(browser::Told::Connected)) => {
                    let (agent, tab) = (browser.agent, browser.tab.clone());
                    self.browsers.connected(key, &mut self.ways);
                    self.legs.of_agent(agent).for_each(|leg| leg.away_since = None);
                    self.tell(Told::Connected(agent, tab));
                }
                Ok(Some(browser::Told::Closed)) => return self.let_go(now, key),
                Ok(Some(browser::Told::Audio(audio))) => {
                    let agent = browser.agent;
                    // A page whose place another has taken is not heard any more.
                    if self.browsers.heard(agent) != Some(key) {
                        continue;
                    }
                    match self.legs.talks(agent).and_then(|number| self.legs.get_mut(number)) {
                        Some(leg) => leg.speak(now, audio),
                        None => self.echo(now, key, audio),
                    }
                }
                Err(error) => return self.failed(now, key, &error),
            }
        }
    }

    fn echo(&mut self, now: Instant, key: u64, audio: Audio) {
        if let Some(browser) = self.browsers.get_mut(key) {
            browser.echo(now, audio);
        }
    }

    fn read_leg(&mut self, token: usize) {
        let (number, is_rtcp) = ((token - LEGS) / 2, (token - LEGS) % 2 == 1);
        for _ in 0..DATAGRAMS_A_TURN {
            let Some(leg) = self.legs.get_mut(number) else { return };
            let socket = if is_rtcp { &leg.rtcp } else { &leg.rtp };
            let (length, from) = match socket.recv_from(&mut self.buffer) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => continue, // Of a datagram that we sent: nobody listens there.
            };
            let now = Instant::now();
            let datagram = self.buffer.get(..length).unwrap_or_default();
            if is_rtcp {
                leg.reported(now, from, datagram);
                continue;
            }
            let (agent, audio) = (leg.agent, leg.received(now, from, datagram));
            if let Some(audio) = audio {
                self.hear(now, number, agent, audio);
            }
        }
        self.unfinished.push(Token(token));
    }

    fn hear(&mut self, now: Instant, number: usize, agent: AgentId, audio: Audio) {
        if self.legs.talks(agent) != Some(number) {
            return;
        }
        let Some(key) = self.browsers.heard(agent) else { return };
        if let Some(browser) = self.browsers.get_mut(key) {
            browser.hear(now, audio);
            self.look_after(now, key);
        }
    }

    fn look_after(&mut self, now: Instant, key: u64) {
        let Some(browser) = self.browsers.get_mut(key) else { return };
        match browser.handle_timeout(now) {
            Ok(()) => self.poll_browser(now, key),
            Err(error) => self.failed(now, key, &error),
        }
    }

    fn do_what_is_due(&mut self, now: Instant) {
        if now >= self.next_look {
            self.next_look = now + LOOK;
            for key in self.browsers.due(now) {
                if self.browsers.get_mut(key).is_some_and(|browser| browser.is_gone(now)) {
                    self.let_go(now, key);
                } else {
                    self.look_after(now, key);
                }
            }
        }
        if now >= self.next_sweep {
            self.next_sweep = now + SWEEP;
            let browsers = &self.browsers;
            self.ways.sweep(now, self.poll.registry(), |from| browsers.has(Way::Connection, from));
        }
        if self.legs.len() == 0 || now < self.next_frame {
            return;
        }
        self.next_frame += FRAME;
        if self.next_frame <= now {
            self.next_frame = now + FRAME; // The machine stood still: what was missed is not made up for.
        }
        self.frame(now);
    }

    fn frame(&mut self, now: Instant) {
        let mut in_vain = Vec::new();
        for leg in self.legs.all() {
            leg.tick(now);
            if leg.has_waited(now) {
                leg.away_since = Some(now);
                in_vain.push(leg.call.clone());
            }
        }
        for call in in_vain {
            self.tell(Told::WaitedInVain(call));
        }
        while let Some(call) = self.broken_off.as_ref().and_then(|broken_off| broken_off.try_recv().ok()) {
            if self.legs.of_call(&call).is_some_and(|leg| leg.recording.take().is_some()) {
                self.tell(Told::Recording(call, RecordingChange::Failed));
            }
        }
        self.frames += 1;
        if self.frames.is_multiple_of(MARK_FRAMES) {
            self.mark(now);
        }
    }

    /// Tells how each call is heard, where that has changed.
    fn mark(&mut self, now: Instant) {
        let browsers = &self.browsers;
        let mark = |leg: &mut Leg| {
            let mark = leg.mark(now, browsers.heard(leg.agent).is_some())?;
            (leg.marked.replace(mark) != Some(mark)).then(|| (leg.call.clone(), mark))
        };
        let marks: Vec<_> = self.legs.all().filter_map(mark).collect();
        marks.into_iter().for_each(|(call, quality)| self.tell(Told::Marked(call, quality)));
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("legs", &self.legs.len()).field("browsers", &self.browsers.len()).finish_non_exhaustive()
    }
}
