//! `/metrics`: what is counted, for Prometheus. For this machine, or with the token of the config; behind a proxy everybody
//! seems to be this machine, and so the token is asked for.

use std::net::SocketAddr;
use std::time::Instant;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, FORWARDED};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

use super::deps::{Deps, OfficeInfo};
use crate::measure;

/// What a proxy adds to a request.
const FORWARDED_FOR: &str = "x-forwarded-for";

pub(super) fn router(deps: Deps) -> Router {
    Router::new().route("/metrics", get(figures)).with_state(deps)
}

async fn figures(State(deps): State<Deps>, ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap) -> Response {
    let Some(figures) = &deps.figures else { return StatusCode::NOT_FOUND.into_response() };
    if !may_read(&deps.office, peer, &headers) {
        return (StatusCode::FORBIDDEN, "figures are for this machine, or for who sends the token of [metrics]").into_response();
    }
    match (deps.store.outcomes_owed().await, deps.store.recording_alarms().await) {
        (Ok(outcomes), Ok(recordings)) => measure::owed(outcomes, recordings),
        // What was counted is shown all the same: now it is wanted most.
        (Err(error), _) | (_, Err(error)) => tracing::error!(%error, "the database did not say what is owed"),
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], figures.render()).into_response()
}

fn may_read(office: &OfficeInfo, peer: SocketAddr, headers: &HeaderMap) -> bool {
    let peer = peer.ip().to_canonical();
    let proxied = office.trusted_proxies.contains(&peer) || headers.contains_key(FORWARDED_FOR) || headers.contains_key(FORWARDED);
    (peer.is_loopback() && !proxied) || has_token(office, headers)
}

fn has_token(office: &OfficeInfo, headers: &HeaderMap) -> bool {
    let token = office.metrics_token.reveal();
    let sent = headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    // Digests, so that the time it takes tells nothing of how much was right.
    !token.is_empty() && sent.is_some_and(|sent| Sha256::digest(sent) == Sha256::digest(token.as_bytes()))
}

/// Counts a request and how long it took, by the part of the site that it asked for.
pub(super) async fn counted(request: Request, next: Next) -> Response {
    let (part, began) = (part_of(request.uri().path()), Instant::now());
    let response = next.run(request).await;
    measure::web_request(part, response.status().as_u16(), began.elapsed());
    response
}

/// A handful of words, whatever is asked for.
fn part_of(path: &str) -> &'static str {
    match path.split('/').nth(1).unwrap_or_default() {
        "desk" if path.ends_with("/live") => "desk live",
        "floor" if path.ends_with("/live") => "floor live",
        "desk" => "desk",
        "floor" => "floor",
        "admin" => "admin",
        "assets" => "assets",
        "recordings" => "recordings",
        "sign-in" | "sign-out" | "language" => "sign-in",
        "health" | "metrics" => "watch",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_asked_for_is_one_of_a_few_words() {
        for (path, part) in [
            ("/desk/live", "desk live"),
            ("/desk/dial", "desk"),
            ("/recordings/1795304876.12", "recordings"),
            ("/%2e%2e/etc", "other"),
            ("", "other"),
            ("/metrics", "watch"),
        ] {
            assert_eq!(part_of(path), part, "{path}");
        }
    }
}
