//! Commands as manager actions (Asterisk documentation: Originate, Hangup, the lists, Queue..., MixMonitorMute,
//! StopMixMonitor; never MixMonitor, which wants a class that runs programs). Originate names a
//! context and an extension, never an application: no argument of ours can run one (CVE-2012-2414, CVE-2024-42365).

use super::command::{Command, SnapshotPart};
use crate::ids::{CallId, PhoneNumber};
use crate::telephony::ami::action::{Action, ActionError};

/// How long the agent's own phone rings for a click-to-dial, in seconds, and the context that dials the number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialSettings {
    /// The dialplan context, `belbrug-click` as shipped.
    pub context: String,
    /// Seconds.
    pub ring_seconds: u32,
}

/// What dialplans/recording.conf looks at; the underscore hands it on to the channel that is dialled.
const RECORD: &str = "_BELBRUG_RECORD=1";

/// The action for a command.
///
/// # Errors
/// When an argument cannot be put into an action.
pub fn translate(command: &Command, settings: &DialSettings) -> Result<Action, ActionError> {
    match command {
        Command::Dial { call, device, number, name, caller_id, record } => {
            let action = dial(call, device.as_str(), &number.to_string(), name.reveal(), *caller_id, settings)?;
            if *record { action.field("Variable", RECORD) } else { Ok(action) }
        }
        Command::HangUp { channel } => Action::new("Hangup").field("Channel", channel)?.field("Cause", "16"),
        Command::PauseRecording { channel } => mute(channel, "1"),
        Command::ResumeRecording { channel } => mute(channel, "0"),
        Command::StopRecording { channel } => Action::new("StopMixMonitor").field("Channel", channel),
        Command::Snapshot(part) => Ok(Action::new(match part {
            SnapshotPart::Bridges => "BridgeList",
            SnapshotPart::Queues => "QueueStatus",
            SnapshotPart::Devices => "DeviceStateList",
            SnapshotPart::Channels => "CoreShowChannels",
        })),
        Command::QueueAdd { queue, interface, state_interface, name } => Action::new("QueueAdd")
            .field("Queue", queue)?
            .field("Interface", interface)?
            .field("StateInterface", state_interface)?
            .field("MemberName", &shown_name(name.reveal())),
        Command::QueueRemove { queue, interface } => Action::new("QueueRemove").field("Queue", queue)?.field("Interface", interface),
        Command::QueuePause { queue, interface, reason } => Action::new("QueuePause")
            .field("Queue", queue)?
            .field("Interface", interface)?
            .field("Paused", if reason.is_some() { "true" } else { "false" })?
            .field("Reason", reason.unwrap_or_default()),
    }
}

fn mute(channel: &str, state: &str) -> Result<Action, ActionError> {
    Action::new("MixMonitorMute").field("Channel", channel)?.field("Direction", "both")?.field("State", state)
}

/// The dialplan is told which device was meant, so that it dials for no other that picked up in its place (a forward, a
/// voicemail), and which number the debtor is to see.
fn dial(
    call: &CallId,
    device: &str,
    number: &str,
    name: &str,
    caller_id: Option<PhoneNumber>,
    settings: &DialSettings,
) -> Result<Action, ActionError> {
    let action = Action::new("Originate")
        .field("Channel", device)?
        .field("ChannelId", call.as_str())?
        .field("OtherChannelId", &format!("{call}-2"))?
        .field("Context", &settings.context)?
        .field("Exten", number)?
        .field("Priority", "1")?
        .field("Timeout", &(u64::from(settings.ring_seconds) * 1000).to_string())?
        .field("CallerID", &format!("\"{}\" <{number}>", shown_name(name)))?
        .field("Variable", &format!("BELBRUG_DEVICE={device}"))?;
    let action = match caller_id {
        Some(number) => action.field("Variable", &format!("BELBRUG_CALLER_ID={number}"))?,
        None => action,
    };
    action.field("Async", "true")
}

/// A display name without what would end it: quotes, brackets, backslash and control characters; 40 characters.
fn shown_name(name: &str) -> String {
    name.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '<' | '>' | '\\')).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Device, PhoneNumber};

    #[test]
    fn a_dial_carries_our_id_and_a_name_cannot_end_it() {
        let command = Command::Dial {
            call: CallId::dialled("0123456789").unwrap(),
            device: Device::new("PJSIP/101"),
            number: PhoneNumber::parse_e164("+447700900123").unwrap(),
            name: "J. \"Smit\" <x>\r\nAction: Command".to_owned().into(),
            caller_id: Some(PhoneNumber::parse_e164("+442079460100").unwrap()),
            record: true,
        };
        let settings = DialSettings { context: "belbrug-click".into(), ring_seconds: 20 };
        let text = String::from_utf8(translate(&command, &settings).unwrap().into_bytes(7)).unwrap();
        assert_eq!(
            text,
            "Action: Originate\r\nChannel: PJSIP/101\r\nChannelId: belbrug-0123456789\r\nOtherChannelId: belbrug-0123456789-2\r\n\
             Context: belbrug-click\r\nExten: +447700900123\r\nPriority: 1\r\nTimeout: 20000\r\n\
             CallerID: \"J. Smit xAction: Command\" <+447700900123>\r\n\
             Variable: BELBRUG_DEVICE=PJSIP/101\r\nVariable: BELBRUG_CALLER_ID=+442079460100\r\nAsync: true\r\nVariable: _BELBRUG_RECORD=1\r\nActionID: 7\r\n\r\n"
        );
    }

    #[test]
    fn a_recording_is_paused_resumed_and_stopped_by_its_channel() {
        let settings = DialSettings { context: String::new(), ring_seconds: 20 };
        let channel = || "PJSIP/trunk-0000002b".to_owned();
        for (command, wanted) in [
            (
                Command::PauseRecording { channel: channel() },
                "Action: MixMonitorMute\r\nChannel: PJSIP/trunk-0000002b\r\nDirection: both\r\nState: 1\r\n",
            ),
            (
                Command::ResumeRecording { channel: channel() },
                "Action: MixMonitorMute\r\nChannel: PJSIP/trunk-0000002b\r\nDirection: both\r\nState: 0\r\n",
            ),
            (Command::StopRecording { channel: channel() }, "Action: StopMixMonitor\r\nChannel: PJSIP/trunk-0000002b\r\n"),
        ] {
            let text = String::from_utf8(translate(&command, &settings).unwrap().into_bytes(7)).unwrap();
            assert_eq!(text, format!("{wanted}ActionID: 7\r\n\r\n"));
        }
    }

    #[test]
    fn a_queue_s_name_cannot_begin_an_action() {
        let settings = DialSettings { context: "belbrug-click".into(), ring_seconds: 20 };
        let pause = |queue: &str| Command::QueuePause { queue: queue.to_owned(), interface: "PJSIP/101".into(), reason: Some("lunch") };
        let text = String::from_utf8(translate(&pause("collections"), &settings).unwrap().into_bytes(8)).unwrap();
        assert_eq!(text, "Action: QueuePause\r\nQueue: collections\r\nInterface: PJSIP/101\r\nPaused: true\r\nReason: lunch\r\nActionID: 8\r\n\r\n");
        assert!(translate(&pause("x\r\n\r\nAction: Command"), &settings).is_err());
    }
}
