//! The first line of a message (RFC 3261, 7.1 and 7.2).

use super::cursor::{Malformed, is_token, split_once};

/// The version that we speak.
pub const VERSION: &str = "SIP/2.0";

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartLine<'a> {
    /// Something is asked.
    Request {
        /// `INVITE` ...: case counts.
        method: &'a str,
        /// For whom, as it is written.
        uri: &'a str,
        /// `SIP/2.0`, or another that we do not speak.
        version: &'a str,
    },
    /// And answered.
    Response {
        /// `SIP/2.0`, or another that we do not speak.
        version: &'a str,
        /// Three digits; as they are written.
        status: &'a str,
        /// In words.
        reason: &'a str,
    },
}

impl<'a> StartLine<'a> {
    /// Reads the line, without its end; and whether single spaces stand between its parts and none around them, as they must.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(line: &'a str) -> Result<(Self, bool), Malformed> {
        let (first, rest) = split_once(line, b' ').ok_or(Malformed)?;
        if is_version(first) {
            let (status, reason) = split_once(rest, b' ').ok_or(Malformed)?;
            let is_status = status.len() >= 3 && status.bytes().all(|byte| byte.is_ascii_digit());
            return if is_status { Ok((Self::Response { version: first, status, reason }, true)) } else { Err(Malformed) };
        }
        let trimmed = rest.trim_end_matches(' ');
        let at = memchr::memrchr(b' ', trimmed.as_bytes()).ok_or(Malformed)?;
        let (uri, version) = trimmed.get(..at).zip(trimmed.get(at + 1..)).ok_or(Malformed)?;
        let is_strict = uri == uri.trim_matches(' ') && rest.len() == uri.len() + 1 + version.len();
        let (method, uri) = (first, uri.trim_matches(' '));
        let is_method = !method.is_empty() && method.bytes().all(is_token);
        if is_method && !uri.is_empty() && is_version(version) { Ok((Self::Request { method, uri, version }, is_strict)) } else { Err(Malformed) }
    }

    /// The version of the protocol.
    #[must_use]
    pub const fn version(&self) -> &'a str {
        match self {
            Self::Request { version, .. } | Self::Response { version, .. } => version,
        }
    }
}

/// `SIP/` and two numbers.
fn is_version(text: &str) -> bool {
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = text.get(..4).filter(|name| name.eq_ignore_ascii_case("SIP/")).and_then(|_| text.get(4..)).and_then(|rest| split_once(rest, b'.'));
    numbers.is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_responses() {
        let read = |line| StartLine::parse(line).map(|(line, is_strict)| if is_strict { line } else { panic!("{line:?} is not strict") });
        let method = "!interesting-Method0123456789_*+`.%indeed'~";
        assert_eq!(
            read("!interesting-Method0123456789_*+`.%indeed'~ sip:a@example.com SIP/2.0"),
            Ok(StartLine::Request { method, uri: "sip:a@example.com", version: "SIP/2.0" })
        );
        assert_eq!(read("SIP/2.0 100 "), Ok(StartLine::Response { version: "SIP/2.0", status: "100", reason: "" }));
        let reason = "= 2**3 * 5**2 но";
        assert_eq!(read("SIP/2.0 200 = 2**3 * 5**2 но"), Ok(StartLine::Response { version: "SIP/2.0", status: "200", reason }));
        assert_eq!(read("OPTIONS sip:t.watson@example.org SIP/7.0").map(|line| line.version()), Ok("SIP/7.0"));
        for loose in ["INVITE  sip:a@example.com SIP/2.0", "INVITE sip:a@example.com  SIP/2.0", "INVITE sip:a@example.com SIP/2.0 "] {
            let uri = "sip:a@example.com";
            assert_eq!(StartLine::parse(loose), Ok((StartLine::Request { method: "INVITE", uri, version: "SIP/2.0" }, false)), "{loose}");
        }
        for wrong in ["", "INVITE", "INVITE  SIP/2.0", "INVITE sip:a@example.com", "SIP/2.0 100", "SIP/2.0 1x0 y", " INVITE sip:a SIP/2.0", "SIP/2.0"]
        {
            assert_eq!(StartLine::parse(wrong), Err(Malformed), "{wrong}");
        }
    }
}
