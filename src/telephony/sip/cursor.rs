//! Reads a header's value piece by piece, by the grammar of RFC 3261, 25.1. Values are unfolded before: white space here is
//! spaces and tabs.

use std::borrow::Cow;

/// What is left to read.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a>(&'a str);

/// What stands there is not what the grammar wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not what the grammar of RFC 3261 wants here")]
pub struct Malformed;

/// A byte of a `token`.
#[must_use]
#[expect(clippy::indexing_slicing, reason = "a byte is always within 256")]
pub const fn is_token(byte: u8) -> bool {
    // Looked up, because every name of every field is made of these.
    TOKEN[byte as usize]
}

#[expect(clippy::indexing_slicing, reason = "at compile time: what does not fit does not compile")]
const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~');
        byte += 1;
    }
    table
};

impl<'a> Cursor<'a> {
    /// Reads from the beginning.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// What is left.
    #[must_use]
    pub const fn rest(self) -> &'a str {
        self.0
    }

    /// Passes white space.
    pub fn space(&mut self) {
        while let Some(rest) = self.0.strip_prefix(' ').or_else(|| self.0.strip_prefix('\t')) {
            self.0 = rest;
        }
    }

    /// Only white space is left.
    #[must_use]
    pub fn is_at_end(mut self) -> bool {
        self.space();
        self.0.is_empty()
    }

    /// Passes this separator with the white space around it, if it comes next.
    pub fn eats(&mut self, separator: char) -> bool {
        let rest = self.0.strip_prefix(separator).or_else(|| {
            let mut ahead = *self;
            ahead.space();
            ahead.0.strip_prefix(separator)
        });
        let Some(rest) = rest else { return false };
        self.0 = rest;
        self.space();
        true
    }

    /// As [`Cursor::eats`], where nothing else may come.
    ///
    /// # Errors
    /// When something else comes.
    pub fn eat(&mut self, separator: char) -> Result<(), Malformed> {
        if self.eats(separator) { Ok(()) } else { Err(Malformed) }
    }

    /// The bytes that fit, one at least.
    ///
    /// # Errors
    /// When none fits.
    pub fn run(&mut self, fits: impl Fn(u8) -> bool) -> Result<&'a str, Malformed> {
        let end = self.0.bytes().position(|byte| !fits(byte)).unwrap_or(self.0.len());
        // A byte of a longer character never ends in its midst: the first of it does not fit either, or all do.
        let (run, rest) = self.0.split_at_checked(end).ok_or(Malformed)?;
        if run.is_empty() {
            return Err(Malformed);
        }
        self.0 = rest;
        Ok(run)
    }

    /// A `token`.
    ///
    /// # Errors
    /// When none comes.
    pub fn token(&mut self) -> Result<&'a str, Malformed> {
        self.run(is_token)
    }

    /// A `quoted-string`, with its quotes; `None` when no quote comes next.
    ///
    /// # Errors
    /// When it does not end.
    pub fn quoted(&mut self) -> Result<Option<&'a str>, Malformed> {
        if !self.0.starts_with('"') {
            return Ok(None);
        }
        let mut escaped = false;
        for (at, byte) in self.0.bytes().enumerate().skip(1) {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    let (quoted, rest) = self.0.split_at_checked(at + 1).ok_or(Malformed)?;
                    self.0 = rest;
                    return Ok(Some(quoted));
                }
                _ => {}
            }
        }
        Err(Malformed)
    }

    /// Everything up to this character, which is passed.
    ///
    /// # Errors
    /// When it does not come.
    pub fn until(&mut self, end: char) -> Result<&'a str, Malformed> {
        let (before, after) = self.0.split_once(end).ok_or(Malformed)?;
        self.0 = after;
        Ok(before)
    }
}

/// Everything of a list, with commas between.
///
/// # Errors
/// When one cannot be read, or there is nothing between two commas.
pub fn list<'a, T>(text: &'a str, read: impl Fn(&mut Cursor<'a>) -> Result<T, Malformed>) -> Result<Vec<T>, Malformed> {
    let mut cursor = Cursor::new(text);
    let mut all = vec![read(&mut cursor)?];
    while cursor.eats(',') {
        all.push(read(&mut cursor)?);
    }
    if cursor.is_at_end() { Ok(all) } else { Err(Malformed) }
}

/// A number of digits that fits; RFC 3261 has none beyond 32 bits.
///
/// # Errors
/// When something else than digits is there, or too many.
pub fn number(digits: &str) -> Result<u32, Malformed> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Malformed);
    }
    digits.parse().map_err(|_| Malformed)
}

/// What stands before the first of this ASCII character, and what after. `str::split_once` looks at one character after the other.
#[must_use]
pub fn split_once(text: &str, at: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(at, text.as_bytes())?;
    text.get(..at).zip(text.get(at + 1..))
}

/// What a quoted string says, without quotes and escapes; anything else as it is.
#[must_use]
pub fn unquoted(text: &str) -> Cow<'_, str> {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return Cow::Borrowed(text) };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(next) = chars.next() {
        out.extend(if next == '\\' { chars.next() } else { Some(next) });
    }
    Cow::Owned(out)
}

/// Parameters, `;name=value;flag`, checked and kept as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Params<'a>(&'a str);

impl std::fmt::Display for Params<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.trim_start_matches([' ', '\t']))
    }
}

impl<'a> Params<'a> {
    /// Reads parameters as they stand after a header's value, up to a comma or the end (`generic-param`).
    ///
    /// # Errors
    /// When one has no name, or a value that is none.
    pub fn read(cursor: &mut Cursor<'a>) -> Result<Self, Malformed> {
        let before = cursor.rest();
        let mut after = *cursor;
        while after.eats(';') {
            next(&mut after)?;
        }
        let used = before.len() - after.rest().len();
        *cursor = after;
        Ok(Self(before.get(..used).unwrap_or_default()))
    }

    /// Each name with its value; a flag has none.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, Option<Cow<'a, str>>)> {
        let mut cursor = Cursor::new(self.0);
        std::iter::from_fn(move || {
            if !cursor.eats(';') {
                return None;
            }
            let (name, value) = next(&mut cursor).ok()?;
            Some((name, value.map(unquoted)))
        })
    }

    /// The value of a parameter: empty for a flag, `None` when it is not there.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Cow<'a, str>> {
        self.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.unwrap_or_default())
    }
}

fn next<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a str, Option<&'a str>), Malformed> {
    let name = cursor.token()?;
    if !cursor.eats('=') {
        return Ok((name, None));
    }
    let value = match cursor.quoted()? {
        Some(quoted) => quoted,
        // gen-value: a token or a host, which may be an IPv6 reference.
        None => cursor.run(|byte| is_token(byte) || matches!(byte, b'[' | b']' | b':'))?,
    };
    Ok((name, Some(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_with_space_quotes_and_flags() {
        let mut cursor = Cursor::new(" ; newparam = newvalue ;secondparam ; q = 0.33;s=\"a;\\\"b\" , next");
        let params = Params::read(&mut cursor).unwrap();
        let all: Vec<(&str, Option<Cow<'_, str>>)> = params.iter().collect();
        assert_eq!(all, [("newparam", Some("newvalue".into())), ("secondparam", None), ("q", Some("0.33".into())), ("s", Some("a;\"b".into()))]);
        assert_eq!((params.get("Q"), params.get("SecondParam"), params.get("none")), (Some("0.33".into()), Some("".into()), None));
        assert_eq!(cursor.rest(), " , next");
        assert_eq!(Params::read(&mut Cursor::new(";=x")), Err(Malformed));
        assert_eq!(Params::read(&mut Cursor::new(";x=\"open")), Err(Malformed));
    }

    #[test]
    fn numbers_of_32_bits() {
        assert_eq!(number("0009"), Ok(9));
        assert_eq!(number("4294967295"), Ok(u32::MAX));
        for wrong in ["", "4294967296", "-1", "+1", "1 ", "x"] {
            assert_eq!(number(wrong), Err(Malformed), "{wrong}");
        }
    }
}
