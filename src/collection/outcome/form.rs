//! The agent's form, parsed once. The field `code` says which of the codes it is; what each asks is in outcomes.toml.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::clock::Timestamp;
use crate::collection::calendar::working_days_after;
use crate::collection::money::Cents;
use crate::ids::{ContactId, InvoiceId, PhoneNumber};
use crate::numbers::NumberPlan;

use super::code::OutcomeCode;
use super::detail::{AskedBy, DisputeReason, LeftWith, MessageKind, Outcome, OutcomeDetail, PaymentMethod};
use super::excuse::ExcuseCode;
use super::field::{FieldError, FieldReader, Problem};
use super::follow_up::follow_up_of;

/// What a form is held against: the time, and the case that the call was about.
#[derive(Debug, Clone)]
pub struct OutcomeContext<'a> {
    /// The present instant.
    pub now: Timestamp,
    /// Its date in the office's zone.
    pub today: NaiveDate,
    /// The office's zone, in which the agent writes times.
    pub zone: Tz,
    /// The dunning stage of the case.
    pub stage: i64,
    /// Every open invoice of the case, with what is open of it.
    pub open_invoices: Vec<(InvoiceId, Cents)>,
    /// The people at the debtor.
    pub contacts: Vec<ContactId>,
    /// The debtor's numbers.
    pub numbers: Vec<PhoneNumber>,
    /// How the office writes numbers.
    pub plan: &'a NumberPlan,
}

/// Most characters of the notes.
const NOTES_CHARS_MAX: usize = 20_000;
/// Most characters of a name or a reference.
const NAME_CHARS_MAX: usize = 200;
/// Most characters of a reason or an action.
const REASON_CHARS_MAX: usize = 2_000;
/// A single promise is for at most so many days ahead (domain notes 5).
const PROMISE_DAYS_MAX: u16 = 30;
/// The debtor has so many working days to look in the administration (advice 1.14).
const CHECK_WORKING_DAYS_MAX: u16 = 2;
/// Callbacks, replies and next actions later than this are typing errors or a way to be rid of the case.
const APPOINTMENT_DAYS_MAX: u16 = 60;
/// From this stage on a promise is not saved before the consequence was told (outcomes.toml PTP).
const CONSEQUENCE_STAGE: i64 = 2;
/// What TPC asks one of (advice 0.9).
const THIRD_PARTY_LEADS: &[&str] = &["direct_number", "callback_at", "reason"];

impl Outcome {
    /// Parses the form. Its fields: `code` and `notes` for every code, and for each code the fields that
    /// [`OutcomeDetail`] names (`left_with`, `message_kind`, `number`, `person_name`, `direct_number`, `callback_at`,
    /// `reason`, `asked_by`, `follow_up_on`, `promise_date`, `amount`, `method`, `contact_id`, `summary_confirmed`,
    /// `consequence_told`, `paid_on`, `reference`, `dispute_reason`, `invoice_ids`, `disputed_amount`, `owner`,
    /// `reply_by`, `excuse_code`, `next_action`, `next_date`). Fields of other codes are not looked at.
    ///
    /// # Errors
    /// Every field that is not right, each once; never an empty list.
    pub fn parse(form: &BTreeMap<String, String>, context: &OutcomeContext<'_>) -> Result<Self, Vec<FieldError>> {
        let mut read = FieldReader::new(form, context);
        let detail = read.choice("code", OutcomeCode::parse).and_then(|code| read_detail(code, &mut read));
        let notes = read.optional_text("notes", NOTES_CHARS_MAX);
        let errors = read.into_errors();
        match detail {
            Some(detail) if errors.is_empty() => {
                let follow_up = follow_up_of(&detail, context);
                Ok(Self { detail, notes, follow_up })
            }
            _ => Err(errors),
        }
    }
}

/// The detail that the code asks for; `None` when a problem was named.
fn read_detail(code: OutcomeCode, read: &mut FieldReader<'_>) -> Option<OutcomeDetail> {
    match code {
        OutcomeCode::Na => Some(OutcomeDetail::NoAnswer),
        OutcomeCode::Busy => Some(OutcomeDetail::Busy),
        OutcomeCode::Am => Some(OutcomeDetail::AnsweringMachine),
        OutcomeCode::Lm => {
            let left_with = read.choice("left_with", LeftWith::parse);
            let message_kind = read.choice("message_kind", MessageKind::parse);
            Some(OutcomeDetail::LeftMessage { left_with: left_with?, message_kind: message_kind? })
        }
        OutcomeCode::Wn => Some(OutcomeDetail::WrongNumber { number: read.known_number("number")? }),
        OutcomeCode::Tpc => third_party(read),
        OutcomeCode::Cb => {
            let at = read.time_within("callback_at", APPOINTMENT_DAYS_MAX);
            let asked_by = read.choice("asked_by", AskedBy::parse);
            let number = read.number("number");
            Some(OutcomeDetail::Callback { at: at?, asked_by: asked_by?, number: number? })
        }
        OutcomeCode::Chkadm => {
            let latest = working_days_after(read.context.today, CHECK_WORKING_DAYS_MAX);
            let follow_up_on = read.date_until("follow_up_on", CHECK_WORKING_DAYS_MAX, latest)?;
            Some(OutcomeDetail::ChecksAdministration { follow_up_on })
        }
        OutcomeCode::Ptp => promise(read),
        OutcomeCode::Paid => {
            let paid_on = read.past_date("paid_on");
            let amount = read.amount("amount", None);
            let reference = read.text("reference", NAME_CHARS_MAX);
            Some(OutcomeDetail::SaysPaid { paid_on: paid_on?, amount: amount?, reference: reference? })
        }
        OutcomeCode::Disp => dispute(read),
        OutcomeCode::Ref => {
            let reason = read.text("reason", REASON_CHARS_MAX);
            let told = read.must_be_ticked("consequence_told");
            told.and(Some(OutcomeDetail::Refuses { reason: reason? }))
        }
        OutcomeCode::Nocon => {
            let excuse = read.choice("excuse_code", ExcuseCode::parse);
            let next_action = read.text("next_action", REASON_CHARS_MAX);
            let next_date = read.date_within("next_date", APPOINTMENT_DAYS_MAX);
            Some(OutcomeDetail::NoCommitment { excuse: excuse?, next_action: next_action?, next_date: next_date? })
        }
    }
}

fn third_party(read: &mut FieldReader<'_>) -> Option<OutcomeDetail> {
    let person_name = read.text("person_name", NAME_CHARS_MAX);
    if !THIRD_PARTY_LEADS.iter().any(|field| read.is_filled(field)) {
        return read.refuse("direct_number", Problem::OneOf(THIRD_PARTY_LEADS));
    }
    let direct_number = if read.is_filled("direct_number") { read.number("direct_number") } else { None };
    let callback_at = if read.is_filled("callback_at") { read.time_within("callback_at", APPOINTMENT_DAYS_MAX) } else { None };
    let reason = read.optional_text("reason", REASON_CHARS_MAX);
    Some(OutcomeDetail::ThirdParty { person_name: person_name?, direct_number, callback_at, reason })
}

fn promise(read: &mut FieldReader<'_>) -> Option<OutcomeDetail> {
    let open = read.context.open_invoices.iter().map(|(_, open)| *open).sum();
    let promise_date = read.date_within("promise_date", PROMISE_DAYS_MAX);
    let amount = read.amount("amount", Some(open));
    let method = read.choice("method", PaymentMethod::parse);
    // Where no person is known, the debtor promises.
    let contact = if read.context.contacts.is_empty() { Some(None) } else { read.contact("contact_id").map(Some) };
    let confirmed = read.must_be_ticked("summary_confirmed");
    let consequence_told = read.is_ticked("consequence_told");
    if !consequence_told && read.context.stage >= CONSEQUENCE_STAGE {
        return read.refuse("consequence_told", Problem::MustBeTicked);
    }
    confirmed?;
    Some(OutcomeDetail::Promise { promise_date: promise_date?, amount: amount?, method: method?, contact: contact?, consequence_told })
}

fn dispute(read: &mut FieldReader<'_>) -> Option<OutcomeDetail> {
    let reason = read.choice("dispute_reason", DisputeReason::parse);
    let invoices = read.invoices("invoice_ids");
    let amount = read.amount("disputed_amount", invoices.as_ref().map(|(_, open)| *open));
    let owner = read.text("owner", NAME_CHARS_MAX);
    let reply_by = read.date_within("reply_by", APPOINTMENT_DAYS_MAX);
    Some(OutcomeDetail::Dispute { reason: reason?, invoices: invoices?.0, amount: amount?, owner: owner?, reply_by: reply_by? })
}

#[cfg(test)]
mod tests {
    use super::super::{Due, FollowUp, FollowUpKind};
    use super::*;
    use chrono::TimeZone;
    use proptest::prelude::*;
    use serde_json::json;

    fn plan() -> NumberPlan {
        NumberPlan::new("NL", &["1XX"], None).unwrap()
    }

    fn amsterdam(text: &str) -> Timestamp {
        let local = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap();
        Timestamp(chrono_tz::Europe::Amsterdam.from_local_datetime(&local).unwrap().timestamp_micros())
    }

    fn number() -> PhoneNumber {
        PhoneNumber::parse_e164("+447700900123").unwrap()
    }

    /// Thursday 26 November 2026, ten in the morning.
    fn context(plan: &NumberPlan) -> OutcomeContext<'_> {
        OutcomeContext {
            now: amsterdam("2026-11-26T10:00"),
            today: day("2026-11-26"),
            zone: chrono_tz::Europe::Amsterdam,
            stage: 1,
            open_invoices: vec![(InvoiceId(1), Cents(10_000)), (InvoiceId(2), Cents(5_050))],
            contacts: vec![ContactId(7)],
            numbers: vec![number()],
            plan,
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn form(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
        fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn parse(fields: &[(&str, &str)]) -> Result<Outcome, Vec<FieldError>> {
        Outcome::parse(&form(fields), &context(&plan()))
    }

    fn error(field: &'static str, problem: Problem) -> FieldError {
        FieldError { field, problem }
    }

    /// The least valid form parses; without any one field but the code it names that field; with a `breach` in its
    /// place, it names the breach.
    fn holds(least: &[(&'static str, &str)], breaches: &[(&'static str, &str, Problem)]) -> Outcome {
        let outcome = parse(least).unwrap();
        assert_eq!(outcome.code().as_str(), least[0].1);
        for (field, _) in &least[1..] {
            let without: Vec<_> = least.iter().copied().filter(|(f, _)| f != field).collect();
            let errors = parse(&without).unwrap_err();
            assert_eq!(errors.len(), 1, "{errors:?}");
            assert_eq!(errors[0].field, *field);
            assert!(matches!(errors[0].problem, Problem::Missing | Problem::MustBeTicked | Problem::OneOf(_)), "{errors:?}");
            let mut blank = form(&without);
            blank.insert((*field).to_owned(), " \u{0}\t ".to_owned());
            assert_eq!(Outcome::parse(&blank, &context(&plan())), Err(errors));
        }
        for (field, text, problem) in breaches {
            let with: Vec<_> = least.iter().map(|(f, v)| if f == field { (*f, *text) } else { (*f, *v) }).collect();
            assert_eq!(parse(&with), Err(vec![error(field, problem.clone())]), "{field}={text}");
        }
        let only_code = parse(&least[..1]);
        assert_eq!(only_code.map_err(|errors| errors.len()).err().unwrap_or(0), least.len() - 1, "all at once");
        outcome
    }

    fn work(kind: FollowUpKind, due: Due) -> Option<FollowUp> {
        Some(FollowUp { kind, due, amount: None, number: None })
    }

    #[test]
    fn a_form_without_a_known_code_is_refused() {
        assert_eq!(parse(&[]), Err(vec![error("code", Problem::Missing)]));
        assert_eq!(parse(&[("code", "ptp")]), Err(vec![error("code", Problem::UnknownChoice)]));
    }

    #[test]
    fn na_and_am_are_tried_again_at_the_other_daypart() {
        for code in ["NA", "AM"] {
            let outcome = holds(&[("code", code)], &[]);
            assert_eq!(outcome.follow_up(), work(FollowUpKind::Retry, Due::At(amsterdam("2026-11-26T14:00"))));
            assert_eq!(outcome.detail_json(), json!({"code": code}));
        }
        let plan = plan();
        let friday_afternoon = OutcomeContext { now: amsterdam("2026-11-27T15:00"), today: day("2026-11-27"), ..context(&plan) };
        let outcome = Outcome::parse(&form(&[("code", "NA")]), &friday_afternoon).unwrap();
        assert_eq!(outcome.follow_up(), work(FollowUpKind::Retry, Due::At(amsterdam("2026-11-30T10:00"))));
    }

    #[test]
    fn busy_is_tried_again_in_half_an_hour() {
        let outcome = holds(&[("code", "BUSY")], &[]);
        assert_eq!(outcome.follow_up(), work(FollowUpKind::Retry, Due::At(amsterdam("2026-11-26T10:30"))));
    }

    #[test]
    fn lm() {
        let least = [("code", "LM"), ("left_with", "voicemail"), ("message_kind", "neutral_callback")];
        let outcome = holds(&least, &[("left_with", "dog", Problem::UnknownChoice), ("message_kind", "the debt", Problem::UnknownChoice)]);
        assert_eq!(outcome.follow_up(), work(FollowUpKind::Retry, Due::On(day("2026-11-30"))));
        assert_eq!(outcome.detail_json(), json!({"code": "LM", "left_with": "voicemail", "message_kind": "neutral_callback"}));
    }

    #[test]
    fn wn() {
        let outcome = holds(
            &[("code", "WN"), ("number", "+447700900123")],
            &[
                ("number", "+447700900124", Problem::UnknownChoice),
                ("number", "101", Problem::NotANumber),
                ("number", "anonymous", Problem::NotANumber),
            ],
        );
        assert_eq!(outcome.follow_up(), work(FollowUpKind::NextAction, Due::On(day("2026-11-27"))));
        assert_eq!(outcome.detail_json(), json!({"code": "WN"}), "the ledger keeps no number");
        assert_eq!(outcome.personal_texts(), [("number", "+447700900123".to_owned())]);
    }

    #[test]
    fn tpc_asks_for_a_name_and_one_lead() {
        let outcome = holds(
            &[("code", "TPC"), ("person_name", "A. Visser"), ("direct_number", "+44 7700 900124")],
            &[("direct_number", "101", Problem::NotANumber)],
        );
        let second = PhoneNumber::parse_e164("+447700900124").unwrap();
        let expected = FollowUp { number: Some(second), ..work(FollowUpKind::NextAction, Due::On(day("2026-11-27"))).unwrap() };
        assert_eq!(outcome.follow_up(), Some(expected));
        assert!(!outcome.detail_json().to_string().contains("7700"));

        let timed = parse(&[("code", "TPC"), ("person_name", "A"), ("callback_at", "2026-11-27T09:30")]).unwrap();
        assert_eq!(timed.follow_up(), work(FollowUpKind::Callback, Due::At(amsterdam("2026-11-27T09:30"))));
        let reasoned = parse(&[("code", "TPC"), ("person_name", "A"), ("reason", "on leave")]).unwrap();
        assert_eq!(reasoned.follow_up(), work(FollowUpKind::Retry, Due::On(day("2026-11-27"))));
        assert_eq!(reasoned.personal_texts(), [("person_name", "A".to_owned()), ("reason", "on leave".to_owned())]);

        let none = parse(&[("code", "TPC")]);
        let one_of = Problem::OneOf(&["direct_number", "callback_at", "reason"]);
        assert_eq!(none, Err(vec![error("person_name", Problem::Missing), error("direct_number", one_of)]));
        let both_bad = parse(&[("code", "TPC"), ("person_name", "A"), ("direct_number", "x"), ("callback_at", "x")]);
        assert_eq!(both_bad, Err(vec![error("direct_number", Problem::NotANumber), error("callback_at", Problem::NotADate)]));
    }

    #[test]
    fn cb() {
        let far = Problem::TooFarAhead { days: 60, latest: day("2027-01-25") };
        let outcome = holds(
            &[("code", "CB"), ("callback_at", "2026-11-26T14:30"), ("asked_by", "debtor"), ("number", "+447700900123")],
            &[
                ("callback_at", "2026-11-26T10:00", Problem::InThePast),
                ("callback_at", "2026-11-25T14:30", Problem::InThePast),
                ("callback_at", "2027-01-26T09:00", far),
                ("callback_at", "2026-11-26", Problem::NotADate),
                ("callback_at", "next week", Problem::NotADate),
                ("callback_at", "2026-11-26T25:00", Problem::NotADate),
                ("asked_by", "boss", Problem::UnknownChoice),
                ("number", "300&Local/9", Problem::NotANumber),
            ],
        );
        let expected = FollowUp { number: Some(number()), ..work(FollowUpKind::Callback, Due::At(amsterdam("2026-11-26T14:30"))).unwrap() };
        assert_eq!(outcome.follow_up(), Some(expected));
        assert_eq!(outcome.detail_json()["callback_at"], amsterdam("2026-11-26T14:30").0);
    }

    #[test]
    fn the_clock_that_goes_forward_skips_an_hour_and_the_one_that_goes_back_gives_the_earlier() {
        let plan = plan();
        let march = OutcomeContext { now: amsterdam("2026-03-20T10:00"), today: day("2026-03-20"), ..context(&plan) };
        let callback = |at| form(&[("code", "CB"), ("callback_at", at), ("asked_by", "agent"), ("number", "+447700900123")]);
        let skipped = Outcome::parse(&callback("2026-03-29T02:30"), &march);
        assert_eq!(skipped, Err(vec![error("callback_at", Problem::NoSuchTime)]));
        let october = OutcomeContext { now: amsterdam("2026-10-20T10:00"), today: day("2026-10-20"), ..context(&plan) };
        let twice = Outcome::parse(&callback("2026-10-25T02:30"), &october).unwrap();
        assert_eq!(twice.detail_json()["callback_at"], amsterdam("2026-10-25T01:30").0 + 3_600_000_000);
    }

    #[test]
    fn chkadm_gives_the_debtor_two_working_days() {
        let far = Problem::TooFarAhead { days: 2, latest: day("2026-11-30") };
        let outcome = holds(
            &[("code", "CHKADM"), ("follow_up_on", "2026-11-30")],
            &[
                ("follow_up_on", "2026-12-01", far),
                ("follow_up_on", "2026-11-25", Problem::InThePast),
                ("follow_up_on", "26-11-2026", Problem::NotADate),
                ("follow_up_on", "0206-11-26", Problem::NotADate),
            ],
        );
        assert_eq!(outcome.follow_up(), work(FollowUpKind::Check, Due::On(day("2026-11-30"))));
        let saturday = parse(&[("code", "CHKADM"), ("follow_up_on", "2026-11-28")]).unwrap();
        assert_eq!(saturday.follow_up(), work(FollowUpKind::Check, Due::On(day("2026-11-30"))), "moved on to Monday");
    }

    const PROMISE: [(&str, &str); 6] = [
        ("code", "PTP"),
        ("promise_date", "2026-12-26"),
        ("amount", "150,50"),
        ("method", "transfer"),
        ("contact_id", "7"),
        ("summary_confirmed", "on"),
    ];

    #[test]
    fn ptp() {
        let outcome = holds(
            &PROMISE,
            &[
                ("promise_date", "2026-11-25", Problem::InThePast),
                ("promise_date", "2026-12-27", Problem::TooFarAhead { days: 30, latest: day("2026-12-26") }),
                ("promise_date", "soon", Problem::NotADate),
                ("amount", "150,51", Problem::MoreThanOpen { open: Cents(15_050) }),
                ("amount", "0", Problem::NotPositive),
                ("amount", "-1", Problem::NotPositive),
                ("amount", "all", Problem::NotAnAmount),
                ("method", "cash", Problem::UnknownChoice),
                ("contact_id", "8", Problem::UnknownChoice),
                ("contact_id", "x", Problem::UnknownChoice),
                ("summary_confirmed", "off", Problem::MustBeTicked),
            ],
        );
        assert_eq!(outcome.amount(), Some(Cents(15_050)));
        let expected = FollowUp { amount: Some(Cents(15_050)), ..work(FollowUpKind::Promise, Due::On(day("2026-12-28"))).unwrap() };
        assert_eq!(outcome.follow_up(), Some(expected), "the 26th is a holiday and a Saturday");
        assert_eq!(
            outcome.detail_json(),
            json!({"code": "PTP", "promise_date": "2026-12-26", "amount_cents": 15_050, "method": "transfer",
                   "contact_id": 7, "summary_confirmed": true, "consequence_told": false})
        );
    }

    #[test]
    fn ptp_asks_from_stage_two_on_whether_the_consequence_was_told() {
        let plan = plan();
        let stage_two = OutcomeContext { stage: 2, ..context(&plan) };
        let mut promise = form(&PROMISE);
        let missing = Err(vec![error("consequence_told", Problem::MustBeTicked)]);
        assert_eq!(Outcome::parse(&promise, &stage_two), missing);
        promise.insert("consequence_told".to_owned(), "on".to_owned());
        assert_eq!(Outcome::parse(&promise, &stage_two).unwrap().detail_json()["consequence_told"], true);
    }

    #[test]
    fn paid() {
        let outcome = holds(
            &[("code", "PAID"), ("paid_on", "2026-11-26"), ("amount", "1.000"), ("reference", "F-2026-17")],
            &[
                ("paid_on", "2026-11-27", Problem::InTheFuture),
                ("paid_on", "yesterday", Problem::NotADate),
                ("amount", "0,00", Problem::NotPositive),
                ("amount", "1,2,3", Problem::NotAnAmount),
            ],
        );
        let expected = FollowUp { amount: Some(Cents(100_000)), ..work(FollowUpKind::VerifyPayment, Due::On(day("2026-11-30"))).unwrap() };
        assert_eq!(outcome.follow_up(), Some(expected), "three days on is a Sunday");
        assert_eq!(outcome.personal_texts(), [("reference", "F-2026-17".to_owned())]);
    }

    #[test]
    fn disp() {
        let least = [
            ("code", "DISP"),
            ("dispute_reason", "price"),
            ("invoice_ids", "2"),
            ("disputed_amount", "50,50"),
            ("owner", "Sales"),
            ("reply_by", "2026-11-28"),
        ];
        let outcome = holds(
            &least,
            &[
                ("dispute_reason", "mood", Problem::UnknownChoice),
                ("invoice_ids", "3", Problem::UnknownChoice),
                ("invoice_ids", "2;1", Problem::UnknownChoice),
                ("invoice_ids", " , ,", Problem::Missing),
                ("disputed_amount", "50,51", Problem::MoreThanOpen { open: Cents(5_050) }),
                ("disputed_amount", "0", Problem::NotPositive),
                ("reply_by", "2026-11-25", Problem::InThePast),
                ("reply_by", "2027-11-25", Problem::TooFarAhead { days: 60, latest: day("2027-01-25") }),
            ],
        );
        let expected = FollowUp { amount: Some(Cents(5_050)), ..work(FollowUpKind::DisputeReply, Due::On(day("2026-11-30"))).unwrap() };
        assert_eq!(outcome.follow_up(), Some(expected));
        let mut both = form(&least);
        both.insert("invoice_ids".to_owned(), "2, 1,2".to_owned());
        both.insert("disputed_amount".to_owned(), "150,50".to_owned());
        let outcome = Outcome::parse(&both, &context(&plan())).unwrap();
        assert_eq!(outcome.detail_json()["invoice_ids"], json!([1, 2]));
        assert_eq!(outcome.personal_texts(), [("owner", "Sales".to_owned())]);
    }

    #[test]
    fn ref_() {
        let outcome = holds(
            &[("code", "REF"), ("reason", "Never ordered it"), ("consequence_told", "on")],
            &[("reason", &"x".repeat(2_001), Problem::TooLong { max: 2_000 })],
        );
        assert_eq!(outcome.follow_up(), work(FollowUpKind::NextAction, Due::On(day("2026-11-27"))));
        assert_eq!(outcome.detail_json(), json!({"code": "REF", "consequence_told": true}));
    }

    #[test]
    fn nocon() {
        let outcome = holds(
            &[("code", "NOCON"), ("excuse_code", "PAYRUN"), ("next_action", "Ask for the run"), ("next_date", "2026-12-01")],
            &[
                ("excuse_code", "WEATHER", Problem::UnknownChoice),
                ("next_date", "2026-11-25", Problem::InThePast),
                ("next_date", "2027-01-26", Problem::TooFarAhead { days: 60, latest: day("2027-01-25") }),
            ],
        );
        assert_eq!(outcome.follow_up(), work(FollowUpKind::NextAction, Due::On(day("2026-12-01"))));
        assert_eq!(outcome.detail_json(), json!({"code": "NOCON", "excuse_code": "PAYRUN", "next_date": "2026-12-01"}));
    }

    #[test]
    fn notes_are_kept_with_their_lines_and_without_control_characters() {
        let outcome = parse(&[("code", "NA"), ("notes", " one\ntwo\u{0}\u{7} ")]).unwrap();
        assert_eq!(outcome.personal_texts(), [("notes", "one\ntwo".to_owned())]);
        assert_eq!(format!("{:?}", outcome.notes()), "Some([personal])");
        assert!(parse(&[("code", "NA"), ("notes", &"é".repeat(20_000))]).is_ok());
        let long = parse(&[("code", "NA"), ("notes", &"é".repeat(20_001))]);
        assert_eq!(long, Err(vec![error("notes", Problem::TooLong { max: 20_000 })]));
    }

    #[test]
    fn nothing_that_a_person_said_is_in_the_debug_form_or_the_ledger() {
        let secret = "Zebedeus";
        for fields in [
            vec![("code", "TPC"), ("person_name", secret), ("reason", secret)],
            vec![("code", "REF"), ("reason", secret), ("consequence_told", "on")],
            vec![("code", "PAID"), ("paid_on", "2026-11-26"), ("amount", "1"), ("reference", secret)],
            vec![("code", "NOCON"), ("excuse_code", "PAYRUN"), ("next_action", secret), ("next_date", "2026-12-01")],
            vec![("code", "NA"), ("notes", secret)],
        ] {
            let outcome = parse(&fields).unwrap();
            assert!(!format!("{outcome:?}{}", outcome.detail_json()).contains(secret));
            assert!(outcome.personal_texts().iter().any(|(_, text)| text == secret));
        }
    }

    const FIELDS: [&str; 26] = [
        "notes",
        "left_with",
        "message_kind",
        "number",
        "person_name",
        "direct_number",
        "callback_at",
        "reason",
        "asked_by",
        "follow_up_on",
        "promise_date",
        "amount",
        "method",
        "contact_id",
        "summary_confirmed",
        "consequence_told",
        "paid_on",
        "reference",
        "dispute_reason",
        "invoice_ids",
        "disputed_amount",
        "owner",
        "reply_by",
        "excuse_code",
        "next_action",
        "next_date",
    ];

    proptest! {
        #[test]
        fn any_form_is_parsed_or_refused(
            code in proptest::sample::select(OutcomeCode::ALL),
            values in proptest::collection::vec("(on|1|2|7|1,2|\\PC{0,12}|20[0-9]{2}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-9]{2})?|[0-9]{1,12},[0-9]{2}|\\+?[0-9]{1,16})", 26),
            now in any::<i64>(),
            days in any::<i32>(),
        ) {
            let plan = plan();
            let today = NaiveDate::from_num_days_from_ce_opt(days).unwrap_or(NaiveDate::MAX);
            let at_some_time = OutcomeContext { now: Timestamp(now), today, ..context(&plan) };
            let mut form: BTreeMap<String, String> = FIELDS.iter().map(|f| (*f).to_owned()).zip(values).collect();
            form.insert("code".to_owned(), code.as_str().to_owned());
            for context in [context(&plan), at_some_time] {
                match Outcome::parse(&form, &context) {
                    Ok(outcome) => prop_assert_eq!(outcome.code(), code),
                    Err(errors) => prop_assert!(!errors.is_empty()),
                }
            }
        }

        #[test]
        fn arbitrary_maps_never_panic(form in proptest::collection::btree_map(".{0,20}", ".{0,40}", 0..20)) {
            prop_assert!(Outcome::parse(&form, &context(&plan())).is_err());
        }
    }

    #[test]
    fn where_no_person_is_known_the_debtor_promises() {
        let plan = NumberPlan::new("NL", &[], None).unwrap();
        let nobody = OutcomeContext { contacts: Vec::new(), ..context(&plan) };
        let mut form = form(&PROMISE);
        form.remove("contact_id");
        assert!(Outcome::parse(&form, &nobody).is_ok());
        assert!(Outcome::parse(&form, &context(&plan)).is_err());
    }
}
