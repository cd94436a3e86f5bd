//! Users, sessions and seats.

use crate::clock::Timestamp;
use crate::desk::seat::{Profile, Seat};
use crate::ids::{AgentId, Extension};
use crate::personal::Personal;
use crate::store::error::StoreError;
use crate::store::pool::Store;

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Calls.
    Agent,
    /// Sees the floor and every call.
    Supervisor,
    /// And the users.
    Admin,
}

impl Role {
    /// The word in the database and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Admin => "admin",
        }
    }

    /// Reads [`Role::as_str`] back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Agent, Self::Supervisor, Self::Admin].into_iter().find(|role| role.as_str() == text)
    }
}

/// Somebody who may sign in.
#[derive(Debug, Clone)]
pub struct User {
    /// The id.
    pub id: AgentId,
    /// What is typed to sign in.
    pub login: String,
    /// The name that others see.
    pub name: Personal<String>,
    /// What the user may do.
    pub role: Role,
    /// The phone.
    pub extension: Option<Extension>,
    /// Further phones.
    pub devices: Vec<Extension>,
    /// `nl` or `en`.
    pub language: String,
    /// The argon2id hash of the password.
    pub password_hash: Personal<String>,
    /// May not sign in.
    pub disabled: bool,
    /// When the user was last seen.
    pub last_seen: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct UserRow {
    id: i64,
    login: String,
    name: String,
    role: String,
    extension: Option<String>,
    devices: String,
    language: String,
    password_hash: String,
    disabled: i64,
    last_seen: Option<i64>,
}

impl UserRow {
    fn read(self) -> Result<User, StoreError> {
        let unreadable = |why: &str| StoreError::Unreadable { table: "users", why: why.to_owned() };
        Ok(User {
            id: AgentId(self.id),
            login: self.login,
            name: self.name.into(),
            role: Role::parse(&self.role).ok_or_else(|| unreadable("role"))?,
            extension: self.extension.as_deref().map(Extension::parse).transpose().map_err(|_| unreadable("extension"))?,
            devices: self.devices.split(',').filter_map(|device| Extension::parse(device).ok()).collect(),
            language: self.language,
            password_hash: self.password_hash.into(),
            disabled: self.disabled != 0,
            last_seen: self.last_seen.map(Timestamp),
        })
    }
}

impl User {
    /// The seat's profile, for who has a phone.
    #[must_use]
    pub fn profile(&self) -> Option<Profile> {
        let (name, devices) = (self.name.clone(), self.devices.clone());
        self.extension.clone().map(|extension| Profile { agent: self.id, name, extension, devices })
    }
}

impl Store {
    /// The user with this login.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn user_by_login(&self, login: &str) -> Result<Option<User>, StoreError> {
        let row = fetch_one!(
            self,
            UserRow,
            "SELECT id, login, name, role, extension, devices, language, password_hash, disabled, CAST(NULL AS BIGINT) AS last_seen FROM users WHERE login = $1",
            login
        )?;
        row.map(UserRow::read).transpose()
    }

    /// The user of a session that is still good at `now`, by the hash of its token, and when it was last used.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn user_by_session(&self, token_hash: &str, now: Timestamp) -> Result<Option<User>, StoreError> {
        let row = fetch_one!(
            self,
            UserRow,
            "SELECT users.id, login, name, role, extension, devices, language, password_hash, disabled, sessions.seen_at AS last_seen
             FROM sessions JOIN users ON users.id = sessions.user_id WHERE token_hash = $1 AND expires_at > $2 AND disabled = 0",
            token_hash,
            now.0
        )?;
        row.map(UserRow::read).transpose()
    }

    /// All users, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let rows = fetch_all!(
            self,
            UserRow,
            "SELECT users.id, login, name, role, extension, devices, language, password_hash, disabled,
               (SELECT MAX(seen_at) FROM sessions WHERE user_id = users.id) AS last_seen FROM users ORDER BY name, users.id"
        )?;
        rows.into_iter().map(UserRow::read).collect()
    }

    /// The seats as they were last written.
    ///
    /// # Errors
    /// When the database does not answer. A seat that cannot be read is left out: its agent starts with an empty one.
    pub async fn seats(&self) -> Result<Vec<Seat>, StoreError> {
        let rows = fetch_all!(self, (String,), "SELECT state FROM seats ORDER BY agent_id")?;
        Ok(rows.into_iter().filter_map(|(state,)| serde_json::from_str(&state).ok()).collect())
    }
}
