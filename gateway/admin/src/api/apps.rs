//! Apps: programs that call the gateway.

use super::{
    caller::Caller,
    extract::{Content, Named},
};
use crate::error::AdminError;
use gateway_api::{AddApp, AppSecrets, AppView, RotateApp, UpdateApp};
use axum::Json;
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
/// The answer shows its secrets, this once.
#[utoipa::path(post, path = "/api/v1/apps", tag = "apps", request_body = AddApp,
    responses((status = 201, description = "The new app and its secrets", body = AppSecrets)))]
pub(super) async fn add_app(
    by: Caller,
    Content(app): Content<AddApp>,
) -> Result<(StatusCode, Json<AppSecrets>), AdminError> {
    let added = by.control.add_app(&by.actor, app).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Changes what an app may use, and how often.
///
/// What is absent stays; its secrets, tokens and keys do as well. `"rate": null` takes the limit away.
#[utoipa::path(patch, path = "/api/v1/apps/{name}", tag = "apps",
    params(("name" = String, Path, description = "The app's name")), request_body = UpdateApp,
    responses((status = 200, description = "The changed app", body = AppView)))]
pub(super) async fn update_app(
    by: Caller,
    Named(name): Named<AppId>,
    Content(change): Content<UpdateApp>,
) -> Result<Json<AppView>, AdminError> {
    Ok(Json(by.control.update_app(&by.actor, &name, change).await?))
}

/// Replaces an app's secrets.
///
/// The answer shows the new ones, this once.
#[utoipa::path(post, path = "/api/v1/apps/{name}/rotate", tag = "apps",
    params(("name" = String, Path, description = "The app's name")), request_body = RotateApp,
    responses((status = 200, description = "The app and its new secrets", body = AppSecrets)))]
pub(super) async fn rotate_app(
    by: Caller,
    Named(name): Named<AppId>,
    Content(which): Content<RotateApp>,
) -> Result<Json<AppSecrets>, AdminError> {
    Ok(Json(by.control.rotate_app(&by.actor, &name, which).await?))
}

/// Removes an app; its tokens and keys stop at once.
#[utoipa::path(delete, path = "/api/v1/apps/{name}", tag = "apps",
    params(("name" = String, Path, description = "The app's name")),
    responses((status = 204, description = "It is removed")))]
pub(super) async fn remove_app(
    by: Caller,
    Named(name): Named<AppId>,
) -> Result<StatusCode, AdminError> {
    by.control.remove_app(&by.actor, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
