//! Why the control plane did not do what was asked.

use gateway_store::StoreError;

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The request itself cannot work.
    Invalid,
    /// There is no such thing.
    NotFound,
    /// It exists already, or was changed meanwhile.
    Conflict,
    /// The caller may not.
    Forbidden,
    /// The carrier refused it.
    Refused,
    /// The carrier cannot be reached, or answers late or wrongly.
    Carrier,
    /// The store or the gateway cannot do it now.
    Unavailable,
}

/// An error with the way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ControlError {
    /// Whose turn it is.
    pub fault: Fault,
    /// Stable: `unknown_account`, `wrong_login`, `link_expired` …
    pub code: &'static str,
    /// What happened. Never a secret.
    pub message: String,
    /// What to do next.
    pub remedy: Option<String>,
}

impl ControlError {
    /// An error without a remedy.
    pub fn new(fault: Fault, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            fault,
            code,
            message: message.into(),
            remedy: None,
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
            StoreError::Stale | StoreError::Fenced => (Fault::Conflict, "changed_meanwhile"),
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
