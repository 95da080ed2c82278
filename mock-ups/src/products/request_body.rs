//! Reads the JSON bodies that products receive.

use crate::api::{ApiResponse, UpsError};
use crate::lenient;
use crate::products::rating::error;

/// Reads a body as JSON of a type. The error is the answer that UPS gives to a body that it cannot read.
pub(crate) fn read<'b, T: lenient::Members<'b>>(body: &'b [u8]) -> Result<T, BodyError> {
    // An empty body is the one unreadable body that has a code of its own.
    if body.is_empty() {
        return Err(BodyError::Refused(error::EMPTY_BODY.into()));
    }
    // Before the parser, which would accept the escape.
    if lenient::holds_control_character(body) {
        return Err(BodyError::Indigestible);
    }
    let text = std::str::from_utf8(body).map_err(|_| BodyError::Indigestible)?;
    lenient::read(text).map_err(|lenient::Unread| {
        // JSON that is not of the expected shape has a code; text that is no JSON is not digested.
        if lenient::is_json(body) {
            BodyError::Refused(error::NOT_VALID.into())
        } else {
            BodyError::Indigestible
        }
    })
}

/// Reads a body as any JSON, under the rules of [`read`].
pub(crate) fn read_tree(body: &[u8]) -> Result<serde_json::Value, BodyError> {
    if body.is_empty() {
        return Err(BodyError::Refused(error::EMPTY_BODY.into()));
    }
    if lenient::holds_control_character(body) {
        return Err(BodyError::Indigestible);
    }
    serde_json::from_slice(body).map_err(|_| BodyError::Indigestible)
}

/// Why a body was not read.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// The back end cannot digest it.
    Indigestible,
    /// It is refused with an error.
    Refused(UpsError),
}

impl BodyError {
    /// The response to the request.
    pub(crate) fn answer(self) -> Result<ApiResponse, UpsError> {
        match self {
            Self::Indigestible => Ok(ApiResponse::indigestible()),
            Self::Refused(error) => Err(error),
        }
    }
}
