//! The messages of RFC 4475 ("torture tests") and RFC 5118 (IPv6), each read as its RFC says. `messages/table.tsv` says what
//! that is: the verdict, the rule that is broken, and what must be read of those that are valid. It was written from the RFCs by
//! somebody who had not seen the parser.

use std::path::Path;
use std::process::Command;

use belbrug::telephony::sip::address::{self, Address};
use belbrug::telephony::sip::check::{Fault, check, cseq};
use belbrug::telephony::sip::message::Message;
use belbrug::telephony::sip::name::HeaderName;
use belbrug::telephony::sip::start_line::StartLine;
use belbrug::telephony::sip::uri::{SipUri, Uri, unescaped};
use belbrug::telephony::sip::via;

struct Row {
    name: String,
    verdict: String,
    rules: Vec<String>,
    facts: Vec<(String, String)>,
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/sip/messages")
}

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(folder().join("table.tsv")).expect("the table");
    let row = |line: &str| {
        let mut cells = line.split('\t').map(str::to_owned);
        let mut cell = || cells.next().unwrap_or_default();
        let (name, _, _, verdict, rules, facts) = (cell(), cell(), cell(), cell(), cell(), cell());
        let fact = |fact: &str| fact.split_once('=').map(|(key, value)| (key.to_owned(), value.replace("%3B", ";")));
        // `missing_header:Call-ID|From|To`: any of them may be named.
        let kind = rules.split_once(':').map_or(String::new(), |(kind, _)| format!("{kind}:"));
        let rules = rules.split('|').map(|rule| if rule.contains(':') { rule.to_owned() } else { format!("{kind}{rule}") }).collect();
        Row { name, verdict, rules, facts: facts.split(';').filter_map(fact).collect() }
    };
    text.lines().skip(1).map(row).collect()
}

#[test]
fn every_message_is_read_or_refused_as_its_rfc_says() {
    let (rows, mut wrong, mut facts) = (rows(), Vec::new(), 0);
    assert_eq!(rows.len(), 61, "49 of RFC 4475 and 12 of RFC 5118");
    for row in &rows {
        let bytes = std::fs::read(folder().join(format!("{}.sip", row.name))).expect("the message");
        let read = Message::parse(&bytes).and_then(|message| check(&message).map(|()| message));
        match read {
            Ok(message) if row.verdict == "valid" => {
                for (key, expected) in &row.facts {
                    let Some(found) = fact(&message, key) else { continue };
                    facts += 1;
                    if found != *expected {
                        wrong.push(format!("{}: {key} is {found:?}, not {expected:?}", row.name));
                    }
                }
            }
            Err(fault) if fits(&fault, row) => {}
            other => wrong.push(format!("{}: {other:?}, not {} {:?}", row.name, row.verdict, row.rules)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(facts > 400, "only {facts} facts were looked at");
}

fn fits(fault: &Fault, row: &Row) -> bool {
    let said = fault.to_string();
    match row.verdict.as_str() {
        "bad_header" => row.rules.iter().any(|name| said == format!("bad_header:{name}")),
        "invalid" => row.rules.iter().any(|rule| match rule.split_once(':') {
            Some(("missing_header", name)) => said == format!("invalid:missing_{name}"),
            Some(("duplicate_header", name)) => said == format!("invalid:duplicate_{name}"),
            // The number that is too large is the sequence's.
            None if rule == "scalar_range" => said == "bad_header:CSeq",
            None if rule == "status_code" => said == "invalid:status",
            _ => said == format!("invalid:{rule}"),
        }),
        _ => false,
    }
}

/// What we read; `None` of what the table says beyond it.
fn fact(message: &Message<'_>, key: &str) -> Option<String> {
    let value = |name| message.value(name).unwrap_or_default();
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
    let (from, to, hops, contacts) =
        (value(HeaderName::From), value(HeaderName::To), message.list(HeaderName::Via).unwrap_or_default(), message.list(HeaderName::Contact));
    let (from, to) = (Address::parse(&from).unwrap(), Address::parse(&to).unwrap());
    let hops = via::list(&hops).unwrap();
    let contacts = contacts.as_deref().filter(|contacts| *contacts != "*").map_or(Vec::new(), |contacts| address::list(contacts).unwrap());
    let user = |uri: &Uri<'_>| match uri {
        Uri::Sip(SipUri { user, .. }) => user.map(str::to_owned),
        _ => None,
    };
    let top = |uri: fn(&SipUri<'_>) -> Option<String>| match message.start {
        StartLine::Request { uri: text, .. } => match Uri::parse(text) {
            Ok(Uri::Sip(sip)) => uri(&sip),
            _ => None,
        },
        StartLine::Response { .. } => None,
    };
    Some(match (key, message.start) {
        ("method", StartLine::Request { method, .. }) => method.to_owned(),
        ("uri", StartLine::Request { uri, .. }) => uri.to_owned(),
        ("status", StartLine::Response { status, .. }) => status.to_owned(),
        ("reason", StartLine::Response { reason, .. }) => reason.to_owned(),
        ("uri_user", _) => or_none(top(|uri| uri.user.map(str::to_owned))),
        ("uri_user_decoded", _) => or_none(top(|uri| uri.user_unescaped().map(Into::into))),
        ("uri_password", _) => or_none(top(|uri| uri.password.map(str::to_owned))),
        ("uri_host", _) => or_none(top(|uri| Some(uri.host.to_string()))),
        ("uri_port", _) => or_none(top(|uri| uri.port.map(|port| port.to_string()))),
        ("from_user", _) => or_none(user(&from.uri)),
        ("from_user_decoded", _) => or_none(user(&from.uri).map(|user| unescaped(&user).into_owned())),
        ("from_display", _) => from.display_name().into_owned(),
        ("from_tag", _) => or_none(from.tag().map(Into::into)),
        ("to_user", _) => or_none(user(&to.uri)),
        ("to_user_decoded", _) => or_none(user(&to.uri).map(|user| unescaped(&user).into_owned())),
        ("to_display", _) => to.display_name().into_owned(),
        ("to_tag", _) => or_none(to.tag().map(Into::into)),
        ("call_id", _) => value(HeaderName::CallId).into_owned(),
        ("cseq", _) => cseq(&value(HeaderName::CSeq)).unwrap().0.to_string(),
        ("cseq_method", _) => cseq(&value(HeaderName::CSeq)).unwrap().1.to_owned(),
        ("max_forwards", _) => or_none(
            message
                .value(HeaderName::MaxForwards)
                .map(|hops| hops.trim_start_matches('0').to_owned())
                .map(|hops| if hops.is_empty() { "0".to_owned() } else { hops }),
        ),
        ("via_count", _) => hops.len().to_string(),
        ("top_via_transport", _) => hops[0].transport.to_owned(),
        ("top_via_host", _) => hops[0].host.to_string(),
        ("top_via_port", _) => or_none(hops[0].port.map(|port| port.to_string())),
        ("top_via_branch", _) => or_none(hops[0].branch().map(Into::into)),
        ("second_via_host", _) => hops[1].host.to_string(),
        ("third_via_branch", _) => or_none(hops[2].branch().map(Into::into)),
        ("contact_count", _) => contacts.len().to_string(),
        ("contact_display", _) => contacts[0].display_name().into_owned(),
        ("contact_user_decoded", _) => or_none(user(&contacts[0].uri).map(|user| unescaped(&user).into_owned())),
        ("body_length", _) => message.body.len().to_string(),
        _ => return None,
    })
}

#[test]
fn the_command_shows_a_message_or_names_its_fault() {
    let inspect = |name: &str| {
        let file = folder().join(format!("{name}.sip"));
        let said = Command::new(env!("CARGO_BIN_EXE_belbrug")).args(["inspect", "--sip"]).arg(file).output().expect("it runs");
        (said.status.code(), String::from_utf8(said.stdout).expect("text"))
    };
    let (code, said) = inspect("wsinv");
    let told: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(code, Some(0));
    assert_eq!((&told["start"]["method"], &told["typed"]["CSeq"]["number"], &told["body_bytes"]), (&"INVITE".into(), &9.into(), &150.into()));
    assert_eq!(told["typed"]["From"]["display"], "J Rosenberg \\\"");
    assert_eq!(inspect("mismatch01"), (Some(1), "invalid:method_mismatch\n".to_owned()));
    let folder = tempfile::tempdir().expect("a folder");
    let nonsense = folder.path().join("nonsense");
    std::fs::write(&nonsense, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").expect("written");
    let said = Command::new(env!("CARGO_BIN_EXE_belbrug")).args(["inspect", "--sip"]).arg(nonsense).output().expect("it runs");
    assert_eq!((said.status.code(), said.stdout.as_slice()), (Some(1), b"unparseable\n".as_slice()));
    assert!(String::from_utf8_lossy(&said.stderr).contains("neither a request nor a response"), "why: {said:?}");
    assert_eq!(inspect("quotbal"), (Some(1), "bad_header:To\n".to_owned()));
}

/// The fields that say for whom, why and in whose place a call is, from what RFC 3325, 5806, 3891, 3515, 3326, 6665 and 4028 show.
#[test]
fn the_command_types_what_exchanges_say_of_a_call() {
    let message = "INVITE sip:101@pbx.example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
        From: <sip:+447700900123@192.0.2.10>;tag=1\r\nTo: <sip:101@pbx.example.com>\r\nCall-ID: a@192.0.2.10\r\nCSeq: 1 INVITE\r\n\
        P-Asserted-Identity: \"Bakkerij De Korenaar\" <sip:+447700900123@192.0.2.10>\r\nP-Asserted-Identity: tel:+447700900123\r\n\
        Diversion: <sip:102@pbx.example.com>;reason=user-busy;counter=1, <sip:103@pbx.example.com>;reason=no-answer\r\n\
        Remote-Party-ID: <sip:+447700900123@192.0.2.10>;party=calling;privacy=off\r\n\
        Replaces: 425928@bobster.example.org;to-tag=7743;from-tag=6472\r\nReferred-By: <sip:102@pbx.example.com>\r\n\
        Reason: SIP ;cause=600 ;text=\"Busy Everywhere\", Q.850;cause=17\r\nSession-Expires: 1800;refresher=uac\r\nMin-SE: 90\r\n\
        Supported: timer, replaces\r\nContent-Length: 0\r\n\r\n";
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("message");
    let typed = |message: &str| {
        std::fs::write(&file, message).expect("written");
        let said = Command::new(env!("CARGO_BIN_EXE_belbrug")).args(["inspect", "--sip"]).arg(&file).output().expect("it runs");
        assert_eq!(said.status.code(), Some(0), "{said:?}");
        serde_json::from_slice::<serde_json::Value>(&said.stdout).expect("JSON")["typed"].take()
    };
    let told = typed(message);
    for (at, wanted) in [
        ("/P-Asserted-Identity/0/display", "Bakkerij De Korenaar"),
        ("/P-Asserted-Identity/1/uri/number", "+447700900123"),
        ("/Diversion/0/uri/user", "102"),
        ("/Diversion/0/params/reason", "user-busy"),
        ("/Diversion/1/params/reason", "no-answer"),
        ("/Remote-Party-ID/0/params/party", "calling"),
        ("/Replaces/value", "425928@bobster.example.org"),
        ("/Replaces/params/to-tag", "7743"),
        ("/Referred-By/uri/user", "102"),
        ("/Reason/0/params/text", "Busy Everywhere"),
        ("/Reason/1/value", "Q.850"),
        ("/Reason/1/params/cause", "17"),
        ("/Session-Expires/value", "1800"),
        ("/Session-Expires/params/refresher", "uac"),
        ("/Supported/1/value", "replaces"),
    ] {
        assert_eq!(told.pointer(at).and_then(|value| value.as_str()), Some(wanted), "{at} in {told}");
    }
    assert_eq!((told["Min-SE"].as_u64(), told["Max-Forwards"].as_u64()), (Some(90), Some(70)));
    let told = typed(
        &message
            .replacen("INVITE", "NOTIFY", 1)
            .replace("1 INVITE", "1 NOTIFY")
            .replace("Min-SE: 90", "Event: dialog;id=7\r\nSubscription-State: active;expires=600"),
    );
    assert_eq!(told.pointer("/Event/params/id").and_then(|id| id.as_str()), Some("7"), "{told}");
    assert_eq!(told.pointer("/Subscription-State/params/expires").and_then(|time| time.as_str()), Some("600"), "{told}");
}
