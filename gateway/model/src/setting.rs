//! Names of what a carrier's plugin wants to know of an account, beyond the fields of every account.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr, sync::Arc};

/// What the gateway itself hands to a plugin, under these names.
const OF_THE_GATEWAY: [&str; 6] = [
    "environment",
    "origin",
    "grant",
    "client_id",
    "client_secret",
    "account_number",
];

/// Why a text is not the name of a setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingNameError {
    /// Other characters, none, or too many.
    #[error("{0:?} is not the name of a setting: use 1 to 64 of the characters a-z, 0-9 and '_'")]
    Characters(String),
    /// A field that every account has.
    #[error("{0} is no setting of a plugin: it is a key of the account itself")]
    OfTheGateway(&'static str),
}

/// The name of a setting that a carrier's plugin defines for its accounts: `child_key`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SettingName(Arc<str>);

impl SettingName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SettingName {
    type Err = SettingNameError;

    fn from_str(name: &str) -> Result<Self, SettingNameError> {
        // A setting of that name would replace what the gateway says.
        if let Some(taken) = OF_THE_GATEWAY.into_iter().find(|taken| *taken == name) {
            return Err(SettingNameError::OfTheGateway(taken));
        }
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if (1..=64).contains(&name.len()) && name.bytes().all(allowed) {
            Ok(Self(name.into()))
        } else {
            // Shortened, because the text may be anything that a caller sent.
            let start = name.chars().take(80).collect();
            Err(SettingNameError::Characters(start))
        }
    }
}

impl Serialize for SettingName {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SettingName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        name.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for SettingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_name_is_lower_case_and_not_one_of_the_gateways() {
        assert!("child_key".parse::<SettingName>().is_ok());
        for name in ["", "child-key", "Child", "a.b", &"a".repeat(65)] {
            let error = name.parse::<SettingName>().expect_err(name);
            assert!(matches!(error, SettingNameError::Characters(_)), "{error}");
        }
        for name in OF_THE_GATEWAY {
            let error = name.parse::<SettingName>().expect_err(name);
            assert_eq!(error, SettingNameError::OfTheGateway(name));
        }
    }
}
