//! What happened, on its way to the ledger: in order, without waiting. It is gathered for a turn of the bridge and handed over
//! at its end, when the pages have been told: the writer's waking would only be in their way. What does not fit any more is
//! counted, and stands in the ledger as a gap.

use crate::clock::Timestamp;
use crate::measure;
use crate::store::write::Write;
use crate::store::writer::Writer;

/// The bridge's end of the journal.
#[derive(Debug)]
pub(super) struct Journal {
    writer: Writer,
    run: u64,
    next: u64,
    /// Of this turn.
    gathered: Vec<Write>,
    /// Since when, and how much, could not be journalled.
    lost: Option<(Timestamp, u64)>,
}

impl Journal {
    pub(super) const fn new(writer: Writer, run: u64) -> Self {
        Self { writer, run, next: 0, gathered: Vec::new(), lost: None }
    }

    /// A key that no other entry has.
    pub(super) fn key(&mut self) -> String {
        self.next += 1;
        format!("{:x}-{}", self.run, self.next)
    }

    /// Journals at the end of this turn.
    pub(super) fn put(&mut self, write: Write) {
        self.gathered.push(write);
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.gathered.is_empty()
    }

    /// The turn ends; never waits.
    pub(super) fn hand_over(&mut self, now: Timestamp) {
        for write in std::mem::take(&mut self.gathered) {
            self.send(now, write);
        }
        measure::journal(self.writer.journal_len());
    }

    fn send(&mut self, now: Timestamp, write: Write) {
        self.report_lost(now);
        if self.writer.journal(write).is_err() {
            measure::journal_lost();
            let (_, count) = self.lost.get_or_insert((now, 0));
            *count += 1;
            if *count == 1 {
                tracing::error!("the journal is full: the database has been away for too long; events are counted as lost from here");
            }
        }
    }

    fn report_lost(&mut self, now: Timestamp) {
        let Some((from, count)) = self.lost else { return };
        self.next += 1;
        let key = format!("{:x}-lost-{}", self.run, self.next);
        let gap = Write::Gap { key, kind: "journal", from, to: Some(now), events_lost: count, why: "the journal was full".to_owned() };
        if self.writer.journal(gap).is_ok() {
            tracing::error!(events = count, "the journal takes entries again; what was lost is marked as a gap");
            self.lost = None;
        }
    }
}

/// The bridge may be stopped in the midst of a turn.
impl Drop for Journal {
    fn drop(&mut self) {
        for write in std::mem::take(&mut self.gathered) {
            if self.writer.journal(write).is_err() {
                tracing::error!("the journal is full: an event of the last moment is lost");
            }
        }
    }
}
