//! Every change has an entry in the audit trail before it is made.

use crate::{Actor, ControlError, ControlPlane};
use gateway_store::AuditId;
use serde_json::{Value, json};
use std::future::Future;

impl ControlPlane {
    /// Records an audit entry, does `work`, and records its outcome. If the entry cannot be recorded,
    /// nothing is done. `detail` is for people and never contains a secret.
    pub(crate) fn audited<T>(
        &self,
        actor: &Actor,
        action: &str,
        subject: &str,
        detail: Value,
        work: impl Future<Output = Result<T, ControlError>>,
    ) -> impl Future<Output = Result<T, ControlError>> {
        self.audited_as(actor, vec![(action, subject)], detail, work)
    }

    /// The same with several entries, each an action and its subject: what one change does to each of them.
    pub(crate) async fn audited_as<T>(
        &self,
        actor: &Actor,
        entries: Vec<(&str, &str)>,
        detail: Value,
        work: impl Future<Output = Result<T, ControlError>>,
    ) -> Result<T, ControlError> {
        let detail = self.told_by_replica(detail).to_string();
        let mut begun = Vec::new();
        // The entries are durable before the work begins: after a crash they are the trace of a change whose
        // outcome is not known.
        let result = match self.begin_all(actor, &entries, &detail, &mut begun).await {
            Ok(()) => work.await,
            Err(error) => Err(error),
        };
        let outcome = match &result {
            Ok(_) => "ok",
            Err(error) => error.code,
        };
        for (id, (action, subject)) in begun.into_iter().zip(entries) {
            // The change is made: failing it now, because its outcome cannot be recorded, would mislead.
            if let Err(error) = self.context.store.audit_end(id, outcome).await {
                // With everything that the entry lacks, so that the log can stand in for it.
                tracing::error!(%error, action, subject, outcome, "an audit entry has no outcome");
            }
            tracing::info!(actor = %actor.0, action, subject, outcome, "changed");
        }
        result
    }

    async fn begin_all(
        &self,
        actor: &Actor,
        entries: &[(&str, &str)],
        detail: &str,
        begun: &mut Vec<AuditId>,
    ) -> Result<(), ControlError> {
        let (store, now) = (&self.context.store, self.context.now());
        for (action, subject) in entries {
            let entry = store.audit_begin(now, &actor.0, action, subject, detail);
            begun.push(entry.await?);
            self.check_basis(subject, begun).await?;
        }
        Ok(())
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
