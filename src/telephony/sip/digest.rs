//! Proving who we are without sending the secret (RFC 3261, 22; RFC 7616; RFC 8760).
//!
//! Only what we asked ourselves is answered, of the peer that we asked, in the realm that is ours, and twice at most: a challenge
//! that leads on to challenges is a trap.

use md5::{Digest as _, Md5};
use sha2::{Sha256, Sha512_256};

use super::cursor::{Cursor, Malformed, is_token, unquoted};
use super::method::Method;
use super::name::HeaderName;
use crate::personal::Personal;

/// Challenges to one request that are answered, at most: one, and one more when the nonce was too old or a second server asks.
pub const ANSWERS_MAX: u32 = 2;

/// How a response is hashed (RFC 8760, 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// What all know; broken.
    Md5,
    /// SHA-256.
    Sha256,
    /// SHA-512/256.
    Sha512_256,
}

impl Algorithm {
    fn named(name: &str) -> Option<(Self, bool)> {
        let (name, is_session) = match name.len().checked_sub(5).and_then(|at| name.split_at_checked(at)) {
            Some((name, end)) if end.eq_ignore_ascii_case("-sess") => (name, true),
            _ => (name, false),
        };
        let all = [("MD5", Self::Md5), ("SHA-256", Self::Sha256), ("SHA-512-256", Self::Sha512_256)];
        all.into_iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, algorithm)| (algorithm, is_session))
    }

    fn hash(self, text: &str) -> String {
        match self {
            Self::Md5 => hex::encode(Md5::digest(text)),
            Self::Sha256 => hex::encode(Sha256::digest(text)),
            Self::Sha512_256 => hex::encode(Sha512_256::digest(text)),
        }
    }
}

/// What a server wants to have proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// As the server wrote it; `None` when it did not, and is not told either.
    algorithm_name: Option<String>,
    is_session: bool,
    /// It knows `qop=auth`; else RFC 2069's way.
    has_qop: bool,
    stale: bool,
}

impl Challenge {
    /// Reads the value of a WWW-Authenticate or Proxy-Authenticate; `None` of what we cannot answer: another scheme, another
    /// algorithm, or integrity of the body alone.
    ///
    /// # Errors
    /// When it is not well formed.
    pub fn parse(value: &str) -> Result<Option<Self>, Malformed> {
        let mut cursor = Cursor::new(value);
        cursor.space();
        if !cursor.token()?.eq_ignore_ascii_case("Digest") {
            return Ok(None);
        }
        let params = params(&mut cursor)?;
        let get = |name: &str| params.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone());
        let algorithm_name = get("algorithm");
        let Some((algorithm, is_session)) = Algorithm::named(algorithm_name.as_deref().unwrap_or("MD5")) else { return Ok(None) };
        let qop = get("qop");
        let has_qop = qop.as_deref().is_some_and(|qop| qop.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth")));
        if (qop.is_some() || is_session) && !has_qop {
            return Ok(None);
        }
        let (realm, nonce) = (get("realm").ok_or(Malformed)?, get("nonce").ok_or(Malformed)?);
        let stale = get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true"));
        Ok(Some(Self { realm, nonce, opaque: get("opaque"), algorithm, algorithm_name, is_session, has_qop, stale }))
    }

    /// Whose users it means.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.realm
    }
}

/// `name=value, name="value" ...`: the values without quotes.
fn params(cursor: &mut Cursor<'_>) -> Result<Vec<(String, String)>, Malformed> {
    let mut all = Vec::new();
    loop {
        cursor.space();
        let name = cursor.token()?;
        cursor.eat('=')?;
        let value = match cursor.quoted()? {
            Some(quoted) => unquoted(quoted).into_owned(),
            None => cursor.run(|byte| is_token(byte) || matches!(byte, b'/' | b':' | b'=' | b'@'))?.to_owned(),
        };
        all.push((name.to_owned(), value));
        if !cursor.eats(',') {
            return if cursor.is_at_end() { Ok(all) } else { Err(Malformed) };
        }
    }
}

/// Who we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name at the PBX.
    pub username: String,
    /// Its secret.
    pub secret: Personal<String>,
    /// The only realm that is answered. `None` takes the first that the PBX names, and no other from then on.
    pub realm: Option<String>,
}

/// Why a challenge is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It cannot be read, or wants what we do not know.
    #[error("the PBX asks for a proof that we cannot give (Digest with MD5, SHA-256 or SHA-512-256 and qop auth is what we know)")]
    Unknown,
    /// It asks for another realm than ours.
    #[error("somebody asks for a proof in a realm that is not ours")]
    StrangeRealm,
    /// The answer was not good enough: the secret is wrong.
    #[error("the PBX does not take our name and secret")]
    Wrong,
}

/// The proofs of one account at one PBX.
#[derive(Debug, Clone)]
pub struct Authenticator {
    credentials: Credentials,
    realm: Option<String>,
    /// The last challenge of a user agent (401) and of a proxy (407), and how often each was answered.
    user: Option<(Challenge, u32)>,
    proxy: Option<(Challenge, u32)>,
}

/// How often one request was challenged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tries {
    user: u32,
    proxy: u32,
}

impl Tries {
    const fn all(self) -> u32 {
        self.user + self.proxy
    }
}

impl Authenticator {
    /// For these credentials.
    #[must_use]
    pub fn new(credentials: Credentials) -> Self {
        Self { realm: credentials.realm.clone(), credentials, user: None, proxy: None }
    }

    /// Takes the challenges of a 401 or 407 to a request of ours; `Ok` when the request may be sent once more.
    ///
    /// # Errors
    /// Says why it may not.
    pub fn challenged(&mut self, is_proxy: bool, challenges: &[String], tries: &mut Tries) -> Result<(), Refused> {
        // RFC 8760, 2.4: the topmost that we know; they are in the server's order of preference.
        let read = challenges.iter().filter_map(|value| Challenge::parse(value).ok().flatten()).collect::<Vec<_>>();
        if read.is_empty() {
            return Err(Refused::Unknown);
        }
        let ours = |challenge: &Challenge| self.realm.as_ref().is_none_or(|realm| *realm == challenge.realm);
        let challenge = read.into_iter().find(ours).ok_or(Refused::StrangeRealm)?;
        let before = if is_proxy { tries.proxy } else { tries.user };
        if tries.all() >= ANSWERS_MAX || (before > 0 && !challenge.stale) {
            return Err(Refused::Wrong);
        }
        *(if is_proxy { &mut tries.proxy } else { &mut tries.user }) += 1;
        self.realm.get_or_insert_with(|| challenge.realm.clone());
        *(if is_proxy { &mut self.proxy } else { &mut self.user }) = Some((challenge, 0));
        Ok(())
    }

    /// The header fields that prove who we are, as far as we have been asked before.
    pub fn proofs(&mut self, method: Method, uri: &str, cnonce: &str) -> Vec<(HeaderName, String)> {
        let credentials = &self.credentials;
        let proof = |(challenge, count): &mut (Challenge, u32)| {
            *count += 1;
            proof(credentials, challenge, *count, method, uri, cnonce)
        };
        let user = self.user.as_mut().map(proof).map(|proof| (HeaderName::Authorization, proof));
        let proxy = self.proxy.as_mut().map(proof).map(|proof| (HeaderName::ProxyAuthorization, proof));
        user.into_iter().chain(proxy).collect()
    }
}

/// The value of an Authorization (RFC 7616, 3.4).
fn proof(who: &Credentials, challenge: &Challenge, count: u32, method: Method, uri: &str, cnonce: &str) -> String {
    let Challenge { realm, nonce, algorithm, .. } = challenge;
    let hash = |text: &str| algorithm.hash(text);
    let secret = hash(&format!("{}:{realm}:{}", who.username, who.secret.reveal()));
    let a1 = if challenge.is_session { hash(&format!("{secret}:{nonce}:{cnonce}")) } else { secret };
    let a2 = hash(&format!("{method}:{uri}"));
    let response =
        if challenge.has_qop { hash(&format!("{a1}:{nonce}:{count:08x}:{cnonce}:auth:{a2}")) } else { hash(&format!("{a1}:{nonce}:{a2}")) };
    let mut value = format!(
        "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\"",
        quoted(&who.username),
        quoted(realm),
        quoted(nonce),
        quoted(uri)
    );
    if let Some(name) = &challenge.algorithm_name {
        value.push_str(&format!(", algorithm={name}"));
    }
    if challenge.has_qop {
        value.push_str(&format!(", qop=auth, nc={count:08x}, cnonce=\"{cnonce}\""));
    }
    if let Some(opaque) = &challenge.opaque {
        value.push_str(&format!(", opaque={}", quoted(opaque)));
    }
    value
}

/// As a quoted string.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authenticator(username: &str, secret: &str) -> Authenticator {
        Authenticator::new(Credentials { username: username.to_owned(), secret: secret.to_owned().into(), realm: None })
    }

    fn response(value: &str) -> &str {
        value.split("response=\"").nth(1).unwrap().split('"').next().unwrap()
    }

    /// RFC 7616, 3.9.1, by method GET, which SIP does not have: the hash is tried as it stands there.
    #[test]
    fn the_examples_of_rfc_7616() {
        let a1 = "Mufasa:http-auth@example.org:Circle of Life";
        let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        for (algorithm, expected) in [
            (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
            (Algorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let (a1, a2) = (algorithm.hash(a1), algorithm.hash("GET:/dir/index.html"));
            assert_eq!(algorithm.hash(&format!("{a1}:{nonce}:00000001:{cnonce}:auth:{a2}")), expected);
        }
        // FIPS 180-4's own example of SHA-512/256.
        assert_eq!(Algorithm::Sha512_256.hash("abc"), "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23");
    }

    /// By hand: MD5(MD5(bob:biloxi.com:zanzibar):nonce:MD5(INVITE:sip:bob@biloxi.com)), as draft-smith-sipping-auth-examples has it.
    #[test]
    fn a_challenge_without_qop_is_answered_the_old_way() {
        let mut auth = authenticator("bob", "zanzibar");
        let challenge = "Digest realm=\"biloxi.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
        auth.challenged(false, &[challenge.to_owned()], &mut Tries::default()).unwrap();
        let proofs = auth.proofs(Method::Invite, "sip:bob@biloxi.com", "0a4f113b");
        let [(HeaderName::Authorization, value)] = proofs.as_slice() else { panic!("{proofs:?}") };
        assert_eq!(response(value), "bf57e4e0d0bffc0fbaedce64d59add5e");
        assert!(value.ends_with(", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"") && !value.contains("qop"), "{value}");
    }

    #[test]
    fn the_topmost_known_algorithm_is_taken_and_the_count_grows() {
        let mut auth = authenticator("101", "secret");
        let challenges = ["Digest realm=\"pbx\", nonce=\"n1\", algorithm=SHA-1024, qop=\"auth\"", "Basic realm=\"pbx\""]
            .into_iter()
            .chain(["Digest realm=\"pbx\", nonce=\"n2\", algorithm=SHA-256, qop=\"auth,auth-int\"", "Digest realm=\"pbx\", nonce=\"n3\""])
            .map(str::to_owned)
            .collect::<Vec<_>>();
        auth.challenged(true, &challenges, &mut Tries::default()).unwrap();
        let first = auth.proofs(Method::Invite, "sip:102@pbx", "c")[0].1.clone();
        let second = auth.proofs(Method::Bye, "sip:102@pbx", "c")[0].1.clone();
        assert!(first.contains("nonce=\"n2\"") && first.contains("algorithm=SHA-256, qop=auth, nc=00000001"), "{first}");
        assert!(second.contains("nc=00000002"), "{second}");
        assert_ne!(response(&first), response(&second));
    }

    #[test]
    fn challenge_loops_stop_and_strange_realms_get_nothing() {
        let digest = |realm: &str, nonce: &str, stale: &str| vec![format!("Digest realm=\"{realm}\", nonce=\"{nonce}\"{stale}")];
        let (mut auth, mut tries) = (authenticator("101", "secret"), Tries::default());
        assert_eq!(auth.challenged(false, &digest("pbx", "1", ""), &mut tries), Ok(()));
        assert_eq!(auth.challenged(false, &digest("pbx", "2", ""), &mut tries), Err(Refused::Wrong), "the secret is wrong");
        let mut tries = Tries::default();
        for _ in 0..2 {
            assert_eq!(auth.challenged(false, &digest("pbx", "3", ", stale=true"), &mut tries), Ok(()));
        }
        assert_eq!(auth.challenged(false, &digest("pbx", "4", ", stale=TRUE"), &mut tries), Err(Refused::Wrong), "an endless loop");
        let mut tries = Tries::default();
        assert_eq!(auth.challenged(true, &digest("pbx", "5", ""), &mut tries), Ok(()), "a proxy, and the PBX behind it");
        assert_eq!(auth.challenged(false, &digest("pbx", "6", ""), &mut tries), Ok(()));
        assert_eq!(auth.challenged(true, &digest("pbx", "7", ", stale=true"), &mut tries), Err(Refused::Wrong));
        assert_eq!(auth.challenged(false, &digest("evil", "8", ""), &mut Tries::default()), Err(Refused::StrangeRealm));
        assert_eq!(auth.challenged(false, &["Digest realm".to_owned()], &mut Tries::default()), Err(Refused::Unknown));
        assert_eq!(
            auth.challenged(false, &["Digest realm=\"pbx\", nonce=\"n\", qop=\"auth-int\"".to_owned()], &mut Tries::default()),
            Err(Refused::Unknown)
        );
    }
}
