//! The dashboard and the alert rules of `packaging/observability`, run by a real Prometheus that scrapes a real
//! gateway.

use gateway_store_testkit::Postgres;
use mock_ups::{Endpoint, Fault};
use serde_json::Value;
use std::{fs, net::TcpListener, path::PathBuf, process::Stdio, sync::Arc, time::Duration};
use tempfile::TempDir;
use tests::{Client, MERCHANT, Operator, World, eventually, rate_request, skipped};
use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, Command},
};

/// How often the gateway is scraped, and the window over which rates are asked for.
const INTERVAL: &str = "200ms";
const WINDOW: &str = "4s";

fn folder() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../packaging/observability"
    ))
}

/// Whether Debian's package is installed; says so if it is not.
async fn has_prometheus(what: &str) -> bool {
    let version = Command::new("promtool").arg("--version").output().await;
    if version.is_err() {
        skipped(
            what,
            "there is no Prometheus on this machine (package `prometheus`)",
        );
    }
    version.is_ok()
}

async fn promtool(arguments: &[&str], input: &str) -> (bool, String) {
    let mut child = Command::new("promtool")
        .args(arguments)
        .current_dir(folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(input.as_bytes()).await.expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().await.expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// A Prometheus that scrapes one gateway and evaluates the rules.
struct Prometheus {
    client: Client,
    _process: Child,
    _folder: TempDir,
}

impl Prometheus {
    async fn start(world: &World) -> Self {
        let place = tempfile::tempdir().expect("a temporary folder");
        let config = format!(
            "global: {{scrape_interval: {INTERVAL}, evaluation_interval: {INTERVAL}}}\n\
             rule_files: [{:?}]\n\
             scrape_configs:\n  - job_name: waybill\n    static_configs: [{{targets: [\"{}\"]}}]\n",
            folder().join("alerts.yml"),
            world.gateway.admin
        );
        let file = place.path().join("prometheus.yml");
        fs::write(&file, config).expect("the folder is the test's");
        // Taken by Prometheus right after: it does not tell which port it chose itself.
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let addr = free.expect("a free port");
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                place.path().join("data").display()
            ))
            .arg(format!("--web.listen-address={addr}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("prometheus starts");
        let client = Client::new(addr);
        eventually("Prometheus is ready", async || {
            let answer = client.try_send(get("/-/ready")).await;
            answer.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
        Self {
            client,
            _process: process,
            _folder: place,
        }
    }

    /// Waits until the expression gives a number.
    async fn has_data(&self, what: &str, expression: &str) {
        let path = format!("/api/v1/query?query={}", escaped(expression));
        eventually(&format!("{what} has data: {expression}"), async || {
            let answer = self.client.get(&path).await;
            let json = answer.json();
            assert_eq!(json["status"], "success", "{what}: {expression}: {json}");
            let results = json["data"]["result"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let is_number = |result: &Value| result["value"][1] != "NaN";
            results.iter().any(is_number)
        })
        .await;
    }
}

fn get(path: &str) -> http::Request<bytes::Bytes> {
    http::Request::get(path)
        .body(bytes::Bytes::new())
        .expect("a request")
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    let escape = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

/// Panels and what they ask for.
fn dashboard() -> Vec<(String, String)> {
    let text = fs::read_to_string(folder().join("dashboard.json")).expect("the dashboard");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let mut asked = Vec::new();
    for panel in dashboard["panels"].as_array().expect("panels") {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let expression = target["expr"].as_str().expect("an expression");
            let expression = expression
                .replace("$__rate_interval", WINDOW)
                .replace("$job", ".*")
                .replace("$instance", ".*");
            assert!(
                !expression.contains('$'),
                "an unknown variable: {expression}"
            );
            asked.push((panel["title"].to_string(), expression));
        }
    }
    assert!(asked.len() > 40, "{}", asked.len());
    asked
}

/// Alerts, and what they compare with a number. An alert that is quiet has no data, but what it looks at has.
fn alerts() -> Vec<(String, String)> {
    let text = fs::read_to_string(folder().join("alerts.yml")).expect("the rules");
    let rules: Value = serde_yaml_ng::from_str(&text).expect("YAML");
    let rules = rules["groups"][0]["rules"]
        .as_array()
        .expect("rules")
        .clone();
    let compared = rules.iter().map(|rule| {
        let expression = rule["expr"].as_str().expect("an expression").trim();
        let comparison = [" > ", " < ", " == "];
        let at = comparison
            .iter()
            .filter_map(|it| expression.rfind(it))
            .max();
        let looked_at = &expression[..at.expect("an alert ends with a comparison")];
        (rule["alert"].to_string(), looked_at.to_owned())
    });
    compared.collect()
}

/// A world in which everything happens that the dashboard shows.
async fn busy_world(postgres: Option<&Postgres>) -> World {
    let store = match postgres {
        Some(postgres) => format!(
            "[store]\nurl = {{ value = \"{}\" }}\nmaster_key = {{ file = \"key\" }}\n",
            postgres.url("postgres")
        ),
        None => "[store]\nurl = \"sqlite://waybill.db\"\n".to_owned(),
    };
    let more = r#"
[metrics]
request_series = 1
[telemetry]
endpoint = "http://127.0.0.1:9"
[[account]]
name = "refused"
carrier = "ups"
environment = "test"
client_id = "mock-client"
client_secret = { value = "wrong" }
"#;
    let world = World::builder()
        .more(&format!("{store}{more}"))
        .start()
        .await;
    let callback = format!("http://{}/oauth/callback", world.gateway.admin);
    assert!(world.mock.add_redirect_uri("mock-client", callback));
    let operator = Operator::of(&world.gateway);
    operator.add_consent_account("web", "A1B2C3").await;
    operator.consent(&world.mock, "web", MERCHANT).await;
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dashboard_and_alerts_have_data() {
    let what = "dashboard_and_alerts_have_data";
    if !has_prometheus(what).await {
        return;
    }
    let postgres = Postgres::start().expect("PostgreSQL starts");
    if postgres.is_none() {
        skipped(
            what,
            "there is no PostgreSQL on this machine, so the part about the fleet is left out",
        );
    }
    let world = Arc::new(busy_world(postgres.as_ref()).await);
    let prometheus = Prometheus::start(&world).await;
    let fault = Fault::error(500, "1", "the carrier is ill").endpoint(Endpoint::Rating);
    world
        .mock
        .add_fault(fault.probability(0.3))
        .expect("a fault")
        .keep();
    let busy = Arc::clone(&world);
    let traffic = tokio::spawn(async move {
        loop {
            busy.shop().await;
            let mut forbidden = rate_request();
            let unknown = "unknown".parse().expect("a value");
            forbidden.headers_mut().insert("waybill-account", unknown);
            busy.app.send(forbidden).await;
            busy.app.get("/api/track/v1/details/none").await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let all = dashboard().into_iter().chain(alerts());
    // These have series only in a fleet.
    let of_a_fleet = [
        "waybill_replicas",
        "waybill_fleet",
        "waybill_accounts_owned",
    ];
    let wanted = all.filter(|(_, expression)| {
        postgres.is_some() || !of_a_fleet.iter().any(|name| expression.contains(name))
    });
    for (title, expression) in wanted {
        prometheus.has_data(&title, &expression).await;
    }
    eventually("all rules are evaluated", async || {
        let rules = prometheus.client.get("/api/v1/rules").await.json();
        let rules = rules["data"]["groups"][0]["rules"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        rules.len() == alerts().len() && rules.iter().all(|rule| rule["health"] == "ok")
    })
    .await;
    traffic.abort();
    let metrics = world.admin.get("/metrics").await;
    let (passed, said) = promtool(&["check", "metrics"], metrics.text()).await;
    assert!(passed, "{said}");
}

#[tokio::test]
async fn alert_rules_pass_their_tests() {
    if !has_prometheus("alert_rules_pass_their_tests").await {
        return;
    }
    for arguments in [
        ["check", "rules", "alerts.yml"],
        ["test", "rules", "alerts.test.yml"],
    ] {
        let (passed, said) = promtool(&arguments, "").await;
        assert!(passed, "{arguments:?}: {said}");
    }
}
