//! The numbers in memory never say what the database would not say.

use belbrug::clock::Timestamp;
use belbrug::collection::money::Cents;
use belbrug::ids::{AgentId, CaseId, DebtorId, PhoneNumber};
use belbrug::store::pool::Store;
use belbrug::store::write::{DebtorImport, ImportBegin, InvoiceImport, OutcomeSave, UserSave, Write, Written};
use belbrug::store::writer::Writer;

use super::database::Database;
use crate::lab::until;

const NOW: Timestamp = Timestamp(1_795_000_000_000_000);
const NUMBERS_MAX: usize = 1000;

#[tokio::test]
async fn numbers_in_memory_are_those_of_sqlite() {
    they_are_those_of_the_database(Database::sqlite().await).await;
}

#[tokio::test]
async fn numbers_in_memory_are_those_of_postgres() {
    they_are_those_of_the_database(Database::postgres().await).await;
}

#[tokio::test]
async fn more_numbers_than_fit_are_looked_up_in_the_database() {
    let db = Database::sqlite().await;
    let import = begin(&db.writer).await;
    list(&db.writer, import, "D1", "Bakkerij", 447_700_900_001).await;
    list(&db.writer, import, "D2", "Garage", 447_700_900_002).await;
    end(&db.writer, import).await;
    db.store.keep_numbers(1);
    // It is known that they do not fit once the limit that is large enough has been tried after it.
    let other = Store::open(&db.url).await.expect("the same database");
    other.keep_numbers(NUMBERS_MAX);
    assert!(until(|| other.known_cases(number(447_700_900_001))).await.is_some());
    assert_eq!((db.store.numbers_in_memory(), db.store.known_cases(number(447_700_900_001))), (None, None));
    assert_eq!(names(&db.store, 447_700_900_001).await, ["Bakkerij"]);
}

async fn they_are_those_of_the_database(db: Database) {
    let agent = user(&db.writer).await;
    let import = begin(&db.writer).await;
    list(&db.writer, import, "D1", "Bakkerij", 447_700_900_001).await;
    list(&db.writer, import, "D2", "Garage", 447_700_900_002).await;
    db.store.keep_numbers(NUMBERS_MAX);
    assert_eq!(names(&db.store, 447_700_900_001).await, ["Bakkerij"], "the database answers while the import lasts");
    assert_eq!(db.store.numbers_in_memory(), None);
    end(&db.writer, import).await;
    in_memory(&db.store, 2).await;
    let known = until(|| db.store.known_cases(number(447_700_900_001))).await.expect("it is believed");
    assert_eq!(known.iter().map(|c| (c.name.reveal().as_str(), c.creditor.as_str())).collect::<Vec<_>>(), [("Bakkerij", "Creditor BV")]);
    assert_eq!(db.store.known_cases(number(447_700_900_009)), None, "nobody's number is asked of the database");

    // A number that an agent attaches is asked of the database from then on.
    let found = db.store.cases_by_number(number(447_700_900_002)).await.expect("found");
    let garage = db.store.case_file(found[0].case).await.expect("read").expect("there").debtor;
    attach(&db.writer, garage, 447_700_900_001).await;
    assert_eq!(names(&db.store, 447_700_900_001).await, ["Bakkerij", "Garage"]);

    // And so is one that turns out to be wrong.
    wrong_number(&db.writer, agent, found[0].case, 447_700_900_002).await;
    assert!(names(&db.store, 447_700_900_002).await.is_empty());

    // Another process imports: before its first change nobody believes the table any more.
    let other = Store::open(&db.url).await.expect("the same database");
    let (other_writer, _) = Writer::start(other);
    let import = begin(&other_writer).await;
    assert!(until(|| db.store.known_cases(number(447_700_900_001)).is_none().then_some(())).await.is_some());
    assert!(until(|| db.store.numbers_in_memory().is_none().then_some(())).await.is_some(), "the import is seen");
    list(&other_writer, import, "D3", "Café", 447_700_900_001).await;
    assert_eq!(names(&db.store, 447_700_900_001).await, ["Bakkerij", "Café", "Garage"]);
    end(&other_writer, import).await;
    in_memory(&db.store, 3).await;
    let known = until(|| db.store.known_cases(number(447_700_900_001))).await.expect("it is believed");
    assert_eq!(known.len(), 3, "what was attached before is in the new table");
    assert_eq!(db.store.known_cases(number(447_700_900_002)), None, "a wrong number is in no table");

    // What is settled leaves the choice, as the database says it.
    let import = begin(&db.writer).await;
    db.writer.write(Write::ImportInvoices(import, vec![invoice("D1", 0)])).await.expect("paid");
    assert_eq!(names(&db.store, 447_700_900_001).await, ["Café", "Garage"]);
    end(&db.writer, import).await;
    let known = until(|| db.store.known_cases(number(447_700_900_001))).await.expect("it is believed");
    assert_eq!(known.len(), 2);
}

async fn in_memory(store: &Store, entries: usize) {
    let there = until(|| store.numbers_in_memory().filter(|(count, _)| *count >= entries)).await;
    assert!(there.is_some(), "the numbers are not in memory: {:?}", store.numbers_in_memory());
}

async fn names(store: &Store, digits: i64) -> Vec<String> {
    let found = store.cases_by_number(number(digits)).await.expect("an answer");
    found.into_iter().map(|candidate| candidate.name.into_revealed()).collect()
}

fn number(digits: i64) -> PhoneNumber {
    PhoneNumber::from_i64(digits).expect("a number")
}

async fn user(writer: &Writer) -> AgentId {
    let save = UserSave {
        id: None,
        login: "anna".to_owned(),
        name: "Anna".to_owned(),
        role: "agent",
        extension: None,
        language: "nl".to_owned(),
        password_hash: "hash".to_owned().into(),
        at: NOW,
    };
    let Ok(Written::User(id)) = writer.write(Write::User(save)).await else { panic!("no user") };
    id
}

async fn begin(writer: &Writer) -> i64 {
    let begin = ImportBegin { at: NOW, creditor: "Creditor BV".to_owned() };
    let Ok(Written::Import(import, _)) = writer.write(Write::ImportBegin(begin)).await else { panic!("no import") };
    import
}

async fn end(writer: &Writer, import: i64) {
    writer.write(Write::ImportEnd(import)).await.expect("ended");
}

async fn attach(writer: &Writer, debtor: DebtorId, digits: i64) {
    writer.write(Write::AttachNumber(debtor, number(digits))).await.expect("attached");
}

/// A debtor with one number and one open invoice.
async fn list(writer: &Writer, import: i64, reference: &str, name: &str, digits: i64) {
    let debtor = DebtorImport {
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
        numbers: vec![number(digits)],
        contact: None,
        stage: None,
    };
    writer.write(Write::ImportDebtors(vec![debtor])).await.expect("a debtor");
    writer.write(Write::ImportInvoices(import, vec![invoice(reference, 10_000)])).await.expect("an invoice");
}

fn invoice(reference: &str, open: i64) -> InvoiceImport {
    InvoiceImport {
        line: 2,
        debtor_reference: reference.to_owned(),
        creditor: "Creditor BV".to_owned(),
        number: format!("F-{reference}"),
        issued_on: "2026-09-01".parse().expect("a date"),
        due_on: "2026-10-01".parse().expect("a date"),
        amount: Cents(10_000),
        open: Cents(open),
        order_no: String::new(),
    }
}

async fn wrong_number(writer: &Writer, agent: AgentId, case: CaseId, digits: i64) {
    let save = OutcomeSave {
        key: "wrong-number".to_owned(),
        at: NOW,
        agent,
        case,
        calls: Vec::new(),
        code: "WN",
        amount: None,
        detail: "{}".to_owned(),
        texts: Vec::new(),
        follow_up: None,
        human: false,
        rpc: false,
        attempt: true,
        disputed: Vec::new(),
        wrong_number: Some(number(digits)),
        corrects: None,
    };
    writer.write(Write::Outcome(Box::new(save))).await.expect("saved");
}
