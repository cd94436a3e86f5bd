//! What somebody at a number does when he is called.

use std::time::Duration;

/// What somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Persona {
    /// How long it rings.
    pub rings: Duration,
    /// What then.
    pub then: Then,
}

/// What follows the ringing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Talks until the agent hangs up, or for so long.
    Talks(Duration),
    /// Talks for a moment, lets one wait for as long, and talks on.
    LetsWait(Duration),
    /// Is talking to somebody else.
    IsBusy,
    /// Does not come to the phone.
    IsOut,
}

/// A long talk.
const LONG: Duration = Duration::from_secs(300);

impl Persona {
    /// Whoever is at this number: those that end in 7 are busy, in 8 out, in 9 hang up soon, in 6 let one wait; all others talk.
    #[must_use]
    pub fn of(number: &str) -> Self {
        let (rings, then) = match number.bytes().last() {
            Some(b'7') => (Duration::from_millis(600), Then::IsBusy),
            Some(b'8') => (Duration::from_secs(20), Then::IsOut),
            Some(b'9') => (Duration::from_secs(2), Then::Talks(Duration::from_secs(8))),
            Some(b'6') => (Duration::from_secs(2), Then::LetsWait(Duration::from_secs(5))),
            _ => (Duration::from_secs(2), Then::Talks(LONG)),
        };
        Self { rings, then }
    }
}

/// Somebody who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// `+44...`, or `anonymous`.
    pub number: String,
    /// The name that the exchange shows.
    pub name: String,
    /// How long he lets it ring.
    pub patience: Duration,
}
