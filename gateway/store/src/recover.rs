//! What is put right when a store is opened.

use crate::store::commit;
use crate::{GrantRecord, GrantStatus, Store, StoreError, meta};
use sqlx::AnyConnection;

impl Store {
    /// Moves rescued answers into the database, and distrusts an older copy of it.
    pub(crate) async fn recover(&self) -> Result<(), StoreError> {
        let Some(rescue) = &self.shared.rescue else {
            return Ok(());
        };
        let answers = rescue.answers(&self.sealer())?;
        let work = async {
            let mut tx = self.db.begin().await?;
            let mark = meta::mark(&mut tx).await?;
            let seen = rescue.mark();
            let mark = match seen {
                Some(seen) if seen > mark => {
                    let count = self.distrust(&mut tx).await?;
                    tracing::warn!(
                        grants = count,
                        "this is an older copy of the store: its single-use grants may have been \
                         presented since, so they are in doubt"
                    );
                    meta::put(&mut tx, meta::MARK, &seen.to_be_bytes()).await?;
                    seen
                }
                Some(_) | None => mark,
            };
            for kept in &answers {
                let found = self.find_grant(&mut tx, &kept.account).await;
                let Ok((mut grant, done)) = found else {
                    continue;
                };
                let Some(intent) = &mut grant.intent else {
                    continue;
                };
                if intent.id == kept.intent_id && intent.answer.is_none() {
                    intent.answer = Some(kept.answer.clone());
                    self.write_grant(&mut tx, &grant, done.as_deref()).await?;
                    tracing::warn!(account = %kept.account, "a rescued token answer was found");
                }
            }
            commit(tx).await?;
            Ok(mark)
        };
        let mark = self.db.write(work).await?;
        if !answers.is_empty() {
            rescue.clear()?;
        }
        if rescue.mark() != Some(mark) {
            rescue.keep_mark(mark)?;
        }
        Ok(())
    }

    /// Puts every grant that could be presented silently in doubt, and forgets consents under way
    /// (security requirement S6). Gives back how many grants.
    async fn distrust(&self, connection: &mut AnyConnection) -> Result<usize, StoreError> {
        let mut count = 0;
        for grant in self.list::<GrantRecord>(connection).await? {
            if let Some(doubtful) = doubt(&grant) {
                self.write_grant(connection, &doubtful, None).await?;
                count += 1;
            }
        }
        sqlx::query("DELETE FROM consents")
            .execute(connection)
            .await?;
        Ok(count)
    }
}

/// A grant as it must be believed to be when it comes from an older copy: what could be presented,
/// or was being presented, may have been. An answer that came then is older than the loss, so it is
/// not completed any more. `None` if nothing changes.
pub(crate) fn doubt(grant: &GrantRecord) -> Option<GrantRecord> {
    let status = match grant.status {
        GrantStatus::Repeatable | GrantStatus::Spent => return None,
        GrantStatus::Held | GrantStatus::Presenting | GrantStatus::OutcomeUnknown => {
            GrantStatus::OutcomeUnknown
        }
        GrantStatus::LastChance => GrantStatus::Spent,
    };
    let mut doubtful = grant.clone();
    doubtful.status = status;
    doubtful.intent = None;
    Some(doubtful)
}
