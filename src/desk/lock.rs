//! A file is for one agent at a time. Whoever opens it first has it until it is closed, its outcome is saved, the agent
//! leaves, or a colleague takes it over; others can read it. When it comes free the first of those gets it. The locks are
//! in the seats, so that a crash keeps them.

use super::floor::{Effect, Floor};
use super::hub::Refusal;
use super::seat::{Holder, Lock, Notice, OpenFile, Seat};
use crate::clock::Timestamp;
use crate::ids::{AgentId, CaseId};

impl Floor {
    /// Who has a file.
    #[must_use]
    pub fn holder(&self, case: CaseId) -> Option<Holder> {
        let seat = self.seats.get(self.locks.get(&case)?)?;
        let open = seat.open.as_ref().filter(|open| open.case == case)?;
        let Lock::Held(since) = open.lock else { return None };
        Some(Holder { agent: seat.profile.agent, name: seat.profile.name.clone(), since, took_over: false })
    }

    /// A colleague has the file, so that this agent must not work in it.
    pub(super) fn refuse_if_taken(&self, agent: AgentId, case: CaseId) -> Result<(), Refusal> {
        match self.holder(case).filter(|holder| holder.agent != agent) {
            Some(holder) => Err(Refusal::CaseTaken { by: holder.name, since: holder.since }),
            None => Ok(()),
        }
    }

    /// Puts a file on an agent's screen, to work in if it is free, else to read.
    pub(super) fn show(&mut self, now: Timestamp, agent: AgentId, mut file: OpenFile) -> Vec<Effect> {
        let before = self.seats.get(&agent).and_then(|seat| seat.open.as_ref()).filter(|open| open.case != file.case).map(|open| open.case);
        let mut effects = before.map_or_else(Vec::new, |case| self.release(now, agent, case));
        file.lock = match self.holder(file.case) {
            Some(holder) if holder.agent == agent => Lock::Held(holder.since),
            Some(holder) => Lock::Other(holder),
            None => Lock::Held(now),
        };
        if matches!(file.lock, Lock::Held(_)) {
            self.locks.insert(file.case, agent);
        }
        if let Some(seat) = self.seats.get_mut(&agent) {
            seat.open = Some(file);
            seat.focus = None;
        }
        effects.push(Effect::Changed(agent));
        effects
    }

    /// Takes the file from an agent's screen.
    pub(super) fn put_down(&mut self, now: Timestamp, agent: AgentId) -> Vec<Effect> {
        let Some(seat) = self.seats.get_mut(&agent) else { return Vec::new() };
        seat.has_draft = false;
        let Some(open) = seat.open.take() else { return Vec::new() };
        let mut effects = self.release(now, agent, open.case);
        effects.push(Effect::Changed(agent));
        effects
    }

    /// The agent has the file no more; the first colleague who has it on the screen gets it.
    pub(super) fn release(&mut self, now: Timestamp, agent: AgentId, case: CaseId) -> Vec<Effect> {
        if self.locks.get(&case) != Some(&agent) {
            return Vec::new();
        }
        self.locks.remove(&case);
        if let Some(open) = self.open_mut(agent, case) {
            open.lock = Lock::Free;
        }
        let waits = |seat: &&mut Seat| seat.profile.agent != agent && seat.open.as_ref().is_some_and(|open| open.case == case);
        let Some(next) = self.seats.values_mut().find(waits) else { return Vec::new() };
        if let Some(open) = &mut next.open {
            open.lock = Lock::Held(now);
        }
        next.notice = Some(Notice::FileFree);
        let next = next.profile.agent;
        self.locks.insert(case, next);
        let mut effects = self.tell_readers(case);
        effects.push(Effect::Changed(next));
        effects
    }

    /// An agent takes a file over. The colleague's page is told, and can be read only; what was typed there stays a
    /// draft of its own.
    pub(super) fn take_over(&mut self, now: Timestamp, agent: AgentId, case: CaseId) -> Result<Vec<Effect>, Refusal> {
        let seat = self.seats.get(&agent).ok_or(Refusal::NoSeat)?;
        let by = seat.profile.name.clone();
        if seat.open.as_ref().is_none_or(|open| open.case != case) {
            return Err(Refusal::NoSuchFile);
        }
        let mut effects = vec![Effect::Changed(agent)];
        let former = self.locks.insert(case, agent).filter(|former| *former != agent);
        if let Some(open) = self.open_mut(agent, case) {
            open.lock = Lock::Held(now);
        }
        if let Some(seat) = former.and_then(|former| self.seats.get_mut(&former)) {
            seat.notice = Some(Notice::TakenOver { by });
            seat.has_draft = false;
        }
        effects.extend(self.tell_readers(case));
        if let Some(open) = former.and_then(|former| self.open_mut(former, case))
            && let Lock::Other(holder) = &mut open.lock
        {
            holder.took_over = true;
        }
        Ok(effects)
    }

    /// An agent begins to work in a file that nobody has: its own on the screen after the agent was away, or one that is
    /// posted without being open.
    pub(super) fn claim(&mut self, now: Timestamp, agent: AgentId, case: CaseId) -> Result<Vec<Effect>, Refusal> {
        self.refuse_if_taken(agent, case)?;
        let Some(open) = self.open_mut(agent, case).filter(|open| open.lock == Lock::Free) else { return Ok(Vec::new()) };
        open.lock = Lock::Held(now);
        self.locks.insert(case, agent);
        let mut effects = self.tell_readers(case);
        effects.push(Effect::Changed(agent));
        Ok(effects)
    }

    /// The file that this seat had on its screen before a restart, unless another seat was first.
    pub(super) fn restore_lock(&mut self, seat: &mut Seat) {
        let Some(open) = &mut seat.open else { return };
        if let Lock::Held(_) = open.lock {
            match self.holder(open.case) {
                Some(holder) => open.lock = Lock::Other(holder),
                None => {
                    self.locks.insert(open.case, seat.profile.agent);
                }
            }
        }
    }

    fn open_mut(&mut self, agent: AgentId, case: CaseId) -> Option<&mut OpenFile> {
        self.seats.get_mut(&agent)?.open.as_mut().filter(|open| open.case == case)
    }

    /// Everybody who only reads the file learns who has it.
    fn tell_readers(&mut self, case: CaseId) -> Vec<Effect> {
        let Some(holder) = self.holder(case) else { return Vec::new() };
        let mut effects = Vec::new();
        for seat in self.seats.values_mut().filter(|seat| seat.profile.agent != holder.agent) {
            if let Some(open) = seat.open.as_mut().filter(|open| open.case == case) {
                open.lock = Lock::Other(holder.clone());
                effects.push(Effect::Changed(seat.profile.agent));
            }
        }
        effects
    }
}
