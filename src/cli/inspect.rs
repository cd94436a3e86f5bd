//! `belbrug inspect`: a SIP message as JSON, or what is wrong with it. For looking into a call that another exchange tells
//! otherwise than we read it, and for sending such a message to us.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use belbrug::telephony::sip::address::{self, Address};
use belbrug::telephony::sip::check::{check, cseq};
use belbrug::telephony::sip::message::{MESSAGE_BYTES_MAX, Message};
use belbrug::telephony::sip::name::HeaderName;
use belbrug::telephony::sip::start_line::StartLine;
use belbrug::telephony::sip::uri::{SipUri, Uri};
use belbrug::telephony::sip::via::{self, Via};
use clap::Args;
use serde_json::{Map, Value, json};

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A SIP message as received; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    sip: PathBuf,
}

impl Inspect {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(MESSAGE_BYTES_MAX).unwrap_or(u64::MAX) + 1;
        if self.sip.as_os_str() == "-" {
            std::io::stdin().lock().take(limit).read_to_end(&mut bytes).context("standard input")?;
        } else {
            let file = std::fs::File::open(&self.sip).with_context(|| format!("{} cannot be read", self.sip.display()))?;
            file.take(limit).read_to_end(&mut bytes).with_context(|| format!("{} cannot be read", self.sip.display()))?;
        }
        let told = Message::parse(&bytes).and_then(|message| check(&message).map(|()| described(&message)));
        let (line, code) = match told {
            Ok(message) => (message.to_string(), ExitCode::SUCCESS),
            Err(fault) => {
                let _ = writeln!(std::io::stderr(), "belbrug: {fault}");
                (fault.class(), ExitCode::FAILURE)
            }
        };
        match writeln!(std::io::stdout().lock(), "{line}") {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error).context("standard output"),
            _ => Ok(code),
        }
    }
}

fn described(message: &Message<'_>) -> Value {
    let start = match message.start {
        StartLine::Request { method, uri, version } => json!({ "method": method, "uri": described_uri(uri), "version": version }),
        StartLine::Response { version, status, reason } => json!({ "version": version, "status": status.parse::<u32>().ok(), "reason": reason }),
    };
    let headers: Vec<Value> = message
        .fields
        .iter()
        .map(|field| json!({ "name": name(field.name, field.written()), "written": field.written(), "value": field.value() }))
        .collect();
    json!({ "start": start, "typed": typed(message), "headers": headers, "body": String::from_utf8_lossy(message.body), "body_bytes": message.body.len() })
}

fn name(name: HeaderName, written: &str) -> String {
    if name == HeaderName::Other { written.to_owned() } else { name.to_string() }
}

/// What everybody must understand, read. The message has been checked: what does not read is left out.
fn typed(message: &Message<'_>) -> Value {
    let mut out = Map::new();
    for name in [HeaderName::From, HeaderName::To] {
        let value = message.value(name).unwrap_or_default();
        out.extend(Address::parse(&value).ok().map(|address| (name.to_string(), described_address(&address))));
    }
    for name in [HeaderName::Contact, HeaderName::Route, HeaderName::RecordRoute] {
        let value = message.list(name).unwrap_or_default();
        out.extend(address::list(&value).ok().map(|all| (name.to_string(), all.iter().map(described_address).collect())));
    }
    let hops = message.list(HeaderName::Via).unwrap_or_default();
    out.extend(via::list(&hops).ok().map(|all| ("Via".to_owned(), all.iter().map(described_via).collect())));
    let sequence = message.value(HeaderName::CSeq).unwrap_or_default();
    out.extend(cseq(&sequence).ok().map(|(number, method)| ("CSeq".to_owned(), json!({ "number": number, "method": method }))));
    out.extend(message.value(HeaderName::CallId).map(|id| ("Call-ID".to_owned(), json!(id))));
    Value::Object(out)
}

fn described_address(address: &Address<'_>) -> Value {
    let params: Map<String, Value> = address.params.iter().map(|(name, value)| (name.to_ascii_lowercase(), json!(value))).collect();
    json!({ "display": address.display_name(), "uri": typed_uri(&address.uri), "params": params })
}

fn described_via(via: &Via<'_>) -> Value {
    let params: Map<String, Value> = via.params.iter().map(|(name, value)| (name.to_ascii_lowercase(), json!(value))).collect();
    json!({ "transport": via.transport, "host": via.host.to_string(), "port": via.port, "params": params })
}

fn described_uri(text: &str) -> Value {
    Uri::parse(text).map_or(Value::Null, |uri| typed_uri(&uri))
}

fn typed_uri(uri: &Uri<'_>) -> Value {
    match uri {
        Uri::Sip(sip) => {
            let SipUri { password, host, port, params, headers, .. } = sip;
            let params: Map<String, Value> = params.iter().map(|(name, value)| (name.to_ascii_lowercase(), json!(value))).collect();
            json!({ "scheme": uri.scheme(), "user": sip.user_unescaped(), "password": password, "host": host.to_string(), "port": port, "params": params, "headers": headers })
        }
        Uri::Tel(tel) => {
            let params: Map<String, Value> = tel.params.iter().map(|(name, value)| (name.to_ascii_lowercase(), json!(value))).collect();
            json!({ "scheme": "tel", "number": tel.number, "params": params })
        }
        Uri::Other(scheme, rest) => json!({ "scheme": scheme, "opaque": rest }),
    }
}
