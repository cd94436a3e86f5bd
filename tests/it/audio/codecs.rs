//! What is spoken: each codec is passed through as it is, and where one end speaks A-law and the other mu-law, each hears its own.

use belbrug::ids::AgentId;
use belbrug::telephony::media::codec::Codec;

use super::client::{Browser, Carrier, Exchange};

const ANNA: AgentId = AgentId(1);
/// The loudest that there is, in both laws (G.711, tables 1a and 2a).
const LOUD_A: u8 = 0xAA;
const LOUD_MU: u8 = 0x80;

fn is_heard(browser: &mut Browser, exchange: &Exchange, said: u8, heard: (Codec, u8)) {
    let mut is_heard = false;
    browser.until("heard", |browser| {
        browser.says(said);
        is_heard |= exchange.hears() == Some((heard.0.payload_type(), vec![heard.1; 160]));
        is_heard
    });
}

#[test]
fn each_codec_is_passed_through_as_it_is() {
    for codec in Codec::ALL {
        let mut carrier = Carrier::start();
        let (mut anna, exchange) = (Browser::of_speaking(&carrier, ANNA, codec), Exchange::new());
        let at = carrier.call("call-1", ANNA, &exchange);
        carrier.agrees("call-1", Carrier::flow(&exchange, codec, 2));
        anna.is_reached_by(&exchange, at, (codec, 0x5A), 0x5A);
        is_heard(&mut anna, &exchange, 0x3C, (codec, 0x3C));
    }
}

#[test]
fn the_other_end_changes_to_mu_law_in_mid_call() {
    let mut carrier = Carrier::start();
    let (mut anna, exchange) = (Browser::of(&carrier, ANNA), Exchange::new());
    let at = carrier.call("call-1", ANNA, &exchange);
    anna.is_reached_by(&exchange, at, (Codec::Pcma, 0x5A), 0x5A);
    is_heard(&mut anna, &exchange, LOUD_A, (Codec::Pcma, LOUD_A));
    carrier.agrees("call-1", Carrier::flow(&exchange, Codec::Pcmu, 2));
    anna.is_reached_by(&exchange, at, (Codec::Pcmu, LOUD_MU), LOUD_A);
    is_heard(&mut anna, &exchange, LOUD_A, (Codec::Pcmu, LOUD_MU));
}
