//! One operation of a carrier's API.

use super::template::PathTemplate;
use http::Method;
use serde::{Serialize, Serializer};
use std::{fmt, str::FromStr, sync::Arc};

/// Longer names are no names.
const MAX_NAME: usize = 64;

/// What an app can ask the carrier for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// By which configuration and logs call it: `shipping.create`.
    pub name: OperationName,
    /// HTTP methods; never empty.
    pub methods: Vec<Method>,
    /// Its path on the carrier's origin.
    pub path: PathTemplate,
    /// It changes nothing at the carrier, whatever its method: rates are asked for by `POST`.
    pub safe: bool,
    /// Carrying it out twice does no more than once. True if it is safe.
    pub repeatable: bool,
    /// The slots beside the first whose credentials its requests carry.
    pub slots: Vec<Arc<str>>,
}

/// The name of an operation: 1 to 64 of `a-z`, `0-9`, `-`, `_` and `.`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationName(Arc<str>);

/// The text is not the name of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of an operation is 1 to 64 of the characters a-z, 0-9, '-', '_' and '.'")]
pub struct OperationNameError;

impl OperationName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OperationName {
    type Err = OperationNameError;

    fn from_str(text: &str) -> Result<Self, OperationNameError> {
        // No upper case, so that a name in a configuration has one spelling only.
        let fits =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
        if (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.into()))
        } else {
            Err(OperationNameError)
        }
    }
}

impl fmt::Display for OperationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for OperationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for OperationName {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}
