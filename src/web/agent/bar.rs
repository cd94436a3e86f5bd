//! A seat as the call bar shows it.

use super::phone::phone;
use super::view::{
    Attach, Call, CallBar, CallState, Choice, Chooser, Direction, Link, Notice, NoticeKind, PauseReason, Presence, Timer, Timers, WaitingCall,
};
use crate::clock::Timestamp;
use crate::desk::hub::{self, Board};
use crate::desk::seat::{self, Activity, DeskCall, DeskCallState, Found, Seat};
use crate::numbers::{Dialled, NumberPlan};
use crate::personal::Personal;
use crate::telephony::calls::event::{self, EndReason};
use crate::telephony::calls::timing::Stopwatch;
use crate::web::deps::OfficeInfo;
use crate::web::recordings::view::Mark;
use crate::web::texts::Texts;

/// What the bar shows.
pub(super) fn call_bar(t: &Texts, office: &OfficeInfo, board: &Board, seat: &Seat, now: Timestamp) -> CallBar {
    let is_refused = seat.phone.as_ref().is_some_and(|phone| matches!(phone.registered, Some(Err(_))));
    let (link, since) = match link(board) {
        (Link::Connected, _) if seat.is_phone_away() || is_refused => (Link::PhoneAway, None),
        told => told,
    };
    let main = seat.main_call();
    CallBar {
        link,
        link_since: since.map(|since| t.time(office.local(since))),
        ledger_since: match board.ledger {
            hub::Ledger::Answers => None,
            hub::Ledger::Away(since) => Some(t.time(office.local(since))),
        },
        agent_name: seat.profile.name.reveal().clone(),
        extension: seat.profile.extension.to_string(),
        presence: presence(seat.activity()),
        owed: if seat.activity() == Activity::WrapUp { seat.owed().count() } else { 0 },
        call: main.map(|call| self::call(t, office, seat, call, now)),
        waiting: seat.waiting_call().map(|call| waiting(t, &office.plan, call)),
        notice: seat.notice.as_ref().map(|happened| notice(t, happened)),
        chooser: main.and_then(|call| chooser(&office.plan, call)),
        attach: main.and_then(|call| attach(&office.plan, call)),
        phone: phone(t, seat, colleagues(board, seat)),
    }
}

/// Everybody else who sits at a phone.
fn colleagues<'b>(board: &'b Board, seat: &'b Seat) -> impl Iterator<Item = (String, String)> + 'b {
    let others = board.seats.values().map(|(_, other)| other).filter(|other| other.profile.agent != seat.profile.agent);
    others.map(|other| (other.profile.extension.to_string(), other.profile.name.reveal().clone()))
}

pub(in crate::web) const fn link(board: &Board) -> (Link, Option<Timestamp>) {
    match &board.link {
        hub::Link::Connecting(_) => (Link::Connecting, None),
        hub::Link::Up(_) if board.seconds_behind.is_some() => (Link::Behind, None),
        hub::Link::Up(_) => (Link::Connected, None),
        hub::Link::Lost(since, _) => (Link::Lost, Some(*since)),
    }
}

pub(in crate::web) const fn presence(activity: Activity) -> Presence {
    match activity {
        Activity::Presence(seat::Presence::Offline) => Presence::Offline,
        Activity::Presence(seat::Presence::Ready) => Presence::Ready,
        Activity::Presence(seat::Presence::Paused(reason)) => Presence::Paused(pause(reason)),
        Activity::Ringing => Presence::Ringing,
        Activity::Talking => Presence::Talking,
        Activity::WrapUp => Presence::WrapUp,
    }
}

const fn pause(reason: seat::PauseReason) -> PauseReason {
    match reason {
        seat::PauseReason::Break => PauseReason::Break,
        seat::PauseReason::Lunch => PauseReason::Lunch,
        seat::PauseReason::Consultation => PauseReason::Consultation,
        seat::PauseReason::Administration => PauseReason::Administration,
        seat::PauseReason::Training => PauseReason::Training,
        seat::PauseReason::Phone => PauseReason::Phone,
    }
}

pub(in crate::web) const fn direction(direction: event::Direction) -> Direction {
    match direction {
        event::Direction::Inbound | event::Direction::Internal => Direction::Inbound,
        event::Direction::Outbound => Direction::Outbound,
    }
}

/// The other party's number as people read it.
fn shown_number(plan: &NumberPlan, call: &DeskCall) -> Option<String> {
    Some(plan.read_and_show(call.other.number.reveal()).1.to_string()).filter(|shown| !shown.is_empty())
}

/// The name, else the number, else that it is withheld. A name from the network is cut: it may be anything.
pub(in crate::web) fn who(t: &Texts, plan: &NumberPlan, call: &DeskCall) -> String {
    let (read, shown) = plan.read_and_show(call.other.number.reveal());
    let name: String = match &call.found {
        Found::One(candidate) => candidate.name.reveal().clone(),
        _ if read == Dialled::Withheld => String::new(),
        _ => call.other.name.reveal().trim().to_owned(),
    };
    let name: String = name.chars().take(80).collect();
    match (name.is_empty(), shown.is_empty()) {
        (false, _) => name,
        (true, false) => shown.to_string(),
        (true, true) => t.t("number-withheld"),
    }
}

fn call(t: &Texts, office: &OfficeInfo, seat: &Seat, call: &DeskCall, now: Timestamp) -> Call {
    let (plan, phone_dials) = (&office.plan, office.dials_itself(&seat.profile.extension));
    let is_the_phones = call.id.is_observed() || phone_dials && call.id.is_dialled() && call.state != DeskCallState::Originating;
    let who = who(t, plan, call);
    let state = match call.state {
        DeskCallState::Originating => CallState::Originating,
        DeskCallState::Dialling | DeskCallState::RingingFar => CallState::RingingFar,
        DeskCallState::Ringing => CallState::Ringing,
        DeskCallState::Talking => CallState::Talking,
        DeskCallState::Held => CallState::Held,
        DeskCallState::Ended(_) => CallState::Ended,
    };
    Call {
        id: call.id.to_string(),
        state,
        direction: direction(call.direction),
        number: shown_number(plan, call).filter(|number| *number != who),
        who,
        queue: call.queue.clone(),
        creditor: call.creditor.clone(),
        given_by: call.given_by.as_ref().map(|name| name.reveal().clone()),
        ended_words: match (&call.handed_to, call.state) {
            (Some(to), DeskCallState::Ended(_)) => t.a("handed-to", to.reveal()),
            (None, DeskCallState::Ended(reason)) => ended_words(t, reason, false),
            _ => String::new(),
        },
        timers: timers(call, now),
        can_hang_up: call.is_live() && call.leg.is_some() && call.state != DeskCallState::Ringing && !is_the_phones,
        on_phone_only: is_the_phones && matches!(call.state, DeskCallState::Talking | DeskCallState::Held | DeskCallState::RingingFar),
        recording: if call.is_live() { Mark::of(&call.recording) } else { None },
        answer_on_phone: matches!(call.state, DeskCallState::Ringing) && seat.phone.is_none(),
    }
}

fn timers(call: &DeskCall, now: Timestamp) -> Timers {
    let timer = |watch: &Stopwatch| watch.has_run().then(|| Timer { elapsed_ms: watch.micros(now) / 1000, running: watch.is_running() });
    let wrap = call.wrap_since.filter(|_| call.handed_to.is_none()).map(|since| Timer { elapsed_ms: now.since(since) / 1000, running: true });
    Timers { ring: timer(&call.ring), talk: timer(&call.talk), hold: timer(&call.hold), wrap }
}

/// How a call ended, in words.
pub(in crate::web) fn ended_words(t: &Texts, reason: EndReason, at_own_phone: bool) -> String {
    t.t(match reason {
        EndReason::Completed | EndReason::Answered => "call-ended",
        EndReason::NoAnswer | EndReason::Busy if at_own_phone => "end-agent-no-answer",
        EndReason::Busy => "end-busy",
        EndReason::NoAnswer => "end-no-answer",
        EndReason::Cancelled => "end-cancelled",
        EndReason::Rejected => "end-rejected",
        EndReason::Elsewhere => "end-elsewhere",
        EndReason::Failed if at_own_phone => "end-own-phone-gone",
        EndReason::Failed => "end-unreachable",
        EndReason::Unknown => "end-unknown",
    })
}

fn waiting(t: &Texts, plan: &NumberPlan, call: &DeskCall) -> WaitingCall {
    WaitingCall { call: call.id.to_string(), case: call.case.map(|case| case.to_string()), who: who(t, plan, call) }
}

fn name_or_withheld(t: &Texts, who: &Personal<String>) -> String {
    if who.reveal().is_empty() { t.t("number-withheld") } else { who.reveal().chars().take(80).collect() }
}

fn notice(t: &Texts, happened: &seat::Notice) -> Notice {
    let of = |kind, text| Notice { kind, text };
    match happened {
        seat::Notice::Missed { who, ring_micros, reason } => {
            let name = name_or_withheld(t, who);
            match reason {
                EndReason::Elsewhere => of(NoticeKind::Info, t.a("notice-elsewhere", &name)),
                EndReason::Cancelled => of(NoticeKind::Warning, t.aa("notice-missed", &name, &t.duration_ms(ring_micros / 1000))),
                EndReason::Unknown => of(NoticeKind::Warning, t.a("notice-lost-sight", &name)),
                EndReason::Busy | EndReason::Rejected => of(NoticeKind::Info, t.a("notice-you-refused", &name)),
                _ => of(NoticeKind::Warning, t.aa("notice-not-taken", &name, &t.duration_ms(ring_micros / 1000))),
            }
        }
        seat::Notice::NotReached { reason, at_own_phone } => of(NoticeKind::Warning, ended_words(t, *reason, *at_own_phone)),
        seat::Notice::PbxRefused { words } => of(NoticeKind::Error, t.a("notice-pbx-refused", words)),
        seat::Notice::NoPbx => of(NoticeKind::Error, t.t("error-not-connected")),
        seat::Notice::Saved => of(NoticeKind::Info, t.t("notice-saved")),
        seat::Notice::QueueRefused { queue, words } => of(NoticeKind::Error, t.aa("notice-queue-refused", queue, words)),
        seat::Notice::TakenOver { by } => of(NoticeKind::Warning, t.a("notice-taken-over", by.reveal())),
        seat::Notice::FileFree => of(NoticeKind::Info, t.t("notice-file-free")),
        seat::Notice::HandedOver { to, who } => of(NoticeKind::Info, t.aa("notice-handed-over", to.reveal(), &name_or_withheld(t, who))),
        seat::Notice::NotHandedOver { reason } => of(NoticeKind::Warning, t.a("notice-not-handed-over", &ended_words(t, *reason, false))),
        seat::Notice::KeysRefused => of(NoticeKind::Warning, t.t("notice-keys-refused")),
        seat::Notice::SettledBy { by, who } => of(NoticeKind::Info, t.aa("notice-settled-by", by.reveal(), &name_or_withheld(t, who))),
    }
}

fn chooser(plan: &NumberPlan, call: &DeskCall) -> Option<Chooser> {
    let Found::Many(candidates) = &call.found else { return None };
    if call.case.is_some() {
        return None;
    }
    let choice = |c: &seat::Candidate| Choice { case: c.case.to_string(), name: c.name.reveal().clone(), creditor: c.creditor.clone() };
    Some(Chooser {
        call: call.id.to_string(),
        number: shown_number(plan, call).unwrap_or_default(),
        choices: candidates.iter().map(choice).collect(),
    })
}

fn attach(plan: &NumberPlan, call: &DeskCall) -> Option<Attach> {
    let asks = match call.found {
        Found::Nobody | Found::Withheld | Found::Failed => true,
        // A restart came between: nobody looks it up any more.
        Found::Looking => !call.is_live(),
        Found::Colleague | Found::One(_) | Found::Many(_) => false,
    };
    (asks && call.case.is_none()).then(|| Attach { call: call.id.to_string(), number: shown_number(plan, call) })
}
