//! Backup of the running gateway's store, and rotation of its master key.

use crate::{Actor, ControlError, ControlPlane, plane::later, view::KeyRotated};
use gateway_model::Secret;

impl ControlPlane {
    /// A consistent backup, sealed under a passphrase.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn backup(
        &self,
        actor: &Actor,
        passphrase: &Secret,
    ) -> Result<Vec<u8>, ControlError> {
        later()
    }

    /// Reads the master key anew from its source and seals everything under it.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn rotate_key(&self, actor: &Actor) -> Result<KeyRotated, ControlError> {
        later()
    }
}
