//! The floor's live stream: the whole floor, at most twice a second.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::Instant;

use super::floor_view;
use super::view::FloorPart;
use crate::desk::hub::Board;
use crate::measure::LiveStream;
use crate::store::read::accounts::Role;
use crate::web::answer::{self, Fault};
use crate::web::deps::Deps;
use crate::web::sign_in::session::Session;

/// Between two messages, at least: the journal follows the board, and a person reads no faster.
const PAUSE: Duration = Duration::from_millis(500);
/// The figures are made anew this often although nothing was told, and the session is looked at.
const REFRESH: Duration = Duration::from_secs(10);

struct LiveFloor {
    deps: Deps,
    session: Session,
    headers: HeaderMap,
    board: watch::Receiver<Arc<Board>>,
    sent: String,
    /// When the figures and the session are looked at again, however much goes on.
    check_at: Instant,
    ended: bool,
    _open: LiveStream,
}

pub(super) async fn stream(State(deps): State<Deps>, session: Session, headers: HeaderMap) -> Result<Response, Fault> {
    session.require(Role::Supervisor)?;
    let floor = LiveFloor {
        board: deps.board.clone(),
        deps,
        session,
        headers,
        sent: String::new(),
        check_at: Instant::now() + REFRESH,
        ended: false,
        _open: LiveStream::open("floor"),
    };
    Ok(Sse::new(events(floor)).keep_alive(answer::beat()).into_response())
}

fn events(floor: LiveFloor) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(floor, |mut floor| async move {
        if floor.ended {
            return None;
        }
        loop {
            let board = floor.board.borrow_and_update().clone();
            if let Some(event) = floor.event(&board).await {
                return Some((Ok(event), floor));
            }
            tokio::time::sleep(PAUSE).await;
            if matches!(tokio::time::timeout_at(floor.check_at, floor.board.changed()).await, Ok(Err(_))) {
                return None;
            }
            if Instant::now() >= floor.check_at {
                floor.check_at = Instant::now() + REFRESH;
                if matches!(Session::of(&floor.headers, &floor.deps).await, Ok(None)) {
                    floor.ended = true;
                    return Some((Ok(Event::default().event("signed-out").data("{}")), floor));
                }
            }
        }
    })
}

impl LiveFloor {
    async fn event(&mut self, board: &Board) -> Option<Event> {
        let t = self.session.t;
        let floor = floor_view::floor(&self.deps, t, board)
            .await
            .inspect_err(|error| tracing::error!(%error, "the floor's figures could not be read"))
            .ok()?;
        // The clocks tick in the page: a message only for something else.
        let mut still = floor.clone();
        still.agents.iter_mut().for_each(|agent| (agent.since.elapsed_ms, agent.owed_for.elapsed_ms) = (0, 0));
        let seen = format!("{still:?}");
        if seen == self.sent {
            return None;
        }
        self.sent = seen;
        let html = answer::part(&FloorPart { t, floor: &floor });
        Some(Event::default().event("view").id(board.seq.to_string()).data(json!({ "parts": { "floor": html } }).to_string()))
    }
}
