//! What a stretch of manager bytes holds, counted.

use serde::Serialize;

use super::event::{CallEvent, CallEventKind, EndReason};
use crate::telephony::ami::frame::Frame;

/// The counts of `belbrug replay --summary`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// Manager events.
    pub events: u64,
    /// Frames that were too long.
    pub unreadable: u64,
    /// Calls that ended, and those that did not.
    pub calls: u64,
    /// Callers who came to wait in a queue.
    pub queued: u64,
    /// Click-to-dials whose own phone rang.
    pub dialled_by_agent: u64,
    /// Devices that rang, the agent's own for a click-to-dial not counted.
    pub ringing: u64,
    /// Calls in which two people heard each other.
    pub answered: u64,
    /// Click-to-dials that rang somewhere, and in which nobody answered.
    pub not_answered: u64,
    /// Holds.
    pub held: u64,
    /// Transfers.
    pub transferred: u64,
    /// Callers who hung up in a queue.
    pub queue_abandoned: u64,
    /// Calls that ended.
    pub ended: u64,
    /// Calls that went up in another.
    pub merged: u64,
    /// Calls that were live at the end of the bytes.
    pub open: usize,
}

impl Summary {
    /// Counts a frame.
    pub fn frame(&mut self, frame: Frame<'_>) {
        self.events += u64::from(frame.event().is_some());
    }

    /// Counts an event of a call.
    pub fn event(&mut self, event: &CallEvent) {
        match &event.kind {
            CallEventKind::Queued { .. } => self.queued += 1,
            CallEventKind::Originated { .. } => self.dialled_by_agent += 1,
            CallEventKind::Delivered { .. } => self.ringing += 1,
            CallEventKind::Held { .. } => self.held += 1,
            CallEventKind::Transferred { .. } => self.transferred += 1,
            CallEventKind::QueueAbandoned { .. } => self.queue_abandoned += 1,
            CallEventKind::Merged { .. } => self.merged += 1,
            CallEventKind::Cleared { reason, at_own_phone, direction, .. } => {
                self.ended += 1;
                self.calls += 1;
                if *reason == EndReason::Completed {
                    self.answered += 1;
                } else if *direction == super::event::Direction::Outbound && !at_own_phone {
                    self.not_answered += 1;
                }
            }
            _ => {}
        }
    }
}
