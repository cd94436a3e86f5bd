//! A connection: however the bytes are cut, the same messages come out.
#![no_main]

use belbrug::telephony::sip::message::StreamBuffer;
use libfuzzer_sys::fuzz_target;

fn messages(bytes: &[u8], size: usize) -> (Vec<Vec<u8>>, bool) {
    let (mut buffer, mut all) = (StreamBuffer::default(), Vec::new());
    for piece in bytes.chunks(size.max(1)) {
        buffer.extend(piece);
        loop {
            match buffer.next_message() {
                Ok(Some(message)) => all.push(message.to_vec()),
                Ok(None) => break,
                Err(_) => return (all, false),
            }
        }
    }
    (all, true)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((size, bytes)) = bytes.split_first() else { return };
    let (whole, is_whole_good) = messages(bytes, bytes.len());
    let (cut, is_cut_good) = messages(bytes, usize::from(*size));
    if is_whole_good && is_cut_good {
        assert_eq!(whole, cut);
    }
});
