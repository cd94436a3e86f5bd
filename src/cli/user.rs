//! `belbrug user`: the first admin, and new passwords. A running service sees it at once.

use std::io::{BufRead, IsTerminal};
use std::path::Path;

use anyhow::{Context, bail};
use belbrug::clock::{Clock, SystemClock};
use belbrug::config;
use belbrug::ids::Extension;
use belbrug::store::pool::Store;
use belbrug::store::read::accounts::Role;
use belbrug::store::write::{UserSave, Write, Written};
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
        /// Further phones of the same person, with commas between: a softphone beside the desk phone.
        #[arg(long, value_delimiter = ',')]
        devices: Vec<String>,
        /// nl or en.
        #[arg(long, default_value = "nl")]
        language: String,
    },
    /// Give a user another password, read from standard input. It ends the user's sessions.
    Password {
        /// Whose.
        login: String,
    },
    /// Give a user other further phones, with commas between; none takes them away. The service sees them when it starts.
    Devices {
        /// Whose.
        login: String,
        /// The phones.
        #[arg(value_delimiter = ',')]
        devices: Vec<String>,
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
            Self::Add { login, name, role, extension, devices, language } => {
                let devices = parse_devices(&devices)?;
                if extension.is_none() && !devices.is_empty() {
                    bail!("--devices are further phones: name the first with --extension");
                }
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
                let Written::User(user) = writer.write(Write::User(save)).await? else { bail!("it was not added") };
                writer.write(Write::Devices(user, devices)).await?;
                say("Added. An agent's phone is followed from the first sign-in on.");
            }
            Self::Password { login } => {
                let user = store.user_by_login(&login.trim().to_lowercase()).await?.context("there is no such user; see belbrug user list")?;
                let hash = password::hash(read_password()?).await?;
                writer.write(Write::Password(user.id, hash)).await?;
                say("The password is changed, and the user's sessions are ended.");
            }
            Self::Devices { login, devices } => {
                let user = store.user_by_login(&login.trim().to_lowercase()).await?.context("there is no such user; see belbrug user list")?;
                writer.write(Write::Devices(user.id, parse_devices(&devices)?)).await?;
                say("The phones are changed.");
            }
            Self::List => {
                for user in store.users().await? {
                    let phones: Vec<&str> = user.extension.iter().chain(&user.devices).map(Extension::as_str).collect();
                    let extension = if phones.is_empty() { "-".to_owned() } else { phones.join(",") };
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

fn parse_devices(texts: &[String]) -> anyhow::Result<Vec<Extension>> {
    texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).map(|text| Extension::parse(text).context("--devices")).collect()
}

fn read_password() -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        say("Password (it is shown as you type; at least 12 characters):");
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("no password on standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
