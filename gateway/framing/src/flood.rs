//! Detects HTTP/2 floods: frames without use that come faster than the peer's real work pays for.

use std::time::Duration;

use crate::connection_state::ConnectionState;

/// Frames without use that a peer may send at once.
const BURST: u64 = 2000;
/// Frames without use that a peer may send per second.
const FRAMES_PER_SECOND: u64 = 100;
/// Frames that a request pays for: window updates and priorities belong to it.
const CREDIT_PER_REQUEST: u64 = 8;
/// Frames that a KiB of responses pays for: window updates.
const CREDIT_PER_KIB: u64 = 4;

/// A leaky bucket that frames fill, and that time, requests and responses drain.
#[derive(Debug, Default)]
pub(crate) struct FloodBudget {
    level: u64,
    /// Cost and credit at the last check.
    cost: u64,
    credit: u64,
    /// Milliseconds times [`FRAMES_PER_SECOND`] that do not make a whole frame yet.
    remainder: u64,
}

impl FloodBudget {
    /// Adds what came within `step`, and returns whether the bucket overflows.
    pub(crate) fn overflows(&mut self, state: &ConnectionState, step: Duration) -> bool {
        let cost = state.frame_cost.get();
        // Almost every check of an idle connection ends here.
        if cost == self.cost && self.level == 0 {
            return false;
        }
        let credit = state.frame_credit.get()
            + state.begun_requests.get() * CREDIT_PER_REQUEST
            + state.sent.get() / 1024 * CREDIT_PER_KIB;
        let step = u64::try_from(step.as_millis()).unwrap_or(u64::MAX / 2);
        let time = self.remainder + step * FRAMES_PER_SECOND;
        self.remainder = time % 1000;
        // Credit pays at once and is not saved up: an emptied bucket stays empty.
        let drained = (credit - self.credit) + time / 1000;
        self.level = (self.level + (cost - self.cost)).saturating_sub(drained);
        (self.cost, self.credit) = (cost, credit);
        self.level > BURST
    }
}
