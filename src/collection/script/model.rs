//! A script and its steps, as the files write them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::collection::debtor::Audience;

choice! {
    /// What kind of conversation it is.
    Situation {
        /// Never spoken to about this.
        FirstContact = "first_contact",
        /// Spoken to before.
        FollowUp = "follow_up",
        /// A promise falls due.
        PromiseDue = "promise_due",
        /// A promise was not kept.
        PromiseBroken = "promise_broken",
        /// An invoice is disputed.
        Dispute = "dispute",
        /// The debtor calls.
        Inbound = "inbound",
        /// A callback was agreed.
        Callback = "callback",
        /// Somebody else answers.
        ThirdParty = "third_party",
        /// An arrangement runs.
        PlanReview = "plan_review",
        /// The debtor cannot pay.
        Hardship = "hardship",
    }
}

choice! {
    /// How it is said.
    Tone {
        /// Stages 0 to 2.
        Friendly = "friendly",
        /// A consumer at stage 3.
        Businesslike = "businesslike",
        /// A business at stage 3, or one that pays late by habit.
        Firm = "firm",
        /// Stage 4.
        Urgent = "urgent",
    }
}

choice! {
    /// What a step is for.
    Kind {
        /// Who is spoken to.
        Identity = "identity",
        /// The call is recorded.
        Notice = "notice",
        /// The first words about the matter.
        Opening = "opening",
        /// A question.
        Question = "question",
        /// The ask for the money.
        Ask = "ask",
        /// Ways to pay.
        Offer = "offer",
        /// What paying late does to the creditor.
        Impact = "impact",
        /// What follows when it is not paid.
        Consequence = "consequence",
        /// The customer is understood.
        Empathy = "empathy",
        /// May more be done?
        Service = "service",
        /// A direct number, an address.
        ContactData = "contact_data",
        /// Something said.
        Message = "message",
        /// What was agreed, said back.
        Summary = "summary",
        /// The last words.
        Close = "close",
    }
}

choice! {
    /// How a line lands.
    Polarity {
        /// Good to hear.
        Positive = "positive",
        /// Not good to hear.
        Negative = "negative",
    }
}

/// A field that a step fills.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// Its name, as the form of the outcome has it.
    pub field: String,
}

/// A step as a file writes it: everything but `use` may be left to the block that it names.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Written {
    #[serde(rename = "use")]
    pub block: Option<String>,
    pub id: Option<String>,
    pub kind: Option<Kind>,
    pub say: Option<String>,
    pub open: Option<bool>,
    pub polarity: Option<Polarity>,
    pub listen_s: Option<u16>,
    pub target_s: Option<u16>,
    pub when: Option<String>,
    pub capture: Option<Vec<Capture>>,
    pub gate: Option<String>,
    pub goto: Option<BTreeMap<String, String>>,
    pub next: Option<String>,
    pub objections: Option<Vec<String>>,
    pub variant: Option<BTreeMap<String, String>>,
}

impl Written {
    /// What is written here, and from a block what is not.
    pub(super) fn over(self, block: Self) -> Self {
        Self {
            block: None,
            id: self.id.or(block.id),
            kind: self.kind.or(block.kind),
            say: self.say.or(block.say),
            open: self.open.or(block.open),
            polarity: self.polarity.or(block.polarity),
            listen_s: self.listen_s.or(block.listen_s),
            target_s: self.target_s.or(block.target_s),
            when: self.when.or(block.when),
            capture: self.capture.or(block.capture),
            gate: self.gate.or(block.gate),
            goto: self.goto.or(block.goto),
            next: self.next.or(block.next),
            objections: self.objections.or(block.objections),
            variant: self.variant.or(block.variant),
        }
    }
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Unique in the script.
    pub id: String,
    /// What for.
    pub kind: Kind,
    /// The line.
    pub say: String,
    /// It holds an open question.
    pub open: bool,
    /// How it lands.
    pub polarity: Option<Polarity>,
    /// Seconds to say nothing.
    pub listen_s: u16,
    /// Seconds that it should take.
    pub target_s: u16,
    /// Its conditions, all of which must hold.
    pub when: Vec<String>,
    /// What it fills.
    pub capture: Vec<Capture>,
    /// Later steps wait for this.
    pub gate: Option<String>,
    /// Where a choice leads.
    pub goto: BTreeMap<String, String>,
    /// Where it goes on.
    pub next: Option<String>,
    /// Excuses that are heard here.
    pub objections: Vec<String>,
    /// The line for a DISC style.
    pub variant: BTreeMap<String, String>,
}

impl Step {
    /// The line and its variants.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.say.as_str()).chain(self.variant.values().map(String::as_str))
    }

    /// Whether it fills a field.
    #[must_use]
    pub fn captures(&self, field: &str) -> bool {
        self.capture.iter().any(|capture| capture.field == field)
    }

    /// The lowest stage at which it is said, by its own condition.
    #[must_use]
    pub fn stage_from(&self) -> u8 {
        self.when.iter().filter_map(|when| when.strip_prefix("stage>=")?.parse().ok()).max().unwrap_or(0)
    }
}

/// A script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Its id.
    pub id: String,
    /// For the agent.
    pub title: String,
    /// The dunning stages, 0 to 4.
    pub stages: BTreeSet<u8>,
    /// What kind of conversation.
    pub situation: Situation,
    /// Whom for.
    pub audience: Vec<Audience>,
    /// How.
    pub tone: Tone,
    /// Which broken promise: 1 the first, 2 every later one.
    pub level: Option<u8>,
    /// Its steps.
    pub steps: Vec<Step>,
}
