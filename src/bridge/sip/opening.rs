//! Opening a line: where the PBX is, the sockets towards it, and the line on them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;

use super::network::{Friends, SipNetwork};
use super::resolve::resolve;
use crate::bridge::link::client_config;
use crate::config::{SipDialBy, SipTransport};
use crate::numbers::Pattern;
use crate::telephony::sip::digest::Credentials;
use crate::telephony::sip::peer::{Peer, Transport};
use crate::telephony::sip::timers::Timers;
use crate::telephony::sip::user_agent::agent::Settings;
use crate::telephony::sip_line::line::{DialBy, LineSettings, SipLine};

/// How often the PBX is asked whether it is there: a restart is noticed within this and the next.
const PING_EVERY: Duration = Duration::from_millis(1500);
/// How long it may take to say so.
const PING_PATIENCE: Duration = Duration::from_millis(1200);

/// What the line needs.
#[derive(Debug, Clone)]
pub struct SipSetup {
    /// Extensions that SIP tells of.
    pub lines: Vec<Pattern>,
    /// There is an account of our own at the PBX: without it nobody is watched.
    pub has_account: bool,
    /// Name or address of the PBX.
    pub server: String,
    /// Its port.
    pub port: Option<u16>,
    /// What carries the messages.
    pub transport: SipTransport,
    /// What addresses at the PBX end with.
    pub domain: String,
    /// Who we are.
    pub credentials: Credentials,
    /// TLS is checked against these.
    pub ca_file: PathBuf,
    /// The PBX is told where we are.
    pub registers: bool,
    /// Where we listen.
    pub listen: SocketAddr,
    /// Before the country code of a number.
    pub dial_prefix: String,
    /// Who calls the debtor.
    pub dial_by: SipDialBy,
    /// Audio of phones in browsers that is not secret is refused.
    pub requires_srtp: bool,
}

/// Everything that is needed to begin.
pub(in crate::bridge) struct Opened {
    pub(in crate::bridge) network: SipNetwork,
    pub(in crate::bridge) friends: Friends,
    pub(in crate::bridge) peers: Vec<Peer>,
    pub(in crate::bridge) local: [SocketAddr; 3],
}

pub(in crate::bridge) async fn opened(setup: SipSetup) -> Result<Box<Opened>, String> {
    let mut peers = resolve(&setup.server, setup.port, setup.transport).await.map_err(|error| error.to_string())?;
    let friends = Friends::default();
    peers.iter().for_each(|peer| friends.insert(peer.addr.ip()));
    let tls = match peers.iter().any(|peer| peer.transport == Transport::Tls) {
        true => {
            let config = client_config(&setup.ca_file).map_err(|why| format!("[sip] ca_file {}: {why}", setup.ca_file.display()))?;
            let name = ServerName::try_from(setup.server.clone()).map_err(|error| format!("[sip] server: {error}"))?;
            Some((Arc::new(config), name))
        }
        false => None,
    };
    let mut network =
        SipNetwork::open(setup.listen, tls, friends.clone()).await.map_err(|error| format!("[sip] listen {}: {error}", setup.listen))?;
    let (at, ours) = first_reached(&mut network, &peers).await?;
    peers.rotate_left(at);
    Ok(Box::new(Opened { network, friends, peers, local: [ours; 3] }))
}

/// The first address that can be reached, and our end of the way to it.
async fn first_reached(network: &mut SipNetwork, peers: &[Peer]) -> Result<(usize, SocketAddr), String> {
    let mut why = "the PBX has no address".to_owned();
    for (at, peer) in peers.iter().enumerate() {
        match network.reach(*peer).await {
            Ok(ours) => return Ok((at, ours)),
            Err(error) => why = format!("the PBX at {peer} is not reached: {error}. Check [sip] server, port and transport"),
        }
    }
    Err(why)
}

/// The line on these sockets.
pub(in crate::bridge) fn line_of(setup: &SipSetup, opened: Opened, technology: &str, run: u64) -> Option<(SipLine, Opened)> {
    let settings = LineSettings {
        user: setup.credentials.username.clone(),
        domain: setup.domain.clone(),
        credentials: setup.credentials.clone(),
        peer: *opened.peers.first()?,
        registers: setup.registers && setup.has_account,
        technology: technology.to_owned(),
        prefix: setup.dial_prefix.clone(),
        dial_by: match setup.dial_by {
            SipDialBy::Invite => DialBy::Invite,
            SipDialBy::Refer => DialBy::Refer,
        },
        run,
        requires_srtp: setup.requires_srtp,
    };
    let agent = Settings {
        name: concat!("Belbrug/", env!("CARGO_PKG_VERSION")).to_owned(),
        local: opened.local,
        timers: Timers::default(),
        ping_every: PING_EVERY,
        ping_patience: PING_PATIENCE,
    };
    let [ours, ..] = opened.local;
    let line = SipLine::new(settings, agent, ours.ip(), rand::random());
    Some((line, opened))
}
