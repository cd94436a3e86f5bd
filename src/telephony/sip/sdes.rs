//! The keys of audio as a description says them (SDES, RFC 4568). They are as secret as the way that SIP itself goes: over TLS.

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::telephony::media::srtp::{Key, MASTER_BYTES, Suite};

const NAMES: [(Suite, &str); 2] = [(Suite::Sha1Of80, "AES_CM_128_HMAC_SHA1_80"), (Suite::Sha1Of32, "AES_CM_128_HMAC_SHA1_32")];

/// A key that is offered, or chosen of those that were: what stands behind `a=crypto:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crypto {
    /// Which of several that are offered.
    pub tag: u32,
    /// The key of whoever says it.
    pub key: Key,
}

impl Crypto {
    /// Reads one; `None` of one that we cannot do: of another suite, with keys that are chosen by packet, or with wishes that we do not know.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let tag = words.next()?.parse().ok()?;
        let name = words.next()?;
        let (suite, _) = NAMES.iter().find(|(_, known)| known.eq_ignore_ascii_case(name))?;
        let mut parts = words.next()?.strip_prefix("inline:")?.split('|');
        let master = STANDARD.decode(parts.next()?).ok()?;
        let master: [u8; MASTER_BYTES] = master.try_into().ok()?;
        // How long it lasts is longer than any call; one with a colon names the key in each packet (MKI), and a semicolon is before another.
        let is_plain = parts.all(|part| !part.contains([':', ';']));
        // What is only advice may be passed over (6.3).
        let is_advice = |word: &str| word.starts_with('-') || word.starts_with("WSH=");
        (is_plain && words.all(is_advice)).then_some(Self { tag, key: Key { suite: *suite, master } })
    }
}

impl fmt::Display for Crypto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(suite, _)| *suite == self.key.suite).map_or("", |(_, name)| name);
        write!(f, "{} {name} inline:{}", self.tag, STANDARD.encode(self.key.master))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 4568, 6.1 and 9.2.
    const INLINE: &str = "inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";

    #[test]
    fn what_is_offered_is_read_and_said() {
        let crypto = Crypto::parse(&format!("1 AES_CM_128_HMAC_SHA1_80 {INLINE}|2^20")).unwrap();
        assert_eq!((crypto.tag, crypto.key.suite), (1, Suite::Sha1Of80));
        assert_eq!(&crypto.key.master, b"wDfvg&T+)xG7@fb5jU,RaA}\\|p0%*#");
        assert_eq!(crypto.to_string(), format!("1 AES_CM_128_HMAC_SHA1_80 {INLINE}"));
        let short = Crypto::parse(&format!("42 aes_cm_128_hmac_sha1_32 {INLINE} WSH=64 -NEW")).unwrap();
        assert_eq!((short.tag, short.key.suite), (42, Suite::Sha1Of32));
    }

    #[test]
    fn what_we_cannot_do_is_not_taken() {
        for wrong in [
            "",
            "1",
            "one AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj",
            "1 F8_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj",
            "1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|1:4",
            "1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:4",
            "1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj UNENCRYPTED_SRTP",
            "1 AES_CM_128_HMAC_SHA1_80 inline:c2hvcnQ=",
            "1 AES_CM_128_HMAC_SHA1_80 d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj",
        ] {
            assert_eq!(Crypto::parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_not(text in "[ -~]{0,120}", rest in "[ -~]{0,60}") {
            let _ = Crypto::parse(&text);
            if let Some(crypto) = Crypto::parse(&format!("1 AES_CM_128_HMAC_SHA1_80 {INLINE}{rest}")) {
                prop_assert_eq!(Crypto::parse(&crypto.to_string()), Some(crypto));
            }
        }
    }
}
