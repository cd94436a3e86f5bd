//! The agents' phones at the PBX: whether they are there, which queues they are in, and what is asked of the queues for the
//! agents' presence.

use super::outbound::{Asked, LinkError};
use super::task::Task;
use crate::clock::{Clock, Timestamp};
use crate::desk::queues::{MEMBERS_MAX, MemberSeen, MemberState, QueueChange, QueueOrder};
use crate::telephony::pbx::command::{Command as PbxCommand, SnapshotPart};
use crate::telephony::pbx::event::{EventKind, MemberView, extension_of};

/// Members of all queues that are read from one list, at most.
const LISTED_MAX: usize = 1000 * MEMBERS_MAX;
/// Ticks for which a PBX that does not know its queues yet is asked at each: longer no PBX takes to start.
const STARTING_TICKS: u32 = 180;
/// And from then on it is asked once in so many.
const LATER_TICKS: u32 = 60;

impl<C: Clock> Task<C> {
    /// Takes what is about phones and queues; whether it was.
    pub(super) async fn phone_event(&mut self, now: Timestamp, kind: &EventKind<'_>) -> bool {
        let effects = match kind {
            EventKind::QueueMember(member) => match self.member_seen(member) {
                Some(seen) => self.floor.member(now, seen),
                None => return true,
            },
            EventKind::QueueMemberListed(member) => {
                if let Some(seen) = self.member_seen(member).filter(|_| self.listed.len() < LISTED_MAX) {
                    self.listed.push(seen);
                }
                return true;
            }
            EventKind::DeviceState { device, is_reachable } => match extension_of(&self.setup.technology, device) {
                Some(line) => self.floor.device_state(&line, *is_reachable),
                None => return true,
            },
            // Only with a snapshot, which tells in its end whom it did not name.
            EventKind::QueueEntryListed { .. } if self.snapshot_since.is_none() => return true,
            EventKind::QueueMembersEnded => {
                self.queues_awaited = None;
                let listed = std::mem::take(&mut self.listed);
                self.floor.members_listed(now, listed)
            }
            _ => return false,
        };
        let _ = self.perform(effects).await;
        true
    }

    /// Asterisk's manager lets us in before its modules are loaded: until app_queue is there, it does not know the action.
    pub(super) fn queues_not_listed(&mut self, message: &str) {
        if self.queues_awaited.is_none() {
            tracing::info!(message, "the PBX does not list its queues: is it still starting? They are asked for again");
        }
        self.queues_awaited.get_or_insert(0);
    }

    /// Call once a tick.
    pub(super) fn ask_again_for_queues(&mut self) -> Result<(), LinkError> {
        let Some(ticks) = &mut self.queues_awaited else { return Ok(()) };
        *ticks = ticks.saturating_add(1);
        if *ticks == STARTING_TICKS {
            tracing::warn!(
                "the PBX still lists no queues: app_queue is not loaded, or write needs agent in manager.conf. No pause is set until it does"
            );
        }
        match &mut self.connection {
            Some(connection) if *ticks < STARTING_TICKS || ticks.is_multiple_of(LATER_TICKS) => {
                connection.ask_for(SnapshotPart::Queues, &self.setup.dial)
            }
            _ => Ok(()),
        }
    }

    fn member_seen(&self, member: &MemberView<'_>) -> Option<MemberSeen> {
        let line = member.extension(&self.setup.technology)?;
        // Nobody of ours: not worth a copy.
        self.floor.agent_of(&line)?;
        let state = match (&member.paused, member.gone) {
            (_, true) => MemberState::Gone,
            (Some(reason), false) => MemberState::Paused(reason.to_string()),
            (None, false) => MemberState::Active,
        };
        Some(MemberSeen {
            line,
            queue: member.queue.to_string(),
            interface: member.interface.to_string(),
            state_interface: member.state_interface.to_string(),
            fixed: member.fixed,
            state,
        })
    }

    /// Sends what the floor wants of the queues. While a frame is read there is no sending; so it comes here afterwards.
    pub(super) async fn send_queue_orders(&mut self) {
        for order in std::mem::take(&mut self.queue_orders) {
            let command = self.queue_command(&order);
            if self.ask(&command, Asked::Queue(order.agent, order.queue)).await.is_err() {
                // What we want is asserted after the next sign-in.
                return;
            }
        }
    }

    fn queue_command(&self, order: &QueueOrder) -> PbxCommand {
        let device = format!("{}/{}", self.setup.technology, order.line);
        let or_device = |text: &str| if text.is_empty() { device.clone() } else { text.to_owned() };
        let (queue, interface) = (order.queue.clone(), or_device(&order.interface));
        match &order.what {
            QueueChange::Add(name) => {
                PbxCommand::QueueAdd { queue, interface, state_interface: or_device(&order.state_interface), name: name.clone() }
            }
            QueueChange::Remove => PbxCommand::QueueRemove { queue, interface },
            QueueChange::Pause(reason) => PbxCommand::QueuePause { queue, interface, reason: Some(reason) },
            QueueChange::Unpause => PbxCommand::QueuePause { queue, interface, reason: None },
        }
    }
}
