//! What both ends speak with: our offers and answers, and the audio that follows from them.

use core::net::IpAddr;
use std::time::Instant;

use super::call::{AudioOrder, Call, Flow, OUR_TAG, Secret, Stage};
use super::phones::Softphones;
use crate::ids::CallId;
use crate::telephony::media::codec::Codec;
use crate::telephony::media::srtp::{Key, Keys, Suite};
use crate::telephony::sip::audio::{Audio, Ours, offer};
use crate::telephony::sip::sdes::Crypto;
use crate::telephony::sip::sdp::{Description, Direction};
use crate::telephony::sip::user_agent::agent::UserAgent;
use crate::telephony::sip_line::telling::Telling;

impl Secret {
    /// Whether it can be spoken with who describes itself so.
    pub(super) fn can_speak(&self, theirs: &Description) -> bool {
        theirs.audio().is_some_and(|audio| !audio.codecs.is_empty() && (audio.crypto.is_some() || !self.is_required))
    }
}

impl Call {
    /// Our end, said once more.
    fn ours(&mut self, direction: Direction, crypto: Option<Crypto>) -> Option<Ours> {
        self.said += 1;
        Some(Ours { at: self.at?, session: 1, version: self.said, direction, crypto })
    }

    /// Our key in this suite: the one that is in use, or one that never was.
    fn own_key(&mut self, suite: Suite) -> Key {
        if let Some(keys) = self.srtp.filter(|keys| keys.ours.suite == suite) {
            return keys.ours;
        }
        if std::mem::take(&mut self.secret.is_used) {
            self.secret.number += 1;
        }
        self.secret.key(suite)
    }

    /// Our key, where we want one or have one.
    fn offered_crypto(&mut self) -> Option<Crypto> {
        let wanted = self.secret.is_required.then_some(Suite::Sha1Of80);
        let suite = self.srtp.map(|keys| keys.ours.suite).or(wanted);
        self.offered_key = suite.map(|suite| self.own_key(suite));
        self.offered_key.map(|key| Crypto { tag: OUR_TAG, key })
    }

    /// What our user wants.
    const fn wanted(&self) -> Direction {
        if self.holds { Direction::SendOnly } else { Direction::SendRecv }
    }

    /// Our offer: of all codecs first; later of the one that is spoken, and with as many media as were agreed upon (RFC 3264, 8).
    pub(super) fn offered(&mut self) -> Option<Vec<u8>> {
        let (wanted, events, crypto) = (self.wanted(), self.events, self.offered_crypto());
        let ours = self.ours(wanted, crypto)?;
        Some(match (&self.theirs, self.codec) {
            (Some(theirs), Some(codec)) => theirs.answered(&ours, codec, events),
            _ => offer(&ours, None, None),
        })
    }

    /// Our offer to one who asks for it: of all codecs, for it may be for somebody else.
    pub(super) fn offered_anew(&mut self) -> Option<Vec<u8>> {
        self.awaits_answer = true;
        let (wanted, crypto) = (self.wanted(), self.offered_crypto());
        Some(offer(&self.ours(wanted, crypto)?, None, self.events))
    }

    /// Our answer to what they offer; `None` where the two have no codec in common, or it must be secret and they offer no key.
    pub(super) fn answered(&mut self, theirs: Description) -> Option<Vec<u8>> {
        let audio = theirs.audio().filter(|_| self.secret.can_speak(&theirs))?;
        let codec = chosen(&audio, self.codec)?;
        let direction = audio.direction.answered(self.wanted());
        let crypto = audio.crypto.map(|theirs| Crypto { key: self.own_key(theirs.key.suite), ..theirs });
        let ours = self.ours(direction, crypto)?;
        let answer = theirs.answered(&ours, codec, audio.events);
        let keys = crypto.zip(audio.crypto).map(|(ours, theirs)| Keys { ours: ours.key, theirs: theirs.key });
        self.agree(theirs, codec, audio.events, keys);
        Some(answer)
    }

    /// Their answer to what we offered.
    pub(super) fn accepted(&mut self, theirs: Description) -> Option<()> {
        let audio = theirs.audio()?;
        let codec = chosen(&audio, self.codec)?;
        let of = |ours: Key| audio.crypto.filter(|theirs| theirs.tag == OUR_TAG && theirs.key.suite == ours.suite);
        let keys = match self.offered_key {
            Some(ours) => Some(Keys { ours, theirs: of(ours)?.key }),
            None => None,
        };
        self.agree(theirs, codec, audio.events, keys);
        Some(())
    }

    fn agree(&mut self, theirs: Description, codec: (u8, Codec), events: Option<u8>, keys: Option<Keys>) {
        (self.theirs, self.codec, self.events, self.srtp) = (Some(theirs), Some(codec), events, keys);
        self.secret.is_used |= keys.is_some();
        self.agreed += 1;
    }

    /// Where the audio goes now.
    pub(super) fn flow(&self, exchange: IpAddr) -> Option<Flow> {
        let (audio, codec) = (self.theirs.as_ref()?.audio()?, self.codec?);
        let is_up = self.stage == Stage::Up;
        let open = !self.holds && (self.srtp.is_some() || !self.secret.is_required);
        let mut takes = [None; 3];
        takes.iter_mut().zip(&audio.codecs).for_each(|(place, codec)| *place = Some(*codec));
        Some(Flow {
            to: audio.at?,
            exchange,
            codec,
            takes,
            events: self.events,
            turn: self.turn,
            speaks: open && is_up && matches!(audio.direction, Direction::SendRecv | Direction::RecvOnly),
            hears: open && matches!(audio.direction, Direction::SendRecv | Direction::SendOnly),
            is_up,
            version: self.agreed,
            srtp: self.srtp,
        })
    }
}

/// The codec that is spoken already, where they still take it; else what they like best.
fn chosen(audio: &Audio, spoken: Option<(u8, Codec)>) -> Option<(u8, Codec)> {
    let same = spoken.and_then(|(_, spoken)| audio.codecs.iter().find(|(_, codec)| *codec == spoken));
    same.or_else(|| audio.codecs.first()).copied()
}

impl Softphones {
    /// Tells whoever has the sockets where the audio of a call goes now.
    pub(super) fn order(&mut self, id: &CallId) {
        let exchange = self.exchange;
        let Some(call) = self.calls.get_mut(id) else { return };
        // One that is nowhere (the hold of RFC 2543) hears nothing, and is not heard.
        let nowhere = || call.last_flow.map(|flow| Flow { speaks: false, hears: false, version: call.agreed, ..flow });
        if let Some(flow) = call.flow(exchange).or_else(nowhere) {
            call.last_flow = Some(flow);
            self.orders.push_back(AudioOrder::Flow(id.clone(), flow));
        }
    }

    /// The other end wants to speak otherwise.
    pub(super) fn reoffered(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId, sdp: Option<&[u8]>, telling: &mut Telling) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let session = call.session;
        let answer = match sdp.map(Description::parse) {
            None => call.offered_anew(),
            Some(Ok(theirs)) => call.answered(theirs),
            Some(Err(_)) => None,
        };
        let Some(answer) = answer else { return agent.refuse_reoffer(now, session, 488) };
        agent.accept_reoffer(now, session, &answer);
        self.settled(id, telling);
    }

    /// What came of an offer of ours: hold, or being back.
    pub(super) fn reoffer_done(&mut self, id: &CallId, result: &Result<Option<Vec<u8>>, u16>, telling: &mut Telling) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let is_told = call.hold_told;
        match result {
            Ok(sdp) => {
                if let Some(Ok(theirs)) = sdp.as_deref().map(Description::parse) {
                    let _ = call.accepted(theirs);
                }
                if call.holds != is_told {
                    call.hold_told = call.holds;
                    // Of two who hold, the last that is told is who still does.
                    if call.holds && std::mem::take(&mut call.is_held) {
                        telling.held(&call.other, false);
                    }
                    telling.held(&call.own, call.holds);
                }
            }
            Err(_) => call.holds = is_told, // Everything stays as it was.
        }
        self.settled(id, telling);
    }

    /// Both have agreed on something: the audio follows, and who waits is told.
    pub(super) fn settled(&mut self, id: &CallId, telling: &mut Telling) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let theirs = call.theirs.as_ref().and_then(Description::audio);
        let is_held = theirs.is_some_and(|theirs| theirs.direction.is_hold()) && !call.holds;
        if call.stage == Stage::Up && std::mem::replace(&mut call.is_held, is_held) != is_held {
            telling.held(&call.other, is_held);
        }
        self.order(id);
    }
}
