//! Where the events come from: the manager interface, SIP, or both. The pages are told of one link, which is up when every source
//! that the config names is; an extension has exactly one of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::task::Task;
use crate::clock::{Clock, Timestamp};
use crate::desk::hub::{Command, Link, Whom};
use crate::desk::seat::{DeskCall, Seat};
use crate::ids::{AgentId, CallId, Device, Extension};
use crate::measure;
use crate::numbers::Pattern;
use crate::store::write::Write;
use crate::telephony::pbx::event::extension_of;

/// How a source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// The config does not name it.
    Off,
    /// Nothing was heard yet.
    Awaited,
    /// It tells.
    Up,
    /// It does not, and why.
    Lost(String),
}

/// Both.
#[derive(Debug)]
pub(super) struct Sources {
    pub(super) manager: Source,
    pub(super) sip: Source,
    /// Extensions that SIP tells of.
    at_sip: Vec<Pattern>,
    /// Extensions that the manager interface tells of; none means all others.
    at_manager: Vec<Pattern>,
}

/// Which source an extension has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Manager,
    Sip,
}

impl Sources {
    pub(super) const fn new(at_sip: Vec<Pattern>, at_manager: Vec<Pattern>, uses_manager: bool) -> Self {
        let sip = if at_sip.is_empty() { Source::Off } else { Source::Awaited };
        Self { manager: if uses_manager { Source::Awaited } else { Source::Off }, sip, at_sip, at_manager }
    }

    /// The one source of an extension; `None` of one that the config gives to nobody.
    pub(super) fn of(&self, extension: &Extension) -> Option<Of> {
        let has = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(extension.as_str()));
        if has(&self.at_sip) {
            return Some(Of::Sip);
        }
        let is_the_managers = self.manager != Source::Off && (self.at_manager.is_empty() || has(&self.at_manager));
        is_the_managers.then_some(Of::Manager)
    }

    /// Why no calls are told of, if none are.
    fn lost(&self) -> Option<&str> {
        [&self.manager, &self.sip].into_iter().find_map(|source| match source {
            Source::Lost(why) => Some(why.as_str()),
            _ => None,
        })
    }

    fn are_up(&self) -> bool {
        ![&self.manager, &self.sip].into_iter().any(|source| matches!(source, Source::Awaited | Source::Lost(_)))
    }
}

impl<C: Clock> Task<C> {
    /// A source came or went: the link of the pages, and the gaps, follow.
    pub(super) fn link_changed(&mut self, now: Timestamp) {
        let was_up = matches!(self.board.borrow().link, Link::Up(_));
        if let Some(why) = self.sources.lost().map(str::to_owned) {
            let same = matches!(&self.board.borrow().link, Link::Lost(_, words) if *words == why);
            if !same {
                tracing::warn!("the PBX is not connected: {why}");
                let since = match &self.board.borrow().link {
                    Link::Lost(since, _) => *since,
                    _ => now,
                };
                self.put_link(Link::Lost(since, why.clone()));
            }
            measure::link_up(false);
            if was_up {
                measure::gap();
                let key = self.journal.key();
                self.journal.put(Write::Gap { key, kind: "link", from: now, to: None, events_lost: 0, why });
            }
        } else if self.sources.are_up() && !was_up {
            measure::link_up(true);
            self.put_link(Link::Up(now));
            self.journal.put(Write::GapsEnd(now));
            self.seen_at = None;
            self.in_sight(now);
        }
    }

    fn put_link(&self, link: Link) {
        self.board.send_modify(|board| Arc::make_mut(board).put_link(link));
        self.setup.bell.ring(Whom::All);
    }

    /// The source of an agent's own phone.
    fn source_of(&self, agent: AgentId) -> Option<Of> {
        self.floor.seat(agent).and_then(|seat| self.sources.of(&seat.profile.extension))
    }

    /// Whether the phone of whoever asks can be reached.
    pub(super) fn is_up_for(&self, command: &Command) -> bool {
        let (Command::Dial { agent, .. }
        | Command::Consult { agent, .. }
        | Command::HangUp(agent, _)
        | Command::Phone(agent, ..)
        | Command::Recording(agent, ..)) = command
        else {
            return false;
        };
        match self.source_of(*agent) {
            Some(Of::Sip) => self.sources.sip == Source::Up,
            Some(Of::Manager) => self.connection.as_ref().is_some_and(|connection| connection.session.is_signed_in()),
            None => false,
        }
    }

    /// The calls that live, as far as this source can tell: those of the other are not its to judge.
    pub(super) fn live_calls(&self, judge: Of) -> BTreeSet<CallId> {
        let told = self.tracker.calls().chain(self.sip_tracker.calls()).map(|call| call.id.clone());
        // A person may have a phone at each.
        let source = |seat: &Seat, call: &DeskCall| {
            let line = call.leg.as_ref().and_then(|leg| leg.line.as_ref());
            self.sources.of(line.unwrap_or(&seat.profile.extension))
        };
        let of_other = self.floor.seats().flat_map(|seat| seat.calls.iter().filter(move |call| source(seat, call) != Some(judge)));
        told.chain(of_other.map(|call| call.id.clone())).collect()
    }

    /// Whether a channel is of a phone that SIP tells of.
    pub(super) fn is_at_sip(&self, channel: &str) -> bool {
        let extension = extension_of(&self.setup.technology, Device::text_of_channel(channel));
        extension.is_some_and(|extension| self.sources.of(&extension) == Some(Of::Sip))
    }
}
