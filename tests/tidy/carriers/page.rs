//! The page of one carrier.

use serde_json::Value;
use std::fmt::Write as _;

/// What the gateway gives every plugin, by the manifest's schema or not.
const FIXED: [&str; 3] = ["environment", "origin", "grant"];

/// The page, from the manifest.
pub(super) fn of(folder: &str, manifest: &Value) -> String {
    let name = text(&manifest["carrier"]["display_name"]);
    let mut page = format!("# {name}\n\n");
    let id = text(&manifest["carrier"]["id"]);
    line(
        &mut page,
        &format!(
            "`carrier = \"{id}\"`. What to ask {name} for, a configuration to begin with, limits and guesses are in \
             [plugins/{folder}/README.md](../../plugins/{folder}/README.md). This page is made from the manifest \
             of the plugin."
        ),
    );
    about(&mut page, manifest);
    configuration(&mut page, manifest);
    probes(&mut page, manifest);
    operations(&mut page, manifest);
    codes(&mut page, manifest);
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

/// A text of the manifest; empty if it is none.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn line(page: &mut String, text: &str) {
    // Writing to a `String` cannot fail.
    let _ = writeln!(page, "{text}\n");
}

fn table(page: &mut String, heading: &str, header: &[&str], rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    line(page, heading);
    let _ = writeln!(page, "| {} |", header.join(" | "));
    let _ = writeln!(page, "|{}", "---|".repeat(header.len()));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    }
    page.push('\n');
}

fn about(page: &mut String, manifest: &Value) {
    let about = &manifest["about"];
    let mut rows: Vec<Vec<String>> = [
        ("Grant", "grant"),
        ("Lifetime of a token", "lifetime"),
        ("Fields on API calls", "header"),
        ("Quota", "quota"),
    ]
    .iter()
    .map(|(title, key)| vec![(*title).to_owned(), text(&about[*key])])
    .collect();
    for (name, environment) in manifest["environments"].as_object().into_iter().flatten() {
        let path = text(&environment["path"]);
        rows.push(vec![
            format!("Environment `{name}`"),
            format!("`{}{path}`", text(&environment["origin"])),
        ]);
    }
    let endpoint = text(&manifest["downstream_token"]["path"]);
    if !endpoint.is_empty() {
        rows.push(vec![
            "Token endpoint for apps".to_owned(),
            format!("`{endpoint}`, answered by the gateway"),
        ]);
    }
    if manifest["downstream_basic"] == true {
        rows.push(vec![
            "Apps".to_owned(),
            "send their client id and secret with every request, by Basic authentication"
                .to_owned(),
        ]);
    }
    table(page, "## At a glance", &["", ""], &rows);
}

fn configuration(page: &mut String, manifest: &Value) {
    let schema = &manifest["config_schema"];
    let required = schema["required"].as_array().into_iter().flatten();
    let required: Vec<&str> = required.filter_map(Value::as_str).collect();
    let own = ["client_id", "client_secret", "account_number"];
    let properties = schema["properties"].as_object().into_iter().flatten();
    let properties = properties.filter(|(key, _)| !FIXED.contains(&key.as_str()));
    let rows: Vec<Vec<String>> = properties
        .map(|(key, property)| {
            let place = if own.contains(&key.as_str()) {
                ""
            } else {
                "settings."
            };
            let mut what = vec![text(&property["description"])];
            if let Some(values) = property["enum"].as_array() {
                let values = values.iter().map(|value| format!("`{}`", text(value)));
                what.push(format!("one of {}", values.collect::<Vec<_>>().join(", ")));
            }
            if let Some(default) = property.get("default") {
                what.push(format!(
                    "default `{}`",
                    default.to_string().trim_matches('"')
                ));
            }
            what.push(
                if required.contains(&key.as_str()) {
                    "required"
                } else {
                    ""
                }
                .to_owned(),
            );
            what.push(
                if property["writeOnly"] == true {
                    "secret"
                } else {
                    ""
                }
                .to_owned(),
            );
            what.retain(|part| !part.is_empty());
            vec![
                format!("`{place}{key}`"),
                text(&property["title"]),
                what.join("; "),
            ]
        })
        .collect();
    let header = ["Key of the `[[account]]`", "The carrier calls it", ""];
    table(page, "## Configuration", &header, &rows);
}

fn probes(page: &mut String, manifest: &Value) {
    let probes = manifest["probes"].as_array().into_iter().flatten();
    let rows: Vec<Vec<String>> = probes
        .map(|probe| {
            let call = format!("`{} {}`", text(&probe["method"]), text(&probe["path"]));
            vec![text(&probe["title"]), call]
        })
        .collect();
    table(
        page,
        "## Harmless calls of the doctor",
        &["Product", "Call"],
        &rows,
    );
}

fn operations(page: &mut String, manifest: &Value) {
    let operations = manifest["operations"].as_array().into_iter().flatten();
    let rows: Vec<Vec<String>> = operations
        .map(|operation| {
            let methods = operation["methods"].as_array().into_iter().flatten();
            let methods: Vec<&str> = methods.filter_map(Value::as_str).collect();
            let kind = match (operation["safe"] == true, operation["repeatable"] == true) {
                (true, _) => "changes nothing",
                (false, true) => "may be sent twice",
                (false, false) => "",
            };
            vec![
                text(&operation["name"]),
                format!("`{} {}`", methods.join(", "), text(&operation["path"])),
                kind.to_owned(),
            ]
        })
        .collect();
    table(page, "## Operations", &["Operation", "Request", ""], &rows);
}

fn codes(page: &mut String, manifest: &Value) {
    let codes = manifest["codes"].as_object().into_iter().flatten();
    let rows: Vec<Vec<String>> = codes
        .map(|(code, advice)| {
            vec![
                format!("`{code}`"),
                text(&advice["cause"]),
                text(&advice["remedy"]),
            ]
        })
        .collect();
    table(page, "## Codes", &["Code", "Cause", "What to do"], &rows);
}
