//! Requests and responses as the phases see them, whichever version of HTTP they came by.

use crate::fields::Fields;
use http::{Method, StatusCode, Uri, Version};

/// A request of an app.
#[derive(Debug)]
pub(crate) struct Request<B> {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) version: Version,
    pub(crate) fields: Fields,
    pub(crate) body: B,
}

/// A response, the carrier's or the gateway's own.
#[derive(Debug)]
pub(crate) struct Response<B> {
    pub(crate) status: StatusCode,
    /// What it came by.
    pub(crate) version: Version,
    pub(crate) fields: Fields,
    pub(crate) body: B,
}

impl<B> Response<B> {
    /// A response of the gateway's own.
    pub(crate) const fn new(status: StatusCode, body: B) -> Self {
        Self {
            status,
            version: Version::HTTP_11,
            fields: Fields::new(),
            body,
        }
    }

    pub(crate) fn map<C>(self, change: impl FnOnce(B) -> C) -> Response<C> {
        Response {
            status: self.status,
            version: self.version,
            fields: self.fields,
            body: change(self.body),
        }
    }
}

/// What hyper reads.
impl<B> From<http::Request<B>> for Request<B> {
    fn from(request: http::Request<B>) -> Self {
        let (parts, body) = request.into_parts();
        Self {
            method: parts.method,
            uri: parts.uri,
            version: parts.version,
            fields: parts.headers.into(),
            body,
        }
    }
}

/// What hyper reads.
impl<B> From<http::Response<B>> for Response<B> {
    fn from(response: http::Response<B>) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            status: parts.status,
            version: parts.version,
            fields: parts.headers.into(),
            body,
        }
    }
}

/// What hyper writes, by the version of its connection.
impl<B> From<Response<B>> for http::Response<B> {
    fn from(response: Response<B>) -> Self {
        let mut written = Self::new(response.body);
        *written.status_mut() = response.status;
        *written.headers_mut() = response.fields.into();
        written
    }
}
