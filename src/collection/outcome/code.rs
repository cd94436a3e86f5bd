//! The outcome codes and what each counts for.

choice! {
    /// What came of a call (disposition), as the ledger writes it.
    OutcomeCode {
        /// No answer.
        Na = "NA",
        /// Engaged.
        Busy = "BUSY",
        /// Voicemail, nothing left on it.
        Am = "AM",
        /// A neutral message left, the debt not named.
        Lm = "LM",
        /// The wrong number.
        Wn = "WN",
        /// Spoke to a third party.
        Tpc = "TPC",
        /// An appointment to call back.
        Cb = "CB",
        /// The debtor checks the administration.
        Chkadm = "CHKADM",
        /// A promise to pay.
        Ptp = "PTP",
        /// Says that it has been paid.
        Paid = "PAID",
        /// A dispute or complaint.
        Disp = "DISP",
        /// Refuses to pay.
        Ref = "REF",
        /// Spoken to, no commitment.
        Nocon = "NOCON",
    }
}

/// What a code counts for in the figures and the contact policy (domain notes 3 and 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CodeFlags {
    /// An outbound call was placed.
    pub attempt: bool,
    /// A human answered.
    pub human: bool,
    /// Right-party contact: the debtor, identified.
    pub rpc: bool,
    /// Money was promised.
    pub money: bool,
    /// It counts towards the cap on contacts.
    pub counts: bool,
    /// It starts the days in which the debtor is left alone.
    pub cooldown: bool,
}

impl OutcomeCode {
    /// What this code counts for.
    #[must_use]
    pub const fn flags(self) -> CodeFlags {
        let attempt = CodeFlags { attempt: true, human: false, rpc: false, money: false, counts: false, cooldown: false };
        let unanswered = CodeFlags { counts: true, ..attempt };
        let human = CodeFlags { human: true, ..attempt };
        let debtor = CodeFlags { rpc: true, counts: true, cooldown: true, ..human };
        match self {
            Self::Busy => attempt,
            Self::Na | Self::Am | Self::Lm => unanswered,
            Self::Wn | Self::Cb => human,
            Self::Tpc => CodeFlags { counts: true, ..human },
            Self::Ptp => CodeFlags { money: true, ..debtor },
            Self::Chkadm | Self::Paid | Self::Disp | Self::Ref | Self::Nocon => debtor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As outcomes.toml of the domain notes writes them.
    const TABLE: [(&str, &str); 13] = [
        ("NA", "attempt counts"),
        ("BUSY", "attempt"),
        ("AM", "attempt counts"),
        ("LM", "attempt counts"),
        ("WN", "attempt human"),
        ("TPC", "attempt human counts"),
        ("CB", "attempt human"),
        ("CHKADM", "attempt human rpc counts cooldown"),
        ("PTP", "attempt human rpc money counts cooldown"),
        ("PAID", "attempt human rpc counts cooldown"),
        ("DISP", "attempt human rpc counts cooldown"),
        ("REF", "attempt human rpc counts cooldown"),
        ("NOCON", "attempt human rpc counts cooldown"),
    ];

    #[test]
    fn codes_and_flags_are_those_of_the_domain_notes() {
        assert_eq!(OutcomeCode::ALL.len(), TABLE.len());
        for (text, words) in TABLE {
            let code = OutcomeCode::parse(text).unwrap();
            let has = |word: &str| words.split(' ').any(|w| w == word);
            let expected = CodeFlags {
                attempt: has("attempt"),
                human: has("human"),
                rpc: has("rpc"),
                money: has("money"),
                counts: has("counts"),
                cooldown: has("cooldown"),
            };
            assert_eq!(code.flags(), expected, "{text}");
            assert_eq!(code.as_str(), text);
            assert_eq!(serde_json::to_value(code).unwrap(), text);
        }
    }

    #[test]
    fn no_other_text_is_a_code() {
        for text in ["", "na", "PTP ", "XX", "PLAN"] {
            assert_eq!(OutcomeCode::parse(text), None, "{text}");
        }
    }
}
