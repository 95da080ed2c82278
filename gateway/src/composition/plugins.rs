//! Loading what the plugin folder holds.

use super::error::StartError;
use gateway_config::Plugins;
use gateway_plugin_host::{Catalog, Host};

pub(super) fn load(plugins: &Plugins, host: &Host) -> Result<Catalog, StartError> {
    Ok(Catalog::load(
        &plugins.dir,
        &plugins.policy,
        &plugins.cache,
        host,
    )?)
}
