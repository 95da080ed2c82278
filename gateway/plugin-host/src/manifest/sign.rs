//! What a plugin that signs requests wants to see of them.

use super::{error::ManifestError, values::header_name};
use http::HeaderName;
use serde::Deserialize;

/// No signature covers more fields.
const MAX_FIELDS: usize = 16;

/// How much of a request's content a signature needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SignBody {
    /// Nothing: it covers the head only, and the content streams.
    #[default]
    None,
    /// Its SHA-256, which the host computes.
    Sha256,
    /// All of it.
    Bytes,
}

impl SignBody {
    /// Whether the whole content must be here before the request can be signed.
    pub const fn is_needed(self) -> bool {
        match self {
            Self::None => false,
            Self::Sha256 | Self::Bytes => true,
        }
    }
}

/// The manifest's `sign`: of a request, a plugin sees no more than this, its method, its authority and
/// its target.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Signing {
    /// How much of the content.
    pub body: SignBody,
    /// Which fields.
    pub headers: Vec<HeaderName>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct SignJson {
    body: Option<String>,
    #[serde(default)]
    headers: Vec<String>,
}

pub(super) fn of(raw: Option<&SignJson>) -> Result<Signing, ManifestError> {
    let Some(raw) = raw else {
        return Ok(Signing::default());
    };
    // Guessing less than is needed would make signatures that no carrier accepts.
    let body = match raw.body.as_deref() {
        None | Some("none") => SignBody::None,
        Some("sha256") => SignBody::Sha256,
        Some("bytes") => SignBody::Bytes,
        Some(_) => {
            let problem = "`body` is \"none\", \"sha256\" or \"bytes\"";
            return Err(ManifestError::value("sign", problem));
        }
    };
    if raw.headers.len() > MAX_FIELDS {
        return Err(ManifestError::value("sign", "more than 16 `headers`"));
    }
    let mut headers = Vec::with_capacity(raw.headers.len());
    for name in &raw.headers {
        let name = header_name("sign", name)?;
        // Twice would sign it twice, which no carrier expects.
        if headers.contains(&name) {
            let problem = format!("`headers` names {name} twice");
            return Err(ManifestError::value("sign", problem));
        }
        headers.push(name);
    }
    Ok(Signing { body, headers })
}
