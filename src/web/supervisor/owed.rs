//! What is owed: the calls without an outcome, of one agent or of all, oldest first; and settling one, with a reason.

use askama::Template;
use axum::extract::{Form, Query, State};
use serde::Deserialize;
use serde_json::json;

use super::pages::frame;
use super::view::OutcomeRow;
use crate::clock::Timestamp;
use crate::desk::hub::Command;
use crate::ids::{AgentId, CallId, PhoneNumber};
use crate::numbers;
use crate::store::error::StoreError;
use crate::store::read::accounts::Role;
use crate::store::read::debts::OwedCall;
use crate::store::write::{SettleReason, Settlement, Write};
use crate::web::agent::view::{Direction, Timer};
use crate::web::answer::{Answer, Fault, done, page};
use crate::web::deps::Deps;
use crate::web::sign_in::session::Session;
use crate::web::sign_in::view::{Frame, Tab};
use crate::web::texts::Texts;

/// Characters of a reason.
const REASON_CHARS_MAX: usize = 500;
/// A reason says something.
const REASON_CHARS_MIN: usize = 3;

/// A call without an outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct OwedRow {
    pub id: String,
    pub agent: String,
    pub agent_id: String,
    pub direction: Direction,
    pub who: String,
    pub number: Option<String>,
    /// "10:04", "do 26 nov 10:04".
    pub when: String,
    pub talk: String,
    /// How long it waits.
    pub waits: Timer,
}

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "supervisor/owed.html")]
pub struct OwedPage<'a> {
    pub t: &'static Texts,
    pub frame: &'a Frame,
    /// Whose; `None`: everybody's.
    pub of: Option<&'a str>,
    pub rows: &'a [OwedRow],
}

#[derive(Deserialize)]
pub(super) struct Asked {
    agent: Option<AgentId>,
}

pub(super) async fn list(State(deps): State<Deps>, session: Session, Query(asked): Query<Asked>) -> Answer {
    session.require(Role::Supervisor)?;
    let t = session.t;
    let calls = deps.store.owed_calls(asked.agent).await.map_err(|e| Fault::store(t, &e))?;
    let rows: Vec<OwedRow> = calls.iter().filter_map(|call| row(&deps, t, call)).collect();
    let of = match asked.agent {
        Some(agent) => {
            let users = deps.store.users().await.map_err(|e| Fault::store(t, &e))?;
            Some(users.into_iter().find(|user| user.id == agent).ok_or(Fault::NotFound(t))?.name.into_revealed())
        }
        None => None,
    };
    page(t, &OwedPage { t, frame: &frame(&session, Tab::Calls), of: of.as_deref(), rows: &rows })
}

/// A call that still lives owes nothing yet.
fn row(deps: &Deps, t: &Texts, call: &OwedCall) -> Option<OwedRow> {
    let (now, today) = deps.now();
    let ended = call.ended?;
    let number = call.number.and_then(|number| PhoneNumber::from_i64(number).ok()).map(numbers::display);
    let name = call.case.as_ref().map_or(&call.name, |(_, name, _)| name).reveal().trim();
    let who = match (name.is_empty(), &number) {
        (false, _) => name.chars().take(80).collect(),
        (true, Some(number)) => number.clone(),
        (true, None) => t.t("number-withheld"),
    };
    Some(OwedRow {
        id: call.id.to_string(),
        agent: call.agent_name.reveal().clone(),
        agent_id: call.agent.to_string(),
        direction: if call.direction == "outbound" { Direction::Outbound } else { Direction::Inbound },
        number: number.filter(|number| *number != who),
        who,
        when: t.moment(deps.office.local(ended), today),
        talk: t.duration_ms(call.answered.map_or(0, |answered: Timestamp| ended.since(answered)) / 1000),
        waits: Timer { elapsed_ms: now.since(ended) / 1000, running: true },
    })
}

#[derive(Deserialize)]
pub(super) struct SettleForm {
    call: String,
    reason: String,
}

/// Durable first; then the agent's seat learns it.
pub(super) async fn settle(State(deps): State<Deps>, session: Session, Form(form): Form<SettleForm>) -> Answer {
    session.require(Role::Supervisor)?;
    let t = session.t;
    let words: String = form.reason.trim().chars().take(REASON_CHARS_MAX).collect();
    if words.chars().count() < REASON_CHARS_MIN {
        return Err(Fault::Refused(t.t("error-owed-reason")));
    }
    let call = CallId::new(&form.call);
    let settlement =
        Settlement { call: call.clone(), by: session.user.id, at: deps.clock.now(), reason: SettleReason::Supervisor, note: Some(words.into()) };
    match deps.writer.write(Write::Settle(settlement)).await {
        Ok(_) => {}
        Err(StoreError::NoSuch("debt")) => return Err(Fault::Refused(t.t("error-not-owed"))),
        Err(error) => return Err(Fault::store(t, &error)),
    }
    let _ = deps.ask(Command::Settled { call, by: Some(session.user.name.clone()) }).await;
    done(json!({}))
}

/// What settled a call without an outcome, as its page shows it.
pub(super) async fn settlement(deps: &Deps, t: &Texts, call: &CallId) -> Result<Option<OutcomeRow>, StoreError> {
    let (_, today) = deps.now();
    Ok(deps.store.settlement(call).await?.map(|row| OutcomeRow {
        when: t.moment(deps.office.local(Timestamp(row.at)), today),
        agent: t.a("settled-by", &row.by_name),
        outcome: t.t(&format!("settled-{}", row.reason)),
        text: row.note,
    }))
}
