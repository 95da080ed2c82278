//! Consents under way.

use crate::statement::query;
use crate::store::commit;
use crate::{ConsentRecord, SecretDigest, Store, StoreError, Timestamp};
use gateway_model::AccountId;
use sqlx::{AnyConnection, Row as _};

type Result<T> = std::result::Result<T, StoreError>;

/// What became of a `state` parameter.
#[derive(Clone, Debug)]
pub enum TakenConsent {
    /// The consent; a second call does not get it.
    Fresh(ConsentRecord),
    /// It expired before the answer came.
    Expired,
    /// Its answer came already.
    Used,
    /// No consent has this `state`.
    Unknown,
}

impl Store {
    /// Keeps a consent until its answer comes.
    pub async fn add_consent(&self, consent: &ConsentRecord) -> Result<()> {
        let work = async {
            let mut tx = self.db.begin().await?;
            self.write_consent(&mut tx, consent).await?;
            commit(tx).await
        };
        self.db.write(work).await
    }

    pub(crate) async fn write_consent(
        &self,
        connection: &mut AnyConnection,
        consent: &ConsentRecord,
    ) -> Result<()> {
        let sql = "INSERT INTO consents (state, account, expires_at, sealed) \
                   VALUES ($1, $2, $3, $4)";
        let query = query(sql)
            .bind(consent.state.0.as_slice())
            .bind(consent.account.as_str())
            .bind(consent.expires_at.0)
            .bind(self.sealer().seal(consent)?);
        query.execute(connection).await?;
        Ok(())
    }

    /// Takes a consent, once: a second call is told that it was used.
    pub async fn take_consent(&self, state: &SecretDigest, now: Timestamp) -> Result<TakenConsent> {
        let work = async {
            let mut tx = self.db.begin().await?;
            // Looked at before it is opened, so that a used state is told apart from an unknown one.
            let used = query("SELECT used_at FROM consents WHERE state = $1");
            let used = used.bind(state.0.as_slice());
            let Some(row) = used.fetch_optional(&mut *tx).await? else {
                return Ok(TakenConsent::Unknown);
            };
            if row.try_get::<Option<i64>, _>(0)?.is_some() {
                return Ok(TakenConsent::Used);
            }
            let Some(consent) = self.get::<ConsentRecord>(&mut tx, &state.0).await? else {
                return Ok(TakenConsent::Used);
            };
            // The sealed time counts: the column beside it could have been changed.
            if consent.expires_at <= now {
                return Ok(TakenConsent::Expired);
            }
            // The condition makes it single-use even if two answers race.
            // The secret goes with the use; only the state's digest stays, to answer a second call.
            let sql = "UPDATE consents SET used_at = $2, sealed = NULL \
                       WHERE state = $1 AND used_at IS NULL";
            let query = query(sql).bind(state.0.as_slice()).bind(now.0);
            if query.execute(&mut *tx).await?.rows_affected() != 1 {
                return Ok(TakenConsent::Used);
            }
            commit(tx).await?;
            Ok(TakenConsent::Fresh(consent))
        };
        self.db.write(work).await
    }

    /// Gives a consent back that was taken and led to no sign-in: its state can be used again until it
    /// expires.
    pub async fn return_consent(&self, consent: &ConsentRecord) -> Result<()> {
        let work = async {
            let mut tx = self.db.begin().await?;
            // The row may be gone with its account; then there is nothing to give back.
            let sql = "UPDATE consents SET used_at = NULL, sealed = $2 WHERE state = $1";
            let query = query(sql)
                .bind(consent.state.0.as_slice())
                .bind(self.sealer().seal(consent)?);
            query.execute(&mut *tx).await?;
            commit(tx).await
        };
        self.db.write(work).await
    }

    /// Takes the newest consent of an account that was not used yet, for a person who copied only
    /// the code and not the state beside it.
    pub async fn take_consent_of(
        &self,
        account: &AccountId,
        now: Timestamp,
    ) -> Result<TakenConsent> {
        let work = async {
            // The newest: a person who copies only a code has just come from it.
            let sql = "SELECT state FROM consents WHERE account = $1 AND used_at IS NULL \
                       ORDER BY expires_at DESC LIMIT 1";
            let query = query(sql).bind(account.as_str());
            let mut tx = self.db.reader().await?;
            let row = query.fetch_optional(&mut *tx).await?;
            let state: Option<Vec<u8>> = row.map(|row| row.try_get(0)).transpose()?;
            Ok(state.and_then(|state| state.try_into().ok()))
        };
        match self.db.read(work).await? {
            // By the ordinary way, which makes it single-use.
            Some(state) => self.take_consent(&SecretDigest(state), now).await,
            None => Ok(TakenConsent::Unknown),
        }
    }

    /// Forgets consents that ended a day ago or earlier, and returns their number.
    pub async fn purge_consents(&self, now: Timestamp) -> Result<u64> {
        // A day, so that a late answer is told that its consent is over and not that it never was.
        const DAY: i64 = 24 * 60 * 60 * 1000;
        let work = async {
            let mut tx = self.db.begin().await?;
            let query = query("DELETE FROM consents WHERE expires_at < $1");
            let query = query.bind(now.0.saturating_sub(DAY));
            let gone = query.execute(&mut *tx).await?.rows_affected();
            commit(tx).await?;
            Ok(gone)
        };
        self.db.write(work).await
    }
}
