//! Who may sign in, as what, at which phone.

use axum::Router;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use serde::Deserialize;

use super::view::{FieldError, NewUser, Role, UserRow, Users, UsersPage};
use crate::desk::hub::Command;
use crate::desk::seat::Profile;
use crate::ids::{AgentId, Extension};
use crate::store::error::StoreError;
use crate::store::read::accounts;
use crate::store::write::{UserSave, Write, Written};
use crate::web::agent::view::{Notice, NoticeKind};
use crate::web::answer::{Answer, Fault, page};
use crate::web::deps::Deps;
use crate::web::sign_in::password::{self, PasswordError};
use crate::web::sign_in::session::Session;
use crate::web::sign_in::view::Tab;
use crate::web::supervisor::frame;
use crate::web::texts::{Language, Texts};

/// The routes.
pub fn router(deps: Deps) -> Router {
    Router::new()
        .route("/admin/users", get(show).post(create))
        .route("/admin/users/password", post(set_password))
        .route("/admin/users/devices", post(set_devices))
        .route("/admin/users/disable", post(|deps, session, form| set_disabled(deps, session, form, true)))
        .route("/admin/users/enable", post(|deps, session, form| set_disabled(deps, session, form, false)))
        .with_state(deps)
}

async fn show(State(deps): State<Deps>, session: Session) -> Answer {
    session.require(accounts::Role::Admin)?;
    render(
        &deps,
        &session,
        StatusCode::OK,
        Users { users: Vec::new(), new_user: NewUser::default(), errors: Vec::new(), password_error: None, notice: None },
    )
    .await
}

async fn render(deps: &Deps, session: &Session, status: StatusCode, mut users: Users) -> Answer {
    let t = session.t;
    let (_, today) = deps.now();
    let row = |user: accounts::User| UserRow {
        id: user.id.to_string(),
        login: user.login,
        name: user.name.into_revealed(),
        role: shown_role(user.role),
        devices: listed(&user.devices, ", "),
        extension: user.extension.map(|extension| extension.to_string()),
        language: Language::parse(&user.language).unwrap_or(Language::Nl),
        disabled: user.disabled,
        myself: user.id == session.user.id,
        last_seen: user.last_seen.map(|seen| t.moment(deps.office.local(seen), today)),
    };
    users.users = deps.store.users().await.map_err(|e| Fault::store(t, &e))?.into_iter().map(row).collect();
    Ok((status, page(t, &UsersPage { t, frame: &frame(session, Tab::Users), users: &users })?).into_response())
}

const fn shown_role(role: accounts::Role) -> Role {
    match role {
        accounts::Role::Agent => Role::Agent,
        accounts::Role::Supervisor => Role::Supervisor,
        accounts::Role::Admin => Role::Admin,
    }
}

#[derive(Deserialize)]
struct NewUserForm {
    name: String,
    login: String,
    password: String,
    role: String,
    extension: String,
    #[serde(default)]
    devices: String,
    language: String,
}

fn listed(devices: &[Extension], between: &str) -> String {
    devices.iter().map(Extension::as_str).collect::<Vec<_>>().join(between)
}

/// Further phones as they are typed: with commas or blanks between. Nobody else may have one of them.
async fn read_devices(deps: &Deps, t: &'static Texts, text: &str, own: Option<AgentId>) -> Result<Result<Vec<Extension>, String>, Fault> {
    let words = text.split([',', ' ', ';']).filter(|word| !word.is_empty());
    let Ok(devices) = words.map(Extension::parse).collect::<Result<Vec<_>, _>>() else { return Ok(Err(t.t("devices-form"))) };
    let users = deps.store.users().await.map_err(|e| Fault::store(t, &e))?;
    let is_taken = |device: &Extension| {
        users.iter().any(|user| user.extension.as_ref() == Some(device) || (Some(user.id) != own && user.devices.contains(device)))
    };
    Ok(if devices.iter().any(is_taken) { Err(t.t("extension-in-use")) } else { Ok(devices) })
}

fn password_words(t: &Texts, error: PasswordError) -> String {
    match error {
        PasswordError::TooShort => t.t("password-too-short"),
        PasswordError::TooLong => t.t("password-too-long"),
        PasswordError::Hash => t.t("request-failed"),
    }
}

async fn create(State(deps): State<Deps>, session: Session, Form(form): Form<NewUserForm>) -> Answer {
    session.require(accounts::Role::Admin)?;
    let t = session.t;
    let mut errors = Vec::new();
    let mut wrong = |field: &str, text: String| errors.push(FieldError { field: field.to_owned(), text });
    let (name, login) = (form.name.trim().to_owned(), form.login.trim().to_lowercase());
    if name.is_empty() || name.chars().count() > 100 {
        wrong("name", t.t("error-required"));
    }
    let login_fits = (1..=60).contains(&login.chars().count()) && !login.chars().any(|c| c.is_whitespace() || c.is_control());
    if !login_fits {
        wrong("login", t.t("login-form"));
    }
    let extension = match form.extension.trim() {
        "" => None,
        text => Extension::parse(text).map_err(|_| wrong("extension", t.t("extension-form"))).ok(),
    };
    let devices = read_devices(&deps, t, &form.devices, None).await?.map_err(|words| wrong("devices", words)).unwrap_or_default();
    if extension.is_none() && !devices.is_empty() {
        wrong("extension", t.t("devices-need-extension"));
    }
    let hash = password::hash(form.password).await.map_err(|error| wrong("password", password_words(t, error))).ok();
    let role = accounts::Role::parse(&form.role).unwrap_or(accounts::Role::Agent);
    let language = Language::parse(&form.language).unwrap_or(Language::Nl);
    if let (true, Some(password_hash)) = (errors.is_empty(), hash) {
        let save = UserSave {
            id: None,
            login: login.clone(),
            name: name.clone(),
            role: role.as_str(),
            extension: extension.clone(),
            language: language.code().to_owned(),
            password_hash,
            at: deps.clock.now(),
        };
        match deps.writer.write(Write::User(save)).await {
            Ok(Written::User(agent)) => {
                deps.writer.write(Write::Devices(agent, devices.clone())).await.map_err(|e| Fault::store(t, &e))?;
                if let Some(extension) = extension {
                    let _ = deps.ask(Command::TakeSeat(Profile { agent, name: name.into(), extension, devices })).await;
                }
                return Ok(Redirect::to("/admin/users").into_response());
            }
            Err(StoreError::Taken("login")) => errors.push(FieldError { field: "login".to_owned(), text: t.t("login-taken") }),
            Err(StoreError::Taken(_)) => errors.push(FieldError { field: "extension".to_owned(), text: t.t("extension-in-use") }),
            Ok(_) => return Err(Fault::Failed(t)),
            Err(error) => return Err(Fault::store(t, &error)),
        }
    }
    let new_user = NewUser { login, name, role: shown_role(role), extension: form.extension, devices: form.devices, language };
    let users = Users { users: Vec::new(), new_user, errors, password_error: None, notice: None };
    render(&deps, &session, StatusCode::UNPROCESSABLE_ENTITY, users).await
}

#[derive(Deserialize)]
struct PasswordForm {
    user: AgentId,
    password: String,
}

async fn set_password(State(deps): State<Deps>, session: Session, Form(form): Form<PasswordForm>) -> Answer {
    session.require(accounts::Role::Admin)?;
    let t = session.t;
    match password::hash(form.password).await {
        Ok(hash) => {
            deps.writer.write(Write::Password(form.user, hash)).await.map_err(|e| Fault::store(t, &e))?;
            Ok(Redirect::to("/admin/users").into_response())
        }
        Err(error) => {
            let password_error = Some((form.user.to_string(), password_words(t, error)));
            let users = Users { users: Vec::new(), new_user: NewUser::default(), errors: Vec::new(), password_error, notice: None };
            render(&deps, &session, StatusCode::UNPROCESSABLE_ENTITY, users).await
        }
    }
}

#[derive(Deserialize)]
struct UserForm {
    user: AgentId,
}

async fn set_disabled(State(deps): State<Deps>, session: Session, Form(form): Form<UserForm>, disabled: bool) -> Answer {
    session.require(accounts::Role::Admin)?;
    let t = session.t;
    if form.user == session.user.id {
        return Err(Fault::Refused(t.t("error-not-yourself")));
    }
    deps.writer.write(Write::Disable(form.user, disabled)).await.map_err(|e| Fault::store(t, &e))?;
    let user = deps.store.users().await.map_err(|e| Fault::store(t, &e))?.into_iter().find(|user| user.id == form.user);
    if let Some(profile) = user.and_then(|user| user.profile()) {
        let command = if disabled { Command::LeaveSeat(profile.agent) } else { Command::TakeSeat(profile) };
        let _ = deps.ask(command).await;
    }
    Ok(Redirect::to("/admin/users").into_response())
}

#[derive(Deserialize)]
struct DevicesForm {
    user: AgentId,
    #[serde(default)]
    devices: String,
}

async fn set_devices(State(deps): State<Deps>, session: Session, Form(form): Form<DevicesForm>) -> Answer {
    session.require(accounts::Role::Admin)?;
    let t = session.t;
    match read_devices(&deps, t, &form.devices, Some(form.user)).await? {
        Ok(devices) => {
            deps.writer.write(Write::Devices(form.user, devices)).await.map_err(|e| Fault::store(t, &e))?;
            let user = deps.store.users().await.map_err(|e| Fault::store(t, &e))?.into_iter().find(|user| user.id == form.user);
            if let Some(profile) = user.filter(|user| !user.disabled).and_then(|user| user.profile()) {
                let _ = deps.ask(Command::TakeSeat(profile)).await;
            }
            Ok(Redirect::to("/admin/users").into_response())
        }
        Err(words) => {
            let notice = Some(Notice { kind: NoticeKind::Error, text: words });
            let users = Users { users: Vec::new(), new_user: NewUser::default(), errors: Vec::new(), password_error: None, notice };
            render(&deps, &session, StatusCode::UNPROCESSABLE_ENTITY, users).await
        }
    }
}
