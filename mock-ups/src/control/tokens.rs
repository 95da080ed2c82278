//! Revokes access tokens.

use serde::Deserialize;
use serde_json::json;

use super::request::{ControlRequest, ControlResult};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoke {
    client_id: Option<String>,
}

pub(super) fn revoke(control: &ControlRequest<'_>) -> ControlResult {
    let wanted: Revoke = control.parse()?;
    let now_ms = control.mock.clock.now_ms();
    let revoked = control.mock.tokens.revoke_where(now_ms, |token| {
        wanted
            .client_id
            .as_deref()
            .is_none_or(|client| *token.caller.client_id == *client)
    });
    Ok(json!({ "revoked": revoked }))
}
