//! A PBX of the benchmark's own: a manager port that lets the service in, answers what it asks, and then says what it is
//! told to say. And an office full of calls for it to tell: of the mix that a real one has, two thirds VarSet and
//! Newexten, 150 calls at a time, at phones that are nobody's seat.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use netlink_packet_core::{NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;

use super::Times;

/// The manager port, with the connection of whoever signed in last.
pub(crate) struct Pbx {
    pub(crate) port: u16,
    stream: Arc<Mutex<Option<TcpStream>>>,
}

impl Pbx {
    pub(crate) fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let pbx = Self { port: listener.local_addr().expect("its address").port(), stream: Arc::default() };
        let kept = pbx.stream.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                stream.set_nodelay(true).expect("no delay");
                let kept = kept.clone();
                std::thread::spawn(move || answer(stream, &kept));
            }
        });
        pbx
    }

    /// The connection, once somebody has signed in; whoever holds it speaks alone.
    pub(crate) fn line(&self) -> Line<'_> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let guard = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
            if guard.is_some() {
                return Line(guard);
            }
            drop(guard);
            assert!(Instant::now() < deadline, "nobody signed in");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Bytes that were sent and that the service has not taken from its socket yet. What is not acknowledged does not count:
    /// the kernel puts acknowledging off by 40 ms, long after the bytes were read.
    pub(crate) fn untaken(&self) -> u32 {
        let line = self.line();
        let stream = line.0.as_ref().expect("a connection");
        let (near, far) = (stream.local_addr().expect("an address"), stream.peer_addr().expect("an address"));
        unread(far, near)
    }
}

/// What waits to be read in the socket at `near` that is connected to `far`. One question to the kernel (sock_diag(7)) about
/// this socket alone: `/proc/net/tcp` takes milliseconds.
fn unread(near: SocketAddr, far: SocketAddr) -> u32 {
    let socket_id = SocketId {
        source_port: near.port(),
        destination_port: far.port(),
        source_address: near.ip(),
        destination_address: far.ip(),
        interface_id: 0,
        cookie: [0xff; 8],
    };
    let request = InetRequest { family: AF_INET, protocol: IPPROTO_TCP, extensions: ExtensionFlags::empty(), states: StateFlags::all(), socket_id };
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST;
    let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    let socket = netlink_sys::Socket::new(NETLINK_SOCK_DIAG).expect("a netlink socket");
    socket.connect(&netlink_sys::SocketAddr::new(0, 0)).expect("the kernel");
    socket.send(&bytes, 0).expect("asked");
    let (answer, _) = socket.recv_from_full().expect("an answer");
    match NetlinkMessage::<SockDiagMessage>::deserialize(&answer).expect("a message").payload {
        NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(socket)) => socket.header.recv_queue,
        other => panic!("the kernel does not know the socket: {other:?}"),
    }
}

pub(crate) struct Line<'a>(MutexGuard<'a, Option<TcpStream>>);

impl Line<'_> {
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        self.0.as_mut().expect("a connection").write_all(bytes).expect("the service takes it");
    }
}

/// Signs the service in and answers its actions: everything is done, and every list is empty.
fn answer(mut stream: TcpStream, kept: &Mutex<Option<TcpStream>>) {
    let _ = stream.write_all(b"Asterisk Call Manager/11.0.0\r\n");
    let lines = BufReader::new(stream.try_clone().expect("the stream")).lines().map_while(Result::ok);
    let (mut name, mut id) = (String::new(), String::new());
    for line in lines {
        match line.split_once(": ") {
            Some(("Action", value)) => value.clone_into(&mut name),
            Some(("ActionID", value)) => value.clone_into(&mut id),
            _ => {}
        }
        if !line.is_empty() {
            continue;
        }
        let mut said = format!("Response: Success\r\nActionID: {id}\r\nMessage: done\r\n\r\n");
        let ended = match name.as_str() {
            "BridgeList" => "BridgeListComplete",
            "QueueStatus" => "QueueStatusComplete",
            "DeviceStateList" => "DeviceStateListComplete",
            "CoreShowChannels" => "CoreShowChannelsComplete",
            _ => "",
        };
        if !ended.is_empty() {
            let _ = write!(said, "Event: {ended}\r\nActionID: {id}\r\nEventList: Complete\r\nListItems: 0\r\n\r\n");
        }
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = stream.write_all(said.as_bytes());
        if ended == "CoreShowChannelsComplete" && sent.is_ok() {
            *kept = stream.try_clone().ok();
        }
    }
}

/// A channel as Asterisk describes it in an event.
pub(crate) struct Channel<'a> {
    pub(crate) name: &'a str,
    pub(crate) state: (u8, &'a str),
    pub(crate) caller: (&'a str, &'a str),
    pub(crate) connected: (&'a str, &'a str),
    pub(crate) exten: &'a str,
    pub(crate) id: &'a str,
    pub(crate) call: &'a str,
}

pub(crate) const RING: (u8, &str) = (4, "Ring");
pub(crate) const DOWN: (u8, &str) = (0, "Down");
pub(crate) const RINGING: (u8, &str) = (5, "Ringing");
pub(crate) const UP: (u8, &str) = (6, "Up");

impl Channel<'_> {
    /// Its fields, each name with `prefix` before it.
    pub(crate) fn fields(&self, prefix: &str) -> String {
        let (state, words) = self.state;
        format!(
            "{prefix}Channel: {}\r\n{prefix}ChannelState: {state}\r\n{prefix}ChannelStateDesc: {words}\r\n{prefix}CallerIDNum: {}\r\n\
             {prefix}CallerIDName: {}\r\n{prefix}ConnectedLineNum: {}\r\n{prefix}ConnectedLineName: {}\r\n{prefix}Language: en\r\n\
             {prefix}AccountCode: \r\n{prefix}Context: from-trunk\r\n{prefix}Exten: {}\r\n{prefix}Priority: 1\r\n\
             {prefix}Uniqueid: {}\r\n{prefix}Linkedid: {}\r\n",
            self.name, self.caller.0, self.caller.1, self.connected.0, self.connected.1, self.exten, self.id, self.call
        )
    }
}

pub(crate) fn event(name: &str, fields: &str) -> String {
    format!("Event: {name}\r\nPrivilege: call,all\r\nTimestamp: 1763700000.000000\r\n{fields}\r\n")
}

/// An incoming call that rings at one phone.
pub(crate) struct Ringing {
    /// What comes before the phone rings.
    pub(crate) before: String,
    /// The event that says that it rings.
    pub(crate) rings: String,
    /// The caller gives up.
    pub(crate) given_up: String,
}

impl Ringing {
    pub(crate) fn at(extension: &str, number: &str, id: &str) -> Self {
        let (trunk, phone, own) = (format!("PJSIP/trunk-{id}"), format!("PJSIP/{extension}-{id}"), format!("{id}.2"));
        let call = format!("{id}.1");
        let from =
            Channel { name: &trunk, state: RING, caller: (number, ""), connected: ("<unknown>", ""), exten: extension, id: &call, call: &call };
        let to = |state| Channel { name: &phone, state, caller: (extension, ""), connected: (number, ""), exten: "", id: &own, call: &call };
        let both = format!("{}{}", from.fields(""), to(DOWN).fields("Dest"));
        let before = [
            event("Newchannel", &from.fields("")),
            event("Newchannel", &to(DOWN).fields("")),
            event("DialBegin", &format!("{both}DialString: {extension}\r\n")),
        ];
        let gone = |channel: &Channel<'_>| event("Hangup", &format!("{}Cause: 16\r\nCause-txt: Normal Clearing\r\n", channel.fields("")));
        let given_up = [
            event("HangupRequest", &format!("{}Cause: 16\r\n", from.fields(""))),
            event("DialEnd", &format!("{both}DialStatus: CANCEL\r\n")),
            gone(&to(RINGING)),
            gone(&from),
        ];
        Self { before: before.concat(), rings: event("Newstate", &to(RINGING).fields("")), given_up: given_up.concat() }
    }
}

/// Calls at other phones, 150 at a time.
pub(crate) struct Office {
    live: Vec<std::vec::IntoIter<String>>,
    at: usize,
    calls: u64,
    /// Calls that are told to their end when the office closes.
    is_closing: bool,
}

const CALLS_AT_A_TIME: usize = 150;

impl Office {
    pub(crate) fn open() -> Self {
        Self { live: Vec::new(), at: 0, calls: 0, is_closing: false }
    }

    /// No new call begins; the live ones run out.
    pub(crate) fn close(&mut self) {
        self.is_closing = true;
    }

    /// Calls that began.
    pub(crate) fn calls(&self) -> u64 {
        self.calls
    }

    /// The next event, until the last call is over.
    pub(crate) fn next_event(&mut self) -> Option<String> {
        loop {
            while self.live.len() < CALLS_AT_A_TIME && !self.is_closing {
                self.calls += 1;
                let call = queue_call(self.calls).into_iter();
                self.live.push(call);
            }
            if self.live.is_empty() {
                return None;
            }
            self.at = (self.at + 1) % self.live.len();
            match self.live.get_mut(self.at).and_then(Iterator::next) {
                Some(event) => return Some(event),
                None => drop(self.live.swap_remove(self.at)),
            }
        }
    }

    /// Says `rate` events a second for so long, in a breath every millisecond; how many were said, and how long each breath
    /// had to wait for the service to take it. `meanwhile` is called after every breath.
    pub(crate) fn work(&mut self, pbx: &Pbx, rate: u64, time: Duration, mut meanwhile: impl FnMut(Duration)) -> (u64, Times) {
        let (began, mut said, mut waits) = (Instant::now(), 0, Times::default());
        while began.elapsed() < time {
            let due = u64::try_from(began.elapsed().as_micros()).unwrap_or(0) * rate / 1_000_000;
            let mut breath = String::new();
            while said < due {
                let Some(event) = self.next_event() else { return (said, waits) };
                breath.push_str(&event);
                said += 1;
            }
            let before = Instant::now();
            pbx.line().say(breath.as_bytes());
            waits.push(before.elapsed());
            meanwhile(began.elapsed());
            std::thread::sleep(Duration::from_millis(1));
        }
        (said, waits)
    }
}

/// A call from the trunk through a queue to one phone, as FreePBX has it: 88 events.
fn queue_call(n: u64) -> Vec<String> {
    let (extension, number) = (format!("7{:03}", n % 900), format!("44770090{:04}", n % 10_000));
    let (trunk, phone) = (format!("PJSIP/trunk-{n:08x}"), format!("PJSIP/{extension}-{n:08x}"));
    let (call, own, bridge) = (format!("{n}.1"), format!("{n}.2"), format!("bridge-{n}"));
    let from =
        |state| Channel { name: &trunk, state, caller: (&number, "Alice"), connected: ("<unknown>", ""), exten: "500", id: &call, call: &call };
    let to = |state| Channel { name: &phone, state, caller: (&extension, "Agent"), connected: (&number, "Alice"), exten: "", id: &own, call: &call };
    let dial = |state| format!("{}{}", from(UP).fields(""), to(state).fields("Dest"));
    let in_bridge =
        |channel: &Channel<'_>| format!("BridgeUniqueid: {bridge}\r\nBridgeType: basic\r\nBridgeTechnology: simple_bridge\r\n{}", channel.fields(""));
    let gone = |channel: &Channel<'_>| event("Hangup", &format!("{}Cause: 16\r\nCause-txt: Normal Clearing\r\n", channel.fields("")));
    let mut events = vec![event("Newchannel", &from(RING).fields(""))];
    let steps = |events: &mut Vec<String>, count: u64| {
        for step in 0..count {
            events
                .push(event("Newexten", &format!("{}Extension: s\r\nApplication: Set\r\nAppData: __FROM_DID=18005551234\r\n", from(UP).fields(""))));
            events.push(event("VarSet", &format!("{}Variable: __REC_STATUS\r\nValue: {step}\r\n", from(UP).fields(""))));
        }
    };
    steps(&mut events, 12 + n % 7);
    events.push(event("Newstate", &from(UP).fields("")));
    steps(&mut events, 12 - n % 5);
    events.push(event("QueueCallerJoin", &format!("{}Queue: collections\r\nPosition: 1\r\nCount: 1\r\n", from(UP).fields(""))));
    events.push(event("Newchannel", &to(DOWN).fields("")));
    events.push(event("DialBegin", &format!("{}DialString: {extension}\r\n", dial(DOWN))));
    events.push(event("NewConnectedLine", &to(DOWN).fields("")));
    events.push(event("Newstate", &to(RINGING).fields("")));
    events.push(event("DialState", &format!("{}DialStatus: RINGING\r\n", dial(RINGING))));
    events.push(event("DeviceStateChange", &format!("Device: PJSIP/{extension}\r\nState: RINGING\r\n")));
    events.push(event("Newstate", &to(UP).fields("")));
    events.push(event("QueueCallerLeave", &format!("{}Queue: collections\r\nPosition: 1\r\nCount: 0\r\n", from(UP).fields(""))));
    events.push(event("DialEnd", &format!("{}DialStatus: ANSWER\r\n", dial(UP))));
    events.push(event("BridgeEnter", &in_bridge(&to(UP))));
    events.push(event("BridgeEnter", &in_bridge(&from(UP))));
    steps(&mut events, 6);
    for _ in 0..4 {
        events.push(event("RTCPReceived", &format!("{}From: 10.0.3.7:10000\r\nPT: 200(SR)\r\nReportCount: 1\r\n", from(UP).fields(""))));
    }
    events.push(event("BridgeLeave", &in_bridge(&to(UP))));
    events.push(event("BridgeLeave", &in_bridge(&from(UP))));
    events.push(event("HangupRequest", &format!("{}Cause: 16\r\n", from(UP).fields(""))));
    events.push(gone(&to(UP)));
    events.push(gone(&from(UP)));
    events
}
