//! What the administrator sees: who may sign in, as what, on which extension.

use askama::Template;

use crate::web::agent::view::Notice;
use crate::web::sign_in::view::Frame;
use crate::web::texts::{Language, Texts};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Agent,
    Supervisor,
    Admin,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Agent, Self::Supervisor, Self::Admin];

    /// The value posted as `role`; ends the text keys `role-...` and `role-about-...`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Admin => "admin",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct UserRow {
    /// Posted as `user`.
    pub id: String,
    pub login: String,
    pub name: String,
    pub role: Role,
    pub extension: Option<String>,
    /// Further phones: "111, 112", or empty.
    pub devices: String,
    pub language: Language,
    pub disabled: bool,
    /// Oneself cannot be disabled.
    pub myself: bool,
    /// "do 26 nov 14:05".
    pub last_seen: Option<String>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldError {
    pub field: String,
    pub text: String,
}

/// The form for a new user, as it was typed.
#[derive(Debug, Clone, PartialEq)]
pub struct NewUser {
    pub login: String,
    pub name: String,
    pub role: Role,
    pub extension: String,
    pub devices: String,
    pub language: Language,
}

impl Default for NewUser {
    fn default() -> Self {
        Self {
            login: String::new(),
            name: String::new(),
            role: Role::Agent,
            extension: String::new(),
            devices: String::new(),
            language: Language::Nl,
        }
    }
}

/// The users' page.
#[derive(Debug, Clone, PartialEq)]
pub struct Users {
    pub users: Vec<UserRow>,
    pub new_user: NewUser,
    /// Of the form for a new user; `login`, `name`, `password`, `role`, `extension`, `language`.
    pub errors: Vec<FieldError>,
    /// Of the form for a new password: the user's id and what is wrong.
    pub password_error: Option<(String, String)>,
    /// What was just done, or why not.
    pub notice: Option<Notice>,
}

impl Users {
    pub fn roles(&self) -> [Role; 3] {
        Role::ALL
    }

    pub fn languages(&self) -> [Language; 2] {
        Language::ALL
    }

    pub fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.text.as_str())
    }

    pub fn password_error(&self, user: &UserRow) -> Option<&str> {
        self.password_error.as_ref().filter(|(id, _)| *id == user.id).map(|(_, text)| text.as_str())
    }
}

#[derive(Debug, Clone, Template)]
#[template(path = "admin/users.html")]
pub struct UsersPage<'a> {
    pub t: &'static Texts,
    pub frame: &'a Frame,
    pub users: &'a Users,
}
