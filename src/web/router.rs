//! All routes together, behind what every answer must have: no foreign script, no framing, no foreign posts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use super::{Deps, OfficeInfo, admin, agent, assets, figures, recordings, sign_in, supervisor};

/// A form is never larger than this.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// A request whose body is not there, or that is not answered, within this time is given up.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

const HEADERS: [(&str, &str); 5] = [
    ("content-security-policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("cache-control", "no-store"),
];

/// The whole site.
pub fn router(deps: &Deps) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::to("/desk") }))
        .route("/health", get(|| async { "ok" }))
        .merge(sign_in::router(deps.clone()))
        .merge(agent::router(deps.clone()))
        .merge(supervisor::router(deps.clone()))
        .merge(admin::router(deps.clone()))
        .merge(recordings::router(deps.clone()))
        .merge(assets::router())
        .merge(figures::router(deps.clone()))
        .layer(from_fn(in_time))
        .layer(from_fn(same_origin))
        .layer(from_fn_with_state(deps.office.clone(), known_peer))
        .layer(from_fn(headers))
        .layer(from_fn(figures::counted))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        let name = HeaderName::from_static(name);
        if !response.headers().contains_key(&name) {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

/// Without HTTPS of our own, only this machine and the named proxies are served: nobody goes around the proxy.
async fn known_peer(State(office): State<Arc<OfficeInfo>>, ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request, next: Next) -> Response {
    let peer = peer.ip().to_canonical();
    if office.https || peer.is_loopback() || office.trusted_proxies.contains(&peer) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "this address is not a proxy named in [web] trusted_proxies").into_response()
}

/// A body that trickles in holds nothing up for long. A stream answers at once and goes on.
async fn in_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(ANSWER_WITHIN, next.run(request)).await.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response())
}

/// Another site cannot make a signed-in browser post here, nor read our stream.
async fn same_origin(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD) && !request.uri().path().ends_with("/live");
    if reads || is_own(request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "a request from another site was refused").into_response()
    }
}

fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match (text(HeaderName::from_static("sec-fetch-site")), text(ORIGIN)) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        // An old browser: the origin must be the host that it asked.
        (None, Some(origin)) => origin.split_once("://").is_some_and(|(_, host)| Some(host) == text(HOST)),
        // No browser at all, and so no one's cookie is misused.
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(pairs: &[(&'static str, &'static str)]) -> bool {
        is_own(&pairs.iter().map(|(k, v)| (HeaderName::from_static(k), HeaderValue::from_static(v))).collect())
    }

    #[test]
    fn other_sites_are_refused() {
        assert!(own(&[("sec-fetch-site", "same-origin")]));
        assert!(!own(&[("sec-fetch-site", "cross-site"), ("origin", "http://desk.example"), ("host", "desk.example")]));
        assert!(own(&[("origin", "http://desk.example"), ("host", "desk.example")]));
        assert!(!own(&[("origin", "http://evil.example"), ("host", "desk.example")]));
        assert!(!own(&[("origin", "null"), ("host", "desk.example")]));
    }
}
