//! How often an app may call.

use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// How often an app may send a request, over all workers together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// Requests per second in the long run.
    pub per_second: NonZeroU32,
    /// Requests at once, after a pause.
    pub burst: NonZeroU32,
}
