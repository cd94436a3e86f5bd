//! The parts of the desk, each made by itself, for the page and for the live patches.

use crate::clock::Timestamp;
use crate::collection::outcome::FollowUpKind;
use crate::desk::seat::{Lock, Seat};
use crate::desk::worklist::{Why, WorkItem};
use crate::store::error::StoreError;
use crate::web::agent::file::File;
use crate::web::agent::form::{Conversation, Reading};
use crate::web::agent::{file_view, order, talk_view, view};
use crate::web::deps::Deps;
use crate::web::texts::Texts;

/// Lines of the work list that are shown.
const WORKLIST_SHOWN: usize = 40;

/// The open file, and what stands beside it: the conversation, or in its place who works in the file.
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) conversation: Option<Conversation>,
    pub(super) reading: Option<Reading>,
}

/// The open file.
pub(super) async fn open_file(deps: &Deps, t: &Texts, seat: &Seat, now: Timestamp) -> Result<Option<Opened>, StoreError> {
    let Some(open) = &seat.open else { return Ok(None) };
    let Some(case) = deps.store.case_file(open.case).await? else { return Ok(None) };
    let playable = deps.store.own_recordings(seat.profile.agent, open.case).await?;
    let file = file_view::file(t, &deps.office, &case, seat, &playable, deps.office.local(now).date());
    if let Lock::Other(holder) = &open.lock {
        // While the phone rings for a call that a colleague hands over, the colleague's notes can be read.
        let is_given = open.given_by.as_ref() == Some(&holder.name);
        let draft = deps.store.draft(if is_given { holder.agent } else { seat.profile.agent }, open.case).await?;
        let reading = Some(talk_view::reading(t, &deps.office, open, holder, draft, is_given));
        return Ok(Some(Opened { file, conversation: None, reading }));
    }
    let draft = deps.store.draft(seat.profile.agent, open.case).await?;
    let conversation = Some(talk_view::conversation(t, &deps.office, &case, seat, draft, now));
    Ok(Some(Opened { file, conversation, reading: None }))
}

/// The work list.
pub(super) async fn worklist(deps: &Deps, t: &Texts, seat: &Seat) -> Result<view::Worklist, StoreError> {
    let (_, today) = deps.now();
    let items = order::order(deps).await?;
    let selected = seat.open.as_ref().map(|open| open.case);
    let more = items.len().saturating_sub(WORKLIST_SHOWN);
    let row = |item: &WorkItem| view::WorkItem {
        case: item.case.case.to_string(),
        name: item.case.name.reveal().clone(),
        why: why(t, item.why),
        amount: t.euro(item.case.overdue.0),
        days: (today - item.case.oldest_due).num_days(),
        selected: selected == Some(item.case.case),
    };
    Ok(view::Worklist { items: items.iter().take(WORKLIST_SHOWN).map(row).collect(), more: i64::try_from(more).unwrap_or(0) })
}

fn why(t: &Texts, why: Why) -> String {
    match why {
        Why::FollowUp(FollowUpKind::Promise, days) => t.n("why-promise-broken", days),
        Why::FollowUp(kind, 0) => t.t(&format!("why-{}-today", kind.as_str().replace('_', "-"))),
        Why::FollowUp(kind, days) => t.n(&format!("why-{}-late", kind.as_str().replace('_', "-")), days),
        Why::NeverCalled(_) => t.t("why-never-called"),
        Why::StillOpen(_) => t.t("why-still-open"),
    }
}
