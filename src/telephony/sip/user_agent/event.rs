//! What a user agent tells.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::telephony::calls::hangup_cause::HangupCause;
use crate::telephony::sip::digest::Refused;
use crate::telephony::sip::peer::Peer;

/// An account at a PBX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub(super) usize);

/// One subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionId(pub(in crate::telephony) u64);

/// One session: a call, or the try of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub(super) u64);

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The PBX knows where we are.
    Registered {
        /// Whose registration.
        account: AccountId,
        /// For how long, without a refresh.
        expires: Duration,
        /// What time it is there, where it says so; whole seconds.
        date: Option<Timestamp>,
    },
    /// It does not; it is tried again.
    NotRegistered {
        /// Whose registration.
        account: AccountId,
        /// Why.
        why: Failure,
    },
    /// The PBX does not answer.
    Away(AccountId),
    /// It answers for the first time.
    Found(AccountId),
    /// It answers again; registrations and subscriptions are made anew.
    Back(AccountId),
    /// A subscription is accepted; what it tells follows.
    Subscribed(SubscriptionId),
    /// The state of what is watched.
    Notified {
        /// Of which.
        subscription: SubscriptionId,
        /// `application/dialog-info+xml`; empty where there is nothing to tell.
        content_type: String,
        /// As it came; empty likewise.
        body: Vec<u8>,
    },
    /// The whole state was asked for anew, and what was told of it is newer than the asking.
    Refreshed(SubscriptionId),
    /// Nothing is told any more; it is tried again.
    Unsubscribed {
        /// Which.
        subscription: SubscriptionId,
        /// Why.
        why: Failure,
    },
    /// A phone says where it is, to us as its exchange.
    PhoneAt {
        /// Whose.
        user: String,
        /// Where it says so from.
        from: Peer,
        /// Its address; `None` when it is nowhere any more.
        contact: Option<String>,
    },
    /// Our call is under way.
    Progress {
        /// Which.
        session: SessionId,
        /// 180 it rings, 183 it is on its way.
        status: u16,
        /// What to hear before it is answered.
        sdp: Option<Vec<u8>>,
    },
    /// Our call was answered.
    Answered {
        /// Which.
        session: SessionId,
        /// The answer to our offer.
        sdp: Option<Vec<u8>>,
    },
    /// Somebody calls; nothing was said to him yet.
    Incoming {
        /// Which.
        session: SessionId,
        /// Whom.
        account: AccountId,
        /// Who, and what for.
        call: IncomingCall,
    },
    /// Our answer was acknowledged, with an answer to our offer where the call came without one.
    Acknowledged {
        /// Which.
        session: SessionId,
        /// The answer.
        sdp: Option<Vec<u8>>,
    },
    /// The other side wants to speak otherwise (hold, another codec, another place); to be answered.
    Reoffered {
        /// Which.
        session: SessionId,
        /// Its offer; `None` asks for ours.
        sdp: Option<Vec<u8>>,
    },
    /// What came of our own offer in a call.
    ReofferDone {
        /// Which.
        session: SessionId,
        /// The answer, or the status of the refusal.
        result: Result<Option<Vec<u8>>, u16>,
    },
    /// The other side wants us to call somebody in its place; to be answered.
    Referred {
        /// Which.
        session: SessionId,
        /// Whom.
        uri: String,
        /// The call to take the place of, as in the header Replaces.
        replaces: Option<String>,
    },
    /// What becomes of our wish that the other side call somebody.
    ReferProgress {
        /// Which.
        session: SessionId,
        /// The status of its call.
        status: u16,
    },
    /// What the other side says to an INFO of ours.
    InfoDone {
        /// Which.
        session: SessionId,
        /// The status.
        status: u16,
    },
    /// A session is over, or came to nothing.
    Ended {
        /// Which.
        session: SessionId,
        /// How.
        end: End,
    },
}

/// Who calls, and what for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IncomingCall {
    /// From, as it came.
    pub from: String,
    /// P-Asserted-Identity, as it came.
    pub asserted: Option<String>,
    /// The address that was called.
    pub called: String,
    /// Diversion, as it came: whom the call was meant for.
    pub diverted_by: Option<String>,
    /// The offer.
    pub sdp: Option<Vec<u8>>,
    /// It takes the place of this session (RFC 3891).
    pub replaces: Option<SessionId>,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// Who ended it.
    pub by: Side,
    /// The final answer that a call came to nothing with.
    pub status: Option<u16>,
    /// Why, as the network says (Reason; RFC 3326).
    pub cause: Option<HangupCause>,
    /// It was answered elsewhere (Reason: `SIP;cause=200`).
    pub is_elsewhere: bool,
}

/// An end of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Ours.
    Local,
    /// The other.
    Remote,
    /// Nobody: it was lost.
    Network,
}

/// Why something did not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The PBX refused.
    #[error("the PBX answered {0}")]
    Status(u16),
    /// No answer in time.
    #[error("the PBX did not answer")]
    NoAnswer,
    /// Not even sent.
    #[error("the PBX could not be reached")]
    Unreachable,
    /// It does not believe who we are.
    #[error(transparent)]
    Proof(#[from] Refused),
    /// The PBX ended it.
    #[error("the PBX ended it")]
    Ended,
}
