//! Who to call next, and why: a pure order over what the store knows of the open cases.

use chrono::NaiveDate;

use crate::clock::Timestamp;
use crate::collection::money::Cents;
use crate::collection::outcome::FollowUpKind;
use crate::ids::CaseId;
use crate::personal::Personal;

/// An open case as the order looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCase {
    /// The case.
    pub case: CaseId,
    /// The debtor's name.
    pub name: Personal<String>,
    /// What is overdue.
    pub overdue: Cents,
    /// The oldest due date.
    pub oldest_due: NaiveDate,
    /// Something was agreed and its day has come: a callback, a promise, a check.
    pub follow_up: Option<FollowUpDue>,
    /// Somebody tried to reach the debtor.
    pub last_attempt: Option<NaiveDate>,
}

/// What was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowUpDue {
    /// What.
    pub kind: FollowUpKind,
    /// For which day.
    pub due: NaiveDate,
    /// From which instant on, where one was agreed.
    pub at: Option<Timestamp>,
}

/// Why a case is on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Something agreed is due; days since its day.
    FollowUp(FollowUpKind, i64),
    /// Nobody called yet (0.15: the sooner raised, the sooner paid); days overdue.
    NeverCalled(i64),
    /// It is still open; days overdue.
    StillOpen(i64),
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkItem {
    /// The case.
    pub case: OpenCase,
    /// Why it stands here.
    pub why: Why,
}

/// The list for today: what was agreed first, then what was never called, then the rest; the larger amount first.
/// A case that waits for an agreed later day or hour, or was tried today without one, is not on it.
#[must_use]
pub fn order(now: Timestamp, today: NaiveDate, cases: Vec<OpenCase>) -> Vec<WorkItem> {
    let mut items: Vec<WorkItem> = cases.into_iter().filter_map(|case| why(now, today, &case).map(|why| WorkItem { case, why })).collect();
    items.sort_by_key(|item| (rank(item.why), std::cmp::Reverse(item.case.overdue), item.case.case));
    items
}

fn why(now: Timestamp, today: NaiveDate, case: &OpenCase) -> Option<Why> {
    let days = |from: NaiveDate| (today - from).num_days();
    match case.follow_up {
        // A promise may be kept until its day is over.
        Some(follow_up) if follow_up.kind == FollowUpKind::Promise && follow_up.due >= today => None,
        Some(follow_up) if follow_up.due > today || follow_up.at.is_some_and(|at| at > now) => None,
        Some(follow_up) => Some(Why::FollowUp(follow_up.kind, days(follow_up.due))),
        None if case.oldest_due >= today || case.overdue <= Cents(0) => None,
        None if case.last_attempt == Some(today) => None,
        None if case.last_attempt.is_none() => Some(Why::NeverCalled(days(case.oldest_due))),
        None => Some(Why::StillOpen(days(case.oldest_due))),
    }
}

const fn rank(why: Why) -> (u8, u8) {
    match why {
        Why::FollowUp(FollowUpKind::Callback, _) => (0, 0),
        Why::FollowUp(FollowUpKind::Promise, _) => (0, 1),
        Why::FollowUp(FollowUpKind::DisputeReply, _) => (0, 2),
        Why::FollowUp(FollowUpKind::VerifyPayment, _) => (0, 3),
        Why::FollowUp(FollowUpKind::Check, _) => (0, 4),
        Why::FollowUp(FollowUpKind::NextAction, _) => (0, 5),
        Why::NeverCalled(_) => (1, 0),
        Why::StillOpen(_) | Why::FollowUp(FollowUpKind::Retry, _) => (2, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, d).unwrap()
    }

    fn case(id: i64, euros: i64) -> OpenCase {
        OpenCase {
            case: CaseId(id),
            name: "Debtor".to_owned().into(),
            overdue: Cents(euros * 100),
            oldest_due: day(1),
            follow_up: None,
            last_attempt: None,
        }
    }

    fn ids(cases: Vec<OpenCase>) -> Vec<i64> {
        order(Timestamp(1_000), day(23), cases).iter().map(|item| item.case.case.0).collect()
    }

    #[test]
    fn what_was_agreed_comes_first_then_the_never_called_by_amount() {
        let callback = OpenCase { follow_up: Some(FollowUpDue { kind: FollowUpKind::Callback, due: day(23), at: None }), ..case(1, 10) };
        let broken = OpenCase { follow_up: Some(FollowUpDue { kind: FollowUpKind::Promise, due: day(20), at: None }), ..case(2, 10) };
        let tried = OpenCase { last_attempt: Some(day(20)), ..case(3, 9000) };
        assert_eq!(ids(vec![tried, case(4, 500), case(5, 700), broken, callback]), [1, 2, 5, 4, 3]);
    }

    #[test]
    fn a_case_that_waits_is_not_offered() {
        let promised = OpenCase { follow_up: Some(FollowUpDue { kind: FollowUpKind::Promise, due: day(23), at: None }), ..case(1, 10) };
        let later = OpenCase { follow_up: Some(FollowUpDue { kind: FollowUpKind::Callback, due: day(24), at: None }), ..case(2, 10) };
        let this_afternoon =
            OpenCase { follow_up: Some(FollowUpDue { kind: FollowUpKind::Callback, due: day(23), at: Some(Timestamp(2_000)) }), ..case(6, 10) };
        let tried_today = OpenCase { last_attempt: Some(day(23)), ..case(3, 10) };
        let not_due = OpenCase { oldest_due: day(23), ..case(4, 10) };
        assert!(ids(vec![promised, later, this_afternoon, tried_today, not_due, case(5, 0)]).is_empty());
    }

    #[test]
    fn a_callback_of_today_is_offered_when_its_hour_has_come_though_it_was_tried_today() {
        let follow_up = Some(FollowUpDue { kind: FollowUpKind::Callback, due: day(23), at: Some(Timestamp(1_000)) });
        assert_eq!(ids(vec![OpenCase { follow_up, last_attempt: Some(day(23)), ..case(1, 10) }]), [1]);
    }
}
