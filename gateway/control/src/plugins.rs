//! Plugins are replaced while the gateway serves.

mod replace;
mod view;

use crate::{Actor, ControlError, ControlPlane, Fault, blocking::blocking};
use gateway_api::{PluginReloaded, PluginView};
use gateway_plugin_host::{CatalogEntry, LastManifest, Plugin, Reload, ReloadError};
use gateway_store::ManifestRecord;
use replace::of_carrier;
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};

impl ControlPlane {
    /// The plugin files that the gateway has looked at, and what the folder holds now.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub async fn plugins(&self) -> Result<Vec<PluginView>, ControlError> {
        let plugins = Arc::clone(&self.context.plugins);
        blocking(move || view::all(&plugins)).await
    }

    /// Loads the present file of a plugin beside the code that runs, makes the instances of all its
    /// accounts, and lets it serve. Operations that began before end on the old code, and tokens stay.
    ///
    /// # Errors
    /// When the file or an account's instance cannot be used. Then nothing was changed.
    pub async fn reload_plugin(
        &self,
        actor: &Actor,
        name: &str,
    ) -> Result<PluginReloaded, ControlError> {
        let detail = self.reload_detail(name).await?;
        let work = async {
            // For all of it: two reloads would each take the other's plugin for the one before.
            let _turn = self.context.changes.lock().await;
            let records = self.active_accounts().await?;
            let (context, wanted) = (Arc::clone(&self.context), name.to_owned());
            let reload = move || {
                let wiring = context.wiring();
                let instances = &wiring.instances;
                let trial = |plugin: &Plugin| instances.try_out(&records, plugin);
                (context.plugins.reload(&wanted, &trial), records)
            };
            let (reload, records) = blocking(reload).await?;
            let plugins = &self.context.plugins;
            match reload.map_err(refused)? {
                Reload::Unchanged(entry) => Ok(PluginReloaded {
                    replaced: false,
                    plugin: view::serving(plugins, &entry),
                    accounts: of_carrier(plugins, records, &entry).len(),
                }),
                Reload::Ready(replacement) => self.replace_plugin(replacement, records).await,
            }
        };
        self.audited(actor, "plugin.reload", &subject(name), detail, work)
            .await
    }

    /// Lets the code serve that served before the last reload of a plugin. The file is not changed, so
    /// the next start loads what the folder holds then.
    ///
    /// # Errors
    /// When there is no such code, or it cannot be used. Then nothing was changed.
    pub async fn roll_back_plugin(
        &self,
        actor: &Actor,
        name: &str,
    ) -> Result<PluginReloaded, ControlError> {
        let plugins = &self.context.plugins;
        let content = |entry: Option<Arc<CatalogEntry>>| entry.as_deref().and_then(view::content);
        let detail = json!({
            "from": content(plugins.active(name)), "to": content(plugins.previous(name)),
        });
        let work = async {
            let _turn = self.context.changes.lock().await;
            let records = self.active_accounts().await?;
            let (plugins, wanted) = (Arc::clone(plugins), name.to_owned());
            let replacement = blocking(move || plugins.roll_back(&wanted)).await?;
            self.replace_plugin(replacement.map_err(refused)?, records)
                .await
        };
        self.audited(actor, "plugin.rollback", &subject(name), detail, work)
            .await
    }

    /// The plugins for which the folder holds something that does not run yet.
    pub(crate) async fn replaceable_plugins(&self) -> Result<Vec<String>, ControlError> {
        let plugins = Arc::clone(&self.context.plugins);
        let found = blocking(move || view::all(&plugins)).await?;
        let is_new = |plugin: &PluginView| plugin.found.is_some() || plugin.state == "verified";
        let names = found.into_iter().filter(is_new).filter_map(|it| it.name);
        // Several files may be of one plugin.
        Ok(names.collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// Which content serves, and which one the folder holds.
    async fn reload_detail(&self, name: &str) -> Result<Value, ControlError> {
        let (plugins, wanted) = (Arc::clone(&self.context.plugins), name.to_owned());
        let look = move || {
            let found = view::present(&plugins);
            let found = found.iter().find(|entry| view::is_named(entry, &wanted));
            let active = plugins.active(&wanted);
            let active = active.as_deref().and_then(view::content);
            json!({ "from": active, "to": found.and_then(view::content) })
        };
        blocking(look).await
    }

    /// Takes up the manifests that were kept, also those that another gateway of the fleet keeps.
    pub(crate) async fn take_up_manifests(&self) -> Option<Vec<ManifestRecord>> {
        let (store, plugins) = (&self.context.store, &self.context.plugins);
        // Nothing depends on them while the plugins are there.
        let kept = store.manifests().await.inspect_err(|error| {
            tracing::error!(%error, "the manifests of plugins cannot be read from the store");
        });
        let kept = kept.ok()?;
        for record in &kept {
            if let Err(error) = plugins.remember(&last(record)) {
                tracing::error!(carrier = %record.carrier, %error, "a kept manifest is not used");
            }
        }
        Some(kept)
    }

    /// Takes up the manifests that were kept, and keeps those of the plugins that are active now: a
    /// start at which a file cannot be used then serves the tokens that are still valid.
    pub(crate) async fn keep_manifests(&self) {
        let (store, plugins) = (&self.context.store, &self.context.plugins);
        let Some(kept) = self.take_up_manifests().await else {
            return;
        };
        for active in plugins.manifests() {
            let record = ManifestRecord {
                carrier: active.carrier,
                manifest: active.manifest,
                sha256: active.sha256,
                signs: active.signs,
            };
            // Usual at a start, and then nothing is written.
            if kept.contains(&record) {
                continue;
            }
            if let Err(error) = store.put_manifest(&record).await {
                tracing::error!(carrier = %record.carrier, %error, "a plugin's manifest is not kept");
            }
        }
    }
}

fn last(record: &ManifestRecord) -> LastManifest {
    LastManifest {
        carrier: record.carrier.clone(),
        manifest: record.manifest.clone(),
        sha256: record.sha256.clone(),
        signs: record.signs,
    }
}

fn subject(name: &str) -> String {
    format!("plugin:{name}")
}

/// Why a plugin was not replaced.
fn refused(error: ReloadError) -> ControlError {
    let (fault, code, remedy) = match &error {
        ReloadError::Directory(_) => (
            Fault::Unavailable,
            "plugin_folder",
            "mend the folder, and repeat `waybill plugin reload NAME`; nothing was changed",
        ),
        ReloadError::Unknown(_) => (
            Fault::NotFound,
            "unknown_plugin",
            "put the plugin's file into the plugin folder; nothing was changed",
        ),
        ReloadError::Refused { .. } => (
            Fault::Invalid,
            "plugin_refused",
            "put a usable file in its place, and repeat `waybill plugin reload NAME`; nothing was changed",
        ),
        ReloadError::TooMany => (
            Fault::Conflict,
            "too_many_generations",
            "restart the gateway when it suits; nothing was changed",
        ),
        ReloadError::NoPrevious(_) | ReloadError::PreviousLost(_) => (
            Fault::Conflict,
            "no_previous_generation",
            "put the file that you want into the plugin folder and reload; nothing was changed",
        ),
    };
    ControlError::new(fault, code, error.to_string()).remedy(remedy)
}
