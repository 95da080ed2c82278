//! Accounts on the screen.

use crate::{
    error::CliError,
    terminal::{Output, clean, joined, kept_in, when, when_known, word, yes},
};
use gateway_api::AccountView;

pub(super) fn list(accounts: &[AccountView], output: &mut Output) -> Result<(), CliError> {
    if output.is_json() {
        return Ok(output.json(&accounts)?);
    }
    if accounts.is_empty() {
        return Ok(output.line("no accounts: `waybill account add NAME` adds one")?);
    }
    let row = |account: &AccountView| {
        vec![
            account.name.to_string(),
            account.carrier.to_string(),
            account.environment.to_string(),
            joined(&account.numbers),
            word(&account.grant),
            state(account),
            yes(account.default).to_owned(),
            when_known(account.token_expires_at),
            when_known(account.grant_expires_at),
        ]
    };
    let header = [
        "Name",
        "Carrier",
        // Names and numbers are checked types; only free text from elsewhere is cleaned.
        "Environment",
        "Numbers",
        "Grant",
        "State",
        "Default",
        "Token until",
        "Sign-in until",
    ];
    Ok(output.table(&header, accounts.iter().map(row).collect())?)
}

/// The state; a sign-in in doubt is named beside it, because requests may fail when the present token ends.
fn state(account: &AccountView) -> String {
    let state = word(&account.state);
    match account.sign_in_in_doubt {
        Some(_) => format!("{state}, sign-in in doubt"),
        None => state,
    }
}

/// The settings of the carrier's plugin; of a secret one the name only.
fn settings(account: &AccountView) -> String {
    let plain = account.settings.iter();
    let plain = plain.map(|(name, value)| clean(&format!("{name}={value}")));
    let secret = account
        .secret_settings
        .iter()
        .map(|name| format!("{name}=(secret)"));
    let all: Vec<String> = plain.chain(secret).collect();
    joined(&all)
}

pub(super) fn one(account: &AccountView, output: &mut Output) -> Result<(), CliError> {
    if output.is_json() {
        return Ok(output.json(account)?);
    }
    let mut facts = vec![
        ("account", account.name.to_string()),
        ("aliases", joined(&account.aliases)),
        ("carrier", account.carrier.to_string()),
        ("environment", account.environment.to_string()),
        ("numbers", joined(&account.numbers)),
        ("grant", word(&account.grant)),
        ("client id", clean(&account.client_id)),
        ("client secrets", account.client_secrets.to_string()),
        ("settings", settings(account)),
        ("active", yes(account.active).to_owned()),
        ("default", yes(account.default).to_owned()),
        ("kept in", kept_in(account.managed_by).to_owned()),
        ("state", state(account)),
    ];
    facts.extend(
        account
            .message
            .as_ref()
            .map(|message| ("why", output.advice(message))),
    );
    facts.extend(
        account
            .sign_in_in_doubt
            .as_ref()
            .map(|why| ("in doubt", output.advice(why))),
    );
    facts.extend([
        ("token until", when_known(account.token_expires_at)),
        ("sign-in until", when_known(account.grant_expires_at)),
        ("added", when(account.created_at)),
    ]);
    Ok(output.facts(&facts)?)
}
