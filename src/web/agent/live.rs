//! The desk's live stream: after every change that concerns this agent, the parts that look different now. A part is
//! small, and each message says the whole of it, so that a lost one is made good by the next; `Last-Event-ID` says which
//! was the last that the browser has.
//!
//! ```text
//! the board changes -> the call bar, at once -> the file and the work list, once the database has told them
//! ```
//!
//! The bar waits for nothing: not for the database when a phone rings, and least of all to say that the database is away.
//! Only a message after which the browser has everything carries a number.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

use super::owed::OwedPart;
use super::view::{CallBarPart, WorklistPart};
use super::{bar, owed, part};
use crate::desk::hub::Board;
use crate::desk::seat::{DeskCallState, OpenFile, Seat};
use crate::measure::LiveStream;
use crate::store::error::StoreError;
use crate::web::agent::file::FilePart;
use crate::web::agent::form::ConversationPart;
use crate::web::answer;
use crate::web::deps::Deps;
use crate::web::sign_in::session::Session;
use crate::web::texts::Texts;

/// How often a stream looks whether its session still holds.
const SESSION_CHECK: Duration = Duration::from_secs(20);
/// A look that takes longer is given up: nobody is signed out because the database is away.
const SESSION_CHECK_TIMEOUT: Duration = Duration::from_millis(500);
/// Between two tries to read a file that could not be read.
const RETRY_AFTER: Duration = Duration::from_secs(2);

pub(super) async fn stream(State(deps): State<Deps>, session: Session, headers: HeaderMap) -> Response {
    let last_event = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let desk = LiveDesk {
        board: deps.board.clone(),
        bell: deps.bells.of(session.user.id),
        deps,
        session,
        headers,
        last_event,
        shown: None,
        sent: BTreeMap::new(),
        content: None,
        loading: Loading::default(),
        check_at: Instant::now() + SESSION_CHECK,
        ended: false,
        _open: LiveStream::open("desk"),
    };
    Sse::new(events(desk)).keep_alive(answer::beat()).into_response()
}

type Parts = BTreeMap<&'static str, String>;
/// What the file and the list are made from.
type Content = (Option<OpenFile>, u64, Vec<DeskCallState>);

fn content_of(seat: &Seat) -> Content {
    let ends = seat.calls.iter().map(|call| call.state).filter(|state| matches!(state, DeskCallState::Ended(_))).collect();
    (seat.open.clone(), seat.file_version, ends)
}

/// What the page's script is sent.
#[derive(Serialize)]
struct Message {
    parts: Parts,
    title: String,
    ringing: bool,
}

struct LiveDesk {
    deps: Deps,
    session: Session,
    headers: HeaderMap,
    board: watch::Receiver<Arc<Board>>,
    bell: watch::Receiver<()>,
    /// The last event that the browser has.
    last_event: Option<u64>,
    /// The change that the bar shows, and the seat after it.
    shown: Option<(u64, Arc<Seat>)>,
    /// What the browser was sent of each part.
    sent: Parts,
    /// What the file and the list that the browser has were made from.
    content: Option<Content>,
    loading: Loading,
    /// When the session is looked at again, however much goes on.
    check_at: Instant,
    ended: bool,
    _open: LiveStream,
}

/// The file and the list on their way from the database; dropped, they are not waited for any more.
#[derive(Default)]
struct Loading {
    what: Option<Content>,
    parts: JoinSet<Result<Parts, StoreError>>,
    retry_at: Option<Instant>,
}

fn events(desk: LiveDesk) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(desk, |mut desk| async move {
        if desk.ended {
            return None;
        }
        loop {
            if let Some(event) = desk.bar() {
                return Some((Ok(event), desk));
            }
            if let Some(content) = desk.to_load() {
                // The bar goes out first.
                tokio::task::yield_now().await;
                desk.load(content);
            }
            let retry_at = desk.loading.retry_at;
            tokio::select! {
                biased;
                _ = desk.bell.changed() => {}
                Some(loaded) = desk.loading.parts.join_next() => {
                    if let Some(event) = desk.loaded(loaded) {
                        return Some((Ok(event), desk));
                    }
                }
                () = sleep_until(retry_at.unwrap_or(desk.check_at)), if retry_at.is_some() => desk.loading = Loading::default(),
                () = sleep_until(desk.check_at) => {}
            }
            if desk.board.has_changed().is_err() {
                return None; // The service stops; the browser comes back.
            }
            if Instant::now() >= desk.check_at && desk.is_signed_out().await {
                desk.ended = true;
                return Some((Ok(Event::default().event("signed-out").data("{}")), desk));
            }
        }
    })
}

impl LiveDesk {
    async fn is_signed_out(&mut self) -> bool {
        self.check_at = Instant::now() + SESSION_CHECK;
        matches!(timeout(SESSION_CHECK_TIMEOUT, Session::of(&self.headers, &self.deps)).await, Ok(Ok(None)))
    }

    /// What is new since the last message and needs no database, if anything is.
    fn bar(&mut self) -> Option<Event> {
        self.bell.borrow_and_update();
        let board = self.board.borrow().clone();
        let seq = board.seq_of(self.session.user.id);
        if self.last_event == Some(seq) || self.shown.as_ref().is_some_and(|(shown, _)| *shown == seq) {
            return None;
        }
        let (_, seat) = board.seats.get(&self.session.user.id)?;
        let (t, (now, _)) = (self.session.t, self.deps.now());
        let mut parts = BTreeMap::new();
        parts.insert("call-bar", answer::part(&CallBarPart { t, bar: &bar::call_bar(t, &self.deps.office, &board, seat, now) }));
        parts.insert("owed", answer::part(&OwedPart { t, owed: &owed::owed(t, &self.deps.office, seat, now) }));
        self.shown = Some((seq, seat.clone()));
        self.event(parts)
    }

    /// What the browser should have of the file and the list, when it has another and this is not on its way.
    fn to_load(&self) -> Option<Content> {
        let content = self.shown.as_ref().map(|(_, seat)| content_of(seat))?;
        (self.content.as_ref() != Some(&content) && self.loading.what.as_ref() != Some(&content)).then_some(content)
    }

    /// Begins to read the file and the list.
    fn load(&mut self, content: Content) {
        let Some((_, seat)) = &self.shown else { return };
        self.loading = Loading { what: Some(content), ..Loading::default() };
        self.loading.parts.spawn(content_parts(self.deps.clone(), self.session.t, seat.clone()));
    }

    fn loaded(&mut self, loaded: Result<Result<Parts, StoreError>, JoinError>) -> Option<Event> {
        match loaded {
            Ok(Ok(parts)) => {
                self.content = self.loading.what.take();
                return self.event(parts);
            }
            Ok(Err(error)) => tracing::error!(%error, "the open file could not be read"),
            Err(error) => tracing::error!(%error, "the open file could not be shown"),
        }
        self.loading.retry_at = Some(Instant::now() + RETRY_AFTER);
        None
    }

    /// The message with those parts that look different from what the browser has; it has them from now on.
    fn event(&mut self, mut parts: Parts) -> Option<Event> {
        parts.retain(|name, html| self.sent.get(name) != Some(html));
        self.sent.extend(parts.iter().map(|(name, html)| (*name, html.clone())));
        let (seq, seat) = self.shown.as_ref()?;
        let is_whole = self.content.as_ref() == Some(&content_of(seat));
        if is_whole {
            self.last_event = Some(*seq);
        }
        if parts.is_empty() {
            return None;
        }
        let ringing = seat.calls.iter().any(|call| call.state == DeskCallState::Ringing);
        let event = Event::default().event("view").json_data(Message { parts, title: self.session.t.t("title-desk"), ringing }).ok()?;
        Some(if is_whole { event.id(seq.to_string()) } else { event })
    }
}

/// What the database knows: the file with its conversation, and the work list.
async fn content_parts(deps: Deps, t: &'static Texts, seat: Arc<Seat>) -> Result<Parts, StoreError> {
    let (now, _) = deps.now();
    let mut parts = BTreeMap::new();
    let opened = part::open_file(&deps, t, &seat, now).await?;
    let opened = opened.as_ref();
    parts.insert("file", answer::part(&FilePart { t, file: opened.map(|opened| &opened.file) }));
    let conversation = opened.and_then(|opened| opened.conversation.as_ref());
    let reading = opened.and_then(|opened| opened.reading.as_ref());
    parts.insert("conversation", answer::part(&ConversationPart { t, conversation, reading }));
    let worklist = part::worklist(&deps, t, &seat).await?;
    parts.insert("worklist", answer::part(&WorklistPart { t, worklist: &worklist }));
    Ok(parts)
}
