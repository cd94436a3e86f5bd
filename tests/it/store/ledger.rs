//! What the ledger promises, on both databases.

use std::collections::BTreeMap;

use belbrug::clock::{PbxTime, Timestamp};
use belbrug::collection::money::Cents;
use belbrug::collection::outcome::FollowUpKind;
use belbrug::ids::{AgentId, CallId, CaseId, Extension, PhoneNumber};
use belbrug::store::error::StoreError;
use belbrug::store::pool::Store;
use belbrug::store::read::calls::Which;
use belbrug::store::write::{DebtorImport, DraftSave, FollowUpRow, ImportBegin, InvoiceImport, OutcomeSave, UserSave, Write, Written};
use chrono::NaiveDate;

use super::calls::journal;
use super::database::Database;
use crate::flows::capture;

pub(super) const NOW: Timestamp = Timestamp(1_795_000_000_000_000);

on_both! {
    an_outcome_is_once_and_the_ledger_never_changes
    a_failing_write_takes_only_itself_back
    many_saves_at_once_are_all_there
    a_draft_keeps_the_newest
    a_list_twice_changes_nothing
    a_number_finds_its_cases
    users_and_sessions
    figures_and_lists_agree
}

async fn is_over(db: &Database, call: &CallId) -> bool {
    let calls = db.store.calls(Which::Inbound, Timestamp(0), Timestamp(i64::MAX), 0).await.expect("a list");
    calls.iter().find(|have| have.id == *call).expect("the call").is_over
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

pub(super) async fn user(db: &Database, login: &str, extension: Option<&str>) -> AgentId {
    let save = UserSave {
        id: None,
        login: login.to_owned(),
        name: login.to_uppercase(),
        role: "agent",
        extension: extension.map(|e| Extension::parse(e).expect("an extension")),
        language: "nl".to_owned(),
        password_hash: "hash".to_owned().into(),
        at: NOW,
    };
    let Ok(Written::User(id)) = db.writer.write(Write::User(save)).await else { panic!("no user") };
    id
}

fn debtor(reference: &str, name: &str, numbers: &[&str]) -> DebtorImport {
    DebtorImport {
        line: 2,
        reference: reference.to_owned(),
        creditor: "Creditor BV".to_owned(),
        name: name.to_owned().into(),
        kind: "business",
        language: "nl",
        street: String::new(),
        postcode: String::new(),
        city: "Zwolle".to_owned(),
        country: "NL".to_owned(),
        email: String::new(),
        numbers: numbers.iter().map(|n| PhoneNumber::parse_e164(n).expect("a number")).collect(),
        contact: Some(("Jan".to_owned().into(), "inkoop".to_owned())),
        stage: None,
    }
}

fn invoice(reference: &str, number: &str, open: i64) -> InvoiceImport {
    InvoiceImport {
        line: 2,
        debtor_reference: reference.to_owned(),
        creditor: "Creditor BV".to_owned(),
        number: number.to_owned(),
        issued_on: day("2026-09-01"),
        due_on: day("2026-10-01"),
        amount: Cents(open),
        open: Cents(open),
        order_no: String::new(),
    }
}

/// A debtor with one invoice of 100 euros.
pub(super) async fn case(db: &Database) -> CaseId {
    let begin = ImportBegin { at: NOW, creditor: "Creditor BV".to_owned() };
    let Ok(Written::Import(import, _)) = db.writer.write(Write::ImportBegin(begin)).await else { panic!("no import") };
    db.writer.write(Write::ImportDebtors(vec![debtor("D1", "Zoë's Café", &["+447700900123"])])).await.expect("a debtor");
    db.writer.write(Write::ImportInvoices(import, vec![invoice("D1", "F1", 10_000)])).await.expect("an invoice");
    CaseId(db.store.search("zoe's cafe", None).await.expect("a search")[0].case_id)
}

pub(super) fn outcome(agent: AgentId, case: CaseId, key: &str) -> OutcomeSave {
    let due_on = day("2026-11-27");
    OutcomeSave {
        key: key.to_owned(),
        at: NOW,
        agent,
        case,
        calls: Vec::new(),
        code: "PTP",
        amount: Some(Cents(10_000)),
        detail: "{\"promise_date\":\"2026-11-27\"}".to_owned(),
        texts: vec![("notes", "belooft het".to_owned().into())],
        follow_up: Some(FollowUpRow { kind: FollowUpKind::Promise, due_on, due_at: None, amount: Some(Cents(10_000)), number: None }),
        human: true,
        rpc: true,
        attempt: true,
        disputed: Vec::new(),
        wrong_number: None,
        corrects: None,
    }
}

pub(super) async fn raw(url: &str, sql: &'static str) -> Result<u64, sqlx::Error> {
    if url.starts_with("sqlite") {
        let pool = sqlx::SqlitePool::connect(url).await?;
        Ok(sqlx::query(sql).execute(&pool).await?.rows_affected())
    } else {
        let pool = sqlx::PgPool::connect(url).await?;
        Ok(sqlx::query(sql).execute(&pool).await?.rows_affected())
    }
}

mod scenes {
    use super::*;

    pub(super) async fn an_outcome_is_once_and_the_ledger_never_changes(db: Database) {
        let agent = user(&db, "anna", None).await;
        let case = case(&db).await;
        let draft = DraftSave { agent, case, version: 0, at: NOW, form: "{}".to_owned().into() };
        db.writer.write(Write::Draft(draft)).await.expect("a draft");
        let first = db.writer.write(Write::Outcome(Box::new(outcome(agent, case, "key-1")))).await.expect("saved");
        let again = db.writer.write(Write::Outcome(Box::new(outcome(agent, case, "key-1")))).await.expect("harmless");
        let Written::Entry { id, repeated: false } = first else { panic!("{first:?}") };
        assert_eq!(again, Written::Entry { id, repeated: true });
        let file = db.store.case_file(case).await.expect("read").expect("there");
        assert_eq!(file.timeline.len(), 1);
        assert_eq!(file.timeline[0].notes.as_ref().map(|n| n.reveal().as_str()), Some("belooft het"));
        assert_eq!(file.follow_up.map(|f| (f.kind, f.due_on)), Some((FollowUpKind::Promise, day("2026-11-27"))));
        assert!(db.store.draft(agent, case).await.expect("read").is_none(), "the draft has become the outcome");
        let mut correction = outcome(agent, case, "key-2");
        correction.corrects = Some(id);
        db.writer.write(Write::Outcome(Box::new(correction))).await.expect("a correction");
        for sql in ["UPDATE ledger SET amount_cents = 1", "DELETE FROM ledger"] {
            let refused = raw(&db.url, sql).await.expect_err("the ledger is append-only").to_string();
            assert!(refused.contains("append-only"), "{refused}");
        }
        assert_eq!(raw(&db.url, "DELETE FROM texts").await.expect("texts are erasable"), 2);
        let file = db.store.case_file(case).await.expect("read").expect("there");
        assert!(file.timeline.iter().all(|entry| entry.notes.is_none() && entry.amount == Some(Cents(10_000))));
    }

    pub(super) async fn a_failing_write_takes_only_itself_back(db: Database) {
        let agent = user(&db, "anna", None).await;
        let case = case(&db).await;
        let saves = (0..40).map(|n| {
            // Every fourth names a case that does not exist.
            let case = if n % 4 == 3 { CaseId(999_999) } else { case };
            db.writer.write(Write::Outcome(Box::new(outcome(agent, case, &format!("key-{n}")))))
        });
        let results = futures_util::future::join_all(saves).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 30);
        assert!(results.iter().filter_map(|result| result.as_ref().err()).all(|error| !error.is_passing()), "{results:?}");
        assert_eq!(db.store.case_file(case).await.expect("read").expect("there").timeline.len(), 30);
    }

    pub(super) async fn many_saves_at_once_are_all_there(db: Database) {
        let agent = user(&db, "anna", None).await;
        let case = case(&db).await;
        let saves = (0..500).map(|n| db.writer.write(Write::Outcome(Box::new(outcome(agent, case, &format!("key-{n}"))))));
        let results = futures_util::future::join_all(saves).await;
        assert!(results.iter().all(Result::is_ok));
        assert_eq!(raw(&db.url, "UPDATE texts SET body = ''").await.expect("count"), 500);
    }

    pub(super) async fn a_draft_keeps_the_newest(db: Database) {
        let agent = user(&db, "anna", None).await;
        let case = case(&db).await;
        let save = |version, form: &str| {
            let draft = DraftSave { agent, case, version, at: NOW, form: form.to_owned().into() };
            let writer = db.writer.clone();
            async move { writer.write(Write::Draft(draft)).await }
        };
        assert_eq!(save(0, "{\"notes\":\"a\"}").await.expect("saved"), Written::Version(1));
        assert_eq!(save(1, "{\"notes\":\"ab\"}").await.expect("saved"), Written::Version(2));
        assert!(matches!(save(1, "{\"notes\":\"ax\"}").await, Err(StoreError::NewerDraft { version: 2 })));
        assert_eq!(
            db.store.draft(agent, case).await.expect("read").map(|(version, _, form)| (version, form)),
            Some((2, "{\"notes\":\"ab\"}".to_owned()))
        );
    }

    pub(super) async fn a_list_twice_changes_nothing(db: Database) {
        let begin = || Write::ImportBegin(ImportBegin { at: NOW, creditor: "Creditor BV".to_owned() });
        let debtors = || vec![debtor("D1", "Een", &["+447700900123"]), debtor("D2", "Twee", &[])];
        let invoices = || vec![invoice("D1", "F1", 100), invoice("D1", "F2", 200), invoice("D2", "F1", 300), invoice("D9", "F9", 1)];
        let Ok(Written::Import(first, _)) = db.writer.write(begin()).await else { panic!("no import") };
        let rows = |written| match written {
            Ok(Written::Rows { added, changed, same, refused }) => (added, changed, same, refused.len()),
            other => panic!("{other:?}"),
        };
        assert_eq!(rows(db.writer.write(Write::ImportDebtors(debtors())).await), (2, 0, 0, 0));
        assert_eq!(rows(db.writer.write(Write::ImportInvoices(first, invoices())).await), (3, 0, 0, 1));
        let Ok(Written::Import(second, _)) = db.writer.write(begin()).await else { panic!("no import") };
        assert_eq!(rows(db.writer.write(Write::ImportDebtors(debtors())).await), (0, 0, 2, 0));
        assert_eq!(rows(db.writer.write(Write::ImportInvoices(second, invoices()[..1].to_vec())).await), (0, 0, 1, 0));
        assert_eq!(db.writer.write(Write::ImportSettleMissing(second)).await.expect("settled"), Written::Settled(2));
        let case = CaseId(db.store.search("een", None).await.expect("a search")[0].case_id);
        let open: Vec<String> = db.store.case_file(case).await.expect("read").expect("there").invoices.into_iter().map(|i| i.number).collect();
        assert_eq!(open, ["F1"]);
    }

    pub(super) async fn a_number_finds_its_cases(db: Database) {
        let begin = Write::ImportBegin(ImportBegin { at: NOW, creditor: "Creditor BV".to_owned() });
        let Ok(Written::Import(import, _)) = db.writer.write(begin).await else { panic!("no import") };
        let all = vec![
            debtor("D1", "Een", &["+447700900123", "+447700900200"]),
            debtor("D2", "Twee", &["+447700900200"]),
            debtor("D3", "Drie", &["+447700900300"]),
        ];
        db.writer.write(Write::ImportDebtors(all)).await.expect("debtors");
        db.writer.write(Write::ImportInvoices(import, vec![invoice("D1", "F1", 1), invoice("D2", "F1", 1)])).await.expect("invoices");
        let found = |number: &str| {
            let (store, number) = (db.store.clone(), PhoneNumber::parse_e164(number).expect("a number"));
            async move { names(&store, number).await }
        };
        assert_eq!(found("+447700900123").await, ["Een"]);
        assert_eq!(found("+447700900200").await, ["Een", "Twee"]);
        assert_eq!(found("+447700900300").await, ["Drie"], "nothing open, but known");
        assert!(found("+447700900999").await.is_empty());
        let case = CaseId(db.store.search("twee", None).await.expect("a search")[0].case_id);
        let agent = user(&db, "anna", None).await;
        let mut wrong = outcome(agent, case, "wrong-number");
        wrong.wrong_number = Some(PhoneNumber::parse_e164("+447700900200").expect("a number"));
        db.writer.write(Write::Outcome(Box::new(wrong))).await.expect("saved");
        assert_eq!(found("+447700900200").await, ["Een"], "never again for that debtor");
    }

    async fn names(store: &Store, number: PhoneNumber) -> Vec<String> {
        let found = store.cases_by_number(number).await.expect("a lookup");
        found.into_iter().map(|candidate| candidate.name.reveal().clone()).collect()
    }

    pub(super) async fn users_and_sessions(db: Database) {
        let agent = user(&db, "anna", Some("101")).await;
        let taken = UserSave {
            id: None,
            login: "anna".to_owned(),
            name: "Other".to_owned(),
            role: "agent",
            extension: None,
            language: "nl".to_owned(),
            password_hash: "x".to_owned().into(),
            at: NOW,
        };
        assert!(matches!(db.writer.write(Write::User(taken)).await, Err(StoreError::Taken("login"))));
        let open = belbrug::store::write::SessionOpen { token_hash: "token".to_owned(), user: agent, at: NOW, expires: NOW.plus_seconds(60) };
        db.writer.write(Write::SessionOpen(open)).await.expect("a session");
        assert!(db.store.user_by_session("token", NOW.plus_seconds(59)).await.expect("read").is_some());
        assert!(db.store.user_by_session("token", NOW.plus_seconds(61)).await.expect("read").is_none());
        assert!(db.store.user_by_session("other", NOW).await.expect("read").is_none());
        db.writer.write(Write::Disable(agent, true)).await.expect("disabled");
        assert!(db.store.user_by_session("token", NOW).await.expect("read").is_none());
    }

    pub(super) async fn figures_and_lists_agree(db: Database) {
        let agents: BTreeMap<&str, AgentId> = [("101", user(&db, "anna", Some("101")).await)].into();
        for name in
            ["inbound_answered", "inbound_given_up", "inbound_no_answer", "queue_abandoned", "queue_timeout", "dialled_answered", "dialled_busy"]
        {
            journal(&db, name, &capture(name), &agents).await;
        }
        let ghost = CallId::new("ghost");
        let event = belbrug::telephony::calls::event::CallEvent {
            call: ghost.clone(),
            at: Some(PbxTime(1)),
            seen: NOW,
            certainty: belbrug::telephony::calls::event::Certainty::Observed,
            kind: belbrug::telephony::calls::event::CallEventKind::Queued {
                queue: "q".to_owned(),
                leg: belbrug::telephony::calls::event::LegRef {
                    id: belbrug::ids::Uniqueid::new("1.1"),
                    channel: "PJSIP/trunk-00000001".to_owned(),
                    line: None,
                },
                caller: Default::default(),
                dialled: String::new(),
            },
        };
        db.writer.write(Write::CallEvent { key: "ghost-1".to_owned(), event, agent: None, number: None }).await.expect("journalled");
        let ghosts = |only| Write::CloseGhosts { now: NOW, since: NOW.plus_seconds(1), live: vec![CallId::new("another")], only };
        let (from, to) = (Timestamp(0), Timestamp(i64::MAX));
        db.writer.write(ghosts(Some(CallId::OBSERVED_PREFIX))).await.expect("closed");
        assert!(!is_over(&db, &ghost).await, "it was not for SIP to judge");
        db.writer.write(ghosts(None)).await.expect("closed");
        assert!(is_over(&db, &ghost).await);
        let counts = db.store.counts(from, to).await.expect("counts");
        for (which, count) in [
            (Which::Inbound, counts.inbound),
            (Which::Outbound, counts.outbound),
            (Which::Answered, counts.answered),
            (Which::Missed, counts.missed),
            (Which::Abandoned, counts.abandoned),
            (Which::Promises, counts.promises),
            (Which::Owed, counts.owed),
        ] {
            let list = db.store.calls(which, from, to, 0).await.expect("a list");
            assert_eq!(i64::try_from(list.len()), Ok(count), "{which:?}");
        }
        assert_eq!(
            (counts.inbound, counts.outbound, counts.answered, counts.missed, counts.abandoned),
            (6, 2, 2, 4, 1),
            "what nobody saw the end of is not missed"
        );
        let closed = db.store.call(&ghost).await.expect("read").expect("there");
        assert_eq!((closed.is_over, closed.reason.as_str()), (true, "unknown"));
    }
}

/// PostgreSQL stands still for three seconds: what is asked is refused in words, and the journal loses nothing.
#[tokio::test]
async fn a_database_that_stands_still_loses_nothing() {
    let db = Database::postgres().await;
    let agent = user(&db, "anna", None).await;
    let case = case(&db).await;
    db.pause(true);
    for n in 0..200 {
        let gap = Write::Gap { key: format!("gap-{n}"), kind: "journal", from: NOW, to: None, events_lost: 0, why: String::new() };
        db.writer.journal(gap).expect("the journal takes it at once");
    }
    let refused = db.writer.write(Write::Outcome(Box::new(outcome(agent, case, "while-away")))).await;
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    db.pause(false);
    let saved = crate::lab::until_async(|| async { db.writer.write(Write::Outcome(Box::new(outcome(agent, case, "while-away")))).await.ok() }).await;
    assert!(saved.is_some(), "saved once it is back");
    let written = crate::lab::until_async(|| async { (db.writer.journal_len() == 0).then_some(()) }).await;
    assert!(written.is_some());
    assert_eq!(raw(&db.url, "UPDATE gaps SET why = 'seen'").await.expect("count"), 200);
}

/// PostgreSQL ends the writer's connection, as a restart or a timeout does: nobody has to save twice.
#[tokio::test]
async fn a_connection_that_the_database_ended_costs_nobody_a_save() {
    let db = Database::postgres().await;
    let agent = user(&db, "anna", None).await;
    let case = case(&db).await;
    let draft = DraftSave { agent, case, version: 0, at: NOW, form: "{}".to_owned().into() };
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
    for write in [Write::Draft(draft), Write::Outcome(Box::new(outcome(agent, case, "key")))] {
        assert!(raw(&db.url, end).await.expect("ended") > 0);
        db.writer.write(write).await.expect("saved at the first try");
    }
}
