//! What `serve` would refuse although the configuration reads well, found without starting anything.

use super::listen_tls;
use gateway_config::{Config, Mistake, Note, Place};
use gateway_model::CarrierId;
use gateway_plugin_host::Catalog;
use std::collections::BTreeSet;

/// Returns what keeps the gateway from starting, and adds notes on what would start but not work. No
/// code of a plugin is run.
pub(crate) fn preflight(config: &mut Config) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    match Catalog::verify(&config.plugins.dir, &config.plugins.policy) {
        Ok(catalog) => note_carriers(config, &catalog),
        Err(error) => mistakes.push(mistake(
            error.to_string(),
            "create the folder, or write its path in dir of [plugins]",
        )),
    }
    if let Some(Err(error)) = config.listen.tls.as_ref().map(listen_tls::server_config) {
        mistakes.push(mistake(
            error.to_string(),
            "write the files of a certificate chain and of its key in [listen.tls]",
        ));
    }
    mistakes
}

fn mistake(message: String, fix: &str) -> Mistake {
    Mistake {
        place: Place::File,
        message,
        fix: fix.to_owned(),
    }
}

/// A carrier without a plugin does not keep the others from being served, so it is no mistake.
fn note_carriers(config: &mut Config, catalog: &Catalog) {
    let served: BTreeSet<&CarrierId> = catalog
        .entries()
        .iter()
        .filter_map(|entry| Some(&entry.manifest()?.carrier))
        .collect();
    let routes = config.routes.iter().map(|route| &route.carrier);
    let accounts = config.accounts.iter().map(|account| &account.carrier);
    let named: BTreeSet<&CarrierId> = routes.chain(accounts).collect();
    let notes: Vec<Note> = named
        .difference(&served)
        .map(|carrier| Note {
            place: Place::File,
            message: format!(
                "no plugin in {} is for carrier {carrier}: its requests will be answered with 503",
                config.plugins.dir.display()
            ),
        })
        .collect();
    config.notes.extend(notes);
}
