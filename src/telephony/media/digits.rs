//! Keys of the pad as events of RTP (RFC 4733): each is told every 20 ms while it is pressed, and its end three times.

use std::collections::VecDeque;

use super::codec::FRAME_TICKS;

/// Keys that wait, at most.
pub const WAITING_MAX: usize = 32;
/// Frames that a key is pressed: 100 ms, which every exchange hears.
const PRESSED_FRAMES: u16 = 5;
/// How often the end is told (2.5.1.4).
const ENDS: u16 = 3;
/// Frames of rest before the next key.
const REST_FRAMES: u16 = 4;
/// -10 dBm0, as loud as a telephone's own (2.3.4).
const VOLUME: u8 = 10;

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digit(u8);

impl Digit {
    /// A key of the pad: `0` to `9`, `*`, `#`.
    #[must_use]
    pub fn parse(key: char) -> Option<Self> {
        "0123456789*#".find(key).and_then(|code| u8::try_from(code).ok()).map(Self)
    }

    /// The key itself.
    #[must_use]
    pub fn key(self) -> char {
        "0123456789*#".chars().nth(self.0.into()).unwrap_or_default()
    }
}

/// One packet of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPacket {
    /// What it carries.
    pub payload: [u8; 4],
    /// The key has just been pressed: the packet has a time of its own, and the marker.
    pub is_first: bool,
}

/// The keys of one leg.
#[derive(Debug, Default)]
pub struct Digits {
    waiting: VecDeque<Digit>,
    /// How many frames of the first that waits have gone.
    frame: u16,
}

impl Digits {
    /// Presses a key after those that wait; whether there was room for it.
    pub fn press(&mut self, digit: Digit) -> bool {
        let has_room = self.waiting.len() < WAITING_MAX;
        if has_room {
            self.waiting.push_back(digit);
        }
        has_room
    }

    /// A key is pressed, or rests after one: nothing else is sent meanwhile.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// What is to be sent in this frame of 20 ms.
    pub fn next_frame(&mut self) -> Option<EventPacket> {
        let digit = *self.waiting.front()?;
        let frame = self.frame;
        self.frame += 1;
        if self.frame >= PRESSED_FRAMES + ENDS + REST_FRAMES {
            (self.frame, _) = (0, self.waiting.pop_front());
        }
        if frame >= PRESSED_FRAMES + ENDS {
            return None;
        }
        let is_end = frame >= PRESSED_FRAMES;
        let frames = (frame + 1).min(PRESSED_FRAMES);
        let [high, low] = u16::try_from(u32::from(frames) * FRAME_TICKS).unwrap_or(u16::MAX).to_be_bytes();
        let payload = [digit.0, VOLUME | if is_end { 0x80 } else { 0 }, high, low];
        Some(EventPacket { payload, is_first: frame == 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_while_it_is_pressed_and_its_end_three_times() {
        let mut digits = Digits::default();
        assert_eq!(digits.next_frame(), None);
        assert!(digits.press(Digit::parse('#').unwrap()) && digits.press(Digit::parse('5').unwrap()));
        let frames: Vec<_> = (0..12).map(|_| digits.next_frame()).collect();
        let told: Vec<_> = frames.iter().flatten().map(|packet| (packet.payload, packet.is_first)).collect();
        let pressed = [[11, 10, 0, 160], [11, 10, 1, 64], [11, 10, 1, 224], [11, 10, 2, 128], [11, 10, 3, 32]];
        let expected: Vec<_> = pressed.into_iter().chain([[11, 0x8A, 3, 32]; 3]).enumerate().map(|(at, payload)| (payload, at == 0)).collect();
        assert_eq!(told, expected);
        assert_eq!(frames[8..], [None; 4], "and then it rests");
        assert!(digits.is_busy());
        assert_eq!(digits.next_frame().map(|packet| (packet.payload[0], packet.is_first)), Some((5, true)));
    }

    #[test]
    fn only_keys_of_the_pad() {
        assert_eq!("0123456789*#".chars().filter_map(Digit::parse).map(Digit::key).collect::<String>(), "0123456789*#");
        assert!("A+ ,w".chars().all(|key| Digit::parse(key).is_none()));
        let mut digits = Digits::default();
        let taken = (0..100).filter(|_| digits.press(Digit::parse('1').unwrap())).count();
        assert_eq!(taken, WAITING_MAX);
    }
}
