//! Accounts, their consents and tokens.

use super::{
    caller::Caller,
    extract::{Content, PathName, QueryOf},
};
use crate::error::AdminError;
use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use gateway_api::{
    AccountView, AddAccount, CarrierView, ConsentDone, ConsentStarted, PasteConsent, ProbeReport,
    TokenView, UpdateAccount,
};
use gateway_model::AccountId;
use http::StatusCode;
use serde::Deserialize;

type JsonResult<T> = Result<Json<T>, AdminError>;

/// All accounts, ordered by name.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts",
    responses((status = 200, description = "The accounts", body = [AccountView])))]
pub(super) async fn accounts(by: Caller) -> JsonResult<Vec<AccountView>> {
    Ok(Json(by.control.accounts().await?))
}

/// The carriers that an active plugin serves, and the settings that their plugins define for an account.
#[utoipa::path(get, path = "/api/v1/carriers", tag = "accounts",
    responses((status = 200, description = "The carriers, ordered by name", body = [CarrierView])))]
pub(super) async fn carriers(by: Caller) -> Json<Vec<CarrierView>> {
    Json(by.control.carriers())
}

/// Whether a request only asks if the change could be made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeQuery {
    #[serde(default)]
    dry_run: bool,
}

/// Adds an account.
///
/// The gateway requests the first token of a client-credentials account at once. With `dry_run` it only says
/// whether the carrier's plugin accepts the account: `mistakes` of the error name the settings at fault.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "accounts",
    params(("dry_run" = Option<bool>, Query,
        description = "`true`: only say whether the account could be added")),
    request_body = AddAccount,
    responses((status = 201, description = "The new account", body = AccountView),
        (status = 204, description = "With `dry_run`: the account could be added")))]
pub(super) async fn add_account(
    by: Caller,
    QueryOf(query): QueryOf<ChangeQuery>,
    Content(account): Content<AddAccount>,
) -> Result<Response, AdminError> {
    if query.dry_run {
        by.control.check_new_account(account).await?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let added = by.control.add_account(&by.actor, account).await?;
    Ok((StatusCode::CREATED, Json(added)).into_response())
}

/// One account.
#[utoipa::path(get, path = "/api/v1/accounts/{name}", tag = "accounts",
    params(("name" = String, Path, description = "The account's name")),
    responses((status = 200, description = "The account", body = AccountView)))]
pub(super) async fn account(
    by: Caller,
    PathName(name): PathName<AccountId>,
) -> JsonResult<AccountView> {
    Ok(Json(by.control.account(&name).await?))
}

/// Changes an account.
///
/// An absent member leaves its value unchanged. New credentials discard the tokens of the old ones. With
/// `dry_run` the gateway only says whether the carrier's plugin accepts the change.
#[utoipa::path(patch, path = "/api/v1/accounts/{name}", tag = "accounts",
    params(("name" = String, Path, description = "The account's name"),
        ("dry_run" = Option<bool>, Query,
            description = "`true`: only say whether the account could be changed like this")),
    request_body = UpdateAccount,
    responses((status = 200, description = "The changed account", body = AccountView),
        (status = 204, description = "With `dry_run`: the account could be changed")))]
pub(super) async fn update_account(
    by: Caller,
    PathName(name): PathName<AccountId>,
    QueryOf(query): QueryOf<ChangeQuery>,
    Content(change): Content<UpdateAccount>,
) -> Result<Response, AdminError> {
    if query.dry_run {
        by.control.check_account_change(&name, change).await?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let changed = by.control.update_account(&by.actor, &name, change).await?;
    Ok(Json(changed).into_response())
}

/// Removes an account with its tokens, grant and notices.
#[utoipa::path(delete, path = "/api/v1/accounts/{name}", tag = "accounts",
    params(("name" = String, Path, description = "The account's name")),
    responses((status = 204, description = "The account was removed")))]
pub(super) async fn remove_account(
    by: Caller,
    PathName(name): PathName<AccountId>,
) -> Result<StatusCode, AdminError> {
    by.control.remove_account(&by.actor, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begins a consent and returns the address at which a person signs in.
#[utoipa::path(post, path = "/api/v1/accounts/{name}/authorize", tag = "accounts",
    params(("name" = String, Path, description = "The account's name")),
    responses((status = 200, description = "The address at which to sign in", body = ConsentStarted)))]
pub(super) async fn begin_consent(
    by: Caller,
    PathName(name): PathName<AccountId>,
) -> JsonResult<ConsentStarted> {
    Ok(Json(by.control.begin_consent(&by.actor, &name).await?))
}

/// Finishes a consent with what a person copied from the browser.
#[utoipa::path(post, path = "/api/v1/accounts/{name}/paste", tag = "accounts",
    params(("name" = String, Path, description = "The account's name")),
    request_body = PasteConsent,
    responses((status = 200, description = "The account and its proof", body = ConsentDone)))]
pub(super) async fn paste_consent(
    by: Caller,
    PathName(name): PathName<AccountId>,
    Content(pasted): Content<PasteConsent>,
) -> JsonResult<ConsentDone> {
    let done = by.control.paste_consent(&by.actor, &name, pasted).await?;
    Ok(Json(done))
}

/// Makes one test call to the carrier with the account's token. It changes nothing there.
#[utoipa::path(post, path = "/api/v1/accounts/{name}/probe", tag = "accounts",
    params(("name" = String, Path, description = "The account's name")),
    responses((status = 200, description = "The result of the call", body = ProbeReport)))]
pub(super) async fn probe(
    by: Caller,
    PathName(name): PathName<AccountId>,
) -> JsonResult<ProbeReport> {
    Ok(Json(by.control.probe(&by.actor, &name).await?))
}

/// What is known about an account's token. The token itself is never sent.
#[utoipa::path(get, path = "/api/v1/accounts/{name}/token", tag = "tokens",
    params(("name" = String, Path, description = "The account's name")),
    responses((status = 200, description = "Facts about the token", body = TokenView)))]
pub(super) async fn token(
    by: Caller,
    PathName(name): PathName<AccountId>,
) -> JsonResult<TokenView> {
    Ok(Json(by.control.token(&name).await?))
}

/// Requests a new token from the carrier now and waits for it.
#[utoipa::path(post, path = "/api/v1/accounts/{name}/token/renew", tag = "tokens",
    params(("name" = String, Path, description = "The account's name")),
    responses((status = 200, description = "Facts about the new token", body = TokenView)))]
pub(super) async fn renew_token(
    by: Caller,
    PathName(name): PathName<AccountId>,
) -> JsonResult<TokenView> {
    Ok(Json(by.control.renew_token(&by.actor, &name).await?))
}
