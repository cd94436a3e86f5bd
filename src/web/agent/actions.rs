//! What an agent does: presence, dialling, opening files. Each is one command to the bridge.

use axum::extract::{Form, State};
use serde::Deserialize;
use serde_json::json;

use crate::desk::hub::Command;
use crate::desk::recording::Wish;
use crate::desk::seat::{PauseReason, Presence};
use crate::ids::{CallId, CaseId, PhoneNumber};
use crate::numbers::{DialRefusal, Dialled};
use crate::store::read::cases::CaseFile;
use crate::store::write::Write;
use crate::web::agent::view;
use crate::web::answer::{Answer, Fault, done};
use crate::web::deps::Deps;
use crate::web::sign_in::session::Session;

/// Asks the bridge for a session's user.
pub(super) async fn ask(deps: &Deps, session: &Session, command: Command) -> Result<(), Fault> {
    deps.ask(command).await.map_err(|refusal| Fault::refusal(session.t, refusal))
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
        Some(view::PauseReason::Break) | None => PauseReason::Break,
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
    let call = CallId::dialled(&form.key).map_err(|_| Fault::Refused(t.t("request-failed")))?;
    let record = deps.office.notices.contains_key(&file.creditor);
    ask(&deps, &session, Command::Dial { agent: session.user.id, case: form.case, name: file.name, number, call, record }).await?;
    done(json!({}))
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

#[derive(Deserialize)]
pub(super) struct CloseForm {
    call: Option<String>,
}

/// Puts the open file away, or a call that ended and belongs to nobody.
pub(super) async fn close(State(deps): State<Deps>, session: Session, Form(form): Form<CloseForm>) -> Answer {
    let command = match form.call {
        Some(call) => Command::Dismiss(session.user.id, CallId::new(&call)),
        None => Command::Close(session.user.id),
    };
    ask(&deps, &session, command).await?;
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
