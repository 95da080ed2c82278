//! The routes of the control API.

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::{Control, Refusal, Reply, clock, journal, state};

/// Finds the handler of a path and method.
pub(super) fn route(control: &Control<'_>, method: &Method, path: &str) -> Reply {
    let path = path.strip_prefix("/__mock/").unwrap_or_default();
    match (path, method.as_str()) {
        ("state", "GET") => Ok(state::show(control)),
        ("reset", "POST") => {
            control.world.reset();
            Ok(json!({ "reset": true }))
        }
        ("tokens/revoke", "POST") => revoke(control),
        ("settings", "GET") => state::show_settings(control),
        ("settings", "PATCH") => state::change_settings(control),
        ("clock", "GET") => Ok(clock::show(control)),
        ("clock", "POST") => clock::change(control),
        ("journal", "GET") => journal::show(control),
        ("journal", "DELETE") => {
            control.world.journal.clear();
            Ok(json!({ "cleared": true }))
        }
        ("state" | "reset" | "tokens/revoke" | "settings" | "clock" | "journal", _) => {
            let reason = format!("{method} is not for this path");
            Err(Refusal {
                status: StatusCode::METHOD_NOT_ALLOWED,
                reason,
            })
        }
        _ => Err(Refusal::not_found(
            "no such control path; docs/mock-ups.md lists them",
        )),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoke {
    client_id: Option<String>,
}

fn revoke(control: &Control<'_>) -> Reply {
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
