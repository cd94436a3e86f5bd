//! What the right side of the desk shows: the conversation, its notes and the form of the outcome.

use askama::Template;

pub use super::file::*;
use crate::web::texts::Texts;

/// One outcome that can be picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutcomeChoice {
    /// The value posted as `code`; ends the text key `outcome-...`.
    pub code: &'static str,
    /// The key that picks it.
    pub key: &'static str,
}

const fn outcome(code: &'static str, key: &'static str) -> OutcomeChoice {
    OutcomeChoice { code, key }
}

/// "Gesproken".
pub const SPOKEN: [OutcomeChoice; 8] = [
    outcome("PTP", "1"),
    outcome("CB", "2"),
    outcome("PAID", "3"),
    outcome("CHKADM", "4"),
    outcome("DISP", "5"),
    outcome("NOCON", "6"),
    outcome("REF", "7"),
    outcome("TPC", "8"),
];

/// "Niet gesproken".
pub const NOT_SPOKEN: [OutcomeChoice; 5] = [outcome("NA", "9"), outcome("BUSY", "I"), outcome("AM", "V"), outcome("LM", "B"), outcome("WN", "W")];

pub const METHODS: [&str; 4] = ["transfer", "ideal", "direct_debit", "other"];

pub const DISPUTE_REASONS: [&str; 10] =
    ["price", "quantity", "quality", "not_delivered", "not_ordered", "wrong_address", "missing_po", "duplicate", "identity", "other"];

/// What people say; the texts `excuse-...` (heard) and `excuse-ask-...` (the question to put against it).
pub const EXCUSES: [&str; 22] = [
    "NOINV",
    "LOST",
    "PAID",
    "CASH",
    "NOMONEY",
    "BOSSAWAY",
    "NOTME",
    "APPROVAL",
    "PAYRUN",
    "SENTOFF",
    "BANK",
    "COMPLAINT",
    "PRICE",
    "NOORDER",
    "PONUM",
    "SICK",
    "SYSTEM",
    "PREVPAY",
    "CALLLATER",
    "SMALL",
    "OFFSET",
    "ADMIN",
];

/// What the agent has typed so far. Dates are `2026-11-26`, date and time `2026-11-26T14:00`, as the browser's
/// own fields want them; everything else is as it was typed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draft {
    pub version: i64,
    /// When it was last written down, "14:05".
    pub saved: Option<String>,
    pub notes: String,
    /// The outcome picked, or empty.
    pub code: String,
    pub left_with: String,
    pub message_kind: String,
    pub number: String,
    pub person_name: String,
    pub direct_number: String,
    pub callback_at: String,
    pub reason: String,
    pub asked_by: String,
    pub follow_up_on: String,
    pub promise_date: String,
    pub amount: String,
    pub method: String,
    pub contact_id: String,
    pub summary_confirmed: bool,
    pub consequence_told: bool,
    pub paid_on: String,
    pub reference: String,
    pub dispute_reason: String,
    pub invoice_ids: Vec<String>,
    pub disputed_amount: String,
    pub owner: String,
    pub reply_by: String,
    pub excuse_code: String,
    pub next_action: String,
    pub next_date: String,
}

/// One line of a list to choose from.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectOption {
    /// What is posted.
    pub value: String,
    pub label: String,
}

/// A date that one press fills in.
#[derive(Debug, Clone, PartialEq)]
pub struct DateChip {
    /// "2026-11-26".
    pub iso: String,
    /// "do 26 nov".
    pub label: String,
}

/// What this call should end in.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    pub amount: String,
    pub date: String,
}

/// The right side of the desk while a file is open.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    pub case: String,
    /// `data-key`: the page replaces this part only when the key differs, so that typing is never disturbed.
    pub key: String,
    /// Posted as `key` with the outcome: saving twice is harmless.
    pub submit_key: String,
    pub goal: Option<Goal>,
    /// The line to say first.
    pub opening: String,
    /// What is said before anything else, because the call is recorded.
    pub notice: Option<String>,
    pub question: Option<String>,
    /// Stage 2 and up: asks whether the consequence was told.
    pub consequence: bool,
    /// "2026-11-23": the first day for promises, the last for payments.
    pub today: String,
    pub draft: Draft,
    pub numbers: Vec<SelectOption>,
    pub contacts: Vec<SelectOption>,
    /// The open invoices.
    pub invoices: Vec<SelectOption>,
    pub date_chips: Vec<DateChip>,
}

impl Conversation {
    pub fn spoken(&self) -> [OutcomeChoice; 8] {
        SPOKEN
    }

    pub fn not_spoken(&self) -> [OutcomeChoice; 5] {
        NOT_SPOKEN
    }

    pub fn methods(&self) -> [&'static str; 4] {
        METHODS
    }

    pub fn dispute_reasons(&self) -> [&'static str; 10] {
        DISPUTE_REASONS
    }

    pub fn excuses(&self) -> [&'static str; 22] {
        EXCUSES
    }

    pub fn has_invoice(&self, option: &SelectOption) -> bool {
        self.draft.invoice_ids.contains(&option.value)
    }
}

/// What stands in the conversation's place while a colleague works in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    pub case: String,
    /// `data-key`.
    pub key: String,
    /// "Anna de Boer heeft dit dossier open sinds 10:04".
    pub title: String,
    /// What that means, and what to do.
    pub how: String,
    /// The call is being handed over: the colleague's notes, else one's own draft.
    pub notes_label: String,
    pub notes: String,
    /// The outcome that is picked in it, in words.
    pub outcome: Option<String>,
    /// Offers to take the file over; while a call is being handed over there is no need.
    pub can_take_over: bool,
}

/// The part `conversation`; `None` shows what will appear there and how.
#[derive(Debug, Clone, Template)]
#[template(path = "agent/conversation.html")]
pub struct ConversationPart<'a> {
    pub t: &'static Texts,
    pub conversation: Option<&'a Conversation>,
    pub reading: Option<&'a Reading>,
}
