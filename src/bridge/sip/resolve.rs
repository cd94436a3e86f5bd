//! Where a PBX is that is named (RFC 3263): NAPTR says over what, SRV says at which hosts and in which order, and those have
//! addresses. A name without any of that is looked up as it is.

use std::net::{IpAddr, SocketAddr};

use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;
use hickory_resolver::proto::rr::rdata::{NAPTR, SRV};

use crate::config::SipTransport;
use crate::telephony::sip::peer::{Peer, Transport};

/// Addresses of one PBX that are tried, at most.
const PEERS_MAX: usize = 16;

/// Why a PBX was not found.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// No name server.
    #[error("this machine's name servers cannot be asked: {0}")]
    NoResolver(String),
    /// No address.
    #[error("{server} has no address: {why}. Check [sip] server")]
    NoAddress {
        /// The name.
        server: String,
        /// Why.
        why: String,
    },
}

/// Where it is, the first first.
///
/// # Errors
/// When it is nowhere.
pub async fn resolve(server: &str, port: Option<u16>, transport: SipTransport) -> Result<Vec<Peer>, ResolveError> {
    let fixed = match transport {
        SipTransport::Auto => None,
        SipTransport::Udp => Some(Transport::Udp),
        SipTransport::Tcp => Some(Transport::Tcp),
        SipTransport::Tls => Some(Transport::Tls),
    };
    if let Ok(address) = server.trim_matches(['[', ']']).parse::<IpAddr>() {
        let transport = fixed.unwrap_or(Transport::Udp);
        return Ok(vec![Peer { transport, addr: SocketAddr::new(address, port.unwrap_or(transport.default_port())) }]);
    }
    let no_resolver = |error: hickory_resolver::net::NetError| ResolveError::NoResolver(error.to_string());
    let resolver = TokioResolver::builder_tokio().map_err(no_resolver)?.build().map_err(no_resolver)?;
    Ok(Named { resolver, server }.peers(port, fixed).await?.into_iter().take(PEERS_MAX).collect())
}

struct Named<'s> {
    resolver: TokioResolver,
    server: &'s str,
}

impl Named<'_> {
    async fn peers(&self, port: Option<u16>, fixed: Option<Transport>) -> Result<Vec<Peer>, ResolveError> {
        if let Some(port) = port {
            return self.addresses(self.server, port, fixed.unwrap_or(Transport::Udp)).await;
        }
        let services = match fixed {
            Some(transport) => vec![(transport, self.service(transport))],
            None => self.naptr().await,
        };
        let mut peers = Vec::new();
        for (transport, name) in &services {
            for (host, port) in self.srv(name).await {
                peers.extend(self.addresses(&host, port, *transport).await.unwrap_or_default());
            }
        }
        if peers.is_empty() {
            let transport = fixed.unwrap_or(Transport::Udp);
            return self.addresses(self.server, transport.default_port(), transport).await;
        }
        Ok(peers)
    }

    /// `_sip._udp.example.com`
    fn service(&self, transport: Transport) -> String {
        let prefix = match transport {
            Transport::Udp => "_sip._udp",
            Transport::Tcp => "_sip._tcp",
            Transport::Tls => "_sips._tcp",
        };
        format!("{prefix}.{}.", self.server.trim_end_matches('.'))
    }

    /// What the name says that it speaks; where it says nothing, everything that we speak is tried (RFC 3263, 4.1).
    async fn naptr(&self) -> Vec<(Transport, String)> {
        let found = self.resolver.lookup(self.server, hickory_resolver::proto::rr::RecordType::NAPTR).await;
        let records = found.map(|found| found.answers().iter().filter_map(|record| naptr_of(&record.data)).collect::<Vec<_>>()).unwrap_or_default();
        let said = in_order(records);
        if said.is_empty() {
            [Transport::Tls, Transport::Tcp, Transport::Udp].map(|transport| (transport, self.service(transport))).into()
        } else {
            said
        }
    }

    async fn srv(&self, name: &str) -> Vec<(String, u16)> {
        let found = self.resolver.lookup(name, hickory_resolver::proto::rr::RecordType::SRV).await;
        let records = found.map(|found| found.answers().iter().filter_map(|record| srv_of(&record.data)).collect::<Vec<_>>()).unwrap_or_default();
        by_priority(records, |most| rand::random_range(0..=most))
    }

    async fn addresses(&self, host: &str, port: u16, transport: Transport) -> Result<Vec<Peer>, ResolveError> {
        let none = |why: String| ResolveError::NoAddress { server: host.to_owned(), why };
        let found = self.resolver.lookup_ip(host).await.map_err(|error| none(error.to_string()))?;
        let peers: Vec<Peer> = found.iter().map(|address| Peer { transport, addr: SocketAddr::new(address, port) }).collect();
        if peers.is_empty() { Err(none("no address".to_owned())) } else { Ok(peers) }
    }
}

fn naptr_of(data: &RData) -> Option<NAPTR> {
    if let RData::NAPTR(naptr) = data { Some(naptr.clone()) } else { None }
}

fn srv_of(data: &RData) -> Option<SRV> {
    if let RData::SRV(srv) = data { Some(srv.clone()) } else { None }
}

/// The services that we speak, in the order in which the name wants them.
fn in_order(mut records: Vec<NAPTR>) -> Vec<(Transport, String)> {
    records.sort_by_key(|record| (record.order, record.preference));
    let service = |record: &NAPTR| {
        let transport = match record.services.to_ascii_uppercase().as_slice() {
            b"SIP+D2U" => Transport::Udp,
            b"SIP+D2T" => Transport::Tcp,
            b"SIPS+D2T" => Transport::Tls,
            _ => return None,
        };
        record.flags.eq_ignore_ascii_case(b"s").then(|| (transport, record.replacement.to_string()))
    };
    records.iter().filter_map(service).collect()
}

/// Hosts by priority; of the same priority each as often first as its weight says (RFC 2782).
fn by_priority(mut records: Vec<SRV>, mut random: impl FnMut(u32) -> u32) -> Vec<(String, u16)> {
    records.sort_by_key(|record| (record.priority, record.weight));
    let mut hosts = Vec::new();
    while let Some(priority) = records.first().map(|record| record.priority) {
        let same = records.iter().take_while(|record| record.priority == priority).count();
        let total: u32 = records.iter().take(same).map(|record| u32::from(record.weight)).sum();
        let mut left = random(total);
        let at = records.iter().take(same).position(|record| {
            let reached = left <= u32::from(record.weight);
            left = left.saturating_sub(record.weight.into());
            reached
        });
        let record = records.remove(at.unwrap_or(0));
        let host = record.target.to_string();
        // A single dot: the service is decidedly not there.
        if host != "." {
            hosts.push((host, record.port));
        }
    }
    hosts
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::rr::Name;

    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn naptr_says_over_what_in_which_order() {
        let record = |order, preference, flags: &str, services: &str, replacement: &str| {
            NAPTR::new(order, preference, flags.as_bytes().into(), services.as_bytes().into(), Box::new([]), name(replacement))
        };
        let said = in_order(vec![
            record(100, 50, "s", "SIP+D2U", "_sip._udp.example.com."),
            record(90, 50, "s", "SIP+D2T", "_sip._tcp.example.com."),
            record(50, 50, "s", "SIPS+D2T", "_sips._tcp.example.com."),
            record(10, 10, "u", "E2U+sip", "."),
        ]);
        let transports: Vec<Transport> = said.iter().map(|(transport, _)| *transport).collect();
        assert_eq!(transports, [Transport::Tls, Transport::Tcp, Transport::Udp]);
        assert_eq!(said[0].1, "_sips._tcp.example.com.");
    }

    #[test]
    fn srv_is_taken_by_priority_and_then_by_weight() {
        let record = |priority, weight, target: &str| SRV::new(priority, weight, 5060, name(target));
        let records = || vec![record(20, 0, "c."), record(10, 30, "b."), record(10, 10, "a."), record(30, 0, ".")];
        let hosts = |random: u32| by_priority(records(), |most| random.min(most)).into_iter().map(|(host, _)| host).collect::<Vec<_>>();
        assert_eq!(hosts(0), ["a.", "b.", "c."]);
        assert_eq!(hosts(40), ["b.", "a.", "c."]);
    }

    #[tokio::test]
    async fn a_name_is_looked_up() {
        let peers = resolve("localhost", Some(5080), SipTransport::Tcp).await.unwrap();
        assert!(peers.iter().any(|peer| peer.transport == Transport::Tcp && peer.addr == "127.0.0.1:5080".parse().unwrap()), "{peers:?}");
    }

    #[tokio::test]
    async fn an_address_is_not_looked_up() {
        let peers = resolve("127.0.0.1", None, SipTransport::Tls).await.unwrap();
        assert_eq!(peers, [Peer { transport: Transport::Tls, addr: "127.0.0.1:5061".parse().unwrap() }]);
        let peers = resolve("::1", Some(5080), SipTransport::Auto).await.unwrap();
        assert_eq!(peers[0].addr, "[::1]:5080".parse().unwrap());
    }
}
