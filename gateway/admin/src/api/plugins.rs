//! Plugins of carriers.

use super::{caller::Caller, extract::PathName};
use crate::error::AdminError;
use axum::Json;
use gateway_api::{PluginReloaded, PluginView};

/// The plugin files that the gateway has looked at, and what the folder holds now.
#[utoipa::path(get, path = "/api/v1/plugins", tag = "plugins",
    responses((status = 200, description = "The plugin files", body = [PluginView])))]
pub(super) async fn plugins(by: Caller) -> Result<Json<Vec<PluginView>>, AdminError> {
    Ok(Json(by.control.plugins().await?))
}

/// Replaces a plugin by the present content of its file, while requests are served.
///
/// The file is checked and loaded beside the old code, and the instances of all accounts are made. If
/// any of that fails, nothing is changed. Operations that began before end on the old code. Tokens stay.
#[utoipa::path(post, path = "/api/v1/plugins/{name}/reload", tag = "plugins",
    params(("name" = String, Path, description = "The plugin's name")),
    responses((status = 200, description = "What was done", body = PluginReloaded)))]
pub(super) async fn reload_plugin(
    by: Caller,
    PathName(name): PathName<String>,
) -> Result<Json<PluginReloaded>, AdminError> {
    Ok(Json(by.control.reload_plugin(&by.actor, &name).await?))
}

/// Lets the code serve that served before the last reload of a plugin.
///
/// The file is not changed, so the next start loads what the folder holds then.
#[utoipa::path(post, path = "/api/v1/plugins/{name}/rollback", tag = "plugins",
    params(("name" = String, Path, description = "The plugin's name")),
    responses((status = 200, description = "What was done", body = PluginReloaded)))]
pub(super) async fn roll_back_plugin(
    by: Caller,
    PathName(name): PathName<String>,
) -> Result<Json<PluginReloaded>, AdminError> {
    Ok(Json(by.control.roll_back_plugin(&by.actor, &name).await?))
}
