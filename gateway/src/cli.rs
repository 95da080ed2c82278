//! The command line.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | it failed while running: a port is taken, a folder cannot be read; `doctor`: a warning |
//! | 2 | the command line or the configuration is wrong; `doctor`: something does not work |
//! | 3 | a check found a fault: a plugin was refused, a probe failed, rows of a migration cannot be used |
//! | 4 | the gateway does not run, or cannot be reached |
//! | 5 | the gateway or the carrier refused |
//! | 130 | interrupted while it waited for a sign-in |
//!
//! A command's own output goes to standard output through [`Output`], so that `--json` stays clean;
//! log lines and errors go to standard error.

mod account;
mod admin_token;
mod app;
mod backup;
mod check_config;
mod completions;
mod key;
mod migrate;
mod output;
mod plugin;
mod progress;
mod prompt;
mod remote;
mod secret_input;
mod serve;
mod text;
mod token;
mod trail;

pub use output::{Color, Output};

use clap::{CommandFactory as _, Parser, Subcommand};
use gateway_api::client::ClientError;
use gateway_config::ConfigErrors;
use gateway_model::AccountId;
use remote::{RemoteArgs, Session};
use std::{ffi::OsString, io, path::PathBuf, process::ExitCode};

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    it failed while running: a port is taken, a folder cannot be read; doctor: a warning
  2    the command line or the configuration is wrong; doctor: something does not work
  3    a check found a fault: a plugin was refused, a probe failed, a migration's row is unusable
  4    the gateway does not run, or cannot be reached
  5    the gateway or the carrier refused
  130  interrupted while it waited for a sign-in";

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
    /// Credentials at carriers
    Account {
        #[command(flatten)]
        at: RemoteArgs,
        #[command(subcommand)]
        command: account::AccountCommand,
    },
    /// What is known of tokens
    Token {
        #[command(flatten)]
        at: RemoteArgs,
        #[command(subcommand)]
        command: token::TokenCommand,
    },
    /// Programs that call the gateway
    App {
        #[command(flatten)]
        at: RemoteArgs,
        #[command(subcommand)]
        command: app::AppCommand,
    },
    /// Find out what is wrong, and what to do
    Doctor {
        #[command(flatten)]
        at: RemoteArgs,
        /// Only this account; all active ones if absent
        name: Option<AccountId>,
    },
    /// Show how the gateway stands
    Status {
        #[command(flatten)]
        at: RemoteArgs,
    },
    /// List what needs a person
    Notices {
        #[command(flatten)]
        at: RemoteArgs,
    },
    /// List who did what, the newest first
    Audit {
        #[command(flatten)]
        at: RemoteArgs,
        /// How many entries
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
        limit: u16,
        /// Only entries before this number
        #[arg(long, value_name = "NUMBER")]
        before: Option<i64>,
    },
    /// Write a sealed backup of the store
    Backup(backup::BackupArgs),
    /// Put a backup into the store, while the gateway is down
    Restore(backup::RestoreArgs),
    /// The master key that seals the store, and keys of backups
    Key {
        #[command(flatten)]
        at: RemoteArgs,
        #[command(subcommand)]
        command: key::KeyCommand,
    },
    /// Who may use the admin API
    AdminToken {
        #[command(flatten)]
        at: RemoteArgs,
        #[command(subcommand)]
        command: admin_token::AdminTokenCommand,
    },
    /// Go from access keys to OAuth
    Migrate {
        #[command(flatten)]
        at: RemoteArgs,
        #[command(subcommand)]
        command: migrate::MigrateCommand,
    },
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
    /// Something should be done, and that was said.
    Attention,
    /// Something does not work, and that was said.
    Broken,
    /// The person did not want to wait any more.
    Interrupted,
}

impl Outcome {
    const fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Attention => 1,
            Self::BadConfig | Self::Broken => 2,
            Self::FaultFound => 3,
            Self::Interrupted => 130,
        }
    }
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
    #[error(
        "no admin token: {file} {problem}; the gateway writes it when `waybill serve` runs for the \
         first time; name another file with --token-file, or set WAYBILL_ADMIN_TOKEN"
    )]
    NoToken { file: String, problem: String },
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The store, the gateway or the carrier did not do it.
    #[error("{0}")]
    Refused(String),
}

impl CliError {
    const fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Telemetry(_) | Self::Usage(_) | Self::NoToken { .. } => 2,
            Self::Output(_) | Self::Running(_) => 1,
            Self::Refused(_) => 5,
            Self::Client(error) => match error {
                ClientError::Base { .. } | ClientError::Plaintext | ClientError::Token => 2,
                ClientError::Trust(_) => 1,
                ClientError::NotRunning { .. }
                | ClientError::Unreachable { .. }
                | ClientError::Unproven { .. }
                | ClientError::Timeout { .. }
                | ClientError::NotUnderstood { .. }
                | ClientError::Version { .. } => 4,
                ClientError::Unauthorized(_) | ClientError::Api(_) => 5,
            },
        }
    }

    /// The reader of our output went away: it has what it wanted.
    fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
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
        Ok(outcome) => ExitCode::from(outcome.exit_code()),
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            tell(&error, &mut output);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Says on standard error why a command failed, and to programs on standard output as well.
fn tell(error: &CliError, output: &mut Output) {
    match error {
        CliError::Config(errors) => output.mistakes(errors),
        CliError::Client(client) => {
            output.error(&text::clean(&error.to_string()));
            if let Some(remedy) = client.remedy() {
                output.hint(&format!("what to do: {}", text::clean(remedy)));
            }
            if let Some(said) = client.api().filter(|_| output.is_json()) {
                // Its reader may be gone, and there is nobody else to tell.
                let _ = output.json(&serde_json::json!({ "error": {
                    "code": said.code, "message": said.message, "remedy": said.remedy,
                } }));
            }
        }
        CliError::Telemetry(_)
        | CliError::Usage(_)
        | CliError::Output(_)
        | CliError::Running(_)
        | CliError::NoToken { .. }
        | CliError::Refused(_) => output.error(error),
    }
}

/// One command to the gateway, and then what people should know.
fn remote(
    at: &RemoteArgs,
    output: &mut Output,
    command: impl FnOnce(&Session, &mut Output) -> Result<Outcome, CliError>,
) -> Result<Outcome, CliError> {
    let session = at.session()?;
    let outcome = command(&session, output)?;
    session.remind(output);
    Ok(outcome)
}

fn dispatch(command: Command, output: &mut Output) -> Result<Outcome, CliError> {
    match command {
        Command::Serve { config } => serve::run(&config, output),
        Command::CheckConfig { schema: true, .. } => check_config::schema(output),
        Command::CheckConfig { config, .. } => check_config::run(&config, output),
        Command::Plugin(command) => plugin::run(command, output),
        Command::Account { at, command } => remote(&at, output, |session, output| {
            account::run(&command, session, output)
        }),
        Command::Token { at, command } => remote(&at, output, |session, output| {
            token::run(&command, session, output)
        }),
        Command::App { at, command } => remote(&at, output, |session, output| {
            app::run(&command, session, output)
        }),
        Command::Doctor { at, name } => remote(&at, output, |session, output| {
            trail::doctor(name.as_ref(), session, output)
        }),
        Command::Status { at } => remote(&at, output, trail::status),
        Command::Notices { at } => trail::notices(&at.session()?, output),
        Command::Audit { at, limit, before } => remote(&at, output, |session, output| {
            trail::audit(usize::from(limit), before, session, output)
        }),
        Command::Backup(args) => backup::backup(&args, output),
        Command::Restore(args) => backup::restore(&args, output),
        Command::Key { at, command } => key::run(&at, &command, output),
        Command::AdminToken { at, command } => remote(&at, output, |session, output| {
            admin_token::run(&command, session, output)
        }),
        Command::Migrate { at, command } => remote(&at, output, |session, output| {
            migrate::run(&command, session, output)
        }),
        Command::Completions { shell } => completions::run(shell, &mut Cli::command(), output),
    }
}

#[cfg(test)]
mod tests;
