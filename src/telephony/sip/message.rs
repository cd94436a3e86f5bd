//! Cuts bytes into a message: its first line, the spans of its header fields, its body. Nothing is copied and nothing is typed:
//! most fields of most messages are never looked at.
//!
//! Source: RFC 3261, 7 (messages), 18.3 (framing), 25.1 (grammar).

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::check::{Fault, Rule};
use super::cursor::{is_token, number};
use super::name::HeaderName;
use super::start_line::StartLine;

/// A message longer than this is refused: the longest that fits a datagram.
pub const MESSAGE_BYTES_MAX: usize = 65_535;
/// More header fields than this are refused; real messages have under forty.
pub const FIELDS_MAX: usize = 256;

/// A message in the bytes that it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<'a> {
    /// What it is.
    pub start: StartLine<'a>,
    /// The parts of the first line stand one space apart, as they must.
    pub is_strict: bool,
    /// Its header fields in their order.
    pub fields: Vec<Field<'a>>,
    /// What stands behind the blank line, as far as Content-Length says.
    pub body: &'a [u8],
}

/// A header field as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// Which.
    pub name: HeaderName,
    written: &'a [u8],
    value: &'a [u8],
    is_folded: bool,
}

impl<'a> Field<'a> {
    /// Its name as it is written.
    #[must_use]
    pub fn written(&self) -> &'a str {
        std::str::from_utf8(self.written).unwrap_or_default() // A token, which is ASCII.
    }

    /// The value without the white space around it, unfolded: the end of a line with the white space after it is one space.
    /// What is no UTF-8 is replaced by its sign.
    #[must_use]
    pub fn value(&self) -> Cow<'a, str> {
        let value = self.value.trim_ascii();
        let text = std::str::from_utf8(value).map_or_else(|_| String::from_utf8_lossy(value), Cow::Borrowed);
        if !self.is_folded {
            return text;
        }
        let mut lines = text.split("\r\n");
        let mut out = lines.next().unwrap_or_default().to_owned();
        for line in lines {
            out.push(' ');
            out.push_str(line.trim_start_matches([' ', '\t']));
        }
        Cow::Owned(out)
    }
}

impl<'a> Message<'a> {
    /// Reads a datagram. What stands in it after the message is passed over.
    ///
    /// # Errors
    /// When it holds no message, or Content-Length says more than there is.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        let (mut message, rest) = Self::head(bytes)?;
        message.body = match message.content_length()? {
            Some(length) => rest.get(..length).ok_or(Fault::Invalid(Rule::BodyLength))?,
            None => rest,
        };
        Ok(message)
    }

    /// Everything up to the blank line, and what stands behind it.
    fn head(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Fault> {
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err(Fault::Unparseable("longer than a message may be"));
        }
        let mut rest = bytes;
        // RFC 3261, 7.5: empty lines before a message keep a connection alive, and say nothing.
        while let Some(after) = rest.strip_prefix(b"\r\n") {
            rest = after;
        }
        let end = line_end(rest).ok_or(Fault::Unparseable("no end of the first line"))?;
        let (line, after) = split(rest, end);
        let line = std::str::from_utf8(line).map_err(|_| Fault::Unparseable("the first line is no UTF-8"))?;
        let (start, is_strict) = StartLine::parse(line).map_err(|_| Fault::Unparseable("the first line is neither a request nor a response"))?;
        let (mut fields, mut rest) = (Vec::with_capacity(24), after);
        loop {
            if let Some(body) = rest.strip_prefix(b"\r\n") {
                return Ok((Self { start, is_strict, fields, body }, body));
            }
            if fields.len() >= FIELDS_MAX {
                return Err(Fault::Unparseable("more header fields than a message may have"));
            }
            let (field, after) = field(rest)?;
            fields.push(field);
            rest = after;
        }
    }

    /// Every field of this name.
    pub fn all(&self, name: HeaderName) -> impl Iterator<Item = &Field<'a>> {
        self.fields.iter().filter(move |field| field.name == name)
    }

    /// The value of the first field of this name.
    #[must_use]
    pub fn value(&self, name: HeaderName) -> Option<Cow<'a, str>> {
        self.all(name).next().map(Field::value)
    }

    /// The values of a list on one line or on several (RFC 3261, 7.3.1), as one line.
    #[must_use]
    pub fn list(&self, name: HeaderName) -> Option<Cow<'a, str>> {
        let mut all = self.all(name).map(Field::value);
        let first = all.next()?;
        Some(all.fold(first, |line, next| Cow::Owned(format!("{line}, {next}"))))
    }

    fn content_length(&self) -> Result<Option<usize>, Fault> {
        let Some(value) = self.value(HeaderName::ContentLength) else { return Ok(None) };
        let length = number(&value).map_err(|_| Fault::BadHeader(HeaderName::ContentLength))?;
        Ok(Some(usize::try_from(length).unwrap_or(usize::MAX)))
    }
}

/// The next header field with its folded lines, and what stands behind it.
fn field(bytes: &[u8]) -> Result<(Field<'_>, &[u8]), Fault> {
    const NO_END: Fault = Fault::Unparseable("no blank line after the header fields");
    let length = bytes.iter().position(|byte| !is_token(*byte)).ok_or(NO_END)?;
    let (written, rest) = bytes.split_at_checked(length).ok_or(NO_END)?;
    if written.is_empty() {
        return Err(Fault::Unparseable("a header field has no name"));
    }
    let mut value = match rest {
        [b':', value @ ..] => value,
        _ => {
            let spaces = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            let value = rest.get(spaces..).and_then(|rest| rest.strip_prefix(b":"));
            value.ok_or(Fault::Unparseable("a header field has no colon"))?
        }
    };
    let first_end = line_end(value).ok_or(NO_END)?;
    let mut end = first_end;
    while let Some(b' ' | b'\t') = value.get(end + 2) {
        end += 2 + line_end(value.get(end + 2..).unwrap_or_default()).ok_or(NO_END)?;
    }
    let (line, after) = split(value, end);
    value = line;
    Ok((Field { name: HeaderName::of(written), written, value, is_folded: end > first_end }, after))
}

/// Where the line ends: before its CR LF. A CR or an LF alone ends nothing.
fn line_end(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr(b'\n', bytes.get(from..)?)?;
        if at > 0 && bytes.get(at - 1) == Some(&b'\r') {
            return Some(at - 1);
        }
        from = at + 1;
    }
}

/// What stands before the end of a line at `at`, and what after.
fn split(bytes: &[u8], at: usize) -> (&[u8], &[u8]) {
    (bytes.get(..at).unwrap_or_default(), bytes.get(at + 2..).unwrap_or_default())
}

/// What has come in over a connection and is not yet read as messages.
#[derive(Debug, Default)]
pub struct StreamBuffer {
    bytes: Vec<u8>,
    /// Where the next message begins.
    start: usize,
    /// Up to where behind it no blank line was found.
    searched: usize,
    /// How long it is, once its head is there.
    whole: Option<usize>,
}

impl StreamBuffer {
    /// Adds bytes as they were received.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.start);
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The bytes of the next whole message, for [`Message::parse`]; `None` until it is there. Content-Length says where it ends
    /// (RFC 3261, 18.3).
    ///
    /// # Errors
    /// When the stream cannot be read any further: the connection is of no use any more.
    pub fn next_message(&mut self) -> Result<Option<&[u8]>, Fault> {
        while self.searched == 0 && self.bytes.get(self.start..).is_some_and(|rest| rest.starts_with(b"\r\n")) {
            self.start += 2;
        }
        let rest = self.bytes.get(self.start..).unwrap_or_default();
        let whole = match self.whole {
            Some(whole) => whole,
            None => {
                let from = self.searched.saturating_sub(3);
                let Some(head) = memmem::find(rest.get(from..).unwrap_or_default(), b"\r\n\r\n").map(|at| from + at + 4) else {
                    self.searched = if rest == b"\r" { 0 } else { rest.len() };
                    return if rest.len() > MESSAGE_BYTES_MAX { Err(Fault::Unparseable("longer than a message may be")) } else { Ok(None) };
                };
                *self.whole.insert(whole_length(rest.get(..head).unwrap_or_default())?)
            }
        };
        if rest.len() < whole {
            return Ok(None);
        }
        let begin = self.start;
        (self.start, self.searched, self.whole) = (begin + whole, 0, None);
        Ok(self.bytes.get(begin..begin + whole))
    }
}

/// How long the message with this head is.
fn whole_length(head: &[u8]) -> Result<usize, Fault> {
    let (message, _) = Message::head(head)?;
    let length = message.content_length()?.ok_or(Fault::Invalid(Rule::Missing(HeaderName::ContentLength)))?;
    let whole = head.len().saturating_add(length);
    if whole > MESSAGE_BYTES_MAX { Err(Fault::Unparseable("longer than a message may be")) } else { Ok(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OPTIONS: &[u8] =
        b"OPTIONS sip:a@example.com SIP/2.0\r\nv: SIP/2.0/UDP host;branch=z9hG4bK1\r\nVia : SIP/2.0/TCP\r\n\t other\r\nl: 4\r\n\r\nbodyrest";

    #[test]
    fn names_are_compact_values_are_unfolded_and_the_body_is_cut() {
        let message = Message::parse(OPTIONS).unwrap();
        assert_eq!(message.start, StartLine::Request { method: "OPTIONS", uri: "sip:a@example.com", version: "SIP/2.0" });
        assert_eq!(message.list(HeaderName::Via).unwrap(), "SIP/2.0/UDP host;branch=z9hG4bK1, SIP/2.0/TCP other");
        assert_eq!(message.fields.iter().map(Field::written).collect::<Vec<_>>(), ["v", "Via", "l"]);
        assert_eq!(message.body, b"body");
        let short = &OPTIONS[..OPTIONS.len() - 5];
        assert_eq!(Message::parse(short), Err(Fault::Invalid(Rule::BodyLength)));
    }

    #[test]
    fn a_stream_in_pieces_of_any_size_gives_the_same_messages() {
        let one = OPTIONS.strip_suffix(b"rest").unwrap();
        let stream = [b"\r\n\r\n", one, b"\r\n", one, one, b"\r\n\r\n"].concat();
        for size in 1..stream.len() {
            let (mut buffer, mut got) = (StreamBuffer::default(), Vec::new());
            for piece in stream.chunks(size) {
                buffer.extend(piece);
                while let Some(message) = buffer.next_message().unwrap() {
                    got.push(message.to_vec());
                }
            }
            assert_eq!(got, [one, one, one], "pieces of {size}");
        }
    }

    #[test]
    fn a_stream_without_lengths_or_ends_is_given_up() {
        let mut buffer = StreamBuffer::default();
        buffer.extend(b"OPTIONS sip:a@example.com SIP/2.0\r\nVia: x\r\n\r\n");
        assert_eq!(buffer.next_message().map(drop), Err(Fault::Invalid(Rule::Missing(HeaderName::ContentLength))));
        let mut endless = StreamBuffer::default();
        endless.extend(&vec![b'x'; MESSAGE_BYTES_MAX + 1]);
        assert!(endless.next_message().is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(message) = Message::parse(&bytes) {
                let _ = super::super::check::check(&message);
            }
            let mut buffer = StreamBuffer::default();
            buffer.extend(&bytes);
            let _ = buffer.next_message();
        }

        #[test]
        fn any_header_is_read_or_refused(value in "[ -~]{0,80}", name in "(Via|From|To|Contact|Route|CSeq|Date|Expires|Call-ID)") {
            let text = format!("INVITE sip:a@example.com SIP/2.0\r\n{name}: {value}\r\n\r\n");
            if let Ok(message) = Message::parse(text.as_bytes()) {
                let _ = super::super::check::check(&message);
            }
        }
    }
}
