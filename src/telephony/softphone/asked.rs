//! What the user of a softphone asks for.

use core::net::SocketAddr;
use std::time::Instant;

use super::call::{Ask, Call, Leaving, NotNow, PhoneDial, PhoneTold, Stage};
use super::phones::{CALLS_A_PHONE, Softphones};
use crate::ids::CallId;
use crate::telephony::pbx::event::{ChannelState, DialStatus};
use crate::telephony::sip::audio::{Ours, offer};
use crate::telephony::sip::sdp::Direction;
use crate::telephony::sip::user_agent::agent::UserAgent;
use crate::telephony::sip::user_agent::calling::Invitation;
use crate::telephony::sip_line::telling::Telling;

/// Refuses a call so that the PBX looks no further at this phone (RFC 3261, 21.4.24).
const BUSY_HERE: u16 = 486;

impl Softphones {
    /// Calls a number; whether it could be sent.
    pub(in crate::telephony) fn dial(&mut self, now: Instant, agent: &mut UserAgent, dial: PhoneDial, telling: &mut Telling) -> bool {
        if self.calls.contains_key(&dial.call) {
            return true; // The second click of a double click.
        }
        let Some(phone) = self.phones.get(&dial.extension).filter(|phone| phone.is_wanted) else { return false };
        if self.calls_of(&dial.extension) >= CALLS_A_PHONE {
            return false;
        }
        let (account, number) = (phone.account, dial.number.reveal().clone());
        let (own, mut other) = self.channels(&dial.call, &dial.extension, &number, dial.name.reveal(), false);
        other.exten.clone_from(&number);
        let asserted = dial.caller_id.map(|number| format!("<sip:{number}@{}>", self.domain));
        let uri = self.address_of(&number);
        let secret = self.new_secret();
        let crypto = secret.offered();
        let sdp = offer(&Ours { at: dial.at, session: 1, version: 1, direction: Direction::SendRecv, crypto }, None, None);
        let Some(session) = agent.invite(now, account, &Invitation { uri, sdp, asserted, ..Invitation::default() }) else { return false };
        telling.channel(&own, ChannelState::Down);
        telling.dials(None, &own);
        telling.channel(&own, ChannelState::Up);
        telling.own_phone(dial.call.as_str(), &number, None);
        telling.channel(&other, ChannelState::Down);
        telling.dials(Some(&own), &other);
        self.by_session.insert(session, dial.call.clone());
        let call = Call::new(dial.call.clone(), dial.extension, session, (own, other), Stage::Calling, secret);
        let turn = self.next_turn();
        self.calls.insert(dial.call, Call { at: Some(dial.at), said: 1, turn, offered_key: crypto.map(|crypto| crypto.key), ..call });
        true
    }

    /// Does with a call what its user asks, by the name of one of its channels.
    ///
    /// # Errors
    /// Says why it cannot be.
    pub(in crate::telephony) fn ask(
        &mut self,
        now: Instant,
        agent: &mut UserAgent,
        channel: &str,
        ask: Ask,
        telling: &mut Telling,
    ) -> Result<(), NotNow> {
        let call = self.call_at(channel).ok_or(NotNow::NoSuchCall)?;
        let (id, session, stage, is_leaving) = (call.id.clone(), call.session, call.stage, call.leaving.is_some());
        match ask {
            Ask::Answer(at) if stage == Stage::Ringing => return self.answer(now, agent, &id, at, telling),
            Ask::Reject if stage == Stage::Ringing => agent.reject(now, session, BUSY_HERE),
            Ask::HangUp => agent.hang_up(now, session),
            Ask::Hold if stage == Stage::Up => self.hold(now, agent, &id, true),
            Ask::Retrieve if stage == Stage::Up => self.hold(now, agent, &id, false),
            Ask::SendOn(to) if stage == Stage::Up && !is_leaving => {
                let uri = self.address_of(to.reveal());
                agent.refer(now, session, &uri);
                let turns = self.turns;
                if let Some(call) = self.calls.get_mut(&id) {
                    call.sent_on_at = turns;
                }
                self.leaves(&id, Leaving::To(to.into_revealed(), false));
            }
            Ask::JoinWith(other) if stage == Stage::Up && !is_leaving => return self.join(now, agent, &id, &other),
            Ask::Keys(keys) if stage == Stage::Up => return self.press(now, agent, &id, keys),
            _ => return Err(NotNow::NotReady),
        }
        Ok(())
    }

    fn leaves(&mut self, id: &CallId, leaving: Leaving) {
        if let Some(call) = self.calls.get_mut(id) {
            call.leaving = Some(leaving);
        }
    }

    fn answer(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId, at: SocketAddr, telling: &mut Telling) -> Result<(), NotNow> {
        let turn = self.next_turn();
        let call = self.calls.get_mut(id).ok_or(NotNow::NoSuchCall)?;
        (call.at, call.turn) = (Some(at), turn);
        let said = match call.theirs.take() {
            Some(theirs) => call.answered(theirs),
            None => call.offered_anew(),
        };
        let Some(said) = said else {
            let session = call.session;
            agent.reject(now, session, 488);
            return Err(NotNow::NoCodec);
        };
        call.stage = Stage::Up;
        let session = call.session;
        telling.channel(&call.own, ChannelState::Up);
        telling.dialled(&call.own, DialStatus::Answered);
        telling.channel(&call.other, ChannelState::Up);
        telling.talks(&call.bridge(), [&call.other, &call.own]);
        agent.answer(now, session, &said);
        self.order(id);
        Ok(())
    }

    fn hold(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId, holds: bool) {
        let turn = self.next_turn();
        let Some(call) = self.calls.get_mut(id).filter(|call| call.holds != holds) else { return };
        call.holds = holds;
        if !holds {
            call.turn = turn;
        }
        let session = call.session;
        if let Some(offer) = call.offered() {
            agent.reoffer(now, session, &offer);
        }
        // Nobody is heard from this moment on, whatever the other end says to it; being back waits for its word.
        self.order(id);
    }

    /// Sends the other end to whom our user asks in another call (RFC 3515 with Replaces, RFC 3891).
    fn join(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId, other: &str) -> Result<(), NotNow> {
        let (first, second) = (self.calls.get(id).ok_or(NotNow::NoSuchCall)?, self.call_at(other).ok_or(NotNow::NoSuchCall)?);
        if first.id == second.id || second.stage != Stage::Up || first.extension != second.extension {
            return Err(NotNow::NotReady);
        }
        let (session, second_id) = (first.session, second.id.clone());
        let number = if second.came_in { &second.other.number } else { &second.other.exten };
        let replaces = agent.replaces(second.session).ok_or(NotNow::NotReady)?;
        let to = format!("{}?Replaces={replaces}", self.address_of(number));
        agent.refer(now, session, &to);
        self.leaves(id, Leaving::Joined(second_id, false));
        Ok(())
    }

    /// What becomes of our wish that the other end goes elsewhere.
    pub(super) fn leaving_progress(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId, status: u16, telling: &mut Telling) {
        let Some(call) = self.calls.get_mut(id).filter(|call| call.leaving.is_some()) else { return };
        match status {
            ..200 => {}
            200..300 => {
                let session = call.session;
                match call.leaving.clone() {
                    Some(Leaving::Joined(second, false)) => {
                        self.joined(id, &second, telling);
                        if let Some(session) = self.calls.get(&second).filter(|call| call.over.is_none()).map(|call| call.session) {
                            agent.hang_up(now, session);
                        }
                        self.finish(&second, telling);
                    }
                    Some(Leaving::To(exten, _)) => self.leaves(id, Leaving::To(exten, true)),
                    _ => {}
                }
                agent.hang_up(now, session);
            }
            _ => {
                let was = call.leaving.take();
                if let Some(Leaving::Joined(second, _)) = was {
                    self.finish(&second, telling);
                }
                self.told.push_back(PhoneTold::NotSentOn(id.clone(), status));
            }
        }
    }
}
