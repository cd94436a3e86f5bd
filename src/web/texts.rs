//! The words of the pages, Dutch and English, and how dates, money and durations are written in each.

use std::borrow::Borrow;
use std::fmt;
use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

const NL: &str = include_str!("locales/nl.ftl");
const EN: &str = include_str!("locales/en.ftl");

static DUTCH: LazyLock<Texts> = LazyLock::new(|| Texts::new(Language::Nl, NL));
static ENGLISH: LazyLock<Texts> = LazyLock::new(|| Texts::new(Language::En, EN));

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    #[default]
    Nl,
    En,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::Nl, Self::En];

    /// "nl" or "en", as in `<html lang>` and in forms.
    pub fn code(self) -> &'static str {
        match self {
            Self::Nl => "nl",
            Self::En => "en",
        }
    }

    /// Its own name for itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nl => "Nederlands",
            Self::En => "English",
        }
    }

    /// Understands "nl", "NL", "nl-BE", "en-GB" ...
    pub fn parse(text: &str) -> Option<Self> {
        let primary = text.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.code()))
    }
}

/// All texts of one language.
pub struct Texts {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Texts").field("language", &self.language).finish_non_exhaustive()
    }
}

impl Texts {
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::Nl => &DUTCH,
            Language::En => &ENGLISH,
        }
    }

    fn new(language: Language, source: &str) -> Self {
        let id: LanguageIdentifier = language.code().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        bundle.set_use_isolating(false);
        // A line that fluent cannot read is left out, and its key is shown; a test holds both files to none.
        let resource = match FluentResource::try_new(source.to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        bundle.add_resource_overriding(resource);
        Self { language, bundle }
    }

    pub fn language(&self) -> Language {
        self.language
    }

    /// The text of a key; the key itself when there is none.
    pub fn t(&self, key: &str) -> String {
        self.format(key, None)
    }

    /// The text of a key put together: `t.k("outcome-", "PTP")`.
    pub fn k(&self, prefix: &str, code: &str) -> String {
        self.format(&format!("{prefix}{code}"), None)
    }

    /// A text with the number `$n`, in the right plural.
    /// Takes an `i64` or, for the templates, a reference to one.
    pub fn n(&self, key: &str, n: impl Borrow<i64>) -> String {
        self.with(key, [("n", FluentValue::from(*n.borrow()))])
    }

    /// A text with `$a`.
    pub fn a(&self, key: &str, a: &str) -> String {
        self.with(key, [("a", FluentValue::from(a))])
    }

    /// A text with `$a` and `$b`.
    pub fn aa(&self, key: &str, a: &str, b: &str) -> String {
        self.with(key, [("a", FluentValue::from(a)), ("b", FluentValue::from(b))])
    }

    fn with<'a, const N: usize>(&self, key: &str, values: [(&'static str, FluentValue<'a>); N]) -> String {
        self.format(key, Some(&FluentArgs::from_iter(values)))
    }

    fn format(&self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let mut errors = Vec::new();
        self.bundle.format_pattern(pattern, args, &mut errors).into_owned()
    }

    /// `do 26 nov`, with the year when it is not this year: `do 26 nov 2027`.
    pub fn date(&self, date: NaiveDate, today: NaiveDate) -> String {
        let weekday = self.k("weekday-", &date.weekday().number_from_monday().to_string());
        let month = self.k("month-", &date.month().to_string());
        let day = date.day();
        if date.year() == today.year() { format!("{weekday} {day} {month}") } else { format!("{weekday} {day} {month} {}", date.year()) }
    }

    /// `26 nov`, for tables.
    pub fn short_date(&self, date: NaiveDate, today: NaiveDate) -> String {
        let whole = self.date(date, today);
        whole.split_once(' ').map_or(whole.clone(), |(_, rest)| rest.to_owned())
    }

    /// `14:05`.
    pub fn time(&self, at: NaiveDateTime) -> String {
        format!("{:02}:{:02}", at.hour(), at.minute())
    }

    /// `14:05` today, else `do 26 nov 14:05`.
    pub fn moment(&self, at: NaiveDateTime, today: NaiveDate) -> String {
        if at.date() == today { self.time(at) } else { format!("{} {}", self.date(at.date(), today), self.time(at)) }
    }

    /// `vandaag`, `over 3 dagen`, `2 dagen geleden`.
    pub fn days_until(&self, date: NaiveDate, today: NaiveDate) -> String {
        let days = (date - today).num_days();
        match days {
            0 => self.t("day-today"),
            1.. => self.n("days-ahead", days),
            _ => self.n("days-ago", -days),
        }
    }

    /// A number of tenths: "4,3", "4.3".
    pub fn tenths(&self, tenths: i64) -> String {
        let mark = if self.language == Language::Nl { ',' } else { '.' };
        format!("{}{mark}{}", tenths / 10, (tenths % 10).abs())
    }

    /// `€ 1.234,56`; the space does not break. A minus stands before the sign of the euro.
    pub fn euro(&self, cents: i64) -> String {
        let (group, comma) = match self.language {
            Language::Nl => ('.', ','),
            Language::En => (',', '.'),
        };
        let minus = if cents < 0 { "-" } else { "" };
        let cents = cents.unsigned_abs();
        let whole = (cents / 100).to_string();
        let mut grouped = String::with_capacity(whole.len() + whole.len() / 3);
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                grouped.push(group);
            }
            grouped.push(digit);
        }
        format!("{minus}€\u{a0}{grouped}{comma}{:02}", cents % 100)
    }

    /// `0:42`, `1:02:03`.
    pub fn duration_ms(&self, ms: impl Borrow<i64>) -> String {
        let seconds = (*ms.borrow()).max(0) / 1000;
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn keys(source: &str) -> BTreeSet<&str> {
        source
            .lines()
            .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
            .filter_map(|line| line.split_once(" = ").map(|(key, _)| key))
            .collect()
    }

    fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|ext| ext == "html" || ext == "rs") && !path.ends_with("texts.rs") {
                found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }

    /// Every quoted word directly after `start` in `text`.
    fn quoted_after<'a>(text: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
        text.split(start).skip(1).filter_map(|rest| rest.split('"').next())
    }

    fn all_sources() -> Vec<(String, String)> {
        let mut found = Vec::new();
        sources(Path::new(file!()).parent().unwrap(), &mut found);
        assert!(!found.is_empty());
        found
    }

    #[test]
    fn both_languages_have_the_same_keys_and_read_without_error() {
        assert_eq!(keys(NL), keys(EN));
        assert!(FluentResource::try_new(NL.to_owned()).is_ok());
        assert!(FluentResource::try_new(EN.to_owned()).is_ok());
        let count = NL.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase())).count();
        assert_eq!(keys(NL).len(), count, "a key stands there twice");
    }

    #[test]
    fn every_key_that_a_template_or_a_handler_asks_for_exists() {
        let known = keys(NL);
        for (name, text) in all_sources() {
            for start in ["t.t(\"", "t.n(\"", "t.a(\"", "t.aa(\""] {
                for key in quoted_after(&text, start) {
                    assert!(known.contains(key), "{name} asks for {key}");
                }
            }
            for prefix in quoted_after(&text, "t.k(\"") {
                assert!(known.iter().any(|key| key.starts_with(prefix)), "{name} asks for {prefix}...");
            }
            // the labels that the outcome's fields hand to the macros
            for word in text.split('"').filter(|_| name.ends_with("outcome_fields.html")) {
                let label = ["field-", "left-with-", "message-", "asked-by-"].iter().any(|p| word.starts_with(p));
                assert!(!label || word.ends_with('-') || known.contains(word), "{name} asks for {word}");
            }
        }
    }

    #[test]
    fn plurals_follow_the_language() {
        let (nl, en) = (Texts::of(Language::Nl), Texts::of(Language::En));
        assert_eq!(nl.n("days", 1_i64), "1 dag");
        assert_eq!(nl.n("days", 0_i64), "0 dagen");
        assert_eq!(nl.n("days", 1234_i64), "1234 dagen");
        assert_eq!(en.n("open-invoices", 1_i64), "1 open invoice");
        assert_eq!(en.n("open-invoices", 2_i64), "2 open invoices");
    }

    #[test]
    fn values_are_put_in_without_marks_and_missing_keys_show_themselves() {
        let nl = Texts::of(Language::Nl);
        assert_eq!(nl.a("since", "10:02"), "sinds 10:02");
        assert_eq!(nl.aa("promise-open", "€ 1,00", "do 26 nov"), "Toegezegd: € 1,00 op do 26 nov");
        assert_eq!(nl.t("no-such-key"), "no-such-key");
        assert_eq!(nl.k("outcome-", "PTP"), "Betaaltoezegging");
    }

    #[test]
    fn dates_and_times() {
        let (nl, en) = (Texts::of(Language::Nl), Texts::of(Language::En));
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let thursday = NaiveDate::from_ymd_opt(2026, 11, 26).unwrap();
        assert_eq!(nl.date(thursday, today), "do 26 nov");
        assert_eq!(en.date(thursday, today), "Thu 26 Nov");
        assert_eq!(nl.date(NaiveDate::from_ymd_opt(2027, 3, 1).unwrap(), today), "ma 1 mrt 2027");
        assert_eq!(nl.time(thursday.and_hms_opt(9, 5, 59).unwrap()), "09:05");
        assert_eq!(nl.moment(thursday.and_hms_opt(14, 5, 0).unwrap(), today), "do 26 nov 14:05");
        assert_eq!(nl.moment(today.and_hms_opt(14, 5, 0).unwrap(), today), "14:05");
        assert_eq!(nl.days_until(thursday, today), "over 3 dagen");
        assert_eq!(nl.days_until(today, thursday), "3 dagen geleden");
        assert_eq!(nl.days_until(today, today), "vandaag");
    }

    #[test]
    fn money_and_durations() {
        let (nl, en) = (Texts::of(Language::Nl), Texts::of(Language::En));
        assert_eq!(nl.euro(123_456), "€\u{a0}1.234,56");
        assert_eq!(en.euro(123_456), "€\u{a0}1,234.56");
        assert_eq!(nl.euro(5), "€\u{a0}0,05");
        assert_eq!(nl.euro(-100_000_000), "-€\u{a0}1.000.000,00");
        assert_eq!(nl.euro(i64::MIN), "-€\u{a0}92.233.720.368.547.758,08");
        assert_eq!(nl.duration_ms(42_999_i64), "0:42");
        assert_eq!(nl.duration_ms(3_723_000_i64), "1:02:03");
        assert_eq!(nl.duration_ms(-5_i64), "0:00");
    }

    #[test]
    fn languages_are_parsed() {
        assert_eq!(Language::parse("nl-BE"), Some(Language::Nl));
        assert_eq!(Language::parse("EN"), Some(Language::En));
        assert_eq!(Language::parse("de"), None);
        assert_eq!(Language::parse(""), None);
    }
}
