//! Where messages come from and go to.

use core::net::SocketAddr;
use std::fmt;

/// What carries messages (RFC 3261, 18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams: may be lost, doubled and overtaken, so transactions repeat what is not answered.
    Udp,
    /// A connection.
    Tcp,
    /// A connection that nobody reads along.
    Tls,
}

impl Transport {
    /// As Via names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }

    /// As a URI's `transport` names it; `None` where the scheme or the default says it.
    #[must_use]
    pub const fn param(self) -> Option<&'static str> {
        match self {
            Self::Udp => None,
            Self::Tcp => Some("tcp"),
            Self::Tls => Some("tls"),
        }
    }

    /// The transport that a Via or a URI names.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Udp, Self::Tcp, Self::Tls].into_iter().find(|transport| transport.as_str().eq_ignore_ascii_case(name))
    }

    /// Nothing that is sent is lost without a word.
    #[must_use]
    pub const fn is_reliable(self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// The port where none is said (RFC 3261, 19.1.2).
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One end of the way: an address, and what carries messages to it. For a connection the address names the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Peer {
    /// What carries messages.
    pub transport: Transport,
    /// The other end.
    pub addr: SocketAddr,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.transport.as_str().to_ascii_lowercase(), self.addr)
    }
}

/// Bytes that are to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// To whom.
    pub to: Peer,
    /// What: one whole message.
    pub bytes: Vec<u8>,
}
