//! Wakes the live streams of those whose part of the board changed.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use tokio::sync::watch;

use crate::desk::hub::{Bell, Whom};
use crate::ids::AgentId;

/// One bell an agent, made when the first page of that agent listens; there are no more than agents.
#[derive(Debug, Default)]
pub struct Bells {
    by_agent: RwLock<HashMap<AgentId, watch::Sender<()>>>,
}

impl Bells {
    /// The bell of one agent. Read the board after every ring, and once before the first.
    pub(crate) fn of(&self, agent: AgentId) -> watch::Receiver<()> {
        let mut bells = self.by_agent.write().unwrap_or_else(PoisonError::into_inner);
        bells.entry(agent).or_insert_with(|| watch::Sender::new(())).subscribe()
    }
}

impl Bell for Bells {
    fn ring(&self, whom: Whom<'_>) {
        let bells = self.by_agent.read().unwrap_or_else(PoisonError::into_inner);
        match whom {
            Whom::Agents(agents) => agents.iter().filter_map(|agent| bells.get(agent)).for_each(|bell| bell.send_replace(())),
            Whom::All => bells.values().for_each(|bell| bell.send_replace(())),
        }
    }

    fn is_heard_by(&self, agent: AgentId) -> bool {
        let bells = self.by_agent.read().unwrap_or_else(PoisonError::into_inner);
        bells.get(&agent).is_some_and(|bell| bell.receiver_count() > 0)
    }
}
