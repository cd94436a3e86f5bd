//! After a call of ours its PBX is asked what the phone does: what it tells may be old.

use std::time::Instant;

use super::line::SipLine;
use crate::telephony::sip::user_agent::event::SubscriptionId;

impl SipLine {
    /// A call of ours is over, and its PBX may not have told so yet: it is asked what the phone does now.
    pub(super) fn ask_again(&mut self, now: Instant) {
        while let Some((_, extension)) = self.look_again.pop_front_if(|(at, _)| *at <= now) {
            match self.phones.by_extension.get(&extension) {
                Some(phone) if phone.is_told => {
                    self.agent.refresh(now, phone.subscription);
                    self.asked.insert(extension, false);
                }
                // Nobody tells what it does: what it made for us is over, as far as anybody knows.
                _ => self.dialled.phone_rests(now, &mut self.agent, &extension, &mut self.telling),
            }
        }
    }

    /// What a phone still does after our own call is another call, which was not seen beginning. Something old may have been on its
    /// way when the PBX was asked, and be taken for its answer: so it is asked twice.
    pub(super) fn look_again(&mut self, now: Instant, subscription: SubscriptionId) {
        let Some((extension, phone)) = self.phones.of(subscription) else { return };
        let Some(was_asked_twice) = self.asked.remove(&extension) else { return };
        let others: Vec<_> = phone.live().into_iter().filter(|dialog| !self.observed.follows(&extension, &dialog.id)).collect();
        if others.is_empty() {
            self.dialled.agent_has_left(&extension, &mut self.telling);
            return self.dialled.phone_rests(now, &mut self.agent, &extension, &mut self.telling);
        }
        if !was_asked_twice {
            self.agent.refresh(now, subscription);
            self.asked.insert(extension, true);
            return;
        }
        for dialog in others {
            self.changed(now, &extension, &dialog, true);
        }
    }
}
