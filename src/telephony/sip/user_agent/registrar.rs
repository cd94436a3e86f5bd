//! Being the exchange, for the simulator: phones say where they are (RFC 3261, 10.3), and every number is somebody's. Nothing is proved:
//! only those who are trusted by their address are heard at all.

use std::time::Instant;

use super::agent::UserAgent;
use super::event::{AccountId, Event};
use super::outcome::Id;
use crate::telephony::sip::address::Address;
use crate::telephony::sip::cursor::number;
use crate::telephony::sip::message::Message;
use crate::telephony::sip::name::HeaderName;
use crate::telephony::sip::peer::Peer;
use crate::telephony::sip::uri::{Uri, unescaped};

/// For how long a phone is kept, at most; seconds.
const EXPIRES_MAX: u32 = 300;

impl UserAgent {
    /// From now on this account takes what is for nobody else, and phones may say where they are.
    pub const fn serve_everybody(&mut self, account: AccountId) {
        self.host = Some(account);
    }

    /// A phone says where it is.
    pub(super) fn taken_in(&mut self, now: Instant, from: Peer, id: Id, message: &Message<'_>) {
        let user = message.value(HeaderName::To).as_deref().and_then(|to| match Address::parse(to).ok()?.uri {
            Uri::Sip(sip) => sip.user.map(|user| unescaped(user).into_owned()),
            _ => None,
        });
        let contact = message.value(HeaderName::Contact);
        let address = contact.as_deref().and_then(|contact| Address::parse(contact).ok());
        let (Some(user), Some(address)) = (user, address) else { return self.refuse(now, from, id, message, 400) };
        let wanted = address.params.get("expires").and_then(|seconds| number(&seconds).ok());
        let wanted = wanted.or_else(|| number(&message.value(HeaderName::Expires)?).ok()).unwrap_or(EXPIRES_MAX);
        let seconds = wanted.min(EXPIRES_MAX);
        let uri = address.uri.to_string();
        let draft = self.refusal(from, message, 200).with(HeaderName::Contact, format_args!("<{uri}>;expires={seconds}"));
        self.transactions.respond(now, id, &draft);
        self.events.push_back(Event::PhoneAt { user, from, contact: (seconds > 0).then_some(uri) });
    }
}
