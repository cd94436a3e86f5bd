//! `belbrug inspect`: a SIP message as JSON, or what is wrong with it. For looking into a call that another exchange tells
//! otherwise than we read it, and for sending such a message to us.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use belbrug::telephony::sip::address::{self, Address};
use belbrug::telephony::sip::check::{check, cseq};
use belbrug::telephony::sip::cursor::{self, Cursor, Malformed, Params};
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

const LISTS_OF_ADDRESSES: [HeaderName; 6] = [
    HeaderName::Contact,
    HeaderName::Route,
    HeaderName::RecordRoute,
    // RFC 3325 and 5806, and the draft that many exchanges still speak.
    HeaderName::PAssertedIdentity,
    HeaderName::Diversion,
    HeaderName::RemotePartyId,
];

/// A value with parameters: `1800;refresher=uac` (RFC 4028), `dialog;id=7` (RFC 6665), `id;to-tag=a;from-tag=b` (RFC 3891).
const VALUES: [HeaderName; 5] =
    [HeaderName::SessionExpires, HeaderName::Event, HeaderName::SubscriptionState, HeaderName::Replaces, HeaderName::ContentType];

/// Several of them: `Q.850;cause=16` (RFC 3326), and lists of words.
const LISTS_OF_VALUES: [HeaderName; 4] = [HeaderName::Reason, HeaderName::Supported, HeaderName::Require, HeaderName::Allow];

const NUMBERS: [HeaderName; 6] =
    [HeaderName::MaxForwards, HeaderName::ContentLength, HeaderName::Expires, HeaderName::MinExpires, HeaderName::MinSe, HeaderName::RSeq];

fn valued(cursor: &mut Cursor<'_>) -> Result<Value, Malformed> {
    cursor.space();
    let value = cursor.run(|byte| byte.is_ascii_graphic() && !matches!(byte, b';' | b','))?;
    let params = Params::read(cursor)?;
    Ok(json!({ "value": value, "params": described_params(params.iter()) }))
}

/// What we understand, read. The message has been checked: what does not read is left out.
fn typed(message: &Message<'_>) -> Value {
    let mut out = Map::new();
    for name in [HeaderName::From, HeaderName::To, HeaderName::ReferTo, HeaderName::ReferredBy] {
        let value = message.value(name).unwrap_or_default();
        out.extend(Address::parse(&value).ok().map(|address| (name.to_string(), described_address(&address))));
    }
    for name in LISTS_OF_ADDRESSES {
        let value = message.list(name).unwrap_or_default();
        out.extend(address::list(&value).ok().map(|all| (name.to_string(), all.iter().map(described_address).collect())));
    }
    for name in VALUES {
        let value = message.value(name).unwrap_or_default();
        out.extend(valued(&mut Cursor::new(&value)).ok().map(|described| (name.to_string(), described)));
    }
    for name in LISTS_OF_VALUES {
        let value = message.list(name).unwrap_or_default();
        out.extend(cursor::list(&value, valued).ok().map(|all| (name.to_string(), all.into())));
    }
    for name in NUMBERS {
        let value = message.value(name).unwrap_or_default();
        out.extend(cursor::number(&value).ok().map(|number| (name.to_string(), json!(number))));
    }
    let hops = message.list(HeaderName::Via).unwrap_or_default();
    out.extend(via::list(&hops).ok().map(|all| ("Via".to_owned(), all.iter().map(described_via).collect())));
    let sequence = message.value(HeaderName::CSeq).unwrap_or_default();
    out.extend(cseq(&sequence).ok().map(|(number, method)| ("CSeq".to_owned(), json!({ "number": number, "method": method }))));
    out.extend(message.value(HeaderName::CallId).map(|id| ("Call-ID".to_owned(), json!(id))));
    Value::Object(out)
}

fn described_params<'a>(params: impl Iterator<Item = (&'a str, Option<impl serde::Serialize>)>) -> Map<String, Value> {
    params.map(|(name, value)| (name.to_ascii_lowercase(), json!(value))).collect()
}

fn described_address(address: &Address<'_>) -> Value {
    json!({ "display": address.display_name(), "uri": typed_uri(&address.uri), "params": described_params(address.params.iter()) })
}

fn described_via(via: &Via<'_>) -> Value {
    json!({ "transport": via.transport, "host": via.host.to_string(), "port": via.port, "params": described_params(via.params.iter()) })
}

fn described_uri(text: &str) -> Value {
    Uri::parse(text).map_or(Value::Null, |uri| typed_uri(&uri))
}

fn typed_uri(uri: &Uri<'_>) -> Value {
    match uri {
        Uri::Sip(sip) => {
            let SipUri { password, host, port, params, headers, .. } = sip;
            json!({ "scheme": uri.scheme(), "user": sip.user_unescaped(), "password": password, "host": host.to_string(), "port": port, "params": described_params(params.iter()), "headers": headers })
        }
        Uri::Tel(tel) => {
            json!({ "scheme": "tel", "number": tel.number, "params": described_params(tel.params.iter()) })
        }
        Uri::Other(scheme, rest) => json!({ "scheme": scheme, "opaque": rest }),
    }
}
