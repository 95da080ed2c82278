//! From the manifest to what the data plane works by.

use super::{
    api::{self, DeclaredSlots},
    envelope,
    error::ManifestError,
    json::ManifestJson,
    legacy, token_endpoint,
    values::{error_status, header_name, refusal, when_absent},
};
use gateway_model::{
    CarrierApi, CarrierId, CarrierProfile, Environment, LegacyProfile, Origin, PathTemplate,
    Refusal, Scheme,
};
use http::{HeaderName, StatusCode};
use std::collections::BTreeSet;

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
        errors: match &raw.errors {
            Some(errors) => envelope::of("errors", errors)?,
            None => envelope::plain(),
        },
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
