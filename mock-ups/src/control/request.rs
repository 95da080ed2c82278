//! A control request, and what answers it.

use bytes::Bytes;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::mock_state::MockState;
use crate::named_json;

/// A control request.
pub(super) struct ControlRequest<'a> {
    pub(super) mock: &'a MockState,
    pub(super) query: Option<&'a str>,
    pub(super) body: &'a Bytes,
}

/// A control answer.
pub(super) type ControlResult = Result<Value, ControlError>;

/// What the mock serves as it is: a media type and the text.
pub(super) struct Document(pub(super) &'static str, pub(super) String);

/// A control request that cannot be done, with the reason for its sender.
pub(super) struct ControlError {
    pub(super) status: StatusCode,
    pub(super) reason: String,
}

impl ControlError {
    pub(super) fn bad_request(reason: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            reason: reason.into(),
        }
    }

    pub(super) fn not_found(reason: impl Into<String>) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            reason: reason.into(),
        }
    }
}

impl ControlRequest<'_> {
    /// The body as JSON; an empty one counts as `{}`.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, ControlError> {
        let body: &[u8] = if self.body.is_empty() {
            // Operations without parameters are called without a body by hand.
            b"{}"
        } else {
            self.body
        };
        let mut reader = serde_json::Deserializer::from_slice(body);
        let value = named_json::read(&mut reader).map_err(ControlError::bad_request)?;
        // Content behind the first document is a mistake as well.
        let end = reader.end();
        end.map_err(|error| ControlError::bad_request(error.to_string()))?;
        Ok(value)
    }

    pub(super) fn query_value(&self, name: &str) -> Option<String> {
        let query = self.query?;
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}
