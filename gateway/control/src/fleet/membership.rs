//! Joins the fleet, stays a member, and leaves.

use super::batch::Pending;
use crate::{ControlError, ControlPlane, fleet_state::Members, publication::Touched};
use gateway_plugin_host::CatalogEntry;
use gateway_store::{FleetOptions, Heartbeat, ReplicaInfo, ReplicaState};
use std::{sync::Arc, time::Duration};

/// A lease lasts for so many heartbeats, so that one that is lost or late ends nothing.
const HEARTBEATS: u32 = 3;
/// How long after the end of another gateway's lease a gateway looks whether that is still there.
const AFTER: Duration = Duration::from_millis(50);

impl ControlPlane {
    /// Becomes a member of the store's fleet, before anything of the store is used.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn join_fleet(&self) -> Result<(), ControlError> {
        let context = &self.context;
        let settings = context.settings();
        let me = ReplicaInfo {
            name: settings.fleet.name.clone(),
            version: settings.version.to_owned(),
        };
        let options = FleetOptions {
            lease: settings.fleet.lease,
            request_deadline: settings.request_timeout,
        };
        let clock = Arc::clone(&context.clock);
        let state = self.replica_state();
        let id = context.store.join(&me, &state, &options, clock).await?;
        self.look_around().await?;
        if context.store.is_shared() {
            let members = context.fleet_state.members().live.len();
            tracing::info!(replica = %id, name = me.name, members, "this gateway is in the fleet");
        }
        Ok(())
    }

    /// Gives up this gateway's accounts, so that another one can renew them at once. For the very end: after
    /// it nothing of a grant can be written.
    pub async fn leave_fleet(&self) {
        if let Err(error) = self.context.store.leave().await {
            tracing::warn!(%error, "this gateway could not leave the fleet: its lease ends by itself");
        }
    }

    /// Sends heartbeats, and joins anew when the lease is over. A change that takes long never delays one.
    pub(super) async fn keep_membership(&self, pending: &Pending) {
        let pause = self.context.settings().fleet.lease / HEARTBEATS;
        loop {
            // A gateway that has died is noticed when its lease ends, not at the heartbeat after it.
            let first_end = self.context.fleet_state.members().first_end;
            let soon = first_end.map_or(pause, |end| pause.min(end + AFTER));
            tokio::time::sleep(soon).await;
            self.beat(pending).await;
        }
    }

    async fn beat(&self, pending: &Pending) {
        let context = &self.context;
        let problem = match context.store.heartbeat(&self.replica_state()).await {
            Ok(Heartbeat::Live) => self.look_around_for(pending).await.err(),
            Ok(Heartbeat::Lost) => {
                tracing::error!(
                    "the lease of this gateway is over, because its heartbeats came too late: it serves the \
                     tokens that it holds, and joins the fleet again"
                );
                let joined = self.join_fleet().await;
                // Others have renewed its accounts meanwhile, and it may have slept through their messages.
                pending.add(|batch| batch.resync = true);
                joined.err()
            }
            Err(error) => Some(error.into()),
        };
        let message = problem.map(|error| error.message);
        let before = context.fleet_state.set_problem(message.clone());
        match (before, message) {
            (None, Some(why)) => tracing::error!(why, "this gateway cannot send a heartbeat"),
            (Some(_), None) => tracing::info!("this gateway sends heartbeats again"),
            (None, None) | (Some(_), Some(_)) => {}
        }
    }

    /// Asked anew for each heartbeat, because a reload changes it.
    fn replica_state(&self) -> ReplicaState {
        let context = &self.context;
        ReplicaState {
            plugins: plugins(&context.plugins.entries()),
            declared: context.fleet_state.declared(),
            accounts: u64::try_from(context.broker.handle().usable()).unwrap_or(u64::MAX),
        }
    }

    async fn look_around_for(&self, pending: &Pending) -> Result<(), ControlError> {
        if self.look_around().await? {
            pending.add(|batch| batch.share = true);
        }
        Ok(())
    }

    /// Notices which gateways are live, and returns whether they are others than before.
    pub(super) async fn look_around(&self) -> Result<bool, ControlError> {
        let context = &self.context;
        let replicas = context.store.replicas().await?;
        let members = Members::of(&replicas);
        let live: Vec<_> = members.live.iter().cloned().collect();
        let known = !context.fleet_state.members().live.is_empty();
        let changed = context.fleet_state.replace(members);
        if changed {
            if known {
                tracing::info!(
                    live = live.len(),
                    "other gateways are in the fleet than before"
                );
            }
            // Whoever waits for a gateway that is gone takes its account over.
            context.broker.replicas_changed(&live);
            // The leader may be gone.
            context.reminder_state.review.notify_one();
        }
        Ok(changed)
    }

    /// Publishes this gateway's share of the rates of apps.
    pub(super) async fn publish_share(&self) -> Result<(), ControlError> {
        let _turn = self.context.changes.lock().await;
        let known = self.context.served().take();
        self.publish(known, Touched::Share).await
    }
}

/// The plugins that run, one a line.
fn plugins(entries: &[Arc<CatalogEntry>]) -> String {
    let running = entries.iter().filter(|entry| entry.plugin().is_some());
    let mut lines: Vec<String> = running
        .filter_map(|entry| {
            let manifest = entry.manifest()?;
            let digest = entry.sha256()?;
            Some(format!("{} {} {digest}", manifest.name, manifest.version))
        })
        .collect();
    lines.sort();
    lines.join("\n")
}
