//! Consents: authorization codes, grants and their single-use refresh tokens.

mod report;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::api::Environment;

use super::bounded::Bounded;

pub use report::{GrantReport, Presented, RefreshTokenReport, TokenState};

/// What a user agreed to.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) id: u64,
    pub(crate) client_id: String,
    pub(crate) user: String,
    pub(crate) environment: Environment,
    /// The version of the user's password at the consent: a change kills the grant.
    pub(crate) password_version: u64,
    pub(crate) scope: Option<String>,
    pub(crate) refresh_count: u32,
    pub(crate) revoked: bool,
    pub(crate) consented_at_ms: i64,
    /// When the first refresh token dies, and the grant with it unless a refresh extends it.
    pub(crate) ends_at_ms: i64,
}

/// An authorization code on its way from the login page to the token endpoint.
#[derive(Debug, Clone)]
pub(crate) struct PendingCode {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) user: String,
    pub(crate) environment: Environment,
    pub(crate) password_version: u64,
    pub(crate) scope: Option<String>,
    pub(crate) challenge: Option<String>,
    pub(crate) expires_at_ms: i64,
}

/// A login that waits for the user's decision on the consent page.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    /// What becomes the code on approval; until then its expiry is the page's.
    pub(crate) code: PendingCode,
    pub(crate) state: Option<String>,
}

/// Why a refresh token is refused. UPS does not tell its clients; the journal does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefreshRefusal {
    Unknown,
    Used,
    Expired,
    GrantRevoked,
    PasswordChanged,
    OtherClient,
    OtherEnvironment,
}

impl RefreshRefusal {
    pub(crate) const fn why(self) -> &'static str {
        match self {
            Self::Unknown => "unknown refresh token",
            Self::Used => "refresh token used before",
            Self::Expired => "expired refresh token",
            Self::GrantRevoked => "the grant is revoked",
            Self::PasswordChanged => "the user changed the password",
            Self::OtherClient => "refresh token of another client",
            Self::OtherEnvironment => "refresh token of the other environment",
        }
    }
}

/// Who presents a refresh token, and when.
pub(crate) struct Presentation<'a> {
    pub(crate) token: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) environment: Environment,
    pub(crate) now_ms: i64,
    pub(crate) reuse_revokes_grant: bool,
}

/// The refresh token that goes out with an answer.
pub(crate) struct NextToken<'a> {
    pub(crate) text: &'a str,
    pub(crate) expires_at_ms: i64,
    /// Whether it may outlive the grant's first refresh token.
    pub(crate) extends_grant: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Grants {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    last_id: u64,
    last_serial: u64,
    grants: HashMap<u64, Grant>,
    tickets: Bounded<Ticket>,
    codes: Bounded<PendingCode>,
    refresh_tokens: Bounded<RefreshToken>,
}

#[derive(Debug)]
struct RefreshToken {
    grant: u64,
    /// Counts refresh tokens from 1; stands for the token where the token itself must not be.
    serial: u64,
    issued_at_ms: i64,
    expires_at_ms: i64,
    used: bool,
    /// How often it was presented, and the first times with what came of them.
    presented: u32,
    presentations: Vec<(i64, Result<(), RefreshRefusal>)>,
}

/// Presentations of one token kept with their time.
// Bounded, as a broken client may present one token for hours.
const PRESENTATIONS: usize = 32;

impl Grants {
    pub(crate) fn add_code(&self, code: &str, pending: PendingCode) {
        self.lock().codes.insert(code.to_owned(), pending);
    }

    pub(crate) fn add_ticket(&self, id: &str, ticket: Ticket) {
        self.lock().tickets.insert(id.to_owned(), ticket);
    }

    /// Takes a ticket: a consent page can be answered once.
    pub(crate) fn take_ticket(&self, id: &str) -> Option<Ticket> {
        self.lock().tickets.take(id)
    }

    /// Takes a code: whatever follows, it is gone, unless it may be used again.
    pub(crate) fn take_code(&self, code: &str, works_once: bool) -> Option<PendingCode> {
        // Codes that work more than once are a setting, to see what a client makes of them.
        if works_once {
            self.lock().codes.take(code)
        } else {
            self.lock().codes.get(code).cloned()
        }
    }

    /// Begins a grant, with its first refresh token.
    pub(crate) fn begin(&self, code: PendingCode, first: &NextToken<'_>, now_ms: i64) -> Grant {
        let mut inner = self.lock();
        // Ids only grow, so the journal can name a grant after it is gone.
        inner.last_id += 1;
        let grant = Grant {
            id: inner.last_id,
            client_id: code.client_id,
            user: code.user,
            environment: code.environment,
            password_version: code.password_version,
            scope: code.scope,
            refresh_count: 0,
            revoked: false,
            consented_at_ms: now_ms,
            ends_at_ms: first.expires_at_ms,
        };
        inner.grants.insert(grant.id, grant.clone());
        // Under the same lock: a grant without a refresh token is never seen.
        inner.add_refresh_token(first.text, grant.id, now_ms, first.expires_at_ms);
        grant
    }

    /// Uses up a refresh token and puts `next` in its place, in one step: of any number of
    /// concurrent presentations of one token, one gets through. Gives the grant and when the next
    /// token dies.
    pub(crate) fn rotate(
        &self,
        presented: &Presentation<'_>,
        password_version: impl FnOnce(&str) -> Option<u64>,
        next: &NextToken<'_>,
    ) -> Result<(Grant, i64), RefreshRefusal> {
        // One lock over look-up, check and replacement: two refreshes at once must not both succeed.
        let mut inner = self.lock();
        let inner = &mut *inner;
        let token = inner
            .refresh_tokens
            .get_mut(presented.token)
            .ok_or(RefreshRefusal::Unknown)?;
        let grant = inner
            .grants
            .get_mut(&token.grant)
            .ok_or(RefreshRefusal::Unknown)?;
        // Checked before it is counted, as the count is part of the report, not of the decision.
        let admitted = admit(token, grant, presented, password_version);
        token.presented = token.presented.saturating_add(1);
        // Refused presentations are kept too: they show that a client used a token twice.
        if token.presentations.len() < PRESENTATIONS {
            token.presentations.push((presented.now_ms, admitted));
        }
        admitted?;
        token.used = true;
        grant.refresh_count = grant.refresh_count.saturating_add(1);
        let expires_at_ms = if next.extends_grant {
            next.expires_at_ms
        } else {
            // Where a refresh does not extend the grant, the first token's end is the end of all.
            next.expires_at_ms.min(grant.ends_at_ms)
        };
        let grant = grant.clone();
        // Added before the lock is released, so that there is always one good token.
        inner.add_refresh_token(next.text, grant.id, presented.now_ms, expires_at_ms);
        Ok((grant, expires_at_ms))
    }

    /// Revokes the grants that `matches` picks; gives their ids.
    pub(crate) fn revoke_where(&self, matches: impl Fn(&Grant) -> bool) -> Vec<u64> {
        let mut inner = self.lock();
        let picked = inner
            .grants
            .values_mut()
            .filter(|grant| !grant.revoked && matches(grant));
        picked
            // Tokens stay in their table and are refused by the grant's mark: one write revokes them all.
            .map(|grant| {
                grant.revoked = true;
                grant.id
            })
            .collect()
    }

    /// All grants, oldest first.
    pub(crate) fn list(&self) -> Vec<Grant> {
        let mut grants: Vec<_> = self.lock().grants.values().cloned().collect();
        // A map has no order, and readers compare lists.
        grants.sort_by_key(|grant| grant.id);
        grants
    }

    pub(crate) fn clear(&self) {
        let mut inner = self.lock();
        // Numbers go on after a reset: an old journal entry must not seem to mean a new grant.
        *inner = Inner {
            last_id: inner.last_id,
            last_serial: inner.last_serial,
            ..Inner::default()
        };
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn add_refresh_token(&mut self, text: &str, grant: u64, now_ms: i64, expires_at_ms: i64) {
        self.last_serial += 1;
        let token = RefreshToken {
            grant,
            serial: self.last_serial,
            issued_at_ms: now_ms,
            expires_at_ms,
            used: false,
            presented: 0,
            presentations: Vec::new(),
        };
        if let Some(forgotten) = self.refresh_tokens.insert(text.to_owned(), token) {
            // A forgotten live token was the last one of its grant.
            if !forgotten.used {
                self.grants.remove(&forgotten.grant);
            }
        }
    }
}

/// Whether a presented token is good; the first thing against it.
fn admit(
    token: &RefreshToken,
    grant: &mut Grant,
    presented: &Presentation<'_>,
    password_version: impl FnOnce(&str) -> Option<u64>,
) -> Result<(), RefreshRefusal> {
    // Owner before state: another client must not learn whether a token was used.
    if grant.client_id != presented.client_id {
        return Err(RefreshRefusal::OtherClient);
    }
    if grant.environment != presented.environment {
        return Err(RefreshRefusal::OtherEnvironment);
    }
    if token.used {
        // Whether UPS revokes the family after reuse is not known, so it is a setting.
        grant.revoked |= presented.reuse_revokes_grant;
        return Err(RefreshRefusal::Used);
    }
    // After `used`: a client that repeats a token should hear about the repetition.
    if grant.revoked {
        return Err(RefreshRefusal::GrantRevoked);
    }
    if password_version(&grant.user) != Some(grant.password_version) {
        return Err(RefreshRefusal::PasswordChanged);
    }
    // Last, since every other reason also explains an expired token.
    if presented.now_ms >= token.expires_at_ms {
        return Err(RefreshRefusal::Expired);
    }
    Ok(())
}
