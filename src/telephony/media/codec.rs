//! The codecs that are passed through. All three have 64 kbit/s and a clock of 8,000 Hz (RFC 3551, 4.5.2 and 4.5.14), so that a frame of
//! 20 ms is 160 bytes and 160 ticks of any of them.

use std::time::Duration;

/// Ticks a second of the clock of RTP; G.722's as well, although it samples twice as often (RFC 3551, 4.5.2).
pub const CLOCK_HZ: u32 = 8000;
/// What one packet carries.
pub const FRAME: Duration = Duration::from_millis(20);
/// The ticks of one frame, and its bytes.
pub const FRAME_TICKS: u32 = 160;
/// The longest packet that is taken: 200 ms of audio.
pub const PAYLOAD_BYTES_MAX: usize = 1600;

/// A codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Wideband, 7 kHz.
    G722,
    /// A-law, Europe's.
    Pcma,
    /// Mu-law, America's and Japan's.
    Pcmu,
}

impl Codec {
    /// All of them, as we offer them: what the telephone network speaks first, so that no exchange has to translate.
    pub const ALL: [Self; 3] = [Self::Pcma, Self::Pcmu, Self::G722];

    /// Its fixed payload type (RFC 3551, table 4).
    #[must_use]
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::G722 => 9,
            Self::Pcma => 8,
            Self::Pcmu => 0,
        }
    }

    /// Its name in a session description and in a browser.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::G722 => "G722",
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
        }
    }

    /// The codec with this name and clock.
    #[must_use]
    pub fn named(name: &str, clock_hz: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.name().eq_ignore_ascii_case(name) && clock_hz == CLOCK_HZ)
    }

    /// The codec with this fixed payload type.
    #[must_use]
    pub fn of_payload_type(payload_type: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.payload_type() == payload_type)
    }

    /// It is one of the two of G.711, which are changed into each other by table.
    #[must_use]
    pub const fn is_g711(self) -> bool {
        matches!(self, Self::Pcma | Self::Pcmu)
    }
}
