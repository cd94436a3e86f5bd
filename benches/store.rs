//! Outcomes into the ledger: one saved alone, beside what the same disk takes for one fdatasync in the same run; many
//! agents at once, which are written in groups; and a group in which every tenth write fails and takes only itself back.
//! On SQLite, and on a PostgreSQL of its own. `BELBRUG_STORE=sqlite` or `postgres` takes one of them.
#![expect(clippy::expect_used, clippy::print_stdout, clippy::panic, reason = "a benchmark prints, and stops where it cannot go on")]

#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod measure;

use std::path::Path;
use std::time::Instant;

use belbrug::clock::Timestamp;
use belbrug::collection::money::Cents;
use belbrug::ids::{AgentId, CaseId, PhoneNumber};
use belbrug::store::pool::Store;
use belbrug::store::write::{DebtorImport, ImportBegin, InvoiceImport, OutcomeSave, UserSave, Write, Written};
use belbrug::store::writer::Writer;
use measure::postgres::Cluster;
use measure::{Times, fdatasyncs, micros};

const DEBTORS: usize = 5_000;
const LONE: usize = 500;
/// Agents who save at the same time, and how often each does.
const AGENTS: usize = 50;
const EACH: usize = 200;

#[tokio::main]
async fn main() {
    let which = std::env::var("BELBRUG_STORE").unwrap_or_default();
    if which != "postgres" {
        let folder = measure::scratch();
        outcomes(folder.path(), &format!("sqlite:{}", folder.path().join("bench.db").display())).await;
    }
    if which != "sqlite" {
        let folder = measure::scratch();
        let cluster = Cluster::start(folder.path());
        outcomes(folder.path(), &cluster.url).await;
    }
}

async fn outcomes(folder: &Path, url: &str) {
    let store = Store::open(url).await.expect("a database");
    let (writer, writing) = Writer::start(store.clone());
    println!("{}, {DEBTORS} debtors", store.kind());
    let (agent, cases) = fill(&writer, &store).await;
    // The disk is measured in between, not before: it may be slower by the minute.
    let (mut lone, mut syncs) = (Times::default(), Times::default());
    for n in 0..LONE {
        if n % 10 == 0 {
            syncs.extend(fdatasyncs(folder, 10));
        }
        let began = Instant::now();
        writer.write(outcome(agent, case_at(&cases, n), format!("lone-{n}"))).await.expect("saved");
        lone.push(began.elapsed());
    }
    println!("  one fdatasync of 4 KiB on this disk     {}", syncs.words());
    println!("  an outcome, saved alone                 {}", lone.words());
    println!("  which is one fdatasync and              p50 {:>11}", micros(lone.median().saturating_sub(syncs.median())));
    let (seconds, mut times, refused) = crowd(&writer, agent, &cases, false).await;
    assert_eq!(refused, 0, "none fails");
    println!("  {AGENTS} agents who save at once               {:.0} a second; each waits {}", (AGENTS * EACH) as f64 / seconds, times.words());
    let (seconds, _, refused) = crowd(&writer, agent, &cases, true).await;
    assert_eq!(refused, AGENTS * EACH / 10, "every tenth fails, and no other");
    println!("  the same, and every tenth fails         {:.0} a second, {refused} refused, the others saved", (AGENTS * EACH) as f64 / seconds);
    assert!(store.has_entry("crowd-false-0-199").await.expect("read") && store.has_entry("crowd-true-49-1").await.expect("read"));
    assert!(!store.has_entry("crowd-true-49-0").await.expect("read"), "what was refused is not there");
    drop(writer);
    writing.await.expect("the writer");
    store.close().await;
}

async fn crowd(writer: &Writer, agent: AgentId, cases: &[i64], some_fail: bool) -> (f64, Times, usize) {
    let began = Instant::now();
    let agents = (0..AGENTS).map(|who| async move {
        let (mut times, mut refused) = (Times::default(), 0);
        for n in 0..EACH {
            let case = if some_fail && n % 10 == 0 { CaseId(i64::MAX) } else { case_at(cases, who * EACH + n) };
            let began = Instant::now();
            let result = writer.write(outcome(agent, case, format!("crowd-{some_fail}-{who}-{n}"))).await;
            times.push(began.elapsed());
            refused += usize::from(result.is_err());
        }
        (times, refused)
    });
    let (mut times, mut refused) = (Times::default(), 0);
    for (own, failed) in futures_util::future::join_all(agents).await {
        times.extend(own);
        refused += failed;
    }
    (began.elapsed().as_secs_f64(), times, refused)
}

fn case_at(cases: &[i64], n: usize) -> CaseId {
    CaseId(*cases.get(n % cases.len()).expect("a case"))
}

/// A user and the debtors; the user, and some of the cases.
async fn fill(writer: &Writer, store: &Store) -> (AgentId, Vec<i64>) {
    let user = UserSave {
        id: None,
        login: "anna".to_owned(),
        name: "Anna".to_owned(),
        role: "agent",
        extension: None,
        language: "nl".to_owned(),
        password_hash: "x".to_owned().into(),
        at: Timestamp(1),
    };
    let Ok(Written::User(agent)) = writer.write(Write::User(user)).await else { panic!("no user") };
    let begin = ImportBegin { at: Timestamp(1), creditor: "Creditor".to_owned() };
    let Ok(Written::Import(import, _)) = writer.write(Write::ImportBegin(begin)).await else { panic!("no import") };
    for batch in 0..DEBTORS / 500 {
        let rows = batch * 500..(batch + 1) * 500;
        writer.write(Write::ImportDebtors(rows.clone().map(debtor).collect())).await.expect("debtors");
        writer.write(Write::ImportInvoices(import, rows.map(invoice).collect())).await.expect("invoices");
    }
    writer.write(Write::ImportEnd(import)).await.expect("ended");
    let mut cases = Vec::new();
    for n in 0..200 {
        let found = store.search(&format!("D{:07}", n * DEBTORS / 200), None).await.expect("a search");
        cases.extend(found.first().map(|case| case.case_id));
    }
    (agent, cases)
}

fn debtor(at: usize) -> DebtorImport {
    DebtorImport {
        line: 0,
        reference: format!("D{at:07}"),
        creditor: "Creditor".to_owned(),
        name: format!("Debtor {at}").into(),
        kind: "business",
        language: "nl",
        street: String::new(),
        postcode: String::new(),
        city: "Zwolle".to_owned(),
        country: "NL".to_owned(),
        email: String::new(),
        numbers: vec![PhoneNumber::from_i64(447_700_000_000 + i64::try_from(at).expect("small")).expect("a number")],
        contact: None,
        stage: None,
    }
}

fn invoice(at: usize) -> InvoiceImport {
    let day = |text: &str| text.parse().expect("a date");
    InvoiceImport {
        line: 0,
        debtor_reference: format!("D{at:07}"),
        creditor: "Creditor".to_owned(),
        number: format!("F{at}"),
        issued_on: day("2026-09-01"),
        due_on: day("2026-10-01"),
        amount: Cents(10_000),
        open: Cents(10_000),
        order_no: String::new(),
    }
}

fn outcome(agent: AgentId, case: CaseId, key: String) -> Write {
    Write::Outcome(Box::new(OutcomeSave {
        key,
        at: Timestamp(1),
        agent,
        case,
        calls: Vec::new(),
        code: "NA",
        amount: None,
        detail: "{}".to_owned(),
        texts: vec![("notes", "geen gehoor".to_owned().into())],
        follow_up: None,
        human: false,
        rpc: false,
        attempt: true,
        disputed: Vec::new(),
        wrong_number: None,
        corrects: None,
    }))
}
