//! From the arguments of the process to a command, and from its end to an exit code.

use crate::{
    account, admin_token, app, backup,
    command::{Cli, Command, EXIT_CODES},
    completions, configuration,
    error::{CliError, CommandOutcome},
    examples, inspect, invitation,
    key::{self, KeyCommand},
    local::LocalCommands,
    manual, migrate,
    plugin::{self, PluginCommands},
    reload,
    remote::{RemoteArgs, Session},
    replicas, requests,
    terminal::{Output, clean},
    token,
};
use clap::{CommandFactory as _, FromArgMatches as _};
use gateway_api::MistakeView;
use std::{ffi::OsString, process::ExitCode};

/// Runs the command line of a process; the first argument is the program's name.
///
/// `local` does what needs the gateway's own parts: this crate knows the admin API only.
pub fn run(args: impl IntoIterator<Item = OsString>, local: &dyn LocalCommands) -> ExitCode {
    let parsed = command_line().try_get_matches_from(args);
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version count as done, also when standard output is closed.
            let _ = error.print();
            // `clap` has 2 for mistakes and 0 for help; another number cannot come.
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut output = Output::standard(cli.json, cli.color);
    match dispatch(cli.command, local, &mut output) {
        Ok(outcome) => ExitCode::from(outcome.exit_code()),
        // `waybill audit | head` is no failure: its reader has what it wanted.
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            tell(&error, &mut output);
            ExitCode::from(error.exit_code())
        }
    }
}

/// The whole command line.
fn command_line() -> clap::Command {
    examples::add(Cli::command(), EXIT_CODES)
}

/// Prints on standard error why a command failed, and with `--json` on standard output as well.
fn tell(error: &CliError, output: &mut Output) {
    match error {
        CliError::Config(errors) => output.mistakes(errors),
        CliError::Client(client) => {
            // First, and in the form of `check-config`: editors and terminals turn the places into links.
            for mistake in client.api().into_iter().flat_map(|said| &said.mistakes) {
                let MistakeView {
                    place,
                    message,
                    fix,
                    ..
                } = mistake;
                output.mistake(&clean(&format!("{place}: {message}; {fix}")));
            }
            // Cleaned: the text may come from a carrier and must not steer the terminal.
            output.error(&clean(&error.to_string()));
            if let Some(remedy) = client.remedy() {
                output.hint(&format!("what to do: {}", output.advice(remedy)));
            }
            // Programs get the gateway's stable code as well, on the stream that they read.
            if let Some(said) = client.api().filter(|_| output.is_json()) {
                // The reader may be gone; the exit code still tells.
                let _ = output.json(&serde_json::json!({ "error": {
                    "code": said.code, "message": said.message, "remedy": said.remedy,
                    "mistakes": said.mistakes,
                } }));
            }
        }
        CliError::Usage(_)
        | CliError::Output(_)
        | CliError::Running(_)
        | CliError::NoToken { .. }
        | CliError::Refused(_) => output.error(error),
    }
}

/// Runs one command against the gateway, then prints the open notices.
fn remote(
    at: &RemoteArgs,
    local: &dyn LocalCommands,
    output: &mut Output,
    command: impl FnOnce(&Session, &mut Output) -> Result<CommandOutcome, CliError>,
) -> Result<CommandOutcome, CliError> {
    let session = at.session(local.clock())?;
    output.has_pages_at(session.client.base());
    let outcome = command(&session, output)?;
    // After the command, so that its own output comes first.
    session.remind(output);
    Ok(outcome)
}

fn dispatch(
    command: Command,
    local: &dyn LocalCommands,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    match command {
        Command::Serve(args) => local.serve(&args, output),
        Command::CheckConfig { schema: true, .. } => schema(output),
        Command::CheckConfig { config, .. } => local.check_config(&config, output),
        Command::Config { at, section } => remote(&at, local, output, |session, output| {
            configuration::run(section.as_deref(), session, output)
        }),
        Command::Reload { at, dry_run } => remote(&at, local, output, |session, output| {
            reload::run(dry_run, session, output)
        }),
        Command::Plugin(PluginCommands::Files(command)) => local.plugin(&command, output),
        Command::Plugin(PluginCommands::Status { at }) => {
            remote(&at, local, output, plugin::status)
        }
        Command::Plugin(PluginCommands::Reload { at, name }) => {
            remote(&at, local, output, |session, output| {
                plugin::reload(name.as_deref(), session, output)
            })
        }
        Command::Plugin(PluginCommands::Rollback { at, name }) => {
            remote(&at, local, output, |session, output| {
                plugin::roll_back(&name, session, output)
            })
        }
        Command::Account { at, command } => remote(&at, local, output, |session, output| {
            account::run(&command, session, output)
        }),
        Command::Invitation { at, command } => remote(&at, local, output, |session, output| {
            invitation::run(&command, session, output)
        }),
        Command::Token { at, command } => remote(&at, local, output, |session, output| {
            token::run(&command, session, output)
        }),
        Command::App { at, command } => remote(&at, local, output, |session, output| {
            app::run(&command, session, output)
        }),
        Command::Doctor { at, name } => remote(&at, local, output, |session, output| {
            inspect::doctor(name.as_ref(), session, output)
        }),
        Command::Status { at } => remote(&at, local, output, inspect::status),
        Command::Replicas { at } => remote(&at, local, output, replicas::run),
        // No reminder: the command itself lists what a reminder would say.
        Command::Notices { at } => inspect::notices(&at.session(local.clock())?, output),
        Command::Requests { at, requests } => remote(&at, local, output, |session, output| {
            requests::run(&requests, session, output)
        }),
        Command::Audit { at, limit, before } => remote(&at, local, output, |session, output| {
            inspect::audit(usize::from(limit), before, session, output)
        }),
        Command::Store(command) => local.store(&command, output),
        Command::Backup(args) => backup::run(&args, local, output),
        Command::Restore(args) => local.restore(&args, output),
        Command::Key { at, command } => match command {
            KeyCommand::Rotate { to } => remote(&at, local, output, |session, output| {
                key::rotate(&to, session, output)
            }),
            KeyCommand::Recipient { key_file } => key::recipient(&key_file, local, output),
        },
        Command::AdminToken { at, command } => remote(&at, local, output, |session, output| {
            admin_token::run(&command, session, output)
        }),
        Command::Migrate { at, command } => remote(&at, local, output, |session, output| {
            migrate::run(&command, session, output)
        }),
        Command::Completions { shell } => completions::run(shell, &mut command_line(), output),
        Command::Man { dir } => manual::run(dir.as_deref(), command_line(), output),
    }
}

/// The JSON schema of configuration files.
fn schema(output: &mut Output) -> Result<CommandOutcome, CliError> {
    output.json(&gateway_config::json_schema())?;
    Ok(CommandOutcome::Done)
}
