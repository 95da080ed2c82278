//! Who may use the admin API.

use crate::{
    Actor, ControlError, ControlPlane,
    plane::later,
    view::{AddAdminToken, AdminTokenSecret, AdminTokenView},
};
use gateway_model::Secret;
use gateway_store::Role;

/// Who a bearer of an admin token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The token's name.
    pub actor: Actor,
    /// What it may do.
    pub role: Role,
}

impl ControlPlane {
    /// Who this token belongs to; `None` if it is not known.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn authenticate(&self, token: &Secret) -> Result<Option<Identity>, ControlError> {
        later()
    }

    /// Makes the first admin token if there is none yet. The caller shows it once.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn bootstrap(&self) -> Result<Option<Secret>, ControlError> {
        later()
    }

    /// All admin tokens, without the tokens.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn admin_tokens(&self) -> Result<Vec<AdminTokenView>, ControlError> {
        later()
    }

    /// Makes an admin token; the answer shows it, this once.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn add_admin_token(
        &self,
        actor: &Actor,
        token: AddAdminToken,
    ) -> Result<AdminTokenSecret, ControlError> {
        later()
    }

    /// Takes an admin token back; the last one of role *admin* stays.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn remove_admin_token(&self, actor: &Actor, name: &str) -> Result<(), ControlError> {
        later()
    }
}
