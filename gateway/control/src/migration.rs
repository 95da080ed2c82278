//! The way from access keys to OAuth.

use crate::plane::later;
use crate::{
    Actor, ControlError, ControlPlane,
    view::{MigrationPlan, MigrationView, StartMigration},
};

impl ControlPlane {
    /// What a migration would do; changes nothing.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn plan_migration(
        &self,
        migration: StartMigration,
    ) -> Result<MigrationPlan, ControlError> {
        later()
    }

    /// Backs the store up, then adds accounts and keys; consents are begun one by one with `begin_consent`. Repeating it goes on where it stopped.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn start_migration(
        &self,
        actor: &Actor,
        migration: StartMigration,
    ) -> Result<MigrationView, ControlError> {
        later()
    }

    /// The migration under way, or the last one.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn migration(&self) -> Result<MigrationView, ControlError> {
        later()
    }

    /// Puts the store back to what it was before the migration.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn undo_migration(&self, actor: &Actor) -> Result<MigrationView, ControlError> {
        later()
    }
}
