//! One call to an OAuth endpoint.

use bytes::Bytes;
use http::{HeaderMap, Method, header};

use crate::api::Environment;
use crate::mock_state::MockState;

use super::form::Form;

/// One call to an OAuth endpoint.
pub(crate) struct OauthCall<'a> {
    pub(crate) mock: &'a MockState,
    pub(crate) environment: Environment,
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
    pub(crate) now_ms: i64,
    /// `https` on a TLS listener.
    pub(crate) scheme: &'static str,
}

impl OauthCall<'_> {
    pub(super) fn query_form(&self) -> Form {
        self.query
            .map(|query| Form::parse(query.as_bytes()))
            .unwrap_or_default()
    }

    /// The mock as the caller reached it, for `Location` fields.
    pub(super) fn origin(&self) -> String {
        let host = self
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        // HTTP/1.0 clients send no `Host`; the loopback address is as good a guess as any.
        format!("{}://{}", self.scheme, host.unwrap_or("127.0.0.1"))
    }
}
