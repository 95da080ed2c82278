//! Whether the store works: tried every few seconds, so that an operator hears of it before a login has
//! to be renewed.

use crate::ControlPlane;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// The pause between two tries.
const INTERVAL: Duration = Duration::from_secs(5);

/// What the last try found.
#[derive(Debug, Default)]
pub(crate) struct StoreWatch {
    broken: AtomicBool,
}

impl ControlPlane {
    /// Tries the store until it is cancelled. The log has a line when the store stops working, and one
    /// when it works again.
    pub async fn watch_store(&self, cancel: CancellationToken) {
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(INTERVAL) => {}
            }
            let found = self.check_store().await;
            let was_broken = self
                .context
                .store_watch
                .broken
                .swap(found.is_err(), Ordering::Relaxed);
            match found {
                Err(error) if !was_broken => {
                    tracing::error!(code = error.code, %error, "the store cannot be used");
                }
                Ok(()) if was_broken => tracing::info!("the store can be used again"),
                Ok(()) | Err(_) => {}
            }
        }
    }

    /// Whether the store worked at the last try of [`watch_store`](Self::watch_store).
    pub fn store_usable(&self) -> bool {
        !self.context.store_watch.broken.load(Ordering::Relaxed)
    }
}
