//! The parts of a URL that a request needs.

use crate::{HttpError, HttpErrorKind};
use http::{Uri, uri::Scheme};

/// Where a request goes.
pub(crate) struct Target {
    pub(crate) tls: bool,
    /// Without the brackets of an IPv6 literal.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) path_and_query: String,
    /// Host and port as written, for the `Host` field.
    pub(crate) authority: String,
}

impl Target {
    /// Parses an absolute `http` or `https` URL.
    pub(crate) fn parse(url: &str) -> Result<Self, HttpError> {
        // The URL may carry a secret in its query: no part of it goes into the message.
        let denied = |what: &str| HttpError::new(HttpErrorKind::Denied, format!("the URL {what}"));
        let uri: Uri = url.parse().map_err(|_| denied("is malformed"))?;
        let tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            Some(_) | None => return Err(denied("is neither http nor https")),
        };
        let authority = uri.authority().ok_or_else(|| denied("has no host"))?;
        // RFC 9110 section 4.2.4: userinfo in a URL is an error, and it may be a password.
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(denied("names a user or no host"));
        }
        // TLS names and sockets take an IPv6 address without brackets.
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        Ok(Self {
            tls,
            host,
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            path_and_query: uri
                .path_and_query()
                .map_or_else(|| "/".to_owned(), ToString::to_string),
            authority: authority.to_string(),
        })
    }
}
