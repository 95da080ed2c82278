//! Authenticates the client of a token request: Basic credentials, blocked clients, the quota.

use std::sync::Arc;

use crate::api::UpsError;
use crate::journal::RequestFacts;
use crate::registry::App;

use super::call::OauthCall;
use super::errors;
use super::form::{Basic, Form, NoBasic};

/// The app behind the Basic credentials, or UPS's refusal.
pub(super) fn authenticate(
    call: &OauthCall<'_>,
    form: &Form,
    facts: &mut RequestFacts,
) -> Result<Arc<App>, UpsError> {
    let basic = match Basic::from_headers(call.headers) {
        Ok(basic) => basic,
        // Only without the header: a client that sends both is judged by its Basic credentials.
        Err(NoBasic::Absent) if form.names_any(&["client_id", "client_secret"]) => {
            form.get("client_id").inspect(|id| facts.set_client(id));
            facts.note = Some("client credentials in the body");
            return Err(errors::credentials_in_body(
                call.mock.settings().body_credentials,
            ));
        }
        Err(NoBasic::Absent | NoBasic::Malformed) => return Err(errors::missing_basic()),
    };
    // Before the secret is checked, so that the journal names the client of a refused call too.
    facts.set_client(&basic.client_id);
    let registry = &call.mock.registry;
    // RFC 6749 has clients form-encode both parts and many do not: either reading may be meant.
    let decoded = basic.form_decoded();
    // Both readings are always looked up and compared: how long that takes tells nothing about either.
    let raw_app = registry.app_in(call.environment, &basic.client_id);
    let decoded_app = registry.app_in(call.environment, &decoded.client_id);
    let matches = |app: &Option<Arc<App>>, secret: &str| {
        app.as_ref().is_some_and(|app| app.secret_matches(secret))
    };
    let raw_matches = matches(&raw_app, &basic.client_secret);
    let decoded_matches = matches(&decoded_app, &decoded.client_secret);
    let is_known = raw_app.is_some() || decoded_app.is_some();
    let found = match (raw_matches, decoded_matches) {
        // The raw reading wins, as it is what nearly every client means.
        (true, _) => raw_app,
        (false, true) => decoded_app.inspect(|app| facts.set_client(&app.client_id)),
        (false, false) => None,
    };
    let Some(app) = found else {
        if is_known {
            facts.note = Some("wrong client secret");
        }
        // One answer for an unknown id and a wrong secret, as at UPS: it does not tell which ids exist.
        return Err(errors::invalid_client());
    };
    // After the secret: an outsider must not learn who is blocked nor use up a client's quota.
    admit(call, &app)?;
    Ok(app)
}

/// Blocked clients and the quota, which hold whatever the grant.
pub(super) fn admit(call: &OauthCall<'_>, app: &App) -> Result<(), UpsError> {
    // Blocked before the quota: such a client's requests must not count.
    if app.is_blocked() {
        return Err(errors::blocked_merchant());
    }
    let quota = call.mock.settings().token_quota;
    if !call.mock.quota.admit(quota, &app.client_id, call.now_ms) {
        return Err(errors::too_many_requests());
    }
    Ok(())
}
