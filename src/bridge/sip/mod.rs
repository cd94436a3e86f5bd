//! SIP as sockets: datagrams, connections, TLS, and where a PBX is that is named.

pub mod examine;
pub mod network;
pub mod opening;
pub mod resolve;
