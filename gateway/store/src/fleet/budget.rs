//! How many token requests a client id may make, counted for all gateways together.

use crate::statement::query;
use crate::store::commit;
use crate::{Store, StoreError};
use gateway_model::TokenBucketPolicy;
use sqlx::Row as _;
use std::time::Duration;

/// As the bucket in memory counts: what is kept is when the bucket is full again.
const TAKE: &str = "INSERT INTO budgets AS b (client, full_at) \
     VALUES ($1, clock_timestamp() + $2 * interval '1 microsecond') \
     ON CONFLICT (client) DO UPDATE SET \
     full_at = greatest(b.full_at, clock_timestamp()) + $2 * interval '1 microsecond' \
     WHERE greatest(b.full_at, clock_timestamp()) + $2 * interval '1 microsecond' \
     <= clock_timestamp() + $3 * interval '1 microsecond' RETURNING 1";
const WAIT: &str = "SELECT (extract(epoch FROM full_at + $2 * interval '1 microsecond' \
     - $3 * interval '1 microsecond' - clock_timestamp()) * 1000000)::bigint \
     FROM budgets WHERE client = $1";
/// A longer interval is read as this one, as in memory.
const LONGEST_INTERVAL: Duration = Duration::from_secs(24 * 3600);

impl Store {
    /// Takes one from the bucket of this name, for all gateways on the database. For a store that is not
    /// shared it always succeeds.
    ///
    /// # Errors
    /// The inner error is the time to wait, when none is left. Nothing is taken then.
    pub async fn take_budget(
        &self,
        client: &str,
        policy: TokenBucketPolicy,
    ) -> Result<Result<(), Duration>, StoreError> {
        if !self.is_shared() || policy.interval.is_zero() {
            return Ok(Ok(()));
        }
        let interval = policy.interval.min(LONGEST_INTERVAL);
        let capacity = micros(interval.saturating_mul(policy.burst.max(1)));
        let interval = micros(interval);
        let work = async {
            let mut tx = self.db.begin_apart().await?;
            let take = query(TAKE).bind(client).bind(interval).bind(capacity);
            if take.fetch_optional(&mut *tx).await?.is_some() {
                commit(tx).await?;
                return Ok(Ok(()));
            }
            let ask = query(WAIT).bind(client).bind(interval).bind(capacity);
            let wait: i64 = ask.fetch_one(&mut *tx).await?.try_get(0)?;
            // Time has passed between the two statements: never zero, or the caller would try at once.
            Ok(Err(Duration::from_micros(
                u64::try_from(wait).unwrap_or(0).max(1000),
            )))
        };
        self.db.write_apart(work).await
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
