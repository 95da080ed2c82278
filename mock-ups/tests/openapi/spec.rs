//! The specification as JSON Schema.

use std::path::PathBuf;

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use crate::deviations::{DEVIATIONS, REFERENCE};

/// Where the files are, if anywhere. A directory that was named must exist.
fn directory() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("UPS_OPENAPI_DIR").map(PathBuf::from) {
        assert!(named.is_dir(), "UPS_OPENAPI_DIR is no directory: {named:?}");
        return Some(named);
    }
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/ups-openapi");
    Some(beside).filter(|directory| directory.is_dir())
}

/// One file of the specification.
pub(crate) struct Spec {
    schemas: Value,
}

impl Spec {
    /// Reads a file such as `Rating`; `None`, and a line that says so, when there is none.
    pub(crate) fn load(name: &str) -> Option<Self> {
        let Some(directory) = directory() else {
            println!("SKIPPED: no OpenAPI files; set UPS_OPENAPI_DIR to check against {name}.yaml");
            return None;
        };
        let path = directory.join(format!("{name}.yaml"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        // Two of the files have tabs where YAML wants blanks.
        let document: Value =
            serde_yaml_ng::from_str(&text.replace('\t', " ")).expect("the file is YAML");
        let mut schemas = document["components"]["schemas"].clone();
        for deviation in DEVIATIONS.iter().filter(|deviation| deviation.file == name) {
            assert!(!deviation.reason.is_empty());
            let (parent, key) = deviation.pointer.rsplit_once('/').expect("a pointer");
            let parent = schemas.pointer_mut(parent).and_then(Value::as_object_mut);
            let parent = parent.unwrap_or_else(|| panic!("{name}: no {}", deviation.pointer));
            let replacement: Value = serde_json::from_str(deviation.replacement).expect("JSON");
            let before = parent.insert(key.to_owned(), replacement.clone());
            assert_ne!(
                before,
                Some(replacement),
                "{}: the same now",
                deviation.pointer
            );
        }
        for (name, schema) in schemas.as_object_mut().expect("schemas") {
            if name.ends_with("TransactionReference") {
                *schema = serde_json::from_str(REFERENCE).expect("JSON");
            }
        }
        let mut parts = Vec::new();
        composed(&schemas, &mut parts);
        for (name, schema) in schemas.as_object_mut().expect("schemas") {
            close(schema, parts.contains(name));
        }
        Some(Self { schemas })
    }

    /// Fails unless the answer's body fits the schema with this name.
    pub(crate) fn check(&self, schema: &str, body: &Value) {
        let root = json!({
            "$ref": format!("#/components/schemas/{schema}"),
            "components": {"schemas": self.schemas},
        });
        let validator: Validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .build(&root)
            .unwrap_or_else(|e| panic!("{schema}: {e}"));
        let errors: Vec<String> = validator
            .iter_errors(body)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(
            errors.is_empty(),
            "{schema}:\n{}\n{body}",
            errors.join("\n")
        );
    }
}

/// Refuses members that a schema does not name, and takes two habits out of the files: a fixed
/// length where "at most" is meant (`"13.35"` is no eight characters), and on numbers and objects
/// a `maximum` that counts occurrences.
///
/// A part of a composition is left open, as it does not name the members of the other parts.
fn close(schema: &mut Value, is_part: bool) {
    match schema {
        Value::Object(members) => {
            if members.get("minLength") == members.get("maxLength") {
                members.remove("minLength");
            }
            if members.get("maximum") == Some(&json!(1)) {
                members.remove("maximum");
            }
            if members.get("properties").is_some_and(Value::is_object)
                && !is_part
                && !members.contains_key("allOf")
                && !members.contains_key("additionalProperties")
            {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            for (name, member) in members {
                match (name.as_str(), member) {
                    ("allOf", Value::Array(parts)) => {
                        parts.iter_mut().for_each(|part| close(part, true));
                    }
                    (_, member) => close(member, false),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| close(item, false)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The schemas that are parts of compositions.
fn composed(schema: &Value, parts: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            let items = members.get("allOf").and_then(Value::as_array);
            for part in items.into_iter().flatten() {
                let name = part["$ref"]
                    .as_str()
                    .and_then(|name| name.rsplit('/').next());
                parts.extend(name.map(str::to_owned));
            }
            members.values().for_each(|member| composed(member, parts));
        }
        Value::Array(items) => items.iter().for_each(|item| composed(item, parts)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn specification_without_its_files_is_skipped_and_says_so() {
    // The other tests rely on `None` meaning "skipped", so a present file must never be `None`.
    assert_eq!(Spec::load("Rating").is_some(), directory().is_some());
}
