//! What happened, and what people should know.

use crate::plane::later;
use crate::{
    ControlError, ControlPlane,
    view::{AuditView, NoticeView, StatusView},
};

impl ControlPlane {
    /// The newest audit entries before `before`, newest first; at most 500.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn audit(
        &self,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditView>, ControlError> {
        later()
    }

    /// Open notices, the worst first.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn notices(&self) -> Result<Vec<NoticeView>, ControlError> {
        later()
    }

    /// The gateway as a whole.
    ///
    /// # Errors
    /// See [`ControlError::code`].
    pub async fn status(&self) -> Result<StatusView, ControlError> {
        later()
    }
}
