//! The ledger on SQLite: a lone save and many at once, beside the disk's own fdatasync, and finding a number.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

use std::io::Write as _;
use std::time::{Duration, Instant};

use belbrug::clock::Timestamp;
use belbrug::collection::money::Cents;
use belbrug::ids::{AgentId, CaseId, PhoneNumber};
use belbrug::store::pool::Store;
use belbrug::store::write::{DebtorImport, ImportBegin, InvoiceImport, OutcomeSave, UserSave, Write, Written};
use belbrug::store::writer::Writer;

const DEBTORS: usize = 200_000;
const LONE: usize = 300;
const CROWD: usize = 10_000;

#[tokio::main]
async fn main() {
    // Beside the build, on a real disk: the system's folder for temporary files may be memory.
    let folder = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).expect("a folder");
    let store = Store::open(&format!("sqlite:{}", folder.path().join("bench.db").display())).await.expect("a database");
    let (writer, _) = Writer::start(store.clone());
    let (agent, case) = fill(&writer, &store).await;
    let mut syncs = fdatasyncs(folder.path());
    println!("fdatasync of this disk                p50 {:>9}", micros(percentile(&mut syncs, 50)));
    let mut lone = Vec::new();
    for n in 0..LONE {
        let began = Instant::now();
        writer.write(outcome(agent, case, format!("lone-{n}"))).await.expect("saved");
        lone.push(began.elapsed());
    }
    println!("an outcome, saved alone               p50 {:>9}  p99 {:>9}", micros(percentile(&mut lone, 50)), micros(percentile(&mut lone, 99)));
    let began = Instant::now();
    let crowd = (0..CROWD / 500).map(|batch| {
        let writer = writer.clone();
        async move {
            for n in 0..500 {
                writer.write(outcome(agent, case, format!("crowd-{batch}-{n}"))).await.expect("saved");
            }
        }
    });
    futures_util::future::join_all(crowd).await;
    println!("outcomes of {} agents at once         {:.0} a second", CROWD / 500, CROWD as f64 / began.elapsed().as_secs_f64());
    let mut lookups = Vec::new();
    for n in 0..5_000_usize {
        let number = number((n * 7919) % DEBTORS);
        let began = Instant::now();
        let found = store.cases_by_number(number).await.expect("found");
        lookups.push(began.elapsed());
        assert_eq!(found.len(), 1);
    }
    println!(
        "a number among {DEBTORS} debtors        p50 {:>9}  p99 {:>9}",
        micros(percentile(&mut lookups, 50)),
        micros(percentile(&mut lookups, 99))
    );
}

fn number(at: usize) -> PhoneNumber {
    PhoneNumber::from_i64(447_700_000_000 + i64::try_from(at).expect("small")).expect("a number")
}

async fn fill(writer: &Writer, store: &Store) -> (AgentId, CaseId) {
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
    for batch in 0..DEBTORS / 1000 {
        let rows = batch * 1000..(batch + 1) * 1000;
        writer.write(Write::ImportDebtors(rows.clone().map(debtor).collect())).await.expect("debtors");
        writer.write(Write::ImportInvoices(import, rows.map(invoice).collect())).await.expect("invoices");
    }
    let case = store.search("D0000000", None).await.expect("a search").first().expect("a case").case_id;
    (agent, CaseId(case))
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
        numbers: vec![number(at)],
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

/// What the disk takes for 4 KiB that are written and made durable.
fn fdatasyncs(folder: &std::path::Path) -> Vec<Duration> {
    let mut file = std::fs::File::create(folder.join("sync")).expect("a file");
    (0..LONE)
        .map(|_| {
            file.write_all(&[0; 4096]).expect("written");
            let began = Instant::now();
            file.sync_data().expect("durable");
            began.elapsed()
        })
        .collect()
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort();
    times[(times.len() - 1) * percent / 100]
}

fn micros(time: Duration) -> String {
    format!("{:.1} us", time.as_secs_f64() * 1e6)
}
