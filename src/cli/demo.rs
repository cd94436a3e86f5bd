//! `belbrug demo`: everything in one, for a look.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;

use anyhow::Context;
use belbrug::clock::{Clock, SystemClock};
use belbrug::config;
use belbrug::ids::Extension;
use belbrug::store::write::UserSave;
use belbrug::web::sign_in::password;
use clap::Args;

use super::{sample_office, say};

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where the demo keeps its database.
    #[arg(long, default_value = "data/demo")]
    data: PathBuf,
    /// The page's port; another one when it is taken.
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

/// Login, name, role and extension. The demo listens on this machine only, so its passwords are no secret.
const USERS: [(&str, &str, &str, Option<&str>); 3] =
    [("anna", "Anna de Boer", "agent", Some("101")), ("bram", "Bram Visser", "agent", Some("102")), ("carla", "Carla Mertens", "admin", None)];

fn password_of(login: &str) -> String {
    format!("demo-{login}-2026")
}

impl Demo {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        super::start_log("warn,belbrug=info")?;
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut config = config::parse("")?;
        config.office.name = "Incasso Voorbeeld".to_owned();
        config.store.url = format!("sqlite:{}", self.data.join("belbrug.db").display()).into();
        let mut users = Vec::new();
        for (login, name, role, extension) in USERS {
            users.push(UserSave {
                id: None,
                login: login.to_owned(),
                name: name.to_owned(),
                role,
                extension: extension.map(Extension::parse).transpose()?,
                language: "nl".to_owned(),
                password_hash: password::hash(password_of(login)).await?,
                at: SystemClock.now(),
            });
        }
        let listener = TcpListener::bind(loopback(self.port)).or_else(|_| TcpListener::bind(loopback(0))).context("no port for the page")?;
        let service = sample_office::open(config, users, listener).await?;
        say("");
        say(&format!("  Belbrug's demo is at http://{}", service.address()));
        say("");
        for (login, name, role, extension) in USERS {
            let what = extension.map_or_else(|| format!("{role}, sees the floor"), |extension| format!("{role} at phone {extension}"));
            say(&format!("    {login:6} {:18} {name}, {what}", password_of(login)));
        }
        say("");
        say("  Sign in as anna, with sound: within ten seconds somebody calls, and whoever you dial is heard. Ctrl+C ends the demo.");
        say(&format!("  What you save is kept in {}.", self.data.display()));
        say("");
        service.until_stopped().await
    }
}
