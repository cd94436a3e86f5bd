//! What passes from one end of a call that we dialled to the other: what each wants to speak with, hold, and being sent on.

use std::time::Instant;

use super::dialled::{Dialled, Which};
use super::telling::Telling;
use crate::ids::CallId;
use crate::telephony::sip::sdp::{Description, Direction};
use crate::telephony::sip::uri::escaped;
use crate::telephony::sip::user_agent::agent::UserAgent;

impl Dialled {
    /// What one end wants to speak with is offered to the other, unless it has been.
    pub(super) fn pass_on(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId, from: Which) {
        let ours = self.standing.ours;
        let Some(call) = self.calls.get_mut(id) else { return };
        let Some(theirs) = call.leg(from).theirs.clone() else { return };
        let leg = call.leg_mut(from.other());
        let (Some(session), true) = (leg.session, leg.is_up) else { return };
        if leg.ours.as_ref() == Some(&theirs)
            || (leg.ours.as_ref().is_some_and(|ours| ours.is_same_media(&theirs) && ours.direction() == theirs.direction()))
        {
            return;
        }
        leg.said += 1;
        leg.ours = Some(theirs.clone());
        agent.reoffer(now, session, &theirs.said_by(ours, from.other().number(), leg.said));
    }

    /// One end wants to speak otherwise: the other is asked, and its answer is the answer.
    pub(super) fn reoffered(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId, which: Which, sdp: Option<&[u8]>, telling: &mut Telling) {
        let ours = self.standing.ours;
        let Some(call) = self.calls.get_mut(id) else { return };
        let (is_other_up, bridge_is_up) = (call.leg(which.other()).is_up, call.agent.is_up && call.debtor.is_up);
        // Both at once would wait for each other: the later one is told to try again (RFC 3261, 14.2).
        if call.leg(which.other()).is_waiting
            && let Some(session) = call.leg(which).session
        {
            return agent.refuse_reoffer(now, session, 491);
        }
        let leg = call.leg_mut(which);
        let Some(session) = leg.session else { return };
        let Some(description) = sdp.map(Description::parse).transpose().ok() else {
            return agent.refuse_reoffer(now, session, 488);
        };
        let Some(description) = description else {
            // It asks for our offer: what we said before holds.
            leg.said += 1;
            if let Some(said) = leg.ours.clone() {
                agent.accept_reoffer(now, session, &said.said_by(ours, which.number(), leg.said));
            }
            return;
        };
        let is_held = description.direction().is_hold();
        leg.theirs = Some(description);
        if std::mem::replace(&mut leg.is_held, is_held) != is_held && bridge_is_up {
            telling.held(&leg.channel, is_held);
        }
        if is_other_up {
            leg.is_waiting = true;
            let before = call.leg(which.other()).said;
            self.pass_on(now, agent, id, which);
            if self.calls.get(id).is_some_and(|call| call.leg(which.other()).said == before) {
                self.answer_waiting(now, agent, id, which); // Nothing new to the other end.
            }
        } else if let Some(said) = leg.ours.clone() {
            leg.said += 1;
            agent.accept_reoffer(now, session, &said.said_by(ours, which.number(), leg.said));
        }
    }

    /// The answer to an offer that was passed on goes back.
    fn answer_waiting(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId, which: Which) {
        let ours = self.standing.ours;
        let Some(call) = self.calls.get_mut(id) else { return };
        let theirs = call.leg(which.other()).theirs.clone();
        let leg = call.leg_mut(which);
        if !std::mem::take(&mut leg.is_waiting) {
            return;
        }
        let (Some(session), Some(theirs)) = (leg.session, theirs) else { return };
        // Whoever is put on hold hears, and is not heard: the answer to "I send only" is "I hear only" (RFC 3264, 6.1).
        let direction = match leg.theirs.as_ref().map(Description::direction) {
            Some(Direction::SendOnly) => Direction::RecvOnly,
            Some(Direction::RecvOnly) => Direction::SendOnly,
            Some(Direction::Inactive) => Direction::Inactive,
            _ => Direction::SendRecv,
        };
        let answer = theirs.going(direction);
        leg.said += 1;
        leg.ours = Some(answer.clone());
        agent.accept_reoffer(now, session, &answer.said_by(ours, which.number(), leg.said));
    }

    pub(super) fn reoffer_done(&mut self, now: Instant, agent: &mut UserAgent, id: &CallId, which: Which, result: &Result<Option<Vec<u8>>, u16>) {
        let Some(call) = self.calls.get_mut(id) else { return };
        match result {
            Ok(sdp) => {
                let leg = call.leg_mut(which);
                let answer = sdp.as_deref().and_then(|sdp| Description::parse(sdp).ok());
                let has_moved = answer.as_ref().is_some_and(|answer| leg.theirs.as_ref().is_none_or(|before| !before.is_same_media(answer)));
                leg.theirs = answer.or_else(|| leg.theirs.take());
                if call.leg(which.other()).is_waiting {
                    self.answer_waiting(now, agent, id, which.other());
                } else if has_moved && call.debtor.is_up && call.agent.is_up {
                    self.pass_on(now, agent, id, which);
                }
            }
            Err(status) => {
                let other = call.leg_mut(which.other());
                if std::mem::take(&mut other.is_waiting)
                    && let Some(session) = other.session
                {
                    agent.refuse_reoffer(now, session, *status);
                }
            }
        }
    }

    /// The agent's phone sends the debtor on. Somebody outside may not: it would go on at our cost.
    #[expect(clippy::too_many_arguments, reason = "the fields of one event")]
    pub(super) fn referred(
        &mut self,
        now: Instant,
        agent: &mut UserAgent,
        id: &CallId,
        which: Which,
        uri: &str,
        replaces: Option<String>,
        telling: &mut Telling,
    ) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let Some(session) = call.leg(which).session else { return };
        if which == Which::Debtor || !call.debtor.is_up {
            return agent.refuse_refer(now, session, 403);
        }
        // To take the debtor's leg over, the PBX would have to be asked in our place: it is asked to do it itself.
        let Some(debtor) = call.debtor.session else { return };
        agent.accept_refer(now, session);
        let target = match &replaces {
            Some(replaces) => format!("{uri}?Replaces={}", escaped(replaces)),
            None => uri.to_owned(),
        };
        let exten = uri.split_once(':').map_or(uri, |(_, rest)| rest).split('@').next().unwrap_or_default();
        telling.sent_on(&call.agent.channel, &call.debtor.channel, exten);
        agent.refer(now, debtor, &target);
    }

    /// What becomes of a debtor who was sent on.
    pub(super) fn refer_progress(&self, now: Instant, agent: &mut UserAgent, id: &CallId, which: Which, status: u16) {
        if let Some(own) = self.calls.get(id).filter(|_| which == Which::Debtor).and_then(|call| call.agent.session) {
            agent.refer_progress(now, own, status);
        }
    }
}
