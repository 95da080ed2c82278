//! Names of accounts and apps.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr, sync::Arc};

/// Why a name was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name:?} is not a usable name: use 1 to 64 of the characters a-z, A-Z, 0-9, '-', '_' and '.'"
)]
pub struct NameError {
    name: String,
}

// One macro and three types, so that an app's name never stands where an account's is meant.
macro_rules! name {
    ($(#[$doc:meta])* $ty:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $ty(Arc<str>);

        impl $ty {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $ty {
            type Err = NameError;

            fn from_str(name: &str) -> Result<Self, NameError> {
                // No space, slash or quote: names go into paths, header fields, metrics and shell
                // commands.
                let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
                if (1..=64).contains(&name.len()) && name.bytes().all(allowed) {
                    Ok(Self(name.into()))
                } else {
                    // Shortened, because the text may be anything that a caller sent.
                    Err(NameError { name: name.chars().take(80).collect() })
                }
            }
        }

        impl Serialize for $ty {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $ty {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let name = String::deserialize(from)?;
                // Through the same rule, so that no document brings in a name that a command would refuse.
                name.parse().map_err(de::Error::custom)
            }
        }

        impl fmt::Display for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// The operator's name of an account: one carrier, one environment, one set of credentials.
    AccountId
}
name! {
    /// The operator's name of an app: a program that calls the gateway.
    AppId
}
name! {
    /// The number that the carrier issued (UPS: six characters, the shipper number).
    AccountNumber
}
