//! Keys of other parts that must be the same after a restart.

use crate::Store;
use gateway_model::SecretBytes;

/// What a key is for. Keys for different purposes have nothing in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Signs the tokens that the gateway gives to apps.
    AppTokens,
}

impl Purpose {
    /// Never changed: another text would be another key.
    const fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::AppTokens => b"app tokens",
        }
    }
}

impl Store {
    /// 32 bytes that only this store has under its present master key. They are the same as long as
    /// both are: a restored copy, a store in memory and another master key have others.
    pub fn derived_key(&self, purpose: Purpose) -> SecretBytes {
        let sealer = self.sealer();
        // The store's identity has a fixed length, so the parts cannot be confused.
        let mut context = sealer.store_id.to_vec();
        context.extend_from_slice(purpose.as_bytes());
        SecretBytes::new(sealer.keys.derive(&context).as_ref().to_vec())
    }
}
