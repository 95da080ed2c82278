//! The gateways of the fleet, as operators see them.

use crate::{ControlError, ControlPlane, api_time};
use gateway_api::{FleetView, ReplicaView};
use gateway_store::ReplicaRecord;

/// How the gateway takes part in a fleet, without asking the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetStatus {
    /// The gateway's own name.
    pub name: String,
    /// The number of gateways that are live.
    pub replicas: usize,
    /// The number of accounts that this gateway renews.
    pub accounts: u64,
    /// How often everything was compared, because a message may have been missed.
    pub resyncs: u64,
    /// Why this gateway renews nothing at the moment.
    pub problem: Option<String>,
}

impl ControlPlane {
    /// The gateways that share the store, ordered by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn replicas(&self) -> Result<Vec<ReplicaView>, ControlError> {
        let context = &self.context;
        let mut replicas = context.store.replicas().await?;
        for this in replicas.iter_mut().filter(|replica| replica.this) {
            // It knows better than its last heartbeat.
            this.accounts = count(context.broker.handle().usable());
            if !context.store.is_shared() {
                this.owned = count(context.all_wired().len());
            }
        }
        // Two gateways may have one name.
        replicas.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
        Ok(replicas.into_iter().map(view).collect())
    }

    /// How many gateways serve together; 1 if the store is not shared. Nothing is asked of the store.
    pub fn gateways(&self) -> u32 {
        let live = self.context.fleet_state.members().live.len();
        u32::try_from(live).unwrap_or(u32::MAX).max(1)
    }

    /// How the gateway takes part in a fleet; none if its store is not shared. Nothing is asked of the store.
    pub fn fleet_status(&self) -> Option<FleetStatus> {
        let context = &self.context;
        if !context.store.is_shared() {
            return None;
        }
        let (state, members) = (&context.fleet_state, context.fleet_state.members());
        let lost = (!context.store.may_present()).then(|| {
            let why = state.problem();
            let why = why.unwrap_or_else(|| "no heartbeat reached the database in time".to_owned());
            format!("the lease of this gateway is over: {why}")
        });
        Some(FleetStatus {
            name: context.settings().fleet.name.clone(),
            replicas: members.live.len(),
            accounts: members.accounts,
            resyncs: state.resyncs(),
            problem: lost,
        })
    }

    /// The same for the admin API.
    pub(crate) fn fleet_view(&self) -> Option<FleetView> {
        self.fleet_status().map(|status| FleetView {
            name: status.name,
            replicas: status.replicas,
            problem: status.problem,
        })
    }
}

fn view(replica: ReplicaRecord) -> ReplicaView {
    ReplicaView {
        id: replica.id.to_string(),
        name: replica.name,
        version: replica.version,
        plugins: replica.plugins.lines().map(str::to_owned).collect(),
        declared: replica.declared,
        started_at: api_time::from_store(replica.started_at),
        live: replica.live,
        this: replica.this,
        last_heartbeat_ms: not_negative(replica.seen_ms_ago),
        lease_ms: not_negative(replica.ends_in_ms),
        usable: replica.accounts,
        renews: replica.owned,
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// A heartbeat of a moment ago may seem to be of the future, and a lease that is over has a negative rest.
fn not_negative(milliseconds: i64) -> u64 {
    u64::try_from(milliseconds).unwrap_or(0)
}
