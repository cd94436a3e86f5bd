//! All scripts of an office, by language.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::model::{Kind, Script, Situation, Step, Tone, Written};
use crate::collection::debtor::Audience;

/// Why scripts cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// No TOML, or a field that does not exist or has another kind of value.
    #[error("{file}: {problem}")]
    Toml {
        /// The file.
        file: String,
        /// Where and what.
        problem: String,
    },
    /// A step that lacks what every step has, or takes a block that is not there.
    #[error("{file}: step {step}: {problem}")]
    Step {
        /// The file.
        file: String,
        /// The id, or the number.
        step: String,
        /// What is wrong, and what to write.
        problem: String,
    },
    /// A language without one of its files.
    #[error("the folder {language} has no {file}")]
    Missing {
        /// The folder.
        language: String,
        /// The file.
        file: &'static str,
    },
}

/// The words that the checks look for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    pub question_words: Vec<String>,
    pub why: Vec<String>,
    pub not_paid: Vec<String>,
    pub disrespect: Vec<String>,
    pub threat_costs: Vec<String>,
    pub threat_court: Vec<String>,
    pub together: Vec<String>,
    pub cannot: Vec<String>,
    pub vague: Vec<String>,
}

/// The scripts of a language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language {
    /// Two letters: the folder's name.
    pub code: String,
    /// The scripts, by file name.
    pub scripts: Vec<Script>,
    pub(super) words: Words,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Library {
    /// By language.
    pub languages: Vec<Language>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptFile {
    id: String,
    title: String,
    stages: BTreeSet<u8>,
    situation: Situation,
    audience: Vec<Audience>,
    tone: Tone,
    level: Option<u8>,
    #[serde(rename = "version")]
    _version: u32,
    step: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Blocks {
    step: Vec<Written>,
}

/// Files of a language that hold no script.
const NO_SCRIPTS: [&str; 4] = ["blocks.toml", "words.toml", "excuses.toml", "cards.toml"];

impl Library {
    /// Reads files, each with its path below the folder of scripts: `nl/dispute.toml`.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn parse(files: &BTreeMap<String, String>) -> Result<Self, ScriptError> {
        let codes: BTreeSet<&str> = files.keys().filter_map(|path| path.split_once('/')).map(|(code, _)| code).collect();
        let languages = codes.into_iter().map(|code| Language::parse(code, files)).collect::<Result<_, _>>()?;
        Ok(Self { languages })
    }
}

impl Language {
    fn parse(code: &str, files: &BTreeMap<String, String>) -> Result<Self, ScriptError> {
        let file = |name: &'static str| {
            let path = format!("{code}/{name}");
            files.get(&path).ok_or_else(|| ScriptError::Missing { language: code.to_owned(), file: name }).map(|text| (path, text))
        };
        let (path, text) = file("words.toml")?;
        let words: Words = read(&path, text)?;
        let (path, text) = file("blocks.toml")?;
        let blocks: Blocks = read(&path, text)?;
        let blocks: BTreeMap<String, Written> = blocks.step.into_iter().filter_map(|step| Some((step.id.clone()?, step))).collect();
        let own = files.iter().filter(|(path, _)| path.split_once('/').is_some_and(|(of, name)| of == code && !NO_SCRIPTS.contains(&name)));
        let scripts = own.map(|(path, text)| script(path, text, &blocks)).collect::<Result<_, _>>()?;
        Ok(Self { code: code.to_owned(), scripts, words })
    }

    /// The script for a call: that of the situation, else the follow-up of the same stage, audience and tone. The tone is never another.
    #[must_use]
    pub fn find(&self, stage: u8, situation: Situation, audience: Audience, tone: Tone, level: u8) -> Option<&Script> {
        let fits = |script: &&Script, situation: Situation| {
            script.situation == situation
                && script.stages.contains(&stage)
                && script.audience.contains(&audience)
                && script.tone == tone
                && script.level.is_none_or(|of| of == level.clamp(1, 2))
        };
        let find = |situation| self.scripts.iter().find(|script| fits(script, situation));
        find(situation).or_else(|| find(Situation::FollowUp))
    }
}

impl Tone {
    /// The tone for a stage: friendly at first, and never back (advice 1.22, 1.23); firm from the beginning with a business that pays
    /// late by habit (0.27); calm wherever the debtor disputes, cannot pay, or is not the one who answers.
    #[must_use]
    pub const fn of(stage: u8, situation: Situation, audience: Audience, pays_late_by_habit: bool) -> Self {
        match (situation, stage, audience) {
            (Situation::Dispute | Situation::ThirdParty | Situation::Hardship, ..) => Self::Friendly,
            (_, 4.., _) => Self::Urgent,
            (_, 3, Audience::Consumer) => Self::Businesslike,
            (_, 3, Audience::Business) => Self::Firm,
            (_, _, Audience::Business) if pays_late_by_habit => Self::Firm,
            _ => Self::Friendly,
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, ScriptError> {
    toml::from_str(text).map_err(|error| ScriptError::Toml { file: file.to_owned(), problem: error.to_string() })
}

fn script(file: &str, text: &str, blocks: &BTreeMap<String, Written>) -> Result<Script, ScriptError> {
    let ScriptFile { id, title, stages, situation, audience, tone, level, step, .. } = read(file, text)?;
    let steps = step.into_iter().enumerate().map(|(at, written)| whole(file, at, written, blocks)).collect::<Result<_, _>>()?;
    Ok(Script { id, title, stages, situation, audience, tone, level, steps })
}

/// A step with what its block says.
fn whole(file: &str, at: usize, written: Written, blocks: &BTreeMap<String, Written>) -> Result<Step, ScriptError> {
    let name = written.id.clone().or_else(|| written.block.clone()).unwrap_or_else(|| (at + 1).to_string());
    let wrong = |problem: &str| ScriptError::Step { file: file.to_owned(), step: name.clone(), problem: problem.to_owned() };
    let block = match &written.block {
        Some(block) => blocks.get(block).cloned().ok_or_else(|| wrong("blocks.toml has no step of that name"))?,
        None => Written::default(),
    };
    let step = written.over(block);
    let kind: Kind = step.kind.ok_or_else(|| wrong("write its `kind`"))?;
    Ok(Step {
        id: step.id.ok_or_else(|| wrong("write its `id`"))?,
        kind,
        say: step.say.ok_or_else(|| wrong("write what is said: `say`"))?,
        open: step.open.unwrap_or(false),
        polarity: step.polarity,
        listen_s: step.listen_s.unwrap_or(0),
        target_s: step.target_s.ok_or_else(|| wrong("write how long it should take: `target_s`"))?,
        when: step.when.iter().flat_map(|when| when.split('&')).map(|when| when.trim().to_owned()).collect(),
        capture: step.capture.unwrap_or_default(),
        gate: step.gate,
        goto: step.goto.unwrap_or_default(),
        next: step.next,
        objections: step.objections.unwrap_or_default(),
        variant: step.variant.unwrap_or_default(),
    })
}
