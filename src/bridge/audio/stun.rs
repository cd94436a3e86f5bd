//! For whom a STUN message is (RFC 8489): the name in it begins with that of the session it is meant for. Nothing is kept of a message
//! that names none.

const HEADER_BYTES: usize = 20;
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
const USERNAME: u16 = 0x0006;

/// Whether a datagram is STUN (RFC 7983, 7).
pub(super) fn is_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| *first < 4) && datagram.get(4..8) == Some(&MAGIC_COOKIE)
}

/// The part of the name that is ours: what stands before the colon.
pub(super) fn own_name(datagram: &[u8]) -> Option<&str> {
    if !is_stun(datagram) {
        return None;
    }
    let mut rest = datagram.get(HEADER_BYTES..)?;
    while let [kind_high, kind_low, high, low, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let value = after.get(..length)?;
        if u16::from_be_bytes([*kind_high, *kind_low]) == USERNAME {
            return std::str::from_utf8(value).ok()?.split(':').next();
        }
        // Each value is filled up to four bytes.
        rest = after.get(length.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(attributes: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 1, 0, u8::try_from(attributes.len()).unwrap()];
        bytes.extend(MAGIC_COOKIE);
        bytes.extend([7; 12]);
        bytes.extend(attributes);
        bytes
    }

    #[test]
    fn the_name_that_is_ours() {
        let bytes = message(b"\x80\x22\0\x03abc\0\0\x06\0\x09ours:them\0\0\0");
        assert_eq!(own_name(&bytes), Some("ours"));
        for wrong in [&message(b""), &message(b"\0\x06\0\xFFx"), &message(b"\0\x06"), &b"RTP".to_vec(), &vec![0x80; 40]] {
            assert_eq!(own_name(wrong), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = own_name(&bytes);
            let _ = own_name(&message(&bytes));
        }
    }
}
