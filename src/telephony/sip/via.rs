//! The way that a message came (RFC 3261, 20.42): each hop with its transport, where it wants the answer, and its branch.

use core::net::{IpAddr, SocketAddr};
use std::borrow::Cow;
use std::fmt::{self, Write as _};

use super::cursor::{self, Cursor, Malformed, Params, is_token};
use super::uri::Host;

/// The branch of a transaction by RFC 3261 begins with this; any other is of RFC 2543.
pub const MAGIC_COOKIE: &str = "z9hG4bK";

/// One hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Via<'a> {
    /// `UDP`, `TCP`, `TLS`, `WSS` ... as it is written.
    pub transport: &'a str,
    /// The sender, as it calls itself.
    pub host: Host<'a>,
    /// Its port; the transport's own when not said.
    pub port: Option<u16>,
    /// `branch`, `received`, `rport`, `maddr`, `ttl` ...
    pub params: Params<'a>,
}

impl<'a> Via<'a> {
    /// Reads one hop of a list, up to its comma.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(cursor: &mut Cursor<'a>) -> Result<Self, Malformed> {
        cursor.space();
        let protocol = cursor.token()?;
        cursor.eat('/')?;
        let version = cursor.token()?;
        cursor.eat('/')?;
        if !protocol.eq_ignore_ascii_case("SIP") || version != "2.0" {
            return Err(Malformed);
        }
        let transport = cursor.token()?;
        let before = cursor.rest().len();
        cursor.space();
        if cursor.rest().len() == before {
            return Err(Malformed);
        }
        let host = cursor.run(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'[' | b']' | b':'))?;
        let (host, mut port) = Host::with_port(host)?;
        // White space may stand around the colon.
        if port.is_none() && cursor.eats(':') {
            port = Some(cursor.run(|byte| byte.is_ascii_digit())?.parse().map_err(|_| Malformed)?);
        }
        Ok(Self { transport, host, port, params: Params::read(cursor)? })
    }

    /// The hop with where it really is (RFC 3261, 18.2.1; RFC 3581): its address where it calls itself otherwise or asks for it, and
    /// its port where it asks for that.
    #[must_use]
    pub fn stamped(&self, from: SocketAddr) -> String {
        let mut text = self.sender();
        let is_stamp = |name: &str| name.eq_ignore_ascii_case("received") || name.eq_ignore_ascii_case("rport");
        for (name, value) in self.params.iter().filter(|(name, _)| !is_stamp(name)) {
            let _ = match value {
                Some(value) if value.bytes().all(is_token) => write!(text, ";{name}={value}"),
                Some(value) => write!(text, ";{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
                None => write!(text, ";{name}"),
            };
        }
        let asks = self.params.get("rport").is_some();
        let is_elsewhere = match self.host {
            Host::V4(address) => IpAddr::V4(address) != from.ip(),
            Host::V6(address) => IpAddr::V6(address) != from.ip(),
            Host::Name(_) => true,
        };
        if asks || is_elsewhere {
            let _ = write!(text, ";received={}", from.ip());
        }
        if asks {
            let _ = write!(text, ";rport={}", from.port());
        }
        text
    }

    fn sender(&self) -> String {
        let port = self.port.map_or_else(String::new, |port| format!(":{port}"));
        format!("SIP/2.0/{} {}{port}", self.transport, self.host)
    }

    /// Where an answer goes that cannot go back over a connection (18.2.2; RFC 3581, 4).
    #[must_use]
    pub fn answers_to(&self, from: SocketAddr) -> SocketAddr {
        let port = if self.params.get("rport").is_some() { from.port() } else { self.port.unwrap_or(5060) };
        SocketAddr::new(from.ip(), port)
    }

    /// The transaction at the hop that sent it.
    #[must_use]
    pub fn branch(&self) -> Option<Cow<'a, str>> {
        self.params.get("branch")
    }
}

impl fmt::Display for Via<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.sender(), self.params)
    }
}

/// The last hop alone; the others are not looked at.
///
/// # Errors
/// When it is none.
pub fn first(text: &str) -> Result<Via<'_>, Malformed> {
    Via::read(&mut Cursor::new(text))
}

/// Every hop, the last one first.
///
/// # Errors
/// When one is none.
pub fn list(text: &str) -> Result<Vec<Via<'_>>, Malformed> {
    cursor::list(text, Via::read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_with_space_wherever_the_grammar_allows_it() {
        let text = "SIP  / 2.0  / TCP     spindle.example.com   ;  branch  =   z9hG4bK9ikj8  , SIP  /    2.0   / UDP  192.168.255.111   ; branch= z9hG4bK30239,\
                    SIP/2.0/TLS [2001:db8::9:1]:5061;received=[2001:db8::9:255];rport;branch=z9hG4bKas3";
        let hops = list(text).unwrap();
        let told: Vec<_> = hops.iter().map(|via| (via.transport, via.host.to_string(), via.port, via.branch().unwrap())).collect();
        let hop = |transport, host: &str, port, branch: &str| (transport, host.to_owned(), port, Cow::Owned(branch.to_owned()));
        assert_eq!(
            told,
            [
                hop("TCP", "spindle.example.com", None, "z9hG4bK9ikj8"),
                hop("UDP", "192.168.255.111", None, "z9hG4bK30239"),
                hop("TLS", "[2001:db8::9:1]", Some(5061), "z9hG4bKas3")
            ]
        );
        assert_eq!((hops[2].params.get("rport").as_deref(), hops[2].params.get("received").as_deref()), (Some(""), Some("[2001:db8::9:255]")));
        assert_eq!(list("SIP/2.0/UDP host : 5060;branch=x").unwrap()[0].port, Some(5060));
    }

    #[test]
    fn a_hop_is_stamped_with_where_it_really_is() {
        let from: SocketAddr = "192.0.2.7:41000".parse().unwrap();
        for (hop, stamped, port) in [
            ("SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1", "SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1", 5060),
            ("SIP/2.0/UDP 10.0.0.1;rport;branch=z9hG4bK1", "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1;received=192.0.2.7;rport=41000", 41000),
            ("SIP/2.0/UDP phone:5070;x=\"a;b\";received=9.9.9.9", "SIP/2.0/UDP phone:5070;x=\"a;b\";received=192.0.2.7", 5070),
        ] {
            let via = first(hop).unwrap();
            assert_eq!((via.stamped(from).as_str(), via.answers_to(from).port()), (stamped, port));
        }
    }

    #[test]
    fn what_is_no_hop() {
        for wrong in [
            "",
            "SIP/2.0",
            "SIP/2.0/UDP",
            "SIP/2.0/UDPhost",
            "SIP/7.0/UDP host",
            "HTTP/2.0/UDP host",
            "SIP/2.0/UDP host:0x",
            "SIP/2.0/UDP 2001:db8::9:1",
        ] {
            assert_eq!(list(wrong), Err(Malformed), "{wrong}");
        }
    }
}
