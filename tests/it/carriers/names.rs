//! The operator's own names of carriers: one plugin serves several, each with its route, account and origin.

use super::world::install;
use http::Request;
use mock_carrier::MockCarrier;
use serde_json::Value;
use tests::{ConfigFile, World, command_line, folder, run_command};

/// A carrier of that name, served by the plugin for API keys.
fn carrier(name: &str, origin: &str, secret: &str) -> String {
    let plaintext = origin.starts_with("http://");
    format!(
        r#"
[[route]]
carrier = "{name}"
environment = "test"
prefix = "/{name}"
origin = "{origin}"
danger_plaintext_upstream = {plaintext}

[[account]]
name = "{name}-key"
carrier = "{name}"
environment = "test"
client_id = "stand-in-client"
client_secret = {{ value = "{secret}" }}
default = true
[account.settings]
probe = "/track/shipments?trackingNumber=1"
fields = {{ "DHL-API-Key" = "{{client_secret}}" }}
"#
    )
}

async fn stand_in(secret: &str) -> MockCarrier {
    let table = mock_carrier::carrier("static-header").expect("a table");
    let mock = MockCarrier::builder(table).secret("client_secret", secret);
    mock.start().await.expect("a free port")
}

#[tokio::test]
async fn one_plugin_serves_two_carriers_in_one_environment() {
    let (tracking, labels) = (stand_in("key-1").await, stand_in("key-2").await);
    let more = format!(
        "[plugins.carriers]\nvia-tracking = \"static-header\"\nvia-labels = \"static-header\"\n{}{}",
        carrier("via-tracking", &tracking.base_url(), "key-1"),
        carrier("via-labels", &labels.base_url(), "key-2"),
    );
    let world = World::builder()
        .more(&more)
        .prepare(|folder| install("static-header", folder))
        .start()
        .await;
    for (name, mock, key) in [
        ("via-tracking", &tracking, "key-1"),
        ("via-labels", &labels, "key-2"),
    ] {
        let path = format!("/{name}/track/shipments?trackingNumber=1");
        let request = Request::get(path).body(bytes::Bytes::new());
        let answer = world.app.send(request.expect("a request")).await;
        assert_eq!(answer.status(), 200, "{name}: {}", answer.text());
        assert_eq!(mock.requests_to("track")[0].field("dhl-api-key"), key);
        assert_eq!(mock.requests_to("track").len(), 1, "{name}");
        // The doctor goes by the name as well.
        let account = format!("{name}-key");
        let done = world
            .gateway
            .waybill("", &["doctor", &account, "--json"])
            .await;
        let report: Value = serde_json::from_str(&done.stdout).expect("JSON");
        let said = report["checks"].to_string();
        assert!(
            said.contains("GET /track/shipments?trackingNumber=1 answers"),
            "{said}"
        );
    }
    // A reload of the plugin reaches the accounts of both names.
    let done = world
        .gateway
        .waybill("", &["plugin", "reload", "static-header", "--json"])
        .await;
    let report: Value = serde_json::from_str(&done.stdout).expect(&done.stderr);
    assert_eq!(report["accounts"], 2, "{report}");
}

#[tokio::test]
async fn name_without_a_plugin_is_told() {
    let mut config = ConfigFile::for_mock("https://wwwcie.ups.com");
    let own = carrier("ontrac", "https://api.example", "key");
    config.more = format!("[plugins.carriers]\nontrac = \"static-header\"\n{own}");
    let folder = folder(&config);
    let mut command = command_line(folder.path());
    command.args(["check-config"]);
    let done = run_command(command).await;
    let said = format!("{}{}", done.stdout, done.stderr);
    assert!(
        said.contains("is for carrier static-header, whose plugin is to serve ontrac"),
        "{said}"
    );
}
