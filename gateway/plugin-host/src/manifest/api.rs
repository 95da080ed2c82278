//! The paths of the authorization server and the operations of the API, from the manifest.

use super::error::ManifestError;
use gateway_model::{CarrierApi, Operation, PathTemplate};
use http::Method;
use serde::Deserialize;
use std::sync::Arc;

/// More operations than any carrier has.
const MAX_OPERATIONS: usize = 512;
/// More roots than any authorization server has.
const MAX_PATHS: usize = 64;

#[derive(Clone, Debug, Deserialize)]
pub(super) struct AuthorizationServerJson {
    paths: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct OperationJson {
    name: String,
    methods: Vec<String>,
    path: String,
    safe: Option<bool>,
    repeatable: Option<bool>,
    #[serde(default)]
    slots: Vec<String>,
}

/// `token_path` is where apps ask for tokens, if the carrier has such a path.
pub(super) fn of(
    authorization_server: Option<&AuthorizationServerJson>,
    operations: &[OperationJson],
    slots: &DeclaredSlots<'_>,
    token_path: Option<&str>,
) -> Result<CarrierApi, ManifestError> {
    let key = "operations";
    if operations.len() > MAX_OPERATIONS {
        return Err(ManifestError::value(key, "more than 512 operations"));
    }
    let paths = match (authorization_server, token_path) {
        // What the manifest says counts, and only without a word the guess from the token path.
        (Some(json), _) => authorization_paths(json)?,
        (None, Some(path)) => around_the_token_path(path),
        (None, None) => Vec::new(),
    };
    let operations = operations
        .iter()
        .map(|json| operation(json, slots))
        .collect::<Result<Vec<_>, _>>()?;
    let api = CarrierApi::new(paths, operations)
        .map_err(|duplicate| ManifestError::value(key, duplicate.to_string()))?;
    // Refuse a manifest that contradicts itself: its author meant one of the two, and the gateway cannot know
    // which.
    if let (Some(_), Some(path)) = (authorization_server, token_path)
        && !api.is_authorization_path(path)
    {
        let problem = format!("`paths` does not cover the token endpoint {path}");
        return Err(ManifestError::value("authorization_server", problem));
    }
    // Such an operation would be listed and never served.
    let on_it = |operation: &&Operation| api.is_authorization_path(operation.path.as_str());
    if let Some(operation) = api.operations().iter().find(on_it) {
        let problem = format!(
            "{} lies on a path of the authorization server, which is never forwarded",
            operation.name
        );
        return Err(ManifestError::value(key, problem));
    }
    Ok(api)
}

fn authorization_paths(json: &AuthorizationServerJson) -> Result<Vec<PathTemplate>, ManifestError> {
    let key = "authorization_server";
    if json.paths.is_empty() || json.paths.len() > MAX_PATHS {
        return Err(ManifestError::value(key, "`paths` has 1 to 64 entries"));
    }
    json.paths.iter().map(|path| template(key, path)).collect()
}

/// The careful default for a plugin of before `authorization_server`: everything beside the token endpoint, in
/// every version, with and without `/api`.
fn around_the_token_path(path: &str) -> Vec<PathTemplate> {
    let folder = match path.rsplit_once('/') {
        Some((folder, _)) if !folder.is_empty() => folder,
        // The endpoint lies at the root, and beside it lies the whole API.
        Some(_) | None => path,
    };
    let mut root = String::new();
    for (at, segment) in folder.split('/').filter(|s| !s.is_empty()).enumerate() {
        root.push('/');
        if is_version(segment) {
            root.push_str(&format!("{{version{at}}}"));
        } else {
            root.push_str(segment);
        }
    }
    let roots = [root.clone(), format!("/api{root}")];
    // A token path that no template can spell is still answered by the gateway itself, as it was before.
    roots.iter().filter_map(|root| root.parse().ok()).collect()
}

/// `v1`, `v2409`.
fn is_version(segment: &str) -> bool {
    let digits = segment.strip_prefix(['v', 'V']);
    digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

fn operation(json: &OperationJson, slots: &DeclaredSlots<'_>) -> Result<Operation, ManifestError> {
    let key = "operations";
    let name = json.name.parse();
    let name = name.map_err(|error| {
        let name = crate::text::clean(&json.name, 64);
        ManifestError::value(key, format!("{name}: {error}"))
    })?;
    let wrong = |problem: String| ManifestError::value(key, format!("{name}: {problem}"));
    if json.methods.is_empty() {
        return Err(wrong("`methods` names at least one method".into()));
    }
    let methods: Vec<Method> = (json.methods.iter())
        .map(|text| method(key, text))
        .collect::<Result<_, _>>()?;
    // Without a word about it, the method says it (RFC 9110 sections 9.2.1 and 9.2.2).
    let safe = json
        .safe
        .unwrap_or_else(|| methods.iter().all(Method::is_safe));
    // What changes nothing may always be repeated (RFC 9110 section 9.2.2).
    if safe && json.repeatable == Some(false) {
        return Err(wrong(
            "an operation that is `safe` is `repeatable` as well".into(),
        ));
    }
    let path = template(key, &json.path)?;
    let slots = slots.of_operation(&json.slots).map_err(wrong)?;
    Ok(Operation {
        name,
        methods,
        path,
        safe,
        repeatable: json.repeatable.unwrap_or(safe),
        slots,
    })
}

/// What the manifest says about its slots.
pub(super) struct DeclaredSlots<'a> {
    /// The first one is the credential that every request carries.
    pub(super) names: &'a [String],
    /// The lowest minor of the gateway that the plugin can work with.
    pub(super) requires: u32,
}

impl DeclaredSlots<'_> {
    /// The further slots that an operation needs.
    fn of_operation(&self, needed: &[String]) -> Result<Vec<Arc<str>>, String> {
        let mut known: Vec<Arc<str>> = Vec::new();
        for name in needed {
            let shown = crate::text::clean(name, 64);
            match self.names.iter().position(|slot| slot == name) {
                None => return Err(format!("the slot {shown} is not one of `slots`: add it")),
                Some(0) => {
                    return Err(format!(
                        "the slot {shown} is the first one, which every request carries: leave it out"
                    ));
                }
                Some(_) if known.iter().any(|slot| **slot == **name) => {
                    return Err(format!("the slot {shown} stands there twice"));
                }
                Some(_) => known.push(name.as_str().into()),
            }
        }
        // A gateway of minor 0 puts the fields of all slots on every request.
        if !known.is_empty() && self.requires == 0 {
            return Err("an operation with `slots` needs `\"requires\": 1`".into());
        }
        Ok(known)
    }
}

/// A method as it is written on the wire.
pub(super) fn method(key: &'static str, text: &str) -> Result<Method, ManifestError> {
    let parsed = text.parse::<Method>().ok().filter(|method| {
        let upper = method.as_str().bytes().all(|b| b.is_ascii_uppercase());
        // A gateway opens no tunnels, so no operation can be one.
        upper && *method != Method::CONNECT
    });
    parsed.ok_or_else(|| ManifestError::value(key, "a method is written like \"POST\""))
}

pub(super) fn template(key: &'static str, text: &str) -> Result<PathTemplate, ManifestError> {
    text.parse().map_err(|error| {
        let text = crate::text::clean(text, 100);
        ManifestError::value(key, format!("{text}: {error}"))
    })
}
