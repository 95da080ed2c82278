//! From the manifest to what the data plane works by.

use super::{
    api::{self, DeclaredSlots},
    error::ManifestError,
    json::{ManifestJson, TemplateJson},
    legacy, token_endpoint,
    values::{error_status, header_name, refusal, when_absent},
};
use crate::CodePlaces;
use gateway_model::{
    CarrierApi, CarrierId, CarrierProfile, Environment, ErrorEnvelope, ErrorFields, LegacyProfile,
    Origin, PathTemplate, Refusal, Scheme,
};
use http::{HeaderName, HeaderValue, StatusCode};
use std::collections::BTreeSet;

/// For carriers whose manifest brings no envelope of their own.
const PLAIN_ENVELOPE: &str = r#"{"error":{"code":"{code}","message":"{message}"}}"#;

pub(super) fn of(
    raw: &ManifestJson,
    carrier: &CarrierId,
    hosts: &[String],
    slots: &DeclaredSlots<'_>,
    origins: &[(Environment, Origin)],
) -> Result<CarrierProfile, ManifestError> {
    for (_, origin) in origins {
        debug_assert_eq!(origin.scheme(), Scheme::Https);
        // A token must not be sent to a host that the plugin itself may not ask.
        if !hosts.contains(&origin.authority()) {
            let problem = format!("{} is not one of `hosts`: add it", origin.authority());
            return Err(ManifestError::value("environments", problem));
        }
    }
    let api = api::of(
        raw.authorization_server.as_ref(),
        &raw.operations,
        slots,
        raw.downstream_token
            .as_ref()
            .map(|token| token.path.as_str()),
    )?
    .with_environments(environment_paths(raw)?);
    let status = |status: &u16| error_status("rejected_statuses", *status);
    Ok(CarrierProfile {
        id: carrier.clone(),
        display_name: match &raw.carrier.display_name {
            Some(name) => crate::text::clean(name, 64),
            None => carrier.to_string(),
        },
        origins: origins.to_vec(),
        rejected_statuses: raw
            .rejected_statuses
            .iter()
            .map(status)
            .collect::<Result<_, _>>()?,
        headers_when_absent: raw
            .headers_when_absent
            .iter()
            .map(|raw| when_absent("headers_when_absent", raw))
            .collect::<Result<_, _>>()?,
        credential_headers: credential_headers(raw)?,
        errors: envelope(raw.errors.as_ref())?.with_fields(error_fields(raw)?),
        unauthenticated: match &raw.unauthenticated {
            Some(raw) => refusal("unauthenticated", raw)?,
            None => Refusal {
                status: StatusCode::UNAUTHORIZED,
                code: "unauthenticated".into(),
                message: "The caller is not known to the gateway.".into(),
            },
        },
        downstream_token: (raw.downstream_token.as_ref())
            .map(token_endpoint::of)
            .transpose()?,
        downstream_basic: raw.downstream_basic,
        legacy: legacy(raw, &api)?,
        api,
    })
}

/// What an app's own login has goes with the rest: it must not reach the carrier.
fn credential_headers(raw: &ManifestJson) -> Result<Vec<HeaderName>, ManifestError> {
    let key = "credential_headers";
    let login = raw.downstream_token.as_ref().map(|token| &token.fields);
    let login = login.into_iter().flat_map(|fields| {
        let credentials = fields.credentials.iter().flatten();
        credentials.chain(&fields.carried)
    });
    let names = raw.credential_headers.iter().chain(login);
    let mut names = names
        .map(|name| header_name(key, name))
        .collect::<Result<Vec<_>, _>>()?;
    // `Authorization` is removed without being listed.
    names.retain(|name| name != http::header::AUTHORIZATION);
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.as_str().to_owned()));
    Ok(names)
}

/// For carriers whose environments share an origin.
fn environment_paths(
    raw: &ManifestJson,
) -> Result<Vec<(Environment, PathTemplate)>, ManifestError> {
    let key = "environments";
    let mut paths = Vec::new();
    for (name, environment) in &raw.environments {
        let Some(path) = &environment.path else {
            continue;
        };
        let parsed = api::template(key, path)?;
        if parsed.placeholders().next().is_some() {
            let problem = format!("the `path` of {name} has a placeholder");
            return Err(ManifestError::value(key, problem));
        }
        let name = name.parse::<Environment>();
        let name = name.map_err(|e| ManifestError::value(key, e.to_string()))?;
        paths.push((name, parsed));
    }
    Ok(paths)
}

fn envelope(raw: Option<&TemplateJson>) -> Result<ErrorEnvelope, ManifestError> {
    let wrong = |problem: String| ManifestError::value("errors", problem);
    let template = raw.map_or(PLAIN_ENVELOPE, |errors| errors.template.as_str());
    let envelope = ErrorEnvelope::new(template).map_err(|e| wrong(e.to_string()))?;
    let Some(kind) = raw.and_then(|errors| errors.content_type.as_deref()) else {
        return Ok(envelope);
    };
    // The type decides how texts are escaped, so it must be one that the gateway can escape for.
    let known = ["json", "xml"].iter().any(|format| {
        let kind = kind.split(';').next().unwrap_or_default().trim_end();
        kind.ends_with(&format!("/{format}")) || kind.ends_with(&format!("+{format}"))
    });
    match HeaderValue::from_str(kind) {
        Ok(value) if known => Ok(envelope.of_type(value)),
        Ok(_) | Err(_) => Err(wrong("`content_type` is a type of JSON or XML".to_owned())),
    }
}

/// The header fields in which the carrier's errors have a code and a text.
fn error_fields(raw: &ManifestJson) -> Result<Option<ErrorFields>, ManifestError> {
    let headers = raw
        .errors
        .as_ref()
        .and_then(|errors| errors.headers.as_ref());
    let fields = headers.map(|headers| {
        Ok(ErrorFields {
            code: header_name("errors", &headers.code)?,
            message: header_name("errors", &headers.message)?,
        })
    });
    fields.transpose()
}

/// Where the carrier's answers have a code.
pub(super) fn code_places(raw: &ManifestJson) -> Result<CodePlaces, ManifestError> {
    let mut places = CodePlaces {
        field: error_fields(raw)?.map(|fields| fields.code),
        ..CodePlaces::default()
    };
    let keys = raw
        .errors
        .as_ref()
        .map_or(&[][..], |errors| &errors.code_keys);
    let plain = |key: &String| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        (1..=64).contains(&key.len()) && key.bytes().all(fits)
    };
    if keys.len() > 8 || !keys.iter().all(plain) {
        let problem = "code_keys are at most 8 keys of letters, digits, '_' and '-'";
        return Err(ManifestError::value("errors", problem));
    }
    if !keys.is_empty() {
        places.keys = keys.to_vec();
    }
    Ok(places)
}

fn legacy(raw: &ManifestJson, api: &CarrierApi) -> Result<Option<LegacyProfile>, ManifestError> {
    let legacy = raw.legacy.as_ref().map(legacy::of).transpose()?;
    // A rewrite must not become the way around the rule that nothing for the authorization server is
    // forwarded.
    let mut rewrites = legacy.iter().flat_map(|legacy| &legacy.paths);
    match rewrites.find(|rewrite| api.is_authorization_path(&rewrite.to)) {
        Some(rewrite) => {
            let problem = format!("{} lies on a path of the authorization server", rewrite.to);
            Err(ManifestError::value("legacy", problem))
        }
        None => Ok(legacy),
    }
}
