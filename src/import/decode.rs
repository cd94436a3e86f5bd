//! Bytes of an unknown encoding as a stream of UTF-8, in bounded memory.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::{Decoder, Encoding, UTF_8, WINDOWS_1252};

/// Bytes that were read of a file so far, for a progress bar. Clones share the count.
#[derive(Debug, Clone, Default)]
pub struct ByteCounter(Arc<AtomicU64>);

impl ByteCounter {
    /// Bytes of the file, as it is on disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Bytes that are looked at together; the encoding is decided on the first of them that are not ASCII.
const CHUNK_BYTES: usize = 64 * 1024;

/// A reader that gives UTF-8, whatever the source is in: a byte order mark or the config decides; otherwise it is UTF-8
/// unless the chunk with the first non-ASCII byte is not, and then Windows-1252, in which every byte is a character. As
/// long as all is ASCII nothing needs to be decided, so that an `é` late in a big file is read as well as an early one.
/// Every line ends with one line feed, the last one, too, however the source ends lines, so that lines can be counted.
#[derive(Debug)]
pub(super) struct Utf8Stream<R> {
    source: R,
    counter: ByteCounter,
    encoding: Chosen,
    raw: Vec<u8>,
    text: String,
    text_at: usize,
    is_at_end: bool,
    /// The last byte of text that the source gave.
    last: Option<u8>,
}

enum Chosen {
    Start,
    OnlyAscii,
    Decided(Box<Decoder>),
}

impl std::fmt::Debug for Chosen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Start => f.write_str("Start"),
            Self::OnlyAscii => f.write_str("OnlyAscii"),
            Self::Decided(decoder) => f.write_str(decoder.encoding().name()),
        }
    }
}

impl<R: Read> Utf8Stream<R> {
    /// Decodes `source`; from `encoding` if the config names one.
    pub(super) fn new(source: R, encoding: Option<&'static Encoding>) -> Self {
        let encoding = encoding.map_or(Chosen::Start, |e| Chosen::Decided(Box::new(e.new_decoder_with_bom_removal())));
        Self { source, counter: ByteCounter::default(), encoding, raw: Vec::new(), text: String::new(), text_at: 0, is_at_end: false, last: None }
    }

    pub(super) fn counter(&self) -> ByteCounter {
        self.counter.clone()
    }

    /// What was decoded and not taken yet, in UTF-8; it may begin within a character. Empty at the end only.
    pub(super) fn pending(&mut self) -> io::Result<&[u8]> {
        while self.text_at == self.text.len() && !self.is_at_end {
            self.decode_chunk()?;
        }
        Ok(self.text.as_bytes().get(self.text_at..).unwrap_or_default())
    }

    /// Takes `bytes` of the pending text.
    pub(super) fn consume(&mut self, bytes: usize) {
        self.text_at = (self.text_at + bytes).min(self.text.len());
    }

    /// Passes over everything up to and with the next line feed; whether there was one.
    pub(super) fn skip_line(&mut self) -> io::Result<bool> {
        loop {
            let pending = self.pending()?;
            let (length, found) = (pending.len(), memchr::memchr(b'\n', pending));
            if length == 0 {
                return Ok(false);
            }
            self.consume(found.map_or(length, |at| at + 1));
            if found.is_some() {
                return Ok(true);
            }
        }
    }

    fn decode_chunk(&mut self) -> io::Result<()> {
        self.text.clear();
        self.text_at = 0;
        self.fill_raw()?;
        if matches!(self.encoding, Chosen::Start) {
            self.encoding = match Encoding::for_bom(&self.raw) {
                Some((encoding, _)) => Chosen::Decided(Box::new(encoding.new_decoder_with_bom_removal())),
                None => Chosen::OnlyAscii,
            };
        }
        if matches!(self.encoding, Chosen::OnlyAscii) {
            let ascii = Encoding::ascii_valid_up_to(&self.raw);
            let rest = self.raw.split_off(ascii);
            self.text.push_str(&String::from_utf8_lossy(&self.raw));
            self.raw = rest;
            self.decide();
        }
        if let Chosen::Decided(decoder) = &mut self.encoding {
            self.text.reserve(decoder.max_utf8_buffer_length(self.raw.len()).unwrap_or(CHUNK_BYTES * 4));
            let (_, read, _) = decoder.decode_to_string(&self.raw, &mut self.text, self.is_at_end);
            self.raw.drain(..read.min(self.raw.len()));
        }
        self.end_lines_with_line_feeds();
        Ok(())
    }

    fn end_lines_with_line_feeds(&mut self) {
        let follows_return = self.last == Some(b'\r');
        self.last = self.text.bytes().last().or(self.last);
        if follows_return && self.text.starts_with('\n') {
            self.text_at = 1;
        }
        if memchr::memchr(b'\r', self.text.as_bytes()).is_some() {
            self.text = self.text.get(self.text_at..).unwrap_or_default().replace("\r\n", "\n").replace('\r', "\n");
            self.text_at = 0;
        }
        if self.is_at_end && !matches!(self.last, None | Some(b'\r' | b'\n')) {
            self.text.push('\n');
        }
    }

    /// Decides on what begins with the first byte that is not ASCII; not yet, when that is a character cut in two.
    fn decide(&mut self) {
        let encoding = match std::str::from_utf8(&self.raw) {
            Ok("") => return,
            Ok(_) => UTF_8,
            Err(error) if error.error_len().is_none() && !self.is_at_end && error.valid_up_to() == 0 => return,
            Err(error) if error.error_len().is_none() && !self.is_at_end => UTF_8,
            Err(_) => WINDOWS_1252,
        };
        self.encoding = Chosen::Decided(Box::new(encoding.new_decoder_without_bom_handling()));
    }

    /// Fills up the chunk, after what was left of the one before.
    fn fill_raw(&mut self) -> io::Result<()> {
        let room = CHUNK_BYTES.saturating_sub(self.raw.len()) as u64;
        let had = self.raw.len();
        (&mut self.source).take(room).read_to_end(&mut self.raw)?;
        let read = (self.raw.len() - had) as u64;
        self.counter.0.fetch_add(read, Ordering::Relaxed);
        self.is_at_end = read < room;
        Ok(())
    }
}

impl<R: Read> Read for Utf8Stream<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let pending = self.pending()?;
        let length = pending.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), pending.get(..length)) {
            to.copy_from_slice(from);
        }
        self.text_at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives its bytes in small pieces.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(buffer.len()).min(self.0.len());
            let (now, later) = self.0.split_at(length);
            buffer[..length].copy_from_slice(now);
            self.0 = later;
            Ok(length)
        }
    }

    /// The text, without the line end that the stream adds.
    fn decode(bytes: &[u8]) -> String {
        let mut text = Vec::new();
        let mut stream = Utf8Stream::new(Pieces(bytes, 7), None);
        stream.read_to_end(&mut text).unwrap();
        assert_eq!(stream.counter().bytes(), bytes.len() as u64);
        let mut text = String::from_utf8(text).unwrap();
        assert!((text.is_empty() || text.ends_with('\n')) && !text.contains('\r'));
        text.pop();
        text
    }

    #[test]
    fn byte_order_marks_decide_and_disappear() {
        assert_eq!(decode(b"\xef\xbb\xbfna\xc3\xa9"), "naé");
        assert_eq!(decode(b"\xff\xfen\0\xe9\0"), "né");
        assert_eq!(decode(b"\xfe\xff\0n\0\xe9"), "né");
    }

    #[test]
    fn without_a_mark_it_is_utf8_or_windows_1252() {
        assert_eq!(decode("Café € 12".as_bytes()), "Café € 12");
        assert_eq!(decode(b"Caf\xe9 \x80 12"), "Café € 12");
        assert_eq!(decode(b""), "");
        assert_eq!(decode(b"caf\xe9"), "café");
        assert_eq!(decode(b"\xc3"), "Ã", "a character cut off at the end of the file is no UTF-8");
    }

    #[test]
    fn the_first_strange_byte_may_come_late() {
        for before in [CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES - 2] {
            let ascii = "x".repeat(before);
            assert_eq!(decode(&[ascii.as_bytes(), b"caf\xe9\n"].concat()), format!("{ascii}café"), "{before}");
            assert_eq!(decode(format!("{ascii}€é\n").as_bytes()), format!("{ascii}€é"), "{before}");
        }
    }

    #[test]
    fn every_line_ends_with_a_line_feed() {
        assert_eq!(decode(b"a\r\nb\rc\n\nd\r\r\n"), "a\nb\nc\n\nd\n");
        let cut = [vec![b'x'; CHUNK_BYTES - 1], b"\r\ny".to_vec()].concat();
        assert!(decode(&cut).ends_with("x\ny"));
        let cut = [vec![b'x'; CHUNK_BYTES - 1], b"\r\n".to_vec()].concat();
        assert!(decode(&cut).ends_with('x'));
    }

    #[test]
    fn utf8_that_breaks_later_shows_the_lost_characters() {
        let bytes = [b"\xc3\xa9".as_slice(), &vec![b'x'; CHUNK_BYTES], b"\xe9 "].concat();
        assert!(decode(&bytes).ends_with("x\u{fffd} "));
    }

    #[test]
    fn lines_are_skipped_over_chunks() {
        let text = format!("{}\nsecond", "x".repeat(200_000));
        let mut stream = Utf8Stream::new(text.as_bytes(), None);
        assert!(stream.skip_line().unwrap());
        assert_eq!(stream.pending().unwrap(), b"second\n");
        assert!(stream.skip_line().unwrap());
        assert!(!stream.skip_line().unwrap());
    }

    proptest! {
        #[test]
        fn any_bytes_become_text(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&bytes);
        }

        #[test]
        fn utf8_stays_as_it_is(text in "[a-zé€日📞]{0,80}") {
            prop_assert_eq!(decode(text.as_bytes()), text);
        }
    }
}
