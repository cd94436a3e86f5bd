//! The one writer. It takes what is to be written from two queues, puts as much as is waiting into one transaction and
//! commits it at once: one fsync for many. Whoever asked gets an answer after the commit, so that "saved" is saved. A
//! write that fails takes only itself back. While the database is away, journal entries wait in their queue, in order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};

use super::error::StoreError;
use super::pool::{Store, Tx, Writing};
use super::write::{Write, Written, apply};
use crate::measure;

/// Writes that wait for an answer, at most.
pub const ASKS_MAX: usize = 1024;
/// Journal entries that wait, at most: an hour of a busy floor.
pub const JOURNAL_MAX: usize = 65_536;
/// Writes in one transaction, at most.
const GROUP_MAX: usize = 256;
/// Between two tries of a journal that cannot be written.
const RETRY_AFTER: Duration = Duration::from_millis(500);
/// A transaction that takes longer has failed; whoever waits is told so.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(5);

type Answer = oneshot::Sender<Result<Written, StoreError>>;

/// The way to the writer.
#[derive(Debug, Clone)]
pub struct Writer {
    asks: mpsc::Sender<(Write, Answer)>,
    journal: mpsc::Sender<Write>,
    waiting: watch::Receiver<Option<Instant>>,
}

/// The journal is full: this entry was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the journal is full")]
pub struct JournalFull;

impl Writer {
    /// Starts the writer on its own task; it ends when all ways to it are gone and everything is written.
    #[must_use]
    pub fn start(store: Store) -> (Self, tokio::task::JoinHandle<()>) {
        let (asks, asks_out) = mpsc::channel(ASKS_MAX);
        let (journal, journal_out) = mpsc::channel(JOURNAL_MAX);
        let (waits, waiting) = watch::channel(None);
        let task = tokio::spawn(run(store, asks_out, journal_out, waits));
        (Self { asks, journal, waiting }, task)
    }

    /// Writes, and comes back when it is durable.
    ///
    /// # Errors
    /// When it was not written.
    pub async fn write(&self, write: Write) -> Result<Written, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.asks.try_send((write, answer)).map_err(|_| StoreError::Busy)?;
        answered.await.map_err(|_| StoreError::Busy)?
    }

    /// Hands over a journal entry, which will be written in order; never waits.
    ///
    /// # Errors
    /// When the database has been away for so long that the journal is full.
    pub fn journal(&self, write: Write) -> Result<(), JournalFull> {
        self.journal.try_send(write).map_err(|_| JournalFull)
    }

    /// How long the oldest group has been waiting for its commit; `None` when nothing waits.
    #[must_use]
    pub fn waits_for(&self) -> Option<Duration> {
        self.waiting.borrow().map(|since| since.elapsed())
    }

    /// Journal entries that are not yet written.
    #[must_use]
    pub fn journal_len(&self) -> usize {
        self.journal.max_capacity() - self.journal.capacity()
    }
}

/// What is waiting to be written: asked for, or journalled.
struct Group {
    asked: Vec<(Write, Answer)>,
    journalled: Vec<Arc<Write>>,
}

async fn run(store: Store, mut asks: mpsc::Receiver<(Write, Answer)>, mut journal: mpsc::Receiver<Write>, waits: watch::Sender<Option<Instant>>) {
    let mut unwritten: Vec<Arc<Write>> = Vec::new();
    let mut kept = None;
    loop {
        let Some(mut group) = next_group(&mut asks, &mut journal, std::mem::take(&mut unwritten)).await else { return };
        let (began, writes) = (Instant::now(), group.asked.len() + group.journalled.len());
        waits.send_modify(|since| {
            since.get_or_insert(began);
        });
        group.touch(&store);
        let written = tokio::time::timeout(COMMIT_TIMEOUT, commit(&store, &mut kept, &group)).await.unwrap_or(Err(StoreError::Busy));
        group.touch(&store);
        match written {
            Ok(results) => {
                if group.asked.iter().any(|(write, _)| write.changes_cases()) {
                    store.cases_changed();
                }
                waits.send_replace(None);
                measure::committed(writes, began.elapsed());
                measure::journal(journal.len());
                for ((_, answer), result) in group.asked.drain(..).zip(results) {
                    let _ = answer.send(result);
                }
            }
            Err(error) => {
                kept = None;
                measure::failed_writes("database", writes);
                tracing::error!(%error, waiting = group.journalled.len(), "nothing could be written; the journal waits");
                for (_, answer) in group.asked.drain(..) {
                    let _ = answer.send(Err(StoreError::Busy));
                }
                unwritten = group.journalled;
                tokio::time::sleep(RETRY_AFTER).await;
            }
        }
    }
}

impl Group {
    /// Takes what it changes out of the numbers in memory.
    fn touch(&self, store: &Store) {
        let asked = self.asked.iter().map(|(write, _)| write);
        asked.chain(self.journalled.iter().map(Arc::as_ref)).for_each(|write| store.numbers.touch(write.touched()));
    }
}

/// Waits for something to write and takes what is there. With unwritten entries at hand it does not wait.
async fn next_group(asks: &mut mpsc::Receiver<(Write, Answer)>, journal: &mut mpsc::Receiver<Write>, unwritten: Vec<Arc<Write>>) -> Option<Group> {
    let mut group = Group { asked: Vec::new(), journalled: unwritten };
    if group.journalled.is_empty() {
        tokio::select! {
            biased;
            Some(ask) = asks.recv() => group.asked.push(ask),
            Some(entry) = journal.recv() => group.journalled.push(Arc::new(entry)),
            else => return None,
        }
    }
    while group.asked.len() < GROUP_MAX {
        let Ok(ask) = asks.try_recv() else { break };
        group.asked.push(ask);
    }
    while group.journalled.len() < GROUP_MAX {
        let Ok(entry) = journal.try_recv() else { break };
        group.journalled.push(Arc::new(entry));
    }
    Some(group)
}

type Results = Vec<Result<Written, StoreError>>;

/// Writes on the connection of the group before, which is kept: giving it back and taking it again costs two ways to the
/// database. The journal in order, then what was asked, in one transaction. The outer error is the group's, the inner ones are
/// those of single writes. Nearly always nothing fails, so it is tried without savepoints first.
async fn commit(store: &Store, kept: &mut Option<Writing>, group: &Group) -> Result<Results, StoreError> {
    if let (true, [(write, _)]) = (group.journalled.is_empty(), group.asked.as_slice())
        && let Some(written) = alone(store, kept, write).await
    {
        return written.map(|written| vec![written]);
    }
    let writing = begun(store, kept).await?;
    let results = match all(&mut writing.tx, group).await? {
        Some(written) => written.into_iter().map(Ok).collect(),
        None => {
            writing.begin_again().await?;
            one_by_one(&mut writing.tx, group).await?
        }
    };
    writing.commit().await?;
    Ok(results)
}

/// A transaction on the kept connection, or on a new one when that has gone stale.
async fn begun<'a>(store: &Store, kept: &'a mut Option<Writing>) -> Result<&'a mut Writing, StoreError> {
    let is_stale = match kept {
        Some(writing) => writing.begin().await.is_err(),
        None => true,
    };
    if is_stale {
        // SQLite has one connection that writes: it is given back first.
        *kept = None;
        kept.insert(store.writing().await?).begin().await?;
    }
    kept.as_mut().ok_or(StoreError::Busy)
}

/// A write that is a transaction by itself; `None` when it is not. On a connection that has gone stale it is tried once more:
/// it has its key, and is harmless twice.
async fn alone(store: &Store, kept: &mut Option<Writing>, write: &Write) -> Option<Result<Result<Written, StoreError>, StoreError>> {
    for _ in 0..2 {
        let was_kept = kept.is_some();
        if !was_kept {
            match store.writing().await {
                Ok(writing) => *kept = Some(writing),
                Err(error) => return Some(Err(error)),
            }
        }
        match kept.as_mut()?.alone(write).await? {
            Err(error) if error.is_passing() && was_kept => *kept = None,
            Err(error) if error.is_passing() => return Some(Err(error)),
            written => {
                measure::failed_writes("own", usize::from(written.is_err()));
                return Some(Ok(written));
            }
        }
    }
    None
}

/// All writes of a group; `None` when one of them fails for a fault of its own, and so the transaction is of no use.
async fn all(tx: &mut Tx, group: &Group) -> Result<Option<Vec<Written>>, StoreError> {
    let mut results = Vec::with_capacity(group.asked.len());
    let asked = group.asked.iter().map(|(write, _)| (write, true));
    for (write, is_asked) in group.journalled.iter().map(|entry| (entry.as_ref(), false)).chain(asked) {
        match apply(tx, write).await {
            Ok(written) if is_asked => results.push(written),
            Ok(_) => {}
            Err(error) if error.is_passing() => return Err(error),
            Err(_) => return Ok(None),
        }
    }
    Ok(Some(results))
}

/// Each write by itself: one that fails takes only itself back.
async fn one_by_one(tx: &mut Tx, group: &Group) -> Result<Results, StoreError> {
    for entry in &group.journalled {
        if let Err(error) = one(tx, entry).await? {
            tracing::error!(%error, kind = entry.kind(), "a journal entry cannot be written and is passed over");
        }
    }
    let mut results = Vec::with_capacity(group.asked.len());
    for (write, _) in &group.asked {
        results.push(one(tx, write).await?);
    }
    Ok(results)
}

/// One write inside a savepoint.
async fn one(tx: &mut Tx, write: &Write) -> Result<Result<Written, StoreError>, StoreError> {
    execute!(&mut *tx, "SAVEPOINT one_write")?;
    match apply(tx, write).await {
        Ok(written) => {
            execute!(&mut *tx, "RELEASE SAVEPOINT one_write")?;
            Ok(Ok(written))
        }
        Err(error) if error.is_passing() => Err(error),
        Err(error) => {
            measure::failed_writes("own", 1);
            execute!(&mut *tx, "ROLLBACK TO SAVEPOINT one_write")?;
            execute!(&mut *tx, "RELEASE SAVEPOINT one_write")?;
            Ok(Err(error))
        }
    }
}
