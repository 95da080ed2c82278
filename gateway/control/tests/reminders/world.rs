//! A real control plane: a store in memory, the broker, the UPS plugin's library, and the mock as UPS.

use bytes::Bytes;
use gateway_broker::{Broker, BrokerConfig, HyperClient};
use gateway_control::{
    Actor, ControlPlane, Parts, Reminders, Settings, StoreLedger,
    view::{AddAccount, ConsentDone, PasteConsent, SecretText},
};
use gateway_model::{AccountId, Clock, Secret};
use gateway_plugin_host::{Catalog, Host, HttpClient, HttpRequest, Policy};
use gateway_store::{Access, GrantKind, MasterKeySource, Store, StoreOptions, StoreUrl};
use http::{HeaderMap, Method, header};
use mock_ups::MockUps;
use rustls::RootCertStore;
use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};
use tempfile::TempDir;

/// Registered at the mock.
pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:9464/oauth/callback";
/// The user who owns the accounts `A1B2C3` and `D4E5F6`.
pub(crate) const MERCHANT: (&str, &str) = ("merchant", "parcel-1");
/// The client secret of all accounts here.
pub(crate) const SECRET: &str = "mock-secret";

/// When every test begins: Monday, 2 March 2026, 08:00 UTC. Here and at UPS.
const START: &str = "2026-03-02T08:00:00Z";

/// A calendar that stands still until a test moves it.
pub(crate) struct Moved(AtomicU64);

impl Clock for Moved {
    #[expect(
        clippy::disallowed_methods,
        reason = "waiting takes real time here, too"
    )]
    fn now(&self) -> Instant {
        Instant::now() + self.by()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::from(start()) + self.by()
    }
}

fn start() -> jiff::Timestamp {
    START.parse().expect("a time")
}

impl Moved {
    fn by(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// A control plane with UPS behind it.
pub(crate) struct World {
    pub(crate) mock: MockUps,
    pub(crate) control: ControlPlane,
    pub(crate) broker: Arc<Broker>,
    pub(crate) store: Store,
    pub(crate) clock: Arc<Moved>,
    pub(crate) settings: Settings,
    pub(crate) http: Arc<dyn HttpClient>,
    plugins: TempDir,
}

/// What most tests want.
pub(crate) fn settings() -> Settings {
    Settings {
        version: "test",
        consent_lifetime: Duration::from_secs(600),
        request_timeout: Duration::from_secs(20),
        remind_days: 7,
        reminders: Reminders::default(),
        realms: Vec::new(),
        files: gateway_control::Files::default(),
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(settings()).await
    }

    pub(crate) async fn with(mut settings: Settings) -> Self {
        let mock = MockUps::builder().redirect_uri(REDIRECT_URI);
        let mock = mock
            .frozen_at(start())
            .start()
            .await
            .expect("the mock starts");
        settings.realms.push(gateway_control::Realm {
            carrier: "ups".parse().expect("a carrier"),
            environment: "test".parse().expect("an environment"),
            origin: Some(mock.base_url().parse().expect("an origin")),
            danger_plaintext: true,
            last_chance: true,
        });
        let options = StoreOptions {
            url: StoreUrl::Memory,
            master_key: MasterKeySource::Ephemeral,
            old_keys: Vec::new(),
        };
        let store = Store::open(&options, Access::Exclusive).await;
        let store = store.expect("a store in memory");
        let clock = Arc::new(Moved(AtomicU64::new(0)));
        let plugins = private_folder();
        put_plugin(plugins.path());
        let http = HyperClient::with_roots(RootCertStore::empty()).expect("nothing to trust");
        let http: Arc<dyn HttpClient> = Arc::new(http);
        let (control, broker) = plane(&store, &clock, &settings, plugins.path(), &http).await;
        Self {
            mock,
            control,
            broker,
            store,
            clock,
            settings,
            http,
            plugins,
        }
    }

    /// Another control plane and broker over the same store, as after a restart.
    pub(crate) async fn restart(&mut self) {
        self.broker.shutdown(Duration::from_secs(5)).await;
        let (store, plugins) = (self.store.clone(), self.plugins.path());
        let made = plane(&store, &self.clock, &self.settings, plugins, &self.http).await;
        (self.control, self.broker) = made;
    }

    /// Time passes, here and at UPS.
    pub(crate) fn pass(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).expect("a span");
        self.clock.0.fetch_add(millis, Ordering::SeqCst);
        self.mock.advance(by);
    }

    /// Adds an account whose tokens a person consents to.
    pub(crate) async fn add_consent_account(&self, name: &str, number: &str) -> AccountId {
        self.add(name, number, GrantKind::AuthorizationCode, SECRET)
            .await
    }

    /// Adds an account that needs nobody.
    pub(crate) async fn add_client_account(
        &self,
        name: &str,
        number: &str,
        secret: &str,
    ) -> AccountId {
        self.add(name, number, GrantKind::ClientCredentials, secret)
            .await
    }

    async fn add(&self, name: &str, number: &str, grant: GrantKind, secret: &str) -> AccountId {
        let account = AddAccount {
            name: name.parse().expect("a name"),
            aliases: Vec::new(),
            carrier: "ups".parse().expect("a carrier"),
            environment: "test".parse().expect("an environment"),
            numbers: vec![number.parse().expect("a number")],
            grant,
            client_id: "mock-client".to_owned(),
            client_secrets: vec![SecretText(Secret::new(secret.to_owned()))],
            default: false,
        };
        let added = self.control.add_account(&operator(), account).await;
        added.expect("the account is added").name
    }

    /// Signs in at the carrier and finishes the consent.
    pub(crate) async fn consent(&self, account: &AccountId, user: (&str, &str)) -> ConsentDone {
        let redirected = self.sign_in(account, user).await;
        let pasted = PasteConsent {
            redirected: SecretText(Secret::new(redirected)),
        };
        let done = self
            .control
            .paste_consent(&operator(), account, pasted)
            .await;
        done.expect("the consent succeeds")
    }

    /// Begins a consent and signs in at the mock; the address that the mock redirects to.
    pub(crate) async fn sign_in(&self, account: &AccountId, user: (&str, &str)) -> String {
        let started = self.control.begin_consent(&operator(), account).await;
        let url = started.expect("a consent begins").url;
        let page = self.ask(Method::GET, url.0.expose(), Bytes::new()).await;
        let (_, query) = page.split_once('?').expect("a query");
        let form = format!(
            "{query}&user={}&password={}&decision=approve",
            user.0, user.1
        );
        let url = format!("{}/lasso/signin", self.mock.base_url());
        self.ask(Method::POST, &url, form.into()).await
    }

    /// Where a request is redirected to.
    async fn ask(&self, method: Method, url: &str, body: Bytes) -> String {
        let mut headers = HeaderMap::new();
        let form = "application/x-www-form-urlencoded";
        headers.insert(header::CONTENT_TYPE, form.parse().expect("a value"));
        let answer = self.http.send(HttpRequest {
            method,
            url: url.to_owned(),
            headers,
            body,
            timeout: Duration::from_secs(20),
            max_response: 1 << 20,
        });
        let answer = answer.await.expect("an answer");
        let to = answer.headers.get(header::LOCATION);
        let to = to.expect("a redirect");
        to.to_str().expect("a location").to_owned()
    }
}

/// Who asks here.
pub(crate) fn operator() -> Actor {
    Actor("test".to_owned())
}

/// Waits until a condition holds; the bound only ends a test that would never end.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let within = tokio::time::timeout(Duration::from_secs(30), wait).await;
    assert!(within.is_ok(), "never: {what}");
}

async fn plane(
    store: &Store,
    clock: &Arc<Moved>,
    settings: &Settings,
    plugins: &Path,
    http: &Arc<dyn HttpClient>,
) -> (ControlPlane, Arc<Broker>) {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let ledger = Arc::new(StoreLedger(store.clone()));
    let broker = Broker::new(BrokerConfig::default(), Arc::clone(&clock), ledger, 1);
    let broker = Arc::new(broker);
    let cache = plugins.join("cache");
    let host = Host::new(Arc::clone(&clock));
    let catalog = Catalog::load(plugins, &Policy::default(), &cache, &host);
    let catalog = catalog.expect("a folder");
    let control = ControlPlane::new(Parts {
        store: store.clone(),
        broker: Arc::clone(&broker),
        catalog: Arc::new(catalog),
        http: Arc::clone(http),
        clock,
        settings: settings.clone(),
        seed: [7; 32],
    });
    control.redirect_to(REDIRECT_URI.to_owned());
    let loaded = control.load(gateway_control::Declared::default()).await;
    loaded.expect("the store is read");
    (control, broker)
}

fn private_folder() -> TempDir {
    tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir()
        .expect("a folder")
}

/// The UPS plugin's library, built by cargo beside this test, in the same profile.
fn put_plugin(folder: &Path) {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    let library = LIBRARY.get_or_init(|| {
        let exe = env::current_exe().expect("this test");
        let profile: PathBuf = exe.ancestors().nth(2).expect("target/<profile>").into();
        let target = profile.parent().expect("target");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([
            "build",
            "--quiet",
            "-p",
            "plugins-ups-dylib",
            "--target-dir",
        ]);
        cargo.arg(target);
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
        assert!(built.expect("cargo").success());
        profile.join("libwaybill_plugin_ups.so")
    });
    let file = folder.join("ups.so");
    fs::copy(library, &file).expect("a copy");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
}
