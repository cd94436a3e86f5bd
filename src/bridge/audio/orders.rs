//! What the engine is ordered, and what it tells.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};

use tokio::sync::oneshot;

use super::ports::Sockets;
use crate::desk::hub::{AudioAnswer, AudioOffer};
use crate::desk::phone::Quality;
use crate::ids::{AgentId, CallId};
use crate::telephony::media::digits::Digit;
use crate::telephony::media::quality::CallQuality;
use crate::telephony::pbx::recording::RecordingChange;
use crate::telephony::softphone::call::Flow;

/// Orders that wait, at most; the engine takes them within a millisecond.
pub const ORDERS_MAX: usize = 1024;
/// What was told and is not heard yet, at most.
pub const TOLD_MAX: usize = 1024;

/// What the engine is to do.
#[derive(Debug)]
pub enum Order {
    /// There is a call of this agent, and its audio comes here.
    Open {
        /// The call.
        call: CallId,
        /// Whose.
        agent: AgentId,
        /// Where.
        sockets: Sockets,
    },
    /// It goes so from now on.
    Flow(CallId, Box<Flow>),
    /// It is over.
    Close(CallId),
    /// A page wants to be heard.
    Offer(AudioOffer, oneshot::Sender<AudioAnswer>),
    /// Nobody is at this agent's page any more.
    SignedOut(AgentId),
    /// Let an agent who is in no call hear himself, a second later, for a while.
    Echo(AgentId),
    /// Press these keys.
    Keys(CallId, Vec<Digit>),
    /// Record it, pause that, go on, or end it.
    Record(CallId, RecordingChange),
}

/// What the engine tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// This page of the agent is heard, and hears.
    Connected(AgentId, String),
    /// No page of the agent is heard any more.
    Gone(AgentId),
    /// How a call is heard now.
    Marked(CallId, Quality),
    /// How a call that is over was heard.
    Measured(CallId, CallQuality),
    /// What was ordered of a recording is done.
    Recording(CallId, RecordingChange),
    /// Nobody was at the page for so long that the other end need not wait longer.
    WaitedInVain(CallId),
}

/// The way to the engine.
#[derive(Clone)]
pub struct Orders {
    pub(super) line: SyncSender<Order>,
    pub(super) waker: Arc<mio::Waker>,
}

impl Orders {
    /// Orders something; what there is no room for comes back.
    ///
    /// # Errors
    /// When there is no room for it now.
    pub fn send(&self, order: Order) -> Result<(), Order> {
        let sent = self.line.try_send(order);
        let _ = self.waker.wake();
        sent.map_err(|error| match error {
            TrySendError::Full(order) | TrySendError::Disconnected(order) => order,
        })
    }
}

impl fmt::Debug for Orders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Orders")
    }
}
