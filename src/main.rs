//! The command line.

mod cli;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The call desk for people who collect unpaid invoices by telephone, on the PBX their office already has.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// The config file.
    #[arg(long, global = true, default_value = "belbrug.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service.
    Serve,
    /// Try it: sample debtors who are heard and hear you, sample agents, and your browser as the phone.
    Demo(cli::demo::Demo),
    /// Practice for new agents: the same pages for the same users, with sample debtors. Nothing of it reaches the ledger.
    Practice(cli::practice::Practice),
    /// Debtors without a PBX: phones register here, and whoever they call answers, is busy, hangs up, or calls in.
    Simulate(cli::simulate::Simulate),
    /// Check config, PBX, permissions, database and clock, and say what to do.
    Doctor,
    /// Take over debtors.csv and invoices.csv.
    Import(cli::import::Import),
    /// Tell what calls a capture of manager bytes holds, or strip it of names and numbers.
    Replay(cli::replay::Replay),
    /// Show a SIP message as it is read, or say what is wrong with it.
    Inspect(cli::inspect::Inspect),
    /// What agents are given to say.
    #[command(subcommand)]
    Scripts(cli::scripts::Scripts),
    /// Copy the whole database into a file, while the service runs.
    Backup(cli::backup::Backup),
    /// Put a backup in the place of the database, while the service does not run.
    Restore(cli::backup::Restore),
    /// Users: the first admin, and new passwords.
    #[command(subcommand)]
    User(cli::user::User),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Serve => cli::run(cli::serve::serve(&arguments.config)),
        Command::Demo(demo) => cli::run(demo.run()),
        Command::Practice(practice) => cli::run(practice.run(&arguments.config)),
        Command::Simulate(simulate) => cli::run(simulate.run()),
        Command::Doctor => cli::run(cli::doctor::doctor(&arguments.config)),
        Command::Import(import) => cli::run(import.run(&arguments.config)),
        Command::Replay(replay) => replay.run(),
        Command::Inspect(inspect) => match inspect.run() {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Command::Scripts(scripts) => match scripts.run() {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Command::Backup(backup) => cli::run(backup.run(&arguments.config)),
        Command::Restore(restore) => cli::run(restore.run(&arguments.config)),
        Command::User(user) => cli::run(user.run(&arguments.config)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "belbrug: {error:#}");
            ExitCode::FAILURE
        }
    }
}
