//! Cuts the byte stream of the manager connection into frames: lines `Key: value`, ended by a blank line. Nothing is
//! copied but what a read leaves half; any split of the bytes gives the same frames.
//!
//! Source: Asterisk documentation, "AMI v2 Specification", message layout and encoding.

use std::borrow::Cow;

use memchr::{memchr, memmem};

/// A frame longer than this is skipped. The longest that a real Asterisk sends is a few KiB.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;

/// Why bytes could not be read as a frame. The stream goes on with the next frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// No blank line within [`FRAME_BYTES_MAX`]; everything up to the next blank line is skipped.
    #[error("a manager frame is longer than {FRAME_BYTES_MAX} bytes; it was skipped")]
    TooLong,
}

/// The bytes that have come in and are not yet read as frames.
#[derive(Debug)]
pub struct FrameBuffer {
    bytes: Vec<u8>,
    /// Finds what ends a frame.
    finder: memmem::Finder<'static>,
    /// Where the next frame begins.
    start: usize,
    /// Up to where no blank line was found.
    searched: usize,
    /// Inside a frame that is too long.
    skipping: bool,
}

const END: &[u8] = b"\r\n\r\n";

impl Default for FrameBuffer {
    fn default() -> Self {
        // A line feed followed by a carriage return stands nowhere else: the search does not stop at every line.
        Self { bytes: Vec::new(), finder: memmem::Finder::new(b"\n\r"), start: 0, searched: 0, skipping: false }
    }
}

impl FrameBuffer {
    /// An empty buffer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes as they were received.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.make_room();
        self.bytes.extend_from_slice(bytes);
    }

    /// Nothing comes after: what is left is the last frame, even without its blank line.
    pub fn end(&mut self) {
        if self.bytes.len() > self.start {
            self.bytes.extend_from_slice(END);
        }
    }

    /// The place where the next read may put its bytes: what was read before is forgotten first.
    pub fn spare(&mut self) -> &mut Vec<u8> {
        self.make_room();
        &mut self.bytes
    }

    /// Forgets the frames that were read.
    fn make_room(&mut self) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.searched = self.searched.saturating_sub(self.start);
            self.start = 0;
        }
    }

    /// The greeting, one line without a blank line after it, once it is there whole.
    ///
    /// # Errors
    /// When no line end comes within 1 KiB: that is no manager port.
    pub fn greeting(&mut self) -> Result<Option<String>, FrameError> {
        let rest = self.bytes.get(self.start..).unwrap_or_default();
        match memchr(b'\n', rest) {
            Some(end) => {
                let line = rest.get(..end).unwrap_or_default();
                let text = text(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
                self.start += end + 1;
                self.searched = self.start;
                Ok(Some(text))
            }
            None if rest.len() > 1024 => Err(FrameError::TooLong),
            None => Ok(None),
        }
    }

    /// The next whole frame, or `None` until more bytes come.
    pub fn next_frame(&mut self) -> Option<Result<Frame<'_>, FrameError>> {
        loop {
            let from = self.searched.saturating_sub(END.len() - 1).max(self.start);
            let Some(found) = find_end(&self.finder, self.bytes.get(from..).unwrap_or_default()) else {
                self.searched = self.bytes.len();
                if self.bytes.len() - self.start <= FRAME_BYTES_MAX {
                    return None;
                }
                // Only the last bytes can still be part of the blank line that ends it.
                self.start = self.bytes.len() - (END.len() - 1);
                if std::mem::replace(&mut self.skipping, true) {
                    return None;
                }
                return Some(Err(FrameError::TooLong));
            };
            let (begin, end) = (self.start, from + found);
            self.start = end + END.len();
            self.searched = self.start;
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            if end - begin > FRAME_BYTES_MAX {
                return Some(Err(FrameError::TooLong));
            }
            return Some(Ok(Frame { bytes: self.bytes.get(begin..end).unwrap_or_default() }));
        }
    }
}

/// One frame, borrowed from the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    bytes: &'a [u8],
}

impl<'a> Frame<'a> {
    /// A frame from bytes without the blank line that ends it.
    #[must_use]
    pub const fn of(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The fields in the order received, repeated keys included. A line without a colon is passed over.
    pub fn fields(self) -> Fields<'a> {
        Fields { rest: self.bytes }
    }

    /// Whether the first line begins so.
    #[must_use]
    pub fn begins_with(self, start: &[u8]) -> bool {
        self.bytes.starts_with(start)
    }

    /// The first value of the key.
    #[must_use]
    pub fn get(self, key: &str) -> Option<&'a [u8]> {
        self.fields().find(|(k, _)| k.eq_ignore_ascii_case(key.as_bytes())).map(|(_, v)| v)
    }

    /// The first value of the key as text.
    #[must_use]
    pub fn text(self, key: &str) -> Option<Cow<'a, str>> {
        self.get(key).map(text)
    }

    /// All values of a key that may be repeated, such as `ChanVariable`.
    pub fn all<'k>(self, key: &'k str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'k> {
        self.fields().filter(move |(k, _)| k.eq_ignore_ascii_case(key.as_bytes())).map(|(_, v)| v)
    }

    /// The name of the event, or `None` when the frame is no event. Asterisk sends `Event` first.
    #[must_use]
    pub fn event(self) -> Option<&'a [u8]> {
        self.first("Event")
    }

    /// `Success`, `Error`, ...: or `None` when the frame is no response.
    #[must_use]
    pub fn response(self) -> Option<&'a [u8]> {
        self.first("Response")
    }

    fn first(self, key: &str) -> Option<&'a [u8]> {
        // As Asterisk writes it; most frames are of no interest beyond this.
        if let Some(value) = self.bytes.strip_prefix(key.as_bytes()).and_then(|rest| rest.strip_prefix(b": ")) {
            return Some(line_of(value).0);
        }
        self.fields().next().filter(|(k, _)| k.eq_ignore_ascii_case(key.as_bytes())).map(|(_, v)| v)
    }
}

/// The fields of a frame.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            // Keys are short: a loop over their bytes is faster than a search.
            let at = self.rest.iter().position(|&b| b == b':' || b == b'\n').unwrap_or(self.rest.len());
            let (key, rest) = self.rest.split_at_checked(at)?;
            let Some(rest) = rest.strip_prefix(b":") else {
                self.rest = rest.get(1..).unwrap_or_default();
                continue;
            };
            let (value, rest) = line_of(rest.strip_prefix(b" ").unwrap_or(rest));
            self.rest = rest;
            return Some((key, value));
        }
        None
    }
}

/// The bytes up to the end of the line, without it, and those after it.
fn line_of(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match memchr(b'\n', bytes) {
        Some(end) => (bytes.get(..end).unwrap_or_default(), bytes.get(end + 1..).unwrap_or_default()),
        None => (bytes, &[][..]),
    };
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

/// Where the blank line that ends a frame begins.
fn find_end(finder: &memmem::Finder<'_>, bytes: &[u8]) -> Option<usize> {
    let is_end = |at: usize| at.checked_sub(1).filter(|begin| bytes.get(*begin..).is_some_and(|rest| rest.starts_with(END)));
    finder.find_iter(bytes).find_map(is_end)
}

/// The text of a value: UTF-8, or else Latin-1, so that an old phone's `M\xfcller` is still Müller.
#[must_use]
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|&b| char::from(b)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frames(chunks: &[&[u8]]) -> Vec<Result<Vec<u8>, FrameError>> {
        let mut buffer = FrameBuffer::new();
        let mut out = Vec::new();
        for chunk in chunks {
            buffer.extend(chunk);
            while let Some(frame) = buffer.next_frame() {
                out.push(frame.map(|f| f.bytes.to_vec()));
            }
        }
        out
    }

    #[test]
    fn repeated_keys_are_all_kept() {
        let frame = Frame::of(b"Event: Newstate\r\nChanVariable: a=1\r\nChanVariable: b=2\r\nEmpty: \r\nno colon\r\nLast:x");
        assert_eq!(frame.all("chanvariable").collect::<Vec<_>>(), [b"a=1", b"b=2"]);
        assert_eq!(frame.get("Empty"), Some(&b""[..]));
        assert_eq!(frame.get("Last"), Some(&b"x"[..]));
        assert_eq!(frame.event(), Some(&b"Newstate"[..]));
        assert_eq!(frame.response(), None);
    }

    #[test]
    fn latin_1_and_utf_8_names_are_kept() {
        assert_eq!(text("Zoë".as_bytes()), "Zoë");
        assert_eq!(text(b"M\xfcller"), "Müller");
    }

    #[test]
    fn a_frame_that_is_too_long_is_skipped_and_the_next_one_read() {
        let mut bytes = b"Event: A\r\n\r\n".to_vec();
        bytes.extend(std::iter::repeat_n(b'x', 3 * FRAME_BYTES_MAX));
        bytes.extend(b"\r\n\r\nEvent: B\r\n\r\n");
        let expected = vec![Ok(b"Event: A".to_vec()), Err(FrameError::TooLong), Ok(b"Event: B".to_vec())];
        assert_eq!(frames(&[&bytes]), expected);
        let pieces: Vec<&[u8]> = bytes.chunks(1000).collect();
        assert_eq!(frames(&pieces), expected);
        let mut buffer = FrameBuffer::new();
        for piece in pieces {
            buffer.extend(piece);
            while buffer.next_frame().is_some() {}
            assert!(buffer.bytes.len() <= FRAME_BYTES_MAX + 2000);
        }
    }

    #[test]
    fn the_greeting_is_one_line() {
        let mut buffer = FrameBuffer::new();
        buffer.extend(b"Asterisk Call");
        assert_eq!(buffer.greeting(), Ok(None));
        buffer.extend(b" Manager/9.0.0\r\nResponse: Success\r\n\r\n");
        assert_eq!(buffer.greeting(), Ok(Some("Asterisk Call Manager/9.0.0".into())));
        assert_eq!(buffer.next_frame().unwrap().unwrap().response(), Some(&b"Success"[..]));
        let mut buffer = FrameBuffer::new();
        buffer.extend(&[0xffu8; 2000]);
        assert_eq!(buffer.greeting(), Err(FrameError::TooLong));
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_frames(values in proptest::collection::vec("[ -~é]{0,30}", 1..8), cut in 0usize..200) {
            let bytes: Vec<u8> = values.iter().flat_map(|v| format!("Event: X\r\nValue: {v}\r\n\r\n").into_bytes()).collect();
            let cut = cut.min(bytes.len());
            let (left, right) = bytes.split_at(cut);
            prop_assert_eq!(frames(&[left, right]), frames(&[&bytes]));
            prop_assert_eq!(frames(&bytes.chunks(1).collect::<Vec<_>>()), frames(&[&bytes]));
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for frame in frames(&[&bytes]).into_iter().flatten() {
                Frame::of(&frame).fields().for_each(drop);
            }
        }
    }
}
