//! `POST refresh`: rotation. A refresh token works once; its answer carries the next one.

use crate::api::{ApiResponse, UpsError};
use crate::config::Settings;
use crate::journal::RequestFacts;

use super::authenticate::authenticate;
use super::call::OauthCall;
use super::errors;
use super::form::Form;
use super::token_response::{RefreshPart, TokenSubject, mint};
use crate::oauth_state::grants::{NextToken, Presentation};

pub(super) fn answer(
    call: &OauthCall<'_>,
    facts: &mut RequestFacts,
) -> Result<ApiResponse, UpsError> {
    let form = Form::parse(call.body);
    // Credentials before the grant type, so that an outsider learns nothing about the form.
    let app = authenticate(call, &form, facts)?;
    if form.get("grant_type") != Some("refresh_token") {
        return Err(errors::bad_request("Invalid/Missing grant_type"));
    }
    let mock = call.mock;
    let settings = mock.settings();
    let stale = || errors::stale_refresh_token(settings.stale_grant);
    // A missing token is answered like a stale one: UPS's text for it is not known.
    let presented = form.get("refresh_token").ok_or_else(stale)?;
    // Made first, because the rotation puts it in place of the old one in one step.
    let next = mock.issuer.refresh_token();
    let presentation = Presentation {
        token: presented,
        client_id: &app.client_id,
        environment: call.environment,
        now_ms: call.now_ms,
        reuse_revokes_grant: settings.reuse_revokes_grant,
    };
    let next = NextToken {
        text: &next,
        expires_at_ms: refresh_expiry_ms(call, &settings),
        extends_grant: settings.refresh_extends_grant,
    };
    // Read inside the rotation: a password that changes just before it must still stop it.
    let password_version = |user: &str| mock.registry.password_version(user);
    let rotated = mock.grants.rotate(&presentation, password_version, &next);
    let (grant, expires_at_ms) = rotated.map_err(|reason| {
        // The reason is for the journal only; UPS does not tell clients why.
        facts.note = Some(reason.why());
        stale()
    })?;
    let caller = mock.registry.caller(&app.client_id, &grant.user);
    let minted = TokenSubject {
        app,
        caller,
        merchant_id: None,
        grant: Some(&grant),
    };
    let refresh = RefreshPart {
        token: next.text,
        expires_in: seconds_left(call, expires_at_ms),
    };
    Ok(mint(call, minted, facts)?.with_refresh_token(&refresh))
}

/// When a refresh token issued now dies; like the access token's, one second after what is said.
pub(super) fn refresh_expiry_ms(call: &OauthCall<'_>, settings: &Settings) -> i64 {
    let lifetime = i64::try_from(settings.refresh_token_lifetime).unwrap_or(i64::MAX);
    call.now_ms
        // A second more than announced: UPS says 5183999 for 60 days.
        .saturating_add(lifetime.saturating_add(1).saturating_mul(1000))
}

/// `refresh_token_expires_in` of a token: one second less than its life.
pub(super) fn seconds_left(call: &OauthCall<'_>, expires_at_ms: i64) -> u64 {
    let left = expires_at_ms.saturating_sub(call.now_ms) / 1000;
    // Never negative, even if the clock was moved past the end.
    u64::try_from(left.saturating_sub(1)).unwrap_or(0)
}
