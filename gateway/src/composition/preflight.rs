//! What `serve` would refuse, or could not serve, although the configuration reads well. Nothing is
//! started: no port is taken, and the store is not opened, because a gateway may be using it.

use super::{
    data_plane, declared,
    preflight_plugins::{self, PluginCheck, in_file, note},
    prepared::Prepared,
};
use crate::telemetry;
use gateway_config::{Config, Mistake, Place};
use gateway_control::{Instances, ServingAccount, ServingState, WiringError};
use gateway_model::{CredentialCell, Share};
use gateway_plugin_host::Registry;
use gateway_store::OpenError;
use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc};

/// Returns what keeps the gateway, a plugin or an account from working, and adds notes on the rest. Plugins
/// are loaded, since only a carrier's plugin knows the form of an account number.
pub(crate) fn preflight(config: &mut Config) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    mistakes.extend(log_level(config));
    if let Err(errors) = Prepared::of(config) {
        let fix = "correct the file, or its path in the configuration";
        mistakes.extend(errors.iter().map(|error| in_file(error.to_string(), fix)));
    }
    match store(config) {
        // The configuration is right; what is missing is the store itself.
        Some(error @ OpenError::KeyWithoutStore { .. }) => {
            config
                .notes
                .push(note(format!("`serve` does not start: {error}")));
        }
        Some(error) => mistakes.push(in_file(error.to_string(), "correct [store]")),
        None => {}
    }
    mistakes.extend(addresses(config));
    mistakes.extend(admin_token_folder(&config.admin.token_file));
    match preflight_plugins::check(config) {
        Err(error) => mistakes.push(in_file(
            error.to_string(),
            "create the folder, or write its path in dir of [plugins]",
        )),
        Ok(PluginCheck {
            plugins,
            mistakes: faulted,
            notes,
        }) => {
            mistakes.extend(faulted);
            config.notes.extend(notes);
            mistakes.extend(directory(config, &plugins));
            mistakes.extend(accounts(config, plugins));
        }
    }
    mistakes
}

fn log_level(config: &Config) -> Option<Mistake> {
    let level = std::env::var(telemetry::LEVEL_VARIABLE).ok();
    let error = telemetry::filter(&config.log, level.as_deref()).err()?;
    Some(Mistake {
        place: Place::Variable(telemetry::LEVEL_VARIABLE.to_owned()),
        message: error.to_string(),
        fix: "correct it, or unset it".to_owned(),
    })
}

/// The store's folder and its keys.
fn store(config: &Config) -> Option<OpenError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        // Without threads to spare `serve` itself says so.
        .ok()?;
    let checked = runtime.block_on(gateway_store::check_options(&config.store));
    checked.err()
}

fn addresses(config: &Config) -> Vec<Mistake> {
    let apps = config.listen.apps.iter().map(|addr| ("apps", *addr));
    let all = apps.chain([("admin", config.listen.admin)]);
    let refused = |(key, addr): (&str, SocketAddr)| {
        let error = gateway_proxy::try_address(addr).err()?;
        Some(in_file(
            format!("the gateway cannot listen on {addr}: {error}"),
            &format!(
                "write an address of this machine in {key} of [listen], with a port from 1024 on \
                 unless the gateway has the privilege"
            ),
        ))
    };
    all.filter_map(refused).collect()
}

/// The first start writes the token there.
fn admin_token_folder(file: &Path) -> Option<Mistake> {
    let folder = file.parent()?;
    // A bare file name has an empty parent: it is in the current folder.
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return None;
    }
    Some(in_file(
        format!(
            "the folder {} for the first admin token does not exist",
            folder.display()
        ),
        "create it, or write another path in token_file of [admin]",
    ))
}

/// What the data plane would serve.
fn directory(config: &Config, plugins: &Arc<Registry>) -> Option<Mistake> {
    let declared = declared::declared(config);
    let active = declared.accounts.into_iter().filter(|of| of.active);
    let accounts = active.map(|record| {
        let account = ServingAccount {
            cell: Arc::new(CredentialCell::new(record.name.clone())),
            record,
            signer: None,
        };
        (account.record.name.clone(), Arc::new(account))
    });
    let apps = declared.apps.into_iter().map(|app| app.record);
    let served = ServingState {
        accounts: accounts.collect(),
        apps: apps.map(|app| (app.name.clone(), Arc::new(app))).collect(),
        legacy_keys: BTreeMap::new(),
        share: Share::default(),
    };
    let routes = data_plane::Routes::new(config, Arc::clone(plugins)).present();
    let error = gateway_proxy::check_directory(data_plane::directory(&routes, &served)).err()?;
    Some(in_file(
        error.to_string(),
        "correct it in the configuration",
    ))
}

/// Accounts whose configuration their carrier's plugin refuses.
fn accounts(config: &Config, plugins: Arc<Registry>) -> Vec<Mistake> {
    let settings = declared::control_settings(config);
    let mut records = declared::declared(config).accounts;
    records.retain(|record| record.active);
    // Adjacent accounts of one carrier share a call of its plugin.
    records.sort_by(|one, other| one.carrier.cmp(&other.carrier));
    let refused = Instances::new(plugins, &settings).refused(&records);
    let mistakes = refused.into_iter().filter_map(|(name, why)| {
        // A carrier without a plugin is a note: it does not keep the others from being served.
        if matches!(why, WiringError::NoPlugin { .. }) {
            return None;
        }
        let account = config.accounts.iter().find(|account| account.id == name);
        let key = match &why {
            WiringError::Refused(failure) => gateway_control::key_at_fault(failure),
            WiringError::NoPlugin { .. }
            | WiringError::NoOrigin(..)
            | WiringError::NoConsent(_)
            | WiringError::NoSecret(_) => None,
        };
        // The line of the key that the plugin refuses, if the file has it, else that of the account.
        let place = account.map_or(Place::File, |account| {
            let key = key.and_then(|key| account.places.get(key));
            key.unwrap_or(&account.place).clone()
        });
        Some(Mistake {
            place,
            message: format!("account {name} cannot work: {why}"),
            fix: "correct its [[account]], or the [[route]] of its carrier".to_owned(),
        })
    });
    mistakes.collect()
}
