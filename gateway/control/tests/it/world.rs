//! A control plane with a real store, broker and UPS plugin; the carrier is the mock of UPS.

use gateway_api::{
    AccountView, AddAccount, Check, ConsentDone, DoctorReport, SecretText, StartMigration,
    UpdateAccount, Verdict,
};
use gateway_broker::{Broker, BrokerConfig};
use gateway_control::{
    Actor, ControlError, ControlPlane, Declared, Files, Fleet, Parts, PrivateFile, Realm,
    Reminders, Settings,
};
use gateway_http_client::{
    HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HyperClient,
};
use gateway_model::{AccountId, Clock, Environment, GrantKind, Secret};
use gateway_plugin_host::{Host, PluginPolicy, Registry};
use gateway_store::{Access, MasterKeySource, OpenError, Store, StoreOptions, StoreUrl};
use http::{HeaderMap, HeaderValue, Method, header};
use mock_ups::MockUps;
use rustls::RootCertStore;
use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    pin::Pin,
    process::Command,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};
use tempfile::TempDir;
use url::Url;

/// Registered with the mock's app.
pub(crate) const CALLBACK: &str = "http://127.0.0.1:8081/oauth/callback";

const STORE: &str = "store.db";
const KEY: &str = "store.key";

/// When a frozen world begins: Monday, 2 March 2026, 08:00 UTC.
const START: &str = "2026-03-02T08:00:00Z";

/// The real clock, or one whose calendar stands still; it can be moved forward.
#[derive(Default)]
pub(crate) struct MovableClock {
    frozen_at: Option<SystemTime>,
    passed: AtomicU64,
    ahead: AtomicU64,
}

impl MovableClock {
    /// Moves the calendar, and nothing else.
    pub(crate) fn advance(&self, by: Duration) {
        self.ahead.fetch_add(by.as_secs(), Ordering::SeqCst);
    }

    fn passed(&self) -> Duration {
        Duration::from_secs(self.passed.load(Ordering::SeqCst))
    }
}

impl Clock for MovableClock {
    #[expect(clippy::disallowed_methods, reason = "the clock of these tests")]
    fn now(&self) -> Instant {
        Instant::now() + self.passed()
    }

    #[expect(clippy::disallowed_methods, reason = "the clock of these tests")]
    fn wall(&self) -> SystemTime {
        let ahead = Duration::from_secs(self.ahead.load(Ordering::SeqCst));
        self.frozen_at.unwrap_or_else(SystemTime::now) + self.passed() + ahead
    }
}

/// The UPS plugin as its users get it, built by cargo beside this test, in the same profile.
static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let exe = env::current_exe().expect("this test");
    let profile: PathBuf = exe.ancestors().nth(2).expect("target/<profile>").into();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "build",
        "--quiet",
        "-p",
        "plugins-ups-dylib",
        "--target-dir",
    ]);
    cargo.arg(profile.parent().expect("target"));
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
    assert!(built.expect("cargo").success(), "the plugin builds");
    profile.join("libwaybill_plugin_ups.so")
});

/// No test speaks to anybody but this machine: other names are not known.
struct OnlyHere(HyperClient);

impl HttpClient for OnlyHere {
    fn send(
        &self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + '_>> {
        let url: Url = request.url.parse().expect("a URL");
        if matches!(url.host(), Some(url::Host::Ipv4(ip)) if ip.is_loopback()) {
            return self.0.send(request);
        }
        Box::pin(async move {
            Err(HttpError {
                kind: HttpErrorKind::Dns,
                message: format!("{} was not resolved", url.host_str().unwrap_or_default()),
            })
        })
    }
}

/// Everything that an operator has.
pub(crate) struct World {
    /// UPS.
    pub(crate) ups: MockUps,
    /// What is tested.
    pub(crate) control: ControlPlane,
    /// Who keeps its tokens.
    pub(crate) broker: Arc<Broker>,
    /// Its store.
    pub(crate) store: Store,
    /// Its time.
    pub(crate) clock: Arc<MovableClock>,
    /// Where store, key, plugin and backups are.
    pub(crate) folder: TempDir,
    settings: Settings,
    callback: String,
    http: Arc<dyn HttpClient>,
}

impl World {
    /// A gateway with an empty store in a file.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with other settings.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let ups = MockUps::start().await.expect("a mock");
        Self::start(ups, MovableClock::default(), change, CALLBACK).await
    }

    /// The same with another redirect URI.
    pub(crate) async fn redirecting_to(uri: &str) -> Self {
        let ups = MockUps::start().await.expect("a mock");
        Self::start(ups, MovableClock::default(), |_| {}, uri).await
    }

    /// The same with calendars that stand still, here and at UPS, until time is made to pass.
    pub(crate) async fn frozen(change: impl FnOnce(&mut Settings)) -> Self {
        let start: jiff::Timestamp = START.parse().expect("a time");
        let ups = MockUps::builder().frozen_at(start).start().await;
        let clock = MovableClock {
            frozen_at: Some(start.into()),
            ..MovableClock::default()
        };
        Self::start(ups.expect("a mock"), clock, change, CALLBACK).await
    }

    async fn start(
        ups: MockUps,
        clock: MovableClock,
        change: impl FnOnce(&mut Settings),
        callback: &str,
    ) -> Self {
        let folder = folder();
        let clock = Arc::new(clock);
        let mut settings = settings(&ups, &folder);
        change(&mut settings);
        let http = http();
        let parts = (&folder, &clock, &http, &settings, callback);
        let (store, broker, control) = gateway(parts, &sqlite(&folder)).await;
        Self {
            ups,
            control,
            broker,
            store,
            clock,
            folder,
            settings,
            callback: callback.to_owned(),
            http,
        }
    }

    /// The same gateway after a restart.
    pub(crate) async fn restarted(self) -> Self {
        self.broker.shutdown(Duration::from_secs(5)).await;
        drop((self.control, self.broker));
        self.store.close().await;
        let (folder, clock, http) = (&self.folder, &self.clock, &self.http);
        let parts = (folder, clock, http, &self.settings, &*self.callback);
        let made = gateway(parts, &sqlite(folder)).await;
        let (store, broker, control) = made;
        Self {
            control,
            broker,
            store,
            ..self
        }
    }

    /// Time passes, here and at UPS.
    pub(crate) fn pass(&self, by: Duration) {
        self.clock.passed.fetch_add(by.as_secs(), Ordering::SeqCst);
        self.ups.advance(by);
    }

    /// Adds an account with the mock's client, in the test environment.
    pub(crate) async fn add(&self, name: &str, grant: GrantKind, numbers: &[&str]) -> AccountView {
        self.put(account(name, grant, numbers)).await
    }

    /// Adds an account.
    pub(crate) async fn put(&self, account: AddAccount) -> AccountView {
        let added = self.control.add_account(operator(), account).await;
        added.expect("an account")
    }

    /// Changes an account.
    pub(crate) async fn change(&self, account: &str, change: UpdateAccount) {
        let name = id(account);
        let changed = self.control.update_account(operator(), &name, change);
        changed.await.expect("a change");
    }

    /// Waits until an account has a token.
    pub(crate) async fn token(&self, account: &str) {
        let proven = self.control.probe(operator(), &id(account)).await;
        proven.expect("an answer");
    }

    /// Signs in as the merchant and approves.
    pub(crate) async fn sign_in(&self, account: &str) -> Result<ConsentDone, ControlError> {
        self.sign_in_as(account, "merchant", "parcel-1").await
    }

    /// Signs in as somebody and approves.
    pub(crate) async fn sign_in_as(
        &self,
        account: &str,
        user: &str,
        password: &str,
    ) -> Result<ConsentDone, ControlError> {
        let back = self.approve(account, user, password).await?;
        let query = secret(back.query().expect("a query"));
        self.control.finish_consent(&query).await
    }

    /// Begins a consent and approves it as somebody; where UPS sends the browser then.
    pub(crate) async fn approve(
        &self,
        account: &str,
        user: &str,
        password: &str,
    ) -> Result<Url, ControlError> {
        let begun = self.control.begin_consent(operator(), &id(account)).await?;
        let url = begun.url.0.expose();
        Ok(approve(&self.http, &self.ups, url, user, password).await)
    }

    /// Approves a consent that was begun, as somebody; where UPS sends the browser then.
    pub(crate) async fn approve_at(&self, url: &str, user: &str, password: &str) -> Url {
        approve(&self.http, &self.ups, url, user, password).await
    }

    /// What the doctor says of everything.
    pub(crate) async fn doctor(&self) -> DoctorReport {
        let report = self.control.doctor(operator(), None).await;
        report.expect("a report")
    }

    /// A migration to the mock's client.
    pub(crate) fn migration(&self, profiles: &[[&str; 5]]) -> StartMigration {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let profile =
            |[name, number, key, user, environment]: &[&str; 5]| gateway_api::MigrationProfile {
                name: (*name).to_owned(),
                account_number: (*number).to_owned(),
                access_key: (!key.is_empty()).then(|| secret(key)),
                user_id: text(user),
                environment: text(environment),
            };
        StartMigration {
            carrier: "ups".to_owned(),
            profiles: profiles.iter().map(profile).collect(),
            client_id: "mock-client".to_owned(),
            client_secret: secret("mock-secret"),
        }
    }
}

/// An account with the mock's client, in the test environment.
pub(crate) fn account(name: &str, grant: GrantKind, numbers: &[&str]) -> AddAccount {
    let numbers = numbers.iter().map(|n| n.parse().expect("a number"));
    AddAccount {
        name: id(name),
        aliases: Vec::new(),
        carrier: "ups".parse().expect("a carrier"),
        environment: Environment::Test,
        numbers: numbers.collect(),
        grant,
        client_id: "mock-client".to_owned(),
        client_secrets: vec![secret("mock-secret")],
        settings: std::collections::BTreeMap::new(),
        secret_settings: std::collections::BTreeMap::new(),
        default: false,
    }
}

/// Who does all this.
pub(crate) fn operator() -> &'static Actor {
    static ROOT: LazyLock<Actor> = LazyLock::new(|| Actor("root".to_owned()));
    &ROOT
}

/// A name.
pub(crate) fn id(name: &str) -> AccountId {
    name.parse().expect("a name")
}

/// A secret on its way.
pub(crate) fn secret(text: &str) -> SecretText {
    SecretText(Secret::new(text.to_owned()))
}

/// The one check of that name.
pub(crate) fn check<'r>(report: &'r DoctorReport, name: &str) -> &'r Check {
    let mut found = report.checks.iter().filter(|check| check.name == name);
    let first = found.next();
    assert!(found.next().is_none(), "{name} twice in {report:#?}");
    first.unwrap_or_else(|| panic!("no {name} in {report:#?}"))
}

/// Asserts a verdict, and that message and remedy together say something.
pub(crate) fn expect(report: &DoctorReport, name: &str, verdict: Verdict, says: &str) {
    let check = check(report, name);
    let text = format!("{} {:?}", check.message, check.remedy);
    assert_eq!(check.verdict, verdict, "{check:#?} of {report:#?}");
    assert!(text.contains(says), "{says:?} is not in {check:#?}");
}

/// Another one after each restart, as from the system's generator.
fn seed() -> [u8; 32] {
    static TURN: AtomicU64 = AtomicU64::new(1);
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&TURN.fetch_add(1, Ordering::SeqCst).to_le_bytes());
    seed
}

pub(crate) fn settings(ups: &MockUps, folder: &TempDir) -> Settings {
    let realm = |environment, origin: String| Realm {
        carrier: "ups".parse().expect("a carrier"),
        environment,
        origin: Some(origin.parse().expect("an origin")),
        danger_plaintext: true,
        last_chance: true,
    };
    let private = |what, name| PrivateFile {
        what,
        path: folder.path().join(name),
        forbidden: 0o077,
        needed: true,
    };
    Settings {
        version: "test",
        consent_lifetime: Duration::from_secs(600),
        request_timeout: Duration::from_secs(10),
        remind_days: 7,
        reminders: Reminders::default(),
        realms: vec![
            realm(Environment::Test, ups.base_url()),
            realm(Environment::Production, ups.production_base_url()),
        ],
        files: Files {
            backup_dir: Some(folder.path().to_owned()),
            private: vec![private("the store", STORE), private("the master key", KEY)],
        },
        fleet: Fleet::default(),
    }
}

fn sqlite(folder: &TempDir) -> StoreOptions {
    StoreOptions {
        url: StoreUrl::Sqlite(folder.path().join(STORE)),
        master_key: MasterKeySource::File(folder.path().join(KEY)),
        old_keys: Vec::new(),
        listen_url: None,
    }
}

/// What a gateway is made of, besides its store: a folder with plugins, a clock, a client, settings, and the
/// redirect URI.
pub(crate) type GatewayParts<'a> = (
    &'a TempDir,
    &'a Arc<MovableClock>,
    &'a Arc<dyn HttpClient>,
    &'a Settings,
    &'a str,
);

/// A control plane that has not loaded anything yet.
pub(crate) async fn unloaded(
    (folder, clock, http, settings, callback): GatewayParts<'_>,
    options: &StoreOptions,
) -> (Store, Arc<Broker>, ControlPlane) {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let store = open(options).await;
    let ledger = Arc::new(store.clone());
    let broker = Broker::new(BrokerConfig::default(), Arc::clone(&clock), ledger, 1);
    let broker = Arc::new(broker);
    let (plugins, cache) = (folder.path().join("plugins"), folder.path().join("cache"));
    let host = Host::new(Arc::clone(&clock));
    let plugins = Registry::load(plugins, PluginPolicy::default(), cache, host);
    let control = ControlPlane::new(Parts {
        store: store.clone(),
        broker: Arc::clone(&broker),
        plugins: Arc::new(plugins.expect("a folder of plugins")),
        http: Arc::clone(http),
        clock,
        settings: settings.clone(),
        seed: seed(),
    });
    control.redirect_to(callback.to_owned());
    (store, broker, control)
}

async fn gateway(
    parts: GatewayParts<'_>,
    options: &StoreOptions,
) -> (Store, Arc<Broker>, ControlPlane) {
    let made = unloaded(parts, options).await;
    let loaded = made.2.load(Declared::default()).await;
    loaded.expect("nothing is declared");
    made
}

/// Waits for the gateway of before a restart: its last tasks may hold the store's lock a moment longer.
async fn open(options: &StoreOptions) -> Store {
    let opened = async {
        loop {
            match Store::open(options, Access::Gateway).await {
                Err(OpenError::Locked { .. }) => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                opened => break opened.expect("a store"),
            }
        }
    };
    let within = tokio::time::timeout(Duration::from_secs(30), opened).await;
    within.expect("nobody else has it")
}

/// A private folder with the UPS plugin.
pub(crate) fn folder() -> TempDir {
    let private = fs::Permissions::from_mode(0o700);
    let folder = tempfile::Builder::new().permissions(private).tempdir();
    let folder = folder.expect("a folder");
    put_plugin(&folder);
    folder
}

/// A client for this machine only.
pub(crate) fn http() -> Arc<dyn HttpClient> {
    let http = HyperClient::with_roots(RootCertStore::empty()).expect("a client");
    Arc::new(OnlyHere(http))
}

fn put_plugin(folder: &TempDir) {
    let plugins = folder.path().join("plugins");
    for dir in [&plugins, &folder.path().join("cache")] {
        fs::create_dir_all(dir).expect("a folder");
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).expect("a mode");
    }
    fs::copy(&*LIBRARY, plugins.join("ups.so")).expect("the plugin");
}

/// Approves a consent as somebody; where UPS sends the browser then.
pub(crate) async fn approve(
    http: &Arc<dyn HttpClient>,
    ups: &MockUps,
    url: &str,
    user: &str,
    password: &str,
) -> Url {
    let page = location(&send(http, Method::GET, url, String::new()).await);
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(page.query_pairs());
    form.append_pair("user", user);
    form.append_pair("password", password);
    form.append_pair("decision", "approve");
    let target = format!("{}{}", ups.base_url(), page.path());
    location(&send(http, Method::POST, &target, form.finish()).await)
}

async fn send(http: &Arc<dyn HttpClient>, method: Method, url: &str, body: String) -> HttpResponse {
    let mut headers = HeaderMap::new();
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    headers.insert(header::CONTENT_TYPE, form);
    let request = HttpRequest {
        method,
        url: url.to_owned(),
        headers,
        body: body.into(),
        timeout: Duration::from_secs(10),
        max_response: 1 << 20,
    };
    http.send(request).await.expect("an answer")
}

fn location(answer: &HttpResponse) -> Url {
    let location = answer.headers.get(header::LOCATION);
    let text = location.and_then(|text| text.to_str().ok());
    let text = text.unwrap_or_else(|| panic!("{answer:?} leads nowhere"));
    text.parse().expect("a URL")
}
