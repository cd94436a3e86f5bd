//! The ways that the audio of a phone in the browser takes, and what the page says where there is none.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use super::browser::Browser;
use super::browser_phone::{AGENT, DEBTOR, is_heard_by, signed_in, signs_in};
use super::office::{CALLER, open_file};
use super::service::Home;
use crate::lab::pbx::Release;
use crate::lab::{Pbx, Phone, until_async};

const RINGS: Duration = Duration::from_secs(20);

async fn exchange(name: &str, more: &str) -> Pbx {
    Pbx::up_for_sip_with(name, RINGS, Release::Asterisk22, 201..=201, more).await
}

/// A debtor calls, and both hear each other.
async fn in_talk(pbx: &Pbx, browser: &Browser) -> Phone {
    let debtor = Phone::outside(pbx, CALLER, "M. Vos").await;
    debtor.dial("31101").await;
    browser.says("[data-state]", "Inkomend gesprek").await;
    browser.click("[data-action=answer]").await;
    browser.hears(DEBTOR).await;
    is_heard_by(&debtor, AGENT).await;
    debtor
}

/// What `pjsip.conf` says of a phone whose audio must be secret.
const SECRET: &str = "[101](+)\nmedia_encryption = sdes\n";

/// An exchange that takes no other audio of this phone than SRTP: called, on hold and back.
#[tokio::test]
async fn audio_is_secret_where_the_exchange_wants_it() {
    let pbx = exchange("phone-srtp", SECRET).await;
    let mut home = Home::by_browser(pbx.sip_port, &pbx.sip_secret, "");
    home.start().await;
    let browser = signed_in(&home, "anna").await;
    let debtor = in_talk(&pbx, &browser).await;
    browser.click("[data-action=hold]").await;
    browser.says("[data-state]", "In de wacht").await;
    browser.hears_nothing().await;
    browser.click("[data-action=retrieve]").await;
    browser.hears(DEBTOR).await;
    is_heard_by(&debtor, AGENT).await;
    debtor.hang_up().await;
    browser.find(".bar[data-call=ended]").await;
    pbx.wait_idle().await;
}

/// And where we want it: what we dial is offered so, and a call without it is refused before it rings.
#[tokio::test]
async fn audio_is_secret_where_we_want_it() {
    let (secret, plain) = (exchange("phone-srtp-own", SECRET).await, exchange("phone-plain", "").await);
    for pbx in [&secret, &plain] {
        let mut home = Home::by_browser(pbx.sip_port, &pbx.sip_secret, "srtp = \"require\"\n");
        home.start().await;
        let browser = signed_in(&home, "anna").await;
        if std::ptr::eq(pbx, &plain) {
            let debtor = Phone::outside(pbx, CALLER, "M. Vos").await;
            debtor.dial("31101").await;
            debtor.wait_closed().await;
            assert_eq!(browser.text("[data-state]").await, "", "nothing rang");
            return;
        }
        let debtor = Phone::outside_to_be_called(pbx, CALLER, "M. Vos").await;
        open_file(&browser).await;
        browser.click("#file button.dial").await;
        debtor.wait_ringing().await;
        debtor.answer().await;
        browser.hears(DEBTOR).await;
        is_heard_by(&debtor, AGENT).await;
    }
}

/// An exchange that speaks nothing but wideband with this phone, and one that speaks mu-law, which the page does not prefer: the debtor's
/// phone speaks A-law, and both hear each other.
#[tokio::test]
async fn both_hear_each_other_in_wideband_and_in_mu_law() {
    for codec in ["g722", "ulaw"] {
        let pbx = exchange(&format!("phone-{codec}"), &format!("[101](+)\ndisallow = all\nallow = {codec}\n")).await;
        let mut home = Home::by_browser(pbx.sip_port, &pbx.sip_secret, "");
        home.start().await;
        let browser = signed_in(&home, "anna").await;
        let debtor = in_talk(&pbx, &browser).await;
        browser.find(if codec == "g722" { "#phone[data-codec=G722]" } else { "#phone[data-codec=PCMA]" }).await;
        debtor.hang_up().await;
        browser.find(".bar[data-call=ended]").await;
    }
}

/// The page is out of sight, and a second caller comes while the agent speaks with the first: the desktop is told of both.
#[tokio::test]
async fn a_second_call_is_told_to_the_desktop() {
    let pbx = exchange("phone-notified", "").await;
    let mut home = Home::by_browser(pbx.sip_port, &pbx.sip_secret, "");
    home.start().await;
    let browser = Browser::with_microphone(AGENT, &[]).await;
    // A browser without a desktop has none to tell: what the page would tell it is written down, and the page believes itself out of sight.
    let told = "window.told = [];
        window.Notification = function (title) { told.push(title); };
        window.Notification.permission = 'granted';
        Object.defineProperty(document, 'hidden', { get: () => true });";
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", serde_json::json!({ "source": told })).await;
    signs_in(&browser, &home.address, "anna").await;
    let _first = in_talk(&pbx, &browser).await;
    assert_eq!(browser.script("return told.length").await, 1);
    let second = Phone::outside(&pbx, "+447700900200", "H. Kuipers").await;
    second.dial("31101").await;
    let both = until_async(|| async { (browser.script("return told.length").await == 2).then_some(()) });
    assert!(both.await.is_some(), "the desktop was told {:?}", browser.script("return told").await);
    browser.picture("127-phone-second-call").await;
}

/// A home office whose network lets no datagrams out: the audio goes by a connection.
#[tokio::test]
async fn audio_goes_by_a_connection_where_datagrams_do_not_pass() {
    let pbx = exchange("phone-tcp", "").await;
    let port = crate::lab::free_port();
    let mut home = Home::by_browser(pbx.sip_port, &pbx.sip_secret, "");
    listens_at(&home, port);
    home.start().await;
    let browser = Browser::with_microphone(AGENT, &[]).await;
    // Such a network is played by a browser that never learns of the other way.
    let without = "const set = RTCPeerConnection.prototype.setRemoteDescription;
        RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
            return set.call(this, { type, sdp: sdp.split('\\r\\n').filter((line) => !/^a=candidate:.* udp /i.test(line)).join('\\r\\n') });
        };";
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", serde_json::json!({ "source": without })).await;
    signs_in(&browser, &home.address, "anna").await;
    assert!(is_connected(port), "the page has a connection to the port of the audio");
    let debtor = in_talk(&pbx, &browser).await;
    debtor.hang_up().await;
    browser.find(".bar[data-call=ended]").await;
}

/// Whether somebody has a connection to this port of ours (proc(5): local address, remote address, state 1).
fn is_connected(port: u16) -> bool {
    let all = std::fs::read_to_string("/proc/net/tcp").expect("the connections of this machine");
    let local = format!("0100007F:{port:04X}");
    all.lines().any(|line| line.split_ascii_whitespace().nth(1) == Some(&local) && line.split_ascii_whitespace().nth(3) == Some("01"))
}

/// A page that is not secure is told once and for all, also when a call comes: there is no microphone to be looked for.
#[tokio::test]
async fn a_page_that_is_not_secure_says_so_and_goes_on_saying_so() {
    let pbx = exchange("phone-insecure", "").await;
    let mut home = Home::by_browser(pbx.sip_port, &pbx.sip_secret, "");
    home.start().await;
    let browser = Browser::with_microphone(AGENT, &["--host-resolver-rules=MAP desk.invalid 127.0.0.1"]).await;
    let address = home.address.replace("127.0.0.1", "desk.invalid");
    browser.sign_in(&address, "anna").await;
    browser.says("#connection", "https").await;
    browser.find("#phone[data-registered=known]").await;
    let debtor = Phone::outside(&pbx, CALLER, "M. Vos").await;
    debtor.dial("31101").await;
    browser.says("[data-state]", "Inkomend gesprek").await;
    browser.says("#connection", "https").await;
    browser.picture("124-phone-not-secure").await;
    debtor.hang_up().await;
}

/// The network is cut in the midst of a call, without a word to anybody: the page says so, and both hear each other again when it is back.
#[tokio::test]
async fn the_network_is_cut_in_a_call_and_comes_back() {
    let pbx = exchange("phone-cut", "").await;
    let port = crate::lab::free_port();
    let mut home = Home::by_browser(pbx.sip_port, &pbx.sip_secret, "announce = [\"127.0.0.2\"]\n");
    listens_at(&home, port);
    home.start().await;
    let network = Network::between(&home, port).await;
    let browser = Browser::with_microphone(AGENT, &[]).await;
    signs_in(&browser, &network.address, "anna").await;
    let debtor = in_talk(&pbx, &browser).await;
    network.is_cut.store(true, Ordering::Relaxed);
    browser.says("#connection", "Het geluid van uw telefoon is weg").await;
    browser.picture("125-phone-network-cut").await;
    browser.says("#connection", "Geen verbinding met Belbrug").await;
    browser.hears_nothing().await;
    network.is_cut.store(false, Ordering::Relaxed);
    browser.hears(DEBTOR).await;
    is_heard_by(&debtor, AGENT).await;
    browser.gone("#connection:not([hidden])").await;
    debtor.hang_up().await;
    browser.find(".bar[data-call=ended]").await;
}

/// What stands between the page and the service, for their pages and for their audio: it can be cut.
struct Network {
    address: String,
    is_cut: Arc<AtomicBool>,
}

impl Network {
    async fn between(home: &Home, audio: u16) -> Self {
        let is_cut = Arc::new(AtomicBool::new(false));
        let pages: SocketAddr = home.address.trim_start_matches("http://").parse().expect("where the pages are");
        let near = |port| SocketAddr::from(([127, 0, 0, 2], port));
        let listener = TcpListener::bind(near(pages.port())).await.expect("a place for the pages");
        let cut = is_cut.clone();
        tokio::spawn(async move {
            while let Ok((page, _)) = listener.accept().await {
                let service = TcpStream::connect(pages).await.expect("the service");
                let ((from_page, to_page), (from_service, to_service)) = (page.into_split(), service.into_split());
                tokio::spawn(passes(from_page, to_service, cut.clone()));
                tokio::spawn(passes(from_service, to_page, cut.clone()));
            }
        });
        let outer = UdpSocket::bind(near(audio)).await.expect("a port");
        tokio::spawn(carries(outer, SocketAddr::from(([127, 0, 0, 1], audio)), is_cut.clone()));
        Self { address: format!("http://{}", near(pages.port())), is_cut }
    }
}

/// What is sent while it is cut comes later, as TCP has it.
async fn passes(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, is_cut: Arc<AtomicBool>) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        while is_cut.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

/// And datagrams are lost. One browser is at the other end, with a port for each way that it tries.
async fn carries(outer: UdpSocket, service: SocketAddr, is_cut: Arc<AtomicBool>) {
    let outer = Arc::new(outer);
    let mut ways: HashMap<SocketAddr, Arc<UdpSocket>> = HashMap::new();
    let mut buffer = [0; 2048];
    while let Ok((length, from)) = outer.recv_from(&mut buffer).await {
        if is_cut.load(Ordering::Relaxed) {
            continue;
        }
        let way = match ways.get(&from) {
            Some(way) => way.clone(),
            None => {
                let way = Arc::new(UdpSocket::bind("127.0.0.1:0").await.expect("a port"));
                tokio::spawn(comes_back(way.clone(), outer.clone(), from, is_cut.clone()));
                ways.insert(from, way.clone());
                way
            }
        };
        let _ = way.send_to(&buffer[..length], service).await;
    }
}

async fn comes_back(way: Arc<UdpSocket>, outer: Arc<UdpSocket>, to: SocketAddr, is_cut: Arc<AtomicBool>) {
    let mut buffer = [0; 2048];
    while let Ok(length) = way.recv(&mut buffer).await {
        if !is_cut.load(Ordering::Relaxed) {
            let _ = outer.send_to(&buffer[..length], to).await;
        }
    }
}

/// The audio of browsers comes to this port.
fn listens_at(home: &Home, port: u16) {
    let config = std::fs::read_to_string(home.path("belbrug.toml")).expect("the config");
    let (before, browser) = config.split_once("[browser]").expect("its part");
    let fixed = browser.replacen("listen = \"127.0.0.1:0\"", &format!("listen = \"127.0.0.1:{port}\""), 1);
    assert_ne!(fixed, browser);
    home.write("belbrug.toml", &format!("{before}[browser]{fixed}"));
}
