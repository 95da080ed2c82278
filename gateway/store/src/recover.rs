//! The emergency slot in use, and what is put right when a store is opened.

use crate::rescue::RescuedAnswer;
use crate::statement::query;
use crate::store::commit;
use crate::{GrantRecord, RestoredFrom, Store, StoreError, meta};
use gateway_model::{AccountId, GrantStatus, IntentId, SecretBytes};
use sqlx::AnyConnection;
use std::sync::Arc;

impl Store {
    /// Moves rescued answers into the database, and distrusts an older copy of it.
    pub(crate) async fn recover(&self) -> Result<(), StoreError> {
        let Some(rescue) = &self.shared.rescue else {
            return Ok(());
        };
        let (answers, unopened) = rescue.answers(&self.sealer())?;
        let work = async {
            let mut tx = self.db.begin().await?;
            let mut mark = meta::mark(&mut tx).await?;
            // Distrust before answers are placed: an answer older than the loss must not complete a grant.
            if let Some(seen) = rescue.mark().filter(|seen| *seen > mark) {
                let count = self.distrust(&mut tx).await?;
                // A new store in the place of a lost one has no grant to doubt.
                if count > 0 {
                    tracing::warn!(
                        grants = count,
                        "this is an older copy of the store: its single-use grants may have been \
                         presented since, so they are in doubt"
                    );
                }
                meta::put(&mut tx, meta::MARK, &seen.to_be_bytes()).await?;
                // Raised to what was seen, or the next start would distrust everything again.
                mark = seen;
            }
            let mut left = unopened;
            for kept in &answers {
                left += usize::from(!self.place_answer(&mut tx, kept).await?);
            }
            commit(tx).await?;
            Ok((mark, left))
        };
        let (mark, left) = self.db.write(work).await?;
        // Keep what could not be placed: it may be the only copy of a refresh token.
        if !answers.is_empty() && left == 0 {
            rescue.clear()?;
        }
        if rescue.mark() != Some(mark) && rescue.wants(mark) {
            rescue.keep_mark()?;
        }
        Ok(())
    }

    /// Joins a rescued answer to its intent; `false` if its grant does not open.
    async fn place_answer(
        &self,
        connection: &mut AnyConnection,
        kept: &RescuedAnswer,
    ) -> Result<bool, StoreError> {
        let mut found = match self.find_grant(connection, &kept.account).await {
            Ok(found) => found,
            // The account is gone or another login came: there is nothing to complete.
            Err(StoreError::Fenced) => return Ok(true),
            Err(StoreError::Corrupt { .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
        let intent = found.record.intent.as_mut();
        let Some(intent) = intent.filter(|intent| intent.id == kept.intent_id) else {
            // A newer presentation has replaced the intent, so this answer is of the past.
            return Ok(true);
        };
        // The database's own answer wins, as it was written later.
        if intent.answer.is_none() {
            intent.answer = Some(kept.answer.clone());
            self.write_grant(connection, &found.record, found.completed.as_ref())
                .await?;
            tracing::warn!(account = %kept.account, "a rescued token answer was found");
        }
        Ok(true)
    }

    /// Keeps the mark in its second place.
    pub(crate) async fn keep_mark(&self, mark: u64) -> Result<(), StoreError> {
        self.db.identity.saw_mark(mark);
        let Some(rescue) = &self.shared.rescue else {
            return Ok(());
        };
        // Ask before waiting, so that the caller that has the turn now keeps this mark too.
        if !rescue.wants(mark) {
            return Ok(());
        }
        let _turn = rescue.turn.lock().await;
        // Again: the previous turn may have kept it.
        if !rescue.wants(mark) {
            return Ok(());
        }
        let rescue = Arc::clone(rescue);
        off_thread(move || rescue.keep_mark()).await
    }

    /// Keeps an answer that the database did not take for `error`.
    pub(crate) async fn keep_answer(
        &self,
        account: &AccountId,
        intent_id: &IntentId,
        answer: &SecretBytes,
        error: StoreError,
    ) -> Result<(), StoreError> {
        let Some(rescue) = self.shared.rescue.clone() else {
            // Memory and PostgreSQL have no slot: the error is all there is.
            return Err(error);
        };
        let kept = RescuedAnswer {
            account: account.clone(),
            intent_id: intent_id.clone(),
            answer: answer.clone(),
        };
        let sealer = self.sealer();
        let work = off_thread(move || rescue.keep_answer(&sealer, &kept));
        self.db.read(work).await?;
        tracing::warn!(
            %account,
            %error,
            "the store did not take a token answer; it is kept in the emergency slot"
        );
        Ok(())
    }

    /// Puts every grant that could be presented without a person in doubt, and forgets consents
    /// under way. Returns the number of grants.
    async fn distrust(&self, connection: &mut AnyConnection) -> Result<usize, StoreError> {
        let mut count = 0;
        for grant in self.list::<GrantRecord>(connection).await? {
            if let Some(doubtful) = doubt(&grant, RestoredFrom::OlderCopy) {
                self.write_grant(connection, &doubtful, None).await?;
                count += 1;
            }
        }
        // Their state parameters may have been used since the copy was made.
        query("DELETE FROM consents").execute(connection).await?;
        Ok(count)
    }
}

/// Runs file work on a thread that may wait for a disk.
async fn off_thread(
    work: impl FnOnce() -> Result<(), StoreError> + Send + 'static,
) -> Result<(), StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(_) => Err(StoreError::Unavailable {
            why: "the program is ending".to_owned(),
        }),
    }
}

/// A grant as it must be believed to be when it comes from an older copy: what could be presented,
/// or was being presented, may have been. An answer that came then is older than the loss, so it is
/// not completed any more. `None` if nothing changes.
pub(crate) fn doubt(grant: &GrantRecord, from: RestoredFrom) -> Option<GrantRecord> {
    let status = match grant.status {
        GrantStatus::Repeatable | GrantStatus::Spent => return None,
        GrantStatus::Held | GrantStatus::Presenting | GrantStatus::OutcomeUnknown => {
            GrantStatus::OutcomeUnknown
        }
        // Its only further presentation may have been made.
        GrantStatus::LastChance => GrantStatus::Spent,
    };
    let mut doubtful = grant.clone();
    doubtful.status = status;
    doubtful.intent = None;
    doubtful.restored = Some(from);
    Some(doubtful)
}
