//! What an agent writes: the draft as it is typed, and the outcome.

use std::collections::BTreeMap;

use axum::extract::{Form, State};
use serde_json::json;

use super::actions::case_file;
use super::order;
use crate::collection::outcome::{Due, FollowUp, Outcome, OutcomeContext, OutcomeDetail, Problem};
use crate::desk::hub::{Command, Refusal};
use crate::desk::seat::DeskCall;
use crate::desk::worklist::WorkItem;
use crate::ids::{CallId, CaseId};
use crate::personal::Personal;
use crate::store::error::StoreError;
use crate::store::read::cases::CaseFile;
use crate::store::write::{DraftSave, FollowUpRow, OutcomeSave, Write, Written};
use crate::web::answer::{Answer, Fault, done};
use crate::web::deps::Deps;
use crate::web::sign_in::session::Session;
use crate::web::texts::Texts;

/// A key that makes saving twice harmless.
pub(super) fn new_key() -> String {
    hex::encode(rand::random::<[u8; 16]>())
}

/// A form with repeated fields: the values of a field are joined by commas.
fn joined(pairs: Vec<(String, String)>) -> BTreeMap<String, String> {
    let mut form: BTreeMap<String, String> = BTreeMap::new();
    for (field, value) in pairs {
        let entry = form.entry(field).or_default();
        if !entry.is_empty() && !value.is_empty() {
            entry.push(',');
        }
        entry.push_str(&value);
    }
    form
}

fn case_of(form: &BTreeMap<String, String>, t: &'static Texts) -> Result<CaseId, Fault> {
    form.get("case").and_then(|case| case.parse().ok()).ok_or(Fault::NotFound(t))
}

/// The form's own key, which makes posting it twice harmless.
fn key_of(form: &BTreeMap<String, String>, session: &Session) -> Option<String> {
    let fits = |key: &&String| (8..=64).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    form.get("key").filter(fits).map(|key| format!("{}-{key}", session.user.id))
}

pub(super) async fn draft(State(deps): State<Deps>, session: Session, Form(pairs): Form<Vec<(String, String)>>) -> Answer {
    let t = session.t;
    let mut form = joined(pairs);
    let case = case_of(&form, t)?;
    let version = form.get("version").and_then(|version| version.parse().ok()).unwrap_or(0);
    // A form whose outcome is in the ledger has no draft any more, however late its last words come.
    if let Some(key) = key_of(&form, &session)
        && deps.store.has_entry(&key).await.map_err(|e| Fault::store(t, &e))?
    {
        return done(json!({ "version": version }));
    }
    for own in ["case", "version", "key"] {
        form.remove(own);
    }
    let now = deps.clock.now();
    let text = serde_json::to_string(&form).map_err(|_| Fault::Failed(t))?;
    let save = DraftSave { agent: session.user.id, case, version, at: now, form: text.into() };
    match deps.writer.write(Write::Draft(save)).await {
        Ok(Written::Version(version)) => {
            let has = form.get("notes").is_some_and(|notes| !notes.trim().is_empty()) || form.contains_key("code");
            let _ = deps.ask(Command::HasDraft(session.user.id, case, has)).await;
            done(json!({ "version": version, "saved": t.time(deps.office.local(now)) }))
        }
        Err(StoreError::NewerDraft { version }) => {
            let stored = deps.store.draft(session.user.id, case).await.map_err(|e| Fault::store(t, &e))?;
            let newer: BTreeMap<String, String> = stored.and_then(|(_, _, form)| serde_json::from_str(&form).ok()).unwrap_or_default();
            Err(Fault::Newer { message: t.t("error-newer"), version, notes: newer.get("notes").cloned().unwrap_or_default() })
        }
        Ok(_) => done(json!({})),
        Err(error) => Err(Fault::store(t, &error)),
    }
}

pub(super) async fn save(State(deps): State<Deps>, session: Session, Form(pairs): Form<Vec<(String, String)>>) -> Answer {
    let t = session.t;
    let form = joined(pairs);
    let case = case_of(&form, t)?;
    let key = key_of(&form, &session).unwrap_or_else(|| format!("{}-{}", session.user.id, new_key()));
    if deps.store.has_entry(&key).await.map_err(|e| Fault::store(t, &e))? {
        return done(json!({ "saved": true })); // The second post of the same form.
    }
    let file = case_file(&deps, &session, case).await?;
    let (now, today) = deps.now();
    let context = OutcomeContext {
        now,
        today,
        zone: deps.office.zone,
        stage: file.stage,
        open_invoices: file.invoices.iter().filter(|invoice| !invoice.disputed).map(|invoice| (invoice.id, invoice.open)).collect(),
        contacts: file.contacts.iter().map(|contact| contact.id).collect(),
        numbers: file.numbers.iter().map(|number| number.number).collect(),
        plan: &deps.office.plan,
    };
    let outcome = Outcome::parse(&form, &context).map_err(|errors| Fault::Fields {
        message: t.t("error-fields"),
        errors: errors.into_iter().map(|error| (error.field.to_owned(), problem_words(t, &error.problem))).collect(),
    })?;
    if let Err(taken @ Refusal::CaseTaken { .. }) = deps.ask(Command::Claim(session.user.id, case)).await {
        return Err(Fault::refusal(t, &deps.office, taken));
    }
    let calls = deps.seat(session.user.id).map_or(Some(Vec::new()), |seat| seat.settled_by_outcome(case));
    let calls = calls.ok_or_else(|| Fault::Refused(t.t("error-still-in-call")))?;
    let save = ledger_entry(&deps, &session, &outcome, case, calls.clone(), key);
    deps.writer.write(Write::Outcome(Box::new(save))).await.map_err(|e| Fault::store(t, &e))?;
    // It is in the ledger: whatever the bridge says now, the answer is "saved".
    let _ = deps.ask(Command::OutcomeSaved(session.user.id, case, calls)).await;
    open_next(&deps, &session, &file).await;
    done(json!({ "saved": true }))
}

fn ledger_entry(deps: &Deps, session: &Session, outcome: &Outcome, case: CaseId, calls: Vec<CallId>, key: String) -> OutcomeSave {
    let code = outcome.code();
    let mut texts: Vec<(&'static str, Personal<String>)> = outcome.personal_texts().into_iter().map(|(field, text)| (field, text.into())).collect();
    if let Some(notes) = outcome.notes()
        && !texts.iter().any(|(field, _)| *field == "notes")
    {
        texts.push(("notes", notes.clone()));
    }
    OutcomeSave {
        key,
        at: deps.clock.now(),
        agent: session.user.id,
        case,
        calls,
        code: code.as_str(),
        amount: outcome.amount(),
        detail: outcome.detail_json().to_string(),
        texts,
        follow_up: outcome.follow_up().map(|next| follow_up_row(deps, &next)),
        human: code.flags().human,
        rpc: code.flags().rpc,
        attempt: code.flags().attempt,
        disputed: match outcome.detail() {
            OutcomeDetail::Dispute { invoices, .. } => invoices.iter().map(|id| id.0).collect(),
            _ => Vec::new(),
        },
        wrong_number: match outcome.detail() {
            OutcomeDetail::WrongNumber { number } => Some(*number),
            _ => None,
        },
        corrects: None,
    }
}

fn follow_up_row(deps: &Deps, next: &FollowUp) -> FollowUpRow {
    let (due_on, due_at) = match next.due {
        Due::On(day) => (day, None),
        Due::At(at) => (deps.office.local(at).date(), Some(at)),
    };
    FollowUpRow { kind: next.kind, due_on, due_at, amount: next.amount, number: next.number }
}

/// "Save and next": what is owed longest, else the first case of the work list that nobody has open.
async fn open_next(deps: &Deps, session: &Session, saved: &CaseFile) {
    let Some(seat) = deps.seat(session.user.id) else { return };
    let owed = seat.owed().find_map(|call| Some((call.id.clone(), call.case?)));
    // A call that rings already, or whose file is not known, has the next word.
    if seat.calls.iter().any(DeskCall::is_live) || (owed.is_none() && seat.owed().next().is_some()) {
        return;
    }
    let next = match owed {
        Some((call, case)) => deps.store.case_file(case).await.ok().flatten().map(|file| (case, file.name, Some(call))),
        None => next_of_list(deps, saved.case).await.map(|item| (item.case.case, item.case.name, None)),
    };
    let Some((case, name, call)) = next else { return };
    let has_draft = deps.store.draft(session.user.id, case).await.ok().flatten().is_some();
    let _ = deps.ask(Command::Open { agent: session.user.id, case, call, attached: false, name, has_draft }).await;
}

async fn next_of_list(deps: &Deps, saved: CaseId) -> Option<WorkItem> {
    let items = order::order(deps).await.ok()?;
    let taken: Vec<CaseId> = deps.board.borrow().seats.values().filter_map(|(_, seat)| seat.open.as_ref().map(|open| open.case)).collect();
    items.iter().find(|item| item.case.case != saved && !taken.contains(&item.case.case)).cloned()
}

fn problem_words(t: &Texts, problem: &Problem) -> String {
    match problem {
        Problem::Missing => t.t("error-required"),
        Problem::NotADate => t.t("error-date"),
        Problem::NoSuchTime => t.t("error-no-such-time"),
        Problem::NotAnAmount => t.t("error-amount"),
        Problem::NotPositive => t.t("error-amount-zero"),
        Problem::MoreThanOpen { open } => t.a("error-amount-too-much", &t.euro(open.0)),
        Problem::InThePast => t.t("error-date-past"),
        Problem::InTheFuture => t.t("error-date-future"),
        Problem::TooFarAhead { latest, .. } => t.a("error-date-too-far", &t.date(*latest, *latest)),
        Problem::UnknownChoice => t.t("error-choose"),
        Problem::MustBeTicked => t.t("error-must-tick"),
        Problem::TooLong { max } => t.n("error-too-long", i64::try_from(*max).unwrap_or(0)),
        Problem::NotANumber => t.t("error-number"),
        Problem::OneOf(_) => t.t("error-one-of"),
    }
}
