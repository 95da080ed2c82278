//! How secrets and digests look in a document: secret texts as they are, digests in base64, and secret
//! bytes in base64 or, where JSON escapes nothing in them, as a list of the one text that they are.
//!
//! Tokens are such bytes, and most of what a start of many accounts reads. Documents of older programs
//! have all bytes in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Error, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serializer};
use std::fmt;
use zeroize::Zeroizing;

/// Reads base64 where it stands: a token's text is not copied first.
struct Base64;

impl Visitor<'_> for Base64 {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base64")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
        STANDARD.decode(text).map_err(|_| E::custom("not base64"))
    }
}

/// A secret text.
pub(super) mod text {
    use super::*;
    use gateway_model::Secret;

    pub(crate) fn serialize<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.expose())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
        String::deserialize(from).map(Secret::new)
    }
}

/// Secret texts.
pub(super) mod texts {
    use super::*;
    use gateway_model::Secret;

    pub(crate) fn serialize<S: Serializer>(secrets: &[Secret], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(secrets.iter().map(Secret::expose))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Secret>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        Ok(texts.into_iter().map(Secret::new).collect())
    }
}

/// Secret texts, each with its name.
pub(super) mod named {
    use super::*;
    use gateway_model::{Secret, SettingName};
    use std::collections::BTreeMap;

    type Named = BTreeMap<SettingName, Secret>;

    pub(crate) fn serialize<S: Serializer>(secrets: &Named, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(secrets.iter().map(|(name, secret)| (name, secret.expose())))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Named, D::Error> {
        let texts = BTreeMap::<SettingName, String>::deserialize(from)?;
        let secrets = texts.into_iter();
        Ok(secrets
            .map(|(name, text)| (name, Secret::new(text)))
            .collect())
    }
}

/// Secret bytes.
pub(crate) mod bytes {
    use super::*;
    use gateway_model::SecretBytes;

    pub(crate) fn serialize<S: Serializer>(secret: &SecretBytes, to: S) -> Result<S::Ok, S::Error> {
        match plain(secret.expose()) {
            Some(text) => to.collect_seq([text]),
            None => to.serialize_str(&Zeroizing::new(STANDARD.encode(secret.expose()))),
        }
    }

    // The form tells which it is: a text is base64 and a list holds the text itself.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SecretBytes, D::Error> {
        from.deserialize_any(EitherForm)
    }

    /// Text that JSON writes without escapes: a parser then needs no unescaped copy, which would stay in
    /// memory without being overwritten.
    fn plain(bytes: &[u8]) -> Option<&str> {
        let as_it_is = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
        let text = std::str::from_utf8(bytes).ok()?;
        (!bytes.is_empty() && bytes.iter().all(as_it_is)).then_some(text)
    }

    struct EitherForm;

    impl<'de> Visitor<'de> for EitherForm {
        type Value = SecretBytes;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("base64 or a list of one text")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<SecretBytes, E> {
            Base64.visit_str(text).map(SecretBytes::new)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<SecretBytes, A::Error> {
            let text: Option<String> = list.next_element()?;
            let bytes = text.map(|text| SecretBytes::new(text.into_bytes()));
            // A second item would be lost without a word.
            let more = list.next_element::<IgnoredAny>()?.is_some();
            bytes
                .filter(|_| !more)
                .ok_or_else(|| A::Error::custom("not a list of one text"))
        }
    }
}

/// Secret bytes that may be missing.
pub(super) mod some_bytes {
    use super::*;
    use gateway_model::SecretBytes;

    #[derive(Deserialize)]
    struct Bytes(#[serde(with = "super::bytes")] SecretBytes);

    pub(crate) fn serialize<S: Serializer>(
        secret: &Option<SecretBytes>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match secret {
            Some(secret) => bytes::serialize(secret, to),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<SecretBytes>, D::Error> {
        Ok(Option::<Bytes>::deserialize(from)?.map(|bytes| bytes.0))
    }
}

/// A digest.
pub(super) mod digest {
    use super::*;
    use crate::SecretDigest;

    pub(crate) fn serialize<S: Serializer>(
        digest: &SecretDigest,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(digest.0))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<SecretDigest, D::Error> {
        let bytes = from.deserialize_str(Base64)?.try_into();
        bytes
            .map(SecretDigest)
            .map_err(|_| D::Error::custom("not 32 bytes"))
    }
}

/// A digest that may be missing.
pub(super) mod some_digest {
    use super::*;
    use crate::SecretDigest;
    use serde::Serialize;

    #[derive(Serialize, Deserialize)]
    struct Digest(#[serde(with = "super::digest")] SecretDigest);

    pub(crate) fn serialize<S: Serializer>(
        digest: &Option<SecretDigest>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        digest.map(Digest).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<SecretDigest>, D::Error> {
        Ok(Option::<Digest>::deserialize(from)?.map(|digest| digest.0))
    }
}

/// A key's fingerprint.
pub(super) mod key {
    use super::*;
    use crate::SecretDigest;

    pub(crate) fn serialize<S: Serializer>(key: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
        digest::serialize(&SecretDigest(*key), to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
        digest::deserialize(from).map(|digest| digest.0)
    }
}

#[cfg(test)]
mod tests;
