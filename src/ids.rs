//! A newtype for every id, parsed at the door. Each doc comment defines the term.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// An id whose text does not have the form that its kind asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {expected}")]
pub struct IdError {
    /// The kind of id, in words.
    pub what: &'static str,
    /// What a valid one looks like.
    pub expected: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as it is; the kind has no form of its own.
            #[must_use]
            pub fn new(text: &str) -> Self {
                Self(Arc::from(text))
            }

            /// The text of the id.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

text_id! {
    /// One channel of the PBX, for its life (Asterisk: `Uniqueid`). Asterisk reuses none, but after a restart with
    /// a clock that was set back it may.
    Uniqueid
}
text_id! {
    /// The whole conversation over all its channels. On Asterisk it is the `Linkedid` of its first channel.
    CallId
}
text_id! {
    /// A bridge: the place in the PBX where channels hear each other (Asterisk: `BridgeUniqueid`).
    BridgeId
}
text_id! {
    /// The technology and endpoint of a channel without the part that is new for each call: `PJSIP/101`.
    Device
}

impl CallId {
    /// Every call that Belbrug dials begins with this; the PBX gives the id back in every event of the call.
    pub const DIALLED_PREFIX: &'static str = "belbrug-";

    /// The id for a call that an agent dials. `key` comes with the click, so that a second click is the same call.
    ///
    /// # Errors
    /// When the key is not 8 to 64 letters, digits or dashes.
    pub fn dialled(key: &str) -> Result<Self, IdError> {
        let fits = (8..=64).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        fits.then(|| Self::new(&format!("{}{key}", Self::DIALLED_PREFIX)))
            .ok_or(IdError { what: "a dial key", expected: "8 to 64 letters, digits or dashes" })
    }

    /// Every call that is known from what a PBX tells of phones over SIP begins with this.
    pub const OBSERVED_PREFIX: &'static str = "sip-";

    /// Every call that comes to a phone that Belbrug is itself begins with this.
    pub const PHONE_PREFIX: &'static str = "phone-";

    /// Whether the call is watched and no more: nothing of it is ours to end.
    #[must_use]
    pub fn is_observed(&self) -> bool {
        self.0.starts_with(Self::OBSERVED_PREFIX)
    }

    /// Whether Belbrug dialled this call.
    #[must_use]
    pub fn is_dialled(&self) -> bool {
        self.0.starts_with(Self::DIALLED_PREFIX)
    }
}

impl Device {
    /// The device of a channel name: `PJSIP/101-0000002a` is a channel of `PJSIP/101`.
    #[must_use]
    pub fn of_channel(channel: &str) -> Self {
        Self::new(Self::text_of_channel(channel))
    }

    /// As [`Device::of_channel`], without a copy.
    #[must_use]
    pub fn text_of_channel(channel: &str) -> &str {
        let whole = channel.split(';').next().unwrap_or(channel);
        match whole.rsplit_once('-') {
            Some((device, tail)) if !tail.is_empty() && tail.bytes().all(|b| b.is_ascii_hexdigit()) => device,
            _ => whole,
        }
    }
}

/// An inside number of the PBX: 1 to 10 digits, `*` or `#`. Extension 20 is not the beginning of 201.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Extension(Arc<str>);

impl Extension {
    /// # Errors
    /// When the text is not an extension.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let fits = (1..=10).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'*' || b == b'#');
        fits.then(|| Self(Arc::from(text))).ok_or(IdError { what: "an extension", expected: "1 to 10 digits, such as 101" })
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Extension {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<Extension> for String {
    fn from(extension: Extension) -> Self {
        extension.0.as_ref().to_owned()
    }
}

/// A telephone number of the world in E.164: a plus, and 6 to 15 digits. Kept as an integer, because a lookup among
/// millions is faster so. It is personal data; wrap it in [`crate::personal::Personal`] where it may be printed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct PhoneNumber(i64);

impl TryFrom<String> for PhoneNumber {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse_e164(&text)
    }
}

impl PhoneNumber {
    /// Reads `+31...`; [`crate::numbers::NumberPlan`] reads what people write.
    ///
    /// # Errors
    /// When the text is not a plus and 6 to 15 digits of which the first is not 0.
    pub fn parse_e164(text: &str) -> Result<Self, IdError> {
        let error = IdError { what: "a telephone number", expected: "a plus and 6 to 15 digits, such as +31201234567" };
        let digits = text.strip_prefix('+').ok_or(error.clone())?;
        let fits = (6..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
        if !fits {
            return Err(error);
        }
        digits.parse().map(Self).map_err(|_| error)
    }

    /// From the integer that the store keeps.
    ///
    /// # Errors
    /// When the integer has fewer than 6 or more than 15 digits.
    pub fn from_i64(digits: i64) -> Result<Self, IdError> {
        Self::parse_e164(&format!("+{digits}"))
    }

    /// The digits as one integer, as the store keeps them.
    #[must_use]
    pub fn to_i64(self) -> i64 {
        self.0
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.0)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(personal)")
    }
}

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

row_id! {
    /// Somebody who signs in: an agent, a supervisor or an admin.
    AgentId
}
row_id! {
    /// A company or person that owes money.
    DebtorId
}
row_id! {
    /// The company that is owed.
    CreditorId
}
row_id! {
    /// One debtor's open invoices at one creditor: what a call is about.
    CaseId
}
row_id! {
    /// A person at the debtor.
    ContactId
}
row_id! {
    /// One invoice.
    InvoiceId
}
row_id! {
    /// One entry of the ledger.
    EntryId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_belongs_to_exactly_one_device() {
        assert_eq!(Device::text_of_channel("PJSIP/101-0000002a"), "PJSIP/101");
        assert_eq!(Device::text_of_channel("Local/101@from-queue-0000002a;2"), "Local/101@from-queue");
        assert_eq!(Device::text_of_channel("PJSIP/front-desk-00000001"), "PJSIP/front-desk");
        assert_eq!(Device::text_of_channel("PJSIP/front-desk"), "PJSIP/front-desk");
        assert_ne!(Device::text_of_channel("PJSIP/201-00000001"), "PJSIP/20");
    }

    #[test]
    fn a_number_is_e164_and_its_debug_form_tells_nothing() {
        let number = PhoneNumber::parse_e164("+447700900123").unwrap();
        assert_eq!(number.to_string(), "+447700900123");
        assert_eq!(PhoneNumber::from_i64(number.to_i64()), Ok(number));
        assert_eq!(format!("{number:?}"), "PhoneNumber(personal)");
        for bad in ["", "+", "447700900123", "+0123456", "+12345", "+1234567890123456", "+44 7700", "300&Local/9"] {
            assert!(PhoneNumber::parse_e164(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_dial_key_cannot_carry_a_line_break() {
        assert!(CallId::dialled("0123-abcd").is_ok());
        for bad in ["", "short", "with space", "01234567\r\nAction: x", &"x".repeat(65)] {
            assert!(CallId::dialled(bad).is_err(), "{bad}");
        }
    }
}
