//! Why a channel ended: ITU-T Q.850 cause codes, as Asterisk gives them.

use serde::{Deserialize, Serialize};

/// A Q.850 cause code with the meanings that decide something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HangupCause(u8);

impl HangupCause {
    /// The PBX gives none.
    pub const UNKNOWN: Self = Self(0);
    /// Normal clearing.
    pub const NORMAL: Self = Self(16);
    /// Asterisk's own code: another device answered.
    pub const ANSWERED_ELSEWHERE: Self = Self(26);

    /// The cause of a code; a code that does not fit is 0, unknown.
    #[must_use]
    pub fn from_code(code: u32) -> Self {
        Self(u8::try_from(code).unwrap_or(0))
    }

    /// The code.
    #[must_use]
    pub const fn code(self) -> u8 {
        self.0
    }

    /// 17 user busy.
    #[must_use]
    pub const fn is_busy(self) -> bool {
        self.0 == 17
    }

    /// 18 no user responding, 19 alerting but no answer, 102 recovery on timer expiry.
    #[must_use]
    pub const fn is_no_answer(self) -> bool {
        matches!(self.0, 18 | 19 | 102)
    }

    /// 21 call rejected; 1, 2, 3, 22, 27, 28, 29 and 50 to 57: the number or the network refuses.
    #[must_use]
    pub const fn is_rejected(self) -> bool {
        matches!(self.0, 1..=3 | 21 | 22 | 27..=29 | 50..=57)
    }

    /// 34, 38, 41, 42, 44, 47, 58: no circuit, network out of order, congestion.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        matches!(self.0, 20 | 34 | 38 | 41 | 42 | 44 | 47 | 58)
    }
}
