//! Manager bytes without anybody's name or number, so that a capture can be sent on with a bug report. The same name or
//! number becomes the same other one, and inside numbers, ids, channels and times stay, so that the calls are told as before.

use std::collections::BTreeMap;
use std::io::Write;

use super::frame::text;

/// A run of so many digits is a telephone number; a shorter one is an inside number and stays.
const NUMBER_DIGITS_MIN: usize = 7;
/// The digits at a number's end that make it somebody's: `+31612345678`, `31612345678` and `0612345678` are one.
const SUBSCRIBER_DIGITS: usize = 9;
/// Names shorter than this are replaced only where the whole value is the name.
const NAME_INSIDE_CHARS_MIN: usize = 4;

/// What a PBX writes for a caller without a name; these say something, and stay.
const NOBODY: [&str; 6] = ["", "<unknown>", "Anonymous", "anonymous", "Unknown", "Unavailable"];

/// The names and numbers of one capture, and what they become.
#[derive(Debug, Default)]
pub struct Anonymiser {
    names: BTreeMap<String, String>,
    numbers: BTreeMap<String, usize>,
}

impl Anonymiser {
    /// Finds the names: a name may be spoken of before the field that shows it to be one.
    #[must_use]
    pub fn learn(bytes: &[u8]) -> Self {
        let mut all = Self::default();
        for (key, value) in bytes.split(|b| *b == b'\n').filter_map(field) {
            let is_name = key.ends_with("Name") && ["CallerIDName", "ConnectedLineName", "MemberName", "CallerName"].iter().any(|n| key.ends_with(n));
            if is_name && !NOBODY.contains(&value.as_str()) {
                let next = format!("Person {}", all.names.len() + 1);
                all.names.entry(value).or_insert(next);
            }
        }
        all
    }

    /// Writes the bytes again, line by line.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn rewrite(mut self, bytes: &[u8], out: &mut impl Write) -> std::io::Result<()> {
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            match field(line) {
                Some((key, value)) if !is_id(&key) => write!(out, "{key}: {}\r\n", self.value(&value))?,
                _ => out.write_all(line)?,
            }
        }
        Ok(())
    }

    fn value(&mut self, value: &str) -> String {
        if let Some(other) = self.names.get(value) {
            return other.clone();
        }
        let mut text = value.to_owned();
        for (name, other) in self.names.iter().filter(|(name, _)| name.chars().count() >= NAME_INSIDE_CHARS_MIN) {
            if text.contains(name.as_str()) {
                text = text.replace(name.as_str(), other);
            }
        }
        self.without_numbers(&text)
    }

    fn without_numbers(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, from) = rest.split_at(at);
            let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
            let (digits, after) = from.split_at(end);
            out.push_str(before);
            if is_number(out.chars().next_back(), digits, after) {
                self.number(digits, &mut out)
            } else {
                out.push_str(digits)
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn number(&mut self, digits: &str, out: &mut String) {
        let (prefix, subscriber) = digits.split_at(digits.len().saturating_sub(SUBSCRIBER_DIGITS));
        let next = self.numbers.len() + 1;
        let other = *self.numbers.entry(subscriber.to_owned()).or_insert(next);
        let width = subscriber.len();
        out.push_str(prefix);
        out.push_str(&format!("{other:0width$}"));
    }
}

/// A run of digits that is long enough and stands alone; not the counter at the end of a channel's name, and not the
/// seconds of a unique id.
fn is_number(before: Option<char>, digits: &str, after: &str) -> bool {
    let stands_alone = !before.is_some_and(|c| c.is_alphanumeric() || c == '.') && !after.starts_with(|c: char| c.is_alphanumeric());
    let is_counter = before == Some('-') && digits.len() == 8;
    let is_seconds = after.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    digits.len() >= NUMBER_DIGITS_MIN && stands_alone && !is_counter && !is_seconds
}

/// Fields that hold ids and measures, never a person.
fn is_id(key: &str) -> bool {
    let ends =
        ["niqueid", "niqueId", "inkedid", "Timestamp", "ActionID", "BridgeId", "SSRC", "NTP", "RTP", "Packets", "Octets", "SequenceNumber", "LSR"];
    ends.iter().any(|end| key.ends_with(end))
        || key.starts_with("Report")
        || matches!(key, "LastCall" | "LastPause" | "LoginTime" | "Privilege" | "Event")
}

fn field(line: &[u8]) -> Option<(String, String)> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = text(line.strip_suffix(b"\r").unwrap_or(line));
    let (key, value) = line.split_once(':')?;
    Some((key.to_owned(), value.strip_prefix(' ').unwrap_or(value).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_becomes_the_same_other_one_in_every_form() {
        let bytes =
            b"Event: Newchannel\r\nAppData: PJSIP/0612345678@trunk,Zo\xc3\xab Smit\r\nChannel: PJSIP/101-00000012\r\nCallerIDNum: +31612345678\r\n\
            CallerIDName: Zo\xc3\xab Smit\r\nConnectedLineName: <unknown>\r\nUniqueid: 1763700000.42\r\nValue: 31612345678 101 1763700000.42\r\n\r\n";
        let mut out = Vec::new();
        Anonymiser::learn(bytes).rewrite(bytes, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "Event: Newchannel\r\nAppData: PJSIP/0000000001@trunk,Person 1\r\nChannel: PJSIP/101-00000012\r\nCallerIDNum: +31000000001\r\n\
            CallerIDName: Person 1\r\nConnectedLineName: <unknown>\r\nUniqueid: 1763700000.42\r\nValue: 31000000001 101 1763700000.42\r\n\r\n"
        );
    }
}
