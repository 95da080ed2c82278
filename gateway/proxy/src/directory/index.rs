//! The directory, prepared for look-ups of constant cost. Read by all workers, written by none.

use super::{
    legacy_keys::LegacyKeys,
    legacy_paths::PathTable,
    rate::{AppBuckets, Bucket, Epoch, RefillRate},
    realm::{Map, Realm},
    secret_hash::SecretHash,
    types::{Account, App, Route},
};
use crate::{
    error::{Code, Problem},
    metrics::AccountCounters,
};
use foldhash::fast::RandomState;
use gateway_model::{AccountId, CarrierId, CarrierProfile, Environment, Origin};
use std::{collections::HashSet, sync::Arc, time::Instant};

/// An account, and what was counted for it.
#[derive(Debug)]
pub(crate) struct IndexedAccount {
    pub(crate) realm: Realm,
    pub(crate) account: Account,
    pub(crate) counters: Arc<AccountCounters>,
}

/// An app, with what it may use sorted.
#[derive(Clone, Debug)]
pub(crate) struct IndexedApp {
    pub(crate) app: App,
    /// How often it may send a request.
    pub(crate) pace: Option<RefillRate>,
    pub(crate) buckets: Arc<AppBuckets>,
    pub(super) granted: Granted,
}

/// The places of the accounts that an app may use, and its default in each realm; both sorted.
#[derive(Clone, Debug)]
pub(super) struct Granted {
    pub(super) accounts: Box<[u32]>,
    pub(super) defaults: Box<[(Realm, u32)]>,
}

impl IndexedApp {
    /// The first of the app's accounts in this realm.
    pub(crate) fn default_account(&self, realm: Realm) -> Option<usize> {
        // By halves, since an app may have many carriers' accounts.
        let defaults = &self.granted.defaults;
        let at = defaults.binary_search_by_key(&realm, |(r, _)| *r);
        at.ok().map(|at| defaults[at].1 as usize)
    }

    /// Whom its tokens name: its id, and four bytes of the hash of its secret, so that they end with
    /// the secret.
    pub(crate) fn subject(&self) -> Option<String> {
        let login = self.app.login.as_ref()?;
        let [a, b, c, d, ..] = *login.secret.as_bytes();
        Some(format!("{}#{a:02x}{b:02x}{c:02x}{d:02x}", self.app.id))
    }

    /// Takes one request out of the app's bucket, if it has a limit.
    pub(crate) fn admit(&self, epoch: Epoch, now: Instant) -> Result<(), Problem> {
        let Some(pace) = self.pace else {
            return Ok(());
        };
        self.buckets
            .requests
            .take(pace, epoch, now)
            .map_err(|wait| {
                let message = "this app sends more requests than its rate limit allows: slow down";
                Problem::new(Code::AppRateLimited, message).after(wait)
            })
    }

    /// Whether the app may use this account.
    pub(crate) fn may_use(&self, account: usize) -> bool {
        let accounts = &self.granted.accounts;
        u32::try_from(account).is_ok_and(|account| accounts.binary_search(&account).is_ok())
    }
}

/// A route, with its look-ups done.
#[derive(Clone, Debug)]
pub(crate) struct IndexedRoute {
    pub(crate) route: Route,
    pub(crate) realm: Realm,
    pub(crate) default_account: Option<usize>,
    /// Normalised: a leading slash, no trailing one.
    pub(crate) prefix: Option<String>,
    /// What people call it: its prefix, else its first host.
    pub(crate) label: String,
    /// The carrier's older paths, if it has any.
    pub(crate) legacy_paths: Option<Arc<PathTable>>,
}

/// The prepared directory. Read by all workers, written by none.
///
/// Cloning it copies the list of accounts and shares what they are, so that a change of one account is a copy with
/// one difference (`patch.rs`).
#[derive(Clone, Debug)]
pub(crate) struct Index {
    pub(crate) routes: Vec<Arc<IndexedRoute>>,
    pub(crate) accounts: Vec<Arc<IndexedAccount>>,
    pub(crate) apps: Vec<Arc<IndexedApp>>,
    pub(crate) legacy_keys: Arc<LegacyKeys>,
    /// Token requests of callers that are no app.
    pub(crate) anonymous_tokens: Arc<Bucket>,
    /// The catch-all route: it serves requests that match no host and no prefix.
    pub(crate) catch_all: Option<usize>,
    pub(super) by_host: Map<String, usize>,
    pub(super) by_prefix: Map<String, usize>,
    /// How many segments prefixes have, most first.
    pub(super) prefix_segments: Vec<usize>,
    pub(super) by_account: Map<AccountId, usize>,
    pub(super) by_client_id: Arc<Map<String, usize>>,
    pub(super) by_app: Arc<Map<String, usize>>,
    pub(super) by_key: Arc<Map<[u8; 32], usize>>,
    pub(super) origins: HashSet<Origin, RandomState>,
    pub(super) realms: Map<(CarrierId, Environment), Realm>,
}

impl Index {
    /// The route that answers to this `Host`, with or without its port.
    pub(crate) fn route_by_host(&self, host: &str) -> Option<usize> {
        if self.by_host.is_empty() {
            return None;
        }
        let host = host.to_ascii_lowercase();
        // With the port first: a route may ask for one port only.
        let without_port = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            Some(_) | None => host.as_str(),
        };
        self.by_host
            .get(host.as_str())
            .or_else(|| self.by_host.get(without_port))
            .copied()
    }

    /// The route whose prefix the path begins with, longest first.
    pub(crate) fn route_by_prefix(&self, path: &str) -> Option<usize> {
        // Longest first: `/ups/test` must win over `/ups`.
        self.prefix_segments.iter().find_map(|&count| {
            let ends = path
                .bytes()
                .enumerate()
                .skip(1)
                // The prefix ends at a slash, so that `/ups` never takes `/upstart`.
                .filter(|(_, b)| *b == b'/')
                .map(|(at, _)| at);
            let end = ends.chain([path.len()]).nth(count - 1)?;
            self.by_prefix.get(path.get(..end)?).copied()
        })
    }

    pub(crate) fn account(&self, id: &str) -> Option<usize> {
        // What is no name cannot be an account, so it is not looked up.
        let id: AccountId = id.parse().ok()?;
        self.by_account.get(&id).copied()
    }

    pub(super) fn account_by_id(&self, id: &AccountId) -> Option<&Arc<IndexedAccount>> {
        let found = self.accounts.get(*self.by_account.get(id)?)?;
        // Not by an alias: counters belong to the id.
        (found.account.id == *id).then_some(found)
    }

    /// The profile of the carrier to which all routes lead, if there is only one such carrier.
    pub(crate) fn only_profile(&self) -> Option<&CarrierProfile> {
        let (first, others) = self.routes.split_first()?;
        let profile = &*first.route.profile;
        let same = |other: &Arc<IndexedRoute>| other.route.profile.id == profile.id;
        others.iter().all(same).then_some(profile)
    }

    /// Whether a route leads to this origin.
    pub(crate) fn has_origin(&self, origin: &Origin) -> bool {
        self.origins.contains(origin)
    }

    pub(crate) fn app_by_client_id(&self, client_id: &str) -> Option<usize> {
        self.by_client_id.get(client_id).copied()
    }

    pub(crate) fn app_by_id(&self, id: &str) -> Option<usize> {
        self.by_app.get(id).copied()
    }

    /// The app that a token of ours was issued to, if the secret it was bought with still holds.
    pub(crate) fn app_by_subject(&self, subject: &str) -> Option<usize> {
        let (id, _) = subject.split_once('#')?;
        let app = self.app_by_id(id)?;
        // The whole subject is compared: a token of an earlier secret names one that is no longer there.
        (self.apps[app].subject().as_deref() == Some(subject)).then_some(app)
    }

    /// The app with this static key. The look-up is by hash, so its timing tells nothing of the key.
    pub(crate) fn app_by_key(&self, key: &str) -> Option<usize> {
        // Hashing is the whole cost here; a gateway without static keys must not pay it.
        if self.by_key.is_empty() {
            return None;
        }
        self.by_key.get(SecretHash::of(key).as_bytes()).copied()
    }
}
