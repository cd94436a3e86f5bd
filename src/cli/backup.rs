//! `belbrug backup` and `belbrug restore`: the whole database as one file.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use belbrug::clock::{Clock, SystemClock};
use belbrug::config;
use belbrug::store::backup;
use clap::Args;

use super::say;

#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The file to make. Beside it comes FILE.recordings, the list of the recordings that belong to it.
    file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// What `belbrug backup` made.
    file: PathBuf,
    /// Put it in the place of a database that is not empty; that one is kept beside it.
    #[arg(long)]
    force: bool,
}

impl Backup {
    pub(crate) async fn run(self, config: &Path) -> anyhow::Result<()> {
        let config = config::load(config)?;
        super::start_log("warn")?;
        let recordings = backup::backup(config.store.url.reveal(), &self.file).await?;
        say(&format!("{} holds the whole database, checked.", self.file.display()));
        if recordings.is_empty() {
            return Ok(());
        }
        let mut name = self.file.clone().into_os_string();
        name.push(".recordings");
        let list = PathBuf::from(name);
        let lines = recordings.iter().fold(String::new(), |mut lines, recording| {
            let _ = writeln!(lines, "{}  {}", recording.sha256, recording.name);
            lines
        });
        std::fs::write(&list, lines).with_context(|| list.display().to_string())?;
        say(&format!("{} recordings are files of their own: copy the folder {} as well.", recordings.len(), config.recording.keep.display()));
        say(&format!("To check a copy of it: cd FOLDER && sha256sum --check {}", list.display()));
        Ok(())
    }
}

impl Restore {
    pub(crate) async fn run(self, config: &Path) -> anyhow::Result<()> {
        let config = config::load(config)?;
        super::start_log("warn")?;
        let restored = backup::restore(config.store.url.reveal(), &self.file, self.force, SystemClock.now()).await?;
        say(&format!("The database is as {} has it. Everybody signs in again.", self.file.display()));
        if let Some(before) = restored.before {
            say(&format!("What was there before is kept: {before}"));
        }
        Ok(())
    }
}
