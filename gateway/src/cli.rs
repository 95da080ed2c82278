//! The command line.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | it failed while running: a port is taken, a folder cannot be read |
//! | 2 | the command line or the configuration is wrong |
//! | 3 | a check found a fault: a plugin was refused or does not keep its contract |
//!
//! A command's own output goes to standard output through [`Output`], so that `--json` stays clean;
//! log lines and errors go to standard error.

mod check_config;
mod completions;
mod output;
mod plugin;
mod serve;

pub use output::{Color, Output};

use crate::config::ConfigErrors;
use clap::{CommandFactory as _, Parser, Subcommand};
use std::{ffi::OsString, io, path::PathBuf, process::ExitCode};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  it failed while running: a port is taken, a folder cannot be read
  2  the command line or the configuration is wrong
  3  a check found a fault: a plugin was refused or does not keep its contract";

/// A self-hosted gateway between shipping software and parcel carriers.
#[derive(Debug, Parser)]
#[command(name = "waybill", version, after_help = EXIT_CODES, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// Print JSON instead of text and tables
    #[arg(long, global = true)]
    json: bool,

    /// When to use color
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        value_name = "WHEN"
    )]
    color: Color,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway
    Serve {
        /// Configuration file
        #[arg(
            long,
            short,
            value_name = "FILE",
            default_value = "waybill.toml",
            env = "WAYBILL_CONFIG"
        )]
        config: PathBuf,
    },
    /// Report every mistake in a configuration file
    CheckConfig {
        /// Configuration file
        #[arg(
            long,
            short,
            value_name = "FILE",
            default_value = "waybill.toml",
            env = "WAYBILL_CONFIG"
        )]
        config: PathBuf,
        /// Print the JSON schema of configuration files instead
        #[arg(long)]
        schema: bool,
    },
    /// Look at plugin files
    #[command(subcommand)]
    Plugin(plugin::PluginCommand),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// How a command ended, if not with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    /// The configuration is wrong, and that was said.
    BadConfig,
    /// A check found a fault, and that was said.
    FaultFound,
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    #[error(transparent)]
    Telemetry(#[from] crate::telemetry::TelemetryError),
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
    /// What the command was given cannot be used.
    #[error("{0:#}")]
    Usage(anyhow::Error),
    #[error("{0:#}")]
    Running(anyhow::Error),
}

impl CliError {
    const fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Telemetry(_) | Self::Usage(_) => 2,
            Self::Output(_) | Self::Running(_) => 1,
        }
    }

    /// The reader of our output went away: it has what it wanted.
    fn is_broken_pipe(&self) -> bool {
        match self {
            Self::Output(error) => error.kind() == io::ErrorKind::BrokenPipe,
            Self::Config(_) | Self::Telemetry(_) | Self::Usage(_) | Self::Running(_) => false,
        }
    }
}

/// Runs the command line of a process; the first argument is the program's name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version count as done. That nobody reads them is not worth telling.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut output = Output::standard(cli.json, cli.color);
    match dispatch(cli.command, &mut output) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::BadConfig) => ExitCode::from(2),
        Ok(Outcome::FaultFound) => ExitCode::from(3),
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            match &error {
                CliError::Config(errors) => output.mistakes(errors),
                CliError::Telemetry(_)
                | CliError::Usage(_)
                | CliError::Output(_)
                | CliError::Running(_) => output.error(&error),
            }
            ExitCode::from(error.exit_code())
        }
    }
}

fn dispatch(command: Command, output: &mut Output) -> Result<Outcome, CliError> {
    match command {
        Command::Serve { config } => serve::run(&config, output),
        Command::CheckConfig { schema: true, .. } => check_config::schema(output),
        Command::CheckConfig { config, .. } => check_config::run(&config, output),
        Command::Plugin(command) => plugin::run(command, output),
        Command::Completions { shell } => completions::run(shell, &mut Cli::command(), output),
    }
}
