//! What one gateway does for all.

use crate::ControlPlane;
use gateway_store::Duty;
use std::time::Duration;

/// The pause between two prunings of the journal of renewals.
const PRUNING: Duration = Duration::from_secs(15 * 60);

impl ControlPlane {
    /// Removes old entries of the journal of renewals, which a shared store does not do at each renewal.
    pub(super) async fn keep_pruning(&self) {
        loop {
            tokio::time::sleep(PRUNING.mul_f64(0.9 + 0.2 * self.context.fraction())).await;
            self.prune().await;
        }
    }

    /// One round of it, if this gateway has that duty.
    pub(crate) async fn prune(&self) {
        if !self.leads(Duty::Pruning).await {
            return;
        }
        match self.context.store.prune_renewals().await {
            Ok(0) => {}
            Ok(entries) => tracing::debug!(
                entries,
                "old entries of the journal of renewals were removed"
            ),
            Err(error) => tracing::warn!(%error, "old entries of the journal of renewals stay"),
        }
    }

    /// Whether this gateway has a duty that one gateway has for all. While the database cannot say so, it
    /// has none: a reminder that is late is better than one that comes from each gateway.
    pub(crate) async fn leads(&self, duty: Duty) -> bool {
        match self.context.store.lead(duty).await {
            Ok(leads) => leads,
            Err(error) => {
                tracing::debug!(%error, ?duty, "it is not known which gateway has this duty");
                false
            }
        }
    }
}
