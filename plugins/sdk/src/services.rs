//! Clock, randomness and log: of the gateway, or of a test.

use crate::{Error, Result};

/// What a plugin gets from its surroundings besides network and timers.
pub(crate) trait Services: Send + Sync {
    /// Milliseconds since the Unix epoch.
    fn now_unix_ms(&self) -> u64;
    /// Fills `dst` from a cryptographic generator; false if there is none.
    fn random(&self, dst: &mut [u8]) -> bool;
    /// Level 0 (fatal) to 5 (trace).
    fn log(&self, level: u32, message: &str);
}

pub(crate) fn random(services: &dyn Services, dst: &mut [u8]) -> Result<()> {
    if services.random(dst) {
        Ok(())
    } else {
        Err(Error::bug(
            "no_random",
            "this gateway offers plugins no random numbers",
        ))
    }
}
