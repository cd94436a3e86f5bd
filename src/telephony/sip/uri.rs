//! Addresses of SIP (RFC 3261, 19.1) and telephone numbers as addresses (RFC 3966).

use std::borrow::Cow;
use std::fmt;

use core::net::{Ipv4Addr, Ipv6Addr};

use super::cursor::{Malformed, number};

/// A URI, as it stands in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uri<'a> {
    /// `sip:` or `sips:`.
    Sip(SipUri<'a>),
    /// `tel:`.
    Tel(TelUri<'a>),
    /// Any other scheme, and what follows it.
    Other(&'a str, &'a str),
}

/// `sip:user:password@host:port;parameters?headers`, with its escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SipUri<'a> {
    /// `sips`: over TLS to the end.
    pub is_secure: bool,
    /// Before the `@`, without the password.
    pub user: Option<&'a str>,
    /// Deprecated, and still sent.
    pub password: Option<&'a str>,
    /// Where.
    pub host: Host<'a>,
    /// Which port; the transport's own when not said.
    pub port: Option<u16>,
    /// Behind the host, each after a semicolon.
    pub params: UriParams<'a>,
    /// Behind the question mark.
    pub headers: Option<&'a str>,
}

/// `tel:+31201234567;phone-context=...`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TelUri<'a> {
    /// The number with its visual separators.
    pub number: &'a str,
    /// Behind it.
    pub params: UriParams<'a>,
}

/// A host by name or by address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host<'a> {
    /// A name to be looked up.
    Name(&'a str),
    /// An address of four bytes.
    V4(Ipv4Addr),
    /// An address in brackets.
    V6(Ipv6Addr),
}

/// Parameters of a URI, checked and kept as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UriParams<'a>(&'a str);

impl<'a> Uri<'a> {
    /// Reads a whole URI.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        let (scheme, rest) = text.split_once(':').ok_or(Malformed)?;
        if scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips") {
            return SipUri::parse(rest, scheme.len() == 4).map(Self::Sip);
        }
        if scheme.eq_ignore_ascii_case("tel") {
            return TelUri::parse(rest).map(Self::Tel);
        }
        let starts_well = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
        let is_scheme = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
        let is_opaque = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"'));
        if starts_well && is_scheme && is_opaque && escapes_are_whole(rest) { Ok(Self::Other(scheme, rest)) } else { Err(Malformed) }
    }

    /// Its scheme, as it is written.
    #[must_use]
    pub const fn scheme(&self) -> &'a str {
        match self {
            Self::Sip(SipUri { is_secure: false, .. }) => "sip",
            Self::Sip(_) => "sips",
            Self::Tel(_) => "tel",
            Self::Other(scheme, _) => scheme,
        }
    }
}

impl<'a> SipUri<'a> {
    fn parse(rest: &'a str, is_secure: bool) -> Result<Self, Malformed> {
        let (userinfo, rest) = match rest.split_once('@') {
            Some((userinfo, rest)) => (Some(userinfo), rest),
            None => (None, rest),
        };
        let (user, password) = match userinfo.map(|info| info.split_once(':').map_or((info, None), |(user, password)| (user, Some(password)))) {
            Some((user, password)) => (Some(user), password),
            None => (None, None),
        };
        let is_user = |text: &str| !text.is_empty() && all(text, b"&=+$,;?/");
        if user.is_some_and(|user| !is_user(user)) || password.is_some_and(|password| !all(password, b"&=+$,")) {
            return Err(Malformed);
        }
        let (rest, headers) = rest.split_once('?').map_or((rest, None), |(rest, headers)| (rest, Some(headers)));
        if headers.is_some_and(|headers| !headers.contains('=') || !all(headers, b"[]/?:+$&=")) {
            return Err(Malformed);
        }
        let (hostport, params) = rest.split_once(';').map_or((rest, ""), |(host, params)| (host, params));
        let params = UriParams::parse(params, rest.contains(';'))?;
        let (host, port) = Host::with_port(hostport)?;
        Ok(Self { is_secure, user, password, host, port, params, headers })
    }

    /// The user without escapes.
    #[must_use]
    pub fn user_unescaped(&self) -> Option<Cow<'a, str>> {
        self.user.map(unescaped)
    }
}

impl<'a> TelUri<'a> {
    fn parse(rest: &'a str) -> Result<Self, Malformed> {
        let (number, params) = rest.split_once(';').map_or((rest, ""), |(number, params)| (number, params));
        let digits = number.strip_prefix('+').unwrap_or(number);
        let is_digit = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b'*' | b'#' | b'-' | b'.' | b'(' | b')');
        if !digits.bytes().any(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'*' | b'#')) || !digits.bytes().all(is_digit) {
            return Err(Malformed);
        }
        Ok(Self { number, params: UriParams::parse(params, rest.contains(';'))? })
    }
}

impl<'a> Host<'a> {
    /// Reads `host[:port]`.
    ///
    /// # Errors
    /// When the host is neither name nor address, or the port is none.
    pub fn with_port(text: &'a str) -> Result<(Self, Option<u16>), Malformed> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, rest) = rest.split_once(']').ok_or(Malformed)?;
                (Self::V6(address.parse().map_err(|_| Malformed)?), rest.strip_prefix(':').or(if rest.is_empty() { None } else { Some(rest) }))
            }
            None => {
                let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
                (Self::named(name)?, port)
            }
        };
        let port = port.map(|port| number(port).ok().and_then(|port| u16::try_from(port).ok()).ok_or(Malformed)).transpose()?;
        Ok((host, port))
    }

    fn named(name: &'a str) -> Result<Self, Malformed> {
        if let Ok(address) = name.parse() {
            return Ok(Self::V4(address));
        }
        // Underscores are in no host name of the grammar, and in many of the world.
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
        let labels = name.strip_suffix('.').unwrap_or(name);
        if is_name && labels.split('.').all(|label| !label.is_empty()) { Ok(Self::Name(name)) } else { Err(Malformed) }
    }
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

impl fmt::Display for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sip(uri) => uri.fmt(f),
            Self::Tel(TelUri { number, params }) => write!(f, "tel:{number}{params}"),
            Self::Other(scheme, rest) => write!(f, "{scheme}:{rest}"),
        }
    }
}

impl fmt::Display for SipUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_secure { "sips:" } else { "sip:" })?;
        if let Some(user) = self.user {
            f.write_str(user)?;
            self.password.map_or(Ok(()), |password| write!(f, ":{password}"))?;
            f.write_str("@")?;
        }
        write!(f, "{}", self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))?;
        write!(f, "{}", self.params)?;
        self.headers.map_or(Ok(()), |headers| write!(f, "?{headers}"))
    }
}

impl fmt::Display for UriParams<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, ";{}", self.0) }
    }
}

impl<'a> UriParams<'a> {
    fn parse(text: &'a str, are_there: bool) -> Result<Self, Malformed> {
        let is_param = |param: &str| {
            let (name, value) = param.split_once('=').map_or((param, None), |(name, value)| (name, Some(value)));
            !name.is_empty() && all(name, b"[]/:&+$") && value.is_none_or(|value| !value.is_empty() && all(value, b"[]/:&+$"))
        };
        if are_there && !text.split(';').all(is_param) { Err(Malformed) } else { Ok(Self(text)) }
    }

    /// Each name with its value; a flag has none.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        let params = self.0.split(';').filter(|param| !param.is_empty());
        params.map(|param| param.split_once('=').map_or((param, None), |(name, value)| (name, Some(value))))
    }

    /// The value of a parameter: empty for a flag, `None` when it is not there.
    #[must_use]
    pub fn get(self, name: &str) -> Option<&'a str> {
        self.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.unwrap_or_default())
    }
}

/// `unreserved`, whole escapes, and these.
fn all(text: &str, also: &[u8]) -> bool {
    let fits = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')' | b'%') || also.contains(&byte)
    };
    text.bytes().all(fits) && escapes_are_whole(text)
}

fn escapes_are_whole(text: &str) -> bool {
    text.split('%').skip(1).all(|part| matches!(part.as_bytes(), [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()))
}

/// As the value of a header field in a URI.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// What the escapes of a URI stand for. What is no UTF-8 then is replaced by its sign.
#[must_use]
pub fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let escaped = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.extend(escaped);
        out.extend(part.get(2..).unwrap_or_default().bytes());
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sip(text: &str) -> SipUri<'_> {
        match Uri::parse(text) {
            Ok(Uri::Sip(uri)) => uri,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn everything_that_a_sip_uri_can_have() {
        let uri = sip("sips:alice:secret@atlanta.example:5061;transport=tcp;lr?subject=project%20x&priority=urgent");
        assert_eq!((uri.is_secure, uri.user, uri.password, uri.port), (true, Some("alice"), Some("secret"), Some(5061)));
        assert_eq!(uri.host, Host::Name("atlanta.example"));
        assert_eq!((uri.params.get("Transport"), uri.params.get("lr"), uri.params.get("x")), (Some("tcp"), Some(""), None));
        assert_eq!(uri.headers, Some("subject=project%20x&priority=urgent"));
        for whole in ["sips:a:secret@atlanta.example:5061;transport=tcp;lr?subject=x", "sip:[2001:db8::10]", "tel:+447700900123;ext=1", "x:y"] {
            assert_eq!(Uri::parse(whole).map(|uri| uri.to_string()).as_deref(), Ok(whole));
        }
        let odd = sip("sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com");
        assert_eq!(odd.user, Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"));
        assert_eq!(odd.password, Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"));
        assert_eq!(sip("sip:sips%3Auser%40example.com@example.net").user_unescaped().unwrap(), "sips:user@example.com");
        assert_eq!(sip("sip:user;par=u%40example.net@example.com").user, Some("user;par=u%40example.net"));
        assert_eq!(sip("sip:192.0.2.4").host, Host::V4(Ipv4Addr::new(192, 0, 2, 4)));
    }

    /// RFC 5118, 4.1 to 4.4.
    #[test]
    fn addresses_of_sixteen_bytes_stand_in_brackets() {
        let uri = sip("sip:user@[2001:db8::10]:5070;maddr=[2001:db8::1]");
        assert_eq!((uri.host.to_string().as_str(), uri.port), ("[2001:db8::10]", Some(5070)));
        assert_eq!(uri.params.get("maddr"), Some("[2001:db8::1]"));
        assert_eq!(sip("sip:[2001:db8::10:5070]").port, None);
        for wrong in ["sip:2001:db8::10", "sip:[2001:db8::10", "sip:[2001:db8::10]x", "sip:[::1]:", "sip:[g::1]"] {
            assert_eq!(Uri::parse(wrong), Err(Malformed), "{wrong}");
        }
    }

    #[test]
    fn numbers_and_strange_schemes() {
        let Ok(Uri::Tel(tel)) = Uri::parse("tel:+44-7700-900123;phone-context=example.com") else { panic!("no tel") };
        assert_eq!((tel.number, tel.params.get("phone-context")), ("+44-7700-900123", Some("example.com")));
        assert_eq!(Uri::parse("nobodyKnowsThisScheme:totallyopaquecontent"), Ok(Uri::Other("nobodyKnowsThisScheme", "totallyopaquecontent")));
        assert_eq!(Uri::parse("soap.beep://192.0.2.103:3002").map(|uri| uri.scheme()), Ok("soap.beep"));
    }

    #[test]
    fn what_is_no_uri() {
        let wrong = [
            "",
            "sip:",
            "alice@example.com",
            "sip:@example.com",
            "sip:a@b@c",
            "sip:a b@example.com",
            "sip:a@exa mple",
            "sip:a@example..com",
            "sip:a%4@example.com",
            "sip:a%zz@example.com",
            "sip:a@example.com:",
            "sip:a@example.com:65536",
            "sip:a@example.com;",
            "sip:a@example.com;=x",
            "sip:a@example.com?",
            "tel:",
            "tel:+",
            "tel:a@b",
            "1x:y",
            "x:<y>",
            "sip:a@example.com;x=<y>",
        ];
        for text in wrong {
            assert_eq!(Uri::parse(text), Err(Malformed), "{text}");
        }
    }
}
