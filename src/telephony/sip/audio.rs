//! The audio of a session description, as an end of it must know it: where the other listens, in what, and what we say to that (offer and
//! answer, RFC 3264).

use core::net::{IpAddr, SocketAddr};
use std::fmt::Write as _;

use sdp_types::{Media, Session};

use super::sdes::Crypto;
use super::sdp::{Description, Direction};
use crate::telephony::media::codec::{CLOCK_HZ, Codec};

/// What our own events of keys are called in an offer (RFC 4733); any number from 96 on would do.
const EVENTS: u8 = 101;

/// The first audio of a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    /// Where whoever describes itself listens; `None` of one that refuses the audio, or is nowhere (the hold of RFC 2543).
    pub at: Option<SocketAddr>,
    /// The codecs that we know of those that it takes, with their payload types, the one that it likes best first.
    pub codecs: Vec<(u8, Codec)>,
    /// The payload type of keys.
    pub events: Option<u8>,
    /// Which way the audio goes.
    pub direction: Direction,
    /// The key of whoever describes itself, where the audio is secret.
    pub crypto: Option<Crypto>,
}

/// Our own end of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ours {
    /// Where we listen.
    pub at: SocketAddr,
    /// Names the session.
    pub session: u64,
    /// How often we have described it, this time included.
    pub version: u64,
    /// Which way the audio is to go.
    pub direction: Direction,
    /// Our key, where the audio is to be secret.
    pub crypto: Option<Crypto>,
}

impl Direction {
    /// What can be said to an offer that goes this way, of what we want (RFC 3264, 6.1).
    #[must_use]
    pub const fn answered(self, wanted: Self) -> Self {
        let speaks = matches!(self, Self::SendRecv | Self::RecvOnly) && matches!(wanted, Self::SendRecv | Self::SendOnly);
        let hears = matches!(self, Self::SendRecv | Self::SendOnly) && matches!(wanted, Self::SendRecv | Self::RecvOnly);
        match (speaks, hears) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }
}

impl Description {
    /// Its first audio with a key that we can use, or else its first without.
    #[must_use]
    pub fn audio(&self) -> Option<Audio> {
        let media = audio_of(&self.0)?;
        let connection = media.connections.first().or(self.0.connection.as_ref());
        let address = connection.and_then(|connection| connection.connection_address.parse::<IpAddr>().ok());
        let at = address.filter(|address| !address.is_unspecified() && media.port != 0).map(|address| SocketAddr::new(address, media.port));
        let formats = || media.fmt.split_ascii_whitespace().filter_map(|format| format.parse::<u8>().ok());
        let codecs = formats().filter_map(|format| Some((format, codec_of(media, format)?))).collect();
        let is_events = |format: &u8| matches!(mapped(media, *format), Some((name, CLOCK_HZ)) if name.eq_ignore_ascii_case("telephone-event"));
        Some(Audio { at, codecs, events: formats().find(is_events), direction: self.direction_of(media), crypto: crypto_of(media) })
    }

    /// Our answer to it, in this codec; every other medium in it is refused.
    #[must_use]
    pub fn answered(&self, ours: &Ours, codec: (u8, Codec), events: Option<u8>) -> Vec<u8> {
        let chosen = audio_of(&self.0);
        let mut text = head(ours);
        for media in &self.0.medias {
            if chosen.is_some_and(|chosen| std::ptr::eq(chosen, media)) {
                text.push_str(&audio(ours, &media.proto, &[codec], events));
            } else {
                let _ = write!(text, "m={} 0 {} {}\r\n", media.media, media.proto, media.fmt);
            }
        }
        text.into_bytes()
    }
}

/// Our offer: every codec that we know, or the one that is spoken already.
#[must_use]
pub fn offer(ours: &Ours, only: Option<(u8, Codec)>, events: Option<u8>) -> Vec<u8> {
    let all = Codec::ALL.map(|codec| (codec.payload_type(), codec));
    let codecs = only.map_or_else(|| all.to_vec(), |codec| vec![codec]);
    let proto = if ours.crypto.is_some() { "RTP/SAVP" } else { "RTP/AVP" };
    (head(ours) + &audio(ours, proto, &codecs, events.or(Some(EVENTS)))).into_bytes()
}

fn head(ours: &Ours) -> String {
    let kind = if ours.at.is_ipv4() { "IP4" } else { "IP6" };
    let (address, session, version) = (ours.at.ip(), ours.session, ours.version);
    format!("v=0\r\no=- {session} {version} IN {kind} {address}\r\ns=-\r\nc=IN {kind} {address}\r\nt=0 0\r\n")
}

fn audio(ours: &Ours, proto: &str, codecs: &[(u8, Codec)], events: Option<u8>) -> String {
    let mut text = format!("m=audio {} {proto}", ours.at.port());
    for format in codecs.iter().map(|(format, _)| *format).chain(events) {
        let _ = write!(text, " {format}");
    }
    text.push_str("\r\n");
    for (format, codec) in codecs {
        let _ = write!(text, "a=rtpmap:{format} {}/{CLOCK_HZ}\r\n", codec.name());
    }
    if let Some(events) = events {
        let _ = write!(text, "a=rtpmap:{events} telephone-event/{CLOCK_HZ}\r\na=fmtp:{events} 0-15\r\n");
    }
    if let Some(crypto) = ours.crypto {
        let _ = write!(text, "a=crypto:{crypto}\r\n");
    }
    let _ = write!(text, "a=ptime:20\r\na={}\r\n", ours.direction.as_str());
    text
}

/// The audio over RTP that we take: secret rather than not.
fn audio_of(session: &Session) -> Option<&Media> {
    let mut all = session.medias.iter().filter(|media| media.media == "audio");
    let is_secret = |media: &&Media| media.port != 0 && crypto_of(media).is_some();
    all.clone().find(is_secret).or_else(|| all.find(|media| matches!(media.proto.as_str(), "RTP/AVP" | "RTP/AVPF")))
}

/// The first key that we can use. Some say one without saying that the audio is secret (RTP/AVP): it is, where both say one.
fn crypto_of(media: &Media) -> Option<Crypto> {
    let is_rtp = matches!(media.proto.as_str(), "RTP/SAVP" | "RTP/SAVPF" | "RTP/AVP" | "RTP/AVPF");
    let mut all = media.attributes.iter().filter(|attribute| is_rtp && attribute.attribute == "crypto");
    all.find_map(|attribute| Crypto::parse(attribute.value.as_deref()?))
}

fn codec_of(media: &Media, format: u8) -> Option<Codec> {
    match mapped(media, format) {
        Some((name, clock)) => Codec::named(name, clock),
        None => Codec::of_payload_type(format), // The fixed ones need no words.
    }
}

/// What `a=rtpmap` says of a format: its name and clock. One of several channels is none that we know.
fn mapped(media: &Media, format: u8) -> Option<(&str, u32)> {
    media.attributes.iter().filter(|attribute| attribute.attribute == "rtpmap").find_map(|attribute| {
        let (own, encoding) = attribute.value.as_deref()?.split_once(' ')?;
        let mut parts = encoding.trim().split('/');
        let (name, clock, channels) = (parts.next()?, parts.next()?, parts.next().unwrap_or("1"));
        (own.parse() == Ok(format)).then_some((name, if channels == "1" { clock.parse().ok()? } else { 0 }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telephony::media::srtp::Key;

    const OURS: Ours = Ours {
        at: SocketAddr::new(IpAddr::V4(core::net::Ipv4Addr::new(198, 51, 100, 7)), 4000),
        session: 5,
        version: 2,
        direction: Direction::SendRecv,
        crypto: None,
    };

    fn theirs(media: &str) -> Description {
        Description::parse(format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{media}").as_bytes()).unwrap()
    }

    #[test]
    fn what_the_other_end_takes_in_its_own_order() {
        let description = theirs(
            "m=audio 7000 RTP/AVP 111 0 8 97 96\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:97 G722/8000\r\na=rtpmap:96 telephone-event/8000\r\na=sendonly\r\n",
        );
        let audio = description.audio().unwrap();
        assert_eq!(audio.at, Some("192.0.2.1:7000".parse().unwrap()));
        assert_eq!(audio.codecs, [(0, Codec::Pcmu), (8, Codec::Pcma), (97, Codec::G722)]);
        assert_eq!((audio.events, audio.direction), (Some(96), Direction::SendOnly));
    }

    #[test]
    fn one_that_is_nowhere_refuses_or_needs_a_key() {
        assert_eq!(theirs("m=audio 0 RTP/AVP 8\r\n").audio().unwrap().at, None);
        assert_eq!(theirs("m=audio 7000 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\n").audio().unwrap().at, None);
        assert_eq!(theirs("m=audio 7000 RTP/SAVP 8\r\n").audio(), None);
        assert_eq!(theirs("m=audio 7000 RTP/AVP 3\r\n").audio().unwrap().codecs, []);
    }

    #[test]
    fn an_answer_has_one_codec_and_as_many_media_as_the_offer() {
        let description =
            theirs("m=video 7002 RTP/AVP 31\r\nm=audio 7000 RTP/AVP 0 97 96\r\na=rtpmap:97 G722/8000\r\na=rtpmap:96 telephone-event/8000\r\n");
        let text = String::from_utf8(description.answered(&OURS, (97, Codec::G722), Some(96))).unwrap();
        assert_eq!(
            text,
            "v=0\r\no=- 5 2 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\nm=video 0 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 97 96\r\n\
             a=rtpmap:97 G722/8000\r\na=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
        );
        let read = Description::parse(text.as_bytes()).unwrap().audio().unwrap();
        assert_eq!((read.codecs, read.at), (vec![(97, Codec::G722)], Some(OURS.at)));
    }

    #[test]
    fn secret_audio_is_taken_rather_than_plain_and_answered_with_our_own_key() {
        let keyed =
            "a=crypto:1 AEAD_AES_256_GCM inline:AAAA\r\na=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n";
        let description = theirs(&format!("m=audio 7000 RTP/AVP 8\r\nm=audio 7002 RTP/SAVP 8\r\n{keyed}"));
        let audio = description.audio().unwrap();
        let crypto = audio.crypto.unwrap();
        assert_eq!((audio.at.map(|at| at.port()), crypto.tag), (Some(7002), 7));
        let own = Crypto { tag: crypto.tag, key: Key { master: [65; 30], ..crypto.key } };
        let text = String::from_utf8(description.answered(&Ours { crypto: Some(own), ..OURS }, (8, Codec::Pcma), None)).unwrap();
        assert!(text.contains("m=audio 0 RTP/AVP 8\r\nm=audio 4000 RTP/SAVP 8\r\n"), "{text}");
        assert!(text.contains(&format!("a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:{}\r\n", "QUFB".repeat(10))), "{text}");
        let held = theirs(&format!("m=audio 0 RTP/AVP 8\r\na=inactive\r\nm=audio 7002 RTP/SAVP 8\r\n{keyed}a=sendonly\r\n"));
        assert_eq!(held.audio().map(|audio| audio.direction), Some(Direction::SendOnly), "of the audio that is taken");
        assert_eq!(theirs(&format!("m=audio 0 RTP/SAVP 8\r\n{keyed}m=audio 7000 RTP/AVP 8\r\n")).audio().and_then(|audio| audio.crypto), None);
    }

    #[test]
    fn an_offer_has_all_codecs_the_best_first() {
        let read = Description::parse(&offer(&OURS, None, None)).unwrap().audio().unwrap();
        assert_eq!(read.codecs, [(8, Codec::Pcma), (0, Codec::Pcmu), (9, Codec::G722)]);
        assert_eq!((read.events, read.direction), (Some(101), Direction::SendRecv));
        let one = Description::parse(&offer(&Ours { direction: Direction::SendOnly, ..OURS }, Some((8, Codec::Pcma)), Some(97))).unwrap();
        assert_eq!(one.audio().map(|audio| (audio.codecs, audio.events)), Some((vec![(8, Codec::Pcma)], Some(97))));
        assert!(one.direction().is_hold());
    }

    #[test]
    fn an_answer_never_goes_where_the_offer_does_not() {
        use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
        for (offered, wanted, answer) in [
            (SendRecv, SendRecv, SendRecv),
            (SendOnly, SendRecv, RecvOnly),
            (RecvOnly, SendRecv, SendOnly),
            (Inactive, SendRecv, Inactive),
            (SendRecv, SendOnly, SendOnly),
            (SendOnly, SendOnly, Inactive),
        ] {
            assert_eq!(offered.answered(wanted), answer, "{offered:?} {wanted:?}");
        }
    }
}
