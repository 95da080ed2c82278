//! Shows what was received.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::Environment;
use crate::endpoint::Endpoint;
use crate::journal::{Filter, JournalEntry};

use crate::lint::Rule;

use super::request::{ControlError, ControlRequest, ControlResult};

// What fits a page; a client that wants more says so.
const SHOWN: usize = 100;

pub(super) fn show(control: &ControlRequest<'_>) -> ControlResult {
    let mut filter = Filter::any();
    if let Some(name) = control.query_value("endpoint") {
        let endpoint = Endpoint::by_name(&name).ok_or_else(|| {
            ControlError::bad_request(format!("endpoint: one of {}", Endpoint::names()))
        })?;
        filter = filter.endpoint(endpoint);
    }
    if let Some(client) = control.query_value("client_id") {
        filter = filter.client(client);
    }
    if let Some(name) = control.query_value("environment") {
        let environment = match name.as_str() {
            "cie" => Environment::Cie,
            "production" => Environment::Production,
            _ => return Err(ControlError::bad_request("environment: cie or production")),
        };
        filter = filter.environment(environment);
    }
    if let Some(part) = control.query_value("path") {
        filter = filter.path(part);
    }
    if let Some(status) = number(control, "status")? {
        filter = filter.status(status);
    }
    if let Some(seq) = number(control, "after")? {
        filter = filter.after(seq);
    }
    if control
        .query_value("findings")
        .is_some_and(|value| value == "true")
    {
        filter = filter.with_findings();
    }
    let limit = number(control, "limit")?.unwrap_or(SHOWN);
    // Counts and entries are read one after the other and may differ by the calls in between.
    let journal = &control.mock.journal;
    let entries = journal.select(&filter, limit);
    Ok(json!({
        "capacity": journal.capacity(),
        "received": journal.received(),
        "lost": journal.lost(),
        "entries": entries.iter().map(JournalEntry::to_json).collect::<Vec<_>>(),
    }))
}

pub(super) fn clear(control: &ControlRequest<'_>, _: &str) -> ControlResult {
    control.mock.journal.clear();
    Ok(json!({ "cleared": true }))
}

/// The lint's rules.
pub(super) fn rules() -> Value {
    let rules = Rule::ALL.map(|rule| json!({ "rule": rule.name(), "advice": rule.advice() }));
    json!({ "rules": rules })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    capacity: usize,
}

pub(super) fn resize(control: &ControlRequest<'_>) -> ControlResult {
    let size: Size = control.parse()?;
    // Drops what was kept: a ring of another size has other places.
    control.mock.journal.resize(size.capacity);
    Ok(json!({ "capacity": size.capacity }))
}

fn number<T: std::str::FromStr>(
    control: &ControlRequest<'_>,
    name: &str,
) -> Result<Option<T>, ControlError> {
    let value = control.query_value(name);
    let number = value.map(|value| value.parse()).transpose();
    number.map_err(|_| ControlError::bad_request(format!("{name}: not a number in range")))
}
