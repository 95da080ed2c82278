//! Errors of the control plane.

use gateway_api::MistakeView;
use gateway_store::StoreError;

/// The kind of an error: who has to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The request itself is invalid.
    Invalid,
    /// What the request names does not exist.
    NotFound,
    /// It exists already, or was changed in the meantime.
    Conflict,
    /// The caller is not allowed to do this.
    Forbidden,
    /// The carrier refused the request.
    Refused,
    /// The carrier cannot be reached, or its response is late or invalid.
    Carrier,
    /// The store or the gateway is temporarily unable to do it.
    Unavailable,
}

/// An error: what happened, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ControlError {
    /// The kind of the error.
    pub fault: Fault,
    /// A stable code: `unknown_account`, `wrong_login`, `link_expired` …
    pub code: &'static str,
    /// What happened. It never contains a secret.
    pub message: String,
    /// What to do next.
    pub remedy: Option<String>,
    /// The single mistakes, if the gateway's configuration has some.
    pub mistakes: Vec<MistakeView>,
}

impl ControlError {
    /// An error without a remedy.
    pub fn new(fault: Fault, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            fault,
            code,
            message: message.into(),
            remedy: None,
            mistakes: Vec::new(),
        }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

impl From<StoreError> for ControlError {
    fn from(error: StoreError) -> Self {
        let (fault, code) = match &error {
            StoreError::Conflict { .. } => (Fault::Conflict, "name_taken"),
            StoreError::NotFound { .. } => (Fault::NotFound, "not_found"),
            StoreError::Invalid { .. } => (Fault::Invalid, "invalid"),
            // Both mean that somebody else was faster: reading again helps.
            StoreError::Stale | StoreError::Fenced => (Fault::Conflict, "changed_meanwhile"),
            StoreError::Lost { .. } => (Fault::Unavailable, "store_lost"),
            StoreError::Full
            | StoreError::ReadOnly
            | StoreError::Unavailable { .. }
            | StoreError::Failed { .. }
            | StoreError::Corrupt { .. }
            | StoreError::Newer { .. }
            | StoreError::Key(_)
            | StoreError::Internal { .. } => (Fault::Unavailable, "store_unavailable"),
        };
        Self::new(fault, code, error.to_string())
    }
}
