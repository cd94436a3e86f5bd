//! The desk's live stream: after every change that concerns this agent, the parts that look different now. A part is
//! small, and each message says the whole of it, so that a lost one is made good by the next; `Last-Event-ID` says which
//! was the last that the browser has.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::Instant;

use super::owed::OwedPart;
use super::view::{CallBarPart, WorklistPart};
use super::{bar, owed, part};
use crate::desk::hub::Board;
use crate::desk::seat::{DeskCallState, OpenFile, Seat};
use crate::measure::LiveStream;
use crate::web::agent::file::FilePart;
use crate::web::agent::form::ConversationPart;
use crate::web::answer;
use crate::web::deps::Deps;
use crate::web::sign_in::session::Session;

/// How often a stream looks whether its session still holds.
const SESSION_CHECK: Duration = Duration::from_secs(20);
/// How often the browser hears that the stream lives.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

pub(super) async fn stream(State(deps): State<Deps>, session: Session, headers: HeaderMap) -> Response {
    let last_event = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let desk = LiveDesk {
        board: deps.board.clone(),
        deps,
        session,
        headers,
        last_event,
        sent: BTreeMap::new(),
        content: None,
        check_at: Instant::now() + SESSION_CHECK,
        ended: false,
        _open: LiveStream::open("desk"),
    };
    Sse::new(events(desk)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}

struct LiveDesk {
    deps: Deps,
    session: Session,
    headers: HeaderMap,
    board: watch::Receiver<Arc<Board>>,
    /// The last event that the browser has.
    last_event: Option<u64>,
    /// What the browser was sent of each part.
    sent: BTreeMap<&'static str, String>,
    /// What the file and the list were made from.
    content: Option<(Option<OpenFile>, u64, Vec<DeskCallState>)>,
    /// When the session is looked at again, however much goes on.
    check_at: Instant,
    ended: bool,
    _open: LiveStream,
}

fn events(desk: LiveDesk) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(desk, |mut desk| async move {
        if desk.ended {
            return None;
        }
        loop {
            if let Some(event) = desk.next_event().await {
                return Some((Ok(event), desk));
            }
            let changed = tokio::time::timeout_at(desk.check_at, desk.board.changed()).await;
            if matches!(changed, Ok(Err(_))) {
                return None; // The service stops; the browser comes back.
            }
            if Instant::now() >= desk.check_at {
                desk.check_at = Instant::now() + SESSION_CHECK;
                if matches!(Session::of(&desk.headers, &desk.deps).await, Ok(None)) {
                    desk.ended = true;
                    return Some((Ok(Event::default().event("signed-out").data("{}")), desk));
                }
            }
        }
    })
}

impl LiveDesk {
    /// What is new since the last message, if anything is.
    async fn next_event(&mut self) -> Option<Event> {
        let board = self.board.borrow_and_update().clone();
        let agent = self.session.user.id;
        let seq = board.seq_of(agent);
        if self.last_event == Some(seq) {
            return None;
        }
        let (_, seat) = board.seats.get(&agent)?;
        let parts = self.changed_parts(&board, seat).await;
        self.last_event = Some(seq);
        if parts.is_empty() {
            return None;
        }
        let ringing = seat.calls.iter().any(|call| call.state == DeskCallState::Ringing);
        let data = json!({ "parts": parts, "title": self.session.t.t("title-desk"), "ringing": ringing });
        Some(Event::default().event("view").id(seq.to_string()).data(data.to_string()))
    }

    async fn changed_parts(&mut self, board: &Board, seat: &Seat) -> BTreeMap<&'static str, String> {
        let t = self.session.t;
        let (now, _) = self.deps.now();
        let mut parts = BTreeMap::new();
        parts.insert("call-bar", answer::part(&CallBarPart { t, bar: &bar::call_bar(t, &self.deps.office, board, seat, now) }));
        parts.insert("owed", answer::part(&OwedPart { t, owed: &owed::owed(t, &self.deps.office, seat, now) }));
        let ends = seat.calls.iter().map(|call| call.state).filter(|state| matches!(state, DeskCallState::Ended(_))).collect();
        let content = (seat.open.clone(), seat.file_version, ends);
        if self.content.as_ref() != Some(&content) {
            match part::open_file(&self.deps, t, seat, now).await {
                Ok(opened) => {
                    let opened = opened.as_ref();
                    parts.insert("file", answer::part(&FilePart { t, file: opened.map(|opened| &opened.file) }));
                    let conversation = opened.and_then(|opened| opened.conversation.as_ref());
                    let reading = opened.and_then(|opened| opened.reading.as_ref());
                    parts.insert("conversation", answer::part(&ConversationPart { t, conversation, reading }));
                    self.content = Some(content);
                }
                Err(error) => tracing::error!(%error, "the open file could not be read"),
            }
            match part::worklist(&self.deps, t, seat).await {
                Ok(worklist) => {
                    parts.insert("worklist", answer::part(&WorklistPart { t, worklist: &worklist }));
                }
                Err(error) => tracing::error!(%error, "the work list could not be read"),
            }
        }
        parts.retain(|name, html| self.sent.get(name) != Some(html));
        for (name, html) in &parts {
            self.sent.insert(name, html.clone());
        }
        parts
    }
}
