//! The PBX's side of the task: connecting, reading, and what its events mean for calls and seats.

use std::sync::Arc;

use tokio::time::Instant;

use super::link::{ConnectError, Socket, connect};
use super::outbound::{Asked, Connection, LinkError, Told};
use super::sources::{Of, Source};
use super::task::Task;
use crate::clock::{Clock, Timestamp};
use crate::desk::hub::Whom;
use crate::measure;
use crate::numbers::Dialled;
use crate::store::write::Write;
use crate::telephony::calls::event::{CallEvent, CallEventKind, Direction};
use crate::telephony::pbx::command::SnapshotPart;
use crate::telephony::pbx::event::{Event, EventKind};

/// How often it is written down that the PBX is in sight.
const SIGHT_SECONDS: i64 = 5;

impl<C: Clock> Task<C> {
    pub(super) fn connect(&mut self) {
        self.retry_at = None;
        let Some(address) = self.setup.address.clone() else { return };
        self.connecting = Some(tokio::spawn(async move { connect(&address).await }));
    }

    pub(super) async fn connected(&mut self, connected: Option<Result<Socket, ConnectError>>) {
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
    pub(super) async fn lost(&mut self, why: &str) {
        let now = self.clock.now();
        self.sources.manager = Source::Lost(why.to_owned());
        self.link_changed(now);
        if let Some(connection) = self.connection.take() {
            for asked in connection.session.into_unanswered().collect::<Vec<_>>() {
                if let Asked::Dial(call) = asked {
                    let effects = self.floor.pbx_refused(&call, why);
                    let _ = self.perform(effects).await;
                }
            }
        }
        self.floor.pbx_lost();
        self.listed.clear();
        self.queues_awaited = None;
        self.retry_at = Some(Instant::now() + self.backoff.pause());
    }

    pub(super) async fn bytes(&mut self, read: Result<(), LinkError>) {
        let result = match read {
            Ok(()) => self.frames().await,
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            self.lost(&error.to_string()).await;
        }
    }

    /// Reads every whole frame that is there.
    pub(super) async fn frames(&mut self) -> Result<(), LinkError> {
        let now = self.clock.now();
        let Some(mut connection) = self.connection.take() else { return Ok(()) };
        let result = self.frames_of(now, &mut connection).await;
        std::mem::take(&mut connection.received).count();
        self.connection = Some(connection);
        result?;
        self.flush().await
    }

    pub(super) async fn frames_of(&mut self, now: Timestamp, connection: &mut Connection) -> Result<(), LinkError> {
        while let Some(told) = connection.next(now)? {
            match told {
                Told::Nothing => {}
                Told::Event(event) => self.pbx_event(now, &event).await,
                Told::Recording(heard) => self.recording_heard(now, &heard),
                Told::SignedIn => {
                    self.signed_in(now);
                    self.snapshot_since = Some(now);
                    for part in SnapshotPart::ALL {
                        connection.ask_for(part, &self.setup.dial)?;
                    }
                }
                Told::Answer { asked, success, message } => self.answer(now, asked, success, &message).await,
            }
        }
        Ok(())
    }

    pub(super) fn signed_in(&mut self, now: Timestamp) {
        tracing::info!("signed in at the PBX");
        self.backoff.reset();
        self.sources.manager = Source::Up;
        self.link_changed(now);
    }

    /// Writes down that the PBX is in sight: should the service end without a word, the gap begins here.
    pub(super) fn in_sight(&mut self, now: Timestamp) {
        if self.seen_at.is_none_or(|at| now >= at.plus_seconds(SIGHT_SECONDS)) {
            self.seen_at = Some(now);
            self.journal.put(Write::Sight(now));
        }
    }

    pub(super) async fn answer(&mut self, now: Timestamp, asked: Asked, success: bool, message: &str) {
        match asked {
            Asked::Snapshot(part) => {
                if part == SnapshotPart::ALL[0] {
                    self.pbx_event(now, &Event::of(EventKind::SnapshotBegun)).await;
                }
                if !success && part == SnapshotPart::Queues {
                    self.queues_not_listed(message);
                }
                // An empty list is an error to Asterisk: "Event List not found".
                if !success && part == SnapshotPart::Channels {
                    tracing::warn!(message, "the PBX does not list its channels: write needs reporting in manager.conf");
                    self.pbx_event(now, &Event::of(EventKind::SnapshotRefused)).await;
                }
            }
            Asked::Dial(call) if !success => {
                let effects = self.floor.pbx_refused(&call, message);
                let _ = self.perform(effects).await;
            }
            Asked::HangUp if !success => tracing::info!(message, "the PBX did not hang up"),
            Asked::Recording if !success => tracing::warn!(message, "the PBX did not do as told with a recording: write needs call in manager.conf"),
            Asked::Queue(agent, queue) if !success => {
                tracing::warn!(message, "the PBX did not change a queue: write needs agent in manager.conf");
                let effects = self.floor.queue_refused(agent, &queue, message);
                let _ = self.perform(effects).await;
            }
            Asked::Dial(_) | Asked::HangUp | Asked::Recording | Asked::Queue(..) => {}
        }
    }

    pub(super) async fn pbx_event(&mut self, now: Timestamp, event: &Event<'_>) {
        if self.phone_event(now, &event.kind).await {
            return;
        }
        let events = self.tracker.apply(now, event);
        self.call_events(now, events).await;
        if let EventKind::Channel(channel) = &event.kind {
            // A channel is told of before its phone rings: its number is worked out by then.
            let _ = self.setup.rules.plan.read(&channel.caller_number);
        }
        if event.kind == EventKind::SnapshotEnded {
            let since = self.snapshot_since.take().unwrap_or(now);
            self.judge_calls(now, since, Of::Manager).await;
        }
    }

    /// What happened to calls goes to the desk, into the journal, and where it is recorded.
    pub(super) async fn call_events(&mut self, now: Timestamp, events: Vec<CallEvent>) {
        for event in events {
            let effects = self.floor.apply(&event);
            if let CallEventKind::Merged { into } = &event.kind {
                self.phones.merged(&event.call, into);
            }
            let recorded = self.recorded.apply(&event);
            self.journal_event(event);
            self.record(now, recorded);
            let _ = self.perform(effects).await;
        }
    }

    pub(super) fn journal_event(&mut self, event: CallEvent) {
        let key = self.journal.key();
        let (leg, other) = match &event.kind {
            CallEventKind::Originated { leg, to } => (Some(leg), Some(to)),
            CallEventKind::Queued { caller, .. } => (None, Some(caller)),
            CallEventKind::Delivered { leg, by, other, direction, .. } => {
                (if *direction == Direction::Outbound { by.as_ref() } else { Some(leg) }, Some(other))
            }
            CallEventKind::Established { leg, caller, .. } => {
                let from_outside = caller.as_ref().filter(|(caller, _)| caller.line.is_none() && leg.line.is_some());
                (Some(leg), from_outside.map(|(_, party)| party))
            }
            CallEventKind::Cleared { other, .. } => (None, Some(other)),
            _ => (None, None),
        };
        let agent = leg.and_then(|leg| leg.line.as_ref()).and_then(|line| self.floor.agent_of(line));
        let number = other.and_then(|other| match self.setup.rules.plan.read(other.number.reveal()) {
            Dialled::Outside(number) => Some(number),
            _ => None,
        });
        self.journal.put(Write::CallEvent { key, event, agent, number });
    }

    pub(super) async fn flush(&mut self) -> Result<(), LinkError> {
        match &mut self.connection {
            Some(connection) => connection.flush().await,
            None => Ok(()),
        }
    }

    /// A PBX that is slow to tell, or tells more than we can read, is said on the pages.
    fn show_pace(&mut self, seconds_behind: Option<i64>) {
        if self.board.borrow().seconds_behind.is_some() == seconds_behind.is_some() {
            return;
        }
        match seconds_behind {
            Some(seconds) => tracing::warn!(seconds, "the PBX's events come late"),
            None => tracing::info!("the PBX's events come in time again"),
        }
        self.board.send_modify(|board| Arc::make_mut(board).put_pace(seconds_behind));
        self.setup.bell.ring(Whom::All);
    }

    pub(super) async fn tick(&mut self) {
        let now = self.clock.now();
        measure::live_calls(self.tracker.calls().count() + self.sip_tracker.calls().count());
        if self.sources.manager == Source::Off && self.sources.sip == Source::Up {
            self.in_sight(now);
        }
        let Some(connection) = &mut self.connection else { return };
        let behind = connection.pace.seconds_behind();
        connection.pace.caught_up();
        self.show_pace(behind);
        let Some(connection) = &mut self.connection else { return };
        let is_signed_in = connection.session.is_signed_in();
        let result = match connection.session.handle_timeout(now).map_err(LinkError::Session).and(self.ask_again_for_queues()) {
            Ok(()) => self.flush().await,
            Err(error) => Err(error),
        };
        match result {
            Ok(()) if is_signed_in => self.in_sight(now),
            Ok(()) => {}
            Err(error) => self.lost(&error.to_string()).await,
        }
    }
}
