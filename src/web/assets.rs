//! Our own style, scripts and icon, inside the program.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use tower_http::compression::CompressionLayer;

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

const FILES: [(&str, &str, &str); 8] = [
    ("/assets/belbrug.css", CSS, include_str!("assets/belbrug.css")),
    ("/assets/desk.js", SCRIPT, include_str!("assets/desk.js")),
    ("/assets/draft.js", SCRIPT, include_str!("assets/draft.js")),
    ("/assets/floor.js", SCRIPT, include_str!("assets/floor.js")),
    ("/assets/headset.js", SCRIPT, include_str!("assets/headset.js")),
    ("/assets/live.js", SCRIPT, include_str!("assets/live.js")),
    ("/assets/phone.js", SCRIPT, include_str!("assets/phone.js")),
    ("/assets/icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
];

pub(crate) fn router() -> Router {
    let files = FILES.into_iter().fold(Router::new(), |router, (path, kind, text)| {
        let tag = format!("\"{}\"", hex::encode(Sha256::digest(text.as_bytes()).get(..8).unwrap_or_default()));
        router.route(path, get(move |headers: HeaderMap| async move { file(&headers, kind, text, &tag) }))
    });
    files.layer(CompressionLayer::new())
}

fn file(headers: &HeaderMap, kind: &'static str, text: &'static str, tag: &str) -> Response {
    let fixed = [(CACHE_CONTROL, "no-cache".to_owned()), (ETAG, tag.to_owned())];
    if headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    (fixed, [(CONTENT_TYPE, kind)], text).into_response()
}
