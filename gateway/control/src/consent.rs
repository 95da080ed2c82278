//! Consent: a person signs in at the carrier.

use crate::plane::later;
use crate::{
    Actor, ControlError, ControlPlane,
    view::{ConsentDone, ConsentStarted, PasteConsent, SecretText},
};
use gateway_model::AccountId;

impl ControlPlane {
    /// Begins a consent: says where the person signs in.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn begin_consent(
        &self,
        actor: &Actor,
        account: &AccountId,
    ) -> Result<ConsentStarted, ControlError> {
        later()
    }

    /// Finishes a consent from the carrier's redirect (`/oauth/callback?code=…&state=…`): `query` is its raw query.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn finish_consent(&self, query: &SecretText) -> Result<ConsentDone, ControlError> {
        later()
    }

    /// Finishes a consent from what a person copied: the whole redirected address, or just the code.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn paste_consent(
        &self,
        actor: &Actor,
        account: &AccountId,
        pasted: PasteConsent,
    ) -> Result<ConsentDone, ControlError> {
        later()
    }
}
