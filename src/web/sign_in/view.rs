//! The door: signing in, the page of an error, and the frame that supervisors' and admins' pages share.

use askama::Template;

use crate::web::texts::Texts;

/// Which page of the frame is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Floor,
    Calls,
    Users,
    /// A page that is no tab.
    Other,
}

/// The head of every page that is not the desk.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Who is signed in.
    pub name: String,
    pub tab: Tab,
    pub can_desk: bool,
    pub can_floor: bool,
    pub can_admin: bool,
}

impl Frame {
    pub fn on_floor(&self) -> bool {
        self.tab == Tab::Floor
    }

    pub fn on_calls(&self) -> bool {
        self.tab == Tab::Calls
    }

    pub fn on_users(&self) -> bool {
        self.tab == Tab::Users
    }
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct SignIn {
    /// What was typed, so that it stays.
    pub login: String,
    /// What went wrong and what to do, in words.
    pub error: Option<String>,
    /// "U bent afgemeld." and the like.
    pub notice: Option<String>,
}

/// What a page of an error says.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorView {
    /// HTTP status, shown small.
    pub status: u16,
    pub title: String,
    pub what_happened: String,
    pub what_to_do: String,
    /// To be read aloud to the administrator, if there is one.
    pub reference: Option<String>,
}

#[derive(Debug, Clone, Template)]
#[template(path = "sign_in/page.html")]
pub struct SignInPage<'a> {
    pub t: &'static Texts,
    pub sign_in: &'a SignIn,
}

#[derive(Debug, Clone, Template)]
#[template(path = "sign_in/error.html")]
pub struct ErrorPage<'a> {
    pub t: &'static Texts,
    pub error: &'a ErrorView,
}
