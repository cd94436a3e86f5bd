//! How the link to the PBX is, as the pages say it.

/// Is Belbrug in touch with the PBX?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    Connected,
    Connecting,
    /// It tells what happens later than it happens.
    Behind,
    /// The PBX is there, and does not reach the agent's phone.
    PhoneAway,
    Lost,
}

impl Link {
    /// Ends the text key `link-...` and the style class.
    pub fn code(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Connecting => "connecting",
            Self::Behind => "behind",
            Self::PhoneAway => "phone-away",
            Self::Lost => "lost",
        }
    }
}
