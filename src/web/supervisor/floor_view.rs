//! The board and today's figures as the floor shows them.

use std::collections::BTreeMap;

use chrono::Days;

use super::view::{AgentCall, AgentRow, Floor, Gap, Tile, Which};
use crate::clock::Timestamp;
use crate::desk::hub::{Board, Link};
use crate::desk::seat::{Activity, Seat};
use crate::ids::AgentId;
use crate::store::error::StoreError;
use crate::store::read::calls::AgentCounts;
use crate::store::read::debts::Debt;
use crate::web::agent::bar;
use crate::web::agent::view::Timer;
use crate::web::deps::Deps;
use crate::web::texts::Texts;

/// Today in the office, as instants.
pub(super) fn today(deps: &Deps) -> (Timestamp, Timestamp) {
    let (_, day) = deps.now();
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    (deps.office.start_of(day), deps.office.start_of(next))
}

/// What the floor shows.
pub(super) async fn floor(deps: &Deps, t: &Texts, board: &Board) -> Result<Floor, StoreError> {
    let (now, day) = deps.now();
    let (from, to) = today(deps);
    let counts = deps.store.counts(from, to).await?;
    let by_agent: BTreeMap<i64, AgentCounts> = deps.store.agent_counts(from, to).await?.into_iter().map(|c| (c.agent_id, c)).collect();
    let debts: BTreeMap<AgentId, Debt> = deps.store.debts().await?.into_iter().map(|debt| (debt.agent, debt)).collect();
    let tile = |which| Tile {
        which,
        count: match which {
            Which::Inbound => counts.inbound,
            Which::Outbound => counts.outbound,
            Which::Answered => counts.answered,
            Which::Missed => counts.missed,
            Which::Abandoned => counts.abandoned,
            Which::Promises => counts.promises,
            // A debt does not end with the day.
            Which::Owed => debts.values().map(|debt| debt.count).sum(),
            Which::Unrecorded => counts.unrecorded,
        },
    };
    let (link, link_since) = bar::link(board);
    let time = |at| t.time(deps.office.local(at));
    let mut agents: Vec<AgentRow> = board
        .seats
        .values()
        .map(|(_, seat)| {
            let agent = seat.profile.agent;
            agent_row(deps, t, board, seat, by_agent.get(&agent.0).copied().unwrap_or_default(), debts.get(&agent), now)
        })
        .collect();
    agents.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Floor {
        link,
        link_since: link_since.map(time),
        gaps: board
            .gaps
            .iter()
            .filter(|gap| gap.to.is_none_or(|to| to >= from))
            .map(|gap| Gap { from: time(gap.from), to: gap.to.map(time) })
            .collect(),
        day: t.date(day, day),
        // That nothing is wrong with recordings is no news.
        tiles: Which::ALL.into_iter().map(tile).filter(|tile| tile.which != Which::Unrecorded || tile.count > 0).collect(),
        agents,
    })
}

fn agent_row(deps: &Deps, t: &Texts, board: &Board, seat: &Seat, counts: AgentCounts, debt: Option<&Debt>, now: Timestamp) -> AgentRow {
    let call = seat.main_call();
    let since_ms = match (seat.activity(), call) {
        (Activity::Talking, Some(call)) => call.talk.micros(now) / 1000,
        (Activity::Ringing, Some(call)) => call.ring.micros(now) / 1000,
        (Activity::WrapUp, Some(call)) => call.wrap_since.map_or(0, |since| now.since(since) / 1000),
        _ => now.since(seat.presence_since) / 1000,
    };
    AgentRow {
        name: seat.profile.name.reveal().clone(),
        extension: seat.profile.extension.to_string(),
        phone_away: seat.is_phone_away() && matches!(board.link, Link::Up(_)),
        presence: bar::presence(seat.activity()),
        since: Timer { elapsed_ms: since_ms, running: true },
        call: call.map(|call| AgentCall { direction: bar::direction(call.direction), who: bar::who(t, &deps.office.plan, call) }),
        calls: counts.calls,
        answered: counts.answered,
        talk: t.duration_ms(counts.talk / 1000),
        promises: counts.promises,
        owed: debt.map_or(0, |debt| debt.count),
        owed_for: Timer { elapsed_ms: debt.map_or(0, |debt| now.since(debt.oldest) / 1000), running: true },
        id: seat.profile.agent.to_string(),
    }
}
