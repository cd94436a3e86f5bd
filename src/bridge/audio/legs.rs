//! The legs of all calls, and in which of his calls each agent is heard: of several that are open, the one that he turned to last.

use std::collections::{BTreeMap, HashMap};

use super::leg::Leg;
use crate::ids::{AgentId, CallId};

/// All of them, by a number that no other leg has had.
#[derive(Default)]
pub(super) struct Legs {
    all: BTreeMap<usize, Leg>,
    by_call: HashMap<CallId, usize>,
    talking: HashMap<AgentId, usize>,
    count: usize,
}

impl Legs {
    /// The number of the leg that is added next.
    pub(super) const fn next(&self) -> usize {
        self.count
    }

    pub(super) fn add(&mut self, leg: Leg) {
        self.by_call.insert(leg.call.clone(), self.count);
        self.all.insert(self.count, leg);
        self.count += 1;
    }

    pub(super) fn remove(&mut self, call: &CallId) -> Option<Leg> {
        let leg = self.all.remove(&self.by_call.remove(call)?)?;
        self.turned(leg.agent);
        Some(leg)
    }

    pub(super) fn get_mut(&mut self, number: usize) -> Option<&mut Leg> {
        self.all.get_mut(&number)
    }

    pub(super) fn of_call(&mut self, call: &CallId) -> Option<&mut Leg> {
        self.all.get_mut(self.by_call.get(call)?)
    }

    pub(super) fn of_agent(&mut self, agent: AgentId) -> impl Iterator<Item = &mut Leg> {
        self.all.values_mut().filter(move |leg| leg.agent == agent)
    }

    pub(super) fn all(&mut self) -> impl Iterator<Item = &mut Leg> {
        self.all.values_mut()
    }

    /// The leg in which an agent is heard, and hears.
    pub(super) fn talks(&self, agent: AgentId) -> Option<usize> {
        self.talking.get(&agent).copied()
    }

    /// Looks anew in which of his calls an agent is heard.
    pub(super) fn turned(&mut self, agent: AgentId) {
        let is_open = |(_, leg): &(&usize, &Leg)| leg.agent == agent && leg.flow.is_some_and(|flow| flow.speaks || flow.hears);
        match self.all.iter().filter(is_open).max_by_key(|(_, leg)| leg.flow.map(|flow| flow.turn)) {
            Some((number, _)) => self.talking.insert(agent, *number),
            None => self.talking.remove(&agent),
        };
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}
