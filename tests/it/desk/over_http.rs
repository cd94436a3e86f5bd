//! The pages without a browser: who may what, and what is refused.

use std::time::Duration;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Response, StatusCode, redirect};

use super::service::{Home, PASSWORD};
use crate::lab::until_async;

/// A Belbrug without a PBX: the manager port is closed.
async fn home() -> Home {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("a port").port();
    Home::started(closed, "secret").await
}

pub(crate) fn client() -> Client {
    Client::builder().redirect(redirect::Policy::none()).cookie_store(true).timeout(Duration::from_secs(20)).build().expect("a client")
}

async fn try_sign_in(client: &Client, home: &Home, login: &str, password: &str) -> Response {
    let form = [("login", login), ("password", password)];
    client.post(format!("{}/sign-in", home.address)).form(&form).send().await.expect("an answer")
}

pub(crate) async fn signed_in(home: &Home, login: &str) -> Client {
    let client = client();
    let answer = try_sign_in(&client, home, login, PASSWORD).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    client
}

pub(crate) async fn get(client: &Client, home: &Home, path: &str) -> Response {
    client.get(format!("{}{path}", home.address)).send().await.expect("an answer")
}

pub(crate) async fn post(client: &Client, home: &Home, path: &str, form: &[(&str, &str)]) -> (StatusCode, serde_json::Value) {
    let answer = client.post(format!("{}{path}", home.address)).form(form).send().await.expect("an answer");
    let status = answer.status();
    (status, serde_json::from_str(&answer.text().await.expect("a text")).unwrap_or_default())
}

/// The case of the debtor that a search finds first.
pub(crate) async fn case(client: &Client, home: &Home, name: &str) -> String {
    let found = get(client, home, &format!("/desk/search?q={name}")).await.text().await.expect("a text");
    let rest = found.split("data-case=\"").nth(1).unwrap_or_else(|| panic!("{name} is not found: {found}"));
    rest.split('"').next().expect("an id").to_owned()
}

#[tokio::test]
async fn a_session_begins_anew_and_its_cookie_is_guarded() {
    let home = home().await;
    let form = [("login", "anna"), ("password", PASSWORD)];
    let planted = "belbrug=0123456789abcdef";
    let answer = client().post(format!("{}/sign-in", home.address)).header(COOKIE, planted).form(&form).send().await.expect("an answer");
    let cookie = answer.headers()[SET_COOKIE].to_str().expect("a cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("0123456789abcdef"), "{cookie}");
    let token = cookie.split(';').next().expect("the token").to_owned();
    let desk = |cookie: String| {
        let request = client().get(format!("{}/desk", home.address)).header(COOKIE, cookie);
        async move { request.send().await.expect("an answer").status() }
    };
    assert_eq!(desk(token.clone()).await, StatusCode::OK);
    assert_eq!(desk(planted.to_owned()).await, StatusCode::SEE_OTHER);
    // Another password ends it.
    let changed = home.run_with_input(&["user", "password", "anna"], "another password of tests");
    assert!(changed.status.success(), "{changed:?}");
    assert_eq!(desk(token).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn wrong_passwords_tell_nothing_and_soon_have_to_wait() {
    let home = home().await;
    let client = client();
    let unknown = try_sign_in(&client, &home, "nobody", "a wrong password").await;
    let known = try_sign_in(&client, &home, "anna", "a wrong password").await;
    assert_eq!((unknown.status(), known.status()), (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::UNPROCESSABLE_ENTITY));
    let (unknown, known) = (unknown.text().await.expect("a page"), known.text().await.expect("a page"));
    assert_eq!(unknown.replace("nobody", ""), known.replace("anna", ""), "the answers differ");
    for _ in 0..5 {
        try_sign_in(&client, &home, "anna", "a wrong password").await;
    }
    let late = try_sign_in(&client, &home, "anna", PASSWORD).await;
    assert_eq!(late.status(), StatusCode::TOO_MANY_REQUESTS, "even with the right password");
    assert_eq!(try_sign_in(&client, &home, "bram", PASSWORD).await.status(), StatusCode::SEE_OTHER, "others may");
}

#[tokio::test]
async fn every_page_asks_who_and_whether() {
    let home = home().await;
    let nobody = client();
    for path in ["/desk", "/floor", "/floor/calls", "/floor/calls/x", "/admin/users"] {
        let answer = get(&nobody, &home, path).await;
        assert_eq!((answer.status(), answer.headers()[LOCATION].to_str().ok()), (StatusCode::SEE_OTHER, Some("/sign-in")), "{path}");
    }
    for path in ["/desk/live", "/floor/live", "/desk/search?q=x"] {
        assert_eq!(get(&nobody, &home, path).await.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    for path in [
        "/desk/dial",
        "/desk/outcome",
        "/desk/draft",
        "/desk/open",
        "/desk/hang-up",
        "/desk/presence",
        "/desk/attach",
        "/desk/close",
        "/desk/take-over",
        "/desk/focus",
        "/desk/dismiss",
        "/floor/settle",
        "/admin/users",
        "/admin/users/devices",
    ] {
        let (status, _) = post(&nobody, &home, path, &[]).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let agent = signed_in(&home, "anna").await;
    for path in ["/floor", "/floor/live", "/floor/calls", "/floor/calls/x", "/floor/owed", "/admin/users"] {
        assert_eq!(get(&agent, &home, path).await.status(), StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(post(&agent, &home, "/floor/settle", &[("call", "x"), ("reason", "omdat")]).await.0, StatusCode::FORBIDDEN);
    assert_eq!(post(&agent, &home, "/admin/users/devices", &[("user", "1"), ("devices", "103")]).await.0, StatusCode::FORBIDDEN);
    let supervisor = signed_in(&home, "carla").await;
    assert_eq!(get(&supervisor, &home, "/floor").await.status(), StatusCode::OK);
    assert_eq!(get(&supervisor, &home, "/floor/calls/x").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(get(&supervisor, &home, "/admin/users").await.status(), StatusCode::FORBIDDEN);
    let admin = signed_in(&home, "dirk").await;
    assert_eq!(get(&admin, &home, "/admin/users").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn another_site_can_neither_post_nor_frame_nor_run_scripts() {
    let home = home().await;
    let agent = signed_in(&home, "anna").await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "http://evil.example")] {
        let answer =
            agent.post(format!("{}/desk/presence", home.address)).header(name, value).form(&[("state", "ready")]).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let stream = agent.get(format!("{}/desk/live", home.address)).header("sec-fetch-site", "cross-site").send().await.expect("an answer");
    assert_eq!(stream.status(), StatusCode::FORBIDDEN);
    let page = get(&agent, &home, "/desk").await;
    let policy = page.headers()["content-security-policy"].to_str().expect("a policy").to_owned();
    assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.headers()["cache-control"], "no-store");
    let html = page.text().await.expect("a page");
    assert!(!html.contains("<script>") && !html.contains(" onclick=") && !html.contains(" style="), "the policy would break this page");
}

#[tokio::test]
async fn large_and_strange_requests_are_refused_and_the_service_goes_on() {
    let mut home = home().await;
    let agent = signed_in(&home, "anna").await;
    let case = case(&agent, &home, "korenaar").await;
    let large = "x".repeat(2 * 1024 * 1024);
    // It may hang up while we still send.
    let answer = agent.post(format!("{}/desk/draft", home.address)).form(&[("case", &case), ("notes", &large)]).send().await;
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status() == StatusCode::PAYLOAD_TOO_LARGE));
    // The server hung up on that connection.
    let agent = signed_in(&home, "anna").await;
    for query in ["'; DROP TABLE ledger; --", "%25_%25", "\u{0}", "a' OR '1'='1", "%F0%9F%93%9E", &"y".repeat(3000)] {
        let answer = agent.get(format!("{}/desk/search", home.address)).query(&[("q", query)]).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{query:?}");
        assert!(!answer.text().await.expect("a text").contains("Korenaar"), "{query:?} found everybody");
    }
    for form in [vec![], vec![("case", "x")], vec![("case", "-1")], vec![("case", "99999999999999999999")], vec![("case", "7' OR 1=1")]] {
        for path in ["/desk/open", "/desk/dial", "/desk/outcome", "/desk/draft", "/desk/attach"] {
            let (status, _) = post(&agent, &home, path, &form).await;
            assert!(status.is_client_error(), "{path} {form:?}: {status}");
        }
    }
    assert!(home.is_running());
    assert_eq!(get(&agent, &home, "/desk").await.status(), StatusCode::OK);
    assert!(!home.log().contains("panicked"), "{}", home.log());
}

#[tokio::test]
async fn an_outcome_names_every_missing_field_and_saving_twice_is_once() {
    let home = home().await;
    let agent = signed_in(&home, "anna").await;
    let case = case(&agent, &home, "korenaar").await;
    let (status, answer) = post(&agent, &home, "/desk/outcome", &[("case", &case), ("key", "0123456789abcdef"), ("code", "PTP")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let errors = answer["errors"].as_object().expect("errors").keys().cloned().collect::<Vec<_>>();
    assert_eq!(errors, ["amount", "contact_id", "method", "promise_date", "summary_confirmed"]);
    for _ in 0..2 {
        let (status, answer) =
            post(&agent, &home, "/desk/outcome", &[("case", &case), ("key", "0123456789abcdef"), ("code", "NA"), ("notes", "twee keer")]).await;
        assert_eq!((status, &answer["saved"]), (StatusCode::OK, &serde_json::json!(true)));
    }
    let file = desk_file(&agent, &home, &case).await;
    assert_eq!(file.matches("twee keer").count(), 1, "{file}");
}

/// The work list as the desk's page has it.
async fn work_list(agent: &Client, home: &Home) -> String {
    let page = get(agent, home, "/desk").await.text().await.expect("a page");
    page.split("id=\"worklist\"").nth(1).and_then(|rest| rest.split("</section>").next()).expect("the work list").to_owned()
}

#[tokio::test]
async fn the_work_list_follows_an_outcome_at_once_and_a_list_that_is_read_elsewhere_soon() {
    let home = home().await;
    let agent = signed_in(&home, "anna").await;
    assert!(work_list(&agent, &home).await.contains("Korenaar"));
    let case = case(&agent, &home, "korenaar").await;
    let (status, _) = post(&agent, &home, "/desk/outcome", &[("case", &case), ("key", "0123456789abcdef"), ("code", "NA")]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(!work_list(&agent, &home).await.contains("Korenaar"), "who was not reached today is not offered again");
    home.write("more.csv", "Debiteurnr;Naam;Telefoon;Plaats\r\nD9;Drukkerij De Pers;+44 7700 900345;Goes\r\n");
    home.write(
        "more-invoices.csv",
        "Debiteurnr;Factuurnummer;Factuurdatum;Vervaldatum;Bedrag;Openstaand\r\nD9;2026-0009;01-09-2026;01-10-2026;10,00;10,00\r\n",
    );
    let read = home.run(&["import", &home.text_path("more.csv"), &home.text_path("more-invoices.csv")]);
    assert!(read.status.success(), "{read:?}");
    let listed = until_async(async || work_list(&agent, &home).await.contains("Drukkerij De Pers").then_some(()));
    assert!(listed.await.is_some(), "{}", work_list(&agent, &home).await);
}

/// The desk's page with this case open.
async fn desk_file(agent: &Client, home: &Home, case: &str) -> String {
    let (status, _) = post(agent, home, "/desk/open", &[("case", case)]).await;
    assert_eq!(status, StatusCode::OK);
    get(agent, home, "/desk").await.text().await.expect("a page")
}

#[tokio::test]
async fn a_newer_draft_of_another_tab_is_not_overwritten() {
    let home = home().await;
    let agent = signed_in(&home, "anna").await;
    let case = case(&agent, &home, "korenaar").await;
    let save = |version: &'static str, notes: &'static str| {
        let (agent, home, case) = (&agent, &home, &case);
        async move { post(agent, home, "/desk/draft", &[("case", case), ("version", version), ("notes", notes)]).await }
    };
    assert_eq!(save("0", "een").await.1["version"], 1);
    assert_eq!(save("1", "twee").await.1["version"], 2);
    let (status, answer) = save("1", "anders").await;
    assert_eq!((status, &answer["version"], &answer["notes"]), (StatusCode::CONFLICT, &serde_json::json!(2), &serde_json::json!("twee")));
    assert_eq!(save("1", "twee").await.0, StatusCode::OK, "the same text again is no conflict");
}

#[tokio::test]
async fn only_the_debtor_s_own_numbers_are_dialled_and_without_a_pbx_it_says_so() {
    let home = home().await;
    let agent = signed_in(&home, "anna").await;
    let case = case(&agent, &home, "korenaar").await;
    let dial = |number: &'static str, key: &'static str| {
        let (agent, home, case) = (&agent, &home, &case);
        async move { post(agent, home, "/desk/dial", &[("case", case), ("number", number), ("key", key)]).await }
    };
    let said = |answer: (StatusCode, serde_json::Value)| {
        assert_eq!(answer.0, StatusCode::CONFLICT);
        answer.1["message"].as_str().unwrap_or_default().to_owned()
    };
    assert!(said(dial("+447700900555", "0123456789").await).contains("staat niet bij deze debiteur"));
    assert!(said(dial("300&Local/9@x", "0123456789").await).contains("geen geldig telefoonnummer"));
    assert!(said(dial("+447700900123", "a\r\nAction: x").await).contains("niet gelukt"));
    assert!(said(dial("+447700900123", "0123456789").await).contains("geen verbinding met de centrale"));
}

#[tokio::test]
async fn the_live_stream_resumes_by_number_and_ends_with_the_session() {
    let home = home().await;
    let agent = signed_in(&home, "anna").await;
    let mut stream = get(&agent, &home, "/desk/live").await;
    let first = up_to_a_number(&mut stream).await;
    let id = first.lines().find_map(|line| line.strip_prefix("id: ")).expect("an id").to_owned();
    assert!(first.contains("event: view") && first.contains("call-bar"), "{first}");
    drop(stream);
    // With the last number nothing is sent again until something changes.
    let request = agent.get(format!("{}/desk/live", home.address)).header("last-event-id", &id);
    let mut resumed = request.send().await.expect("the stream");
    let (status, _) = post(&agent, &home, "/desk/presence", &[("state", "ready")]).await;
    assert_eq!(status, StatusCode::OK);
    let next = up_to_a_number(&mut resumed).await;
    let next_id: u64 = next.lines().find_map(|line| line.strip_prefix("id: ")).expect("an id").parse().expect("a number");
    assert!(next_id > id.parse().expect("a number"));
    assert!(next.contains("Bereikbaar"), "{next}");
}

/// What the stream says up to the message after which the browser has everything: that one has a number.
async fn up_to_a_number(stream: &mut Response) -> String {
    let mut said = String::new();
    while !said.contains("\nid: ") {
        let chunk = stream.chunk().await.expect("a chunk").expect("a message");
        said.push_str(std::str::from_utf8(&chunk).expect("text"));
    }
    said
}

#[tokio::test]
async fn an_admin_adds_disables_and_resets_users() {
    let home = home().await;
    let admin = signed_in(&home, "dirk").await;
    let new = [("name", "Eva <b>"), ("login", "Eva"), ("password", PASSWORD), ("role", "agent"), ("extension", "103"), ("language", "en")];
    let (status, _) = post(&admin, &home, "/admin/users", &new).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let page = get(&admin, &home, "/admin/users").await.text().await.expect("a page");
    assert!(page.contains("Eva &#60;b&#62;") || page.contains("Eva &lt;b&gt;"), "the name is escaped");
    let (status, _) = post(&admin, &home, "/admin/users", &new).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "the login is taken");
    let eva = signed_in(&home, "eva").await;
    assert!(get(&eva, &home, "/desk").await.text().await.expect("a page").contains("<html lang=\"en\">"));
    let id = page.split("data-user=\"").filter(|row| row.contains("<td>eva</td>")).find_map(|row| row.split('"').next()).expect("her row").to_owned();
    let (status, _) = post(&admin, &home, "/admin/users/disable", &[("user", &id)]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(get(&eva, &home, "/desk").await.status(), StatusCode::SEE_OTHER, "her session is over");
    let refused = try_sign_in(&client(), &home, "eva", PASSWORD).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_outcome_without_the_file_is_refused_with_the_name_and_nothing_is_lost() {
    let home = home().await;
    let (anna, bram) = (signed_in(&home, "anna").await, signed_in(&home, "bram").await);
    let case = case(&anna, &home, "korenaar").await;
    desk_file(&anna, &home, &case).await;
    let page = desk_file(&bram, &home, &case).await;
    assert!(page.contains("Anna de Boer heeft dit dossier open sinds") && !page.contains("id=\"outcome\""), "{page}");
    let outcome = |key: &'static str| [("case", case.as_str()), ("key", key), ("code", "NA"), ("notes", "blijft bewaard")].to_vec();
    assert_eq!(post(&bram, &home, "/desk/draft", &[("case", &case), ("version", "0"), ("notes", "blijft bewaard")]).await.0, StatusCode::OK);
    let (status, answer) = post(&bram, &home, "/desk/outcome", &outcome("0123456789abcdef")).await;
    let said = answer["message"].as_str().unwrap_or_default();
    assert!(status == StatusCode::CONFLICT && said.contains("Anna de Boer heeft dit dossier open sinds"), "{status} {answer}");
    let (status, answer) = post(&bram, &home, "/desk/dial", &[("case", &case), ("number", "+447700900123"), ("key", "0123456789")]).await;
    assert!(status == StatusCode::CONFLICT && answer["message"].as_str().is_some_and(|said| said.contains("Anna de Boer")), "{answer}");
    assert_eq!(post(&bram, &home, "/desk/take-over", &[("case", "9999")]).await.0, StatusCode::CONFLICT, "it is not on his screen");
    assert_eq!(post(&bram, &home, "/desk/take-over", &[("case", &case)]).await.0, StatusCode::OK);
    let page = get(&bram, &home, "/desk").await.text().await.expect("a page");
    assert!(page.contains("blijft bewaard"), "his draft is there");
    assert_eq!(post(&anna, &home, "/desk/outcome", &outcome("fedcba9876543210")).await.0, StatusCode::CONFLICT);
    assert_eq!(post(&bram, &home, "/desk/outcome", &outcome("0123456789abcdef")).await.0, StatusCode::OK);
    // It is free: hers again.
    assert_eq!(post(&anna, &home, "/desk/outcome", &outcome("fedcba9876543210")).await.0, StatusCode::OK);
}

#[tokio::test]
async fn further_phones_belong_to_one_person() {
    let home = home().await;
    let admin = signed_in(&home, "dirk").await;
    let new = [("name", "Eva"), ("login", "eva"), ("password", PASSWORD), ("role", "agent"), ("extension", "103"), ("language", "nl")];
    let with = |devices: &'static str| new.iter().copied().chain([("devices", devices)]).collect::<Vec<_>>();
    for taken in ["101", "111, 102", "abc"] {
        let (status, _) = post(&admin, &home, "/admin/users", &with(taken)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{taken}");
    }
    assert_eq!(post(&admin, &home, "/admin/users", &with("113, 123")).await.0, StatusCode::SEE_OTHER);
    let page = get(&admin, &home, "/admin/users").await.text().await.expect("a page");
    assert!(page.contains("113, 123"), "{page}");
    let id = |login: &str| {
        let row = page.split("data-user=\"").find(|row| row.contains(&format!("<td>{login}</td>"))).expect("the row");
        row.split('"').next().expect("an id").to_owned()
    };
    let (eva, bram) = (id("eva"), id("bram"));
    let (status, _) = post(&admin, &home, "/admin/users/devices", &[("user", &bram), ("devices", "113")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "it is Eva's");
    assert_eq!(post(&admin, &home, "/admin/users/devices", &[("user", &eva), ("devices", "")]).await.0, StatusCode::SEE_OTHER);
    assert_eq!(post(&admin, &home, "/admin/users/devices", &[("user", &bram), ("devices", "113")]).await.0, StatusCode::SEE_OTHER);
    let listed = home.run(&["user", "list"]);
    assert!(super::service::said(&listed).contains("102,113"), "{}", super::service::said(&listed));
}

#[tokio::test]
async fn sigterm_ends_it_well_and_a_restart_has_everything() {
    let mut home = home().await;
    let agent = signed_in(&home, "anna").await;
    let case_id = case(&agent, &home, "korenaar").await;
    assert_eq!(post(&agent, &home, "/desk/draft", &[("case", &case_id), ("version", "0"), ("notes", "blijft staan")]).await.0, StatusCode::OK);
    assert_eq!(post(&agent, &home, "/desk/open", &[("case", &case_id)]).await.0, StatusCode::OK);
    let stream = get(&agent, &home, "/desk/live").await;
    home.terminate();
    drop(stream);
    home.start().await;
    let agent = signed_in(&home, "anna").await;
    let page =
        until_async(|| async { Some(get(&agent, &home, "/desk").await.text().await.ok()?).filter(|page| page.contains("blijft staan")) }).await;
    assert!(page.is_some_and(|page| page.contains("Bakkerij De Korenaar")), "the file is open as it was");
}

/// HTTPS with a certificate of our own: the handshake, and a cookie that only HTTPS carries.
#[tokio::test]
async fn the_pages_speak_https_themselves() {
    let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let mut home = Home::new(1, "secret");
    home.write("page.crt", &issued.cert.pem());
    home.write("page.key", &issued.signing_key.serialize_pem());
    let config = std::fs::read_to_string(home.path("belbrug.toml")).expect("the config");
    home.write("belbrug.toml", &config.replace("[web]\n", "[web]\ncertificate = \"page.crt\"\nkey = \"page.key\"\n"));
    home.start().await;
    let port: u16 = home.address.rsplit(':').next().expect("a port").parse().expect("a port");
    assert!(home.address.starts_with("https://"));
    let body = format!("login=anna&password={}", PASSWORD.replace(' ', "+"));
    let head = "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let answer = over_tls(port, issued.cert.der().clone(), &format!("{head}Content-Length: {}\r\n\r\n{body}", body.len())).await;
    assert!(answer.starts_with("HTTP/1.1 303") && answer.contains("; Secure"), "{answer}");
}

async fn over_tls(port: u16, certificate: rustls::pki_types::CertificateDer<'static>, request: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).expect("a root");
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("TLS");
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let socket = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("the port");
    let name = rustls::pki_types::ServerName::try_from("localhost").expect("a name");
    let mut tls = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config)).connect(name, socket).await.expect("a handshake");
    tls.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let _ = tls.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// A client that sends its headers drop by drop is hung up on.
#[tokio::test]
async fn a_slow_client_is_hung_up_on() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let home = home().await;
    let address = home.address.trim_start_matches("http://");
    let mut slow = tokio::net::TcpStream::connect(address).await.expect("the port");
    slow.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.expect("sent");
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(20), slow.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "it waits for ever");
    let mut silent = tokio::net::TcpStream::connect(address).await.expect("the port");
    let ended = tokio::time::timeout(Duration::from_secs(20), silent.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "it waits for ever for who says nothing");
}

/// What somebody who is no trusted proxy says of the client's address does not get around the wait.
#[tokio::test]
async fn only_a_trusted_proxy_speaks_for_the_client() {
    let home = home().await;
    let mut refused = 0;
    for n in 0..25 {
        let form = [("login", format!("user{n}")), ("password", "a wrong password".to_owned())];
        let request = client().post(format!("{}/sign-in", home.address)).header("x-forwarded-for", format!("192.0.2.{n}")).form(&form);
        refused += usize::from(request.send().await.expect("an answer").status() == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused > 0, "25 wrong passwords from one address, and no wait");
}

/// Everything of our own that the pages load, as it is sent, has less than 50 KB.
#[tokio::test]
async fn our_script_and_style_are_few_bytes() {
    let home = home().await;
    let client = client();
    let mut bytes = 0;
    for name in ["belbrug.css", "desk.js", "draft.js", "floor.js", "headset.js", "live.js", "phone.js", "icon.svg"] {
        let request = client.get(format!("{}/assets/{name}", home.address)).header("accept-encoding", "gzip");
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.headers()["content-encoding"], "gzip", "{name}");
        bytes += answer.bytes().await.expect("its bytes").len();
    }
    assert!((5_000..50_000).contains(&bytes), "{bytes} bytes");
}

/// The id of a dialled call comes from the page: that of a call that is over would put two calls into one record.
#[tokio::test]
async fn the_key_of_a_call_that_is_over_dials_nobody() {
    let home = home().await;
    let anna = signed_in(&home, "anna").await;
    let case = case(&anna, &home, "korenaar").await;
    let insert = "INSERT INTO calls (id, direction, started_seen, ended_seen) VALUES ('belbrug-0123456789', 'outbound', 1, 2)";
    sqlx::query(insert).execute(&home.pool().await).await.expect("a call of before");
    let dial = async |key: &str| post(&anna, &home, "/desk/dial", &[("case", &case), ("number", "+447700900123"), ("key", key)]).await;
    let (status, answer) = dial("0123456789").await;
    assert_eq!((status, answer["message"].as_str()), (StatusCode::CONFLICT, Some("Dit gesprek is al gevoerd. Laad de pagina opnieuw en bel dan.")));
    let (_, answer) = dial("9876543210").await;
    assert_ne!(answer["message"].as_str(), Some("Dit gesprek is al gevoerd. Laad de pagina opnieuw en bel dan."), "a new one goes to the PBX");
}
