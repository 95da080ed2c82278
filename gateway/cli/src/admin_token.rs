//! `waybill admin-token`: who may use the admin API.

use crate::{
    error::{CliError, CommandOutcome},
    remote::Session,
    terminal::{Output, clean, prompt, when, when_known, word},
};
use clap::{Subcommand, ValueEnum};
use gateway_api::{AddAdminToken, AdminTokenView};
use gateway_model::Role;

#[derive(Debug, Subcommand)]
pub(crate) enum AdminTokenCommand {
    /// Make an admin token; it is shown this once
    Add {
        /// What the audit trail calls its bearer
        name: String,
        /// What it may do
        #[arg(long, value_enum, default_value = "admin")]
        role: RoleName,
    },
    /// List the admin tokens, without the tokens
    List,
    /// Take an admin token back
    Remove {
        /// Its name
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RoleName {
    /// Everything
    Admin,
    /// Look
    ReadOnly,
}

pub(crate) fn run(
    command: &AdminTokenCommand,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    let client = &session.client;
    match command {
        AdminTokenCommand::Add { name, role } => {
            let token = AddAdminToken {
                name: name.clone(),
                role: match role {
                    RoleName::Admin => Role::Admin,
                    RoleName::ReadOnly => Role::ReadOnly,
                },
            };
            let made = session.ask(client.add_admin_token(&token))?;
            if output.is_json() {
                output.json(&made)?;
            } else {
                output.facts(&[
                    ("name", clean(&made.view.name)),
                    ("role", word(&made.view.role)),
                    // The only place where the token is shown; the gateway cannot show it again.
                    ("token", made.token.0.expose().to_owned()),
                ])?;
                output.hint("the token is shown this once: the gateway keeps a digest of it only");
            }
        }
        AdminTokenCommand::List => list(&session.ask(client.admin_tokens())?, output)?,
        AdminTokenCommand::Remove { name, yes } => {
            let question = format!("Take admin token {} back? It stops at once.", clean(name));
            // Asked, since a script that uses the token stops at once.
            prompt::confirm(&question, *yes)?;
            session.ask(client.remove_admin_token(name))?;
            output.done("admin token", name, "removed")?;
        }
    }
    Ok(CommandOutcome::Done)
}

fn list(tokens: &[AdminTokenView], output: &mut Output) -> Result<(), CliError> {
    if output.is_json() {
        return Ok(output.json(&tokens)?);
    }
    let row = |token: &AdminTokenView| {
        vec![
            clean(&token.name),
            word(&token.role),
            when(token.created_at),
            when_known(token.last_used_at),
        ]
    };
    let header = ["Name", "Role", "Made", "Last use"];
    Ok(output.table(&header, tokens.iter().map(row).collect())?)
}
