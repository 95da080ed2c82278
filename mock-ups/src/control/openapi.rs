//! The control API as OpenAPI, written from the table of routes.

use serde_json::{Map, Value, json};

use super::routes::{ROUTES, Route};

/// The document.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for route in &ROUTES {
        let path = paths
            .entry(format!("/__mock/{}", route.path))
            // Several methods of one path share an entry.
            .or_insert_with(|| Value::Object(Map::new()));
        if let Some(operations) = path.as_object_mut() {
            operations.insert(route.method.to_ascii_lowercase(), operation(route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "mock-ups control API",
            "description": "Drives the mock: clock, tokens, faults, people, journal.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE") },
        },
        "servers": [{ "url": "/", "description": "The mock that serves this document" }],
        // Nobody signs in here: the mock is for tests.
        "security": [],
        "paths": paths,
        "components": { "schemas": { "Error": {
            "type": "object",
            "required": ["error"],
            "properties": { "error": { "type": "string" } },
        } } },
    })
}

fn operation(route: &Route) -> Value {
    let in_path = route.path.split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        Some(json!({
            "name": name, "in": "path", "required": true, "schema": { "type": "string" },
        }))
    });
    // All parameters are texts on the wire, so no type is claimed.
    let in_query = route.query.iter().map(|(name, meaning)| {
        json!({
            "name": name, "in": "query", "description": meaning, "schema": { "type": "string" },
        })
    });
    let parameters: Vec<_> = in_path.chain(in_query).collect();
    let mut operation = json!({
        "summary": route.summary,
        "operationId": operation_id(route),
        "parameters": parameters,
        "responses": {
            "200": {
                "description": "Done",
                "content": { "application/json": { "schema": { "type": "object" } } },
            },
            "400": {
                "description": "The request makes no sense; nothing was done",
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Error" },
                } },
            },
        },
    });
    if !route.body.is_empty() {
        operation["requestBody"] = json!({
            "content": { "application/json": { "schema": body(route) } },
        });
    }
    operation
}

fn body(route: &Route) -> Value {
    let members: Map<_, _> = route
        .body
        .iter()
        .map(|(name, kind, meaning)| {
            let mut schema = json!({ "description": meaning });
            match *kind {
                "array" => {
                    schema["type"] = json!("array");
                    schema["items"] = json!({});
                }
                // An action is a string or an object.
                "object" => {}
                other => schema["type"] = json!(other),
            }
            ((*name).to_owned(), schema)
        })
        .collect();
    json!({ "type": "object", "properties": members })
}

fn operation_id(route: &Route) -> String {
    let words = route
        .path
        .split(['/', '.', '{', '}'])
        .filter(|word| !word.is_empty());
    let name: Vec<_> = words.collect();
    // Unique because method and path are.
    format!("{}_{}", route.method.to_ascii_lowercase(), name.join("_"))
}
