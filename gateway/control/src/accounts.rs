//! Accounts: adding, changing, removing.

use crate::plane::later;
use crate::{
    Actor, ControlError, ControlPlane,
    view::{AccountView, AddAccount, UpdateAccount},
};
use gateway_model::AccountId;

impl ControlPlane {
    /// All accounts, ordered by name.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn accounts(&self) -> Result<Vec<AccountView>, ControlError> {
        later()
    }

    /// One account.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn account(&self, name: &AccountId) -> Result<AccountView, ControlError> {
        later()
    }

    /// Adds an account; a client-credentials account is asked for its first token at once.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn add_account(
        &self,
        actor: &Actor,
        account: AddAccount,
    ) -> Result<AccountView, ControlError> {
        later()
    }

    /// Changes an account; other credentials drop what the old ones brought.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn update_account(
        &self,
        actor: &Actor,
        name: &AccountId,
        change: UpdateAccount,
    ) -> Result<AccountView, ControlError> {
        later()
    }

    /// Removes an account with everything that belongs to it.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn remove_account(
        &self,
        actor: &Actor,
        name: &AccountId,
    ) -> Result<(), ControlError> {
        later()
    }
}
