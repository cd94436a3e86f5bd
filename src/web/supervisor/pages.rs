//! The floor, the lists of calls, and one call.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use chrono::{Days, NaiveDate};
use serde::Deserialize;

use super::view::{CallList, CallPage, CallsPage, FloorPage, Which};
use super::{call_view, floor_view, live, owed};
use crate::ids::CallId;
use crate::store::read::accounts::Role;
use crate::store::read::calls::{self, CALLS_PAGE};
use crate::web::answer::{Answer, Fault, page};
use crate::web::deps::Deps;
use crate::web::sign_in::session::Session;
use crate::web::sign_in::view::{Frame, Tab};

/// The routes.
pub fn router(deps: Deps) -> Router {
    Router::new()
        .route("/floor", get(floor))
        .route("/floor/live", get(live::stream))
        .route("/floor/calls", get(list))
        .route("/floor/calls/{id}", get(call))
        .route("/floor/owed", get(owed::list))
        .route("/floor/settle", post(owed::settle))
        .with_state(deps)
}

/// What stands around the pages of this user.
pub(in crate::web) fn frame(session: &Session, tab: Tab) -> Frame {
    Frame {
        name: session.user.name.reveal().clone(),
        tab,
        can_desk: session.user.extension.is_some(),
        can_floor: session.user.role >= Role::Supervisor,
        can_admin: session.user.role >= Role::Admin,
    }
}

async fn floor(State(deps): State<Deps>, session: Session) -> Answer {
    session.require(Role::Supervisor)?;
    let t = session.t;
    let board = deps.board.borrow().clone();
    let floor = floor_view::floor(&deps, t, &board).await.map_err(|e| Fault::store(t, &e))?;
    page(t, &FloorPage { t, frame: &frame(&session, Tab::Floor), seq: board.seq, floor: &floor })
}

#[derive(Deserialize)]
struct Asked {
    which: Option<String>,
    day: Option<NaiveDate>,
    #[serde(default)]
    from: u32,
}

const fn stored(which: Option<Which>) -> calls::Which {
    match which {
        None => calls::Which::All,
        Some(Which::Inbound) => calls::Which::Inbound,
        Some(Which::Outbound) => calls::Which::Outbound,
        Some(Which::Answered) => calls::Which::Answered,
        Some(Which::Missed) => calls::Which::Missed,
        Some(Which::Abandoned) => calls::Which::Abandoned,
        Some(Which::Promises) => calls::Which::Promises,
        Some(Which::Owed) => calls::Which::Owed,
        Some(Which::Unrecorded) => calls::Which::Unrecorded,
    }
}

async fn list(State(deps): State<Deps>, session: Session, Query(asked): Query<Asked>) -> Answer {
    session.require(Role::Supervisor)?;
    let t = session.t;
    let (_, today) = deps.now();
    let day = asked.day.unwrap_or(today);
    let which = asked.which.as_deref().and_then(Which::parse);
    if which == Some(Which::Owed) {
        return Ok(Redirect::to("/floor/owed").into_response());
    }
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    let (from, to) = (deps.office.start_of(day), deps.office.start_of(next));
    let found = deps.store.calls(stored(which), from, to, i64::from(asked.from)).await.map_err(|e| Fault::store(t, &e))?;
    let page_size = u32::try_from(CALLS_PAGE).unwrap_or(50);
    let link = |from: u32| format!("/floor/calls?which={}&day={day}&from={from}", which.map_or("", Which::code));
    let is_full = i64::try_from(found.len()).is_ok_and(|n| n == CALLS_PAGE);
    let list = CallList {
        which,
        day: t.date(day, today),
        rows: found.iter().map(|call| call_view::row(&deps, t, call)).collect(),
        newer: (asked.from > 0).then(|| link(asked.from.saturating_sub(page_size))),
        older: is_full.then(|| link(asked.from.saturating_add(page_size))),
    };
    page(t, &CallsPage { t, frame: &frame(&session, Tab::Calls), list: &list })
}

async fn call(State(deps): State<Deps>, session: Session, Path(id): Path<String>) -> Answer {
    session.require(Role::Supervisor)?;
    let t = session.t;
    let call = deps.store.call(&CallId::new(&id)).await.map_err(|e| Fault::store(t, &e))?.ok_or(Fault::NotFound(t))?;
    let detail = call_view::detail(&deps, t, &call).await.map_err(|e| Fault::store(t, &e))?;
    page(t, &CallPage { t, frame: &frame(&session, Tab::Other), call: &detail })
}
