//! What was seen of a load.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::telephony::media::quality::Heard;

/// Counted from the beginning.
#[derive(Debug, Default)]
pub struct Counts {
    /// Agents who are at work: their phone is registered, and their page is heard.
    pub ready: AtomicU64,
    /// Calls that were made to phones.
    pub made: AtomicU64,
    /// Calls that rang at a page.
    pub rang: AtomicU64,
    /// Calls that an agent has taken.
    pub taken: AtomicU64,
    /// What an agent wanted and the pages refused.
    pub refused: AtomicU64,
    /// Conversations in which one of the two heard nothing of the other.
    pub deaf: AtomicU64,
    /// Packets that pages should have heard, and of those, the lost ones.
    pub heard: AtomicU64,
    /// Lost.
    pub heard_lost: AtomicU64,
    /// Packets that debtors should have heard, and of those, the lost ones.
    pub said: AtomicU64,
    /// Lost.
    pub said_lost: AtomicU64,
}

/// One more.
pub fn more(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

/// How many.
pub fn of(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

impl Counts {
    pub(super) fn page_heard(&self, heard: Heard) {
        self.heard.fetch_add(heard.expected, Ordering::Relaxed);
        self.heard_lost.fetch_add(heard.lost, Ordering::Relaxed);
    }

    pub(super) fn debtor_heard(&self, heard: Heard) {
        self.said.fetch_add(heard.expected, Ordering::Relaxed);
        self.said_lost.fetch_add(heard.lost, Ordering::Relaxed);
    }
}
