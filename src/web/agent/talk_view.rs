//! The conversation: goal, first lines, notes and the form of the outcome.

use std::collections::BTreeMap;

use chrono::{NaiveDate, Timelike};

use super::file_view::overdue;
use super::form::{Conversation, DateChip, Draft, Goal, Reading, SelectOption};
use crate::clock::Timestamp;
use crate::collection::calendar::working_days_after;
use crate::collection::outcome::OutcomeCode;
use crate::desk::seat::{DeskCallState, Holder, OpenFile, Seat};
use crate::numbers::{self, Dialled};
use crate::store::read::cases::CaseFile;
use crate::telephony::calls::event::{Direction, EndReason};
use crate::web::deps::OfficeInfo;
use crate::web::texts::{Language, Texts};

/// A draft as the database has it.
pub(super) type StoredDraft = Option<(i64, Timestamp, String)>;

/// What the right side shows.
pub(super) fn conversation(t: &Texts, office: &OfficeInfo, case: &CaseFile, seat: &Seat, stored: StoredDraft, now: Timestamp) -> Conversation {
    let today = office.local(now).date();
    let call = seat.open.as_ref().and_then(|open| open.call.as_ref()).and_then(|id| seat.call(id));
    let days = [1, 3, 5].map(|n| working_days_after(today, n));
    let amount = overdue(case, today);
    let (opening, question) = lines(office, case, seat, days, now);
    let mut draft = draft(t, office, stored);
    if draft.code.is_empty() {
        draft.code = call.map_or("", |call| suggested(call.state)).to_owned();
    }
    if draft.number.is_empty()
        && let Some(call) = call
    {
        // As the choices are written; a withheld or inside number chooses nothing.
        if let Dialled::Outside(number) = office.plan.read(call.other.number.reveal()) {
            draft.number = number.to_string();
        }
    }
    if draft.amount.is_empty() && amount.0 > 0 {
        draft.amount = amount.to_string();
    }
    let key = call.map_or_else(String::new, |call| call.id.to_string());
    Conversation {
        case: case.case.to_string(),
        // A call that ends without an answer brings its outcome along, as long as nothing was typed.
        key: format!("{}-{key}-{}", case.case, if draft.version == 0 { draft.code.as_str() } else { "draft" }),
        submit_key: super::outcome::new_key(),
        goal: (amount.0 > 0).then(|| Goal { amount: t.euro(amount.0), date: days.get(1).map_or_else(String::new, |day| t.date(*day, today)) }),
        notice: office.notices.get(&case.creditor).cloned(),
        opening,
        question: Some(question),
        consequence: case.stage >= 2,
        today: today.to_string(),
        draft,
        numbers: case
            .numbers
            .iter()
            .filter(|number| number.state == "usable")
            .map(|number| SelectOption { value: number.number.to_string(), label: numbers::display(number.number) })
            .collect(),
        contacts: contacts(case),
        invoices: case
            .invoices
            .iter()
            .filter(|invoice| !invoice.disputed)
            .map(|invoice| SelectOption { value: invoice.id.to_string(), label: format!("{} · {}", invoice.number, t.euro(invoice.open.0)) })
            .collect(),
        date_chips: days.iter().map(|day| DateChip { iso: day.to_string(), label: t.date(*day, today) }).collect(),
    }
}

/// What stands there while a colleague works in the file.
pub(super) fn reading(t: &Texts, office: &OfficeInfo, open: &OpenFile, holder: &Holder, stored: StoredDraft, is_given: bool) -> Reading {
    let (name, since) = (holder.name.reveal(), t.time(office.local(holder.since)));
    let draft = draft(t, office, stored);
    let how = match (is_given, holder.took_over) {
        (true, _) => t.t("reading-given-how"),
        (false, true) => t.t("reading-taken-how"),
        (false, false) => t.t("reading-how"),
    };
    Reading {
        case: open.case.to_string(),
        key: format!("reading-{}-{}-{}", open.case, holder.agent, open.call.as_ref().map_or("", |call| call.as_str())),
        title: if is_given { t.a("given-by", name) } else { t.aa("case-open-at", name, &since) },
        how,
        notes_label: if is_given { t.a("reading-notes-of", name) } else { t.t("reading-own-notes") },
        notes: draft.notes,
        outcome: (!draft.code.is_empty()).then(|| t.t(&format!("outcome-{}", draft.code))),
        can_take_over: !is_given,
    }
}

/// The people at the debtor; where none is known, the debtor.
fn contacts(case: &CaseFile) -> Vec<SelectOption> {
    if case.contacts.is_empty() {
        return vec![SelectOption { value: String::new(), label: case.name.reveal().clone() }];
    }
    case.contacts.iter().map(|contact| SelectOption { value: contact.id.to_string(), label: contact.name.reveal().clone() }).collect()
}

/// What a dial that nobody answered most likely comes to.
const fn suggested(state: DeskCallState) -> &'static str {
    match state {
        DeskCallState::Ended(EndReason::Busy) => OutcomeCode::Busy.as_str(),
        DeskCallState::Ended(EndReason::NoAnswer | EndReason::Cancelled) => OutcomeCode::Na.as_str(),
        _ => "",
    }
}

/// The opening line and the first question, in the debtor's language as far as we have it: a first contact is asked to
/// look for the invoice (1.14), a later one when it will be paid (4.2, 4.4).
fn lines(office: &OfficeInfo, case: &CaseFile, seat: &Seat, days: [NaiveDate; 3], now: Timestamp) -> (String, String) {
    let t = Texts::of(Language::parse(&case.language).unwrap_or(Language::Nl));
    let local = office.local(now);
    let today = local.date();
    let hello = t.t(match local.hour() {
        0..=11 => "say-good-morning",
        12..=17 => "say-good-afternoon",
        _ => "say-good-evening",
    });
    let name = case.contacts.first().map_or_else(|| case.name.reveal().clone(), |contact| contact.name.reveal().clone());
    let inbound = seat.open.as_ref().and_then(|open| seat.call(open.call.as_ref()?)).is_some_and(|call| call.direction == Direction::Inbound);
    let me = t.aa("say-who-i-am", seat.profile.name.reveal(), &office.name);
    let opening =
        if inbound { format!("{hello}, {me} {}", t.t("say-how-can-i-help")) } else { format!("{hello}, {me} {}", t.a("say-do-i-speak-with", &name)) };
    let spoken_before = case.timeline.iter().any(|happened| !matches!(happened.code.as_str(), "NA" | "BUSY" | "AM" | "LM" | "WN"));
    // Invoices come oldest due date first; one that is not yet due is not asked for.
    let oldest = case.invoices.iter().find(|invoice| !invoice.disputed && invoice.due_on < today);
    let question = match oldest {
        Some(_) if spoken_before => {
            let [first, second, _] = days;
            t.aa("say-when", &t.date(first, today), &t.date(second, today))
        }
        Some(invoice) => t.aa("say-not-seen", &invoice.number, &t.date(invoice.issued_on, today)),
        None => t.t("say-nothing-due"),
    };
    (opening, question)
}

fn draft(t: &Texts, office: &OfficeInfo, stored: StoredDraft) -> Draft {
    let Some((version, at, form)) = stored else { return Draft::default() };
    let form: BTreeMap<String, String> = serde_json::from_str(&form).unwrap_or_default();
    let text = |field: &str| form.get(field).cloned().unwrap_or_default();
    let ticked = |field: &str| form.contains_key(field);
    Draft {
        version,
        saved: Some(t.time(office.local(at))),
        notes: text("notes"),
        code: text("code"),
        left_with: text("left_with"),
        message_kind: text("message_kind"),
        number: text("number"),
        person_name: text("person_name"),
        direct_number: text("direct_number"),
        callback_at: text("callback_at"),
        reason: text("reason"),
        asked_by: text("asked_by"),
        follow_up_on: text("follow_up_on"),
        promise_date: text("promise_date"),
        amount: text("amount"),
        method: text("method"),
        contact_id: text("contact_id"),
        summary_confirmed: ticked("summary_confirmed"),
        consequence_told: ticked("consequence_told"),
        paid_on: text("paid_on"),
        reference: text("reference"),
        dispute_reason: text("dispute_reason"),
        invoice_ids: text("invoice_ids").split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect(),
        disputed_amount: text("disputed_amount"),
        owner: text("owner"),
        reply_by: text("reply_by"),
        excuse_code: text("excuse_code"),
        next_action: text("next_action"),
        next_date: text("next_date"),
    }
}
