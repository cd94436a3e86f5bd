//! A request that we sent.

use std::collections::VecDeque;
use std::time::Instant;

use super::layer::{Due, Expired, Repeat};
use crate::telephony::sip::draft::Draft;
use crate::telephony::sip::method::Method;
use crate::telephony::sip::peer::{Peer, Transmit};
use crate::telephony::sip::timers::{Timer, Timers};

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing was heard yet (Calling; Trying of a non-INVITE).
    Asking,
    /// It is being worked on.
    Proceeding,
    /// It was refused; or answered, of a non-INVITE.
    Completed,
    /// The INVITE was accepted: further 2xx may come, from further forks.
    Accepted,
}

/// Whether an INVITE is to be taken back. No CANCEL is sent before something was heard (9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cancel {
    No,
    Wanted,
    Sent,
}

/// One request that we sent.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) method: Method,
    to: Peer,
    draft: Draft,
    bytes: Vec<u8>,
    ack: Option<Vec<u8>>,
    state: State,
    cancel: Cancel,
    repeat: Option<Repeat>,
    deadline: Option<Instant>,
}

/// What an answer is to whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// News.
    New,
    /// It came again, or too late.
    Known,
    /// News, and the INVITE is now to be taken back by a transaction of its own.
    NewAndCancel,
}

impl Client {
    pub(super) fn new(now: Instant, timers: &Timers, to: Peer, draft: Draft, out: &mut VecDeque<Transmit>) -> Self {
        let method = draft.method().unwrap_or(Method::Options);
        let (repeat, deadline) = if method == Method::Invite { (Timer::A, Timer::B) } else { (Timer::E, Timer::F) };
        let is_reliable = to.transport.is_reliable();
        let client = Self {
            method,
            to,
            bytes: draft.bytes(),
            draft,
            ack: None,
            state: State::Asking,
            cancel: Cancel::No,
            repeat: (!is_reliable).then(|| Repeat::new(now, timers, repeat)),
            deadline: Some(now + timers.first(deadline, is_reliable)),
        };
        out.push_back(Transmit { to, bytes: client.bytes.clone() });
        client
    }

    pub(super) const fn peer(&self) -> Peer {
        self.to
    }

    /// What was sent.
    pub(super) const fn draft(&self) -> &Draft {
        &self.draft
    }

    pub(super) const fn is_answered(&self) -> bool {
        matches!(self.state, State::Completed | State::Accepted)
    }

    /// Takes an answer; `to` is its To, which the ACK of a refusal takes over.
    pub(super) fn answered(&mut self, now: Instant, timers: &Timers, status: u16, to: &str, out: &mut VecDeque<Transmit>) -> Answer {
        let is_reliable = self.to.transport.is_reliable();
        match (self.state, status) {
            (State::Asking | State::Proceeding, ..200) => {
                self.state = State::Proceeding;
                if self.method != Method::Invite {
                    if let Some(repeat) = &mut self.repeat {
                        repeat.slow_down(now, timers);
                    }
                    return Answer::New;
                }
                self.repeat = None;
                if self.cancel == Cancel::Wanted {
                    self.cancel_is_sent(now, timers);
                    return Answer::NewAndCancel;
                }
                if self.cancel == Cancel::No {
                    self.deadline = Some(now + timers.first(Timer::C, is_reliable));
                }
                Answer::New
            }
            (State::Asking | State::Proceeding, _) => {
                self.repeat = None;
                let timer = match (self.method, status) {
                    (Method::Invite, ..300) => {
                        self.state = State::Accepted;
                        Timer::M
                    }
                    (Method::Invite, _) => {
                        let ack = self.draft.follow_up(Method::Ack, Some(to)).bytes();
                        out.push_back(Transmit { to: self.to, bytes: ack.clone() });
                        self.ack = Some(ack);
                        self.state = State::Completed;
                        Timer::D
                    }
                    _ => {
                        self.state = State::Completed;
                        Timer::K
                    }
                };
                self.deadline = Some(now + timers.first(timer, is_reliable));
                Answer::New
            }
            (State::Accepted, 200..300) => Answer::New,
            (State::Completed, 300..) => {
                if let Some(ack) = &self.ack {
                    out.push_back(Transmit { to: self.to, bytes: ack.clone() });
                }
                Answer::Known
            }
            (State::Accepted | State::Completed, _) => Answer::Known,
        }
    }

    /// The INVITE is not wanted any more; whether its CANCEL is to be sent now.
    pub(super) fn cancel(&mut self, now: Instant, timers: &Timers) -> bool {
        match (self.method, self.state, self.cancel) {
            (Method::Invite, State::Asking, Cancel::No) => {
                self.cancel = Cancel::Wanted;
                false
            }
            (Method::Invite, State::Proceeding, Cancel::No) => {
                self.cancel_is_sent(now, timers);
                true
            }
            _ => false,
        }
    }

    /// RFC 3261, 9.1: no final answer within 64 T1 of the CANCEL, and the INVITE is over.
    fn cancel_is_sent(&mut self, now: Instant, timers: &Timers) {
        self.cancel = Cancel::Sent;
        self.deadline = Some(now + timers.first(Timer::B, true));
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        [self.repeat.as_ref().map(|repeat| repeat.at), self.deadline].into_iter().flatten().min()
    }

    /// Does what is due; what it means when the transaction is over.
    pub(super) fn handle_timeout(&mut self, now: Instant, timers: &Timers, out: &mut VecDeque<Transmit>) -> Option<Due> {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            if self.cancel(now, timers) {
                return Some(Due::Cancel);
            }
            return Some(Due::Over(if self.is_answered() { Expired::Done } else { Expired::NoAnswer }));
        }
        if let Some(repeat) = &mut self.repeat
            && repeat.at <= now
        {
            if self.state == State::Proceeding {
                repeat.slow_down(now, timers);
            } else {
                repeat.again(now, timers);
            }
            out.push_back(Transmit { to: self.to, bytes: self.bytes.clone() });
        }
        None
    }
}
