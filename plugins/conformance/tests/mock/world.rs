//! One UPS mock, one plugin, one configured account, one person with a browser.

use bytes::Bytes;
use gateway_http_client::{HttpClient, HttpRequest, HttpResponse, HyperClient};
use gateway_model::{Clock, Failure, Secret, SecretBytes};
use gateway_plugin_host::{
    Authorization, AuthorizationReason, ConsentRequest, Diagnosis, Instance, InstanceOptions,
    Issued, Plugin, PluginPolicy, Probe, Rates, load_file,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use mock_ups::MockUps;
use rustls::RootCertStore;
use serde_json::json;
use std::{
    env,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};
use url::Url;

/// Registered with the mock's app.
const CALLBACK: &str = "http://127.0.0.1:8081/oauth/callback";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

struct RealClock;

impl Clock for RealClock {
    #[expect(clippy::disallowed_methods, reason = "the clock of these tests")]
    fn now(&self) -> Instant {
        Instant::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the clock of these tests")]
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// The UPS plugin as its users get it, built by cargo beside this test, in the same profile.
fn ups_library() -> Plugin {
    let exe = env::current_exe().expect("this test");
    let profile: PathBuf = exe.ancestors().nth(2).expect("target/<profile>").into();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "-p", "plugins-ups-dylib"]);
    cargo.arg("--target-dir");
    cargo.arg(profile.parent().expect("target"));
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
    assert!(built.expect("cargo").success());
    load(&profile.join("libwaybill_plugin_ups.so"))
}

/// Loads a plugin file as the gateway does.
pub(crate) fn load(file: &Path) -> Plugin {
    let private = std::fs::Permissions::from_mode(0o700);
    let cache = tempfile::Builder::new().permissions(private).tempdir();
    let cache = cache.expect("a folder");
    let host = gateway_plugin_host::Host::new(Arc::new(RealClock));
    let entry = load_file(file, &PluginPolicy::default(), cache.path(), &host);
    let plugin = entry.plugin().cloned();
    plugin.unwrap_or_else(|| panic!("{:?}", entry.reason()))
}

pub(crate) struct World {
    pub(crate) ups: MockUps,
    pub(crate) plugin: Plugin,
    instance: Instance,
    http: HyperClient,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::of(ups_library()).await
    }

    /// With this plugin.
    pub(crate) async fn of(plugin: Plugin) -> Self {
        let ups = MockUps::start().await.expect("a mock");
        let base = ups.base_url();
        let config = json!({
            "environment": "test",
            "origin": base,
            "client_id": "mock-client",
            "client_secret": "mock-secret",
            "account_number": "A1B2C3",
            "grant": "authorization_code",
        });
        let options = InstanceOptions {
            origin: Some(base.parse().expect("an origin")),
            danger_plaintext: true,
            ..InstanceOptions::new(config)
        };
        let instance = plugin.instance(options).expect("an instance");
        let http = HyperClient::with_roots(RootCertStore::empty()).expect("a client");
        Self {
            ups,
            plugin,
            instance,
            http,
        }
    }

    /// Signs in as the merchant and approves; the code that comes back with the state.
    pub(crate) async fn consent(&self) -> String {
        assert!(self.instance.supports_auth_code());
        let request = ConsentRequest {
            slot: String::new(),
            redirect_uri: CALLBACK.to_owned(),
            state: Secret::new("drawn-by-the-gateway".to_owned()),
            pkce_challenge: CHALLENGE.to_owned(),
        };
        let url = self.instance.authorize_url(&request).await;
        let url = url.expect("a URL");
        let answer = self
            .send(Method::GET, url.expose(), &[], String::new())
            .await;
        assert_eq!(answer.status, StatusCode::FOUND);
        let page = location(&answer);
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(page.query_pairs());
        for (name, value) in [
            ("user", "merchant"),
            ("password", "parcel-1"),
            ("decision", "approve"),
        ] {
            form.append_pair(name, value);
        }
        let target = format!("{}{}", self.ups.base_url(), page.path());
        let fields = [(header::CONTENT_TYPE, "application/x-www-form-urlencoded")];
        let answer = self
            .send(Method::POST, &target, &fields, form.finish())
            .await;
        let back = location(&answer);
        let value = |name: &str| {
            let mut pairs = back.query_pairs();
            let found = pairs
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned());
            found.unwrap_or_else(|| panic!("no {name} in {back}"))
        };
        assert_eq!(value("state"), "drawn-by-the-gateway");
        value("code")
    }

    pub(crate) async fn exchange(&self, code: &str) -> Result<Issued, Failure> {
        let param = |name: &str, value: &str| (name.to_owned(), Secret::new(value.to_owned()));
        let params = vec![
            param("code", code),
            param("redirect_uri", CALLBACK),
            param("pkce_verifier", VERIFIER),
        ];
        let state = SecretBytes::default();
        self.authorize(AuthorizationReason::AuthCode, state, params)
            .await
    }

    pub(crate) async fn refresh(
        &self,
        reason: AuthorizationReason,
        state: &SecretBytes,
    ) -> Result<Issued, Failure> {
        self.authorize(reason, state.clone(), Vec::new()).await
    }

    async fn authorize(
        &self,
        reason: AuthorizationReason,
        state: SecretBytes,
        params: Vec<(String, Secret)>,
    ) -> Result<Issued, Failure> {
        let authorization = Authorization {
            reason,
            slot: String::new(),
            state,
            params,
        };
        self.instance.authorize(authorization, &self.http).await
    }

    pub(crate) async fn probe(&self, probe: &Probe, number: &str, login: &Issued) -> HttpResponse {
        let number = number.parse().expect("an account number");
        let id = "0123456789abcdef0123456789abcdef";
        let request = probe.request(Some(&number), id).expect("a request");
        let mut headers: HeaderMap = request.headers.into_iter().collect();
        headers.extend(login.headers.iter().cloned());
        let url = format!("{}{}", self.ups.base_url(), request.path);
        self.ask(request.method, url, headers, request.body).await
    }

    /// Owned and qualified, owned and not qualified, another user's.
    pub(crate) async fn rates(&self, diagnosis: &Diagnosis, login: &Issued) {
        let ownership = diagnosis.ownership.as_ref().expect("a rule");
        let negotiated = diagnosis.negotiated.as_ref().expect("a rule");
        let proof = diagnosis.proof().expect("a probe");
        assert_eq!(
            (&proof.name, &ownership.probe),
            (&negotiated.probe, &proof.name)
        );
        for (number, status, refused, rates) in [
            ("A1B2C3", 200, None, Rates::Negotiated),
            (
                "D4E5F6",
                200,
                None,
                Rates::NotQualified("120900".to_owned()),
            ),
            ("X9Y8Z7", 400, Some("112111"), Rates::Unknown),
        ] {
            let answer = self.probe(proof, number, login).await;
            assert_eq!(answer.status.as_u16(), status, "{number}");
            assert_eq!(
                ownership.refused_by(&answer).as_deref(),
                refused,
                "{number}"
            );
            assert_eq!(negotiated.read(&answer), rates, "{number}");
            if let Some(code) = refused {
                assert!(diagnosis.advice(code).is_some());
                assert!(!proof.shows_access(&answer));
            }
        }
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        fields: &[(header::HeaderName, &'static str)],
        body: String,
    ) -> HttpResponse {
        let fields = fields.iter();
        let headers = fields.map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        self.ask(method, url.to_owned(), headers.collect(), body)
            .await
    }

    async fn ask(
        &self,
        method: Method,
        url: String,
        headers: HeaderMap,
        body: String,
    ) -> HttpResponse {
        let request = HttpRequest {
            method,
            url,
            headers,
            body: Bytes::from(body),
            timeout: Duration::from_secs(10),
            max_response: 1 << 20,
        };
        self.http.send(request).await.expect("an answer")
    }
}

fn location(answer: &HttpResponse) -> Url {
    let location = answer.headers.get(header::LOCATION).expect("a Location");
    let text = location.to_str().expect("text");
    text.parse().expect("a URL")
}
