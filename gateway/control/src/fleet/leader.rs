//! What one gateway does for all.

use crate::ControlPlane;
use gateway_store::Duty;

impl ControlPlane {
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
