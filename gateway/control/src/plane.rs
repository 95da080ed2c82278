//! The control plane and what its parts share.

use std::{fmt, sync::Arc};

/// Who asks; it goes into the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor(pub String);

/// What an operator does. Cheap to clone.
#[derive(Clone)]
pub struct ControlPlane {
    pub(crate) shared: Arc<Shared>,
}

/// What all parts share.
pub(crate) struct Shared {}

impl fmt::Debug for ControlPlane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ControlPlane")
    }
}

pub(crate) fn later<T>() -> Result<T, crate::ControlError> {
    Err(crate::ControlError::new(
        crate::Fault::Unavailable,
        "later",
        "not wired yet",
    ))
}
