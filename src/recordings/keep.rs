//! The keeper: takes the files of a call that is over, joins and keeps them, and writes down what became of it. It is told
//! by the bridge, and it looks into the folder itself now and then, so that a crash of anybody loses nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

use super::join::{JoinError, Joined, join};
use super::source::{Look, Source};
use crate::clock::Clock;
use crate::ids::CallId;
use crate::measure;
use crate::store::error::StoreError;
use crate::store::pool::Store;
use crate::store::read::recordings::{RecordedCall, RecordingState};
use crate::store::write::{RecordingEnd, RecordingWrite, Write};
use crate::store::writer::Writer;

/// Recordings that were told to be over and are not yet taken up, at most; the folder tells of more.
pub const OVER_MAX: usize = 1024;
/// Recordings that are waited for at the same time, at most.
const WAITING_MAX: usize = 4096;
/// Between two looks at what is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Between two looks into the folder and the database for what nobody told of.
const SCAN_EVERY: Duration = Duration::from_secs(60);
/// Files of the folder that one such look takes up, at most.
const SCAN_MAX: usize = 1000;
/// A file that is not there so long after the call is missing.
const MISSING_AFTER: Duration = Duration::from_secs(10);
/// A file that was never closed is taken as it is when it has not grown for so long.
const SETTLED_AFTER: Duration = Duration::from_secs(3);
/// The pause after a first failure; it doubles.
const RETRY_FIRST: Duration = Duration::from_secs(2);
/// The longest pause between two tries.
const RETRY_LONGEST: Duration = Duration::from_secs(300);
/// A side that ends so long before the other has lost something.
const SIDES_APART_MICROS: i64 = 2_000_000;

/// Where recordings come from and go to.
#[derive(Debug, Clone)]
pub struct Keeping {
    /// Where the PBX writes.
    pub folder: PathBuf,
    /// Where finished recordings are.
    pub keep: PathBuf,
    /// Creditors with a notice. Calls for others are never kept.
    pub creditors: BTreeSet<String>,
}

/// The recording of a call is over: the call is, or it was stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Over {
    /// The call.
    pub call: CallId,
    /// A recording is owed: it must not be missing.
    pub due: bool,
}

/// Something that is waited for.
#[derive(Debug)]
struct Waiting {
    due: bool,
    since: Instant,
    look_at: Instant,
    pause: Duration,
    seen: Option<([Option<u64>; 2], Instant)>,
    told: Option<(RecordingState, &'static str)>,
}

/// What a look at a recording comes to.
enum Step {
    /// It is done with.
    Done,
    /// Look again soon.
    Wait,
    /// It failed: look again later.
    Failed,
}

struct Keeper<C> {
    keeping: Keeping,
    store: Store,
    writer: Writer,
    clock: C,
    waiting: BTreeMap<CallId, Waiting>,
}

/// Runs until whoever tells of recordings is gone. What is then unfinished is taken up at the next start.
pub async fn run<C: Clock>(keeping: Keeping, store: Store, writer: Writer, clock: C, mut over: mpsc::Receiver<Over>) {
    let mut keeper = Keeper { keeping, store, writer, clock, waiting: BTreeMap::new() };
    let [mut look, mut scan] = [LOOK_EVERY, SCAN_EVERY].map(tokio::time::interval);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            told = over.recv() => match told {
                Some(over) => keeper.wait_for(over.call, over.due),
                None => return,
            },
            _ = look.tick() => keeper.look().await,
            _ = scan.tick() => keeper.scan().await,
        }
    }
}

impl<C: Clock> Keeper<C> {
    fn wait_for(&mut self, call: CallId, due: bool) {
        let now = Instant::now();
        if self.waiting.len() < WAITING_MAX {
            let new = Waiting { due, since: now, look_at: now, pause: RETRY_FIRST, seen: None, told: None };
            self.waiting.entry(call).or_insert(new).due |= due;
        }
    }

    async fn look(&mut self) {
        let now = Instant::now();
        let ripe: Vec<CallId> = self.waiting.iter().filter(|(_, waiting)| waiting.look_at <= now).map(|(call, _)| call.clone()).collect();
        for call in ripe {
            let Some(mut waiting) = self.waiting.remove(&call) else { continue };
            match self.step(&call, &mut waiting).await {
                Ok(Step::Done) => continue,
                Ok(Step::Wait) => waiting.look_at = Instant::now() + LOOK_EVERY,
                Ok(Step::Failed) => {
                    waiting.look_at = Instant::now() + waiting.pause;
                    waiting.pause = (waiting.pause * 2).min(RETRY_LONGEST);
                }
                Err(error) => {
                    tracing::warn!(%call, %error, "a recording waits for the database");
                    waiting.look_at = Instant::now() + RETRY_FIRST;
                }
            }
            self.waiting.insert(call, waiting);
        }
    }

    async fn step(&self, call: &CallId, waiting: &mut Waiting) -> Result<Step, StoreError> {
        let Some(source) = Source::of(call, &self.keeping.folder) else {
            self.ended(call, waiting, RecordingState::Failed, "name", None).await?;
            return Ok(Step::Done);
        };
        let known = self.store.recorded_call(call).await?;
        // The journal follows behind: that a recording is owed may not be in the database yet.
        if waiting.due && known.as_ref().is_none_or(|known| known.state.is_none()) && waiting.since.elapsed() < MISSING_AFTER {
            return Ok(Step::Wait);
        }
        if known.as_ref().is_some_and(|known| self.is_unwanted(known)) {
            return self.throw_away(&source, waiting, true).await;
        }
        let look = blocking({
            let source = source.clone();
            move || source.look()
        })
        .await;
        if !waiting.is_settled(&look) {
            return Ok(Step::Wait);
        }
        let due = waiting.due || known.as_ref().is_some_and(|known| known.state.is_some());
        match look.sizes {
            [None, None] if due => {
                self.ended(call, waiting, RecordingState::Missing, "both", None).await?;
                Ok(Step::Done)
            }
            [None, None] => Ok(Step::Done),
            _ if !look.has_samples && !due => self.throw_away(&source, waiting, false).await,
            _ => self.keep(source, known.is_some_and(|known| known.paused), waiting).await,
        }
    }

    fn is_unwanted(&self, known: &RecordedCall) -> bool {
        known.creditor.as_ref().is_some_and(|creditor| !self.keeping.creditors.contains(creditor))
    }

    /// Nothing of it is kept: nobody spoke, or the creditor has no notice.
    async fn throw_away(&self, source: &Source, waiting: &mut Waiting, say: bool) -> Result<Step, StoreError> {
        if let Err(error) = source.remove() {
            tracing::error!(call = %source.call, %error, "a recording that must not be kept could not be removed");
            return Ok(Step::Failed);
        }
        if say {
            self.ended(&source.call, waiting, RecordingState::Unwanted, "", None).await?;
        }
        Ok(Step::Done)
    }

    async fn keep(&self, source: Source, was_paused: bool, waiting: &mut Waiting) -> Result<Step, StoreError> {
        let into = self.keeping.keep.join(source.kept_name());
        let joined = blocking({
            let (source, into) = (source.clone(), into.clone());
            move || {
                let there = |file: &PathBuf| file.exists().then(|| file.clone());
                let (agent, debtor) = (there(&source.agent), there(&source.debtor));
                std::fs::create_dir_all(into.parent().unwrap_or(Path::new("."))).map_err(JoinError::Write)?;
                join(agent.as_deref(), debtor.as_deref(), &into)
            }
        })
        .await;
        match joined {
            Ok(joined) => {
                let (state, why) = verdict(&joined, was_paused);
                self.ended(&source.call, waiting, state, why, Some((source.kept_name(), joined))).await?;
                if let Err(error) = source.remove() {
                    tracing::error!(call = %source.call, %error, "a recording is kept, but the PBX's own files of it could not be removed");
                }
                Ok(Step::Done)
            }
            Err(error) => {
                let why = if matches!(error, JoinError::Write(_)) { "disk" } else { "unreadable" };
                tracing::error!(call = %source.call, %error, "a recording could not be kept; it stays where it is and is tried again");
                self.ended(&source.call, waiting, RecordingState::Failed, why, None).await?;
                Ok(Step::Failed)
            }
        }
    }

    /// Writes down what became of it, once.
    async fn ended(
        &self,
        call: &CallId,
        waiting: &mut Waiting,
        state: RecordingState,
        why: &'static str,
        kept: Option<(String, Joined)>,
    ) -> Result<(), StoreError> {
        if waiting.told == Some((state, why)) {
            return Ok(());
        }
        let (name, joined) = kept.unzip();
        let end = RecordingEnd {
            call: call.clone(),
            state,
            why,
            name: name.unwrap_or_default(),
            sha256: joined.as_ref().map_or_else(String::new, |joined| joined.sha256.clone()),
            length_micros: joined.as_ref().map_or(0, |joined| joined.micros),
            bytes: joined.as_ref().map_or(0, |joined| i64::try_from(joined.bytes).unwrap_or(i64::MAX)),
            at: self.clock.now(),
        };
        self.writer.write(Write::Recording(RecordingWrite::Ended(end))).await?;
        waiting.told = Some((state, why));
        measure::recording(state.as_str());
        if state.is_alarm() {
            tracing::error!(%call, state = state.as_str(), why, "a recording is not as it should be");
        } else {
            tracing::info!(%call, state = state.as_str(), "a recording is done with");
        }
        Ok(())
    }

    /// Takes up what nobody told of: a crash, or a link that was away, came between.
    async fn scan(&mut self) {
        let folder = self.keeping.folder.clone();
        match blocking(move || calls_in(&folder)).await {
            Ok(calls) => {
                for call in calls {
                    match self.store.recorded_call(&call).await {
                        Ok(Some(known)) if known.ended => self.wait_for(call, false),
                        Ok(_) => {}
                        Err(error) => return tracing::warn!(%error, "recordings wait for the database"),
                    }
                }
            }
            Err(error) => {
                tracing::error!(folder = %self.keeping.folder.display(), %error, "the folder of recordings cannot be read: see [recording] folder")
            }
        }
        match self.store.unfinished_recordings().await {
            Ok(calls) => calls.into_iter().for_each(|call| self.wait_for(call, true)),
            Err(error) => tracing::warn!(%error, "recordings wait for the database"),
        }
    }
}

impl Waiting {
    /// The files are complete: closed, or not growing any more. A file that is not there may still come for a while.
    fn is_settled(&mut self, look: &Look) -> bool {
        let now = Instant::now();
        let since = match self.seen {
            Some((sizes, since)) if sizes == look.sizes => since,
            _ => now,
        };
        self.seen = Some((look.sizes, since));
        let all_there = look.sizes.iter().all(Option::is_some);
        if all_there { look.closed || now - since >= SETTLED_AFTER } else { now - self.since >= MISSING_AFTER && now - since >= SETTLED_AFTER }
    }
}

/// Whether both sides are heard.
fn verdict(joined: &Joined, was_paused: bool) -> (RecordingState, &'static str) {
    let (agent, debtor) = (joined.agent, joined.debtor);
    let why = match (agent.sound, debtor.sound) {
        // Paused from the beginning to the end.
        (false, false) if was_paused && joined.micros > 0 => return (RecordingState::Ok, ""),
        (false, false) => "both",
        (false, true) => "agent",
        (true, false) => "debtor",
        (true, true) if agent.micros + SIDES_APART_MICROS < debtor.micros => "agent-early",
        (true, true) if debtor.micros + SIDES_APART_MICROS < agent.micros => "debtor-early",
        (true, true) => return (RecordingState::Ok, ""),
    };
    (RecordingState::Empty, why)
}

/// The calls of which there are files, not more than one look can take up.
fn calls_in(folder: &Path) -> std::io::Result<BTreeSet<CallId>> {
    let names = std::fs::read_dir(folder)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter_map(|name| Source::call_of(&name)).take(SCAN_MAX).collect())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // It is never cancelled; a panic goes on where it came from.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recordings::join::Heard;

    fn joined(agent: (i64, bool), debtor: (i64, bool)) -> Joined {
        let heard = |(micros, sound)| Heard { micros, sound };
        Joined { sha256: String::new(), bytes: 0, micros: agent.0.max(debtor.0), agent: heard(agent), debtor: heard(debtor) }
    }

    #[test]
    fn an_empty_side_is_an_alarm_that_says_which() {
        let minute = 60_000_000;
        for (agent, debtor, paused, wanted) in [
            ((minute, true), (minute, true), false, (RecordingState::Ok, "")),
            ((minute, false), (minute, true), false, (RecordingState::Empty, "agent")),
            ((minute, false), (minute, true), true, (RecordingState::Empty, "agent")),
            ((minute, true), (0, false), false, (RecordingState::Empty, "debtor")),
            ((minute, false), (minute, false), false, (RecordingState::Empty, "both")),
            ((minute, false), (minute, false), true, (RecordingState::Ok, "")),
            ((0, false), (0, false), true, (RecordingState::Empty, "both")),
            ((minute, true), (minute - 1_500_000, true), false, (RecordingState::Ok, "")),
            ((minute, true), (minute / 2, true), false, (RecordingState::Empty, "debtor-early")),
        ] {
            assert_eq!(verdict(&joined(agent, debtor), paused), wanted, "{agent:?} {debtor:?}");
        }
    }
}
