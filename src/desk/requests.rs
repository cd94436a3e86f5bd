//! What agents ask for, carried out at their seats.

use super::floor::{Effect, Floor};
use super::hub::{Command, Refusal};
use super::recording::Recording;
use super::seat::{Candidate, DeskCall, DeskCallState, Found, Lock, MatchCertainty, Notice, OpenFile, Presence, PresenceBy, Profile, Seat};
use crate::clock::Timestamp;
use crate::ids::{AgentId, CallId, CaseId, PhoneNumber};
use crate::personal::Personal;
use crate::telephony::calls::event::{Direction, Party};
use crate::telephony::calls::timing::Moment;

/// A number to dial, and for what.
struct Dialling {
    case: CaseId,
    name: Personal<String>,
    creditor: String,
    number: PhoneNumber,
    call: CallId,
    /// Its creditor has a notice.
    record: bool,
}

impl Floor {
    /// Carries out what an agent asks.
    ///
    /// # Errors
    /// Says why it cannot be.
    pub fn command(&mut self, now: Timestamp, pbx_is_up: bool, command: Command) -> Result<Vec<Effect>, Refusal> {
        let mut effects = self.carry_out(now, pbx_is_up, command)?;
        self.drive_changed(now, &mut effects);
        Ok(effects)
    }

    fn carry_out(&mut self, now: Timestamp, pbx_is_up: bool, command: Command) -> Result<Vec<Effect>, Refusal> {
        match command {
            Command::TakeSeat(profile) => Ok(self.take_seat(now, profile)),
            Command::LeaveSeat(agent) => Ok(self.leave_seat(now, agent)),
            Command::SetPresence(agent, presence) => self.set_presence(now, agent, presence),
            Command::Dial { agent, case, name, creditor, number, call, record } => {
                self.dial(now, pbx_is_up, agent, Dialling { case, name, creditor, number, call, record })
            }
            Command::Recording(agent, call, wish) => self.recording(pbx_is_up, agent, &call, wish),
            Command::HangUp(agent, call) => self.hang_up(pbx_is_up, agent, &call),
            Command::Phone(agent, call, wish) => self.phone(pbx_is_up, agent, &call, wish),
            Command::EchoTest(agent) => self.echo_test(agent),
            Command::Consult { agent, colleague, call } => self.consult(now, pbx_is_up, agent, colleague, call),
            Command::Open { agent, case, call, attached, name, has_draft } => {
                let effects = self.open(now, agent, case, call, attached, name)?;
                self.seat_mut(agent)?.has_draft = has_draft;
                Ok(effects)
            }
            Command::Close(agent) => self.close(now, agent),
            Command::TakeOver(agent, case) => self.take_over(now, agent, case),
            Command::Claim(agent, case) => self.claim(now, agent, case),
            Command::Focus(agent, call) => self.focus(agent, &call),
            Command::Settled { call, by } => Ok(self.settled(now, &call, by.as_ref())),
            Command::HasDraft(agent, case, has) => self.has_draft(now, agent, case, has),
            Command::OutcomeSaved(agent, case, calls) => self.outcome_saved(now, agent, case, &calls),
            Command::CaseChanged(case) => Ok(self.case_changed(case)),
        }
    }

    fn take_seat(&mut self, now: Timestamp, profile: Profile) -> Vec<Effect> {
        let agent = profile.agent;
        self.by_extension.retain(|_, a| *a != agent);
        for line in profile.lines() {
            self.by_extension.insert(line.clone(), agent);
        }
        let seat = self.seats.entry(agent).or_insert_with(|| Seat::new(profile.clone(), now));
        seat.profile = profile;
        vec![Effect::Changed(agent)]
    }

    fn leave_seat(&mut self, now: Timestamp, agent: AgentId) -> Vec<Effect> {
        self.by_extension.retain(|_, a| *a != agent);
        let mut effects = self.put_down(now, agent);
        effects.retain(|effect| *effect != Effect::Changed(agent));
        effects.extend(self.seats.remove(&agent).map(|_| Effect::Gone(agent)));
        effects
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
        seat.presence_by = PresenceBy::Page;
        // Said again, it is asked of the PBX again: its queues may have been changed by hand.
        seat.target = None;
        seat.notice = None;
        let mut effects = vec![Effect::Changed(agent)];
        let Some(open) = &seat.open else { return Ok(effects) };
        let (case, is_needed) = (open.case, seat.calls.iter().any(|call| call.case == Some(open.case)));
        match presence {
            // What is typed stays a draft; what is owed stays on the screen, but a colleague may work in it.
            Presence::Offline if is_needed => effects.extend(self.release(now, agent, case)),
            Presence::Offline => effects.extend(self.put_down(now, agent)),
            // A colleague may have taken it meanwhile; then it is shown to read.
            _ => effects.extend(self.claim(now, agent, case).unwrap_or_default()),
        }
        Ok(effects)
    }

    fn dial(&mut self, now: Timestamp, pbx_is_up: bool, agent: AgentId, dialling: Dialling) -> Result<Vec<Effect>, Refusal> {
        let Dialling { case, name, creditor, number, call, record } = dialling;
        let seat = self.seats.get(&agent).ok_or(Refusal::NoSeat)?;
        if seat.call(&call).is_some() {
            return Ok(Vec::new()); // The second click of a double click.
        }
        self.refuse_if_another_has(&call)?;
        if seat.calls.iter().any(DeskCall::is_live) {
            return Err(Refusal::InCall);
        }
        if seat.owed().any(|other| other.case != Some(case)) {
            return Err(Refusal::OutcomeOwed);
        }
        self.refuse_if_taken(agent, case)?;
        if !pbx_is_up {
            return Err(Refusal::NoPbx);
        }
        if seat.owed().any(|call| call.talk.has_run()) {
            return Err(Refusal::OutcomeOwed); // What was said must be written down first.
        }
        // Trying again: the new attempt takes the place of the one that nobody answered.
        let replaced: Vec<CallId> = seat.owed().map(|call| call.id.clone()).collect();
        let extension = seat.profile.extension.clone();
        let other = Party { number: number.to_string().into(), name: name.clone() };
        let mut desk_call = DeskCall::new(call.clone(), Direction::Outbound, other, DeskCallState::Originating);
        desk_call.case = Some(case);
        desk_call.certainty = Some(MatchCertainty::Opened);
        let caller_id = self.rules.caller_id(&creditor);
        desk_call.found = Found::One(Candidate { case, name: name.clone(), creditor });
        desk_call.ring.start(Moment { at: None, seen: now });
        if record {
            desk_call.recording = Recording::Asked;
        }
        let seat = self.seat_mut(agent)?;
        seat.calls.retain(|call| !replaced.contains(&call.id));
        seat.notice = None;
        let mut effects: Vec<Effect> = replaced.into_iter().map(Effect::Waive).collect();
        effects.extend(self.seat_call(agent, desk_call));
        let file = OpenFile { case, call: Some(call.clone()), certainty: MatchCertainty::Opened, lock: Lock::Free, given_by: None };
        effects.extend(self.show(now, agent, file));
        effects.extend([Effect::Dial { extension, number, call: call.clone(), name, caller_id, record }, Effect::Link { call, case }]);
        Ok(effects)
    }

    /// The id of a call is made by the page: a colleague's is not to be had.
    pub(super) fn refuse_if_another_has(&self, call: &CallId) -> Result<(), Refusal> {
        if self.seats_of.get(call).is_some_and(|seats| !seats.is_empty()) { Err(Refusal::NotSent) } else { Ok(()) }
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

    fn open(
        &mut self,
        now: Timestamp,
        agent: AgentId,
        case: CaseId,
        call: Option<CallId>,
        attached: bool,
        name: Personal<String>,
    ) -> Result<Vec<Effect>, Refusal> {
        let seat = self.seat_mut(agent)?;
        let mut effects = Vec::new();
        let call = match call {
            Some(id) => Some(seat.call(&id).ok_or(Refusal::NoSuchCall)?.id.clone()),
            None => seat.calls.iter().find(|call| call.case == Some(case)).map(|call| call.id.clone()),
        };
        let mut certainty = MatchCertainty::Opened;
        let mut given_by = None;
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
            given_by.clone_from(&desk_call.given_by);
            if attached || matches!(desk_call.found, Found::Many(_)) {
                desk_call.found = Found::One(Candidate { case, name, creditor: String::new() });
            }
        }
        seat.notice = None;
        effects.extend(self.show(now, agent, OpenFile { case, call, certainty, lock: Lock::Free, given_by }));
        Ok(effects)
    }

    fn close(&mut self, now: Timestamp, agent: AgentId) -> Result<Vec<Effect>, Refusal> {
        let seat = self.seat_mut(agent)?;
        // What can only be read may always be closed; its debt stays on the list.
        let worked_on = seat.open.as_ref().filter(|open| !matches!(open.lock, Lock::Other(_))).map(|open| open.case);
        if worked_on.is_some() && seat.calls.iter().any(|call| call.case == worked_on && call.handed_to.is_none()) {
            return Err(Refusal::OutcomeOwed);
        }
        seat.notice = None;
        let mut effects = self.put_down(now, agent);
        effects.push(Effect::Changed(agent));
        Ok(effects)
    }

    fn focus(&mut self, agent: AgentId, call: &CallId) -> Result<Vec<Effect>, Refusal> {
        let seat = self.seat_mut(agent)?;
        seat.call(call).filter(|call| call.is_owed()).ok_or(Refusal::NoSuchCall)?;
        seat.focus = Some(call.clone());
        seat.notice = None;
        Ok(vec![Effect::Changed(agent)])
    }

    fn has_draft(&mut self, now: Timestamp, agent: AgentId, case: CaseId, has: bool) -> Result<Vec<Effect>, Refusal> {
        let mut effects: Vec<Effect> = self.late_draft(agent, case).into_iter().collect();
        let seat = self.seat_mut(agent)?;
        let Some(open) = seat.open.as_ref().filter(|open| open.case == case) else { return Ok(effects) };
        if matches!(open.lock, Lock::Other(_)) {
            // The last words before a colleague took over: they are shown where the form was.
            seat.file_version += 1;
            effects.push(Effect::Changed(agent));
            return Ok(effects);
        }
        if seat.has_draft == has {
            return Ok(effects);
        }
        seat.has_draft = has;
        effects.push(Effect::Changed(agent));
        effects.extend(self.claim(now, agent, case).unwrap_or_default());
        Ok(effects)
    }

    fn outcome_saved(&mut self, now: Timestamp, agent: AgentId, case: CaseId, calls: &[CallId]) -> Result<Vec<Effect>, Refusal> {
        let seat = self.seat_mut(agent)?;
        seat.calls.retain(|call| !calls.contains(&call.id));
        seat.notice = Some(Notice::Saved);
        let is_open = seat.open.as_ref().is_some_and(|open| open.case == case);
        for call in calls {
            if let Some(handed) = self.handed.get_mut(call) {
                handed.settled = true;
            }
        }
        let mut effects = if is_open { self.put_down(now, agent) } else { Vec::new() };
        effects.extend(self.load_owed(agent));
        effects.extend(self.case_changed(case));
        effects.push(Effect::Changed(agent));
        Ok(effects)
    }

    fn load_owed(&self, agent: AgentId) -> Option<Effect> {
        self.seats.get(&agent).filter(|seat| seat.owes_more).map(|_| Effect::LoadOwed(agent))
    }

    /// The answer to [`Effect::LoadOwed`].
    pub fn owed_more(&mut self, now: Timestamp, agent: AgentId, calls: Vec<DeskCall>) -> Vec<Effect> {
        let Some(seat) = self.seats.get_mut(&agent) else { return Vec::new() };
        seat.owes_more = false;
        calls.into_iter().filter(|call| !call.is_live()).for_each(|call| seat.owes(call));
        let mut effects = vec![Effect::Changed(agent)];
        self.drive_changed(now, &mut effects);
        effects
    }

    /// The ledger says why no outcome is owed for a call.
    fn settled(&mut self, now: Timestamp, id: &CallId, by: Option<&Personal<String>>) -> Vec<Effect> {
        let is_at = |seat: &&mut Seat| seat.call(id).is_some_and(|call| !call.is_live());
        let Some(seat) = self.seats.values_mut().find(is_at) else { return Vec::new() };
        let agent = seat.profile.agent;
        let Some(at) = seat.calls.iter().position(|call| call.id == *id) else { return Vec::new() };
        let call = seat.calls.remove(at);
        seat.notice = Some(match by {
            Some(by) => Notice::SettledBy { by: by.clone(), who: call.who().to_owned().into() },
            None => Notice::Saved,
        });
        let mut effects = vec![Effect::Changed(agent)];
        effects.extend(seat.owes_more.then_some(Effect::LoadOwed(agent)));
        match seat.open.as_mut().filter(|open| open.call.as_ref() == Some(id)) {
            // What was typed for it is not thrown away.
            Some(open) if seat.has_draft => open.call = None,
            Some(_) => effects.extend(self.put_down(now, agent)),
            None => {}
        }
        effects
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

impl Seat {
    /// The calls that an outcome for this case settles: the one of the open file first, else the oldest that was talked
    /// in, and the dials for the case that nobody answered. Another conversation owes an outcome of its own. `None` while
    /// one of the case's calls lives.
    #[must_use]
    pub fn settled_by_outcome(&self, case: CaseId) -> Option<Vec<CallId>> {
        let of_case = || self.calls.iter().filter(move |call| call.case == Some(case));
        if of_case().any(DeskCall::is_live) {
            return None;
        }
        let open = self.open.as_ref().and_then(|open| open.call.as_ref());
        let first = of_case().find(|call| Some(&call.id) == open).or_else(|| of_case().find(|call| call.talk.has_run()));
        let unanswered = of_case().filter(|call| !call.talk.has_run() && first.is_none_or(|first| first.id != call.id));
        Some(first.into_iter().chain(unanswered).map(|call| call.id.clone()).collect())
    }
}
