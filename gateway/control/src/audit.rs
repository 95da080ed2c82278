//! Every change has an entry in the audit trail before it is made.

use crate::{Actor, ControlError, ControlPlane};
use serde_json::{Value, json};
use std::future::Future;

impl ControlPlane {
    /// Records an audit entry, does `work`, and records its outcome. If the entry cannot be recorded,
    /// nothing is done. `detail` is for people and never contains a secret.
    pub(crate) async fn audited<T>(
        &self,
        actor: &Actor,
        action: &str,
        subject: &str,
        detail: Value,
        work: impl Future<Output = Result<T, ControlError>>,
    ) -> Result<T, ControlError> {
        let store = &self.context.store;
        let (now, detail) = (self.context.now(), self.told_by_replica(detail).to_string());
        let id = store
            .audit_begin(now, &actor.0, action, subject, &detail)
            .await?;
        // The entry is durable before the work begins: after a crash it is the trace of a change whose
        // outcome is not known.
        let result = match self.check_basis(subject, id).await {
            Ok(()) => work.await,
            Err(overtaken) => Err(overtaken),
        };
        let outcome = match &result {
            Ok(_) => "ok",
            Err(error) => error.code,
        };
        // The change is made: failing it now, because its outcome cannot be recorded, would mislead.
        if let Err(error) = store.audit_end(id, outcome).await {
            // With everything that the entry lacks, so that the log can stand in for it.
            tracing::error!(%error, action, subject, outcome, "an audit entry has no outcome");
        }
        tracing::info!(actor = %actor.0, action, subject, outcome, "changed");
        result
    }

    /// The detail, with the name of this gateway if there may be others.
    fn told_by_replica(&self, mut detail: Value) -> Value {
        if self.context.store.is_shared()
            && let Value::Object(facts) = &mut detail
        {
            let name = self.context.settings().fleet.name.clone();
            facts.insert("replica".to_owned(), json!(name));
        }
        detail
    }
}
