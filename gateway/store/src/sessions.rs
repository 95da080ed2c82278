//! Sessions of the web interface.
//!
//! A session is a row that every gateway reads for every page, so a session that was ended is over at all of them at
//! once. No secret stands in clear in it: what the browser holds and the admin token are digests.

use crate::audit::plain;
use crate::seal::Keyring;
use crate::statement::query;
use crate::store::commit;
use crate::table::Sealer;
use crate::{AuditId, SecretDigest, SessionRecord, Store, StoreError, Timestamp};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use gateway_model::SecretBytes;
use sqlx::Row as _;
use sqlx::any::AnyRow;

type Result<T> = std::result::Result<T, StoreError>;

const TABLE: &str = "sessions";

const ONE: &str = "SELECT id, token, begun_at, seen_at, said, mac, \
    (SELECT coalesce(max(id), 0) FROM audit) FROM sessions WHERE id = $1";

/// A session that began or was seen before these times is over.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    /// Before it a session that is not over was begun at the earliest.
    pub begun_after: Timestamp,
    /// Before it a session that is not over was seen at the earliest.
    pub seen_after: Timestamp,
    /// Sessions at most; those that were quiet longest give way.
    pub most: i64,
}

impl Store {
    /// Begins a session, and forgets those that are over.
    pub async fn begin_session(
        &self,
        session: &SessionRecord,
        limits: SessionLimits,
    ) -> Result<()> {
        let work = async {
            let mut tx = self.db.begin().await?;
            let old = query("DELETE FROM sessions WHERE begun_at <= $1 OR seen_at <= $2");
            let old = old.bind(limits.begun_after.0).bind(limits.seen_after.0);
            old.execute(&mut *tx).await?;
            let sql = "INSERT INTO sessions (id, token, begun_at, seen_at, mac) \
                       VALUES ($1, $2, $3, $4, $5)";
            let new = query(sql)
                .bind(session.id.0.as_slice())
                .bind(session.token.0.as_slice())
                .bind(session.begun_at.0)
                .bind(session.seen_at.0)
                .bind(mac(&self.sealer(), session));
            new.execute(&mut *tx).await?;
            let most = query(
                "DELETE FROM sessions WHERE id NOT IN \
                 (SELECT id FROM sessions ORDER BY seen_at DESC, id LIMIT $1)",
            );
            most.bind(limits.most).execute(&mut *tx).await?;
            commit(tx).await
        };
        self.db.write(work).await
    }

    /// The session with this id. One that was not begun under the present master key counts as none.
    pub async fn session(&self, id: &SecretDigest) -> Result<Option<SessionRecord>> {
        let work = async {
            let query = query(ONE).bind(id.0.as_slice());
            let mut tx = self.db.reader().await?;
            let row = query.fetch_optional(&mut *tx).await?;
            row.as_ref().map(read).transpose()
        };
        let found = self.db.read(work).await?;
        let sealer = self.sealer();
        let genuine = |(session, stored): &(SessionRecord, Vec<u8>)| {
            verify_slices_are_equal(&mac(&sealer, session), stored).is_ok()
        };
        Ok(found.filter(genuine).map(|(session, _)| session))
    }

    /// What proves that this program made a text that a browser holds. A text without it is no session, so the
    /// database is not asked about texts that anybody makes up.
    pub fn session_proof(&self, text: &str) -> SecretBytes {
        let sealer = self.sealer();
        let place = sealer.place("session cookies", text.as_bytes());
        SecretBytes::new(sealer.keys.derive(&place).as_ref().to_vec())
    }

    /// Notes that a session was used.
    pub async fn touch_session(&self, id: &SecretDigest, now: Timestamp) -> Result<()> {
        let sql = "UPDATE sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2";
        self.change_session(query(sql).bind(id.0.to_vec()).bind(now.0))
            .await
    }

    /// Sets what the next page of the session says. It contains no secret.
    pub async fn set_session_said(&self, id: &SecretDigest, said: Option<&str>) -> Result<()> {
        let sql = "UPDATE sessions SET said = $2 WHERE id = $1";
        self.change_session(query(sql).bind(id.0.to_vec()).bind(said.map(plain)))
            .await
    }

    /// Ends a session.
    pub async fn end_session(&self, id: &SecretDigest) -> Result<()> {
        let sql = "DELETE FROM sessions WHERE id = $1";
        self.change_session(query(sql).bind(id.0.to_vec())).await
    }

    /// Ends every session that was begun with this admin token.
    pub async fn end_sessions(&self, token: &SecretDigest) -> Result<()> {
        let sql = "DELETE FROM sessions WHERE token = $1";
        self.change_session(query(sql).bind(token.0.to_vec())).await
    }

    /// How many sessions of this admin token are not over.
    pub async fn count_sessions(&self, token: &SecretDigest, limits: SessionLimits) -> Result<u64> {
        let work = async {
            let sql = "SELECT count(*) FROM sessions \
                       WHERE token = $1 AND begun_at > $2 AND seen_at > $3";
            let query = query(sql)
                .bind(token.0.as_slice())
                .bind(limits.begun_after.0)
                .bind(limits.seen_after.0);
            let mut tx = self.db.reader().await?;
            let count: i64 = query.fetch_one(&mut *tx).await?.try_get(0)?;
            Ok(u64::try_from(count).unwrap_or(0))
        };
        self.db.read(work).await
    }

    /// Keeps something with a session, sealed, until the session ends or something else is kept. Of all sessions the
    /// `most` that were seen last keep theirs.
    pub async fn keep_with_session(
        &self,
        id: &SecretDigest,
        kept: &SecretBytes,
        most: i64,
    ) -> Result<()> {
        let work = async {
            let sealer = self.sealer();
            sealer.check()?;
            let sealed = sealer
                .keys
                .seal(&sealer.place(TABLE, &id.0), kept.expose())?;
            let mut tx = self.db.begin().await?;
            let keep = query("UPDATE sessions SET kept = $2 WHERE id = $1");
            let keep = keep.bind(id.0.as_slice()).bind(sealed);
            keep.execute(&mut *tx).await?;
            let others = query(
                "UPDATE sessions SET kept = NULL WHERE id <> $1 AND kept IS NOT NULL AND id NOT IN \
                 (SELECT id FROM sessions WHERE kept IS NOT NULL AND id <> $1 \
                 ORDER BY seen_at DESC, id LIMIT $2)",
            );
            let others = others.bind(id.0.as_slice()).bind(most.saturating_sub(1));
            others.execute(&mut *tx).await?;
            commit(tx).await
        };
        self.db.write(work).await
    }

    /// What is kept with a session; nothing if it does not open.
    pub async fn kept_with_session(&self, id: &SecretDigest) -> Result<Option<SecretBytes>> {
        let work = async {
            let query = query("SELECT kept FROM sessions WHERE id = $1");
            let query = query.bind(id.0.as_slice());
            let mut tx = self.db.reader().await?;
            let row = query.fetch_optional(&mut *tx).await?;
            let sealed: Option<Option<Vec<u8>>> = row.map(|row| row.try_get(0)).transpose()?;
            Ok(sealed.flatten())
        };
        let sealed = self.db.read(work).await?;
        let sealer = self.sealer();
        let opened = |keys: &Keyring, sealed: &[u8]| keys.open(&sealer.place(TABLE, &id.0), sealed);
        Ok(sealed.and_then(|sealed| opened(&sealer.keys, &sealed).ok()))
    }

    /// Forgets what is kept with a session.
    pub async fn forget_with_session(&self, id: &SecretDigest) -> Result<()> {
        let sql = "UPDATE sessions SET kept = NULL WHERE id = $1";
        self.change_session(query(sql).bind(id.0.to_vec())).await
    }

    async fn change_session(&self, change: Statement) -> Result<()> {
        let work = async {
            let mut tx = self.db.begin().await?;
            change.execute(&mut *tx).await?;
            commit(tx).await
        };
        self.db.write(work).await
    }
}

type Statement = sqlx::query::Query<'static, sqlx::Any, sqlx::any::AnyArguments>;

fn read(row: &AnyRow) -> Result<(SessionRecord, Vec<u8>)> {
    let session = SessionRecord {
        id: digest(row.try_get(0)?)?,
        token: digest(row.try_get(1)?)?,
        begun_at: Timestamp(row.try_get(2)?),
        seen_at: Timestamp(row.try_get(3)?),
        said: row.try_get(4)?,
        newest_entry: AuditId(row.try_get(6)?),
    };
    Ok((session, row.try_get(5)?))
}

fn digest(bytes: Vec<u8>) -> Result<SecretDigest> {
    let bytes = bytes.try_into().map_err(|_| StoreError::Corrupt {
        what: "a session".to_owned(),
        why: "a digest has another length".to_owned(),
    })?;
    Ok(SecretDigest(bytes))
}

/// What proves that this program began the session.
fn mac(sealer: &Sealer, session: &SessionRecord) -> Vec<u8> {
    // Every part has a fixed length, so the parts cannot be confused.
    let mut text = sealer.place(TABLE, &session.id.0);
    text.extend_from_slice(&session.token.0);
    text.extend_from_slice(&session.begun_at.0.to_be_bytes());
    sealer.keys.derive(&text).as_ref().to_vec()
}
