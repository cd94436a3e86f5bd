//! A call of ours whose agent's phone hands it to a colleague's, at an exchange that stands between the phones and us (Asterisk): our leg
//! stays as it is, and of the colleague's phone the PBX tells that our own account calls it. So it follows that our call has gone there.

use super::dialled::{Call, Dialled};
use super::observed::number_of;
use super::telling::{Channel, Telling};
use crate::ids::Extension;
use crate::telephony::calls::hangup_cause::HangupCause;
use crate::telephony::pbx::event::{ChannelState, DialStatus};
use crate::telephony::sip::dialog_info::{DialogState, State};
use crate::telephony::sip::user_agent::calling::shown_name;

impl Dialled {
    /// Takes what is told of a phone that is not known to have a call of ours; whether it has one now.
    pub(super) fn has_gone_to(&mut self, extension: &Extension, dialog: &DialogState, telling: &mut Telling) -> bool {
        let is_ours = dialog.is_initiator != Some(true) && number_of(&dialog.remote) == self.standing.user;
        if !is_ours || dialog.call_id.is_some() || dialog.state == Some(State::Terminated) {
            return false;
        }
        let may_be = |call: &&Call| call.agent.is_up && call.debtor.is_up && call.referring.is_none() && call.told_as.is_some();
        let has_its_name = |call: &&Call| shown_name(&call.agent.channel.other_name) == dialog.remote_name;
        let mut named = self.calls.values().filter(may_be).filter(has_its_name);
        // Of two calls to debtors of one name it is not known which; they are told as they were.
        let (Some(call), None) = (named.next(), named.next()) else { return false };
        // Where several phones ring for it, the first one has it until another answers.
        if call.agent.rings_elsewhere && dialog.state != Some(State::Confirmed) {
            return true;
        }
        let id = call.id.clone();
        self.count += 1;
        let name = format!("{}/{extension}-{:08x}", self.standing.technology, self.count);
        let Some(call) = self.calls.get_mut(&id) else { return false };
        let channel = Channel {
            id: format!("{id}-3-{}", self.count),
            name,
            call: id.to_string(),
            number: extension.to_string(),
            other_number: call.number.clone(),
            other_name: call.agent.channel.other_name.clone(),
            ..Channel::default()
        };
        telling.is_inferred = true;
        call.agent_leaves(extension.as_str(), HangupCause::ANSWERED_ELSEWHERE, telling);
        telling.channel(&channel, ChannelState::Down);
        telling.dials(Some(&call.debtor.channel), &channel);
        telling.rings(&channel, false);
        telling.is_inferred = false;
        call.agent.channel = channel;
        call.agent.rings_elsewhere = true;
        call.told_as = Some(dialog.id.clone());
        let before = std::mem::replace(&mut call.extension, extension.clone());
        self.freed.push(before);
        self.own_changed(extension, dialog, telling);
        true
    }

    /// The PBX tells of a phone that has a call of ours.
    pub(super) fn own_changed(&mut self, extension: &Extension, dialog: &DialogState, telling: &mut Telling) {
        let is_it = |call: &&mut Call| call.extension == *extension && call.referring.is_none() && call.told_as.as_ref() == Some(&dialog.id);
        let Some(call) = self.calls.values_mut().find(is_it) else { return };
        match dialog.state {
            // Its end is told by our leg; where that goes on, the call has gone elsewhere.
            Some(State::Terminated) if call.agent.is_up => self.freed.push(extension.clone()),
            Some(State::Confirmed) if std::mem::take(&mut call.agent.rings_elsewhere) => {
                telling.channel(&call.agent.channel, ChannelState::Up);
                telling.dialled(&call.agent.channel, DialStatus::Answered);
                telling.talks(&call.bridge(), [&call.agent.channel]);
            }
            _ => {}
        }
    }

    /// The PBX was asked and says that the phone is at rest, while our leg to it is up: whoever has the call now, he is not this agent.
    pub(super) fn agent_has_left(&mut self, extension: &Extension, telling: &mut Telling) {
        let has_left = |call: &&mut Call| call.extension == *extension && call.agent.is_up && call.debtor.is_up && call.referring.is_none();
        for call in self.calls.values_mut().filter(has_left).filter(|call| call.told_as.is_some()) {
            telling.is_inferred = true;
            call.agent_leaves("", HangupCause::UNKNOWN, telling);
            telling.is_inferred = false;
            call.agent.channel = Channel::default();
            call.told_as = None;
        }
    }
}

impl Call {
    /// Our leg is up, and nobody knows with whom.
    pub(super) const fn is_left(&self) -> bool {
        self.agent.is_up && self.agent.channel.id.is_empty()
    }

    /// Whoever has the call lets go of it: an agent who sends it on, or a colleague whose phone rang for nothing.
    fn agent_leaves(&mut self, exten: &str, why_not: HangupCause, telling: &mut Telling) {
        let channel = &self.agent.channel;
        if std::mem::take(&mut self.agent.rings_elsewhere) {
            telling.dialled(channel, DialStatus::Cancelled);
            telling.hung_up(channel, why_not);
        } else {
            telling.sent_on(channel, &self.debtor.channel, exten);
            telling.hung_up(channel, HangupCause::NORMAL);
        }
    }
}
