//! `waybill account`: credentials at carriers.

mod add;
mod authorize;
mod probe;
mod settings;
mod settle;
mod show;

pub(crate) use authorize::follow;

use crate::{
    error::{CliError, CommandOutcome},
    remote::Session,
    terminal::{
        Output, prompt,
        secret_input::{self, SecretArgs},
    },
};
use clap::Subcommand;
use gateway_api::{SecretText, UpdateAccount};
use gateway_model::AccountId;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Add an account
    Add(add::AddArgs),
    /// List the accounts
    List,
    /// Show one account
    Show {
        /// The account
        name: AccountId,
    },
    /// Let a person sign in at the carrier, and wait for it
    Authorize {
        /// The account
        name: AccountId,
        /// Print the address only; open no browser
        #[arg(long)]
        no_open: bool,
        /// Do not wait for the end of the sign-in; always so with --json
        #[arg(long)]
        no_wait: bool,
    },
    /// Finish a sign-in with the address that the browser was sent to, read from standard input
    Paste {
        /// The account
        name: AccountId,
    },
    /// Make one harmless call with the account's token
    Probe {
        /// The account
        name: AccountId,
    },
    /// Make it the account of callers who name none
    SetDefault {
        /// The account
        name: AccountId,
    },
    /// Serve, renew and remind of it again
    Activate {
        /// The account
        name: AccountId,
    },
    /// Keep it, but neither serve nor renew it, nor remind of it
    Deactivate {
        /// The account
        name: AccountId,
    },
    /// Remove it with its tokens and its login
    Remove {
        /// The account
        name: AccountId,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Change settings that the carrier's plugin defines
    Configure(settings::ConfigureArgs),
    /// Replace the client secret, or give several in the order in which they are tried
    RotateSecret {
        /// The account
        name: AccountId,
        /// File that holds a secret and nothing else; may be given more than once
        #[arg(
            long = "secret-file",
            value_name = "FILE",
            conflicts_with = "secret_stdin"
        )]
        secret_files: Vec<PathBuf>,
        /// Read the secret from standard input
        #[arg(long)]
        secret_stdin: bool,
    },
}

pub(crate) fn run(
    command: &AccountCommand,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    let client = &session.client;
    let change = UpdateAccount::default;
    match command {
        AccountCommand::Add(args) => return add::run(args, session, output),
        AccountCommand::Configure(args) => return settings::configure(args, session, output),
        AccountCommand::List => show::list(&session.ask(client.accounts())?, output)?,
        AccountCommand::Show { name } => show::one(&session.ask(client.account(name))?, output)?,
        AccountCommand::Authorize {
            name,
            no_open,
            no_wait,
        } => return authorize::run(name, !no_open, !no_wait, session, output),
        AccountCommand::Paste { name } => return authorize::paste(name, session, output),
        AccountCommand::Probe { name } => return probe::run(name, session, output),
        AccountCommand::SetDefault { name } => {
            let default = Some(true);
            update(
                name,
                &UpdateAccount {
                    default,
                    ..change()
                },
                session,
                output,
            )?;
        }
        AccountCommand::Activate { name } => {
            let active = Some(true);
            update(name, &UpdateAccount { active, ..change() }, session, output)?;
        }
        AccountCommand::Deactivate { name } => {
            let active = Some(false);
            update(name, &UpdateAccount { active, ..change() }, session, output)?;
        }
        AccountCommand::Remove { name, yes } => {
            let question = format!(
                "Remove account {name} with its tokens and its login? Requests that use it will fail."
            );
            prompt::confirm(&question, *yes)?;
            // Asked here first: the gateway removes without a question.
            session.ask(client.remove_account(name))?;
            output.done("account", name, "removed")?;
        }
        AccountCommand::RotateSecret {
            name,
            secret_files,
            secret_stdin,
        } => {
            let secrets = new_secrets(secret_files, *secret_stdin)?;
            let client_secrets = Some(secrets);
            let change = UpdateAccount {
                client_secrets,
                ..change()
            };
            let account = session.ask(client.update_account(name, &change))?;
            // New credentials may be wrong, and that shows only when the carrier is asked.
            return settle::print(&account, session, output);
        }
    }
    Ok(CommandOutcome::Done)
}

fn update(
    name: &AccountId,
    change: &UpdateAccount,
    session: &Session,
    output: &mut Output,
) -> Result<(), CliError> {
    let account = session.ask(session.client.update_account(name, change))?;
    show::one(&account, output)
}

fn new_secrets(files: &[PathBuf], stdin: bool) -> Result<Vec<SecretText>, CliError> {
    const WHAT: &str = "the new client secret";
    // Without a file there is one secret, from standard input or typed.
    if files.is_empty() {
        let one = SecretArgs {
            secret_file: None,
            secret_stdin: stdin,
        };
        return Ok(vec![SecretText(one.read(WHAT)?)]);
    }
    let secrets = files
        .iter()
        .map(|file| secret_input::named_file(WHAT, file).map(SecretText));
    secrets.collect()
}
