//! SIP as sockets: datagrams, connections, TLS, and where a PBX is that is named.

pub mod network;
pub mod resolve;
