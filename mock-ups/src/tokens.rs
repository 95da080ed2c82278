//! The access tokens in circulation.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::api::{Caller, Environment};
use crate::registry::App;

/// Tokens remembered at most; the oldest are forgotten, and so refused, first.
pub(crate) const CAPACITY: usize = 65_536;

/// A token that was issued.
#[derive(Debug)]
pub(crate) struct AccessToken {
    /// Counts from 1; stands for the token in the journal, which must not hold the token itself.
    pub(crate) serial: u64,
    pub(crate) caller: Caller,
    pub(crate) app: Arc<App>,
    pub(crate) environment: Environment,
    pub(crate) issued_at_ms: i64,
    /// The consent it was made under; `None` for client credentials.
    pub(crate) grant: Option<u64>,
    expires_at_ms: AtomicI64,
    revoked: AtomicBool,
    uses: AtomicU32,
}

impl AccessToken {
    pub(crate) fn is_live(&self, now_ms: i64) -> bool {
        // Relaxed: a call at the very moment of a revocation may go either way.
        !self.revoked.load(Ordering::Relaxed) && now_ms < self.expires_at_ms.load(Ordering::Relaxed)
    }

    pub(crate) fn expires_at_ms(&self) -> i64 {
        self.expires_at_ms.load(Ordering::Relaxed)
    }

    pub(crate) fn revoke(&self) {
        self.revoked.store(true, Ordering::Relaxed);
    }

    /// Ends the token's life now.
    pub(crate) fn expire(&self, now_ms: i64) {
        self.expires_at_ms.store(now_ms, Ordering::Relaxed);
    }

    /// Counts a call, up to a few: only "never, once, more often" is of interest, and a counter that
    /// every call writes would bounce between the workers' caches.
    pub(crate) fn count_use(&self) {
        // Read first: a token that is used all the time stays in every worker's cache.
        if self.uses.load(Ordering::Relaxed) < 3 {
            self.uses.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn uses(&self) -> u32 {
        self.uses.load(Ordering::Relaxed)
    }
}

/// What a new token is about.
pub(crate) struct Claim {
    pub(crate) caller: Caller,
    pub(crate) app: Arc<App>,
    pub(crate) environment: Environment,
    pub(crate) grant: Option<u64>,
    pub(crate) issued_at_ms: i64,
    pub(crate) expires_at_ms: i64,
}

/// All tokens by their text.
#[derive(Debug, Default)]
pub(crate) struct TokenTable {
    inner: RwLock<Inner>,
    last_serial: AtomicU64,
}

#[derive(Debug, Default)]
struct Inner {
    by_text: HashMap<Arc<str>, Arc<AccessToken>, foldhash::fast::RandomState>,
    order: VecDeque<Arc<str>>,
    /// The newest token of each client, one for each environment.
    newest: HashMap<Arc<str>, Vec<Arc<AccessToken>>>,
}

impl TokenTable {
    /// The next token's serial.
    pub(crate) fn next_serial(&self) -> u64 {
        // Serials begin at 1, as 0 stands for no token in the journal.
        self.last_serial.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Tokens issued since the start.
    pub(crate) fn issued(&self) -> u64 {
        self.last_serial.load(Ordering::Relaxed)
    }

    /// Puts a token into circulation.
    pub(crate) fn insert(&self, serial: u64, text: &str, claim: Claim) {
        let text: Arc<str> = text.into();
        let now_ms = claim.issued_at_ms;
        let token = Arc::new(AccessToken {
            serial,
            caller: claim.caller,
            app: claim.app,
            environment: claim.environment,
            issued_at_ms: claim.issued_at_ms,
            grant: claim.grant,
            expires_at_ms: AtomicI64::new(claim.expires_at_ms),
            revoked: AtomicBool::new(false),
            uses: AtomicU32::new(0),
        });
        // Room and entry under one lock, so that the bound holds.
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        inner.make_room(now_ms);
        inner.order.push_back(Arc::clone(&text));
        inner.note_newest(&token);
        inner.by_text.insert(text, token);
    }

    pub(crate) fn find(&self, text: &str) -> Option<Arc<AccessToken>> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        inner.by_text.get(text).cloned()
    }

    /// The newest token of a client in an environment, live or not.
    pub(crate) fn newest(
        &self,
        client_id: &str,
        environment: Environment,
    ) -> Option<Arc<AccessToken>> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        let mut of_client = inner.newest.get(client_id)?.iter();
        of_client
            .find(|token| token.environment == environment)
            .cloned()
    }

    /// Revokes the live tokens that `matches` picks and says how many there were.
    pub(crate) fn revoke_where(
        &self,
        now_ms: i64,
        matches: impl Fn(&AccessToken) -> bool,
    ) -> usize {
        // A read lock is enough: the mark is atomic, and calls in progress need not wait.
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        let picked = inner
            .by_text
            .values()
            .filter(|token| token.is_live(now_ms) && matches(token));
        picked.map(|token| token.revoke()).count()
    }

    /// The live tokens, newest first, at most `limit`.
    pub(crate) fn live(&self, now_ms: i64, limit: usize) -> Vec<Arc<AccessToken>> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        let newest_first = inner
            .order
            .iter()
            .rev()
            .filter_map(|text| inner.by_text.get(text));
        newest_first
            .filter(|token| token.is_live(now_ms))
            .take(limit)
            .cloned()
            .collect()
    }

    /// Forgets all tokens.
    pub(crate) fn clear(&self) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        // Connections remember their last token, so removal from the map alone would not end it.
        inner.by_text.values().for_each(|token| token.revoke());
        inner.by_text.clear();
        inner.order.clear();
        inner.newest.clear();
    }
}

impl Inner {
    fn note_newest(&mut self, token: &Arc<AccessToken>) {
        let client_id = Arc::clone(&token.caller.client_id);
        let of_client = self.newest.entry(client_id).or_default();
        of_client.retain(|older| older.environment != token.environment);
        of_client.push(Arc::clone(token));
    }

    fn forget_newest(&mut self, token: &AccessToken) {
        let client_id = &*token.caller.client_id;
        if let Some(of_client) = self.newest.get_mut(client_id) {
            of_client.retain(|newest| newest.serial != token.serial);
            if of_client.is_empty() {
                self.newest.remove(client_id);
            }
        }
    }

    fn make_room(&mut self, now_ms: i64) {
        // Dead tokens at the front go first, whatever the size; a live one goes only when the table is full.
        while let Some(oldest) = self.order.front() {
            let gone = self
                .by_text
                .get(oldest)
                .is_none_or(|token| !token.is_live(now_ms));
            if !gone && self.order.len() < CAPACITY {
                break;
            }
            if let Some(token) = self.by_text.remove(oldest) {
                token.revoke(); // connections that remember it must refuse it too
                self.forget_newest(&token);
            }
            self.order.pop_front();
        }
    }
}
