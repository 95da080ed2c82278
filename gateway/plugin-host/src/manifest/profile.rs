//! From the manifest to what the data plane works by.

use super::{Manifest, ManifestError, RawHeader, RawRefusal, RawTokenEndpoint};
use gateway_model::{
    CarrierProfile, DownstreamToken, ErrorEnvelope, HeaderWhenAbsent, Refusal, Scheme,
};
use http::{HeaderName, HeaderValue, StatusCode};

/// For carriers whose manifest brings no envelope of their own.
const PLAIN_ENVELOPE: &str = r#"{"error":{"code":"{code}","message":"{message}"}}"#;

pub(super) fn of(manifest: &Manifest) -> Result<CarrierProfile, ManifestError> {
    let raw = &manifest.raw;
    for (_, origin) in &manifest.origins {
        debug_assert_eq!(origin.scheme(), Scheme::Https);
        if !manifest.hosts.contains(&origin.authority()) {
            let problem = format!("{} is not one of `hosts`: add it", origin.authority());
            return Err(ManifestError::value("environments", problem));
        }
    }
    let envelope = match &raw.errors {
        Some(errors) => errors.template.as_str(),
        None => PLAIN_ENVELOPE,
    };
    let status = |status: &u16| error_status("rejected_statuses", *status);
    Ok(CarrierProfile {
        id: manifest.carrier.clone(),
        display_name: match &raw.carrier.display_name {
            Some(name) => crate::text::clean(name, 64),
            None => manifest.carrier.to_string(),
        },
        origins: manifest.origins.clone(),
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
        errors: ErrorEnvelope::new(envelope)
            .map_err(|e| ManifestError::value("errors", e.to_string()))?,
        unauthenticated: match &raw.unauthenticated {
            Some(refusal) => refusal_of("unauthenticated", refusal)?,
            None => Refusal {
                status: StatusCode::UNAUTHORIZED,
                code: "unauthenticated".into(),
                message: "The caller is not known to the gateway.".into(),
            },
        },
        downstream_token: raw.downstream_token.as_ref().map(token).transpose()?,
        legacy: raw.legacy.as_ref().map(super::legacy::of).transpose()?,
    })
}

fn token(raw: &RawTokenEndpoint) -> Result<DownstreamToken, ManifestError> {
    let key = "downstream_token";
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'%' | b'\\');
    if !raw.path.starts_with('/') || !raw.path.bytes().all(plain) {
        let problem = "the path starts with '/' and has no query, escapes or spaces";
        return Err(ManifestError::value(key, problem));
    }
    if !raw.template.contains("{access_token}") {
        return Err(ManifestError::value(
            key,
            "the template lacks {access_token}",
        ));
    }
    Ok(DownstreamToken {
        path: raw.path.clone(),
        template: raw.template.clone(),
        invalid_client: refusal_of(key, &raw.invalid_client)?,
        invalid_request: refusal_of(key, &raw.invalid_request)?,
        too_many_requests: refusal_of(key, &raw.too_many_requests)?,
    })
}

fn refusal_of(key: &'static str, raw: &RawRefusal) -> Result<Refusal, ManifestError> {
    Ok(Refusal {
        status: error_status(key, raw.status)?,
        code: crate::text::clean(&raw.code, 64),
        message: crate::text::clean(&raw.message, 500),
    })
}

fn error_status(key: &'static str, status: u16) -> Result<StatusCode, ManifestError> {
    match StatusCode::from_u16(status) {
        Ok(code) if code.is_client_error() || code.is_server_error() => Ok(code),
        Ok(_) | Err(_) => {
            let problem = format!("{status} is not a status from 400 to 599");
            Err(ManifestError::value(key, problem))
        }
    }
}

pub(super) fn when_absent(
    key: &'static str,
    raw: &RawHeader,
) -> Result<HeaderWhenAbsent, ManifestError> {
    let name = header_name(key, &raw.name)?;
    match (&raw.value, raw.request_id) {
        (None, true) => Ok(HeaderWhenAbsent::RequestId(name)),
        (Some(value), false) => match HeaderValue::from_str(value) {
            Ok(value) => Ok(HeaderWhenAbsent::Fixed(name, value)),
            Err(_) => Err(ManifestError::value(
                key,
                format!("the value of {name} is not one of a header field"),
            )),
        },
        (Some(_), true) | (None, false) => Err(ManifestError::value(
            key,
            format!("{name} needs either `value` or `request_id: true`"),
        )),
    }
}

/// A field that the plugin may name: one that frames the message is the gateway's alone.
pub(super) fn header_name(key: &'static str, name: &str) -> Result<HeaderName, ManifestError> {
    let parsed = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| ManifestError::value(key, "a name is not one of a header field"))?;
    if crate::fields::is_reserved(&parsed) {
        let problem = format!("{parsed} belongs to the gateway: remove it");
        return Err(ManifestError::value(key, problem));
    }
    Ok(parsed)
}
