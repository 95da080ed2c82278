//! `grant_type=client_credentials`: the app's owner is the shipper.

use crate::api::{ApiResponse, UpsError};
use crate::journal::RequestFacts;

use super::authenticate::authenticate;
use super::call::OauthCall;
use super::errors;
use super::form::Form;
use super::token_response::{TokenSubject, mint};

pub(super) fn answer(
    call: &OauthCall<'_>,
    form: &Form,
    facts: &mut RequestFacts,
) -> Result<ApiResponse, UpsError> {
    let app = authenticate(call, form, facts)?;
    let merchant_id = call
        .headers
        .get("x-merchant-id")
        .and_then(|value| value.to_str().ok());
    // Clients in use send nothing, an empty value or a placeholder there, and UPS lets them.
    let merchant_id = merchant_id.map(str::trim).filter(|value| !value.is_empty());
    let caller = call.mock.registry.caller(&app.client_id, &app.owner);
    // Off by default, since real clients send all kinds of values.
    if call.mock.settings().strict_merchant_id
        && merchant_id.is_some_and(|number| caller.account(number).is_none())
    {
        facts.note = Some("x-merchant-id is no account of the app's owner");
        return Err(errors::invalid_client());
    }
    let minted = mint(
        call,
        TokenSubject {
            app,
            caller,
            merchant_id,
            // No consent, so no refresh token either.
            grant: None,
        },
        facts,
    )?;
    Ok(minted.client_credentials())
}
