//! How secrets and digests look in a document: secrets as they are, bytes in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};
use zeroize::Zeroizing;

fn decode<'de, D: Deserializer<'de>>(text: &str) -> Result<Vec<u8>, D::Error> {
    STANDARD
        .decode(text)
        .map_err(|_| D::Error::custom("not base64"))
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

/// Secret bytes.
pub(crate) mod bytes {
    use super::*;
    use gateway_model::SecretBytes;

    pub(crate) fn serialize<S: Serializer>(secret: &SecretBytes, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&Zeroizing::new(STANDARD.encode(secret.expose())))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SecretBytes, D::Error> {
        let text = Zeroizing::new(String::deserialize(from)?);
        decode::<D>(&text).map(SecretBytes::new)
    }
}

/// Secret bytes that may be missing.
pub(super) mod some_bytes {
    use super::*;
    use gateway_model::SecretBytes;

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
        let text = Option::<String>::deserialize(from)?.map(Zeroizing::new);
        let bytes = text.map(|text| decode::<D>(&text)).transpose()?;
        Ok(bytes.map(SecretBytes::new))
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
        let bytes = decode::<D>(&String::deserialize(from)?)?;
        let bytes = bytes.try_into();
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
