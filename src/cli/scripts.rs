//! `belbrug scripts check`: whether what agents are given to say keeps the advice.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use belbrug::collection::script::Library;
use clap::Subcommand;

/// A file of scripts is no larger.
const FILE_BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, Subcommand)]
pub(crate) enum Scripts {
    /// Hold a folder of scripts against the advice; see config/scripts/CHECKS.md.
    Check {
        /// The folder, with a folder for each language in it.
        #[arg(default_value = "config/scripts")]
        folder: PathBuf,
    },
}

impl Scripts {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let Self::Check { folder } = self;
        let files = files(&folder)?;
        anyhow::ensure!(!files.is_empty(), "{} holds no scripts: name the folder that has a folder for each language, such as nl", folder.display());
        let library = Library::parse(&files)?;
        let findings = library.check();
        let mut out = std::io::stdout().lock();
        for finding in &findings {
            writeln!(out, "{finding}").context("standard output")?;
        }
        let scripts: usize = library.languages.iter().map(|language| language.scripts.len()).sum();
        writeln!(out, "{scripts} scripts, {} against the advice", findings.len()).context("standard output")?;
        Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// The files of each language, by `nl/name.toml`.
fn files(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let list = |folder: &Path| {
        let entries = std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
        entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<PathBuf>>>()
    };
    let mut files = BTreeMap::new();
    for language in list(folder)?.into_iter().filter(|path| path.is_dir()) {
        for file in list(&language)?.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "toml")) {
            let size = std::fs::metadata(&file).with_context(|| file.display().to_string())?.len();
            anyhow::ensure!(size <= FILE_BYTES_MAX, "{} is larger than {FILE_BYTES_MAX} bytes", file.display());
            let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            files.insert(format!("{}/{}", name(&language), name(&file)), text);
        }
    }
    Ok(files)
}
