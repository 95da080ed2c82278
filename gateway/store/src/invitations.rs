//! Invitations to sign in at a carrier.

use crate::statement::query;
use crate::store::commit;
use crate::{InvitationRecord, Store, StoreError};

type Result<T> = std::result::Result<T, StoreError>;

/// How long an invitation is listed after its end.
const LISTED: i64 = 30 * 24 * 60 * 60 * 1000;

/// The id of the record of an invitation's n-th account, counted from 1.
pub fn invitation_record_id(invitation: &str, number: usize) -> String {
    match number {
        1 => invitation.to_owned(),
        number => format!("{invitation}-{number}"),
    }
}

/// The id of the invitation to which a record belongs.
pub fn invitation_of(record: &str) -> &str {
    record
        .split_once('-')
        .map_or(record, |(invitation, _)| invitation)
}

impl Store {
    /// Every record of an invitation that opens, by id.
    pub async fn invitations(&self) -> Result<Vec<InvitationRecord>> {
        self.read_all().await
    }

    /// One record of an invitation.
    pub async fn invitation(&self, id: &str) -> Result<Option<InvitationRecord>> {
        // PostgreSQL text cannot hold NUL, and an id comes from outside.
        if id.contains('\0') {
            return Ok(None);
        }
        self.read_one(id.as_bytes()).await
    }

    /// All records of one invitation, the first one first.
    pub async fn records_of_invitation(&self, id: &str) -> Result<Vec<InvitationRecord>> {
        let mut records = Vec::new();
        // All keys are looked at: there are few, and those of the other accounts stand if the first one's is gone.
        let wanted = |key: &[u8]| str::from_utf8(key).is_ok_and(|key| invitation_of(key) == id);
        self.read_some(wanted, |record: InvitationRecord| records.push(record))
            .await?;
        // By key, `-10` would come before `-2`.
        records.sort_by_key(|record| (record.id.len(), record.id.clone()));
        Ok(records)
    }

    /// Adds the records of an invitation, and forgets those that ended 30 days before this one was made.
    pub async fn add_invitation(&self, records: &[InvitationRecord]) -> Result<()> {
        let work = async {
            let mut tx = self.db.begin().await?;
            for invitation in records {
                let old = query("DELETE FROM invitations WHERE expires_at < $1");
                let old = old.bind(invitation.created_at.0.saturating_sub(LISTED));
                old.execute(&mut *tx).await?;
                let sql = "INSERT INTO invitations (id, account, expires_at, revision, sealed) \
                           VALUES ($1, $2, $3, $4, $5)";
                let query = query(sql)
                    .bind(invitation.id.as_str())
                    .bind(invitation.account.as_str())
                    .bind(invitation.expires_at.0)
                    .bind(invitation.revision)
                    .bind(self.sealer().seal(invitation)?);
                query.execute(&mut *tx).await?;
            }
            commit(tx).await
        };
        self.db.write(work).await
    }

    /// Replaces a record if it is still at the revision that `invitation` was made from.
    ///
    /// # Errors
    /// [`StoreError::Stale`] if another change was faster, or the invitation is gone.
    pub async fn update_invitation(&self, invitation: &InvitationRecord) -> Result<()> {
        let work = async {
            let mut tx = self.db.begin().await?;
            let mut next = invitation.clone();
            next.revision += 1;
            // The condition decides between two gateways that change it at one moment.
            let sql = "UPDATE invitations SET revision = $2, sealed = $3 \
                       WHERE id = $1 AND revision = $4";
            let query = query(sql)
                .bind(next.id.as_str())
                .bind(next.revision)
                .bind(self.sealer().seal(&next)?)
                .bind(invitation.revision);
            if query.execute(&mut *tx).await?.rows_affected() != 1 {
                return Err(StoreError::Stale);
            }
            commit(tx).await
        };
        self.db.write(work).await
    }
}
