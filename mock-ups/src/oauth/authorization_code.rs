//! `grant_type=authorization_code`, with Basic or, without it, PKCE.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::api::{ApiResponse, UpsError};
use crate::journal::RequestFacts;
use crate::registry::App;

use super::authenticate::{admit, authenticate};
use super::call::OauthCall;
use super::errors;
use super::form::Form;
use super::refresh_token::refresh_expiry_ms;
use super::token_response::{RefreshPart, TokenSubject, mint};
use crate::oauth_state::grants::{NextToken, PendingCode};

pub(super) fn answer(
    call: &OauthCall<'_>,
    form: &Form,
    facts: &mut RequestFacts,
) -> Result<ApiResponse, UpsError> {
    let app = match public_client(call, form) {
        Some(client_id) => {
            // The id counts as named even if it is unknown, so that the journal can tell who asked.
            facts.set_client(client_id);
            let app = call
                .mock
                .registry
                .app_in(call.environment, client_id)
                .ok_or_else(errors::invalid_client)?;
            // A public client has no secret, but the block and the quota hold for it all the same.
            admit(call, &app)?;
            app
        }
        None => authenticate(call, form, facts)?,
    };
    let settings = call.mock.settings();
    // One error for every kind of stale code, as no source tells UPS's; the note keeps the reason.
    let stale = || errors::stale_code(settings.stale_grant);
    let code = form.get("code").ok_or_else(stale)?;
    // Taken before it is checked: a code that was presented wrongly must not get a second try.
    let Some(pending) = call.mock.grants.take_code(code, settings.codes_work_once) else {
        facts.note = Some("unknown or used authorization code");
        return Err(stale());
    };
    check(call, form, &app, &pending).map_err(|refused| {
        facts.note = Some(refused.note);
        refused.error.unwrap_or_else(stale)
    })?;
    // Made before the grant begins, as the grant is recorded with its first refresh token.
    let refresh_token = call.mock.issuer.refresh_token();
    let caller = call.mock.registry.caller(&app.client_id, &pending.user);
    let first = NextToken {
        text: &refresh_token,
        expires_at_ms: refresh_expiry_ms(call, &settings),
        // A new consent has no earlier end to respect.
        extends_grant: true,
    };
    let grant = call.mock.grants.begin(pending, &first, call.now_ms);
    let minted = TokenSubject {
        app,
        caller,
        merchant_id: None,
        grant: Some(&grant),
    };
    let refresh = RefreshPart {
        token: &refresh_token,
        expires_in: settings.refresh_token_lifetime,
    };
    Ok(mint(call, minted, facts)?.with_refresh_token(&refresh))
}

/// The client id of a PKCE request: in the form, with a verifier and without `Authorization`.
fn public_client<'a>(call: &OauthCall<'_>, form: &'a Form) -> Option<&'a str> {
    // With credentials the request is a confidential one, even if it also sends a verifier.
    if call.headers.contains_key(header::AUTHORIZATION) {
        return None;
    }
    form.get("code_verifier")?;
    form.get("client_id")
}

struct Refused {
    note: &'static str,
    /// `None`: the error for a stale code.
    error: Option<UpsError>,
}

fn check(
    call: &OauthCall<'_>,
    form: &Form,
    app: &Arc<App>,
    pending: &PendingCode,
) -> Result<(), Refused> {
    let refused = |note| Err(Refused { note, error: None });
    // The client first: whatever else is wrong with another's code, nothing about it is told.
    if pending.client_id != *app.client_id {
        return refused("authorization code of another client");
    }
    if pending.environment != call.environment {
        return refused("authorization code of the other environment");
    }
    if call.now_ms >= pending.expires_at_ms {
        return refused("expired authorization code");
    }
    // Compared as text: UPS wants the very redirect URI of the authorization request.
    if form.get("redirect_uri") != Some(pending.redirect_uri.as_str()) {
        let error = Some(errors::invalid_redirect());
        return Err(Refused {
            note: "redirect_uri differs from the one at authorize",
            error,
        });
    }
    // A changed password kills consents that were given under the old one.
    if call.mock.registry.password_version(&pending.user) != Some(pending.password_version) {
        return refused("the user changed the password");
    }
    let public = !call.headers.contains_key(header::AUTHORIZATION);
    match (&pending.challenge, form.get("code_verifier")) {
        // A challenge must be met even by clients that authenticate: it was their own promise.
        (Some(challenge), Some(verifier)) if verifier_fits(verifier, challenge) => Ok(()),
        (Some(_), Some(_)) => refused("code_verifier does not fit the challenge"),
        (Some(_), None) => refused("code_verifier missing"),
        // Without a challenge nothing would prove that the public client is the one that asked.
        (None, _) if public => refused("PKCE without a challenge at authorize"),
        (None, _) => Ok(()),
    }
}

/// S256, the only method that UPS describes.
fn verifier_fits(verifier: &str, challenge: &str) -> bool {
    let hashed = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    // Some clients pad the challenge although base64url here has no padding.
    let challenge = challenge.trim_end_matches('=');
    // In constant time, as it is a secret that a guesser could learn byte by byte.
    bool::from(hashed.as_bytes().ct_eq(challenge.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::verifier_fits;

    #[test]
    fn verifier_of_rfc_7636_appendix_b_fits() {
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(verifier_fits(
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            challenge
        ));
        assert!(!verifier_fits(
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK",
            challenge
        ));
    }
}
