//! What each command of the command line does. Results go to standard output, the log to standard error.

pub(crate) mod backup;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod import;
pub(crate) mod inspect;
mod load;
pub(crate) mod practice;
pub(crate) mod replay;
mod sample_office;
pub(crate) mod scripts;
pub(crate) mod serve;
mod service;
pub(crate) mod simulate;
pub(crate) mod user;

use std::io::Write;

use anyhow::Context;

/// Runs a command to its end.
pub(crate) fn run(command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime does not start")?.block_on(command)
}

/// A line for the person at the terminal.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Logs go to standard error, with levels by `filter`.
fn start_log(filter: &str) -> anyhow::Result<()> {
    use std::io::IsTerminal;
    let filter = tracing_subscriber::EnvFilter::try_new(filter).context("[log] filter is not like info or info,belbrug::bridge=debug")?;
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()).try_init();
    Ok(())
}
