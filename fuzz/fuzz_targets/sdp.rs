//! A session description, as whoever stands between passes it on.
#![no_main]

use belbrug::telephony::sip::sdp::{Description, Direction};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(description) = Description::parse(bytes) {
        let _ = description.direction();
        let said = description.clone().going(Direction::SendOnly).said_by("192.0.2.1".parse().unwrap(), 1, 2);
        let _ = Description::parse(&said).map(|again| again.is_same_media(&description));
    }
});
