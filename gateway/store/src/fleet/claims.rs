//! Claims of accounts, many in one transaction.
//!
//! When a fleet starts, when its carrier comes back, or when a gateway ends that owned thousands of accounts, every other
//! gateway wants a token for each of them in the same minute. A transaction for each would be eighty thousand for eight
//! gateways and ten thousand accounts. So the first who asks leads: whoever asks while it waits for its turn is in its group,
//! one transaction answers the group, and the next one is for those who came meanwhile. A single claim waits for nobody.

use super::owners::{DeadOwner, dead_owner, ended};
use super::replicas::timeline;
use crate::claim_queue::Lead;
use crate::membership::Membership;
use crate::statement::query;
use crate::store::commit;
use crate::{Fence, ReplicaId, Store, StoreError, table};
use gateway_model::AccountId;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

type Result<T> = std::result::Result<T, StoreError>;

/// Accounts in one transaction, which locks them.
const TOGETHER: usize = 500;

/// What became of the claims of a group.
#[derive(Default)]
struct Claimed {
    ours: Vec<Ours>,
    /// Their owners, which are other gateways and live.
    theirs: HashMap<AccountId, ReplicaId>,
    refused: HashMap<AccountId, StoreError>,
}

/// An account that is this gateway's.
struct Ours {
    account: AccountId,
    fence: Fence,
    /// How long a request of the owner before may still be under way.
    settled_in: Option<Duration>,
    after_failover: bool,
}

impl Claimed {
    fn answer(&self, account: &AccountId) -> Result<Option<ReplicaId>> {
        match self.refused.get(account) {
            Some(error) => Err(error.clone()),
            None => Ok(self.theirs.get(account).cloned()),
        }
    }
}

impl Store {
    /// Takes the account if it is free, or if its owner is dead; else returns its owner.
    pub(crate) async fn take(
        &self,
        me: &Arc<Membership>,
        account: &AccountId,
    ) -> Result<Option<ReplicaId>> {
        let (told, lead) = me.claims.join(account);
        if let Some(lead) = lead {
            let (store, me) = (self.clone(), Arc::clone(me));
            // A task of its own: the others wait for it, whatever becomes of this caller.
            tokio::spawn(async move { store.answer_claims(&me, lead).await });
        }
        told.await.unwrap_or_else(|_| {
            let why = "the program is ending".to_owned();
            Err(StoreError::Unavailable { why })
        })
    }

    /// Answers those who wait, a transaction for the first of them, and so on.
    async fn answer_claims(&self, me: &Membership, mut lead: Lead) {
        while lead.is_needed() {
            let mut group = Vec::new();
            let work = async {
                // Whoever comes until it is their turn is in it.
                group = lead.next(TOGETHER);
                // In this order, because two transactions that lock the same rows in different orders would block each
                // other. Two callers may ask for one account.
                let accounts: BTreeSet<AccountId> = group
                    .iter()
                    .map(|claimant| claimant.account.clone())
                    .collect();
                let accounts: Vec<AccountId> = accounts.into_iter().collect();
                self.take_together(me, &accounts).await
            };
            let claimed = self.db.write_apart(work).await;
            if group.is_empty() {
                // It had no turn.
                group = lead.next(usize::MAX);
            }
            for claimant in group {
                let answer = match &claimed {
                    Ok(claimed) => claimed.answer(&claimant.account),
                    Err(error) => Err(error.clone()),
                };
                claimant.tell(answer);
            }
        }
    }

    /// One transaction. What it took is noted once it is committed.
    async fn take_together(&self, me: &Membership, accounts: &[AccountId]) -> Result<Claimed> {
        let mut tx = self.db.begin_apart().await?;
        let mut claimed = Claimed::default();
        let rest = claim_first(&mut tx, me, accounts, &mut claimed).await?;
        if !rest.is_empty() {
            self.take_over(&mut tx, me, rest, &mut claimed).await?;
        }
        commit(tx).await?;
        for ours in &claimed.ours {
            me.claimed(&ours.account, ours.fence, ours.settled_in);
            if ours.after_failover {
                me.claimed_after_failover(&ours.account);
            }
        }
        Ok(claimed)
    }

    /// Takes accounts from owners that are dead. They were claimed before, or are gone.
    async fn take_over(
        &self,
        tx: &mut AnyConnection,
        me: &Membership,
        accounts: Vec<AccountId>,
        claimed: &mut Claimed,
    ) -> Result<()> {
        let mut by_owner = BTreeMap::<ReplicaId, Vec<AccountId>>::new();
        let mut locked = HashMap::new();
        for row in with_accounts(&mut *tx, LOCK, None, &accounts).await? {
            let owner = ReplicaId::new(row.try_get::<String, _>(1)?);
            locked.insert(table::account(row.try_get(0)?)?, (owner, row.try_get(2)?));
        }
        for account in accounts {
            match locked.remove(&account) {
                None => {
                    let why = self.why_unclaimed(tx, me, &account).await;
                    claimed.refused.insert(account, why);
                }
                Some((owner, fence)) if owner == me.id => claimed.ours.push(Ours {
                    account,
                    fence: Fence(fence),
                    settled_in: None,
                    after_failover: false,
                }),
                Some((owner, _)) => by_owner.entry(owner).or_default().push(account),
            }
        }
        for (owner, accounts) in by_owner {
            match dead_owner(tx, &owner, me).await? {
                Some(dead) => self.inherit(tx, me, &dead, &accounts, claimed).await?,
                None => {
                    let theirs = accounts.into_iter().map(|account| (account, owner.clone()));
                    claimed.theirs.extend(theirs);
                }
            }
        }
        Ok(())
    }

    /// Takes accounts of one owner, which is dead.
    async fn inherit(
        &self,
        tx: &mut AnyConnection,
        me: &Membership,
        dead: &DeadOwner,
        accounts: &[AccountId],
        claimed: &mut Claimed,
    ) -> Result<()> {
        let after_failover = match &dead.timeline {
            Some(old) => timeline(tx).await? != *old,
            None => false,
        };
        let taken = with_accounts(&mut *tx, TAKE, Some(me), accounts).await?;
        if taken.is_empty() {
            return Err(ended(me));
        }
        for row in taken {
            let account = table::account(row.try_get(0)?)?;
            let fence = Fence(row.try_get(1)?);
            if after_failover {
                self.doubt_after_failover(tx, me, &account, fence).await?;
            }
            claimed.ours.push(Ours {
                account,
                fence,
                settled_in: Some(dead.settled_in),
                after_failover,
            });
        }
        Ok(())
    }
}

/// The first claims of accounts, or else their owners if those are other gateways and live. An account must be there,
/// and this gateway must live. One statement, because each gateway asks it for each account after an outage.
const FIRST: &str = "WITH wanted (name) AS (VALUES @ACCOUNTS@), \
     first AS (INSERT INTO owners (account, owner, fence) \
     SELECT a.name, r.id, 1 FROM wanted JOIN accounts a USING (name), replicas r \
     WHERE r.id = $1 AND NOT r.dead AND r.until > clock_timestamp() ORDER BY a.name \
     ON CONFLICT (account) DO NOTHING RETURNING account) \
     SELECT w.name, EXISTS (SELECT 1 FROM first WHERE first.account = w.name), \
     (SELECT o.owner FROM owners o JOIN replicas r ON r.id = o.owner \
     WHERE o.account = w.name AND o.owner <> $1 AND NOT r.dead AND r.until > clock_timestamp()) \
     FROM wanted w";
/// The lock first, and what it guards in later statements: each sees what was committed until it began.
const LOCK: &str = "SELECT account, owner, fence FROM owners \
     WHERE account IN (SELECT name FROM (VALUES @ACCOUNTS@) AS wanted (name)) ORDER BY account FOR UPDATE";
const TAKE: &str = "UPDATE owners SET owner = $1, fence = fence + 1 \
     WHERE account IN (SELECT name FROM (VALUES @ACCOUNTS@) AS wanted (name)) AND EXISTS (SELECT 1 FROM replicas \
     WHERE id = $1 AND NOT dead AND until > clock_timestamp()) RETURNING account, fence";

/// Returns the accounts that are neither claimed by it nor a living gateway's.
async fn claim_first(
    tx: &mut AnyConnection,
    me: &Membership,
    accounts: &[AccountId],
    claimed: &mut Claimed,
) -> Result<Vec<AccountId>> {
    let mut rest = Vec::new();
    for row in with_accounts(tx, FIRST, Some(me), accounts).await? {
        let account = table::account(row.try_get(0)?)?;
        let owner: Option<String> = row.try_get(2)?;
        match owner {
            _ if row.try_get(1)? => claimed.ours.push(Ours {
                account,
                fence: Fence(1),
                settled_in: None,
                after_failover: false,
            }),
            Some(owner) => drop(claimed.theirs.insert(account, ReplicaId::new(owner))),
            None => rest.push(account),
        }
    }
    Ok(rest)
}

/// Runs a statement with a parameter for each account, since not every database has lists. If it names a gateway, that
/// is its first parameter.
async fn with_accounts(
    connection: &mut AnyConnection,
    sql: &str,
    me: Option<&Membership>,
    accounts: &[AccountId],
) -> Result<Vec<AnyRow>> {
    let first = 1 + usize::from(me.is_some());
    let places = (first..first + accounts.len()).map(|at| format!("(${at}::text)"));
    let places = places.collect::<Vec<_>>().join(", ");
    let sql = sql.replace("@ACCOUNTS@", &places);
    let mut query = query(AssertSqlSafe(sql));
    if let Some(me) = me {
        query = query.bind(me.id.as_str().to_owned());
    }
    for account in accounts {
        query = query.bind(account.as_str().to_owned());
    }
    Ok(query.fetch_all(connection).await?)
}
