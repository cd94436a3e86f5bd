//! Calls as the lists and the page of one call show them.

use super::owed;
use super::view::{CallDetail, CallRow, Certainty, EventRow, HeardRow, LegRow, NoteRow, OutcomeRow, ResultTone};
use crate::clock::Timestamp;
use crate::numbers;
use crate::store::error::StoreError;
use crate::store::read::calls::{self, CallSummary};
use crate::store::read::quality::CallHeard;
use crate::telephony::calls::event::EndReason;
use crate::web::agent::bar;
use crate::web::agent::view::Direction;
use crate::web::deps::Deps;
use crate::web::recordings::view as recordings;
use crate::web::texts::Texts;

fn direction(word: &str) -> Direction {
    if word == "outbound" { Direction::Outbound } else { Direction::Inbound }
}

/// How it went, in a word, and its colour.
fn result(t: &Texts, call: &CallSummary) -> (String, ResultTone) {
    let (key, tone) = match (call.is_over, call.is_answered, EndReason::parse(&call.reason)) {
        (false, _, _) => ("result-live", ResultTone::Live),
        (true, true, _) => ("result-answered", ResultTone::Answered),
        (true, false, Some(EndReason::Busy)) => ("result-busy", ResultTone::NotAnswered),
        (true, false, Some(EndReason::Unknown) | None) => ("result-unknown", ResultTone::Failed),
        (true, false, Some(EndReason::Failed | EndReason::Rejected)) => ("result-failed", ResultTone::Failed),
        (true, false, _) if call.direction == "inbound" => ("result-missed", ResultTone::NotAnswered),
        (true, false, _) => ("result-no-answer", ResultTone::NotAnswered),
    };
    (t.t(key), tone)
}

fn who(t: &Texts, call: &CallSummary) -> String {
    let name: String = call.who.reveal().trim().chars().take(80).collect();
    match (name.is_empty(), call.number) {
        (false, _) => name,
        (true, Some(number)) => numbers::display(number),
        (true, None) => t.t("number-withheld"),
    }
}

/// A line of a list.
pub(super) fn row(deps: &Deps, t: &Texts, call: &CallSummary) -> CallRow {
    let (_, today) = deps.now();
    let (result, tone) = result(t, call);
    CallRow {
        id: call.id.to_string(),
        when: t.moment(deps.office.local(call.started), today),
        direction: direction(&call.direction),
        who: who(t, call),
        number: call.number.map(numbers::display),
        agent: call.agent.as_ref().map(|agent| agent.reveal().clone()),
        ring: call.ring.map(|micros| t.duration_ms(micros / 1000)),
        talk: call.talk.map(|micros| t.duration_ms(micros / 1000)),
        result,
        tone,
        outcome: match (&call.code, &call.settled) {
            (Some(code), _) => Some(t.t(&format!("outcome-{code}"))),
            (None, settled) => settled.as_ref().map(|reason| t.t(&format!("settled-{reason}"))),
        },
        owed: call.owed && call.is_over,
    }
}

/// A call in full.
pub(super) async fn detail(deps: &Deps, t: &Texts, call: &CallSummary) -> Result<CallDetail, StoreError> {
    let (_, today) = deps.now();
    let (result, tone) = result(t, call);
    let entries = deps.store.call_entries(&call.id).await?;
    let recording = match deps.store.recording(&call.id).await? {
        Some(recording) => Some(recordings::row(deps, t, &recording, &deps.store.plays(&call.id).await?)),
        None => None,
    };
    let moment = |at: i64| t.moment(deps.office.local(Timestamp(at)), today);
    Ok(CallDetail {
        id: call.id.to_string(),
        when: t.moment(deps.office.local(call.started), today),
        direction: direction(&call.direction),
        who: who(t, call),
        number: call.number.map(numbers::display),
        agent: call.agent.as_ref().map(|agent| agent.reveal().clone()),
        queue: (!call.queue.is_empty()).then(|| call.queue.clone()),
        case: call.case.map(|case| case.to_string()),
        result,
        tone,
        ring: call.ring.map(|micros| t.duration_ms(micros / 1000)),
        talk: call.talk.map(|micros| t.duration_ms(micros / 1000)),
        hold: (call.hold > 0).then(|| t.duration_ms(call.hold / 1000)),
        wrap: call.wrap.map(|micros| t.duration_ms(micros / 1000)),
        legs: deps.store.legs(&call.id).await?.iter().map(|leg| leg_row(deps, t, leg)).collect(),
        events: deps.store.call_events(&call.id).await?.iter().map(|event| event_row(deps, t, event)).collect(),
        outcomes: entries
            .iter()
            .map(|entry| OutcomeRow {
                when: moment(entry.at),
                agent: entry.agent.clone(),
                outcome: t.t(&format!("outcome-{}", entry.code)),
                text: entry.amount_cents.map(|cents| t.euro(cents)),
            })
            .chain(owed::settlement(deps, t, &call.id).await?)
            .collect(),
        notes: entries
            .iter()
            .filter_map(|entry| Some(NoteRow { when: moment(entry.at), agent: entry.agent.clone(), text: entry.notes.clone()? }))
            .collect(),
        recording,
        heard: deps.store.call_heard(&call.id).await?.map(|heard| heard_row(t, &heard)),
    })
}

/// How it was heard: the mark, and what both ways lost.
fn heard_row(t: &Texts, heard: &CallHeard) -> HeardRow {
    let share = |lost: i64, of: i64| t.tenths(lost * 1000 / of.max(1));
    HeardRow {
        mos: t.tenths(heard.mos_hundredths / 10),
        tone: if heard.mos_hundredths >= 400 { ResultTone::Answered } else { ResultTone::NotAnswered },
        heard_lost: share(heard.heard_lost, heard.heard_packets),
        said_lost: share(heard.said_lost, heard.said_packets),
        jitter_ms: (heard.heard_jitter_micros.max(heard.said_jitter_micros) / 1000).to_string(),
        round_trip_ms: heard.round_trip_micros.map(|micros| (micros / 1000).to_string()),
    }
}

fn with_seconds(deps: &Deps, at: i64) -> String {
    deps.office.local(Timestamp(at)).format("%H:%M:%S").to_string()
}

fn leg_row(deps: &Deps, t: &Texts, leg: &calls::LegRow) -> LegRow {
    let party = if leg.extension.is_empty() { "party-other" } else { "party-agent" };
    LegRow {
        party: t.t(party),
        number: if leg.extension.is_empty() { leg.channel.clone() } else { leg.extension.clone() },
        started: leg.rung_seen.map_or_else(String::new, |at| with_seconds(deps, at)),
        answered: leg.answered_seen.map(|at| with_seconds(deps, at)),
        ended: leg.ended_seen.map(|at| with_seconds(deps, at)),
        cause: EndReason::parse(&leg.reason).map(|reason| bar::ended_words(t, reason, false)),
    }
}

fn event_row(deps: &Deps, t: &Texts, event: &calls::EventRow) -> EventRow {
    let mut what = t.t(&format!("event-{}", event.kind.replace('_', "-")));
    if !event.extension.is_empty() {
        what = format!("{what}: {}", t.a("extension", &event.extension));
    }
    if let Some(reason) = EndReason::parse(&event.reason) {
        what = format!("{what} ({})", bar::ended_words(t, reason, false));
    }
    EventRow {
        at: with_seconds(deps, event.seen_at),
        what,
        certainty: match event.certainty.as_str() {
            "observed" => Certainty::Observed,
            "inferred" => Certainty::Inferred,
            _ => Certainty::Unknown,
        },
    }
}
