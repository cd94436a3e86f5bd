//! Words and sentences of a line.

/// The line in lower case, one space between words, places to fill and punctuation taken out.
pub(super) fn plain(text: &str) -> String {
    let mut depth = 0_u8;
    let mut out = String::from(" ");
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            _ if c.is_alphanumeric() || c == '\'' || c == '-' => out.push(c),
            _ if out.ends_with(' ') => {}
            _ => out.push(' '),
        }
    }
    out.push(' ');
    out
}

/// The first of some phrases that a line holds, as whole words.
pub(super) fn holds<'a>(text: &str, phrases: &'a [String]) -> Option<&'a str> {
    let plain = plain(text);
    phrases.iter().map(String::as_str).find(|phrase| plain.contains(&format!(" {phrase} ")))
}

/// The questions of a line, each from the beginning of its sentence.
pub(super) fn questions(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(['.', '?', '!', '…']).filter(|sentence| sentence.trim_end().ends_with('?'))
}

/// Whether a question begins with one of some words, after a short lead such as "En" or "Staat hij open, dan".
pub(super) fn is_open(question: &str, words: &[String]) -> bool {
    let begins = |part: &str| {
        let part = plain(part);
        words.iter().any(|word| part.starts_with(&format!(" {word} ")))
    };
    let tail = question.rsplit_once([':', ',', ';']).map_or("", |(_, tail)| tail);
    let after_lead = question.trim_start().split_once(' ').map_or("", |(_, rest)| rest);
    let parts = question.split([',', ';', ':']);
    begins(question) || begins(after_lead) || begins(tail) || parts.into_iter().any(begins)
}

/// The names in braces.
pub(super) fn places(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}
