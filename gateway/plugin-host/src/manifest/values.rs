//! Single values of a manifest: names, versions, hosts, statuses, header fields.

use super::error::ManifestError;
use gateway_model::{HeaderWhenAbsent, Origin, Refusal};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use std::fmt;

/// A version of the ABI, `major.minor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbiVersion {
    /// Breaking changes.
    pub major: u32,
    /// Additions.
    pub minor: u32,
}

impl fmt::Display for AbiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

pub(super) fn check_name(name: &str) -> Result<(), ManifestError> {
    // Few characters: names go into paths, configuration keys and metrics.
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    if (1..=32).contains(&name.len()) && name.bytes().all(fits) {
        return Ok(());
    }
    let problem = "a name is 1 to 32 of the characters a-z, 0-9, '-' and '_'";
    Err(ManifestError::value("name", problem))
}

pub(super) fn abi(text: &str) -> Result<AbiVersion, ManifestError> {
    let parse = || {
        let (major, minor) = text.split_once('.')?;
        Some(AbiVersion {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        })
    };
    parse().ok_or_else(|| ManifestError::value("abi", "a version is written like \"1.0\""))
}

/// Host names as they stand in an authority; a port other than 443 is part of the entry.
pub(super) fn hosts(hosts: &[String]) -> Result<Vec<String>, ManifestError> {
    let parse = |host: &String| {
        // By the parser of origins, so that a host is compared as it is written there.
        let origin: Result<Origin, _> = format!("https://{host}").parse();
        match origin {
            Ok(origin) => Ok(origin.authority()),
            Err(error) => Err(ManifestError::value("hosts", error.to_string())),
        }
    };
    hosts.iter().map(parse).collect()
}

pub(super) fn error_status(key: &'static str, status: u16) -> Result<StatusCode, ManifestError> {
    match StatusCode::from_u16(status) {
        // A success with an error's words would mislead every client.
        Ok(code) if code.is_client_error() || code.is_server_error() => Ok(code),
        Ok(_) | Err(_) => {
            let problem = format!("{status} is not a status from 400 to 599");
            Err(ManifestError::value(key, problem))
        }
    }
}

/// A field that the plugin may name: one that frames the message is the gateway's alone.
pub(super) fn header_name(key: &'static str, name: &str) -> Result<HeaderName, ManifestError> {
    let parsed = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| ManifestError::value(key, "a name is not one of a header field"))?;
    // A manifest that set Content-Length or Host would break the framing of every request.
    if crate::fields::is_reserved(&parsed) {
        let problem = format!("{parsed} belongs to the gateway: remove it");
        return Err(ManifestError::value(key, problem));
    }
    Ok(parsed)
}

/// An error as the carrier writes it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct RefusalJson {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
}

pub(super) fn refusal(key: &'static str, raw: &RefusalJson) -> Result<Refusal, ManifestError> {
    Ok(Refusal {
        status: error_status(key, raw.status)?,
        code: crate::text::clean(&raw.code, 64),
        message: crate::text::clean(&raw.message, 500),
    })
}

/// A field with its value, or with the request id as its value.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct HeaderJson {
    pub(super) name: String,
    pub(super) value: Option<String>,
    #[serde(default)]
    pub(super) request_id: bool,
}

pub(super) fn when_absent(
    key: &'static str,
    raw: &HeaderJson,
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
