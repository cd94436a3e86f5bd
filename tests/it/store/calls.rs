//! What the ledger says of captured calls, on both databases.

use std::collections::BTreeMap;

use belbrug::clock::Timestamp;
use belbrug::ids::{AgentId, Device, Extension, PhoneNumber};
use belbrug::store::read::calls::Which;
use belbrug::store::write::Write;
use belbrug::telephony::ami::frame::FrameBuffer;
use belbrug::telephony::calls::event::CallEventKind;
use belbrug::telephony::calls::tracker::{Lines, Tracker};
use belbrug::telephony::pbx::from_ami::translate;

use super::database::Database;
use super::ledger::{NOW, raw, user};
use crate::flows::{all_captures, capture};

on_both! {
    captured_calls_are_told_once_each
    nothing_that_was_captured_is_passed_over
}

type Agents = BTreeMap<&'static str, AgentId>;

async fn two_agents(db: &Database) -> Agents {
    [("101", user(db, "anna", Some("101")).await), ("102", user(db, "bram", Some("102")).await)].into()
}

/// Writes every event of a capture; how many there were.
pub(super) async fn journal(db: &Database, name: &str, bytes: &[u8], agents: &Agents) -> usize {
    let lines: Lines = agents.keys().map(|e| (Device::new(&format!("PJSIP/{e}")), Extension::parse(e).expect("an extension"))).collect();
    let (mut tracker, mut buffer, mut n) = (Tracker::new(lines), FrameBuffer::new(), 0);
    buffer.extend(bytes);
    while let Some(Ok(frame)) = buffer.next_frame() {
        let Some(event) = translate(frame) else { continue };
        for event in tracker.apply(NOW, &event) {
            n += 1;
            let leg = match &event.kind {
                CallEventKind::Established { leg, .. } => leg.line.clone(),
                _ => None,
            };
            let agent = leg.and_then(|line| agents.get(line.as_str()).copied());
            let number = PhoneNumber::parse_e164("+447700900123").ok();
            db.writer
                .write(Write::CallEvent { key: format!("{name}-{n}"), event, agent, number })
                .await
                .unwrap_or_else(|e| panic!("{name}, {n}: {e}"));
        }
    }
    n
}

mod scenes {
    use super::*;

    /// The events of a capture, journalled twice: each stands there once.
    pub(super) async fn captured_calls_are_told_once_each(db: Database) {
        let agents = two_agents(&db).await;
        journal(&db, "queue_answered", &capture("queue_answered"), &agents).await;
        journal(&db, "queue_answered", &capture("queue_answered"), &agents).await;
        let all = db.store.calls(Which::All, Timestamp(0), Timestamp(i64::MAX), 0).await.expect("calls");
        assert_eq!(all.len(), 1, "one record a call, not one a member");
        let call = &all[0];
        assert_eq!((call.direction.as_str(), call.reason.as_str(), call.is_answered, call.owed), ("inbound", "completed", true, true));
        assert_eq!(call.agent.as_ref().map(|a| a.reveal().as_str()), Some("BRAM"));
        assert!(call.talk.is_some_and(|talk| (500_000..30_000_000).contains(&talk)), "{:?}", call.talk);
        let legs = db.store.legs(&call.id).await.expect("legs");
        let ends: BTreeMap<&str, &str> = legs.iter().map(|leg| (leg.extension.as_str(), leg.reason.as_str())).collect();
        assert_eq!(ends, [("", ""), ("101", "elsewhere"), ("102", "completed")].into());
        assert_eq!(db.store.call_events(&call.id).await.expect("events").len(), 8);
    }

    /// Whatever a call begins with: a conference room has not rung, and a phone that forwards everything has not, either.
    pub(super) async fn nothing_that_was_captured_is_passed_over(db: Database) {
        let agents = two_agents(&db).await;
        let mut events = journal(&db, "conference", &capture("conference"), &agents).await;
        let calls = db.store.calls(Which::All, Timestamp(0), Timestamp(i64::MAX), 0).await.expect("calls");
        let [room] = calls.as_slice() else { panic!("{calls:?}") };
        assert_eq!((room.direction.as_str(), room.is_answered, room.owed), ("inbound", true, true));
        let legs = db.store.legs(&room.id).await.expect("legs");
        assert_eq!(legs.iter().map(|leg| leg.extension.as_str()).collect::<Vec<_>>(), ["101", "102"]);
        for (name, bytes) in all_captures() {
            events += journal(&db, &name, &bytes, &agents).await;
        }
        assert_eq!(raw(&db.url, "UPDATE call_events SET reason = reason").await.expect("count"), u64::try_from(events).expect("few"));
    }
}
