//! Accounts, their consents and tokens.

use super::{
    caller::Caller,
    extract::{Content, Named},
};
use crate::error::AdminError;
use gateway_api::{AccountView, AddAccount, ConsentDone, ConsentStarted, PasteConsent, ProbeReport, TokenView, UpdateAccount};
use axum::Json;
use gateway_model::AccountId;
use http::StatusCode;

type Answer<T> = Result<Json<T>, AdminError>;

/// All accounts, ordered by name.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts",
    responses((status = 200, description = "The accounts", body = [AccountView])))]
pub(super) async fn accounts(by: Caller) -> Answer<Vec<AccountView>> {
    Ok(Json(by.control.accounts().await?))
}

/// Adds an account.
///
/// A client-credentials account is asked for its first token at once.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "accounts", request_body = AddAccount,
    responses((status = 201, description = "The new account", body = AccountView)))]
pub(super) async fn add_account(
    by: Caller,
    Content(account): Content<AddAccount>,
) -> Result<(StatusCode, Json<AccountView>), AdminError> {
    let added = by.control.add_account(&by.actor, account).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// One account.
#[utoipa::path(get, path = "/api/v1/accounts/{name}", tag = "accounts",
    params(("name" = String, Path, description = "The account's name")),
    responses((status = 200, description = "The account", body = AccountView)))]
pub(super) async fn account(by: Caller, Named(name): Named<AccountId>) -> Answer<AccountView> {
    Ok(Json(by.control.account(&name).await?))
}

/// Changes an account.
///
/// What is absent stays. Other credentials drop what the old ones brought.
#[utoipa::path(patch, path = "/api/v1/accounts/{name}", tag = "accounts",
    params(("name" = String, Path, description = "The account's name")),
    request_body = UpdateAccount,
    responses((status = 200, description = "The changed account", body = AccountView)))]
pub(super) async fn update_account(
    by: Caller,
    Named(name): Named<AccountId>,
    Content(change): Content<UpdateAccount>,
) -> Answer<AccountView> {
    let changed = by.control.update_account(&by.actor, &name, change).await?;
    Ok(Json(changed))
}

/// Removes an account with everything that belongs to it.
#[utoipa::path(delete, path = "/api/v1/accounts/{name}", tag = "accounts",
    params(("name" = String, Path, description = "The account's name")),
    responses((status = 204, description = "It is removed")))]
pub(super) async fn remove_account(
    by: Caller,
    Named(name): Named<AccountId>,
) -> Result<StatusCode, AdminError> {
    by.control.remove_account(&by.actor, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begins a consent: says where a person signs in at the carrier.
#[utoipa::path(post, path = "/api/v1/accounts/{name}/authorize", tag = "accounts",
    params(("name" = String, Path, description = "The account's name")),
    responses((status = 200, description = "Where to sign in", body = ConsentStarted)))]
pub(super) async fn begin_consent(
    by: Caller,
    Named(name): Named<AccountId>,
) -> Answer<ConsentStarted> {
    Ok(Json(by.control.begin_consent(&by.actor, &name).await?))
}

/// Finishes a consent from what a person copied out of the browser.
#[utoipa::path(post, path = "/api/v1/accounts/{name}/paste", tag = "accounts",
    params(("name" = String, Path, description = "The account's name")),
    request_body = PasteConsent,
    responses((status = 200, description = "The account and its proof", body = ConsentDone)))]
pub(super) async fn paste_consent(
    by: Caller,
    Named(name): Named<AccountId>,
    Content(pasted): Content<PasteConsent>,
) -> Answer<ConsentDone> {
    let done = by.control.paste_consent(&by.actor, &name, pasted).await?;
    Ok(Json(done))
}

/// Makes one harmless call to the carrier with the account's token.
#[utoipa::path(post, path = "/api/v1/accounts/{name}/probe", tag = "accounts",
    params(("name" = String, Path, description = "The account's name")),
    responses((status = 200, description = "What the call showed", body = ProbeReport)))]
pub(super) async fn probe(by: Caller, Named(name): Named<AccountId>) -> Answer<ProbeReport> {
    Ok(Json(by.control.probe(&by.actor, &name).await?))
}

/// What is known of an account's token; never the token.
#[utoipa::path(get, path = "/api/v1/accounts/{name}/token", tag = "tokens",
    params(("name" = String, Path, description = "The account's name")),
    responses((status = 200, description = "Facts about the token", body = TokenView)))]
pub(super) async fn token(by: Caller, Named(name): Named<AccountId>) -> Answer<TokenView> {
    Ok(Json(by.control.token(&name).await?))
}

/// Asks the carrier for a new token now, and waits for it.
#[utoipa::path(post, path = "/api/v1/accounts/{name}/token/renew", tag = "tokens",
    params(("name" = String, Path, description = "The account's name")),
    responses((status = 200, description = "Facts about the new token", body = TokenView)))]
pub(super) async fn renew_token(by: Caller, Named(name): Named<AccountId>) -> Answer<TokenView> {
    Ok(Json(by.control.renew_token(&by.actor, &name).await?))
}
