//! Tokens: what is known of them, and renewing on demand.

use crate::plane::later;
use crate::{Actor, ControlError, ControlPlane, view::TokenView};
use gateway_model::AccountId;

impl ControlPlane {
    /// What is known of an account's token; never the token.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn token(&self, account: &AccountId) -> Result<TokenView, ControlError> {
        later()
    }

    /// Asks for a new token now, and waits for it.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn renew_token(
        &self,
        actor: &Actor,
        account: &AccountId,
    ) -> Result<TokenView, ControlError> {
        later()
    }
}
