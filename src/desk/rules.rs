//! What the office has laid down for its desk: how numbers are read, which queues the agents serve, and which numbers
//! belong to which creditor.

use crate::ids::PhoneNumber;
use crate::numbers::{Dialled, NumberPlan};

/// The office's rules.
#[derive(Debug, Clone)]
pub struct DeskRules {
    /// How numbers are read.
    pub plan: NumberPlan,
    /// The queues of the PBX that Belbrug fills. Empty: those in which the PBX has the agent's phone.
    pub queues: Vec<String>,
    /// The creditors with numbers of their own.
    pub creditors: Vec<CreditorNumbers>,
}

/// The numbers of one creditor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditorNumbers {
    /// Its name, as in the lists.
    pub name: String,
    /// What its debtors dial.
    pub numbers: Vec<PhoneNumber>,
    /// What debtors see when they are called for it.
    pub caller_id: Option<PhoneNumber>,
}

impl DeskRules {
    /// An office that has laid down nothing but how numbers are read.
    #[must_use]
    pub const fn new(plan: NumberPlan) -> Self {
        Self { plan, queues: Vec::new(), creditors: Vec::new() }
    }

    /// The creditor whose number a caller dialled. A provider sends it with or without a plus, or as it is dialled at home.
    #[must_use]
    pub fn creditor_called(&self, dialled: &str) -> Option<&str> {
        if self.creditors.is_empty() {
            return None;
        }
        let bare = dialled.strip_prefix('+').unwrap_or(dialled);
        let read = match self.plan.read(dialled) {
            Dialled::Outside(number) => Some(number),
            _ => None,
        };
        let is_it = |number: &PhoneNumber| Some(*number) == read || number.to_i64().to_string() == bare;
        self.creditors.iter().find(|creditor| creditor.numbers.iter().any(is_it)).map(|creditor| creditor.name.as_str())
    }

    /// The number that the debtors of a creditor see.
    #[must_use]
    pub fn caller_id(&self, creditor: &str) -> Option<PhoneNumber> {
        self.creditors.iter().find(|known| known.name == creditor).and_then(|known| known.caller_id)
    }

    /// Whether Belbrug has a say in a queue.
    pub(super) fn serves(&self, queue: &str) -> bool {
        self.queues.is_empty() || self.queues.iter().any(|name| name == queue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dialled_number_names_the_creditor_however_it_is_sent() {
        let number = PhoneNumber::parse_e164("+31201234567").unwrap();
        let creditor = CreditorNumbers { name: "Acme".into(), numbers: vec![number], caller_id: Some(number) };
        let plan = NumberPlan::new("NL", &["1XX"], None).unwrap();
        let rules = DeskRules { creditors: vec![creditor], ..DeskRules::new(plan) };
        for dialled in ["+31201234567", "31201234567", "0201234567", "0031201234567"] {
            assert_eq!(rules.creditor_called(dialled), Some("Acme"), "{dialled}");
        }
        for other in ["", "101", "0201234568", "1234567", "+312012345678"] {
            assert_eq!(rules.creditor_called(other), None, "{other}");
        }
        assert_eq!(rules.caller_id("Acme"), Some(number));
        assert_eq!(rules.caller_id("acme"), None);
    }
}
