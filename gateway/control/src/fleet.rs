//! This gateway as a member of a fleet: several gateways on one PostgreSQL.
//!
//! | File | Contents |
//! |---|---|
//! | `membership` | joins, sends heartbeats, notices who is live, leaves |
//! | `batch`, `changes` | what other gateways changed or ask for reaches the broker and the data plane |
//! | `sweep` | compares everything, for messages that were missed |
//! | `leader` | what one gateway does for all |
//! | `view` | the gateways of the fleet, as operators see them |
//!
//! With a store that is not shared nothing here does anything.

mod batch;
mod changes;
mod leader;
mod membership;
mod sweep;
mod view;

pub use view::FleetStatus;

use crate::ControlPlane;
use tokio_util::sync::CancellationToken;

impl ControlPlane {
    /// Takes part in the fleet until it is cancelled.
    pub async fn run_fleet(&self, cancel: CancellationToken) {
        let Some(changes) = self.context.store.changes() else {
            return cancel.cancelled().await;
        };
        let pending = batch::Pending::default();
        // Only the leader reviews accounts; the others count the notices that are there.
        pending.add(|batch| batch.notices = true);
        let work = async {
            tokio::join!(
                self.keep_membership(&pending),
                self.receive(changes, &pending),
                self.keep_applying(&pending),
                self.keep_sweeping(&pending),
                self.keep_pruning(),
            );
        };
        tokio::select! {
            () = cancel.cancelled() => {}
            () = work => {}
        }
    }
}
