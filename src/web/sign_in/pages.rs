//! The sign-in page, and signing out.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Form, Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{RequestExt, Router};
use serde::Deserialize;
use serde_json::json;

use super::password;
use super::session::{self, Session};
use super::tries::Tries;
use super::view::{SignIn, SignInPage};
use crate::desk::hub::Command;
use crate::store::read::accounts::{Role, User};
use crate::store::write::{SessionOpen, Write};
use crate::web::answer::{Answer, Fault, done, page};
use crate::web::deps::Deps;
use crate::web::texts::{Language, Texts};

/// The routes.
pub fn router(deps: Deps) -> Router {
    let tries = Arc::new(Tries::default());
    Router::new()
        .route("/sign-in", get(show).post(move |state, request| sign_in(state, tries, request)))
        .route("/sign-out", post(sign_out))
        .route("/language", post(language))
        .with_state(deps)
}

async fn show(State(deps): State<Deps>, headers: HeaderMap) -> Answer {
    if matches!(Session::of(&headers, &deps).await, Ok(Some(_))) {
        return Ok(Redirect::to("/desk").into_response());
    }
    render(session::texts(&headers, &deps.office), StatusCode::OK, &SignIn::default())
}

fn render(t: &'static Texts, status: StatusCode, sign_in: &SignIn) -> Answer {
    Ok((status, page(t, &SignInPage { t, sign_in })?).into_response())
}

#[derive(Deserialize)]
struct Credentials {
    login: String,
    password: String,
}

async fn sign_in(State(deps): State<Deps>, tries: Arc<Tries>, request: Request) -> Answer {
    let (headers, extensions) = (request.headers().clone(), request.extensions().clone());
    let t = session::texts(&headers, &deps.office);
    let address = session::client_address(&extensions, &headers, &deps.office);
    let is_https = session::is_https(&extensions, &headers, &deps.office);
    let Ok(Form(form)) = request.extract::<Form<Credentials>, _>().await else {
        return render(t, StatusCode::UNPROCESSABLE_ENTITY, &SignIn { error: Some(t.t("sign-in-wrong")), ..SignIn::default() });
    };
    let login = form.login.trim().to_lowercase();
    let now = deps.clock.now();
    let refused = |status, key: &str| render(t, status, &SignIn { login: form.login.clone(), error: Some(t.t(key)), notice: None });
    if tries.wait(now, &login, address) > 0 {
        return refused(StatusCode::TOO_MANY_REQUESTS, "sign-in-too-often");
    }
    // Counted before it is known, and taken back when right: guesses at the same moment do not pass together.
    tries.wrong(now, &login, address);
    let user = deps.store.user_by_login(&login).await.map_err(|e| Fault::store(t, &e))?;
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let right = password::is_right(form.password.clone(), hash).await;
    let Some(user) = user.filter(|_| right) else {
        log_refused(address);
        return refused(StatusCode::UNPROCESSABLE_ENTITY, "sign-in-wrong");
    };
    if user.disabled {
        return refused(StatusCode::FORBIDDEN, "sign-in-disabled");
    }
    tries.right(&login, address);
    open(&deps, t, user, is_https).await
}

fn log_refused(address: IpAddr) {
    tracing::warn!(%address, "a sign-in with a wrong login or password");
}

/// A new session; a token that the browser brought along counts for nothing.
async fn open(deps: &Deps, t: &'static Texts, user: User, is_https: bool) -> Answer {
    let (token, token_hash) = session::new_token();
    let now = deps.clock.now();
    let hours = deps.office.session_hours;
    let expires = now.plus_seconds(i64::from(hours) * 3600);
    let opened = SessionOpen { token_hash, user: user.id, at: now, expires };
    deps.writer.write(Write::SessionOpen(opened)).await.map_err(|e| Fault::store(t, &e))?;
    take_seat(deps, &user).await;
    let home = if user.role == Role::Agent || user.extension.is_some() { "/desk" } else { "/floor" };
    let cookie = session::set_cookie(Some(&token), hours, is_https);
    Ok(([(SET_COOKIE, cookie)], Redirect::to(home)).into_response())
}

/// The agent's seat is there from the first sign-in on.
async fn take_seat(deps: &Deps, user: &User) {
    if let Some(profile) = user.profile() {
        let _ = deps.ask(Command::TakeSeat(profile)).await;
    }
}

async fn sign_out(State(deps): State<Deps>, session: Session) -> Answer {
    deps.writer.write(Write::SessionClose(session.token_hash)).await.map_err(|e| Fault::store(session.t, &e))?;
    Ok(([(SET_COOKIE, session::set_cookie(None, 0, false))], axum::Json(json!({}))).into_response())
}

#[derive(Deserialize)]
struct Lang {
    lang: String,
}

async fn language(State(deps): State<Deps>, headers: HeaderMap, Form(form): Form<Lang>) -> Answer {
    let language = Language::parse(&form.lang).unwrap_or(Language::Nl);
    if let Ok(Some(session)) = Session::of(&headers, &deps).await {
        let write = Write::Language(session.user.id, language.code().to_owned());
        deps.writer.write(write).await.map_err(|e| Fault::store(session.t, &e))?;
        return done(json!({}));
    }
    let response: Response = ([(SET_COOKIE, session::set_language(language))], axum::Json(json!({}))).into_response();
    Ok(response)
}
