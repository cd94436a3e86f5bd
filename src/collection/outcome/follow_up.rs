//! What an outcome sets in motion (outcomes.toml, `next`).

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike};
use chrono_tz::Tz;

use crate::clock::Timestamp;
use crate::collection::calendar::{is_working_day, working_day_from, working_days_after};
use crate::collection::money::Cents;
use crate::ids::PhoneNumber;

use super::detail::OutcomeDetail;
use super::form::OutcomeContext;

choice! {
    /// What kind of work waits.
    FollowUpKind {
        /// Call at the time that was agreed (CB, TPC with a time).
        Callback = "callback",
        /// See whether a promise was kept (PTP).
        Promise = "promise",
        /// Call to hear what the debtor found (CHKADM).
        Check = "check",
        /// Look for a payment in the bank's statements; dunning rests until then (PAID).
        VerifyPayment = "verify_payment",
        /// The owner's answer to a dispute (DISP).
        DisputeReply = "dispute_reply",
        /// What the agent or the code says (NOCON, REF, WN, TPC with a direct number).
        NextAction = "next_action",
        /// Call again (NA, BUSY, AM, LM, TPC with a reason only).
        Retry = "retry",
    }
}

/// When work is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Due {
    /// On a working day of the office.
    On(NaiveDate),
    /// At an instant; before it nobody needs to look.
    At(Timestamp),
}

/// One piece of work that an outcome leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    /// What.
    pub kind: FollowUpKind,
    /// When. A date has been moved on to a working day; an instant is as agreed, and the contact policy has its say.
    pub due: Due,
    /// The amount promised, said to be paid or disputed.
    pub amount: Option<Cents>,
    /// The number to call, when another than the first.
    pub number: Option<PhoneNumber>,
}

/// An engaged line is tried again after this (outcomes.toml BUSY).
const BUSY_RETRY_SECONDS: i64 = 30 * 60;
/// A message is followed up after so many working days (outcomes.toml LM).
const MESSAGE_WORKING_DAYS: u16 = 2;
/// Dunning rests so many days for a payment that is said to be made (outcomes.toml PAID).
const VERIFY_PAYMENT_DAYS: u64 = 3;
/// Hours of the other daypart, at which an unanswered call is tried again.
const MORNING_RETRY_HOUR: u32 = 10;
const AFTERNOON_RETRY_HOUR: u32 = 14;

/// The work that the detail leaves when it is recorded in this context.
pub(super) fn follow_up_of(detail: &OutcomeDetail, context: &OutcomeContext<'_>) -> FollowUp {
    let next_working_day = Due::On(working_days_after(context.today, 1));
    let of = |kind, due| FollowUp { kind, due, amount: detail.amount(), number: None };
    let on = |date| Due::On(working_day_from(date));
    match detail {
        OutcomeDetail::NoAnswer | OutcomeDetail::AnsweringMachine => of(FollowUpKind::Retry, other_daypart(context)),
        OutcomeDetail::Busy => of(FollowUpKind::Retry, Due::At(context.now.plus_seconds(BUSY_RETRY_SECONDS))),
        OutcomeDetail::LeftMessage { .. } => of(FollowUpKind::Retry, Due::On(working_days_after(context.today, MESSAGE_WORKING_DAYS))),
        OutcomeDetail::WrongNumber { .. } | OutcomeDetail::Refuses { .. } => of(FollowUpKind::NextAction, next_working_day),
        OutcomeDetail::ThirdParty { direct_number, callback_at, .. } => {
            let (kind, due) = match (callback_at, direct_number) {
                (Some(at), _) => (FollowUpKind::Callback, Due::At(*at)),
                (None, Some(_)) => (FollowUpKind::NextAction, next_working_day),
                (None, None) => (FollowUpKind::Retry, next_working_day),
            };
            FollowUp { number: *direct_number, ..of(kind, due) }
        }
        OutcomeDetail::Callback { at, number, .. } => FollowUp { number: Some(*number), ..of(FollowUpKind::Callback, Due::At(*at)) },
        OutcomeDetail::ChecksAdministration { follow_up_on } => of(FollowUpKind::Check, on(*follow_up_on)),
        OutcomeDetail::Promise { promise_date, .. } => of(FollowUpKind::Promise, on(*promise_date)),
        OutcomeDetail::SaysPaid { .. } => {
            let rested = context.today.checked_add_days(Days::new(VERIFY_PAYMENT_DAYS)).unwrap_or(context.today);
            of(FollowUpKind::VerifyPayment, on(rested))
        }
        OutcomeDetail::Dispute { reply_by, .. } => of(FollowUpKind::DisputeReply, on(*reply_by)),
        OutcomeDetail::NoCommitment { next_date, .. } => of(FollowUpKind::NextAction, on(*next_date)),
    }
}

/// After a call in the morning of a working day the afternoon, otherwise the morning of the next working day.
fn other_daypart(context: &OutcomeContext<'_>) -> Due {
    let local_hour = context.now.utc().with_timezone(&context.zone).hour();
    let (date, hour) = if local_hour < 12 && is_working_day(context.today) {
        (context.today, AFTERNOON_RETRY_HOUR)
    } else {
        (working_days_after(context.today, 1), MORNING_RETRY_HOUR)
    };
    let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
    instant_of(date.and_time(time), context.zone).map_or(Due::On(date), Due::At)
}

/// The instant of a wall clock; the earlier one when the clock goes back and shows it twice, none when the clock goes
/// forward and skips it.
pub(super) fn instant_of(local: NaiveDateTime, zone: Tz) -> Option<Timestamp> {
    zone.from_local_datetime(&local).earliest().map(|instant| Timestamp(instant.timestamp_micros()))
}
