//! The audit trail, open notices and the status.

use crate::{ControlError, ControlPlane, api_time};
use gateway_api::{AuditView, NoticeView, StatusView};
use gateway_model::AccountId;
use gateway_store::{AuditEntry, AuditId, NoticeRecord};

/// The maximum number of audit entries in one response.
const MAX_AUDIT: usize = 500;

impl ControlPlane {
    /// Checks that the store is there and takes changes: one is tried and rolled back.
    ///
    /// # Errors
    /// When it does not; the error says why and what to do.
    pub async fn check_store(&self) -> Result<(), ControlError> {
        Ok(self.context.store.healthy().await?)
    }

    /// The latest audit entries before entry `before`, newest first; at most 500.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn audit(
        &self,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditView>, ControlError> {
        let limit = u32::try_from(limit.clamp(1, MAX_AUDIT)).unwrap_or(1);
        let entries = self.context.store.audit(before.map(AuditId), limit).await?;
        Ok(entries.into_iter().map(view).collect())
    }

    /// Open notices, the most severe first. Of an account's notices of one kind only the newest is
    /// returned, because a notice is repeated each day.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn notices(&self) -> Result<Vec<NoticeView>, ControlError> {
        Ok(newest(self.context.store.notices(true).await?))
    }

    /// The most severe open notices, at most `limit`, and how many are open.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn urgent_notices(&self, limit: u32) -> Result<(Vec<NoticeView>, u64), ControlError> {
        let (notices, open) = self.context.store.urgent_notices(limit).await?;
        Ok((notices.into_iter().map(notice).collect(), open))
    }

    /// The open notices of one account.
    pub(crate) async fn notices_of(
        &self,
        account: &AccountId,
    ) -> Result<Vec<NoticeView>, ControlError> {
        Ok(newest(self.context.store.notices_of(account).await?))
    }

    /// The version of this program.
    pub fn version(&self) -> String {
        self.context.settings().version.to_owned()
    }

    /// The kind of the store: `memory`, `sqlite` or `postgres`.
    pub fn store_kind(&self) -> &'static str {
        self.context.store.kind()
    }

    /// Whether other gateways share the store.
    pub fn is_in_fleet(&self) -> bool {
        self.fleet_view().is_some()
    }

    /// The gateway as a whole.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn status(&self) -> Result<StatusView, ControlError> {
        let context = &self.context;
        Ok(StatusView {
            version: context.settings().version.to_owned(),
            store: context.store.kind().to_owned(),
            redirect_uri: context.redirect_uri(),
            accounts: self.served_count().await?,
            // Counted, not described: every command asks this first, and there may be 10,000 accounts.
            usable: context.broker.handle().usable(),
            notices: self.notices().await?,
            fleet: self.fleet_view(),
        })
    }
}

/// An entry, as it is sent.
pub(crate) fn view(entry: AuditEntry) -> AuditView {
    AuditView {
        id: entry.id.0,
        at: api_time::from_store(entry.at),
        actor: entry.actor,
        action: entry.action,
        subject: entry.subject,
        // Written by this program, so it parses; an entry of a later version must still be shown.
        detail: serde_json::from_str(&entry.detail).unwrap_or_default(),
        outcome: entry.outcome,
    }
}

/// The newest notice of each account and kind, the most severe first.
fn newest(mut open: Vec<NoticeRecord>) -> Vec<NoticeView> {
    // Newest first within an account and kind, so that the deduplication keeps the newest.
    open.sort_by(|one, other| {
        (other.kind, &one.account, other.created_at).cmp(&(
            one.kind,
            &other.account,
            one.created_at,
        ))
    });
    open.dedup_by(|later, first| later.kind == first.kind && later.account == first.account);
    open.into_iter().map(notice).collect()
}

fn notice(record: NoticeRecord) -> NoticeView {
    NoticeView {
        account: record.account,
        kind: record.kind,
        at: api_time::from_store(record.created_at),
        message: record.message,
    }
}
