//! What is to be done later, each thing at one time only.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::event::{AccountId, SessionId, SubscriptionId};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Alarm {
    /// Registers, refreshes or tries again.
    Register(AccountId),
    /// Asks whether the PBX is there.
    Ping(AccountId),
    /// It did not say.
    PingLost(AccountId),
    /// Subscribes, refreshes or tries again.
    Subscribe(SubscriptionId),
    /// The state that was promised has not come (Timer N of RFC 6665).
    NothingNotified(SubscriptionId),
    /// Offers again after a glare.
    Reoffer(SessionId),
    /// Says that the session still lives.
    RefreshSession(SessionId),
    /// The other side should have.
    SessionExpired(SessionId),
    /// Says again, reliably, that it rings.
    RepeatReliable(SessionId),
}

/// All that is to be done.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    due: BTreeSet<(Instant, Alarm)>,
    at: BTreeMap<Alarm, Instant>,
}

impl Alarms {
    /// At this time, and not at the one that was set before.
    pub(super) fn set(&mut self, alarm: Alarm, at: Instant) {
        self.clear(alarm);
        self.at.insert(alarm, at);
        self.due.insert((at, alarm));
    }

    pub(super) fn clear(&mut self, alarm: Alarm) {
        if let Some(at) = self.at.remove(&alarm) {
            self.due.remove(&(at, alarm));
        }
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// One that is due.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Alarm> {
        let (at, alarm) = self.due.first().copied().filter(|(at, _)| *at <= now)?;
        self.due.remove(&(at, alarm));
        self.at.remove(&alarm);
        Some(alarm)
    }

    pub(super) fn len(&self) -> usize {
        self.at.len()
    }
}
