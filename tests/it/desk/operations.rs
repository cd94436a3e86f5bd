//! Running it: stopping without losing, figures, backup by command, the unit of systemd.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::header::AUTHORIZATION;
use reqwest::{Client, StatusCode};

use super::over_http::{case, client, get, post, signed_in};
use super::service::{Home, nothing_personal_in, said};
use crate::lab::{Debtor, Pbx, Phone, until_async};
use crate::store::database::Database;

/// A stop takes at most this long: bridge, recordings, pages and writer, one after the other.
const STOP_MAX: Duration = Duration::from_secs(16);

/// A Belbrug without a PBX, with something added to its config.
async fn home(more: &str) -> Home {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("a port").port();
    let mut home = Home::new(closed, "secret");
    let config = std::fs::read_to_string(home.path("belbrug.toml")).expect("the config");
    home.write("belbrug.toml", &format!("{config}{more}"));
    home.start().await;
    home
}

#[tokio::test]
async fn what_is_acknowledged_while_it_stops_is_saved_and_live_pages_come_back() {
    let mut home = home("").await;
    let anna = signed_in(&home, "anna").await;
    let case = case(&anna, &home, "korenaar").await;
    let mut live = get(&anna, &home, "/desk/live").await;
    // The bar comes first, without a number; the message that makes the page whole has one.
    let mut said = String::new();
    let id = loop {
        let chunk = live.chunk().await.expect("a chunk").expect("a message");
        said.push_str(std::str::from_utf8(&chunk).expect("text"));
        if let Some(id) = said.lines().find_map(|line| line.strip_prefix("id: ")) {
            break id.to_owned();
        }
    };
    let url = format!("{}/desk/outcome", home.address);
    let stopped = AtomicBool::new(false);
    // Eight hands that save without a pause, before and while it stops.
    let hands = join_all((0..8).map(|hand| {
        let (anna, url, case, stopped) = (&anna, &url, &case, &stopped);
        async move {
            let mut acknowledged = Vec::new();
            for n in 0.. {
                let key = format!("hand-{hand}-outcome-{n}");
                let form = [("case", case.as_str()), ("key", &key), ("code", "NA")];
                match anna.post(url).form(&form).timeout(Duration::from_secs(20)).send().await {
                    Ok(answer) if answer.status() == StatusCode::OK => acknowledged.push(key),
                    Ok(_) => {}
                    Err(_) if stopped.load(Ordering::Relaxed) => break,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
            acknowledged
        }
    }));
    let stop = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let began = Instant::now();
        let ended = home.terminate_within(STOP_MAX).await;
        stopped.store(true, Ordering::Relaxed);
        assert!(ended, "it still runs after {:?}", began.elapsed());
    };
    let (acknowledged, ()) = tokio::join!(hands, stop);
    let acknowledged: Vec<String> = acknowledged.into_iter().flatten().collect();
    assert!(acknowledged.len() >= 20, "{}", acknowledged.len());
    let ended = async { while matches!(live.chunk().await, Ok(Some(_))) {} };
    assert!(tokio::time::timeout(Duration::from_secs(5), ended).await.is_ok(), "the stream ends, and so the page knows");
    let pool = home.pool().await;
    let keys: Vec<(String,)> = sqlx::query_as("SELECT key FROM ledger").fetch_all(&pool).await.expect("keys");
    let lost: Vec<&String> = acknowledged.iter().filter(|key| !keys.iter().any(|(there,)| there.ends_with(key.as_str()))).collect();
    assert_eq!(lost, Vec::<&String>::new(), "acknowledged and not in the ledger");
    pool.close().await;
    home.start().await;
    let mut again = anna.get(format!("{}/desk/live", home.address)).header("last-event-id", &id).send().await.expect("the stream");
    let next = String::from_utf8(again.chunk().await.expect("a chunk").expect("a message").to_vec()).expect("text");
    assert!(next.contains("call-bar"), "who comes back gets everything: {next}");
}

#[tokio::test]
async fn a_second_service_on_the_same_database_is_refused() {
    let home = home("").await;
    let second = home.run(&["serve"]);
    assert!(!second.status.success() && said(&second).contains("another Belbrug runs on this database"), "{}", said(&second));
}

pub(super) async fn figures(client: &Client, home: &Home) -> String {
    let answer = get(client, home, "/metrics").await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.text().await.expect("figures")
}

#[tokio::test]
async fn figures_tell_of_link_calls_writer_and_pages_and_of_nobody() {
    let pbx = Pbx::up_ringing("figures", Duration::from_secs(20)).await;
    let phone = Phone::register(&pbx, "101").await;
    let home = Home::started(pbx.ami_port, &pbx.ami_secret).await;
    home.logs("signed in at the PBX").await;
    let anna = signed_in(&home, "anna").await;
    let stream = get(&anna, &home, "/desk/live").await;
    let _debtor = Debtor::calls(&pbx, "31101", "+447700900123", "Marijke Vos", None).await;
    phone.wait_ringing().await;
    phone.answer().await;
    let nobody = client();
    let has = |text: &str, line: &str| text.lines().any(|own| own == line || own.strip_prefix(line).is_some_and(|rest| rest.starts_with(' ')));
    let all = [
        "belbrug_link_up 1",
        "belbrug_link_sign_ins_total 1",
        "belbrug_calls_live 1",
        "belbrug_lookups_total{result=\"one\"} 1",
        "belbrug_ring_to_pop_seconds_count 1",
        "belbrug_lookup_seconds_count 1",
        "belbrug_call_events_total{kind=\"delivered\"} 1",
        "belbrug_call_events_total{kind=\"established\"} 1",
        "belbrug_live_streams{page=\"desk\"} 1",
        "belbrug_journal_entries 0",
        "belbrug_link_frames_total{read=\"yes\"}",
        "belbrug_link_events_total",
        "belbrug_link_bytes_total",
        "belbrug_writer_group_writes_count",
        "belbrug_writer_commit_seconds_count",
        "belbrug_web_requests_total{part=\"sign-in\",status=\"303\"} 1",
        "belbrug_outcomes_owed 0",
        "belbrug_recording_alarms 0",
    ];
    let missing = |text: &str| all.iter().filter(|line| !has(text, line)).copied().collect::<Vec<_>>();
    let complete = until_async(|| async { missing(&figures(&nobody, &home).await).is_empty().then_some(()) }).await;
    let text = figures(&nobody, &home).await;
    assert!(complete.is_some(), "{:?} in\n{text}", missing(&text));
    nothing_personal_in(&text);
    assert!(!text.contains("31101") && !text.contains("PJSIP"), "{text}");
    // Gone, and said.
    phone.hang_up().await;
    drop(stream);
    pbx.crash().await;
    let lines = ["belbrug_link_up 0", "belbrug_link_gaps_total 1", "belbrug_live_streams{page=\"desk\"} 0", "belbrug_outcomes_owed 1"];
    let seen = until_async(|| async { Some(figures(&nobody, &home).await).filter(|text| lines.iter().all(|line| has(text, line))) }).await;
    assert!(seen.is_some(), "{}", figures(&nobody, &home).await);
}

#[tokio::test]
async fn figures_are_for_this_machine_or_for_the_token() {
    let home = home("[metrics]\ntoken = \"0123456789abcdef0123\"\n").await;
    let asked = |headers: &'static [(&'static str, &'static str)]| {
        let request = headers.iter().fold(client().get(format!("{}/metrics", home.address)), |request, (name, value)| request.header(*name, *value));
        async move { request.send().await.expect("an answer").status() }
    };
    assert_eq!(asked(&[]).await, StatusCode::OK);
    assert_eq!(asked(&[("x-forwarded-for", "192.0.2.7")]).await, StatusCode::FORBIDDEN, "who comes through a proxy is not this machine");
    assert_eq!(asked(&[("forwarded", "for=192.0.2.7")]).await, StatusCode::FORBIDDEN);
    let token = (AUTHORIZATION.as_str(), "Bearer 0123456789abcdef0123");
    assert_eq!(asked(Box::leak(Box::new([("x-forwarded-for", "192.0.2.7"), token]))).await, StatusCode::OK);
    let wrong = (AUTHORIZATION.as_str(), "Bearer 0123456789abcdef012");
    assert_eq!(asked(Box::leak(Box::new([("x-forwarded-for", "192.0.2.7"), wrong]))).await, StatusCode::FORBIDDEN);
    drop(home);
    let without = self::home("[metrics]\nenabled = false\n").await;
    assert_eq!(get(&client(), &without, "/metrics").await.status(), StatusCode::NOT_FOUND);
    drop(without);
    // Behind a proxy on this machine everybody comes from it: without a token nobody may.
    let proxied = self::home("").await;
    let config = std::fs::read_to_string(proxied.path("belbrug.toml")).expect("the config");
    proxied.write("belbrug.toml", &config.replace("[web]\n", "[web]\ntrusted_proxies = [\"127.0.0.1\"]\n"));
    let mut proxied = proxied;
    proxied.terminate();
    proxied.start().await;
    assert_eq!(get(&client(), &proxied, "/metrics").await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn backup_and_restore_by_command() {
    let mut home = home("").await;
    let anna = signed_in(&home, "anna").await;
    let case = case(&anna, &home, "korenaar").await;
    let save = |key: &'static str, notes: &'static str| {
        let (anna, home, case) = (&anna, &home, &case);
        async move { post(anna, home, "/desk/outcome", &[("case", case), ("key", key), ("code", "NA"), ("notes", notes)]).await.0 }
    };
    assert_eq!(save("0123456789abcde1", "voor de kopie").await, StatusCode::OK);
    let file = home.text_path("nightly.db");
    let done = home.run(&["backup", &file]);
    assert!(done.status.success() && said(&done).contains("holds the whole database, checked"), "{}", said(&done));
    assert_eq!(save("0123456789abcde2", "na de kopie").await, StatusCode::OK);
    let refused = home.run(&["restore", &file, "--force"]);
    assert!(!refused.status.success() && said(&refused).contains("another Belbrug runs on this database: stop it first"), "{}", said(&refused));
    home.terminate();
    let refused = home.run(&["restore", &file]);
    assert!(!refused.status.success() && said(&refused).contains("is not empty: --force"), "{}", said(&refused));
    let restored = home.run(&["restore", &file, "--force"]);
    assert!(restored.status.success() && said(&restored).contains("What was there before is kept"), "{}", said(&restored));
    home.start().await;
    assert_eq!(get(&anna, &home, "/desk").await.status(), StatusCode::SEE_OTHER, "everybody signs in again");
    let anna = signed_in(&home, "anna").await;
    assert_eq!(post(&anna, &home, "/desk/open", &[("case", &case)]).await.0, StatusCode::OK);
    let desk = get(&anna, &home, "/desk").await.text().await.expect("a page");
    assert!(desk.contains("voor de kopie") && !desk.contains("na de kopie"));
}

#[tokio::test]
async fn a_backup_of_postgresql_needs_its_programs_and_says_so() {
    let db = Database::postgres().await;
    let home = Home::new(1, "secret");
    let config = std::fs::read_to_string(home.path("belbrug.toml")).expect("the config");
    let sqlite = format!("sqlite:{}", home.database().display());
    home.write("belbrug.toml", &config.replace(&sqlite, &db.url));
    let file = home.text_path("nightly.dump");
    let without = home.run_in_path("/nowhere", &["backup", &file]);
    assert!(!without.status.success() && said(&without).contains("pg_dump cannot be started"), "{}", said(&without));
    assert!(said(&without).contains("postgresql-client") && !Path::new(&file).exists(), "{}", said(&without));
    let done = home.run(&["backup", &file]);
    assert!(done.status.success(), "{}", said(&done));
    let restored = home.run(&["restore", &file]);
    assert!(restored.status.success(), "an empty database is no loss: {}", said(&restored));
}

#[test]
fn the_unit_is_one_that_systemd_takes() {
    let unit = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/systemd/belbrug.service")).expect("the unit");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("belbrug.service");
    std::fs::write(&file, unit.replace("/usr/local/bin/belbrug", super::service::PROGRAM)).expect("a copy");
    let verified = Command::new("systemd-analyze").arg("verify").arg(&file).output().expect("systemd-analyze is there: run scripts/tools");
    assert!(verified.status.success() && !said(&verified).contains("belbrug.service:"), "{}", said(&verified));
    let seconds: u64 = unit.split("TimeoutStopSec=").nth(1).and_then(|rest| rest.lines().next()).and_then(|line| line.parse().ok()).expect("seconds");
    assert!(Duration::from_secs(seconds) > STOP_MAX, "systemd would kill what is being finished");
}
