//! Grants: the ledger of what may be presented.
//!
//! Every change names the version, and where there is one the intent, that it follows from; it is
//! written only if both still hold. A caller that hears [`StoreError::Unavailable`] does not know
//! whether its change was written: it repeats the call with the same arguments, and the store
//! answers as if the first call had been heard.

mod change;

use crate::store::Store;
use crate::{
    Completion, GrantRecord, Intent, Presentation, RenewalEntry, Resolution, StoreError, Timestamp,
    meta, renewals,
};
use gateway_model::{AccountId, GrantStatus, GrantVersion, IntentId, SecretBytes};
use sqlx::{AnyConnection, Row as _};

type Result<T> = std::result::Result<T, StoreError>;

/// A grant as its row has it.
pub(crate) struct KeptGrant {
    pub(crate) record: GrantRecord,
    /// The presentation whose outcome was written last.
    pub(crate) completed: Option<IntentId>,
}

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
        let once = || async {
            let recorded = self.db.change(async |tx| {
                let kept = self.find_grant(tx, account).await?;
                // Read and written in one transaction, so that two presentations cannot both start from `Held`.
                match change::present(&kept.record, version, which, intent)? {
                    Some(next) => {
                        let mark = self.advance_mark(tx).await?;
                        self.write_grant(tx, &next, kept.completed.as_ref()).await?;
                        Ok(mark)
                    }
                    // Recorded before; its mark may not have reached its second place.
                    None => meta::mark(tx).await,
                }
            });
            // Only after the intent is durable: a mark ahead of the database would look like a loss.
            let mark = recorded.await?;
            self.db.write(self.keep_mark(mark)).await
        };
        self.write_twice(once).await
    }

    /// Keeps the carrier's raw answer, before anything reads it. If the database does not take it, the
    /// emergency slot beside it does, and the answer is moved over when the store is next opened.
    pub async fn record_answer(
        &self,
        account: &AccountId,
        intent_id: &IntentId,
        answer: &SecretBytes,
    ) -> Result<()> {
        let once = || {
            self.db.change(async |tx| {
                let kept = self.find_grant(tx, account).await?;
                let next = change::answer(&kept.record, intent_id, answer)?;
                self.write_grant(tx, &next, kept.completed.as_ref()).await
            })
        };
        match self.write_twice(once).await {
            Ok(()) => Ok(()),
            // Not into the emergency slot: the answer belongs to a grant that a login has replaced.
            Err(StoreError::Fenced) => Err(StoreError::Fenced),
            Err(error) => self.keep_answer(account, intent_id, answer, error).await,
        }
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
        let once = || {
            self.db.change(async |tx| {
                let found = self.look_up_grant(tx, account).await?;
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
                self.write_grant(tx, &next, intent_id).await?;
                // With the grant in one transaction: the journal never tells of what was not written.
                renewals::insert(tx, entry).await?;
                Ok(next.version)
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
        let once = || {
            self.db.change(async |tx| {
                let kept = self.find_grant(tx, account).await?;
                let grant = kept.record;
                if kept.completed.as_ref() == Some(intent_id) && grant.version == version {
                    return Ok(grant.status);
                }
                let next = change::resolve(&grant, version, intent_id, resolution)?;
                self.write_grant(tx, &next, Some(intent_id)).await?;
                renewals::insert(tx, entry).await?;
                Ok(next.status)
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
            let next = change::replace(account, version.next(), completion, consented_at);
            // The mark advances with each login, as an older copy would bring the old grant back.
            let mark = self.advance_mark(tx).await?;
            self.write_grant(tx, &next, None).await?;
            Ok((next.version, mark))
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

    /// One account's grant, read within a change.
    async fn look_up_grant(
        &self,
        connection: &mut AnyConnection,
        account: &AccountId,
    ) -> Result<Option<KeptGrant>> {
        let key = account.as_str().as_bytes();
        let Some(grant) = self.get::<GrantRecord>(connection, key).await? else {
            return Ok(None);
        };
        // In clear, as it tells a repeated call apart without opening anything.
        let query = sqlx::query("SELECT done_intent FROM grants WHERE account = $1");
        let row = query.bind(account.as_str()).fetch_one(connection).await?;
        let completed: Option<String> = row.try_get(0)?;
        Ok(Some(KeptGrant {
            record: grant,
            completed: completed.map(IntentId::new),
        }))
    }

    pub(crate) async fn find_grant(
        &self,
        connection: &mut AnyConnection,
        account: &AccountId,
    ) -> Result<KeptGrant> {
        let found = self.look_up_grant(connection, account).await?;
        found.ok_or(StoreError::Fenced)
    }

    pub(crate) async fn write_grant(
        &self,
        connection: &mut AnyConnection,
        grant: &GrantRecord,
        completed: Option<&IntentId>,
    ) -> Result<()> {
        let sql = "INSERT INTO grants (account, done_intent, sealed) VALUES ($1, $2, $3) \
                   ON CONFLICT (account) DO UPDATE SET \
                   done_intent = excluded.done_intent, sealed = excluded.sealed";
        let sealed = self.sealer().seal(grant)?;
        let query = sqlx::query(sql).bind(grant.account.as_str());
        let query = query.bind(completed.map(IntentId::as_str));
        query.bind(sealed).execute(connection).await?;
        Ok(())
    }

    /// Counts one more thing that an older copy of the store would not know.
    pub(crate) async fn advance_mark(&self, connection: &mut AnyConnection) -> Result<u64> {
        let mark = meta::mark(connection).await?.saturating_add(1);
        meta::put(connection, meta::MARK, &mark.to_be_bytes()).await?;
        Ok(mark)
    }
}
