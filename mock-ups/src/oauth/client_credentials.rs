//! `grant_type=client_credentials`: the app's owner is the shipper.

use crate::api::{ApiAnswer, UpsError};
use crate::journal::Facts;

use super::form::Form;
use super::token_answer::{Minted, mint};
use super::{OauthCall, authenticate, refusal};

pub(super) fn answer(
    call: &OauthCall<'_>,
    form: &Form,
    facts: &mut Facts,
) -> Result<ApiAnswer, UpsError> {
    let app = authenticate(call, form, facts)?;
    let merchant_id = call
        .headers
        .get("x-merchant-id")
        .and_then(|value| value.to_str().ok());
    let merchant_id = merchant_id.map(str::trim).filter(|value| !value.is_empty());
    let caller = call.world.registry.caller(&app.client_id, &app.owner);
    if call.world.settings().strict_merchant_id
        && merchant_id.is_some_and(|number| caller.account(number).is_none())
    {
        facts.note = Some("x-merchant-id is no account of the app's owner");
        return Err(refusal::invalid_client());
    }
    let minted = mint(
        call,
        Minted {
            app,
            caller,
            merchant_id,
            grant: None,
        },
        facts,
    )?;
    Ok(minted.client_credentials())
}
