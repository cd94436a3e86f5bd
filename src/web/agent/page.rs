//! The desk as a whole page, and its search.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use serde::Deserialize;

use super::file::{NumberRow, NumberState};
use super::view::{DeskPage, SearchResult, SearchResults, SearchResultsPart};
use super::{actions, bar, live, outcome, owed, part, phone};
use crate::ids::PhoneNumber;
use crate::numbers::{self, Dialled};
use crate::store::read::accounts::Role;
use crate::store::read::search::FOUND_MAX;
use crate::web::answer::{Answer, Fault, page};
use crate::web::deps::Deps;
use crate::web::sign_in::session::Session;

/// The routes.
pub fn router(deps: Deps) -> Router {
    Router::new()
        .route("/desk", get(desk))
        .route("/desk/live", get(live::stream))
        .route("/desk/search", get(search))
        .route("/desk/presence", post(actions::presence))
        .route("/desk/dial", post(actions::dial))
        .route("/desk/hang-up", post(actions::hang_up))
        .route("/desk/phone", post(phone::wish))
        .route("/desk/phone/consult", post(phone::consult))
        .route("/desk/phone/echo", post(phone::echo))
        .route("/desk/phone/offer", post(phone::offer))
        .route("/desk/recording", post(actions::recording))
        .route("/desk/open", post(actions::open))
        .route("/desk/close", post(actions::close))
        .route("/desk/take-over", post(actions::take_over))
        .route("/desk/focus", post(actions::focus))
        .route("/desk/dismiss", post(actions::dismiss))
        .route("/desk/attach", post(actions::attach))
        .route("/desk/draft", post(outcome::draft))
        .route("/desk/outcome", post(outcome::save))
        .with_state(deps)
}

async fn desk(State(deps): State<Deps>, session: Session) -> Answer {
    let t = session.t;
    let Some(seat) = deps.seat(session.user.id) else {
        return if session.user.role >= Role::Supervisor { Ok(Redirect::to("/floor").into_response()) } else { Err(Fault::Forbidden(t)) };
    };
    let (now, _) = deps.now();
    let board = deps.board.borrow().clone();
    let opened = part::open_file(&deps, t, &seat, now).await.map_err(|e| Fault::store(t, &e))?;
    let opened = opened.as_ref();
    let worklist = part::worklist(&deps, t, &seat).await.map_err(|e| Fault::store(t, &e))?;
    page(
        t,
        &DeskPage {
            t,
            title: &t.t("title-desk"),
            seq: board.seq_of(session.user.id),
            practice: deps.office.practice,
            practice_at: deps.office.practice_at.as_deref(),
            can_floor: session.user.role >= Role::Supervisor,
            can_admin: session.user.role >= Role::Admin,
            bar: &bar::call_bar(t, &deps.office, &board, &seat, now),
            owed: &owed::owed(t, &deps.office, &seat, now),
            worklist: &worklist,
            file: opened.map(|opened| &opened.file),
            conversation: opened.and_then(|opened| opened.conversation.as_ref()),
            reading: opened.and_then(|opened| opened.reading.as_ref()),
        },
    )
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
    call: Option<String>,
}

async fn search(State(deps): State<Deps>, session: Session, Query(asked): Query<Search>) -> Answer {
    let t = session.t;
    let number = match deps.office.plan.read(&asked.q) {
        Dialled::Outside(number) => Some(number),
        _ => None,
    };
    let mut found = deps.store.search(&asked.q, number).await.map_err(|e| Fault::store(t, &e))?;
    let more = found.len() > FOUND_MAX;
    found.truncate(FOUND_MAX);
    let result = |case: crate::store::read::search::FoundCase| SearchResult {
        case: case.case_id.to_string(),
        name: case.name,
        reference: case.reference,
        creditor: case.creditor,
        city: (!case.city.is_empty()).then_some(case.city),
        number: case.number.and_then(|number| PhoneNumber::from_i64(number).ok()).map(|number| NumberRow {
            value: number.to_string(),
            shown: numbers::display(number),
            state: NumberState::Usable,
        }),
    };
    let search =
        SearchResults { query: asked.q.chars().take(100).collect(), results: found.into_iter().map(result).collect(), more, attach_call: asked.call };
    page(t, &SearchResultsPart { t, search: &search })
}
