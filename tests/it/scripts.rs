//! What ships to be said keeps the advice; and every check sees it when it does not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use belbrug::collection::debtor::Audience;
use belbrug::collection::script::{Check, Finding, Library, Situation, Tone};

/// The shipped files, by `nl/name.toml`.
fn shipped() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/scripts");
    let mut files = BTreeMap::new();
    for language in ["nl", "en"] {
        for entry in std::fs::read_dir(folder.join(language)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            files.insert(format!("{language}/{name}"), std::fs::read_to_string(&path).unwrap());
        }
    }
    files
}

fn told(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_ships_keeps_the_advice() {
    let library = Library::parse(&shipped()).unwrap();
    assert_eq!(library.languages.iter().map(|language| language.code.as_str()).collect::<Vec<_>>(), ["en", "nl"]);
    let findings = library.check();
    assert!(findings.is_empty(), "{}", told(&findings));
    let ids = |at: usize| library.languages[at].scripts.iter().map(|script| script.id.clone()).collect::<BTreeSet<_>>();
    assert_eq!(ids(0), ids(1), "the languages have the same scripts");
}

#[test]
fn a_call_finds_its_script_and_the_tone_is_never_another() {
    let library = Library::parse(&shipped()).unwrap();
    let dutch = library.languages.iter().find(|language| language.code == "nl").unwrap();
    let id = |stage, situation, audience, habit, level| {
        dutch.find(stage, situation, audience, Tone::of(stage, situation, audience, habit), level).unwrap().id.clone()
    };
    use Audience::{Business, Consumer};
    assert_eq!(id(1, Situation::FirstContact, Business, false, 1), "first-contact-business");
    assert_eq!(id(1, Situation::FirstContact, Consumer, false, 1), "first-contact-consumer");
    assert_eq!(id(1, Situation::FollowUp, Business, true, 1), "follow-up-firm", "pays late by habit");
    assert_eq!(id(3, Situation::FirstContact, Business, false, 1), "follow-up-3-business", "without one of its own, that of the stage");
    assert_eq!(id(1, Situation::PromiseBroken, Consumer, false, 1), "promise-broken-first");
    assert_eq!(id(1, Situation::PromiseBroken, Consumer, false, 5), "promise-broken-second");
    assert_eq!(id(4, Situation::Hardship, Consumer, false, 1), "hardship");
    assert_eq!(id(4, Situation::FollowUp, Business, false, 1), "handover-announced");
    // Later stages are never spoken to more softly.
    for audience in Audience::ALL {
        let tones: Vec<Tone> = (0..=4).map(|stage| Tone::of(stage, Situation::FollowUp, *audience, false)).collect();
        assert!(tones.is_sorted(), "{tones:?}");
    }
}

/// Each check, and how a script comes to be against it: in these files, this in place of that.
const AGAINST: &[(Check, &str, &str, &str)] = &[
    (Check::Why, "nl/first-contact-business", "Op welke dag weet u het, zodat ik u dan bel?", "Waarom is de factuur niet betaald?"),
    (Check::OpenShare, "nl/words", "\"wie\", \"wat\", \"waar\", \"wanneer\", \"hoe\", \"welk\", \"welke\",", ""),
    (Check::OpenWord, "nl/first-contact-business", "Op welke dag weet u het, zodat ik u dan bel?", "Weet u het morgen?"),
    (Check::Respect, "nl/first-contact-business", "Kijkt u het rustig na.", "Wat een smoes."),
    (Check::Threat, "nl/first-contact-business", "Kijkt u het rustig na.", "Anders komt de deurwaarder."),
    (Check::Negative, "nl/first-contact-business", "polarity = \"positive\"\nlisten_s = 8", "polarity = \"negative\"\nlisten_s = 8"),
    (Check::Together, "nl/", "amen", "nel"),
    (Check::Cannot, "nl/first-contact-business", "Kijkt u het rustig na.", "Dat kan niet."),
    (Check::Identity, "nl/first-contact-business", "use = \"identity\"", "use = \"service\""),
    (Check::ThirdParty, "nl/third-party", "say = \"", "say = \"{overdue} "),
    (Check::FirstQuestion, "nl/first-contact-business", "field = \"satisfied\"", "field = \"can_decide\""),
    (Check::Dates, "nl/first-contact-business", "{chip2}", "{chip3}"),
    (Check::Impact, "nl/first-contact-business", "use = \"impact\"", "use = \"service\""),
    (Check::Consequence, "nl/first-contact-business", "use = \"consequence\"", "use = \"service\""),
    (Check::Fields, "nl/first-contact-business", "use = \"how\"", "use = \"service\""),
    (Check::Close, "nl/first-contact-business", "use = \"close\"", "use = \"contact_email\""),
    (Check::Variants, "nl/first-contact-business", "\nD = \"", "\nX = \""),
    (Check::Listen, "nl/first-contact-business", "listen_s = 8", "listen_s = 4"),
    (Check::Complaint, "nl/", "kind = \"empathy\"", "kind = \"message\""),
    (Check::Contact, "nl/first-contact-business", "use = \"contact_data\"", "use = \"contact_email\""),
    (Check::Places, "nl/first-contact-business", "Kijkt u het rustig na.", "Kijkt u {alles} na."),
    (Check::Places, "nl/first-contact-business", "field = \"follow_up_on\"", "field = \"someday\""),
    (Check::Places, "nl/first-contact-business", "when = \"!last_delivery\"", "when = \"!last_delivry\""),
    (Check::Places, "nl/first-contact-business", "\"NOINV\"", "\"NOINF\""),
    (Check::Steps, "nl/first-contact-business", "next = \"noticed\"", "next = \"nowhere\""),
    (Check::ToneFits, "nl/first-contact-business", "stages = [0, 1, 2]", "stages = [0, 1, 2, 3]"),
    (Check::Complete, "nl/follow-up-2", "stages = [2]", "stages = [1]"),
];

#[test]
fn every_check_sees_what_is_against_it() {
    for (check, place, from, to) in AGAINST {
        let mut files = shipped();
        let mut touched = false;
        for (_, text) in files.iter_mut().filter(|(path, _)| path.starts_with(place) && (*place == "nl/words" || *path != "nl/words.toml")) {
            touched |= text.contains(from);
            *text = text.replace(from, to);
        }
        assert!(touched, "{check}: {from} is not in {place}");
        let findings = Library::parse(&files).unwrap_or_else(|error| panic!("{check}: {error}")).check();
        assert!(findings.iter().any(|finding| finding.check == *check), "{check} saw nothing:\n{}", told(&findings));
    }
    let tried: BTreeSet<Check> = AGAINST.iter().map(|(check, ..)| *check).collect();
    assert_eq!(tried, Check::ALL.iter().copied().collect(), "every check is tried");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let broken = |path: &str, from: &str, to: &str| {
        let mut files = shipped();
        let text = files.get_mut(path).unwrap();
        *text = text.replace(from, to);
        Library::parse(&files).unwrap_err().to_string()
    };
    assert!(broken("nl/dispute.toml", "situation = \"dispute\"", "situation = \"disput\"").contains("nl/dispute.toml"));
    assert!(broken("nl/dispute.toml", "use = \"identity\"", "use = \"nobody\"").contains("blocks.toml has no step of that name"));
    assert!(broken("nl/first-contact-business.toml", "target_s = 20", "").contains("target_s"));
    let mut files = shipped();
    files.remove("en/words.toml");
    assert_eq!(Library::parse(&files).unwrap_err().to_string(), "the folder en has no words.toml");
}
