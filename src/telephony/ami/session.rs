//! One manager session, without a socket: greeting, sign-in, the pairing of answers with what was asked, and the
//! pings that notice a half-open line.
//!
//! ```text
//! Greeting -> Challenge -> SigningIn -> SignedIn
//!     |            \___________|
//!     +-> Refused (the owner closes the connection and says why)
//! ```

use std::collections::BTreeMap;
use std::collections::VecDeque;

use md5::{Digest, Md5};

use super::action::{Action, ActionError};
use super::frame::{Frame, text};
use crate::clock::Timestamp;
use crate::personal::Personal;

/// Answers that are outstanding at most; more means that the PBX does not answer.
pub const PENDING_MAX: usize = 256;
/// Silence after which we ask the PBX whether it is still there.
const PING_SECONDS: i64 = 5;
/// Silence after which the PBX counts as gone.
const SILENCE_SECONDS_MAX: i64 = 12;
/// A sign-in that takes longer has failed.
const SIGN_IN_SECONDS_MAX: i64 = 10;

/// How the session signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The section of `manager.conf`.
    pub username: String,
    /// Its `secret`.
    pub secret: Personal<String>,
    /// Send the secret as it is instead of by MD5 challenge. Only over TLS, or when the config says so.
    pub plain: bool,
}

/// What the session tells its owner. `T` is whatever the owner wants back with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Heard<'a, T> {
    /// Nothing of interest.
    Nothing,
    /// We may ask now.
    SignedIn,
    /// The PBX does not let us in; trying again will not help before the config changes.
    Refused {
        /// The PBX's own words.
        reason: String,
    },
    /// The answer to what was asked.
    Answer {
        /// What [`Session::ask`] was given.
        tag: T,
        /// `Response: Success`.
        success: bool,
        /// The whole answer; `Message` has the PBX's own words.
        frame: Frame<'a>,
    },
    /// An event.
    Event(Frame<'a>),
}

/// Why the session is of no use any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// The other end did not greet as a manager port does.
    #[error("that port is no Asterisk manager: it said {greeting:?}. Check [pbx] host and port")]
    NoManager {
        /// The first line, cut.
        greeting: String,
    },
    /// Nothing was heard for too long.
    #[error("nothing was heard from the PBX for {SILENCE_SECONDS_MAX} s")]
    Silent,
    /// Sign-in took too long.
    #[error("the PBX did not answer the sign-in within {SIGN_IN_SECONDS_MAX} s")]
    SignInTimeout,
    /// Too many answers are outstanding.
    #[error("the PBX has left {PENDING_MAX} actions without an answer")]
    TooManyPending,
    /// The action cannot be sent.
    #[error(transparent)]
    Action(#[from] ActionError),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Greeting,
    Challenge,
    SigningIn,
    SignedIn,
    Refused,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pending<T> {
    Challenge,
    Login,
    Ping,
    Asked(T),
}

/// The session of one connection.
#[derive(Debug)]
pub struct Session<T> {
    account: Account,
    state: State,
    started: Timestamp,
    heard: Timestamp,
    pinged: bool,
    next_id: u64,
    pending: BTreeMap<u64, Pending<T>>,
    outgoing: VecDeque<Vec<u8>>,
}

impl<T> Session<T> {
    /// A session on a connection that was made at `now`.
    #[must_use]
    pub fn new(account: Account, now: Timestamp) -> Self {
        Self {
            account,
            state: State::Greeting,
            started: now,
            heard: now,
            pinged: false,
            next_id: 1,
            pending: BTreeMap::new(),
            outgoing: VecDeque::new(),
        }
    }

    /// The greeting is awaited: the owner reads a line, not a frame.
    #[must_use]
    pub fn awaits_greeting(&self) -> bool {
        self.state == State::Greeting
    }

    /// Whether actions can be sent.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        self.state == State::SignedIn
    }

    /// The first line of the connection.
    ///
    /// # Errors
    /// When it is not a manager's greeting.
    pub fn handle_greeting(&mut self, now: Timestamp, greeting: &str) -> Result<(), SessionError> {
        self.heard = now;
        if !greeting.contains("Call Manager/") {
            return Err(SessionError::NoManager { greeting: greeting.chars().take(60).collect() });
        }
        if self.account.plain {
            self.state = State::SigningIn;
            let login = Action::new("Login").field("Username", &self.account.username)?.field("Secret", self.account.secret.reveal())?;
            self.send(login, Pending::Login)
        } else {
            self.state = State::Challenge;
            self.send(Action::new("Challenge").field("AuthType", "MD5")?, Pending::Challenge)
        }
    }

    /// A frame of the connection.
    ///
    /// # Errors
    /// When an answer asks for an action that cannot be sent.
    pub fn handle_frame<'a>(&mut self, now: Timestamp, frame: Frame<'a>) -> Result<Heard<'a, T>, SessionError> {
        self.heard = now;
        self.pinged = false;
        if frame.event().is_some() {
            return Ok(if self.is_signed_in() { Heard::Event(frame) } else { Heard::Nothing });
        }
        let Some(response) = frame.response() else { return Ok(Heard::Nothing) };
        let success = response != b"Error";
        let id = frame.get("ActionID").and_then(|id| text(id).parse::<u64>().ok());
        match id.and_then(|id| self.pending.remove(&id)) {
            Some(Pending::Challenge) if success => self.answer_challenge(frame).map(|()| Heard::Nothing),
            Some(Pending::Login) if success => {
                self.state = State::SignedIn;
                Ok(Heard::SignedIn)
            }
            Some(Pending::Challenge | Pending::Login) => {
                self.state = State::Refused;
                Ok(Heard::Refused { reason: frame.text("Message").unwrap_or_default().into_owned() })
            }
            Some(Pending::Asked(tag)) => Ok(Heard::Answer { tag, success, frame }),
            Some(Pending::Ping) | None => Ok(Heard::Nothing),
        }
    }

    /// MD5 of challenge and secret, in hexadecimal (Asterisk documentation, AMI action Challenge).
    fn answer_challenge(&mut self, frame: Frame<'_>) -> Result<(), SessionError> {
        let challenge = frame.get("Challenge").unwrap_or_default();
        let mut md5 = Md5::new();
        md5.update(challenge);
        md5.update(self.account.secret.reveal().as_bytes());
        self.state = State::SigningIn;
        let login =
            Action::new("Login").field("AuthType", "MD5")?.field("Username", &self.account.username)?.field("Key", &hex::encode(md5.finalize()))?;
        self.send(login, Pending::Login)
    }

    /// Sends an action; its answer comes back with `tag`.
    ///
    /// # Errors
    /// When too many answers are outstanding.
    pub fn ask(&mut self, action: Action, tag: T) -> Result<(), SessionError> {
        self.send(action, Pending::Asked(tag))
    }

    fn send(&mut self, action: Action, pending: Pending<T>) -> Result<(), SessionError> {
        if self.pending.len() >= PENDING_MAX {
            return Err(SessionError::TooManyPending);
        }
        let id = self.next_id;
        self.next_id += 1;
        self.pending.insert(id, pending);
        self.outgoing.push_back(action.into_bytes(id));
        Ok(())
    }

    /// Bytes for the socket, until `None`.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.outgoing.pop_front()
    }

    /// Call at least once a second.
    ///
    /// # Errors
    /// When the PBX has been silent for too long.
    pub fn handle_timeout(&mut self, now: Timestamp) -> Result<(), SessionError> {
        if self.state != State::SignedIn {
            return if now >= self.started.plus_seconds(SIGN_IN_SECONDS_MAX) { Err(SessionError::SignInTimeout) } else { Ok(()) };
        }
        if now >= self.heard.plus_seconds(SILENCE_SECONDS_MAX) {
            return Err(SessionError::Silent);
        }
        if now >= self.heard.plus_seconds(PING_SECONDS) && !self.pinged {
            self.pinged = true;
            return self.send(Action::new("Ping"), Pending::Ping);
        }
        Ok(())
    }

    /// What was asked and not answered; the owner tells those who wait.
    pub fn into_unanswered(self) -> impl Iterator<Item = T> {
        self.pending.into_values().filter_map(|p| match p {
            Pending::Asked(tag) => Some(tag),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Timestamp = Timestamp(0);

    fn session(plain: bool) -> Session<&'static str> {
        let account = Account { username: "belbrug".into(), secret: "mysecret".to_owned().into(), plain };
        let mut session = Session::new(account, T0);
        session.handle_greeting(T0, "Asterisk Call Manager/9.0.0").unwrap();
        session
    }

    fn sent(session: &mut Session<&'static str>) -> String {
        String::from_utf8(session.poll_transmit().unwrap()).unwrap()
    }

    fn signed_in() -> Session<&'static str> {
        let mut s = session(false);
        sent(&mut s);
        assert_eq!(s.handle_frame(T0, Frame::of(b"Response: Success\r\nActionID: 1\r\nChallenge: 131643721")), Ok(Heard::Nothing));
        let login = sent(&mut s);
        assert!(!login.contains("mysecret"));
        // md5("131643721" + "mysecret"), by md5sum.
        assert!(login.contains("Key: 476e15143e146a1a27b74f9663ac0849\r\n"), "as md5sum says");
        assert_eq!(s.handle_frame(T0, Frame::of(b"Response: Success\r\nActionID: 2\r\nMessage: Authentication accepted")), Ok(Heard::SignedIn));
        s
    }

    #[test]
    fn signs_in_by_challenge_and_pairs_answers() {
        let mut s = signed_in();
        s.ask(Action::new("Originate"), "first").unwrap();
        s.ask(Action::new("Originate"), "second").unwrap();
        assert!(sent(&mut s).contains("ActionID: 3\r\n"));
        let frame = Frame::of(b"Response: Error\r\nActionID: 4\r\nMessage: No such channel");
        assert_eq!(s.handle_frame(T0, frame), Ok(Heard::Answer { tag: "second", success: false, frame }));
        let answer = s.handle_frame(T0, Frame::of(b"Response: Error\r\nActionID: 4\r\nMessage: again"));
        assert_eq!(answer, Ok(Heard::Nothing), "an answer is given once");
        assert_eq!(s.into_unanswered().collect::<Vec<_>>(), ["first"]);
    }

    #[test]
    fn a_wrong_secret_is_refused_in_the_pbx_s_words() {
        let mut s = session(true);
        assert!(sent(&mut s).contains("Secret: mysecret"), "plain, since the config says so");
        let heard = s.handle_frame(T0, Frame::of(b"Response: Error\r\nActionID: 1\r\nMessage: Authentication failed"));
        assert_eq!(heard, Ok(Heard::Refused { reason: "Authentication failed".into() }));
    }

    #[test]
    fn another_kind_of_server_is_named() {
        let mut s = Session::<()>::new(Account { username: "b".into(), secret: String::new().into(), plain: false }, T0);
        assert!(matches!(s.handle_greeting(T0, "SSH-2.0-OpenSSH_9.2"), Err(SessionError::NoManager { .. })));
    }

    #[test]
    fn silence_is_pinged_and_then_an_error() {
        let mut s = signed_in();
        assert_eq!(s.handle_timeout(T0.plus_seconds(4)), Ok(()));
        assert!(s.poll_transmit().is_none());
        assert_eq!(s.handle_timeout(T0.plus_seconds(5)), Ok(()));
        assert!(sent(&mut s).starts_with("Action: Ping\r\n"));
        assert_eq!(s.handle_timeout(T0.plus_seconds(6)), Ok(()));
        assert!(s.poll_transmit().is_none(), "one ping is enough");
        assert_eq!(s.handle_timeout(T0.plus_seconds(12)), Err(SessionError::Silent));
    }

    #[test]
    fn a_sign_in_that_hangs_ends() {
        let mut s = session(false);
        assert_eq!(s.handle_timeout(T0.plus_seconds(10)), Err(SessionError::SignInTimeout));
    }
}
