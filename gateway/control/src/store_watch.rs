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
/// In a fleet each heartbeat writes as well: while they succeed, one try in four is made.
const LEFT_OUT: u32 = 3;

/// What the last try found.
#[derive(Debug, Default)]
pub(crate) struct StoreWatch {
    broken: AtomicBool,
}

impl ControlPlane {
    /// Tries the store until it is cancelled. The log has a line when the store stops working, and one
    /// when it works again.
    pub async fn watch_store(&self, cancel: CancellationToken) {
        let mut left_out = 0;
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(INTERVAL) => {}
            }
            let context = &self.context;
            let beats = context.store.is_shared() && context.fleet_state.problem().is_none();
            if beats && left_out < LEFT_OUT {
                left_out += 1;
                continue;
            }
            left_out = 0;
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
