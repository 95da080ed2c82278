//! Settings of a carrier's plugin on the command line.

use super::settle;
use crate::{
    error::{CliError, CommandOutcome},
    remote::Session,
    terminal::{Output, secret_input},
};
use anyhow::anyhow;
use gateway_api::{SecretText, UpdateAccount};
use gateway_model::{AccountId, SettingName};
use serde_json::Value;
use std::{collections::BTreeMap, path::PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct SettingArgs {
    /// A setting of the carrier's plugin, as a text; may be given more than once
    #[arg(long = "setting", value_name = "NAME=TEXT", value_parser = text)]
    texts: Vec<(SettingName, Value)>,
    /// A setting of the carrier's plugin, as JSON: for numbers, true, false, lists and objects
    #[arg(long = "setting-json", value_name = "NAME=JSON", value_parser = json)]
    // Not `json`: that is the id of the global flag.
    values: Vec<(SettingName, Value)>,
    /// A secret setting of the carrier's plugin, from a file that holds it and nothing else
    #[arg(long = "secret-setting", value_name = "NAME=FILE", value_parser = file)]
    secret_files: Vec<(SettingName, PathBuf)>,
}

impl SettingArgs {
    pub(super) fn plain(&self) -> BTreeMap<SettingName, Value> {
        self.texts.iter().chain(&self.values).cloned().collect()
    }

    pub(super) fn secret(&self) -> Result<BTreeMap<SettingName, SecretText>, CliError> {
        let read = self.secret_files.iter().map(|(name, file)| {
            let secret = secret_input::named_file(name.as_str(), file)?;
            Ok((name.clone(), SecretText(secret)))
        });
        read.collect()
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct ConfigureArgs {
    /// The account
    name: AccountId,
    #[command(flatten)]
    settings: SettingArgs,
    /// Remove a setting, plain or secret; may be given more than once
    #[arg(long = "remove-setting", value_name = "NAME")]
    removed: Vec<SettingName>,
}

/// Changes settings. The gateway takes the change if the account gets a token with it.
pub(super) fn configure(
    args: &ConfigureArgs,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    let plain = args.settings.plain().into_iter();
    let mut settings: BTreeMap<_, _> = plain.map(|(name, value)| (name, Some(value))).collect();
    let secret = args.settings.secret()?.into_iter();
    let mut secret_settings: BTreeMap<_, _> =
        secret.map(|(name, secret)| (name, Some(secret))).collect();
    for name in &args.removed {
        settings.entry(name.clone()).or_insert(None);
        secret_settings.entry(name.clone()).or_insert(None);
    }
    if settings.is_empty() && secret_settings.is_empty() {
        let usage = "nothing to change: use --setting, --setting-json, --secret-setting or \
                     --remove-setting";
        return Err(CliError::Usage(anyhow!(usage)));
    }
    let change = UpdateAccount {
        settings: Some(settings).filter(|settings| !settings.is_empty()),
        secret_settings: Some(secret_settings).filter(|secrets| !secrets.is_empty()),
        ..UpdateAccount::default()
    };
    let account = session.ask(session.client.update_account(&args.name, &change))?;
    settle::print(&account, session, output)
}

fn pair(argument: &str) -> Result<(SettingName, &str), String> {
    let (name, value) = argument.split_once('=').ok_or("write NAME=VALUE")?;
    let name = name.parse().map_err(|error| format!("{error}"))?;
    Ok((name, value))
}

fn text(argument: &str) -> Result<(SettingName, Value), String> {
    let (name, value) = pair(argument)?;
    Ok((name, Value::from(value)))
}

fn json(argument: &str) -> Result<(SettingName, Value), String> {
    let (name, value) = pair(argument)?;
    let value = serde_json::from_str(value).map_err(|error| format!("not JSON: {error}"))?;
    Ok((name, value))
}

fn file(argument: &str) -> Result<(SettingName, PathBuf), String> {
    let (name, value) = pair(argument)?;
    Ok((name, PathBuf::from(value)))
}
