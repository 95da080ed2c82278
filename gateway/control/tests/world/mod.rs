//! A control plane with a real store, broker and UPS plugin; the carrier is the mock of UPS.

use gateway_broker::{Broker, BrokerConfig, HyperClient};
use gateway_control::{
    Actor, ControlError, ControlPlane, Declared, Files, Parts, PrivateFile, Realm, Reminders,
    Settings, StoreLedger,
    view::{
        AccountView, AddAccount, Check, ConsentDone, DoctorReport, SecretText, StartMigration,
        UpdateAccount, Verdict,
    },
};
use gateway_model::{AccountId, Clock, Environment, Secret};
use gateway_plugin_host::{
    Catalog, Host, HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse, Policy,
};
use gateway_store::{Access, GrantKind, MasterKeySource, Store, StoreOptions, StoreUrl};
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

/// The real clock; its calendar can be moved forward.
#[derive(Default)]
pub(crate) struct MovableClock(AtomicU64);

impl MovableClock {
    /// Moves the calendar, and nothing else.
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    #[expect(clippy::disallowed_methods, reason = "the clock of these tests")]
    fn now(&self) -> Instant {
        Instant::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the clock of these tests")]
    fn wall(&self) -> SystemTime {
        SystemTime::now() + Duration::from_secs(self.0.load(Ordering::SeqCst))
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
    /// Its store.
    pub(crate) store: Store,
    /// Its time.
    pub(crate) clock: Arc<MovableClock>,
    /// Where store, key, plugin and backups are.
    pub(crate) folder: TempDir,
    http: Arc<OnlyHere>,
}

impl World {
    /// A gateway with an empty store in a file.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with other settings.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::made(change, CALLBACK).await
    }

    /// The same with another redirect URI.
    pub(crate) async fn redirecting_to(uri: &str) -> Self {
        Self::made(|_| {}, uri).await
    }

    async fn made(change: impl FnOnce(&mut Settings), callback: &str) -> Self {
        let private = fs::Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().permissions(private).tempdir();
        let folder = folder.expect("a folder");
        let ups = MockUps::start().await.expect("a mock");
        Self::start(ups, folder, Arc::default(), change, callback).await
    }

    /// The same gateway after a restart.
    pub(crate) async fn restarted(self) -> Self {
        drop(self.control);
        self.store.close().await;
        Self::start(self.ups, self.folder, self.clock, |_| {}, CALLBACK).await
    }

    async fn start(
        ups: MockUps,
        folder: TempDir,
        clock: Arc<MovableClock>,
        change: impl FnOnce(&mut Settings),
        callback: &str,
    ) -> Self {
        let file = folder.path().join("store.db");
        let key = folder.path().join("store.key");
        let options = StoreOptions {
            url: StoreUrl::Sqlite(file.clone()),
            master_key: MasterKeySource::File(key.clone()),
            old_keys: Vec::new(),
        };
        let store = Store::open(&options, Access::Exclusive).await;
        let store = store.expect("a store");
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let ledger = Arc::new(StoreLedger(store.clone()));
        let broker = Broker::new(BrokerConfig::default(), Arc::clone(&time), ledger, 1);
        let http = HyperClient::with_roots(RootCertStore::empty()).expect("a client");
        let http = Arc::new(OnlyHere(http));
        let private = |what, path, needed| PrivateFile {
            what,
            path,
            forbidden: 0o077,
            needed,
        };
        let files = Files {
            backup_dir: Some(folder.path().to_owned()),
            private: vec![
                private("the store", file, true),
                private("the master key", key, true),
            ],
        };
        let mut settings = settings(&ups, files);
        change(&mut settings);
        let control = ControlPlane::new(Parts {
            store: store.clone(),
            broker: Arc::new(broker),
            catalog: Arc::new(catalog(&folder, &time)),
            http: Arc::clone(&http) as Arc<dyn HttpClient>,
            clock: time,
            settings,
            seed: seed(),
        });
        control.redirect_to(callback.to_owned());
        let loaded = control.load(Declared::default()).await;
        loaded.expect("nothing is declared");
        Self {
            ups,
            control,
            store,
            clock,
            folder,
            http,
        }
    }

    /// Adds an account with the mock's client, in the test environment.
    pub(crate) async fn add(&self, name: &str, grant: GrantKind, numbers: &[&str]) -> AccountView {
        self.add_as(Environment::Test, name, grant, numbers).await
    }

    /// Adds one with client credentials in an environment.
    pub(crate) async fn add_in(
        &self,
        environment: Environment,
        name: &str,
        numbers: &[&str],
    ) -> AccountView {
        let grant = GrantKind::ClientCredentials;
        self.add_as(environment, name, grant, numbers).await
    }

    async fn add_as(
        &self,
        environment: Environment,
        name: &str,
        grant: GrantKind,
        numbers: &[&str],
    ) -> AccountView {
        let numbers = numbers.iter().map(|n| n.parse().expect("a number"));
        let account = AddAccount {
            name: id(name),
            aliases: Vec::new(),
            carrier: "ups".parse().expect("a carrier"),
            environment,
            numbers: numbers.collect(),
            grant,
            client_id: "mock-client".to_owned(),
            client_secrets: vec![secret("mock-secret")],
            default: false,
        };
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
        let begun = self.control.begin_consent(operator(), &id(account)).await?;
        let page = location(
            &self
                .send(Method::GET, begun.url.0.expose(), String::new())
                .await,
        );
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(page.query_pairs());
        form.append_pair("user", user);
        form.append_pair("password", password);
        form.append_pair("decision", "approve");
        let target = format!("{}{}", self.ups.base_url(), page.path());
        let answer = self.send(Method::POST, &target, form.finish()).await;
        let back = location(&answer);
        let query = secret(back.query().expect("a query"));
        self.control.finish_consent(&query).await
    }

    async fn send(&self, method: Method, url: &str, body: String) -> HttpResponse {
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
        self.http.send(request).await.expect("an answer")
    }

    /// What the doctor says of everything.
    pub(crate) async fn doctor(&self) -> DoctorReport {
        let report = self.control.doctor(operator(), None).await;
        report.expect("a report")
    }

    /// A migration to the mock's client.
    pub(crate) fn migration(&self, profiles: &[[&str; 5]]) -> StartMigration {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let profile = |[name, number, key, user, environment]: &[&str; 5]| {
            gateway_control::view::LegacyProfile {
                name: (*name).to_owned(),
                account_number: (*number).to_owned(),
                access_key: (!key.is_empty()).then(|| secret(key)),
                user_id: text(user),
                environment: text(environment),
            }
        };
        StartMigration {
            carrier: "ups".to_owned(),
            profiles: profiles.iter().map(profile).collect(),
            client_id: "mock-client".to_owned(),
            client_secret: secret("mock-secret"),
        }
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

fn settings(ups: &MockUps, files: Files) -> Settings {
    let realm = |environment, origin: String| Realm {
        carrier: "ups".parse().expect("a carrier"),
        environment,
        origin: Some(origin.parse().expect("an origin")),
        danger_plaintext: true,
        last_chance: true,
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
        files,
    }
}

fn catalog(folder: &TempDir, clock: &Arc<dyn Clock>) -> Catalog {
    let plugins = folder.path().join("plugins");
    let cache = folder.path().join("cache");
    for dir in [&plugins, &cache] {
        fs::create_dir_all(dir).expect("a folder");
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).expect("a mode");
    }
    fs::copy(&*LIBRARY, plugins.join("ups.so")).expect("the plugin");
    let host = Host::new(Arc::clone(clock));
    let catalog = Catalog::load(&plugins, &Policy::default(), &cache, &host);
    catalog.expect("a folder of plugins")
}

fn location(answer: &HttpResponse) -> Url {
    let location = answer.headers.get(header::LOCATION);
    let text = location.and_then(|text| text.to_str().ok());
    let text = text.unwrap_or_else(|| panic!("{answer:?} leads nowhere"));
    text.parse().expect("a URL")
}
