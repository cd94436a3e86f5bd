//! The methods that we know. Case counts (RFC 3261, 7.1).

use std::fmt;

/// What a request asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// RFC 3261, as all that have no other source.
    Invite,
    /// Confirms the final answer to an INVITE.
    Ack,
    /// Ends a session.
    Bye,
    /// Takes an INVITE back that has no final answer yet.
    Cancel,
    /// Asks what the other side can do.
    Options,
    /// Says where a user is.
    Register,
    /// RFC 6665.
    Subscribe,
    /// RFC 6665.
    Notify,
    /// RFC 3515.
    Refer,
    /// RFC 3311.
    Update,
    /// RFC 3262.
    Prack,
    /// RFC 6086.
    Info,
    /// RFC 3428.
    Message,
    /// RFC 3903.
    Publish,
}

const ALL: [(Method, &str); 14] = [
    (Method::Invite, "INVITE"),
    (Method::Ack, "ACK"),
    (Method::Bye, "BYE"),
    (Method::Cancel, "CANCEL"),
    (Method::Options, "OPTIONS"),
    (Method::Register, "REGISTER"),
    (Method::Subscribe, "SUBSCRIBE"),
    (Method::Notify, "NOTIFY"),
    (Method::Refer, "REFER"),
    (Method::Update, "UPDATE"),
    (Method::Prack, "PRACK"),
    (Method::Info, "INFO"),
    (Method::Message, "MESSAGE"),
    (Method::Publish, "PUBLISH"),
];

impl Method {
    /// The method of this name; `None` of one that we do not know.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        ALL.iter().find(|(_, have)| *have == name).map(|(method, _)| *method)
    }

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        ALL.iter().find(|(method, _)| *method == self).map_or("", |(_, name)| name)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
