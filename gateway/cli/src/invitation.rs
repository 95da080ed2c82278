//! `waybill invitation`: links with which somebody outside signs in at a carrier with one login.

use crate::{
    error::{CliError, CommandOutcome},
    remote::Session,
    terminal::{Output, clean, when, word},
};
use clap::Subcommand;
use gateway_api::{AddInvitation, InvitationState, InvitationView, InvitedAccount};
use gateway_model::AccountId;

#[derive(Debug, Subcommand)]
pub(crate) enum InvitationCommand {
    /// Make a link with which somebody signs in for the accounts of a login; it is shown this once
    Add {
        /// The account
        account: AccountId,
        /// Further accounts of the same login; the person signs in for one after the other
        #[arg(value_name = "ACCOUNT")]
        also: Vec<AccountId>,
        /// Also for all accounts that are known to be of the same login
        #[arg(long)]
        login: bool,
        /// How many days it is good
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=30))]
        days: u16,
    },
    /// List the invitations, the newest first, without their links
    List,
    /// Take an invitation back
    Revoke {
        /// Its id, as the list shows it
        id: String,
    },
}

pub(crate) fn run(
    command: &InvitationCommand,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    let client = &session.client;
    match command {
        InvitationCommand::Add {
            account,
            also,
            login,
            days,
        } => {
            let invitation = AddInvitation {
                account: account.clone(),
                also: also.clone(),
                whole_login: *login,
                days: Some(*days),
            };
            let made = session.ask(client.add_invitation(&invitation))?;
            if let Some(warning) = &made.warning {
                output.warn(&clean(warning));
            }
            if output.is_json() {
                output.json(&made)?;
            } else {
                output.facts(&[
                    ("invitation", clean(&made.view.id)),
                    ("account", accounts_of(&made.view)),
                    ("until", when(made.view.expires_at)),
                    // The only place where the link is shown; the gateway cannot show it again.
                    ("link", made.link.0.expose().to_owned()),
                ])?;
                output.hint(
                    "the link is shown this once: send it to the person who owns the login at the carrier",
                );
            }
        }
        InvitationCommand::List => list(&session.ask(client.invitations())?, output)?,
        InvitationCommand::Revoke { id } => {
            let view = session.ask(client.revoke_invitation(id))?;
            if view.state == InvitationState::Used {
                output.warn("somebody has signed in with this invitation already");
            }
            if output.is_json() {
                output.json(&view)?;
            } else {
                output.line(format_args!(
                    "invitation {} {}",
                    clean(&view.id),
                    word(&view.state)
                ))?;
            }
        }
    }
    Ok(CommandOutcome::Done)
}

/// The accounts of an invitation, and how far it is if it has several.
fn accounts_of(view: &InvitationView) -> String {
    let names: Vec<&str> = view.accounts.iter().map(|it| it.account.as_str()).collect();
    match names.as_slice() {
        // An older gateway names one account only.
        [] | [_] => view.account.to_string(),
        names => {
            let used = |it: &&InvitedAccount| it.state == InvitationState::Used;
            let done = view.accounts.iter().filter(used).count();
            format!("{} ({done} of {} signed in)", names.join(", "), names.len())
        }
    }
}

fn list(invitations: &[InvitationView], output: &mut Output) -> Result<(), CliError> {
    if output.is_json() {
        return Ok(output.json(&invitations)?);
    }
    if invitations.is_empty() {
        return Ok(output.line("there is no invitation")?);
    }
    let row = |view: &InvitationView| {
        let end = view.used_at.or(view.revoked_at);
        vec![
            clean(&view.id),
            accounts_of(view),
            word(&view.state),
            clean(&view.created_by),
            when(view.created_at),
            when(view.expires_at),
            end.map_or_else(|| "-".to_owned(), when),
        ]
    };
    let header = [
        "Id",
        "Account",
        "State",
        "Made by",
        "Made",
        "Until",
        "Used or revoked",
    ];
    Ok(output.table(&header, invitations.iter().map(row).collect())?)
}
