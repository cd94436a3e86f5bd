//! `belbrug practice`: the same pages for the same users, with sample debtors who answer and call. It has a ledger of its own, which is
//! thrown away at every start, and knows nothing of the office's.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use belbrug::clock::{Clock, SystemClock};
use belbrug::config;
use belbrug::store::pool::Store;
use belbrug::store::read::accounts::User;
use belbrug::store::write::UserSave;
use clap::Args;

use super::{sample_office, say};

#[derive(Debug, Args)]
pub(crate) struct Practice {
    /// The port of its pages, beside that of [web] listen.
    #[arg(long, default_value_t = 8090)]
    port: u16,
    /// Where it keeps its database while it runs.
    #[arg(long, default_value = "data/practice")]
    data: PathBuf,
}

impl Practice {
    pub(crate) async fn run(self, config: &Path) -> anyhow::Result<()> {
        let mut config = config::load(config)?;
        super::start_log(&config.log.filter)?;
        let store = Store::open(config.store.url.reveal()).await.context("[store] url")?;
        let users: Vec<UserSave> = store.users().await?.into_iter().filter(|user| !user.disabled).map(practising).collect();
        store.close().await;
        if users.is_empty() {
            bail!("nobody could practise: there are no users yet. Add one with belbrug user add");
        }
        // Only files of this name: whatever else is in that folder stays.
        for name in ["practice.db", "practice.db-wal", "practice.db-shm"] {
            match std::fs::remove_file(self.data.join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("--data {}", self.data.display()));
                }
                _ => {}
            }
        }
        config.store.url = format!("sqlite:{}", self.data.join("practice.db").display()).into();
        config.practice = true;
        config.recording = config::Recording::default();
        config.pbx.lines.clear();
        config.sip.lines.clear();
        config.creditors.clear();
        let listen = SocketAddr::new(config.web.listen.ip(), self.port);
        let listener = TcpListener::bind(listen).with_context(|| format!("--port {} cannot be had", self.port))?;
        let service = sample_office::open(config, users, listener).await?;
        say(&format!(
            "Practice is at port {}, for the users of the office with their own passwords. Nothing of it is kept.",
            service.address().port()
        ));
        service.until_stopped().await
    }
}

/// The same person, with the same password.
fn practising(user: User) -> UserSave {
    UserSave {
        id: None,
        login: user.login,
        name: user.name.reveal().clone(),
        role: user.role.as_str(),
        extension: user.extension,
        language: user.language,
        password_hash: user.password_hash,
        at: SystemClock.now(),
    }
}
