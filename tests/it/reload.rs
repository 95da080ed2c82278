//! The configuration is reloaded while the gateway serves.

mod accounts;
mod certificate;
mod load;
mod refused;
mod signal;

use serde_json::Value;
use std::{fs, path::PathBuf};
use tests::{Done, Gateway, World};

/// A store that lasts over a restart.
const STORE: &str = "[store]\nurl = \"sqlite://waybill.db\"\n";

fn file(gateway: &Gateway) -> PathBuf {
    gateway.process.folder().join("waybill.toml")
}

/// Changes the configuration file.
fn edit(gateway: &Gateway, change: impl FnOnce(String) -> String) {
    let text = fs::read_to_string(file(gateway)).expect("the test owns the file");
    // The mode stays: the file holds secrets.
    fs::write(file(gateway), change(text)).expect("the test owns the file");
}

fn append(gateway: &Gateway, more: &str) {
    edit(gateway, |text| format!("{text}\n{more}\n"));
}

async fn reload(gateway: &Gateway) -> Value {
    json(&gateway.waybill("", &["reload", "--json"]).await)
}

fn json(done: &Done) -> Value {
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
    serde_json::from_str(&done.stdout).expect("JSON")
}

fn account(name: &str, secret: &str) -> String {
    format!(
        "[[account]]\nname = \"{name}\"\ncarrier = \"ups\"\nenvironment = \"test\"\n\
         client_id = \"mock-client\"\nclient_secret = {{ value = \"{secret}\" }}\n"
    )
}

#[tokio::test]
async fn dry_run_says_what_a_reload_changes_and_changes_nothing() {
    let world = World::builder().more(STORE).start().await;
    let gateway = &world.gateway;
    append(
        gateway,
        &format!(
            "[limits]\nbody = \"1KiB\"\n{}",
            account("depot", "mock-secret")
        ),
    );
    edit(gateway, |text| {
        text.replace("count = 1", "count = 2")
            .replace("waybill.db", "other.db")
    });
    let text = gateway.waybill("", &["reload", "--dry-run"]).await;
    assert_eq!(text.code, Some(0), "{}", text.stderr);
    for line in [
        "a reload would change",
        "settings: [limits] body",
        "accounts: added depot",
    ] {
        assert!(text.stdout.contains(line), "{line}\n{}", text.stdout);
    }
    let left = "needs a restart, and stays as it is until then: [workers] count, [store] url";
    assert!(text.stdout.contains(left), "{}", text.stdout);
    let dry = json(
        &gateway
            .waybill("", &["reload", "--dry-run", "--json"])
            .await,
    );
    let accounts = json(&gateway.waybill("", &["account", "list", "--json"]).await);
    assert_eq!(accounts.as_array().map(Vec::len), Some(1), "{accounts}");

    let mut done = reload(gateway).await;
    assert_eq!(
        (&dry["dry_run"], &done["dry_run"]),
        (&Value::from(true), &Value::from(false))
    );
    done["dry_run"] = true.into();
    assert_eq!(dry, done, "the dry run said what was done");
    let accounts = json(&gateway.waybill("", &["account", "list", "--json"]).await);
    assert_eq!(accounts.as_array().map(Vec::len), Some(2), "{accounts}");
    // Named each time until somebody restarts; the rest is taken by now.
    let again = reload(gateway).await;
    assert_eq!(again["needs_restart"], done["needs_restart"]);
    assert_eq!(again["settings"], serde_json::json!([]));
    let audit = json(&gateway.waybill("", &["audit", "--json"]).await);
    let entries = audit.as_array().expect("a list").iter();
    let reloads = entries
        .filter(|entry| entry["action"] == "config.reload")
        .count();
    assert_eq!(reloads, 2, "a dry run leaves no entry: {audit}");
}

#[tokio::test]
async fn two_reloads_at_once_follow_each_other() {
    let world = World::start().await;
    append(&world.gateway, "[limits]\nbody = \"1KiB\"\n");
    let (one, other) = tokio::join!(reload(&world.gateway), reload(&world.gateway));
    let changed = [&one, &other].map(|report| report["settings"].as_array().map(Vec::len));
    let mut changed = changed.to_vec();
    changed.sort_unstable();
    assert_eq!(changed, [Some(0), Some(1)], "{one}\n{other}");
}

/// A new plugin file takes over together with the rest.
#[tokio::test]
async fn replaced_plugin_file_takes_over_with_the_configuration() {
    let world = World::builder().more(STORE).start().await;
    world.shop().await.assert_rates();
    let gateway = &world.gateway;
    let plugins = gateway.process.folder().join("plugins");
    let other =
        crate::plugins::other_version(&fs::read(plugins.join("ups.so")).expect("it is there"));
    fs::write(plugins.join("new"), other).expect("the test owns the folder");
    fs::rename(plugins.join("new"), plugins.join("ups.so")).expect("the test owns the folder");
    append(gateway, &account("depot", "mock-secret"));
    let done = reload(gateway).await;
    assert_eq!(done["plugins"], serde_json::json!(["ups"]));
    assert_eq!(done["accounts"]["added"], serde_json::json!(["depot"]));
    world.shop().await.assert_rates();
    let again = reload(gateway).await;
    assert_eq!(again["plugins"], serde_json::json!([]), "{again}");
}
