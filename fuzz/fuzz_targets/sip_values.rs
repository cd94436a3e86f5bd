//! The values of header fields, each by every reader; what is read is written again and read the same.
#![no_main]

use belbrug::telephony::sip::address::{self, Address};
use belbrug::telephony::sip::check::cseq;
use belbrug::telephony::sip::digest::Challenge;
use belbrug::telephony::sip::uri::Uri;
use belbrug::telephony::sip::via;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = (cseq(text), Challenge::parse(text), address::list(text));
    if let Ok(uri) = Uri::parse(text) {
        let again = uri.to_string();
        assert_eq!(Uri::parse(&again).map(|uri| uri.to_string()), Ok(again.clone()));
    }
    if let Ok(address) = Address::parse(text) {
        let _ = (address.display_name(), address.tag());
        assert!(Address::parse(&address.to_string()).is_ok());
    }
    for hop in via::list(text).unwrap_or_default() {
        let from = "[2001:db8::1]:5060".parse().unwrap();
        assert!(via::first(&hop.stamped(from)).is_ok());
    }
});
