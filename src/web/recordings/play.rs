//! Playing: for supervisors, and for the agent who spoke; for everybody else there is no such recording. Each play is
//! written down before the first sound goes out.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::IntoResponse;
use axum::routing::get;
use tower_http::services::ServeFile;

use crate::ids::CallId;
use crate::store::read::accounts::Role;
use crate::store::write::{RecordingWrite, Write};
use crate::web::answer::{Answer, Fault};
use crate::web::deps::Deps;
use crate::web::sign_in::session::Session;

/// The routes.
pub fn router(deps: Deps) -> Router {
    Router::new().route("/recordings/{call}", get(play)).with_state(deps)
}

async fn play(State(deps): State<Deps>, session: Session, Path(call): Path<String>, request: Request) -> Answer {
    let t = session.t;
    let call = CallId::new(&call);
    let may = session.user.role >= Role::Supervisor || deps.store.spoke_in(session.user.id, &call).await.map_err(|e| Fault::store(t, &e))?;
    let found = deps.store.recording(&call).await.map_err(|e| Fault::store(t, &e))?;
    // The file's name is the one that we wrote down: nothing of the request becomes a path.
    let recording = found.filter(|recording| may && !recording.name.is_empty()).ok_or(Fault::NotFound(t))?;
    let played = RecordingWrite::Played(call, session.user.id, deps.clock.now());
    deps.writer.write(Write::Recording(played)).await.map_err(|e| Fault::store(t, &e))?;
    let file = deps.office.recordings.join(&recording.name);
    let answer = ServeFile::new(&file).try_call(request).await;
    let answer = answer
        .inspect_err(|error| tracing::error!(call = %recording.call, %error, "a kept recording cannot be read"))
        .map_err(|_| Fault::Failed(t))?;
    if answer.status().is_client_error() {
        tracing::error!(call = %recording.call, status = answer.status().as_u16(), "a kept recording is not where it was put");
    }
    Ok(answer.map(Body::new).into_response())
}
