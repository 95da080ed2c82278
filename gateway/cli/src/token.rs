//! `waybill token`: what is known of tokens, never the tokens.

use crate::{
    error::{CliError, CommandOutcome},
    remote::Session,
    terminal::{Output, clean, when, when_known, word, yes},
};
use clap::Subcommand;
use gateway_api::{RefreshView, RenewalView, SlotView, TokenView};
use gateway_model::AccountId;

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Show what is known of an account's token; never the token
    Show {
        /// The account
        name: AccountId,
    },
    /// Ask the carrier for a new token now
    Renew {
        /// The account
        name: AccountId,
    },
}

pub(crate) fn run(
    command: &TokenCommand,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    let view = match command {
        TokenCommand::Show { name } => session.ask(session.client.token(name))?,
        TokenCommand::Renew { name } => session.ask(session.client.renew_token(name))?,
    };
    if output.is_json() {
        output.json(&view)?;
        return Ok(CommandOutcome::Done);
    }
    print(&view, output)?;
    Ok(CommandOutcome::Done)
}

fn print(view: &TokenView, output: &mut Output) -> Result<(), CliError> {
    let text = |field: &Option<String>| field.as_deref().map_or_else(|| "-".into(), clean);
    let mut facts = vec![
        ("account", view.account.to_string()),
        ("grant", word(&view.grant)),
        // A state of the lifecycle as on the wire; people read it with blanks.
        ("state", view.state.replace('_', " ")),
        ("usable", yes(view.usable).to_owned()),
    ];
    if view.message.is_some() {
        facts.push(("why", text(&view.message)));
    }
    facts.extend([
        ("type", text(&view.token_type)),
        ("status", text(&view.status)),
        ("scope", text(&view.scope)),
        ("fingerprint", text(&view.fingerprint)),
        ("issued", when_known(view.issued_at)),
        ("expires", when_known(view.expires_at)),
        ("next renewal", when_known(view.next_renewal_at)),
    ]);
    if let Some(refresh) = &view.refresh {
        facts.extend(refresh_facts(refresh));
    }
    output.facts(&facts)?;
    if !view.slots.is_empty() {
        let rows = view.slots.iter().map(slot_row).collect();
        output.table(&["Slot", "Usable until", "Why not"], rows)?;
    }
    if view.renewals.is_empty() {
        return Ok(());
    }
    let rows = view.renewals.iter().map(renewal_row).collect();
    output.table(&["Renewed", "Why", "Outcome", "Code", "Message"], rows)?;
    Ok(())
}

fn slot_row(slot: &SlotView) -> Vec<String> {
    let why = slot.message.as_deref().map_or_else(|| "-".into(), clean);
    vec![clean(&slot.name), when_known(slot.usable_until), why]
}

fn refresh_facts(refresh: &RefreshView) -> [(&'static str, String); 6] {
    let count = refresh
        .count
        .map_or_else(|| "-".into(), |count| count.to_string());
    [
        ("refresh token", word(&refresh.grant_status)),
        (
            "  status",
            refresh.status.as_deref().map_or_else(|| "-".into(), clean),
        ),
        ("  issued", when_known(refresh.issued_at)),
        ("  expires", when_known(refresh.expires_at)),
        ("  refreshed", count),
        ("  signed in", when_known(refresh.consented_at)),
    ]
}

fn renewal_row(renewal: &RenewalView) -> Vec<String> {
    let text = |field: &Option<String>| field.as_deref().map_or_else(|| "-".into(), clean);
    vec![
        when(renewal.at),
        renewal.reason.replace('_', " "),
        renewal.outcome.replace('_', " "),
        text(&renewal.code),
        text(&renewal.message),
    ]
}
