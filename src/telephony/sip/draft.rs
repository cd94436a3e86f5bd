//! A message that is to be sent.

use core::net::SocketAddr;
use std::fmt::{Display, Write as _};

use super::message::Message;
use super::method::Method;
use super::name::HeaderName;
use super::start_line::VERSION;
use super::via;

/// A message in the making. Whatever it is given, it stays one message: what would end a line becomes a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    first: FirstLine,
    fields: Vec<(HeaderName, String)>,
    body: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum FirstLine {
    Request(Method, String),
    Response(u16, &'static str),
}

impl Draft {
    /// A request.
    #[must_use]
    pub fn request(method: Method, uri: &str) -> Self {
        Self { first: FirstLine::Request(method, one_line(uri)), fields: Vec::with_capacity(16), body: Vec::new() }
    }

    /// An answer.
    #[must_use]
    pub fn response(status: u16) -> Self {
        Self { first: FirstLine::Response(status, reason(status)), fields: Vec::with_capacity(12), body: Vec::new() }
    }

    /// The answer to a request, with everything that is taken from it (RFC 3261, 8.2.6.2): Via, From, To, Call-ID and CSeq.
    /// `tag` stands behind To where the request has none there; the topmost Via says `from` where it really came.
    #[must_use]
    pub fn answer(request: &Message<'_>, from: SocketAddr, status: u16, tag: Option<&str>) -> Self {
        let mut draft = Self::response(status);
        let vias = request.list(HeaderName::Via).unwrap_or_default();
        for (at, hop) in via::list(&vias).unwrap_or_default().iter().enumerate() {
            draft = draft.with(HeaderName::Via, if at == 0 { hop.stamped(from) } else { hop.to_string() });
        }
        for field in &request.fields {
            match field.name {
                HeaderName::From | HeaderName::CallId | HeaderName::CSeq => draft = draft.with(field.name, field.value()),
                // 8.2.6.1: so that the other end can measure the way.
                HeaderName::Timestamp if status == 100 => draft = draft.with(field.name, field.value()),
                HeaderName::RecordRoute if (101..300).contains(&status) => draft = draft.with(field.name, field.value()),
                HeaderName::To => {
                    let to = field.value();
                    let has_tag = super::address::Address::parse(&to).is_ok_and(|to| to.tag().is_some());
                    draft = match tag {
                        Some(tag) if !has_tag && status > 100 => draft.with(field.name, format_args!("{to};tag={tag}")),
                        _ => draft.with(field.name, to),
                    };
                }
                _ => {}
            }
        }
        draft
    }

    /// Adds a header field.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: impl Display) -> Self {
        self.fields.push((name, one_line(&value.to_string())));
        self
    }

    /// Adds header fields.
    #[must_use]
    pub fn with_all<V: Display>(self, fields: impl IntoIterator<Item = (HeaderName, V)>) -> Self {
        fields.into_iter().fold(self, |draft, (name, value)| draft.with(name, value))
    }

    /// Puts a header field before all others: a Via.
    #[must_use]
    pub fn with_first(mut self, name: HeaderName, value: impl Display) -> Self {
        self.fields.insert(0, (name, one_line(&value.to_string())));
        self
    }

    /// Gives it a body.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.with(HeaderName::ContentType, content_type)
    }

    /// Without the header fields of this name.
    #[must_use]
    pub fn without(mut self, name: HeaderName) -> Self {
        self.fields.retain(|(have, _)| *have != name);
        self
    }

    /// The value of the first field of this name.
    #[must_use]
    pub fn value(&self, name: HeaderName) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of every field of this name.
    pub fn all(&self, name: HeaderName) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |(have, _)| *have == name).map(|(_, value)| value.as_str())
    }

    /// Its body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The method of a request.
    #[must_use]
    pub const fn method(&self) -> Option<Method> {
        match self.first {
            FirstLine::Request(method, _) => Some(method),
            FirstLine::Response(..) => None,
        }
    }

    /// The status of a response.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self.first {
            FirstLine::Request(..) => None,
            FirstLine::Response(status, _) => Some(status),
        }
    }

    /// For whom a request is.
    #[must_use]
    pub fn uri(&self) -> &str {
        match &self.first {
            FirstLine::Request(_, uri) => uri,
            FirstLine::Response(..) => "",
        }
    }

    /// The number of CSeq; 0 where there is none.
    #[must_use]
    pub fn seq(&self) -> u32 {
        self.value(HeaderName::CSeq).and_then(|of| of.split(' ').next()?.parse().ok()).unwrap_or_default()
    }

    /// The same request once more, with another number.
    #[must_use]
    pub fn with_seq(mut self, seq: u32) -> Self {
        let method = self.method();
        for (name, value) in &mut self.fields {
            if let (HeaderName::CSeq, Some(method)) = (*name, method) {
                *value = format!("{seq} {method}");
            }
        }
        self
    }

    /// The same answer with another status. Record-Route says nothing in a refusal.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.first = FirstLine::Response(status, reason(status));
        if status >= 300 { self.without(HeaderName::RecordRoute) } else { self }
    }

    /// A request that belongs to this INVITE and goes the same way (RFC 3261, 9.1 and 17.1.1.3): CANCEL, or the ACK of a refusal,
    /// which takes `to` from the refusal.
    #[must_use]
    pub fn follow_up(&self, method: Method, to: Option<&str>) -> Self {
        let mut draft = Self::request(method, self.uri());
        if let Some(via) = self.value(HeaderName::Via) {
            draft = draft.with(HeaderName::Via, via);
        }
        for (name, value) in &self.fields {
            match name {
                HeaderName::Route | HeaderName::From | HeaderName::CallId | HeaderName::MaxForwards => draft = draft.with(*name, value),
                HeaderName::To => draft = draft.with(*name, to.unwrap_or(value)),
                HeaderName::CSeq => {
                    let number = value.split(' ').next().unwrap_or_default();
                    draft = draft.with(*name, format_args!("{number} {method}"));
                }
                _ => {}
            }
        }
        draft
    }

    /// The bytes of the message, with its Content-Length.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut text = String::with_capacity(512);
        let _ = match &self.first {
            FirstLine::Request(method, uri) => write!(text, "{method} {uri} {VERSION}\r\n"),
            FirstLine::Response(status, reason) => write!(text, "{VERSION} {status} {reason}\r\n"),
        };
        for (name, value) in &self.fields {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        let _ = write!(text, "Content-Length: {}\r\n\r\n", self.body.len());
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// A text that cannot end a line: nothing that comes from outside begins a header of its own.
fn one_line(text: &str) -> String {
    if text.bytes().any(|byte| byte.is_ascii_control()) {
        text.chars().map(|c| if c.is_ascii_control() { ' ' } else { c }).collect()
    } else {
        text.to_owned()
    }
}

/// What a status says (RFC 3261, 21).
#[must_use]
pub const fn reason(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        603 => "Decline",
        _ => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_begins_a_header_of_its_own() {
        let draft = Draft::request(Method::Invite, "sip:a@example.com\r\nX: y").with(HeaderName::Subject, "hello\r\nVia: evil\0");
        let text = String::from_utf8(draft.bytes()).unwrap();
        assert_eq!(text, "INVITE sip:a@example.com  X: y SIP/2.0\r\nSubject: hello  Via: evil \r\nContent-Length: 0\r\n\r\n");
    }

    #[test]
    fn an_answer_takes_what_it_must_from_the_request() {
        let request = "OPTIONS sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/UDP one;branch=z9hG4bK1, SIP/2.0/UDP two\r\nf: <sip:b@example.com>;tag=1\r\n\
                       t: <sip:a@example.com>\r\ni: x\r\nCSeq: 7 OPTIONS\r\nSubject: s\r\n\r\n";
        let request = Message::parse(request.as_bytes()).unwrap();
        let text =
            String::from_utf8(Draft::answer(&request, "192.0.2.1:9".parse().unwrap(), 200, Some("mine")).with_body("text/plain", "hi").bytes())
                .unwrap();
        assert_eq!(
            text,
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP one;branch=z9hG4bK1;received=192.0.2.1\r\nVia: SIP/2.0/UDP two\r\nFrom: <sip:b@example.com>;tag=1\r\n\
             To: <sip:a@example.com>;tag=mine\r\nCall-ID: x\r\nCSeq: 7 OPTIONS\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi"
        );
    }
}
