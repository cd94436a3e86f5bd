//! The way that a message came (RFC 3261, 20.42): each hop with its transport, where it wants the answer, and its branch.

use std::borrow::Cow;

use super::cursor::{self, Cursor, Malformed, Params};
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

    /// The transaction at the hop that sent it.
    #[must_use]
    pub fn branch(&self) -> Option<Cow<'a, str>> {
        self.params.get("branch")
    }
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
