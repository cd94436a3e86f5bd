//! `belbrug user`: the first admin, and new passwords. A running service sees it at once.

use std::io::{BufRead, IsTerminal};
use std::path::Path;

use anyhow::{Context, bail};
use belbrug::clock::{Clock, SystemClock};
use belbrug::config;
use belbrug::ids::Extension;
use belbrug::store::pool::Store;
use belbrug::store::read::accounts::Role;
use belbrug::store::write::{UserSave, Write};
use belbrug::store::writer::Writer;
use belbrug::web::sign_in::password;
use clap::Subcommand;

use super::say;

#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Add a user. The password is read from standard input.
    Add {
        /// What is typed to sign in.
        login: String,
        /// The name that colleagues see.
        #[arg(long)]
        name: Option<String>,
        /// agent, supervisor or admin.
        #[arg(long, default_value = "agent")]
        role: String,
        /// The phone, for who calls.
        #[arg(long)]
        extension: Option<String>,
        /// nl or en.
        #[arg(long, default_value = "nl")]
        language: String,
    },
    /// Give a user another password, read from standard input. It ends the user's sessions.
    Password {
        /// Whose.
        login: String,
    },
    /// List the users.
    List,
}

impl User {
    pub(crate) async fn run(self, config: &Path) -> anyhow::Result<()> {
        let config = config::load(config)?;
        super::start_log("warn")?;
        let store = Store::open(config.store.url.reveal()).await.context("[store] url")?;
        let (writer, writing) = Writer::start(store.clone());
        match self {
            Self::Add { login, name, role, extension, language } => {
                let Some(role) = Role::parse(&role) else { bail!("--role must be agent, supervisor or admin") };
                if !matches!(language.as_str(), "nl" | "en") {
                    bail!("--language must be nl or en");
                }
                let login = login.trim().to_lowercase();
                if login.is_empty() || login.chars().any(|c| c.is_whitespace() || c.is_control()) {
                    bail!("a login has no blanks");
                }
                let extension = extension.map(|extension| Extension::parse(&extension)).transpose().context("--extension")?;
                let password_hash = password::hash(read_password()?).await?;
                let name = name.unwrap_or_else(|| login.clone());
                let save = UserSave { id: None, login, name, role: role.as_str(), extension, language, password_hash, at: SystemClock.now() };
                writer.write(Write::User(save)).await?;
                say("Added. An agent's phone is followed from the first sign-in on.");
            }
            Self::Password { login } => {
                let user = store.user_by_login(&login.trim().to_lowercase()).await?.context("there is no such user; see belbrug user list")?;
                let hash = password::hash(read_password()?).await?;
                writer.write(Write::Password(user.id, hash)).await?;
                say("The password is changed, and the user's sessions are ended.");
            }
            Self::List => {
                for user in store.users().await? {
                    let extension = user.extension.map_or_else(|| "-".to_owned(), |extension| extension.to_string());
                    let state = if user.disabled { "disabled" } else { "" };
                    say(&format!("{:20} {:10} {extension:5} {} {state}", user.login, user.role.as_str(), user.name.reveal()));
                }
            }
        }
        drop(writer);
        writing.await?;
        store.close().await;
        Ok(())
    }
}

fn read_password() -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        say("Password (it is shown as you type; at least 12 characters):");
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("no password on standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
