//! The mock as a library: start it on a free port, drive it from a test, look at what it received.

mod builder;
mod expectation;
mod fault_guard;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::api::Environment;
use crate::config::Settings;
use crate::data::{SeedApp, SeedUser};
use crate::endpoint::Endpoint;
use crate::faults::{Fault, Scenario, ScenarioError};
use crate::journal::{Filter, JournalEntry};
use crate::mock_state::{InitialState, MockState};
use crate::oauth;
use crate::oauth_state::grants::GrantReport;

pub use builder::Builder;
pub use expectation::{Expectation, Unmet};
pub use fault_guard::{FaultGuard, InvalidFault};

/// A running mock. It listens on a free port of the loopback address and shares nothing with other
/// instances.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let mock = mock_ups::MockUps::start().await.unwrap();
/// assert!(mock.base_url().starts_with("http://127.0.0.1:"));
/// mock.token_requests_of("mock-client").none().unwrap();
/// # });
/// ```
#[must_use = "the mock stops when this is dropped"]
#[derive(Debug)]
pub struct MockUps {
    mock: Arc<MockState>,
    address: SocketAddr,
    production_address: SocketAddr,
    tls_address: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    listeners: Vec<JoinHandle<io::Result<()>>>,
}

impl MockUps {
    /// Starts a mock with the seeded data: client `mock-client` / `mock-secret`.
    ///
    /// # Errors
    /// If no port can be bound.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Sets a mock up.
    pub fn builder() -> Builder {
        Builder {
            initial: InitialState::default(),
            // Port 0: tests run side by side on one machine.
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: false,
        }
    }

    /// The test environment's (CIE's) origin, `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The production environment's origin, on a port of its own.
    #[must_use]
    pub fn production_base_url(&self) -> String {
        format!("http://{}", self.production_address)
    }

    /// The TLS listener's origin, if the builder was asked for TLS.
    #[must_use]
    pub fn tls_base_url(&self) -> Option<String> {
        self.tls_address.map(|address| format!("https://{address}"))
    }

    /// The certificate authority that clients of the TLS listener have to trust, as PEM.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.mock.ca_pem()
    }

    /// The test environment's address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts a text as an access token of a client from now on, as if the client had requested it: for clients that
    /// have a token and request none. Nothing is signed for it. `false` if there is no such app.
    pub fn accept_token(&self, environment: Environment, client_id: &str, token: &str) -> bool {
        oauth::accept(&self.mock, environment, client_id, token)
    }

    /// Revokes all live access tokens; gives their number.
    pub fn revoke_all(&self) -> usize {
        self.mock
            .tokens
            .revoke_where(self.mock.clock.now_ms(), |_| true)
    }

    /// Revokes the live access tokens of one client; gives their number.
    pub fn revoke_client(&self, client_id: &str) -> usize {
        let now_ms = self.mock.clock.now_ms();
        self.mock
            .tokens
            .revoke_where(now_ms, |token| *token.caller.client_id == *client_id)
    }

    /// Sets the lifetime of access tokens issued from now on.
    pub fn set_access_token_lifetime(&self, lifetime: Duration) {
        self.change_settings(|settings| settings.access_token_lifetime = lifetime.as_secs());
    }

    /// The settings as they are.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings::clone(&self.mock.settings())
    }

    /// Changes settings.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        self.mock.change_settings(change);
    }

    /// Registers an app, or replaces the one with the same client id.
    pub fn put_app(&self, app: SeedApp) {
        self.mock.registry.put_app(app);
    }

    /// Adds a redirect URI to an app. `false` if there is no such app.
    pub fn add_redirect_uri(&self, client_id: &str, uri: impl Into<String>) -> bool {
        let app = self.mock.registry.app(client_id);
        app.inspect(|app| app.add_redirect_uri(uri.into()))
            .is_some()
    }

    /// Changes an app's secret. `false` if there is no such app.
    pub fn set_client_secret(&self, client_id: &str, secret: impl Into<String>) -> bool {
        let app = self.mock.registry.app(client_id);
        app.inspect(|app| app.set_secret(secret.into())).is_some()
    }

    /// Blocks an app (10403 at every token request) or lets it in again. `false` if there is none.
    pub fn set_blocked(&self, client_id: &str, blocked: bool) -> bool {
        self.mock
            .registry
            .app(client_id)
            .inspect(|app| app.set_blocked(blocked))
            .is_some()
    }

    /// Sets the products added to an app, by first path segment; `None` means all. A call to
    /// another one is answered 401/250002. `false` if there is no such app.
    pub fn set_products(&self, client_id: &str, products: Option<Vec<String>>) -> bool {
        self.mock
            .registry
            .app(client_id)
            .inspect(|app| app.set_products(products))
            .is_some()
    }

    /// The grants so far, oldest first, with every refresh token, how often it was presented and
    /// what came of it.
    #[must_use]
    pub fn grants(&self) -> Vec<GrantReport> {
        self.mock.report_grants(|_| true)
    }

    /// Revokes the grants of a user to all apps, as if the user had withdrawn them; gives their
    /// number.
    pub fn revoke_grants_of(&self, user: &str) -> usize {
        self.mock.revoke_grants(|grant| grant.user == user)
    }

    /// Adds a user, or replaces the one with the same name. A new password kills the grants made
    /// under the old one.
    pub fn put_user(&self, user: SeedUser) {
        self.mock.put_user(user);
    }

    /// Changes a user's password, which kills the grants made under the old one and their access
    /// tokens. `false` if there is no such user.
    pub fn change_password(&self, user: &str, password: impl Into<String>) -> bool {
        self.mock.change_password(user, password.into())
    }

    /// The mock's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.mock.clock.now()
    }

    /// Moves the mock's clock forward.
    pub fn advance(&self, by: Duration) {
        self.mock.clock.advance(by);
    }

    /// Stops the mock's clock; [`MockUps::advance`] still moves it.
    pub fn freeze(&self) {
        self.mock.clock.freeze();
    }

    /// Lets the mock's clock run on from where it is.
    pub fn unfreeze(&self) {
        self.mock.clock.unfreeze();
    }

    /// The received requests that the filter lets through, oldest first.
    #[must_use]
    pub fn journal(&self, filter: &Filter) -> Vec<JournalEntry> {
        self.mock.journal.select(filter, usize::MAX)
    }

    /// Forgets the received requests.
    pub fn clear_journal(&self) {
        self.mock.journal.clear();
    }

    /// Says what should have been received; ask the result for a count.
    pub fn expect(&self, filter: Filter) -> Expectation {
        Expectation::new(Arc::clone(&self.mock), filter)
    }

    /// The token requests of a client, both environments.
    pub fn token_requests_of(&self, client_id: &str) -> Expectation {
        self.expect(Filter::any().endpoint(Endpoint::Token).client(client_id))
    }

    /// Exactly one token request for the client, whatever its answer.
    ///
    /// # Errors
    /// [`Unmet`], with what was received.
    pub fn exactly_one_token_request(&self, client_id: &str) -> Result<(), Unmet> {
        self.token_requests_of(client_id).exactly(1)
    }

    /// Adds a fault. It is in force until the guard is dropped, or for good with
    /// [`FaultGuard::keep`].
    ///
    /// # Errors
    /// If the fault makes no sense (a probability of 2, a status of 99).
    pub fn add_fault(&self, fault: Fault) -> Result<FaultGuard, InvalidFault> {
        let now_ms = self.mock.clock.now_ms();
        let id = self.mock.faults.add(fault, now_ms).map_err(InvalidFault)?;
        Ok(FaultGuard {
            mock: Arc::clone(&self.mock),
            id,
            keep: false,
        })
    }

    /// Removes all faults; gives their number.
    pub fn clear_faults(&self) -> usize {
        self.mock.faults.clear()
    }

    /// Plays a scenario on top of what is in force.
    ///
    /// # Errors
    /// If a setting or fault in it makes no sense.
    pub fn play_scenario(&self, scenario: Scenario) -> Result<(), ScenarioError> {
        self.mock.play_scenario(scenario).map(drop)
    }

    /// Back to the state of the start: clock, settings, users and apps as they were then, and nothing of what
    /// calls have created.
    pub fn reset(&self) {
        self.mock.reset();
    }

    /// Access tokens issued since the start.
    #[must_use]
    pub fn tokens_issued(&self) -> u64 {
        self.mock.tokens.issued()
    }

    /// Stops listening, waits for the answers in progress (5 seconds at most) and ends.
    pub async fn stop(mut self) {
        // Also when no listener runs any more.
        self.stop.send_replace(true);
        for listener in self.listeners.drain(..) {
            // It ends by itself within the drain time; how does not matter any more.
            let _ = listener.await;
        }
    }
}
