//! Every change is on record before it is made (security requirement U6).

use crate::{Actor, ControlError, ControlPlane};
use serde_json::Value;
use std::future::Future;

impl ControlPlane {
    /// Does `work` between its audit entry and the entry's outcome. Without an entry nothing is
    /// done. `detail` is for people and never holds a secret.
    pub(crate) async fn audited<T>(
        &self,
        actor: &Actor,
        action: &str,
        subject: &str,
        detail: Value,
        work: impl Future<Output = Result<T, ControlError>>,
    ) -> Result<T, ControlError> {
        let store = &self.shared.store;
        let (now, detail) = (self.shared.now(), detail.to_string());
        let id = store
            .audit_begin(now, &actor.0, action, subject, &detail)
            .await?;
        let result = work.await;
        let outcome = match &result {
            Ok(_) => "ok",
            Err(error) => error.code,
        };
        if let Err(error) = store.audit_end(id, outcome).await {
            tracing::error!(%error, action, subject, outcome, "an audit entry has no outcome");
        }
        tracing::info!(actor = %actor.0, action, subject, outcome, "changed");
        result
    }
}
