//! The gateways on a database, and their leases.

use crate::db::migrate::schema_version;
use crate::membership::Membership;
use crate::statement::query;
use crate::store::commit;
use crate::{
    FleetOptions, Heartbeat, ReplicaId, ReplicaInfo, ReplicaRecord, ReplicaState, Store,
    StoreChange, StoreError, Timestamp, seal,
};
use gateway_model::Clock;
use sqlx::{AnyConnection, Row as _};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

type Result<T> = std::result::Result<T, StoreError>;

/// A wall clock that differs from the database's by more than this is said.
const WRONG_CLOCK: i64 = 60_000;

const JOIN: &str = "INSERT INTO replicas \
     (id, name, version, schema, plugins, declared, started_at, seen_at, until, dead, accounts, timeline) \
     VALUES ($1, $2, $3, $4, $7, $8, clock_timestamp(), clock_timestamp(), \
     clock_timestamp() + $5 * interval '1 millisecond', false, $9, $6) \
     RETURNING (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
/// The clock is looked at when the row is locked, and not when the transaction began: somebody may have found
/// this gateway dead meanwhile.
const HEARTBEAT: &str = "UPDATE replicas SET seen_at = clock_timestamp(), accounts = $3, \
     plugins = $4, declared = $5, until = clock_timestamp() + $2 * interval '1 millisecond' \
     WHERE id = $1 AND NOT dead AND until > clock_timestamp()";
/// Only for a role that may ask for the timeline: the right is checked before the statement runs.
const HEARTBEAT_ON_TIMELINE: &str = "UPDATE replicas SET seen_at = clock_timestamp(), accounts = $3, \
     plugins = $4, declared = $5, timeline = left(pg_walfile_name(pg_current_wal_insert_lsn()), 8), \
     until = clock_timestamp() + $2 * interval '1 millisecond' \
     WHERE id = $1 AND NOT dead AND until > clock_timestamp()";
/// Rows of the dead are kept for a while, because a takeover asks when their leases ended.
const FORGET: &str = "DELETE FROM replicas WHERE until < clock_timestamp() - interval '1 hour'";
const LIST: &str = "SELECT id, name, version, (extract(epoch FROM started_at) * 1000)::bigint, \
     (extract(epoch FROM clock_timestamp() - seen_at) * 1000)::bigint, \
     (extract(epoch FROM until - clock_timestamp()) * 1000)::bigint, accounts, \
     (SELECT count(*) FROM owners WHERE owners.owner = replicas.id), dead, plugins, declared \
     FROM replicas ORDER BY started_at, id";
/// It counts how often a standby was promoted.
const TIMELINE: &str = "SELECT left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)";

impl Store {
    /// Whether other gateways may use the store at the same time.
    pub fn is_shared(&self) -> bool {
        matches!(self.db.backend, crate::db::Backend::Postgres)
    }

    /// Becomes a member of the fleet, under a new identifier.
    pub async fn join(
        &self,
        me: &ReplicaInfo,
        state: &ReplicaState,
        options: &FleetOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<ReplicaId> {
        let mut random = [0; 16];
        seal::random(&mut random)?;
        let id = ReplicaId::from_random(u128::from_be_bytes(random));
        // Before anything is sent: the lease counts from here on this side, and from later in the database.
        let sent = clock.now();
        let wall = Timestamp::from(clock.wall());
        let (mut started_at, mut on_timeline) = (wall, false);
        if self.is_shared() {
            let timeline = self.timeline().await;
            on_timeline = timeline.is_some();
            started_at = self
                .db
                .write(self.enter(&id, (me, state), options, timeline))
                .await?;
            if (started_at.0 - wall.0).abs() > WRONG_CLOCK {
                tracing::warn!(
                    difference_seconds = (wall.0 - started_at.0) / 1000,
                    "this machine's clock differs from the database's by more than a minute; leases go by the \
                     database's clock, but tokens expire by this machine's: set the clock right"
                );
            }
        }
        let mut membership =
            Membership::new(id.clone(), me.clone(), started_at, *options, clock, sent);
        membership.on_timeline = on_timeline;
        membership.says(state);
        let place = self.shared.membership.write();
        let old = place
            .unwrap_or_else(PoisonError::into_inner)
            .replace(Arc::new(membership));
        if let Some(old) = old {
            old.ended();
        }
        Ok(id)
    }

    async fn enter(
        &self,
        id: &ReplicaId,
        (me, state): (&ReplicaInfo, &ReplicaState),
        options: &FleetOptions,
        timeline: Option<String>,
    ) -> Result<Timestamp> {
        let mut tx = self.db.begin_apart().await?;
        query(FORGET).execute(&mut *tx).await?;
        if let Some(old) = self.membership() {
            // What this process was before is over, also if its lease has not ended yet.
            let bury = query("UPDATE replicas SET dead = true WHERE id = $1");
            bury.bind(old.id.as_str()).execute(&mut *tx).await?;
        }
        let sql = "DELETE FROM budgets WHERE full_at < clock_timestamp()";
        query(sql).execute(&mut *tx).await?;
        let query = query(JOIN)
            .bind(id.as_str())
            .bind(plain(&me.name))
            .bind(plain(&me.version))
            .bind(schema_version())
            .bind(millis(options.lease))
            .bind(timeline)
            .bind(plain(&state.plugins))
            .bind(plain(&state.declared))
            .bind(count(state.accounts));
        let now: i64 = query.fetch_one(&mut *tx).await?.try_get(0)?;
        self.tell(&mut tx, &StoreChange::Replicas).await?;
        commit(tx).await?;
        Ok(Timestamp(now))
    }

    /// Extends the lease, and says what this gateway is now.
    pub async fn heartbeat(&self, state: &ReplicaState) -> Result<Heartbeat> {
        let Some(me) = self.membership() else {
            return Ok(Heartbeat::Lost);
        };
        me.says(state);
        // Before the statement is sent: see the lease's end in `join`.
        let sent = me.now();
        if self.is_shared() {
            let work = async {
                let mut tx = self.db.begin_apart().await?;
                let beat = if me.on_timeline {
                    HEARTBEAT_ON_TIMELINE
                } else {
                    HEARTBEAT
                };
                let query = query(beat)
                    .bind(me.id.as_str())
                    .bind(millis(me.options.lease))
                    .bind(count(state.accounts))
                    .bind(plain(&state.plugins))
                    .bind(plain(&state.declared));
                let extended = query.execute(&mut *tx).await?.rows_affected() > 0;
                commit(tx).await?;
                Ok(extended)
            };
            if !self.db.write(work).await? {
                me.ended();
                return Ok(Heartbeat::Lost);
            }
        }
        me.extended(sent);
        Ok(Heartbeat::Live)
    }

    /// Leaves the fleet: the accounts of this gateway are free at once.
    pub async fn leave(&self) -> Result<()> {
        let place = self.shared.membership.write();
        let left = place.unwrap_or_else(PoisonError::into_inner).take();
        let Some(me) = left else { return Ok(()) };
        me.ended();
        if !self.is_shared() {
            return Ok(());
        }
        let work = async {
            let mut tx = self.db.begin_apart().await?;
            let query = query("DELETE FROM replicas WHERE id = $1").bind(me.id.as_str());
            query.execute(&mut *tx).await?;
            self.tell(&mut tx, &StoreChange::Replicas).await?;
            commit(tx).await
        };
        self.db.write(work).await
    }

    /// The gateways on the database, the oldest first; those that died are listed for an hour.
    pub async fn replicas(&self) -> Result<Vec<ReplicaRecord>> {
        let me = self.membership();
        if !self.is_shared() {
            return Ok(me.iter().map(|me| me.record()).collect());
        }
        let work = async {
            let mut tx = self.db.reader().await?;
            let rows = query(LIST).fetch_all(&mut *tx).await?;
            let mut all = Vec::with_capacity(rows.len());
            for row in rows {
                let id = ReplicaId::new(row.try_get::<String, _>(0)?);
                let ends_in_ms: i64 = row.try_get(5)?;
                all.push(ReplicaRecord {
                    this: me.as_ref().is_some_and(|me| me.id == id),
                    id,
                    name: row.try_get(1)?,
                    version: row.try_get(2)?,
                    plugins: row.try_get(9)?,
                    declared: row.try_get(10)?,
                    started_at: Timestamp(row.try_get(3)?),
                    seen_ms_ago: row.try_get(4)?,
                    ends_in_ms,
                    accounts: u64::try_from(row.try_get::<i64, _>(6)?).unwrap_or(0),
                    owned: u64::try_from(row.try_get::<i64, _>(7)?).unwrap_or(0),
                    live: ends_in_ms > 0 && !row.try_get::<bool, _>(8)?,
                });
            }
            Ok(all)
        };
        self.db.read_ahead(work).await
    }

    /// Whether this gateway may still present a refresh token. Asked right before the token leaves, because
    /// a process that was frozen wakes after its lease has ended.
    pub fn may_present(&self) -> bool {
        !self.is_shared() || self.membership().is_some_and(|me| me.holds())
    }

    pub(crate) fn membership(&self) -> Option<Arc<Membership>> {
        let membership = self.shared.membership.read();
        membership.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The database's timeline; `None` if the role may not ask for it.
    async fn timeline(&self) -> Option<String> {
        let work = async {
            let mut tx = self.db.reader().await?;
            timeline(&mut tx).await
        };
        let asked = self.db.read_ahead(work).await;
        if let Err(error) = &asked {
            tracing::debug!(%error, "a failover of the database will not be noticed");
        }
        asked.ok()
    }
}

/// The database's timeline.
pub(super) async fn timeline(connection: &mut AnyConnection) -> Result<String> {
    Ok(query(TIMELINE).fetch_one(connection).await?.try_get(0)?)
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn count(accounts: u64) -> i64 {
    i64::try_from(accounts).unwrap_or(i64::MAX)
}

/// PostgreSQL has no NUL in a text.
fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
