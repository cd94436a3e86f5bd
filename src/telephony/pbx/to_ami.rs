//! Commands as manager actions (Asterisk documentation: Originate, Hangup, the lists). Originate names a
//! context and an extension, never an application: no argument of ours can run one (CVE-2012-2414, CVE-2024-42365).

use super::command::{Command, SnapshotPart};
use crate::ids::CallId;
use crate::telephony::ami::action::{Action, ActionError};

/// How long the agent's own phone rings for a click-to-dial, in seconds, and the context that dials the number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialSettings {
    /// The dialplan context, `belbrug-outbound` as shipped.
    pub context: String,
    /// Seconds.
    pub ring_seconds: u32,
}

/// The action for a command.
///
/// # Errors
/// When an argument cannot be put into an action.
pub fn translate(command: &Command, settings: &DialSettings) -> Result<Action, ActionError> {
    match command {
        Command::Dial { call, device, number, name } => dial(call, device.as_str(), &number.to_string(), name.reveal(), settings),
        Command::HangUp { channel } => Action::new("Hangup").field("Channel", channel)?.field("Cause", "16"),
        Command::Snapshot(part) => Ok(Action::new(match part {
            SnapshotPart::Bridges => "BridgeList",
            SnapshotPart::Queues => "QueueStatus",
            SnapshotPart::Devices => "DeviceStateList",
            SnapshotPart::Channels => "CoreShowChannels",
        })),
    }
}

fn dial(call: &CallId, device: &str, number: &str, name: &str, settings: &DialSettings) -> Result<Action, ActionError> {
    Action::new("Originate")
        .field("Channel", device)?
        .field("ChannelId", call.as_str())?
        .field("OtherChannelId", &format!("{call}-2"))?
        .field("Context", &settings.context)?
        .field("Exten", number)?
        .field("Priority", "1")?
        .field("Timeout", &(u64::from(settings.ring_seconds) * 1000).to_string())?
        .field("CallerID", &format!("\"{}\" <{number}>", shown_name(name)))?
        .field("Async", "true")
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
        };
        let settings = DialSettings { context: "belbrug-outbound".into(), ring_seconds: 20 };
        let text = String::from_utf8(translate(&command, &settings).unwrap().into_bytes(7)).unwrap();
        assert_eq!(
            text,
            "Action: Originate\r\nChannel: PJSIP/101\r\nChannelId: belbrug-0123456789\r\nOtherChannelId: belbrug-0123456789-2\r\n\
             Context: belbrug-outbound\r\nExten: +447700900123\r\nPriority: 1\r\nTimeout: 20000\r\n\
             CallerID: \"J. Smit xAction: Command\" <+447700900123>\r\nAsync: true\r\nActionID: 7\r\n\r\n"
        );
    }
}
