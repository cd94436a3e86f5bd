//! An outcome, complete: what was agreed, for the ledger, and what was said, for the erasable rows.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::collection::money::Cents;
use crate::ids::{ContactId, InvoiceId, PhoneNumber};
use crate::personal::Personal;

use super::code::OutcomeCode;
use super::excuse::ExcuseCode;
use super::follow_up::FollowUp;

choice! {
    /// Where a message was left.
    LeftWith {
        /// On the voicemail.
        Voicemail = "voicemail",
        /// With a person.
        Person = "person",
    }
}

choice! {
    /// What the message said; neither names the debt.
    MessageKind {
        /// Please call back.
        NeutralCallback = "neutral_callback",
        /// An e-mail follows.
        EmailFollows = "email_follows",
    }
}

choice! {
    /// Who wanted the callback.
    AskedBy {
        /// The debtor: called back on the same working day by default.
        Debtor = "debtor",
        /// The agent.
        Agent = "agent",
    }
}

choice! {
    /// How a promise will be paid.
    PaymentMethod {
        /// Bank transfer.
        Transfer = "transfer",
        /// iDEAL payment link.
        Ideal = "ideal",
        /// Direct debit.
        DirectDebit = "direct_debit",
        /// Any other way.
        Other = "other",
    }
}

choice! {
    /// What is disputed (outcomes.toml DISP).
    DisputeReason {
        /// The price.
        Price = "price",
        /// The quantity.
        Quantity = "quantity",
        /// The quality.
        Quality = "quality",
        /// Never delivered.
        NotDelivered = "not_delivered",
        /// Never ordered.
        NotOrdered = "not_ordered",
        /// Sent to the wrong address.
        WrongAddress = "wrong_address",
        /// The debtor's order number is not on the invoice.
        MissingPo = "missing_po",
        /// Invoiced twice.
        Duplicate = "duplicate",
        /// It is somebody else's debt.
        Identity = "identity",
        /// Something else; the notes say what.
        Other = "other",
    }
}

/// What came of a call, complete. Made by [`Outcome::parse`] and by nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub(super) detail: OutcomeDetail,
    pub(super) notes: Option<Personal<String>>,
    pub(super) follow_up: FollowUp,
}

/// What each code asks for (outcomes.toml, `requires`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutcomeDetail {
    /// NA
    NoAnswer,
    /// BUSY
    Busy,
    /// AM
    AnsweringMachine,
    /// LM
    LeftMessage {
        /// Voicemail or a person.
        left_with: LeftWith,
        /// What it said.
        message_kind: MessageKind,
    },
    /// WN
    WrongNumber {
        /// One of the debtor's numbers; it is not dialled for this debtor again.
        number: PhoneNumber,
    },
    /// TPC: at least one of the last three is there (advice 0.9).
    ThirdParty {
        /// Whom the agent spoke to.
        person_name: Personal<String>,
        /// Where the one who decides answers.
        direct_number: Option<PhoneNumber>,
        /// When to call back.
        callback_at: Option<Timestamp>,
        /// Why there is neither.
        reason: Option<Personal<String>>,
    },
    /// CB
    Callback {
        /// When.
        at: Timestamp,
        /// Who wanted it.
        asked_by: AskedBy,
        /// On which number; it may be a new one.
        number: PhoneNumber,
    },
    /// CHKADM
    ChecksAdministration {
        /// When we call to hear what was found: at most 2 working days on.
        follow_up_on: NaiveDate,
    },
    /// PTP
    Promise {
        /// The day that the debtor named; the follow-up moves on to a working day.
        promise_date: NaiveDate,
        /// Above 0 and at most what is open.
        amount: Cents,
        /// How.
        method: PaymentMethod,
        /// Who promised.
        contact: Option<ContactId>,
        /// Whether the agent said what follows when it is not kept; always true from stage 2.
        consequence_told: bool,
    },
    /// PAID
    SaysPaid {
        /// Not after today.
        paid_on: NaiveDate,
        /// Above 0.
        amount: Cents,
        /// Payment reference or IBAN, as told.
        reference: Personal<String>,
    },
    /// DISP
    Dispute {
        /// What is wrong.
        reason: DisputeReason,
        /// At least one, all open, none twice, in ascending order.
        invoices: Vec<InvoiceId>,
        /// Above 0 and at most the open sum of those invoices.
        amount: Cents,
        /// Who answers.
        owner: Personal<String>,
        /// By when.
        reply_by: NaiveDate,
    },
    /// REF: the consequence was told.
    Refuses {
        /// In the debtor's words.
        reason: Personal<String>,
    },
    /// NOCON
    NoCommitment {
        /// What was heard.
        excuse: ExcuseCode,
        /// What we do next.
        next_action: Personal<String>,
        /// When.
        next_date: NaiveDate,
    },
}

impl Outcome {
    /// What was agreed.
    #[must_use]
    pub fn detail(&self) -> &OutcomeDetail {
        &self.detail
    }

    /// The code of this outcome.
    #[must_use]
    pub fn code(&self) -> OutcomeCode {
        self.detail.code()
    }

    /// What the agent wrote, at most 20,000 characters, line breaks kept; never empty.
    #[must_use]
    pub fn notes(&self) -> Option<&Personal<String>> {
        self.notes.as_ref()
    }

    /// What is to be done next, and when. Every code has one (advice 0.20: no contact is closed without a next action).
    #[must_use]
    pub fn follow_up(&self) -> Option<FollowUp> {
        Some(self.follow_up.clone())
    }

    /// The amount that was promised (PTP), said to be paid (PAID) or disputed (DISP).
    #[must_use]
    pub fn amount(&self) -> Option<Cents> {
        self.detail.amount()
    }

    /// What the ledger keeps: ids, amounts (integer cents), dates (`2026-11-26`), instants (integer microseconds, UTC)
    /// and codes; no names, numbers or free text. The key `code` is always there.
    #[must_use]
    pub fn detail_json(&self) -> Value {
        let mut detail = self.detail.facts();
        if let Value::Object(facts) = &mut detail {
            facts.insert("code".to_owned(), json!(self.code().as_str()));
        }
        detail
    }

    /// What the ledger must not keep: names, numbers and free text, by the name of their form field. They go to
    /// erasable rows.
    #[must_use]
    pub fn personal_texts(&self) -> Vec<(&'static str, String)> {
        let mut texts = self.detail.texts();
        texts.extend(self.notes.iter().map(|notes| ("notes", notes.reveal().clone())));
        texts
    }
}

impl OutcomeDetail {
    /// The code whose detail this is.
    #[must_use]
    pub fn code(&self) -> OutcomeCode {
        match self {
            Self::NoAnswer => OutcomeCode::Na,
            Self::Busy => OutcomeCode::Busy,
            Self::AnsweringMachine => OutcomeCode::Am,
            Self::LeftMessage { .. } => OutcomeCode::Lm,
            Self::WrongNumber { .. } => OutcomeCode::Wn,
            Self::ThirdParty { .. } => OutcomeCode::Tpc,
            Self::Callback { .. } => OutcomeCode::Cb,
            Self::ChecksAdministration { .. } => OutcomeCode::Chkadm,
            Self::Promise { .. } => OutcomeCode::Ptp,
            Self::SaysPaid { .. } => OutcomeCode::Paid,
            Self::Dispute { .. } => OutcomeCode::Disp,
            Self::Refuses { .. } => OutcomeCode::Ref,
            Self::NoCommitment { .. } => OutcomeCode::Nocon,
        }
    }

    pub(super) fn amount(&self) -> Option<Cents> {
        match self {
            Self::Promise { amount, .. } | Self::SaysPaid { amount, .. } | Self::Dispute { amount, .. } => Some(*amount),
            _ => None,
        }
    }

    fn facts(&self) -> Value {
        match self {
            Self::NoAnswer | Self::Busy | Self::AnsweringMachine | Self::WrongNumber { .. } => json!({}),
            Self::LeftMessage { left_with, message_kind } => json!({"left_with": left_with, "message_kind": message_kind}),
            Self::ThirdParty { callback_at, .. } => json!({"callback_at": callback_at}),
            Self::Callback { at, asked_by, .. } => json!({"callback_at": at, "asked_by": asked_by}),
            Self::ChecksAdministration { follow_up_on } => json!({"follow_up_on": follow_up_on}),
            Self::Promise { promise_date, amount, method, contact, consequence_told } => json!({
                "promise_date": promise_date, "amount_cents": amount, "method": method, "contact_id": contact,
                "summary_confirmed": true, "consequence_told": consequence_told,
            }),
            Self::SaysPaid { paid_on, amount, .. } => json!({"paid_on": paid_on, "amount_cents": amount}),
            Self::Dispute { reason, invoices, amount, reply_by, .. } => json!({
                "dispute_reason": reason, "invoice_ids": invoices, "disputed_amount_cents": amount, "reply_by": reply_by,
            }),
            Self::Refuses { .. } => json!({"consequence_told": true}),
            Self::NoCommitment { excuse, next_date, .. } => json!({"excuse_code": excuse, "next_date": next_date}),
        }
    }

    fn texts(&self) -> Vec<(&'static str, String)> {
        let text = |field: &'static str, value: &Personal<String>| (field, value.reveal().clone());
        match self {
            Self::WrongNumber { number } | Self::Callback { number, .. } => vec![("number", number.to_string())],
            Self::ThirdParty { person_name, direct_number, reason, .. } => {
                let mut texts = vec![text("person_name", person_name)];
                texts.extend(direct_number.map(|number| ("direct_number", number.to_string())));
                texts.extend(reason.iter().map(|reason| text("reason", reason)));
                texts
            }
            Self::SaysPaid { reference, .. } => vec![text("reference", reference)],
            Self::Dispute { owner, .. } => vec![text("owner", owner)],
            Self::Refuses { reason } => vec![text("reason", reason)],
            Self::NoCommitment { next_action, .. } => vec![text("next_action", next_action)],
            Self::NoAnswer | Self::Busy | Self::AnsweringMachine => Vec::new(),
            Self::LeftMessage { .. } | Self::ChecksAdministration { .. } | Self::Promise { .. } => Vec::new(),
        }
    }
}
