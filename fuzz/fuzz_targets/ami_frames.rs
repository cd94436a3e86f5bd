//! What a PBX's manager interface sends, as the tracker hears it.
#![no_main]

use belbrug::clock::Timestamp;
use belbrug::telephony::ami::frame::FrameBuffer;
use belbrug::telephony::calls::tracker::{Lines, Tracker};
use belbrug::telephony::pbx::from_ami::translate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (mut buffer, mut tracker) = (FrameBuffer::new(), Tracker::new(Lines::new()));
    buffer.extend(bytes);
    while let Some(frame) = buffer.next_frame() {
        if let Some(event) = frame.ok().and_then(translate) {
            let _ = tracker.apply(Timestamp(0), &event);
        }
    }
});
