//! Stacks that others wrote, as the other end: calls with them both ways, and what one of them reads otherwise than we do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use belbrug::telephony::sip::check::check;
use belbrug::telephony::sip::digest::Credentials;
use belbrug::telephony::sip::message::Message;
use belbrug::telephony::sip::name::HeaderName;
use belbrug::telephony::sip::peer::{Peer, Transport};
use belbrug::telephony::sip::timers::Timers;
use belbrug::telephony::sip::user_agent::agent::{Settings, UserAgent};
use belbrug::telephony::sip::user_agent::calling::Invitation;
use belbrug::telephony::sip::user_agent::event::{AccountId, Event, Side};
use bytes::Bytes;
use rsipstack::EndpointBuilder;
use rsipstack::dialog::dialog::{DialogState, TerminatedReason};
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invitation::InviteOption;
use rsipstack::transport::TransportLayer;
use rsipstack::transport::udp::UdpConnection;
use sipx_sip::transaction::{Dispatch, sent_messages};
use sipx_sip::{HeaderName as SipxName, Limits, Reliability, ResponseBuilder, StatusCode, TransactionLayer};
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

use super::network::peer;
use super::pair::OFFER;
use crate::lab::PATIENCE;

fn agent_at(local: SocketAddr, other: Peer) -> (UserAgent, AccountId) {
    let second = Duration::from_secs(1);
    let settings =
        Settings { name: "Belbrug".to_owned(), local: [local; 3], timers: Timers::default(), ping_every: second * 60, ping_patience: second };
    let mut agent = UserAgent::new(settings, [3; 32]);
    let credentials = Credentials { username: "a".to_owned(), secret: "secret".to_owned().into(), realm: None };
    let account = agent.add_account("a", &other.addr.to_string(), other, credentials);
    (agent, account)
}

/// The transactions of sipx-sip, and a few lines that answer for its user.
struct Sipx {
    layer: TransactionLayer,
    /// The requests that it took, by method.
    asked: Vec<String>,
    /// The final answers that it got.
    answers: Vec<u16>,
}

impl Sipx {
    fn new() -> Self {
        Self { layer: TransactionLayer::new(sipx_sip::Timers::default()), asked: Vec::new(), answers: Vec::new() }
    }

    /// What it says to these bytes.
    fn hears(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let message = sipx_sip::parse_datagram(Bytes::copy_from_slice(bytes), &Limits::datagram()).expect("sipx-sip reads what we send");
        let request = message.as_request().cloned();
        if let Some(response) = message.as_response() {
            self.answers.push(response.status.code());
        }
        let (key, outputs, is_new) = match self.layer.receive(message, Reliability::Unreliable) {
            Dispatch::Created { key, outputs } => (Some(key), outputs, true),
            Dispatch::Matched { key, outputs } => (Some(key), outputs, false),
            Dispatch::Unmatched(_) => (None, Vec::new(), true),
        };
        let mut said: Vec<Vec<u8>> = sent_messages(&outputs).into_iter().map(|message| message.to_bytes().to_vec()).collect();
        let Some(request) = request.filter(|_| is_new) else { return said };
        let method = String::from_utf8_lossy(request.method.as_bytes()).into_owned();
        self.asked.push(method.clone());
        let Some(key) = key else { return said };
        let answer = |status| {
            let to = request.headers.value(&SipxName::To).expect("To").into_owned();
            let to = if to.windows(4).any(|window| window == b"tag=") { to } else { [to.as_slice(), b";tag=sipx"].concat() };
            let builder = ResponseBuilder::to_request(&request, StatusCode::new(status).expect("a status"), "said").expect("an answer");
            let builder = builder.set_header(&SipxName::To, to).expect("To").set_header(&SipxName::Contact, "<sip:b@192.0.2.2>").expect("Contact");
            if method == "INVITE" && status == 200 {
                builder.set_header(&SipxName::ContentType, "application/sdp").expect("a type").body(OFFER.to_vec()).build()
            } else {
                builder.build()
            }
        };
        for status in if method == "INVITE" { [180, 200].as_slice() } else { [200].as_slice() } {
            let outputs = self.layer.send_response(&key, answer(*status));
            said.extend(sent_messages(&outputs).into_iter().map(|message| message.to_bytes().to_vec()));
        }
        said
    }
}

/// Everything that each has to say to the other, until both are silent.
fn exchange(now: Instant, agent: &mut UserAgent, sipx: &mut Sipx, mut to_us: Vec<Vec<u8>>) {
    loop {
        for bytes in std::mem::take(&mut to_us) {
            agent.handle(now, peer(2), &bytes);
        }
        while let Some(transmit) = agent.poll_transmit() {
            to_us.extend(sipx.hears(&transmit.bytes));
        }
        if to_us.is_empty() {
            return;
        }
    }
}

#[test]
fn a_call_to_sipx_sip() {
    let (mut agent, account) = agent_at(peer(1).addr, peer(2));
    let (now, mut sipx) = (Instant::now(), Sipx::new());
    let invitation = Invitation { uri: "sip:b@192.0.2.2".to_owned(), sdp: OFFER.to_vec(), ..Invitation::default() };
    let session = agent.invite(now, account, &invitation).expect("room");
    exchange(now, &mut agent, &mut sipx, Vec::new());
    let told: Vec<Event> = std::iter::from_fn(|| agent.poll_event()).collect();
    assert!(matches!(told.as_slice(), [Event::Progress { status: 180, .. }, Event::Answered { sdp: Some(_), .. }]), "{told:?}");
    agent.hang_up(now, session);
    exchange(now, &mut agent, &mut sipx, Vec::new());
    assert_eq!(sipx.asked, ["INVITE", "ACK", "BYE"]);
    assert!(matches!(agent.poll_event(), Some(Event::Ended { .. })));
}

#[test]
fn a_call_from_sipx_sip() {
    let (mut agent, _) = agent_at(peer(1).addr, peer(2));
    let (now, mut sipx) = (Instant::now(), Sipx::new());
    let request = |method: &str, seq: u32, to_tag: &str, body: &[u8]| {
        let head = format!(
            "{method} sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK{method}{seq};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:b@192.0.2.2>;tag=sipx\r\nTo: <sip:a@192.0.2.1>{to_tag}\r\nCall-ID: from-sipx\r\nCSeq: {seq} {method}\r\n\
             Contact: <sip:b@192.0.2.2>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let bytes = [head.as_bytes(), body].concat();
        sipx_sip::parse_datagram(Bytes::from(bytes), &Limits::datagram()).expect("a request").as_request().cloned().expect("a request")
    };
    let start = |sipx: &mut Sipx, request| {
        let (_, outputs) = sipx.layer.send_request(request, Reliability::Unreliable).expect("a transaction");
        sent_messages(&outputs).into_iter().map(|message| message.to_bytes().to_vec()).collect::<Vec<_>>()
    };
    let invite = start(&mut sipx, request("INVITE", 1, "", OFFER));
    exchange(now, &mut agent, &mut sipx, invite);
    let Some(Event::Incoming { session, .. }) = agent.poll_event() else { panic!("no call came") };
    agent.ring(now, session);
    agent.answer(now, session, OFFER);
    let mut tag = String::new();
    while let Some(transmit) = agent.poll_transmit() {
        let answer = Message::parse(&transmit.bytes).expect("an answer");
        tag = answer.value(HeaderName::To).expect("To").split(";tag=").nth(1).expect("a tag").to_owned();
        assert!(sipx.hears(&transmit.bytes).is_empty());
    }
    assert_eq!(sipx.answers, [100, 180, 200]);
    // The ACK of a 2xx is its user's own to send.
    agent.handle(now, peer(2), &sipx_sip::Message::Request(request("ACK", 1, &format!(";tag={tag}"), b"")).to_bytes());
    assert!(matches!(agent.poll_event(), Some(Event::Acknowledged { .. })));
    let bye = start(&mut sipx, request("BYE", 2, &format!(";tag={tag}"), b""));
    exchange(now, &mut agent, &mut sipx, bye);
    assert_eq!(sipx.answers.last(), Some(&200));
    let Some(Event::Ended { end, .. }) = agent.poll_event() else { panic!("it did not end") };
    assert_eq!(end.by, Side::Remote);
}

/// Our agent on a socket of its own.
struct Wired {
    socket: UdpSocket,
    agent: UserAgent,
    account: AccountId,
}

impl Wired {
    async fn to(other: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        let local = socket.local_addr().expect("its address");
        let (agent, account) = agent_at(local, Peer { transport: Transport::Udp, addr: other });
        Self { socket, agent, account }
    }

    /// Goes on until something is told.
    async fn told(&mut self) -> Event {
        let deadline = Instant::now() + PATIENCE;
        let mut bytes = vec![0; 65_536];
        loop {
            while let Some(transmit) = self.agent.poll_transmit() {
                self.socket.send_to(&transmit.bytes, transmit.to.addr).await.expect("sent");
            }
            if let Some(event) = self.agent.poll_event() {
                return event;
            }
            assert!(Instant::now() < deadline, "nothing was told within {PATIENCE:?}");
            let due = self.agent.next_timeout().unwrap_or(deadline).min(deadline);
            tokio::select! {
                read = self.socket.recv_from(&mut bytes) => {
                    let (length, from) = read.expect("a datagram");
                    self.agent.handle(Instant::now(), Peer { transport: Transport::Udp, addr: from }, &bytes[..length]);
                }
                () = tokio::time::sleep_until(due.into()) => self.agent.handle_timeout(Instant::now()),
            }
        }
    }
}

/// rsipstack, serving on loopback.
async fn rsipstack_endpoint() -> (rsipstack::transaction::Endpoint, SocketAddr, CancellationToken) {
    let token = CancellationToken::new();
    let transport = TransportLayer::new(token.clone());
    let connection = UdpConnection::create_connection("127.0.0.1:0".parse().expect("an address"), None, Some(token.child_token())).await;
    transport.add_transport(connection.expect("a socket").into());
    let endpoint = EndpointBuilder::new().with_cancel_token(token.clone()).with_transport_layer(transport).build();
    let address = endpoint.get_addrs().first().expect("an address").addr.to_string().parse().expect("an address");
    (endpoint, address, token)
}

fn uri(text: &str) -> rsipstack::sip::Uri {
    rsipstack::sip::Uri::try_from(text).expect("a URI")
}

#[tokio::test]
async fn a_call_to_rsipstack() {
    let (endpoint, address, token) = rsipstack_endpoint().await;
    let mut incoming = endpoint.incoming_transactions().expect("its requests");
    let layer = Arc::new(DialogLayer::new(endpoint.inner.clone()));
    let (states, mut heard) = layer.new_dialog_state_channel();
    tokio::spawn(async move { endpoint.serve().await });
    let contact = uri(&format!("sip:b@{address}"));
    let dialogs = layer.clone();
    tokio::spawn(async move {
        while let Some(mut transaction) = incoming.recv().await {
            if transaction.original.method == rsipstack::sip::Method::Invite {
                let mut dialog = dialogs.get_or_create_server_invite(&transaction, states.clone(), None, Some(contact.clone())).expect("a dialog");
                let answering = dialog.clone();
                tokio::spawn(async move { dialog.handle(&mut transaction).await });
                let kind = rsipstack::sip::Header::ContentType("application/sdp".into());
                answering.ringing(None, None).expect("180");
                answering.accept(Some(vec![kind]), Some(OFFER.to_vec())).expect("200");
            } else if let Some(mut dialog) = dialogs.match_dialog(&transaction) {
                tokio::spawn(async move { dialog.handle(&mut transaction).await });
            }
        }
    });
    let mut us = Wired::to(address).await;
    let invitation = Invitation { uri: format!("sip:b@{address}"), sdp: OFFER.to_vec(), ..Invitation::default() };
    let session = us.agent.invite(Instant::now(), us.account, &invitation).expect("room");
    let mut told = us.told().await;
    while let Event::Progress { .. } = told {
        told = us.told().await;
    }
    assert!(matches!(&told, Event::Answered { sdp: Some(_), .. }), "{told:?}");
    us.agent.hang_up(Instant::now(), session);
    let told = us.told().await;
    assert!(matches!(&told, Event::Ended { .. }), "{told:?}");
    // Until it has heard the ACK and the BYE.
    let over = async {
        while let Some(state) = heard.recv().await {
            if let DialogState::Terminated(_, reason) = state {
                return Some(reason);
            }
        }
        None
    };
    let reason = tokio::select! {
        reason = over => reason,
        event = us.told() => panic!("{event:?}"),
    };
    assert!(matches!(reason, Some(TerminatedReason::UacBye)), "{reason:?}");
    token.cancel();
}

#[tokio::test]
async fn a_call_from_rsipstack() {
    let (endpoint, address, token) = rsipstack_endpoint().await;
    let mut incoming = endpoint.incoming_transactions().expect("its requests");
    let layer = Arc::new(DialogLayer::new(endpoint.inner.clone()));
    let (states, _heard) = layer.new_dialog_state_channel();
    tokio::spawn(async move { endpoint.serve().await });
    let dialogs = layer.clone();
    tokio::spawn(async move {
        while let Some(mut transaction) = incoming.recv().await {
            if let Some(mut dialog) = dialogs.match_dialog(&transaction) {
                tokio::spawn(async move { dialog.handle(&mut transaction).await });
            }
        }
    });
    let mut us = Wired::to(address).await;
    let ours = us.socket.local_addr().expect("our address");
    let option = InviteOption {
        callee: uri(&format!("sip:a@{ours}")),
        caller: uri(&format!("sip:b@{address}")),
        contact: uri(&format!("sip:b@{address}")),
        content_type: Some("application/sdp".to_owned()),
        offer: Some(OFFER.to_vec()),
        ..InviteOption::default()
    };
    let calling =
        tokio::spawn(async move { layer.do_invite(option, states).await.map(|(dialog, answer)| (dialog, answer.map(|answer| answer.status_code))) });
    let Event::Incoming { session, call, .. } = us.told().await else { panic!("no call came") };
    assert!(call.sdp.is_some());
    us.agent.ring(Instant::now(), session);
    us.agent.answer(Instant::now(), session, OFFER);
    let told = us.told().await;
    assert!(matches!(&told, Event::Acknowledged { .. }), "{told:?}");
    let (dialog, status) = calling.await.expect("its call").expect("its call");
    assert_eq!(status, Some(rsipstack::sip::StatusCode::OK));
    let bye = tokio::spawn(async move { dialog.bye().await });
    let Event::Ended { end, .. } = us.told().await else { panic!("it did not end") };
    assert_eq!(end.by, Side::Remote);
    // Our 200 to its BYE is still to be sent.
    while let Some(transmit) = us.agent.poll_transmit() {
        us.socket.send_to(&transmit.bytes, transmit.to.addr).await.expect("sent");
    }
    bye.await.expect("its goodbye").expect("its goodbye");
    token.cancel();
}

/// What rsip 0.4 makes of a message: the values of the headers that both type, or why it does not read it.
fn by_rsip(bytes: &[u8]) -> String {
    use rsip::headers::ToTypedHeader as _;
    use rsip::message::HeadersExt as _;
    let Ok(message) = rsip::SipMessage::try_from(bytes) else { return "refused".to_owned() };
    let mut differs = Vec::new();
    let ours = Message::parse(bytes).expect("we read it");
    let hops = ours.list(HeaderName::Via).map_or(0, |list| belbrug::telephony::sip::via::list(&list).map_or(0, |hops| hops.len()));
    let theirs = match &message {
        rsip::SipMessage::Request(request) => request.headers.iter().filter(|header| matches!(header, rsip::Header::Via(_))).count(),
        rsip::SipMessage::Response(response) => response.headers.iter().filter(|header| matches!(header, rsip::Header::Via(_))).count(),
    };
    if hops != theirs {
        differs.push(format!("{theirs} of {hops} Vias"));
    }
    let body = match &message {
        rsip::SipMessage::Request(request) => &request.body,
        rsip::SipMessage::Response(response) => &response.body,
    };
    if body.as_slice() != ours.body {
        differs.push("another body".to_owned());
    }
    let mut typed = |name: &str, is_typed: Result<(), rsip::Error>| {
        if is_typed.is_err() {
            differs.push(format!("no {name}"));
        }
    };
    typed("Via", message.via_header().and_then(|via| via.typed().map(drop)));
    typed("From", message.from_header().and_then(|from| from.typed().map(drop)));
    typed("To", message.to_header().and_then(|to| to.typed().map(drop)));
    typed("CSeq", message.cseq_header().and_then(|cseq| cseq.typed().map(drop)));
    typed("Call-ID", message.call_id_header().map(drop));
    differs.join(", ")
}

/// Every message of RFC 4475 and 5118 that we read and find nothing wrong with, and of which rsip 0.4 says something else.
#[test]
fn what_rsip_reads_otherwise() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/sip/messages");
    let mut differences = Vec::new();
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("the messages").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "sip")) {
        let bytes = std::fs::read(path).expect("a message");
        let is_good = Message::parse(&bytes).is_ok_and(|message| check(&message).is_ok());
        let difference = if is_good { by_rsip(&bytes) } else { String::new() };
        if !difference.is_empty() {
            differences.push(format!("{}: {difference}", path.file_stem().expect("a name").to_string_lossy()));
        }
    }
    // Folded fields, escapes that it undoes, addresses of sixteen bytes, schemes and methods that it does not know, and a body that
    // Content-Length ends.
    let known = [
        "dblreq: another body, no Call-ID",
        "esc01: refused",
        "esc02: refused",
        "intmeth: refused",
        "ipv4_mapped: no Via",
        "longreq: refused",
        "mult_ip_hdr: no Via",
        "multi_ip_sdp: refused",
        "port_ambiguous: refused",
        "port_unambiguous: refused",
        "sdp_v6: refused",
        "semiuri: refused",
        "unkscm: refused",
        "unksm2: no To",
        "v6_abnf_2colons: refused",
        "v6_ok: refused",
        "via_received_delim: refused",
        "via_received_nodelim: refused",
        "wsinv: refused",
    ];
    assert_eq!(differences, known);
}
