//! What two ends want to speak with (RFC 8866; offer and answer by RFC 3264), as far as whoever stands between them must know: where
//! they listen, and whether they want to hear.

use core::net::IpAddr;

use sdp_types::{Attribute, Media, Session};

/// A description that is longer is refused; real ones have a few hundred bytes.
pub const SDP_BYTES_MAX: usize = 16 * 1024;

/// Which way the audio goes, seen from whoever describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// It speaks and hears.
    #[default]
    SendRecv,
    /// It speaks (or plays music) and does not hear: the other is on hold.
    SendOnly,
    /// It hears.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    const ALL: [(Self, &'static str); 4] =
        [(Self::SendRecv, "sendrecv"), (Self::SendOnly, "sendonly"), (Self::RecvOnly, "recvonly"), (Self::Inactive, "inactive")];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, have)| *have == name).map(|(direction, _)| *direction)
    }

    pub(super) fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(direction, _)| *direction == self).map_or("", |(_, name)| name)
    }

    /// Whoever describes itself so does not hear the other: hold (RFC 3264, 8.4).
    #[must_use]
    pub const fn is_hold(self) -> bool {
        matches!(self, Self::SendOnly | Self::Inactive)
    }
}

/// What cannot be read as a session description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no session description (RFC 8866), or one with no audio in it")]
pub struct NoSession;

/// A session description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description(pub(super) Session);

impl Description {
    /// Reads one that has audio in it.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoSession> {
        if bytes.len() > SDP_BYTES_MAX {
            return Err(NoSession);
        }
        let session = Session::parse(bytes).map_err(|_| NoSession)?;
        if session.medias.iter().any(|media| media.media == "audio") { Ok(Self(session)) } else { Err(NoSession) }
    }

    /// Which way the first audio goes. An address of zeros is the hold of RFC 2543.
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.0.medias.iter().find(|media| media.media == "audio").map_or(Direction::Inactive, |media| self.direction_of(media))
    }

    /// Which way one medium goes.
    pub(super) fn direction_of(&self, media: &Media) -> Direction {
        let said = |attributes: &[Attribute]| attributes.iter().find_map(|attribute| Direction::named(&attribute.attribute));
        let connection = media.connections.first().or(self.0.connection.as_ref());
        let is_nowhere = connection.is_some_and(|connection| matches!(connection.connection_address.as_str(), "0.0.0.0" | "::"));
        let direction = said(&media.attributes).or_else(|| said(&self.0.attributes)).unwrap_or_default();
        match direction {
            Direction::SendRecv if is_nowhere => Direction::SendOnly,
            Direction::RecvOnly if is_nowhere => Direction::Inactive,
            other => other,
        }
    }

    /// The same, going this way.
    #[must_use]
    pub fn going(mut self, direction: Direction) -> Self {
        let is_said = |attribute: &Attribute| Direction::named(&attribute.attribute).is_some();
        self.0.attributes.retain(|attribute| !is_said(attribute));
        for media in &mut self.0.medias {
            media.attributes.retain(|attribute| !is_said(attribute));
            media.attributes.push(Attribute::new(direction.as_str()));
        }
        self
    }

    /// Whether both want the same media at the same place: all but who says it, how often it was said, and which way it goes.
    #[must_use]
    pub fn is_same_media(&self, other: &Self) -> bool {
        let plain = |description: &Self| {
            let session = description.clone().going(Direction::SendRecv).0;
            (session.connection, session.medias)
        };
        plain(self) == plain(other)
    }

    /// Said by us, the so manieth time: one who stands between speaks with one voice to each end (RFC 3264, 8).
    #[must_use]
    pub fn said_by(mut self, ours: IpAddr, session: u64, version: u64) -> Vec<u8> {
        self.0.origin.username = Some("-".to_owned());
        self.0.origin.sess_id = session.to_string();
        self.0.origin.sess_version = version;
        self.0.origin.set_unicast_ip_address(ours);
        let mut bytes = Vec::new();
        // A Vec takes everything.
        let _ = self.0.write(&mut bytes);
        bytes
    }

    /// An offer to speak later: the codecs of the telephone network, and nothing sent yet.
    ///
    /// # Panics
    /// Never: it is written here.
    #[must_use]
    pub fn nothing_yet(ours: IpAddr) -> Option<Self> {
        let kind = if ours.is_ipv4() { "IP4" } else { "IP6" };
        let text = format!(
            "v=0\r\no=- 1 1 IN {kind} {ours}\r\ns=-\r\nc=IN {kind} {ours}\r\nt=0 0\r\nm=audio 9 RTP/AVP 9 8 0 101\r\na=rtpmap:9 G722/8000\r\n\
             a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=inactive\r\n"
        );
        Self::parse(text.as_bytes()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn described(connection: &str, attribute: &str) -> Description {
        let text = format!("v=0\r\no=- 7 7 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 {connection}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0\r\n{attribute}");
        Description::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn hold_is_seen_in_both_its_forms() {
        for (connection, attribute, direction) in [
            ("192.0.2.1", "", Direction::SendRecv),
            ("192.0.2.1", "a=sendonly\r\n", Direction::SendOnly),
            ("192.0.2.1", "a=inactive\r\n", Direction::Inactive),
            ("0.0.0.0", "", Direction::SendOnly),
            ("0.0.0.0", "a=recvonly\r\n", Direction::Inactive),
        ] {
            assert_eq!(described(connection, attribute).direction(), direction, "{connection} {attribute}");
        }
        assert!(Direction::SendOnly.is_hold() && !Direction::RecvOnly.is_hold());
    }

    #[test]
    fn what_stands_between_passes_the_media_on_in_its_own_name() {
        let theirs = described("192.0.2.1", "a=rtpmap:8 PCMA/8000\r\na=sendonly\r\n");
        let ours = theirs.clone().going(Direction::SendRecv).said_by("198.51.100.1".parse().unwrap(), 42, 3);
        let text = String::from_utf8(ours.clone()).unwrap();
        assert!(text.contains("o=- 42 3 IN IP4 198.51.100.1\r\n") && text.contains("c=IN IP4 192.0.2.1\r\n"), "{text}");
        assert!(text.contains("a=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n") && !text.contains("sendonly"), "{text}");
        let read = Description::parse(&ours).unwrap();
        assert!(read.is_same_media(&theirs) && read != theirs);
        assert!(!read.is_same_media(&described("192.0.2.9", "a=rtpmap:8 PCMA/8000\r\n")));
        assert_eq!(Description::nothing_yet("::1".parse().unwrap()).unwrap().direction(), Direction::Inactive);
    }

    #[test]
    fn what_is_no_description() {
        let long = [b"v=0\r\no=- 7 7 IN IP4 192.0.2.1\r\ns=".as_slice(), &vec![b'x'; SDP_BYTES_MAX]].concat();
        for wrong in [b"".as_slice(), b"hello", b"v=0\r\no=- 7 7 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=video 4000 RTP/AVP 96\r\n", &long] {
            assert_eq!(Description::parse(wrong), Err(NoSession));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(text in "([a-z]=[ -~]{0,20}\r\n){0,12}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Description::parse(text.as_bytes()).map(|description| description.going(Direction::Inactive).direction());
            let _ = Description::parse(&bytes);
        }
    }
}
