//! Grants: the ledger of what may be presented.
//!
//! Every change names the version, and where there is one the intent, that it follows from; it is
//! written only if both still hold. A caller that hears [`StoreError::Unavailable`] does not know
//! whether its change was written: it repeats the call with the same arguments, and the store
//! answers as if the first call had been heard.

mod back;
mod change;
mod right;
mod rows;

use crate::store::Store;
use crate::{
    Completion, GrantRecord, Intent, Presentation, RenewalEntry, Resolution, StoreChange,
    StoreError, Timestamp, meta,
};
use gateway_model::{AccountId, GrantStatus, GrantVersion, IntentId, SecretBytes};
use rows::GrantChange;
use sqlx::AnyConnection;

type Result<T> = std::result::Result<T, StoreError>;

/// Attempts at a change that another gateway's writes get in the way of.
const ATTEMPTS: u32 = 4;

impl Store {
    /// Every grant that opens.
    pub async fn grants(&self) -> Result<Vec<GrantRecord>> {
        self.read_all().await
    }

    /// Gives every grant that opens to `take`, one after another, so that a large store's grants
    /// need not be in memory together.
    pub async fn each_grant(&self, take: impl FnMut(GrantRecord)) -> Result<()> {
        self.read_each(take).await
    }

    /// Gives every grant that opens to `take` in no order, and for a large store on several threads
    /// at once.
    pub async fn spread_grants(
        &self,
        take: impl Fn(GrantRecord) + Clone + Send + 'static,
    ) -> Result<()> {
        self.read_through(|_| true, take, |()| ()).await
    }

    /// Gives the grants of the accounts that are wanted to `take`; the other grants stay sealed.
    pub async fn each_grant_of(
        &self,
        wanted: impl Fn(&str) -> bool,
        take: impl FnMut(GrantRecord),
    ) -> Result<()> {
        let wanted = |key: &[u8]| std::str::from_utf8(key).is_ok_and(&wanted);
        self.read_some(wanted, take).await
    }

    /// One account's grant.
    pub async fn grant(&self, account: &AccountId) -> Result<Option<GrantRecord>> {
        self.read_one(account.as_str().as_bytes()).await
    }

    /// The same, behind what is done for all other accounts: for work that every account may want at once.
    pub async fn grant_in_crowd(&self, account: &AccountId) -> Result<Option<GrantRecord>> {
        self.read_in_crowd(account.as_str().as_bytes()).await
    }

    /// Makes the intent to present a single-use grant durable. Only after `Ok` may it be presented.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if the grant is not at that version, or not in the state that `which`
    /// starts from.
    pub async fn record_intent(
        &self,
        account: &AccountId,
        version: GrantVersion,
        which: Presentation,
        intent: &Intent,
    ) -> Result<()> {
        let right = &self.right(account).await?;
        let once = || async {
            let recorded = self.db.change(async |tx| {
                for _ in 0..ATTEMPTS {
                    let kept = self.look_up_by(tx, account, right).await?;
                    let kept = kept.ok_or(StoreError::Fenced)?;
                    // Read and written in one transaction, so that two presentations cannot both start from `Held`.
                    let next = change::present(&kept.record, version, which, intent)?;
                    // Recorded before; its mark may not have reached its second place.
                    let Some(next) = next else {
                        return self.mark_in(tx).await;
                    };
                    let mark = self.advance_mark(tx).await?;
                    let change = GrantChange {
                        next: &right.signed(next),
                        completed: kept.completed.as_ref(),
                        entry: None,
                        told: false,
                    };
                    if self.write_change(tx, Some(&kept), change).await? {
                        return Ok(mark);
                    }
                }
                Err(contended())
            });
            // Only after the intent is durable: a mark ahead of the database would look like a loss.
            let mark = recorded.await?;
            self.db.write(self.keep_mark(mark)).await
        };
        self.write_twice(once).await
    }

    /// Keeps the carrier's raw answer, before anything reads it. If the database does not take it, the
    /// emergency slot beside it does, and the answer is moved over when the store is next opened.
    ///
    /// In a fleet any gateway may keep the answer to an intent that is open, also one that does not own the
    /// account any more: it may be the only copy of a rotated refresh token.
    pub async fn record_answer(
        &self,
        account: &AccountId,
        intent_id: &IntentId,
        answer: &SecretBytes,
    ) -> Result<()> {
        let owned = self
            .membership()
            .is_none_or(|me| me.fence(account).is_some());
        let once = || {
            self.db.change(async |tx| {
                for _ in 0..ATTEMPTS {
                    let kept = self.find_grant(tx, account).await?;
                    let change = GrantChange {
                        // Still signed by the intent's writer.
                        next: &change::answer(&kept.record, intent_id, answer)?,
                        completed: kept.completed.as_ref(),
                        entry: None,
                        // The owner learns that it can complete the grant.
                        told: !owned,
                    };
                    if self.write_change(tx, Some(&kept), change).await? {
                        return Ok(());
                    }
                }
                Err(contended())
            })
        };
        match self.write_twice(once).await {
            Ok(()) => Ok(()),
            // Not into the emergency slot: the answer belongs to a grant that a login has replaced.
            Err(StoreError::Fenced) => Err(StoreError::Fenced),
            Err(error) => self.keep_answer(account, intent_id, answer, error).await,
        }
    }

    /// Keeps an intent with the carrier's raw answer, if a failover of the database lost the intent and left the grant
    /// of that version in doubt. Needs no ownership, as [`Store::record_answer`] needs none.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if the grant is not in doubt for that reason.
    pub async fn end_doubt(
        &self,
        account: &AccountId,
        version: GrantVersion,
        intent: &Intent,
    ) -> Result<()> {
        self.db
            .change(async |tx| {
                for _ in 0..ATTEMPTS {
                    let kept = self.find_grant(tx, account).await?;
                    let change = GrantChange {
                        next: &change::end_doubt(&kept.record, version, intent)?,
                        completed: kept.completed.as_ref(),
                        entry: None,
                        told: true,
                    };
                    if self.write_change(tx, Some(&kept), change).await? {
                        return Ok(());
                    }
                }
                Err(contended())
            })
            .await
    }

    /// Writes what a successful authorization leaves, and the journal's entry, in one transaction;
    /// returns the grant's new version. Without an intent the grant is a repeatable one, and its row is
    /// created if there is none ([`GrantVersion::NONE`] then).
    pub async fn complete(
        &self,
        account: &AccountId,
        version: GrantVersion,
        intent_id: Option<&IntentId>,
        completion: &Completion,
        entry: &RenewalEntry,
    ) -> Result<GrantVersion> {
        let right = &self.right(account).await?;
        let once = || {
            self.db.change(async |tx| {
                for _ in 0..ATTEMPTS {
                    let found = self.look_up_by(tx, account, right).await?;
                    // A repeated call: the first one was written, and only its answer was lost.
                    if let Some(kept) = &found
                        && intent_id.is_some()
                        && kept.completed.as_ref() == intent_id
                        && kept.record.version == version.next()
                    {
                        return Ok(kept.record.version);
                    }
                    if found.is_none() {
                        // An account that was removed meanwhile must not come back as a grant.
                        self.find_account(tx, account).await?;
                    }
                    let grant = found.as_ref().map(|kept| &kept.record);
                    let next = change::complete(grant, account, version, intent_id, completion)?;
                    let change = GrantChange {
                        next: &right.signed(next),
                        completed: intent_id,
                        entry: Some(entry),
                        told: true,
                    };
                    if self.write_change(tx, found.as_ref(), change).await? {
                        return Ok(version.next());
                    }
                }
                Err(contended())
            })
        };
        self.write_twice(once).await
    }

    /// Writes what a failed presentation made of the grant, and the journal's entry. An intent whose
    /// outcome is unknown stays in the record, with its answer if there is one, so that the answer
    /// can still be completed.
    pub async fn resolve(
        &self,
        account: &AccountId,
        version: GrantVersion,
        intent_id: &IntentId,
        resolution: Resolution,
        entry: &RenewalEntry,
    ) -> Result<GrantStatus> {
        let right = &self.right(account).await?;
        let once = || {
            self.db.change(async |tx| {
                for _ in 0..ATTEMPTS {
                    let kept = self.look_up_by(tx, account, right).await?;
                    let kept = kept.ok_or(StoreError::Fenced)?;
                    let grant = &kept.record;
                    if kept.completed.as_ref() == Some(intent_id) && grant.version == version {
                        return Ok(grant.status);
                    }
                    let next = change::resolve(grant, version, intent_id, resolution)?;
                    let status = next.status;
                    let change = GrantChange {
                        next: &right.signed(next),
                        completed: Some(intent_id),
                        entry: Some(entry),
                        told: true,
                    };
                    if self.write_change(tx, Some(&kept), change).await? {
                        return Ok(status);
                    }
                }
                Err(contended())
            })
        };
        self.write_twice(once).await
    }

    /// Writes a new login's grant in place of the old one, even if that is damaged or being presented,
    /// and returns the new version. Late writers of older versions are fenced.
    pub async fn replace_grant(
        &self,
        account: &AccountId,
        completion: &Completion,
        consented_at: Timestamp,
    ) -> Result<GrantVersion> {
        let replaced = self.db.change(async |tx| {
            // A login for an account that was removed meanwhile must not bring it back.
            self.find_account(tx, account).await?;
            let version = match self.look_up_grant(tx, account).await {
                Ok(found) => found.map_or(GrantVersion::NONE, |kept| kept.record.version),
                // The damaged record's version cannot be read; milliseconds since 1970 exceed any.
                Err(StoreError::Corrupt { .. }) => GrantVersion(consented_at.0.max(0)),
                Err(error) => return Err(error),
            };
            let mut next = change::replace(account, version.next(), completion, consented_at);
            // At any gateway: a person's login needs no owner, and late writers of older versions are refused.
            next.written_by = self.membership().filter(|_| !self.is_alone()).map(|me| {
                let fence = me.fence(account).unwrap_or_default();
                (me.id.clone(), fence)
            });
            // The mark advances with each login, as an older copy would bring the old grant back.
            let mark = self.advance_mark(tx).await?;
            self.write_grant(tx, &next, None).await?;
            let (account, version) = (account.clone(), next.version);
            self.tell(tx, &StoreChange::Grant { account, version })
                .await?;
            Ok((version, mark))
        });
        let (version, mark) = replaced.await?;
        // The damaged record is gone, so the account may be served again.
        self.acquit::<GrantRecord>(account.as_str().as_bytes());
        self.db.write(self.keep_mark(mark)).await?;
        Ok(version)
    }

    /// Runs a change that may be repeated a second time if the first one's outcome is unknown.
    async fn write_twice<T, F>(&self, once: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        match self.db.write(once()).await {
            // Twice at most: a database that is away for longer is the caller's to wait for.
            Err(StoreError::Unavailable { .. }) => self.db.write(once()).await,
            result => result,
        }
    }

    /// The mark, read within a change. A store that several gateways use has none: it would be one row that all
    /// of them write at each presentation.
    async fn mark_in(&self, connection: &mut AnyConnection) -> Result<u64> {
        if self.is_shared() {
            return Ok(0);
        }
        meta::mark(connection).await
    }

    /// Counts one more thing that an older copy of the store would not know.
    pub(crate) async fn advance_mark(&self, connection: &mut AnyConnection) -> Result<u64> {
        if self.is_shared() {
            return Ok(0);
        }
        let mark = meta::mark(connection).await?.saturating_add(1);
        meta::put(connection, meta::MARK, &mark.to_be_bytes()).await?;
        Ok(mark)
    }
}

fn contended() -> StoreError {
    StoreError::Unavailable {
        why: "other gateways write the same grant again and again".to_owned(),
    }
}
