//! Addresses with a name before them and parameters behind (RFC 3261, 20.10): From, To, Contact, Route, Record-Route, and what
//! is built like them.

use std::borrow::Cow;
use std::fmt;

use super::cursor::{self, Cursor, Malformed, Params, unquoted};
use super::uri::Uri;

/// `"Display name" <uri>;parameters`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address<'a> {
    display: &'a str,
    /// Where.
    pub uri: Uri<'a>,
    /// Behind it: `tag`, `q`, `expires` ...
    pub params: Params<'a>,
}

impl<'a> Address<'a> {
    /// Reads a value that holds one address.
    ///
    /// # Errors
    /// When it is none, or more than one.
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(text);
        let address = Self::read(&mut cursor)?;
        if cursor.is_at_end() { Ok(address) } else { Err(Malformed) }
    }

    /// Reads one address of a list, up to its comma.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(cursor: &mut Cursor<'a>) -> Result<Self, Malformed> {
        cursor.space();
        let (display, uri) = match cursor.quoted()? {
            Some(quoted) => {
                cursor.eat('<')?;
                (quoted, bracketed(cursor)?)
            }
            None => unquoted_name(cursor)?,
        };
        Ok(Self { display, uri, params: Params::read(cursor)? })
    }

    /// The name that the other side gives itself; empty when it gives none.
    #[must_use]
    pub fn display_name(&self) -> Cow<'a, str> {
        unquoted(self.display)
    }

    /// The `tag` of a dialog's end.
    #[must_use]
    pub fn tag(&self) -> Option<Cow<'a, str>> {
        self.params.get("tag")
    }
}

/// Without the name.
impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

/// A name of tokens before `<uri>`; or the URI alone, which then ends at the first sign that could belong to what follows.
fn unquoted_name<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a str, Uri<'a>), Malformed> {
    let before = cursor.rest();
    let mut name = *cursor;
    while name.token().is_ok() {
        name.space();
    }
    if name.rest().starts_with('<') {
        let used = before.len() - name.rest().len();
        name.eat('<')?;
        let uri = bracketed(&mut name)?;
        *cursor = name;
        return Ok((before.get(..used).unwrap_or_default().trim_end_matches([' ', '\t']), uri));
    }
    let uri = cursor.run(|byte| !matches!(byte, b' ' | b'\t' | b';' | b',' | b'<' | b'>' | b'"'))?;
    // RFC 3261, 20.10: a URI with a question mark stands in angle brackets.
    if uri.contains('?') {
        return Err(Malformed);
    }
    Ok(("", Uri::parse(uri)?))
}

/// The URI up to the closing bracket, no space in it.
fn bracketed<'a>(cursor: &mut Cursor<'a>) -> Result<Uri<'a>, Malformed> {
    Uri::parse(cursor.until('>')?)
}

/// Every address of a list.
///
/// # Errors
/// When one is none, or there is nothing between two commas.
pub fn list(text: &str) -> Result<Vec<Address<'_>>, Malformed> {
    cursor::list(text, Address::read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telephony::sip::uri::SipUri;

    fn user(address: &Address<'_>) -> String {
        match address.uri {
            Uri::Sip(SipUri { user, .. }) => user.unwrap_or_default().to_owned(),
            _ => panic!("{address:?}"),
        }
    }

    #[test]
    fn names_with_and_without_quotes() {
        let all = [
            ("\"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>  ;  tag = 98asjd8", "J Rosenberg \\\"", "jdrosen", Some("98asjd8")),
            ("caller<sip:caller@example.com>;tag=323", "caller", "caller", Some("323")),
            ("token1~` token2'+_ token3*%!.- <sip:mundane@example.com>", "token1~` token2'+_ token3*%!.-", "mundane", None),
            (" sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n", "", "vivekg", Some("1918181833n")),
            ("<sip:a@example.com;lr>", "", "a", None),
        ];
        for (text, name, who, tag) in all {
            let address = Address::parse(text).unwrap_or_else(|_| panic!("{text}"));
            assert_eq!((address.display_name().as_ref(), user(&address).as_str(), address.tag().as_deref()), (name, who, tag), "{text}");
        }
    }

    #[test]
    fn lists_with_commas_in_names_and_addresses() {
        let all = list("\"Watson, Thomas\" <sip:a,b@example.com>;q=0.7 ,sip:c@example.com;q=0.1, <sip:d@example.com>").unwrap();
        assert_eq!(all.iter().map(user).collect::<Vec<_>>(), ["a,b", "c", "d"]);
        assert_eq!(all[1].params.get("q").as_deref(), Some("0.1"));
        for wrong in ["", ",", "<sip:a@example.com>,", "<sip:a@example.com>,,<sip:b@example.com>"] {
            assert_eq!(list(wrong), Err(Malformed), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_address() {
        let wrong = [
            "\"Mr. J. User <sip:j.user@example.com>",
            "\"Watson, Thomas\" < sip:t.watson@example.org >",
            "Bell, Alexander <sip:a.g.bell@example.com>;tag=43",
            "sip:user@example.com?Route=%3Csip:sip.example.com%3E",
            "<sip:a@example.com",
            "<sip:a@example.com> x",
            "\"a\" sip:a@example.com",
        ];
        for text in wrong {
            assert_eq!(Address::parse(text), Err(Malformed), "{text}");
        }
    }
}
