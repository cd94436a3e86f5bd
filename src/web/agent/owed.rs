//! What the agent still owes: calls that are over and have no outcome, oldest first, each with the way to settle it.

use askama::Template;

use super::bar;
use crate::clock::Timestamp;
use crate::desk::seat::{DeskCall, Seat};
use crate::web::deps::OfficeInfo;
use crate::web::texts::Texts;

/// A call without an outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct OwedRow {
    pub call: String,
    pub who: String,
    pub sign: &'static str,
    /// When it ended: "10:04", or with the day when it was not today.
    pub when: String,
    /// How long they talked.
    pub talk: String,
    /// Its file; `None` when nobody knows yet whose it was.
    pub case: Option<String>,
    /// It is the one being settled.
    pub selected: bool,
}

/// The part `owed`; empty when nothing is owed but what is on the screen.
#[derive(Debug, Clone, Template)]
#[template(path = "agent/owed.html")]
pub struct OwedPart<'a> {
    pub t: &'static Texts,
    pub owed: &'a [OwedRow],
}

/// What is listed.
pub(super) fn owed(t: &Texts, office: &OfficeInfo, seat: &Seat, now: Timestamp) -> Vec<OwedRow> {
    let shown = seat.main_call().map(|call| &call.id);
    let open = seat.open.as_ref().map(|open| open.case);
    let on_screen = |call: &DeskCall| Some(&call.id) == shown && (call.case.is_none() || call.case == open);
    let owed: Vec<&DeskCall> = seat.owed().collect();
    if owed.iter().all(|call| on_screen(call)) {
        return Vec::new();
    }
    let today = office.local(now).date();
    let row = |call: &DeskCall| OwedRow {
        call: call.id.to_string(),
        who: bar::who(t, &office.plan, call),
        sign: bar::direction(call.direction).sign(),
        when: call.wrap_since.map_or_else(String::new, |since| t.moment(office.local(since), today)),
        talk: t.duration_ms(call.talk.micros(now) / 1000),
        case: call.case.map(|case| case.to_string()),
        selected: on_screen(call),
    };
    owed.into_iter().map(row).collect()
}
