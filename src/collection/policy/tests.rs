//! The gate by its rules. Each flow holds with the rule, and is seen to change when the rule is taken out of the profile.

use chrono::NaiveDateTime;
use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;
use crate::clock::Timestamp;
use crate::collection::calendar::{Holiday, HolidayCalendar};
use crate::collection::debtor::Audience;
use crate::collection::money::Cents;
use crate::ids::{CaseId, PhoneNumber};

const AMSTERDAM: Tz = chrono_tz::Europe::Amsterdam;
const CASE: CaseId = CaseId(1);

fn at_in(zone: Tz, text: &str) -> Timestamp {
    first_instant(zone, NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap())
}

fn at(text: &str) -> Timestamp {
    at_in(AMSTERDAM, text)
}

fn number(last: u8) -> PhoneNumber {
    PhoneNumber::parse_e164(&format!("+4477009001{last:02}")).unwrap()
}

fn policies() -> Policies {
    Policies::parse(SHIPPED).unwrap()
}

fn profile(id: &str) -> Profile {
    policies().profiles().iter().find(|profile| profile.id == id).unwrap().clone()
}

/// Wednesday 25 November 2026, two in the afternoon: nothing stands in the way.
fn facts(now: &str) -> Facts<'static> {
    Facts {
        now: at(now),
        zone: AMSTERDAM,
        channel: Channel::Phone,
        number: Some(number(1)),
        case: CASE,
        is_representative: false,
        is_third_party: false,
        overdue: Cents(100_000),
        disputed: Cents(0),
        own_fault: false,
        restrictions: &[],
        touches: &[],
        agreed: false,
    }
}

const CLEAR: &str = "2026-11-25 14:00";

fn touch(at: Timestamp) -> Touch {
    Touch { at, inbound: false, case: Some(CASE), number: Some(number(1)), counts: true, conversation: false }
}

fn rules(profile: &Profile, facts: &Facts<'_>) -> Vec<(Rule, bool)> {
    profile.gate(facts).stops.iter().map(|stop| (stop.rule, stop.hard)).collect()
}

/// The rule stands in the way, and without what the profile says of it, it does not.
fn held_by(profile: &Profile, facts: &Facts<'_>, rule: Rule, hard: bool, off: impl FnOnce(&mut Profile)) {
    assert_eq!(rules(profile, facts), [(rule, hard)]);
    let mut without = profile.clone();
    off(&mut without);
    assert_eq!(rules(&without, facts), [], "with {rule} switched off");
}

#[test]
fn the_shipped_policies_are_read_and_each_debtor_has_the_right_one() {
    let policies = policies();
    for (country, audience, desk, id) in [
        ("NL", Audience::Consumer, Desk::Agency, "nl_agency_consumer"),
        ("NL", Audience::Consumer, Desk::Inhouse, "nl_inhouse_consumer"),
        ("NL", Audience::Business, Desk::Agency, "business"),
        ("BE", Audience::Consumer, Desk::Agency, "be_consumer"),
        ("BE", Audience::Business, Desk::Inhouse, "be_business"),
        ("US", Audience::Consumer, Desk::Agency, "us_consumer"),
        ("DE", Audience::Consumer, Desk::Inhouse, "consumer"),
        ("", Audience::Business, Desk::Inhouse, "business"),
    ] {
        assert_eq!(policies.profile(country, audience, desk).id, id, "{country} {audience} {desk}");
    }
    for profile in policies.profiles() {
        assert!(profile.title.contains_key("nl") && profile.title.contains_key("en"), "{}", profile.id);
        assert!(policies.rates(profile).is_some());
        assert!(profile.countries.iter().all(|country| policies.zone(country).is_some() || country == "US"));
    }
}

#[test]
fn a_policy_that_cannot_be_says_what_to_write() {
    let broken = |from: &str, to: &str| Policies::parse(&SHIPPED.replace(from, to)).unwrap_err().to_string();
    assert!(broken("mon-sat 07:00-20:00", "ma-za 7-20").contains("mon-fri 08:30-17:30"));
    assert!(broken("min_call_amount", "min_call").contains("min_call"));
    assert!(broken("count = 3", "count = 0").contains("leave it out"));
    assert!(broken("interest = \"nl_trade\"", "interest = \"nl_trad\"").contains("[interest.NAME]"));
    assert!(broken("[profile.business]\n", "[profile.business]\ncountries = [\"NL\"]\n").contains("no profile fits every business"));
    assert!(broken("first_payment_percent = 50", "first_payment_percent = 0").contains("between 1 and 100"));
}

#[test]
fn on_a_clear_afternoon_everybody_may_be_called() {
    for profile in policies().profiles() {
        assert!(profile.gate(&facts(CLEAR)).is_yes(), "{}", profile.id);
    }
}

#[test]
fn an_agency_calls_a_dutch_consumer_from_seven_to_eight_and_never_on_sunday() {
    let wki = profile("nl_agency_consumer");
    for (now, allowed) in [
        ("2026-11-25 06:59", false),
        ("2026-11-25 07:00", true),
        ("2026-11-25 19:59", true),
        ("2026-11-25 20:00", false),
        ("2026-11-28 12:00", true),
        ("2026-11-29 12:00", false),
    ] {
        assert_eq!(wki.gate(&facts(now)).is_yes(), allowed, "{now}");
    }
    let late = facts("2026-11-28 20:00");
    assert_eq!(wki.first_allowed(&late), Some(at("2026-11-30 07:00")), "over the Sunday");
    assert!(!wki.gate(&Facts { channel: Channel::Email, ..late.clone() }).is_yes(), "nor by mail");
    held_by(&wki, &late, Rule::Hours, true, |profile| profile.hours.channels.clear());
}

#[test]
fn holidays_and_the_days_that_a_decree_equates_are_free() {
    let wki = profile("nl_agency_consumer");
    let christmas = facts("2026-12-25 10:00");
    assert_eq!(wki.gate(&christmas).stops[0].detail, Detail::Holiday(Some(Holiday::Christmas)));
    assert_eq!(wki.first_allowed(&christmas), Some(at("2026-12-28 07:00")), "Boxing Day and Sunday follow");
    let day_of_ease = Facts { agreed: true, ..facts("2026-05-15 14:00") };
    assert_eq!(wki.gate(&day_of_ease).stops[0].detail, Detail::Holiday(None));
    held_by(&wki, &day_of_ease, Rule::Holiday, true, |profile| profile.equated_days.clear());
    held_by(&wki, &facts("2027-05-05 14:00"), Rule::Holiday, true, |profile| profile.holidays = HolidayCalendar::Be);
    assert!(profile("be_consumer").gate(&Facts { zone: chrono_tz::Europe::Brussels, ..facts("2027-05-05 14:00") }).is_yes());
}

#[test]
fn a_house_rule_asks_for_a_reason_and_the_law_takes_none() {
    let evening = facts("2026-11-25 18:00");
    let house = profile("business").gate(&evening);
    assert!(!house.is_yes() && !house.is_no(), "the office's own hours");
    assert_eq!(house.stops[0].until, Some(at("2026-11-26 08:30")));
    assert!(profile("nl_agency_consumer").gate(&facts("2026-11-25 20:30")).is_no());
}

#[test]
fn monday_morning_and_friday_afternoon_are_avoided_but_a_callback_is_not() {
    let house = profile("business");
    for now in ["2026-11-30 10:00", "2026-11-27 12:00"] {
        held_by(&house, &facts(now), Rule::SoftHours, false, |profile| profile.soft_avoid.clear());
        assert!(house.gate(&Facts { agreed: true, ..facts(now) }).is_yes(), "what was agreed is kept");
    }
    assert!(house.gate(&facts("2026-11-30 12:00")).is_yes());
    assert_eq!(house.gate(&facts("2026-11-27 15:00")).stops[0].until, Some(at("2026-11-28 00:00")));
}

#[test]
fn nobody_calls_for_a_few_euros() {
    let house = profile("business");
    let small = Facts { overdue: Cents(999), ..facts(CLEAR) };
    held_by(&house, &small, Rule::MinAmount, false, |profile| profile.min_call_amount = Cents(0));
    assert_eq!(house.gate(&small).stops[0].detail, Detail::Amount(Cents(2_500)));
    assert!(house.gate(&Facts { overdue: Cents(2_500), ..facts(CLEAR) }).is_yes());
    assert!(house.gate(&Facts { agreed: true, ..small.clone() }).is_yes());
    assert!(house.gate(&Facts { channel: Channel::Email, ..small }).is_yes(), "that is what goes out in its place");
}

#[test]
fn three_attempts_a_day_and_five_in_seven_days() {
    let wki = profile("nl_agency_consumer");
    let today = [touch(at("2026-11-25 09:00")), touch(at("2026-11-25 11:00")), touch(at("2026-11-25 13:00"))];
    assert!(wki.gate(&Facts { touches: &today[..2], ..facts(CLEAR) }).is_yes());
    let three = Facts { touches: &today, ..facts(CLEAR) };
    held_by(&wki, &three, Rule::Cap, true, |profile| profile.caps.clear());
    assert_eq!(wki.gate(&three).stops[0].until, Some(at("2026-11-26 00:00")));
    assert_eq!(wki.first_allowed(&three), Some(at("2026-11-26 07:00")));
    let week = ["2026-11-19 09:00", "2026-11-20 09:00", "2026-11-21 09:00", "2026-11-23 09:00", "2026-11-24 09:00"].map(|day| touch(at(day)));
    let five = Facts { touches: &week, ..facts(CLEAR) };
    assert_eq!(rules(&wki, &five), [(Rule::Cap, true)]);
    assert_eq!(wki.gate(&five).stops[0].until, Some(at("2026-11-26 00:00")), "the first of the five is seven days old then");
    assert!(wki.gate(&Facts { now: at("2026-11-26 09:00"), ..five.clone() }).is_yes());
}

#[test]
fn calls_of_the_desk_phone_count_and_calls_that_came_in_do_not_but_rest_follows_both() {
    let wki = profile("nl_agency_consumer");
    let came_in = |conversation| Touch { inbound: true, conversation, ..touch(at("2026-11-25 09:00")) };
    let unlinked = Touch { case: None, ..touch(at("2026-11-25 09:00")) };
    assert_eq!(rules(&wki, &Facts { touches: &[unlinked; 3], ..facts(CLEAR) }), [(Rule::Cap, true)], "dialled on the phone, of no known case");
    assert!(wki.gate(&Facts { touches: &[came_in(false); 9], ..facts(CLEAR) }).is_yes());
    let talked = [came_in(true)];
    let after = Facts { touches: &talked, ..facts(CLEAR) };
    held_by(&wki, &after, Rule::Cooldown, true, |profile| profile.cooldown = None);
    assert_eq!(wki.gate(&after).stops[0].until, Some(at("2026-11-26 00:00")));
    assert!(wki.gate(&Facts { agreed: true, ..after.clone() }).is_yes(), "unless a callback was agreed");
    let other_debt = [Touch { case: Some(CaseId(2)), conversation: true, ..touch(at("2026-11-25 09:00")) }];
    assert!(wki.gate(&Facts { touches: &other_debt, ..facts(CLEAR) }).is_yes(), "about another debt");
}

#[test]
fn caps_are_counted_per_debt_debtor_or_number() {
    let cap = |per, conversations| Cap { count: 1, days: 1, per, conversations, hard: true, verified: false };
    let only =
        |cap: Cap, touch: Touch| !Profile { caps: vec![cap], ..profile("business") }.gate(&Facts { touches: &[touch], ..facts(CLEAR) }).is_yes();
    let here = touch(at("2026-11-25 09:00"));
    let (other_debt, other_number) = (Touch { case: Some(CaseId(2)), ..here }, Touch { number: Some(number(2)), ..here });
    assert!(only(cap(Per::Debtor, false), other_debt) && only(cap(Per::Debtor, false), other_number));
    assert!(!only(cap(Per::Debt, false), other_debt) && only(cap(Per::Debt, false), other_number));
    assert!(only(cap(Per::Number, false), other_debt) && !only(cap(Per::Number, false), other_number));
    assert!(!only(cap(Per::Debtor, true), here) && only(cap(Per::Debtor, true), Touch { conversation: true, ..here }));
    assert!(!only(cap(Per::Debtor, false), Touch { counts: false, ..here }), "engaged is no attempt");
}

#[test]
fn regulation_f_seven_in_seven_and_seven_days_after_a_conversation() {
    let zone = chrono_tz::America::New_York;
    let reg_f = profile("us_consumer");
    let now = |text: &str| Facts { now: at_in(zone, text), zone, ..facts(CLEAR) };
    let days = |n: u32| (1..=n).map(|day| touch(at_in(zone, &format!("2026-11-{day:02} 12:00")))).collect::<Vec<_>>();
    assert!(reg_f.gate(&Facts { touches: &days(6), ..now("2026-11-07 12:00") }).is_yes());
    let seven = days(7);
    let full = Facts { touches: &seven, ..now("2026-11-07 13:00") };
    assert_eq!(rules(&reg_f, &full), [(Rule::Cap, true)]);
    assert_eq!(reg_f.first_allowed(&full), Some(at_in(zone, "2026-11-08 08:00")));
    assert!(reg_f.gate(&Facts { agreed: true, ..full.clone() }).is_yes(), "with prior consent given directly");
    // The day of the conversation is the first of the seven.
    let talked = [Touch { conversation: true, ..touch(at_in(zone, "2026-11-02 12:00")) }];
    assert_eq!(rules(&reg_f, &Facts { touches: &talked, ..now("2026-11-08 12:00") }), [(Rule::Cooldown, true)]);
    assert!(reg_f.gate(&Facts { touches: &talked, ..now("2026-11-09 12:00") }).is_yes());
    assert_eq!(rules(&reg_f, &now("2026-11-09 21:00")), [(Rule::Hours, true)], "by the debtor's clock");
    assert!(reg_f.gate(&now("2026-11-08 12:00")).is_yes(), "a Sunday is a day");
}

#[test]
fn what_a_debtor_asked_for_is_kept() {
    let house = profile("business");
    let with = |restriction: Restriction, facts: &Facts<'static>| {
        rules(&house, &Facts { restrictions: &[restriction], ..facts.clone() })
            .into_iter()
            .map(|(rule, hard)| format!("{rule} {hard}"))
            .collect::<Vec<_>>()
    };
    let clear = facts(CLEAR);
    let mail = Facts { channel: Channel::Email, ..clear.clone() };
    let here = Restriction { number: Some(number(1)), ..Restriction::of(RestrictionKind::NotThisNumber) };
    let there = Restriction { number: Some(number(2)), ..here.clone() };
    assert_eq!(with(here.clone(), &clear), ["do_not_call true"]);
    assert!(with(there, &clear).is_empty() && with(here, &mail).is_empty());
    assert_eq!(with(Restriction::of(RestrictionKind::NotByPhone), &clear), ["do_not_call true"]);
    assert!(with(Restriction::of(RestrictionKind::NotByPhone), &mail).is_empty());
    assert_eq!(with(Restriction::of(RestrictionKind::NotAtAll), &mail), ["do_not_call true"]);
    let evenings = Restriction {
        hours: ["mon-fri 17:00-17:30", "sat 10:00-12:00"].map(|text| WeekHours::parse(text).unwrap()).into(),
        ..Restriction::of(RestrictionKind::OnlyAt)
    };
    assert_eq!(with(evenings.clone(), &clear), ["wanted_hours true"]);
    assert!(with(evenings.clone(), &facts("2026-11-25 17:10")).is_empty());
    let asked = Facts { restrictions: &[evenings], ..clear };
    assert_eq!(house.first_allowed(&asked), Some(at("2026-11-25 17:00")));
}

#[test]
fn the_dead_the_insolvent_and_the_represented_are_left_alone() {
    let house = profile("business");
    for (kind, rule) in [
        (RestrictionKind::Deceased, Rule::Deceased),
        (RestrictionKind::Insolvent, Rule::Insolvent),
        (RestrictionKind::Represented, Rule::Represented),
    ] {
        let all = [Restriction::of(kind)];
        let stopped = Facts { restrictions: &all, agreed: true, ..facts(CLEAR) };
        assert_eq!(rules(&house, &stopped), [(rule, true)]);
        assert_eq!(house.first_allowed(&stopped), None, "time does not solve it");
    }
    let all = [Restriction::of(RestrictionKind::Represented)];
    assert!(house.gate(&Facts { restrictions: &all, is_representative: true, ..facts(CLEAR) }).is_yes());
}

#[test]
fn in_belgium_collection_stands_still_while_a_plan_a_mediator_or_a_dispute_is_open_and_nobody_else_is_approached() {
    let book_xix = profile("be_consumer");
    for kind in [RestrictionKind::PlanRequested, RestrictionKind::DebtMediator] {
        let all = [Restriction::of(kind)];
        let asked = Facts { restrictions: &all, ..facts(CLEAR) };
        held_by(&book_xix, &asked, Rule::Standstill, true, |profile| profile.stops.clear());
        assert!(profile("nl_agency_consumer").gate(&asked).is_yes(), "not by Dutch law");
    }
    let disputed = Facts { disputed: Cents(5_000), ..facts(CLEAR) };
    held_by(&book_xix, &disputed, Rule::Standstill, true, |profile| profile.dispute_stops = false);
    let neighbour = Facts { is_third_party: true, ..facts(CLEAR) };
    held_by(&book_xix, &neighbour, Rule::ThirdParty, true, |profile| profile.third_party_forbidden = false);
}

#[test]
fn a_dispute_hardship_and_our_own_fault() {
    let house = profile("business");
    assert_eq!(rules(&house, &Facts { overdue: Cents(0), disputed: Cents(5_000), ..facts(CLEAR) }), [(Rule::Disputed, false)]);
    assert!(house.gate(&Facts { disputed: Cents(5_000), ..facts(CLEAR) }).is_yes(), "the rest may be asked for");
    let hardship = [Restriction::of(RestrictionKind::Hardship)];
    assert_eq!(rules(&house, &Facts { restrictions: &hardship, ..facts(CLEAR) }), [(Rule::Hardship, false)]);
    assert_eq!(rules(&house, &Facts { own_fault: true, agreed: true, ..facts(CLEAR) }), [(Rule::OwnFault, true)]);
}

#[test]
fn the_clock_of_the_debtor_counts_also_when_it_changes() {
    let wki = profile("nl_agency_consumer");
    // In the night of 28 to 29 March 2026 the clock goes forward, in that of 24 to 25 October back; both are Sundays.
    assert_eq!(wki.first_allowed(&facts("2026-03-28 21:00")), Some(Timestamp(at("2026-03-28 21:00").0 + (33 * 3600) * 1_000_000)));
    assert_eq!(wki.first_allowed(&facts("2026-10-24 21:00")), Some(Timestamp(at("2026-10-24 21:00").0 + (35 * 3600) * 1_000_000)));
    // Ten past seven in Amsterdam is ten past six in London, where the debtor lives.
    let early = facts("2026-11-25 07:10");
    assert!(wki.gate(&early).is_yes());
    assert_eq!(rules(&wki, &Facts { zone: chrono_tz::Europe::London, ..early }), [(Rule::Hours, true)]);
}

proptest! {
    #[test]
    fn what_is_told_as_allowed_is_allowed_and_nothing_before_it_was_missed(
        minutes in 0i64..2_000_000,
        calls in prop::collection::vec((0i64..20_000, any::<bool>()), 0..12),
        id in prop::sample::select(vec!["nl_agency_consumer", "be_consumer", "us_consumer", "business"]),
    ) {
        let profile = profile(id);
        let now = Timestamp(at("2026-01-01 00:00").0 + minutes * 60_000_000);
        let touches: Vec<Touch> = calls.iter().map(|(ago, conversation)| Touch { conversation: *conversation, ..touch(Timestamp(now.0 - ago * 60_000_000)) }).collect();
        let facts = Facts { now, touches: &touches, ..facts(CLEAR) };
        let first = profile.first_allowed(&facts).unwrap();
        prop_assert!(first >= now);
        let is_no = profile.gate(&Facts { now: first, ..facts.clone() }).is_no();
        prop_assert!(!is_no);
        let mut quarter = now;
        while quarter < first {
            let is_no = profile.gate(&Facts { now: quarter, ..facts.clone() }).is_no();
            prop_assert!(is_no);
            quarter = Timestamp(quarter.0 + 15 * 60_000_000);
        }
    }
}
