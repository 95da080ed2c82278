//! From the manifest to what the data plane works by.

use super::{
    api::{self, DeclaredSlots},
    error::ManifestError,
    json::{ManifestJson, RefusalJson, TemplateJson, TokenEndpointJson},
    legacy,
    values::{error_status, header_name, when_absent},
};
use crate::CodePlaces;
use gateway_model::{
    CarrierApi, CarrierId, CarrierProfile, ClientCredentialsPlace, DownstreamToken, Environment,
    ErrorEnvelope, ErrorFields, LegacyProfile, Origin, PathTemplate, Refusal, Scheme,
};
use http::{HeaderValue, StatusCode};

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
        credential_headers: raw
            .credential_headers
            .iter()
            .map(|name| header_name("credential_headers", name))
            .collect::<Result<_, _>>()?,
        errors: envelope(raw.errors.as_ref())?.with_fields(error_fields(raw)?),
        unauthenticated: match &raw.unauthenticated {
            Some(refusal) => refusal_of("unauthenticated", refusal)?,
            None => Refusal {
                status: StatusCode::UNAUTHORIZED,
                code: "unauthenticated".into(),
                message: "The caller is not known to the gateway.".into(),
            },
        },
        downstream_token: raw.downstream_token.as_ref().map(token).transpose()?,
        legacy: legacy(raw, &api)?,
        api,
    })
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

fn token(raw: &TokenEndpointJson) -> Result<DownstreamToken, ManifestError> {
    let key = "downstream_token";
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'%' | b'\\');
    if !raw.path.starts_with('/') || !raw.path.bytes().all(plain) {
        let problem = "the path starts with '/' and has no query, escapes or spaces";
        return Err(ManifestError::value(key, problem));
    }
    // A response without the token would be of no use to an app.
    if !raw.template.contains("{access_token}") {
        return Err(ManifestError::value(
            key,
            "the template lacks {access_token}",
        ));
    }
    Ok(DownstreamToken {
        path: raw.path.clone(),
        credentials: places(&raw.credentials)?,
        grant_types: grant_types(&raw.grant_types)?,
        grant_type_message: (raw.grant_type_message.as_deref())
            .map(|text| crate::text::clean(text, 500)),
        template: raw.template.clone(),
        invalid_client: refusal_of(key, &raw.invalid_client)?,
        invalid_request: refusal_of(key, &raw.invalid_request)?,
        too_many_requests: refusal_of(key, &raw.too_many_requests)?,
    })
}

/// Basic authentication always counts, so naming it changes nothing.
fn places(names: &[String]) -> Result<Vec<ClientCredentialsPlace>, ManifestError> {
    let known = names.iter().filter(|name| *name != "basic");
    let place = |name: &String| match name.as_str() {
        "form" => Ok(ClientCredentialsPlace::Form),
        "json" => Ok(ClientCredentialsPlace::Json),
        _ => {
            let problem = "credentials are \"basic\", \"form\" or \"json\"";
            Err(ManifestError::value("downstream_token", problem))
        }
    };
    known.map(place).collect()
}

fn grant_types(names: &[String]) -> Result<Vec<String>, ManifestError> {
    let key = "downstream_token";
    let plain = |name: &&String| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if names.is_empty() {
        return Ok(vec!["client_credentials".to_owned()]);
    }
    // The gateway keeps those itself, and an app that sends one has to be told.
    let kept = |name: &String| matches!(name.as_str(), "authorization_code" | "refresh_token");
    if names.len() > 8 || !names.iter().all(|name| plain(&name)) || names.iter().any(kept) {
        let problem =
            "grant_types are at most 8 names of a-z and '_', and no refresh token or code";
        return Err(ManifestError::value(key, problem));
    }
    Ok(names.to_vec())
}

fn refusal_of(key: &'static str, raw: &RefusalJson) -> Result<Refusal, ManifestError> {
    Ok(Refusal {
        status: error_status(key, raw.status)?,
        code: crate::text::clean(&raw.code, 64),
        message: crate::text::clean(&raw.message, 500),
    })
}
