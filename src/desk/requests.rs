//! What agents ask for, carried out at their seats.

use super::floor::{Effect, Floor};
use super::hub::{Command, Refusal};
use super::recording::{Recording, Wish};
use super::seat::{Candidate, DeskCall, DeskCallState, Found, MatchCertainty, Notice, OpenFile, Presence, Profile, Seat};
use crate::clock::Timestamp;
use crate::ids::{AgentId, CallId, CaseId, PhoneNumber};
use crate::personal::Personal;
use crate::telephony::calls::event::{Direction, Party};
use crate::telephony::calls::timing::Moment;

impl Floor {
    /// Carries out what an agent asks.
    ///
    /// # Errors
    /// Says why it cannot be.
    pub fn command(&mut self, now: Timestamp, pbx_is_up: bool, command: Command) -> Result<Vec<Effect>, Refusal> {
        match command {
            Command::TakeSeat(profile) => Ok(self.take_seat(now, profile)),
            Command::LeaveSeat(agent) => Ok(self.leave_seat(agent)),
            Command::SetPresence(agent, presence) => self.set_presence(now, agent, presence),
            Command::Dial { agent, case, name, number, call, record } => self.dial(now, pbx_is_up, agent, case, name, number, call, record),
            Command::Recording(agent, call, wish) => self.recording(pbx_is_up, agent, &call, wish),
            Command::HangUp(agent, call) => self.hang_up(pbx_is_up, agent, &call),
            Command::Open { agent, case, call, attached, name, has_draft } => {
                let effects = self.open(agent, case, call, attached, name)?;
                self.seat_mut(agent)?.has_draft = has_draft;
                Ok(effects)
            }
            Command::Close(agent) => self.close(agent),
            Command::Dismiss(agent, call) => self.dismiss(agent, &call),
            Command::HasDraft(agent, case, has) => self.has_draft(agent, case, has),
            Command::OutcomeSaved(agent, case, calls) => self.outcome_saved(agent, case, &calls),
            Command::CaseChanged(case) => Ok(self.case_changed(case)),
        }
    }

    fn take_seat(&mut self, now: Timestamp, profile: Profile) -> Vec<Effect> {
        let agent = profile.agent;
        self.by_extension.retain(|_, a| *a != agent);
        self.by_extension.insert(profile.extension.clone(), agent);
        let seat = self.seats.entry(agent).or_insert_with(|| Seat::new(profile.clone(), now));
        seat.profile = profile;
        vec![Effect::Changed(agent)]
    }

    fn leave_seat(&mut self, agent: AgentId) -> Vec<Effect> {
        self.by_extension.retain(|_, a| *a != agent);
        self.seats.remove(&agent).map(|_| Effect::Gone(agent)).into_iter().collect()
    }

    fn seat_mut(&mut self, agent: AgentId) -> Result<&mut Seat, Refusal> {
        self.seats.get_mut(&agent).ok_or(Refusal::NoSeat)
    }

    fn set_presence(&mut self, now: Timestamp, agent: AgentId, presence: Presence) -> Result<Vec<Effect>, Refusal> {
        let seat = self.seat_mut(agent)?;
        if seat.presence != presence {
            seat.presence = presence;
            seat.presence_since = now;
        }
        seat.notice = None;
        Ok(vec![Effect::Changed(agent)])
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one command")]
    fn dial(
        &mut self,
        now: Timestamp,
        pbx_is_up: bool,
        agent: AgentId,
        case: CaseId,
        name: Personal<String>,
        number: PhoneNumber,
        call: CallId,
        record: bool,
    ) -> Result<Vec<Effect>, Refusal> {
        let seat = self.seat_mut(agent)?;
        if seat.call(&call).is_some() {
            return Ok(Vec::new()); // The second click of a double click.
        }
        if seat.calls.iter().any(DeskCall::is_live) {
            return Err(Refusal::InCall);
        }
        if seat.calls.iter().any(|other| other.case != Some(case)) {
            return Err(Refusal::OutcomeOwed);
        }
        if !pbx_is_up {
            return Err(Refusal::NoPbx);
        }
        if seat.calls.iter().any(|call| call.talk.has_run()) {
            return Err(Refusal::OutcomeOwed); // What was said must be written down first.
        }
        // Trying again: the new attempt takes the place of the one that nobody answered.
        let replaced: Vec<Effect> = seat.calls.drain(..).map(|call| Effect::Waive(call.id)).collect();
        let other = Party { number: number.to_string().into(), name: name.clone() };
        let mut desk_call = DeskCall::new(call.clone(), Direction::Outbound, other, DeskCallState::Originating);
        desk_call.case = Some(case);
        desk_call.certainty = Some(MatchCertainty::Opened);
        desk_call.found = Found::One(Candidate { case, name: name.clone(), creditor: String::new() });
        desk_call.ring.start(Moment { at: None, seen: now });
        if record {
            desk_call.recording = Recording::Asked;
        }
        seat.calls.push(desk_call);
        seat.open = Some(OpenFile { case, call: Some(call.clone()), certainty: MatchCertainty::Opened });
        seat.notice = None;
        let extension = seat.profile.extension.clone();
        let mut effects = replaced;
        effects.extend([Effect::Dial { extension, number, call: call.clone(), name, record }, Effect::Link { call, case }, Effect::Changed(agent)]);
        Ok(effects)
    }

    fn hang_up(&self, pbx_is_up: bool, agent: AgentId, call: &CallId) -> Result<Vec<Effect>, Refusal> {
        let seat = self.seats.get(&agent).ok_or(Refusal::NoSeat)?;
        let call = seat.call(call).filter(|call| call.is_live()).ok_or(Refusal::NoSuchCall)?;
        if !pbx_is_up {
            return Err(Refusal::NoPbx);
        }
        let channel = call.leg.as_ref().map(|leg| leg.channel.clone()).ok_or(Refusal::NoSuchCall)?;
        Ok(vec![Effect::HangUp { channel }])
    }

    fn recording(&self, pbx_is_up: bool, agent: AgentId, call: &CallId, wish: Wish) -> Result<Vec<Effect>, Refusal> {
        let seat = self.seats.get(&agent).ok_or(Refusal::NoSeat)?;
        let call = seat.call(call).filter(|call| call.is_live()).ok_or(Refusal::NoSuchCall)?;
        let channel = call.recording.channel().ok_or(Refusal::NotRecorded)?.to_owned();
        if !pbx_is_up {
            return Err(Refusal::NoPbx);
        }
        Ok(vec![Effect::Recording { channel, wish }])
    }

    fn open(&mut self, agent: AgentId, case: CaseId, call: Option<CallId>, attached: bool, name: Personal<String>) -> Result<Vec<Effect>, Refusal> {
        let seat = self.seat_mut(agent)?;
        let mut effects = vec![Effect::Changed(agent)];
        let owed = |c: &&DeskCall| c.case == Some(case);
        let call = match call {
            Some(id) => Some(seat.call(&id).ok_or(Refusal::NoSuchCall)?.id.clone()),
            None => seat.calls.iter().find(owed).map(|c| c.id.clone()),
        };
        let mut certainty = MatchCertainty::Opened;
        if let Some(desk_call) = call.as_ref().and_then(|id| seat.call_mut(id))
            && (desk_call.case.is_none() || desk_call.case == Some(case))
        {
            certainty = match (&desk_call.found, attached, desk_call.certainty) {
                (_, true, _) => MatchCertainty::Attached,
                (_, false, Some(known)) => known,
                (Found::Many(_), _, _) => MatchCertainty::Chosen,
                _ => MatchCertainty::Opened,
            };
            if desk_call.case.is_none() {
                effects.push(Effect::Link { call: desk_call.id.clone(), case });
            }
            desk_call.case = Some(case);
            desk_call.certainty = Some(certainty);
            if attached || matches!(desk_call.found, Found::Many(_)) {
                desk_call.found = Found::One(Candidate { case, name, creditor: String::new() });
            }
        }
        seat.open = Some(OpenFile { case, call, certainty });
        seat.notice = None;
        Ok(effects)
    }

    fn close(&mut self, agent: AgentId) -> Result<Vec<Effect>, Refusal> {
        let seat = self.seat_mut(agent)?;
        let shown = seat.open.as_ref().map(|open| open.case);
        if shown.is_some() && seat.calls.iter().any(|call| call.case == shown) {
            return Err(Refusal::OutcomeOwed);
        }
        seat.open = None;
        seat.has_draft = false;
        seat.notice = None;
        Ok(vec![Effect::Changed(agent)])
    }

    fn dismiss(&mut self, agent: AgentId, call: &CallId) -> Result<Vec<Effect>, Refusal> {
        let seat = self.seat_mut(agent)?;
        let before = seat.calls.len();
        seat.calls.retain(|other| other.id != *call || other.is_live() || other.case.is_some());
        if seat.calls.len() == before {
            return Err(Refusal::NoSuchCall);
        }
        Ok(vec![Effect::Waive(call.clone()), Effect::Changed(agent)])
    }

    fn has_draft(&mut self, agent: AgentId, case: CaseId, has: bool) -> Result<Vec<Effect>, Refusal> {
        let seat = self.seat_mut(agent)?;
        if seat.has_draft == has || seat.open.as_ref().is_none_or(|open| open.case != case) {
            return Ok(Vec::new());
        }
        seat.has_draft = has;
        Ok(vec![Effect::Changed(agent)])
    }

    fn outcome_saved(&mut self, agent: AgentId, case: CaseId, calls: &[CallId]) -> Result<Vec<Effect>, Refusal> {
        let seat = self.seat_mut(agent)?;
        seat.calls.retain(|call| !calls.contains(&call.id));
        if seat.open.as_ref().is_some_and(|open| open.case == case) {
            seat.open = None;
            seat.has_draft = false;
        }
        seat.notice = Some(Notice::Saved);
        let mut effects = self.case_changed(case);
        effects.push(Effect::Changed(agent));
        Ok(effects)
    }

    fn case_changed(&mut self, case: CaseId) -> Vec<Effect> {
        let shows_it = |seat: &&mut Seat| seat.open.as_ref().is_some_and(|open| open.case == case);
        self.seats
            .values_mut()
            .filter(shows_it)
            .map(|seat| {
                seat.file_version += 1;
                Effect::Changed(seat.profile.agent)
            })
            .collect()
    }
}
