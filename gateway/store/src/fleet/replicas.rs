//! The gateways on a database, and their leases.

use crate::membership::Membership;
use crate::{
    FleetOptions, Heartbeat, ReplicaId, ReplicaInfo, ReplicaRecord, Store, StoreError, Timestamp,
    seal,
};
use gateway_model::Clock;
use std::sync::{Arc, PoisonError};

type Result<T> = std::result::Result<T, StoreError>;

impl Store {
    /// Whether other gateways may use the store at the same time.
    pub fn is_shared(&self) -> bool {
        matches!(self.db.backend, crate::db::Backend::Postgres)
    }

    /// Becomes a member of the fleet, under a new identifier.
    pub async fn join(
        &self,
        me: &ReplicaInfo,
        options: &FleetOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<ReplicaId> {
        let mut random = [0; 16];
        seal::random(&mut random)?;
        let id = ReplicaId::from_random(u128::from_be_bytes(random));
        let (sent, started_at) = (clock.now(), Timestamp::from(clock.wall()));
        let membership = Membership::new(id.clone(), me.clone(), started_at, *options, clock, sent);
        let place = self.shared.membership.write();
        *place.unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(membership));
        Ok(id)
    }

    /// Extends the lease. `accounts` is how many accounts this gateway serves, for people.
    pub async fn heartbeat(&self, accounts: u64) -> Result<Heartbeat> {
        let Some(membership) = self.membership() else {
            return Ok(Heartbeat::Lost);
        };
        membership.serves(accounts);
        membership.extended(membership.now());
        Ok(Heartbeat::Live)
    }

    /// Leaves the fleet: the accounts of this gateway are free at once.
    pub async fn leave(&self) -> Result<()> {
        let place = self.shared.membership.write();
        let left = place.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(membership) = left {
            membership.ended();
        }
        Ok(())
    }

    /// The gateways on the database, the oldest first.
    pub async fn replicas(&self) -> Result<Vec<ReplicaRecord>> {
        let membership = self.membership();
        Ok(membership.iter().map(|me| me.record()).collect())
    }

    /// Whether this gateway may still present a refresh token. Asked right before the token leaves, because
    /// a process that was frozen wakes after its lease has ended.
    pub fn may_present(&self) -> bool {
        !self.is_shared() || self.membership().is_some_and(|me| me.holds())
    }

    pub(crate) fn membership(&self) -> Option<Arc<Membership>> {
        let membership = self.shared.membership.read();
        membership.unwrap_or_else(PoisonError::into_inner).clone()
    }
}
