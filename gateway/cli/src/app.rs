//! `waybill app`: programs that call the gateway.

use crate::{
    error::{CliError, CommandOutcome},
    remote::Session,
    terminal::{
        Output, joined, kept_in, prompt,
        secret_input::{self, SecretArgs},
        when, when_known, yes,
    },
};
use clap::Subcommand;
use gateway_api::{AddApp, AppSecrets, AppView, RateChange, RotateApp, SecretText, UpdateApp};
use gateway_model::{AccountId, AppId, RateLimit};
use std::{num::NonZeroU32, path::PathBuf};

#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    /// Add an app; its secrets are shown this once
    Add(AddArgs),
    /// List the apps
    List,
    /// Change the accounts an app may use, its default, or how often it may call
    Set {
        /// The app
        name: AppId,
        #[command(flatten)]
        change: ChangeArgs,
    },
    /// Replace an app's secrets; the new ones are shown this once
    Rotate {
        /// The app
        name: AppId,
        /// Only the secret of its client id
        #[arg(long)]
        secret: bool,
        /// Only its key
        #[arg(long)]
        key: bool,
    },
    /// Remove an app; its tokens and keys stop at once
    Remove {
        /// The app
        name: AppId,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct AddArgs {
    /// The name of the app in the access log and on the command line
    name: AppId,
    /// An account that it may use; the first of a carrier and environment is its default there
    #[arg(
        long = "account",
        alias = "accounts",
        value_delimiter = ',',
        required = true
    )]
    accounts: Vec<AccountId>,
    /// The id it has already; made up if absent
    #[arg(long, conflicts_with = "key_only")]
    client_id: Option<String>,
    #[command(flatten)]
    secret: SecretArgs,
    /// Also make a key, which it sends in Waybill-Key
    #[arg(long)]
    with_key: bool,
    /// File with the key it has already
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Only a key, no id and secret
    #[arg(long)]
    key_only: bool,
    /// Requests a second in the long run
    #[arg(long, value_name = "PER_SECOND")]
    rate: Option<NonZeroU32>,
    /// Requests at once
    #[arg(long, requires = "rate")]
    burst: Option<NonZeroU32>,
    /// File with a retired access key by which it is recognised
    #[arg(long = "legacy-key-file", value_name = "FILE")]
    legacy_key_files: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub(crate) struct ChangeArgs {
    /// All accounts that it may use from now on
    #[arg(long = "account", alias = "accounts", value_delimiter = ',')]
    accounts: Vec<AccountId>,
    /// The account that becomes its default in its carrier and environment
    #[arg(long, value_name = "ACCOUNT")]
    default: Option<AccountId>,
    /// Requests a second in the long run
    #[arg(long, value_name = "PER_SECOND", conflicts_with = "no_rate")]
    rate: Option<NonZeroU32>,
    /// Requests at once
    #[arg(long, requires = "rate")]
    burst: Option<NonZeroU32>,
    /// No limit
    #[arg(long)]
    no_rate: bool,
}

impl ChangeArgs {
    fn request(&self) -> UpdateApp {
        let rate = rate(self.rate, self.burst);
        UpdateApp {
            accounts: (!self.accounts.is_empty()).then(|| self.accounts.clone()),
            default: self.default.clone(),
            // Setting wins over removing; the arguments exclude each other anyway.
            rate: match rate {
                Some(rate) => RateChange::Set(rate),
                None if self.no_rate => RateChange::Remove,
                None => RateChange::Keep,
            },
        }
    }
}

fn rate(per_second: Option<NonZeroU32>, burst: Option<NonZeroU32>) -> Option<RateLimit> {
    per_second.map(|rate| RateLimit {
        per_second: rate,
        // Without a burst an app may use the rate of one second at once.
        burst: burst.unwrap_or(rate),
    })
}

impl AddArgs {
    fn request(&self) -> Result<AddApp, CliError> {
        let secret = self
            // Only if a source was named: without one the gateway makes the secret up.
            .secret
            .is_given()
            .then(|| self.secret.read("the app's secret"));
        let key = (self.key_file.as_deref()).map(|file| secret_input::named_file("the key", file));
        let legacy = self.legacy_key_files.iter();
        let legacy = legacy.map(|file| secret_input::named_file("the access key", file));
        Ok(AddApp {
            name: self.name.clone(),
            client_id: self.client_id.clone(),
            client_secret: secret.transpose()?.map(SecretText),
            with_key: self.with_key,
            key: key.transpose()?.map(SecretText),
            key_only: self.key_only,
            accounts: self.accounts.clone(),
            rate: rate(self.rate, self.burst),
            legacy_keys: legacy
                .map(|key| key.map(SecretText))
                .collect::<Result<_, _>>()?,
        })
    }
}

pub(crate) fn run(
    command: &AppCommand,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    let client = &session.client;
    match command {
        AppCommand::Add(args) => {
            let secrets = session.ask(client.add_app(&args.request()?))?;
            shown_once(&secrets, output)?;
        }
        AppCommand::Set { name, change } => {
            let app = session.ask(client.update_app(name, &change.request()))?;
            list(&[app], output)?;
        }
        AppCommand::Rotate { name, secret, key } => {
            let which = RotateApp {
                secret: *secret,
                key: *key,
            };
            let secrets = session.ask(client.rotate_app(name, &which))?;
            shown_once(&secrets, output)?;
        }
        AppCommand::List => list(&session.ask(client.apps())?, output)?,
        AppCommand::Remove { name, yes } => {
            prompt::confirm(
                &format!("Remove app {name}? Its tokens and keys stop at once."),
                *yes,
            )?;
            session.ask(client.remove_app(name))?;
            output.done("app", name, "removed")?;
        }
    }
    Ok(CommandOutcome::Done)
}

fn list(apps: &[AppView], output: &mut Output) -> Result<(), CliError> {
    if output.is_json() {
        return Ok(output.json(&apps)?);
    }
    if apps.is_empty() {
        return Ok(output.line("no apps: `waybill app add NAME --account ACCOUNT` adds one")?);
    }
    let row = |app: &AppView| {
        vec![
            app.name.to_string(),
            app.client_id.clone().unwrap_or_else(|| "-".into()),
            yes(app.has_key).to_owned(),
            joined(&app.accounts),
            app.rate.map_or_else(
                || "-".into(),
                |r| format!("{}/s, {} at once", r.per_second, r.burst),
            ),
            app.legacy_keys.len().to_string(),
            kept_in(app.managed_by).to_owned(),
            when(app.created_at),
            when_known(app.rotated_at),
        ]
    };
    let header = [
        "Name",
        "Client id",
        "Key",
        "Accounts",
        "Rate",
        "Old keys",
        "Kept in",
        "Added",
        "Rotated",
    ];
    Ok(output.table(&header, apps.iter().map(row).collect())?)
}

/// The one place where an app's secrets reach a screen.
fn shown_once(secrets: &AppSecrets, output: &mut Output) -> Result<(), CliError> {
    if output.is_json() {
        return Ok(output.json(secrets)?);
    }
    let mut facts = vec![("app", secrets.app.name.to_string())];
    if let Some(id) = &secrets.app.client_id {
        facts.push(("client id", id.clone()));
    }
    let secret = |secret: &SecretText| secret.0.expose().to_owned();
    facts.extend(
        secrets
            .client_secret
            .as_ref()
            .map(|text| ("client secret", secret(text))),
    );
    facts.extend(secrets.key.as_ref().map(|text| ("key", secret(text))));
    output.facts(&facts)?;
    if secrets.client_secret.is_some() || secrets.key.is_some() {
        output.hint("these secrets are shown this once: the gateway keeps digests of them only");
    }
    Ok(())
}
