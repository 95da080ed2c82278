//! The OpenAPI document: what is published is what is served and what the guide says.
//!
//! After a change of a route or a view, `WAYBILL_BLESS=1 cargo test -p gateway-admin` writes the
//! document anew.

use crate::harness::{Reply, start};
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path};

const METHODS: &[&str] = &["get", "post", "patch", "delete"];

/// A route of the document.
pub(crate) struct Route {
    pub(crate) method: String,
    pub(crate) path: String,
    /// `read_only`, `admin`, or none for anybody.
    pub(crate) role: Option<String>,
    statuses: BTreeSet<u16>,
    operation: Value,
    components: Value,
}

impl Route {
    /// The answer is one that the document describes.
    pub(crate) fn check(&self, reply: &Reply) {
        let place = format!("{} {} answers {}", self.method, self.path, reply.status);
        let described = &self.operation["responses"][reply.status.to_string()];
        assert!(described.is_object(), "{place}: {}", reply.body);
        let root = json!({ "components": self.components });
        let described = described["$ref"].as_str().map_or(described, |to| {
            let pointer = to.strip_prefix('#').expect("in this document");
            root.pointer(pointer).expect(to)
        });
        let Some(content) = described["content"].as_object() else {
            assert_eq!(reply.body, "", "{place}");
            return;
        };
        let kind = reply.field("content-type").expect("a content type");
        let kind = kind.split(';').next().expect("a first part");
        let described = content.get(kind).expect(&place);
        if kind == "application/json" {
            let mut schema = described["schema"].clone();
            schema["components"] = self.components.clone();
            let validator = jsonschema::validator_for(&schema).expect("a schema");
            let body = serde_json::from_str(&reply.body).expect("JSON");
            let wrong: Vec<String> = validator
                .iter_errors(&body)
                .map(|e| e.to_string())
                .collect();
            assert!(wrong.is_empty(), "{place}: {wrong:?}");
        }
    }
}

/// All routes of a document.
pub(crate) fn routes(document: &Value) -> Vec<Route> {
    let paths = document["paths"].as_object().expect("paths");
    let all = paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().expect("a path item");
        item.iter().map(|(method, operation)| {
            let responses = operation["responses"].as_object().expect("responses");
            Route {
                method: method.to_uppercase(),
                path: path.clone(),
                role: operation["security"][0]["admin_token"][0]
                    .as_str()
                    .map(str::to_owned),
                statuses: responses.keys().map(|s| s.parse().expect(s)).collect(),
                operation: operation.clone(),
                components: document["components"].clone(),
            }
        })
    });
    all.collect()
}

async fn published() -> (String, Value) {
    let server = start().await;
    let (status, text) = server.get("/openapi.json").await;
    assert_eq!(status, 200);
    assert_eq!(
        server.get("/api/v1/openapi.json").await,
        (200, text.clone())
    );
    let document = serde_json::from_str(&text).expect("JSON");
    (text, document)
}

fn file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[tokio::test]
async fn published_document_is_the_one_in_the_tree() {
    let (mut text, _) = published().await;
    text.push('\n');
    let path = file("openapi.json");
    if std::env::var_os("WAYBILL_BLESS").is_some() {
        std::fs::write(&path, text).expect("the tree can be written");
        return;
    }
    let have = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        have == text,
        "openapi.json is out of date: run WAYBILL_BLESS=1 cargo test -p gateway-admin"
    );
}

#[tokio::test]
async fn document_is_well_formed() {
    let (_, document) = published().await;
    assert!(
        document["openapi"]
            .as_str()
            .expect("a version")
            .starts_with("3.1")
    );
    assert_eq!(
        document["components"]["securitySchemes"]["admin_token"]["scheme"],
        "bearer"
    );
    let routes = routes(&document);
    assert_eq!(routes.len(), 43);
    let mut ids = BTreeSet::new();
    for route in &routes {
        let place = format!("{} {}", route.method, route.path);
        let operation = &route.operation;
        assert!(
            METHODS.contains(&route.method.to_lowercase().as_str()),
            "{place}"
        );
        let id = operation["operationId"].as_str().expect("an id").to_owned();
        assert!(ids.insert(id), "{place}: the operation's id is used twice");
        assert!(
            operation["summary"].as_str().is_some_and(|s| !s.is_empty()),
            "{place}"
        );
        assert!(
            route.statuses.iter().any(|s| (200..300).contains(s)),
            "{place}"
        );
        for status in [400, 421, 429] {
            assert!(route.statuses.contains(&status), "{place} {status}");
        }
        assert_eq!(
            route.role.is_some(),
            route.statuses.contains(&401),
            "{place}"
        );
        let named = route.path.contains('{');
        let parameters = operation["parameters"].as_array();
        let in_path = parameters.is_some_and(|all| all.iter().any(|p| p["in"] == "path"));
        assert_eq!(named, in_path, "{place}");
        for (status, response) in operation["responses"].as_object().expect("responses") {
            let pointer = response["$ref"]
                .as_str()
                .and_then(|to| to.strip_prefix('#'));
            let response = pointer.map_or(response, |to| document.pointer(to).expect(to));
            let says = response["description"]
                .as_str()
                .is_some_and(|s| !s.is_empty());
            assert!(says, "{place} {status}");
            assert_eq!(
                response.get("content").is_some(),
                status != "204",
                "{place} {status}"
            );
        }
    }
}

#[tokio::test]
async fn every_reference_of_the_document_leads_somewhere() {
    let (text, document) = published().await;
    let references = text.split("\"$ref\": \"#").skip(1);
    let mut seen = 0;
    for rest in references {
        let pointer = rest.split('"').next().expect("it ends");
        assert!(document.pointer(pointer).is_some(), "{pointer}");
        seen += 1;
    }
    assert!(seen > 50, "{seen}");
    for (name, schema) in document["components"]["schemas"]
        .as_object()
        .expect("schemas")
    {
        assert!(
            text.contains(&format!("#/components/schemas/{name}\"")),
            "{name} is not used"
        );
        assert!(schema.is_object(), "{name}");
    }
}

/// A GET changes nothing, so a token that may only look can use it; everything else needs an
/// admin's.
#[tokio::test]
async fn roles_follow_the_methods() {
    let (_, document) = published().await;
    for route in routes(&document) {
        let public = ["/openapi.json", "/api/v1/openapi.json", "/oauth/callback"];
        let expected = match route.method.as_str() {
            "GET" if public.contains(&route.path.as_str()) => None,
            "GET" => Some("read_only"),
            _ => Some("admin"),
        };
        assert_eq!(
            route.role.as_deref(),
            expected,
            "{} {}",
            route.method,
            route.path
        );
    }
}

/// No answer but the one that makes a secret has a place for one.
#[tokio::test]
async fn no_get_answers_with_a_secret() {
    let (_, document) = published().await;
    for route in routes(&document)
        .iter()
        .filter(|route| route.method == "GET")
    {
        let mut open = vec![route.operation["responses"].clone()];
        let mut seen = BTreeSet::new();
        while let Some(value) = open.pop() {
            let text = value.to_string();
            for rest in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
                let name = rest.split('"').next().expect("it ends").to_owned();
                assert_ne!(name, "SecretText", "{} {}", route.method, route.path);
                if seen.insert(name.clone()) {
                    open.push(document["components"]["schemas"][&name].clone());
                }
            }
        }
    }
}

#[tokio::test]
async fn guide_lists_every_route_with_its_role() {
    let (_, document) = published().await;
    let guide = std::fs::read_to_string(file("../../docs/admin-api.md")).expect("the guide");
    let listed: BTreeSet<String> = guide
        .lines()
        .filter(|line| {
            METHODS
                .iter()
                .any(|m| line.starts_with(&format!("| {} ", m.to_uppercase())))
        })
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            format!("{} {} {}", cells[1], cells[2].trim_matches('`'), cells[3])
        })
        .collect();
    let served: BTreeSet<String> = routes(&document)
        .iter()
        .map(|route| {
            let role = route.role.as_deref().unwrap_or("no token");
            format!("{} {} {}", route.method, route.path, role.replace('_', "-"))
        })
        .collect();
    assert_eq!(listed, served);
}
