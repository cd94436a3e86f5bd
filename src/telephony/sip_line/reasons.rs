//! Why a call came to nothing, from SIP's words into those of the telephone network (RFC 3398, 8.2.6.1).

use crate::telephony::calls::hangup_cause::HangupCause;
use crate::telephony::pbx::event::DialStatus;
use crate::telephony::sip::user_agent::event::{End, Side};

/// The Q.850 cause of a final status.
const CAUSES: [(u16, u32); 26] = [
    (400, 41),
    (401, 21),
    (402, 21),
    (403, 21),
    (404, 1),
    (405, 63),
    (406, 79),
    (407, 21),
    (408, 102),
    (410, 22),
    (413, 127),
    (414, 127),
    (415, 79),
    (480, 18),
    (481, 41),
    (482, 25),
    (484, 28),
    (485, 1),
    (486, 17),
    (487, 16),
    (488, 58),
    (500, 41),
    (502, 38),
    (503, 41),
    (504, 102),
    (600, 17),
];

/// The cause of a status; 21, rejected, of the other 6xx, and 127 of what the table does not know.
pub(in crate::telephony) fn cause_of_status(status: u16) -> HangupCause {
    let known = CAUSES.iter().find(|(have, _)| *have == status).map(|(_, cause)| *cause);
    HangupCause::from_code(known.unwrap_or(match status {
        604 => 1,
        600.. => 21,
        _ => 127,
    }))
}

/// Why a leg of ours ended.
pub(in crate::telephony) fn cause_of(end: &End) -> HangupCause {
    match (end.cause, end.status) {
        (_, _) if end.is_elsewhere => HangupCause::ANSWERED_ELSEWHERE,
        (Some(cause), _) => cause,
        (None, Some(status)) => cause_of_status(status),
        // 38, network out of order: it was lost.
        (None, None) if end.by == Side::Network => HangupCause::from_code(38),
        (None, None) => HangupCause::NORMAL,
    }
}

/// How a dialling ended.
pub(in crate::telephony) fn status_of(end: &End) -> DialStatus {
    match (end.by, end.status) {
        (Side::Local, _) => DialStatus::Cancelled,
        (_, None) => DialStatus::Failed,
        (_, Some(status)) => dial_status(status),
    }
}

/// What became of a dialling, by its final status.
pub(in crate::telephony) const fn dial_status(status: u16) -> DialStatus {
    match status {
        486 | 600 => DialStatus::Busy,
        408 | 480 | 487 => DialStatus::NoAnswer,
        401 | 403 | 404 | 407 | 410 | 484 | 485 | 603..=607 => DialStatus::Rejected,
        _ => DialStatus::Failed,
    }
}
