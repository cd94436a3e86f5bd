//! The live connection: bytes in, events out; commands in, bytes out.

use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::link::Socket;
use crate::clock::Timestamp;
use crate::ids::{AgentId, CallId};
use crate::telephony::ami::frame::FrameBuffer;
use crate::telephony::ami::session::{Account, Session, SessionError};
use crate::telephony::pbx::command::SnapshotPart;

/// Bytes that are taken from the socket at once, at most.
pub(super) const READ_BYTES_MAX: usize = 256 * 1024;
/// A PBX that does not take our few bytes within this time is gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// What was asked, so that its answer finds its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Dial(CallId),
    HangUp,
    Snapshot(SnapshotPart),
    Queue(AgentId, String),
}

/// Why a connection is given up.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error("the PBX closed the connection")]
    Closed,
    #[error("the connection broke: {0}")]
    Io(#[from] std::io::Error),
    #[error("the PBX does not read what we send")]
    NotReading,
    #[error("the PBX does not let us in: {0}. Check username and secret in [pbx] against manager.conf, and its permit lines")]
    Refused(String),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error("that port sends no manager protocol. Check [pbx] host and port")]
    NoProtocol,
}

/// A live connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) socket: Socket,
    pub(super) buffer: FrameBuffer,
    pub(super) session: Session<Asked>,
}

impl Connection {
    pub(super) fn new(socket: Socket, account: Account, now: Timestamp) -> Self {
        Self { socket, buffer: FrameBuffer::new(), session: Session::new(account, now) }
    }

    /// Sends what the session has to send.
    pub(super) async fn flush(&mut self) -> Result<(), LinkError> {
        while let Some(bytes) = self.session.poll_transmit() {
            tokio::time::timeout(WRITE_TIMEOUT, self.socket.write_all(&bytes)).await.map_err(|_| LinkError::NotReading)??;
        }
        Ok(())
    }
}
