//! Which gateway requests tokens for an account.
//!
//! An account belongs to the gateway that claimed it last, as long as that gateway lives. A claim is made when
//! a token has to be requested, and not before.

use crate::membership::Membership;
use crate::recover::doubt;
use crate::statement::query;
use crate::table::account;
use crate::{Claim, Fence, GrantRecord, Ownership, ReplicaId, RestoredFrom, Store, StoreError};
use gateway_model::AccountId;
use sqlx::{AnyConnection, Row as _};
use std::time::Duration;

type Result<T> = std::result::Result<T, StoreError>;

/// Waits for a heartbeat that is under way, and keeps later ones out: from here on the owner is dead for good.
const BURY: &str = "UPDATE replicas SET dead = true \
     WHERE id = $1 AND NOT dead AND until <= clock_timestamp()";
const OWNER: &str = "SELECT dead, \
     (extract(epoch FROM until - clock_timestamp()) * 1000)::bigint, timeline \
     FROM replicas WHERE id = $1";

/// An owner that is not alive.
pub(super) struct DeadOwner {
    /// How long its lease still seemed to last to itself, and a request after that.
    pub(super) settled_in: Duration,
    /// The database's timeline when it was alive.
    pub(super) timeline: Option<String>,
}

impl Store {
    /// Makes this gateway the account's owner if no other gateway is.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] also if this gateway is no live member of the fleet.
    pub async fn claim(&self, account: &AccountId) -> Result<Claim> {
        if self.is_alone() {
            return Ok(Claim::Mine);
        }
        let me = self.membership().ok_or_else(not_a_member)?;
        if !me.holds() || me.fence(account).is_none() {
            let claimed = self.take(&me, account).await;
            if !matches!(claimed, Ok(None)) {
                me.forget(account);
            }
            if let Some(owner) = claimed? {
                return Ok(Claim::Theirs { owner });
            }
        }
        match me.claim(account) {
            Some(Some(settled_in)) => Ok(Claim::Taken { settled_in }),
            Some(None) => Ok(Claim::Mine),
            // Lost in the same moment: somebody found this gateway dead.
            None => Err(ended(&me)),
        }
    }

    /// Neither was the account free, nor has it an owner.
    pub(super) async fn why_unclaimed(
        &self,
        connection: &mut AnyConnection,
        me: &Membership,
        account: &AccountId,
    ) -> StoreError {
        match self.find_account(connection, account).await {
            Ok(_) => ended(me),
            Err(error) => error,
        }
    }

    /// The owner died before a standby was promoted, which may lack its newest intent: what it could present,
    /// it may have presented.
    pub(super) async fn doubt_after_failover(
        &self,
        connection: &mut AnyConnection,
        me: &Membership,
        account: &AccountId,
        fence: Fence,
    ) -> Result<()> {
        let key = account.as_str().as_bytes();
        let Some(grant) = self.sound::<GrantRecord>(connection, key).await? else {
            return Ok(());
        };
        // An open intent is doubted by the recovery that follows.
        if grant.intent.is_some() {
            return Ok(());
        }
        if let Some(mut doubtful) = doubt(&grant, RestoredFrom::OlderCopy) {
            doubtful.written_by = Some((me.id.clone(), fence));
            self.write_grant(connection, &doubtful, None).await?;
            tracing::warn!(
                %account,
                "the database failed over after the account's gateway died: its grant may have been presented \
                 since, so it is in doubt"
            );
        }
        Ok(())
    }

    /// The account's owner; `None` if nobody has claimed it.
    pub async fn owner_of(&self, account: &AccountId) -> Result<Option<Ownership>> {
        Ok(self.list_owners(Some(account)).await?.pop())
    }

    /// Every account that was claimed, by name.
    pub async fn owners(&self) -> Result<Vec<Ownership>> {
        self.list_owners(None).await
    }

    async fn list_owners(&self, only: Option<&AccountId>) -> Result<Vec<Ownership>> {
        if !self.is_shared() {
            return Ok(Vec::new());
        }
        let work = async {
            let sql = "SELECT o.account, o.owner, o.fence, \
                       coalesce(NOT r.dead AND r.until > clock_timestamp(), false) \
                       FROM owners o LEFT JOIN replicas r ON r.id = o.owner \
                       WHERE $1::text IS NULL OR o.account = $1::text ORDER BY o.account";
            let mut tx = self.db.reader().await?;
            let query = query(sql).bind(only.map(|account| account.as_str().to_owned()));
            let mut all = Vec::new();
            for row in query.fetch_all(&mut *tx).await? {
                all.push(Ownership {
                    account: account(row.try_get(0)?)?,
                    owner: ReplicaId::new(row.try_get::<String, _>(1)?),
                    fence: Fence(row.try_get(2)?),
                    live: row.try_get(3)?,
                });
            }
            Ok(all)
        };
        self.db.read(work).await
    }

    /// Whether no other gateway can use the store now.
    pub(crate) fn is_alone(&self) -> bool {
        !self.is_shared() || self.shared.alone
    }
}

/// What is known of an owner that is not alive; `None` if it lives.
pub(super) async fn dead_owner(
    connection: &mut AnyConnection,
    owner: &ReplicaId,
    me: &Membership,
) -> Result<Option<DeadOwner>> {
    let bury = query(BURY).bind(owner.as_str());
    bury.execute(&mut *connection).await?;
    let row = query(OWNER).bind(owner.as_str());
    let Some(row) = row.fetch_optional(connection).await? else {
        // It left, and had nothing under way then; or it died long ago.
        return Ok(Some(DeadOwner {
            settled_in: Duration::ZERO,
            timeline: None,
        }));
    };
    if !row.try_get::<bool, _>(0)? {
        return Ok(None);
    }
    // Negative since the end of the lease.
    let left: i64 = row.try_get(1)?;
    let deadline = super::replicas::millis(me.options.request_deadline);
    let settled_in = u64::try_from(left.saturating_add(deadline)).unwrap_or(0);
    Ok(Some(DeadOwner {
        settled_in: Duration::from_millis(settled_in),
        timeline: row.try_get(2)?,
    }))
}

pub(crate) fn not_a_member() -> StoreError {
    StoreError::Unavailable {
        why: "this gateway has not joined the other gateways on the database yet".to_owned(),
    }
}

/// The database found this gateway dead.
pub(super) fn ended(me: &Membership) -> StoreError {
    me.ended();
    StoreError::Unavailable {
        why: "this gateway did not reach the database in time, so its lease has ended; it joins again"
            .to_owned(),
    }
}
