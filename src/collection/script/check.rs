//! The advice, held against the scripts. What each check asks stands in `config/scripts/CHECKS.md`.

use std::collections::BTreeSet;
use std::fmt;

use super::known::{CONDITIONS, FIELDS, OF_THE_DEBT, PLACES, UNDER};
use super::library::{Language, Library, Words};
use super::model::{Kind, Polarity, Script, Situation, Step, Tone};
use super::said::{holds, is_open, places, questions};
use crate::collection::debtor::Audience;
use crate::collection::outcome::ExcuseCode;

choice! {
    /// A check.
    Check {
        /// Never why it was not paid (1.8, 4.2).
        Why = "why",
        /// Most questions are open (0.25, 1.11).
        OpenShare = "open_share",
        /// An open question begins with a question word (0.25).
        OpenWord = "open_word",
        /// Always respectful (0.10, 1.28).
        Respect = "respect",
        /// No threat before its stage (1.23, 1.27).
        Threat = "threat",
        /// Never two negative steps in a row, nor one before anything positive (1.29).
        Negative = "negative",
        /// A shared problem (0.24).
        Together = "together",
        /// What can be done, not what cannot (3.5).
        Cannot = "cannot",
        /// At once whom you speak (2.9).
        Identity = "identity",
        /// A third party hears nothing of the debt (2.9).
        ThirdParty = "money_locked",
        /// A first contact begins with the delivery (1.9).
        FirstQuestion = "first_question",
        /// Two days are proposed (4.4).
        Dates = "dates",
        /// What paying late does to us (0.26).
        Impact = "impact",
        /// What follows (2.17).
        Consequence = "consequence",
        /// When, how much, how, said back (2.18, 2.19, 4.7).
        Fields = "fields",
        /// A good end (1.29).
        Close = "close",
        /// Lines for the four styles (3.2, 3.3).
        Variants = "variants",
        /// Leave room to react (1.10).
        Listen = "listen",
        /// A complaint is heard (1.13).
        Complaint = "complaint",
        /// A direct number is asked for where none is known (2.10).
        Contact = "contact",
        /// Only known places, fields, conditions and excuses.
        Places = "places",
        /// Branches lead to steps.
        Steps = "steps",
        /// The tone fits the stages.
        ToneFits = "tone",
        /// Every call finds a script (1.19).
        Complete = "complete",
    }
}

/// Something in a script that is against the advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which check.
    pub check: Check,
    /// Language and script: `nl/dispute`.
    pub script: String,
    /// The step, where it is about one.
    pub step: Option<String>,
    /// What was found.
    pub found: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = self.step.as_ref().map(|step| format!(", step {step}")).unwrap_or_default();
        write!(f, "{}{step}: {}: {}", self.script, self.check, self.found)
    }
}

/// At least so many of a hundred questions are open.
const OPEN_PERCENT_MIN: usize = 60;
/// The customer is left to talk for at least so long.
const LISTEN_SECONDS_MIN: u16 = 5;
const STYLES: [&str; 4] = ["D", "I", "S", "C"];

impl Library {
    /// What is against the advice, in all of them.
    #[must_use]
    pub fn check(&self) -> Vec<Finding> {
        self.languages.iter().flat_map(Language::check).collect()
    }
}

impl Language {
    fn check(&self) -> Vec<Finding> {
        let mut all: Vec<Finding> = self.scripts.iter().flat_map(|script| Checked::new(self, script).run()).collect();
        for (stage, situation) in (0..=4).flat_map(|stage| Situation::ALL.iter().map(move |situation| (stage, *situation))) {
            for (audience, habit) in [(Audience::Business, false), (Audience::Business, true), (Audience::Consumer, false)] {
                let tone = Tone::of(stage, situation, audience, habit);
                if [1, 2].iter().any(|level| self.find(stage, situation, audience, tone, *level).is_none()) {
                    let found = format!("no script for stage {stage}, {situation}, {audience}, {tone}");
                    all.push(Finding { check: Check::Complete, script: self.code.clone(), step: None, found });
                }
            }
        }
        all
    }
}

/// One script under check.
struct Checked<'a> {
    script: &'a Script,
    words: &'a Words,
    name: String,
    findings: Vec<Finding>,
}

impl<'a> Checked<'a> {
    fn new(language: &'a Language, script: &'a Script) -> Self {
        Self { script, words: &language.words, name: format!("{}/{}", language.code, script.id), findings: Vec::new() }
    }

    fn run(mut self) -> Vec<Finding> {
        self.steps_and_places();
        self.words_said();
        self.questions();
        self.order();
        self.asks_for_money();
        self.stages();
        self.findings
    }

    fn find(&mut self, check: Check, step: Option<&Step>, found: impl Into<String>) {
        self.findings.push(Finding { check, script: self.name.clone(), step: step.map(|step| step.id.clone()), found: found.into() });
    }

    /// The ask for the money, where the script has one.
    fn ask(&self) -> Option<&'a Step> {
        self.script.steps.iter().find(|step| step.kind == Kind::Ask && step.captures("promise_date"))
    }

    fn has(&self, kind: Kind) -> bool {
        self.script.steps.iter().any(|step| step.kind == kind)
    }

    fn steps_and_places(&mut self) {
        let ids: BTreeSet<&str> = self.script.steps.iter().map(|step| step.id.as_str()).collect();
        if ids.len() < self.script.steps.len() {
            self.find(Check::Steps, None, "two steps have one id");
        }
        for step in &self.script.steps {
            for target in step.goto.values().chain(&step.next).filter(|target| *target != "end" && !ids.contains(target.as_str())) {
                self.find(Check::Steps, Some(step), format!("leads to {target}, which is no step"));
            }
            self.names(step);
            for place in step.lines().flat_map(places).collect::<BTreeSet<_>>() {
                let under = UNDER.iter().find(|(name, _)| *name == place).map(|(_, when)| *when);
                if !PLACES.contains(&place) {
                    self.find(Check::Places, Some(step), format!("{{{place}}} is not known"));
                } else if under.is_some_and(|under| !step.when.iter().any(|when| when == under)) {
                    self.find(Check::Places, Some(step), format!("{{{place}}} needs when = \"{}\"", under.unwrap_or_default()));
                }
            }
            let is_told_apart = matches!(step.kind, Kind::Opening | Kind::Ask | Kind::Close);
            for style in STYLES.iter().filter(|style| is_told_apart && !step.variant.contains_key(**style)) {
                self.find(Check::Variants, Some(step), format!("has no line for {style}"));
            }
        }
    }

    /// A name with a slip of the pen would make a step that is never said, or an answer that goes nowhere.
    fn names(&mut self, step: &Step) {
        let fields = step.capture.iter().map(|capture| &capture.field).chain(&step.gate);
        for field in fields.filter(|field| !FIELDS.contains(&field.as_str())) {
            self.find(Check::Places, Some(step), format!("{field} is no field"));
        }
        let is_known =
            |when: &str| CONDITIONS.contains(&when) || when.strip_prefix("stage>=").is_some_and(|stage| matches!(stage, "1" | "2" | "3" | "4"));
        for when in step.when.iter().filter(|when| !is_known(when.strip_prefix('!').unwrap_or(when))) {
            self.find(Check::Places, Some(step), format!("{when} is no condition"));
        }
        for code in step.objections.iter().filter(|code| ExcuseCode::parse(code).is_none()) {
            self.find(Check::Places, Some(step), format!("{code} is no excuse"));
        }
    }

    fn words_said(&mut self) {
        let from = self.script.stages.first().copied().unwrap_or(0);
        for step in &self.script.steps {
            for line in step.lines() {
                let stage = from.max(step.stage_from());
                let threats = [(3, &self.words.threat_costs), (4, &self.words.threat_court)];
                let threat = threats.iter().filter(|(until, _)| stage < *until).find_map(|(_, words)| holds(line, words));
                if let Some(word) = threat {
                    self.find(Check::Threat, Some(step), format!("\"{word}\" at stage {stage}"));
                }
                if let Some(word) = holds(line, &self.words.disrespect) {
                    self.find(Check::Respect, Some(step), format!("\"{word}\""));
                }
                if let Some(word) = holds(line, &self.words.cannot) {
                    self.find(Check::Cannot, Some(step), format!("\"{word}\": say what can be done"));
                }
                for question in questions(line) {
                    if let (Some(why), Some(_)) = (holds(question, &self.words.why), holds(question, &self.words.not_paid)) {
                        self.find(Check::Why, Some(step), format!("\"{why}\": ask when"));
                    }
                }
            }
        }
    }

    fn questions(&mut self) {
        let (mut all, mut open) = (0, 0);
        for step in self.script.steps.iter().filter(|step| !matches!(step.kind, Kind::Identity | Kind::Notice | Kind::Summary)) {
            let of_step: Vec<bool> = questions(&step.say).map(|question| is_open(question, &self.words.question_words)).collect();
            all += of_step.len();
            open += of_step.iter().filter(|open| **open).count();
            for line in step.lines().filter(|_| step.open) {
                if !questions(line).any(|question| is_open(question, &self.words.question_words)) {
                    self.find(Check::OpenWord, Some(step), format!("no open question in \"{line}\""));
                }
            }
            if step.open && matches!(step.kind, Kind::Opening | Kind::Question) && step.listen_s < LISTEN_SECONDS_MIN {
                self.find(Check::Listen, Some(step), format!("listen_s is below {LISTEN_SECONDS_MIN}"));
            }
        }
        if open * 100 < all * OPEN_PERCENT_MIN {
            self.find(Check::OpenShare, None, format!("{open} of {all} questions are open"));
        }
    }

    fn order(&mut self) {
        let steps = &self.script.steps;
        match steps.first() {
            Some(step) if step.kind == Kind::Identity && step.gate.as_deref() == Some("identity_verified") => {}
            first => self.find(Check::Identity, first, "the first step asks who it is, with the gate identity_verified"),
        }
        if steps.get(1).is_none_or(|step| step.kind != Kind::Notice) {
            self.find(Check::Identity, steps.get(1), "the second step tells that the call is recorded");
        }
        match steps.last() {
            Some(step) if step.kind == Kind::Close && step.polarity == Some(Polarity::Positive) => {}
            last => self.find(Check::Close, last, "the last step closes, and is positive"),
        }
        let first = steps.iter().find(|step| !matches!(step.kind, Kind::Identity | Kind::Notice));
        if self.script.situation == Situation::FirstContact && first.is_none_or(|step| !step.captures("satisfied")) {
            self.find(Check::FirstQuestion, first, "a first contact asks about the delivery first");
        }
        if steps.iter().any(|step| step.captures("satisfied")) && !steps.iter().any(|step| step.kind == Kind::Empathy) {
            self.find(Check::Complaint, None, "no step hears a complaint (kind = \"empathy\")");
        }
        let told = |step: &&Step| step.polarity.is_some();
        let negative = |step: &Step| step.polarity == Some(Polarity::Negative);
        let pairs: Vec<&Step> = steps.iter().filter(told).collect();
        for pair in pairs.windows(2) {
            if let [first, second] = pair
                && negative(first)
                && negative(second)
                && first.when.is_empty()
                && second.when.is_empty()
                && first.next.is_none()
            {
                self.find(Check::Negative, Some(second), format!("is negative, and so is {} before it", first.id));
            }
        }
        if let Some(first) = pairs.first().filter(|step| negative(step)) {
            self.find(Check::Negative, Some(first), "is negative, and nothing positive was said before");
        }
    }

    fn asks_for_money(&mut self) {
        let steps = &self.script.steps;
        if self.script.situation == Situation::ThirdParty {
            for step in steps {
                for place in step.lines().flat_map(places).filter(|place| OF_THE_DEBT.contains(place)).collect::<BTreeSet<_>>() {
                    self.find(Check::ThirdParty, Some(step), format!("{{{place}}} is not for others"));
                }
            }
            return;
        }
        let Some(ask) = self.ask() else { return };
        if ask.lines().any(|line| !line.contains("{chip1}") || !line.contains("{chip2}")) {
            self.find(Check::Dates, Some(ask), "every line proposes {chip1} and {chip2}");
        }
        for field in ["promise_date", "amount", "method", "summary_confirmed"] {
            if !steps.iter().any(|step| step.captures(field)) {
                self.find(Check::Fields, None, format!("no step captures {field}"));
            }
        }
        let summary = steps.iter().find(|step| step.kind == Kind::Summary && step.captures("summary_confirmed"));
        for place in ["{amount}", "{date}", "{method}"] {
            if summary.is_none_or(|summary| !summary.say.contains(place)) {
                self.find(Check::Fields, summary, format!("what was agreed is said back with {place}"));
            }
        }
        if !steps.iter().any(|step| step.kind == Kind::ContactData && step.when.iter().any(|when| when == "!direct_number")) {
            self.find(Check::Contact, None, "no step asks for a direct number when = \"!direct_number\"");
        }
    }

    fn stages(&mut self) {
        let (script, steps) = (self.script, &self.script.steps);
        for (stage, audience) in script.stages.iter().flat_map(|stage| script.audience.iter().map(move |audience| (*stage, *audience))) {
            if ![false, true].iter().any(|habit| Tone::of(stage, script.situation, audience, *habit) == script.tone) {
                self.find(Check::ToneFits, None, format!("{} is not the tone for stage {stage}, {audience}", script.tone));
            }
        }
        let is_shared = matches!(script.situation, Situation::FollowUp | Situation::PromiseBroken | Situation::PlanReview);
        if is_shared && !steps.iter().any(|step| holds(&step.say, &self.words.together).is_some()) {
            self.find(Check::Together, None, format!("nowhere \"{}\"", self.words.together.first().map_or("", String::as_str)));
        }
        let is_late = script.stages.last().is_some_and(|stage| *stage >= 2) && self.ask().is_some();
        if is_late && !self.has(Kind::Impact) {
            self.find(Check::Impact, None, "no step says what paying late does (kind = \"impact\")");
        }
        if is_late && !steps.iter().any(|step| step.kind == Kind::Consequence && step.captures("consequence_told")) {
            self.find(Check::Consequence, None, "no step tells the consequence and captures consequence_told");
        }
    }
}
