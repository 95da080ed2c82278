//! Revokes access tokens.

use serde::Deserialize;
use serde_json::json;

use super::{Control, Reply};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoke {
    client_id: Option<String>,
}

pub(super) fn revoke(control: &Control<'_>) -> Reply {
    let wanted: Revoke = control.parse()?;
    let now_ms = control.world.clock.now_ms();
    let revoked = control.world.tokens.revoke_where(now_ms, |token| {
        wanted
            .client_id
            .as_deref()
            .is_none_or(|client| *token.caller.client_id == *client)
    });
    Ok(json!({ "revoked": revoked }))
}
