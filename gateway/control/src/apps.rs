//! Apps: programs that call the gateway.

use crate::plane::later;
use crate::{
    Actor, ControlError, ControlPlane,
    view::{AddApp, AppSecrets, AppView, RotateApp},
};
use gateway_model::AppId;

impl ControlPlane {
    /// All apps, ordered by name.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn apps(&self) -> Result<Vec<AppView>, ControlError> {
        later()
    }

    /// Adds an app; the answer shows its secrets, this once.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn add_app(&self, actor: &Actor, app: AddApp) -> Result<AppSecrets, ControlError> {
        later()
    }

    /// Replaces an app's secrets; the answer shows them, this once.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn rotate_app(
        &self,
        actor: &Actor,
        name: &AppId,
        which: RotateApp,
    ) -> Result<AppSecrets, ControlError> {
        later()
    }

    /// Removes an app; its tokens and keys stop at once.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn remove_app(&self, actor: &Actor, name: &AppId) -> Result<(), ControlError> {
        later()
    }
}
