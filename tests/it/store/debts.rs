//! What the ledger says of outcomes that are owed, on both databases.

use belbrug::ids::{AgentId, CallId, Extension, Uniqueid};
use belbrug::store::error::StoreError;
use belbrug::store::write::{DraftSave, SettleReason, Settlement, Write, Written};
use belbrug::telephony::calls::event::{CallEvent, CallEventKind, Certainty, Direction, EndReason, LegRef, Party};

use super::database::Database;
use super::ledger::{NOW, case, outcome, raw, user};

on_both! {
    a_debt_is_settled_once_and_for_all
    a_call_that_is_handed_over_is_owed_by_whoever_answered
    a_draft_goes_along_and_the_colleague_s_own_words_stay
    a_phone_belongs_to_one_person
}

fn leg(extension: &str) -> LegRef {
    LegRef { id: Uniqueid::new(extension), channel: format!("PJSIP/{extension}-1"), line: Extension::parse(extension).ok() }
}

/// A conversation of an agent at 101, over a minute after it began.
async fn talked(db: &Database, call: &str, agent: AgentId) {
    let other = Party { number: "+447700900123".to_owned().into(), name: "M. Vos".to_owned().into() };
    let (direction, dialled) = (Direction::Inbound, "31101".to_owned());
    let caller = Party::default();
    let kinds = [
        CallEventKind::Delivered {
            leg: leg("101"),
            by: None,
            caller: caller.clone(),
            called: caller,
            other: other.clone(),
            direction,
            dialled,
            queue: None,
        },
        CallEventKind::Established { leg: leg("101"), caller: None, dialled: String::new() },
        CallEventKind::ConnectionCleared { leg: leg("101") },
        CallEventKind::Cleared { reason: EndReason::Completed, cause: None, at_own_phone: false, direction, other },
    ];
    for (n, kind) in (0..).zip(kinds) {
        let event = CallEvent { call: CallId::new(call), at: None, seen: NOW.plus_seconds(n * 20), certainty: Certainty::Observed, kind };
        db.writer.write(Write::CallEvent { key: format!("{call}-{n}"), event, agent: Some(agent), number: None }).await.expect("journalled");
    }
}

fn settlement(call: &str, by: AgentId, reason: SettleReason) -> Write {
    let at = NOW.plus_seconds(90);
    Write::Settle(Settlement { call: CallId::new(call), by, at, reason, note: Some("omdat".to_owned().into()) })
}

async fn owed(db: &Database, agent: Option<AgentId>) -> Vec<String> {
    db.store.owed_calls(agent).await.expect("debts").into_iter().map(|call| call.id.to_string()).collect()
}

mod scenes {
    use super::*;

    pub(super) async fn a_debt_is_settled_once_and_for_all(db: Database) {
        let (anna, carla) = (user(&db, "anna", Some("101")).await, user(&db, "carla", None).await);
        for call in ["c1", "c2", "c3"] {
            talked(&db, call, anna).await;
        }
        assert_eq!(owed(&db, Some(anna)).await, ["c1", "c2", "c3"]);
        assert!(owed(&db, Some(carla)).await.is_empty());
        let debts = db.store.debts().await.expect("debts");
        assert_eq!((debts[0].agent, debts[0].count, debts[0].oldest), (anna, 3, NOW.plus_seconds(60)));
        db.writer.write(settlement("c1", carla, SettleReason::Supervisor)).await.expect("settled");
        for again in [settlement("c1", anna, SettleReason::Private), settlement("no such call", carla, SettleReason::Supervisor)] {
            assert!(matches!(db.writer.write(again).await, Err(StoreError::NoSuch("debt"))));
        }
        db.writer.write(settlement("c2", anna, SettleReason::WrongNumber)).await.expect("settled");
        let row = db.store.settlement(&CallId::new("c1")).await.expect("read").expect("a settlement");
        assert_eq!((row.by_name.as_str(), row.reason.as_str(), row.note.as_deref()), ("CARLA", "supervisor", Some("omdat")));
        // An outcome that comes too late is about the case alone; the other call gets its one.
        let case = case(&db).await;
        for (call, key) in [("c1", "key-late"), ("c3", "key-own")] {
            let mut save = outcome(anna, case, key);
            (save.calls, save.at) = (vec![CallId::new(call)], NOW.plus_seconds(100));
            db.writer.write(Write::Outcome(Box::new(save))).await.expect("saved");
        }
        assert!(db.store.call_entries(&CallId::new("c1")).await.expect("entries").is_empty());
        assert_eq!(db.store.call_entries(&CallId::new("c3")).await.expect("entries").len(), 1);
        assert!(owed(&db, None).await.is_empty());
        let wraps = [("c2", Some(30_000_000)), ("c3", Some(40_000_000))];
        for (call, wrap) in wraps {
            assert_eq!(db.store.call(&CallId::new(call)).await.expect("read").expect("a call").wrap, wrap, "{call}");
        }
        for sql in ["UPDATE settlements SET reason = 'private'", "DELETE FROM settlements"] {
            assert!(raw(&db.url, sql).await.is_err(), "{sql}");
        }
        // The same events again: it stays settled.
        talked(&db, "c1", anna).await;
        assert!(owed(&db, None).await.is_empty());
    }

    pub(super) async fn a_call_that_is_handed_over_is_owed_by_whoever_answered(db: Database) {
        let (anna, bram) = (user(&db, "anna", Some("101")).await, user(&db, "bram", Some("102")).await);
        for call in ["c1", "c2"] {
            talked(&db, call, anna).await;
        }
        db.writer.write(Write::HandOver(CallId::new("c1"), bram)).await.expect("handed over");
        assert_eq!((owed(&db, Some(anna)).await, owed(&db, Some(bram)).await), (vec!["c2".to_owned()], vec!["c1".to_owned()]));
        // The giver wrote the outcome before: there is one, and nobody owes another.
        let mut save = outcome(anna, case(&db).await, "key-giver");
        save.calls = vec![CallId::new("c2")];
        db.writer.write(Write::Outcome(Box::new(save))).await.expect("saved");
        db.writer.write(Write::HandOver(CallId::new("c2"), bram)).await.expect("handed over");
        assert_eq!(owed(&db, None).await, ["c1"]);
    }

    pub(super) async fn a_draft_goes_along_and_the_colleague_s_own_words_stay(db: Database) {
        let (anna, bram) = (user(&db, "anna", None).await, user(&db, "bram", None).await);
        let case = case(&db).await;
        let draft = |agent, notes: &str, code: &str| {
            let form = format!("{{\"code\":\"{code}\",\"notes\":\"{notes}\"}}");
            Write::Draft(DraftSave { agent, case, version: 0, at: NOW, form: form.into() })
        };
        let moves = |from, to| Write::MoveDraft { from, to, case };
        assert_eq!(db.writer.write(moves(anna, bram)).await.expect("nothing to move"), Written::Version(0));
        db.writer.write(draft(anna, "van Anna", "PTP")).await.expect("a draft");
        db.writer.write(draft(bram, "van Bram", "")).await.expect("a draft");
        assert_eq!(db.writer.write(moves(anna, bram)).await.expect("moved"), Written::Done);
        assert!(db.store.draft(anna, case).await.expect("read").is_none());
        let (version, at, form) = db.store.draft(bram, case).await.expect("read").expect("a draft");
        assert_eq!((version, at), (2, NOW));
        assert_eq!(form, "{\"code\":\"PTP\",\"notes\":\"van Bram\\nvan Anna\"}");
    }

    pub(super) async fn a_phone_belongs_to_one_person(db: Database) {
        let (anna, bram) = (user(&db, "anna", Some("101")).await, user(&db, "bram", Some("102")).await);
        let devices =
            |user, phones: &[&str]| Write::Devices(user, phones.iter().map(|phone| Extension::parse(phone).expect("an extension")).collect());
        db.writer.write(devices(anna, &["111", "121"])).await.expect("hers");
        for taken in [devices(bram, &["111"]), devices(bram, &["101"]), devices(bram, &["102"])] {
            assert!(matches!(db.writer.write(taken).await, Err(StoreError::Taken("device"))));
        }
        db.writer.write(devices(bram, &["11", "1"])).await.expect("11 and 1 are no part of 111");
        let profile = db.store.user_by_login("anna").await.expect("read").expect("anna").profile().expect("a seat");
        assert_eq!(profile.lines().map(ToString::to_string).collect::<Vec<_>>(), ["101", "111", "121"]);
        db.writer.write(devices(anna, &[])).await.expect("taken away");
        db.writer.write(devices(bram, &["111"])).await.expect("free");
    }
}
