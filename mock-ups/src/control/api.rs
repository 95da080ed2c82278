//! The routes of the control API.

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::{Control, Refusal, Reply, clock, faults, journal, people, state};

/// Finds the handler of a path and method.
pub(super) fn route(control: &Control<'_>, method: &Method, path: &str) -> Reply {
    let path = path.strip_prefix("/__mock/").unwrap_or_default();
    let segments: Vec<_> = path.split('/').map(people::decode).collect();
    let segments: Vec<_> = segments.iter().map(String::as_str).collect();
    match (method.as_str(), segments.as_slice()) {
        ("GET", ["state"]) => Ok(state::show(control)),
        ("POST", ["reset"]) => {
            control.world.reset();
            Ok(json!({ "reset": true }))
        }
        ("POST", ["tokens", "revoke"]) => revoke(control),
        ("POST", ["grants", "revoke"]) => people::revoke_grants(control),
        ("GET", ["settings"]) => state::show_settings(control),
        ("PATCH", ["settings"]) => state::change_settings(control),
        ("GET", ["clock"]) => Ok(clock::show(control)),
        ("POST", ["clock"]) => clock::change(control),
        ("GET", ["journal"]) => journal::show(control),
        ("DELETE", ["journal"]) => {
            control.world.journal.clear();
            Ok(json!({ "cleared": true }))
        }
        ("PATCH", ["journal"]) => journal::resize(control),
        ("GET", ["faults"]) => faults::list(control),
        ("POST", ["faults"]) => faults::add(control),
        ("DELETE", ["faults"]) => Ok(faults::clear(control)),
        ("DELETE", ["faults", id]) => faults::remove(control, id),
        ("GET", ["scenarios"]) => faults::scenarios(),
        ("POST", ["scenarios"]) => faults::play(control),
        ("PUT", ["apps", client_id]) => people::put_app(control, client_id),
        ("PATCH", ["apps", client_id]) => people::change_app(control, client_id),
        ("PUT", ["users", name]) => people::put_user(control, name),
        ("POST", ["users", name, "password"]) => people::change_password(control, name),
        _ => Err(unknown(method, &segments)),
    }
}

fn unknown(method: &Method, segments: &[&str]) -> Refusal {
    const KNOWN: [&str; 11] = [
        "state",
        "reset",
        "tokens",
        "grants",
        "settings",
        "clock",
        "journal",
        "faults",
        "scenarios",
        "apps",
        "users",
    ];
    if segments.first().is_some_and(|first| KNOWN.contains(first)) {
        let reason = format!("{method} is not for this path; docs/mock-ups.md lists what is");
        return Refusal {
            status: StatusCode::METHOD_NOT_ALLOWED,
            reason,
        };
    }
    Refusal::not_found("no such control path; docs/mock-ups.md lists them")
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
