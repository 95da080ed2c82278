//! A fault that ends with the test that asked for it.

use std::sync::Arc;

use crate::mock_state::MockState;

/// Keeps a fault in force.
#[must_use = "the fault ends when this is dropped"]
#[derive(Debug)]
pub struct FaultGuard {
    pub(super) mock: Arc<MockState>,
    pub(super) id: u64,
    pub(super) keep: bool,
}

/// A fault that makes no sense; says why.
#[derive(Debug, Clone, thiserror::Error)]
#[error("fault: {0}")]
pub struct InvalidFault(pub(super) String);

impl FaultGuard {
    /// How many calls the fault has hit.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.mock.faults.hits(self.id)
    }

    /// Leaves the fault in force for as long as the mock runs.
    pub fn keep(mut self) {
        self.keep = true;
    }
}

impl Drop for FaultGuard {
    fn drop(&mut self) {
        if !self.keep {
            // It may be gone already, by a reset or by hand.
            self.mock.faults.remove(self.id);
        }
    }
}
