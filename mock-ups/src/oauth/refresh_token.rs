//! `POST refresh`: rotation. A refresh token works once; its answer carries the next one.

use crate::api::{ApiAnswer, UpsError};
use crate::config::Settings;
use crate::journal::Facts;

use super::form::Form;
use super::grants::{Presentation, Stale};
use super::token_answer::{Minted, RefreshPart, mint};
use super::{OauthCall, authenticate, refusal};

pub(super) fn answer(call: &OauthCall<'_>, facts: &mut Facts) -> Result<ApiAnswer, UpsError> {
    let form = Form::parse(call.body);
    let app = authenticate(call, &form, facts)?;
    if form.get("grant_type") != Some("refresh_token") {
        return Err(refusal::bad_request("Invalid/Missing grant_type"));
    }
    let world = call.world;
    let settings = world.settings();
    let stale = || refusal::stale_refresh_token(settings.stale_grant);
    let presented = form.get("refresh_token").ok_or_else(stale)?;
    let next = world.issuer.refresh_token();
    let presentation = Presentation {
        token: presented,
        client_id: &app.client_id,
        environment: call.environment,
        now_ms: call.now_ms,
        reuse_revokes_grant: settings.reuse_revokes_grant,
    };
    let expires_at_ms = refresh_expiry_ms(call, &settings);
    let password_version = |user: &str| world.registry.password_version(user);
    let rotated = world
        .grants
        .rotate(&presentation, password_version, &next, expires_at_ms);
    let grant = rotated.map_err(|reason| {
        facts.note = Some(why(reason));
        stale()
    })?;
    let caller = world.registry.caller(&app.client_id, &grant.user);
    let minted = Minted {
        app,
        caller,
        merchant_id: None,
        grant: Some(&grant),
    };
    let refresh = RefreshPart {
        token: &next,
        expires_in: settings.refresh_token_lifetime,
    };
    Ok(mint(call, minted, facts)?.with_refresh_token(&refresh))
}

/// When a refresh token issued now dies; like the access token's, one second after what is said.
pub(super) fn refresh_expiry_ms(call: &OauthCall<'_>, settings: &Settings) -> i64 {
    let lifetime = i64::try_from(settings.refresh_token_lifetime).unwrap_or(i64::MAX);
    call.now_ms
        .saturating_add(lifetime.saturating_add(1).saturating_mul(1000))
}

const fn why(reason: Stale) -> &'static str {
    match reason {
        Stale::Unknown => "unknown refresh token",
        Stale::Used => "refresh token used before",
        Stale::Expired => "expired refresh token",
        Stale::GrantRevoked => "the grant is revoked",
        Stale::PasswordChanged => "the user changed the password",
        Stale::OtherClient => "refresh token of another client",
        Stale::OtherEnvironment => "refresh token of the other environment",
    }
}
