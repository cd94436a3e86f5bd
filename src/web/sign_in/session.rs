//! Who is asking. A session is a random token in a cookie; the database has its hash.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{COOKIE, HeaderMap};
use axum::http::request::Parts;
use axum::http::{Extensions, Method};
use sha2::{Digest, Sha256};

use crate::clock::SECOND;
use crate::store::error::StoreError;
use crate::store::read::accounts::{Role, User};
use crate::store::write::Write;
use crate::web::answer::Fault;
use crate::web::deps::{Deps, OfficeInfo};
use crate::web::texts::{Language, Texts};

/// The cookie's name.
const COOKIE_NAME: &str = "belbrug";
/// The cookie of the language before signing in.
const LANGUAGE_COOKIE: &str = "belbrug-language";
/// A session's last use is written down this often.
const SEEN_EVERY_MICROS: i64 = 300 * SECOND;

/// A signed-in user.
#[derive(Debug, Clone)]
pub struct Session {
    /// Who.
    pub user: User,
    /// The user's texts.
    pub t: &'static Texts,
    /// The hash of the token.
    pub token_hash: String,
}

/// A new token and its hash.
#[must_use]
pub fn new_token() -> (String, String) {
    let token = hex::encode(rand::random::<[u8; 32]>());
    let hash = token_hash(&token);
    (token, hash)
}

fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// The `Set-Cookie` that begins a session, or with no token ends it.
#[must_use]
pub fn set_cookie(token: Option<&str>, hours: u32, is_https: bool) -> String {
    let secure = if is_https { "; Secure" } else { "" };
    let age = if token.is_some() { u64::from(hours) * 3600 } else { 0 };
    format!("{COOKIE_NAME}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}", token.unwrap_or_default())
}

/// The `Set-Cookie` that keeps the language for who is not signed in.
#[must_use]
pub fn set_language(language: Language) -> String {
    format!("{LANGUAGE_COOKIE}={}; Path=/; SameSite=Lax; Max-Age=31536000", language.code())
}

/// The texts for who is not signed in.
#[must_use]
pub fn texts(headers: &HeaderMap, office: &OfficeInfo) -> &'static Texts {
    let wanted = cookie(headers, LANGUAGE_COOKIE).unwrap_or(&office.language);
    Texts::of(Language::parse(wanted).unwrap_or(Language::Nl))
}

/// The client's address: what a trusted proxy says, else the connection's.
#[must_use]
pub fn client_address(extensions: &Extensions, headers: &HeaderMap, office: &OfficeInfo) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::from([127, 0, 0, 1]), |ConnectInfo(address)| address.ip().to_canonical());
    if !office.trusted_proxies.contains(&peer) {
        return peer;
    }
    let said = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok()).and_then(|value| value.rsplit(',').next());
    said.and_then(|address| address.trim().parse().ok()).unwrap_or(peer)
}

/// Whether the client speaks HTTPS, with us or with a trusted proxy.
#[must_use]
pub fn is_https(extensions: &Extensions, headers: &HeaderMap, office: &OfficeInfo) -> bool {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip().to_canonical());
    let proxied = peer.is_some_and(|peer| office.trusted_proxies.contains(&peer));
    office.https || (proxied && headers.get("x-forwarded-proto").is_some_and(|proto| proto.as_bytes() == b"https"))
}

impl Session {
    /// The session of these headers, if somebody is signed in.
    ///
    /// # Errors
    /// When the database does not answer: that is no reason to sign anybody out.
    pub async fn of(headers: &HeaderMap, deps: &Deps) -> Result<Option<Self>, StoreError> {
        let Some(token) = cookie(headers, COOKIE_NAME) else { return Ok(None) };
        let token_hash = token_hash(token);
        let now = deps.clock.now();
        let Some(user) = deps.store.user_by_session(&token_hash, now).await? else { return Ok(None) };
        if user.last_seen.is_none_or(|seen| now.since(seen) > SEEN_EVERY_MICROS) {
            let writer = deps.writer.clone();
            let seen = Write::SessionSeen(token_hash.clone(), now);
            tokio::spawn(async move { writer.write(seen).await });
        }
        let t = Texts::of(Language::parse(&user.language).unwrap_or(Language::Nl));
        Ok(Some(Self { user, t, token_hash }))
    }

    /// Passes who may do what `role` may do.
    ///
    /// # Errors
    /// When the user may not.
    pub(crate) fn require(&self, role: Role) -> Result<(), Fault> {
        if self.user.role >= role { Ok(()) } else { Err(Fault::Forbidden(self.t)) }
    }
}

impl FromRequestParts<Deps> for Session {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, deps: &Deps) -> Result<Self, Fault> {
        let is_stream = parts.uri.path().ends_with("/live") || parts.uri.path().ends_with("/search");
        let is_page = parts.method == Method::GET && !is_stream;
        let found = Self::of(&parts.headers, deps).await.map_err(|e| Fault::store(texts(&parts.headers, &deps.office), &e))?;
        found.ok_or(Fault::SignedOut { is_page })
    }
}
