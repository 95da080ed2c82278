//! By which right a gateway changes a grant.

use crate::fleet::not_a_member;
use crate::membership::Membership;
use crate::{Fence, GrantRecord, ReplicaId, Store, StoreError};
use gateway_model::AccountId;
use std::sync::Arc;

/// By which right a grant is changed.
pub(super) enum Right {
    /// No other gateway can use the store.
    Alone,
    /// The account was claimed. Each write asks the database whether that still holds.
    Owner { me: Arc<Membership>, fence: Fence },
}

impl Store {
    /// Claims the account if that was not done yet.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if it is another gateway's.
    pub(super) async fn right(&self, account: &AccountId) -> Result<Right, StoreError> {
        if self.is_alone() {
            return Ok(Right::Alone);
        }
        let me = self.membership().ok_or_else(not_a_member)?;
        if let Some(fence) = me.fence(account) {
            return Ok(Right::Owner { me, fence });
        }
        if self.take(&me, account).await?.is_some() {
            return Err(StoreError::Fenced);
        }
        let fence = me.fence(account).ok_or(StoreError::Fenced)?;
        Ok(Right::Owner { me, fence })
    }
}

impl Right {
    /// The record, as this right writes it.
    pub(super) fn signed(&self, mut grant: GrantRecord) -> GrantRecord {
        grant.written_by = self.written_by();
        grant
    }

    fn written_by(&self) -> Option<(ReplicaId, Fence)> {
        match self {
            Self::Alone => None,
            Self::Owner { me, fence } => Some((me.id.clone(), *fence)),
        }
    }
}
