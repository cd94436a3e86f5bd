//! What people and exchanges write where a telephone number belongs, read into one form. A leaf: it knows the ids only.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType, Region};
use serde::Deserialize;

use crate::ids::{Extension, PhoneNumber};

/// Which inside numbers a PBX has, in which country it stands, and what it wants before an outside number.
/// In a config: `country = "NL"`, `extensions = ["1XX"]` and, if any, `trunk_prefix = "0"`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "NumberPlanText")]
pub struct NumberPlan {
    country: Region,
    country_code: String,
    extensions: Vec<Pattern>,
    trunk_prefix: Option<String>,
    lately: Lately,
}

/// What was read of late, with the number as people read it: a number that rings is looked at several times, and working it
/// out takes longer than everything else about it. All clones of a plan share it.
#[derive(Clone, Default)]
struct Lately(Arc<Mutex<HashMap<String, Shown>>>);

/// A number, and how people read it.
type Shown = (Dialled, Arc<str>);

/// The number plan as a config file writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberPlanText {
    country: String,
    #[serde(default)]
    extensions: Vec<String>,
    #[serde(default)]
    trunk_prefix: Option<String>,
}

/// Why a number plan is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The country is no region code with telephones.
    #[error("the country is a code of two letters, such as NL; this is {0:?}")]
    Country(String),
    /// An extension pattern holds something else than digits, `*`, `#` and `X`, or is empty or longer than 10.
    #[error("an extension pattern is 1 to 10 digits or X for any digit, such as 1XX; this is {0:?}")]
    Pattern(String),
    /// The trunk prefix is not 1 to 4 digits, `*` or `#`.
    #[error("the trunk prefix is 1 to 4 digits, such as 0; this is {0:?}")]
    TrunkPrefix(String),
}

/// What a text turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dialled {
    /// An inside number of the plan.
    Extension(Extension),
    /// A number of the world that its country has given out.
    Outside(PhoneNumber),
    /// The caller, or the network, keeps the number to itself.
    Withheld,
    /// Anything else.
    Unreadable,
}

/// Why a number is not dialled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialRefusal {
    /// The called party's rate is above an ordinary call: premium rate, shared cost or a personal number.
    #[error("the number has a premium rate")]
    Premium,
    /// Its country is not on the list.
    #[error("the number is in {country}, which is not among the countries that may be dialled")]
    Country {
        /// Region code such as `GB`; `001` for numbers of no country, such as satellite telephones.
        country: String,
    },
    /// No country has given out such a number.
    #[error("the number does not exist in the number plan of its country")]
    Invalid,
}

/// A longer text is no number; nothing is copied from it.
const TEXT_BYTES_MAX: usize = 80;
/// Of a text that is no number so much is shown.
const SHOWN_CHARS_MAX: usize = 40;
/// Texts that are remembered, at most; then all are forgotten.
const LATELY_MAX: usize = 4096;
/// Letters and digits of the longest number; one with an access code (`0`, `00`) still fits.
const DIGITS_MAX: usize = 20;

/// What exchanges write for a number that is kept back or absent. `266696687` is `anonymous` on a keypad, which some
/// carriers send; `asterisk` is what Asterisk fills in when it has nothing.
const WITHHELD: [&str; 15] = [
    "",
    "anonymous",
    "unavailable",
    "restricted",
    "unknown",
    "withheld",
    "private",
    "blocked",
    "asterisk",
    "anoniem",
    "onbekend",
    "afgeschermd",
    "not available",
    "266696687",
    "+266696687",
];

impl NumberPlan {
    /// A plan for a PBX in `country` (region code such as `NL`), with extension patterns such as `1XX` (X is any
    /// digit; the length is exact, so that `2X` never takes 201) and the digits that the PBX wants before an outside
    /// number, if any.
    ///
    /// # Errors
    /// When the country, a pattern or the prefix has another form.
    pub fn new(country: &str, extensions: &[&str], trunk_prefix: Option<&str>) -> Result<Self, PlanError> {
        let region = region_of(country).ok_or_else(|| PlanError::Country(country.to_owned()))?;
        let extensions = extensions.iter().map(|text| Pattern::parse(text)).collect::<Result<_, _>>()?;
        let trunk_prefix = match trunk_prefix {
            None | Some("") => None,
            Some(text) if text.len() <= 4 && text.bytes().all(is_key) => Some(text.to_owned()),
            Some(text) => return Err(PlanError::TrunkPrefix(text.to_owned())),
        };
        Ok(Self { country: region, country_code: region.to_string(), extensions, trunk_prefix, lately: Lately::default() })
    }

    /// The region code of the PBX's country, such as `NL`.
    #[must_use]
    pub fn country(&self) -> &str {
        &self.country_code
    }

    /// What the PBX wants before an outside number.
    #[must_use]
    pub fn trunk_prefix(&self) -> Option<&str> {
        self.trunk_prefix.as_deref()
    }

    /// Whether the text is, as it stands, an inside number of this plan.
    #[must_use]
    pub fn is_extension(&self, text: &str) -> bool {
        self.extensions.iter().any(|pattern| pattern.matches(text))
    }

    /// Reads what an exchange or a person wrote: the inside plan first, then the number of the world. Any text may
    /// be given.
    #[must_use]
    pub fn read(&self, text: &str) -> Dialled {
        self.read_and_show(text).0
    }

    /// As [`NumberPlan::read`], with the number as people read it: empty when withheld, and as it was sent, cut, when it cannot
    /// be read.
    #[must_use]
    pub fn read_and_show(&self, text: &str) -> Shown {
        if text.len() > TEXT_BYTES_MAX {
            return (Dialled::Unreadable, cut(text).into());
        }
        if let Some(known) = self.lately.get(text) {
            return known;
        }
        let read = self.read_for(text, self.country);
        let shown = match &read {
            Dialled::Outside(number) => display(*number),
            Dialled::Extension(extension) => extension.to_string(),
            Dialled::Withheld => String::new(),
            Dialled::Unreadable => cut(text),
        };
        let shown = (read, shown.into());
        // What people type into a search is no number, and is not kept.
        if matches!(shown.0, Dialled::Outside(_) | Dialled::Extension(_)) {
            self.lately.put(text, shown.clone());
        }
        shown
    }

    /// As [`NumberPlan::read`], for a number that was written down by somebody in `country` (region code). An
    /// unknown country reads as the plan's own.
    #[must_use]
    pub fn read_from_country(&self, text: &str, country: &str) -> Dialled {
        self.read_for(text, region_of(country).unwrap_or(self.country))
    }

    fn read_for(&self, text: &str, region: Region) -> Dialled {
        let text = text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
        if text.len() > TEXT_BYTES_MAX {
            return Dialled::Unreadable;
        }
        if self.is_extension(text) {
            return Extension::parse(text).map_or(Dialled::Unreadable, Dialled::Extension);
        }
        let word = text.trim_start_matches('<').trim_end_matches('>').to_lowercase();
        if WITHHELD.contains(&word.as_str()) {
            return Dialled::Withheld;
        }
        let Some(digits) = only_digits(text) else { return Dialled::Unreadable };
        let unprefixed = self.trunk_prefix.as_deref().and_then(|prefix| digits.strip_prefix(prefix));
        valid_number(&digits, region).or_else(|| unprefixed.and_then(|rest| valid_number(rest, region))).map_or(Dialled::Unreadable, Dialled::Outside)
    }

    /// Whether an agent may dial the number. `allowed_countries` are region codes; the plan's own country must be
    /// among them, too. Toll fraud goes to premium numbers and far countries (domain notes 2, dialling).
    ///
    /// # Errors
    /// The reason of the refusal.
    pub fn dialable<S: AsRef<str>>(&self, number: PhoneNumber, allowed_countries: &[S]) -> Result<(), DialRefusal> {
        let country = ordinary_country(&number.to_string())?.to_string();
        if allowed_countries.iter().any(|allowed| allowed.as_ref().eq_ignore_ascii_case(&country)) {
            return Ok(());
        }
        Err(DialRefusal::Country { country })
    }
}

/// A text that is no number: long enough to recognise it.
fn cut(text: &str) -> String {
    text.chars().take(SHOWN_CHARS_MAX).collect()
}

impl Lately {
    fn get(&self, text: &str) -> Option<Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(text).cloned()
    }

    fn put(&self, text: &str, read: Shown) {
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lately.len() >= LATELY_MAX {
            lately.clear();
        }
        lately.insert(text.to_owned(), read);
    }
}

/// What was read before is no part of a plan.
impl PartialEq for Lately {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Lately {}

impl fmt::Debug for Lately {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl TryFrom<NumberPlanText> for NumberPlan {
    type Error = PlanError;
    fn try_from(text: NumberPlanText) -> Result<Self, PlanError> {
        let extensions: Vec<&str> = text.extensions.iter().map(String::as_str).collect();
        Self::new(&text.country, &extensions, text.trunk_prefix.as_deref())
    }
}

/// The number as people read it, in international form: `+44 7700 900123`.
#[must_use]
pub fn display(number: PhoneNumber) -> String {
    let e164 = number.to_string();
    match PHONE_NUMBER_UTIL.parse(&e164, None) {
        Ok(parsed) => PHONE_NUMBER_UTIL.format(&parsed, PhoneNumberFormat::International).into_owned(),
        Err(_) => e164,
    }
}

/// The region code in capitals when it is a country (or territory) with telephones: `nl` gives `NL`.
#[must_use]
pub fn country_code(text: &str) -> Option<String> {
    region_of(text).map(|region| region.to_string())
}

/// The region of a number at an ordinary rate.
fn ordinary_country(e164: &str) -> Result<Region, DialRefusal> {
    if is_mobile_of_fiction(e164) {
        return Ok(Region::GB);
    }
    let parsed = PHONE_NUMBER_UTIL.parse(e164, None).map_err(|_| DialRefusal::Invalid)?;
    match PHONE_NUMBER_UTIL.get_number_type(&parsed) {
        PhoneNumberType::Unknown => Err(DialRefusal::Invalid),
        PhoneNumberType::PremiumRate | PhoneNumberType::SharedCost | PhoneNumberType::PersonalNumber => Err(DialRefusal::Premium),
        _ => PHONE_NUMBER_UTIL.get_region_for_number(&parsed).ok_or(DialRefusal::Invalid),
    }
}

/// One extension pattern: digits, `*`, `#`, and `X` for any digit.
#[derive(Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Reads a pattern such as `1XX`.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, PlanError> {
        let upper = text.trim().to_ascii_uppercase();
        let fits = (1..=10).contains(&upper.len()) && upper.bytes().all(|b| is_key(b) || b == b'X');
        fits.then_some(Self(upper)).ok_or_else(|| PlanError::Pattern(text.to_owned()))
    }

    /// Whether this is such an inside number, exactly.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        text.len() == self.0.len()
            && text.bytes().zip(self.0.bytes()).all(|(have, want)| if want == b'X' { have.is_ascii_digit() } else { have == want })
    }

    /// Whether a number can be both.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let both = |(one, other): (u8, u8)| match (one, other) {
            (b'X', b'X') => true,
            (b'X', digit) | (digit, b'X') => digit.is_ascii_digit(),
            (one, other) => one == other,
        };
        self.0.len() == other.0.len() && self.0.bytes().zip(other.0.bytes()).all(both)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn region_of(text: &str) -> Option<Region> {
    let region = Region::from_code(text.trim()).ok()?;
    PHONE_NUMBER_UTIL.get_country_code_for_region(region).map(|_| region)
}

/// A key of a telephone.
fn is_key(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'*' | b'#')
}

/// Marks that spreadsheets and chat programs put around numbers and that nobody sees: direction marks, joiners, BOM.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The digits, with the plus in front if there was one; `None` when anything but digits and the marks that people
/// write between them is in the text.
fn only_digits(text: &str) -> Option<String> {
    let visible: String = text.chars().filter(|c| !is_invisible(*c) && !c.is_whitespace()).collect();
    let is_international = visible.starts_with('+') || visible.starts_with("00") || visible.starts_with("(+");
    let written = if is_international { visible.replacen("(0)", "", 1) } else { visible };
    let mut digits = String::with_capacity(DIGITS_MAX);
    for c in written.chars() {
        match c {
            '0'..='9' if digits.len() < DIGITS_MAX => digits.push(c),
            '+' if digits.is_empty() => digits.push(c),
            '(' | ')' | '[' | ']' | '.' | '-' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}' => {}
            _ => return None,
        }
    }
    Some(digits)
}

/// Ofcom's mobile numbers for film and radio, `+447700900000` to `999`: the metadata of the world's numbers leaves them
/// out, but the demo, the examples and the tests hold no others. They ring nowhere.
fn is_mobile_of_fiction(e164: &str) -> bool {
    e164.strip_prefix("+447700900").is_some_and(|last| last.len() == 3)
}

/// The number when its country has given it out. Exchanges leave out the plus of E.164; a text that is no number of
/// `region` but one of the world with a plus before it, is read so.
fn valid_number(digits: &str, region: Region) -> Option<PhoneNumber> {
    let parse = |text: &str| {
        let parsed = PHONE_NUMBER_UTIL.parse(text, Some(region)).ok()?;
        let e164 = PHONE_NUMBER_UTIL.format(&parsed, PhoneNumberFormat::E164).into_owned();
        let exists = PHONE_NUMBER_UTIL.is_valid_number(&parsed) || is_mobile_of_fiction(&e164);
        exists.then(|| PhoneNumber::parse_e164(&e164).ok()).flatten()
    };
    parse(digits).or_else(|| {
        let lacks_plus = (11..=15).contains(&digits.len()) && !digits.starts_with(['0', '+']);
        lacks_plus.then(|| parse(&format!("+{digits}"))).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plan() -> NumberPlan {
        NumberPlan::new("NL", &["1XX", "2X", "*8"], None).unwrap()
    }

    #[test]
    fn what_was_read_before_is_read_the_same_and_forgotten_in_time() {
        let plan = plan();
        for _ in 0..2 {
            assert_eq!(plan.read_and_show("020 123 4567"), (outside("+31201234567"), "+31 20 123 4567".into()));
            assert_eq!(plan.read_and_show("101"), (Dialled::Extension(Extension::parse("101").unwrap()), "101".into()));
            assert_eq!(plan.read_and_show("anonymous"), (Dialled::Withheld, "".into()));
            assert_eq!(plan.read_and_show(&"x".repeat(60)), (Dialled::Unreadable, "x".repeat(40).into()));
            assert_eq!(plan.read_and_show(&"x".repeat(600)), (Dialled::Unreadable, "x".repeat(40).into()));
        }
        assert_eq!(plan.lately.0.lock().unwrap().len(), 2, "only numbers are kept");
        (0..LATELY_MAX).for_each(|n| plan.lately.put(&n.to_string(), (Dialled::Withheld, "".into())));
        assert!(plan.lately.0.lock().unwrap().len() < LATELY_MAX);
    }

    fn outside(e164: &str) -> Dialled {
        Dialled::Outside(PhoneNumber::parse_e164(e164).unwrap())
    }

    fn extension(text: &str) -> Dialled {
        Dialled::Extension(Extension::parse(text).unwrap())
    }

    #[test]
    fn the_inside_plan_comes_first_and_its_lengths_are_exact() {
        assert_eq!(plan().read("101"), extension("101"));
        assert_eq!(plan().read(" 20 "), extension("20"));
        assert_eq!(plan().read("*8"), extension("*8"));
        assert_eq!(plan().read("112"), extension("112"), "an inside number; an outside 112 is never a PhoneNumber");
        for text in ["201", "1010", "2", "10", "1X1", "*9", "1-01"] {
            assert_eq!(plan().read(text), Dialled::Unreadable, "{text}");
        }
    }

    #[test]
    fn numbers_of_fiction_are_numbers() {
        for last in ["000", "123", "999"] {
            assert_eq!(plan().read(&format!("+447700900{last}")), outside(&format!("+447700900{last}")));
            assert_eq!(plan().read(&format!("+442079460{last}")), outside(&format!("+442079460{last}")));
        }
    }

    #[test]
    fn all_of_ofcoms_ranges_may_be_dialled() {
        for n in 0..1000 {
            for range in ["+447700900", "+442079460"] {
                let text = format!("{range}{n:03}");
                let Dialled::Outside(number) = plan().read(&text) else { panic!("{text}") };
                assert_eq!(plan().dialable(number, &["NL", "GB"]), Ok(()), "{text}");
            }
        }
    }

    #[test]
    fn people_write_numbers_in_many_ways() {
        let british = NumberPlan::new("gb", &[], None).unwrap();
        for text in [
            "07700 900123",
            "07700-900123",
            "(07700) 900123",
            "07700.900.123",
            "07700/900123",
            "+44 7700 900123",
            "+44 (0)7700 900123",
            "0044 (0) 7700 900123",
            "0044 7700 900123",
            "447700900123",
            "7700900123",
            "(+44) 7700 900123",
            "\u{202a}+44 7700 900123\u{202c}",
            "07700\u{2011}900123",
            "\u{200e}07700\u{a0}900123",
        ] {
            assert_eq!(british.read(text), outside("+447700900123"), "{text:?}");
        }
        assert_eq!(plan().read("447700900123"), outside("+447700900123"), "a carrier that leaves out the plus");
        for text in ["06-12345678", "06 - 12 34 56 78", "0031612345678", "+31(0)6-12345678", "31612345678", "612345678"] {
            assert_eq!(plan().read(text), outside("+31612345678"), "{text}");
        }
    }

    #[test]
    fn the_country_of_the_writer_counts() {
        assert_eq!(plan().read_from_country("020 7946 0123", "GB"), outside("+442079460123"));
        assert_eq!(plan().read_from_country("06-12345678", "??"), outside("+31612345678"));
        assert_eq!(plan().read_from_country("0470/12.34.56", "be"), outside("+32470123456"));
    }

    #[test]
    fn the_trunk_prefix_is_taken_off_only_when_the_text_is_no_number_with_it() {
        let plan = NumberPlan::new("NL", &["1XX"], Some("9")).unwrap();
        assert_eq!(plan.read("9+447700900123"), Dialled::Unreadable);
        assert_eq!(plan.read("900447700900123"), outside("+447700900123"));
        assert_eq!(plan.read("90612345678"), outside("+31612345678"));
        assert_eq!(plan.read("0612345678"), outside("+31612345678"));
    }

    #[test]
    fn withheld_numbers() {
        for text in ["", "  ", "anonymous", "Anonymous", "<unknown>", "Unavailable", "RESTRICTED", "withheld", "asterisk", "266696687"] {
            assert_eq!(plan().read(text), Dialled::Withheld, "{text:?}");
        }
    }

    #[test]
    fn everything_else_is_unreadable() {
        let long = "0".repeat(10_000);
        let letters = "a".repeat(10_000);
        for text in [
            "300&Local/9",
            "300/9&x",
            "PJSIP/101",
            "call me",
            "0800-FLOWERS",
            "+",
            "++447700900123",
            "44+7700900123",
            "0",
            "112233",
            "📞",
            "06📞12345678",
            "+31",
            "<script>",
            "06-1234567",
            "06-12345678 / 06-87654321",
            "tel:+447700900123",
            "101\r\nAction: Originate",
            "\u{0}101",
            "٠٦١٢٣٤٥٦٧٨",
            "-",
            "()",
            &long,
            &letters,
        ] {
            assert_eq!(plan().read(text), Dialled::Unreadable, "{text:?}");
        }
    }

    #[test]
    fn premium_numbers_and_other_countries_are_not_dialled() {
        let number = |text: &str| PhoneNumber::parse_e164(text).unwrap();
        assert_eq!(plan().dialable(number("+447700900123"), &["gb"]), Ok(()));
        assert_eq!(plan().dialable(number("+447700900123"), &["NL"]), Err(DialRefusal::Country { country: "GB".into() }));
        assert_eq!(plan().dialable(number("+447700900123"), &[] as &[&str]), Err(DialRefusal::Country { country: "GB".into() }));
        assert_eq!(plan().dialable(number("+319001234"), &["NL"]), Err(DialRefusal::Premium));
        assert_eq!(plan().dialable(number("+449090123456"), &["GB"]), Err(DialRefusal::Premium));
        assert_eq!(plan().dialable(number("+448431234567"), &["GB"]), Err(DialRefusal::Premium));
        assert_eq!(plan().dialable(number("+999123456"), &["NL", "GB"]), Err(DialRefusal::Invalid));
        assert_eq!(plan().dialable(number("+31123456"), &["NL"]), Err(DialRefusal::Invalid));
    }

    #[test]
    fn a_number_is_shown_in_international_form() {
        assert_eq!(display(PhoneNumber::parse_e164("+447700900123").unwrap()), "+44 7700 900123");
        assert_eq!(display(PhoneNumber::parse_e164("+442079460123").unwrap()), "+44 20 7946 0123");
        assert_eq!(display(PhoneNumber::parse_e164("+999123456").unwrap()), "+999123456");
    }

    #[test]
    fn a_plan_that_cannot_be_is_refused() {
        assert_eq!(NumberPlan::new("XX", &[], None), Err(PlanError::Country("XX".into())));
        assert_eq!(NumberPlan::new("Holland", &[], None), Err(PlanError::Country("Holland".into())));
        for bad in ["", "1Y", "12345678901", "é"] {
            assert_eq!(NumberPlan::new("NL", &[bad], None), Err(PlanError::Pattern(bad.into())));
        }
        assert_eq!(NumberPlan::new("NL", &[], Some("zero")), Err(PlanError::TrunkPrefix("zero".into())));
        let read: Result<NumberPlan, _> = serde_json::from_str(r#"{"country":"NL","extensions":["1XX"],"trunk":"0"}"#);
        assert!(read.is_err());
        let read: NumberPlan = serde_json::from_str(r#"{"country":"NL","extensions":["1xx"]}"#).unwrap();
        assert_eq!((read.country(), read.trunk_prefix(), read.is_extension("199")), ("NL", None, true));
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in ".{0,60}") {
            let _ = plan().read(&text);
        }

        #[test]
        fn digits_never_panic_and_what_is_read_is_read_again(text in "[+]?[0-9 ()./-]{0,24}") {
            if let Dialled::Outside(number) = plan().read(&text) {
                prop_assert_eq!(plan().read(&number.to_string()), Dialled::Outside(number));
                let _ = plan().dialable(number, &["NL"]);
                prop_assert_eq!(plan().read(&display(number)), Dialled::Outside(number));
            }
        }
    }
}
