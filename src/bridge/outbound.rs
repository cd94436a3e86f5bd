//! The live connection: bytes in, events out; commands in, bytes out.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::link::Socket;
use crate::clock::Timestamp;
use crate::ids::{AgentId, CallId};
use crate::measure::Received;
use crate::telephony::ami::frame::FrameBuffer;
use crate::telephony::ami::pace::Pace;
use crate::telephony::ami::session::{Account, Heard, Session, SessionError};
use crate::telephony::pbx::command::{Command, SnapshotPart};
use crate::telephony::pbx::event::Event;
use crate::telephony::pbx::from_ami;
use crate::telephony::pbx::recording::RecordingHeard;
use crate::telephony::pbx::to_ami::{self, DialSettings};

/// Bytes that are taken from the socket at once, at least: small enough to stay in the processor's cache.
const READ_BYTES: usize = 64 * 1024;
/// A PBX that does not take our few bytes within this time is gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// What was asked, so that its answer finds its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// To ring an agent's phone, then a number.
    Dial(CallId),
    /// To hang up.
    HangUp,
    /// To pause, resume or stop a recording.
    Recording,
    /// What there is now.
    Snapshot(SnapshotPart),
    Queue(AgentId, String),
}

/// Why a connection is given up.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The other end closed it.
    #[error("the PBX closed the connection")]
    Closed,
    /// The socket failed.
    #[error("the connection broke: {0}")]
    Io(#[from] std::io::Error),
    /// It takes nothing.
    #[error("the PBX does not read what we send")]
    NotReading,
    /// Wrong account.
    #[error("the PBX does not let us in: {0}. Check username and secret in [pbx] against manager.conf, and its permit lines")]
    Refused(String),
    /// The session is of no use.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// No manager port.
    #[error("that port sends no manager protocol. Check [pbx] host and port")]
    NoProtocol,
}

/// What the PBX tells.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one at a time, on the stack: a box would cost every event an allocation")]
pub enum Told<'a> {
    /// Nothing of interest.
    Nothing,
    /// We may ask now.
    SignedIn,
    /// Something happened.
    Event(Event<'a>),
    /// A recording began, paused, went on or stopped.
    Recording(RecordingHeard),
    /// The answer to what was asked.
    Answer {
        /// What was asked.
        asked: Asked,
        /// Whether it is done.
        success: bool,
        /// The PBX's own words.
        message: String,
    },
}

/// A live connection.
#[derive(Debug)]
pub struct Connection {
    /// What came in since it was last counted.
    pub(super) received: Received,
    /// Whether it comes late.
    pub(super) pace: Pace,
    socket: Socket,
    buffer: FrameBuffer,
    pub(super) session: Session<Asked>,
}

impl Connection {
    /// A connection that was made at `now`.
    #[must_use]
    pub fn new(socket: Socket, account: Account, now: Timestamp) -> Self {
        Self { received: Received::default(), pace: Pace::default(), socket, buffer: FrameBuffer::new(), session: Session::new(account, now) }
    }

    /// Takes bytes from the socket; waits until there are some. Cancelled, it has taken none.
    ///
    /// # Errors
    /// When the connection is over.
    pub async fn read(&mut self) -> Result<(), LinkError> {
        let spare = self.buffer.spare();
        spare.reserve(READ_BYTES);
        match self.socket.read_buf(spare).await? {
            0 => Err(LinkError::Closed),
            bytes => {
                self.received.bytes += bytes as u64;
                Ok(())
            }
        }
    }

    /// What the bytes that are there tell next; `None` until more are read.
    ///
    /// # Errors
    /// When the connection is of no use any more.
    pub fn next(&mut self, now: Timestamp) -> Result<Option<Told<'_>>, LinkError> {
        if self.session.awaits_greeting() {
            match self.buffer.greeting().map_err(|_| LinkError::NoProtocol)? {
                Some(greeting) => self.session.handle_greeting(now, &greeting)?,
                None => return Ok(None),
            }
        }
        let Some(frame) = self.buffer.next_frame() else { return Ok(None) };
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => {
                self.received.unreadable += 1;
                tracing::warn!(%error, "the PBX sent a frame that we cannot read");
                return Ok(Some(Told::Nothing));
            }
        };
        self.received.frames += 1;
        Ok(Some(match self.session.handle_frame(now, frame)? {
            Heard::Event(frame) => match from_ami::translate(frame) {
                Some(event) => {
                    self.received.events += 1;
                    if let Some(at) = event.at {
                        self.pace.heard(now, at);
                    }
                    Told::Event(event)
                }
                None => from_ami::recording(frame).map_or(Told::Nothing, Told::Recording),
            },
            Heard::SignedIn => Told::SignedIn,
            Heard::Refused { reason } => return Err(LinkError::Refused(reason)),
            Heard::Answer { tag, success, frame } => {
                Told::Answer { asked: tag, success, message: frame.text("Message").unwrap_or_default().into_owned() }
            }
            Heard::Nothing => Told::Nothing,
        }))
    }

    /// Asks what there is now.
    ///
    /// # Errors
    /// When too many answers are outstanding.
    pub fn ask_for(&mut self, part: SnapshotPart, settings: &DialSettings) -> Result<(), LinkError> {
        let action = to_ami::translate(&Command::Snapshot(part), settings).map_err(SessionError::from)?;
        Ok(self.session.ask(action, Asked::Snapshot(part))?)
    }

    /// Sends what the session has to send.
    ///
    /// # Errors
    /// When the PBX does not take it.
    pub async fn flush(&mut self) -> Result<(), LinkError> {
        while let Some(bytes) = self.session.poll_transmit() {
            tokio::time::timeout(WRITE_TIMEOUT, self.socket.write_all(&bytes)).await.map_err(|_| LinkError::NotReading)??;
        }
        Ok(())
    }
}
