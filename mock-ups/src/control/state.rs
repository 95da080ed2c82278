//! Shows what the mock knows, and its settings.

use serde_json::{Value, json};

use super::clock;
use super::request::{ControlError, ControlRequest, ControlResult};

// For a page; a load test has thousands.
const TOKENS_SHOWN: usize = 50;

pub(super) fn show(control: &ControlRequest<'_>) -> Value {
    let mock = control.mock;
    // Read once, so that all remaining times agree.
    let now_ms = mock.clock.now_ms();
    let apps: Vec<_> = mock
        .registry
        .apps()
        .iter()
        .map(|app| {
            json!({
                "client_id": app.client_id.as_ref(),
                "name": app.name,
                "owner": app.owner,
                "redirect_uris": app.redirect_uris(),
                "products": app.products(),
                "blocked": app.is_blocked(),
            })
        })
        .collect();
    let users: Vec<_> = mock
        .registry
        .users()
        .iter()
        .map(|user| {
            json!({
                "name": user.name,
                "accounts": user.accounts.iter().map(|account| json!({
                    "number": account.number,
                    "negotiated_rates": account.negotiated_rates,
                })).collect::<Vec<_>>(),
            })
        })
        .collect();
    let tokens: Vec<_> = mock
        .tokens
        .live(now_ms, TOKENS_SHOWN)
        .iter()
        .map(|token| {
            json!({
                "token": token.serial,
                "client_id": token.caller.client_id.as_ref(),
                "user": token.caller.user.as_ref(),
                "environment": token.environment.name(),
                "grant": token.grant,
                "seconds_left": (token.expires_at_ms() - now_ms) / 1000,
            })
        })
        .collect();
    let grants: Vec<_> = mock
        .grants
        .list()
        .iter()
        .map(|grant| {
            json!({
                "grant": grant.id,
                "client_id": grant.client_id,
                "user": grant.user,
                "environment": grant.environment.name(),
                "refresh_count": grant.refresh_count,
                "revoked": grant.revoked,
            })
        })
        .collect();
    json!({
        "seed": mock.seed,
        "clock": clock::show(control),
        "apps": apps,
        "users": users,
        "live_tokens": tokens,
        "grants": grants,
        "requests": mock.journal.received(),
    })
}

pub(super) fn show_settings(control: &ControlRequest<'_>) -> ControlResult {
    let settings = control.mock.settings();
    serde_json::to_value(&*settings).map_err(|error| ControlError::bad_request(error.to_string()))
}

/// Changes the settings that the body names.
pub(super) fn change_settings(control: &ControlRequest<'_>) -> ControlResult {
    let changes: serde_json::Map<String, Value> = control.parse()?;
    // Checked as a whole before any of it counts.
    let changed = control.mock.patch_settings(changes);
    changed.map_err(ControlError::bad_request)?;
    show_settings(control)
}
