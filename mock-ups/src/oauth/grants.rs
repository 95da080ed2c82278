//! Consents: authorization codes, grants and their single-use refresh tokens.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use crate::api::Environment;

/// Codes and refresh tokens remembered at most; the oldest are forgotten, and so refused, first.
const CAPACITY: usize = 65_536;

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
pub(crate) enum Stale {
    Unknown,
    Used,
    Expired,
    GrantRevoked,
    PasswordChanged,
    OtherClient,
    OtherEnvironment,
}

/// Who presents a refresh token, and when.
pub(crate) struct Presentation<'a> {
    pub(crate) token: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) environment: Environment,
    pub(crate) now_ms: i64,
    pub(crate) reuse_revokes_grant: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Grants {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    last_id: u64,
    grants: HashMap<u64, Grant>,
    tickets: Bounded<Ticket>,
    codes: Bounded<PendingCode>,
    refresh_tokens: Bounded<RefreshToken>,
}

#[derive(Debug)]
struct RefreshToken {
    grant: u64,
    expires_at_ms: i64,
    used: bool,
}

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

    /// Takes a code: whatever follows, it is gone.
    pub(crate) fn take_code(&self, code: &str) -> Option<PendingCode> {
        self.lock().codes.take(code)
    }

    /// Begins a grant, with its first refresh token.
    pub(crate) fn begin(
        &self,
        code: PendingCode,
        refresh_token: &str,
        expires_at_ms: i64,
    ) -> Grant {
        let mut inner = self.lock();
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
        };
        inner.grants.insert(grant.id, grant.clone());
        inner.add_refresh_token(refresh_token, grant.id, expires_at_ms);
        grant
    }

    /// Uses up a refresh token and puts `next` in its place, in one step: of any number of
    /// concurrent presentations of one token, one gets through.
    pub(crate) fn rotate(
        &self,
        presented: &Presentation<'_>,
        password_version: impl FnOnce(&str) -> Option<u64>,
        next: &str,
        next_expires_at_ms: i64,
    ) -> Result<Grant, Stale> {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let token = inner
            .refresh_tokens
            .get_mut(presented.token)
            .ok_or(Stale::Unknown)?;
        let grant = inner.grants.get_mut(&token.grant).ok_or(Stale::Unknown)?;
        if grant.client_id != presented.client_id {
            return Err(Stale::OtherClient);
        }
        if grant.environment != presented.environment {
            return Err(Stale::OtherEnvironment);
        }
        if token.used {
            grant.revoked |= presented.reuse_revokes_grant;
            return Err(Stale::Used);
        }
        if grant.revoked {
            return Err(Stale::GrantRevoked);
        }
        if password_version(&grant.user) != Some(grant.password_version) {
            return Err(Stale::PasswordChanged);
        }
        if presented.now_ms >= token.expires_at_ms {
            return Err(Stale::Expired);
        }
        token.used = true;
        grant.refresh_count = grant.refresh_count.saturating_add(1);
        let grant = grant.clone();
        inner.add_refresh_token(next, grant.id, next_expires_at_ms);
        Ok(grant)
    }

    /// Revokes the grants that `matches` picks; gives their ids.
    pub(crate) fn revoke_where(&self, matches: impl Fn(&Grant) -> bool) -> Vec<u64> {
        let mut inner = self.lock();
        let picked = inner
            .grants
            .values_mut()
            .filter(|grant| !grant.revoked && matches(grant));
        picked
            .map(|grant| {
                grant.revoked = true;
                grant.id
            })
            .collect()
    }

    /// All grants, oldest first.
    pub(crate) fn list(&self) -> Vec<Grant> {
        let mut grants: Vec<_> = self.lock().grants.values().cloned().collect();
        grants.sort_by_key(|grant| grant.id);
        grants
    }

    pub(crate) fn clear(&self) {
        let mut inner = self.lock();
        let last_id = inner.last_id;
        *inner = Inner {
            last_id,
            ..Inner::default()
        };
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn add_refresh_token(&mut self, text: &str, grant: u64, expires_at_ms: i64) {
        let token = RefreshToken {
            grant,
            expires_at_ms,
            used: false,
        };
        if let Some(forgotten) = self.refresh_tokens.insert(text.to_owned(), token) {
            // A forgotten live token was the last one of its grant.
            if !forgotten.used {
                self.grants.remove(&forgotten.grant);
            }
        }
    }
}

/// A map that forgets its oldest entry when it is full.
#[derive(Debug)]
struct Bounded<T> {
    map: HashMap<String, T>,
    order: VecDeque<String>,
}

impl<T> Default for Bounded<T> {
    fn default() -> Self {
        Self {
            map: HashMap::new(),
            order: VecDeque::new(),
        }
    }
}

impl<T> Bounded<T> {
    /// Inserts, and gives what had to be forgotten for it.
    fn insert(&mut self, key: String, value: T) -> Option<T> {
        let forgotten = if self.order.len() >= CAPACITY {
            self.order
                .pop_front()
                .and_then(|oldest| self.map.remove(&oldest))
        } else {
            None
        };
        self.order.push_back(key.clone());
        self.map.insert(key, value);
        forgotten
    }

    fn get_mut(&mut self, key: &str) -> Option<&mut T> {
        self.map.get_mut(key)
    }

    /// Removes the value; its place in the order goes when its turn comes.
    fn take(&mut self, key: &str) -> Option<T> {
        self.map.remove(key)
    }
}
