//! Two administrators at once: a change that rests on a page notices what others have changed since.
//!
//! The audit trail says who changed what, at every gateway, and has an entry before the change is made. So of two
//! changes at one moment the one with the later entry sees the other.

use crate::{
    ControlError, ControlPlane, Fault,
    basis::{Based, Basis},
    trail::view,
};
use gateway_api::AuditView;
use gateway_store::AuditId;
use std::sync::Arc;

/// Entries that a person is shown at most.
const MOST: u32 = 50;

impl ControlPlane {
    /// The same control plane, whose changes are refused with `overtaken` if others have changed the basis since.
    #[must_use]
    pub fn based_on(&self, basis: Arc<Basis>) -> Self {
        Self {
            based: Based(Some(basis)),
            ..self.clone()
        }
    }

    /// What others have changed of the basis since it was seen, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn changes_since(&self, basis: &Basis) -> Result<Vec<AuditView>, ControlError> {
        self.changes_before(basis, &[AuditId(i64::MAX)]).await
    }

    /// Of the own entries of a change, the last one is where the others' end.
    async fn changes_before(
        &self,
        basis: &Basis,
        own: &[AuditId],
    ) -> Result<Vec<AuditView>, ControlError> {
        let store = &self.context.store;
        let end = own.last().copied().unwrap_or(AuditId(i64::MAX));
        let entries = store.audit_between(&basis.subjects, basis.seen, end, MOST);
        let entries = entries.await?.into_iter().filter(|entry| {
            // One without an outcome is being made.
            let made = entry.outcome.as_deref().is_none_or(|it| it == "ok");
            made && basis.counts(&entry.action) && !own.contains(&entry.id)
        });
        Ok(entries.map(view).collect())
    }

    /// Refuses the change with these entries if its basis was changed before the last one, which is about `subject`.
    pub(crate) async fn check_basis(
        &self,
        subject: &str,
        own: &[AuditId],
    ) -> Result<(), ControlError> {
        let Based(Some(basis)) = &self.based else {
            return Ok(());
        };
        if !basis.subjects.iter().any(|it| it == subject)
            || self.changes_before(basis, own).await?.is_empty()
        {
            return Ok(());
        }
        basis.overtake();
        let message = "somebody else has changed it meanwhile, and nothing was changed by you";
        Err(ControlError::new(Fault::Conflict, "overtaken", message)
            .remedy("look at it as it is now, and do it again if it is still right"))
    }
}
