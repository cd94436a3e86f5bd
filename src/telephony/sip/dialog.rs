//! A relation of two ends that outlives one request (RFC 3261, 12): a session, or a subscription.
//!
//! Requests in it go to the peer that it was made with, whatever Route and Contact say: Belbrug speaks to the exchanges of its
//! config and to nobody else, and what they write into Contact is often an address behind their NAT.

use super::address;
use super::check::cseq;
use super::draft::Draft;
use super::message::Message;
use super::method::Method;
use super::name::HeaderName;
use super::peer::Peer;
use super::uri::{SipUri, Uri};

/// One end of a dialog: ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialog {
    /// Names the dialog, with both tags.
    pub call_id: String,
    /// Our tag.
    pub local_tag: String,
    /// The other's.
    pub remote_tag: String,
    /// With whom it was made.
    pub peer: Peer,
    /// Our From, with its tag.
    local: String,
    /// The other's To, with its tag.
    remote: String,
    /// Where the other wants to be reached.
    target: String,
    routes: Vec<String>,
    local_seq: u32,
    remote_seq: Option<u32>,
}

/// A request in a dialog that must not be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a request of the dialog came out of order")]
pub struct OutOfOrder;

impl Dialog {
    /// The dialog that an answer to a request of ours makes; `None` when it lacks what a dialog needs.
    #[must_use]
    pub fn of_answer(request: &Draft, answer: &Message<'_>, peer: Peer) -> Option<Self> {
        let local = request.value(HeaderName::From)?.to_owned();
        let remote = answer.value(HeaderName::To)?.into_owned();
        let (local_seq, _) = cseq(request.value(HeaderName::CSeq)?).ok()?;
        let mut dialog = Self {
            call_id: request.value(HeaderName::CallId)?.to_owned(),
            local_tag: tag(&local)?,
            remote_tag: tag(&remote).unwrap_or_default(),
            peer,
            local,
            remote,
            target: request.uri().to_owned(),
            routes: Vec::new(),
            local_seq,
            remote_seq: None,
        };
        dialog.confirmed_by(answer);
        Some(dialog)
    }

    /// The dialog that a request to us makes, when we answer it with this tag.
    #[must_use]
    pub fn of_request(request: &Message<'_>, local_tag: &str, peer: Peer) -> Option<Self> {
        let remote = request.value(HeaderName::From)?.into_owned();
        let to = request.value(HeaderName::To)?.into_owned();
        let of = request.value(HeaderName::CSeq)?;
        let (seq, _) = cseq(&of).ok()?;
        let mut dialog = Self {
            call_id: request.value(HeaderName::CallId)?.into_owned(),
            local_tag: local_tag.to_owned(),
            remote_tag: tag(&remote).unwrap_or_default(),
            peer,
            local: if tag(&to).is_some() { to } else { format!("{to};tag={local_tag}") },
            remote,
            target: String::new(),
            routes: routes(request),
            local_seq: 0,
            remote_seq: Some(seq),
        };
        dialog.target_from(request);
        Some(dialog)
    }

    /// Our requests in it go on from this number.
    #[must_use]
    pub const fn going_on_from(mut self, seq: u32) -> Self {
        self.local_seq = seq;
        self
    }

    /// A final answer says anew where the other is and how it is reached (13.2.2.4).
    pub fn confirmed_by(&mut self, answer: &Message<'_>) {
        let mut routes = routes(answer);
        routes.reverse();
        self.routes = routes;
        self.target_from(answer);
    }

    /// The other end may have moved (12.2.1.2).
    pub fn target_from(&mut self, message: &Message<'_>) {
        let contact = message.value(HeaderName::Contact);
        let first = contact.as_deref().and_then(|contact| address::list(contact).ok()?.into_iter().next().map(|one| one.uri.to_string()));
        if let Some(target) = first {
            self.target = target;
        }
    }

    /// The next request of ours in it.
    pub fn request(&mut self, method: Method) -> Draft {
        let seq = self.next_seq();
        self.draft(method, seq)
    }

    /// The number of a request that is sent once more.
    pub const fn next_seq(&mut self) -> u32 {
        self.local_seq = self.local_seq.wrapping_add(1) & 0x7fff_ffff;
        self.local_seq
    }

    /// The ACK of the 2xx to our INVITE of this number.
    #[must_use]
    pub fn ack(&self, seq: u32) -> Draft {
        self.draft(Method::Ack, seq)
    }

    fn draft(&self, method: Method, seq: u32) -> Draft {
        let strict = self.routes.first().filter(|first| !is_loose(first));
        let (uri, routes): (&str, Vec<String>) = match strict {
            // 12.2.1.1: a router of RFC 2543 wants to be asked itself.
            Some(first) => {
                let rest = self.routes.iter().skip(1).cloned().chain([format!("<{}>", self.target)]);
                (inside(first), rest.collect())
            }
            None => (&self.target, self.routes.clone()),
        };
        Draft::request(method, uri)
            .with_all(routes.into_iter().map(|route| (HeaderName::Route, route)))
            .with(HeaderName::From, &self.local)
            .with(HeaderName::To, &self.remote)
            .with(HeaderName::CallId, &self.call_id)
            .with(HeaderName::CSeq, format_args!("{seq} {method}"))
    }

    /// Takes the number of a request to us (12.2.2).
    ///
    /// # Errors
    /// When a later one came before.
    pub fn take(&mut self, seq: u32) -> Result<(), OutOfOrder> {
        if self.remote_seq.is_some_and(|last| seq <= last) {
            return Err(OutOfOrder);
        }
        self.remote_seq = Some(seq);
        Ok(())
    }
}

/// The tag of an address.
#[must_use]
pub fn tag(value: &str) -> Option<String> {
    address::Address::parse(value).ok()?.tag().map(|tag| tag.into_owned()).filter(|tag| !tag.is_empty())
}

/// Record-Route, one by one, as each is written.
fn routes(message: &Message<'_>) -> Vec<String> {
    let Some(list) = message.list(HeaderName::RecordRoute) else { return Vec::new() };
    address::list(&list).map(|all| all.iter().map(ToString::to_string).collect()).unwrap_or_default()
}

fn inside(route: &str) -> &str {
    route.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(route, |(uri, _)| uri)
}

fn is_loose(route: &str) -> bool {
    matches!(Uri::parse(inside(route)), Ok(Uri::Sip(SipUri { params, .. })) if params.get("lr").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telephony::sip::peer::Transport;

    const PEER: Peer =
        Peer { transport: Transport::Udp, addr: core::net::SocketAddr::new(core::net::IpAddr::V4(core::net::Ipv4Addr::LOCALHOST), 5060) };

    fn text(draft: &Draft) -> String {
        String::from_utf8(draft.bytes()).unwrap()
    }

    #[test]
    fn both_ends_see_the_routes_in_their_own_order() {
        let invite = Draft::request(Method::Invite, "sip:bob@example.com")
            .with(HeaderName::From, "<sip:alice@example.com>;tag=a")
            .with(HeaderName::To, "<sip:bob@example.com>")
            .with(HeaderName::CallId, "c")
            .with(HeaderName::CSeq, "1 INVITE");
        let answer = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\nRecord-Route: <sip:p2.example.com;lr>, <sip:p1.example.com;lr>\r\n\
                      From: <sip:alice@example.com>;tag=a\r\nTo: <sip:bob@example.com>;tag=b\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\
                      Contact: <sip:bob@192.0.2.4>\r\n\r\n";
        let answer = Message::parse(answer.as_bytes()).unwrap();
        let mut alice = Dialog::of_answer(&invite, &answer, PEER).unwrap();
        let bye = text(&alice.request(Method::Bye));
        assert!(bye.starts_with("BYE sip:bob@192.0.2.4 SIP/2.0\r\nRoute: <sip:p1.example.com;lr>\r\nRoute: <sip:p2.example.com;lr>\r\n"), "{bye}");
        assert!(bye.contains("CSeq: 2 BYE") && bye.contains("To: <sip:bob@example.com>;tag=b"), "{bye}");

        let request = "INVITE sip:bob@192.0.2.4 SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\nRecord-Route: <sip:p2.example.com;lr>\r\n\
                       Record-Route: <sip:p1.example.com;lr>\r\nFrom: <sip:alice@example.com>;tag=a\r\nTo: <sip:bob@example.com>\r\n\
                       Call-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:alice@192.0.2.1>\r\n\r\n";
        let request = Message::parse(request.as_bytes()).unwrap();
        let mut bob = Dialog::of_request(&request, "b", PEER).unwrap();
        let bye = text(&bob.request(Method::Bye));
        assert!(bye.starts_with("BYE sip:alice@192.0.2.1 SIP/2.0\r\nRoute: <sip:p2.example.com;lr>\r\nRoute: <sip:p1.example.com;lr>\r\n"), "{bye}");
        assert!(bye.contains("From: <sip:bob@example.com>;tag=b\r\nTo: <sip:alice@example.com>;tag=a"), "{bye}");
        assert_eq!((bob.take(1), bob.take(3), bob.take(2)), (Err(OutOfOrder), Ok(()), Err(OutOfOrder)));
    }

    #[test]
    fn a_strict_router_is_asked_itself() {
        let invite = Draft::request(Method::Invite, "sip:bob@example.com")
            .with(HeaderName::From, "<sip:alice@example.com>;tag=a")
            .with(HeaderName::To, "<sip:bob@example.com>")
            .with(HeaderName::CallId, "c")
            .with(HeaderName::CSeq, "1 INVITE");
        let answer =
            "SIP/2.0 200 OK\r\nRecord-Route: <sip:old.example.com>\r\nTo: <sip:bob@example.com>;tag=b\r\nContact: <sip:bob@192.0.2.4>\r\n\r\n";
        let mut dialog = Dialog::of_answer(&invite, &Message::parse(answer.as_bytes()).unwrap(), PEER).unwrap();
        let bye = text(&dialog.request(Method::Bye));
        assert!(bye.starts_with("BYE sip:old.example.com SIP/2.0\r\nRoute: <sip:bob@192.0.2.4>\r\n"), "{bye}");
    }
}
