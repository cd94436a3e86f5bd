//! What came of a request of ours, and whom it concerns.

use std::time::{Duration, Instant};

use super::agent::UserAgent;
use super::event::{AccountId, End, Failure, SessionId, Side, SubscriptionId};
use crate::telephony::sip::cursor::number;
use crate::telephony::sip::digest::{Refused, Tries};
use crate::telephony::sip::draft::Draft;
use crate::telephony::sip::message::Message;
use crate::telephony::sip::method::Method;
use crate::telephony::sip::name::HeaderName;
use crate::telephony::sip::peer::Peer;
use crate::telephony::sip::transaction::layer::TransactionId;

pub(super) type Id = TransactionId;

/// What a request of ours is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Register(AccountId),
    Ping(AccountId),
    Subscribe(SubscriptionId),
    Invite(SessionId),
    Reinvite(SessionId),
    Update(SessionId),
    Refer(SessionId),
    Info(SessionId),
    /// Whatever is answered, nothing follows: BYE, PRACK, NOTIFY, the end of a subscription or registration.
    Nothing,
}

/// How often and how a request was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Attempt {
    pub(super) tries: Tries,
    /// The connection that its length asks for cannot be had.
    pub(super) is_bound_to_datagrams: bool,
}

/// A request of ours that is under way.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) account: AccountId,
    /// Where it was to go.
    pub(super) wanted: Peer,
    /// And how it went.
    pub(super) to: Peer,
    pub(super) draft: Draft,
    pub(super) purpose: Purpose,
    pub(super) attempt: Attempt,
    /// What proved who we are: the ACK repeats it (13.2.2.4).
    pub(super) proofs: Vec<(HeaderName, String)>,
    /// The ACK of each fork that accepted, by its tag: sent again as often as the 2xx comes.
    pub(super) acks: Vec<(String, Peer, Draft)>,
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outcome<'a> {
    Response(u16, &'a Message<'a>),
    NoAnswer,
    Unreachable,
    Refused(Refused),
}

impl Outcome<'_> {
    pub(super) const fn failure(&self) -> Failure {
        match self {
            Self::Response(status, _) => Failure::Status(*status),
            Self::NoAnswer => Failure::NoAnswer,
            Self::Unreachable => Failure::Unreachable,
            Self::Refused(refused) => Failure::Proof(*refused),
        }
    }

    /// As a status: of what never came, the one that stands for it (8.1.3.1).
    pub(super) const fn status(&self) -> u16 {
        match self {
            Self::Response(status, _) => *status,
            Self::NoAnswer => 408,
            Self::Unreachable => 503,
            Self::Refused(_) => 401,
        }
    }

    /// When the other side wants to be asked again, at most in an hour (20.33).
    pub(super) fn retry_after(&self) -> Duration {
        let Self::Response(_, message) = self else { return Duration::ZERO };
        let value = message.value(HeaderName::RetryAfter).unwrap_or_default();
        let digits = value.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        Duration::from_secs(number(digits).unwrap_or_default().into()).min(Duration::from_secs(3600))
    }

    pub(super) const fn is_final(&self) -> bool {
        !matches!(self, Self::Response(..200, _))
    }
}

impl UserAgent {
    /// Takes what came of a request.
    pub(super) fn answered(&mut self, now: Instant, id: Id, outcome: Outcome<'_>) {
        let Some(mut pending) = self.pending.remove(&id) else { return };
        let outcome = match outcome {
            Outcome::Response(status @ (401 | 407), message) => match self.challenged(&pending, status == 407, message) {
                Ok(tries) => {
                    let seq = self.next_seq(pending.purpose, &pending.draft);
                    let draft = pending.draft.clone().with_seq(seq);
                    if self.send_again(now, &pending, draft, Attempt { tries, ..pending.attempt }) {
                        return;
                    }
                    Outcome::Unreachable
                }
                Err(refused) => Outcome::Refused(refused),
            },
            Outcome::Unreachable if pending.to.transport != pending.wanted.transport => {
                // 18.1.1: it goes by datagram then, long as it is.
                let attempt = Attempt { is_bound_to_datagrams: true, ..pending.attempt };
                if self.send_again(now, &pending, pending.draft.clone(), attempt) {
                    return;
                }
                Outcome::Unreachable
            }
            other => other,
        };
        match pending.purpose {
            Purpose::Register(account) => self.registered(now, account, pending.draft.seq(), outcome),
            Purpose::Ping(account) => self.pinged(now, account, outcome),
            Purpose::Subscribe(subscription) => self.subscribe_answered(now, subscription, &pending, outcome),
            Purpose::Invite(session) => self.invite_answered(now, session, &mut pending, outcome),
            Purpose::Reinvite(session) => self.reinvite_answered(now, session, &mut pending, outcome),
            Purpose::Update(session) => self.update_answered(now, session, outcome),
            Purpose::Refer(session) => self.refer_answered(session, outcome),
            Purpose::Info(session) => self.info_answered(session, outcome),
            Purpose::Nothing => {}
        }
        let goes_on = match outcome {
            Outcome::Response(status, _) => status < 200 || (status < 300 && pending.draft.method() == Some(Method::Invite)),
            _ => false,
        };
        if goes_on {
            self.pending.insert(id, pending);
        }
    }

    /// Sends a request once more, unless it is an INVITE that was taken back meanwhile: then that is its end. Whether either was done.
    fn send_again(&mut self, now: Instant, pending: &Pending, draft: Draft, attempt: Attempt) -> bool {
        match pending.purpose {
            Purpose::Invite(session) if !self.is_still_calling(session) => {
                self.end(now, session, End { by: Side::Local, status: Some(487), cause: None, is_elsewhere: false });
                true
            }
            purpose => self.send(now, pending.account, pending.wanted, draft, purpose, attempt),
        }
    }

    /// A server wants to know who we are: the request may be sent once more with the proof, or not at all.
    fn challenged(&mut self, pending: &Pending, is_proxy: bool, message: &Message<'_>) -> Result<Tries, Refused> {
        let name = if is_proxy { HeaderName::ProxyAuthenticate } else { HeaderName::WwwAuthenticate };
        let challenges: Vec<String> = message.all(name).map(|field| field.value().into_owned()).collect();
        let mut tries = pending.attempt.tries;
        let account = self.accounts.get_mut(pending.account.0).ok_or(Refused::Unknown)?;
        account.auth.challenged(is_proxy, &challenges, &mut tries)?;
        Ok(tries)
    }

    /// The number of a request that is sent once more: the next of its dialog, or of itself.
    fn next_seq(&mut self, purpose: Purpose, draft: &Draft) -> u32 {
        let dialog = match purpose {
            Purpose::Reinvite(session) | Purpose::Update(session) | Purpose::Refer(session) | Purpose::Info(session) => {
                self.sessions.get_mut(&session).and_then(|session| session.dialog.as_mut())
            }
            Purpose::Subscribe(subscription) => self.subscriptions.get_mut(&subscription).and_then(|one| one.dialog.as_mut()),
            _ => None,
        };
        dialog.map_or_else(|| draft.seq() + 1, |dialog| dialog.next_seq())
    }
}
