//! What an agent does: presence, dialling, opening files. Each is one command to the bridge.

use axum::extract::{Form, State};
use serde::Deserialize;
use serde_json::json;

use crate::desk::hub::Command;
use crate::desk::recording::Wish;
use crate::desk::seat::{DeskCall, PauseReason, Presence};
use crate::ids::{CallId, CaseId, PhoneNumber};
use crate::numbers::{DialRefusal, Dialled};
use crate::store::error::StoreError;
use crate::store::read::cases::CaseFile;
use crate::store::write::{SettleReason, Settlement, Write};
use crate::web::agent::view;
use crate::web::answer::{Answer, Fault, done};
use crate::web::deps::Deps;
use crate::web::sign_in::session::Session;

/// Characters of the words that go with a call that is nobody's, at most.
const NOTE_CHARS_MAX: usize = 500;

/// Asks the bridge for a session's user.
pub(super) async fn ask(deps: &Deps, session: &Session, command: Command) -> Result<(), Fault> {
    deps.ask(command).await.map_err(|refusal| Fault::refusal(session.t, &deps.office, refusal))
}

/// The case, which must be there.
pub(super) async fn case_file(deps: &Deps, session: &Session, case: CaseId) -> Result<CaseFile, Fault> {
    let file = deps.store.case_file(case).await.map_err(|e| Fault::store(session.t, &e))?;
    file.ok_or(Fault::NotFound(session.t))
}

async fn has_draft(deps: &Deps, session: &Session, case: CaseId) -> Result<bool, Fault> {
    let draft = deps.store.draft(session.user.id, case).await.map_err(|e| Fault::store(session.t, &e))?;
    Ok(draft.is_some())
}

#[derive(Deserialize)]
pub(super) struct PresenceForm {
    state: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn presence(State(deps): State<Deps>, session: Session, Form(form): Form<PresenceForm>) -> Answer {
    let reason = match view::PauseReason::parse(&form.reason) {
        Some(view::PauseReason::Lunch) => PauseReason::Lunch,
        Some(view::PauseReason::Consultation) => PauseReason::Consultation,
        Some(view::PauseReason::Administration) => PauseReason::Administration,
        Some(view::PauseReason::Training) => PauseReason::Training,
        Some(view::PauseReason::Break | view::PauseReason::Phone) | None => PauseReason::Break,
    };
    let presence = match form.state.as_str() {
        "ready" => Presence::Ready,
        "paused" => Presence::Paused(reason),
        _ => Presence::Offline,
    };
    ask(&deps, &session, Command::SetPresence(session.user.id, presence)).await?;
    done(json!({}))
}

#[derive(Deserialize)]
pub(super) struct DialForm {
    case: CaseId,
    number: String,
    key: String,
}

pub(super) async fn dial(State(deps): State<Deps>, session: Session, Form(form): Form<DialForm>) -> Answer {
    let t = session.t;
    let file = case_file(&deps, &session, form.case).await?;
    let number = PhoneNumber::parse_e164(&form.number).map_err(|_| Fault::Refused(t.t("error-number")))?;
    // Only the debtor's own numbers: the page is no telephone for other ends.
    if !file.numbers.iter().any(|known| known.number == number && known.state == "usable") {
        return Err(Fault::Refused(t.t("error-not-their-number")));
    }
    deps.office.plan.dialable(number, &deps.office.dial_countries).map_err(|refusal| {
        Fault::Refused(match refusal {
            DialRefusal::Premium => t.t("error-premium"),
            DialRefusal::Country { country } => t.a("error-country", &country),
            DialRefusal::Invalid => t.t("error-number"),
        })
    })?;
    let call = new_call(&deps, &session, &form.key).await?;
    let record = deps.office.notices.contains_key(&file.creditor);
    let (agent, case, name, creditor) = (session.user.id, form.case, file.name, file.creditor);
    ask(&deps, &session, Command::Dial { agent, case, name, creditor, number, call, record }).await?;
    done(json!({}))
}

/// The call that a key stands for: a new one, or the one that the first press of a double one has begun. The key of a call that is over would
/// put two calls into one record.
pub(super) async fn new_call(deps: &Deps, session: &Session, key: &str) -> Result<CallId, Fault> {
    let t = session.t;
    let call = CallId::dialled(key).map_err(|_| Fault::Refused(t.t("request-failed")))?;
    let is_under_way = || deps.board.borrow().seats.get(&session.user.id).is_some_and(|(_, seat)| seat.call(&call).is_some_and(DeskCall::is_live));
    if !is_under_way() && deps.store.call(&call).await.map_err(|error| Fault::store(t, &error))?.is_some() && !is_under_way() {
        return Err(Fault::Refused(t.t("error-call-known")));
    }
    Ok(call)
}

#[derive(Deserialize)]
pub(super) struct CallForm {
    call: String,
}

pub(super) async fn hang_up(State(deps): State<Deps>, session: Session, Form(form): Form<CallForm>) -> Answer {
    ask(&deps, &session, Command::HangUp(session.user.id, CallId::new(&form.call))).await?;
    done(json!({}))
}

#[derive(Deserialize)]
pub(super) struct OpenForm {
    case: CaseId,
    call: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RecordingForm {
    call: String,
    wish: String,
}

pub(super) async fn recording(State(deps): State<Deps>, session: Session, Form(form): Form<RecordingForm>) -> Answer {
    let wish = match form.wish.as_str() {
        "pause" => Wish::Pause,
        "resume" => Wish::Resume,
        _ => Wish::Stop,
    };
    ask(&deps, &session, Command::Recording(session.user.id, CallId::new(&form.call), wish)).await?;
    done(json!({}))
}

pub(super) async fn open(State(deps): State<Deps>, session: Session, Form(form): Form<OpenForm>) -> Answer {
    let file = case_file(&deps, &session, form.case).await?;
    let call = form.call.filter(|call| !call.is_empty()).map(|call| CallId::new(&call));
    let has_draft = has_draft(&deps, &session, form.case).await?;
    ask(&deps, &session, Command::Open { agent: session.user.id, case: form.case, call, attached: false, name: file.name, has_draft }).await?;
    done(json!({}))
}

/// Puts the open file away.
pub(super) async fn close(State(deps): State<Deps>, session: Session) -> Answer {
    ask(&deps, &session, Command::Close(session.user.id)).await?;
    done(json!({}))
}

#[derive(Deserialize)]
pub(super) struct CaseForm {
    case: CaseId,
}

/// Works in a file that a colleague has.
pub(super) async fn take_over(State(deps): State<Deps>, session: Session, Form(form): Form<CaseForm>) -> Answer {
    ask(&deps, &session, Command::TakeOver(session.user.id, form.case)).await?;
    done(json!({}))
}

/// Settles this call without a file now: the page asks whose it was.
pub(super) async fn focus(State(deps): State<Deps>, session: Session, Form(form): Form<CallForm>) -> Answer {
    ask(&deps, &session, Command::Focus(session.user.id, CallId::new(&form.call))).await?;
    done(json!({}))
}

#[derive(Deserialize)]
pub(super) struct DismissForm {
    call: String,
    reason: String,
    #[serde(default)]
    note: String,
}

/// Nobody's call: why, for the ledger. It is durable before the call leaves the seat.
pub(super) async fn dismiss(State(deps): State<Deps>, session: Session, Form(form): Form<DismissForm>) -> Answer {
    let t = session.t;
    let call = CallId::new(&form.call);
    let seat = deps.seat(session.user.id);
    let is_nobodys = seat.as_ref().and_then(|seat| seat.call(&call)).is_some_and(|call| call.is_owed() && call.case.is_none());
    if !is_nobodys {
        return Err(Fault::Refused(t.t("error-no-call")));
    }
    let reason = SettleReason::parse(&form.reason).ok_or_else(|| Fault::Refused(t.t("error-choose")))?;
    let note: String = form.note.trim().chars().take(NOTE_CHARS_MAX).collect();
    if reason == SettleReason::Other && note.is_empty() {
        return Err(Fault::Refused(t.t("error-dismiss-why")));
    }
    let note = (!note.is_empty()).then(|| note.into());
    let settlement = Settlement { call: call.clone(), by: session.user.id, at: deps.clock.now(), reason, note };
    match deps.writer.write(Write::Settle(settlement)).await {
        // It owes nothing in the ledger: then the seat only has to learn it.
        Ok(_) | Err(StoreError::NoSuch("debt")) => {}
        Err(error) => return Err(Fault::store(t, &error)),
    }
    ask(&deps, &session, Command::Settled { call, by: None }).await?;
    done(json!({}))
}

#[derive(Deserialize)]
pub(super) struct AttachForm {
    case: CaseId,
    call: String,
}

/// The number of this call belongs to this debtor. A withheld number only opens the file.
pub(super) async fn attach(State(deps): State<Deps>, session: Session, Form(form): Form<AttachForm>) -> Answer {
    let file = case_file(&deps, &session, form.case).await?;
    let id = CallId::new(&form.call);
    let seat = deps.seat(session.user.id);
    let call = seat.as_ref().and_then(|seat| seat.call(&id)).ok_or_else(|| Fault::Refused(session.t.t("error-no-call")))?;
    let number = match deps.office.plan.read(call.other.number.reveal()) {
        Dialled::Outside(number) => Some(number),
        _ => None,
    };
    if let Some(number) = number {
        deps.writer.write(Write::AttachNumber(file.debtor, number)).await.map_err(|e| Fault::store(session.t, &e))?;
    }
    let attached = number.is_some();
    let has_draft = has_draft(&deps, &session, form.case).await?;
    ask(&deps, &session, Command::Open { agent: session.user.id, case: form.case, call: Some(id), attached, name: file.name, has_draft }).await?;
    done(json!({}))
}
