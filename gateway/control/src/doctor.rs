//! A diagnosis in plain words.

use crate::plane::later;
use crate::{Actor, ControlError, ControlPlane, view::DoctorReport};
use gateway_model::AccountId;

impl ControlPlane {
    /// Looks at the gateway and at one account, or at all active ones.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn doctor(
        &self,
        actor: &Actor,
        account: Option<&AccountId>,
    ) -> Result<DoctorReport, ControlError> {
        later()
    }
}
