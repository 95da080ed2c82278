//! What all workers and connections of one mock share.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use tokio_rustls::TlsAcceptor;

use crate::api::{ApiResponse, Product, UpsError};
use crate::clock::VirtualClock;
use crate::config::{Limits, Settings, UnparsableJson};
use crate::data::{SeedData, SeedUser};
use crate::faults::{FaultPlan, Scenario, ScenarioError};
use crate::hot_settings::HotSettings;
use crate::journal::Journal;
use crate::named_json;
use crate::oauth_state::browser_sessions::BrowserSessions;
use crate::oauth_state::grants::{Grant, GrantReport, Grants};
use crate::oauth_state::issuer::Issuer;
use crate::oauth_state::quota::QuotaMeter;
use crate::products::ProductContext;
use crate::products::rating::Tariff;
use crate::products::track_alert::alerts::Alerts;
use crate::registry::Registry;
use crate::tls::{self, TlsFailure};
use crate::tokens::TokenTable;

/// What a reset goes back to.
#[derive(Debug)]
struct ResetState {
    settings: Settings,
    data: SeedData,
    journal_capacity: usize,
    /// Where the clock stood still, if it did.
    frozen_at: Option<Timestamp>,
    scenarios: Vec<Scenario>,
}

/// One mock: its clock, people, tokens, products, journal.
pub(crate) struct MockState {
    pub(crate) clock: VirtualClock,
    pub(crate) limits: Limits,
    pub(crate) seed: u64,
    pub(crate) registry: Registry,
    pub(crate) issuer: Issuer,
    pub(crate) tokens: TokenTable,
    pub(crate) grants: Grants,
    pub(crate) browser_sessions: BrowserSessions,
    pub(crate) quota: QuotaMeter,
    /// In an allocation of its own: every call writes to it, and nothing that every call reads may
    /// share its cache line.
    pub(crate) journal: Box<Journal>,
    pub(crate) faults: FaultPlan,
    pub(crate) products: Vec<Box<dyn Product>>,
    pub(crate) hot: Arc<HotSettings>,
    /// Subscriptions whose events are pushed.
    pub(crate) alerts: Arc<Alerts>,
    start: ResetState,
    last_connection: AtomicU64,
    /// The certificate authority of the TLS listeners, if there are any.
    ca_pem: OnceLock<Arc<str>>,
}

impl std::fmt::Debug for MockState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MockState")
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// What a mock is made from.
pub(crate) struct InitialState {
    pub(crate) seed: u64,
    pub(crate) settings: Settings,
    pub(crate) data: SeedData,
    /// Redirect URIs of each app beside its own.
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) journal_capacity: usize,
    pub(crate) tariff: Option<Tariff>,
    /// The clock stands still at this time.
    pub(crate) frozen_at: Option<Timestamp>,
    /// Played at the start and after each reset.
    pub(crate) scenarios: Vec<Scenario>,
    /// In place of the mock's own products.
    pub(crate) products: Option<Vec<Box<dyn Product>>>,
}

impl Default for InitialState {
    fn default() -> Self {
        Self {
            seed: 1,
            settings: Settings::default(),
            data: SeedData::default(),
            redirect_uris: Vec::new(),
            journal_capacity: 1_000,
            tariff: None,
            frozen_at: None,
            scenarios: Vec::new(),
            products: None,
        }
    }
}

impl MockState {
    pub(crate) fn new(mut initial: InitialState) -> Self {
        // Into the start's data, so that a reset keeps the extra redirect URIs.
        for app in &mut initial.data.apps {
            app.redirect_uris.extend_from_slice(&initial.redirect_uris);
        }
        let hot = Arc::<HotSettings>::default();
        // Before the products are made, as they copy nothing and read it at each call.
        hot.set(&initial.settings);
        let context = ProductContext::new(initial.tariff, initial.seed, Arc::clone(&hot));
        let products = initial.products.unwrap_or_else(|| context.products());
        let start = ResetState {
            settings: initial.settings,
            data: initial.data,
            journal_capacity: initial.journal_capacity,
            frozen_at: initial.frozen_at,
            scenarios: initial.scenarios,
        };
        let clock = VirtualClock::new();
        clock.restart(start.frozen_at);
        Self {
            clock,
            limits: Limits::default(),
            seed: initial.seed,
            registry: Registry::new(start.data.clone()),
            issuer: Issuer::new(initial.seed),
            tokens: TokenTable::default(),
            grants: Grants::default(),
            browser_sessions: BrowserSessions::default(),
            quota: QuotaMeter::default(),
            journal: Box::new(Journal::new(initial.journal_capacity)),
            faults: FaultPlan::default(),
            products,
            alerts: context.alerts,
            hot,
            last_connection: AtomicU64::new(0),
            ca_pem: OnceLock::new(),
            start,
        }
    }

    pub(crate) fn settings(&self) -> Arc<Settings> {
        self.hot.current()
    }

    pub(crate) fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        self.hot.change(change);
    }

    /// The answer as the settings want errors to be.
    pub(crate) fn adjust(&self, answer: ApiResponse, body: &[u8]) -> ApiResponse {
        // Two cheap looks for the usual answer, which is no error.
        if answer.error.is_none() || !self.hot.changes_errors() {
            return answer;
        }
        let settings = self.settings();
        // Control characters have a recorded answer; only other unreadable bodies follow the setting.
        let unparsable = answer.is_indigestible() && !crate::lenient::holds_control_character(body);
        let answer = if unparsable && settings.unparsable_json == UnparsableJson::BadRequest {
            ApiResponse::error(UpsError::bad_request(
                "10001",
                "The request is not well formed.",
            ))
        } else {
            answer
        };
        settings.errors.apply(answer)
    }

    /// Changes the settings that are named, by their serialised names.
    pub(crate) fn patch_settings(
        &self,
        changes: serde_json::Map<String, serde_json::Value>,
    ) -> Result<(), String> {
        // Through JSON: names and types are checked exactly as in a settings file.
        let all = serde_json::to_value(&*self.settings());
        let mut all = all.map_err(|error| error.to_string())?;
        if let Some(members) = all.as_object_mut() {
            members.extend(changes);
        }
        let settings = named_json::read(all)?;
        self.change_settings(|current| *current = settings);
        Ok(())
    }

    /// Plays a scenario on top of what is in force.
    pub(crate) fn play_scenario(&self, scenario: Scenario) -> Result<Vec<u64>, ScenarioError> {
        // Settings before faults: a scenario with a wrong setting adds no fault.
        self.patch_settings(scenario.settings)
            .map_err(|error| ScenarioError(format!("settings: {error}")))?;
        let now_ms = self.clock.now_ms();
        let add = |fault| self.faults.add(fault, now_ms).map_err(ScenarioError);
        scenario.faults.into_iter().map(add).collect()
    }

    /// Makes the TLS certificates and keeps the authority's for those who ask.
    pub(crate) fn generate_tls(&self, address: IpAddr) -> Result<TlsAcceptor, TlsFailure> {
        let tls = tls::generate(address)?;
        // The first one stays: a mock has one set of TLS listeners, made once.
        let _ = self.ca_pem.set(tls.ca_pem);
        Ok(tls.acceptor)
    }

    pub(crate) fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.get().map(|pem| &**pem)
    }

    /// Changes a password and kills what was granted under the old one. `false`: no such user.
    pub(crate) fn change_password(&self, user: &str, password: String) -> bool {
        if !self.registry.change_password(user, password) {
            return false;
        }
        // The registry's new version already refuses refresh tokens; this ends the access tokens, too.
        self.revoke_grants(|grant| grant.user == user);
        true
    }

    /// Adds or replaces a user; a new password kills what was granted under the old one.
    pub(crate) fn put_user(&self, user: SeedUser) {
        // Kept, since the user moves into the registry.
        let name = user.name.clone();
        self.registry.put_user(user);
        let version = self.registry.password_version(&name);
        self.revoke_grants(|grant| grant.user == name && Some(grant.password_version) != version);
    }

    /// Tells about grants and their refresh tokens.
    pub(crate) fn report_grants(&self, matches: impl Fn(&Grant) -> bool) -> Vec<GrantReport> {
        let password_version = |user: &str| self.registry.password_version(user);
        self.grants
            .report(self.clock.now_ms(), password_version, matches)
    }

    /// Revokes grants and the access tokens that came from them; gives the number of grants.
    pub(crate) fn revoke_grants(&self, matches: impl Fn(&Grant) -> bool) -> usize {
        // Grants first: a refresh that runs meanwhile must not mint a token that is missed here.
        let dead = self.grants.revoke_where(matches);
        self.tokens.revoke_where(self.clock.now_ms(), |token| {
            token.grant.is_some_and(|grant| dead.contains(&grant))
        });
        dead.len()
    }

    /// The next connection's number, from 1.
    pub(crate) fn next_connection(&self) -> u64 {
        self.last_connection.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Plays the scenarios of the start.
    pub(crate) fn play_start(&self) -> Result<(), ScenarioError> {
        let mut scenarios = self.start.scenarios.iter().cloned();
        scenarios.try_for_each(|scenario| self.play_scenario(scenario).map(drop))
    }

    /// Back to the state of the start: clock, settings, users, apps, scenarios and journal as they were then, and
    /// nothing of what calls have created.
    pub(crate) fn reset(&self) {
        // Tokens first: a call that comes meanwhile must not be served for a user who is gone.
        self.tokens.clear();
        self.grants.clear();
        self.browser_sessions.clear();
        self.quota.clear();
        self.faults.clear();
        self.registry.reset(self.start.data.clone());
        self.change_settings(|settings| settings.clone_from(&self.start.settings));
        self.clock.restart(self.start.frozen_at);
        // After the registry: products may look at users that are gone until then.
        self.products.iter().for_each(|product| product.reset());
        self.journal.resize(self.start.journal_capacity);
        // They were played at the start, so they make sense.
        let _ = self.play_start();
    }
}
