//! `waybill migrate`: from access keys to OAuth.

mod list;

use crate::{
    account,
    error::{CliError, CommandOutcome},
    remote::Session,
    terminal::{Output, clean, joined, prompt, secret_input::SecretArgs, when, when_known, word},
};
use clap::Subcommand;
use gateway_api::{
    MigrationItem, MigrationPlan, MigrationState, MigrationView, SecretText, StartMigration,
};
use std::{io::IsTerminal as _, path::PathBuf};

#[derive(Debug, Subcommand)]
pub(crate) enum MigrateCommand {
    /// Say what a migration would do, and how many sign-ins it needs; changes nothing
    Plan(ListArgs),
    /// Back the store up, add the accounts and keys, and lead through the sign-ins; goes on where
    /// it stopped
    Run {
        #[command(flatten)]
        list: ListArgs,
        /// Do not lead through the sign-ins
        #[arg(long)]
        no_sign_in: bool,
    },
    /// Show how far the migration is
    Status,
    /// Take away what the migration added
    Undo {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Accounts of the old software: CSV with the columns name, account_number, access_key,
    /// user_id, environment; or TOML with a `[[profile]]` of these keys for each. Rows with the
    /// same user_id share one sign-in
    file: PathBuf,
    /// To which carrier
    #[arg(long, default_value = "ups")]
    carrier: String,
    /// Client id of the OAuth client that people consent to; asked for if absent
    #[arg(long)]
    client_id: Option<String>,
    #[command(flatten)]
    secret: SecretArgs,
}

impl ListArgs {
    /// Everything is read and checked before anybody is asked for anything.
    fn request(&self) -> Result<StartMigration, CliError> {
        // The list first: a person should not type a secret for a list that cannot be used.
        let profiles = list::read(&self.file)?;
        let client_id = match &self.client_id {
            Some(id) => id.clone(),
            None => prompt::line("client id", "--client-id ID")?,
        };
        Ok(StartMigration {
            carrier: self.carrier.clone(),
            profiles,
            client_id,
            client_secret: SecretText(self.secret.read("client secret")?),
        })
    }
}

pub(crate) fn run(
    command: &MigrateCommand,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    let client = &session.client;
    match command {
        MigrateCommand::Plan(list) => {
            let plan = session.ask(client.plan_migration(&list.request()?))?;
            print_plan(&plan, output)
        }
        MigrateCommand::Run { list, no_sign_in } => {
            let view = session.ask(client.start_migration(&list.request()?))?;
            // Sign-ins need a person at this terminal; programs read the addresses later.
            let asked = !no_sign_in && !output.is_json() && std::io::stdin().is_terminal();
            if asked && sign_in(&view, session, output)? == CommandOutcome::Interrupted {
                return Ok(CommandOutcome::Interrupted);
            }
            // Asked again: the sign-ins changed it.
            let view = if asked {
                // Asked again after the sign-ins, which changed the items.
                session.ask(client.migration())?
            } else {
                view
            };
            report(&view, output)
        }
        MigrateCommand::Status => report(&session.ask(client.migration())?, output),
        MigrateCommand::Undo { yes } => {
            let question =
                "Take away the accounts and keys that the migration added, with their logins?";
            prompt::confirm(question, *yes)?;
            let view = session.ask(client.undo_migration())?;
            print(&view, output)?;
            Ok(CommandOutcome::Done)
        }
    }
}

/// One sign-in after the other; one that fails does not keep the others from theirs.
fn sign_in(
    view: &MigrationView,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    // One that was refused may be signed in for again, as somebody else.
    let waiting = |item: &&MigrationItem| match item.state {
        MigrationState::NeedsConsent | MigrationState::Failed => true,
        MigrationState::Compliant | MigrationState::Done | MigrationState::Skipped => false,
    };
    for item in view.items.iter().filter(waiting) {
        output.line(format_args!(
            "\n{} ({}), for {}:",
            item.account,
            joined(&item.numbers),
            joined(&item.profiles)
        ))?;
        match account::follow(&item.account, true, session, output) {
            Ok(CommandOutcome::Interrupted) => return Ok(CommandOutcome::Interrupted),
            Ok(_) => {}
            // Refused sign-ins are told and passed over: the others must not wait for them.
            Err(CliError::Refused(why)) => output.warn(&why),
            Err(error) => return Err(error),
        }
    }
    Ok(CommandOutcome::Done)
}

fn print_plan(plan: &MigrationPlan, output: &mut Output) -> Result<CommandOutcome, CliError> {
    if output.is_json() {
        output.json(plan)?;
    } else {
        table(&plan.items, output)?;
        output.line(sign_ins(plan.sign_ins, &plan.items))?;
        for problem in &plan.problems {
            output.warn(&clean(problem));
        }
        output.line("nothing was changed; `waybill migrate run` does it")?;
    }
    Ok(if plan.problems.is_empty() {
        CommandOutcome::Done
    } else {
        CommandOutcome::FaultFound
    })
}

/// A migration that is not finished is no error, but a script wants to know.
fn report(view: &MigrationView, output: &mut Output) -> Result<CommandOutcome, CliError> {
    print(view, output)?;
    let failed = view
        .items
        // A sign-in that is still to come is expected and no fault.
        .iter()
        .any(|item| item.state == MigrationState::Failed);
    Ok(if failed {
        CommandOutcome::FaultFound
    } else {
        CommandOutcome::Done
    })
}

fn print(view: &MigrationView, output: &mut Output) -> Result<(), CliError> {
    if output.is_json() {
        return Ok(output.json(view)?);
    }
    output.facts(&[
        ("migration", clean(&view.id)),
        ("begun", when(view.created_at)),
        ("ended", when_known(view.ended_at)),
        (
            "backup",
            view.backup.as_deref().map_or_else(|| "-".into(), clean),
        ),
    ])?;
    table(&view.items, output)?;
    if view.sign_ins > 0 {
        output.line(sign_ins(view.sign_ins, &view.items))?;
    }
    for item in &view.items {
        if item.state == MigrationState::NeedsConsent {
            output.hint(&format!(
                "next: `waybill account authorize {}`",
                item.account
            ));
        }
    }
    Ok(())
}

/// `2 sign-ins for 12 numbers`.
fn sign_ins(count: usize, items: &[MigrationItem]) -> String {
    let waiting = items
        .iter()
        .filter(|item| item.state == MigrationState::NeedsConsent);
    let numbers = waiting.map(|item| item.numbers.len()).sum();
    match count {
        0 => "no sign-in is needed".to_owned(),
        count => format!(
            "{} for {}",
            counted(count, "sign-in"),
            counted(numbers, "number")
        ),
    }
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn table(items: &[MigrationItem], output: &mut Output) -> Result<(), CliError> {
    let row = |item: &MigrationItem| {
        vec![
            item.account.to_string(),
            joined(&item.numbers),
            item.environment.to_string(),
            clean(&joined(&item.profiles)),
            word(&item.state),
            clean(&item.message),
        ]
    };
    let header = [
        "Account",
        "Numbers",
        "Environment",
        "Profiles",
        "State",
        "Message",
    ];
    Ok(output.table(&header, items.iter().map(row).collect())?)
}
