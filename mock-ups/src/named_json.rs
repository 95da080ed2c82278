//! JSON into a type, with an error that names the member.

use serde::Deserializer;
use serde::de::DeserializeOwned;

/// Reads a value.
///
/// # Errors
/// What is wrong, behind the path of the member: `access_token_lifetime: invalid type …`.
pub(crate) fn read<'de, T: DeserializeOwned>(
    input: impl Deserializer<'de, Error = serde_json::Error>,
) -> Result<T, String> {
    serde_path_to_error::deserialize(input).map_err(|error| match error.path().to_string() {
        // The whole body, or a member that is missing from it.
        path if path == "." => error.inner().to_string(),
        path => format!("{path}: {}", error.inner()),
    })
}
