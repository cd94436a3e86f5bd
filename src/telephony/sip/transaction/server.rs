//! A request that we got.

use std::collections::VecDeque;
use std::time::Instant;

use super::layer::{Expired, Repeat};
use crate::telephony::sip::draft::Draft;
use crate::telephony::sip::method::Method;
use crate::telephony::sip::peer::{Peer, Transmit};
use crate::telephony::sip::timers::{Timer, Timers};

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It is being worked on (Trying, Proceeding).
    Proceeding,
    /// It was refused, or answered, of a non-INVITE.
    Completed,
    /// The INVITE's refusal was acknowledged.
    Confirmed,
    /// The INVITE was accepted, and the answer goes out again until it is acknowledged (13.3.1.4).
    Accepted,
    /// And it was.
    Acknowledged,
}

/// One request that we got.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) method: Method,
    from: Peer,
    last: Option<Vec<u8>>,
    state: State,
    repeat: Option<Repeat>,
    deadline: Option<Instant>,
}

impl Server {
    pub(super) const fn new(method: Method, from: Peer) -> Self {
        Self { method, from, last: None, state: State::Proceeding, repeat: None, deadline: None }
    }

    pub(super) const fn is_answered(&self) -> bool {
        !matches!(self.state, State::Proceeding)
    }

    /// Answers. A second final answer is not sent.
    pub(super) fn respond(&mut self, now: Instant, timers: &Timers, draft: &Draft, out: &mut VecDeque<Transmit>) {
        if self.is_answered() {
            return;
        }
        let bytes = draft.bytes();
        out.push_back(Transmit { to: self.from, bytes: bytes.clone() });
        self.last = Some(bytes);
        let is_reliable = self.from.transport.is_reliable();
        let status = draft.status().unwrap_or(500);
        let deadline = match (self.method, status) {
            (_, ..200) => return,
            (Method::Invite, ..300) => {
                self.state = State::Accepted;
                // Also over a connection: a proxy behind it may lose it (13.3.1.4).
                self.repeat = Some(Repeat::new(now, timers, Timer::G));
                Timer::L
            }
            (Method::Invite, _) => {
                self.state = State::Completed;
                self.repeat = (!is_reliable).then(|| Repeat::new(now, timers, Timer::G));
                Timer::H
            }
            _ => {
                self.state = State::Completed;
                Timer::J
            }
        };
        self.deadline = Some(now + timers.first(deadline, is_reliable));
    }

    /// The request came again.
    pub(super) fn again(&self, out: &mut VecDeque<Transmit>) {
        let repeats = matches!(self.state, State::Proceeding | State::Completed);
        if let Some(last) = self.last.as_ref().filter(|_| repeats) {
            out.push_back(Transmit { to: self.from, bytes: last.clone() });
        }
    }

    /// The ACK of a refusal; whether it was that.
    pub(super) fn ack(&mut self, now: Instant, timers: &Timers) -> bool {
        if self.state != State::Completed || self.method != Method::Invite {
            return matches!(self.state, State::Confirmed);
        }
        self.state = State::Confirmed;
        self.repeat = None;
        self.deadline = Some(now + timers.first(Timer::I, self.from.transport.is_reliable()));
        true
    }

    /// The ACK of our 2xx came: it belongs to the dialog, which tells us.
    pub(super) fn acknowledged(&mut self) {
        if self.state == State::Accepted {
            self.state = State::Acknowledged;
            self.repeat = None;
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        [self.repeat.as_ref().map(|repeat| repeat.at), self.deadline].into_iter().flatten().min()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, timers: &Timers, out: &mut VecDeque<Transmit>) -> Option<Expired> {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            let is_unacknowledged = self.state == State::Accepted || (self.state == State::Completed && self.method == Method::Invite);
            return Some(if is_unacknowledged { Expired::NoAck } else { Expired::Done });
        }
        if let Some(repeat) = &mut self.repeat
            && repeat.at <= now
        {
            repeat.again(now, timers);
            if let Some(last) = &self.last {
                out.push_back(Transmit { to: self.from, bytes: last.clone() });
            }
        }
        None
    }
}
