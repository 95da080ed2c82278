//! Waiting for what another program brings about.

use std::{future::Future, time::Duration};

/// No test waits longer for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits for a condition.
///
/// # Panics
/// When it does not come within half a minute.
#[track_caller]
pub fn eventually(
    what: &str,
    mut condition: impl AsyncFnMut() -> bool,
) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let looking = async {
            while !condition().await {
                tokio::time::sleep(PAUSE).await;
            }
        };
        // One limit for all tests, far above what a busy machine needs: it ends a test that hangs, no more.
        let came = tokio::time::timeout(PATIENCE, looking).await;
        assert!(came.is_ok(), "never: {what} ({caller})");
    }
}

/// The future's value.
///
/// # Panics
/// When it takes longer than half a minute.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let value = tokio::time::timeout(PATIENCE, future).await;
    value.unwrap_or_else(|_| unreachable!("too late: {what}"))
}
