//! The token endpoint that the gateway offers to apps in the carrier's form.

use super::{
    envelope,
    error::ManifestError,
    json::{LoginFieldsJson, TokenEndpointJson},
    values::{header_name, refusal},
};
use gateway_model::{ClientCredentialsPlace, DownstreamToken, LoginFields};
use http::Method;

const KEY: &str = "downstream_token";

pub(super) fn of(raw: &TokenEndpointJson) -> Result<DownstreamToken, ManifestError> {
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'%' | b'\\');
    if !raw.path.starts_with('/') || !raw.path.bytes().all(plain) {
        let problem = "the path starts with '/' and has no query, escapes or spaces";
        return Err(ManifestError::value(KEY, problem));
    }
    let fields = fields(&raw.fields)?;
    // A response without the token would be of no use to an app.
    if fields.issued.is_none() && !raw.template.contains("{access_token}") {
        return Err(ManifestError::value(
            KEY,
            "the template lacks {access_token}",
        ));
    }
    Ok(DownstreamToken {
        path: raw.path.clone(),
        methods: methods(&raw.methods)?,
        fields,
        credentials: places(&raw.credentials)?,
        grant_types: grant_types(&raw.grant_types, raw.ignores_refresh_token)?,
        grant_type_message: (raw.grant_type_message.as_deref())
            .map(|text| crate::text::clean(text, 500)),
        errors: (raw.errors.as_ref())
            .map(|errors| envelope::of(KEY, errors))
            .transpose()?,
        template: raw.template.clone(),
        invalid_client: refusal(KEY, &raw.invalid_client)?,
        invalid_request: refusal(KEY, &raw.invalid_request)?,
        too_many_requests: refusal(KEY, &raw.too_many_requests)?,
    })
}

fn methods(names: &[String]) -> Result<Vec<Method>, ManifestError> {
    if names.is_empty() {
        return Ok(vec![Method::POST]);
    }
    let known = |name: &String| match name.as_str() {
        "GET" => Ok(Method::GET),
        "POST" => Ok(Method::POST),
        _ => Err(ManifestError::value(
            KEY,
            "methods are \"GET\" and \"POST\"",
        )),
    };
    names.iter().map(known).collect()
}

fn fields(raw: &LoginFieldsJson) -> Result<LoginFields, ManifestError> {
    if raw.credentials.len() > 4 {
        return Err(ManifestError::value(
            KEY,
            "fields.credentials has more than 4 pairs",
        ));
    }
    let known = ["client_id", "client_secret", "grant_type"];
    if let Some(other) = raw
        .names
        .keys()
        .find(|name| !known.contains(&name.as_str()))
    {
        let problem = format!("fields.names has {other:?}, which no token request has");
        return Err(ManifestError::value(KEY, problem));
    }
    let name = |name: &String| header_name(KEY, name);
    let pair =
        |[id, secret]: &[String; 2]| -> Result<_, ManifestError> { Ok((name(id)?, name(secret)?)) };
    Ok(LoginFields {
        credentials: raw.credentials.iter().map(pair).collect::<Result<_, _>>()?,
        names: raw.names.clone().into_iter().collect(),
        issued: raw.issued.as_ref().map(name).transpose()?,
        carried: raw.carried.as_ref().map(name).transpose()?,
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
            Err(ManifestError::value(KEY, problem))
        }
    };
    known.map(place).collect()
}

/// `ignores_refresh_token`: apps of this carrier present a refresh token with their client id and secret. The two
/// prove the app, and nobody looks at the refresh token.
fn grant_types(
    names: &[String],
    ignores_refresh_token: bool,
) -> Result<Vec<String>, ManifestError> {
    let plain = |name: &&String| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    // The gateway keeps those itself, and an app that sends one has to be told.
    let kept = |name: &String| matches!(name.as_str(), "authorization_code" | "refresh_token");
    if names.len() > 8 || !names.iter().all(|name| plain(&name)) || names.iter().any(kept) {
        let problem =
            "grant_types are at most 8 names of a-z and '_', and no refresh token or code";
        return Err(ManifestError::value(KEY, problem));
    }
    let mut types = names.to_vec();
    if types.is_empty() {
        types.push("client_credentials".to_owned());
    }
    if ignores_refresh_token {
        types.push("refresh_token".to_owned());
    }
    Ok(types)
}
