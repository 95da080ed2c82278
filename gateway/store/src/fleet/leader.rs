//! Work of which one gateway is enough.

use crate::statement::query;
use crate::store::commit;
use crate::{Duty, Store, StoreError};

const LEAD: &str = "INSERT INTO duties (duty, replica) SELECT $1, id FROM replicas \
     WHERE id = $2 AND NOT dead AND until > clock_timestamp() \
     ON CONFLICT (duty) DO UPDATE SET replica = excluded.replica \
     WHERE duties.replica = excluded.replica OR NOT EXISTS (SELECT 1 FROM replicas r \
     WHERE r.id = duties.replica AND NOT r.dead AND r.until > clock_timestamp()) RETURNING 1";

impl Store {
    /// Whether this gateway has to do the work now. It is asked before each turn of the work. Two gateways may
    /// hear yes for a moment when the first of them dies, so a turn must be harmless when it is repeated.
    pub async fn lead(&self, duty: Duty) -> Result<bool, StoreError> {
        if !self.is_shared() {
            return Ok(true);
        }
        let Some(me) = self.membership() else {
            return Ok(false);
        };
        let work = async {
            let mut tx = self.db.begin_apart().await?;
            let query = query(LEAD).bind(duty.as_str()).bind(me.id.as_str());
            let leads = query.fetch_optional(&mut *tx).await?.is_some();
            commit(tx).await?;
            Ok(leads)
        };
        self.db.write(work).await
    }
}
