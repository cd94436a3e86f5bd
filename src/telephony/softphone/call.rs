//! One call of a softphone, what its user may ask, and what is ordered of its audio.

use core::net::{IpAddr, SocketAddr};
use std::collections::VecDeque;

use sha2::{Digest as _, Sha256};

use crate::ids::{CallId, Extension};
use crate::personal::Personal;
use crate::telephony::media::codec::Codec;
use crate::telephony::media::digits::Digit;
use crate::telephony::media::srtp::{Key, Keys, MASTER_BYTES, Suite};
use crate::telephony::sip::sdes::Crypto;
use crate::telephony::sip::sdp::Description;
use crate::telephony::sip::user_agent::event::{End, SessionId};
use crate::telephony::sip_line::telling::Channel;

/// A call to be dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneDial {
    /// The id that it shall bear.
    pub call: CallId,
    /// The phone that calls.
    pub extension: Extension,
    /// A number outside in E.164, or an extension.
    pub number: Personal<String>,
    /// Whose it is.
    pub name: Personal<String>,
    /// The number that the called party sees, where it is not the PBX's own choice.
    pub caller_id: Option<String>,
    /// Where its audio is to come.
    pub at: SocketAddr,
}

/// What the user of a phone asks for, of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Take it; where its audio is to come.
    Answer(SocketAddr),
    /// Not now.
    Reject,
    /// End it.
    HangUp,
    /// The other waits.
    Hold,
    /// And is heard again.
    Retrieve,
    /// Send the other to this number or extension, without a word.
    SendOn(Personal<String>),
    /// Press these keys, as messages of SIP.
    Keys(Vec<Digit>),
    /// Join the other with the one of that call (its channel), and leave both.
    JoinWith(String),
}

/// Why something that was asked cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotNow {
    /// There is no such call at a phone of ours.
    #[error("no such call")]
    NoSuchCall,
    /// It is not in a state for that.
    #[error("the call is not ready for that")]
    NotReady,
    /// The two ends have no codec in common.
    #[error("no codec in common")]
    NoCodec,
}

/// Where the audio of a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// Where the other end listens.
    pub to: SocketAddr,
    /// The exchange: what it sends itself is taken as well, whatever the agreement says.
    pub exchange: IpAddr,
    /// In what, and under which payload type.
    pub codec: (u8, Codec),
    /// What the other end may send, of what it has agreed to.
    pub takes: [Option<(u8, Codec)>; 3],
    /// The payload type of keys.
    pub events: Option<u8>,
    /// Counts the calls that the agent has turned to: of several that are open he is heard in the last.
    pub turn: u64,
    /// The agent is heard there.
    pub speaks: bool,
    /// The other is heard here.
    pub hears: bool,
    /// Both have accepted: before that it is what the network says.
    pub is_up: bool,
    /// Describes the so manieth agreement of this call: with each the other end may be elsewhere.
    pub version: u64,
    /// What both make their audio secret with; without them it is plain.
    pub srtp: Option<Keys>,
}

/// What is ordered of whoever has the sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AudioOrder {
    /// It goes so from now on.
    Flow(CallId, Flow),
    /// It is over.
    Close(CallId),
}

/// What became of a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhoneTold {
    /// The PBX knows that it is here.
    Registered(Extension),
    /// It does not, and why.
    NotRegistered(Extension, String),
    /// Being sent on came to nothing, with this status.
    NotSentOn(CallId, u16),
    /// The PBX takes no keys, with this status.
    KeysRefused(CallId, u16),
}

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Somebody calls.
    Ringing,
    /// We call.
    Calling,
    /// Both are in it.
    Up,
}

/// Where the other end of a call is being sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leaving {
    /// To this number; whether it has arrived.
    To(String, bool),
    /// To whoever is in that call; whether that has been told.
    Joined(CallId, bool),
}

/// What the keys of our end of a call are made of, and whether it must have one.
#[derive(Clone, Copy)]
pub(super) struct Secret {
    pub(super) seed: [u8; 32],
    /// Which key of those that the seed makes: one is never taken up again after it was given up, for packets would be counted anew with it.
    pub(super) number: u32,
    pub(super) is_used: bool,
    pub(super) is_required: bool,
}

/// Which of our keys it is: we offer one.
pub(super) const OUR_TAG: u32 = 1;

impl Secret {
    pub(super) fn key(&self, suite: Suite) -> Key {
        let digest = Sha256::new().chain_update(self.seed).chain_update(self.number.to_be_bytes()).finalize();
        let mut master = [0; MASTER_BYTES];
        master.iter_mut().zip(digest).for_each(|(place, byte)| *place = byte);
        Key { suite, master }
    }

    /// What our first offer has.
    pub(super) fn offered(&self) -> Option<Crypto> {
        self.is_required.then(|| Crypto { tag: OUR_TAG, key: self.key(Suite::Sha1Of80) })
    }
}

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secret")
    }
}

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: CallId,
    pub(super) extension: Extension,
    pub(super) session: SessionId,
    /// Our own end, and the other.
    pub(super) own: Channel,
    pub(super) other: Channel,
    pub(super) stage: Stage,
    /// Where our audio comes.
    pub(super) at: Option<SocketAddr>,
    pub(super) theirs: Option<Description>,
    /// We have offered in an answer of ours, and theirs comes in the ACK.
    pub(super) awaits_answer: bool,
    pub(super) codec: Option<(u8, Codec)>,
    pub(super) events: Option<u8>,
    pub(super) secret: Secret,
    /// The key that we offered last, where we did.
    pub(super) offered_key: Option<Key>,
    pub(super) srtp: Option<Keys>,
    /// How often we have described our end, and how often both have agreed.
    pub(super) said: u64,
    pub(super) agreed: u64,
    /// Who waits: because of our user, and because of theirs.
    pub(super) holds: bool,
    pub(super) hold_told: bool,
    pub(super) is_held: bool,
    pub(super) leaving: Option<Leaving>,
    /// The turn of calls when it was sent on: whoever got it turned to it later.
    pub(super) sent_on_at: u64,
    /// It is over, but whether that is because another was joined with it is not known yet.
    pub(super) over: Option<End>,
    /// When our user turned to it, among his calls.
    pub(super) turn: u64,
    /// The last that was ordered of its audio.
    pub(super) last_flow: Option<Flow>,
    /// Somebody called us.
    pub(super) came_in: bool,
    /// Keys that are still to be pressed by SIP; the first is on its way.
    pub(super) keys: VecDeque<Digit>,
}

impl Call {
    pub(super) fn new(id: CallId, extension: Extension, session: SessionId, (own, other): (Channel, Channel), stage: Stage, secret: Secret) -> Self {
        Self {
            id,
            extension,
            session,
            own,
            other,
            stage,
            at: None,
            theirs: None,
            awaits_answer: false,
            codec: None,
            events: None,
            secret,
            offered_key: None,
            srtp: None,
            said: 0,
            agreed: 0,
            holds: false,
            hold_told: false,
            is_held: false,
            leaving: None,
            sent_on_at: 0,
            over: None,
            turn: 0,
            last_flow: None,
            came_in: stage == Stage::Ringing,
            keys: VecDeque::new(),
        }
    }

    pub(super) fn bridge(&self) -> String {
        format!("{}-b", self.id)
    }
}
