//! Who is signed in at a browser.
//!
//! The store has the sessions and is asked for each page: so a session is good at every gateway of a fleet and after
//! a restart, and one that was ended is over everywhere at once. The browser holds a random text, and the store its
//! digest.

use crate::{ControlError, ControlPlane, Identity, secret_digest::digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use gateway_model::{Secret, SecretBytes};
use gateway_store::{AuditId, SecretDigest, SessionLimits, SessionRecord, Timestamp};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// How long a session lives without a request: 2 hours, in milliseconds.
const IDLE: i64 = 2 * 60 * 60 * 1000;
/// How long a session lives at most: a working day, in milliseconds.
const LIFE: i64 = 12 * 60 * 60 * 1000;
/// How often it is noted that a session is in use, in milliseconds: a page must not cost a write.
const NOTED: i64 = 60 * 1000;
/// The sessions that are remembered. Each was begun with a right token, so only its holder can use them up.
const MOST: i64 = 1024;
/// The sessions that keep something. It may have a megabyte, and one administrator plans a migration at a time.
const MOST_KEPT: i64 = 4;

/// Names a session, and the admin token that it was begun with.
#[derive(Clone, Copy)]
pub struct SessionKey {
    id: SecretDigest,
    token: SecretDigest,
}

/// A session, as a request sees it.
pub struct Session {
    /// Names it.
    pub key: SessionKey,
    /// Whose it is. It is looked up for each request, so that a token that was removed, or has another role by now,
    /// counts at once.
    pub identity: Identity,
    /// What each form must send back: a page of another site cannot read it.
    pub csrf: Secret,
    /// What its next page says once.
    pub said: Option<String>,
    /// The newest entry of the audit trail: what a page shows is at least as new.
    pub newest_entry: AuditId,
}

/// A session that has just begun.
pub struct NewSession {
    /// What the browser must hold. Only this result has it.
    pub cookie: Secret,
    /// The session.
    pub session: Session,
}

impl ControlPlane {
    /// Begins a session; `None` if the admin token is unknown.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn begin_session(&self, token: &Secret) -> Result<Option<NewSession>, ControlError> {
        let Some(identity) = self.authenticate(token).await? else {
            return Ok(None);
        };
        let (cookie, now) = (self.new_cookie(), self.context.now());
        let record = SessionRecord {
            id: digest(&cookie),
            token: digest(token),
            begun_at: now,
            seen_at: now,
            said: None,
            newest_entry: AuditId(0),
        };
        let store = &self.context.store;
        store.begin_session(&record, limits(now)).await?;
        let session = session(record, &cookie, identity);
        Ok(Some(NewSession { cookie, session }))
    }

    /// The session that a browser shows; `None` if it is over, or unknown.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn session(&self, cookie: &Secret) -> Result<Option<Session>, ControlError> {
        // Before the store is asked: a flood of made-up cookies must not become a flood of reads.
        if !self.made(cookie) {
            return Ok(None);
        }
        let Some((record, identity)) = self.living(&digest(cookie)).await? else {
            return Ok(None);
        };
        let now = self.context.now();
        if now.0.saturating_sub(record.seen_at.0) >= NOTED {
            let noted = self.context.store.touch_session(&record.id, now).await;
            // A store that only reads must not keep an administrator from seeing why.
            if let Err(error) = noted {
                tracing::debug!(%error, "that a session is in use cannot be noted");
            }
        }
        Ok(Some(session(record, cookie, identity)))
    }

    /// An unguessable text, and the proof that it was made here.
    fn new_cookie(&self) -> Secret {
        let text = self.random_text();
        let proof = self.proof(text.expose());
        Secret::new(format!("{}.{}", text.expose(), proof.expose()))
    }

    fn made(&self, cookie: &Secret) -> bool {
        let parts = cookie.expose().split_once('.');
        parts.is_some_and(|(text, proof)| {
            let expected = self.proof(text);
            bool::from(expected.expose().as_bytes().ct_eq(proof.as_bytes()))
        })
    }

    fn proof(&self, text: &str) -> Secret {
        let proof = self.context.store.session_proof(text);
        Secret::new(URL_SAFE_NO_PAD.encode(proof.expose()))
    }

    /// Whether a session is not over. Unlike [`session`](Self::session), this does not keep it alive.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn session_lives(&self, key: SessionKey) -> Result<bool, ControlError> {
        Ok(self.living(&key.id).await?.is_some())
    }

    async fn living(
        &self,
        id: &SecretDigest,
    ) -> Result<Option<(SessionRecord, Identity)>, ControlError> {
        let Some(record) = self.context.store.session(id).await? else {
            return Ok(None);
        };
        let limits = limits(self.context.now());
        if record.begun_at <= limits.begun_after || record.seen_at <= limits.seen_after {
            return Ok(None);
        }
        let identity = self.identity_of(&record.token).await?;
        Ok(identity.map(|identity| (record, identity)))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the store cannot be written. The session then goes on.
    pub async fn end_session(&self, key: SessionKey) -> Result<(), ControlError> {
        Ok(self.context.store.end_session(&key.id).await?)
    }

    /// Ends every session that was begun with the same admin token, at all gateways.
    ///
    /// # Errors
    /// When the store cannot be written. The sessions then go on.
    pub async fn end_sessions(&self, key: SessionKey) -> Result<(), ControlError> {
        Ok(self.context.store.end_sessions(&key.token).await?)
    }

    /// How many sessions were begun with the same admin token and are not over.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn count_sessions(&self, key: SessionKey) -> Result<u64, ControlError> {
        let (store, limits) = (&self.context.store, limits(self.context.now()));
        Ok(store.count_sessions(&key.token, limits).await?)
    }

    /// Sets what the next page of the session says once. It contains no secret.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn set_session_said(
        &self,
        key: SessionKey,
        said: Option<&str>,
    ) -> Result<(), ControlError> {
        Ok(self.context.store.set_session_said(&key.id, said).await?)
    }

    /// Keeps something with the session, sealed, such as a migration that was planned and not yet begun.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn keep_with_session(
        &self,
        key: SessionKey,
        kept: &SecretBytes,
    ) -> Result<(), ControlError> {
        let store = &self.context.store;
        Ok(store.keep_with_session(&key.id, kept, MOST_KEPT).await?)
    }

    /// What is kept with the session.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn kept_with_session(
        &self,
        key: SessionKey,
    ) -> Result<Option<SecretBytes>, ControlError> {
        Ok(self.context.store.kept_with_session(&key.id).await?)
    }

    /// Forgets what is kept with the session.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn forget_with_session(&self, key: SessionKey) -> Result<(), ControlError> {
        Ok(self.context.store.forget_with_session(&key.id).await?)
    }
}

fn session(record: SessionRecord, cookie: &Secret, identity: Identity) -> Session {
    Session {
        key: SessionKey {
            id: record.id,
            token: record.token,
        },
        identity,
        csrf: csrf(cookie),
        said: record.said,
        newest_entry: record.newest_entry,
    }
}

/// What the forms of a session send back. It follows from what the browser holds, so every gateway knows it; and not
/// the other way round, so a page that shows it gives the session to nobody.
fn csrf(cookie: &Secret) -> Secret {
    let text = Sha256::new()
        // No cookie begins like this, so this digest is not the one in the store.
        .chain_update(b"forms of the session ")
        .chain_update(cookie.expose());
    Secret::new(URL_SAFE_NO_PAD.encode(text.finalize()))
}

const fn limits(now: Timestamp) -> SessionLimits {
    SessionLimits {
        begun_after: Timestamp(now.0.saturating_sub(LIFE)),
        seen_after: Timestamp(now.0.saturating_sub(IDLE)),
        most: MOST,
    }
}
