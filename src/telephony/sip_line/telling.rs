//! What becomes of calls, said in the neutral words of the PBX's events.

use std::collections::VecDeque;

use crate::telephony::calls::event::Certainty;
use crate::telephony::calls::hangup_cause::HangupCause;
use crate::telephony::pbx::event::{BridgeKind, ChannelState, ChannelView, DialStatus, Event, EventKind};

/// One channel, as the line made it up: no PBX has told us of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::telephony) struct Channel {
    pub(in crate::telephony) id: String,
    /// `PJSIP/101-0000002a`: the device before the dash decides the agent.
    pub(in crate::telephony) name: String,
    pub(in crate::telephony) call: String,
    pub(in crate::telephony) number: String,
    pub(in crate::telephony) display_name: String,
    pub(in crate::telephony) other_number: String,
    pub(in crate::telephony) other_name: String,
    pub(in crate::telephony) exten: String,
}

impl Channel {
    fn view(&self, state: ChannelState) -> ChannelView<'static> {
        ChannelView {
            id: self.id.clone().into(),
            name: self.name.clone().into(),
            call: self.call.clone().into(),
            state,
            caller_number: self.number.clone().into(),
            caller_name: self.display_name.clone().into(),
            connected_number: self.other_number.clone().into(),
            connected_name: self.other_name.clone().into(),
            exten: self.exten.clone().into(),
        }
    }
}

/// What is to be told, in order.
#[derive(Debug, Default)]
pub(in crate::telephony) struct Telling {
    events: VecDeque<Event<'static>>,
    /// What is told now follows from something, and was not said.
    pub(in crate::telephony) is_inferred: bool,
}

impl Telling {
    pub(in crate::telephony) fn next(&mut self) -> Option<Event<'static>> {
        self.events.pop_front()
    }

    pub(in crate::telephony) fn tell(&mut self, kind: EventKind<'static>) {
        let certainty = if self.is_inferred { Certainty::Inferred } else { Certainty::Observed };
        self.events.push_back(Event { at: None, certainty, kind });
    }

    pub(in crate::telephony) fn channel(&mut self, channel: &Channel, state: ChannelState) {
        self.tell(EventKind::Channel(channel.view(state)));
    }

    pub(in crate::telephony) fn dials(&mut self, from: Option<&Channel>, to: &Channel) {
        let from = from.map(|from| from.view(ChannelState::Other));
        self.tell(EventKind::DialBegun { from, to: to.view(ChannelState::Other) });
    }

    pub(in crate::telephony) fn rings(&mut self, to: &Channel, progress_only: bool) {
        self.tell(EventKind::DialRinging { to: to.view(ChannelState::Other), progress_only });
    }

    pub(in crate::telephony) fn dialled(&mut self, to: &Channel, status: DialStatus) {
        self.tell(EventKind::DialEnded { to: to.view(ChannelState::Other), status, forward: "".into() });
    }

    /// They hear each other.
    pub(in crate::telephony) fn talks<'c>(&mut self, bridge: &str, channels: impl IntoIterator<Item = &'c Channel>) {
        for channel in channels {
            let (bridge, channel) = (bridge.to_owned().into(), channel.view(ChannelState::Up));
            self.tell(EventKind::BridgeEntered { bridge, kind: BridgeKind::Plain, channel });
        }
    }

    pub(in crate::telephony) fn leaves(&mut self, bridge: &str, channel: &Channel) {
        let (bridge, channel) = (bridge.to_owned().into(), channel.view(ChannelState::Up));
        self.tell(EventKind::BridgeLeft { bridge, channel });
    }

    pub(in crate::telephony) fn held(&mut self, channel: &Channel, is_held: bool) {
        let view = channel.view(ChannelState::Up);
        self.tell(if is_held { EventKind::Held(view) } else { EventKind::Retrieved(view) });
    }

    pub(in crate::telephony) fn sent_on(&mut self, by: &Channel, stays: &Channel, exten: &str) {
        let (by, stays) = (by.view(ChannelState::Up), Some(stays.view(ChannelState::Up)));
        self.tell(EventKind::BlindTransferred { by, stays, exten: exten.to_owned().into() });
    }

    pub(in crate::telephony) fn passed_on(&mut self, by: &Channel, stays: &Channel, to: &Channel) {
        let [by, stays, to] = [by, stays, to].map(|channel| channel.view(ChannelState::Up));
        self.tell(EventKind::PassedOn { by, stays, to });
    }

    pub(in crate::telephony) fn joined(&mut self, by: &Channel, second: &Channel, stays: &Channel, to: &Channel) {
        let [by, second, stays, to] = [by, second, stays, to].map(|channel| channel.view(ChannelState::Up));
        self.tell(EventKind::AttendedTransferred { by, second, stays: Some(stays), to: Some(to), answered: true });
    }

    pub(in crate::telephony) fn own_phone(&mut self, id: &str, exten: &str, failure: Option<DialStatus>) {
        self.tell(EventKind::OriginateAnswered { id: id.to_owned().into(), exten: exten.to_owned().into(), failure });
    }

    /// The channel's own party, or its network, ends it.
    pub(in crate::telephony) fn ends(&mut self, channel: &Channel, cause: HangupCause) {
        self.tell(EventKind::HangupRequested { channel: channel.view(ChannelState::Other), cause: Some(cause) });
    }

    pub(in crate::telephony) fn hung_up(&mut self, channel: &Channel, cause: HangupCause) {
        self.tell(EventKind::HungUp { channel: channel.view(ChannelState::Other), cause });
    }
}
