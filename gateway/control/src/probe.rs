//! Probing: one harmless call with an account's token.

use crate::plane::later;
use crate::{Actor, ControlError, ControlPlane, view::ProbeReport};
use gateway_model::AccountId;

impl ControlPlane {
    /// Makes the carrier's proof call with the account's current token.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn probe(
        &self,
        actor: &Actor,
        account: &AccountId,
    ) -> Result<ProbeReport, ControlError> {
        later()
    }
}
