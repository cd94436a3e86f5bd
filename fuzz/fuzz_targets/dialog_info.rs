//! What a PBX tells of a phone.
#![no_main]

use belbrug::telephony::sip::dialog_info;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = dialog_info::parse(bytes);
});
