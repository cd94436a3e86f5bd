//! Presence that the PBX knows: which queues an agent's phones are in, and what the PBX is asked to make of it.
//!
//! Who wins:
//! - What the agent chose on the page is asserted: at once, and again after every sign-in at the PBX.
//! - What changes at the PBX without having been asked by us (a code dialled on the phone, a colleague at the PBX)
//!   becomes the presence on the page.
//! - While the link was away we cannot see who changed something. Then the page's choice is asserted again, because a PBX
//!   that restarts forgets every pause; but an agent whom the PBX has paused for a reason that is not one of ours stays
//!   paused: nobody is put in the line of fire by a reconnect.
//! - As long as nobody chose anything, on the page or on the phone, the queues are left as they are.

use serde::{Deserialize, Serialize};

use super::floor::{Effect, Floor};
use super::seat::{DeskCall, Notice, PauseReason, Presence, PresenceBy, Seat};
use crate::clock::Timestamp;
use crate::ids::{AgentId, Extension};
use crate::personal::Personal;

/// What the PBX is told as the reason when an outcome is owed.
pub const REASON_WRAP_UP: &str = "wrap-up";
/// And when the agent is not at work, in a queue that nobody can leave.
pub const REASON_OFFLINE: &str = "offline";
/// An answer of the PBX to what we asked comes within this time; later it is somebody else's doing.
const ECHO_SECONDS_MAX: i64 = 5;
/// Queues of one agent that are followed, at most.
pub const MEMBERS_MAX: usize = 64;

/// One of the agent's phones in one queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The phone.
    pub line: Extension,
    /// The queue.
    pub queue: String,
    /// How the queue calls the phone: `PJSIP/101`, `Local/101@from-queue/n`.
    pub interface: String,
    /// By what the queue knows whether it is free.
    pub state_interface: String,
    /// It stands in the queue's config: it can be paused, and not be taken out.
    pub fixed: bool,
    /// As the PBX told it last.
    pub state: MemberState,
    /// What we asked for and have not seen yet, and when.
    #[serde(skip)]
    asked: Option<(MemberState, Timestamp)>,
}

/// How a phone is in a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// Not at all.
    Gone,
    /// It gets calls.
    Active,
    /// It gets none, and why; empty when no reason was given.
    Paused(String),
}

/// What the PBX tells of a phone in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberSeen {
    /// The phone.
    pub line: Extension,
    /// The queue.
    pub queue: String,
    /// See [`Member::interface`].
    pub interface: String,
    /// See [`Member::state_interface`].
    pub state_interface: String,
    /// See [`Member::fixed`].
    pub fixed: bool,
    /// How it is now.
    pub state: MemberState,
}

/// What the PBX should make of an agent's presence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// In the queues.
    Ready,
    /// In the queues, and paused.
    Paused(PauseReason),
    /// Paused since this call ended: its outcome is owed.
    WrapUp(Timestamp),
    /// Out of the queues.
    Away,
}

/// What the PBX is asked for one queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueOrder {
    /// For whom.
    pub agent: AgentId,
    /// Which phone; its device is the interface where the queue has none yet.
    pub line: Extension,
    /// The queue.
    pub queue: String,
    /// How the queue calls the phone; empty for one that it does not know yet.
    pub interface: String,
    /// By what it knows whether it is free; may be empty.
    pub state_interface: String,
    /// What.
    pub what: QueueChange,
}

/// What should happen in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueChange {
    /// Put it in, under this name.
    Add(Personal<String>),
    /// Take it out.
    Remove,
    /// Pause it for this reason.
    Pause(&'static str),
    /// Let it have calls again.
    Unpause,
}

impl PauseReason {
    const WORDS: [(Self, &'static str); 5] = [
        (Self::Break, "pauze"),
        (Self::Lunch, "lunch"),
        (Self::Consultation, "overleg"),
        (Self::Administration, "administratie"),
        (Self::Training, "training"),
    ];

    /// The reason as the PBX is told.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.into_iter().find(|(reason, _)| *reason == self).map_or("", |(_, word)| word)
    }

    /// Reads a reason that was given on the phone.
    #[must_use]
    pub fn of_word(word: &str) -> Self {
        Self::WORDS.into_iter().find(|(_, known)| known.eq_ignore_ascii_case(word)).map_or(Self::Phone, |(reason, _)| reason)
    }
}

fn is_our_reason(reason: &str) -> bool {
    reason == REASON_WRAP_UP || reason == REASON_OFFLINE || PauseReason::of_word(reason) != PauseReason::Phone
}

impl Seat {
    /// What the PBX should make of it.
    fn wanted(&self) -> Target {
        let newest = self.calls.iter().filter(|call| call.is_owed()).filter_map(|call: &DeskCall| call.wrap_since).max();
        match (self.presence, newest) {
            (Presence::Offline, _) => Target::Away,
            (Presence::Paused(reason), _) => Target::Paused(reason),
            (Presence::Ready, Some(since)) => Target::WrapUp(since),
            (Presence::Ready, None) => Target::Ready,
        }
    }

    /// A phone is in a queue once, whatever the queue calls it.
    fn member_mut(&mut self, seen: &MemberSeen) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.queue == seen.queue && member.line == seen.line)
    }

    /// What the queues as they are say of the presence; `None` when there is none.
    fn presence_in_queues(&self, serves: impl Fn(&str) -> bool) -> Option<Presence> {
        let mut reasons = Vec::new();
        let mut any = false;
        for member in self.members.iter().filter(|member| serves(&member.queue)) {
            any = true;
            match &member.state {
                MemberState::Active => return Some(Presence::Ready),
                MemberState::Paused(reason) => reasons.push(reason.as_str()),
                MemberState::Gone => {}
            }
        }
        if let Some(reason) = reasons.iter().find(|reason| !matches!(**reason, REASON_WRAP_UP | REASON_OFFLINE)) {
            return Some(Presence::Paused(PauseReason::of_word(reason)));
        }
        any.then(|| if reasons.contains(&REASON_WRAP_UP) { Presence::Ready } else { Presence::Offline })
    }

    /// Every queue has the phone paused, for a reason that we never give.
    fn is_paused_by_others(&self, serves: impl Fn(&str) -> bool) -> bool {
        let mut there = self.members.iter().filter(|member| serves(&member.queue) && member.state != MemberState::Gone).peekable();
        there.peek().is_some() && there.all(|member| matches!(&member.state, MemberState::Paused(reason) if !is_our_reason(reason)))
    }

    fn set_presence_by_phone(&mut self, now: Timestamp, presence: Presence) {
        if self.presence != presence {
            self.presence = presence;
            self.presence_since = now;
        }
        self.presence_by = PresenceBy::Phone;
    }
}

impl Floor {
    /// The PBX is not in touch: what we want of it is asserted when it is back.
    pub fn pbx_lost(&mut self) {
        self.pbx_is_up = false;
    }

    /// The PBX tells whether a call would reach a phone.
    pub fn device_state(&mut self, line: &Extension, is_reachable: bool) -> Vec<Effect> {
        let Some(seat) = self.agent_of(line).and_then(|agent| self.seats.get_mut(&agent)) else { return Vec::new() };
        let changed = if is_reachable { seat.phones_away.remove(line) } else { seat.phones_away.insert(line.clone()) };
        if changed { vec![Effect::Changed(seat.profile.agent)] } else { Vec::new() }
    }

    /// The PBX tells of one phone in one queue.
    pub fn member(&mut self, now: Timestamp, seen: MemberSeen) -> Vec<Effect> {
        let Some(agent) = self.agent_of(&seen.line) else { return Vec::new() };
        let Some(seat) = self.seats.get_mut(&agent) else { return Vec::new() };
        let state = seen.state.clone();
        let is_full = seat.members.len() >= MEMBERS_MAX;
        let was_asked = match seat.member_mut(&seen) {
            Some(member) if state == MemberState::Gone && member.interface != seen.interface => return Vec::new(),
            Some(member) => {
                let is_echo = member.asked.as_ref().is_some_and(|(asked, _)| *asked == state);
                let is_before_echo = member.asked.as_ref().is_some_and(|(_, at)| now < at.plus_seconds(ECHO_SECONDS_MAX));
                let asked = member.asked.take().filter(|_| !is_echo && is_before_echo);
                if member.state == state && member.fixed == seen.fixed {
                    member.asked = asked;
                    return Vec::new();
                }
                *member = Member { asked, ..Member::of(seen) };
                is_echo || is_before_echo
            }
            None if state == MemberState::Gone || is_full => return Vec::new(),
            None => {
                seat.members.push(Member::of(seen));
                false
            }
        };
        let serves = |queue: &str| self.rules.serves(queue);
        if let Some(presence) = seat.presence_in_queues(serves).filter(|_| !was_asked && self.pbx_is_up) {
            seat.set_presence_by_phone(now, presence);
            // The PBX is as the phone wants it: nothing is asked of it for this.
            seat.target = Some(seat.wanted());
        }
        vec![Effect::Changed(agent)]
    }

    /// The PBX has told of all phones in all queues: from here on it is in touch.
    pub fn members_listed(&mut self, now: Timestamp, listed: Vec<MemberSeen>) -> Vec<Effect> {
        self.pbx_is_up = true;
        for seat in self.seats.values_mut() {
            for member in &mut seat.members {
                member.asked = None;
                member.state = MemberState::Gone;
            }
        }
        for seen in listed {
            let Some(agent) = self.by_extension.get(&seen.line) else { continue };
            let Some(seat) = self.seats.get_mut(agent) else { continue };
            let is_full = seat.members.len() >= MEMBERS_MAX;
            match seat.member_mut(&seen) {
                Some(member) => *member = Member::of(seen),
                None if !is_full => seat.members.push(Member::of(seen)),
                None => {}
            }
        }
        let agents: Vec<AgentId> = self.seats.keys().copied().collect();
        let mut effects = Vec::new();
        for agent in agents {
            let Some(seat) = self.seats.get_mut(&agent) else { continue };
            // A queue that is gone, and in which the phone stood by config, is forgotten.
            seat.members.retain(|member| !(member.fixed && member.state == MemberState::Gone));
            let serves = |queue: &str| self.rules.serves(queue);
            let told = seat.presence_in_queues(serves);
            match (seat.presence_by, told) {
                (PresenceBy::Phone, Some(presence)) => seat.set_presence_by_phone(now, presence),
                (PresenceBy::Page, Some(presence)) if seat.presence == Presence::Ready && seat.is_paused_by_others(serves) => {
                    seat.set_presence_by_phone(now, presence);
                }
                _ => {}
            }
            seat.target = None;
            effects.push(Effect::Changed(agent));
            self.drive(now, agent, &mut effects);
        }
        effects
    }

    /// The PBX did not do what was asked for a queue.
    pub fn queue_refused(&mut self, agent: AgentId, queue: &str, words: &str) -> Vec<Effect> {
        let Some(seat) = self.seats.get_mut(&agent) else { return Vec::new() };
        seat.members.iter_mut().filter(|member| member.queue == queue).for_each(|member| member.asked = None);
        seat.notice = Some(Notice::QueueRefused { queue: queue.to_owned(), words: words.chars().take(200).collect() });
        vec![Effect::Changed(agent)]
    }

    /// Asks the PBX for what the presence and the debts of these seats have become.
    pub(super) fn drive_changed(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let mut at = 0;
        while let Some(effect) = effects.get(at) {
            if let Effect::Changed(agent) = *effect {
                self.drive(now, agent, effects);
            }
            at += 1;
        }
    }

    fn drive(&mut self, now: Timestamp, agent: AgentId, effects: &mut Vec<Effect>) {
        if !self.pbx_is_up {
            return;
        }
        let Some(seat) = self.seats.get_mut(&agent).filter(|seat| seat.presence_by != PresenceBy::Nobody) else { return };
        let wanted = seat.wanted();
        if seat.target.as_ref() == Some(&wanted) {
            return;
        }
        if wanted == Target::Ready && seat.presence_by == PresenceBy::Page {
            seat.expect_members(&self.rules.queues);
        }
        let by_page = seat.presence_by == PresenceBy::Page;
        let name = seat.profile.name.clone();
        for member in seat.members.iter_mut().filter(|member| self.rules.serves(&member.queue)) {
            let Some((what, state)) = member.change_to(&wanted, by_page, &name) else { continue };
            member.asked = Some((state, now));
            effects.push(Effect::Queue(QueueOrder {
                agent,
                line: member.line.clone(),
                queue: member.queue.clone(),
                interface: member.interface.clone(),
                state_interface: member.state_interface.clone(),
                what,
            }));
        }
        seat.target = Some(wanted);
    }
}

impl Seat {
    /// The queues that the config names are served even where the PBX does not have the phone in them yet.
    fn expect_members(&mut self, queues: &[String]) {
        for queue in queues {
            if self.members.len() < MEMBERS_MAX && !self.members.iter().any(|member| member.queue == *queue) {
                self.members.push(Member {
                    line: self.profile.extension.clone(),
                    queue: queue.clone(),
                    interface: String::new(),
                    state_interface: String::new(),
                    fixed: false,
                    state: MemberState::Gone,
                    asked: None,
                });
            }
        }
    }
}

impl Member {
    fn of(seen: MemberSeen) -> Self {
        let MemberSeen { line, queue, interface, state_interface, fixed, state } = seen;
        Self { line, queue, interface, state_interface, fixed, state, asked: None }
    }

    /// What to ask, and what will be seen when it is done. Of a presence that came from the phone only our own pauses are
    /// taken back: what was dialled there for one queue stays.
    fn change_to(&self, target: &Target, by_page: bool, name: &Personal<String>) -> Option<(QueueChange, MemberState)> {
        let pause = |reason: &'static str| {
            let wanted = MemberState::Paused(reason.to_owned());
            (self.state != MemberState::Gone && self.state != wanted).then_some((QueueChange::Pause(reason), wanted))
        };
        match (target, &self.state) {
            (Target::Ready, MemberState::Gone) if by_page => Some((QueueChange::Add(name.clone()), MemberState::Active)),
            (Target::Ready, MemberState::Paused(reason)) if by_page || is_our_reason(reason) => Some((QueueChange::Unpause, MemberState::Active)),
            (Target::Ready, _) => None,
            (Target::WrapUp(_), MemberState::Active) => pause(REASON_WRAP_UP),
            // A pause that was dialled on the phone stands as it was dialled.
            (Target::Paused(PauseReason::Phone), _) | (Target::WrapUp(_), _) => None,
            (Target::Paused(reason), _) if by_page => pause(reason.word()),
            (Target::Paused(_), _) => None,
            (Target::Away, MemberState::Gone) => None,
            (Target::Away, _) if !by_page => None,
            (Target::Away, _) if self.fixed => pause(REASON_OFFLINE),
            (Target::Away, _) => Some((QueueChange::Remove, MemberState::Gone)),
        }
    }
}
