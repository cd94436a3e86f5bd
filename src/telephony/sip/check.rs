//! What a message must hold before anything is made of it (RFC 3261, 8.1.1, 8.2 and 16.3).

use std::fmt;

use super::address::{self, Address};
use super::cursor::{Cursor, Malformed, number};
use super::message::Message;
use super::name::HeaderName;
use super::start_line::{StartLine, VERSION};
use super::uri::{SipUri, Uri};
use super::via;
use crate::clock::Timestamp;

/// Sequence numbers stay below this (RFC 3261, 8.1.1.5).
const CSEQ_MAX: u32 = 1 << 31;
/// Hops that a message may still make, at most (20.22).
const MAX_FORWARDS_MAX: u32 = 255;

/// What is wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It cannot be cut into a message.
    #[error("unparseable: {0}")]
    Unparseable(&'static str),
    /// A header field that everybody must understand cannot be read.
    #[error("bad_header:{0}")]
    BadHeader(HeaderName),
    /// It can be read, and breaks a rule.
    #[error("invalid:{0}")]
    Invalid(Rule),
}

impl Fault {
    /// What kind of fault it is: `unparseable`, `bad_header:NAME` or `invalid:RULE`.
    #[must_use]
    pub fn class(&self) -> String {
        match self {
            Self::Unparseable(_) => "unparseable".to_owned(),
            Self::BadHeader(_) | Self::Invalid(_) => self.to_string(),
        }
    }
}

/// A rule that a message breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// It lacks a header field that it must have.
    Missing(HeaderName),
    /// It has twice what there is once.
    Duplicate(HeaderName),
    /// The method of the first line is not that of CSeq.
    MethodMismatch,
    /// Another version of SIP.
    Version,
    /// White space stands in the first line where none may.
    RequestLine,
    /// The Request-URI is none.
    RequestUri,
    /// A status is 100 to 699.
    Status,
    /// Content-Length says more than there is.
    BodyLength,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "missing_{name}"),
            Self::Duplicate(name) => write!(f, "duplicate_{name}"),
            Self::MethodMismatch => f.write_str("method_mismatch"),
            Self::Version => f.write_str("version"),
            Self::RequestLine => f.write_str("request_line"),
            Self::RequestUri => f.write_str("request_uri"),
            Self::Status => f.write_str("status"),
            Self::BodyLength => f.write_str("body_length"),
        }
    }
}

/// Checks everything that everybody who handles a message must understand of it.
///
/// # Errors
/// The first fault.
pub fn check(message: &Message<'_>) -> Result<(), Fault> {
    if !message.start.version().eq_ignore_ascii_case(VERSION) {
        return Err(Fault::Invalid(Rule::Version));
    }
    start_line(message)?;
    for name in [HeaderName::Via, HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq] {
        if message.all(name).next().is_none() {
            return Err(Fault::Invalid(Rule::Missing(name)));
        }
    }
    for (at, field) in message.fields.iter().enumerate() {
        let is_again = || message.fields.iter().take(at).any(|before| before.name == field.name);
        if field.name.is_single() && is_again() {
            return Err(Fault::Invalid(Rule::Duplicate(field.name)));
        }
        well_formed(field.name, &field.value()).map_err(|_| Fault::BadHeader(field.name))?;
    }
    let of = message.value(HeaderName::CSeq).unwrap_or_default();
    match (message.start, cseq(&of)) {
        (StartLine::Request { method, .. }, Ok((_, of))) if of != method => Err(Fault::Invalid(Rule::MethodMismatch)),
        _ => Ok(()),
    }
}

fn start_line(message: &Message<'_>) -> Result<(), Fault> {
    if !message.is_strict {
        return Err(Fault::Invalid(Rule::RequestLine));
    }
    match message.start {
        // RFC 3261, 19.1.1: no header fields in a Request-URI.
        StartLine::Request { uri, .. } => match Uri::parse(uri) {
            Err(_) | Ok(Uri::Sip(SipUri { headers: Some(_), .. })) => Err(Fault::Invalid(Rule::RequestUri)),
            Ok(_) => Ok(()),
        },
        StartLine::Response { status, .. } => {
            let is_status = status.len() == 3 && number(status).is_ok_and(|status| (100..700).contains(&status));
            if is_status { Ok(()) } else { Err(Fault::Invalid(Rule::Status)) }
        }
    }
}

/// The number and the method of a CSeq.
///
/// # Errors
/// When it is none.
pub fn cseq(value: &str) -> Result<(u32, &str), Malformed> {
    let at = value.bytes().position(|byte| matches!(byte, b' ' | b'\t')).ok_or(Malformed)?;
    let (sequence, method) = value.split_at_checked(at).ok_or(Malformed)?;
    let mut cursor = Cursor::new(method);
    cursor.space();
    let method = cursor.token()?;
    let sequence = number(sequence)?;
    if cursor.is_at_end() && sequence < CSEQ_MAX { Ok((sequence, method)) } else { Err(Malformed) }
}

/// Whether the value of a header field is what its name promises, as far as we look.
fn well_formed(name: HeaderName, value: &str) -> Result<(), Malformed> {
    match name {
        HeaderName::Via => via::list(value).map(drop),
        HeaderName::From | HeaderName::To | HeaderName::ReferTo | HeaderName::ReferredBy => Address::parse(value).map(drop),
        HeaderName::Contact if value == "*" => Ok(()),
        HeaderName::Contact => address::list(value)?.iter().try_for_each(contact),
        HeaderName::Route | HeaderName::RecordRoute => {
            let is_bracketed = value.contains('<');
            address::list(value).map(drop).and(if is_bracketed { Ok(()) } else { Err(Malformed) })
        }
        HeaderName::CSeq => cseq(value).map(drop),
        HeaderName::CallId => {
            if value.is_empty() || value.contains([' ', '\t']) {
                Err(Malformed)
            } else {
                Ok(())
            }
        }
        HeaderName::MaxForwards => number(value).and_then(|hops| if hops <= MAX_FORWARDS_MAX { Ok(()) } else { Err(Malformed) }),
        HeaderName::ContentLength | HeaderName::Expires | HeaderName::MinExpires => number(value).map(drop),
        HeaderName::Date => date(value).map(drop),
        HeaderName::RetryAfter => {
            let digits = value.split([' ', '\t', ';', '(']).next().unwrap_or_default();
            number(digits).map(drop)
        }
        _ => Ok(()),
    }
}

/// `expires` of a contact is a number (RFC 3261, 20.10).
fn contact(address: &Address<'_>) -> Result<(), Malformed> {
    address.params.get("expires").map_or(Ok(()), |expires| number(&expires).map(drop))
}

/// `Sat, 13 Nov 2010 23:29:00 GMT`: no other zone (20.17).
///
/// # Errors
/// When it is none.
pub fn date(value: &str) -> Result<Timestamp, Malformed> {
    let without_zone = value.strip_suffix(" GMT").ok_or(Malformed)?;
    let date = chrono::NaiveDateTime::parse_from_str(without_zone, "%a, %d %b %Y %H:%M:%S").map_err(|_| Malformed)?;
    Ok(Timestamp(date.and_utc().timestamp_micros()))
}
