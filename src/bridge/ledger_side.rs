//! Whether the ledger answers: looked at twice a second, and said on the board when it has not for longer than a person
//! waits. Nothing waits for it here: what happens is journalled, and the desk goes on.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::task::Task;
use crate::clock::Clock;
use crate::desk::hub::{Ledger, Whom};
use crate::store::error::StoreError;

/// A database that takes longer for a write, or for no question at all, is away.
const AWAY_AFTER: Duration = Duration::from_secs(1);

/// The question that was asked last, and since when the database owes an answer.
#[derive(Debug, Default)]
pub(super) struct Asked {
    question: Option<JoinHandle<Result<(), StoreError>>>,
    since: Option<Instant>,
}

impl<C: Clock> Task<C> {
    /// Looks whether the ledger answers, and says so where it changed.
    pub(super) async fn look_at_ledger(&mut self) {
        let unread = self.unread_for().await;
        let unwritten = self.setup.writer.waits_for().unwrap_or_default();
        let is_away = unread.max(unwritten) >= AWAY_AFTER;
        let was_away = matches!(self.board.borrow().ledger, Ledger::Away(_));
        if is_away == was_away {
            return;
        }
        let now = self.clock.now();
        if is_away {
            tracing::error!(waiting = self.setup.writer.journal_len(), "the database does not answer; the journal waits");
        } else {
            tracing::info!(waiting = self.setup.writer.journal_len(), "the database answers again");
        }
        self.board.send_modify(|board| Arc::make_mut(board).put_ledger(if is_away { Ledger::Away(now) } else { Ledger::Answers }));
        self.setup.bell.ring(Whom::All);
    }

    /// How long a reader has been waiting.
    async fn unread_for(&mut self) -> Duration {
        let asked = &mut self.ledger_asked;
        let now = Instant::now();
        if let Some(question) = asked.question.as_mut().filter(|question| question.is_finished()) {
            if matches!(question.await, Ok(Ok(()))) {
                asked.since = None;
            }
            asked.question = None;
        }
        if asked.question.is_none() {
            let store = self.setup.store.clone();
            asked.question = Some(tokio::spawn(async move { store.ping().await }));
            asked.since.get_or_insert(now);
        }
        asked.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}
