//! A case as the file shows it.

use chrono::NaiveDate;

use super::file::{
    ContactRow, DebtorKind, File, InvoiceRow, InvoiceState, LastWords, MatchCertainty, NumberRow, NumberState, PromiseState, Stop, TimelineRow, Who,
};
use crate::collection::money::Cents;
use crate::collection::outcome::FollowUpKind;
use crate::desk::seat::{self, Lock, OpenFile, Seat};
use crate::ids::CallId;
use crate::numbers;
use crate::store::read::cases::{CaseFile, Happened, Invoice, Number};
use crate::web::deps::OfficeInfo;
use crate::web::texts::Texts;

/// What is overdue today and may be asked for: disputed invoices are not.
pub(super) fn overdue(case: &CaseFile, today: NaiveDate) -> Cents {
    case.invoices.iter().filter(|invoice| invoice.due_on < today && !invoice.disputed).map(|invoice| invoice.open).sum()
}

/// What the file shows.
pub(super) fn file(t: &Texts, office: &OfficeInfo, case: &CaseFile, seat: &Seat, playable: &[CallId], today: NaiveDate) -> File {
    let open = seat.open.as_ref();
    let locked_by = open.and_then(|open| locked_by(t, office, open));
    let oldest = case.invoices.iter().filter(|invoice| !invoice.disputed).map(|invoice| (today - invoice.due_on).num_days()).max();
    File {
        case: case.case.to_string(),
        key: format!("{}-{}", case.case, open.and_then(|o| o.call.as_ref()).map_or("", |call| call.as_str())),
        stops: stops(t, case, today),
        who: who(t, case, seat),
        overdue: t.euro(overdue(case, today).0),
        oldest_days: oldest.unwrap_or(0).max(0),
        open_invoices: i64::try_from(case.invoices.len()).unwrap_or(i64::MAX),
        stage: t.t(&format!("stage-{}", case.stage.clamp(1, 4))),
        tone: t.t(tone(case)),
        promise: promise(t, case, today),
        last_words: last_words(t, office, case, today),
        invoices: case.invoices.iter().map(|invoice| invoice_row(t, invoice, case, today)).collect(),
        contacts: contacts(case),
        timeline: case.timeline.iter().map(|happened| timeline_row(t, office, happened, playable, today)).collect(),
        no_dial: locked_by.is_some().then(|| t.t("locked-no-dial")),
        given_by: open.and_then(|open| open.given_by.as_ref()).map(|name| t.a("given-by", name.reveal())),
        locked_by,
    }
}

/// The colleague who works in it; not the one who is about to hand it over.
fn locked_by(t: &Texts, office: &OfficeInfo, open: &OpenFile) -> Option<String> {
    let Lock::Other(holder) = &open.lock else { return None };
    let is_given = open.given_by.as_ref() == Some(&holder.name);
    (!is_given).then(|| t.aa("case-open-at", holder.name.reveal(), &t.time(office.local(holder.since))))
}

fn tone(case: &CaseFile) -> &'static str {
    match (case.stage, case.kind.as_str()) {
        (..=1, _) => "tone-friendly",
        (2, _) => "tone-businesslike",
        (_, "consumer") => "tone-businesslike",
        _ => "tone-firm",
    }
}

fn stops(t: &Texts, case: &CaseFile, today: NaiveDate) -> Vec<Stop> {
    let disputed: Vec<&Invoice> = case.invoices.iter().filter(|invoice| invoice.disputed).collect();
    if disputed.is_empty() {
        return Vec::new();
    }
    let numbers: Vec<&str> = disputed.iter().map(|invoice| invoice.number.as_str()).collect();
    let reply = case.follow_up.as_ref().filter(|f| f.kind == FollowUpKind::DisputeReply).map(|f| t.date(f.due_on, today));
    let text = match reply {
        Some(day) => t.aa("stop-dispute-reply", &numbers.join(", "), &day),
        None => t.a("stop-dispute-about", &numbers.join(", ")),
    };
    vec![Stop { title: t.t("stop-dispute"), text }]
}

fn who(t: &Texts, case: &CaseFile, seat: &Seat) -> Who {
    let certainty = seat.open.as_ref().map_or(MatchCertainty::Opened, |open| match open.certainty {
        seat::MatchCertainty::Opened => MatchCertainty::Opened,
        seat::MatchCertainty::Unique => MatchCertainty::Unique,
        seat::MatchCertainty::Chosen => MatchCertainty::Chosen,
        seat::MatchCertainty::Attached => MatchCertainty::Attached,
        seat::MatchCertainty::Dialled => MatchCertainty::Dialled,
    });
    let contact = case.contacts.first().map(|contact| match contact.role.as_str() {
        "" => contact.name.reveal().clone(),
        role => format!("{}, {role}", contact.name.reveal()),
    });
    Who {
        name: case.name.reveal().clone(),
        kind: if case.kind == "consumer" { DebtorKind::Consumer } else { DebtorKind::Business },
        reference: case.reference.clone(),
        creditor: case.creditor.clone(),
        language: t.t(&format!("spoken-{}", case.language)),
        certainty,
        contact,
    }
}

fn promise(t: &Texts, case: &CaseFile, today: NaiveDate) -> PromiseState {
    match &case.follow_up {
        Some(open) if open.kind == FollowUpKind::Promise => {
            let amount = t.euro(open.amount.unwrap_or_default().0);
            let (due, words) = (t.date(open.due_on, today), t.days_until(open.due_on, today));
            if open.due_on < today { PromiseState::Broken { amount, due, words } } else { PromiseState::Open { amount, due, words } }
        }
        _ => PromiseState::None,
    }
}

fn last_words(t: &Texts, office: &OfficeInfo, case: &CaseFile, today: NaiveDate) -> Option<LastWords> {
    let spoken = case.timeline.iter().find(|happened| happened.notes.is_some() && !matches!(happened.code.as_str(), "NA" | "BUSY" | "AM" | "LM"))?;
    let quote: String = spoken.notes.as_ref()?.reveal().chars().take(280).collect();
    Some(LastWords { quote, date: t.date(office.local(spoken.at).date(), today), agent: spoken.agent.reveal().clone() })
}

fn invoice_row(t: &Texts, invoice: &Invoice, case: &CaseFile, today: NaiveDate) -> InvoiceRow {
    let days_late = (today - invoice.due_on).num_days();
    let promised = case.follow_up.as_ref().is_some_and(|f| f.kind == FollowUpKind::Promise && f.due_on >= today);
    InvoiceRow {
        number: invoice.number.clone(),
        issued: t.short_date(invoice.issued_on, today),
        due: t.short_date(invoice.due_on, today),
        days_late,
        amount: t.euro(invoice.amount.0),
        open: t.euro(invoice.open.0),
        order_no: (!invoice.order_no.is_empty()).then(|| invoice.order_no.clone()),
        state: match (invoice.disputed, days_late > 0, promised) {
            (true, _, _) => InvoiceState::Disputed,
            (false, true, true) => InvoiceState::Promised,
            (false, true, false) => InvoiceState::Overdue,
            (false, false, _) => InvoiceState::Open,
        },
    }
}

fn contacts(case: &CaseFile) -> Vec<ContactRow> {
    let row = |number: &Number| NumberRow {
        value: number.number.to_string(),
        shown: numbers::display(number.number),
        state: match number.state.as_str() {
            "wrong" => NumberState::Wrong,
            "dead" => NumberState::Dead,
            _ => NumberState::Usable,
        },
    };
    let mut rows: Vec<ContactRow> = case
        .contacts
        .iter()
        .map(|contact| ContactRow {
            name: Some(contact.name.reveal().clone()),
            role: (!contact.role.is_empty()).then(|| contact.role.clone()),
            numbers: case.numbers.iter().filter(|number| number.contact == Some(contact.id)).map(row).collect(),
        })
        .collect();
    let general: Vec<NumberRow> = case.numbers.iter().filter(|number| number.contact.is_none()).map(row).collect();
    if !general.is_empty() {
        rows.push(ContactRow { name: None, role: None, numbers: general });
    }
    rows
}

fn timeline_row(t: &Texts, office: &OfficeInfo, happened: &Happened, playable: &[CallId], today: NaiveDate) -> TimelineRow {
    let outcome = t.t(&format!("outcome-{}", happened.code));
    let amount = happened.amount.map(|amount| t.euro(amount.0));
    let day = ["promise_date", "follow_up_on", "next_date", "reply_by", "paid_on"]
        .iter()
        .find_map(|field| happened.detail.get(field)?.as_str()?.parse().ok());
    let what = match (amount, day.map(|day: NaiveDate| t.date(day, today))) {
        (Some(amount), Some(day)) => format!("{outcome}: {amount}, {day}"),
        (Some(amount), None) => format!("{outcome}: {amount}"),
        (None, Some(day)) => format!("{outcome}: {day}"),
        (None, None) => outcome,
    };
    let what = match &happened.call {
        Some((direction, talked)) if *talked > 0 => {
            let key = if direction == "outbound" { "direction-outbound" } else { "direction-inbound" };
            format!("{what} · {} {}", t.t(key), t.duration_ms(talked / 1000))
        }
        _ => what,
    };
    TimelineRow {
        when: t.moment(office.local(happened.at), today),
        who: happened.agent.reveal().clone(),
        what,
        text: happened.notes.as_ref().map(|notes| notes.reveal().clone()),
        recording: happened.call_id.as_ref().filter(|call| playable.contains(call)).map(ToString::to_string),
    }
}
