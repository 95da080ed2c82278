//! Credentials beside the first one, which only some operations need.

use crate::{Class, Error, Result};
use ::http::{HeaderName, HeaderValue};
use std::{fmt, time::Duration};

/// A slot of the manifest other than its first.
///
/// ```
/// # use plugins_sdk::Slot;
/// const MANIFEST: &str = plugins_sdk::manifest!(
///     r#"{"name": "acme", "slots": [{"name": "access"}, {"name": "payment"}]}"#,
///     needs: slots
/// );
/// const PAYMENT: Slot = Slot::of(MANIFEST, "payment");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    place: u32,
    name: &'static str,
}

impl Slot {
    /// The slot of that name. It belongs into a constant, so that a name which the manifest lacks does not
    /// compile.
    ///
    /// # Panics
    /// If the manifest has no such slot, or has it in the first place, whose fields are the credential's own.
    pub const fn of(manifest: &str, name: &'static str) -> Self {
        let place = place(manifest.as_bytes(), name.as_bytes());
        assert!(
            place != 0,
            "the first slot is the credential itself: use Credential::header"
        );
        Self { place, name }
    }

    /// Its name in the manifest.
    pub const fn name(self) -> &'static str {
        self.name
    }

    pub(crate) const fn place(self) -> u32 {
        self.place
    }
}

/// The fields of a slot, for the requests of the operations that need it.
#[must_use = "the fields of a slot do nothing until they are part of a credential"]
#[derive(Default)]
pub struct SlotFields {
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) lifetime: Option<Duration>,
}

impl SlotFields {
    /// Without any field yet. It lives as long as the credential.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field; its value is treated as a secret.
    pub fn header(mut self, name: HeaderName, value: &str) -> Result<Self> {
        self.headers.push(secret_field(name, value)?);
        Ok(self)
    }

    /// How long the fields are good for, from the begin of the operation. `None`: as long as the credential.
    pub const fn expires_in(mut self, lifetime: Option<Duration>) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// The fields, for tests.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
    }

    /// How long they are good for; `None`: as long as the credential.
    pub const fn lifetime(&self) -> Option<Duration> {
        self.lifetime
    }
}

/// Names only: the values are secrets.
impl fmt::Debug for SlotFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.headers.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

/// A field whose value stays out of `Debug` output and of HTTP/2's header compression table.
pub(crate) fn secret_field(name: HeaderName, value: &str) -> Result<(HeaderName, HeaderValue)> {
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        let message = format!("the value for the field {name} has characters no field has");
        Error::new(Class::Protocol, "bad_header", message)
    })?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// The place of a name in the manifest's list `"slots": [{"name": …}, …]`.
#[expect(
    clippy::panic,
    reason = "a constant: the compiler runs it, and a wrong name does not compile"
)]
const fn place(json: &[u8], name: &[u8]) -> u32 {
    let mut at = list(json);
    let mut place = 0;
    while at < json.len() && json[at] != b']' {
        if let Some(value) = value_of(json, at, b"\"name\"") {
            if is_string(json, value, name) {
                return place;
            }
            place += 1;
        }
        at += 1;
    }
    panic!("the manifest has no slot of this name")
}

/// Where the list of slots begins. An operation has a key of the same name, whose list holds no objects.
#[expect(
    clippy::panic,
    reason = "a constant: the compiler runs it, and a wrong name does not compile"
)]
const fn list(json: &[u8]) -> usize {
    let mut at = 0;
    while at < json.len() {
        if let Some(value) = value_of(json, at, b"\"slots\"")
            && json[value] == b'['
            && json[after_space(json, value + 1)] == b'{'
        {
            return value;
        }
        at += 1;
    }
    panic!("the manifest has no list of slots")
}

/// Where the value begins, if that key stands here.
const fn value_of(json: &[u8], at: usize, key: &[u8]) -> Option<usize> {
    if !stands(json, at, key) {
        return None;
    }
    let colon = after_space(json, at + key.len());
    if json[colon] == b':' {
        Some(after_space(json, colon + 1))
    } else {
        None
    }
}

const fn is_string(json: &[u8], at: usize, text: &[u8]) -> bool {
    json[at] == b'"' && stands(json, at + 1, text) && json[at + 1 + text.len()] == b'"'
}

const fn stands(json: &[u8], at: usize, text: &[u8]) -> bool {
    let mut index = 0;
    while index < text.len() {
        if at + index >= json.len() || json[at + index] != text[index] {
            return false;
        }
        index += 1;
    }
    true
}

const fn after_space(json: &[u8], mut at: usize) -> usize {
    while json[at].is_ascii_whitespace() {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"{
        "operations": [{ "name": "labels", "slots": ["payment"] }],
        "slots" : [ { "name" : "access" }, {"name":"payment"}, {"name": "pay"} ],
        "name": "acme"
    }"#;

    #[test]
    fn slot_is_found_by_its_whole_name() {
        assert_eq!(Slot::of(MANIFEST, "payment").place(), 1);
        assert_eq!(Slot::of(MANIFEST, "pay").place(), 2);
    }

    #[test]
    #[should_panic(expected = "no slot of this name")]
    fn slot_that_the_manifest_lacks_is_refused() {
        let _ = Slot::of(MANIFEST, "acme");
    }

    #[test]
    #[should_panic(expected = "the first slot is the credential itself")]
    fn first_slot_is_the_credential_itself() {
        let _ = Slot::of(MANIFEST, "access");
    }
}
