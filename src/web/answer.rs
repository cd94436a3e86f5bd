//! What a request is answered with: a page, JSON for the page's script, or an error that says what to do.

use std::collections::BTreeMap;
use std::time::Duration;

use askama::Template;
use axum::Json;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::json;

use crate::desk::hub::Refusal;
use crate::store::error::StoreError;
use crate::web::deps::OfficeInfo;
use crate::web::sign_in::view::{ErrorPage, ErrorView};
use crate::web::texts::Texts;

/// How often a stream says that it lives; a page that hears nothing for twice as long opens it anew.
const BEAT: Duration = Duration::from_secs(5);

/// A request that was not carried out.
#[derive(Debug)]
pub enum Fault {
    /// Nobody is signed in; a page goes to the sign-in, a script is told.
    SignedOut { is_page: bool },
    /// Signed in, but not for this.
    Forbidden(&'static Texts),
    /// There is no such thing.
    NotFound(&'static Texts),
    /// What was posted is not right; shown beside the fields.
    Fields { message: String, errors: BTreeMap<String, String> },
    /// It cannot be done now, and why.
    Refused(String),
    /// Another tab was newer.
    Newer { message: String, version: i64, notes: String },
    /// Our own fault; the log has the rest.
    Failed(&'static Texts),
}

pub(crate) type Answer = Result<Response, Fault>;

impl Fault {
    pub(crate) fn refusal(t: &Texts, office: &OfficeInfo, refusal: Refusal) -> Self {
        if let Refusal::CaseTaken { by, since } = &refusal {
            return Self::Refused(t.aa("error-case-taken", by.reveal(), &t.time(office.local(*since))));
        }
        Self::Refused(t.t(match refusal {
            Refusal::NoSeat => "error-off-line",
            Refusal::NoPbx => "error-not-connected",
            Refusal::InCall => "error-in-call",
            Refusal::OutcomeOwed => "error-outcome-owed",
            Refusal::NoSuchCall => "error-no-call",
            Refusal::NotRecorded => "error-not-recorded",
            Refusal::NotNow => "error-not-now",
            Refusal::NoPhone => "error-no-phone",
            Refusal::NoSuchFile => "error-no-file",
            Refusal::NotSent | Refusal::CaseTaken { .. } => "request-failed",
        }))
    }

    /// A store's error: what the user can mend is said, the rest goes to the log.
    pub(crate) fn store(t: &'static Texts, error: &StoreError) -> Self {
        if matches!(error, StoreError::NoSuch(_)) {
            return Self::NotFound(t);
        }
        tracing::error!(%error, "a request failed at the database");
        match error {
            StoreError::Busy => Self::Refused(t.t("error-database-away")),
            _ => Self::Failed(t),
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let script = |status: StatusCode, body: serde_json::Value| (status, Json(body)).into_response();
        match self {
            Self::SignedOut { is_page: true } => Redirect::to("/sign-in").into_response(),
            Self::SignedOut { is_page: false } => script(StatusCode::UNAUTHORIZED, json!({})),
            Self::Fields { message, errors } => script(StatusCode::UNPROCESSABLE_ENTITY, json!({ "message": message, "errors": errors })),
            Self::Refused(message) => script(StatusCode::CONFLICT, json!({ "message": message })),
            Self::Newer { message, version, notes } => {
                script(StatusCode::CONFLICT, json!({ "message": message, "version": version, "notes": notes }))
            }
            Self::Forbidden(t) => error_page(t, StatusCode::FORBIDDEN, "forbidden"),
            Self::NotFound(t) => error_page(t, StatusCode::NOT_FOUND, "not-found"),
            Self::Failed(t) => error_page(t, StatusCode::INTERNAL_SERVER_ERROR, "failed"),
        }
    }
}

fn error_page(t: &'static Texts, status: StatusCode, kind: &str) -> Response {
    let error = ErrorView {
        status: status.as_u16(),
        title: t.t(&format!("{kind}-title")),
        what_happened: t.t(&format!("{kind}-what")),
        what_to_do: t.t(&format!("{kind}-do")),
        reference: None,
    };
    (status, page(t, &ErrorPage { t, error: &error }).unwrap_or_else(|_| status.into_response())).into_response()
}

/// A template as a page.
pub(crate) fn page(t: &'static Texts, template: &impl Template) -> Answer {
    template.render().map(|html| Html(html).into_response()).map_err(|error| {
        tracing::error!(%error, "a page could not be made");
        Fault::Failed(t)
    })
}

/// A template as a part.
pub(crate) fn part(template: &impl Template) -> String {
    template.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a part of a page could not be made");
        String::new()
    })
}

/// Done, with what the script wants to know.
pub(crate) fn done(value: serde_json::Value) -> Answer {
    Ok(Json(value).into_response())
}

/// Says of a stream that it lives, so that a page notices a network that is cut.
pub(crate) fn beat() -> KeepAlive {
    KeepAlive::new().interval(BEAT).event(Event::default().event("beat").data("1"))
}
