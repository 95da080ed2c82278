//! Sealing: AES-256-GCM under the master key, bound to the place of the ciphertext.
//!
//! `format (1) | key id (8) | nonce (12) | ciphertext and tag`. The associated data names the store,
//! the table, the row and the format, so that a ciphertext opens nowhere but where it was put.

use crate::StoreError;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use gateway_model::SecretBytes;
use rand::{TryRng as _, rngs::SysRng};
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

const FORMAT: u8 = 1;
const HEADER: usize = 1 + 8;
/// The length of AES-GCM's tag.
const TAG_LEN: usize = 16;

/// The 32 bytes that open a store.
#[derive(Clone)]
pub(crate) struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Draws a new key.
    pub(crate) fn random() -> Result<Self, StoreError> {
        let mut bytes = Zeroizing::new([0; 32]);
        random(&mut *bytes)?;
        Ok(Self(bytes))
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    fn derive(&self, purpose: &str) -> hmac::Tag {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*self.0);
        hmac::sign(&key, purpose.as_bytes())
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// Fills the slice with random bytes from the operating system, whose generator is ready at once. The provider's own
/// gathers entropy for some 30 ms before its first number, and a start draws one.
pub(crate) fn random(bytes: &mut [u8]) -> Result<(), StoreError> {
    let drawn = SysRng.try_fill_bytes(bytes);
    drawn.map_err(|error| StoreError::Internal {
        why: format!("the system gives no random bytes: {error}"),
    })
}

/// Identifies a key without revealing it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyId(pub(crate) [u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

struct RingKey {
    id: KeyId,
    key: LessSafeKey,
    /// Keys for other purposes are derived from it.
    root: hmac::Key,
}

impl RingKey {
    fn new(master: &MasterKey) -> Result<Self, StoreError> {
        let mut id = [0; 8];
        // Labels keep the three uses of one key apart: naming it, sealing, and deriving others.
        id.copy_from_slice(&master.derive("waybill store: key id").as_ref()[..8]);
        let key = master.derive("waybill store: seal");
        let key =
            UnboundKey::new(&AES_256_GCM, key.as_ref()).map_err(|_| StoreError::Internal {
                why: "the sealing key has the wrong length".to_owned(),
            })?;
        Ok(Self {
            id: KeyId(id),
            key: LessSafeKey::new(key),
            root: hmac::Key::new(
                hmac::HMAC_SHA256,
                master.derive("waybill store: other keys").as_ref(),
            ),
        })
    }
}

/// The key that seals, and older ones that still open.
#[derive(Clone)]
pub(crate) struct Keyring {
    keys: Vec<Arc<RingKey>>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({})", self.ids())
    }
}

/// Why a ciphertext does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsealable {
    /// It has not the form of a ciphertext of this program.
    Malformed,
    /// It was sealed with a key that is not in the ring.
    UnknownKey(KeyId),
    /// It was changed, or it belongs elsewhere.
    Forged,
}

impl fmt::Display for Unsealable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("it is not a sealed record"),
            Self::UnknownKey(id) => {
                write!(f, "it is sealed with key {id}, which is not configured")
            }
            Self::Forged => f.write_str("it was changed, or belongs to another row"),
        }
    }
}

impl Keyring {
    /// The first key seals; all open.
    pub(crate) fn new(first: &MasterKey, others: &[MasterKey]) -> Result<Self, StoreError> {
        let keys = std::iter::once(first).chain(others);
        let keys = keys.map(|key| RingKey::new(key).map(Arc::new));
        Ok(Self {
            keys: keys.collect::<Result<Vec<_>, _>>()?,
        })
    }

    /// These keys, then the other ring's.
    pub(crate) fn joined(&self, others: &Self) -> Self {
        let mut keys = self.keys.clone();
        for key in &others.keys {
            // Once each: keys are read again and again while a gateway runs.
            if keys.iter().all(|known| known.id != key.id) {
                keys.push(Arc::clone(key));
            }
        }
        Self { keys }
    }

    /// The identifiers of all keys, for messages.
    pub(crate) fn ids(&self) -> String {
        let ids: Vec<String> = self.keys.iter().map(|key| key.id.to_string()).collect();
        ids.join(", ")
    }

    /// Whether a ciphertext was sealed with the first key.
    pub(crate) fn is_current(&self, sealed: &[u8]) -> bool {
        key_id(sealed).is_some_and(|id| self.keys.first().is_some_and(|first| first.id == id))
    }

    /// Whether a ciphertext can be opened, as far as its key is concerned.
    pub(crate) fn knows(&self, sealed: &[u8]) -> bool {
        // What names no key is damaged, and no other key would help.
        key_id(sealed).is_none_or(|id| self.keys.iter().any(|key| key.id == id))
    }

    /// The same keys, of which the one that sealed this seals from now on; `None` if it is not there.
    pub(crate) fn led_by(&self, sealed: &[u8]) -> Option<Self> {
        let id = key_id(sealed)?;
        let (mut keys, others): (Vec<_>, Vec<_>) =
            self.keys.iter().cloned().partition(|key| key.id == id);
        if keys.is_empty() {
            return None;
        }
        keys.extend(others);
        Some(Self { keys })
    }

    /// A key for another purpose, from the key that seals.
    pub(crate) fn derive(&self, purpose: &[u8]) -> hmac::Tag {
        hmac::sign(&self.keys[0].root, purpose)
    }

    /// Seals.
    pub(crate) fn seal(&self, place: &[u8], clear: &[u8]) -> Result<Vec<u8>, StoreError> {
        let first = &self.keys[0];
        // Random, not counted: a counter would repeat after an older copy of the store is put back.
        let mut nonce = [0; NONCE_LEN];
        random(&mut nonce)?;
        // The exact size, as growing would copy; what is copied here is sealed already.
        let mut sealed = Vec::with_capacity(HEADER + NONCE_LEN + clear.len() + 16);
        sealed.push(FORMAT);
        sealed.extend_from_slice(&first.id.0);
        sealed.extend_from_slice(&nonce);
        let mut body = clear.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let aad = Aad::from(associated(place, &first.id));
        let tag = first
            .key
            .seal_in_place_separate_tag(nonce, aad, &mut body)
            .map_err(|_| StoreError::Internal {
                why: "a record is too long to be sealed".to_owned(),
            })?;
        sealed.extend_from_slice(&body);
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens.
    pub(crate) fn open(&self, place: &[u8], sealed: &[u8]) -> Result<SecretBytes, Unsealable> {
        let id = key_id(sealed).ok_or(Unsealable::Malformed)?;
        let key = self.keys.iter().find(|key| key.id == id);
        let key = key.ok_or(Unsealable::UnknownKey(id))?;
        let (nonce, body) = sealed[HEADER..]
            .split_first_chunk::<NONCE_LEN>()
            // Checked pieces: the bytes come from a file that may be damaged.
            .ok_or(Unsealable::Malformed)?;
        let (body, tag) = body
            .split_last_chunk::<TAG_LEN>()
            .ok_or(Unsealable::Malformed)?;
        let mut clear = vec![0; body.len()];
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let aad = Aad::from(associated(place, &id));
        let opened = key
            .key
            .open_separate_gather(nonce, aad, body, tag, &mut clear);
        // Before the check, so that a forged text is wiped too.
        let clear = SecretBytes::new(clear);
        opened.map(|()| clear).map_err(|_| Unsealable::Forged)
    }
}

/// The key that a ciphertext was sealed with.
pub(crate) fn key_id(sealed: &[u8]) -> Option<KeyId> {
    // An unknown format is not guessed at.
    let (&format, rest) = sealed.split_first()?;
    let id = rest.first_chunk::<8>()?;
    (format == FORMAT).then_some(KeyId(*id))
}

/// The associated data: header and place. A ciphertext that is moved to another row does not open.
fn associated(place: &[u8], id: &KeyId) -> Vec<u8> {
    let mut data = vec![FORMAT];
    data.extend_from_slice(&id.0);
    data.extend_from_slice(place);
    data
}
