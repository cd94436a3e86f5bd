//! The names of header fields: any case, long or compact.

use std::fmt;

/// A header field that we know. The rest is [`HeaderName::Other`], and keeps its own name in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HeaderName {
    /// RFC 3261, 20.1, as all that have no other source.
    Accept,
    /// 20.2.
    AcceptEncoding,
    /// 20.5.
    Allow,
    /// RFC 6665.
    AllowEvents,
    /// 20.7.
    Authorization,
    /// 20.8.
    CallId,
    /// 20.10.
    Contact,
    /// 20.12.
    ContentEncoding,
    /// 20.14.
    ContentLength,
    /// 20.15.
    ContentType,
    /// 20.16.
    CSeq,
    /// 20.17.
    Date,
    /// RFC 5806.
    Diversion,
    /// RFC 6665.
    Event,
    /// 20.19.
    Expires,
    /// 20.20.
    From,
    /// 20.22.
    MaxForwards,
    /// 20.23.
    MinExpires,
    /// RFC 4028.
    MinSe,
    /// RFC 3325.
    PAssertedIdentity,
    /// 20.27.
    ProxyAuthenticate,
    /// 20.28.
    ProxyAuthorization,
    /// 20.29.
    ProxyRequire,
    /// RFC 3262.
    RAck,
    /// RFC 3326.
    Reason,
    /// 20.30.
    RecordRoute,
    /// RFC 3515.
    ReferTo,
    /// RFC 3892.
    ReferredBy,
    /// The draft that became RFC 3325's forerunner, and is still sent.
    RemotePartyId,
    /// RFC 3891.
    Replaces,
    /// 20.32.
    Require,
    /// 20.33.
    RetryAfter,
    /// 20.34.
    Route,
    /// RFC 3262.
    RSeq,
    /// 20.35.
    Server,
    /// RFC 4028.
    SessionExpires,
    /// 20.36.
    Subject,
    /// RFC 6665.
    SubscriptionState,
    /// 20.37.
    Supported,
    /// 20.38.
    Timestamp,
    /// 20.39.
    To,
    /// 20.40.
    Unsupported,
    /// 20.41.
    UserAgent,
    /// 20.42.
    Via,
    /// 20.44.
    WwwAuthenticate,
    /// One that we do not know.
    Other,
}

/// Each with its long name and its compact one.
const NAMES: [(HeaderName, &str, Option<u8>); 45] = [
    (HeaderName::Accept, "Accept", None),
    (HeaderName::AcceptEncoding, "Accept-Encoding", None),
    (HeaderName::Allow, "Allow", None),
    (HeaderName::AllowEvents, "Allow-Events", Some(b'u')),
    (HeaderName::Authorization, "Authorization", None),
    (HeaderName::CallId, "Call-ID", Some(b'i')),
    (HeaderName::Contact, "Contact", Some(b'm')),
    (HeaderName::ContentEncoding, "Content-Encoding", Some(b'e')),
    (HeaderName::ContentLength, "Content-Length", Some(b'l')),
    (HeaderName::ContentType, "Content-Type", Some(b'c')),
    (HeaderName::CSeq, "CSeq", None),
    (HeaderName::Date, "Date", None),
    (HeaderName::Diversion, "Diversion", None),
    (HeaderName::Event, "Event", Some(b'o')),
    (HeaderName::Expires, "Expires", None),
    (HeaderName::From, "From", Some(b'f')),
    (HeaderName::MaxForwards, "Max-Forwards", None),
    (HeaderName::MinExpires, "Min-Expires", None),
    (HeaderName::MinSe, "Min-SE", None),
    (HeaderName::PAssertedIdentity, "P-Asserted-Identity", None),
    (HeaderName::ProxyAuthenticate, "Proxy-Authenticate", None),
    (HeaderName::ProxyAuthorization, "Proxy-Authorization", None),
    (HeaderName::ProxyRequire, "Proxy-Require", None),
    (HeaderName::RAck, "RAck", None),
    (HeaderName::Reason, "Reason", None),
    (HeaderName::RecordRoute, "Record-Route", None),
    (HeaderName::ReferTo, "Refer-To", Some(b'r')),
    (HeaderName::ReferredBy, "Referred-By", Some(b'b')),
    (HeaderName::RemotePartyId, "Remote-Party-ID", None),
    (HeaderName::Replaces, "Replaces", None),
    (HeaderName::Require, "Require", None),
    (HeaderName::RetryAfter, "Retry-After", None),
    (HeaderName::Route, "Route", None),
    (HeaderName::RSeq, "RSeq", None),
    (HeaderName::Server, "Server", None),
    (HeaderName::SessionExpires, "Session-Expires", Some(b'x')),
    (HeaderName::Subject, "Subject", Some(b's')),
    (HeaderName::SubscriptionState, "Subscription-State", None),
    (HeaderName::Supported, "Supported", Some(b'k')),
    (HeaderName::Timestamp, "Timestamp", None),
    (HeaderName::To, "To", Some(b't')),
    (HeaderName::Unsupported, "Unsupported", None),
    (HeaderName::UserAgent, "User-Agent", None),
    (HeaderName::Via, "Via", Some(b'v')),
    (HeaderName::WwwAuthenticate, "WWW-Authenticate", None),
];

/// Where the names of each letter begin and end in the table.
const STARTS: [(usize, usize); 26] = starts();

#[expect(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "at compile time: what does not fit does not compile")]
const fn starts() -> [(usize, usize); 26] {
    let mut all = [(0, 0); 26];
    let mut letter = 0;
    while letter < all.len() {
        let (mut from, mut to, mut at) = (0, 0, 0);
        while at < NAMES.len() {
            let first = NAMES[at].1.as_bytes()[0].to_ascii_lowercase();
            if first < b'a' + letter as u8 {
                from = at + 1;
            }
            if first <= b'a' + letter as u8 {
                to = at + 1;
            }
            at += 1;
        }
        all[letter] = (from, to);
        letter += 1;
    }
    all
}

impl HeaderName {
    /// Reads a name as it stands in a message.
    #[must_use]
    pub fn of(name: &[u8]) -> Self {
        let [first, rest @ ..] = name else { return Self::Other };
        let first = first.to_ascii_lowercase();
        if rest.is_empty() {
            return NAMES.iter().find(|(_, _, compact)| *compact == Some(first)).map_or(Self::Other, |(name, ..)| *name);
        }
        // The table is in the order of its first letters: only those of this one are looked at.
        let (from, to) = usize::from(first).checked_sub(usize::from(b'a')).and_then(|at| STARTS.get(at)).copied().unwrap_or((0, 0));
        let same = |long: &[u8]| long == name || long.eq_ignore_ascii_case(name);
        let fits = |(_, long, _): &&(Self, &str, Option<u8>)| long.len() == name.len() && same(long.as_bytes());
        NAMES.get(from..to).unwrap_or_default().iter().find(fits).map_or(Self::Other, |(name, ..)| *name)
    }

    /// The name as it is written; empty for [`HeaderName::Other`].
    #[must_use]
    pub fn as_str(self) -> &'static str {
        NAMES.iter().find(|(name, ..)| *name == self).map_or("", |(_, long, _)| long)
    }

    /// Whether a message has it once at most. RFC 3261, 7.3.1: the others are lists, on one line or on several.
    #[must_use]
    pub const fn is_single(self) -> bool {
        matches!(
            self,
            Self::CallId
                | Self::ContentLength
                | Self::ContentType
                | Self::CSeq
                | Self::Date
                | Self::Event
                | Self::Expires
                | Self::From
                | Self::MaxForwards
                | Self::MinExpires
                | Self::MinSe
                | Self::RAck
                | Self::ReferTo
                | Self::ReferredBy
                | Self::Replaces
                | Self::RSeq
                | Self::SessionExpires
                | Self::SubscriptionState
                | Self::To
        )
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_case_and_compact() {
        for (name, long, compact) in NAMES {
            assert_eq!(HeaderName::of(long.as_bytes()), name);
            assert_eq!(HeaderName::of(long.to_ascii_uppercase().as_bytes()), name);
            assert_eq!(name.to_string(), long);
            if let Some(compact) = compact {
                assert_eq!(HeaderName::of(&[compact]), name);
                assert_eq!(HeaderName::of(&[compact.to_ascii_uppercase()]), name);
            }
        }
        assert_eq!(HeaderName::of(b"NewFangledHeader"), HeaderName::Other);
        assert_eq!(HeaderName::of(b""), HeaderName::Other);
        assert_eq!(HeaderName::of(b"z"), HeaderName::Other);
    }
}
