//! The task that owns the PBX: it alone changes calls and seats. Everything comes to it in line (bytes, commands of the
//! pages, answers of lookups, the second's tick), and nothing makes it wait: the database is written behind it and read
//! beside it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::journal::Journal;
use super::link::{Address, Backoff, ConnectError, Socket, connect};
use super::outbound::{Asked, Connection, LinkError, READ_BYTES_MAX};
use crate::clock::{Clock, Timestamp};
use crate::desk::floor::{Effect, Floor};
use crate::desk::hub::{Board, Command, Link, Refusal};
use crate::desk::seat::{Candidate, Seat};
use crate::ids::{AgentId, CallId, Device, PhoneNumber};
use crate::numbers::{Dialled, NumberPlan};
use crate::store::pool::Store;
use crate::store::write::Write;
use crate::store::writer::Writer;
use crate::telephony::ami::session::{Account, Heard};
use crate::telephony::calls::event::{CallEvent, CallEventKind, Direction};
use crate::telephony::calls::tracker::{Lines, Tracker};
use crate::telephony::pbx::command::Command as PbxCommand;
use crate::telephony::pbx::event::{Event, EventKind};
use crate::telephony::pbx::from_ami;
use crate::telephony::pbx::to_ami::{self, DialSettings};

/// Commands of the pages that wait, at most.
pub const COMMANDS_MAX: usize = 1024;
/// Lookups at the same time, at most; a further one fails and the page offers search.
const LOOKUPS_MAX: usize = 64;
/// A lookup that takes longer has failed.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(3);
/// Commands that are taken in one turn, at most.
const COMMANDS_A_TURN: usize = 64;

/// A command with the way back for its answer.
pub type Asking = (Command, oneshot::Sender<Result<(), Refusal>>);

/// What the task needs.
#[derive(Debug)]
pub struct Setup {
    /// Where the PBX is.
    pub address: Address,
    /// How we sign in.
    pub account: Account,
    /// How we dial.
    pub dial: DialSettings,
    /// The technology of the agents' devices: `PJSIP` makes extension 101 `PJSIP/101`.
    pub technology: String,
    /// The office's numbers.
    pub plan: NumberPlan,
    /// For lookups.
    pub store: Store,
    /// For the journal.
    pub writer: Writer,
    /// Seats as they were before.
    pub seats: Vec<Seat>,
    /// Differs for each run.
    pub run: u64,
}

struct Found {
    agent: AgentId,
    call: CallId,
    candidates: Option<Vec<Candidate>>,
}

struct Task<C> {
    setup: Setup,
    clock: C,
    floor: Floor,
    tracker: Tracker,
    board: watch::Sender<Arc<Board>>,
    journal: Journal,
    changed: BTreeSet<AgentId>,
    gone: BTreeSet<AgentId>,
    lookups: Arc<Semaphore>,
    found: mpsc::Sender<Found>,
    connection: Option<Connection>,
    connecting: Option<JoinHandle<Result<Socket, ConnectError>>>,
    retry_at: Option<Instant>,
    backoff: Backoff,
    gap_key: Option<(String, Timestamp)>,
}

/// Runs until all ways to it are closed.
pub async fn run<C: Clock>(setup: Setup, clock: C, mut commands: mpsc::Receiver<Asking>, board: watch::Sender<Arc<Board>>) {
    let (found, mut found_out) = mpsc::channel(LOOKUPS_MAX);
    let mut task = Task::new(setup, clock, board, found);
    task.publish();
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let retry_at = task.retry_at;
        tokio::select! {
            read = read(&mut task.connection) => task.bytes(read).await,
            connected = joined(&mut task.connecting) => task.connected(connected).await,
            asking = commands.recv() => match asking {
                Some(asking) => task.commands(asking, &mut commands).await,
                None => return,
            },
            Some(found) = found_out.recv() => {
                let effects = task.floor.found(found.agent, &found.call, found.candidates);
                let _ = task.perform(effects).await;
            }
            () = tokio::time::sleep_until(retry_at.unwrap_or_else(Instant::now)), if retry_at.is_some() => task.connect(),
            _ = tick.tick() => task.tick().await,
        }
        task.publish();
    }
}

async fn read(connection: &mut Option<Connection>) -> std::io::Result<usize> {
    match connection {
        Some(connection) => {
            let spare = connection.buffer.spare();
            spare.reserve(READ_BYTES_MAX / 4);
            connection.socket.read_buf(spare).await
        }
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
    fn new(setup: Setup, clock: C, board: watch::Sender<Arc<Board>>, found: mpsc::Sender<Found>) -> Self {
        let mut floor = Floor::new(setup.plan.clone());
        let seats = setup.seats.clone();
        let changed = seats.iter().map(|seat| seat.profile.agent).collect();
        seats.into_iter().for_each(|seat| floor.restore(seat));
        let journal = Journal::new(setup.writer.clone(), setup.run);
        let mut task = Self {
            tracker: Tracker::new(Lines::new()),
            floor,
            clock,
            board,
            journal,
            changed,
            gone: BTreeSet::new(),
            lookups: Arc::new(Semaphore::new(LOOKUPS_MAX)),
            found,
            connection: None,
            connecting: None,
            retry_at: Some(Instant::now()),
            backoff: Backoff::default(),
            gap_key: None,
            setup,
        };
        task.set_lines();
        task
    }

    fn set_lines(&mut self) {
        let technology = &self.setup.technology;
        let line = |seat: &Seat| (Device::new(&format!("{technology}/{}", seat.profile.extension)), seat.profile.extension.clone());
        let lines = self.floor.seats().map(line).collect();
        self.tracker.set_lines(lines);
    }

    fn connect(&mut self) {
        self.retry_at = None;
        let address = self.setup.address.clone();
        self.connecting = Some(tokio::spawn(async move { connect(&address).await }));
    }

    async fn connected(&mut self, connected: Option<Result<Socket, ConnectError>>) {
        self.connecting = None;
        match connected {
            Some(Ok(socket)) => {
                self.connection = Some(Connection::new(socket, self.setup.account.clone(), self.clock.now()));
            }
            Some(Err(error)) => self.lost(&error.to_string()).await,
            None => self.lost("connecting failed").await,
        }
    }

    /// The connection is gone, or could not be made: say so, and try again after a pause.
    async fn lost(&mut self, why: &str) {
        let now = self.clock.now();
        let was_up = matches!(self.board.borrow().link, Link::Up(_));
        let same = matches!(&self.board.borrow().link, Link::Lost(_, words) if words == why);
        if !same {
            tracing::warn!(why, "the PBX is not connected");
            let since = match &self.board.borrow().link {
                Link::Lost(since, _) => *since,
                _ => now,
            };
            self.board.send_modify(|board| Arc::make_mut(board).put_link(Link::Lost(since, why.to_owned())));
        }
        if was_up {
            let key = self.journal.key();
            self.gap_key = Some((key.clone(), now));
            self.journal.put(now, Write::Gap { key, kind: "link", from: now, to: None, events_lost: 0, why: why.to_owned() });
        }
        if let Some(connection) = self.connection.take() {
            for asked in connection.session.into_unanswered().collect::<Vec<_>>() {
                if let Asked::Dial(call) = asked {
                    let effects = self.floor.pbx_refused(&call, why);
                    let _ = self.perform(effects).await;
                }
            }
        }
        self.retry_at = Some(Instant::now() + self.backoff.pause());
    }

    async fn bytes(&mut self, read: std::io::Result<usize>) {
        let result = match read {
            Ok(0) => Err(LinkError::Closed),
            Ok(_) => self.frames().await,
            Err(error) => Err(LinkError::Io(error)),
        };
        if let Err(error) = result {
            self.lost(&error.to_string()).await;
        }
    }

    /// Reads every whole frame that is there.
    async fn frames(&mut self) -> Result<(), LinkError> {
        let now = self.clock.now();
        let Some(mut connection) = self.connection.take() else { return Ok(()) };
        let result = self.frames_of(now, &mut connection).await;
        self.connection = Some(connection);
        result?;
        self.flush().await
    }

    async fn frames_of(&mut self, now: Timestamp, connection: &mut Connection) -> Result<(), LinkError> {
        if connection.session.awaits_greeting() {
            match connection.buffer.greeting().map_err(|_| LinkError::NoProtocol)? {
                Some(greeting) => connection.session.handle_greeting(now, &greeting)?,
                None => return Ok(()),
            }
        }
        let Connection { buffer, session, .. } = connection;
        while let Some(frame) = buffer.next_frame() {
            let frame = match frame {
                Ok(frame) => frame,
                Err(error) => {
                    tracing::warn!(%error, "the PBX sent a frame that we cannot read");
                    continue;
                }
            };
            let mut ask_snapshot = false;
            match session.handle_frame(now, frame)? {
                Heard::Event(frame) => {
                    if let Some(event) = from_ami::translate(frame) {
                        self.pbx_event(now, &event).await;
                    }
                }
                Heard::SignedIn => {
                    self.signed_in(now);
                    ask_snapshot = true;
                }
                Heard::Refused { reason } => return Err(LinkError::Refused(reason)),
                Heard::Answer { tag, success, frame } => {
                    let message = frame.text("Message").unwrap_or_default().into_owned();
                    self.answer(now, tag, success, &message).await;
                }
                Heard::Nothing => {}
            }
            if ask_snapshot {
                let action = to_ami::translate(&PbxCommand::Snapshot, &self.setup.dial).map_err(|e| LinkError::Session(e.into()))?;
                session.ask(action, Asked::Snapshot)?;
            }
        }
        Ok(())
    }

    fn signed_in(&mut self, now: Timestamp) {
        tracing::info!("signed in at the PBX");
        self.backoff.reset();
        self.board.send_modify(|board| Arc::make_mut(board).put_link(Link::Up(now)));
        if let Some((key, from)) = self.gap_key.take() {
            self.journal.put(now, Write::Gap { key, kind: "link", from, to: Some(now), events_lost: 0, why: String::new() });
        }
    }

    async fn answer(&mut self, now: Timestamp, asked: Asked, success: bool, message: &str) {
        match asked {
            Asked::Snapshot if success => self.pbx_event(now, &Event { at: None, kind: EventKind::SnapshotBegun }).await,
            Asked::Snapshot => tracing::warn!(message, "the PBX does not list its channels: write needs reporting in manager.conf"),
            Asked::Dial(call) if !success => {
                let effects = self.floor.pbx_refused(&call, message);
                let _ = self.perform(effects).await;
            }
            Asked::HangUp if !success => tracing::info!(message, "the PBX did not hang up"),
            Asked::Dial(_) | Asked::HangUp => {}
        }
    }

    async fn pbx_event(&mut self, now: Timestamp, event: &Event<'_>) {
        for call_event in self.tracker.apply(now, event) {
            let effects = self.floor.apply(&call_event);
            self.journal_event(now, call_event);
            let _ = self.perform(effects).await;
        }
        if event.kind == EventKind::SnapshotEnded {
            let live: BTreeSet<CallId> = self.tracker.calls().map(|call| call.id.clone()).collect();
            let effects = self.floor.reconcile(now, &live);
            self.journal.put(now, Write::CloseGhosts { now, live: live.into_iter().collect() });
            let _ = self.perform(effects).await;
        }
    }

    fn journal_event(&mut self, now: Timestamp, event: CallEvent) {
        let key = self.journal.key();
        let (leg, other) = match &event.kind {
            CallEventKind::Originated { leg, to } => (Some(leg), Some(to)),
            CallEventKind::Queued { caller, .. } => (None, Some(caller)),
            CallEventKind::Delivered { leg, by, other, direction, .. } => {
                (if *direction == Direction::Outbound { by.as_ref() } else { Some(leg) }, Some(other))
            }
            CallEventKind::Established { leg } => (Some(leg), None),
            _ => (None, None),
        };
        let agent = leg.and_then(|leg| leg.line.as_ref()).and_then(|line| self.floor.agent_of(line));
        let number = other.and_then(|other| match self.setup.plan.read(other.number.reveal()) {
            Dialled::Outside(number) => Some(number),
            _ => None,
        });
        self.journal.put(now, Write::CallEvent { key, event, agent, number });
    }

    async fn commands(&mut self, first: Asking, more: &mut mpsc::Receiver<Asking>) {
        let mut next = Some(first);
        for _ in 0..COMMANDS_A_TURN {
            let Some((command, answer)) = next else { return };
            let now = self.clock.now();
            let is_up = self.connection.as_ref().is_some_and(|c| c.session.is_signed_in());
            let seats_change = matches!(command, Command::TakeSeat(_) | Command::LeaveSeat(_));
            let result = match self.floor.command(now, is_up, command) {
                Ok(effects) => {
                    if seats_change {
                        self.set_lines();
                    }
                    self.perform(effects).await
                }
                Err(refusal) => Err(refusal),
            };
            // The page reads the board after the answer: it must be there before.
            self.publish();
            let _ = answer.send(result);
            next = more.try_recv().ok();
        }
        if let Some((_, answer)) = next {
            let _ = answer.send(Err(Refusal::NotSent));
        }
    }

    /// Does what the floor says must be done.
    async fn perform(&mut self, effects: Vec<Effect>) -> Result<(), Refusal> {
        let mut result = Ok(());
        for effect in effects {
            match effect {
                Effect::Changed(agent) => {
                    self.changed.insert(agent);
                }
                Effect::Gone(agent) => {
                    self.gone.insert(agent);
                }
                Effect::LookUp { agent, call, number } => self.look_up(agent, call, number),
                Effect::Link { call, case } => {
                    let now = self.clock.now();
                    self.journal.put(now, Write::LinkCall(call, case));
                }
                Effect::Dial { extension, number, call, name } => {
                    let device = Device::new(&format!("{}/{extension}", self.setup.technology));
                    let command = PbxCommand::Dial { call: call.clone(), device, number, name };
                    result = self.ask(&command, Asked::Dial(call)).await;
                }
                Effect::HangUp { channel } => result = self.ask(&PbxCommand::HangUp { channel }, Asked::HangUp).await,
            }
        }
        result
    }

    async fn ask(&mut self, command: &PbxCommand, asked: Asked) -> Result<(), Refusal> {
        let connection = self.connection.as_mut().ok_or(Refusal::NoPbx)?;
        let action = to_ami::translate(command, &self.setup.dial).map_err(|error| {
            tracing::warn!(%error, "refused before it was sent");
            Refusal::NotSent
        })?;
        connection.session.ask(action, asked).map_err(|_| Refusal::NotSent)?;
        self.flush().await.map_err(|_| Refusal::NotSent)
    }

    async fn flush(&mut self) -> Result<(), LinkError> {
        match &mut self.connection {
            Some(connection) => connection.flush().await,
            None => Ok(()),
        }
    }

    /// Finds out whose number it is, beside this task.
    fn look_up(&self, agent: AgentId, call: CallId, number: PhoneNumber) {
        let permit = self.lookups.clone().try_acquire_owned();
        let (store, answer) = (self.setup.store.clone(), self.found.clone());
        tokio::spawn(async move {
            let candidates = match permit {
                Ok(_permit) => match tokio::time::timeout(LOOKUP_TIMEOUT, store.cases_by_number(number)).await {
                    Ok(Ok(candidates)) => Some(candidates),
                    Ok(Err(error)) => {
                        tracing::warn!(%error, "a number could not be looked up");
                        None
                    }
                    Err(_) => None,
                },
                Err(_) => None,
            };
            let _ = answer.send(Found { agent, call, candidates }).await;
        });
    }

    async fn tick(&mut self) {
        let now = self.clock.now();
        let Some(connection) = &mut self.connection else { return };
        let result = match connection.session.handle_timeout(now) {
            Ok(()) => self.flush().await,
            Err(error) => Err(LinkError::Session(error)),
        };
        if let Err(error) = result {
            self.lost(&error.to_string()).await;
        }
    }

    /// Puts what changed on the board, and into the journal.
    fn publish(&mut self) {
        if self.changed.is_empty() && self.gone.is_empty() {
            return;
        }
        let now = self.clock.now();
        let (changed, gone) = (std::mem::take(&mut self.changed), std::mem::take(&mut self.gone));
        let waiting = self.tracker.calls().filter(|call| call.queue.is_some()).count();
        let seats: Vec<&Seat> = changed.iter().filter_map(|agent| self.floor.seat(*agent)).collect();
        self.board.send_modify(|board| {
            let board = Arc::make_mut(board);
            seats.iter().for_each(|seat| board.put_seat(seat));
            gone.iter().for_each(|agent| board.remove_seat(*agent));
            board.waiting = waiting;
        });
        for seat in seats.into_iter().cloned().collect::<Vec<_>>() {
            self.journal.put(now, Write::Seat(Box::new(seat)));
        }
        for agent in gone {
            self.journal.put(now, Write::SeatGone(agent));
        }
    }
}
