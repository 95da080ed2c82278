//! Apps: programs that call the gateway.

use super::{
    caller::Caller,
    extract::{Content, PathName},
};
use crate::error::AdminError;
use axum::Json;
use gateway_api::{AddApp, AppSecrets, AppView, RotateApp, UpdateApp};
use gateway_model::AppId;
use http::StatusCode;

/// All apps, ordered by name.
#[utoipa::path(get, path = "/api/v1/apps", tag = "apps",
    responses((status = 200, description = "The apps", body = [AppView])))]
pub(super) async fn apps(by: Caller) -> Result<Json<Vec<AppView>>, AdminError> {
    Ok(Json(by.control.apps().await?))
}

/// Adds an app.
///
/// Only this response shows its secrets.
#[utoipa::path(post, path = "/api/v1/apps", tag = "apps", request_body = AddApp,
    responses((status = 201, description = "The new app and its secrets", body = AppSecrets)))]
pub(super) async fn add_app(
    by: Caller,
    Content(app): Content<AddApp>,
) -> Result<(StatusCode, Json<AppSecrets>), AdminError> {
    let added = by.control.add_app(&by.actor, app).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Changes an app's accounts and its rate limit.
///
/// An absent member leaves its value unchanged. Secrets, tokens and keys stay valid. `"rate": null`
/// removes the limit.
#[utoipa::path(patch, path = "/api/v1/apps/{name}", tag = "apps",
    params(("name" = String, Path, description = "The app's name")), request_body = UpdateApp,
    responses((status = 200, description = "The changed app", body = AppView)))]
pub(super) async fn update_app(
    by: Caller,
    PathName(name): PathName<AppId>,
    Content(change): Content<UpdateApp>,
) -> Result<Json<AppView>, AdminError> {
    Ok(Json(by.control.update_app(&by.actor, &name, change).await?))
}

/// Replaces an app's secrets.
///
/// Only this response shows the new ones.
#[utoipa::path(post, path = "/api/v1/apps/{name}/rotate", tag = "apps",
    params(("name" = String, Path, description = "The app's name")), request_body = RotateApp,
    responses((status = 200, description = "The app and its new secrets", body = AppSecrets)))]
pub(super) async fn rotate_app(
    by: Caller,
    PathName(name): PathName<AppId>,
    Content(which): Content<RotateApp>,
) -> Result<Json<AppSecrets>, AdminError> {
    Ok(Json(by.control.rotate_app(&by.actor, &name, which).await?))
}

/// Removes an app. Its tokens and keys stop working at once.
#[utoipa::path(delete, path = "/api/v1/apps/{name}", tag = "apps",
    params(("name" = String, Path, description = "The app's name")),
    responses((status = 204, description = "The app was removed")))]
pub(super) async fn remove_app(
    by: Caller,
    PathName(name): PathName<AppId>,
) -> Result<StatusCode, AdminError> {
    by.control.remove_app(&by.actor, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
