//! What every request of the admin listener may need.

use crate::{
    error::AdminError, handle::AdminHandle, live::LiveRequests, readiness::Latch,
    runtime_status::RuntimeStatus, store_probe::StoreProbe, throttle::Throttle,
};
use gateway_control::ControlPlane;
use gateway_model::Clock;
use std::{net::IpAddr, sync::Arc};
use tokio_util::task::TaskTracker;

/// What every request of the admin listener may need. Cheap to clone.
#[derive(Clone)]
pub(crate) struct AdminContext {
    pub(crate) runtime: Arc<dyn RuntimeStatus>,
    pub(crate) latch: Latch,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) access: AdminHandle,
    /// What the API works on; without it the API responds with 503.
    pub(crate) control: Option<ControlPlane>,
    pub(crate) throttle: Arc<Throttle>,
    pub(crate) store: Arc<StoreProbe>,
    /// New requests, for whoever looks.
    pub(crate) live: Arc<LiveRequests>,
    /// Connections, and requests that outlive theirs.
    pub(crate) tasks: TaskTracker,
}

impl AdminContext {
    /// Counts a credential that is missing or wrong against the address that it came from.
    ///
    /// # Errors
    /// With the time to wait, when there were too many.
    pub(crate) fn count_guess(&self, peer: IpAddr) -> Result<(), AdminError> {
        let gateways = self.control.as_ref().map_or(1, ControlPlane::gateways);
        let counted = self.throttle.guess(peer, gateways, self.clock.now());
        counted.map_err(AdminError::TooMany)
    }
}

/// The client: the address at the other end of the connection, or the one that a trusted proxy names.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);
