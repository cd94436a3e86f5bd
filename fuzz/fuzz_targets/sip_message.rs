//! A datagram: cut, checked, and every field looked at.
#![no_main]

use belbrug::telephony::sip::check::check;
use belbrug::telephony::sip::message::Message;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = Message::parse(bytes) {
        let _ = check(&message);
        for field in &message.fields {
            let _ = (field.value(), message.list(field.name));
        }
    }
});
