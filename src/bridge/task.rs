//! The task that owns the PBX: it alone changes calls and seats. Everything comes to it in line (bytes, commands of the
//! pages, answers of lookups, the second's tick), and nothing makes it wait: the database is written behind it and read
//! beside it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::desk_side::result_word;
use super::journal::Journal;
use super::ledger_side;
use super::link::{Address, Backoff, ConnectError, Socket};
use super::outbound::{Connection, LinkError};
use super::phone_side::{PhoneSetup, Phones, phone_input};
use super::recorded::Recordings;
use super::sip::opening::SipSetup;
use super::sip_side::{SipState, open, sip_input};
use super::sources::{Of, Sources};
use crate::clock::{Clock, Timestamp};
use crate::desk::floor::Floor;
use crate::desk::hub::{Bell, Board, Command, Refusal, Whom};
use crate::desk::queues::{MemberSeen, QueueOrder};
use crate::desk::rules::DeskRules;
use crate::desk::seat::{Candidate, DeskCall, Seat};
use crate::ids::{AgentId, CallId, CaseId, Device, Extension};
use crate::measure;
use crate::numbers::Pattern;
use crate::recordings::keep::Over;
use crate::store::pool::Store;
use crate::store::write::Write;
use crate::store::writer::Writer;
use crate::telephony::ami::session::Account;
use crate::telephony::calls::tracker::{Lines, Tracker};
use crate::telephony::pbx::to_ami::DialSettings;

/// How often the connection's time-outs and the ledger are looked at.
const TICK: Duration = Duration::from_millis(500);
/// Commands of the pages that wait, at most.
pub const COMMANDS_MAX: usize = 1024;
/// Lookups at the same time, at most; a further one fails and the page offers search.
const LOOKUPS_MAX: usize = 64;
/// A lookup that takes longer has failed.
pub(super) const LOOKUP_TIMEOUT: Duration = Duration::from_secs(3);
/// Commands that are taken in one turn, at most.
pub(super) const COMMANDS_A_TURN: usize = 64;

/// A command with the way back for its answer.
pub type Asking = (Command, oneshot::Sender<Result<(), Refusal>>);

/// What the task needs.
#[derive(Debug)]
pub struct Setup {
    /// Where the PBX is; `None` where there is no manager interface.
    pub address: Option<Address>,
    /// Extensions that the manager interface tells of; none means all that SIP does not have.
    pub manager_lines: Vec<Pattern>,
    /// The PBX by SIP.
    pub sip: Option<SipSetup>,
    /// The phones in browsers, at the same PBX.
    pub phones: Option<PhoneSetup>,
    /// How we sign in.
    pub account: Account,
    /// How we dial.
    pub dial: DialSettings,
    /// The technology of the agents' devices: `PJSIP` makes extension 101 `PJSIP/101`.
    pub technology: String,
    /// What the office has laid down for its desk.
    pub rules: DeskRules,
    /// For lookups.
    pub store: Store,
    /// For the journal.
    pub writer: Writer,
    /// Seats as they were before.
    pub seats: Vec<Seat>,
    /// When the PBX was last in sight, where the ledger has no gap from there.
    pub blind_since: Option<Timestamp>,
    /// Who keeps recordings, where calls are recorded.
    pub recordings: Option<mpsc::Sender<Over>>,
    /// Differs for each run.
    pub run: u64,
    /// Rung after every change on the board.
    pub bell: Arc<dyn Bell>,
}

/// What came of something that was done beside the task.
pub(super) enum Beside {
    /// When it was asked for, in the same turn as the PBX said that a phone rings, and how long the answer took.
    Found {
        agent: AgentId,
        call: CallId,
        candidates: Option<Vec<Candidate>>,
        asked: Instant,
        took: Duration,
    },
    DraftMoved {
        agent: AgentId,
        case: CaseId,
    },
    Owed {
        agent: AgentId,
        calls: Vec<DeskCall>,
    },
}

pub(super) struct Task<C> {
    pub(super) setup: Setup,
    pub(super) clock: C,
    pub(super) floor: Floor,
    pub(super) tracker: Tracker,
    /// The calls that SIP tells of.
    pub(super) sip_tracker: Tracker,
    pub(super) sources: Sources,
    pub(super) sip: SipState,
    pub(super) sip_backoff: Backoff,
    pub(super) phones: Phones,
    pub(super) recorded: Recordings,
    pub(super) board: watch::Sender<Arc<Board>>,
    pub(super) journal: Journal,
    pub(super) changed: BTreeSet<AgentId>,
    pub(super) gone: BTreeSet<AgentId>,
    pub(super) lookups: Arc<Semaphore>,
    pub(super) beside: mpsc::Sender<Beside>,
    pub(super) connection: Option<Connection>,
    pub(super) connecting: Option<JoinHandle<Result<Socket, ConnectError>>>,
    pub(super) retry_at: Option<Instant>,
    pub(super) backoff: Backoff,
    /// When it was last written down that the PBX is in sight.
    pub(super) seen_at: Option<Timestamp>,
    pub(super) ledger_asked: ledger_side::Asked,
    /// Writing failed: the connection is given up at the end of this turn.
    pub(super) broken: Option<String>,
    /// When the snapshot that is coming in was asked for.
    pub(super) snapshot_since: Option<Timestamp>,
    /// The PBX knows no queues yet, for so many ticks.
    pub(super) queues_awaited: Option<u32>,
    /// The list of the queues' members, as far as it has come.
    pub(super) listed: Vec<MemberSeen>,
    /// What is to be asked of the queues at the end of this turn.
    pub(super) queue_orders: Vec<QueueOrder>,
}

/// Runs until all ways to it are closed.
pub async fn run<C: Clock>(setup: Setup, clock: C, mut commands: mpsc::Receiver<Asking>, board: watch::Sender<Arc<Board>>) {
    let (beside, mut beside_out) = mpsc::channel(LOOKUPS_MAX);
    let mut task = Task::new(setup, clock, board, beside);
    task.publish();
    task.end_turn().await;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let retry_at = task.retry_at;
        tokio::select! {
            read = read(&mut task.connection) => task.bytes(read).await,
            connected = joined(&mut task.connecting) => task.connected(connected).await,
            input = sip_input(&mut task.sip) => task.sip_heard(input),
            input = phone_input(&mut task.phones) => task.phone_heard(input),
            asking = commands.recv() => match asking {
                Some(asking) => task.commands(asking, &mut commands).await,
                None => return task.sip_stop().await,
            },
            Some(done) = beside_out.recv() => task.done_beside(done).await,
            () = tokio::time::sleep_until(retry_at.unwrap_or_else(Instant::now)), if retry_at.is_some() => task.connect(),
            _ = tick.tick() => {
                task.tick().await;
                task.sip_tick();
                task.keep_phones();
                task.look_at_ledger().await;
            }
        }
        task.sip_told().await;
        task.send_queue_orders().await;
        if let Some(why) = task.broken.take() {
            task.lost(&why).await;
        }
        task.publish();
        task.end_turn().await;
    }
}

async fn read(connection: &mut Option<Connection>) -> Result<(), LinkError> {
    match connection {
        Some(connection) => connection.read().await,
        None => std::future::pending().await,
    }
}

async fn joined(connecting: &mut Option<JoinHandle<Result<Socket, ConnectError>>>) -> Option<Result<Socket, ConnectError>> {
    match connecting {
        Some(handle) => handle.await.ok(),
        None => std::future::pending().await,
    }
}

impl<C: Clock> Task<C> {
    fn new(mut setup: Setup, clock: C, board: watch::Sender<Arc<Board>>, beside: mpsc::Sender<Beside>) -> Self {
        let mut floor = Floor::new(setup.rules.clone());
        let seats = setup.seats.clone();
        let changed = seats.iter().map(|seat| seat.profile.agent).collect();
        seats.into_iter().for_each(|seat| floor.restore(seat));
        floor.restored(clock.now());
        let journal = Journal::new(setup.writer.clone(), setup.run);
        let watched = setup.sip.as_ref().map(|sip| sip.lines.clone()).unwrap_or_default();
        let at_sip = watched.into_iter().chain(setup.phones.as_ref().map(|phones| phones.lines.clone()).unwrap_or_default()).collect();
        let mut task = Self {
            tracker: Tracker::new(Lines::new()),
            sip_tracker: Tracker::new(Lines::new()),
            phones: Phones::new(setup.phones.take()),
            sources: Sources::new(at_sip, setup.manager_lines.clone(), setup.address.is_some()),
            sip: open(&setup.sip),
            sip_backoff: Backoff::default(),
            recorded: Recordings::restored(floor.seats()),
            floor,
            clock,
            board,
            journal,
            changed,
            gone: BTreeSet::new(),
            lookups: Arc::new(Semaphore::new(LOOKUPS_MAX)),
            beside,
            connection: None,
            connecting: None,
            retry_at: setup.address.is_some().then(Instant::now),
            backoff: Backoff::default(),
            seen_at: None,
            ledger_asked: ledger_side::Asked::default(),
            broken: None,
            snapshot_since: None,
            queues_awaited: None,
            listed: Vec::new(),
            queue_orders: Vec::new(),
            setup,
        };
        task.set_lines();
        if let Some(from) = task.setup.blind_since {
            let (key, why) = (task.journal.key(), "the service did not run".to_owned());
            task.journal.put(Write::Gap { key, kind: "link", from, to: None, events_lost: 0, why });
        }
        task
    }

    pub(super) fn set_lines(&mut self) {
        let technology = self.setup.technology.clone();
        let line = |line: &Extension| (Device::new(&format!("{technology}/{line}")), line.clone());
        let all: BTreeSet<Extension> = self.floor.seats().flat_map(|seat| seat.profile.lines().cloned()).collect();
        let at_sip: BTreeSet<Extension> = all.iter().filter(|line| self.sources.of(line) == Some(Of::Sip)).cloned().collect();
        self.tracker.set_lines(all.iter().filter(|line| self.sources.of(line) == Some(Of::Manager)).map(line).collect());
        self.sip_tracker.set_lines(at_sip.iter().map(line).collect());
        self.watch_phones(&at_sip.into_iter().filter(|line| !self.phones.is_ours(line)).collect());
        self.set_phones();
    }

    async fn done_beside(&mut self, done: Beside) {
        let now = self.clock.now();
        match done {
            Beside::Found { agent, call, candidates, asked, took } => {
                let result = result_word(candidates.as_ref());
                let effects = self.floor.found(now, agent, &call, candidates);
                let _ = self.perform(effects).await;
                self.publish();
                measure::looked_up(result, took, asked.elapsed());
            }
            Beside::Owed { agent, calls } => {
                let effects = self.floor.owed_more(now, agent, calls);
                let _ = self.perform(effects).await;
            }
            Beside::DraftMoved { agent, case } => {
                let effects = self.floor.draft_moved(agent, case);
                let _ = self.perform(effects).await;
            }
        }
    }

    /// Lets those who look at the board go first, and then hands the journal over.
    async fn end_turn(&mut self) {
        if !self.journal.is_empty() {
            tokio::task::yield_now().await;
            self.journal.hand_over(self.clock.now());
        }
    }

    /// Puts what changed on the board, and into the journal.
    pub(super) fn publish(&mut self) {
        if self.changed.is_empty() && self.gone.is_empty() {
            return;
        }
        let (changed, gone) = (std::mem::take(&mut self.changed), std::mem::take(&mut self.gone));
        let waiting = self.tracker.calls().chain(self.sip_tracker.calls()).filter(|call| call.queue.is_some()).count();
        let seats: Vec<Arc<Seat>> = changed.iter().filter_map(|agent| self.floor.seat(*agent)).cloned().map(Arc::new).collect();
        self.board.send_modify(|board| {
            let board = Arc::make_mut(board);
            seats.iter().for_each(|seat| board.put_seat(seat.clone()));
            gone.iter().for_each(|agent| board.remove_seat(*agent));
            board.waiting = waiting;
        });
        self.setup.bell.ring(Whom::Agents(&changed));
        self.setup.bell.ring(Whom::Agents(&gone));
        for seat in seats {
            self.journal.put(Write::Seat(seat));
        }
        for agent in gone {
            self.journal.put(Write::SeatGone(agent));
        }
    }
}
