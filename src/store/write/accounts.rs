//! Users and their sessions.

use super::{SessionOpen, UserSave, Written};
use crate::clock::Timestamp;
use crate::ids::{AgentId, Extension};
use crate::personal::Personal;
use crate::store::error::StoreError;
use crate::store::pool::Tx;

pub(super) async fn user(tx: &mut Tx, user: &UserSave) -> Result<Written, StoreError> {
    let id = user.id.map_or(-1, |id| id.0);
    let login_taken = fetch_in!(&mut *tx, (i64,), "SELECT id FROM users WHERE login = $1 AND id <> $2", &user.login, id)?;
    if login_taken.is_some() {
        return Err(StoreError::Taken("login"));
    }
    let extension = user.extension.as_ref().map(|e| e.as_str().to_owned());
    if let Some(extension) = &extension
        && is_taken(tx, extension, id).await?
    {
        return Err(StoreError::Taken("extension"));
    }
    let row = match user.id {
        Some(id) => fetch_in!(
            &mut *tx,
            (i64,),
            "UPDATE users SET login = $1, name = $2, role = $3, extension = $4, language = $5 WHERE id = $6 RETURNING id",
            &user.login,
            &user.name,
            user.role,
            extension,
            &user.language,
            id.0
        )?,
        None => fetch_in!(
            &mut *tx,
            (i64,),
            "INSERT INTO users (login, name, role, extension, language, password_hash, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
            &user.login,
            &user.name,
            user.role,
            extension,
            &user.language,
            user.password_hash.reveal(),
            user.at.0
        )?,
    };
    row.map(|(id,)| Written::User(AgentId(id))).ok_or(StoreError::NoSuch("user"))
}

/// A phone belongs to one person, as the first or as a further one.
async fn is_taken(tx: &mut Tx, extension: &str, by_others_than: i64) -> Result<bool, StoreError> {
    let row = fetch_in!(
        &mut *tx,
        (i64,),
        "SELECT id FROM users WHERE id <> $2 AND (extension = $1 OR ',' || devices || ',' LIKE '%,' || $1 || ',%') LIMIT 1",
        extension,
        by_others_than
    )?;
    Ok(row.is_some())
}

pub(super) async fn devices(tx: &mut Tx, user: AgentId, devices: &[Extension]) -> Result<Written, StoreError> {
    for device in devices {
        let is_first = fetch_in!(&mut *tx, (i64,), "SELECT id FROM users WHERE extension = $1 AND id = $2", device.as_str(), user.0)?.is_some();
        if is_first || is_taken(tx, device.as_str(), user.0).await? {
            return Err(StoreError::Taken("device"));
        }
    }
    let text = devices.iter().map(Extension::as_str).collect::<Vec<_>>().join(",");
    let changed = execute!(&mut *tx, "UPDATE users SET devices = $1 WHERE id = $2", text, user.0)?;
    if changed == 0 { Err(StoreError::NoSuch("user")) } else { Ok(Written::User(user)) }
}

pub(super) async fn password(tx: &mut Tx, user: AgentId, hash: &Personal<String>) -> Result<Written, StoreError> {
    let changed = execute!(&mut *tx, "UPDATE users SET password_hash = $1 WHERE id = $2", hash.reveal(), user.0)?;
    execute!(&mut *tx, "DELETE FROM sessions WHERE user_id = $1", user.0)?;
    if changed == 0 { Err(StoreError::NoSuch("user")) } else { Ok(Written::User(user)) }
}

pub(super) async fn disable(tx: &mut Tx, user: AgentId, disabled: bool) -> Result<Written, StoreError> {
    let changed = execute!(&mut *tx, "UPDATE users SET disabled = $1 WHERE id = $2", i64::from(disabled), user.0)?;
    if disabled {
        execute!(&mut *tx, "DELETE FROM sessions WHERE user_id = $1", user.0)?;
    }
    if changed == 0 { Err(StoreError::NoSuch("user")) } else { Ok(Written::User(user)) }
}

pub(super) async fn language(tx: &mut Tx, user: AgentId, language: &str) -> Result<Written, StoreError> {
    execute!(&mut *tx, "UPDATE users SET language = $1 WHERE id = $2", language, user.0)?;
    Ok(Written::Done)
}

pub(super) async fn session_open(tx: &mut Tx, session: &SessionOpen) -> Result<Written, StoreError> {
    execute!(&mut *tx, "DELETE FROM sessions WHERE expires_at < $1", session.at.0)?;
    execute!(
        &mut *tx,
        "INSERT INTO sessions (token_hash, user_id, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $3, $4)",
        &session.token_hash,
        session.user.0,
        session.at.0,
        session.expires.0
    )?;
    Ok(Written::Done)
}

pub(super) async fn session_seen(tx: &mut Tx, token: &str, at: Timestamp) -> Result<Written, StoreError> {
    execute!(&mut *tx, "UPDATE sessions SET seen_at = $1 WHERE token_hash = $2", at.0, token)?;
    Ok(Written::Done)
}

pub(super) async fn session_close(tx: &mut Tx, token: &str) -> Result<Written, StoreError> {
    execute!(&mut *tx, "DELETE FROM sessions WHERE token_hash = $1", token)?;
    Ok(Written::Done)
}
