//! Looks whether a line would work: what `belbrug doctor` asks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::network::Arrived;
use super::opening::{SipSetup, line_of, opened};
use crate::clock::{Clock, SystemClock};
use crate::ids::Extension;
use crate::telephony::sip::peer::Peer;
use crate::telephony::sip::user_agent::event::Failure;
use crate::telephony::sip_line::line::Told;

/// What was found.
#[derive(Debug)]
pub struct Examined {
    /// Where the PBX is.
    pub peer: Peer,
    /// Whether it knows us, or why not.
    pub known: Result<(), String>,
    /// Each phone: whether we may watch it, or why not. One that is not here said nothing.
    pub phones: BTreeMap<Extension, Result<(), Failure>>,
    /// By how many seconds its clock is ahead of ours, where it tells its time.
    pub clock_ahead: Option<f64>,
}

/// Registers and subscribes as the service would, and says goodbye.
///
/// # Errors
/// When the PBX cannot even be spoken to.
#[expect(clippy::cast_precision_loss, reason = "seconds, to a tenth")]
pub async fn examine(setup: &SipSetup, extensions: &BTreeSet<Extension>, patience: Duration) -> Result<Examined, String> {
    let opened = opened(setup.clone()).await?;
    let peer = *opened.peers.first().ok_or("the PBX has no address")?;
    let (mut line, mut opened) = line_of(setup, *opened, "PJSIP", 0).ok_or("the PBX has no address")?;
    let mut found = Examined { peer, known: Err("it did not answer".to_owned()), phones: BTreeMap::new(), clock_ahead: None };
    let deadline = Instant::now() + patience;
    line.start(Instant::now());
    line.watch_only(Instant::now(), extensions);
    let mut is_registered = !setup.registers;
    while Instant::now() < deadline && (!is_registered || found.known.is_err() || found.phones.len() < extensions.len()) {
        while let Some(transmit) = line.poll_transmit() {
            opened.network.send(transmit);
        }
        while let Some(told) = line.poll_told() {
            match told {
                Told::Up => found.known = Ok(()),
                Told::Down(why) => found.known = Err(why),
                Told::Registered(theirs) => {
                    is_registered = true;
                    found.clock_ahead = theirs.map(|theirs| (theirs.0 - SystemClock.now().0) as f64 / 1e6);
                }
                Told::Phone(extension, state) => {
                    found.phones.insert(extension, state);
                }
                Told::Pbx(_) | Told::Audio(_) | Told::OwnPhone(_) => {}
            }
        }
        let due = line.next_timeout().unwrap_or(deadline).min(deadline);
        tokio::select! {
            arrived = opened.network.arrived() => match arrived {
                Arrived::Message(from, bytes) => line.handle(Instant::now(), from, &bytes),
                Arrived::Connected(peer, local) => line.set_local(peer.transport, local),
                Arrived::Failed(peer, why) => {
                    found.known = Err(why);
                    line.transport_failed(Instant::now(), peer);
                }
                Arrived::Accepted(..) => {}
            },
            () = tokio::time::sleep_until(due.into()) => line.handle_timeout(Instant::now()),
        }
    }
    line.stop(Instant::now());
    while let Some(transmit) = line.poll_transmit() {
        opened.network.send(transmit);
    }
    Ok(found)
}
