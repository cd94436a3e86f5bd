//! A PBX that is away, speaks nonsense, refuses us, goes silent or restarts: it is said, nothing breaks, and when it is
//! back so are we. And a full disk, which is no PBX but misbehaves as well.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::browser::Browser;
use super::service::{Home, PASSWORD};
use crate::lab::{Debtor, Pbx, Phone, until_async};

/// A server that says something to whoever connects, reads a while, and then keeps silent or hangs up.
async fn says(bytes: Vec<u8>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("its address").port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let bytes = bytes.clone();
            tokio::spawn(async move {
                let _ = socket.write_all(&bytes).await;
                let mut sink = vec![0; 4096];
                while matches!(socket.read(&mut sink).await, Ok(n) if n > 0) {}
            });
        }
    });
    port
}

#[tokio::test]
async fn another_kind_of_server_is_named() {
    let home = Home::started(says(b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n".to_vec()).await, "secret").await;
    home.logs("that port is no Asterisk manager: it said \"SSH-2.0").await;
    home.logs("Check [pbx] host and port").await;
}

#[tokio::test]
async fn bytes_without_a_line_end_are_no_manager_protocol() {
    let home = Home::started(says(vec![0xff; 100_000]).await, "secret").await;
    home.logs("that port sends no manager protocol").await;
}

#[tokio::test]
async fn a_frame_without_an_end_is_skipped_and_said() {
    let mut bytes = b"Asterisk Call Manager/11.0.0\r\nEvent: x\r\nValue: ".to_vec();
    bytes.extend(vec![b'y'; 1_000_000]);
    bytes.extend(b"\r\n\r\nEvent: \xff\xfe\r\n: :\r\n\r\n\r\n\r\n\r\nResponse: Goodbye\r\n\r\n");
    let mut home = Home::started(says(bytes).await, "secret").await;
    home.logs("a manager frame is longer than 65536 bytes; it was skipped").await;
    assert!(home.is_running());
}

#[tokio::test]
async fn a_wrong_secret_is_said_with_what_to_do() {
    let pbx = Pbx::up("secret").await;
    let home = Home::started(pbx.ami_port, "not the secret").await;
    home.logs("the PBX does not let us in: Authentication failed. Check username and secret in [pbx]").await;
    let doctor = home.run(&["doctor"]);
    let said = super::service::said(&doctor);
    assert!(!doctor.status.success() && said.contains("it does not let belbrug in"), "{said}");
}

#[tokio::test]
async fn the_doctor_finds_everything_right_in_the_lab() {
    let pbx = Pbx::up("doctor").await;
    let home = Home::new(pbx.ami_port, &pbx.ami_secret);
    let doctor = home.run(&["doctor"]);
    let said = super::service::said(&doctor);
    assert!(doctor.status.success(), "{said}");
    for line in ["signed in as belbrug", "may Originate", "may Hangup", "may CoreShowChannels", "the clocks agree", "database: SQLite"] {
        assert!(said.contains(line), "{line:?} is not in {said}");
    }
    assert!(!said.contains("look at"), "the shipped manager.conf gives more than is needed: {said}");
}

#[tokio::test]
async fn a_pbx_that_goes_silent_is_noticed() {
    // It signs us in, lists nothing, and never says another word.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("its address").port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.write_all(b"Asterisk Call Manager/11.0.0\r\n").await;
            let _ = socket.write_all(b"Response: Success\r\nActionID: 1\r\nChallenge: 1\r\n\r\nResponse: Success\r\nActionID: 2\r\n\r\n").await;
            tokio::spawn(async move {
                let mut sink = vec![0; 4096];
                while matches!(socket.read(&mut sink).await, Ok(n) if n > 0) {}
            });
        }
    });
    let home = Home::started(port, "secret").await;
    home.logs("signed in at the PBX").await;
    home.logs("nothing was heard from the PBX for 12 s").await;
}

/// An event that the PBX says happened so many seconds ago.
fn told_late(seconds: i64) -> String {
    let at = chrono::Utc::now().timestamp_millis() - seconds * 1000;
    let (whole, millis) = (at / 1000, at % 1000);
    format!("Event: Newstate\r\nTimestamp: {whole}.{millis:03}\r\nChannel: PJSIP/x-1\r\nChannelState: 4\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n\r\n")
}

#[tokio::test]
async fn a_pbx_that_tells_late_is_said_and_that_it_has_caught_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let (say, mut said) = tokio::sync::mpsc::unbounded_channel::<String>();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("the service");
        let _ = socket.write_all(b"Asterisk Call Manager/11.0.0\r\n").await;
        let _ = socket.write_all(b"Response: Success\r\nActionID: 1\r\nChallenge: 1\r\n\r\nResponse: Success\r\nActionID: 2\r\n\r\n").await;
        while let Some(text) = said.recv().await {
            let _ = socket.write_all(text.as_bytes()).await;
        }
    });
    let home = Home::started(port, "secret").await;
    home.logs("signed in at the PBX").await;
    say.send(told_late(0) + &told_late(5)).expect("the PBX");
    home.logs("the PBX's events come late").await;
    say.send(told_late(0)).expect("the PBX");
    home.logs("the PBX's events come in time again").await;
}

#[tokio::test]
async fn a_crash_of_the_pbx_in_mid_call_ends_the_call_as_unknown_and_the_page_says_it_all() {
    let mut pbx = Pbx::up_ringing("restart", Duration::from_secs(20)).await;
    let phone = Phone::register(&pbx, "101").await;
    let home = Home::started(pbx.ami_port, &pbx.ami_secret).await;
    home.logs("signed in at the PBX").await;
    let browser = Browser::open().await;
    browser.sign_in(&home.address, "anna").await;
    let debtor = Debtor::calls(&pbx, "31101", "+447700900123", "M. Vos", None).await;
    phone.wait_ringing().await;
    phone.answer().await;
    browser.says("[data-state]", "In gesprek").await;
    pbx.crash().await;
    browser.find("[data-link=lost]").await;
    browser.picture("50-pbx-away").await;
    drop((phone, debtor));
    pbx.start().await;
    browser.find("[data-link=connected]").await;
    browser.says("[data-state]", "reden onbekend").await;
    browser.says("#file", "Bakkerij De Korenaar").await;
    browser.picture("51-pbx-back").await;
    // And the next call works.
    let phone = Phone::register(&pbx, "101").await;
    browser.script("document.querySelector('input[name=code][value=NA]').click()").await;
    let saved = until_async(|| async {
        browser.script("document.querySelector('#save')?.click()").await;
        (!browser.text(".bar[data-call=none]").await.is_empty()).then_some(())
    })
    .await;
    assert!(saved.is_some());
    let _debtor = Debtor::calls(&pbx, "31101", "+442079460004", "T.", None).await;
    phone.wait_ringing().await;
    browser.says("[data-state]", "Inkomend gesprek").await;
}

#[tokio::test]
async fn the_link_over_tls_checks_the_certificate() {
    let pbx = Pbx::up("tls").await;
    let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let proxy = tls_in_front_of(pbx.ami_port, &issued.cert.pem(), &issued.signing_key.serialize_pem()).await;
    let mut home = Home::new(proxy, &pbx.ami_secret);
    home.write("ca.pem", &issued.cert.pem());
    let config = std::fs::read_to_string(home.path("belbrug.toml")).expect("the config");
    let config = config.replace("[pbx]\n", "[pbx]\nhost = \"localhost\"\nca_file = \"ca.pem\"\n");
    home.write("belbrug.toml", &config);
    home.start().await;
    home.logs("signed in at the PBX").await;
    home.kill();
    // A certificate that somebody else signed.
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    home.write("ca.pem", &other.cert.pem());
    home.start().await;
    home.logs("TLS with localhost failed").await;
    home.logs("Check [pbx] ca_file").await;
}

async fn tls_in_front_of(port: u16, certificate: &str, key: &str) -> u16 {
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("TLS");
    let config = config.with_no_client_auth().with_single_cert(chain, key).expect("a TLS server");
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("localhost:0").await.expect("a port");
    let own = listener.local_addr().expect("its address").port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let (Ok(mut inner), Ok(mut outer)) = (acceptor.accept(socket).await, TcpStream::connect(("127.0.0.1", port)).await) {
                    let _ = copy_bidirectional(&mut inner, &mut outer).await;
                }
            });
        }
    });
    own
}

/// The service in a mount namespace of its own, with its database on a disk of 3 MB.
#[tokio::test]
async fn a_full_disk_is_said_and_what_was_typed_is_saved_once_there_is_room() {
    let mut home = Home::new(1, "secret");
    let disk = home.path("disk");
    std::fs::create_dir(&disk).expect("the folder");
    let config = std::fs::read_to_string(home.path("belbrug.toml")).expect("the config");
    home.write("belbrug.toml", &config.replace("/belbrug.db", "/disk/belbrug.db"));
    let mount = format!("mount -t tmpfs -o size=3m tmpfs '{0}' && cp '{1}' '{0}/belbrug.db'", disk.display(), home.database().display());
    home.start_in_its_own_mounts(&mount).await;
    let client = Client::builder().cookie_store(true).build().expect("a client");
    let form = [("login", "anna"), ("password", PASSWORD)];
    client.post(format!("{}/sign-in", home.address)).form(&form).send().await.expect("signed in");
    let found = client.get(format!("{}/desk/search?q=korenaar", home.address)).send().await.expect("found").text().await.expect("a text");
    let case = found.split("data-case=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("the case").to_owned();
    let inside = format!("/proc/{}/root{}", home.pid(), disk.display());
    let filled = Command::new("sh").arg("-c").arg(format!("cat /dev/zero > '{inside}/filler' 2>/dev/null; true")).status().expect("sh");
    assert!(filled.success());
    let big = "n".repeat(60_000);
    let draft = |notes: String| {
        let (client, url, case) = (client.clone(), format!("{}/desk/draft", home.address), case.clone());
        async move { client.post(url).form(&[("case", case), ("version", "0".to_owned()), ("notes", notes)]).send().await.expect("an answer") }
    };
    let refused = draft(big.clone()).await;
    assert_eq!(refused.status(), 409);
    let words = refused.text().await.expect("a text");
    assert!(words.contains("Niet opgeslagen"), "{words}");
    home.logs("nothing could be written; the journal waits").await;
    std::fs::remove_file(format!("{inside}/filler")).expect("room");
    let saved = until_async(|| async { Some(draft(big.clone()).await).filter(|answer| answer.status() == 200) }).await;
    assert!(saved.is_some(), "it is saved once there is room");
    assert!(!home.log().contains("panicked"), "{}", home.log());
}
