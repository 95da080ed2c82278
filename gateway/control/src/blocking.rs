//! Work that may block.

use crate::{ControlError, Fault};

/// Does work with plugins on a thread for blocking work: a plugin may take its time.
pub(crate) fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = Result<T, ControlError>> {
    let work = tokio::task::spawn_blocking(work);
    let lost = |_| {
        ControlError::new(
            Fault::Unavailable,
            "internal",
            "work with a plugin ended early",
        )
    };
    async move { work.await.map_err(lost) }
}
