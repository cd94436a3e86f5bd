//! What the engine does when it is ordered something.

use std::io;
use std::sync::mpsc::TryRecvError;
use std::time::Instant;

use mio::{Interest, Token};

use super::browser::Browser;
use super::engine::{Engine, LEGS};
use super::leg::{Leg, Recording};
use super::orders::{Order, Told};
use crate::desk::hub::{AudioAnswer, AudioOffer, OfferRefused};
use crate::ids::CallId;
use crate::measure;
use crate::telephony::media::codec::FRAME;
use crate::telephony::pbx::recording::RecordingChange;
use crate::telephony::softphone::call::Flow;

impl Engine {
    /// Whether more may come.
    pub(super) fn take_orders(&mut self) -> bool {
        loop {
            match self.orders.try_recv() {
                Ok(order) => self.order(Instant::now(), order),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => {
                    self.browsers.close_all(&mut self.ways);
                    return false;
                }
            }
        }
    }

    fn order(&mut self, now: Instant, order: Order) {
        match order {
            Order::Open { call, agent, sockets } => match Leg::new(call.clone(), agent, sockets).and_then(|leg| self.add(leg)) {
                Ok(()) => {}
                Err(error) => tracing::error!(%call, %error, "a call has no audio"),
            },
            Order::Flow(call, flow) => self.flows(now, &call, *flow),
            Order::Close(call) => self.remove(now, &call),
            Order::Record(call, change) => self.record(now, call, change),
            Order::Offer(offer, answer) => {
                let _ = answer.send(self.offered(now, offer));
            }
            Order::Echo(agent) => {
                let heard = self.browsers.heard(agent);
                if let Some(browser) = heard.and_then(|key| self.browsers.get_mut(key)) {
                    browser.begin_echo(now);
                }
            }
            Order::SignedOut(agent) => self.browsers.of_agent(agent).into_iter().for_each(|key| self.let_go(now, key)),
            Order::Keys(call, keys) => {
                if let Some(leg) = self.legs.of_call(&call) {
                    let taken = keys.into_iter().filter(|key| leg.digits.press(*key)).count();
                    tracing::debug!(%call, taken, "keys are pressed");
                }
            }
        }
    }

    /// Audio goes so from now on.
    fn flows(&mut self, now: Instant, call: &CallId, flow: Flow) {
        let Some(leg) = self.legs.of_call(call) else { return };
        let before = match leg.flows(flow) {
            Ok(before) => before,
            Err(error) => return tracing::error!(%call, %error, "a call has no audio"),
        };
        if before.is_none_or(|before| (before.hears, before.speaks, before.is_up) != (flow.hears, flow.speaks, flow.is_up)) {
            leg.flows_since = Some(now);
            leg.marked = None;
            leg.heard.begin_anew();
            leg.said.begin_anew();
        }
        // Whoever has just answered waits from now on, and not since it began to ring there.
        let has_come = flow.is_up && before.is_none_or(|before| !before.is_up);
        if has_come {
            leg.away_since = self.browsers.heard(leg.agent).is_none().then_some(now);
        }
        let agent = leg.agent;
        self.legs.turned(agent);
    }

    fn add(&mut self, mut leg: Leg) -> io::Result<()> {
        if self.legs.len() == 0 {
            self.next_frame = Instant::now() + FRAME;
        }
        let token = LEGS + 2 * self.legs.next();
        self.poll.registry().register(&mut leg.rtp, Token(token), Interest::READABLE)?;
        self.poll.registry().register(&mut leg.rtcp, Token(token + 1), Interest::READABLE)?;
        self.legs.add(leg);
        Ok(())
    }

    fn remove(&mut self, now: Instant, call: &CallId) {
        if let Some(mut leg) = self.legs.remove(call) {
            if let Some(recording) = leg.recording.take() {
                recording.recorder.close(call, now);
            }
            let _ = self.poll.registry().deregister(&mut leg.rtp);
            let _ = self.poll.registry().deregister(&mut leg.rtcp);
            measure::audio_dropped(leg.strangers);
            let quality = leg.quality();
            self.tell(Told::Measured(call.clone(), quality));
        }
    }

    fn record(&mut self, now: Instant, call: CallId, change: RecordingChange) {
        let Some(leg) = self.legs.of_call(&call) else { return };
        match (change, &mut leg.recording) {
            (RecordingChange::Started, None) => {
                let Some(recorder) = self.recorder.clone().filter(|recorder| recorder.open(&call, now)) else { return };
                leg.recording = Some(Recording { recorder, call: call.clone(), is_paused: false });
            }
            (RecordingChange::Paused, Some(recording)) => recording.is_paused = true,
            (RecordingChange::Resumed, Some(recording)) => recording.is_paused = false,
            (RecordingChange::Stopped, Some(recording)) => {
                recording.recorder.close(&call, now);
                leg.recording = None;
            }
            _ => return,
        }
        self.tell(Told::Recording(call, change));
    }

    /// A page wants to be heard: it takes the place of the page that is, once it is connected.
    fn offered(&mut self, now: Instant, offer: AudioOffer) -> AudioAnswer {
        let AudioOffer { agent, tab, sdp } = offer;
        if self.browsers.is_full() {
            return Err(OfferRefused::TooMany);
        }
        let (browser, answer) = Browser::new(now, agent, tab, &sdp, &self.at, self.ways.takes_connections())?;
        self.browsers.add(browser, &mut self.ways);
        Ok(answer)
    }

    pub(super) fn let_go(&mut self, now: Instant, key: u64) {
        let Some(mut browser) = self.browsers.remove(key) else { return };
        browser.close(&mut self.ways);
        let agent = browser.agent;
        if self.browsers.heard(agent).is_some() || !browser.is_connected {
            return; // Another page is heard, or this one never was.
        }
        for leg in self.legs.of_agent(agent) {
            leg.away_since.get_or_insert(now);
        }
        self.tell(Told::Gone(agent));
    }
}
