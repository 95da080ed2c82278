//! The suite against the UPS plugin, and against plugins with one defect each: a suite that passes
//! everything would be worth nothing.
#![expect(
    clippy::panic,
    reason = "helpers of tests fail the test that called them"
)]

use gateway_model::Clock;
use gateway_plugin_host::{Plugin, PluginPolicy, load_file};
use plugins_conformance::{
    Check, CheckOutcome, Progress, Report, Section, Suite, check, check_section, host,
};
use plugins_sdk::{CarrierAuth, Class, Context, Credential, Error, Result, SignOut, SignRequest};
use serde_json::{Value, json};
use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

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

fn plugin(table: &'static plugins_sdk::abi::Plugin) -> Plugin {
    Plugin::from_static(table, &host(Arc::new(RealClock))).expect("a handshake")
}

/// A plugin as its users get it, built by cargo beside this test, in the same profile.
fn library(package: &str, name: &str) -> Plugin {
    let exe = env::current_exe().expect("this test");
    let profile: PathBuf = exe.ancestors().nth(2).expect("target/<profile>").into();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "-p", package, "--target-dir"]);
    cargo.arg(profile.parent().expect("target"));
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
    assert!(built.expect("cargo").success());
    let file = profile.join(format!("libwaybill_plugin_{name}.so"));
    let private = fs::Permissions::from_mode(0o700);
    let cache = tempfile::Builder::new().permissions(private).tempdir();
    let cache = cache.expect("a folder");
    let host = host(Arc::new(RealClock));
    let entry = load_file(&file, &PluginPolicy::default(), cache.path(), &host);
    let plugin = entry.plugin().cloned();
    plugin.unwrap_or_else(|| panic!("{:?}", entry.reason()))
}

async fn run(plugin: &Plugin, config: &Value) -> Report {
    let suite = Suite {
        plugin,
        config,
        script: Vec::new(),
        progress: &(),
        process: None,
    };
    check(&suite).await
}

/// Names of the failed checks.
fn failed(report: &Report) -> Vec<&str> {
    let checks = report.checks.iter().filter(|check| check.failed());
    checks.map(|check| &*check.name).collect()
}

#[tokio::test]
async fn ups_passes() {
    let config = json!({
        "environment": "test",
        "origin": "https://wwwcie.ups.com",
        "client_id": "conformance",
        "client_secret": "planted-client-secret",
        "account_number": "A1B2C3",
    });
    let report = run(&library("plugins-ups-dylib", "ups"), &config).await;
    let skipped = passed_and_skipped(&report);
    // This process is not the plugin's alone, so its memory says nothing.
    let (alone, skipped) = skipped.split_first().expect("one is skipped");
    assert!(alone.contains("alone"), "{report}");
    let (signatures, worker) = skipped.split_at(4);
    assert_eq!(signatures, ["the plugin signs no requests"; 4], "{report}");
    assert_eq!(worker, ["this run has no worker process"; 5], "{report}");
    assert_eq!(report.checks.len(), 32, "{report}");
}

#[tokio::test]
async fn sample_signer_passes() {
    let config = json!({
        "client_id": "conformance",
        "client_secret": "planted-client-secret",
    });
    let report = run(&library("examples-signer-dylib", "signer"), &config).await;
    // It asks for nothing and knows no consent; all about signatures was checked.
    let skipped = passed_and_skipped(&report);
    assert!(!skipped.iter().any(|why| why.contains("sign")), "{report}");
    let signed = |check: &Check| check.name.contains("sign");
    assert!(
        report.checks.iter().filter(|check| signed(check)).count() >= 4,
        "{report}"
    );
}

/// Why checks were skipped, if no check failed.
fn passed_and_skipped(report: &Report) -> Vec<&str> {
    let skipped = report
        .checks
        .iter()
        .filter_map(|check| match &check.outcome {
            CheckOutcome::Passed => None,
            CheckOutcome::Skipped(why) => Some(why.as_str()),
            CheckOutcome::Failed(_) => panic!("{report}"),
        });
    skipped.collect()
}

const MANIFEST: &str = plugins_sdk::manifest!(
    r#"{"name":"flawed","carrier":{"id":"flawed"},"capabilities":["token","sign"],
        "hosts":["api.example.com"],"sign":{"body":"bytes"}}"#
);

#[derive(serde::Deserialize)]
struct Config {
    flaw: String,
    client_secret: String,
}

/// An operation of `mixes_up`, which can be dropped at any time.
struct UnderWay {
    alone: bool,
}

static UNDER_WAY: AtomicU64 = AtomicU64::new(0);

impl UnderWay {
    fn enter() -> Self {
        let others = UNDER_WAY.fetch_add(1, Ordering::Relaxed);
        Self { alone: others == 0 }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Has the one flaw that its configuration names.
struct Flawed(Config);

impl CarrierAuth for Flawed {
    type Config = Config;
    const SIGNS: bool = true;

    fn sign(&self, request: &SignRequest<'_>, out: &mut SignOut<'_>) -> Result<()> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = http::HeaderName::from_static("x-signature");
        match self.0.flaw.as_str() {
            "signs_nothing" => Ok(()),
            "signs_anew" => {
                let count = COUNT.fetch_add(1, Ordering::Relaxed);
                out.set_header(&name, &count.to_string())
            }
            "signs_content" => {
                let first = request.body[0].len();
                out.set_header(&name, &first.to_string())
            }
            "signs_secret" => out.set_header(&name, &self.0.client_secret),
            "blames_secret" => Err(Error::new(
                Class::Config,
                "told",
                self.0.client_secret.clone(),
            )),
            _ => out.set_header(&name, "fine"),
        }
    }

    fn new(config: Config) -> Result<Self> {
        assert!(!config.client_secret.contains('\r') || config.flaw != "panics");
        if config.client_secret.is_empty() {
            return Err(Error::config("client_secret", "client_secret is empty"));
        }
        Ok(Self(config))
    }

    async fn authorize(&self, cx: &Context) -> Result<Credential> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let mut request = http::Request::get("https://api.example.com/");
        if self.0.flaw == "differs" {
            request = request.header("x-count", COUNT.fetch_add(1, Ordering::Relaxed));
        }
        let request = request.body(Vec::new()).expect("a request");
        let answer = cx.http().send(request).await?;
        let body = String::from_utf8_lossy(answer.body()).into_owned();
        match self.0.flaw.as_str() {
            "believes" => Credential::bearer("believed"),
            // What one operation leaves in a static, another one finds.
            "mixes_up" => {
                let under_way = UnderWay::enter();
                cx.sleep(Duration::from_millis(5)).await;
                Credential::bearer(if under_way.alone {
                    "alone"
                } else {
                    "not-alone"
                })
            }
            "tells" => Err(Error::new(Class::Protocol, "told", body)),
            "despairs" if !body.contains("planted-access-token") => {
                Err(Error::new(Class::Rejected, "despair", "no"))
            }
            "unwraps" => {
                let parsed: Value = serde_json::from_str(&body).expect("JSON");
                Credential::bearer(parsed["access_token"].as_str().expect("a token"))
            }
            _ if body.contains("planted-access-token") && answer.status() == 200 => {
                Credential::bearer("fine")
            }
            _ if [400, 401, 403].contains(&answer.status().as_u16()) => {
                Err(Error::new(Class::Rejected, "refused", "no"))
            }
            _ => Err(Error::new(Class::Protocol, "nonsense", "no")),
        }
    }
}

async fn flawed(flaw: &str) -> Report {
    let table = plugins_sdk::static_plugin!(Flawed, manifest: MANIFEST);
    let config = json!({"flaw": flaw, "client_secret": "planted-client-secret"});
    run(&plugin(table), &config).await
}

#[tokio::test]
async fn each_flaw_is_found_by_its_check() {
    for (flaw, check) in [
        (
            "panics",
            "refuses configurations that cannot work, without panic",
        ),
        (
            "believes",
            "takes no refusal for a credential and no passing failure for a final one",
        ),
        (
            "despairs",
            "takes no refusal for a credential and no passing failure for a final one",
        ),
        ("tells", "tells no secret in its failures"),
        (
            "unwraps",
            "breaks its contract for no answer and no network error",
        ),
        ("signs_nothing", "signs ordinary requests"),
        ("signs_anew", "signs the same from four threads, and again"),
        (
            "signs_content",
            "breaks its contract for no request that is to be signed",
        ),
        (
            "signs_secret",
            "tells no secret in a signature or in why there is none",
        ),
        (
            "blames_secret",
            "tells no secret in a signature or in why there is none",
        ),
        (
            "differs",
            "does the same again for the same time, randomness and answers",
        ),
        (
            "mixes_up",
            "carries out authorizations side by side, each as if it were alone",
        ),
    ] {
        let report = flawed(flaw).await;
        assert!(failed(&report).contains(&check), "{flaw}: {report}");
    }
}

#[tokio::test]
async fn plugin_without_flaw_passes() {
    let report = flawed("none").await;
    assert!(report.passed(), "{report}");
}

#[tokio::test]
async fn suite_says_what_it_does_and_names_the_checks_of_each_section() {
    #[derive(Default)]
    struct Heard(Mutex<Vec<(String, String)>>);

    impl Progress for Heard {
        fn at(&self, check: &str, case: &str) {
            let mut heard = self.0.lock().expect("no panic holds it");
            heard.push((check.to_owned(), case.to_owned()));
        }

        fn ended(&self, _: &Check) {}
    }

    let table = plugins_sdk::static_plugin!(Flawed, manifest: MANIFEST);
    let plugin = plugin(table);
    let config = json!({"flaw": "none", "client_secret": "planted-client-secret"});
    let heard = Heard::default();
    let suite = Suite {
        plugin: &plugin,
        config: &config,
        script: Vec::new(),
        progress: &heard,
        process: None,
    };
    for section in Section::ALL {
        let report = check_section(&suite, section).await;
        let mut ran: Vec<&str> = report.checks.iter().map(|check| &*check.name).collect();
        ran.sort_unstable();
        let mut named = section.checks().to_vec();
        named.sort_unstable();
        assert_eq!(ran, named, "{}", section.name());
        assert_eq!(Section::named(section.name()), Some(section));
    }
    let heard = heard.0.into_inner().expect("no panic holds it");
    for (check, case) in [
        (
            "breaks its contract for no answer and no network error",
            "request 1, 401 with nothing",
        ),
        (
            "refuses configurations that cannot work, without panic",
            "a configuration without flaw",
        ),
    ] {
        let said = (check.to_owned(), case.to_owned());
        assert!(heard.contains(&said), "{said:?}");
    }
}

#[tokio::test]
async fn report_reads_as_text_and_json() {
    let report = flawed("tells").await;
    let text = report.to_string();
    assert!(text.contains("FAILED") && text.contains("passed"), "{text}");
    let json = serde_json::to_value(&report).expect("JSON");
    let accepts = |check: &&Value| check["name"] == "accepts the configuration given";
    let checks = json["checks"].as_array().expect("a list");
    assert_eq!(
        checks.iter().find(accepts).expect("it ran")["outcome"],
        "passed"
    );
    assert!(!text.contains("planted") && !json.to_string().contains("planted"));
}
