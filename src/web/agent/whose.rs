//! What the bar asks when it is not clear whose call it is.

/// Many debtors have this number: choose by name. Never an amount here.
#[derive(Debug, Clone, PartialEq)]
pub struct Chooser {
    pub call: String,
    pub number: String,
    pub choices: Vec<Choice>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    pub case: String,
    pub name: String,
    pub creditor: String,
}

/// No debtor has this number, or it is withheld: search one and attach it.
#[derive(Debug, Clone, PartialEq)]
pub struct Attach {
    pub call: String,
    /// `None` when withheld.
    pub number: Option<String>,
}
