//! Adds, shows and removes faults; plays scenarios.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::faults::{Fault, Scenario};

use super::request::{ControlError, ControlRequest, ControlResult};

pub(super) fn list(control: &ControlRequest<'_>) -> ControlResult {
    let shown = control.mock.faults.list();
    let faults: Vec<_> = shown
        .iter()
        .map(|shown| {
            json!({
                "id": shown.id,
                "name": &*shown.label,
                "matched": shown.matched,
                "hits": shown.hits,
                "fault": shown.fault,
            })
        })
        .collect();
    Ok(json!({ "faults": faults }))
}

pub(super) fn add(control: &ControlRequest<'_>) -> ControlResult {
    let fault: Fault = control.parse()?;
    // The mock's clock, as the fault's times are counted by it.
    let now_ms = control.mock.clock.now_ms();
    let id = control
        .mock
        .faults
        .add(fault, now_ms)
        .map_err(ControlError::bad_request)?;
    Ok(json!({ "id": id }))
}

pub(super) fn remove(control: &ControlRequest<'_>, id: &str) -> ControlResult {
    // A number as text in the path: anything else is the caller's mistake, not an unknown fault.
    let id = id
        .parse()
        .map_err(|_| ControlError::bad_request("the id is a number"))?;
    if control.mock.faults.remove(id) {
        Ok(json!({ "removed": 1 }))
    } else {
        Err(ControlError::not_found("no such fault"))
    }
}

pub(super) fn clear(control: &ControlRequest<'_>) -> Value {
    json!({ "removed": control.mock.faults.clear() })
}

pub(super) fn scenarios() -> ControlResult {
    let all: Result<Vec<_>, _> = Scenario::ready_names()
        .map(|name| {
            let ready = Scenario::ready(name)?;
            // Parsed each time: a dozen small files, shown by hand.
            Ok(json!({ "name": ready.name, "description": ready.description }))
        })
        .collect();
    let all = all.map_err(|error: crate::faults::ScenarioError| {
        ControlError::bad_request(error.to_string())
    })?;
    Ok(json!({ "scenarios": all }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenarioName {
    name: String,
}

/// Plays a ready scenario by name (JSON) or the one in the body (TOML).
pub(super) fn play(control: &ControlRequest<'_>) -> ControlResult {
    // By the first character, so that `curl --data-binary @file` needs no content type.
    let is_json = control.body.trim_ascii_start().starts_with(b"{");
    let scenario = if is_json {
        Scenario::ready(&control.parse::<ScenarioName>()?.name)
    } else {
        Scenario::from_toml(&String::from_utf8_lossy(control.body))
    };
    let scenario = scenario.map_err(|error| ControlError::bad_request(error.to_string()))?;
    let name = scenario.name.clone();
    let played = control.mock.play_scenario(scenario);
    let ids = played.map_err(|error| ControlError::bad_request(error.to_string()))?;
    Ok(json!({ "playing": name, "faults": ids }))
}
